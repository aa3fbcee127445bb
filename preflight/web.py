"""The web phase: the Procfile's web process, visited the way Heroku's router would visit it."""

import http.client
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from preflight import (
    exceptions,
    explain,
    findings,
    heroku,
    import_names,
    memory,
    processes,
    procfile_checks,
    project_files,
    router,
)
from preflight.findings import Finding
from preflight.processes import Finished
from preflight.project_command import run_project
from preflight.router import Answer
from preflight.settings_checks import Facts, check_error_pages, predict_static, predict_visit
from preflight.steps import Failed, NotReached, Result, find_causes

# Serves the project where gunicorn cannot run, because Windows has no fcntl.
STAND_IN = """
import importlib, os, socketserver, sys
from wsgiref.simple_server import WSGIServer, make_server
class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
module, _, name = sys.argv[1].rpartition(".")
application = getattr(importlib.import_module(module), name)
make_server("127.0.0.1", int(os.environ["PORT"]), application, Server).serve_forever()
"""

# The configuration that gunicorn gets from its command line, its file and the environment.
TELL_THREADS = """
from gunicorn.app.wsgiapp import WSGIApplication
settings = WSGIApplication(prog="gunicorn").cfg
print(settings.workers, settings.threads)
"""

# Imports what the web line names, as its server would.
IMPORT_APPLICATION = """
import importlib, os, sys
sys.path.insert(0, os.getcwd())
module, _, name = sys.argv[1].partition(":")
getattr(importlib.import_module(module), name or "application")
"""
# The same, with a list of the lines that run, twice a second. It also shows an import without end.
SAMPLE_IMPORT = (
    "import faulthandler, sys\n"
    "faulthandler.dump_traceback_later(0.5, repeat=True, file=open(sys.argv.pop(), 'w'))\n"
    f"{IMPORT_APPLICATION}"
    "faulthandler.cancel_dump_traceback_later()\n"
)
# What the web line names for its server: package.wsgi, or module:name.
APPLICATION = r"(?<!\S)([\w.]+\.[aw]sgi(?::\w+)?|[A-Za-z_][\w.]*:[A-Za-z_]\w*)(?!\S)"

SHELL_WORDS = set(
    ". [ [[ case cd do done echo elif else esac export fi for if set source test then trap true "
    "wait while".split()
)
TRACEBACK = "Traceback (most recent call last)"
REDIRECTS = {301, 302, 303, 307, 308}
SESSIONS = "django_session"
BREAK_SESSIONS = f"ALTER TABLE {SESSIONS} RENAME TO preflight_session"
# What a page over HTTPS should send, with a part of the value, and the setting that sends it.
HEADERS = {
    "Strict-Transport-Security": ("max-age=", "SECURE_HSTS_SECONDS = 3600"),
    "X-Content-Type-Options": ("nosniff", "SECURE_CONTENT_TYPE_NOSNIFF = True"),
    "X-Frame-Options": ("", 'X_FRAME_OPTIONS = "DENY"'),
    "Referrer-Policy": ("", 'SECURE_REFERRER_POLICY = "same-origin"'),
}
# How many pages of a site are visited.
MOST_PAGES = 200


@dataclass(frozen=True)
class Mark:
    """A moment in the life of a site: the length of its log, and the time."""

    length: int
    time: float


START = Mark(0, 0.0)


