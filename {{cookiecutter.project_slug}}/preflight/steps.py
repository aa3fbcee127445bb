"""Steps that depend on each other, run side by side where they can."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum

from preflight.process import Finished, stop_everything


class Failed(Exception):
    """Something of the project is wrong: a sentence, and the command that showed it, if any."""

    def __init__(self, sentence: str, finished: Finished | None = None) -> None:
        super().__init__(sentence)
        self.finished = finished


class NotProved(Exception):
    """Nothing was shown either way: a reason that lies in this machine or its network."""

    def __init__(self, reason: str, finished: Finished | None = None) -> None:
        super().__init__(reason)
        self.finished = finished


class State(Enum):
    """How a step ended."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_PROVED = "not proved"
    NOT_REACHED = "not reached"


@dataclass(eq=False)
class Step:
    """One line of a report.

    `action` returns what is worth telling, or raises Failed or NotProved. It starts when all steps
    of `after` have ended well and all of `behind` have ended at all. The latter is for speed: the
    first process in a new environment compiles its packages, and one is enough for that.
    """

    phase: str
    title: str
    action: Callable[[], str]
    after: list["Step"] = field(default_factory=list)
    behind: list["Step"] = field(default_factory=list)
    state: State | None = None
    detail: str = ""
    seconds: float = 0.0
    finished: Finished | None = None

    def run(self) -> None:
        """Run the action and keep its outcome."""
        began = time.monotonic()
        try:
            self.detail, self.state = self.action() or "", State.OK
        except Failed as error:
            self.detail, self.finished, self.state = str(error), error.finished, State.FAILED
        except (NotProved, OSError) as error:
            # An OSError that no step has foreseen: a full disk, no right to write.
            self.detail, self.state = str(error), State.NOT_PROVED
            self.finished = getattr(error, "finished", None)
        except Exception as error:
            self.detail = f"the rehearsal itself failed ({type(error).__name__}: {error})"
            self.state = State.NOT_PROVED
        self.seconds = time.monotonic() - began


def run_all(steps: list[Step], tell: Callable[[Step], None]) -> None:
    """Run all steps and call `tell` for each as it ends, in the caller's thread.

    A step behind one that did not end well is not reached.
    """
    waiting, running = list(steps), dict[Future, Step]()
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        try:
            while waiting or running:
                for step in list(waiting):
                    if any(before.state not in {None, State.OK} for before in step.after):
                        step.state = State.NOT_REACHED
                        waiting.remove(step)
                        tell(step)
                    elif all(before.state for before in step.after + step.behind):
                        waiting.remove(step)
                        running[pool.submit(step.run)] = step
                if running:
                    # A short wait each time, so that Ctrl-C is heard on Windows too.
                    done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in done:
                        step = running.pop(future)
                        future.result()
                        tell(step)
        except BaseException:
            # Leaving the pool waits for its threads, and they wait for their commands.
            stop_everything()
            raise
