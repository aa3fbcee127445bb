"""Break the database of a running site, and check what visitors see and what the log says."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.helpers import name_of, python_of
from tests.preflight.rehearsal import append
from tests.project.database import Database
from tests.project.live import SUPERUSER, installed, running
from tests.project.test_settings import ask
from tests.project.visitor import Visitor

# The default run breaks one of them. Together, they differ in all of these answers.
PROJECTS = [
    {"storage": "whitenoise", "accounts": "django", "django_version": "5.2"},
    pytest.param(
        {"storage": "s3", "accounts": "allauth", "django_version": "6.1"}, marks=pytest.mark.long
    ),
    pytest.param(
        {"storage": "cloudinary", "accounts": "django", "django_version": "6.1"},
        marks=pytest.mark.long,
    ),
]
VIEWS = """

def limits(request):
    from django.db import connection
    from django.http import HttpResponse

    names = ("statement_timeout", "lock_timeout")
    with connection.cursor() as cursor:
        found = [cursor.execute(f"SHOW {name}") or cursor.fetchone()[0] for name in names]
        options = connection.connection.get_dsn_parameters()
    return HttpResponse(" ".join([*found, options["connect_timeout"], options["tcp_user_timeout"]]))


def broken(request):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")


urlpatterns += [path("limits/", limits), path("broken/", broken)]
"""
PRIVATE = "/accounts/profile/"
LINE = "The database is not available: "


@pytest.fixture(scope="module")
def database():
    """Return a PostgreSQL server."""
    database = Database()
    yield database
    database.close()


@pytest.fixture(scope="module", params=PROJECTS, ids=lambda answers: name_of(answers))
def site(request, tmp_path_factory, database):
    """Return a running site with 2 processes of 4 threads, which uses the server."""
    database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    project = installed(tmp_path_factory.mktemp("faults"), **request.param)
    append(project, "config/urls.py", VIEWS)
    with running(project, DATABASE_URL=database.url) as site:
        yield site


@pytest.fixture
def log(site):
    """Return a function that returns what the site has logged during the test."""
    start = len(site.log.read_text())
    return lambda: site.log.read_text()[start:]


@pytest.fixture(scope="module")
def ada(site):
    """Return a visitor who is logged in."""
    ada = Visitor(site)
    answer = log_in(ada, "/admin/login/")
    assert answer.status_code == 302, answer.text
    return ada


def log_in(visitor, path="/accounts/login/"):
    """Submit a login form: that of the accounts, or the admin's."""
    # The name of the first field depends on the kind of accounts.
    name = SUPERUSER["DJANGO_SUPERUSER_USERNAME"]
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    return visitor.submit(visitor.see(path), path, username=name, login=name, password=password)


