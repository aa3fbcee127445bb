"""Run a command of the project."""

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from preflight import advice, exceptions, findings, processes, project_files
from preflight.findings import Finding
from preflight.processes import Finished
from preflight.steps import Failed, NotProved, find_causes

# The part of a path to a package that a reader does not need.
INSTALLED = (
    r"[^\"\s]*[\\/](?:\.preflight[\\/]environment-\w+|\.venv)[\\/](?:lib[\\/]python[\d.]+|Lib)[\\/]"
)


def run_project(
    command: list[str] | str,
    tree: Path,
    variables: dict[str, str],
    otherwise: Finding,
    **options: Any,
) -> str:
    """Run a command of the project and return its output; raise Failed with `otherwise`.

    `options` are those of Popen. Raises NotProved if it was killed, ran out of time, or if the disk
    is full.
    """
    # Only the rehearsal's own environment has the reporter, which writes into this folder.
    with tempfile.TemporaryDirectory(prefix="events-", dir=variables.get("TMPDIR")) as folder:
        finished = processes.run(
            command, tree, variables | {exceptions.VARIABLE: folder}, **options
        )
        events = exceptions.read(Path(folder), tree)
    # What is logged and handled, such as a mail that could not be sent, did not fail the command.
    ended = [event for event in events if event.source in {"process", "command"}]
    finished = replace(finished, causes=tuple(exceptions.diagnose(events)))
    if finished.status == 0:
        return finished.output
    if finished.status is None:
        raise NotProved("it took too long", finished)
    if finished.killed:
        raise NotProved("something else ended it", finished)
    if re.search(advice.DISK_FULL, finished.output, re.IGNORECASE):
        raise NotProved("the disk is full", finished)
    if reason := exceptions.network_reason(ended):
        raise NotProved(reason, finished)
    missing = any(found.kind is findings.GDAL for found in find_causes(finished))
    if missing and project_files.other_buildpacks(tree):
        raise NotProved(
            "GeoDjango needs libgdal, which Heroku gets from another buildpack", finished
        )
    raise Failed(otherwise, finished=relative(finished, tree, command))


def relative(finished: Finished, tree: Path, command: list[str] | str) -> Finished:
    """Return a finished command with paths as they are in the project, and without packages'.

    The copy of the project is gone when a person reads them.
    """
    shown = command if isinstance(command, str) else " ".join(["python", *command[1:]])
    output = re.sub(INSTALLED, ".../", finished.output.replace(f"{tree}{os.sep}", ""))
    return replace(finished, output=output, command=shown)
