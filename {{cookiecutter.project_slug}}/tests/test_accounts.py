"""Signing up, in and out; the profile; forgetting the password; leaving.

Each test is one fact. The names in the tests' arguments are fixtures: `client` and `mailoutbox`
come from pytest-django, `ada` from conftest.py.
"""

import re

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.urls import reverse

User = get_user_model()
PASSWORD = "correct horse battery"

{% if cookiecutter.accounts == 'allauth' %}
LOG_IN, LOG_OUT, SIGN_UP = "account_login", "account_logout", "account_signup"
RESET = "account_reset_password"


def log_in(client, username="ada", password=PASSWORD, **headers):
    """Send the log-in form."""
    answers = {"login": username, "password": password}
    return client.post(reverse(LOG_IN), answers, headers=headers)
{% else %}
LOG_IN, LOG_OUT, SIGN_UP = "login", "logout", "signup"
RESET = "password_reset"


def log_in(client, username="ada", password=PASSWORD, **headers):
    """Send the log-in form."""
    answers = {"username": username, "password": password}
    return client.post(reverse(LOG_IN), answers, headers=headers)
{% endif %}


def sign_up(client, **changes):
    """Send the form for a new account."""
    answers = {
        "username": "grace",
        "email": "grace@example.com",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return client.post(reverse(SIGN_UP), answers | changes)


def is_signed_in(client):
    """Return whether the site knows who the client is."""
    return "_auth_user_id" in client.session


def test_a_person_logs_in_and_out(client, ada):
    assert log_in(client).url == reverse("home")
    assert client.session["_auth_user_id"] == str(ada.pk)
    client.post(reverse(LOG_OUT))
    assert not is_signed_in(client)


def test_a_wrong_password_is_refused(client, ada):
    assert log_in(client, password="wrong").status_code == 200
    assert not is_signed_in(client)


def test_the_case_of_a_username_does_not_matter(client, ada):
    log_in(client, "ADA")
    assert is_signed_in(client)
    assert sign_up(client, username="Ada").status_code != 500
    with pytest.raises(IntegrityError):
        User.objects.create_user("aDA")


def test_a_person_signs_up(client, db):
    assert sign_up(client).status_code == 302
    grace = User.objects.get(username="grace")
    assert grace.email == "grace@example.com" and grace.check_password(PASSWORD)
    # Without a mail server, nobody has to prove the address first.
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "slip",
    [
        {"username": "ADA"},
        {"password1": "short1", "password2": "short1"},
        {"password2": "another one"},
        {"email": "no address"},
        {"email": ""},
    ],
    ids=["username taken", "password too short", "two passwords", "no address", "address missing"],
)
def test_a_slip_in_the_form_makes_no_account(client, ada, slip):
    response = sign_up(client, **slip)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.count() == 1


def test_two_people_may_claim_an_address(client, ada):
    """An error would tell a stranger who has an account here."""
    assert sign_up(client, email=ada.email).status_code == 302
    assert User.objects.filter(email=ada.email).count() == 2


def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(client, ada, mailoutbox):
    client.post(reverse(RESET), {"email": "ADA@example.com"})
    [message] = mailoutbox
    assert message.to == [ada.email]
    link = re.search(r"https?://testserver(\S+)", message.body)[1]
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
{% if cookiecutter.accounts == 'allauth' %}
    client.post(path, {"password1": "staple-4711", "password2": "staple-4711"})
{% else %}
    client.post(path, {"new_password1": "staple-4711", "new_password2": "staple-4711"})
{% endif %}
    ada.refresh_from_db()
    assert ada.check_password("staple-4711")
    # The link was good for once.
    assert 'type="password"' not in client.get(link, follow=True).text


