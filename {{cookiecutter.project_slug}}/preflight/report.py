"""What a person reads: a line for each step, what went wrong, and the verdict."""

import os
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

from preflight import rules
from preflight.steps import State, Step

COLOURS = {State.OK: "32", State.FAILED: "31", State.NOT_PROVED: "33", State.NOT_REACHED: "2"}
LAST_LINES = 25
WIDTH = 100

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


def tell(step: Step) -> None:
    """Print the line of a step that has ended, and what went wrong."""
    if step.state is State.NOT_REACHED:
        return
    first, *more = step.detail.split("\n")
    shown = first if step.state is State.OK else ""
    seconds = f"{step.seconds:5.1f} s"
    line = f"  {step.state.value:<10}  {step.phase:<7}  {step.title:<28}  {seconds}  {shown}"
    say(paint(line.rstrip(), step.state) if step.state is not State.OK else line.rstrip())
    if step.state is not State.OK:
        for sentence in [first, *more]:
            say(textwrap.indent(textwrap.fill(sentence, WIDTH - 14), " " * 14))


def show_output(step: Step) -> None:
    """Print the command of a step that failed, and its last lines."""
    if not step.finished:
        return
    lines = step.finished.output.rstrip().split("\n")
    say()
    say(f"  $ {step.finished.command}")
    if len(lines) > LAST_LINES:
        say(f"    ... {len(lines) - LAST_LINES} lines before these")
    for line in lines[-LAST_LINES:]:
        say(f"    {line}")


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


def conclude(
    steps: list[Step], limits: list[str], seconds: float, name: str, push: str | None
) -> int:
    """Print the verdict and return the exit status.

    `limits` are the things that even a rehearsal in which all held does not show; `push` is the
    command that deploys, or None if nothing was rehearsed.
    """
    bad = [step for step in steps if step.state in {State.FAILED, State.NOT_PROVED}]
    for step in bad:
        show_output(step)
    log = write_log(bad, name)
    say()
    if not bad:
        if push is not None:
            say(
                paint(
                    f"Proved in {seconds:.1f} s: it builds, releases, starts, answers and stops "
                    "as Heroku wants it.",
                    State.OK,
                )
            )
            say_limits(limits)
            if push:
                say(f"Push it:   {push}")
        return PROVED
    if any(step.state is State.FAILED for step in bad):
        wrong = ", ".join(step.title for step in bad if step.state is State.FAILED)
        say(paint(f"Wrong: {wrong}. Mend that before the push.", State.FAILED))
        status = WRONG
    else:
        reasons = "; ".join(dict.fromkeys(step.detail.split("\n")[0] for step in bad))
        say(paint(f"Not proved here: {reasons}.".replace("..", "."), State.NOT_PROVED))
        status = NOT_PROVED
    if log:
        say(f"The whole output is in {log}")
    return status


def say_limits(limits: list[str]) -> None:
    """Print what was not shown."""
    for number, limit in enumerate(limits):
        head = "Not shown: " if number == 0 else " " * 11
        text = textwrap.fill(limit, min(WIDTH, shutil.get_terminal_size().columns) - 11)
        say(head + textwrap.indent(text, " " * 11).lstrip())


def headline(name: str, what: str) -> None:
    """Print the first line of a report."""
    say(f"{what} of {name} (Heroku's rules as of {rules.DATE})")
    say()
