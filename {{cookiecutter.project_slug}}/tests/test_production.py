"""What production depends on, and what nobody would notice on a laptop."""

import logging

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import RequestFactory

from config import checks
from config.environment import Environment
from config.log import RequestIdFilter


def test_a_missing_secret_key_stops_the_release(db, monkeypatch):
    monkeypatch.setattr(checks, "current", lambda: Environment({}))
    with pytest.raises(SystemCheckError) as stop:
        call_command("check", deploy=True)
    assert "SECRET_KEY is not set." in str(stop.value)
    assert "heroku addons:create heroku-postgresql:essential-0" in str(stop.value)


def test_the_models_have_their_migrations(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_http_is_sent_to_https_without_end(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/")
    assert (response.status_code, response.url) == (301, "https://testserver/")
    assert client.get("/", headers={"X-Forwarded-Proto": "https"}).status_code == 200


def test_a_page_says_what_it_may_load(client, db):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_a_line_of_the_log_has_the_id_of_its_request():
    record = logging.makeLogRecord({})
    record.request = RequestFactory().get("/", headers={"X-Request-Id": "8a3c"})
    assert RequestIdFilter().filter(record)
    assert record.request_id == "8a3c"


def test_mail_without_a_server_is_one_sentence_in_the_log(caplog):
    from config.mail import LoggingBackend

    message = mail.EmailMessage("Your link", "secret-token", to=["ada@example.com"])
    assert LoggingBackend().send_messages([message]) == 0
    assert "Your link" in caplog.text
    assert "secret-token" not in caplog.text


def test_mail_from_nobodys_address_is_warned_of(monkeypatch, settings):
    server = {"EMAIL_URL": "smtp://me:key@smtp.example.com"}
    monkeypatch.setattr(checks, "current", lambda: Environment(server))
    settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
    assert [warning.id for warning in checks.check_mail(None)] == ["heroku.W020"]
    settings.DEFAULT_FROM_EMAIL = "site@example.com"
    assert checks.check_mail(None) == []
    monkeypatch.setattr(checks, "current", lambda: Environment({}))
    assert [warning.id for warning in checks.check_mail(None)] == ["heroku.W001"]


@pytest.mark.parametrize("storage", ["default", "staticfiles"])
def test_both_storages_can_be_built(storage):
    from django.core.files.storage import storages

    assert storages[storage]
