"""The pages that every visitor sees."""

import pytest
from django.conf import settings
from django.urls import reverse


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
