"""Add the ID of the request to the lines of the log.

Heroku's router sets this ID and logs it as well, so you can find all lines of one request:
https://devcenter.heroku.com/articles/http-request-id
"""

import logging
import re


def clean_request_id(header: str) -> str:
    """Return the value of X-Request-Id, or "-" if it could be mistaken for more of the line."""
    return header if re.fullmatch(r"[\w-]{1,200}", header, re.ASCII) else "-"


class RequestIdFilter(logging.Filter):
    """Add `request_id` to each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set the attribute. Return True, which keeps the record."""
        headers = getattr(getattr(record, "request", None), "headers", {})
        record.request_id = clean_request_id(headers.get("X-Request-Id", ""))
        return True
