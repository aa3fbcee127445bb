"""Test how the web server of a project responds, logs and shuts down."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from tests.helpers import free_port, production, python_of, run
from tests.preflight.rehearsal import append, built_site
from tests.project.live import QUICK_HASHER

VIEWS = """

def slow(request):
    import time
    from django.http import HttpResponse

    print("slow begins", flush=True)
    time.sleep(1.5)
    return HttpResponse("slow and complete")


def deny(request):
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied


urlpatterns += [path("slow/", slow), path("deny/", deny)]
"""
CRASH = """

def crash(environ, start_response, application=application):
    if environ["PATH_INFO"].startswith("/crash/"):
        raise RuntimeError
    return application(environ, start_response)


application = crash
"""
ROUTED = {"Host": "x.herokuapp.com", "X-Forwarded-Proto": "https", "X-Request-Id": "id-1"}


@pytest.fixture
def site(tmp_path):
    """Return a project with its static files collected, a slow page and one that denies access."""
    project = shutil.copytree(built_site() / "site", tmp_path / "site")
    append(project, "config/urls.py", VIEWS)
    return project


def environment_of(proved, **variables):
    """Return a dyno's environment with the programs of the proved project."""
    path = f"{python_of(proved[0]).parent}{os.pathsep}{os.defpath}"
    return production(**{"PATH": path, "WEB_CONCURRENCY": "2"} | variables)


@contextmanager
def serve(site, proved, command="", **variables):
    """Run the Procfile's web command or another one; yield the process, its port and its log."""
    port = free_port()
    web = re.search(r"(?m)^web: (.*)$", (site / "Procfile").read_text(encoding="utf-8"))[1]
    env = environment_of(proved, PORT=str(port), **variables)
    log = site.parent / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (command.format(port=port) or web).split(),
            cwd=site,
            env=env,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                get(port, "/health/")
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield process, port, log
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def get(port, path, connection=None):
    """Request a page, over a new connection or an open one; return the response and its body."""
    link = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    response = send(link, path)
    if not connection:
        link.close()
    return response


def send(link, path, method="GET", body=None, **headers):
    """Send a request over a connection; return the response and its body."""
    link.request(method, path, body, ROUTED | {k.replace("_", "-"): v for k, v in headers.items()})
    response = link.getresponse()
    return response, response.read()


def replace(site, name, old, new):
    """Replace a line of a file."""
    text = (site / name).read_text(encoding="utf-8")
    assert text.count(f"{old}\n") == 1
    (site / name).write_text(text.replace(f"{old}\n", f"{new}\n"), encoding="utf-8")


def wait_for_line(log, text, count=1):
    """Wait until a log contains a text a number of times; return the whole log."""
    deadline = time.monotonic() + 30
    while log.read_text().count(text) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return log.read_text()


