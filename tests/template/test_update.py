"""Update a generated project: an update only brings the changes of the template."""

import os
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, caller_environment, missing, run

# The last commit whose projects contain the source of preflight, in 19 files.
SOURCE_IN_PROJECTS = "014f869"
ANSWERS = '{"project_slug": "site", "packaging": "uv", "_verify": "none"}'


@pytest.fixture
def env(tmp_path):
    """Return an environment in which git is set up."""
    return caller_environment(tmp_path / "home")


@pytest.fixture
def git(env):
    """Return a function that runs git in a folder and checks that it succeeds."""

    def run_git(folder, *arguments):
        ended = run(["git", *arguments], folder, env)
        assert ended.status == 0, ended.output
        return ended.output

    return run_git


@pytest.fixture
def cruft(env):
    """Return a function that runs cruft in a folder and checks that it succeeds."""

    def run_cruft(folder, *arguments):
        ended = run([sys.executable, "-m", "cruft", *arguments], folder, env)
        assert ended.status == 0, ended.output
        return ended.output

    return run_cruft


def copy_template(folder):
    """Copy the template of this checkout, including uncommitted changes."""
    files = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).output.split("\0")
    for name in filter(None, files):
        if not name.startswith(("hooks/", "cookiecutter.json", "{{")) or not (ROOT / name).exists():
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())


def change_project(site, git):
    """Change a project as its owner would, and commit."""
    (site / ".env").write_text("SECRET_KEY=mine\n", encoding="utf-8")
    with (site / "pages/views.py").open("a", encoding="utf-8") as views:
        views.write("\n# mine\n")
    git(site, "add", "--all")
    git(site, "commit", "-q", "-m", "Mine")


def assert_own_changes_are_kept(site):
    """Fail if an update changed or rejected what the owner wrote."""
    assert "# mine" in (site / "pages/views.py").read_text(encoding="utf-8")
    assert (site / ".env").read_text(encoding="utf-8") == "SECRET_KEY=mine\n"
    assert os.listdir(site / ".git") and not list(site.rglob("*.rej"))


def test_an_update_only_brings_the_changes_of_the_template(tmp_path, env, git, cruft):
    # In the temporary folder, like cruft's own folders.
    below = Path(env["TMPDIR"]) / "tmp12345678"
    below.mkdir()
    template, site = tmp_path / "template", below / "site"
    copy_template(template)
    git(template, "init", "-q", "-b", "main")
    git(template, "add", "--all")
    git(template, "commit", "-q", "-m", "One")
    made = cruft(below, "create", "--no-input", "--extra-context", ANSWERS, str(template))
    assert "heroku-django: outcome=not-asked" in made and (site / ".git").is_dir()
    change_project(site, git)

    robots = template / "{{cookiecutter.project_slug}}/templates/robots.txt"
    robots.write_text("User-agent: *\nDisallow: /private/\n", encoding="utf-8")
    git(template, "commit", "-q", "-a", "-m", "Two")
    assert "heroku-django:" not in cruft(site, "update", "--skip-apply-ask")
    changed = git(site, "status", "--porcelain").split("\n")
    assert sorted(line[3:] for line in changed if line) == [".cruft.json", "templates/robots.txt"]
    assert "private" in (site / "templates/robots.txt").read_text(encoding="utf-8")
    assert_own_changes_are_kept(site)
    cruft(site, "check")
    assert "heroku-django:" not in cruft(site, "diff")


@pytest.fixture
def history(tmp_path, git):
    """Return a clone of the last template whose projects contain the source of preflight."""
    if run(["git", "cat-file", "-e", f"{SOURCE_IN_PROJECTS}^{{commit}}"], ROOT).status != 0:
        missing(f"commit {SOURCE_IN_PROJECTS}", "This clone is shallow: git fetch --unshallow")
    template = tmp_path / "template"
    git(tmp_path, "clone", "-q", "--no-local", str(ROOT), str(template))
    git(template, "switch", "-q", "-C", "main", SOURCE_IN_PROJECTS)
    return template


@pytest.mark.long
def test_an_update_replaces_the_source_of_preflight_by_one_file(tmp_path, git, cruft, history):
    site = tmp_path / "site"
    cruft(tmp_path, "create", "--no-input", "--extra-context", ANSWERS, str(history))
    assert len(list((site / "preflight").glob("*.py"))) == 19
    change_project(site, git)

    git(history, "rm", "-q", "-r", ".")
    copy_template(history)
    git(history, "add", "--all")
    git(history, "commit", "-q", "-m", "One file")
    cruft(site, "update", "--skip-apply-ask")
    assert_own_changes_are_kept(site)
    assert not (site / "preflight").exists()
    new = tmp_path / "new"
    new.mkdir()
    cruft(new, "create", "--no-input", "--extra-context", ANSWERS, str(history))
    git(site, "add", "--all")
    names = git(site, "ls-files").split()
    assert sorted(names) == sorted(git(new / "site", "ls-files", "-co").split())
    own = {".cruft.json", "pages/views.py"}
    for name in set(names) - own:
        assert (site / name).read_bytes() == (new / "site" / name).read_bytes(), name
    assert {"preflight.pyz", ".slugignore", ".github/workflows/ci.yml"} <= set(names)
