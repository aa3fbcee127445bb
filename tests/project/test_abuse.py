"""Abuse a running site: hosts, redirects and characters that it should not accept."""

import os
import stat

import pytest

from tests.project.live import SUPERUSER, installed, running
from tests.project.visitor import Visitor

PASSWORD = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
NAMES = {
    "escape": "\x1b[31mred",
    "line": "Ada\r\nLovelace",
    "bell": "Ada\x07",
    "null": "Ada\x00",
    "c1": "Ada\x9bLovelace",
    "override": "Ada \u202eecalevoL",
}


@pytest.fixture(
    scope="module",
    params=[
        {"accounts": "django", "django_version": "6.1"},
        {"accounts": "allauth", "django_version": "5.2", "storage": "s3"},
        pytest.param(
            {"accounts": "django", "django_version": "5.2", "storage": "cloudinary"},
            marks=pytest.mark.long,
        ),
    ],
    ids=lambda answers: answers["accounts"],
)
def site(request, tmp_path_factory):
    """Return a running site and the kind of its accounts."""
    project = installed(tmp_path_factory.mktemp("abuse"), **request.param)
    with running(project, processes=1) as site:
        site.accounts = request.param["accounts"]
        yield site


def log_in(site, following=""):
    """Log in on the login page; return the visitor and the response."""
    visitor = Visitor(site)
    page = visitor.see(f"/accounts/login/?next={following}" if following else "/accounts/login/")
    field = {"django": "username", "allauth": "login"}[site.accounts]
    return visitor, visitor.submit(page, "/login/", **{field: "grace", "password": PASSWORD})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("name", [".env", "db.sqlite3"])
def test_other_users_of_the_machine_cannot_read_the_secrets(proved, name):
    assert stat.S_IMODE((proved[0] / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_cannot_contain_control_characters(site, name):
    visitor, _ = log_in(site)
    page = visitor.see("/accounts/profile/")
    answers = {"name": name, "email": "grace@example.com"}
    response = visitor.submit(page, "/accounts/profile/", **answers)
    assert response.status_code == 200 and "haracters are not allowed" in response.text
    names = {"name": "Grace Brewster Höpper 🚢"}
    assert visitor.submit(page, "/accounts/profile/", **answers | names).status_code == 302


@pytest.mark.parametrize(
    "scheme", ["http://", "HTTP://", "%20http://", "h%09ttp://", "http:/%5C", "http:%5C%5C"]
)
def test_a_login_does_not_redirect_to_plain_http(site, scheme):
    host = site.url.removeprefix("https://")
    visitor, response = log_in(site, f"{scheme}{host}/accounts/profile/")
    assert response.status_code == 302
    assert not response.headers["Location"].strip().lower().startswith("http:")
    visitor, response = log_in(site, f"{site.url}/accounts/profile/")
    assert response.headers["Location"].endswith("/accounts/profile/")


def test_a_port_in_the_host_header_does_not_get_into_an_email(site):
    """Heroku's router adds X-Forwarded-Port, and does not change the host."""
    visitor = Visitor(site)
    path = {"django": "/accounts/password-reset/", "allauth": "/accounts/password/reset/"}
    page = visitor.see(path[site.accounts])
    visitor.headers.update({"Host": "localhost:4444", "X-Forwarded-Port": "443"})
    # The port is that of the test's own server, which a browser would not send.
    visitor.headers["Origin"] = "https://localhost"
    response = visitor.submit(page, "", email=SUPERUSER["DJANGO_SUPERUSER_EMAIL"])
    assert response.status_code == 302, response.text
    link = site.mailbox.link_to(SUPERUSER["DJANGO_SUPERUSER_EMAIL"])
    assert link.startswith("https://localhost/accounts/")
