"""Test the settings of a generated project by their effects."""

import json
import re

import pytest

from tests.helpers import (
    BARE,
    environment_with,
    find_new_python,
    production,
    python_of,
    render,
    run,
)

REQUEST = """
import json, sys
import django
django.setup()
from django.test import Client
asked = json.loads(sys.argv[1])
client = Client(raise_request_exception=False, headers=asked.get("headers"))
response = client.get(asked["path"], secure=False)
print("\\n" + json.dumps({
    "status": response.status_code,
    "headers": dict(response.headers),
    "body": response.content.decode(errors="replace"),
}))
"""


@pytest.fixture(scope="module")
def python(proved):
    """Return the interpreter that has the packages of the default answers."""
    return python_of(proved[0])


@pytest.fixture(scope="module", params=["whitenoise", "s3", "cloudinary"])
def variant(request, tmp_path_factory):
    """Return a project for each storage, whose packages are not needed to import settings."""
    return render(tmp_path_factory.mktemp("variant"), storage=request.param)


def read_settings(python, project, *names, env):
    """Return settings by name, in a process with this environment."""
    code = (
        "import json, sys, config.settings as settings;"
        "print(json.dumps([getattr(settings, n, None) for n in sys.argv[1:]], default=str))"
    )
    ended = run([python, "-W", "error", "-c", code, *names], project, env)
    assert ended.status == 0, ended.output
    return json.loads(ended.output.splitlines()[-1])


def ask(python, project, path, env, **headers):
    """Return the response to a GET request, and the output. No server is needed."""
    env = env | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    question = json.dumps({"path": path, "headers": headers})
    ended = run([python, "-c", REQUEST, question], project, env)
    assert ended.status == 0, ended.output
    return json.loads(ended.output.splitlines()[-1]), ended.output


def test_the_settings_import_without_variables(python, variant):
    env = BARE | {"PYTHON_DOTENV_DISABLED": "1"}
    debug, databases, key = read_settings(
        python, variant, "DEBUG", "DATABASES", "SECRET_KEY", env=env
    )
    assert (debug, databases, key) == (False, {}, "")
    assert not (variant / "db.sqlite3").exists()


def test_static_files_are_collected_without_variables(python, project):
    ended = run(
        [python, "-W", "error", "manage.py", "collectstatic", "--noinput"],
        project,
        BARE | {"PYTHON_DOTENV_DISABLED": "1"},
    )
    assert ended.status == 0, ended.output
    assert re.search(r"^\d+ static files copied", ended.output, re.M)
    kept = [path.name for path in (project / "staticfiles/css").iterdir()]
    assert "site.css" not in kept and any(name.endswith(".css.gz") for name in kept)


@pytest.mark.parametrize("module", ["config.wsgi", "config.asgi"])
def test_the_web_process_reports_all_missing_variables(python, variant, module):
    env = BARE | {"PYTHON_DOTENV_DISABLED": "1"}
    ended = run([python, "-c", f"import {module}"], variant, env)
    assert ended.status == 1
    # The last lines, below Python's traceback.
    message = ended.output.partition("ImproperlyConfigured: ")[2]
    asked = json.loads((variant / "app.json").read_text(encoding="utf-8"))["env"]
    for name in {"SECRET_KEY", "DATABASE_URL"} | set(asked):
        assert f"{name} is not set." in message
    assert "heroku addons:create heroku-postgresql:essential-0" in message
    assert "heroku config:set SECRET_KEY=" in message
    assert "preflight.pyz setup" in message
    dyno = run([python, "-c", f"import {module}"], variant, env | {"DYNO": "web.1"})
    assert "preflight.pyz setup" not in dyno.output


def test_a_complete_web_process_starts(python, project):
    ended = run([python, "-c", "import config.wsgi"], project, production())
    assert ended.status == 0, ended.output


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("'postgres://u:hunter2@h/n'", "wrapped in quotes"),
        ("DATABASE_URL=postgres://u:hunter2@h/n", "its own name"),
        ("hunter2", "is not a URL"),
        ("postgrse://u:hunter2@h/n", "must start with postgres://"),
        ("postgres://u:hunter2@h:hunter2/n", "cannot be parsed"),
    ],
)
def test_a_wrong_database_url_is_reported_and_not_shown(python, project, url, reason):
    for command in (["manage.py", "check", "--deploy"], ["-c", "import config.wsgi"]):
        ended = run([python, *command], project, production(DATABASE_URL=url))
        assert ended.status == 1
        assert reason in ended.output
        assert "hunter2" not in ended.output and "b''" not in ended.output


