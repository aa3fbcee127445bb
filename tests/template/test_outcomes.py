"""Test the outcomes of the hook: proved, not proved, failed, not asked."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers import CHOICES, ROOT, TEMPLATE, bake, caller_environment, python_of, run

UNREACHABLE = "http://127.0.0.1:9/simple"


def without_uv(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment without uv, on PATH or in its variable."""
    environment = caller_environment(home, **variables)
    environment.pop("UV", None)
    folders = environment["PATH"].split(os.pathsep)
    kept = [folder for folder in folders if not shutil.which("uv", path=folder)]
    return environment | {"PATH": os.pathsep.join(kept)}


def edited_template(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """Return a copy of the template with a change in one file of the project or of preflight."""
    copy = tmp_path / "template"
    for part in ("cookiecutter.json", "hooks", "preflight", "tools", TEMPLATE.name):
        source = ROOT / part
        copy.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy / part)
    path = (copy if name.startswith("preflight/") else copy / TEMPLATE.name) / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    built = run([sys.executable, "tools/build_pyz.py"], copy)
    assert built.status == 0, built.output
    return copy


def bake_from(template: Path, output: Path, *flags: str, **answers: str):
    """Generate a project from another copy of the template."""
    output.mkdir()
    pairs = [f"{name}={value}" for name, value in answers.items()]
    command = [sys.executable, "-m", "cookiecutter", "--no-input", *flags, "-o", output]
    environment = caller_environment(output.with_name("home"))
    return run([*command, template, "project_slug=site", *pairs], output, environment)


def test_no_network_leaves_the_project_and_says_how_to_prove_it(tmp_path):
    home = tmp_path / "home"
    cut = {"UV_DEFAULT_INDEX": UNREACHABLE, "UV_CACHE_DIR": str(home / "cache")}
    env = caller_environment(home, **cut, UV_HTTP_RETRIES="0", PIP_INDEX_URL=UNREACHABLE)
    ended = bake(tmp_path / "out", env=env, project_slug="site")
    assert (ended.status, ended.outcome) == (0, "not-proved"), ended.output
    assert "the package index did not answer" in ended.output
    assert "python3 preflight.pyz --uncommitted setup --rehearse" in ended.output
    assert (tmp_path / "out/site/manage.py").is_file()
    assert "Traceback" not in ended.output


@pytest.mark.long
def test_no_network_is_also_recognized_without_uv(tmp_path):
    env = without_uv(
        tmp_path / "home",
        PIP_INDEX_URL=UNREACHABLE,
        PIP_CACHE_DIR=str(tmp_path / "cache"),
        PIP_RETRIES="0",
        PIP_EXTRA_INDEX_URL="",
        PIP_CONFIG_FILE=os.devnull,
        PYTHONPATH=str(hide_uv(tmp_path)),
    )
    ended = bake(tmp_path / "out", env=env, project_slug="site")
    assert (ended.status, ended.outcome) == (0, "not-proved"), ended.output
    assert "pip install" in ended.output


def hide_uv(tmp_path: Path) -> Path:
    """Return a folder for PYTHONPATH with a module named uv that has no program."""
    folder = tmp_path / "no-uv"
    folder.mkdir()
    (folder / "uv.py").write_text(
        "def find_uv_bin():\n    raise FileNotFoundError('uv')\n", encoding="utf-8"
    )
    return folder


def test_required_proof_makes_not_proved_an_error(tmp_path):
    cut = {"UV_DEFAULT_INDEX": UNREACHABLE, "UV_CACHE_DIR": str(tmp_path / "cache")}
    env = caller_environment(tmp_path / "home", UV_HTTP_RETRIES="0", **cut)
    ended = bake(tmp_path / "out", env=env, project_slug="site", _verify="required")
    assert (ended.status, ended.outcome) == (1, "not-proved"), ended.output


@pytest.mark.long
def test_a_full_disk_is_not_a_failure_of_the_project(tmp_path):
    script = "raise OSError(28, 'No space left on device')"
    template = edited_template(tmp_path, "pages/apps.py", 'name = "pages"', script)
    ended = bake_from(template, tmp_path / "out")
    assert (ended.status, ended.outcome) == (0, "not-proved"), ended.output
    assert "the disk is full" in ended.output


