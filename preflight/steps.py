"""Steps that depend on each other: run side by side where possible, reported in order."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from preflight import explain, findings, interrupt
from preflight.findings import Finding, Weight
from preflight.processes import Finished, stop_everything

T = TypeVar("T")


class Failed(Exception):
    """Something in the project is wrong: the findings, and the command that showed them, if any."""

    def __init__(self, *found: Finding, finished: Finished | None = None) -> None:
        super().__init__("\n".join(finding.message for finding in found))
        self.found = list(found)
        self.finished = finished


class NotProved(Exception):
    """Nothing was proved, because of this machine or its network."""

    def __init__(self, reason: str, finished: Finished | None = None) -> None:
        super().__init__(reason)
        self.finished = finished


class NotReached(Exception):
    """The step needs something that is missing, and another step has reported that."""


class State(Enum):
    """How a step ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"
    FOLLOWS = "follows"
    NOT_PROVED = "not proved"
    NOT_REACHED = "not reached"

    @property
    def passed(self) -> bool:
        """Whether steps that need this one can run."""
        return self in {State.OK, State.WARNING}


@dataclass(frozen=True)
class Result:
    """What a step that did not raise has to report: a detail for its line, and findings."""

    detail: str = ""
    found: list[Finding] = field(default_factory=list)


@dataclass(eq=False)
class Step:
    """One line of a report.

    `action` returns what to report, or raises Failed, NotProved or NotReached. It starts when all
    steps in `needs` have passed, and all steps in `runs_after` have ended. The latter is also used
    for speed: the first process in a new environment compiles its packages, and one is enough.
    """

    phase: str
    title: str
    action: Callable[[], str | Result]
    needs: list["Step"] = field(default_factory=list)
    runs_after: list["Step"] = field(default_factory=list)
    state: State | None = None
    detail: str = ""
    began: float = 0.0
    seconds: float = 0.0
    finished: Finished | None = None
    found: list[Finding] = field(default_factory=list)

    def run(self) -> None:
        """Run the action and keep its outcome."""
        self.began = time.monotonic()
        try:
            result = self.action()
            result = result if isinstance(result, Result) else Result(result or "")
            self.detail, self.found = result.detail, result.found
            self.state = self.judge()
        except NotReached:
            self.state = State.NOT_REACHED
        except Failed as error:
            self.finished = error.finished
            self.found = diagnose(error)
            self.detail = "\n".join(f.message for f in error.found if f.kind.symptom)
            self.state = State.FAILED
        except (NotProved, OSError) as error:
            # An OSError that no step has foreseen: a full disk, no permission to write.
            self.detail, self.state = str(error), State.NOT_PROVED
            self.finished = getattr(error, "finished", None)
        except Exception as error:
            self.detail = f"preflight itself failed ({type(error).__name__}: {error})"
            self.state = State.NOT_PROVED
        self.seconds = time.monotonic() - self.began

    def judge(self) -> State:
        """Return the state that follows from the findings."""
        weights = {finding.weight for finding in self.found}
        if Weight.ERROR in weights:
            return State.FAILED
        return State.WARNING if Weight.WARNING in weights else State.OK


def diagnose(error: Failed) -> list[Finding]:
    """Return the findings of a failure, with what its output shows in place of the symptom."""
    causes = find_causes(error.finished) if error.finished else []
    kept = [finding for finding in error.found if not finding.kind.symptom]
    symptoms = [finding for finding in error.found if finding.kind.symptom]
    failure = symptoms[0] if symptoms else findings.EXCEPTION()
    located = explain.locate(failure, causes) if symptoms or causes else []
    return [*located, *kept]


def find_causes(finished: Finished) -> list[Finding]:
    """Return why a command failed: from its exceptions, or else from its output."""
    found = list(finished.causes) or explain.diagnose(finished.output)
    return found or explain.program_error(finished.output)


def needed(value: T | None) -> T:
    """Return a value that an earlier step has set; without it, the step is not reached."""
    if value is None:
        raise NotReached
    return value


def run_all(
    steps: list[Step],
    tell: Callable[[Step], None],
    progress: Callable[[list[Step]], None] = lambda running: None,
) -> None:
    """Run all steps and call `tell` for each in the order of the list, in the caller's thread.

    A step whose needs have not passed is not reached. `progress` is called several times a second
    with the steps that run.
    """
    waiting, running, untold = list(steps), dict[Future[None], Step](), list(steps)
    told: list[Step] = []
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        try:
            while untold:
                interrupt.check()
                start_ready(waiting, running, pool)
                while untold and untold[0].state and untold[0] not in running.values():
                    step = untold.pop(0)
                    find_same_cause(step, told)
                    told.append(step)
                    tell(step)
                if running:
                    progress(list(running.values()))
                    # A short wait each time, so that Ctrl-C also works on Windows.
                    done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in done:
                        running.pop(future)
                        future.result()
        except BaseException:
            # Leaving the pool waits for its threads, and they wait for their commands.
            stop_everything()
            raise


def start_ready(
    waiting: list[Step], running: dict[Future[None], Step], pool: ThreadPoolExecutor
) -> None:
    """Start the steps that can run, and mark those that never can."""
    for step in list(waiting):
        if any(before.state and not before.state.passed for before in step.needs):
            step.state = State.NOT_REACHED
            waiting.remove(step)
        elif all(before.state for before in step.needs + step.runs_after):
            waiting.remove(step)
            running[pool.submit(step.run)] = step


def find_same_cause(step: Step, told: list[Step]) -> None:
    """Mark a failure that follows from an earlier one: every finding was reported before."""
    causes = [finding for finding in step.found if finding.kind is not findings.TESTS_FAILED]
    if step.state is not State.FAILED or not causes:
        return
    for before in told:
        known = {finding.identity for finding in before.found}
        if before.state is State.FAILED and all(same(finding, known) for finding in causes):
            step.state, step.detail = State.FOLLOWS, f"the same cause as {before.title}"
            return


def same(finding: Finding, known: set[tuple[str, str, int, str, str]]) -> bool:
    """Return whether a finding was reported: the same exception from the same line."""
    if finding.identity in known:
        return True
    cause = (finding.file, finding.line, finding.cause)
    return bool(finding.cause) and cause in {(file, line, text) for _, file, line, text, _ in known}
