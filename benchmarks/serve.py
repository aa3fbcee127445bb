"""Compare how fast this template's project and other projects serve pages.

    python3 -m uv run --with matplotlib python benchmarks/serve.py --pgs ../python-getting-started

The projects take turns in each round, so that other load on the machine affects all of them:

* the default project of this template, with Django 5.2 and 6.1, and with django-allauth,
* heroku/python-getting-started from a local checkout, in a copy that has the admin switched on,
* a plain `django-admin startproject` with WhiteNoise, on the default settings of gunicorn,
* the default project on granian instead of gunicorn, which shows what another server reaches.

All use the same PostgreSQL server, two processes, and gunicorn's access log, as on Heroku. Needs
wrk, PostgreSQL and Linux. Writes a report with medians to docs/serving.md, a plot beside it, and
the most important rows to README.md.
"""

import argparse
import http.client
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from preflight.postgres import find_binaries  # noqa: E402
from tests.helpers import (  # noqa: E402
    SHARED,
    environment_with,
    find_new_python,
    free_port,
    production,
    render,
    run,
)
from tests.preflight.postgres import execute, postgres  # noqa: E402

HOST = "bench.herokuapp.com"
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Request-Id": "benchmark"}
# The same small page in every project. It runs all middleware and all context processors. Its URL
# is the first, so that the number of other URLs makes no difference.
SAME_PAGE = """

from django.http import HttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402

TEMPLATE = engines["django"].from_string("<!doctype html><title>{{ title }}</title><p>Hello.")


def same_page(request):
    return HttpResponse(TEMPLATE.render({"title": "The same page"}, request))


urlpatterns.insert(0, path("same/", same_page))
"""
PLAIN_SETTINGS = """
import os  # noqa: E402
import dj_database_url  # noqa: E402
DEBUG = False
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": dj_database_url.config()}
STATIC_ROOT = BASE_DIR / "staticfiles"
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""
# Create a superuser, and print the key of a session and the URL of a style sheet.
PREPARE = """
from django.contrib.auth import get_user_model
from django.templatetags.static import static
from django.test import Client
user = get_user_model().objects.create_superuser("bench", "bench@example.com", "a-long-password")
client = Client()
client.force_login(user)
print("session", client.cookies["sessionid"].value)
print("style", static("admin/css/base.css"))
"""
PLAIN_WEB = "gunicorn config.wsgi --workers 2"
GRANIAN_WEB = (
    "granian --interface wsgi --workers 2 --blocking-threads 4 --host 0.0.0.0 --port $PORT "
    "--access-log config.wsgi:application"
)
# Each row: what is measured, and its unit.
ROWS = {
    "start": ("first 200 after the start", "s"),
    "cold": ("the small page, first 2 seconds", "requests/s"),
    "same": ("the small page", "requests/s"),
    "same_p99": ("its 99th percentile", "ms"),
    "single": ("the small page, 1 connection", "requests/s"),
    "admin_login": ("the login page of the admin", "requests/s"),
    "admin_index": ("the index of the admin, logged in", "requests/s"),
    "style": ("a style sheet with a hash", "requests/s"),
    "idle": ("memory (PSS), idle", "MB"),
    "loaded": ("memory (PSS), after the load", "MB"),
    "stop": ("SIGTERM with an idle kept connection", "s"),
}
THROUGHPUT = ["same", "single", "admin_login", "admin_index", "style"]
# The columns and rows in README.md, and the comments around them.
SHORT_COLUMNS = ["this template", "getting-started", "plain"]
SHORT_ROWS = [*THROUGHPUT, "start", "loaded", "stop"]
SHORT_START, SHORT_END = "<!-- benchmarks/serve.py writes this -->", "<!-- until here -->"


@dataclass
class Stack:
    """A project that is built and released, and how it is started."""

    name: str
    project: Path
    python: Path
    web: str
    env: dict[str, str] = field(repr=False)
    session: str = ""
    style: str = ""

    def manage(self, *arguments: str) -> str:
        """Run a management command; return its output."""
        ended = run([self.python, "manage.py", *arguments], self.project, self.env)
        assert ended.status == 0, ended.output
        return ended.output

    def release(self) -> None:
        """Collect the static files, migrate, and log in."""
        self.manage("collectstatic", "--noinput")
        self.manage("migrate", "--noinput")
        printed = self.manage("shell", "-v", "0", "-c", PREPARE)
        self.session = re.search(r"session (\S+)", printed)[1]
        self.style = re.search(r"style (\S+)", printed)[1]


def add_same_page(project: Path) -> None:
    """Add the small page to the root URLs of a project."""
    settings = next(project.glob("*/settings.py"))
    with (settings.parent / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write(SAME_PAGE)


def web_command(project: Path) -> str:
    """Return the command in the web line of a project's Procfile."""
    procfile = (project / "Procfile").read_text(encoding="utf-8")
    return re.search(r"(?m)^web: *(.*)$", procfile)[1]


