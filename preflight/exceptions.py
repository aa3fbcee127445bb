"""Diagnose a failure from the exceptions that the project has raised, not from their text."""

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from preflight import about, explain, findings, import_names
from preflight.findings import Finding

VARIABLE = "PREFLIGHT_EVENTS"
# Python executes such a line of a .pth file when it starts: https://docs.python.org/3/library/site.html
START = "import os; os.environ.get('PREFLIGHT_EVENTS') and __import__('preflight_exceptions')\n"
INSTALLED = r"[\\/](?:site-packages|dist-packages)[\\/]"
# Which events say most about why a process failed, the best first.
SOURCES = ("process", "command", "request", "log", "thread")
# What Django adds to a message about a template.
LISTED = r"\. (?:Must be one of:|Did you forget to register or load this tag\?).*"
# Exceptions that only end a process. What gunicorn says before is in its output.
ENDINGS = ("builtins.SystemExit", "gunicorn.errors.HaltServer")
# What PostgreSQL calls an error: https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLSTATES = {
    "22001": findings.TOO_LONG,
    "23502": findings.CONSTRAINT,
    "23503": findings.CONSTRAINT,
    "23505": findings.CONSTRAINT,
    "23514": findings.CONSTRAINT,
    "42703": findings.NO_COLUMN,
    "42P01": findings.NO_TABLE,
    "42P07": findings.TABLE_EXISTS,
    "53300": findings.CONNECTION_LIMIT,
}


@dataclass(frozen=True)
class Frame:
    """One call of a traceback. The file is relative to the project if it is part of it."""

    file: str
    line: int
    function: str
    own: bool


@dataclass(frozen=True)
class Raised:
    """An exception: its class with those that it inherits, its message, attributes and frames."""

    name: str
    bases: tuple[str, ...]
    message: str
    arguments: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()

    @property
    def line(self) -> str:
        """The line that Python prints at the end of the traceback."""
        first = self.message.split("\n")[0]
        return explain.shorten(f"{self.name}: {first}" if first else self.name)

    @property
    def place(self) -> tuple[str, int]:
        """File and line of the project's own code nearest to the exception, or "" and 0."""
        own = [frame for frame in self.frames if frame.own and frame.file != "manage.py"]
        return (own[-1].file, own[-1].line) if own else ("", 0)

    @property
    def at_import(self) -> bool:
        """Whether the project raised it while Django loaded its modules and apps."""
        own = [frame for frame in self.frames if frame.own]
        return any(
            frame.function in {"<module>", "ready"}
            and not re.search(r"(?:^|/)(?:manage|wsgi|asgi)\.py$", frame.file)
            for frame in own
        )

    @property
    def looks_up_command(self) -> bool:
        """Whether manage.py raised it because Django itself has no such command."""
        return any(frame.function == "fetch_command" for frame in self.frames[-1:])

    def inherits(self, *names: str) -> bool:
        """Return whether the exception is of one of these classes."""
        return any(name in self.bases for name in names)


@dataclass(frozen=True)
class Event:
    """What the reporter has seen in one process: the exceptions of a chain, the first one first."""

    source: str
    time: float
    chain: tuple[Raised, ...]


def install(site_packages: Path) -> None:
    """Install the reporter into the rehearsal's own environment, never into .venv."""
    files = {"py": about.read("exception_reporter.py"), "pth": START}
    for suffix, content in files.items():
        path = site_packages / f"preflight_exceptions.{suffix}"
        # A file that is written again looks like one that has changed.
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")


def read(folder: Path, tree: Path, since: float = 0) -> list[Event]:
    """Return the events in a folder since a time, in order.

    A file that cannot be read is left out: a missing event is never evidence of success.
    """
    found = []
    for path in folder.glob("*.json"):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            chain = tuple(parse(entry, tree) for entry in content["chain"])
            found.append(Event(content["source"], content["time"], chain))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    recent = [event for event in found if event.time >= since]
    return sorted(recent, key=lambda event: event.time)


def parse(entry: dict[str, Any], tree: Path) -> Raised:
    """Return an exception as the reporter has written it."""
    module = entry["module"]
    name = entry["name"] if module in {"builtins", "__main__"} else f"{module}.{entry['name']}"
    frames = tuple(
        Frame(relative(f["file"], tree), f["line"], f["function"], is_own(f["file"], tree))
        for f in entry["frames"]
    )
    bases, arguments = tuple(entry["bases"]), tuple(entry["arguments"])
    message = entry["message"].replace(f"{tree}{os.sep}", "")
    attributes = dict(entry["attributes"])
    if attributes.get("filename"):
        attributes["filename"] = relative(attributes["filename"], tree)
    return Raised(name, bases, message, arguments, attributes, frames)


