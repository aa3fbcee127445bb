"""The report: a line for each step, what went wrong, and the verdict; or JSON."""

import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import textwrap
import time
from argparse import Namespace
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from preflight import findings, github, heroku, processes
from preflight.findings import Finding, Weight
from preflight.steps import State, Step

COLOURS = {
    State.OK: "32",
    State.WARNING: "33",
    State.FAILED: "31",
    State.FOLLOWS: "2",
    State.NOT_PROVED: "33",
    State.NOT_REACHED: "2",
}
LAST_LINES = 25
# Characters with which the name of a file or a command could fake lines. Colours are our own.
CONTROL = r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]|\x1b(?!\[\d*m)"
INDENT = 12
# The width of the labels of a finding.
LABEL = 9

# Exit statuses, also in the README.
PROVED, FAILED, USAGE, NOT_PROVED, STOPPED = 0, 1, 2, 3, 130
COLOUR_OF = {PROVED: State.OK, FAILED: State.FAILED, NOT_PROVED: State.NOT_PROVED}
OUTCOMES = {PROVED: "proved", FAILED: "failed", NOT_PROVED: "not-proved", STOPPED: "stopped"}


def prepare_terminal() -> None:
    """Replace characters that a terminal cannot show, instead of failing (cp1252 on Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)


def on_a_terminal() -> bool:
    """Return whether the output is a terminal that can overwrite a line."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, state: State) -> str:
    """Return the text in the colour of a state, on a terminal with colours."""
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

    Words, and so paths, are never broken. On a pipe, lines are not wrapped.
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


def lines_of(finding: Finding) -> list[tuple[str, str]]:
    """Return a finding as labels and texts. A line without a label continues the one before."""
    where = f"({finding.where})" if finding.where else ""
    parts = [
        (finding.weight.value.capitalize(), f"{finding.message} ({finding.id})"),
        ("Cause", f"{finding.cause}  {where}".strip() if finding.cause else ""),
        ("Where", finding.where if not finding.cause else ""),
        ("Fix", finding.cure),
    ]
    lines = []
    for label, text in parts:
        first, *more = text.split("\n")
        if first:
            lines += [(label, first), *(("", line) for line in more)]
    lines += [("" if finding.cure else "Fix", command) for command in finding.commands]
    return [*lines, ("Read", finding.kind.link)] if finding.kind.link else lines


def show_finding(finding: Finding, indent: int) -> None:
    """Print a finding, each text below the other."""
    commands = set(finding.commands)
    for label, text in lines_of(finding):
        start = " " * indent + f"{label + ':' if label else '':<{LABEL}}"
        # A command is not wrapped, so that it can be pasted.
        say(start + text if text in commands else wrap(text, start, indent + LABEL))


def show_findings(found: list[Finding]) -> None:
    """Print what a pasted log shows."""
    if not found:
        say("preflight does not know this log. Read it from the top: the first Traceback, or the")
        say("first line with ERROR or error:, is the cause.")
    for number, finding in enumerate(found):
        if number:
            say()
        show_finding(finding, 0)


class Form(Enum):
    """What a report looks like."""

    TEXT = "text"
    # One JSON document at the end, and nothing else.
    JSON = "json"
    # Text, with annotations and a summary for GitHub Actions. The runner ignores commands in all
    # other lines.
    GITHUB = "github"

    @classmethod
    def of(cls, options: Namespace) -> "Form":
        """Return the form that the command line asks for."""
        return cls.JSON if options.json else cls.GITHUB if options.github else cls.TEXT


@dataclass(frozen=True)
class Conclusion:
    """What a report shows after the steps.

    `notes` are always shown. `limits` are what a rehearsal does not prove even if it passed. `push`
    is the command to type after a proof, by its title.
    """

    notes: list[str]
    limits: list[str]
    push: dict[str, str]


class Report:
    """The report of one run: each step when it has ended, the outputs of failures, the verdict.

    With `strict`, warnings fail.
    """

    def __init__(
        self,
        project: Path,
        rehearsal: bool,
        form: Form = Form.TEXT,
        only: str | None = None,
        strict: bool = False,
    ) -> None:
        self.project = project
        self.rehearsal = rehearsal
        self.as_json = form is Form.JSON
        self.on_github = form is Form.GITHUB
        self.only = only
        self.strict = strict
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
            say(f"{what} of {self.project.name} (Heroku's rules as of {heroku.DATE})")
            say()

    def resume_commands(self) -> None:
        """Let the runner execute commands again, which an output of the project could have faked.

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
        """Remove that line."""
        if self.progress:
            put("\r\x1b[2K")
            self.progress = ""

    def tell(self, step: Step) -> None:
        """Print the line of a step that has ended, what went wrong, and how to fix it."""
        if self.as_json or not step.state or step.state is State.NOT_REACHED:
            return
        self.clear_progress()
        name = f"{step.state.value:<10}  {step.phase:<7}  {step.title:<15}"
        start = f"  {name}  {step.seconds:5.1f} s  "
        if step.state in {State.OK, State.FOLLOWS}:
            say(wrap(step.detail, start, len(start)) if step.detail else start.rstrip())
        elif step.state is State.WARNING:
            say(paint(wrap(step.detail, start, len(start)).rstrip(), step.state))
        else:
            say(paint(start.rstrip(), step.state))
            shown = {finding.message for finding in step.found}
            for sentence in step.detail.split("\n"):
                if sentence and sentence not in shown:
                    say(wrap(sentence, " " * INDENT))
        for finding in step.found if step.state is not State.FOLLOWS else []:
            show_finding(finding, INDENT)

    def judge(self, steps: list[Step]) -> int:
        """Return the exit status."""
        states = {step.state for step in steps}
        weights = {finding.weight for step in steps for finding in step.found}
        if State.FAILED in states or (self.strict and Weight.WARNING in weights):
            return FAILED
        if states & {State.NOT_PROVED, State.NOT_REACHED}:
            # Nothing has failed, but not everything was proved.
            return NOT_PROVED
        return PROVED

    def conclude(self, steps: list[Step], closing: Conclusion) -> int:
        """Print the verdict and what belongs to it; return the exit status."""
        self.clear_progress()
        self.concluded = True
        status = self.judge(steps)
        seconds = time.monotonic() - self.began
        document = self.document(steps, status, seconds, closing)
        if self.as_json:
            say(json.dumps(document, indent=2))
            return status
        show_outputs(steps)
        say()
        say(paint(wrap(self.verdict(steps, status, seconds), rest=0), COLOUR_OF[status]))
        log = write_log(steps, self.project.name) if status != PROVED else None
        if log:
            say(f"The whole output is in {log}")
        say_list("Note:", closing.notes)
        if status == PROVED and self.rehearsal and not self.only:
            say_list("Not proved:", closing.limits)
            # This line is not wrapped, so that the command can be pasted.
            for title, command in closing.push.items():
                say(f"{title:<10} {command}")
        if self.on_github:
            self.resume_commands()
            github.show(document)
        return status

    def verdict(self, steps: list[Step], status: int, seconds: float) -> str:
        """Return the sentence that sums up the result."""
        if status == FAILED:
            return self.describe_failure(steps)
        if status == NOT_PROVED:
            bad = [step for step in steps if step.state is State.NOT_PROVED]
            reasons = "; ".join(dict.fromkeys(step.detail.split("\n")[0] for step in bad))
            reasons = reasons or "not every step was reached"
            return f"Not proved here: {reasons.rstrip('.')}."
        if not self.rehearsal:
            python = processes.python_in(Path(".venv"))
            return f"Ready in {seconds:.1f} s. Start it: {python} manage.py runserver"
        if self.only:
            return f"Passed in {seconds:.1f} s: {self.only}, and the steps that it needs."
        passed = "the app builds, releases, boots, responds and shuts down the way Heroku expects."
        return f"Proved in {seconds:.1f} s: {passed}"

    def describe_failure(self, steps: list[Step]) -> str:
        """Return what failed. Heroku does not run the tests, so they are reported apart."""
        failed = [step for step in steps if step.state is State.FAILED]
        found = [finding for step in failed for finding in step.found]
        tests = [finding.message for finding in found if finding.kind is findings.TESTS_FAILED]
        others = [step.title for step in failed if step.title != "tests"]
        if others:
            sentence = f"Failed: {', '.join(others)}. Fix this before you push."
        elif failed:
            sentence = "Heroku would accept this push."
        else:
            sentence = "Heroku would accept this push, but there are warnings (--strict)."
        return " ".join([sentence, *tests])

    def document(
        self, steps: list[Step], status: int, seconds: float, closing: Conclusion
    ) -> dict[str, Any]:
        """Return the report for a program."""
        return {
            "project": str(self.project),
            "rules": heroku.DATE,
            "outcome": OUTCOMES[status],
            "status": status,
            "seconds": round(seconds, 1),
            "steps": [
                {
                    "phase": step.phase,
                    "title": step.title,
                    "state": step.state.value if step.state else None,
                    "seconds": round(step.seconds, 2),
                    "detail": step.detail,
                    "findings": [finding.as_json() for finding in step.found],
                    "command": step.finished.command if step.finished else None,
                    "output": step.finished.output if step.finished else None,
                }
                for step in steps
            ],
            "notes": closing.notes,
            "not_proved": closing.limits,
            "push": list(closing.push.values()),
        }

    def stop(self) -> int:
        """Report after the cleanup that the run was stopped; return the exit status."""
        self.clear_progress()
        if self.as_json and not self.concluded:
            say(json.dumps({"project": str(self.project), "outcome": OUTCOMES[STOPPED]}))
        elif not self.as_json:
            where = f"{self.project} is in the state that the steps above left."
            say(f"\nStopped. Nothing is running any more, and {where}")
        self.resume_commands()
        return STOPPED


def say_list(title: str, sentences: list[str]) -> None:
    """Print sentences below each other after a title."""
    width = len(title) + 1
    for number, sentence in enumerate(sentences):
        say(wrap(sentence, f"{title} " if number == 0 else " " * width, width))


def show_outputs(steps: list[Step]) -> None:
    """Print the end of the outputs of failures, and what was not reached."""
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


def write_timings(path: Path, steps: list[Step]) -> None:
    """Write when each step ran, as a trace that https://ui.perfetto.dev shows.

    The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    """
    ran = [step for step in steps if step.began]
    first = min((step.began for step in ran), default=0.0)
    events = [
        {
            "name": step.title,
            "cat": step.phase,
            "ph": "X",
            "ts": round((step.began - first) * 1e6),
            "dur": round(step.seconds * 1e6),
            "pid": 1,
            "tid": number,
        }
        for number, step in enumerate(ran, 1)
    ]
    path.write_text(json.dumps({"traceEvents": events}, indent=1), encoding="utf-8")


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
                if step.finished:
                    log.write(f"$ {step.finished.command}\n{step.finished.output}\n")
    except OSError:
        return None
    return Path(path)
