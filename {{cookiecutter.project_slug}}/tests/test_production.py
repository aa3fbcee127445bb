"""What only matters in production. On your own machine, you would not notice a mistake."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail, signing
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import RequestFactory

from config import checks
from config.environment import VARIABLES, Environment
from config.log import RequestFormatter
{% if cookiecutter.django_version == '5.2' %}
from config.mail import LoggingEmailBackend, QueuedEmailBackend, wait_for_emails
{% else %}
from config.mail import (
    ConsoleEmailBackend,
    LoggingEmailBackend,
    QueuedEmailBackend,
    wait_for_emails,
)
{% endif %}


@pytest.fixture
def environment(monkeypatch):
    """Return a function that sets the environment variables that the checks see."""

    def set_environment(**variables):
        monkeypatch.setattr(checks, "get_environment", lambda: Environment(variables))

    return set_environment


def test_missing_variables_stop_the_release(db, environment):
    environment()
    with pytest.raises(SystemCheckError) as error:
        call_command("check", deploy=True)
    for variable in VARIABLES:
        if variable.required:
            assert f"{variable.name} is not set." in str(error.value)
            assert variable.command in str(error.value)


def test_missing_variables_stop_the_web_process(environment):
    environment(DEBUG="Flase")
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be true or false") as error:
        checks.require_complete_environment()
    assert "SECRET_KEY is not set." in str(error.value)
    environment(DEBUG="true")
    checks.require_complete_environment()


def test_a_dyno_refuses_a_sqlite_database(environment, settings, monkeypatch):
    environment(DEBUG="true")
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("DYNO", "web.1")
    with pytest.raises(ImproperlyConfigured, match="SQLite"):
        checks.require_complete_environment()
    # Heroku CI runs the tests, which use SQLite.
    monkeypatch.setenv("CI", "true")
    checks.require_complete_environment()


def test_every_model_change_has_a_migration(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_http_redirects_to_https(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/")
    assert (response.status_code, response.url) == (301, "https://testserver/")
    assert client.get("/", headers={"X-Forwarded-Proto": "https"}).status_code == 200


def test_pages_have_a_content_security_policy(client, db):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_log_lines_have_the_id_of_the_request():
    record = logging.makeLogRecord({"name": "site"})
    record.request = RequestFactory().get("/", headers={"X-Request-Id": "8a3c"})
    assert RequestFormatter("%(request_id)s").format(record) == "8a3c"


def test_a_page_does_not_wait_for_the_mail_server(monkeypatch, caplog):
    asked, answer = threading.Event(), threading.Event()

    def fail(backend, messages):
        asked.set()
        answer.wait()
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", fail)
    backend = QueuedEmailBackend(alias="default", host="localhost")
    message = mail.EmailMessage("Your link", "secret-token", to=["ada@example.com"])
    # Views run in threads like this one.
    with ThreadPoolExecutor() as pool:
        pool.submit(backend.send_messages, [message]).result()
        asked.wait()
        pool.submit(backend.send_messages, [message] * 59).result()
    answer.set()
    wait_for_emails()
    assert caplog.text.count("Email not sent, because too many are waiting: Your link") == 9
    assert caplog.text.count("Email not sent (ConnectionRefusedError): Your link") == 51
    assert "secret-token" not in caplog.text and "ada@example.com" not in caplog.text


def test_a_message_that_is_sent_again_after_a_change_arrives_twice(monkeypatch):
    free, sent = threading.Event(), []

    def send(backend, messages):
        free.wait()
        sent.extend(messages[0].to)

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", send)
    backend = QueuedEmailBackend(alias="default", host="localhost")
    message = mail.EmailMessage("News", "Hello")

    def send_to_all():
        for address in ("ada@example.com", "grace@example.com"):
            message.to = [address]
            backend.send_messages([message])

    with ThreadPoolExecutor() as pool:
        pool.submit(send_to_all).result()
    free.set()
    wait_for_emails()
    assert sent == ["ada@example.com", "grace@example.com"]


def test_log_lines_have_no_tokens(ada):
    token, signed = default_token_generator.make_token(ada), signing.dumps(ada.pk)
    message = f"/reset/MQ/{token}/ and /confirm-email/{signed}/"
    record = logging.makeLogRecord({"name": "site", "msg": message})
    line = RequestFormatter().format(record)
    assert line == "/reset/MQ/***/ and /confirm-email/***/"


def test_email_without_a_mail_server_logs_only_the_subject(caplog):
    message = mail.EmailMessage("Your link", "secret-token", to=["ada@example.com"])
    assert LoggingEmailBackend().send_messages([message]) == 0
    assert "Your link" in caplog.text
    assert "secret-token" not in caplog.text
{% if cookiecutter.django_version != '5.2' %}


def test_email_on_the_console_does_not_break_links(capsys):
    link = "https://example.com/?next=" + "x" * 200
    ConsoleEmailBackend().send_messages([mail.EmailMessage("Hi", link, to=["ada@example.com"])])
    assert link in capsys.readouterr().out
{% endif %}


def test_a_sender_address_that_mail_servers_reject_is_reported(environment, settings):
    environment(EMAIL_URL="smtp://me:key@smtp.example.com")
    settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
    assert [warning.id for warning in checks.check_email(None)] == ["heroku.W020"]
    settings.DEFAULT_FROM_EMAIL = "site@example.com"
    assert checks.check_email(None) == []
    environment()
    assert [warning.id for warning in checks.check_email(None)] == ["heroku.W001"]


@pytest.mark.parametrize("storage", ["default", "staticfiles"])
def test_both_storages_can_be_created(storage):
    assert storages[storage]
