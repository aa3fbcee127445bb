"""Send random requests to a running site, and find those that it answers with an error.

Each request depends only on the seed and its number, so that it can be repeated.
"""

import json
import random
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from preflight.postgres import find_binaries
from tests.preflight.postgres import postgres
from tests.project.live import Site, installed, running

# The storage, the accounts and the version of Django of the sites that are attacked.
SITES = [
    ("whitenoise", "django", "5.2"),
    ("s3", "allauth", "6.1"),
    ("cloudinary", "django", "5.2"),
]

# How many requests use the same sessions. Some of them log out or delete the account.
BATCH = 500

URLS = """
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.urls import get_resolver
for _, regex, *_ in extract_views_from_urlpatterns(get_resolver().url_patterns):
    print("url", simplify_regex(regex))
"""

LOG_IN = """
import json, secrets
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
keys = []
for number in range(32):
    request = RequestFactory().get("/")
    request.session = SessionStore()
    create = get_user_model().objects.create_superuser if number % 2 else (
        get_user_model().objects.create_user
    )
    user = create(f"{secrets.token_hex(4)}", "", "correct horse battery")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    keys.append(request.session.session_key)
print("sessions", json.dumps(keys))
"""

# Not _to_field and lookups such as __regex: with them, Django's admin raises an error, but only for
# staff. https://code.djangoproject.com/query?component=contrib.admin
METHODS = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
NAMES = """
next q o p e all page id username email is_staff__exact is_active__exact is_superuser
date_joined__gte groups__id__exact id__in username__startswith _popup
_changelist_filters app_label model_name field_name term token code state process error login
password password1 password2 old_password new_password1 new_password2 remember name file remove
action action_add action_send email_confirm _save _continue _selected_action select_across index
post date_joined_0 date_joined_1 last_login_0 groups user_permissions csrfmiddlewaretoken
""".split()
TEXTS = ["", "0", "1", "-1", "x", "\0", "a\0b", "9" * 30, "x" * 3000, "'", "(", "[\\", "%", "{}"]
TEXTS += ["\r\nX: 1", "//evil.example", "https://evil.example/", "/admin/", "true", "None"]
TEXTS += ["2026-13-45", "1,2,3", "🙂", "..", "1e309", "é", "\x7f", "\ud800", "ada@example.com"]
PARTS = ["1", "0", "-1", "9" * 30, "%00", "a%2Fb", "MQ", "set-password", "x" * 300, "%ff", "..%2f"]
PARTS += ["é", "user", "accounts", "auth", "google", "MQ:1vA:abc", "MQ-c5m9ab-" + "0" * 32]
CHARSETS = ["utf-8", "latin-1", "utf-16", "base64", "rot13", "idna", "undefined", "unknown", "\xe9"]
COOKIES = ["sessionid=unknown", r'sessionid="aaaaaaaaaa\000"', "sessionid=", "messages=x:y:z"]
COOKIES += [r'messages="\000"', "django_language=xx", r'django_language="\000"', "a" * 4000, "=;=;"]
HEADERS = {
    "Accept-Language": ["de", "xx-XX;q=0.5,*", "a" * 600, "en;q=\xe9"],
    "Accept-Encoding": ["gzip", "br, *;q=0", "x"],
    "If-Modified-Since": ["Sat, 01 Jan 2028 00:00:00 GMT", "yesterday", "Sat, 01 Jan 99999"],
    "If-None-Match": ["*", '"x"', "W/"],
    "Range": ["bytes=0-1", "bytes=5-1", "bytes=-99999999999", "lines=x"],
    "Origin": ["null", "https://evil.example", "https://[", "https://localhost"],
    "Referer": ["https://localhost/", "https://[", "x"],
    "Host": ["evil.example", "localhost:99999", "localhost:x", "[::1", "", "127.0.0.1"],
    "X-Forwarded-Proto": ["http", "https, http", "x"],
    "X-Requested-With": ["XMLHttpRequest"],
    "X-Request-Id": ["x" * 300, 'a" b'],
    "Content-Encoding": ["gzip"],
    "Expect": ["100-continue"],
}
# Requests that once had the response 500, and similar ones: method, path, headers and body.
FORM = "application/x-www-form-urlencoded"
KNOWN = [
    ("POST", "/nope", {"Content-Type": f"{FORM}; charset=latin-1"}, b"a=1"),
    ("POST", "/nope", {"Content-Type": "multipart/form-data"}, b"a=1"),
    ("POST", "/nope", {"Content-Type": "multipart/form-data; boundary=\xe9"}, b"a=1"),
    ("POST", "/nope", {"Content-Type": FORM}, b"&".join(b"a%d=1" % n for n in range(1100))),
    ("POST", "/nope", {"Content-Type": FORM}, b"a=" + b"x" * 3_000_000),
    ("POST", "/accounts/login/", {"Content-Type": f"{FORM}; charset=base64"}, b"a=1"),
    ("GET", "/accounts/login/?next=x", {"Content-Type": "text/plain; charset=base64"}, b""),
    ("GET", "/accounts/login/?next=x", {"Content-Type": "text/plain; charset=undefined"}, b""),
    ("GET", "/?a=%00", {"Content-Type": "text/plain; charset=idna"}, b""),
    # Django also reads these forms of a charset, and of a parameter.
    ("GET", "/accounts/login/?a=1", {"Content-Type": "x/y; charset =base64"}, b""),
    ("GET", "/accounts/login/?a=1", {"Content-Type": "x/y; charset*=utf-8''base64"}, b""),
    ("GET", "/accounts/login/?a=1", {"Content-Type": "x/y; charset*0=base; charset*1=64"}, b""),
    ("GET", "/accounts/login/?a=1", {"Content-Type": "x/y; foo*=bogus''x"}, b""),
    ("GET", "/", {"SCRIPT_NAME": "/x"}, b""),
    ("GET", "/?" + "a=&" * 1100, {"Content-Type": "text/plain; charset=latin-1"}, b""),
    ("GET", "/admin/accounts/user/?username=%00", {}, b""),
    ("GET", "/admin/accounts/user/%00/change/", {}, b""),
    ("GET", "/accounts/profile/", {"Cookie": r'sessionid="aaaaaaaaaa\000"'}, b""),
]


