"""What a person reads: a line for each step, what went wrong, and the verdict; or JSON."""

import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from preflight import github, process, rules
from preflight.explain import LABEL, Explanation
from preflight.steps import State, Step

COLOURS = {
    State.OK: "32",
    State.FAILED: "31",
    State.FOLLOWS: "2",
    State.NOT_PROVED: "33",
    State.NOT_REACHED: "2",
}
LAST_LINES = 25
# Characters that a file's name or a command could forge lines with; colours are our own.
CONTROL = r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]|\x1b(?!\[\d*m)"
INDENT = 12

# Exit statuses, also in the README.
PROVED, FAILED, USAGE, NOT_PROVED, STOPPED = 0, 1, 2, 3, 130
COLOUR_OF = {PROVED: State.OK, FAILED: State.FAILED, NOT_PROVED: State.NOT_PROVED}
OUTCOMES = {PROVED: "proved", FAILED: "failed", NOT_PROVED: "not-proved", STOPPED: "stopped"}


def prepare_terminal() -> None:
    """Let no character that a terminal cannot show end the program (cp1252 on Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)


def on_a_terminal() -> bool:
    """Return whether the output is a terminal that can do more than print lines."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, state: State) -> str:
    """Return the text in the colour of a state, on a terminal that wants colours."""
    if not on_a_terminal() or "NO_COLOR" in os.environ:
        return text
    return f"\x1b[{COLOURS[state]}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """Print a line, without control characters, which could forge another line."""
    put(re.sub(CONTROL, "?", text) + "\n")


def put(text: str) -> None:
    """Print a text; continue silently if the output is closed, by `| head` or a terminal."""
    try:
        print(text, end="", flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def wrap(text: str, first: str = "", rest: int = INDENT) -> str:
    """Return a text in lines that fit the terminal, all but the first indented.

    Words, and so paths, are never broken. A pipe has no end of line.
    """
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    return textwrap.fill(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def wrap_labelled(line: str, indent: int) -> str:
    """Return a line of an explanation, what follows its label below each other."""
    label, text = line[:LABEL], line[LABEL:]
    return wrap(text, " " * indent + label, indent + LABEL)


def show_explanations(found: list[Explanation]) -> None:
    """Print what a pasted log means."""
    if not found:
        say("Nothing in it is known here. Read it from the top: the first Traceback, or the first")
        say("line with ERROR or error:, is the cause.")
    for number, explanation in enumerate(found):
        if number:
            say()
        for line in explanation.lines():
            say(wrap_labelled(line, 0))


class Report:
    """The report of one run: each step as it is told, the outputs of failures, the verdict.

    With `as_json`, only one JSON document is printed, at the end. With `on_github`, annotations and
    a summary for GitHub Actions are added, and the runner ignores commands in all other lines.
    """

    def __init__(
        self,
        project: Path,
        rehearsal: bool,
        as_json: bool,
        only: str | None,
        on_github: bool = False,
    ) -> None:
        self.project = project
        self.rehearsal = rehearsal
        self.as_json = as_json
        self.only = only
        self.on_github = on_github
        self.token = ""
        self.began = time.monotonic()
        self.progress = ""
        self.concluded = False

    def begin(self) -> None:
        """Print the first line."""
        if self.on_github:
            self.token = secrets.token_hex(16)
            say(f"::stop-commands::{self.token}")
        if not self.as_json:
            what = "Rehearsal" if self.rehearsal else "Set-up"
            say(f"{what} of {self.project.name} (Heroku's rules as of {rules.DATE})")
            say()

    def resume_commands(self) -> None:
        """Let the runner obey commands again, which an output of the project could have faked.

        https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
        """
        if self.token:
            say(f"::{self.token}::")
            self.token = ""

    def show_progress(self, running: list[Step]) -> None:
        """On a terminal, show the running steps in one line below the others."""
        if self.as_json or not on_a_terminal():
            return
        seconds = time.monotonic() - self.began
        # Two phases can have a step with the same name, such as "packages".
        names = ", ".join(dict.fromkeys(step.title for step in running))
        line = f"  {seconds:.0f} s  running: {names}"[: shutil.get_terminal_size().columns - 1]
        if line != self.progress:
            self.progress = line
            put(f"\r\x1b[2K{line}")

    def clear_progress(self) -> None:
        """Take that line away."""
        if self.progress:
            put("\r\x1b[2K")
            self.progress = ""

    def tell(self, step: Step) -> None:
        """Print the line of a step that has ended, what went wrong, and what to do about it."""
        if self.as_json or step.state is State.NOT_REACHED:
            return
        self.clear_progress()
        name = f"{step.state.value:<10}  {step.phase:<7}  {step.title:<15}"
        start = f"  {name}  {step.seconds:5.1f} s  "
        if step.state in {State.OK, State.FOLLOWS}:
            say(wrap(step.detail, start, len(start)) if step.detail else start.rstrip())
            return
        say(paint(start.rstrip(), step.state))
        for sentence in step.detail.split("\n"):
            say(wrap(sentence, " " * INDENT))
        for line in step.explanation.lines() if step.explanation else []:
            say(wrap_labelled(line, INDENT))

    def conclude(
        self, steps: list[Step], notes: list[str], limits: list[str], push: dict[str, str]
    ) -> int:
        """Print the verdict and what belongs to it; return the exit status.

        `notes` are always shown. `limits` are what a rehearsal does not prove even if it passed.
        `push` is the command to type after a proof, by its title.
        """
        self.clear_progress()
        self.concluded = True
        states = {step.state for step in steps}
        status = PROVED
        if State.FAILED in states:
            status = FAILED
        elif states & {State.NOT_PROVED, State.NOT_REACHED}:
            # Nothing has failed, and not everything was shown.
            status = NOT_PROVED
        seconds = time.monotonic() - self.began
        document = self.document(steps, status, seconds, notes, limits, push)
        if self.as_json:
            say(json.dumps(document, indent=2))
            return status
        show_outputs(steps)
        say()
        say(paint(wrap(self.verdict(steps, status, seconds), rest=0), COLOUR_OF[status]))
        log = write_log(steps, self.project.name) if status != PROVED else None
        if log:
            say(f"The whole output is in {log}")
        say_list("Note:", notes)
        if status == PROVED and self.rehearsal and not self.only:
            say_list("Not shown:", limits)
            # This line is not wrapped, so that the command can be pasted.
            for title, command in push.items():
                say(f"{title:<10} {command}")
        if self.on_github:
            self.resume_commands()
            github.show(document)
        return status

    def verdict(self, steps: list[Step], status: int, seconds: float) -> str:
        """Return the sentence that sums up the result."""
        if status == FAILED:
            failed = ", ".join(step.title for step in steps if step.state is State.FAILED)
            return f"Failed: {failed}. Fix this before you push."
        if status == NOT_PROVED:
            bad = [step for step in steps if step.state is State.NOT_PROVED]
            reasons = "; ".join(dict.fromkeys(step.detail.split("\n")[0] for step in bad))
            reasons = reasons or "not every step was reached"
            return f"Not proved here: {reasons.rstrip('.')}."
        if not self.rehearsal:
            python = process.python_in(Path(".venv"))
            return f"Ready in {seconds:.1f} s. Start it: {python} manage.py runserver"
        if self.only:
            return f"Passed in {seconds:.1f} s: {self.only}, and the steps that it needs."
        passed = "the app builds, releases, boots, responds and shuts down the way Heroku expects."
        return f"Proved in {seconds:.1f} s: {passed}"

    def document(self, steps, status, seconds, notes, limits, push) -> dict:
        """Return the report for a program."""
        return {
            "project": str(self.project),
            "rules": rules.DATE,
            "outcome": OUTCOMES[status],
            "status": status,
            "seconds": round(seconds, 1),
            "steps": [
                {
                    "phase": step.phase,
                    "title": step.title,
                    "state": step.state.value,
                    "seconds": round(step.seconds, 2),
                    "detail": step.detail,
                    "explanation": vars(step.explanation) if step.explanation else None,
                    "command": step.finished.command if step.finished else None,
                    "output": step.finished.output if step.finished else None,
                }
                for step in steps
            ],
            "notes": notes,
            "not_shown": limits,
            "push": list(push.values()),
        }

    def stop(self) -> int:
        """Say after the cleanup that the run was stopped; return the exit status."""
        self.clear_progress()
        if self.as_json and not self.concluded:
            say(json.dumps({"project": str(self.project), "outcome": OUTCOMES[STOPPED]}))
        elif not self.as_json:
            where = f"{self.project} is as the steps above left it."
            say(f"\nStopped. Nothing runs any more, and {where}")
        self.resume_commands()
        return STOPPED


def say_list(title: str, sentences: list[str]) -> None:
    """Print sentences below each other behind a title."""
    width = len(title) + 1
    for number, sentence in enumerate(sentences):
        say(wrap(sentence, f"{title} " if number == 0 else " " * width, width))


def show_outputs(steps: list[Step]) -> None:
    """Print the end of what failed has printed, and what was not reached."""
    for step in steps:
        if not step.finished or step.state is State.FOLLOWS:
            continue
        lines = step.finished.output.rstrip().split("\n")
        say()
        say(f"  $ {step.finished.command}")
        if len(lines) > LAST_LINES:
            say(f"    ... {len(lines) - LAST_LINES} lines before these")
        for line in lines[-LAST_LINES:]:
            say(f"    {line}")
    missed = [step.phase for step in steps if step.state is State.NOT_REACHED]
    if missed:
        say()
        say(f"  Not reached, or not to its end: {', '.join(dict.fromkeys(missed))}")


def write_log(steps: list[Step], name: str) -> Path | None:
    """Write the whole output of the steps that failed into a file outside the project."""
    failed = [step for step in steps if step.finished]
    if not failed:
        return None
    try:
        handle, path = tempfile.mkstemp(prefix=f"preflight-{name}-", suffix=".log")
        with open(handle, "w", encoding="utf-8") as log:
            for step in failed:
                log.write(f"# {step.phase}: {step.title}: {step.detail}\n")
                log.write(f"$ {step.finished.command}\n{step.finished.output}\n")
    except OSError:
        return None
    return Path(path)
