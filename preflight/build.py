"""The build phase: the hooks of the project, and the static files."""

import re
from pathlib import Path

from preflight import findings, processes, project_files
from preflight.project_command import run_project
from preflight.steps import Failed, NotProved, NotReached


def collect_static(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run collectstatic as the build does (BP bin/steps/collectstatic); return how many files."""
    manage = project_files.find_manage_py(tree)
    if not (tree / manage).is_file():
        raise NotReached
    output = run_project(
        [str(python), manage, "collectstatic", "--noinput", "--traceback"],
        tree,
        variables,
        findings.COLLECTSTATIC_FAILED(),
    )
    if not output.strip():
        raise Failed(findings.SILENT_COLLECTSTATIC(manage, name=manage))
    count = re.search(r"(\d+) static files? (?:copied|uploaded)", output)
    if count and count[1] == "0" and finds_files(tree, python, manage, variables):
        raise Failed(findings.NOTHING_COLLECTED())
    return f"{count[1]} files" if count else ""


# Prints how many static files the project has.
COUNT_FILES = (
    "from django.contrib.staticfiles.finders import get_finders; "
    "print(sum(1 for finder in get_finders() for _ in finder.list([])))"
)


def finds_files(tree: Path, python: Path, manage: str, variables: dict[str, str]) -> bool:
    """Return whether the project has static files that could have been collected."""
    command = [str(python), manage, "shell", "-c", COUNT_FILES]
    output = run_project(command, tree, variables, findings.COLLECTSTATIC_FAILED())
    return output.split()[-1:] != ["0"]


def run_hook(tree: Path, name: str, variables: dict[str, str]) -> None:
    """Run bin/pre_compile or bin/post_compile if the project has it (BP lib/hooks.sh).

    The buildpack makes it executable, and fails the build if it fails.
    """
    hook = tree / "bin" / name
    if not hook.is_file():
        return
    if processes.WINDOWS:
        raise NotProved(f"bin/{name} is a script for Linux")
    hook.chmod(0o755)
    run_project(f"bin/{name}", tree, variables, findings.HOOK_FAILED(f"bin/{name}", name=name))