@dataclass
class Site:
    """The web process of a project: started once, visited many times, stopped at the end."""

    tree: Path
    python: Path
    variables: dict[str, str]
    log: Path
    facts: Facts
    port: int = 0
    host: str = heroku.HOST
    # Whether the home page has answered, so that the rest can be visited.
    reachable: bool = True
    stand_in: bool = False
    server: subprocess.Popen[bytes] | None = None
    events: Path = field(init=False)
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = self.log.with_name("events")
        self.events.mkdir(exist_ok=True)

    def leave_out(self, sentence: str) -> str:
        """Note what could not be proved about this site; return what its step reports."""
        self.left_out.append(sentence)
        return "not proved, see below"

    @property
    def command(self) -> str:
        """The command of the web process."""
        return project_files.process_types(self.tree).get("web", "")

    @property
    def is_gunicorn(self) -> bool:
        """Whether the Procfile starts gunicorn."""
        return "gunicorn" in self.command

    @property
    def group(self) -> int:
        """The process group of the web process."""
        if not self.server:
            raise NotReached
        return self.server.pid

    def read_log(self) -> str:
        """Return what the web process has written."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def mark(self) -> Mark:
        """Return the present end of the log."""
        return Mark(len(self.read_log()), time.time())

    def as_finished(self, command: str, since: Mark = START) -> Finished:
        """Return the log from a mark on, and the exceptions since then, as a finished command.

        A failure is shown with what was written because of it, since other visits may have caused
        exceptions on purpose.
        """
        status = self.server.poll() if self.server else None
        output = self.read_log()[since.length :].replace(f"{self.tree}/", "")
        events = exceptions.read(self.events, self.tree, since.time)
        return Finished(command, status, output, 0.0, tuple(exceptions.diagnose(events)))


def check_process_types(tree: Path, path: str) -> str:
    """Return the process types; raise Failed for missing programs and ports that do not work.

    `path` is the PATH of a dyno. The router only reaches a web process at 0.0.0.0:$PORT:
    https://devcenter.heroku.com/articles/runtime-principles#web-servers
    """
    lines = project_files.process_lines(tree)
    if not lines:
        raise NotReached
    found = []
    for line in lines:
        if procfile_checks.starts_nothing(line.command):
            # The step of the rules reports it.
            continue
        for program in programs(line.command):
            # A program in bin/ may come with another buildpack.
            exists = (tree / program).exists() or program.startswith("bin/")
            if not exists and not shutil.which(program, path=path):
                package = import_names.package_of(program)
                found.append(
                    findings.PROGRAM_NOT_INSTALLED(
                        "Procfile", line.number, program=program, type=line.type, package=package
                    )
                )
        if line.type == "web":
            found += check_port(line, tree)
    if found:
        raise Failed(*found)
    return ", ".join(dict.fromkeys(line.type for line in lines))


def check_port(line: project_files.ProcessLine, tree: Path) -> list[Finding]:
    """Return what keeps the router from reaching the web process."""
    if "runserver" in line.command and "PORT" not in line.command:
        names = [path.relative_to(tree).as_posix() for path in tree.rglob("wsgi.py")]
        package = project_files.find_package(names)
        edit = findings.Edit("Procfile", line.number, "", "")
        if package != "FOLDER":
            text = project_files.read(tree / "Procfile").splitlines()[line.number - 1]
            new = text.replace(line.command, f"gunicorn {package}.wsgi")
            edit = findings.Edit("Procfile", line.number, text, new)
        server = findings.RUNSERVER("Procfile", line.number, package=package)
        return [replace(server, edits=(edit,) if edit.new else ())]
    bound = re.search(r"(?:-b|--bind)[ =]?(\S+)", line.command)
    if bound and (bound[1].startswith(("127.", "localhost")) or re.search(r":\d+$", bound[1])):
        shorter = re.sub(r"\s*" + re.escape(bound[0]), "", line.command, count=1)
        text = project_files.read(tree / "Procfile").splitlines()[line.number - 1]
        new = text.replace(line.command, shorter)
        edit = findings.Edit("Procfile", line.number, text, new)
        values = {"address": bound[1], "option": bound[0]}
        fixed = findings.FIXED_PORT("Procfile", line.number, **values)
        return [replace(fixed, edits=(edit,))]
    return check_bind(tree) if line.command.startswith("gunicorn") else []


def check_bind(tree: Path) -> list[Finding]:
    """Return the line of gunicorn.conf.py that binds the web process to another address."""
    lines = project_files.read(tree / "gunicorn.conf.py").splitlines(keepends=True)
    for number, text in enumerate(lines, 1):
        bound = re.match(r"bind\s*=\s*['\"]([^'\"]+)['\"]", text)
        if bound and (bound[1].startswith(("127.", "localhost")) or re.search(r":\d+$", bound[1])):
            edit = findings.Edit("gunicorn.conf.py", number, text, "")
            values = {"address": bound[1], "option": "the line"}
            return [replace(findings.FIXED_PORT(edit.file, number, **values), edits=(edit,))]
    return []


def programs(command: str) -> list[str]:
    """Return the programs that a command line starts, without those of the shell itself."""
    found = []
    for part in re.split(r"&&|\|\||;|\|", command):
        words = part.split()
        while words and (re.match(r"\w+=", words[0]) or words[0] in {"exec", "time", "(", "env"}):
            words.pop(0)
        plain = words and re.fullmatch(r"[\w./-]+", words[0])
        if plain and words[0] not in SHELL_WORDS:
            found.append(words[0])
    return found


def from_other_buildpack(tree: Path) -> str:
    """Return the program of the web line that another buildpack installs in bin/, or nothing."""
    started = programs(project_files.process_types(tree).get("web", ""))
    return next((p for p in started if p.startswith("bin/") and not (tree / p).exists()), "")


def import_application(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Import what the web line names, when there is no release to start."""
    command = project_files.process_types(tree).get("web", "")
    named = re.search(APPLICATION, command)
    if not named:
        raise NotReached
    run_project(
        [str(python), "-c", IMPORT_APPLICATION, named[1]],
        tree,
        variables | project_files.assignments(command),
        findings.BOOT_FAILED("Procfile"),
    )
    return f"{named[1]} can be imported, and was not started"