def test_connections_are_kept_and_tested(python, project):
    url = "postgres://u:p@db.example.com:5432/n"
    [databases] = read_settings(python, project, "DATABASES", env=production(DATABASE_URL=url))
    assert databases["default"]["CONN_MAX_AGE"] == 600
    assert databases["default"]["CONN_HEALTH_CHECKS"] is True


@pytest.mark.parametrize(
    ("url", "debug", "sslmode"),
    [
        ("postgres://u:p@db.example.com/n", "false", "require"),
        ("postgres://u:p@db.example.com/n?sslmode=verify-full", "false", "verify-full"),
        ("postgres://u:p@db.example.com/n", "true", None),
        ("postgres://u:p@localhost/n", "false", None),
        ("postgres://u:p@127.0.0.1/n", "false", None),
        ("postgres://u:p@/n?host=/run/postgresql", "false", None),
        ("sqlite:////tmp/n.sqlite3", "false", None),
    ],
)
def test_a_remote_database_requires_tls(python, project, url, debug, sslmode):
    env = production(DATABASE_URL=url, DEBUG=debug)
    [databases] = read_settings(python, project, "DATABASES", env=env)
    assert databases["default"].get("OPTIONS", {}).get("sslmode") == sslmode


def test_hosts_come_from_heroku_and_from_allowed_hosts(python, project):
    def hosts(**variables):
        return read_settings(python, project, "ALLOWED_HOSTS", env=production(**variables))[0]

    assert hosts() == [".herokuapp.com"]
    name = "site-0123456789ab.herokuapp.com"
    assert hosts(HEROKU_APP_DEFAULT_DOMAIN_NAME=name) == [name]
    assert hosts(ALLOWED_HOSTS="https://www.example.com/") == [
        "www.example.com",
        ".herokuapp.com",
    ]


def test_a_codespace_is_trusted_only_with_debug_on(python, project):
    codespace = {
        "CODESPACE_NAME": "fuzzy",
        "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev",
    }
    names = ("CSRF_TRUSTED_ORIGINS", "ALLOWED_HOSTS")
    origins, hosts = read_settings(
        python, project, *names, env=production(DEBUG="true", **codespace)
    )
    assert origins == ["https://localhost:8000", "https://fuzzy-8000.app.github.dev"]
    assert "fuzzy-8000.app.github.dev" in hosts
    origins, hosts = read_settings(python, project, *names, env=production(**codespace))
    assert origins == [] and "fuzzy-8000.app.github.dev" not in hosts


def test_https_behind_the_router_is_not_redirected(python, project):
    collect(python, project)
    host = "x.herokuapp.com"
    plain, _ = ask(python, project, "/", production(), Host=host)
    assert (plain["status"], plain["headers"]["Location"]) == (301, f"https://{host}/")
    forwarded = {"Host": host, "X-Forwarded-Proto": "https"}
    secure, _ = ask(python, project, "/", production(), **forwarded)
    assert secure["status"] == 200
    assert secure["headers"]["Strict-Transport-Security"] == "max-age=3600"
    longer = production(SECURE_HSTS_SECONDS="31536000")
    secure, _ = ask(python, project, "/", longer, **forwarded)
    assert secure["headers"]["Strict-Transport-Security"] == "max-age=31536000"


def collect(python, project):
    """Collect the static files, as the build does."""
    ended = run([python, "manage.py", "collectstatic", "--noinput"], project, production())
    assert ended.status == 0, ended.output


def test_the_health_check_needs_neither_https_nor_a_valid_host(python, project):
    answer, _ = ask(python, project, "/health/", production(), Host="10.0.0.1:5000")
    assert answer["status"] == 200
    assert json.loads(answer["body"]) == {"process": "ok", "database": "ok"}
    gone = production(DATABASE_URL="postgres://u:p@127.0.0.1:9/n")
    answer, output = ask(python, project, "/health/", gone, Host="10.0.0.1:5000")
    assert answer["status"] == 503
    assert "Connection refused" in output and "Traceback" not in output


def test_an_exception_is_logged_once_with_its_traceback_and_request_id(python, project):
    # The static files have not been collected, so a page that uses them fails.
    answer, output = ask(
        python,
        project,
        "/admin/login/",
        production(),
        Host="x.herokuapp.com",
        **{"X-Forwarded-Proto": "https", "X-Request-Id": "request-4711"},
    )
    assert answer["status"] == 500
    assert "Something went wrong" in answer["body"]
    assert "Traceback (most recent call last)" in output
    assert "request_id=request-4711 Internal Server Error: /admin/login/" in output
    assert output.count("Internal Server Error: /admin/login/") == 1


