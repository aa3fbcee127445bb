"""The release phase: the release command and the migrations."""

import re
from pathlib import Path

from preflight import findings, project_files
from preflight.project_command import run_project
from preflight.steps import NotReached, Result

# Migrations that ran, in the output of Django's migrate.
APPLIED = r"(?m)^\s+Applying .* OK$"


def run_release_command(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run the release command of the Procfile; return how many migrations it applied."""
    command = project_files.process_types(tree)["release"]
    output = run_project(command, tree, variables, findings.RELEASE_FAILED("Procfile"))
    applied = len(re.findall(APPLIED, output))
    return f"{applied} migrations applied" if applied else "done"


def migrate(tree: Path, python: Path, variables: dict[str, str]) -> Result:
    """Migrate, as the owner has to after a push if the Procfile has no release line."""
    manage = project_files.find_manage_py(tree)
    if not (tree / manage).is_file():
        raise NotReached
    command = [str(python), manage, "migrate", "--noinput"]
    output = run_project(command, tree, variables, findings.MIGRATE_FAILED("Procfile"))
    applied = len(re.findall(APPLIED, output))
    warning = findings.NO_RELEASE_LINE("Procfile")
    return Result(f"{applied} migrations applied, without a release line", [warning])
