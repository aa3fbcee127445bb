"""The real web server of a project: how it answers, logs, and leaves."""

import http.client
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
from tests.preflight.rehearsal import built_site

ROUTED = {"Host": "x.herokuapp.com", "X-Forwarded-Proto": "https", "X-Request-Id": "id-1"}


@pytest.fixture
def site(tmp_path):
    """Return a project with one slow page, its static files collected."""
    project = shutil.copytree(built_site() / "site", tmp_path / "site")
    urls = project / "config/urls.py"
    urls.write_text(
        urls.read_text(encoding="utf-8")
        + "\n\ndef slow(request):\n"
        + "    import time\n    from django.http import HttpResponse\n\n"
        + "    time.sleep(1.5)\n    return HttpResponse('slow and complete')\n\n\n"
        + "urlpatterns.append(path('slow/', slow))\n",
        encoding="utf-8",
    )
    return project


@contextmanager
def serve(site, proved, **variables):
    """Run the Procfile's web command as a dyno does; give the process, its port and its log."""
    port = free_port()
    command = re.search(r"(?m)^web: (.*)$", (site / "Procfile").read_text(encoding="utf-8"))[1]
    path = f"{python_of(proved[0]).parent}{os.pathsep}{os.defpath}"
    env = production(PATH=path, PORT=str(port), WEB_CONCURRENCY="2", **variables)
    log = site.parent / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.split(), cwd=site, env=env, stdout=output, stderr=output, start_new_session=True
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
    """Ask for a page, over a connection that is kept if one is given."""
    link = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    link.request("GET", path, headers=ROUTED)
    answer = link.getresponse()
    body = answer.read()
    if not connection:
        link.close()
    return answer, body


def test_it_leaves_soon_after_sigterm_and_answers_what_it_works_on(proved, site):
    with serve(site, proved) as (process, port, _):
        idle = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(8)]
        for connection in idle:
            assert get(port, "/", connection)[0].status == 200
        answers = []
        workers = [
            threading.Thread(target=lambda: answers.append(get(port, "/slow/"))) for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        time.sleep(0.5)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.2)
        # The router sends requests over the connections that it keeps, until it is told not to.
        meanwhile = [get(port, "/", connection)[0] for connection in idle[:4]]
        process.wait(timeout=30)
        seconds = time.monotonic() - began
        for worker in workers:
            worker.join()
        for connection in idle:
            connection.close()
    assert [answer.status for answer in meanwhile] == [200] * 4
    assert [(a.status, body) for a, body in answers] == [(200, b"slow and complete")] * 4
    # gunicorn before 27 waits for its whole graceful timeout of 20 s.
    assert seconds < 10


def test_connections_are_kept_longer_than_the_router_keeps_them(proved, site):
    with serve(site, proved) as (_, port, _log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        first, _ = get(port, "/", connection)
        assert first.headers.get("Connection", "keep-alive").lower() == "keep-alive"
        time.sleep(3)
        # gunicorn's default would have closed it after 2 s.
        assert get(port, "/", connection)[0].status == 200
        connection.close()


def test_a_line_of_the_log_is_logfmt_with_the_routers_id_and_no_query(proved, site):
    with serve(site, proved) as (_, port, log):
        get(port, "/robots.txt?token=secret")
        deadline = time.monotonic() + 10
        while "robots" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
    line = next(line for line in log.read_text().splitlines() if "robots" in line)
    assert re.fullmatch(
        r'method=GET path="/robots.txt" status=200 bytes=\d+ duration_ms=\d+ request_id=id-1', line
    )


def test_a_visitor_cannot_write_lines_of_the_log(proved, site):
    forged = "/a%0Amethod=POST%20path=%22/admin/%22%20status=200%0A%1b[31mred"
    with serve(site, proved) as (_, port, log):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.request("GET", forged, headers=ROUTED | {"X-Request-Id": 'a" status=200'})
        link.getresponse().read()
        link.close()
        deadline = time.monotonic() + 10
        while "%0Amethod" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
    text = log.read_text()
    assert not re.search(r"(?m)^method=POST", text)
    assert "\x1b" not in text
    assert 'path="/a%0Amethod=POST' in text
    assert 'request_id=a"' not in text


def test_static_files_are_compressed_and_cached_for_a_year(proved, site):
    with serve(site, proved) as (_, port, _log):
        page = get(port, "/")[1].decode()
        path = re.search(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', page)[1]
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.request("GET", path, headers=ROUTED | {"Accept-Encoding": "gzip"})
        answer = link.getresponse()
        answer.read()
        link.close()
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_boot_without_its_variables_ends_with_a_message_and_no_traceback(proved, site):
    path = f"{python_of(proved[0]).parent}{os.pathsep}{os.defpath}"
    env = {"PATH": path, "PORT": "0", "PYTHON_DOTENV_DISABLED": "1"}
    command = ["gunicorn", "--config", "gunicorn.conf.py", "config.wsgi"]
    program = str(python_of(proved[0]).with_name("gunicorn"))
    ended = run([program, *command[1:]], site, env, timeout=60)
    assert ended.status != 0
    assert "SECRET_KEY is not set." in ended.output
    assert "Traceback" not in ended.output


def test_gunicorn_accepts_its_configuration(proved, site):
    gunicorn = python_of(proved[0]).with_name("gunicorn")
    command = [gunicorn, "--check-config", "--config", "gunicorn.conf.py", "config.wsgi"]
    checked = run(command, site, production())
    assert checked.status == 0, checked.output
