"""The web phase: the Procfile's web process, visited as Heroku's router would visit it."""

import http.client
import re
import secrets
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from preflight import advice, contract, process, rules
from preflight.build import run_project
from preflight.process import Finished
from preflight.steps import Failed, NotProved, NotReached

# Serves the project where gunicorn cannot run, since Windows has no fcntl.
STAND_IN = """
import importlib, os, socketserver, sys
from wsgiref.simple_server import WSGIServer, make_server
class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
module, _, name = sys.argv[1].rpartition(".")
application = getattr(importlib.import_module(module), name)
make_server("127.0.0.1", int(os.environ["PORT"]), application, Server).serve_forever()
"""

# What gunicorn makes of its command line, its configuration file and the environment.
TELL_THREADS = """
from gunicorn.app.wsgiapp import WSGIApplication
settings = WSGIApplication(prog="gunicorn").cfg
print(settings.workers, settings.threads)
"""

SHELL_WORDS = set(
    ". [ [[ case cd do done echo elif else esac export fi for if set source test then trap true "
    "wait while".split()
)

SILENT_LOG = (
    "The log says nothing of the exception. Let LOGGING send it to the console: "
    f"{advice.DJANGO}/topics/logging/"
)
REDIRECTS = {301, 302, 303, 307, 308}

BREAK_SESSIONS = "ALTER TABLE django_session RENAME TO preflight_session"


@dataclass(frozen=True)
class Answer:
    """What the site answered to one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")


@dataclass
class Site:
    """The web process of a project: started once, asked many times, stopped at the end."""

    tree: Path
    python: Path
    variables: dict[str, str]
    log: Path
    facts: dict
    port: int = 0
    stand_in: bool = False
    server: subprocess.Popen | None = None
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, sentence: str) -> str:
        """Note what could not be shown of this site; return what its step tells."""
        self.left_out.append(sentence)
        return "not shown, see below"

    @property
    def is_gunicorn(self) -> bool:
        """Whether the Procfile starts gunicorn."""
        return "gunicorn" in contract.process_types(self.tree).get("web", "")

    def read_log(self) -> str:
        """Return what the web process has written."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def as_finished(self, command: str, since: int = 0) -> Finished:
        """Return the log from a character on, in the form of an ended command.

        A failure is shown with what was written on its account, since the visits before it have
        provoked exceptions on purpose.
        """
        return Finished(
            command, self.server.poll() if self.server else None, self.read_log()[since:], 0.0
        )


def check_process_types(types: dict[str, str], tree: Path, path: str) -> str:
    """Return the process types; raise Failed for programs that are not installed and dead ports.

    `path` is the PATH of a dyno. The router reaches a web process at 0.0.0.0:$PORT alone:
    https://devcenter.heroku.com/articles/runtime-principles#web-servers
    """
    if not types:
        raise NotReached
    problems = []
    for name, command in types.items():
        for program in programs(command):
            # What stands in bin/ may come with another buildpack.
            there = (tree / program).exists() or program.startswith("bin/")
            if not there and not shutil.which(program, path=path):
                problems.append(
                    f"The Procfile starts {program} ({name}), which is not installed: command not "
                    f"found. Add {program} to the file of packages, and commit it."
                )
    command = types.get("web", "")
    if "runserver" in command and "PORT" not in command:
        problems.append(
            "The Procfile starts runserver, which listens on 127.0.0.1:8000; Heroku waits 60 s for "
            "$PORT and gives up (R10). Use gunicorn: web: gunicorn FOLDER.wsgi"
        )
    bound = re.search(r"(?:-b|--bind)[ =]?(\S+)", command)
    if bound and (bound[1].startswith(("127.", "localhost")) or re.search(r":\d+$", bound[1])):
        problems.append(
            f"The Procfile binds {bound[1]}; Heroku reaches a web process at 0.0.0.0:$PORT alone "
            f"(R10). Remove {bound[0]}, since gunicorn takes $PORT by itself."
        )
    if problems:
        raise Failed("\n".join(problems))
    return ", ".join(types)


def programs(command: str) -> list[str]:
    """Return the programs that a command line starts; those of the shell itself are left out."""
    found = []
    for part in re.split(r"&&|\|\||;|\|", command):
        words = part.split()
        while words and (re.match(r"\w+=", words[0]) or words[0] in {"exec", "time", "("}):
            words.pop(0)
        plain = words and re.fullmatch(r"[\w./-]+", words[0])
        if plain and words[0] not in SHELL_WORDS:
            found.append(words[0])
    return found