def is_own(file: str, tree: Path) -> bool:
    """Return whether a file is part of the project."""
    return Path(file).is_relative_to(tree) and not re.search(INSTALLED, file)


def relative(file: str, tree: Path) -> str:
    """Return the path of a file in the project, or the unchanged path of another file."""
    return Path(file).relative_to(tree).as_posix() if is_own(file, tree) else file


def diagnose(events: Iterable[Event]) -> list[Finding]:
    """Return what the events show: the cause of the one that says most, or nothing."""
    listed = [event for event in events if event.chain]
    for source in SOURCES:
        for event in reversed(listed):
            if event.source == source and not event.chain[-1].inherits(*ENDINGS):
                return diagnose_chain(event.chain)
    return []


def diagnose_chain(chain: tuple[Raised, ...]) -> list[Finding]:
    """Return the finding for the first exception of a chain that is known, or for the first one."""
    for raised in chain:
        found = recognise(raised)
        if found:
            return [in_chain(finding, chain) for finding in found]
    # manage.py looks for a command in the apps first, and then reads the settings.
    first = next((raised for raised in chain if not raised.looks_up_command), chain[-1])
    return [replace(findings.EXCEPTION(*first.place), cause=first.line)]


def in_chain(found: Finding, chain: tuple[Raised, ...]) -> Finding:
    """Return a finding with the place that another exception of its chain knows.

    A driver's own exception only has frames of Django.
    """
    last = next((raised for raised in reversed(chain) if raised.place[0]), None)
    if found.file or not last:
        return found
    file, line = last.place
    if found.kind in {findings.NO_TABLE, findings.NO_TABLE_IN_SQLITE} and last.at_import:
        table = found.values["table"]
        return replace(findings.QUERY_AT_IMPORT(file, line, table=table), cause=found.cause)
    return replace(found, file=file, line=line)


def recognise(raised: Raised) -> list[Finding]:
    """Return the finding for an exception: from its class and attributes, then from its message."""
    for names, function in BY_CLASS:
        if raised.inherits(*names):
            found = function(raised)
            if found:
                return [locate(found, raised)]
    checks = explain.failed_checks(f"{raised.name}: {raised.message}")
    if checks:
        return checks
    problems = explain.startup_problems(raised.message)
    if problems:
        return problems
    by_text = explain.diagnose(f"{raised.name}: {raised.message}")
    known = [found for found in by_text if found.kind is not findings.EXCEPTION]
    return [locate(found, raised) for found in known]


def locate(found: Finding, raised: Raised) -> Finding:
    """Return a finding with the place of an exception, unless it has a better one."""
    file, line = (found.file, found.line) if found.file else raised.place
    return replace(found, file=file, line=line, cause=raised.line)


def missing_module(raised: Raised) -> Finding | None:
    """Return the finding for a module that does not exist."""
    name = str(raised.attributes.get("name", ""))
    module = name.partition(".")[0]
    if not module or not raised.inherits("builtins.ModuleNotFoundError"):
        return None
    if module == "env":
        return findings.ENV_PY()
    if module == "fcntl":
        return findings.GUNICORN_ON_WINDOWS()
    if module in {"distutils", "pkg_resources", "setuptools"}:
        return findings.OLD_MODULE(module=module, user=package_in(raised.frames) or "a package")
    imported_by_server = any(frame.function == "import_app" for frame in raised.frames)
    if imported_by_server and not any(frame.own for frame in raised.frames):
        return findings.WRONG_PACKAGE("Procfile", module=module)
    if "." in name:
        # The package that contains it exists.
        return None
    return findings.NOT_INSTALLED(module=module, package=import_names.package_of(module))


def package_in(frames: tuple[Frame, ...]) -> str:
    """Return the name of the installed package in which an exception was raised."""
    for frame in reversed(frames):
        parts = re.split(INSTALLED, frame.file)
        if len(parts) > 1:
            return re.split(r"[\\/]", parts[-1])[0].removesuffix(".py")
    return ""


def syntax_error(raised: Raised) -> Finding | None:
    """Return the finding for a file that Python cannot parse."""
    file, line = str(raised.attributes.get("filename", "")), raised.attributes.get("lineno", 0)
    what = str(raised.attributes.get("msg", raised.message))
    if not file:
        return None
    if str(raised.attributes.get("text", "")).startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return findings.MERGE_MARKERS(file, line)
    package = package_in((Frame(file, line, "", False),))
    if package:
        return findings.PACKAGE_SYNTAX(package=package, what=what)
    return findings.SYNTAX(file, line, what=what)


def missing_key(raised: Raised) -> Finding | None:
    """Return the finding for a variable of os.environ that is not set."""
    if raised.arguments[:1] == ("sslmode",):
        return findings.NO_SSLMODE()
    last = raised.frames[-1] if raised.frames else None
    in_environ = last and last.function == "__getitem__" and re.search(r"\bos(\.py|>)$", last.file)
    return findings.MISSING_AT_IMPORT(name=raised.arguments[0]) if in_environ else None


