"""The answer for a monitor that asks whether this site works."""

import logging

from django.db import Error, connection
from django.http import JsonResponse

logger = logging.getLogger(__name__)


class HealthMiddleware:
    """Answer /health/: 200 while the process and its database work, otherwise 503.

    A monitor inside the platform comes without TLS and under an address that is no host name of
    the site. A view would never see it, because the middleware in front of a view redirects the
    one and refuses the other.
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
            logger.exception("The database does not answer.", extra={"request": request})
            return JsonResponse({"process": "ok", "database": "unreachable"}, status=503)
        response = JsonResponse({"process": "ok", "database": "ok"})
        response["Cache-Control"] = "no-store"
        return response