def find_slow_line(site: Site) -> tuple[str, int]:
    """Return the file and the line of the project in which an import spends most time, or "" and 0.

    The web process is not asked, since that would change what is measured.
    """
    named = re.search(APPLICATION, site.command)
    if not named:
        return "", 0
    samples = site.log.with_name("samples")
    processes.run(
        [str(site.python), "-c", SAMPLE_IMPORT, named[1], str(samples)],
        site.tree,
        site.variables | project_files.assignments(site.command),
        timeout=heroku.SLOW_BOOT_SECONDS,
    )
    lines: Counter[tuple[str, int]] = Counter()
    for sample in project_files.read(samples).split("Timeout (")[1:]:
        frames = re.findall(r'File "([^"]+)", line (\d+)', sample)
        own = [(file, int(line)) for file, line in frames if exceptions.is_own(file, site.tree)]
        lines.update(own[:1])
    if not lines:
        return "", 0
    file, line = lines.most_common(1)[0][0]
    return exceptions.relative(file, site.tree), line


def judge_start(site: Site, seconds: float) -> list[Finding]:
    """Return a warning if the web process is slow to answer, with the line that takes long."""
    if seconds < heroku.SLOW_BOOT_SECONDS:
        return []
    file, line = find_slow_line(site)
    values = {"seconds": round(seconds), "limit": heroku.BOOT_SECONDS}
    return [findings.SLOW_BOOT(file, line, **values)] if file else []


def boot(site: Site) -> Result:
    """Start the web process and wait until it answers; return what answers.

    Heroku waits for 60 s (R10). A bound port is not an answer: a server may listen before any of
    its processes can serve.
    """
    if not site.command:
        raise NotReached
    command = start_command(site)
    began = time.monotonic()
    with site.log.open("wb") as log:
        try:
            site.server = processes.start(command, site.tree, site.variables, log)
        except OSError as error:
            raise Failed(findings.NOT_STARTED("Procfile", problem=error)) from None
    while (left := heroku.BOOT_SECONDS - (time.monotonic() - began)) > 0:
        if site.server.poll() is not None:
            raise Failed(findings.BOOT_FAILED("Procfile"), finished=site.as_finished(site.command))
        try:
            router.send_request(site.port, "/", timeout=left)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        else:
            answers = "the stand-in for gunicorn answers" if site.stand_in else "it answers"
            return Result(answers, judge_start(site, time.monotonic() - began))
    file, line = find_slow_line(site)
    timeout = findings.BOOT_TIMEOUT(file or "Procfile", line, seconds=heroku.BOOT_SECONDS)
    raise Failed(timeout, finished=site.as_finished(site.command))


def start_command(site: Site) -> list[str] | str:
    """Return the command that starts the web process on a free port."""
    site.port = processes.free_port()
    site.variables |= {"PORT": str(site.port), exceptions.VARIABLE: str(site.events)}
    if site.is_gunicorn and not gunicorn_runs(site):
        site.stand_in = True
        return [str(site.python), "-c", STAND_IN, site.facts.wsgi]
    if processes.WINDOWS:
        # Its shell has another sign for a variable.
        return re.sub(r"\$(?:PORT\b|\{PORT\})", str(site.port), site.command)
    return replace_shell(site.command)


