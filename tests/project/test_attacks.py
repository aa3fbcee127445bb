"""Attack running sites from outside, as any stranger could, and look at what they answer and log.

Each site has another storage. Together they have both kinds of accounts and both versions of
Django. tests/project/fuzz.py makes the random requests.
"""

import contextlib
import http.client
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.project.fuzz import LOG_IN, SITES, Fuzzer, attacked
from tests.project.live import SUPERUSER
from tests.project.visitor import Visitor

TOKEN = "x" * 32
FORM = "application/x-www-form-urlencoded"
# The password of the users that LOG_IN creates.
PASSWORD = "correct horse battery"
# Print the path of a link to reset a password that was sent some minutes ago.
OLD_LINK = {
    "django": """
from datetime import timedelta
from django.contrib.auth.tokens import default_token_generator as tokens
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from accounts.models import User
user = User.objects.first()
now = tokens._now
tokens._now = lambda: now() - timedelta(minutes={minutes})
uid = urlsafe_base64_encode(force_bytes(user.pk))
print("path", reverse("password_reset_confirm", args=[uid, tokens.make_token(user)]))
""",
    "allauth": """
from datetime import timedelta
from allauth.account.forms import default_token_generator as tokens
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from accounts.models import User
user = User.objects.first()
now = tokens._now
tokens._now = lambda: now() - timedelta(minutes={minutes})
arguments = [user_pk_to_url_str(user), tokens.make_token(user)]
print("path", reverse("account_reset_password_from_key", args=arguments))
""",
}


def in_its_group(answers):
    """Return a site as a parameter. One worker runs all tests of a service."""
    group = {"whitenoise": "attacks"}.get(answers[0], answers[0])
    marks = [pytest.mark.xdist_group(group)]
    # By default, two sites: both kinds of accounts, and both versions of Django.
    marks += [pytest.mark.long] if answers[0] == "cloudinary" else []
    return pytest.param(answers, id=answers[0], marks=marks)


@pytest.fixture(scope="module", params=[in_its_group(answers) for answers in SITES])
def site(request, tmp_path_factory):
    """Return one of the running sites."""
    storage, accounts, django_version = request.param
    variables = {}
    if storage == "s3":
        variables = request.getfixturevalue("s3").make_bucket(public="static").variables
    elif storage == "cloudinary":
        variables = {"CLOUDINARY_URL": request.getfixturevalue("cloud").url()}
    folder = tmp_path_factory.mktemp("attacks")
    with attacked(folder, storage, accounts, django_version, variables) as site:
        yield site


@pytest.fixture
def sessions(site):
    """Return the session keys of new users. Those with an odd index are superusers."""
    return json.loads(re.search(r"sessions (.*)", site.python(LOG_IN))[1])


@pytest.fixture
def new_log(site):
    """Return a function that returns what the site has logged since the test began.

    It waits until a text has been logged.
    """
    position = len(site.log.read_text())

    def read(last=""):
        marker = f"/marker-{time.monotonic_ns()}/"
        send(site, "GET", marker)
        deadline = time.monotonic() + 30
        # The line of a request follows its response. Another process may log the marker earlier.
        while time.monotonic() < deadline:
            text = site.log.read_text()[position:]
            if marker in text and last in text:
                break
            time.sleep(0.02)
        return text

    return read


def send(site, method, path, body=None, **headers):
    """Send a request to the web server; return the response and its text."""
    usual = {
        "Host": "localhost",
        "X-Forwarded-Proto": "https",
        "X-CSRFToken": TOKEN,
        "Referer": "https://localhost/",
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given["Cookie"] = f"csrftoken={TOKEN}; {given.pop('Cookie', '')}"
    link = http.client.HTTPConnection("127.0.0.1", site.front.upstream, timeout=30)
    with contextlib.closing(link):
        link.request(method, path, body, usual | given)
        response = link.getresponse()
        return response, response.read().decode()


def as_user(site, session, method, path, **fields):
    """Send a request with a session, and with a form if there are fields; return the response."""
    body, headers = None, {"Cookie": f"sessionid={session}"}
    if fields:
        body, headers["Content_Type"] = urlencode(fields), FORM
    return send(site, method, path, body, **headers)[0]


def log_in(site):
    """Return a visitor who has just logged in as the superuser, and the response to that."""
    visitor = Visitor(site)
    name, password = SUPERUSER["DJANGO_SUPERUSER_USERNAME"], SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    response = visitor.submit(
        visitor.see("/admin/login/"), "/admin/login/", username=name, password=password
    )
    assert "sessionid" in response.cookies
    return visitor, response


def send_without_end(site, headers, part):
    """Send up to 60 parts of a body; return the status and the largest size of the uploads."""
    largest = 0
    with socket.create_connection(("127.0.0.1", site.front.upstream), timeout=30) as link:
        usual = f"Host: localhost\r\nX-Forwarded-Proto: https\r\nCookie: csrftoken={TOKEN}\r\n"
        link.sendall(f"POST /accounts/login/ HTTP/1.1\r\n{usual}{headers}\r\n".encode())
        with contextlib.suppress(OSError):
            for _ in range(60):
                link.sendall(part)
                with contextlib.suppress(FileNotFoundError):
                    files = site.temporary.iterdir()
                    largest = max(largest, sum(path.stat().st_size for path in files))
            link.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(OSError):
            received = link.recv(65536)
    return int(received.split()[1]), largest


def test_a_body_of_400_mb_is_refused_before_it_is_stored(site):
    multipart = "Content-Type: multipart/form-data; boundary=x\r\n"
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    part = start + bytes(1024 * 1024)
    headers = f"{multipart}Content-Length: {400 * 1024 * 1024}\r\n"
    assert send_without_end(site, headers, part) == (413, 0)
    chunk = b"%x\r\n%s\r\n" % (len(part), part)
    headers = f"{multipart}Transfer-Encoding: chunked\r\n"
    assert send_without_end(site, headers, chunk) == (400, 0)


def test_a_body_of_a_get_or_head_is_refused(site):
    for method in ("GET", "HEAD"):
        assert send(site, method, "/", b"x", Content_Type=FORM)[0].status == 400
        assert send(site, method, "/")[0].status == 200


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "utf8", "iso-8859-1", "unknown", "utf9"])
def test_a_request_can_have_a_charset_for_text(site, charset):
    status = send(site, "POST", "/", b"{}", Content_Type=f"text/xml; charset={charset}")[0].status
    # The home page has no form.
    assert status == (400 if charset in {"unknown", "utf9"} else 405)