@contextmanager
def attacked(
    folder: Path, storage: str, accounts: str, django_version: str, variables: dict[str, str]
) -> Iterator[Site]:
    """Run a site as on a dyno, with PostgreSQL, and with its uploads in the folder `temporary`."""
    answers = {"storage": storage, "accounts": accounts, "django_version": django_version}
    project = installed(folder, **answers)
    if accounts == "allauth":
        variables = variables | {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret"}
    temporary = folder / "temporary"
    temporary.mkdir()
    with (
        postgres(find_binaries()) as url,
        running(project, DATABASE_URL=url, TMPDIR=str(temporary), **variables) as site,
    ):
        site.accounts, site.temporary = accounts, temporary
        yield site


@dataclass(frozen=True)
class Failure:
    """A request, and the status of its response, which is None if there was no response."""

    number: int
    request: bytes
    status: int | None

    def __str__(self) -> str:
        shown = self.request if len(self.request) < 1500 else self.request[:1500] + b"..."
        return f"{self.number}: {self.status} for {shown!r}"


class Fuzzer:
    """Makes and sends the requests of one run."""

    def __init__(self, site, seed: str = "1") -> None:
        self.site, self.seed = site, seed
        self.paths = re.findall(r"(?m)^url (\S+)$", site.python(URLS))
        self.paths += ["/", "/health/", "/nope", "/static/css/site.css", "/static/%00", "/.env"]
        self.sessions: list[str] = []
        # Statuses of all responses, and how often each was seen.
        self.statuses: dict[int | None, int] = {}

    def run(self, count: int) -> list[Failure]:
        """Send the known requests and a number of random ones; return those that failed."""
        failures = []
        for start in range(-len(KNOWN), count, BATCH):
            found = re.search(r"sessions (.*)", self.site.python(LOG_IN))
            self.sessions = json.loads(found[1])
            with ThreadPoolExecutor(8) as pool:
                batch = range(start, min(start + BATCH, count))
                failures += [failure for failure in pool.map(self.attack, batch) if failure]
        return failures

    def attack(self, number: int) -> Failure | None:
        """Send the request with a number. Return it if it failed."""
        request, complete = self.make(number)
        status = send(self.site.front.upstream, request)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        failed = complete if status is None else status >= 500
        return Failure(number, request, status) if failed else None

    def make(self, number: int) -> tuple[bytes, bool]:
        """Return the bytes of a request, and whether they are a complete request."""
        dice = random.Random(f"{self.seed}/{number}")
        headers = {
            "Host": "localhost",
            "X-Forwarded-Proto": "https",
            # The router adds the last address, which is the visitor's.
            "X-Forwarded-For": f"x, 203.0.{dice.randrange(256)}.{dice.randrange(256)}",
            "Cookie": f"csrftoken={'x' * 32}; sessionid={self.sessions[number % 32]}",
            "X-CSRFToken": "x" * 32,
            "Referer": "https://localhost/",
        }
        if number < 0:
            method, path, own, body = KNOWN[number]
            # An odd number is the session of a superuser.
            headers["Cookie"] = f"csrftoken={'x' * 32}; sessionid={self.sessions[1]}"
            return encode(method, path, headers | own, body), True
        method, path = dice.choice(METHODS[: dice.choice([2, len(METHODS)])]), self.make_path(dice)
        kind, body = self.make_body(dice) if dice.random() < (method == "POST") + 0.1 else ("", b"")
        if kind:
            headers["Content-Type"] = kind
        for name in dice.sample(sorted(HEADERS), dice.choice([0, 0, 0, 1, 2])):
            headers[name] = dice.choice(HEADERS[name])
        if dice.random() < 0.3:
            headers["Cookie"] = "; ".join(dice.sample(COOKIES, 2) + [f"csrftoken={'x' * 32}"])
        if dice.random() < 0.1:
            del headers["X-CSRFToken"]
        request = encode(method, path, headers, body)
        if body and dice.random() < 0.1:
            # The client closes the connection too early.
            return request[: -dice.randrange(1, len(body) + 1)], False
        return request, True

    def make_path(self, dice: random.Random) -> str:
        """Return a path with a query string."""
        path = re.sub(r"<[^>]*>", lambda found: dice.choice(PARTS), dice.choice(self.paths))
        if dice.random() < 0.1:
            path = dice.choice([path[:-1], path + dice.choice(PARTS), "/" + path, path + "%00"])
        query = [f"{dice.choice(NAMES)}={quoted(dice.choice(TEXTS))}" for _ in range(4)]
        path += "?" + "&".join(query[: dice.randrange(1, 4)]) if dice.random() < 0.5 else ""
        return "".join(quote(character) if character > "~" else character for character in path)

    def make_body(self, dice: random.Random) -> tuple[str, bytes]:
        """Return a Content-Type and a body."""
        fields = {dice.choice(NAMES): dice.choice(TEXTS) for _ in range(dice.randrange(12))}
        form = "&".join(f"{name}={quoted(text)}" for name, text in fields.items()).encode()
        boundary = dice.choice(["x", "x", "x", "", "\xe9", '"', "x" * 300])
        disposition = 'Content-Disposition: form-data; name="{}"{}\r\n{}\r\n{}\r\n'
        parts = [
            disposition.format(
                name,
                dice.choice(["", "", '; filename="a.png"', "; filename*=utf-8''%00", "; x"]),
                dice.choice(
                    ["", "", "Content-Transfer-Encoding: base64\r\n", "Content-Type: x\r\n"]
                ),
                text,
            )
            for name, text in fields.items()
        ]
        multipart = "".join(f"--x\r\n{part}" for part in parts) + dice.choice(["--x--\r\n", ""])
        charset = dice.choice(["", "", f"; charset={dice.choice(CHARSETS)}"])
        return dice.choice(
            [
                (f"{FORM}{charset}", form),
                (FORM, form),
                (
                    f"multipart/form-data; boundary={boundary}{charset}",
                    multipart.encode("utf-8", "surrogatepass"),
                ),
                (f"multipart/form-data{charset}", form),
                (f"application/json{charset}", b'{"a": [' * dice.choice([1, 2000])),
                (dice.choice(["", "x", "text/plain;;=", "\xe9/\xe9"]), dice.randbytes(100)),
            ]
        )


def quoted(text: str) -> str:
    """Percent-encode a text, with surrogates as the bytes that no UTF-8 has."""
    return quote(text.encode("utf-8", "surrogatepass"))


def encode(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return the bytes of a request."""
    if body or method == "POST":
        headers = headers | {"Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def send(port: int, request: bytes) -> int | None:
    """Send a request, read the whole response, and return its status."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        try:
            link.sendall(request)
            link.shutdown(socket.SHUT_WR)
        except OSError:
            # The site has responded without reading everything.
            pass
        try:
            while data := link.recv(65536):
                received += data
        except OSError:
            pass
    statuses = re.findall(rb"(?m)^HTTP/1\.1 (\d+) ", received[:200])
    return int(statuses[-1]) if statuses else None
