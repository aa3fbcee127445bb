"""The request's id in every line of the log."""

import logging
import re


class RequestIdFilter(logging.Filter):
    """Add `request_id` to a record: the id that Heroku's router gave the request, or "-".

    The router's own line has the same id, so that one search finds both:
    https://devcenter.heroku.com/articles/http-request-id
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete the record and let it pass."""
        headers = getattr(getattr(record, "request", None), "headers", {})
        identity = headers.get("X-Request-Id", "")
        # Anything else could pass itself off as further parts of the line.
        record.request_id = identity if re.fullmatch(r"[\w-]{1,200}", identity, re.ASCII) else "-"
        return True
