"""The pages that every visitor sees."""

import html
import re

import pytest
from django.conf import settings
from django.core.paginator import Paginator
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from django.utils import translation


@pytest.mark.django_db
def test_the_home_page_greets_with_the_name_of_the_site(client):
    response = client.get(reverse("home"))
    assert response.status_code == 200
    assert response.context["site_title"] == settings.SITE_NAME


def test_an_unknown_address_gets_a_page_of_the_site(client, db):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "404.html" in [template.name for template in response.templates]


def test_the_server_error_page_needs_nothing_that_may_be_broken(client, monkeypatch):
    def fail(request):
        raise RuntimeError("a page fails")

    monkeypatch.setattr("pages.views.redirect", fail)
    client.raise_request_exception = False
    response = client.get("/favicon.ico")
    assert response.status_code == 500
    assert "Something went wrong" in response.text


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_plain_words(settings):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post(reverse(settings.LOGIN_URL))
    assert response.status_code == 403
    assert "This form has expired" in response.text


def test_a_health_check_needs_no_valid_host_and_no_tls(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/health/", headers={"host": "10.1.2.3:5000"})
    assert response.status_code == 200
    assert response.json() == {"process": "ok", "database": "ok"}


def test_robots_and_browsers_find_what_they_ask_for(client):
    assert client.get("/robots.txt")["Content-Type"].startswith("text/plain")
    assert client.get("/favicon.ico").url.endswith("favicon.svg")


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500"])
def test_an_error_page_needs_no_context(code):
    assert "<" in get_template(f"{code}.html").render()


def test_a_long_list_has_links_to_its_other_pages(rf):
    pages = Paginator(range(30), per_page=10)
    request = rf.get("/books/?sort=title&page=2")
    text = render_to_string("pagination.html", {"page_obj": pages.page(2)}, request)
    assert "Page 2 of 3" in text
    assert 'href="?sort=title&amp;page=1" rel="prev"' in text
    assert 'href="?sort=title&amp;page=3" rel="next"' in text
    short = Paginator(range(3), per_page=10).page(1)
    assert not render_to_string("pagination.html", {"page_obj": short}, request).strip()


@pytest.mark.parametrize("path", ["/", "/no-such-page/", "profile", "delete_account", "deployment"])
def test_every_text_can_be_translated(staff, monkeypatch, path):
    """A language that puts every text in brackets shows which ones it never sees."""
    for function in ("gettext", "pgettext", "ngettext"):
        monkeypatch.setattr(
            f"django.utils.translation._trans.{function}", lambda *texts: f"[{texts[0]}]"
        )
    with translation.override("en"):
        page = staff.get(path if path.startswith("/") else reverse(path)).text
    body = page.partition("<body>")[2]
    # Names, versions and code are the same in every language.
    body = re.sub(r"(?s)<(dd|code|pre|select)\b.*?</\1>", "", body)
    lines = html.unescape(re.sub(r"<[^>]*>", "\n", body)).splitlines()
    texts = [line.strip() for line in lines]
    bare = [text for text in texts if re.search(r"\w", text) and not text.startswith("[")]
    names = {"ada", "Django", "Python", settings.SITE_NAME}
    assert [text for text in bare if text not in names] == []