def apps_not_ready(raised: Raised) -> Finding | None:
    """Return the finding for models that are imported too early."""
    own = [frame for frame in raised.frames if frame.own]
    if any(frame.file.endswith("asgi.py") for frame in own):
        return findings.MODELS_IN_ASGI()
    in_settings = [frame for frame in own if "settings" in frame.file]
    if not in_settings:
        return None
    return findings.MODELS_IN_SETTINGS(in_settings[-1].file, in_settings[-1].line)


def parsed_without_value(raised: Raised) -> Finding | None:
    """Return the finding for dj_database_url.parse() without a value, in any of its versions."""
    functions = [f.function for f in raised.frames if package_in((f,)) == "dj_database_url"]
    return findings.NO_DATABASE_URL() if functions[:1] == ["parse"] else None


def refused_mail(raised: Raised) -> Finding | None:
    """Return the finding for a mail server that is not there."""
    sent = any(re.search(r"\bsmtplib\.py$", frame.file) for frame in raised.frames)
    return findings.LOCAL_MAIL() if sent else None


def left_breakpoint(raised: Raised) -> Finding | None:
    """Return the finding for a debugger that nobody answers."""
    return findings.LEFT_BREAKPOINT()


def network_reason(events: Iterable[Event]) -> str:
    """Return why nothing is proved if another machine could not be reached, or nothing.

    A server on localhost is different: a dyno does not have one, so that is a mistake.
    """
    for raised in (raised for event in events for raised in event.chain):
        local = re.search(r"localhost|127\.0\.0\.1|\[?::1", raised.message)
        if local:
            return ""
        if raised.inherits("socket.gaierror"):
            return "the project looked for a host that was not found (no network?)"
        if raised.inherits("builtins.ConnectionRefusedError", "builtins.ConnectionResetError"):
            return "the project connects to another server, which could not be reached from here"
        if raised.inherits("ssl.SSLCertVerificationError"):
            return "the project connects to a server whose certificate is not trusted here"
    return ""


def undefined_name(raised: Raised) -> Finding | None:
    """Return the finding for a name that is not defined."""
    name = raised.attributes.get("name")
    if name == "django":
        return findings.ENGINE_CALLED()
    return findings.UNDEFINED_NAME(name=name) if name else None


def template_syntax(raised: Raised) -> Finding | None:
    """Return the finding for a template that cannot be parsed."""
    what = first_sentence(raised.message)
    return replace(
        findings.TEMPLATE_SYNTAX(what=what), line=raised.attributes.get("template_line", 0)
    )


def first_sentence(message: str) -> str:
    """Return what Django says about a template, without the list of what it knows."""
    return re.sub(LISTED, "", message.split("\n")[0]).rstrip(".")


def missing_template(raised: Raised) -> Finding | None:
    """Return the finding for a template that does not exist."""
    return findings.TEMPLATE_MISSING(name=raised.arguments[0]) if raised.arguments else None


def missing_url(raised: Raised) -> Finding | None:
    """Return the finding for a URL that no pattern matches."""
    return findings.NO_REVERSE(text=raised.message)


def database_error(raised: Raised) -> Finding | None:
    """Return the finding for an error of PostgreSQL, which its code names.

    What the code does not contain, such as the name of a table, comes from the message.
    """
    state = raised.attributes.get("sqlstate") or raised.attributes.get("pgcode")
    kind = SQLSTATES.get(str(state))
    by_text = explain.diagnose(f"{raised.name}: {raised.message}")
    return next((found for found in by_text if found.kind is kind), None)


# Functions that read the attributes of an exception, by the classes that they understand.
BY_CLASS: list[tuple[tuple[str, ...], Callable[[Raised], Finding | None]]] = [
    (("builtins.ImportError",), missing_module),
    (("builtins.SyntaxError",), syntax_error),
    (("builtins.KeyError",), missing_key),
    (("builtins.NameError",), undefined_name),
    (("builtins.ConnectionRefusedError",), refused_mail),
    (("bdb.BdbQuit",), left_breakpoint),
    (("django.template.exceptions.TemplateSyntaxError",), template_syntax),
    (("django.template.exceptions.TemplateDoesNotExist",), missing_template),
    (("django.urls.exceptions.NoReverseMatch",), missing_url),
    (("psycopg.Error", "psycopg2.Error"), database_error),
    (("django.core.exceptions.AppRegistryNotReady",), apps_not_ready),
    (
        ("builtins.ValueError", "builtins.TypeError", "builtins.AttributeError"),
        parsed_without_value,
    ),
]
