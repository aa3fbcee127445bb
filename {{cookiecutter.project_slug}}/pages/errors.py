"""The response to an exception that nothing else handles."""

import logging
import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.views import defaults

logger = logging.getLogger(__name__)


def log_database_error(request, error):
    """Log why the database is not available, in one line and without values of the query."""
    reason = str(error).partition("\n")[0] or "no response in time"
    logger.error("The database is not available: %s", reason, extra={"request": request})


def server_error(request):
    """Respond with 503 if the database is not available, and with 500 to any other exception."""
    error = sys.exception()
    unavailable = isinstance(error, OperationalError | InterfaceError)
    if isinstance(error, InternalError):
        # PostgreSQL's code for a change while the database is read-only.
        unavailable = getattr(error.__cause__, "pgcode", "") == "25006"
    if not unavailable:
        return defaults.server_error(request)
    log_database_error(request, error)
    response = defaults.server_error(request, "503.html")
    response.status_code = 503
    response["Retry-After"] = "30"
    # Otherwise, Django would also log the traceback, which is not where the problem is.
    response._has_been_logged = True
    return response
