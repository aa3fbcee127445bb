"""What the lines of the log contain of a request: its ID, but no token.

Heroku's router sets this ID and logs it as well, so you can find all lines of one request:
https://devcenter.heroku.com/articles/http-request-id
"""

import logging
import re

# A token in a link to reset a password, or a signed value such as one that confirms an email
# address. Whoever reads one in the log could use it.
TOKEN = re.compile(r"(?<![0-9a-z])[0-9a-z]+-[0-9a-f]{32}|(?<![\w-])[\w-]+:[\w-]+:[\w-]{27,}")


def clean_request_id(header: str) -> str:
    """Return the value of X-Request-Id, or "-" if it could be mistaken for more of the line."""
    return header if re.fullmatch(r"[\w-]{1,200}", header, re.ASCII) else "-"


class RequestFormatter(logging.Formatter):
    """Format a record with the ID of its request, and with *** in place of each token."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record. A request that Django refuses needs no traceback."""
        headers = getattr(getattr(record, "request", None), "headers", {})
        record.request_id = clean_request_id(headers.get("X-Request-Id", ""))
        if record.name.startswith("django.security"):
            record.exc_info = None
        return TOKEN.sub("***", super().format(record))
