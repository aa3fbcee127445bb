"""Generate, set up and rehearse projects that contain every pair of choices."""

import json
import re
import sys

import pytest

from tests.helpers import (
    BARE,
    CHOICES,
    ON_CI,
    bake,
    caller_environment,
    covering_combinations,
    find_new_python,
    has_python,
    name_of,
    production,
    python_of,
    render,
    run,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ZONES = ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]


def test_the_covering_set_has_every_pair_of_choices():
    combinations = covering_combinations()
    pairs = {
        (first, second)
        for combination in combinations
        for first in combination.items()
        for second in combination.items()
    }
    assert (("storage", "s3"), ("packaging", "uv")) in pairs
    assert (("accounts", "allauth"), ("django_version", "6.1")) in pairs
    assert len(combinations) <= 13
    assert combinations[0] == {name: choices[0] for name, choices in CHOICES.items()}
    first_three = {choice for answers in combinations[:3] for choice in answers.items()}
    assert first_three == {(name, choice) for name in CHOICES for choice in CHOICES[name]}


# The first three contain every choice; the others only run with -m long.
COMBINATIONS = [
    pytest.param(answers, id=name_of(answers), marks=[pytest.mark.long] if number > 2 else [])
    for number, answers in enumerate(covering_combinations())
]


@pytest.fixture
def proved_with(proved, tmp_path):
    """Return a function that generates and proves a project, and returns it with the output.

    Most tests use the project with the default answers, so it is not generated again.
    """

    def generate(time_zone, **answers):
        if answers == {name: choices[0] for name, choices in CHOICES.items()}:
            return proved
        ended = bake(tmp_path / "out", project_slug="site", time_zone=time_zone, **answers)
        return tmp_path / "out/site", ended

    return generate


@pytest.mark.parametrize("answers", COMBINATIONS)
def test_a_combination_is_proved(proved_with, tmp_path, answers):
    zone = ZONES[covering_combinations().index(answers) % len(ZONES)]
    project, ended = proved_with(zone, **answers)
    assert ended.outcome == "proved", ended.output
    assert_the_report_names_its_python(ended.output, answers["python_version"], project)
    assert_deploys_clean(project)
    assert f'TIME_ZONE = "{zone}"' in (project / "config/settings.py").read_text(encoding="utf-8")
    status = run(["git", "status", "--porcelain"], project, caller_environment(tmp_path / "home"))
    assert (status.status, status.output) == (0, "")


RESOLVED = [
    {"storage": storage, "accounts": accounts, "django_version": django}
    for storage in CHOICES["storage"]
    for accounts in CHOICES["accounts"]
    for django in CHOICES["django_version"]
]


@pytest.mark.parametrize("answers", RESOLVED, ids=name_of)
def test_every_set_of_packages_resolves_for_every_python_and_system(tmp_path, answers):
    """uv locks them all at once. The requirements for pip pin the same versions, and no others."""
    env = caller_environment(tmp_path / "home", UV_PYTHON_DOWNLOADS="never")
    project = render(tmp_path / "uv", packaging="uv", **answers)
    (project / ".python-version").unlink()
    command = [sys.executable, "-m", "uv", "lock", "-q", "--python", find_new_python()]
    locked = run(command, project, env)
    assert locked.status == 0, locked.output
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    versions = {entry["name"]: entry["version"] for entry in lock["package"]}
    del versions["my-site-project"]
    pinned = {}
    for path in render(tmp_path / "pip", **answers).glob("requirements*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"([\w-]+)(\[\w+\])?==([^;\s]+)", line):
                pinned[found[1].lower()] = found[3]
    assert pinned == versions


def assert_the_report_names_its_python(output, wanted, project):
    """The report names the Python that ran, and the one on Heroku if it differs."""
    named = re.search(r"interpreter +[0-9.]+ s  Python ([0-9.]+)", output)[1]
    told = run(
        [python_of(project), "-c", "import platform; print(platform.python_version())"], project
    )
    assert told.output.strip() == named
    if has_python(wanted):
        assert named.startswith(f"{wanted}.")
        assert "which Heroku will use" not in output
    else:
        assert re.search(rf"Python {wanted}, which Heroku will use; this was\s+{named}", output)


def assert_deploys_clean(project):
    """With all variables that production needs, Django's checks report nothing."""
    python = python_of(project)
    command = [python, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = run(command, project, production())
    assert checked.status == 0, checked.output
    assert "no issues (2 silenced)" in checked.output
    imported = run(
        [python, "-W", "error", "-c", "import django; django.setup(); import config.urls"],
        project,
        BARE | {"PYTHON_DOTENV_DISABLED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    assert imported.status == 0, imported.output


def test_the_report_of_the_default_project_says_what_was_proved_and_what_was_not(proved):
    project, ended = proved
    for title in (
        "files",
        "rules",
        "secrets",
        "packages",
        "slug",
        "collectstatic",
        "database",
        "release command",
        "migrations",
        "settings",
        "tests",
        "process types",
        "boot",
        "home page",
        "visit",
        "static file",
        "connections",
        "memory",
        "exception",
        "stop",
    ):
        # runtime.txt, which is deprecated, is a warning.
        state = "warning" if title == "rules" else "ok"
        assert re.search(rf"(?m)^  {state} +\w+ +{title} ", ended.output), title
    on_postgresql = re.search(r"database +[\d.]+ s  PostgreSQL \d", ended.output)
    assert on_postgresql or "PostgreSQL; the database was SQLite" in ended.output
    assert on_postgresql or not ON_CI
    assert "outcome=proved" in ended.output.rstrip().splitlines()[-1]
    assert re.search(r"\d+ MB of 512 \(PSS", ended.output)


def test_heroku_accepts_app_json(proved):
    content = json.loads((proved[0] / "app.json").read_text(encoding="utf-8"))
    assert len(content["name"]) <= 30
    assert content["env"]["SECRET_KEY"]["generator"] == "secret"
    assert content["addons"] == ["heroku-postgresql:essential-0"]
    assert content["environments"]["test"]["addons"] == ["heroku-postgresql:in-dyno"]
    assert "review" in content["environments"]


def test_the_secret_key_is_only_in_env_and_never_printed(proved):
    project, ended = proved
    key = re.search(r"(?m)^SECRET_KEY=(.{50,})$", (project / ".env").read_text(encoding="utf-8"))[1]
    assert key not in ended.output
    tracked = run(["git", "grep", "-F", "-e", key, "HEAD"], project)
    assert tracked.status == 1, "the key is in git"


def test_the_printed_command_creates_a_secret_key(proved):
    """The command is pasted into bash, where a mistake would silently set an empty value."""
    project, ended = proved
    printed = re.search(r'heroku config:set (SECRET_KEY=".*")', ended.output)[1]
    shown = run(["bash", "-c", f'{printed}; printf %s "$SECRET_KEY"'], project)
    assert re.fullmatch(r"[\w-]{80,}", shown.output), shown.output


def test_the_test_command_of_heroku_ci_works_without_collected_files(proved, tmp_path):
    project, _ = proved
    script = json.loads((project / "app.json").read_text(encoding="utf-8"))["environments"]["test"]
    command = script["scripts"]["test"]
    copy = tmp_path / "ci"
    run(["git", "clone", "-q", project, copy], tmp_path)
    path = f"{python_of(project).parent}:{BARE['PATH']}"
    url = f"sqlite:///{tmp_path / 'in-dyno.sqlite3'}"
    ended = run(
        ["sh", "-c", command], copy, BARE | {"PATH": path, "CI": "true", "DATABASE_URL": url}
    )
    assert ended.status == 0, ended.output
