"""Test that a site works without preflight.pyz, and that its owner can read and build it."""

import re
import shutil
import sys

import pytest

import preflight
from preflight import source
from tests.helpers import (
    ROOT,
    TEMPLATE,
    caller_environment,
    covering_combinations,
    name_of,
    production,
    python_of,
    render,
    run,
)

NAMING = {".gitattributes", ".github/workflows/ci.yml", ".slugignore", "AGENTS.md", "README.md"}
# These name the command that sets a machine up, in a comment or a message.
ADVISING = {".env.example", "config/checks.py", "config/settings.py", "manage.py"}


@pytest.mark.parametrize("answers", covering_combinations(), ids=name_of)
def test_the_code_of_a_project_names_preflight_only_in_advice(tmp_path, answers):
    project = render(tmp_path, **answers)
    naming = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file() and b"preflight" in path.read_bytes().lower()
    }
    expected = NAMING if answers["github_actions"] else NAMING - {".github/workflows/ci.yml"}
    assert naming == expected | ADVISING | {"preflight.pyz"}
    for name in ADVISING:
        text = (project / name).read_text(encoding="utf-8")
        assert text.count("preflight") == text.count("preflight.pyz setup")


@pytest.mark.fast
def test_the_file_is_binary_for_git_and_not_in_the_slug(committed):
    asked = ["check-attr", "text", "linguist-vendored", "--", "preflight.pyz"]
    for folder in (committed, TEMPLATE):
        attributes = run(["git", *asked], folder).output.splitlines()
        assert [line.rpartition(": ")[2] for line in attributes] == ["unset", "set"], attributes
    assert (committed / "preflight.pyz").is_file()
    source.apply_slugignore(committed)
    assert not (committed / "preflight.pyz").exists() and (committed / "manage.py").is_file()


def test_a_project_without_the_file_deploys_and_passes_its_tests(proved, project):
    (project / "preflight.pyz").unlink()
    python = python_of(proved[0])
    for command in ("manage.py check --deploy --fail-level WARNING", "-m pytest -q"):
        ended = run([python, *command.split()], project, production())
        assert ended.status == 0, ended.output


def commands(project):
    """Return the commands in a project's README that extract the file and build it again."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    found = re.findall(
        r"`((?:python3|git clone) [^`]*(?:zipfile|build_pyz|--branch)[^`]*)`", readme
    )
    assert len(found) == 3
    return [command.split() for command in found]


@pytest.mark.skipif(not shutil.which("git"), reason="git clones the repository")
def test_the_commands_in_the_readme_extract_the_file_and_build_the_same_bytes(project, tmp_path):
    env = caller_environment(tmp_path / "home")
    # The tag is created in a copy of this checkout, including uncommitted changes.
    origin = tmp_path / "origin"
    shutil.copytree(ROOT, origin, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules"))
    tag = f"v{preflight.__version__}"
    for command in ("init -q", "add --all", "commit -q -m Release", f"tag {tag}"):
        assert run(["git", *command.split()], origin, env).status == 0
    read, clone, build = commands(project)
    assert clone[2:4] == ["--branch", tag]
    clone[4] = str(origin)
    for command in (read, [*clone, "heroku-django"], build):
        program = sys.executable if command[0] == "python3" else command[0]
        ended = run([program, *command[1:]], project, env)
        assert ended.status == 0, ended.output
    source = (ROOT / "preflight/settings_probe.py").read_bytes()
    assert (project / "source/preflight/settings_probe.py").read_bytes() == source
    assert (project / "built.pyz").read_bytes() == (project / "preflight.pyz").read_bytes()
