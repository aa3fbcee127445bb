"""Test preflight as a package, and as the single file in every project."""

import ast
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from preflight import about, heroku, interpreters
from tests.helpers import ROOT, TEMPLATE, caller_environment, run
from tools.build_pyz import build, name_in_hook

PYZ = TEMPLATE / "preflight.pyz"
COMMAND = "python3 tools/build_pyz.py"


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of the files in this repository that git would commit."""
    folder = tmp_path / "checkout"
    files = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).output.split("\0")
    for name in filter(None, files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return folder


def files_of(folder):
    """Return the name and the modification time of every file in a folder."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_file_in_the_template_is_built_from_this_source():
    stale = f"preflight.pyz or its SHA-256 in the hook is stale. Run: {COMMAND}"
    assert PYZ.read_bytes() == build(), stale
    hook = (ROOT / "hooks/post_gen_project.py").read_text(encoding="utf-8")
    assert name_in_hook(hook, build()) == hook, stale
    # The line exists: different content changes it.
    assert name_in_hook(hook, b"") != hook


@pytest.mark.parametrize("series", heroku.PYTHONS)
def test_every_python_builds_the_same_bytes_from_any_line_ends(checkout, series):
    python = interpreters.find_series(series)
    if not python:
        pytest.skip(f"Python {series} is not on this machine")
    for path in [*checkout.glob("preflight/**/*.py"), *checkout.glob("tools/*.py")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    target = checkout / TEMPLATE.name / "preflight.pyz"
    target.unlink()
    ended = run([python.path, *COMMAND.split()[1:]], checkout)
    assert ended.status == 0, ended.output
    assert target.read_bytes() == PYZ.read_bytes()


def test_nothing_in_the_file_depends_on_the_system_or_the_time():
    with zipfile.ZipFile(PYZ) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    kinds = {(e.create_system, e.external_attr, e.compress_type, e.date_time) for e in entries}
    assert kinds == {(3, 0o100644 << 16, zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))}


def test_the_version_names_the_facts_and_the_source_in_any_form(tmp_path):
    outputs = {
        run(command, tmp_path).output
        for command in (
            [sys.executable, "-m", "preflight", "--version"],
            [sys.executable, PYZ, "--version"],
            [Path(sys.executable).with_name("preflight"), "--version"],
        )
    }
    assert outputs == {about.version() + "\n"}
    assert heroku.DATE in about.version() and about.__version__ in about.version()


def test_the_hash_changes_with_the_source(checkout):
    path = checkout / "preflight/settings_probe.py"
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    other = checkout / "other.pyz"
    other.write_bytes(build(checkout / "preflight"))
    ended = run([sys.executable, other, "--version"], checkout)
    assert re.search(r"source [0-9a-f]{12}\)", ended.output)
    assert about.hash_source() not in ended.output


def test_running_the_file_writes_nothing_next_to_it(tmp_path):
    shutil.copy(PYZ, tmp_path)
    env = caller_environment(tmp_path.with_name("home"))
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    for arguments in (["--version"], ["explain", os.devnull]):
        run([sys.executable, "preflight.pyz", *arguments], tmp_path, env)
    assert os.listdir(tmp_path) == ["preflight.pyz"]


COUNT = """
import runpy, sys

compiled = []

def count(event, arguments):
    if event == "compile" and "preflight.pyz" in str(arguments[1]):
        compiled.append(str(arguments[1]))

sys.addaudithook(count)
try:
    runpy.run_path(sys.argv.pop(1), run_name="__main__")
finally:
    print(len(compiled), len(set(compiled)))
"""


def test_no_module_in_the_file_is_compiled_twice(tmp_path):
    ended = run([sys.executable, "-c", COUNT, PYZ, "--version"], tmp_path)
    times, modules = map(int, ended.output.split()[-2:])
    # Python's own importer loads the first ones.
    assert modules > 40 and times <= modules + 4


def test_a_message_names_the_command_that_started_preflight(tmp_path):
    shutil.copy(PYZ, tmp_path)
    log = tmp_path / "heroku.log"
    log.write_text("Error R10 (Boot timeout)\n", encoding="utf-8")
    python = "py" if os.name == "nt" else "python3"
    for command, shown in (
        ([sys.executable, "preflight.pyz"], f"{python} preflight.pyz --only web"),
        ([sys.executable, "-m", "preflight"], "heroku-django preflight --only web"),
    ):
        assert shown in run([*command, "explain", log], tmp_path).output


OLD = ("2.7", "3.6", "3.7", "3.8", "3.9")


@pytest.mark.parametrize("series", OLD)
def test_an_old_python_gets_one_sentence_about_what_is_needed(tmp_path, series):
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = next(folder.glob(f"{series}.*/bin/python{series}"), shutil.which(f"python{series}"))
    if not found:
        pytest.skip(f"Python {series} is not on this machine")
    ended = run([found, PYZ, "setup"], tmp_path, {"PATH": os.environ["PATH"]})
    assert ended.status == 1
    needed = "preflight needs Python 3.10 or newer: https://www.python.org/downloads/"
    assert ended.output.strip() == needed


def test_python_3_6_can_parse_what_runs_before_its_version_is_checked():
    with zipfile.ZipFile(PYZ) as archive:
        for name in ("__main__.py", "preflight/__init__.py"):
            ast.parse(archive.read(name), name, feature_version=(3, 6))


def test_the_package_only_contains_preflight_and_building_it_leaves_no_file(checkout, tmp_path):
    before = files_of(checkout)
    env = caller_environment(tmp_path / "home")
    uv, out = [sys.executable, "-m", "uv"], tmp_path / "out"
    # The wheel is built from the source distribution, so this tests both.
    built = run([*uv, "build", "-q", "--out-dir", out, checkout], tmp_path, env)
    assert built.status == 0, built.output
    assert files_of(checkout) == before
    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
        content = archive.read("preflight/settings_probe.py")
    assert folders == {"preflight", f"heroku_django-{about.__version__}.dist-info"}
    assert content == (ROOT / "preflight/settings_probe.py").read_bytes()
    # A console script has to pass the exit status on.
    command = [*uv, "tool", "run", "-q", "--from", wheel, "preflight", "--project", "nowhere"]
    ended = run(command, tmp_path, env)
    assert ended.status == 2 and "There is no folder" in ended.output, ended.output


def test_mypy_finds_no_error():
    checked = run([sys.executable, "-m", "mypy"], ROOT)
    assert checked.status == 0, checked.output
