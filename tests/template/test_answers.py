"""Test hostile answers: each gives a working project or a message, and never a traceback."""

import json
import os
import re
import sys

import pytest

from tests.helpers import (
    BARE,
    ROOT,
    bake,
    caller_environment,
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
    "persian": "می\u200cخواهم",
    "sinhala": "ශ්\u200dරී ලංකා",
    "emoji family": "👨\u200d👩\u200d👧",
    "emoji": "🚀 site 🎉",
    "only emoji": "🚀🎉",
    "markdown": "# [a](b) | *c*",
}
SLUGS = ["test", "django", "config", "123go", "A_b-C", "x", "my.clone"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_site_name_is_kept_as_typed(proved, tmp_path, name):
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
    """Escape a name, because cookiecutter renders the answers on its command line."""
    return "{% raw %}" + name + "{% endraw %}"


def read_app_name(project):
    """Return the name of the app on Heroku."""
    return json.loads((project / "app.json").read_text(encoding="utf-8"))["name"]


@pytest.mark.parametrize("slug", [*SLUGS, "a" * 60, "ab-" * 19 + "c", "---".join("abcdefghij")])
def test_any_folder_name_gives_an_app_name_that_heroku_accepts(tmp_path, slug):
    name = read_app_name(render(tmp_path, project_slug=slug))
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", name), name


@pytest.mark.long
def test_a_project_with_the_worst_name_is_proved(tmp_path):
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
            "print(render_to_string('pages/home.html', {'site_name': settings.SITE_NAME}))",
        ],
        tmp_path / "out/django",
        BARE | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert "{{ 7*7 }}" in page.output and "&lt;b&gt;" in page.output, page.output


def test_a_refused_answer_only_leaves_the_folders_that_the_message_lists(tmp_path):
    output = tmp_path / "out"
    ended = bake(output, project_slug="a/b/c")
    assert ended.status == 1
    before_cookiecutter = ended.output.partition("ERROR: Stopping generation")[0]
    assert "Traceback" not in before_cookiecutter
    left = [path for path in tmp_path.rglob("*") if "out-home" not in path.parts]
    assert sorted(left) == [output, output / "a", output / "a/b"]
    assert all(f"  {path}" in ended.output.splitlines() for path in left[1:])


@pytest.mark.skipif(os.name == "nt", reason="pastes into bash")
def test_the_printed_command_generates_the_project(tmp_path):
    output = tmp_path / "out"
    answers = {"storage": "s3", "time_zone": "europe/berlin", "_verify": "none"}
    refused = bake(output, project_name='It\'s "mine"', heroku_app_name="A", **answers)
    [line] = [line for line in refused.output.splitlines() if " -m cookiecutter " in line]
    pasted = run(["bash", "-c", line], output, caller_environment(tmp_path / "home"))
    assert pasted.outcome == "not-asked", pasted.output
    [project] = output.iterdir()
    assert (project / "README.md").read_text(encoding="utf-8").startswith('# It\'s "mine"\n')
    settings = (project / "config/settings.py").read_text(encoding="utf-8")
    assert '"Europe/Berlin"' in settings and "AWS_" in (project / ".env.example").read_text("utf-8")


def test_code_in_an_answer_is_not_run_by_a_hook(tmp_path):
    answer = "'''\nopen('owned', 'w')\nr'''"
    bake(tmp_path / "out", project_name=answer, _verify="none")
    bake(tmp_path / "out", heroku_app_name=answer, _verify="none")
    assert not list(tmp_path.rglob("owned"))
    assert not (ROOT / "owned").exists()
