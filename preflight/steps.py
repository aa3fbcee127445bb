"""Steps that depend on each other, run side by side where they can, told in their order."""

import re
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum

from preflight import explain, interrupt
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


class NotReached(Exception):
    """What the step needs is not there, and another step has said so."""


class State(Enum):
    """How a step ended."""

    OK = "ok"
    FAILED = "FAILED"
    FOLLOWS = "follows"
    NOT_PROVED = "not proved"
    NOT_REACHED = "not reached"


@dataclass(eq=False)
class Step:
    """One line of a report.

    `action` returns what is worth telling, or raises Failed, NotProved or NotReached. It starts
    when all steps of `after` have ended well and all of `behind` have ended at all. The latter is
    for speed: the first process in a new environment compiles its packages, and one is enough for
    that.
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
    explanation: explain.Explanation | None = None

    def run(self) -> None:
        """Run the action and keep its outcome."""
        began = time.monotonic()
        try:
            self.detail, self.state = self.action() or "", State.OK
        except NotReached:
            self.state = State.NOT_REACHED
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


def run_all(
    steps: list[Step],
    tell: Callable[[Step], None],
    progress: Callable[[list[Step]], None] = lambda running: None,
) -> None:
    """Run all steps and call `tell` for each in the order of the list, in the caller's thread.

    A step behind one that did not end well is not reached. `progress` is called several times a
    second with the steps that run.
    """
    waiting, running, untold = list(steps), dict[Future, Step](), list(steps)
    told: list[Step] = []
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        try:
            while untold:
                interrupt.check()
                for step in list(waiting):
                    if any(before.state not in {None, State.OK} for before in step.after):
                        step.state = State.NOT_REACHED
                        waiting.remove(step)
                    elif all(before.state for before in step.after + step.behind):
                        waiting.remove(step)
                        running[pool.submit(step.run)] = step
                while untold and untold[0].state and untold[0] not in running.values():
                    step = untold.pop(0)
                    give_reason(step, told)
                    told.append(step)
                    tell(step)
                if running:
                    progress(list(running.values()))
                    # A short wait each time, so that Ctrl-C is heard on Windows too.
                    done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in done:
                        running.pop(future)
                        future.result()
        except BaseException:
            # Leaving the pool waits for its threads, and they wait for their commands.
            stop_everything()
            raise


def give_reason(step: Step, told: list[Step]) -> None:
    """Explain a failure from its output; the cause of an earlier one makes it a follow-up.

    So does a name, such as a file's, that stands in its cause and in what an earlier one has told.
    """
    if step.state not in {State.FAILED, State.NOT_PROVED} or not step.finished:
        return
    step.explanation = explain.explain(step.finished.output)
    if not step.explanation:
        return
    cause = step.explanation.cause
    names = re.findall(r"'([^']{4,})'", cause)
    for before in told:
        same = before.explanation and before.explanation.cause == cause
        named = before.state is State.FAILED and any(name in before.detail for name in names)
        if same or named:
            step.state, step.detail = State.FOLLOWS, f"the same cause as {before.title}"
            return
