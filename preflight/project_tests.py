"""The tests of the project."""

import re
from pathlib import Path

from preflight import about, findings, processes, project_files
from preflight.project_command import run_project
from preflight.steps import Failed, NotProved, NotReached

# The exit status of pytest if it found no test.
NO_TESTS = 5


class NoTests(Exception):
    """The project has no tests."""


def run_tests(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run the project's tests with an interpreter that has what they need; return the counts.

    Raises NotProved if they need pytest and it is missing, and NoTests if there are none.
    """
    find = "import importlib.util as util, sys; sys.exit(util.find_spec('pytest') is None)"
    has_pytest = processes.run([str(python), "-c", find], tree, variables).status == 0
    command = [str(python), project_files.find_manage_py(tree), "test"]
    if has_pytest:
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    elif (tree / "requirements-test.txt").is_file() or "pytest" in project_files.read(
        tree / "pyproject.toml"
    ):
        raise NotProved(f"the tests need a .venv; {about.COMMAND} setup creates it")
    elif not (tree / command[1]).is_file():
        raise NotReached
    try:
        output = run_project(command, tree, variables, findings.TESTS_FAILED())
    except Failed as error:
        if has_pytest and error.finished and error.finished.status == NO_TESTS:
            raise NoTests from None
        raise count_failures(error) from None
    summary = re.findall(r"(?m)^(\d+ passed.*?) in |^(Ran [1-9]\d* tests?)", output)
    if not summary:
        raise NoTests
    return "".join(summary[-1])


def count_failures(error: Failed) -> Failed:
    """Return the failure with the number of tests that failed.

    pytest ends with "2 failed, 1 error in 3.1s", and unittest with "FAILED (failures=2, errors=1)".
    """
    output = error.finished.output if error.finished else ""
    summary = re.findall(r"(?m)^(?:=+ )?(?:\d+ \w+, )*\d+ \w+ in [\d.]+s|^FAILED \(.*\)$", output)
    counts = re.findall(
        r"(\d+) (?:failed|errors?)|(?:failures|errors)=(\d+)", "".join(summary[-1:])
    )
    number = sum(int(one or other) for one, other in counts)
    count, verb = str(number), "of your tests fails" if number == 1 else "of your tests fail"
    if not number:
        count, verb = "Your tests", "cannot be run"
    return Failed(findings.TESTS_FAILED(count=count, verb=verb), finished=error.finished)