def test_the_reset_page_answers_the_same_for_any_address(client, ada):
    known = client.post(reverse(RESET), {"email": ada.email})
    unknown = client.post(reverse(RESET), {"email": "stranger@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_a_person_changes_the_profile(client, ada):
    client.force_login(ada)
    answers = {"name": "Ada Lovelace", "email": ada.email, "time_zone": "Europe/London"}
    response = client.post(reverse("profile"), answers, follow=True)
    assert "Your profile is saved." in response.text
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone) == ("Ada Lovelace", "Europe/London")
    assert str(ada.get_full_name()) in client.get(reverse("home")).text


def test_a_profile_changes_nobody_elses_and_no_rights(client, ada):
    grace = User.objects.create_user("grace")
    client.force_login(ada)
    answers = {"name": "Ada", "email": ada.email, "id": grace.pk, "is_staff": "on"}
    client.post(reverse("profile"), answers)
    assert not User.objects.filter(is_staff=True).exists()
    assert User.objects.get(pk=grace.pk).name == ""


def test_the_profile_is_for_people_who_have_signed_in(client, db):
    for name in ("profile", "delete_account"):
        response = client.get(reverse(name))
        assert response.url == f"{reverse(settings.LOGIN_URL)}?next={reverse(name)}"


def test_pages_speak_the_language_and_tell_the_time_of_the_person(client, ada, settings):
    settings.LANGUAGES = [("en", "English"), ("ar", "العربية")]
    settings.TIME_ZONE = "UTC"
    assert '<html lang="en" dir="ltr">' in client.get(reverse("home")).text
    ada.language, ada.time_zone = "ar", "Asia/Tokyo"
    ada.save()
    client.force_login(ada)
    response = client.get(reverse("home"))
    assert '<html lang="ar" dir="rtl">' in response.text
    assert response["Content-Language"] == "ar"
    # The next request in the same thread is not hers.
    client.logout()
    assert '<html lang="en" dir="ltr">' in client.get(reverse("home")).text


def test_the_hours_are_those_of_the_person(rf, ada):
    from django.utils import timezone

    from accounts.middleware import PreferencesMiddleware

    seen = []
    middleware = PreferencesMiddleware(
        lambda request: seen.append(timezone.get_current_timezone_name())
    )
    for zone in ("Asia/Tokyo", "", "Atlantis/Sunken"):
        request = rf.get("/")
        request.user, ada.time_zone = ada, zone
        middleware(request)
    assert seen == ["Asia/Tokyo", settings.TIME_ZONE, settings.TIME_ZONE]


def test_a_person_deletes_the_account(client, ada):
    log_in(client)
{% if cookiecutter.accounts == 'allauth' %}
    asked = client.post(reverse("delete_account"), follow=True)
    assert User.objects.exists()
    client.post(asked.request["PATH_INFO"] + "?next=/", {"password": "wrong"})
    assert User.objects.exists()
    answers = {"password": PASSWORD, "next": reverse("delete_account")}
    deleted = client.post(reverse("account_reauthenticate"), answers, follow=True)
{% else %}
    client.post(reverse("delete_account"), {"password": "wrong"})
    assert User.objects.exists()
    deleted = client.post(reverse("delete_account"), {"password": PASSWORD}, follow=True)
{% endif %}
    assert "Your account is deleted." in deleted.text
    assert not User.objects.exists() and not is_signed_in(client)


def test_after_too_many_failures_even_the_right_password_is_refused(client, ada):
    for number in range(10):
        # What a visitor claims stands first, what Heroku's router adds stands last.
        log_in(client, "ada", "wrong", X_Forwarded_For=f"198.51.100.{number}, 203.0.113.7")
    response = log_in(client, "Ada", X_Forwarded_For="203.0.113.7")
    assert "Too many" in response.text and not is_signed_in(client)
    # In the admin, too.
    answers = {"username": "ada", "password": PASSWORD}
    refused = client.post(reverse("admin:login"), answers)
    assert "Too many" in refused.text and not is_signed_in(client)


def test_the_admin_is_for_staff(client, ada):
    client.force_login(ada)
    assert client.get(reverse("admin:index")).status_code == 302
    ada.is_staff = True
    ada.save()
    assert client.get(reverse("admin:index")).status_code == 200


def test_the_admin_shows_accounts_and_logs_in(client, admin_user):
    answers = {"username": "ADMIN", "password": "password", "next": reverse("admin:index")}
    assert client.post(reverse("admin:login"), answers).url == reverse("admin:index")
    for page in (
        reverse("admin:accounts_user_changelist") + "?q=adm",
        reverse("admin:accounts_user_change", args=[admin_user.pk]),
        reverse("admin:accounts_user_add"),
    ):
        assert client.get(page).status_code == 200
