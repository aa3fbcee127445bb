"""What visitors of a site see while its database fails, and how soon it works again.

    python3 -m uv run python benchmarks/database_faults.py FOLDER...

Each folder is a project with a Procfile and a .venv with its packages: one of this template, or
heroku/python-getting-started. Each runs as a dyno does, with gunicorn, 2 processes and PostgreSQL.
Prints a Markdown table for each project.
"""

import argparse
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import free_port, production, python_of, run  # noqa: E402
from tests.project.database import Database  # noqa: E402
from tests.project.live import read_procfile  # noqa: E402

# How many requests wait at the same time. There are 8 threads.
VISITORS = 12
# How many seconds a fault lasts.
LOCKED, SUSPENDED = 20, 12


class Site:
    """A running project: a page that needs the database, a table that it uses, and the log."""

    def __init__(self, project: Path, port: int, log: Path) -> None:
        self.port, self.log = port, log
        self.page, self.table, self.login = "/accounts/profile/", "django_session", True
        if (project / "hello/views.py").exists():
            self.page, self.table, self.login = "/db/", "hello_greeting", False

    def visit(self, path: str, body: str | None = None) -> tuple[str, float]:
        """Request a page; return the status, or the error, and the seconds."""
        began = time.monotonic()
        headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}
        if path == self.page:
            headers["Cookie"] = "sessionid=abcdefgh"
        if body:
            headers |= {
                "Referer": "https://localhost/",
                "Cookie": f"csrftoken={'x' * 32}",
                "X-CSRFToken": "x" * 32,
                "Content-Type": "application/x-www-form-urlencoded",
            }
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            link.request("POST" if body else "GET", path, body, headers)
            answer = link.getresponse()
            answer.read()
            retry = ", Retry-After" if answer.getheader("Retry-After") else ""
            return f"{answer.status}{retry}", time.monotonic() - began
        except OSError as error:
            return type(error).__name__, time.monotonic() - began
        finally:
            link.close()

    def write(self) -> tuple[str, float]:
        """Send a request that changes the database."""
        if self.login:
            return self.visit("/admin/login/", "username=grace&password=wrong")
        return self.visit(self.page)

    def lines(self) -> int:
        """Return how many lines the log has, without those of the access log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return len([line for line in lines if not re.search(r'method=|" \d{3} |GET /', line)])

    def recovery(self) -> str:
        """Return how many seconds it takes until the page works again."""
        began = time.monotonic()
        while self.visit(self.page)[0] not in {"200", "302"}:
            time.sleep(0.05)
        return f"{time.monotonic() - began:.1f} s"


def summary(answers: list[tuple[str, float]]) -> str:
    """Return how often each status came, and the longest time."""
    statuses = [status for status, _ in answers]
    counted = ", ".join(f"{statuses.count(s)} x {s}" for s in sorted(set(statuses)))
    return f"{counted} in at most {max(seconds for _, seconds in answers):.1f} s"


@contextmanager
def watching(site: Site) -> Iterator[dict[str, str]]:
    """Visit the home page and the health check again and again; yield how long they took."""
    answers: dict[str, list] = {"/": [], "/health/": []}
    summaries: dict[str, str] = {}
    ended = threading.Event()

    def repeat(path: str) -> None:
        while not ended.wait(0.2):
            answers[path].append(site.visit(path))

    threads = [threading.Thread(target=repeat, args=[path]) for path in answers]
    for thread in threads:
        thread.start()
    yield summaries
    ended.set()
    for thread in threads:
        thread.join()
    summaries |= {path: summary(found) for path, found in answers.items()}


def gone(site: Site, database: Database) -> list[str]:
    """Stop the server, visit, and start it again."""
    before = site.lines()
    with database.gone():
        answers = [site.visit(site.page) for _ in range(VISITORS)]
        lines = (site.lines() - before) / VISITORS
        home, health = summary([site.visit("/")]), summary([site.visit("/health/")])
    return ["gone", summary(answers), home, health, f"{lines:.0f}", site.recovery()]


def waiting(site: Site, fault, seconds: float, visitors: int) -> tuple[list, dict, str]:
    """Let visitors open the page during a fault; return their answers and those of others."""
    with ThreadPoolExecutor(visitors) as pool, watching(site) as seen:
        with fault:
            answers = [pool.submit(site.visit, site.page) for _ in range(visitors)]
            time.sleep(seconds)
        recovery = site.recovery()
    return [answer.result() for answer in answers], seen, recovery


def locked(site: Site, database: Database) -> list[str]:
    """Lock a table while several requests use it."""
    before = site.lines()
    answers, seen, recovery = waiting(site, database.locked(site.table), LOCKED, VISITORS)
    lines = (site.lines() - before) / VISITORS
    fault = f"table locked for {LOCKED} s"
    return [fault, summary(answers), seen["/"], seen["/health/"], f"{lines:.0f}", recovery]


def suspended(site: Site, database: Database, visitors: int) -> list[str]:
    """Suspend the server while requests use it."""
    # Open a connection in each thread first.
    with ThreadPoolExecutor(VISITORS) as pool:
        wait([pool.submit(site.visit, site.page) for _ in range(VISITORS)])
    before = site.lines()
    answers, seen, recovery = waiting(site, database.suspended(), SUSPENDED, visitors)
    lines = (site.lines() - before) / visitors
    fault = f"suspended for {SUSPENDED} s, {visitors} visitors"
    return [fault, summary(answers), seen["/"], seen["/health/"], f"{lines:.0f}", recovery]


def read_only(site: Site, database: Database) -> list[str]:
    """Make the database read-only."""
    before = site.lines()
    with database.read_only():
        answers = [site.write() for _ in range(VISITORS)]
        home, health = summary([site.visit("/")]), summary([site.visit("/health/")])
        lines = (site.lines() - before) / VISITORS
    return ["read-only", summary(answers), home, health, f"{lines:.0f}", site.recovery()]


@contextmanager
def running(project: Path, database: Database, folder: Path):
    """Build, release and start a project; yield it as a site."""
    port, log = free_port(), folder / "web.log"
    env = production(
        PATH=f"{python_of(project).parent}{os.pathsep}{os.defpath}",
        PORT=str(port),
        WEB_CONCURRENCY="2",
        DATABASE_URL=database.url,
        ALLOWED_HOSTS="localhost",
        DYNO="web.1",
    )
    for command in ("python manage.py collectstatic --noinput", read_procfile(project, "release")):
        ended = run(["sh", "-c", command], project, env)
        assert ended.status == 0, ended.output
    site = Site(project, port, log)
    command = read_procfile(project, "web").split()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=project, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while site.visit("/")[0] != "200":
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield site
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    """Read the options, break the database of each project, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, help="projects with a .venv")
    for project in parser.parse_args().folders:
        print(f"\n{project.name}\n")
        print("| fault | pages with the database | home page | `/health/` | log lines | recovery |")
        print("| --- | --- | --- | --- | --- | --- |")
        with tempfile.TemporaryDirectory() as folder:
            database = Database(tls=None)
            try:
                with running(project.resolve(), database, Path(folder)) as site:
                    for fault in (
                        gone,
                        locked,
                        partial(suspended, visitors=1),
                        partial(suspended, visitors=VISITORS),
                        read_only,
                    ):
                        print(f"| {' | '.join(fault(site, database))} |", flush=True)
            finally:
                database.close()


if __name__ == "__main__":
    main()
