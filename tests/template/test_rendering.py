"""Render every combination: complete files, clean code, no traces of the other answers."""

import ast
import json
import re
import sys

import pytest
import yaml

from tests.helpers import (
    CHOICES,
    ROOT,
    TEMPLATE,
    all_combinations,
    covering_combinations,
    name_of,
    render,
    run,
)
from tests.template.lines_of_code import count_project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORDS_OF_OTHERS = {
    "storage": {
        "whitenoise": ["AWS_", "boto3", "cloudinary", "Cloudinary", "pictures", "illow"],
        "s3": ["cloudinary", "Cloudinary"],
        "cloudinary": ["AWS_", "boto3"],
    },
    "accounts": {"django": ["allauth"], "allauth": []},
    "django_version": {
        "5.2": ["MAILERS", "middleware.csp.Cont"],
        "6.1": ["EMAIL_HOST", "middleware.content_security"],
    },
    "packaging": {
        "pip": ["uv.lock", "uv lock"],
        "pip-python-version": ["runtime.txt", "uv.lock", "uv lock"],
        "uv": ["runtime.txt", "requirements.txt"],
    },
    "github_actions": {True: [], False: ["GitHub Actions"]},
}


# The code of projects that ruff has found clean: most combinations share theirs with others.
CLEAN = set()


def assert_clean_under_ruff(folder):
    """Fail with the output of ruff if it reports or would change anything."""
    for command in (["check"], ["format", "--check"]):
        checked = run([sys.executable, "-m", "ruff", *command, "-n", "-q", folder], ROOT)
        assert checked.status == 0, checked.output


def text_files(project):
    """Return the text of all files of a project by name, without preflight.pyz."""
    return {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.name != "preflight.pyz"
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Return a function that renders each combination into a separate folder."""
    output = tmp_path_factory.mktemp("rendered")
    return lambda answers: render(output / name_of(answers), **answers)


def with_marks(answers):
    """Return a combination as a parameter, marked as fast if it is in the covering set.

    Any other one is long if a combination in the default run differs only in the Python version.
    """
    marks = [pytest.mark.fast] if answers in covering_combinations() else []
    if not marks and answers["python_version"] != CHOICES["python_version"][0]:
        marks = [pytest.mark.long]
    return pytest.param(answers, id=name_of(answers), marks=marks)


@pytest.mark.parametrize("answers", [with_marks(answers) for answers in all_combinations()])
def test_every_combination_is_a_complete_project(rendered, answers):
    project = rendered(answers)
    files = text_files(project)
    for name, text in files.items():
        assert "cookiecutter." not in text, f"{name} has a leftover tag"
        assert not re.search(r"\{% (raw|endraw)", text), f"{name} has a leftover tag"
        assert "\n\n\n\n" not in text, f"{name} has too many empty lines"
        assert not text.startswith("\n"), f"{name} starts with an empty line"
        assert text.endswith("\n") or not text, f"{name} does not end with a line feed"
        assert "{%" not in name
        if name.endswith(".py"):
            ast.parse(text, name)
        if name.endswith(".json"):
            json.loads(text)
        if name.endswith(".toml"):
            tomllib.loads(text)
        if name.endswith(".yml"):
            yaml.safe_load(text)
    managers = {"requirements.txt", "Pipfile.lock", "poetry.lock"} & files.keys()
    assert managers == (set() if answers["packaging"] == "uv" else {"requirements.txt"})
    versions = {"runtime.txt", ".python-version"} & files.keys()
    assert versions == {"runtime.txt" if answers["packaging"] == "pip" else ".python-version"}
    assert (".github/workflows/ci.yml" in files) is answers["github_actions"]
    assert ("config/storage.py" in files) is (answers["storage"] == "cloudinary")
    assert ("config/bucket.py" in files) is (answers["storage"] == "s3")
    assert ("pictures/models.py" in files) is (answers["storage"] != "whitenoise")
    if answers["storage"] == "whitenoise":
        # The one place that names the others: how to add a storage later.
        files["README.md"] = re.sub(r"(?s)\n## Uploads\n.*?(?=\n## )", "", files["README.md"])
    for option, words in WORDS_OF_OTHERS.items():
        for word in words[answers[option]]:
            holders = [name for name, text in files.items() if word in text and name != ".env"]
            assert not holders, f"{word} in {holders} shows that there were other options"
    code = hash(tuple((name, text) for name, text in files.items() if name.endswith(".py")))
    if code not in CLEAN:
        assert_clean_under_ruff(project)
        CLEAN.add(code)


@pytest.mark.fast
def test_the_default_project_is_small(tmp_path):
    project = render(tmp_path)
    assert sum(count_project(project).values()) <= 1200
    for name, most in (("config/environment.py", 250), (".env.example", 40)):
        assert len((project / name).read_text(encoding="utf-8").splitlines()) <= most, name


@pytest.mark.fast
def test_preflight_is_the_same_in_every_project(rendered):
    content = (TEMPLATE / "preflight.pyz").read_bytes()
    for answers in covering_combinations():
        assert (rendered(answers) / "preflight.pyz").read_bytes() == content


@pytest.mark.fast
def test_the_code_of_the_template_is_clean():
    assert_clean_under_ruff(ROOT)


@pytest.mark.fast
def test_django_templates_are_not_run_through_jinja():
    pages = [path for path in (TEMPLATE / "templates").rglob("*") if path.is_file()]
    assert pages
    for path in pages:
        text = path.read_text(encoding="utf-8")
        # The hyphen removes the line feed, so that the rendered file does not start with it.
        assert text.startswith("{% raw -%}\n") and text.endswith("\n{% endraw %}\n"), path
        assert text.count("raw %}") == 1 and text.count("raw -%}") == 1, path


@pytest.mark.fast
def test_every_file_name_is_valid_on_windows():
    for path in ROOT.rglob("*"):
        if ".git" in path.parts or ".venv" in path.parts:
            continue
        name = path.name
        assert not re.search(r'[<>:"\\|?*]', name), name
        assert not name.endswith((" ", ".")), name


@pytest.mark.fast
def test_nothing_is_compiled_below_the_template():
    assert not list(TEMPLATE.rglob("__pycache__"))


@pytest.mark.fast
def test_files_have_line_feeds_and_no_executable_bits(rendered):
    project = rendered(covering_combinations()[0])
    for path in project.rglob("*"):
        if path.is_file():
            assert b"\r" not in path.read_bytes() or path.name == "preflight.pyz", path
            assert not path.stat().st_mode & 0o111, path
            assert not path.is_symlink(), path
