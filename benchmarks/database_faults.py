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
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import free_port, production, python_of, run  # noqa: E402
from tests.project.database import Database  # noqa: E402
from tests.project.live import read_procfile, web_process  # noqa: E402

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
        headers = {
            "Host": "localhost",
            "X-Forwarded-Proto": "https",
            "Referer": "https://localhost/",
            "Cookie": f"sessionid=abcdefgh; csrftoken={'x' * 32}",
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


def watch(site: Site, seconds: float) -> dict[str, str]:
    """Visit the home page and the health check again and again; return the longest times."""
    longest: dict[str, list] = {"/": [], "/health/": []}
    deadline = time.monotonic() + seconds

    def repeat(path: str) -> None:
        while time.monotonic() < deadline:
            longest[path].append(site.visit(path))
            time.sleep(0.2)

    threads = [threading.Thread(target=repeat, args=[path]) for path in longest]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {path: summary(answers) for path, answers in longest.items()}


def gone(site: Site, database: Database) -> list[str]:
    """Stop the server, visit, and start it again."""
    before = site.lines()
    with database.gone():
        answers = [site.visit(site.page) for _ in range(VISITORS)]
        lines = (site.lines() - before) / VISITORS
        home, health = summary([site.visit("/")]), summary([site.visit("/health/")])
    return ["gone", summary(answers), home, health, f"{lines:.0f}", site.recovery()]


def locked(site: Site, database: Database) -> list[str]:
    """Lock a table while several requests use it."""
    before = site.lines()
    with ThreadPoolExecutor(VISITORS) as pool:
        with database.locked(site.table):
            waiting = [pool.submit(site.visit, site.page) for _ in range(VISITORS)]
            seen = watch(site, LOCKED)
        recovery = site.recovery()
        answers = [one.result() for one in waiting]
    lines = (site.lines() - before) / VISITORS
    fault = f"table locked for {LOCKED} s"
    return [fault, summary(answers), seen["/"], seen["/health/"], f"{lines:.0f}", recovery]


def suspended(site: Site, database: Database, visitors: int) -> list[str]:
    """Suspend the server while requests use it."""
    with ThreadPoolExecutor(VISITORS) as pool:
        # Open a connection in each thread first.
        wait([pool.submit(site.visit, site.page) for _ in range(VISITORS)])
        before = site.lines()
        with database.suspended():
            waiting = [pool.submit(site.visit, site.page) for _ in range(visitors)]
            seen = watch(site, SUSPENDED)
        recovery = site.recovery()
        answers = [one.result() for one in waiting]
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
    with web_process(project, env, log):
        yield Site(project, port, log)


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
                    for row in (
                        gone(site, database),
                        locked(site, database),
                        suspended(site, database, 1),
                        suspended(site, database, VISITORS),
                        read_only(site, database),
                    ):
                        print(f"| {' | '.join(row)} |", flush=True)
            finally:
                database.close()


if __name__ == "__main__":
    main()
