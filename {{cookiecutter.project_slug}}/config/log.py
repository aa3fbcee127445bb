"""The request's id in every line of the log."""

import logging


class RequestIdFilter(logging.Filter):
    """Add `request_id` to a record: the id that Heroku's router gave the request, or "-".

    The router's own line has the same id, so that one search finds both:
    https://devcenter.heroku.com/articles/http-request-id
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete the record and let it pass."""
        headers = getattr(getattr(record, "request", None), "headers", {})
        record.request_id = headers.get("X-Request-Id", "-")
        return True
