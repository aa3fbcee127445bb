"""Requests to the site as Heroku's router sends them."""

import http.client
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from preflight import heroku


@dataclass(frozen=True)
class Answer:
    """What the site answered to one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")


def send_request(
    port: int,
    path: str,
    https: bool = True,
    host: str = heroku.HOST,
    timeout: float = 30,
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> Answer:
    """Send a request over plain HTTP, with the visitor in headers, as the router does.

    It is a GET, or a POST of a form. Raises OSError or HTTPException if there is no answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        headers = router_headers(host, https) | (headers or {})
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def router_headers(host: str, https: bool) -> dict[str, str]:
    """Return the headers that Heroku's router adds (DC http-routing)."""
    return {
        "Host": host,
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https" if https else "http",
        "X-Forwarded-Port": "443" if https else "80",
        "X-Request-Id": secrets.token_hex(8),
        "Via": "1.1 heroku-router",
    }
