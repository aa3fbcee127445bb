"""Sign-up, login, logout, profile, password reset, account deletion.

`client` and `mailoutbox` come from pytest-django, `ada` from conftest.py.
"""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.limits import get_client_ip
from accounts.models import SentEmail

User = get_user_model()
PASSWORD = "correct horse battery"


def log_in(client, username="ada", password=PASSWORD, **headers):
    """Submit the login form."""
{% if cookiecutter.accounts == 'allauth' %}
    data = {"login": username, "password": password}
{% else %}
    data = {"username": username, "password": password}
{% endif %}
    return client.post(reverse(settings.LOGIN_URL), data, headers=headers)


def sign_up(client, **changes):
    """Submit the form to sign up."""
    data = {
        "username": "grace",
        "email": "grace@example.com",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
{% if cookiecutter.accounts == 'allauth' %}
    return client.post(reverse("account_signup"), data | changes)
{% else %}
    return client.post(reverse("signup"), data | changes)
{% endif %}


def request_password_reset(client, email, **headers):
    """Submit the form to reset a forgotten password."""
{% if cookiecutter.accounts == 'allauth' %}
    return client.post(reverse("account_reset_password"), {"email": email}, headers=headers)
{% else %}
    return client.post(reverse("password_reset"), {"email": email}, headers=headers)
{% endif %}


def change_password(client, old, new):
    """Submit the form to change the password."""
{% if cookiecutter.accounts == 'allauth' %}
    data = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), data)
{% else %}
    data = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("password_change"), data)
{% endif %}


def open_link_to_reset_password(client, message):
    """Open the link in an email. Return it, and the path of the form that it leads to."""
    link = re.search(r"https?://testserver(\S+)", message.body)[1]
    return link, client.get(link, follow=True).redirect_chain[-1][0]


def choose_password(client, path, password):
    """Submit the form to choose a new password."""
{% if cookiecutter.accounts == 'allauth' %}
    return client.post(path, {"password1": password, "password2": password})
{% else %}
    return client.post(path, {"new_password1": password, "new_password2": password})
{% endif %}


def is_logged_in(client):
    """Return whether the client is logged in."""
    return "_auth_user_id" in client.session


def test_a_user_logs_in_and_out(client, ada):
    assert log_in(client).url == reverse("home")
    assert client.session["_auth_user_id"] == str(ada.pk)
{% if cookiecutter.accounts == 'allauth' %}
    client.post(reverse("account_logout"))
{% else %}
    client.post(reverse("logout"))
{% endif %}
    assert not is_logged_in(client)


def test_a_wrong_password_is_refused(client, ada):
    assert log_in(client, password="wrong").status_code == 200
    assert not is_logged_in(client)


def test_usernames_ignore_case(client, ada):
    log_in(client, "ADA")
    assert is_logged_in(client)
    with pytest.raises(IntegrityError):
        User.objects.create_user("aDA")


def test_a_user_signs_up(client, db):
    assert sign_up(client).status_code == 302
    grace = User.objects.get(username="grace")
    assert grace.email == "grace@example.com" and grace.check_password(PASSWORD)
    assert is_logged_in(client)


@pytest.mark.parametrize(
    "mistake",
    [
        {"username": "ADA"},
        {"username": "ａｄａ"},
        {"password1": "short1", "password2": "short1"},
        {"password2": "another one"},
        {"email": "not an address"},
        {"email": ""},
    ],
    ids=["username", "full width", "short password", "two passwords", "email", "no email"],
)
def test_a_mistake_in_the_form_creates_no_account(client, ada, mistake):
    response = sign_up(client, **mistake)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.count() == 1


def test_signing_up_does_not_reveal_who_has_an_account(client, ada):
    assert sign_up(client, email=ada.email).status_code == 302
    assert User.objects.filter(email=ada.email).count() == 2


def test_a_forgotten_password_is_reset_by_email(client, ada, mailoutbox):
    request_password_reset(client, "ADA@example.com")
    [message] = mailoutbox
    assert message.to == [ada.email]
    assert settings.SITE_NAME in message.subject
    link, path = open_link_to_reset_password(client, message)
    choose_password(client, path, "staple-4711")
    ada.refresh_from_db()
    assert ada.check_password("staple-4711")
    # The link works only once.
    assert 'type="password"' not in client.get(link, follow=True).text


