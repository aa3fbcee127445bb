"""Runs inside the project's processes, and writes a file for each exception that it sees.

A .pth file in the rehearsal's own environment imports it, if PREFLIGHT_EVENTS names a folder. It
survives a PYTHONPATH in a process line and `python -I`, which a sitecustomize does not. coverage.py
and OpenTelemetry start in the same way.

It imports nothing of the project and no Django. It prints nothing, reads no local variables, and
changes nothing that a rehearsal judges. Each event is written at once, in a file named after the
process, because gunicorn forks after it has loaded the project, and may be killed.
"""

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any

FOLDER = os.environ.get("PREFLIGHT_EVENTS", "")
# Events of a process, exceptions of a chain, frames of an exception, characters of a text.
MOST_EVENTS, MOST_CAUSES, MOST_FRAMES, LONGEST = 50, 20, 200, 2_000
# What exceptions of Python, Django and psycopg say about themselves.
ATTRIBUTES = ("name", "path", "filename", "lineno", "msg", "text", "sqlstate", "pgcode")
numbers = itertools.count()


def shown(value: object) -> str:
    """Return a value as text."""
    try:
        return (value if isinstance(value, str) else repr(value))[:LONGEST]
    except Exception:
        return "?"


def describe(error: BaseException) -> dict[str, Any]:
    """Return what one exception says about itself, and where it was raised."""
    kind = type(error)
    found: dict[str, Any] = {
        "module": kind.__module__,
        "name": kind.__qualname__,
        "bases": [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__],
        "message": shown(str(error)),
        "arguments": [shown(argument) for argument in error.args[:5]],
        "frames": frames(error.__traceback__),
    }
    values = {name: getattr(error, name, None) for name in ATTRIBUTES}
    # The line of a TemplateSyntaxError.
    values["template_line"] = getattr(getattr(error, "token", None), "lineno", None)
    found["attributes"] = {
        name: value if isinstance(value, int) else shown(value)
        for name, value in values.items()
        if isinstance(value, (str, int))
    }
    return found


def frames(traceback: "TracebackType | None") -> list[dict[str, Any]]:
    """Return the frames of a traceback, without their variables."""
    found: list[dict[str, Any]] = []
    while traceback and len(found) < MOST_FRAMES:
        code = traceback.tb_frame.f_code
        found.append(
            {"file": code.co_filename, "line": traceback.tb_lineno, "function": code.co_name}
        )
        traceback = traceback.tb_next
    return found


def chain(error: "BaseException | None") -> list[dict[str, Any]]:
    """Return an exception and those that led to it, the first one first."""
    found: list[dict[str, Any]] = []
    while error is not None and len(found) < MOST_CAUSES:
        found.append(describe(error))
        following = error.__cause__
        if following is None and not error.__suppress_context__:
            following = error.__context__
        error = following
    return found[::-1]


def write(source: str, error: "BaseException | None") -> None:
    """Write an event. A failure to write it must never reach the project."""
    try:
        number = next(numbers)
        if error is None or number >= MOST_EVENTS:
            return
        event = {"source": source, "time": time.time(), "chain": chain(error)}
        path = os.path.join(FOLDER, f"{os.getpid()}-{number:03}")
        with open(f"{path}.tmp", "w", encoding="utf-8") as file:
            json.dump(event, file)
        os.replace(f"{path}.tmp", f"{path}.json")
    except Exception:
        pass


def watch_processes() -> None:
    """Report exceptions that end the process or a thread."""
    previous, previous_of_threads = sys.excepthook, threading.excepthook

    def excepthook(
        kind: type[BaseException], error: BaseException, traceback: "TracebackType | None"
    ) -> None:
        write("process", error)
        previous(kind, error, traceback)

    def thread_excepthook(arguments: Any) -> None:
        write("thread", arguments.exc_value)
        previous_of_threads(arguments)

    sys.excepthook, threading.excepthook = excepthook, thread_excepthook


def watch_logging(logging: ModuleType) -> None:
    """Report exceptions in log records; a logger that is disabled creates none."""
    previous = logging.getLogRecordFactory()

    def factory(*arguments: Any, **options: Any) -> Any:
        record = previous(*arguments, **options)
        information = getattr(record, "exc_info", None)
        if information and record.levelno >= logging.ERROR:
            write("log", information[1])
        return record

    logging.setLogRecordFactory(factory)


def watch_requests(signals: ModuleType) -> None:
    """Report exceptions in requests."""

    def receive(**options: Any) -> None:
        write("request", sys.exc_info()[1])

    signals.got_request_exception.connect(receive, weak=False)


def watch_commands(base: ModuleType) -> None:
    """Report the errors with which manage.py exits by sys.exit, so that no hook sees them."""
    original = base.BaseCommand.run_from_argv

    def run_from_argv(self: Any, argv: list[str]) -> Any:
        try:
            return original(self, argv)
        except SystemExit as leaving:
            if leaving.code:
                write("command", leaving.__context__)
            raise

    base.BaseCommand.run_from_argv = run_from_argv


class Watcher(MetaPathFinder):
    """Calls a function with a module when the project has imported it."""

    def __init__(self, hooks: dict[str, Callable[[ModuleType], None]]) -> None:
        self.hooks = hooks

    def find_spec(self, name: str, path: Any, target: Any = None) -> "ModuleSpec | None":
        """Let another finder find the module, and call the function after it was executed."""
        hook = self.hooks.pop(name, None)
        if hook is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec and spec.loader:
                call_afterwards(spec.loader, hook)
                return spec
        return None


def call_afterwards(loader: Any, hook: Callable[[ModuleType], None]) -> None:
    """Call a function after a loader has executed its module."""
    original = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        original(module)
        try:
            hook(module)
        except Exception:
            pass

    loader.exec_module = exec_module


def start() -> None:
    """Watch this process."""
    watch_processes()
    hooks = {
        "logging": watch_logging,
        "django.core.signals": watch_requests,
        "django.core.management.base": watch_commands,
    }
    for name in list(hooks):
        if name in sys.modules:
            hooks.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, Watcher(hooks))


if os.path.isdir(FOLDER):
    start()