def test_sigterm_stops_the_server_soon_and_requests_in_progress_finish(proved, site):
    # Times that no busy machine reaches: a server that waits for all of the second one fails.
    linger = "gthread.STOP_KEEPALIVE_LINGER = "
    replace(site, "config/worker.py", f"{linger}1.0", f"{linger}3.0")
    replace(site, "gunicorn.conf.py", "graceful_timeout = 20", "graceful_timeout = 90")
    with serve(site, proved) as (process, port, log):
        idle = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(8)]
        for connection in idle:
            assert get(port, "/", connection)[0].status == 200
        answers = []
        workers = [
            threading.Thread(target=lambda: answers.append(get(port, "/slow/"))) for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        wait_for_line(log, "slow begins", count=4)
        os.killpg(process.pid, signal.SIGTERM)
        # The router sends requests over open connections until the server closes them.
        meanwhile = [get(port, "/", connection)[0] for connection in idle[:4]]
        process.wait(timeout=60)
        for worker in workers:
            worker.join()
        for connection in idle:
            connection.close()
    assert [answer.status for answer in meanwhile] == [200] * 4
    assert [(a.status, body) for a, body in answers] == [(200, b"slow and complete")] * 4


def test_idle_connections_stay_open_for_the_router(proved, site):
    with serve(site, proved) as (_, port, _log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        first, _ = get(port, "/", connection)
        assert first.headers.get("Connection", "keep-alive").lower() == "keep-alive"
        time.sleep(3)
        # By default, gunicorn would have closed it after 2 seconds.
        assert get(port, "/", connection)[0].status == 200
        connection.close()


def test_a_log_line_is_logfmt_with_the_request_id_and_without_the_query(proved, site):
    with serve(site, proved) as (_, port, log):
        get(port, "/robots.txt?token=secret")
        text = wait_for_line(log, "robots")
    line = next(line for line in text.splitlines() if "robots" in line)
    assert re.fullmatch(
        r'method=GET path="/robots.txt" status=200 bytes=\d+ duration_ms=\d+ request_id=id-1', line
    )


def test_a_visitor_cannot_fake_a_log_line(proved, site):
    forged = "/a%0Amethod=POST%20path=%22/admin/%22%20status=200%0A%1b[31mred"
    with serve(site, proved) as (_, port, log):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        send(link, forged, X_Request_Id='a" status=200')
        link.close()
        text = wait_for_line(log, "%0Amethod")
    assert not re.search(r"(?m)^method=POST", text)
    assert "\x1b" not in text
    assert 'path="/a%0Amethod=POST' in text
    assert 'request_id=a"' not in text


def test_an_error_outside_of_django_is_logged_without_the_query_and_tokens(proved, site):
    append(site, "config/wsgi.py", CRASH)
    with serve(site, proved) as (_, port, log):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        response, _ = send(link, f"/crash/abc-{'0' * 32}/?email=secret")
        assert response.status == 500
        text = wait_for_line(log, "status=500")
    assert "Error handling request GET /crash/***/\n" in text and "RuntimeError" in text
    assert "secret" not in text and "0" * 32 not in text


def test_static_files_are_compressed_and_cached_for_a_year(proved, site):
    with serve(site, proved) as (_, port, _log):
        page = get(port, "/")[1].decode()
        path = re.search(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', page)[1]
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        answer, _ = send(link, path, Accept_Encoding="gzip")
        link.close()
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_404_is_logged_once(proved, site):
    with serve(site, proved) as (_, port, log):
        assert get(port, "/missing/")[0].status == 404
        text = wait_for_line(log, "/missing/")
    assert text.count("/missing/") == 1 and 'path="/missing/" status=404' in text
    assert "django.request" not in text


def test_the_development_server_logs_a_404_once(proved, site):
    runserver = "python manage.py runserver --noreload {port}"
    with serve(site, proved, runserver, DEBUG="true", PYTHONUNBUFFERED="1") as (_, port, log):
        missing = get(port, "/missing/")[0]
        assert missing.status == 404
        # Django's page for developers has its styles in the page.
        assert "Content-Security-Policy" not in missing.headers
        assert "Content-Security-Policy" in get(port, "/")[0].headers
        text = wait_for_line(log, "/missing/")
    assert text.count("/missing/") == 1 and '"GET /missing/ HTTP/1.1" 404' in text


def test_error_pages_do_not_need_the_static_files(proved, site):
    manifest = site / "staticfiles/staticfiles.json"
    collected = json.loads(manifest.read_text(encoding="utf-8"))
    del collected["paths"]["css/site.css"]
    manifest.write_text(json.dumps(collected), encoding="utf-8")
    append(site, "config/settings.py", "\nAXES_FAILURE_LIMIT = 1\n" + QUICK_HASHER)
    database = shutil.copyfile(built_site() / "db.sqlite3", site.parent / "db.sqlite3")
    token = "x" * 32
    form = {
        "method": "POST",
        "body": "username=ada&password=wrong",
        "Content_Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={token}",
        "Referer": f"https://{ROUTED['Host']}/",
    }
    requests = {
        400: ("/", {"Host": "another.example.com"}),
        403: ("/deny/", {}),
        404: ("/missing/", {}),
        413: ("/", form | {"Content_Length": str(1024**3)}),
        429: ("/accounts/login/", form | {"X_CSRFToken": token}),
        # The home page uses the style sheet.
        500: ("/", {}),
    }
    with serve(site, proved, DATABASE_URL=f"sqlite:///{database}") as (_, port, log):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for status, (path, options) in requests.items():
            response, body = send(link, path, **options)
            link.close()
            assert (response.status, f"<code>{status}</code>" in body.decode()) == (status, True)
            assert body.decode().rstrip().endswith("</html>")
        response, body = send(link, "/accounts/login/", **form)
        assert response.status == 403 and b"expired" in body
        link.close()
        text = log.read_text()
    assert "ValueError: Missing staticfiles manifest entry for 'css/site.css'" in text


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_the_site_does_not_start_without_its_variables(proved, site, server):
    env = environment_of(proved, PORT="0")
    for name in ("SECRET_KEY", "DATABASE_URL"):
        del env[name]
    command = {
        "wsgi": ["gunicorn", "--config", "gunicorn.conf.py", "config.wsgi"],
        "asgi": ["python", "-c", "import config.asgi"],
    }[server]
    program = python_of(proved[0]).with_name(command[0])
    ended = run([program, *command[1:]], site, env, timeout=60)
    assert ended.status != 0
    # The message comes last, after the traceback, and has all problems.
    error, _, message = ended.output.rpartition("ImproperlyConfigured: ")
    assert "Traceback" in error and "Traceback" not in message
    for name, fix in (
        ("SECRET_KEY", "heroku config:set SECRET_KEY="),
        ("DATABASE_URL", "heroku addons:create heroku-postgresql"),
    ):
        assert f"{name} is not set." in message and fix in message
    assert not re.search(r'(?m)^ +File "', message)


# asgiref is a dependency of Django.
ASGI = """
import asyncio
from asgiref.testing import ApplicationCommunicator
from config.asgi import application

async def get(path):
    headers = [(b"host", b"x.herokuapp.com"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path,
             "query_string": b"", "headers": headers}
    server = ApplicationCommunicator(application, scope)
    await server.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await server.receive_output(timeout=10)
    body = await server.receive_output(timeout=10)
    await server.wait()
    print(path, start["status"], body["body"].decode())

for path in ("/", "/missing/"):
    asyncio.run(get(path))
"""


def test_the_asgi_application_responds(proved, site):
    ended = run([python_of(proved[0]), "-c", ASGI], site, environment_of(proved))
    assert ended.status == 0, ended.output
    home, _, missing = ended.output.partition("/missing/ ")
    assert "/ 200 <!doctype html>" in home and home.rstrip().endswith("</html>")
    assert missing.startswith("404 <!doctype html>")


def test_gunicorn_accepts_its_configuration(proved, site):
    gunicorn = python_of(proved[0]).with_name("gunicorn")
    command = [gunicorn, "--check-config", "--config", "gunicorn.conf.py", "config.wsgi"]
    checked = run(command, site, production())
    assert checked.status == 0, checked.output
