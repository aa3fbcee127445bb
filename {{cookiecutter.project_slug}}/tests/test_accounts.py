"""Signing in and out."""

import html

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse


@pytest.fixture
def ada(db):
    """Return an account whose password is known."""
    return get_user_model().objects.create_user("ada", "ada@example.com", "correct horse battery")


{% if cookiecutter.accounts == 'allauth' %}
def log_in(client, password):
    """Send the log-in form."""
    answers = {"login": "ada", "password": password}
    return client.post(reverse("account_login"), answers)


def log_out(client):
    """Send the log-out button."""
    return client.post(reverse("account_logout"))
{% else %}
def log_in(client, password):
    """Send the log-in form."""
    return client.post(reverse("login"), {"username": "ada", "password": password})


def log_out(client):
    """Send the log-out button."""
    return client.post(reverse("logout"))
{% endif %}


def test_a_person_logs_in_and_out(client, ada):
    assert log_in(client, "correct horse battery").url == reverse("home")
    assert client.session["_auth_user_id"] == str(ada.pk)
    log_out(client)
    assert "_auth_user_id" not in client.session


def test_the_log_in_page_wears_the_name_of_the_site(client, db):
    assert settings.SITE_NAME in html.unescape(client.get(reverse(settings.LOGIN_URL)).text)


def test_a_wrong_password_is_refused(client, ada):
    assert log_in(client, "wrong").status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_admin_is_for_staff(client, ada):
    client.force_login(ada)
    assert client.get(reverse("admin:index")).status_code == 302
    ada.is_staff = True
    ada.save()
    assert client.get(reverse("admin:index")).status_code == 200