def replace_shell(command: str) -> str:
    """Return a simple command so that it replaces the shell, as bash on a dyno does by itself."""
    simple = not re.search(r"[;&|<>()`\n]|^\s*\w+=", command) and not processes.WINDOWS
    return f"exec {command}" if simple else command


def gunicorn_runs(site: Site) -> bool:
    """Return whether gunicorn can be imported; it needs fcntl, which Windows does not have."""
    code = "import gunicorn\ntry:\n    import fcntl\nexcept ImportError:\n    raise SystemExit(3)"
    return processes.run([str(site.python), "-c", code], site.tree, site.variables).status != 3


def ask(site: Site, path: str, **options: Any) -> Answer:
    """Send a request as the router would; raise Failed if there is no answer to it."""
    before = site.mark()
    try:
        return router.send_request(site.port, path, **{"host": site.host, **options})
    except (OSError, http.client.HTTPException) as error:
        log = site.as_finished("the web process", before)
        no_answer = findings.NO_ANSWER(path=path, problem=type(error).__name__)
        raise Failed(no_answer, finished=log) from None


def visit_home(site: Site) -> Result:
    """Visit the home page over HTTPS; return its status.

    Any page but an error is fine, since a project may only have a login there.
    """
    before = site.mark()
    site.reachable = False
    home = ask(site, "/")
    log = site.as_finished("the web process", before)
    location = home.headers.get("Location")
    if home.status >= 500:
        if TRACEBACK not in log.output and not site.facts.secret_key:
            # The step of the settings reports the missing key.
            raise NotReached
        silent = [] if TRACEBACK in log.output else [findings.SILENT_LOG()]
        failure = findings.SERVER_ERROR(path="The home page", status=home.status)
        raise Failed(failure, *silent, finished=log)
    if home.status in REDIRECTS and location == f"https://{site.host}/":
        raise Failed(findings.REDIRECT_LOOP(site.facts.settings_file), finished=log)
    if home.status in REDIRECTS and location == "/":
        raise Failed(findings.SELF_REDIRECT(), finished=log)
    if home.status == 400:
        raise Failed(findings.HOST_NOT_ALLOWED(site.facts.settings_file, host=heroku.HOST))
    site.reachable = True
    note = [findings.NO_HOME_PAGE()] if home.status == 404 else []
    return Result(str(home.status), note)


def visit(site: Site) -> Result:
    """Visit the site as a browser does; return what a visitor could complain about.

    If the home page does not answer, the findings are what follows from the settings.
    """
    if not site.reachable:
        return Result("judged by the settings", predict_visit(site.facts))
    found: list[Finding] = []
    place = site.facts.settings_file
    plain = ask(site, "/", https=False)
    target = plain.headers.get("Location", "")
    if plain.status not in REDIRECTS or not target.startswith(f"https://{site.host}/"):
        found.append(findings.NO_HTTPS_REDIRECT(place))
    foreign = ask(site, "/", host=heroku.FOREIGN_HOST)
    if foreign.status != 400:
        found.append(findings.ANY_HOST(place, host=heroku.FOREIGN_HOST, status=foreign.status))
    start = site.mark()
    missing = ask(site, f"/preflight-{secrets.token_hex(4)}/")
    if missing.status >= 500:
        found += why_page_failed(site, missing.status, start)
    elif missing.status != 404 and missing.status not in REDIRECTS:
        found.append(findings.MISSING_PAGE(status=missing.status))
    if "DEBUG = True" in missing.text:
        found.append(findings.DEBUG_IS_ON(place))
    found += missing_headers(site, ask(site, "/"))
    before = site.mark()
    if site.facts.admin:
        found += try_login(site, site.facts.admin)
    failures = findings.errors(found)
    if failures:
        failed = any(finding.kind is findings.LOGIN_FAILED for finding in failures)
        log = site.as_finished("the web process", before) if failed else None
        raise Failed(*found, finished=log)
    return Result("HTTPS, hosts, 404, headers" + (", admin" if site.facts.admin else ""), found)


def why_page_failed(site: Site, status: int, since: Mark) -> list[Finding]:
    """Return why the page for a URL that does not exist failed."""
    if known := list(check_error_pages(site.facts, 404)):
        return known
    failure = findings.SERVER_ERROR(path="A URL that does not exist", status=status)
    return explain.locate(failure, find_causes(site.as_finished("the web process", since)))


