"""Test that slow clients do not keep the server busy, and that it stops without cutting requests.

No assertion depends on a time: a server that waits for these clients would wait much longer than
the time-outs.
"""

import http.client
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.project.clients import HEADERS, ROUTED, SLOW, BusyClients, slow_clients, visit
from tests.project.test_server import replace, serve, site, wait_for_line  # noqa: F401

# A new connection that sends nothing kept a thread busy for 5 seconds.
COUNT = dict.fromkeys(SLOW, 16) | {"silent": 200}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_do_not_stop_the_site(proved, site, kind):  # noqa: F811
    replace(site, "config/worker.py", "REQUEST_DEADLINE = 20", "REQUEST_DEADLINE = 3")
    with serve(site, proved) as (_, port, log):
        with slow_clients(port, kind, COUNT[kind]):
            assert visit(port, timeout=45) is not None
        # The site neither failed nor filled the log.
        assert visit(port, timeout=45) is not None
        assert "Traceback" not in log.read_text()


def test_clients_that_do_not_read_do_not_stop_the_site(proved, site):  # noqa: F811
    replace(site, "config/worker.py", "REQUEST_DEADLINE = 20", "REQUEST_DEADLINE = 3")
    with serve(site, proved) as (_, port, log):
        # The largest file of the admin.
        [script] = (site / "staticfiles/admin/js/vendor/xregexp").glob("xregexp.????????????.js")
        path = f"/static/{script.relative_to(site / 'staticfiles').as_posix()}"
        request = f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()
        links = []
        for _ in range(16):
            link = socket.socket()
            # The smaller the buffers, the sooner the server waits for the client.
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.settimeout(30)
            link.connect(("127.0.0.1", port))
            link.sendall(request * 40)
            links.append(link)
        # The first responses fit into the buffers. Then the threads wait, and log nothing more.
        before = -1
        while len(log.read_text()) > before:
            before = len(log.read_text())
            time.sleep(2)
        assert visit(port, timeout=45) is not None
        for link in links:
            link.close()
        assert "Traceback" not in log.read_text()


def test_a_body_that_arrives_in_parts_is_read(proved, site):  # noqa: F811
    form = b"username=ada&password=wrong"
    with (
        serve(site, proved) as (_, port, _log),
        socket.create_connection(("127.0.0.1", port), timeout=30) as link,
    ):
        link.sendall(f"POST /health/ HTTP/1.1\r\n{HEADERS}Content-Length: {len(form)}\r\n".encode())
        for part in (b"\r\n", form[:10], form[10:]):
            link.sendall(part)
        assert link.recv(100).startswith(b"HTTP/1.1 ")


def test_no_request_is_cut_when_the_server_stops(proved, site):  # noqa: F811
    with serve(site, proved) as (process, port, log):
        busy = BusyClients(port, 32, lazy=True)
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        idle.request("GET", "/robots.txt", headers=ROUTED)
        idle.getresponse().read()
        wait_for_line(log, "robots")
        with slow_clients(port, "silent", 8):
            os.killpg(process.pid, signal.SIGTERM)
            # The server does not wait for the clients, which only close their side after this.
            process.wait(timeout=15)
        busy.join()
        idle.close()
    assert busy.seen["complete"] >= 32 and not busy.seen["cut"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="This reads /proc.")
def test_connections_that_wait_when_the_server_stops_are_answered(proved, site):  # noqa: F811
    with serve(site, proved, WEB_CONCURRENCY="1") as (process, port, _log):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        [worker] = map(int, children.split())
        os.kill(worker, signal.SIGSTOP)
        waiting = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(20)]
        for link in waiting:
            link.sendall(f"GET / HTTP/1.1\r\n{HEADERS}\r\n".encode())
        os.killpg(process.pid, signal.SIGTERM)
        os.kill(worker, signal.SIGCONT)
        answers = [link.recv(15) for link in waiting]
        process.wait(timeout=30)
        for link in waiting:
            link.close()
    assert set(answers) == {b"HTTP/1.1 200 OK"}
