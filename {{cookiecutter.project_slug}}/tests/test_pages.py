"""The public pages, the error pages and the health check."""

import html
import re

import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import translation

from config.environment import BASE_DIR

ERROR_PAGES = sorted(path.name for path in (BASE_DIR / "templates").glob("[45]*.html"))


def test_the_home_page_has_the_name_of_the_site(client, db):
    response = client.get(reverse("home"))
    assert response.status_code == 200
    assert f"<title>{html.escape(settings.SITE_NAME)}</title>" in response.text


def test_the_home_page_makes_no_query_for_a_visitor_without_a_session(
    client, django_assert_num_queries, db
):
    with django_assert_num_queries(0):
        assert client.get(reverse("home")).status_code == 200


def test_an_unknown_url_shows_the_404_page(client, db):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "404.html" in [template.name for template in response.templates]


def test_an_exception_shows_the_500_page(client, monkeypatch):
    def fail(path):
        raise RuntimeError

    monkeypatch.setattr("pages.views.static", fail)
    client.raise_request_exception = False
    response = client.get("/favicon.ico")
    assert response.status_code == 500
    assert "500.html" in [template.name for template in response.templates]


def test_a_database_that_is_not_available_shows_the_503_page(client, monkeypatch, caplog):
    def fail(path):
        raise OperationalError("server closed the connection unexpectedly\nMore about it")

    monkeypatch.setattr("pages.views.static", fail)
    client.raise_request_exception = False
    response = client.get("/favicon.ico")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "503.html" in [template.name for template in response.templates]
    [record] = caplog.records
    assert record.getMessage().endswith("server closed the connection unexpectedly")
    assert record.exc_info is None


def test_a_form_without_a_csrf_token_shows_the_403_page(db):
    response = Client(enforce_csrf_checks=True).post(reverse(settings.LOGIN_URL))
    assert response.status_code == 403
    assert "403_csrf.html" in [template.name for template in response.templates]


@pytest.mark.parametrize("name", ERROR_PAGES)
def test_an_error_page_needs_no_database_static_files_or_context(name, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    # Without a manifest, `static` raises an error in a page that uses it.
    with pytest.raises(ValueError, match="manifest"):
        get_template("base.html").render()
    assert get_template(name).render()


def test_a_request_that_is_too_large_is_refused(client, settings):
    settings.MAX_UPLOAD_SIZE = 1024
    # The rest of the form can have 1 MB.
    body = b"x" * (1024 * 1024 + 1025)
    response = client.post("/accounts/profile/", body, content_type="text/plain")
    assert response.status_code == 413 and "1.0\xa0KB" in response.text


def test_pages_are_not_stored_while_the_visitor_has_a_session(client, ada):
    assert "Cache-Control" not in client.get("/")
    client.force_login(ada)
    for path in ("/", "/accounts/profile/", "/no-such-page/"):
        assert {"private", "no-store"} <= set(client.get(path)["Cache-Control"].split(", "))


def test_the_health_check_needs_neither_https_nor_a_valid_host(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/health/", headers={"host": "10.1.2.3:5000"})
    assert response.status_code == 200
    assert response.json() == {"process": "ok", "database": "ok"}


def test_the_health_check_fails_without_the_database(client, monkeypatch):
    def fail():
        raise DatabaseError

    monkeypatch.setattr("pages.middleware.check_database", fail)
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json()["database"] == "unreachable"


def test_the_health_check_reports_a_read_only_database(client, monkeypatch):
    monkeypatch.setattr("pages.middleware.check_database", lambda: "read-only")
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json()["database"] == "read-only"


def test_robots_txt_and_favicon(client):
    assert client.get("/robots.txt")["Content-Type"].startswith("text/plain")
    assert client.get("/favicon.ico").url.endswith("favicon.svg")


@pytest.mark.parametrize("path", ["/", "/no-such-page/", "/accounts/profile/", "/accounts/delete/"])
def test_all_text_can_be_translated(client, ada, monkeypatch, path):
    """Simulate a language that puts each translated text in brackets."""
    for function in ("gettext", "pgettext", "ngettext"):
        monkeypatch.setattr(
            f"django.utils.translation._trans.{function}", lambda *texts: f"[{texts[0]}]"
        )
    client.force_login(ada)
    with translation.override("en"):
        page = client.get(path).text
    # A translated text may contain links and code.
    body = re.sub(r"(?s)<code>.*?</code>|</?a\b[^>]*>", "", page.partition("<body>")[2])
    lines = html.unescape(re.sub(r"<[^>]*>", "\n", body)).splitlines()
    texts = {line.strip() for line in lines if re.search(r"\w", line)}
    assert {text for text in texts if not text.startswith("[")} <= {"ada", settings.SITE_NAME}
