"""Measure what a visitor notices of slow clients, of a restart, and of 20,000 requests.

    python3 -m uv run python benchmarks/faults.py before=/path/to/site after=/path/to/another

Each project needs a .venv and a Procfile. It runs as on a dyno: gunicorn with two processes, and
PostgreSQL. The measurements of several projects run at the same time, because they mostly wait.
`--only slow`, `stop` or `memory` runs one of them.
"""

import argparse
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from preflight.postgres import find_binaries  # noqa: E402
from tests.helpers import free_port, production, python_of, run  # noqa: E402
from tests.preflight.postgres import execute, postgres  # noqa: E402
from tests.project.clients import (  # noqa: E402
    ROUTED,
    SLOW,
    BusyClients,
    connect_until_refused,
    slow_clients,
    visit,
    visit_for,
)

# A page that takes 3 seconds, which is added to the project.
PAGE = """

def wait(request):
    import time
    from django.http import HttpResponse

    time.sleep(3)
    return HttpResponse("complete")


from django.urls import path as page_at  # noqa: E402

urlpatterns += [page_at("wait/", wait)]
"""


class Server:
    """A project that runs in a copy of its folder."""

    def __init__(self, project: Path, folder: Path, url: str) -> None:
        ignored = shutil.ignore_patterns(".git", ".preflight", "__pycache__", ".env")
        self.folder = shutil.copytree(project, folder / "site", symlinks=True, ignore=ignored)
        settings = re.search(
            r"DJANGO_SETTINGS_MODULE['\"], ['\"](\w+)", (self.folder / "manage.py").read_text()
        )[1]
        with (self.folder / settings / "urls.py").open("a", encoding="utf-8") as urls:
            urls.write(PAGE)
        self.env = production(
            PATH=f"{python_of(project).absolute().parent}{os.pathsep}{os.defpath}",
            DATABASE_URL=url,
            WEB_CONCURRENCY="2",
            # What Heroku and its buildpack set.
            DYNO="web.1",
            FORWARDED_ALLOW_IPS="*",
            GUNICORN_CMD_ARGS="--access-logfile -",
            PYTHONUNBUFFERED="true",
        )
        procfile = (self.folder / "Procfile").read_text(encoding="utf-8")
        self.web = re.search(r"(?m)^web: *(.*)$", procfile)[1]
        release = re.search(r"(?m)^release: *(.*)$", procfile)
        for command in ("python manage.py collectstatic --noinput", release and release[1]):
            ended = run(["sh", "-c", command or "true"], self.folder, self.env)
            assert ended.status == 0, ended.output

    @contextmanager
    def running(self):
        """Start the web process and stop it in the end; yield the process and its port."""
        port = free_port()
        with (self.folder / "web.log").open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {self.web}"],
                cwd=self.folder,
                env=self.env | {"PORT": str(port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + 30
            while visit(port, timeout=5) is None:
                assert time.monotonic() < deadline, (self.folder / "web.log").read_text()
                time.sleep(0.1)
            yield process, port
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure_slow_clients(server: Server, kind: str, count: int) -> str:
    """Return what visitors notice while slow clients are connected, for a minute."""
    with server.running() as (_, port), slow_clients(port, kind, count) as connected:
        visits = visit_for(port, 60)
        left = connected()
    waits = [60 if wait is None else wait for _, wait in visits]
    slow = [came + wait for (came, _), wait in zip(visits, waits, strict=True) if wait > 1]
    within = sum(wait <= 1 for wait in waits) / len(waits)
    recovered = f"{max(slow):.0f} s" if slow else "0 s"
    return f"{within:.0%} | {max(waits):.1f} s | {recovered} | {left}"


def measure_stop(server: Server, path: str, lazy: bool) -> str:
    """Return what happens to 32 busy visitors when the server is asked to stop."""
    with server.running() as (process, port):
        busy = BusyClients(port, 32, path, lazy)
        time.sleep(2)
        new = []
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGTERM)
        prober = threading.Thread(target=lambda: new.append(connect_until_refused(port, 25)))
        prober.start()
        process.wait(40)
        gone = time.monotonic()
        busy.join()
        prober.join()
    after = max(gone - busy.last_response, 0)
    answered, reset = new[0]["answered"], new[0]["reset"]
    cut = busy.seen["cut"]
    return f"{cut} | {gone - began:.1f} s | {after:.1f} s | {answered} answered, {reset} reset"


def measure_idle_stop(server: Server) -> str:
    """Return how long a server with idle connections takes to stop."""
    with server.running() as (process, port), slow_clients(port, "silent", 8):
        links = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(8)]
        for link in links:
            link.request("GET", "/", headers=ROUTED)
            link.getresponse().read()
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(40)
        for link in links:
            link.close()
    return f"{time.monotonic() - began:.1f} s"


def memory(process: subprocess.Popen) -> float:
    """Return the proportional set size of a process and its children, in MB."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    total = 0
    for pid in [str(process.pid), *children]:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"(?m)^Pss: +(\d+)", rollup)[1])
    return total / 1024


def measure_memory(server: Server) -> str:
    """Return the memory after 0, 500, 5,000, 10,000 and 20,000 requests."""
    pages = ["/", "/accounts/login/", "/accounts/signup/", "/missing/", "/admin/login/", "/health/"]
    found = []
    with server.running() as (process, port), ThreadPoolExecutor(8) as pool:
        done = 0
        for total in (0, 500, 5000, 10_000, 15_000, 20_000):
            list(pool.map(lambda n: visit(port, pages[n % len(pages)]), range(done, total)))
            done = total
            found.append(f"{memory(process):.0f}")
    return " | ".join(found)


def main() -> None:
    """Read the options, measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("projects", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--only", choices=["slow", "stop", "memory"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, postgres(find_binaries(), tls=True) as url:
        servers = {}
        for project in options.projects:
            name, _, path = project.partition("=")
            folder = Path(temporary, name)
            folder.mkdir()
            execute(url, f'CREATE DATABASE "{name}"')
            own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
            servers[name] = Server(Path(path).resolve(), folder, own)

        def measure(function, *arguments) -> None:
            with ThreadPoolExecutor(len(servers)) as pool:
                rows = pool.map(lambda server: function(server, *arguments), servers.values())
                for name, row in zip(servers, rows, strict=True):
                    what = " ".join(map(str, arguments))
                    print(f"| {name} | {what}{' | ' if what else ''}{row} |", flush=True)

        if options.only in (None, "slow"):
            print("\n| project | clients | pages within 1 s | longest wait | recovered | left |")
            print("| --- | --- | --- | --- | --- | --- |")
            for kind in SLOW:
                for count in (7, 50, 200):
                    measure(measure_slow_clients, kind, count)
        if options.only in (None, "stop"):
            print("\n| project | path, lazy | cut | gone | after the last response | new |")
            print("| --- | --- | --- | --- | --- | --- |")
            for path in ("/", "/wait/"):
                for lazy in (False, True):
                    measure(measure_stop, path, lazy)
            print("\n| project | gone, with idle connections |\n| --- | --- |")
            measure(measure_idle_stop)
        if options.only in (None, "memory"):
            print("\n| project | 0 | 500 | 5,000 | 10,000 | 15,000 | 20,000 |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            measure(measure_memory)


if __name__ == "__main__":
    main()