def assert_unavailable(answer):
    """Check the response that visitors get while the database is not available."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "30"
    assert "<code>503</code>" in answer.text and answer.text.rstrip().endswith("</html>")


def assert_public_pages_work(site):
    """Check the pages that need no database, and their style sheet."""
    stranger = Visitor(site)
    home = stranger.see("/")
    assert home.status_code == 200
    style = re.search(r'href="(/static/css/site\.[^"]+)"', home.text)[1]
    assert stranger.see(style).status_code == 200
    assert stranger.see("/robots.txt").status_code == 200


def assert_short_lines(text, count):
    """Check that the log has one line for each failed request, and no traceback."""
    assert text.count(LINE) == count, text
    assert "Traceback" not in text and "django.request" not in text


def test_without_a_database_the_public_pages_work_and_others_respond_with_503(
    site, database, ada, log
):
    with database.gone():
        for path in (PRIVATE, "/", "/admin/"):
            assert_unavailable(ada.see(path))
        assert_unavailable(log_in_with_old_form(site))
        assert_public_pages_work(site)
        health = Visitor(site).see("/health/")
        assert (health.status_code, health.json()["database"]) == (503, "unreachable")
    # The first request after the server has returned works.
    assert ada.see(PRIVATE).status_code == 200
    assert Visitor(site).see("/health/").json() == {"process": "ok", "database": "ok"}
    assert_short_lines(log(), count=5)
    assert "Connection refused" in log()


def log_in_with_old_form(site):
    """Log in with a form that was loaded before. The page itself may need the database."""
    visitor, token = Visitor(site), "x" * 32
    visitor.cookies.set("csrftoken", token)
    return visitor.post(
        f"{site.url}/admin/login/",
        data={"username": "grace", "password": "wrong", "csrfmiddlewaretoken": token},
        headers={"Referer": f"{site.url}/admin/login/"},
        timeout=30,
    )


def test_the_traceback_of_another_database_error_stays(site, log):
    answer = Visitor(site).see("/broken/")
    assert answer.status_code == 500 and "<code>500</code>" in answer.text
    assert "ProgrammingError" in log() and "Traceback" in log() and LINE not in log()


def test_queries_of_web_processes_have_time_limits_and_others_do_not(site):
    assert Visitor(site).see("/limits/").text == "15s 5s 5 10000"
    shown = site.python(
        "from django.db import connection; cursor = connection.cursor();"
        "cursor.execute('SHOW statement_timeout'); print(cursor.fetchone());"
        "cursor.execute('SHOW lock_timeout'); print(cursor.fetchone())"
    )
    assert shown.split() == ["('0',)", "('0',)"]


def test_requests_that_wait_for_a_locked_table_end_before_it_is_unlocked(site, database, ada, log):
    """12 requests, which are more than the 8 threads of the site."""
    with database.locked("django_session"), ThreadPoolExecutor(12) as visitors:
        waiting = [visitors.submit(visit, site, ada) for _ in range(12)]
        # These wait until a thread is free, but not for the lock.
        assert_public_pages_work(site)
        assert Visitor(site).see("/health/").status_code == 200
        for answer in waiting:
            assert_unavailable(answer.result())
    assert ada.see(PRIVATE).status_code == 200
    assert_short_lines(log(), count=12)
    assert "canceling statement due to lock timeout" in log()


def visit(site, user):
    """Open a page as a user, over a separate connection."""
    visitor = Visitor(site)
    visitor.cookies.update(user.cookies)
    return visitor.see(PRIVATE)


def test_while_the_server_is_suspended_the_health_check_has_a_deadline(site, database, ada, log):
    assert ada.see(PRIVATE).status_code == 200
    with ThreadPoolExecutor(1) as visitors:
        with database.suspended():
            waiting = visitors.submit(visit, site, ada)
            health = Visitor(site).see("/health/")
            assert (health.status_code, health.json()["database"]) == (503, "unreachable")
            assert_public_pages_work(site)
            # PostgreSQL's own time limits do not run now, so this page waits.
            assert not waiting.done()
        assert waiting.result().status_code == 200
    assert Visitor(site).see("/health/").status_code == 200
    assert "no response in time" in log() and "Traceback" not in log()


def test_a_server_that_cannot_be_reached_is_given_up(site):
    """A server with a full queue drops new connections, as a firewall does."""
    with socket.socket() as server, ExitStack() as queue:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        url = f"postgres://u:p@127.0.0.1:{server.getsockname()[1]}/n"
        env = site.variables | {"DATABASE_URL": url}
        headers = {
            "Host": "localhost",
            "X-Forwarded-Proto": "https",
            "Cookie": "sessionid=abcdefgh",
        }
        answer, output = ask(python_of(site.project), site.project, PRIVATE, env, **headers)
    assert answer["status"] == 503
    # Without a limit, it would be "Connection timed out", after more than two minutes.
    assert "timeout expired" in output and "Traceback" not in output


def sign_up(site):
    """Fill in and submit the sign-up form."""
    password = {"password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}
    visitor = Visitor(site)
    page = visitor.see("/accounts/signup/")
    return visitor.submit(page, "/signup/", username="alan", email="alan@example.com", **password)


def test_a_read_only_database_is_reported(site, database, ada, log):
    with database.read_only():
        assert_public_pages_work(site)
        assert ada.see(PRIVATE).status_code == 200
        for path in ("/accounts/login/", "/admin/login/"):
            assert_unavailable(log_in(Visitor(site), path))
        assert_unavailable(sign_up(site))
        health = Visitor(site).see("/health/")
        assert (health.status_code, health.json()["database"]) == (503, "read-only")
    assert log_in(Visitor(site)).status_code == 302
    assert Visitor(site).see("/health/").status_code == 200
    assert "read-only transaction" in log() and "Traceback" not in log()
