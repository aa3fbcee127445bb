"""The response to an exception that nothing else handles."""

import logging
import sys

from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse
from django.http.request import MultiPartParserError, UnreadablePostError
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def log_database_error(request, error):
    """Log why the database is not available, in one line and without values of the query."""
    reason = str(error).partition("\n")[0] or "no response in time"
    logger.error("The database is not available: %s", reason, extra={"request": request})


def server_error(request):
    """Respond with 400 if the request is the cause, with 503 if the database is, or with 500.

    Django responds with 400 itself, but not while it shows an error page: to check the CSRF token,
    its views for those pages read the form again, which raises the same exception again.
    """
    error = sys.exception()
    bad = (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError, UpdateError)
    unavailable = isinstance(error, OperationalError | InterfaceError)
    if isinstance(error, InternalError):
        # PostgreSQL's code for a change while the database is read-only.
        unavailable = getattr(error.__cause__, "pgcode", "") == "25006"
    # PostgreSQL cannot store the character NUL, or search for it.
    bad_request = isinstance(error, bad) or "NUL (0x00)" in str(error)
    status = 400 if bad_request else 503 if unavailable else 500
    response = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if unavailable:
        log_database_error(request, error)
        response["Retry-After"] = "30"
        # Otherwise, Django would also log the traceback, which is not where the problem is.
        response._has_been_logged = True
    return response
