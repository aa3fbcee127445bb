"""Report a rehearsal to GitHub Actions: annotations, and a summary of the job in Markdown.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
from pathlib import Path
from typing import Any

LEVELS = {"FAILED": "error", "not proved": "warning", "warning": "warning"}
WEIGHTS = {"error": "error", "warning": "warning", "note": "notice"}


def show(document: dict[str, Any]) -> None:
    """Print an annotation for each finding of a report, and write the summary to the job's file."""
    for step in problems(document):
        title = escape(f"preflight: {step['phase']} {step['title']}", ":,")
        if not step["findings"]:
            print(f"::{LEVELS[step['state']]} title={title}::{escape(step['detail'])}", flush=True)
        for finding in step["findings"]:
            place = place_of(document["project"], finding)
            text = escape(sentences(finding))
            print(f"::{WEIGHTS[finding['weight']]} title={title}{place}::{text}", flush=True)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(summarize(document))


def problems(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of a report that failed, have warnings, or were not proved."""
    return [step for step in document["steps"] if step["state"] in LEVELS]


def place_of(project: str, finding: dict[str, Any]) -> str:
    """Return the properties of an annotation that name a file in the repository and a line."""
    if not finding["file"]:
        return ""
    path, root = Path(project) / finding["file"], os.environ.get("GITHUB_WORKSPACE")
    if root and path.is_relative_to(root):
        path = path.relative_to(root)
    else:
        path = Path(finding["file"])
    line = f",line={finding['line']}" if finding["line"] else ""
    return f",file={escape(path.as_posix(), ':,')}{line}"


def sentences(finding: dict[str, Any]) -> str:
    """Return a finding as text."""
    commands = [entry["command"] for entry in finding["next"] if "command" in entry]
    parts = [finding["cause"], finding["message"], finding["cure"], *commands, finding["link"]]
    return "\n".join(part for part in parts if part)


def escape(text: str, more: str = "") -> str:
    """Escape the characters of a text that have a meaning in a workflow command."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in text)


def plain(text: str) -> str:
    """Return a text as one line, with the characters escaped that Markdown would format."""
    return re.sub(r"([\\`*_\[\]<>|~#])", r"\\\1", " ".join(text.split()))


def summarize(document: dict[str, Any]) -> str:
    """Return a report in Markdown: a table of the steps, then the problems, then the notes."""
    name = re.split(r"[\\/]", document["project"])[-1]
    lines = [f"### Rehearsal of {plain(name)}: {document['outcome']}", ""]
    lines += ["| phase | step | result | seconds | |", "| --- | --- | --- | --- | --- |"]
    for step in document["steps"]:
        detail = "see below" if step in problems(document) else plain(step["detail"])
        row = (step["phase"], step["title"], step["state"], f"{step['seconds']:.1f}", detail)
        lines.append(f"| {' | '.join(row)} |")
    for step in problems(document):
        lines += ["", f"**{step['phase']} {step['title']}**", ""]
        texts = [f"{sentences(f)}\n({f['id']})" for f in step["findings"]] or [step["detail"]]
        # Markdown shows an indented block unchanged.
        lines += [f"    {line}" for text in texts for line in text.splitlines()]
    for title, entries in (("Notes", document["notes"]), ("Not proved", document["not_proved"])):
        lines += ["", f"**{title}**", "", *(f"* {plain(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"
