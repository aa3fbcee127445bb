"""Test on any system what Windows needs: names, paths, encodings, printed commands."""

import ast
import re

import pytest

from preflight import processes
from tests.helpers import OPTIONS, ROOT, TEMPLATE, covering_combinations, render, run

pytestmark = pytest.mark.fast


def test_interpreters_are_found_where_windows_installs_them(tmp_path):
    assert processes.python_in(tmp_path, windows=True) == tmp_path / "Scripts/python.exe"
    assert processes.python_in(tmp_path, windows=False) == tmp_path / "bin/python"


def test_an_empty_environment_has_the_variables_that_windows_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "WINDOWS", True)
    monkeypatch.setenv("SYSTEMROOT", r"C:\Windows")
    monkeypatch.setenv("COMSPEC", r"C:\Windows\System32\cmd.exe")
    environment = processes.bare_environment(tmp_path / "home", tmp_path / "Scripts")
    assert environment["SYSTEMROOT"] == r"C:\Windows" and "COMSPEC" in environment
    assert r"C:\Windows\System32" in environment["PATH"]
    assert environment["USERPROFILE"] == environment["TEMP"] == str(tmp_path / "home")


def own_code():
    """Return every Python file that may run on Windows."""
    return [
        *(ROOT / "hooks").glob("*.py"),
        *(ROOT / "preflight").rglob("*.py"),
        *(TEMPLATE / "config").glob("*.py*"),
        *(TEMPLATE / "tests").glob("*.py"),
    ]


@pytest.mark.parametrize("path", own_code(), ids=lambda path: path.name)
def test_every_file_is_opened_with_an_explicit_encoding(path):
    text = re.sub(r"(?m)^\{%.*%\}$", "", path.read_text(encoding="utf-8"))
    if path.name == "settings.py":
        text = re.sub(r"\{\{.*?\}\}", "''", text)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in {"open", "read_text", "write_text"}:
            continue
        if ast.unparse(node.func) in {"self.open", "file.open"}:
            # A storage and its files, which are bytes.
            continue
        binary = any(isinstance(a, ast.Constant) and "b" in str(a.value) for a in node.args)
        named = {keyword.arg for keyword in node.keywords}
        proc = "/proc" in ast.unparse(node) or "stat" in ast.unparse(node)
        assert binary or proc or "encoding" in named, f"{path.name}:{node.lineno}"


def test_control_files_keep_their_line_feeds_on_windows(committed):
    names = ["Procfile", "runtime.txt", ".python-version", "manage.py", "app.json", "uv.lock"]
    said = run(["git", "check-attr", "eol", "--", *names], committed).output
    assert said.splitlines() == [f"{name}: eol: lf" for name in names]
    said = run(["git", "check-attr", "text", "--", "preflight.pyz"], committed).output
    assert said == "preflight.pyz: text: unset\n"
    assert OPTIONS["_new_lines"] == "\n"
    # Every other file is rendered, so it gets the line endings in _new_lines.
    assert OPTIONS["_copy_without_render"] == ["preflight.pyz"]


def test_the_procfile_for_windows_does_not_use_gunicorn(tmp_path):
    project = render(tmp_path, **covering_combinations()[0])
    assert (project / "Procfile.windows").read_text(encoding="utf-8") == (
        "web: python manage.py runserver %PORT%\n"
    )


def test_the_readme_of_a_project_has_every_command_for_powershell(tmp_path):
    readme = (render(tmp_path) / "README.md").read_text(encoding="utf-8")
    for command in (
        "py preflight.pyz setup",
        r".venv\Scripts\python manage.py runserver",
        "py preflight.pyz",
        r'SECRET_KEY="$(.venv\Scripts\python -c',
    ):
        assert command in readme
