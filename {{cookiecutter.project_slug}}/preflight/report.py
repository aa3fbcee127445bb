"""What a person reads: a line for each step, what went wrong, and the verdict."""

import os
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

from preflight import process, rules
from preflight.steps import State, Step

COLOURS = {State.OK: "32", State.FAILED: "31", State.NOT_PROVED: "33", State.NOT_REACHED: "2"}
LAST_LINES = 25
INDENT = 12

# Exit statuses, also told in the README.
PROVED, WRONG, NOT_PROVED, STOPPED = 0, 1, 3, 130


def prepare_terminal() -> None:
    """Let no character that a terminal cannot show end the program (cp1252 on Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)


def paint(text: str, state: State) -> str:
    """Return the text in the colour of a state, on a terminal that wants colours."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLOURS[state]}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """Print a line; where nobody reads any more, as behind `| head`, go on in silence."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
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


def tell(step: Step) -> None:
    """Print the line of a step that has ended, and what went wrong."""
    if step.state is State.NOT_REACHED:
        return
    start = f"  {step.state.value:<10}  {step.phase:<7}  {step.title:<15}  {step.seconds:5.1f} s  "
    if step.state is State.OK:
        say(wrap(step.detail, start, len(start)) if step.detail else start.rstrip())
        return
    say(paint(start.rstrip(), step.state))
    for sentence in step.detail.split("\n"):
        say(wrap(sentence, " " * INDENT))


def show_outputs(steps: list[Step]) -> None:
    """Print the output of the steps that failed, the same words once, and what was not reached."""
    shown: dict[str, str] = {}
    for step in steps:
        if not step.finished:
            continue
        lines = step.finished.output.rstrip().split("\n")
        say()
        say(f"  $ {step.finished.command}")
        if lines[-1].strip() and lines[-1] in shown:
            say(f"    the same as in {shown[lines[-1]]}: {lines[-1].strip()}")
            continue
        shown[lines[-1]] = step.title
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


def conclude(steps: list[Step], seconds: float, project: Path, rehearsed: bool) -> int:
    """Print the verdict and return the exit status.

    `rehearsed` says whether the deploy was rehearsed, and not only the project set up.
    """
    bad = [step for step in steps if step.state in {State.FAILED, State.NOT_PROVED}]
    say()
    if not bad and rehearsed:
        verdict = "it builds, releases, starts, answers and stops as Heroku wants it."
        say(paint(wrap(f"Proved in {seconds:.1f} s: {verdict}", rest=0), State.OK))
        return PROVED
    if not bad:
        python = process.python_in(Path(".venv"))
        say(f"Ready in {seconds:.1f} s. Start it: {python} manage.py runserver")
        return PROVED
    if any(step.state is State.FAILED for step in bad):
        wrong = ", ".join(step.title for step in bad if step.state is State.FAILED)
        say(paint(wrap(f"Wrong: {wrong}. Mend that before the push.", rest=0), State.FAILED))
        status = WRONG
    else:
        reasons = "; ".join(dict.fromkeys(step.detail.split("\n")[0] for step in bad))
        verdict = f"Not proved here: {reasons.rstrip('.')}."
        say(paint(wrap(verdict, rest=0), State.NOT_PROVED))
        status = NOT_PROVED
    log = write_log(bad, project.name)
    if log:
        say(f"The whole output is in {log}")
    return status


def say_limits(limits: list[str]) -> None:
    """Print what even a rehearsal in which all held has not shown."""
    for number, limit in enumerate(limits):
        say(wrap(limit, "Not shown: " if number == 0 else " " * 11, 11))


def headline(name: str, what: str) -> None:
    """Print the first line of a report."""
    say(f"{what} of {name} (Heroku's rules as of {rules.DATE})")
    say()