def try_login(site: Site, path: str) -> list[Finding]:
    """Return what is wrong when a form is fetched and submitted over HTTPS, as in a browser."""
    place = site.facts.settings_file
    login = ask(site, path)
    if login.status in REDIRECTS:
        # People log in on another page.
        target = urlsplit(login.headers.get("Location", ""))
        path = f"{target.path}?{target.query}"
        login = ask(site, path)
    token = re.search(r"name=[\"']csrfmiddlewaretoken[\"'] value=[\"'](\w+)", login.text)
    if login.status != 200:
        return [findings.LOGIN_FAILED(path=path, status=login.status)]
    if not token:
        # Another way to log in, without a form of Django's.
        return []
    cookie = login.headers.get("Set-Cookie", "")
    found = [] if "secure" in cookie.lower() else [findings.INSECURE_COOKIE(place)]
    # Without a password, nothing is looked up, and the attempt is not counted.
    sent = ask(
        site,
        path,
        form={"csrfmiddlewaretoken": token[1], "username": "preflight"},
        headers={"Cookie": cookie.partition(";")[0], "Origin": f"https://{site.host}"},
    )
    if sent.status == 403:
        found.append(findings.ORIGIN(place))
    elif sent.status >= 500:
        found.append(findings.LOGIN_FAILED(path=path, status=sent.status))
    return found


def missing_headers(site: Site, answer: Answer) -> list[Finding]:
    """Return the security headers that the home page does not send over HTTPS."""
    return [
        findings.MISSING_HEADER(
            site.facts.settings_file, page="The home page", header=name, setting=setting
        )
        for name, (part, setting) in HEADERS.items()
        if name not in answer.headers or part not in answer.headers[name]
    ]


def visit_pages(site: Site) -> str:
    """Visit every URL without parameters once, as a visitor who is not logged in.

    A page that no other page links to can fail for months without being noticed.
    """
    found: list[Finding] = []
    began = site.mark()
    paths = site.facts.pages[:MOST_PAGES]
    for path in paths:
        before = site.mark()
        answer = ask(site, path)
        if answer.status >= 500:
            failure = findings.SERVER_ERROR(path=path, status=answer.status)
            causes = find_causes(site.as_finished("the web process", before))
            found += explain.locate(failure, causes)
    if found:
        raise Failed(*found, finished=None if len(found) > 1 else site.as_finished("pages", began))
    return f"{len(paths)} without an error"


def visit_static(site: Site) -> Result:
    """Fetch a style sheet or script of the home page; return its name.

    Its name should contain a hash, and it should be cacheable for a year. Otherwise visitors keep
    an old one, or fetch it again for every page.
    """
    if not site.reachable:
        return Result("judged by the settings", predict_static(site.facts))
    page = ask(site, "/")
    if site.facts.admin and not asset_paths(page.text, site.facts.static):
        page = ask(site, site.facts.admin)
    paths = asset_paths(page.text, site.facts.static)
    if not paths:
        return Result(site.leave_out("static files, because no page of this site uses one."))
    before = site.mark()
    asset = ask(site, paths[0])
    log = site.as_finished("the web process", before) if asset.status >= 500 else None
    place = site.facts.settings_file
    if asset.status != 200:
        refused = findings.NO_STATIC_FILES(place, path=paths[0])
        raise Failed(refused, finished=log)
    name, cache = paths[0].rpartition("/")[2], asset.headers.get("Cache-Control", "")
    age = re.search(r"max-age=(\d+)", cache)
    if not age or int(age[1]) < heroku.YEAR_SECONDS or "immutable" not in cache:
        return Result(name, [findings.NOT_CACHED(place, path=paths[0])])
    return Result(f"{name}, immutable")


def asset_paths(html: str, static_url: str) -> list[str]:
    """Return the paths of the style sheets, scripts and icons of this site in a page."""
    prefix = urlsplit(static_url).path
    found = re.findall(r"(?:href|src)=[\"']?([^\"' >]+)", html)
    paths = [urlsplit(address).path for address in found if not urlsplit(address).netloc]
    return sorted((path for path in paths if path.startswith(prefix)), key=by_kind)


def by_kind(path: str) -> int:
    """Return a rank that puts style sheets before scripts, and scripts before the rest."""
    return 0 if path.endswith(".css") else 1 if path.endswith(".js") else 2


