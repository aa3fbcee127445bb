"""Run a generated project as in production: gunicorn behind TLS, and with a mail server.

`Front` takes the place of Heroku's router: it terminates TLS and adds the router's headers.
"""

import asyncio
import email.message
import email.policy
import http.client
import os
import re
import signal
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.helpers import (
    Ended,
    environment_with,
    find_new_python,
    free_port,
    production,
    python_of,
    render,
    run,
)

SUPERUSER = {
    "DJANGO_SUPERUSER_USERNAME": "grace",
    "DJANGO_SUPERUSER_EMAIL": "grace@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "a-nanosecond-is-this-long",
}
# In production, hashing a password takes half a second, and these tests hash hundreds of them.
QUICK_HASHER = """
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402

PBKDF2PasswordHasher.iterations = 1000
"""
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"}


def installed(folder: Path, **answers) -> Path:
    """Render a project with a .venv that has the production packages; return its folder."""
    project = render(folder, project_slug="site", project_name="Harbour Library", **answers)
    requirements = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    python = environment_with(requirements, find_new_python())
    (project / ".venv").symlink_to(python.parent.parent)
    with (project / "config/settings.py").open("a", encoding="utf-8") as settings:
        settings.write(QUICK_HASHER)
    return project


class Mailbox:
    """An SMTP server that requires TLS and a password, and keeps the messages."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.messages: list[email.message.EmailMessage] = []
        self.context, self.port = context, free_port()
        # While this is not set, each message has to wait.
        self.accepts = threading.Event()
        self.accepts.set()

    def start(self) -> None:
        """Start the server."""
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=self.context,
            require_starttls=True,
            auth_required=True,
            authenticator=self.authenticate,
        )
        self.controller.start()

    def stop(self) -> None:
        """Stop the server, unless it has been stopped. It can start again at the same port."""
        if not self.controller.loop.is_closed():
            self.controller.stop()

    def authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        """Accept a login with the right password."""
        return AuthResult(success=(data.login, data.password) == (b"user", b"password"))

    async def handle_DATA(self, server, session, envelope) -> str:
        """Keep a message."""
        while not self.accepts.is_set():
            await asyncio.sleep(0.01)
        content = envelope.content
        self.messages.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 OK"

    @property
    def url(self) -> str:
        """The EMAIL_URL of this server."""
        return f"smtp://user:password@localhost:{self.port}"

    def wait_for(self, address: str, count: int = 1) -> list[email.message.EmailMessage]:
        """Wait for a number of messages to an address, and return them."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = [message for message in self.messages if message["To"] == address]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{len(found)} mails to {address} instead of {count}")

    def link_to(self, address: str) -> str:
        """Return the link in the last message to an address."""
        text = self.wait_for(address)[-1].get_content()
        return re.findall(r"https://\S+", text)[-1]


class Front(ThreadingHTTPServer):
    """A server that terminates TLS and forwards requests with the headers of Heroku's router."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context: ssl.SSLContext, upstream: int) -> None:
        super().__init__(("127.0.0.1", 0), Relay)
        self.upstream = upstream
        # The visitor's IP address, as the router would report it.
        self.visitor = "203.0.113.7"
        # The connection's own thread does the handshake, so that it does not block others.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request, client_address) -> None:
        """Ignore a browser that closes the connection early."""


class Relay(BaseHTTPRequestHandler):
    """A connection from a visitor."""

    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        """Forward a request, and return the response."""
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        claimed = self.headers.get("X-Forwarded-For")
        headers |= {
            "Host": self.headers["Host"],
            "X-Forwarded-For": ", ".join(filter(None, [claimed, self.server.visitor])),
            "X-Forwarded-Proto": "https",
            "X-Request-Id": "front-1",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        ) as link:
            link.request(self.command, self.path, body, headers)
            answer = link.getresponse()
            content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = relay


@dataclass
class Site:
    """A running site, with its address, its messages and its log."""

    project: Path
    url: str
    authority: Path
    front: Front
    mailbox: Mailbox
    log: Path
    process: subprocess.Popen
    variables: dict[str, str] = field(repr=False)

    def manage(self, *arguments: str) -> Ended:
        """Run a management command in the site's environment."""
        command = [python_of(self.project), "manage.py", *arguments]
        return run(command, self.project, self.variables)

    def python(self, code: str) -> str:
        """Run code in Django's shell; return its output."""
        ended = self.manage("shell", "-v", "0", "-c", code)
        assert ended.status == 0, ended.output
        return ended.output


@contextmanager
def running(project: Path, processes: int = 2, **variables: str) -> Iterator[Site]:
    """Build, release and start a project as its Procfile says; yield the site."""
    folder = Path(tempfile.mkdtemp(prefix="live-", dir=project.parent))
    authority = trustme.CA()
    pem = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    mailbox = Mailbox(context)
    # At once: a connection of another process may take a free port.
    mailbox.start()
    own = {
        "PATH": f"{python_of(project).parent}{os.pathsep}{os.defpath}",
        "WEB_CONCURRENCY": str(processes),
        "DATABASE_URL": f"sqlite:///{folder / 'live.sqlite3'}",
        "ALLOWED_HOSTS": "localhost",
        "EMAIL_URL": mailbox.url,
        "SSL_CERT_FILE": str(pem),
    }
    env = production(**(own | SUPERUSER | variables))
    env = {name: value for name, value in env.items() if value}
    try:
        release = read_procfile(project, "release")
        for command in ("python manage.py collectstatic --noinput", release):
            ended = run(["sh", "-c", command], project, env)
            assert ended.status == 0, ended.output
        log = folder / "web.log"
        port = free_port()
        with serving(Front(context, port)) as front:
            env["PORT"] = str(port)
            with web_process(project, env, log) as process:
                url = f"https://localhost:{front.server_address[1]}"
                yield Site(project, url, pem, front, mailbox, log, process, env)
    finally:
        mailbox.stop()


@contextmanager
def serving(front: Front) -> Iterator[Front]:
    """Let a router serve, and stop it at the end."""
    threading.Thread(target=front.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield front
    finally:
        front.shutdown()
        front.server_close()


def read_procfile(project: Path, kind: str) -> str:
    """Return the command of a process type."""
    procfile = (project / "Procfile").read_text(encoding="utf-8")
    return re.search(rf"(?m)^{kind}: (.*)$", procfile)[1]


@contextmanager
def web_process(project: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen]:
    """Run the web process of a project on the port in its environment."""
    command = read_procfile(project, "web").split()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=project, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until_it_answers(process, int(env["PORT"]), log)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    """Wait until the web process responds to a health check."""
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/health/")
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            link.close()