def boot(site: Site) -> str:
    """Start the web process and wait until it answers; return what started, in how many seconds.

    Heroku waits for 60 s (R10). A bound port is no answer: a server may listen before any of its
    processes can serve.
    """
    types = contract.process_types(site.tree)
    if "web" not in types:
        raise NotReached
    command: list[str] | str = replace_shell(types["web"])
    if site.is_gunicorn and not gunicorn_runs(site):
        command = [str(site.python), "-c", STAND_IN, site.facts["wsgi"]]
        site.stand_in = True
    site.port = process.free_port()
    variables = site.variables | {"PORT": str(site.port)}
    if process.WINDOWS and isinstance(command, str):
        # Its shell has another sign for a variable.
        command = re.sub(r"\$(?:PORT\b|\{PORT\})", str(site.port), command)
    began = time.monotonic()
    with site.log.open("wb") as log:
        try:
            site.server = process.start(command, site.tree, variables, log)
        except OSError as error:
            raise Failed(f"The web process cannot be started: {error}") from None
    while (left := rules.BOOT_SECONDS - (time.monotonic() - began)) > 0:
        if site.server.poll() is not None:
            wrong = "The web process ends while it starts, so Heroku would show H10."
            raise Failed(wrong, site.as_finished(str(command)))
        try:
            send_request(site, "/", timeout=left)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        else:
            return "the stand-in for gunicorn answers" if site.stand_in else "it answers"
    wrong = f"The web process does not answer within {rules.BOOT_SECONDS} s (R10)."
    raise Failed(wrong, site.as_finished(str(command)))


def replace_shell(command: str) -> str:
    """Return a simple command so that the shell becomes it, as bash on a dyno does by itself."""
    simple = not re.search(r"[;&|<>()`\n]|^\s*\w+=", command) and not process.WINDOWS
    return f"exec {command}" if simple else command


def gunicorn_runs(site: Site) -> bool:
    """Return whether gunicorn can be imported; it needs fcntl, which Windows does not have."""
    code = "import gunicorn\ntry:\n    import fcntl\nexcept ImportError:\n    raise SystemExit(3)"
    return process.run([str(site.python), "-c", code], site.tree, site.variables).status != 3


def ask(site: Site, path: str, **options) -> Answer:
    """Send a request as the router would; raise Failed if there is no answer to it."""
    before = len(site.read_log())
    try:
        return send_request(site, path, **options)
    except (OSError, http.client.HTTPException) as error:
        log = site.as_finished("the web process", before)
        raise Failed(f"{path} is not answered ({type(error).__name__}).", log) from None


