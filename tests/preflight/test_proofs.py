"""Test that a rehearsal is only recalled if nothing that it depends on has changed."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from preflight import about, interpreters, processes, proofs
from preflight.rehearsal import PHASES, Rehearsal
from tests.preflight.rehearsal import UTF8, append, rehearse, share_environments


def fill(folder, **files):
    """Write files, with the text as their content."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, **UTF8)


@pytest.fixture
def rehearsal(tmp_path):
    """Return a rehearsal whose files have been copied, with two small environments."""
    project, folder = tmp_path / "site", tmp_path / "rehearsal"
    found = Rehearsal(project, folder)
    found.python = interpreters.Python(sys.executable, "3.13.1")
    for place in (found.tree, found.checkout, project):
        fill(place, **{"requirements.txt": "django==5.2\n", "templates/home.html": "<p>Hi</p>"})
    for name in (".venv", ".preflight/environment"):
        make_environment(project / name)
    return found


def make_environment(folder):
    """Make an environment with one package."""
    packages = "Lib/site-packages" if processes.WINDOWS else "lib/python3.13/site-packages"
    fill(folder, **{f"{packages}/django/__init__.py": "VERSION = 5\n"})
    python = processes.python_in(folder)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("", **UTF8)
    return folder / packages


def key_of(rehearsal, monkeypatch):
    """Return the key of a rehearsal of the files that are there now."""
    environment = rehearsal.project / ".preflight/environment"
    monkeypatch.setattr("preflight.packages.choose_environment", lambda *inputs: environment)
    rehearsal.content = proofs.digest(proofs.describe_files(rehearsal.tree))
    return rehearsal.key()


def touch_later(path):
    """Change the time of a file, as an edit does that keeps its size."""
    os.utime(path, (path.stat().st_mtime + 5,) * 2)


def package_file(folder):
    """Return the file of the package in an environment."""
    return next(folder.rglob("django/__init__.py"))


CHANGES = {
    "a file": lambda r: append(r.tree, "templates/home.html", "<p>More</p>"),
    "a new file": lambda r: fill(r.tree, **{"new.py": ""}),
    "a file that is gone": lambda r: (r.tree / "templates/home.html").unlink(),
    "the name of a file": lambda r: (r.tree / "templates/home.html").rename(r.tree / "home.html"),
    "a package of production": lambda r: touch_later(
        package_file(r.project / ".preflight/environment")
    ),
    "a package of the tests": lambda r: touch_later(package_file(r.project / ".venv")),
    "a new package": lambda r: fill(
        package_file(r.project / ".venv").parent.parent, **{"other.py": ""}
    ),
    "the interpreter": lambda r: touch_later(
        processes.python_in(r.project / ".preflight/environment")
    ),
    "no tests": lambda r: setattr(r, "with_tests", False),
}


@pytest.mark.fast
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_an_input_changes_the_key(rehearsal, monkeypatch, change):
    before = key_of(rehearsal, monkeypatch)
    assert key_of(rehearsal, monkeypatch) == before
    change(rehearsal)
    assert key_of(rehearsal, monkeypatch) != before


@pytest.mark.fast
@pytest.mark.skipif(processes.WINDOWS, reason="Windows has no executable files and few links.")
@pytest.mark.parametrize("change", ["mode", "link"])
def test_the_mode_of_a_file_and_a_link_change_the_key(rehearsal, monkeypatch, change):
    before = key_of(rehearsal, monkeypatch)
    if change == "mode":
        (rehearsal.tree / "templates/home.html").chmod(0o755)
    else:
        (rehearsal.tree / "link").symlink_to("templates/home.html")
    assert key_of(rehearsal, monkeypatch) != before


@pytest.mark.fast
def test_another_database_or_preflight_changes_the_key(rehearsal, monkeypatch):
    keys = {key_of(rehearsal, monkeypatch)}
    monkeypatch.setenv("PREFLIGHT_DATABASE_URL", "postgres://u:p@localhost/n")
    keys.add(key_of(rehearsal, monkeypatch))
    monkeypatch.setattr("preflight.postgres.find_binaries", lambda: Path("/opt/postgresql/19/bin"))
    keys.add(key_of(rehearsal, monkeypatch))
    monkeypatch.setattr(about, "hash_source", lambda: "another version")
    keys.add(key_of(rehearsal, monkeypatch))
    assert len(keys) == 4


@pytest.mark.fast
@pytest.mark.skipif(processes.WINDOWS, reason="Links need a permission on Windows.")
def test_an_incomplete_environment_and_a_dangling_link_have_a_key(rehearsal, monkeypatch):
    packages = package_file(rehearsal.project / ".preflight/environment").parent.parent
    (packages / "gone.py").symlink_to("nowhere")
    shutil.rmtree(rehearsal.project / ".venv/lib")
    assert key_of(rehearsal, monkeypatch)


@pytest.mark.fast
@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "k"}'])
def test_a_proof_that_cannot_be_read_is_not_recalled(tmp_path, content):
    proofs.keep(tmp_path, "k", {"build slug": "32 MB"}, [])
    assert proofs.recall(tmp_path, "k").details == {"build slug": "32 MB"}
    assert proofs.recall(tmp_path, "other") is None
    fill(tmp_path, **{proofs.FILE: content})
    assert proofs.recall(tmp_path, "k") is None


def test_only_a_rehearsal_of_the_same_files_is_recalled(proved, project):
    share_environments(project, proved[0])
    first = rehearse(project)
    assert first.document["outcome"] == "proved"
    assert not any("(unchanged)" in (s["detail"] or "") for s in first.document["steps"])
    second = rehearse(project)
    later = [s for s in second.document["steps"] if s["phase"] in PHASES[1:]]
    later = [step for step in later if step["title"] != "packages"]
    assert len(later) > 12 and all(step["detail"].endswith("(unchanged)") for step in later)
    assert second.document["not_proved"] == first.document["not_proved"]
    [note] = [note for note in second.document["notes"] if note.startswith("Nothing has changed")]
    assert "delete the folder .preflight" in note
    append(project, "templates/pages/home.html", "{% nonsense %}")
    assert rehearse(project).document["outcome"] == "failed"
