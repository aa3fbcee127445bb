"""Hostile answers: a project that passes everything, or a sentence; never a traceback of ours."""

import json
import re
import sys
import time

import pytest

from tests.helpers import (
    BARE,
    ROOT,
    bake,
    production,
    python_of,
    render,
    run,
)

NAMES = {
    "double quotes": 'The "best" site',
    "single quotes": "It's the Müllers' site",
    "both quotes": """Say "it's" and 'no'""",
    "backslashes": "back\\slash \\n \\",
    "braces": "{ curly } and }} or {",
    "shell": "$(touch owned) `id` ; rm -rf / && $HOME",
    "python": '""" + __import__(\'os\').getcwd() + """',
    "html": "<script>alert(1)</script> & co",
    "umlauts": "Größenwahn und Übermut",
    "chinese": "我的网站",
    "right to left": "האתר שלי",
    "emoji": "🚀 site 🎉",
    "only emoji": "🚀🎉",
    "markdown": "# [a](b) | *c*",
}
SLUGS = ["test", "django", "config", "123go", "A_b-C", "x", "my.clone"]
REFUSED = {
    "empty name": ({"project_name": " "}, "name of the site is empty"),
    "long name": ({"project_name": "x" * 300}, "300 characters"),
    "newline": ({"project_name": "two\nlines"}, "line break"),
    "device": ({"project_slug": "con"}, "device on Windows"),
    "device with an ending": ({"project_slug": "con.txt"}, "device on Windows"),
    "device in capitals": ({"project_slug": "LPT1"}, "device on Windows"),
    "slash": ({"project_slug": "a/b/c"}, "may hold"),
    "backslash": ({"project_slug": "a\\b"}, "may hold"),
    "parent": ({"project_slug": "../outside"}, "may hold"),
    "dots": ({"project_slug": "..."}, "may hold"),
    "space": ({"project_slug": "my site"}, "may hold"),
    "dash": ({"project_slug": "-x"}, "may hold"),
    "long slug": ({"project_slug": "x" * 100}, "100 characters"),
    "capital app": ({"heroku_app_name": "My-app"}, "Heroku takes no app"),
    "short app": ({"heroku_app_name": "ab"}, "Heroku takes no app"),
    "long app": ({"heroku_app_name": "a" * 31}, "Heroku takes no app"),
    "app with a dash at its end": ({"heroku_app_name": "abc-"}, "Heroku takes no app"),
    "time zone": ({"time_zone": "Mars/Olympus"}, "no time zone"),
    "time zone with code": ({"time_zone": '"; import os #'}, "no time zone"),
    "verify": ({"_verify": "maybe"}, "full, required or none"),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_ends_up_as_it_was_typed(proved, tmp_path, name):
    project = render(tmp_path, project_name=escape_jinja(name))
    assert project.parent == tmp_path
    code = "import json, config.settings as settings; print(json.dumps(settings.SITE_NAME))"
    shown = run([python_of(proved[0]), "-c", code], project, production())
    assert json.loads(shown.output) == name
    assert json.loads((project / "app.json").read_text(encoding="utf-8"))["description"] == name
    assert (project / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")
    checked = run([sys.executable, "-m", "ruff", "format", "--check", "-n", "config"], project)
    assert checked.status == 0, checked.output
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", read_app_name(project))


def escape_jinja(name):
    """Return the name so that cookiecutter's own rendering of given answers gives it back."""
    return "{% raw %}" + name + "{% endraw %}"


def read_app_name(project):
    """Return the name of the app on Heroku."""
    return json.loads((project / "app.json").read_text(encoding="utf-8"))["name"]


@pytest.mark.parametrize("slug", [*SLUGS, "a" * 60, "ab-" * 19 + "c", "---".join("abcdefghij")])
def test_any_folder_gives_a_name_that_heroku_takes(tmp_path, slug):
    name = read_app_name(render(tmp_path, project_slug=slug))
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", name), name


def test_the_nastiest_name_is_proved_in_full(tmp_path):
    name = """"It's" \\ {{ 7*7 }} {% if %} $(touch owned) <b> 我 🚀 Ü"""
    answers = {"project_slug": "django", "accounts": "allauth", "packaging": "uv"}
    ended = bake(tmp_path / "out", project_name=escape_jinja(name), **answers)
    assert ended.outcome == "proved", ended.output
    assert not list(tmp_path.rglob("owned"))
    page = run(
        [
            python_of(tmp_path / "out/django"),
            "-c",
            "import django; django.setup(); from django.test import Client;"
            "print(Client().get('/robots.txt').status_code);"
            "from django.template.loader import render_to_string;"
            "from django.conf import settings;"
            "print(render_to_string('pages/home.html', {'site_title': settings.SITE_NAME}))",
        ],
        tmp_path / "out/django",
        BARE | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert "{{ 7*7 }}" in page.output and "&lt;b&gt;" in page.output, page.output


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_useless_answer_gets_a_sentence_and_leaves_nothing(tmp_path, case):
    answers, said = case
    output = tmp_path / "out"
    ended = bake(output, **answers)
    assert ended.status == 1
    assert said in " ".join(ended.output.split()), ended.output
    before_cookiecutter = ended.output.partition("ERROR: Stopping generation")[0]
    assert "Traceback" not in before_cookiecutter
    deadline = time.monotonic() + 5
    while list(output.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(output.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out-home"]


def test_all_problems_are_told_at_once(tmp_path):
    ended = bake(tmp_path / "out", project_name="", heroku_app_name="A", time_zone="Nowhere")
    for said in ("name of the site is empty", "Heroku takes no app", "no time zone"):
        assert said in ended.output


def test_code_in_an_answer_is_not_run_by_a_hook(tmp_path):
    answer = "'''\nopen('owned', 'w')\nr'''"
    bake(tmp_path / "out", project_name=answer, _verify="none")
    bake(tmp_path / "out", heroku_app_name=answer, _verify="none")
    assert not list(tmp_path.rglob("owned"))
    assert not (ROOT / "owned").exists()
