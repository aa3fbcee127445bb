"""The variables in config/environment.py, and the files that list them."""

import json

import pytest
from dotenv import dotenv_values

from config.environment import BASE_DIR, VARIABLES, Environment


def test_without_variables_debug_is_off_and_there_is_no_database():
    environment = Environment({})
    assert environment["DEBUG"] is False
    assert environment["DATABASE_URL"] is None
    assert environment["SECRET_KEY"] is None


@pytest.mark.parametrize("value", ["True", "true", "1", "yes", "on"])
def test_debug_can_be_turned_on(value):
    assert Environment({"DEBUG": value})["DEBUG"] is True


def test_a_misspelled_boolean_is_reported_and_debug_stays_off():
    environment = Environment({"DEBUG": "Flase"})
    assert environment["DEBUG"] is False
    assert [variable.name for variable, _ in environment.problems] == ["DEBUG"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"postgres://u:hunter2@h/n"', "wrapped in quotes"),
        ("DATABASE_URL=postgres://u:hunter2@h/n", "its own name"),
        ("u:hunter2@h/n", "not a URL"),
        ("potgres://u:hunter2@h/n", "must start with postgres://"),
        ("postgres://u:hunter#2@h/n", "Percent-encode"),
        ("postgres://u:hunter2@h/", "does not name a database"),
    ],
)
def test_a_wrong_database_url_is_explained_without_showing_the_password(value, reason):
    environment = Environment({"DATABASE_URL": value})
    [(_, message)] = environment.problems
    assert reason in message
    assert "hunter" not in message
    assert environment["DATABASE_URL"] is None


def test_allowed_hosts_can_be_pasted_as_urls():
    environment = Environment({"ALLOWED_HOSTS": "HTTPS://www.example.com/, example.com:80"})
    assert environment["ALLOWED_HOSTS"] == ["www.example.com", "example.com"]


@pytest.mark.parametrize("value", ['"www.example.com"', "www example.com", "*.example.com", "/"])
def test_a_wrong_host_name_is_explained(value):
    [(_, message)] = Environment({"ALLOWED_HOSTS": value}).problems
    assert "host names" in message


def test_an_origin_needs_its_scheme():
    assert Environment({"CSRF_TRUSTED_ORIGINS": "www.example.com"}).problems
    environment = Environment({"CSRF_TRUSTED_ORIGINS": "https://www.example.com/"})
    assert environment["CSRF_TRUSTED_ORIGINS"] == ["https://www.example.com"]


@pytest.mark.parametrize(
    ("url", "port", "use_ssl"),
    [
        ("smtp://me:p%40ss@smtp.example.com", 587, False),
        ("smtps://me:p%40ss@smtp.example.com", 465, True),
    ],
)
def test_the_mail_server_comes_from_its_url(url, port, use_ssl):
    server = Environment({"EMAIL_URL": url})["EMAIL_URL"]
    assert (server["host"], server["port"]) == ("smtp.example.com", port)
    assert (server["username"], server["password"]) == ("me", "p@ss")
    assert server["use_ssl"] is use_ssl and server["use_tls"] is not use_ssl


def test_production_needs_the_required_variables():
    missing = {variable for variable, _ in Environment({}).missing()}
    assert missing == {variable for variable in VARIABLES if variable.required}
    assert Environment({"DEBUG": "true"}).missing() == []


def test_env_example_has_only_variables_of_this_project():
    assert set(dotenv_values(BASE_DIR / ".env.example")) <= {v.name for v in VARIABLES}


def test_app_json_asks_for_the_required_variables_that_no_add_on_sets():
    variables = json.loads((BASE_DIR / "app.json").read_text(encoding="utf-8"))["env"]
    required = {v.name: v.help for v in VARIABLES if v.required and v.name != "DATABASE_URL"}
    assert {name: entry["description"] for name, entry in variables.items()} == required


def test_the_readme_lists_every_variable():
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    if "| variable | what it does |" not in readme:
        pytest.skip("This README does not have a table of variables.")
    for variable in VARIABLES:
        default = f"`{str(variable.default).lower()}`" if variable.default not in (None, ()) else ""
        default = "**required**" if variable.required else default
        row = f"| `{variable.name}` | {variable.help} | {default} | `{variable.command}` |"
        assert row in readme
