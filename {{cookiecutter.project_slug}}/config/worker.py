"""gunicorn's worker with threads, which no slow client can keep busy for long.

gunicorn waits for each client without a time limit, because it expects a proxy that reads slow
requests first. Heroku's router only does that for the headers, not for the body:
https://devcenter.heroku.com/articles/http-routing#request-buffering
"""

import select
import socket
import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ

from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers import gthread

# How many seconds a request may take to arrive, from its first byte to the last one of its body.
REQUEST_DEADLINE = 20

# How many seconds a process that stops keeps idle connections open, because a request may be on
# its way. gunicorn's own value is 2.
gthread.STOP_KEEPALIVE_LINGER = 1.0


class DeadlineUnreader(SocketUnreader):
    """Reads a request until its deadline, and after that only what has already arrived."""

    def chunk(self, size_hint=None):
        """Return data from the client. Raise NoMoreData, an OSError, if none comes in time."""
        if not self.readable:
            waiting = select.poll()
            waiting.register(self.sock, select.POLLIN)
            if not waiting.poll(max(self.deadline - time.monotonic(), 0) * 1000):
                raise NoMoreData(b"the deadline of the request")
        self.readable = False
        return super().chunk(size_hint)


class Worker(gthread.ThreadWorker):
    """A process that answers requests in threads."""

    def enqueue_req(self, conn):
        """Hand a connection to a thread. A new connection has to send something first."""
        if conn.initialized:
            # The time in the queue counts. Otherwise, many slow requests would end one by one.
            unreader = conn.parser.unreader
            unreader.deadline = time.monotonic() + REQUEST_DEADLINE
            # Unless gunicorn has read a part of this request already, a part has just arrived.
            unreader.readable = not unreader.buf.getvalue()
            return super().enqueue_req(conn)
        conn.init()
        conn.parser.unreader = DeadlineUnreader(conn.sock)
        # The kernel ends the connection if the client reads nothing for this long. Unlike
        # settimeout(), this takes no time in each request. Only Linux has it, and only for TCP.
        with suppress(AttributeError, OSError):
            option, milliseconds = socket.TCP_USER_TIMEOUT, REQUEST_DEADLINE * 1000
            conn.sock.setsockopt(socket.IPPROTO_TCP, option, milliseconds)
        # gunicorn waits up to 2 seconds for the client to close its side, and meanwhile the process
        # accepts no connection.
        conn.close = lambda graceful=False, sock=conn.sock: sock.close()
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))

    def handle_request(self, req, conn):
        """Answer a request, unless the client stops reading the response."""
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise NoMoreData(b"the client does not read") from None

    def _keepalive_after(self, conn, keepalive):
        """Return whether to keep a connection: not if it still holds, or owes, much of the body."""
        conn.parser.unreader.deadline = 0
        return keepalive and conn.parser.finish_body(max_bytes=64 * 1024)

    def set_accept_enabled(self, enabled):
        """When the process stops, accept the connections that wait already, and refuse new ones.

        gunicorn lets new ones wait until the process has ended, which resets them.
        """
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            listeners, self.sockets = self.sockets, []
            for listener in listeners:
                for _ in range(self.cfg.backlog):
                    self.accept(listener)
                listener.close()