def send_request(
    site: Site,
    path: str,
    https: bool = True,
    host: str = rules.HOST,
    timeout: float = 30,
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> Answer:
    """Send a request over plain http, with the visitor in headers, as the router does.

    It is a GET, or a POST of a form. Raises OSError or HTTPException if there is no answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=timeout)
    try:
        headers = router_headers(host, https) | (headers or {})
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def router_headers(host: str, https: bool) -> dict[str, str]:
    """Return the headers that Heroku's router adds (DC http-routing)."""
    return {
        "Host": host,
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https" if https else "http",
        "X-Forwarded-Port": "443" if https else "80",
        "X-Request-Id": secrets.token_hex(8),
        "Via": "1.1 heroku-router",
    }


def visit_home(site: Site) -> str:
    """Visit the home page as a person does who comes over https; return its status.

    Any page but an error will do, since a project may have none there but a login.
    """
    before = len(site.read_log())
    home = ask(site, "/")
    log = site.as_finished("the web process", before)
    if home.status >= 500:
        silent = "Traceback (most recent call last)" not in log.output
        if silent and not site.facts["secret_key"]:
            # The reason, which the settings have been asked for.
            raise NotReached
        wrong = f"The home page is answered with {home.status}."
        raise Failed(f"{wrong} {SILENT_LOG}" if silent else wrong, log)
    if home.status in REDIRECTS and home.headers.get("Location") == f"https://{rules.HOST}/":
        raise Failed(
            "The home page redirects to itself without end: Django does not see that the visitor "
            "came over https. Set SECURE_PROXY_SSL_HEADER.",
            log,
        )
    if home.status == 400:
        raise Failed(
            f"The home page is answered with 400: {rules.HOST}, as Heroku would call the site, is "
            "not among ALLOWED_HOSTS. Add the host of your app, or .herokuapp.com, to it.",
            log,
        )
    return str(home.status)


def visit(site: Site) -> str:
    """Visit the site; raise Failed with everything that a visitor would be right to complain of."""
    problems: list[str] = []

    def expect(holds: bool, otherwise: str) -> None:
        if not holds:
            problems.append(otherwise)

    plain = ask(site, "/", https=False)
    target = plain.headers.get("Location", "")
    expect(
        plain.status in REDIRECTS and target.startswith(f"https://{rules.HOST}/"),
        f"http is answered with {plain.status} {target} instead of 301 to https. "
        "Set SECURE_SSL_REDIRECT = True.",
    )
    foreign = ask(site, "/", host=rules.FOREIGN_HOST)
    expect(
        foreign.status == 400,
        f"A request for the host {rules.FOREIGN_HOST} is answered with {foreign.status} instead "
        "of 400. Name your own hosts in ALLOWED_HOSTS.",
    )
    missing = ask(site, f"/preflight-{secrets.token_hex(4)}/")
    expect(missing.status == 404, f"An unknown address is answered with {missing.status}, not 404.")
    expect(
        "DEBUG = True" not in missing.text,
        "The 404 page shows the addresses and the settings of the site, because DEBUG is on. Only "
        'a variable turns it on: DEBUG = os.environ.get("DEBUG") == "true"',
    )
    for page, name in ((ask(site, "/"), "the home page"), (missing, "the 404 page")):
        for problem in missing_headers(page):
            problems.append(f"{name} lacks {problem}.")
    before, log = len(site.read_log()), None
    if site.facts["admin"]:
        problems += try_login(site, site.facts["admin"])
        if any(" answered with 5" in problem for problem in problems):
            log = site.as_finished("the web process", before)
    if problems:
        raise Failed("\n".join(problems), log)
    return "301, 400, 404, headers" + (", admin" if site.facts["admin"] else "; no admin")


def try_login(site: Site, path: str) -> list[str]:
    """Return what is wrong when a form is fetched and sent over https, as a browser does it."""
    login = ask(site, path)
    if login.status in REDIRECTS:
        # Another page signs people in.
        target = urlsplit(login.headers.get("Location", ""))
        path = f"{target.path}?{target.query}"
        login = ask(site, path)
    token = re.search(r"name=[\"']csrfmiddlewaretoken[\"'] value=[\"'](\w+)", login.text)
    if login.status != 200 or not token:
        return [f"The admin's login at {path} is answered with {login.status}."]
    cookie = login.headers.get("Set-Cookie", "")
    problems = [] if "secure" in cookie.lower() else ["The admin's cookie is not Secure."]
    # Without a password nothing is looked up, and no attempt is counted.
    sent = ask(
        site,
        path,
        form={"csrfmiddlewaretoken": token[1], "username": "preflight"},
        headers={"Cookie": cookie.partition(";")[0], "Origin": f"https://{rules.HOST}"},
    )
    if sent.status == 403:
        problems.append(
            "A form sent from the site's own page is refused: Django believes to be reached over "
            "http (Origin checking failed). Set SECURE_PROXY_SSL_HEADER = "
            '("HTTP_X_FORWARDED_PROTO", "https").'
        )
    elif sent.status >= 500:
        problems.append(f"A login that is sent is answered with {sent.status}.")
    return problems


def missing_headers(answer: Answer) -> list[str]:
    """Return the security headers that an answer over https lacks."""
    wanted = {
        "Strict-Transport-Security": "max-age=",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "",
        "Referrer-Policy": "",
    }
    return [
        name
        for name, part in wanted.items()
        if name not in answer.headers or part not in answer.headers[name]
    ]


def visit_static(site: Site) -> str:
    """Fetch a style sheet or script that the home page names; return its name.

    Its name has to carry a hash and its answer to be cacheable for a year, or visitors would keep
    an old one, or fetch it anew each time.
    """
    page = ask(site, "/")
    if site.facts["admin"] and not asset_paths(page.text, site.facts["static"]):
        page = ask(site, site.facts["admin"])
    paths = asset_paths(page.text, site.facts["static"])
    if not paths:
        return site.leave_out("static files: no page of this site names one.")
    before = len(site.read_log())
    asset = ask(site, paths[0])
    log = site.as_finished("the web process", before) if asset.status >= 500 else None
    if asset.status != 200:
        raise Failed(
            f"{paths[0]} is answered with {asset.status} instead of 200. With DEBUG off, Django "
            "serves no static files, and Heroku neither. WhiteNoise does: put "
            '"whitenoise.middleware.WhiteNoiseMiddleware" right after SecurityMiddleware: '
            f"{advice.WHITENOISE}",
            log,
        )
    cache = asset.headers.get("Cache-Control", "")
    age = re.search(r"max-age=(\d+)", cache)
    if not age or int(age[1]) < rules.YEAR_SECONDS or "immutable" not in cache:
        raise Failed(
            f"{paths[0]} is sent with Cache-Control '{cache}' instead of a year of immutable: its "
            "name carries no hash. Use a manifest storage for staticfiles in STORAGES.",
            log,
        )
    return f"{paths[0].rpartition('/')[2]}, immutable"


def asset_paths(html: str, static_url: str) -> list[str]:
    """Return the paths of the style sheets, scripts and icons that a page names on this site."""
    prefix = urlsplit(static_url).path
    found = re.findall(r"(?:href|src)=[\"']?([^\"' >]+)", html)
    paths = [urlsplit(address).path for address in found if not urlsplit(address).netloc]
    return sorted((path for path in paths if path.startswith(prefix)), key=by_kind)


def by_kind(path: str) -> int:
    """Return a rank that puts style sheets before scripts before the rest."""
    return 0 if path.endswith(".css") else 1 if path.endswith(".js") else 2


def weigh(site: Site) -> str:
    """Compare the memory of all processes with a dyno's; return the figure.

    On Linux it is the proportional set size, in which a shared page counts once. Elsewhere it is
    the sum of the resident sizes, which is never smaller, so a sum that fits still shows the rule.
    """
    if site.stand_in:
        return "not gunicorn's"
    resident = None if process.WINDOWS else all_resident_sizes(site)
    exact = {pid: proportional_size(pid) for pid in resident or {}}
    if resident and all(exact.values()):
        kilobytes, kind = sum(exact.values()), "PSS"
    elif resident:
        kilobytes, kind = sum(resident.values()), "RSS"
    else:
        raise NotProved("this system does not tell the memory of a process")
    megabytes = kilobytes / 1024
    figure = f"{megabytes:.0f} MB of {rules.MEMORY_MB} ({kind}, {len(resident)} processes)"
    if megabytes <= rules.MEMORY_MB:
        return figure
    if kind == "RSS":
        raise NotProved(f"{figure}, in which shared memory counts several times")
    raise Failed(f"{figure}: Heroku would report R14. Lower WEB_CONCURRENCY.")


def count_connections(site: Site) -> str:
    """Compare the connections that all threads may hold with those of the smallest database.

    Django keeps one for each thread. gunicorn itself says how many it runs.
    """
    words = shlex.split(contract.process_types(site.tree)["web"])
    if site.stand_in or words[0] != "gunicorn":
        return site.leave_out("the number of connections: only gunicorn says how many it may hold.")
    command = [str(site.python), "-c", TELL_THREADS, *words[1:]]
    said = run_project(command, site.tree, site.variables, "gunicorn does not tell its settings.")
    workers, threads = map(int, said.split()[-2:])
    figure = f"{workers} processes of {threads} threads: {workers * threads} of {rules.CONNECTIONS}"
    if workers * threads < rules.CONNECTIONS:
        return figure
    raise Failed(
        f"{figure} connections, which the smallest database has, would be taken by one dyno, with "
        "none left for the release (too many connections for role). Lower WEB_CONCURRENCY or the "
        "threads."
    )


def all_resident_sizes(site: Site) -> dict[int, int]:
    """Return the sizes once all of gunicorn's processes are there; the first one answers alone."""
    expected = 1 + int(site.variables["WEB_CONCURRENCY"]) if site.is_gunicorn else 1
    deadline = time.monotonic() + 10
    while 0 < len(sizes := resident_sizes(site.server.pid)) < expected:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return sizes


def resident_sizes(group: int) -> dict[int, int]:
    """Return the resident size in kB of every process of a group, by process id."""
    try:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,pgid=,rss="], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return resident_sizes_from_proc(group)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(size) for pid, of, size in rows if int(of) == group}


def resident_sizes_from_proc(group: int) -> dict[int, int]:
    """Do the same from /proc, where there is no ps."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                found[int(folder.name)] = int(fields[21]) * 4
        except OSError:
            continue
    return found


def proportional_size(pid: int) -> int | None:
    """Return the proportional set size of a process in kB, or None where it cannot be read."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    found = re.search(r"(?m)^Pss:\s+(\d+) kB$", rollup)
    return int(found[1]) if found else None


def provoke(site: Site, change: Callable[[str], str]) -> str:
    """Break the table of sessions, visit with a session, and look for the traceback in the log.

    `change` runs a statement on the site's database and returns what went wrong.

    With DEBUG off, Django by itself prints nothing of an exception, and the log of a site that
    answers 500 stays empty.
    """
    if not (site.facts["admin"] and site.facts["sessions"]):
        return site.leave_out("an exception in the log: no page is known that would fail.")
    problem = change(BREAK_SESSIONS)
    if problem:
        raise NotProved(f"sessions cannot be broken here ({problem})")
    before = len(site.read_log())
    identity = secrets.token_hex(8)
    cookie = f"{site.facts['cookie']}={secrets.token_hex(16)}"
    headers = {"Cookie": cookie, "X-Request-Id": identity}
    answer = ask(site, site.facts["admin"], headers=headers)
    if answer.status != 500:
        return site.leave_out(
            f"an exception in the log: a broken database is answered with {answer.status}."
        )
    written = site.read_log()[before:]
    if "Traceback (most recent call last)" not in written:
        raise Failed(
            f"A page failed with 500. {SILENT_LOG}",
            site.as_finished("the web process", before),
        )
    return "500, traceback in the log" + (" with the request id" if identity in written else "")


def stop(site: Site) -> str:
    """Send SIGTERM to every process, as Heroku does, and a request that arrives meanwhile.

    The request comes over a connection that the router keeps open, so that a server that drops
    what it works on is found out. Heroku kills what is left after 30 s (R12).
    """
    if site.stand_in or process.WINDOWS:
        close(site)
        return "ended; Windows has no SIGTERM" if process.WINDOWS else "stand-in ended"
    kept = http.client.HTTPConnection("127.0.0.1", site.port, timeout=rules.SHUTDOWN_SECONDS)
    headers = router_headers(rules.HOST, https=True)
    kept.request("GET", "/", headers=headers)
    first = kept.getresponse()
    first.read()
    began, before = time.monotonic(), len(site.read_log())
    process.send(site.server, signal.SIGTERM)
    time.sleep(0.05)
    meanwhile = ""
    # A server may close a connection on which nothing is asked: RFC 9112, section 9.5.
    closed = first.will_close or select.select([kept.sock], [], [], 0)[0]
    if not closed:
        status = ask_meanwhile(site, kept, headers, before)
        meanwhile = f", a request meanwhile answered with {status}"
    kept.close()
    while time.monotonic() - began < rules.SHUTDOWN_SECONDS:
        if process.has_ended(site.server):
            close(site)
            return f"gone {time.monotonic() - began:.1f} s after SIGTERM{meanwhile}"
        time.sleep(0.02)
    close(site)
    raise Failed(
        f"The web process still runs {rules.SHUTDOWN_SECONDS} s after SIGTERM; Heroku would kill "
        "it with the requests it works on (R12).",
        site.as_finished("SIGTERM", before),
    )


def ask_meanwhile(
    site: Site, kept: http.client.HTTPConnection, headers: dict[str, str], before: int
) -> int:
    """Send a request over a kept connection to a server that is leaving; return the status."""
    try:
        kept.request("GET", "/", headers=headers)
        status = kept.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        status, said = 0, f"dropped ({type(error).__name__})"
    else:
        said = f"answered with {status}"
    if not 200 <= status < 500:
        close(site)
        wrong = f"A request that arrives after SIGTERM over a kept connection is {said} (H13)."
        raise Failed(wrong, site.as_finished("SIGTERM", before))
    return status


def close(site: Site) -> None:
    """End what is left of the web process."""
    if site.server:
        process.end(site.server)
        process.forget(site.server)