def test_a_long_username_is_cut_before_it_is_normalized(site):
    # To put these characters in order takes longer than gunicorn waits for a process.
    username = "a" + "\u0315" * 200_000 + "\u0300" * 200_000
    name = {"django": "username", "allauth": "login"}[site.accounts]
    for path, field in (("/accounts/login/", name), ("/admin/login/", "username")):
        visitor = Visitor(site)
        answer = visitor.submit(visitor.see(path), path, **{field: username, "password": "x"})
        assert answer.status_code in {200, 429}


def test_a_visitor_cannot_choose_where_the_site_begins(site):
    assert send(site, "GET", "/x/", SCRIPT__NAME="/x")[0].status == 404


def test_a_request_that_the_server_refuses_is_logged_with_its_path_and_id(site, new_log):
    send(site, "GET", "/robots.txt", b"x", X_Request_Id="refused-1")
    log = new_log(last="request_id=refused-1")
    assert re.search(r'path="/robots.txt" status=400 .*request_id=refused-1', log)


def test_no_page_of_a_session_is_stored(site):
    visitor, response = log_in(site)
    pages = [response, visitor.see("/"), visitor.see("/accounts/profile/"), visitor.see("/nope/")]
    pages.append(visitor.submit(visitor.see("/accounts/profile/"), name="Ada"))
    static = re.search(r'href="(/static/css/[^"]+)"', pages[1].text)[1]
    assert "immutable" in visitor.see(static).headers["Cache-Control"]
    session = visitor.cookies["sessionid"]
    pages.append(as_user(site, session, "POST", "/accounts/logout/", confirmed="yes"))
    for page in pages:
        policy = page.headers["Cache-Control"]
        assert "no-store" in policy and "private" in policy
    assert "no-store" not in Visitor(site).see("/").headers.get("Cache-Control", "")


def test_a_link_to_reset_a_password_works_for_an_hour_and_is_not_in_the_log(site, new_log):
    pages = {}
    for minutes in (59, 61):
        code = OLD_LINK[site.accounts].format(minutes=minutes)
        path = re.search(r"path (\S+)", site.python(code))[1]
        pages[minutes] = Visitor(site).see(path).text
        token = path.strip("/").rpartition("-")[2]
        assert len(token) == 32 and token not in new_log()
    assert "This link has expired" in pages[61]
    assert "This link has expired" not in pages[59] and 'type="password"' in pages[59]
    assert re.search(r'path="/accounts/password\S*/\S*\*\*\*/" status=302', new_log())


def test_random_requests_are_never_answered_with_a_server_error(site, new_log):
    fuzzer = Fuzzer(site)
    failures = fuzzer.run(200)
    assert not failures, "\n".join(map(str, failures)) + new_log()
    assert "Traceback" not in new_log()
    # The requests get as far as the pages.
    assert {200, 302, 400, 403, 404, 405} <= set(fuzzer.statuses)


@pytest.mark.long
def test_many_random_requests_are_never_answered_with_a_server_error(site, new_log):
    failures = Fuzzer(site, seed="long").run(3000)
    assert not failures, "\n".join(map(str, failures)) + new_log()
    assert "Traceback" not in new_log()


def test_requests_that_race_with_a_logout_are_answered(site, sessions, new_log):
    change = {"old_password": PASSWORD, "new_password1": "staple-4711", "new_password2": "x"}
    forms = {
        # django-allauth stores something in the session before it redirects to Google.
        "django": [("/accounts/profile/", {"name": "Ada"}), ("/accounts/password-change/", change)],
        "allauth": [
            ("/accounts/profile/", {"name": "Ada"}),
            ("/accounts/google/login/", {"a": "1"}),
        ],
    }[site.accounts]
    forms = [*forms, ("/accounts/logout/", {"confirmed": "yes"}), *forms]
    statuses = set()
    with ThreadPoolExecutor(len(forms)) as pool:
        for session in sessions:
            requests = [
                pool.submit(as_user, site, session, "POST", path, **fields)
                for path, fields in forms
            ]
            statuses |= {request.result().status for request in requests}
    assert max(statuses) < 500, new_log()
    assert "Traceback" not in new_log()


def test_ordinary_requests_have_one_line_each_in_the_log(site, new_log):
    before = site.log.read_text()
    assert re.search(r"Each process listens at 0\.0\.0\.0:\d+", before)
    send(site, "HEAD", "/")
    log_in(site)
    log = new_log(last='method=POST path="/admin/login/"')
    lines = [line for line in log.splitlines() if "/marker-" not in line]
    assert [line.split(" request_id")[0].split(" bytes")[0] for line in lines] == [
        'method=HEAD path="/" status=200',
        'method=GET path="/admin/login/" status=200',
        'method=POST path="/admin/login/" status=302',
    ]