def requirements_of(project: Path) -> list[str]:
    """Return the lines of a project's requirements.txt."""
    return (project / "requirements.txt").read_text(encoding="utf-8").splitlines()


def of_this_template(folder: Path, python: Path, **answers) -> tuple[Path, Path, str]:
    """Render a project; return its folder, a Python with its packages, and its web command."""
    project = render(folder, project_slug="site", **answers)
    python = environment_with([*requirements_of(project), "granian"], python)
    return project, python, web_command(project)


def plain(folder: Path, python: Path, requirements: list[str]) -> tuple[Path, Path, str]:
    """Create a plain project; return its folder, a Python with its packages, and a web command."""
    packages = ("django==", "gunicorn==", "whitenoise==", "psycopg2-binary==", "dj-database-url==")
    needed = [line for line in requirements if line.lower().startswith(packages)]
    python = environment_with(needed, python)
    project = folder / "site"
    project.mkdir(parents=True)
    command = [python, "-m", "django", "startproject", "config", project]
    ended = run(command, folder)
    assert ended.status == 0, ended.output
    with (project / "config/settings.py").open("a", encoding="utf-8") as settings:
        settings.write(PLAIN_SETTINGS)
    return project, python, PLAIN_WEB


def with_admin(checkout: Path, folder: Path, python: Path) -> tuple[Path, Path, str]:
    """Copy a checkout of python-getting-started, and switch on the admin and the database."""
    project = shutil.copytree(checkout, folder / "site", ignore=shutil.ignore_patterns(".git"))
    for name, line in (
        ("settings.py", '"django.contrib.admin",'),
        ("urls.py", "from django.contrib import admin"),
        ("urls.py", 'path("admin/", admin.site.urls),'),
    ):
        path = project / "gettingstarted" / name
        text = path.read_text(encoding="utf-8")
        assert f"# {line}" in text, f"{path} has no commented line {line}"
        path.write_text(text.replace(f"# {line}", line), encoding="utf-8")
    python = environment_with([*requirements_of(project), "psycopg[binary]"], python)
    return project, python, web_command(project)


def build_stacks(folder: Path, checkout: Path, server: str) -> list[Stack]:
    """Build and release all projects, each with its own database."""
    python = find_new_python()
    ours, packages, web = of_this_template(folder / "ours", python)
    on_granian = shutil.copytree(ours, folder / "granian/site")
    made = {
        "this template": (ours, packages, web),
        "getting-started": with_admin(checkout, folder / "getting-started", python),
        "plain": plain(folder / "plain", python, requirements_of(ours)),
        "with Django 6.1": of_this_template(folder / "new", python, django_version="6.1"),
        "with allauth": of_this_template(folder / "allauth", python, accounts="allauth"),
        "on granian": (on_granian, packages, GRANIAN_WEB),
    }
    stacks = []
    for number, (name, (project, python, web)) in enumerate(made.items()):
        add_same_page(project)
        execute(server, f"CREATE DATABASE bench_{number}")
        env = production(
            PATH=f"{python.parent}{os.pathsep}{os.defpath}",
            DATABASE_URL=urlunsplit(urlsplit(server)._replace(path=f"/bench_{number}")),
            WEB_CONCURRENCY="2",
            GUNICORN_CMD_ARGS="--access-logfile -",
            DYNO="web.1",
        )
        # The variable of python-getting-started, which otherwise has another key in each process.
        env["DJANGO_SECRET_KEY"] = env["SECRET_KEY"]
        stacks.append(Stack(name, project, python, web, env))
        stacks[-1].release()
    return stacks