def weigh(site: Site) -> Result:
    """Compare the memory of all processes with a dyno's; return the figure."""
    if site.stand_in:
        return Result("not gunicorn's")
    expected = 1 + int(site.variables["WEB_CONCURRENCY"]) if site.is_gunicorn else 1
    usage = memory.measure(site.group, expected)
    figure = f"{usage.megabytes:.0f} MB of {heroku.MEMORY_MB}"
    figure += f" ({usage.kind}, {usage.processes} processes)"
    if usage.megabytes <= heroku.MEMORY_MB:
        return Result(figure)
    if usage.kind == "RSS":
        sentence = f"the memory: {figure}, in which shared memory counts several times."
        return Result(site.leave_out(sentence))
    size = round(usage.megabytes)
    return Result(figure, [findings.TOO_MUCH_MEMORY(size=size, limit=heroku.MEMORY_MB)])


def count_connections(site: Site) -> Result:
    """Compare the connections that all threads may open with those of the smallest database.

    Django keeps one for each thread. gunicorn itself reports how many it runs.
    """
    words = shlex.split(site.command)
    if site.stand_in or words[0] != "gunicorn":
        return Result(site.leave_out("the number of connections; only gunicorn reports it."))
    if not site.facts.has_database:
        return Result("no database")
    command = [str(site.python), "-c", TELL_THREADS, *words[1:]]
    output = run_project(command, site.tree, site.variables, findings.BOOT_FAILED("Procfile"))
    workers, threads = map(int, output.split()[-2:])
    used = workers * threads
    figure = f"{workers} processes of {threads} threads: {used} of {heroku.CONNECTIONS}"
    if used < heroku.CONNECTIONS:
        return Result(figure)
    values = {"processes": workers, "threads": threads, "used": used}
    warning = findings.TOO_MANY_CONNECTIONS("Procfile", allowed=heroku.CONNECTIONS, **values)
    return Result(figure, [warning])


def provoke(site: Site, change: Callable[[str], None]) -> Result:
    """Break the table of sessions, visit with a session, and look for the traceback in the log.

    `change` runs a statement on the site's database. With DEBUG off, Django by itself prints
    nothing about an exception, so the log of a site that returns 500 stays empty.
    """
    if not (site.facts.admin and site.facts.sessions):
        return Result(site.leave_out("an exception in the log, because no page is known to fail."))
    change(BREAK_SESSIONS)
    before = site.mark()
    identity = secrets.token_hex(8)
    cookie = f"{site.facts.cookie}={secrets.token_hex(16)}"
    headers = {"Cookie": cookie, "X-Request-Id": identity}
    answer = ask(site, site.facts.admin, headers=headers)
    if answer.status < 500:
        return Result(
            site.leave_out(
                f"an exception in the log; with a broken database, a page returned {answer.status}."
            )
        )
    written = site.read_log()[before.length :]
    # A site may log in one line that its database does not have the table.
    shown = "traceback" if TRACEBACK in written else "cause" if SESSIONS in written else ""
    if not shown and site.facts.swallowing:
        return Result(f"{answer.status}, answered by a middleware that logs nothing")
    if not shown:
        return Result(
            f"{answer.status}, no traceback in the log",
            [findings.SILENT_LOG(site.facts.settings_file)],
        )
    request = " with the request id" if identity in written else ""
    return Result(f"{answer.status}, {shown} in the log{request}")


def stop(site: Site) -> str:
    """Send SIGTERM to every process, as Heroku does, which kills what is left after 30 s (R12)."""
    if not site.server:
        raise NotReached
    if site.stand_in or processes.WINDOWS:
        close(site)
        return "stopped; Windows has no SIGTERM" if processes.WINDOWS else "stand-in stopped"
    began, before = time.monotonic(), site.mark()
    processes.send(site.server, signal.SIGTERM)
    while time.monotonic() - began < heroku.SHUTDOWN_SECONDS:
        if processes.has_ended(site.server):
            close(site)
            return f"gone {time.monotonic() - began:.1f} s after SIGTERM"
        time.sleep(0.02)
    close(site)
    ignored = findings.IGNORES_SIGTERM(seconds=heroku.SHUTDOWN_SECONDS)
    raise Failed(ignored, finished=site.as_finished("SIGTERM", before))


def close(site: Site) -> None:
    """End what is left of the web process."""
    if site.server:
        processes.end(site.server)
        processes.forget(site.server)
