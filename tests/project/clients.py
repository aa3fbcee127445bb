"""Clients that are slow, or that are connected while a server stops."""

import http.client
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ROUTED = {"Host": "x.herokuapp.com", "X-Forwarded-Proto": "https"}
HEADERS = "".join(f"{name}: {value}\r\n" for name, value in ROUTED.items())
LENGTH = "Content-Length: 100000\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
COOKIE = f"""Cookie: csrftoken={"x" * 32}\r
Referer: https://x.herokuapp.com/\r
Content-Type: application/x-www-form-urlencoded\r
"""
# What each kind of slow client sends at once. After that, it sends a byte per second.
SLOW = {
    "silent": "",
    "headers": f"GET / HTTP/1.1\r\n{HEADERS}X-Slow: ",
    "GET body": f"GET / HTTP/1.1\r\n{HEADERS}{LENGTH}\r\n",
    # Django reads the body, because there is a cookie to compare with the form.
    "POST body": f"POST /accounts/login/ HTTP/1.1\r\n{HEADERS}{COOKIE}{LENGTH}\r\n",
    # Django does not read the body.
    "unread body": f"POST / HTTP/1.1\r\n{HEADERS}{LENGTH}\r\n",
    "chunked body": f"POST / HTTP/1.1\r\n{HEADERS}{CHUNKED}\r\n9999\r\n",
}


@contextmanager
def slow_clients(port: int, kind: str, count: int) -> Iterator[Callable[[], int]]:
    """Keep slow clients connected; yield a function that returns how many still are."""
    links, done = [], threading.Event()
    for _ in range(count):
        link = socket.create_connection(("127.0.0.1", port), timeout=30)
        link.sendall(SLOW[kind].encode())
        link.setblocking(False)
        links.append(link)

    def trickle() -> None:
        waiting = selectors.DefaultSelector()
        for link in links:
            waiting.register(link, selectors.EVENT_READ)
        while not done.is_set():
            end = time.monotonic() + 1
            while (left := end - time.monotonic()) > 0 and not done.is_set():
                for key, _ in waiting.select(min(left, 0.1)):
                    if not received(key.fileobj):
                        waiting.unregister(key.fileobj)
                        key.fileobj.close()
            for link in links:
                try:
                    if kind != "silent":
                        link.send(b"x")
                except OSError:
                    pass

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield lambda: sum(link.fileno() >= 0 for link in links)
    finally:
        done.set()
        thread.join()
        for link in links:
            link.close()


def received(link: socket.socket) -> bytes:
    """Return what a server has sent; nothing if it has closed the connection."""
    try:
        return link.recv(65536)
    except OSError:
        return b""


def visit(port: int, path: str = "/", timeout: float = 60) -> float | None:
    """Return how long a new visitor waits for a page, in seconds; None without a page."""
    began = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        link.request("GET", path, headers=ROUTED)
        response = link.getresponse()
        response.read()
        return time.monotonic() - began if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        link.close()


def visit_for(port: int, seconds: float, every: float = 0.5) -> list[tuple[float, float | None]]:
    """Send a visitor at regular intervals; return when each came and how long it waited."""
    visits, threads, began = [], [], time.monotonic()

    def one() -> None:
        came = time.monotonic() - began
        visits.append((came, visit(port)))

    while time.monotonic() - began < seconds:
        threads.append(threading.Thread(target=one))
        threads[-1].start()
        time.sleep(every)
    for thread in threads:
        thread.join()
    return sorted(visits)


class BusyClients:
    """Visitors that request one page after the other over connections that are kept open.

    Each stops when a response says that the connection will be closed, as a router does. `lazy`
    ones keep their side open until `join`, as clients with a pool of connections may do.
    """

    def __init__(self, port: int, count: int, path: str = "/", lazy: bool = False) -> None:
        self.port, self.path = port, path
        self.may_close = threading.Event()
        if not lazy:
            self.may_close.set()
        # What happened to the requests: "complete", or "cut" if a response is missing.
        self.seen: Counter[str] = Counter()
        self.last_response = 0.0
        self.threads = [threading.Thread(target=self.request_pages) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def request_pages(self) -> None:
        """Request pages over one connection until the server closes it."""
        request = f"GET {self.path} HTTP/1.1\r\n{HEADERS}\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=40) as link:
            while True:
                try:
                    link.sendall(request)
                    response = http.client.HTTPResponse(link, method="GET")
                    response.begin()
                    response.read()
                except (OSError, http.client.HTTPException):
                    self.seen["cut"] += 1
                    return
                self.seen["complete"] += 1
                self.last_response = time.monotonic()
                if response.headers.get("Connection", "").lower() == "close":
                    break
            self.may_close.wait()

    def join(self) -> None:
        """Let the lazy ones close their side, and wait for the end of all."""
        self.may_close.set()
        for thread in self.threads:
            thread.join()


def connect_until_refused(port: int, seconds: float) -> Counter[str]:
    """Open connections until the server refuses them; return what happened to each.

    "reset" means that a connection was opened but its request had no response. "refused" ones are
    not counted: a router tries another process then.
    """
    seen: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            link = socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            break
        with link:
            try:
                link.sendall(f"GET / HTTP/1.1\r\n{HEADERS}Connection: close\r\n\r\n".encode())
                seen["answered" if link.recv(100) else "reset"] += 1
            except OSError:
                seen["reset"] += 1
    return seen