@contextmanager
def started(stack: Stack, log: Path) -> Iterator[tuple[subprocess.Popen, int, float]]:
    """Start a project; yield its process, its port, and the seconds until it answered with 200."""
    port = free_port()
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {stack.web}"],
            cwd=stack.project,
            env=stack.env | {"PORT": str(port)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while fetch(port, "/same/") != 200:
            late = time.perf_counter() - began > 30
            assert process.poll() is None and not late, log.read_text(encoding="utf-8")
            time.sleep(0.005)
        yield process, port, time.perf_counter() - began
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def fetch(port: int, path: str, cookie: str = "") -> int | None:
    """Return the status of a page, or None if nothing listens on the port."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path, headers=HEADERS | {"Cookie": cookie})
        return link.getresponse().status
    except OSError:
        return None
    finally:
        link.close()


def load(port: int, path: str, seconds: float, connections: int = 32, cookie: str = "") -> dict:
    """Return the requests per second and the 99th percentile in ms that wrk measures."""
    assert fetch(port, path, cookie) == 200
    headers = HEADERS | ({"Cookie": cookie} if cookie else {})
    options = [option for item in headers.items() for option in ("-H", ": ".join(item))]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", *options]
    ended = run([*command, f"http://127.0.0.1:{port}{path}"], ROOT)
    assert ended.status == 0 and "Non-2xx" not in ended.output, ended.output
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", ended.output).groups()
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", ended.output)[1]),
        "p99": float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit],
    }


def memory(leader: int) -> float:
    """Return the memory of all processes of a session in MB: the PSS, which counts shared once."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == leader:
                rollup = (folder / "smaps_rollup").read_text(encoding="ascii")
                total += int(re.search(r"(?m)^Pss:\s+(\d+)", rollup)[1])
        except (OSError, ProcessLookupError):
            continue
    return total / 1024


def seconds_to_stop(process: subprocess.Popen, port: int) -> float:
    """Return how long the server needs to stop while a client keeps an idle connection open."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", "/same/", headers=HEADERS)
    link.getresponse().read()
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    link.close()
    return time.perf_counter() - began


def measure(stack: Stack, seconds: float, log: Path) -> dict[str, float]:
    """Start a project, and return one value for each row."""
    with started(stack, log) as (process, port, start):
        # gunicorn starts the second process up to 0.1 s after the first, which would get all
        # connections of the load generator.
        time.sleep(0.2)
        idle = memory(process.pid)
        cold = load(port, "/same/", 2)
        same = load(port, "/same/", seconds)
        rates = {
            "single": load(port, "/same/", seconds, connections=1),
            "admin_login": load(port, "/admin/login/", seconds),
            "admin_index": load(port, "/admin/", seconds, cookie=f"sessionid={stack.session}"),
            "style": load(port, stack.style, seconds),
        }
        loaded = memory(process.pid)
        stop = seconds_to_stop(process, port)
    return {
        "start": start,
        "cold": cold["rate"],
        "same": same["rate"],
        "same_p99": same["p99"],
        **{name: measured["rate"] for name, measured in rates.items()},
        "idle": idle,
        "loaded": loaded,
        "stop": stop,
    }


def shown(value: float) -> str:
    """Return a figure with three digits or all digits before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def describe(python_version: str, rounds: int, seconds: float) -> str:
    """Return a sentence that says when, how and on what machine the values were measured."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"(?m)^model name\s*: (.+)$", cpuinfo)
    processor = f" ({model[1].strip()})" if model else ""
    return (
        f"Measured on {datetime.now(UTC):%d %B %Y} with `benchmarks/serve.py`: {rounds} rounds, "
        f"{seconds:g} s for each value, {os.cpu_count()} cores{processor} shared with the load "
        f"generator, {platform.system()}, Python {python_version}."
    )


def table(measured: dict, names: list[str], rows: list[str], spread: bool) -> list[str]:
    """Return the lines of a table with the medians, and the lowest and highest value below each."""
    lines = ["| | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for row in rows:
        title, unit = ROWS[row]
        cells = []
        for name in names:
            values = measured[name][row]
            cells.append(shown(statistics.median(values)))
            if spread:
                cells[-1] += f"<br><small>{shown(min(values))} – {shown(max(values))}</small>"
        lines.append(f"| {title}, {unit} | " + " | ".join(cells) + " |")
    return lines


def report(measured: dict, description: str, plot: str) -> str:
    """Return the report as Markdown."""
    lines = [
        "# How fast a project serves pages",
        "",
        description,
        "",
        "Each cell is the median of the rounds. Below it are the lowest and the highest value.",
        "",
        f"![Requests per second]({plot})",
        "",
        *table(measured, list(measured), list(ROWS), spread=True),
    ]
    lines += ["", "This template as a share of the others, as the median of the rounds:", ""]
    others = SHORT_COLUMNS[1:]
    lines += ["| | " + " | ".join(others) + " |", "| --- |" + " --- |" * len(others)]
    for row in THROUGHPUT:
        ours = measured["this template"][row]
        shares = [
            statistics.median(a / b for a, b in zip(ours, measured[name][row], strict=True))
            for name in others
        ]
        lines.append(f"| {ROWS[row][0]} | " + " | ".join(f"{x:.2f}" for x in shares) + " |")
    return "\n".join(lines) + "\n"


def update_readme(path: Path, measured: dict, description: str) -> None:
    """Replace the table in a README with the most important rows."""
    start, _, rest = path.read_text(encoding="utf-8").partition(SHORT_START)
    _, found, end = rest.partition(SHORT_END)
    assert found, f"{path} has no {SHORT_START} and {SHORT_END}"
    lines = ["", "", *table(measured, SHORT_COLUMNS, SHORT_ROWS, spread=False), "", description, ""]
    path.write_text(start + SHORT_START + "\n".join(lines) + SHORT_END + end, encoding="utf-8")


def draw(measured: dict, path: Path) -> None:
    """Draw the requests per second of all projects as bars, with their spread."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(THROUGHPUT), figsize=(14, 4), layout="constrained")
    for axis, row in zip(axes, THROUGHPUT, strict=True):
        for name, values in measured.items():
            middle = statistics.median(values[row])
            spread = [[middle - min(values[row])], [max(values[row]) - middle]]
            axis.bar(name, middle, yerr=spread, capsize=3)
        axis.set_title(ROWS[row][0], fontsize=9, wrap=True)
        axis.tick_params(axis="x", rotation=90, labelsize=8)
        axis.tick_params(axis="y", labelsize=8)
    axes[0].set_ylabel("requests/s")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Read the options, measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pgs", type=Path, required=True, help="checkout of getting-started")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (5)")
    parser.add_argument("--seconds", type=float, default=5, help="load for each value (5)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/serving.md")
    options = parser.parse_args()
    measured = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as temporary, postgres(find_binaries(), tls=True) as server:
        folder = Path(temporary)
        os.environ[SHARED] = temporary
        stacks = build_stacks(folder, options.pgs.resolve(), server)
        for number in range(options.rounds):
            # Start with another project in each round.
            first = number % len(stacks)
            for stack in stacks[first:] + stacks[:first]:
                values = measure(stack, options.seconds, folder / "web.log")
                print(f"round {number + 1}: {stack.name}: {values}", file=sys.stderr, flush=True)
                for row, value in values.items():
                    measured[stack.name][row].append(value)
        ordered = {stack.name: measured[stack.name] for stack in stacks}
        version = run([stacks[0].python, "-V"], folder).output.split()[-1]
    plot = options.output.with_suffix(".svg")
    draw(ordered, plot)
    description = describe(version, options.rounds, options.seconds)
    text = report(ordered, description, plot.name)
    options.output.write_text(text, encoding="utf-8")
    update_readme(ROOT / "README.md", ordered, description)
    print(text)


if __name__ == "__main__":
    main()