@pytest.mark.parametrize("django_version", ["5.2", "6.1"])
def test_email_is_optional(tmp_path, django_version, python):
    project = render(tmp_path, django_version=django_version)
    if django_version == "6.1":
        requirements = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
        python = environment_with(requirements, find_new_python())
    env = production()
    del env["EMAIL_URL"]
    checked = run([python, "-W", "error", "manage.py", "check", "--deploy"], project, env)
    assert checked.status == 0, checked.output
    assert "heroku.W001" in checked.output
    code = (
        "import django; django.setup(); from django.core.mail import send_mail;"
        "send_mail('Hello', 'secret body', None, ['ada@example.com'])"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    sent = run([python, "-W", "error", "-c", code], project, env | settings)
    assert sent.status == 0, sent.output
    assert "Email not sent" in sent.output and "secret body" not in sent.output
    printed = run([python, "-W", "error", "-c", code], project, env | settings | {"DEBUG": "true"})
    assert "secret body" in printed.output


def test_a_release_reports_all_wrong_values(python, project):
    env = production(
        DEBUG="Flase",
        EMAIL_URL="smtp.example.com",
        CSRF_TRUSTED_ORIGINS="example.com",
        SECURE_HSTS_SECONDS="soon",
        ALLOWED_HOSTS="../x",
    )
    checked = run([python, "manage.py", "check", "--deploy"], project, env)
    assert checked.status == 1
    for name in (
        "DEBUG",
        "EMAIL_URL",
        "CSRF_TRUSTED_ORIGINS",
        "SECURE_HSTS_SECONDS",
        "ALLOWED_HOSTS",
    ):
        assert f"(heroku.E001) {name} " in checked.output
    for value in ("Flase", "smtp.example.com'", "../x"):
        assert value not in checked.output


def test_env_of_a_parent_folder_is_not_read(python, project):
    (project.parent / ".env").write_text("DEBUG=true\n", encoding="utf-8")
    (project / ".env").unlink()
    env = {name: value for name, value in BARE.items()}
    assert read_settings(python, project, "DEBUG", env=env) == [False]
    # Windows PowerShell writes UTF-16, or UTF-8 with a byte order mark.
    for encoding in ("utf-8-sig", "utf-16"):
        (project / ".env").write_text("DEBUG=true\n", encoding=encoding)
        assert read_settings(python, project, "DEBUG", env=env) == [True]


def test_a_dyno_refuses_debug_and_sqlite(python, project):
    command = [python, "manage.py", "check", "--deploy"]
    debug = production(DEBUG="true", DYNO="release.1")
    assert "heroku.E004" in run(command, project, debug).output
    sqlite = run(command, project, production(DYNO="release.1"))
    assert sqlite.status == 1 and "heroku.E005" in sqlite.output
    web = run([python, "-c", "import config.wsgi"], project, production(DYNO="web.1"))
    assert web.status == 1 and "SQLite" in web.output
    ci = run(command, project, production(DYNO="run.1", CI="true"))
    assert ci.status == 0, ci.output


def test_runserver_without_env_shows_how_to_create_it(python, project):
    (project / ".env").unlink()
    command = [python, "manage.py", "runserver", "--noreload", "127.0.0.1:0"]
    ended = run(command, project, BARE, timeout=60)
    assert ended.status != 0
    assert "SECRET_KEY is not set." in ended.output
    assert "preflight.pyz setup" in ended.output


def test_development_needs_no_manifest_and_no_storage(python, variant):
    env = BARE | {"PYTHON_DOTENV_DISABLED": "1", "DEBUG": "true"}
    storages, redirect, policy = read_settings(
        python, variant, "STORAGES", "SECURE_SSL_REDIRECT", "SECURE_CSP", env=env
    )
    assert storages["default"]["BACKEND"].endswith("FileSystemStorage")
    assert storages["staticfiles"]["BACKEND"].endswith(".StaticFilesStorage")
    assert redirect is False
    assert "unsafe-inline" not in json.dumps(policy)


def test_uploads_go_to_the_chosen_storage(python, variant):
    storages, policy = read_settings(python, variant, "STORAGES", "SECURE_CSP", env=production())
    backend = storages["default"]["BACKEND"]
    images = policy.get("img-src", [])
    if backend == "config.bucket.BucketStorage":
        options = storages["default"]["OPTIONS"]
        assert options["file_overwrite"] is False and options["default_acl"] is None
        assert options["signature_version"] == "s3v4"
        assert images == ["'self'", "https://bucket.s3.eu-west-1.amazonaws.com/"]
    elif backend == "config.storage.CloudinaryStorage":
        assert images == ["'self'", "https://res.cloudinary.com/demo/"]
    else:
        assert backend == "django.core.files.storage.FileSystemStorage" and images == []
