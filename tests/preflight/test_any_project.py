"""Run preflight in projects that this template did not generate."""

import json
import re
import shutil
import sys

import pytest

from preflight import choices, findings
from tests.helpers import ROOT, caller_environment, python_of, run
from tests.preflight.rehearsal import UTF8, rehearse

NAMES = 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


@pytest.fixture
def shop(proved, tmp_path):
    """Return a project from django-admin startproject, with the files that Heroku needs."""
    folder = tmp_path / "repository"
    folder.mkdir()
    command = [python_of(proved[0]), "-m", "django", "startproject", "shop", folder]
    assert run(command, tmp_path).status == 0
    shutil.copyfile(proved[0] / "requirements.txt", folder / "requirements.txt")
    (folder / "Procfile").write_text("web: gunicorn shop.wsgi\n", **UTF8)
    (folder / ".python-version").write_text("3.13\n", **UTF8)
    return folder


@pytest.mark.skipif(not shutil.which("git"), reason="uvx takes it from a repository")
def test_the_command_of_the_readme_rehearses_a_project_without_the_file(shop, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"(?m)^uvx (--from \S+ preflight .*)$", readme)
    repository = "git+https://github.com/org/heroku-django"
    assert repository in command
    env = caller_environment(tmp_path / "home")
    # From this checkout, including uncommitted changes.
    words = command.replace(repository, str(ROOT)).split()
    ended = run([sys.executable, "-m", "uv", "tool", "run", "-q", *words], shop, env)
    assert ended.status == 1, ended.output
    assert re.search(r"FAILED +build +collectstatic", ended.output)
    assert "STATIC_ROOT" in ended.output
    assert 'Traceback (most recent call last):\n  File "' not in ended.output.partition("$ ")[0]
    assert "Several" not in ended.output


def write(folder, files):
    """Write files by name into a folder; return their names."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, **UTF8)
    return list(files)


def test_one_file_of_each_kind_gets_no_note(tmp_path):
    names = write(
        tmp_path,
        {
            "manage.py": NAMES.format("shop.settings"),
            "shop/settings.py": "",
            "shop/wsgi.py": NAMES.format("shop.settings"),
            "tests/settings.py": "",
            "Procfile": "web: gunicorn shop.wsgi\n",
        },
    )
    assert choices.describe(tmp_path, names) == []


def test_the_report_says_which_of_several_files_was_used_and_why(tmp_path):
    files = {
        "manage.py": NAMES.format("shop.settings.dev"),
        "tools/manage.py": "",
        "shop/settings/base.py": "",
        "shop/settings/dev.py": "",
        "shop/settings/prod.py": "",
        "shop/wsgi.py": NAMES.format("shop.settings.prod"),
        "old/shop/wsgi.py": "",
        "Procfile": "web: gunicorn shop.wsgi:application --log-file -\n",
    }
    names = write(tmp_path, files)
    manage, wsgi = choices.describe(tmp_path, names)
    assert manage.startswith("Several manage.py files: manage.py was used, because Heroku")
    assert wsgi.startswith("Several wsgi.py files: shop/wsgi.py was used, because the web process")
    [found] = choices.check(tmp_path, names)
    assert (found.kind, found.file) == (findings.DIFFERENT_SETTINGS, "shop/wsgi.py")
    assert "shop.settings.dev" in found.message and "shop.settings.prod" in found.message
    # A config var takes precedence over both.
    files["app.json"] = json.dumps({"env": {"DJANGO_SETTINGS_MODULE": "shop.settings.base"}})
    [*_, settings] = choices.describe(tmp_path, write(tmp_path, files))
    assert "shop.settings.base was used, because app.json names it" in settings
    assert choices.check(tmp_path, names) == []
    # So does the web line, but only for the web process.
    line = "DJANGO_SETTINGS_MODULE=shop.settings.prod gunicorn shop.wsgi"
    files["Procfile"] = f"web: {line}\n"
    [found] = choices.check(tmp_path, write(tmp_path, files))
    assert found.file == "Procfile"


@pytest.mark.long
def test_a_choice_is_a_note_in_the_report(shop):
    (shop / "shop/settings_local.py").write_text("", **UTF8)
    told = rehearse(shop, "--uncommitted", "--only", "source")
    [note] = [note for note in told.document["notes"] if note.startswith("Several")]
    assert "shop.settings was used, because manage.py names it" in note