def test_a_password_reset_does_not_reveal_who_has_an_account(client, ada):
    known = request_password_reset(client, ada.email)
    unknown = request_password_reset(client, "stranger@example.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_an_address_gets_five_emails_an_hour(client, ada, mailoutbox):
    pages = {request_password_reset(client, ada.email).url for _ in range(7)}
    assert len(mailoutbox) == 5
    # Nobody can see that the limit is reached.
    assert len(pages) == 1
    SentEmail.objects.update(time=timezone.now() - timedelta(hours=1))
    request_password_reset(client, ada.email)
    assert len(mailoutbox) == 6


def test_a_visitor_can_cause_twenty_emails_an_hour(client, db, mailoutbox):
    for number in range(22):
        email = f"user{number}@example.com"
        User.objects.create_user(f"user{number}", email, PASSWORD)
        request_password_reset(client, email)
    assert len(mailoutbox) == 20
    # Other visitors can cause emails to the same addresses.
    request_password_reset(client, email, X_Forwarded_For="203.0.113.7")
    assert len(mailoutbox) == 21


def test_all_addresses_of_an_ipv6_network_are_one_visitor():
    def get_ip(value):
        return get_client_ip(RequestFactory().get("/", headers={"X-Forwarded-For": value}))

    assert get_ip("2001:db8::1") == get_ip("2001:db8::ffff:2") != get_ip("2001:db8:0:1::1")
    assert get_ip("198.51.100.1, 203.0.113.7") == "203.0.113.7"
{% if cookiecutter.accounts == 'django' %}
    assert get_ip("::ffff:203.0.113.7") == "203.0.113.7"
    assert get_ip("unknown") is None


def test_all_accounts_with_an_address_get_one_email(client, ada, mailoutbox):
    User.objects.create_user("grace", ada.email, PASSWORD)
    request_password_reset(client, ada.email)
    [message] = mailoutbox
    links = re.findall(r"https?://testserver(\S+)", message.body)
    assert "is ada." in message.body and "is grace." in message.body
    assert len(set(links)) == 2
    assert all('type="password"' in client.get(link, follow=True).text for link in links)


def test_an_address_without_an_account_gets_no_email(client, ada, mailoutbox):
    request_password_reset(client, "stranger@example.com")
    assert mailoutbox == []
{% endif %}


def test_a_user_edits_the_profile(client, ada):
    client.force_login(ada)
    data = {"name": "Ada Lovelace", "email": ada.email}
    response = client.post(reverse("profile"), data, follow=True)
    assert "Your profile has been saved." in response.text
    ada.refresh_from_db()
    assert ada.name == "Ada Lovelace"
    assert ada.name in client.get(reverse("home")).text


def test_the_profile_form_changes_no_other_user_and_no_permissions(client, ada):
    grace = User.objects.create_user("grace")
    client.force_login(ada)
    data = {"name": "Ada", "email": ada.email, "id": grace.pk, "is_staff": "on"}
    client.post(reverse("profile"), data)
    assert not User.objects.filter(is_staff=True).exists()
    assert User.objects.get(pk=grace.pk).name == ""


def test_changing_the_email_address_needs_the_password(client, ada, mailoutbox):
    # A stranger may have reached the limit for emails to the old address.
    for _ in range(6):
        request_password_reset(client, ada.email)
    mailoutbox.clear()
    client.force_login(ada)
{% if cookiecutter.accounts == 'allauth' %}
    ada.emailaddress_set.create(email=ada.email, verified=True, primary=True)
    data = {"email": "new@example.com", "action_add": ""}
    form = client.post(reverse("account_email"), data, follow=True)
    assert form.request["PATH_INFO"] == reverse("account_reauthenticate")
    assert mailoutbox == []
    data = {"password": PASSWORD, "next": reverse("account_email")}
    client.post(reverse("account_reauthenticate"), data, follow=True)
    link = re.search(r"https?://testserver(\S+)", mailoutbox[0].body)[1]
    client.post(link)
{% else %}
    for password, error in (("", "Enter your current password"), ("wrong", "is incorrect")):
        data = {"name": "", "email": "new@example.com", "current_password": password}
        assert error in client.post(reverse("profile"), data).text
    ada.refresh_from_db()
    assert ada.email == "ada@example.com" and mailoutbox == []
    client.post(reverse("profile"), data | {"current_password": PASSWORD})
{% endif %}
    # The old address gets an email.
    assert mailoutbox[-1].to == ["ada@example.com"] and "new@example.com" in mailoutbox[-1].body
    ada.refresh_from_db()
    assert ada.email == "new@example.com"


def test_a_user_changes_the_password(client, ada):
    client.force_login(ada)
    assert change_password(client, PASSWORD, "staple-4711").status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("staple-4711")


@pytest.mark.parametrize("name", ["profile", "delete_account"])
def test_a_visitor_has_to_log_in(client, db, name):
    response = client.get(reverse(name))
    assert response.url == f"{reverse(settings.LOGIN_URL)}?next={reverse(name)}"


def test_a_user_deletes_the_account(client, ada):
    log_in(client)
{% if cookiecutter.accounts == 'allauth' %}
    form = client.post(reverse("delete_account"), follow=True)
    client.post(form.request["PATH_INFO"] + "?next=/", {"password": "wrong"})
    assert User.objects.exists()
    data = {"password": PASSWORD, "next": reverse("delete_account")}
    deleted = client.post(reverse("account_reauthenticate"), data, follow=True)
{% else %}
    client.post(reverse("delete_account"), {"password": "wrong"})
    assert User.objects.exists()
    deleted = client.post(reverse("delete_account"), {"password": PASSWORD}, follow=True)
{% endif %}
    assert "Your account has been deleted." in deleted.text
    assert not User.objects.exists() and not is_logged_in(client)


def test_ten_failed_logins_lock_the_username_out(client, ada):
    for number in range(10):
        # Visitors can send any address. Heroku's router adds the real one to the end.
        log_in(client, "ada", "wrong", X_Forwarded_For=f"198.51.100.{number}, 203.0.113.7")
    response = log_in(client, "Ada", X_Forwarded_For="203.0.113.7")
    assert "Too many" in response.text and not is_logged_in(client)
    # This includes the admin.
    data = {"username": "ada", "password": PASSWORD}
    response = client.post(reverse("admin:login"), data)
    assert "Too many" in response.text and not is_logged_in(client)


def test_guesses_of_the_current_password_are_failed_logins(client, ada):
    client.force_login(ada)
    for _ in range(10):
        change_password(client, "wrong", "staple-4711")
    assert "Too many" in change_password(client, PASSWORD, "staple-4711").text
    assert "Too many" in log_in(Client()).text
    # The admin uses the same page.
    assert "/accounts/password" in client.get(reverse("admin:password_change")).url


def test_a_password_reset_ends_a_lockout(client, ada, mailoutbox):
    for _ in range(10):
        log_in(client, "ADA", "wrong")
    page = log_in(client).text
    assert "Too many" in page and "Forgot your password?" in page
    request_password_reset(client, ada.email)
    link, path = open_link_to_reset_password(client, mailoutbox[0])
    choose_password(client, path, "staple-4711")
    log_in(client, password="staple-4711")
    assert is_logged_in(client)


def test_only_staff_can_open_the_admin(client, ada):
    client.force_login(ada)
    assert client.get(reverse("admin:index")).status_code == 302
    ada.is_staff = True
    ada.save()
    assert client.get(reverse("admin:index")).context["site_header"] == settings.SITE_NAME


def test_the_admin_manages_users(client, admin_user):
    data = {"username": "ADMIN", "password": "password", "next": reverse("admin:index")}
    assert client.post(reverse("admin:login"), data).url == reverse("admin:index")
    for url in (
        reverse("admin:accounts_user_changelist") + "?q=adm",
        reverse("admin:accounts_user_change", args=[admin_user.pk]),
        reverse("admin:accounts_user_add"),
    ):
        assert client.get(url).status_code == 200
