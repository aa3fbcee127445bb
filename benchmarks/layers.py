"""Measure what each part of a project adds to the time of a request, and to the start.

    python3 -m uv run python benchmarks/layers.py --rounds 15

Each variant leaves out one middleware, context processor or signal receiver of the default project.
It runs in its own process, which handles requests for a small page without a server in between. The
variants take turns, so that other load on the machine affects all of them. Then the log line of a
request and the imports at the start are measured. Prints Markdown tables.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import (  # noqa: E402
    SHARED,
    environment_with,
    find_new_python,
    production,
    render,
    run,
)

# Runs in the project. Reads a number of requests per line, and prints how many seconds they took.
WORKER = """
import os, sys, time
import django
from django.conf import settings

without = os.environ["WITHOUT"]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != without]
options = settings.TEMPLATES[0]["OPTIONS"]
options["context_processors"] = [n for n in options["context_processors"] if n != without]
django.setup()
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.urls import path
import config.urls

template = engines["django"].from_string("<!doctype html><title>{{ title }}</title><p>Hello.")


def same_page(request):
    return HttpResponse(template.render({"title": "The same page"}, request))


config.urls.urlpatterns.append(path("same/", same_page))


def name_of(receiver):
    function = receiver() if hasattr(receiver, "__callback__") else receiver
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"


for kind in ("request_started", "request_finished"):
    signal = getattr(signals, kind)
    live = signal._live_receivers(None)[0]
    for receiver in live:
        if os.environ.get("LIST"):
            print(f"{kind}: {name_of(receiver)}")
        elif f"{kind}: {name_of(receiver)}" == without:
            assert signal.disconnect(receiver)
if os.environ.get("LIST"):
    for name in [*settings.MIDDLEWARE, *options["context_processors"]]:
        print(name)
    sys.exit()

handler = WSGIHandler()
request = RequestFactory(headers={"host": "site.herokuapp.com", "x-forwarded-proto": "https"})
environ = request.get("/same/").environ


def handle():
    def start_response(status, headers):
        assert status == "200 OK", status

    response = handler(dict(environ), start_response)
    b"".join(response)
    response.close()


for line in sys.stdin:
    began = time.perf_counter()
    for _ in range(int(line)):
        handle()
    print(time.perf_counter() - began, flush=True)
"""

# Runs in the project: the log line of one request, as gunicorn and as the project write it.
LOG = """
import datetime, io, runpy, timeit
from types import SimpleNamespace
from gunicorn.config import Config
from gunicorn.glogging import Logger

conf = runpy.run_path("gunicorn.conf.py")
headers = [("Content-Type", "text/html; charset=utf-8"), ("X-Frame-Options", "DENY")] * 5
sent = SimpleNamespace(status="200 OK", sent=4000, headers=headers)
got = SimpleNamespace(headers=[("HOST", "site.herokuapp.com"), ("USER-AGENT", "Mozilla")] * 5)
environ = {
    "REQUEST_METHOD": "GET", "RAW_URI": "/accounts/login/", "PATH_INFO": "/accounts/login/",
    "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "QUERY_STRING": "",
    "HTTP_X_REQUEST_ID": "5c0b2c1c-0f4c-4f0a-9c1c-1f5c0b2c1c0f",
    **{f"HTTP_HEADER_{number}": "value" for number in range(15)},
}
spent = datetime.timedelta(milliseconds=3)
for name, kind, options in (
    ("gunicorn's own", Logger, {"accesslog": "-"}),
    ("the project's", conf["logger_class"], {"accesslog": "-", **{
        key: conf[key] for key in ("access_log_format",) if key in conf}}),
):
    config = Config()
    for key, value in options.items():
        config.set(key, value)
    logger = kind(config)
    logger.access_log.handlers[0].setStream(io.StringIO())
    best = min(timeit.repeat(lambda: logger.access(sent, got, environ, spent), number=2000))
    print(f"{name}: {best / 2000 * 1e6:.1f}")
"""


def list_parts(python: Path, project: Path, env: dict[str, str]) -> list[str]:
    """Return the parts that can be left out."""
    ended = run([python, "-c", WORKER], project, env | {"WITHOUT": "", "LIST": "yes"})
    assert ended.status == 0, ended.output
    return ended.output.splitlines()


def measure(python: Path, project: Path, env: dict, rounds: int, requests: int) -> dict:
    """Return the microseconds per request of each round, by the part that was left out."""
    parts = list_parts(python, project, env)
    workers = {
        part: subprocess.Popen(
            [python, "-c", WORKER],
            cwd=project,
            env=env | {"WITHOUT": part},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for part in ["", *parts]
    }
    measured = defaultdict(list)
    for number in range(rounds + 1):
        for part, worker in list(workers.items()):
            print(requests, file=worker.stdin, flush=True)
            line = worker.stdout.readline()
            if not line:
                # Other parts need this one: without sessions, for example, no user can be found.
                workers.pop(part).communicate()
            elif number:
                measured[part].append(float(line) / requests * 1e6)
    for worker in workers.values():
        worker.communicate()
    return measured


def list_imports(python: Path, project: Path, env: dict[str, str]) -> dict[str, float]:
    """Return the milliseconds that each package needs to be imported, without what it imports."""
    code = "import config.wsgi"
    packages = defaultdict(float)
    ended = run([python, "-X", "importtime", "-c", code], project, env)
    assert ended.status == 0, ended.output
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", ended.output):
        first, _, rest = name.partition(".")
        packages[f"django.{rest.split('.')[0]}" if first == "django" else first] += int(own) / 1000
    return packages


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="measured rounds (15)")
    parser.add_argument("--requests", type=int, default=400, help="requests in a round (400)")
    parser.add_argument("answers", nargs="*", help="answers, such as accounts=allauth")
    options = parser.parse_args()
    answers = dict(answer.split("=") for answer in options.answers)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[SHARED] = folder
        project = render(Path(folder), project_slug="site", **answers)
        lines = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
        python = environment_with(lines, find_new_python())
        env = production(DATABASE_URL=f"sqlite:///{folder}/db.sqlite3")
        env["DJANGO_SETTINGS_MODULE"] = "config.settings"
        for command in ("collectstatic", "migrate"):
            assert run([python, "manage.py", command, "--noinput"], project, env).status == 0
        measured = measure(python, project, env, options.rounds, options.requests)
        everything = statistics.median(measured[""])
        print(f"A request takes {everything:.0f} µs without a server.\n")
        print("| without | adds, µs | share |\n| --- | --- | --- |")
        costs = {
            part: statistics.median(
                whole - rest for whole, rest in zip(measured[""], values, strict=True)
            )
            for part, values in measured.items()
            if part and values
        }
        for part, cost in sorted(costs.items(), key=lambda item: -item[1]):
            print(f"| `{part}` | {cost:.1f} | {cost / everything:.1%} |")
        ended = run([python, "-c", LOG], project, env)
        print("\n| log line | µs |\n| --- | --- |")
        for name, spent in re.findall(r"(?m)^(.+): ([\d.]+)$", ended.output):
            print(f"| {name} | {spent} |")
        assert ended.status == 0, ended.output
        print("\n| imported at the start | ms |\n| --- | --- |")
        ranked = sorted(list_imports(python, project, env).items(), key=lambda item: -item[1])
        for name, spent in ranked[:20]:
            print(f"| `{name}` | {spent:.0f} |")


if __name__ == "__main__":
    main()