def test_a_missing_python_for_django_is_reported(tmp_path):
    template = edited_template(
        tmp_path, "preflight/heroku.py", "(6, 0): (3, 12)", "(6, 0): (3, 99)"
    )
    template = edited_again(
        template, "{% if cookiecutter.packaging == 'pip' %}runtime.txt{% endif %}", "python-3.97\n"
    )
    ended = bake_from(template, tmp_path / "out", django_version="6.1")
    assert (ended.status, ended.outcome) == (0, "not-proved"), ended.output
    assert "Python 3.97 is not installed here" in ended.output


def edited_again(template: Path, name: str, text: str) -> Path:
    """Replace a whole file in a copy of the template."""
    (template / TEMPLATE.name / name).write_text(text, encoding="utf-8")
    return template


@pytest.mark.long
def test_a_failure_of_the_project_is_an_error_with_its_last_lines(tmp_path):
    template = edited_template(
        tmp_path, "config/urls.py", 'include("pages.urls")', 'include("pages.missing")'
    )
    ended = bake_from(template, tmp_path / "out")
    assert (ended.status, ended.outcome) == (1, "failed"), ended.output
    assert "No module named 'pages.missing'" in ended.output
    assert not (tmp_path / "out/site").exists()
    log = next(line for line in ended.output.splitlines() if "The whole output is in" in line)
    path = Path(log.rpartition(" in ")[2])
    assert "pages.missing" in path.read_text(encoding="utf-8")
    path.unlink()


@pytest.mark.long
def test_a_failing_test_of_the_project_is_an_error(tmp_path):
    template = edited_template(tmp_path, "tests/test_pages.py", "== 404", "== 405")
    ended = bake_from(template, tmp_path / "out", "--keep-project-on-failure")
    assert (ended.status, ended.outcome) == (1, "failed"), ended.output
    assert "1 of your tests fails." in ended.output
    assert (tmp_path / "out/site").exists()


def test_nothing_is_proved_with_verify_none(tmp_path):
    ended = bake(tmp_path / "out", project_slug="site", packaging="uv", _verify="none")
    assert (ended.status, ended.outcome) == (0, "not-asked"), ended.output
    assert not (tmp_path / "out/site/.venv").exists()
    # The setup, which comes next, creates a file that Heroku needs.
    assert "git add uv.lock" in ended.output.partition("preflight.pyz setup")[2]


@pytest.mark.long
def test_a_broken_pyenv_shim_is_skipped(tmp_path):
    """The default Python has another version, and the shim of pyenv for the right one fails."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = next(series for series in CHOICES["python_version"] if series != running)
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in (f"python{wanted}", "python3.99"):
        (shims / name).write_text(f"#!/bin/sh\necho '{name}: command not found' >&2\nexit 127\n")
        (shims / name).chmod(0o755)
    home = tmp_path / "home"
    env = caller_environment(home, HOME=str(home), USERPROFILE=str(home))
    env.pop("PYENV_ROOT", None)
    real = Path(sys.executable).parent
    tools = ["/usr/bin", "/bin"] if os.name != "nt" else []
    env["PATH"] = os.pathsep.join([str(shims), str(real), *tools])
    ended = bake(tmp_path / "out", env=env, project_slug="site", python_version=wanted)
    assert ended.outcome == "proved", ended.output
    said = " ".join(ended.output.split())
    assert f"Python {wanted}, which Heroku will use; this was {running}" in said


@pytest.mark.long
def test_pip_is_used_without_uv(tmp_path):
    env = without_uv(tmp_path / "home", PYTHONPATH=str(hide_uv(tmp_path)))
    ended = bake(tmp_path / "out", env=env, project_slug="site", python_version="3.12")
    assert ended.outcome == "proved", ended.output
    assert " pip, Python " in ended.output


@pytest.mark.long
def test_a_project_that_uses_uv_installs_uv_if_it_is_missing(tmp_path):
    env = without_uv(tmp_path / "home", PYTHONPATH=str(hide_uv(tmp_path)))
    ended = bake(tmp_path / "out", env=env, project_slug="site", packaging="uv")
    assert ended.outcome == "proved", ended.output
    assert (tmp_path / "out/site/uv.lock").is_file()
    kept = run([python_of(tmp_path / "out/site"), "-m", "uv", "--version"], tmp_path)
    assert kept.status == 0
