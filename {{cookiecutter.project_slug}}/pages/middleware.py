"""Health check for monitoring services, and the host that visitors use."""

import logging
import re

from django.db import Error, connection
from django.http import JsonResponse

logger = logging.getLogger(__name__)


class HealthCheckMiddleware:
    """Respond to /health/ with 200 if the site and its database work, and with 503 otherwise.

    This is not a view, because monitoring services may connect by IP address and without HTTPS. The
    middleware that runs before a view would respond with 400 or a redirect.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path != "/health/":
            return self.get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            logger.exception("The database does not respond.", extra={"request": request})
            response = JsonResponse({"process": "ok", "database": "unreachable"}, status=503)
        else:
            response = JsonResponse({"process": "ok", "database": "ok"})
        response["Cache-Control"] = "no-store"
        return response


class HostMiddleware:
    """Ignore a port in the Host header that the visitor did not connect to.

    Django accepts any port. Whoever asks for a password reset could put a wrong one into the link
    in the email. Heroku's router reports the right one in X-Forwarded-Port.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.headers.get("X-Forwarded-Port") == "443":
            request.META["HTTP_HOST"] = re.sub(r":\d+$", "", request.META.get("HTTP_HOST", ""))
        return self.get_response(request)
