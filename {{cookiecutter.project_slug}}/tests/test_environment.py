"""The declarations in config/environment.py, and the files that repeat them."""

import json

import pytest
from dotenv import dotenv_values

from config.environment import BASE_DIR, VARIABLES, Environment, development_origins

ADD_ON = {"DATABASE_URL"}


def test_an_empty_environment_has_debug_off_and_no_database():
    environment = Environment({})
    assert environment["DEBUG"] is False
    assert environment["DATABASE_URL"] is None
    assert environment["SECRET_KEY"] is None


@pytest.mark.parametrize("word", ["True", "true", "1", "yes", "on"])
def test_debug_can_be_on(word):
    assert Environment({"DEBUG": word})["DEBUG"] is True


def test_a_word_that_is_no_boolean_leaves_debug_off_and_is_reported():
    environment = Environment({"DEBUG": "Flase"})
    assert environment["DEBUG"] is False
    assert [problem.name for problem in environment.problems] == ["DEBUG"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"postgres://u:hunter2@h/n"', "quotation marks"),
        ("DATABASE_URL=postgres://u:hunter2@h/n", "its own name"),
        ("u:hunter2@h/n", "no scheme"),
        ("potgres://u:hunter2@h/n", "no database of Django"),
        ("postgres://u:hunter#2@h/n", "percent-encoded"),
        ("postgres://u:hunter2@h/", "names no database"),
    ],
)
def test_a_database_url_with_a_slip_is_explained_and_never_quoted(value, said):
    environment = Environment({"DATABASE_URL": value})
    [problem] = environment.problems
    assert said in problem.sentence
    assert "hunter" not in problem.sentence
    assert environment["DATABASE_URL"] is None


def test_pasted_addresses_become_hosts():
    environment = Environment({"ALLOWED_HOSTS": "HTTPS://www.example.com/, example.com:80"})
    assert environment["ALLOWED_HOSTS"] == ["www.example.com", "example.com"]


@pytest.mark.parametrize("value", ['"www.example.com"', "www example.com", "*.example.com", "/"])
def test_what_is_no_host_is_explained(value):
    [problem] = Environment({"ALLOWED_HOSTS": value}).problems
    assert "host names" in problem.sentence


def test_an_origin_needs_its_scheme():
    assert Environment({"CSRF_TRUSTED_ORIGINS": "www.example.com"}).problems
    environment = Environment({"CSRF_TRUSTED_ORIGINS": "https://www.example.com/"})
    assert environment["CSRF_TRUSTED_ORIGINS"] == ["https://www.example.com"]


def test_a_mail_server_is_read_from_its_url():
    server = Environment({"EMAIL_URL": "smtp://me:p%40ss@smtp.example.com"})["EMAIL_URL"]
    assert (server["host"], server["port"], server["password"]) == ("smtp.example.com", 587, "p@ss")
    assert server["use_tls"] and not server["use_ssl"]


@pytest.mark.parametrize(
    ("given", "host", "port", "username", "password"),
    [
        ({"EMAIL_URL": "smtps://me:key@smtp.example.com"}, "smtp.example.com", 465, "me", "key"),
        (
            {
                "MAILGUN_SMTP_SERVER": "smtp.mailgun.org",
                "MAILGUN_SMTP_PORT": "2525",
                "MAILGUN_SMTP_LOGIN": "postmaster@mg.example.com",
                "MAILGUN_SMTP_PASSWORD": "key",
            },
            *("smtp.mailgun.org", 2525, "postmaster@mg.example.com", "key"),
        ),
        ({"SENDGRID_API_KEY": "SG.1"}, "smtp.sendgrid.net", 587, "apikey", "SG.1"),
        (
            {"SENDGRID_USERNAME": "app1@heroku.com", "SENDGRID_PASSWORD": "key"},
            *("smtp.sendgrid.net", 587, "app1@heroku.com", "key"),
        ),
    ],
    ids=["url", "mailgun", "sendgrid", "sendgrid's add-on"],
)
def test_mail_goes_to_the_server_that_the_variables_name(given, host, port, username, password):
    server = Environment(given).mail_server()
    assert (server["host"], server["port"]) == (host, port)
    assert (server["username"], server["password"]) == (username, password)
    assert server["use_ssl"] is (port == 465) and server["use_tls"] is not server["use_ssl"]


def test_without_their_variables_there_is_no_mail_server():
    assert Environment({}).mail_server() is None
    [problem] = Environment({"MAILGUN_SMTP_PORT": "smtp"}).problems
    assert "number of a port" in problem.sentence


def test_production_names_everything_that_is_missing_at_once():
    missing = {problem.name for problem in Environment({}).missing()}
    assert missing == {variable.name for variable in VARIABLES if variable.required}
    with pytest.raises(SystemExit) as stop:
        Environment({}).refuse_to_start()
    for variable in VARIABLES:
        if variable.required:
            assert variable.command in stop.value.code


def test_development_needs_nothing():
    Environment({"DEBUG": "true"}).refuse_to_start()


def test_codespaces_and_gitpod_announce_their_origin():
    codespace = {
        "CODESPACE_NAME": "fuzzy-disco",
        "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev",
    }
    assert development_origins(codespace) == ["https://fuzzy-disco-8000.app.github.dev"]
    gitpod = {"GITPOD_WORKSPACE_URL": "https://me-x1.ws-eu.gitpod.io"}
    assert development_origins(gitpod) == ["https://8000-me-x1.ws-eu.gitpod.io"]
    assert development_origins({}) == []


def test_the_example_of_env_holds_every_variable_with_its_help():
    path = BASE_DIR / ".env.example"
    assert list(dotenv_values(path)) == [variable.name for variable in VARIABLES]
    text = path.read_text(encoding="utf-8")
    for variable in VARIABLES:
        assert f"# {variable.help}\n{variable.name}=" in text


def test_app_json_asks_for_what_no_add_on_sets():
    asked = json.loads((BASE_DIR / "app.json").read_text(encoding="utf-8"))["env"]
    expected = {v.name: v.help for v in VARIABLES if v.required and v.name not in ADD_ON}
    assert {name: entry["description"] for name, entry in asked.items()} == expected


def test_the_readme_has_a_row_for_every_variable():
    rows = (BASE_DIR / "README.md").read_text(encoding="utf-8").splitlines()
    if "| variable | what it does | without it | set it with |" not in rows:
        pytest.skip("This README has no table of the variables to keep true.")
    for variable in VARIABLES:
        default = f"`{variable.default}`" if variable.default else ""
        without = "production does not start" if variable.required else default
        command = f"`{variable.command}`" if variable.command else ""
        assert f"| `{variable.name}` | {variable.help} | {without} | {command} |" in rows
