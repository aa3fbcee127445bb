"""Health check for monitoring services, the host that visitors use, limits and privacy."""

import re
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from pages.errors import log_database_error

# How many seconds the database has to respond.
DEADLINE = 2


def check_database():
    """Return "ok", or "read-only" while the database refuses changes. Raise Error if it fails."""
    try:
        with connection.cursor() as cursor:
            postgresql = connection.vendor == "postgresql"
            cursor.execute("SHOW transaction_read_only" if postgresql else "SELECT 'off'")
            return "ok" if cursor.fetchone() == ("off",) else "read-only"
    finally:
        # A connection that is kept would be one more of the few that the database allows. The
        # close() of SQLite's class keeps connections to the database of the tests.
        BaseDatabaseWrapper.close(connection)


class HealthCheckMiddleware:
    """Respond to /health/ with 200 if the site and its database work, and with 503 otherwise.

    This is not a view, because monitoring services may connect by IP address and without HTTPS. The
    middleware that runs before a view would respond with 400 or a redirect.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        # A query of another thread can be abandoned. One thread, so that a database that hangs
        # does not fill the process with threads.
        self.executor = ThreadPoolExecutor(max_workers=1)

    def __call__(self, request):
        if request.path != "/health/":
            return self.get_response(request)
        check = self.executor.submit(check_database)
        try:
            database = check.result(DEADLINE)
        except (Error, TimeoutError) as error:
            check.cancel()
            log_database_error(request, error)
            database = "unreachable"
        status = 200 if database == "ok" else 503
        response = JsonResponse({"process": "ok", "database": database}, status=status)
        response["Cache-Control"] = "no-store"
        # Otherwise, Django would log a second line for 503.
        response._has_been_logged = True
        return response


class HostMiddleware:
    """Ignore a port in the Host header that the visitor did not connect to.

    Django accepts any port. Whoever asks for a password reset could put a wrong one into the link
    in the email. Heroku's router reports the right one in X-Forwarded-Port.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.META.get("HTTP_X_FORWARDED_PORT") == "443":
            request.META["HTTP_HOST"] = re.sub(r":\d+$", "", request.META.get("HTTP_HOST", ""))
        return self.get_response(request)


{% if cookiecutter.django_version == '5.2' %}
def content_security_policy(get_response):
    """Add the Content-Security-Policy header, as django.middleware.csp does since Django 6.0."""
    header = "; ".join(f"{name} {' '.join(to)}" for name, to in settings.SECURE_CSP.items())

    def middleware(request):
        response = get_response(request)
        # Django's error pages for developers have scripts and styles in the page.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault("Content-Security-Policy", header)
        return response

    return middleware


{% endif %}
def limit_size_and_storing(get_response):
    """Refuse a request with a file larger than MAX_UPLOAD_SIZE, and keep private pages private.

    Django limits the size of form fields but not of files: DATA_UPLOAD_MAX_MEMORY_SIZE does not
    count them. It would write a file of any size to the disk of the dyno.

    Browsers and proxies must not store the pages of a visitor who has a session. Otherwise, the
    back button would show the profile after the visitor has logged out.
    """

    def middleware(request):
        # The rest of the form can have 1 MB.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_SIZE + 1024 * 1024:
            return render(request, "413.html", {"most": settings.MAX_UPLOAD_SIZE}, status=413)
        response = get_response(request)
        if settings.SESSION_COOKIE_NAME in {*request.COOKIES, *response.cookies}:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware
