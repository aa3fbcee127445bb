"""What GitHub Actions shows of a rehearsal: annotations, and a summary of the job in Markdown.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re

LEVELS = {"FAILED": "error", "not proved": "warning"}


def show(document: dict) -> None:
    """Print an annotation for each problem in a report, and add the summary to the job's file."""
    for step in problems(document):
        title = escape(f"preflight: {step['phase']} {step['title']}", ":,")
        print(f"::{LEVELS[step['state']]} title={title}::{escape(sentences(step))}", flush=True)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(summarize(document))


def problems(document: dict) -> list[dict]:
    """Return the steps of a report that failed or that proved nothing."""
    return [step for step in document["steps"] if step["state"] in LEVELS]


def sentences(step: dict) -> str:
    """Return what a step reports, with the explanation of its failure."""
    explanation = step["explanation"] or {}
    return "\n".join(filter(None, [step["detail"], *explanation.values()]))


def escape(text: str, more: str = "") -> str:
    """Return a text for a workflow command, in which these characters have a meaning."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + more else c for c in text)


def plain(text: str) -> str:
    """Return a text in which Markdown finds nothing to format, as one line."""
    return re.sub(r"([\\`*_\[\]<>|~#])", r"\\\1", " ".join(text.split()))


def summarize(document: dict) -> str:
    """Return a report in Markdown: the steps in a table, then what failed, then the notes."""
    name = re.split(r"[\\/]", document["project"])[-1]
    lines = [f"### Rehearsal of {plain(name)}: {document['outcome']}", ""]
    lines += ["| phase | step | result | seconds | |", "| --- | --- | --- | --- | --- |"]
    for step in document["steps"]:
        detail = "see below" if step in problems(document) else plain(step["detail"])
        row = (step["phase"], step["title"], step["state"], f"{step['seconds']:.1f}", detail)
        lines.append(f"| {' | '.join(row)} |")
    for step in problems(document):
        lines += ["", f"**{step['phase']} {step['title']}**", ""]
        # An indented block shows its text as it is, whatever the text contains.
        lines += [f"    {line}" for line in sentences(step).splitlines()]
    for title, entries in (("Notes", document["notes"]), ("Not shown", document["not_shown"])):
        lines += ["", f"**{title}**", "", *(f"* {plain(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"
