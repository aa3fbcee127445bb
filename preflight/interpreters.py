"""The Python that Heroku will run, found on this machine."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from preflight import heroku, processes
from preflight.steps import NotProved

PROBE = "import sys, ensurepip, sqlite3, ssl; print('%d.%d.%d' % sys.version_info[:3])"


@dataclass(frozen=True)
class Python:
    """An interpreter that works: where it is, and its full version."""

    path: str
    version: str

    @property
    def series(self) -> str:
        """The version without its last part: 3.13."""
        return self.version.rpartition(".")[0]


def read_full_version(project: Path) -> str | None:
    """Return the version, such as "3.13" or "3.13.2", in runtime.txt or .python-version.

    None if neither exists, or if it contains something else, which file_checks.py reports.
    """
    for name, form in (
        ("runtime.txt", heroku.RUNTIME_TXT),
        (".python-version", heroku.PYTHON_VERSION),
    ):
        path = project / name
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            lines = [line.strip() for line in lines]
            lines = [line for line in lines if line and not line.startswith("#")]
            match = re.fullmatch(form, lines[0]) if len(lines) == 1 else None
            return match[1] + (match[2] or "") if match else None
    return None


def read_version_file(project: Path) -> str | None:
    """Return the series, such as "3.13", that runtime.txt or .python-version asks for, or None."""
    version = read_full_version(project)
    return ".".join(version.split(".")[:2]) if version else None


def oldest_allowed(project: Path) -> tuple[int, int]:
    """Return the oldest Python that the Django of this project runs on."""
    for name in ("requirements.txt", "pyproject.toml"):
        path = project / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        match = re.search(r"(?im)^\s*[\"']?django\s*[=~>]=\s*([0-9]+)\.([0-9]+)", text)
        if match:
            django = (int(match[1]), int(match[2]))
            for series, python in heroku.OLDEST_PYTHON_OF_DJANGO.items():
                if django >= series:
                    return python
    return (3, 10)


def find(project: Path) -> Python:
    """Return the interpreter of the series that the project asks for, or the best alternative.

    Without that series, it is the interpreter that runs this, if the project's Django supports it,
    and otherwise the newest that it supports. Raises NotProved if there is none.
    """
    wanted = read_version_file(project) or heroku.DEFAULT_PYTHON
    found = find_series(wanted)
    if found:
        return found
    oldest = oldest_allowed(project)
    if sys.version_info[:2] >= oldest:
        found = probe([processes.interpreter()])
        if found:
            return found
    for series in reversed(heroku.PYTHONS):
        if tuple(map(int, series.split("."))) >= oldest and series != wanted:
            found = find_series(series)
            if found:
                return found
    raise NotProved(
        f"Python {wanted} is not installed here, and neither is another that the project's Django "
        "supports. Install it: https://www.python.org/downloads/"
    )


def find_series(series: str) -> Python | None:
    """Return a working interpreter of this series, or None."""
    if series == f"{sys.version_info.major}.{sys.version_info.minor}":
        found = probe([processes.interpreter()]) or probe([sys.executable])
        if found:
            return found
    for command in candidates(series):
        found = probe(command)
        if found and found.series == series:
            return found
    return None


def candidates(series: str) -> Iterator[list[str]]:
    """Give the commands that may start this series, the most likely first."""
    # Before PATH, where a shim of pyenv may start the same interpreter, or none.
    roots = [Path.home() / ".pyenv", Path.home() / ".pyenv/pyenv-win"]
    if own := os.environ.get("PYENV_ROOT"):
        roots.insert(0, Path(own))
    for root in roots:
        for folder in sorted(root.glob(f"versions/{series}.*"), reverse=True):
            program = folder / ("python.exe" if processes.WINDOWS else "bin/python")
            if program.is_file():
                yield [str(program)]
    on_path = shutil.which(f"python{series}")
    if on_path:
        yield [on_path]
    launcher = shutil.which("py")
    if launcher and processes.WINDOWS:
        yield [launcher, f"-{series}"]
    uv = find_uv()
    if uv:
        # The folder of uv's own interpreters; PATH was searched above.
        environment = processes.installer_environment() | {"UV_PYTHON_PREFERENCE": "only-managed"}
        answer = processes.run([uv, "python", "find", series], Path.cwd(), environment, timeout=30)
        if answer.status == 0:
            yield [answer.output.strip()]


def probe(command: list[str]) -> Python | None:
    """Return the interpreter that a command starts, or None if it does not work.

    A shim of pyenv is a program that answers "command not found".
    """
    environment = processes.installer_environment()
    code = PROBE + "; print(sys.executable)"
    answer = processes.run([*command, "-I", "-c", code], Path.cwd(), environment, timeout=30)
    lines = answer.output.split("\n")
    if answer.status != 0 or len(lines) < 2 or not re.fullmatch(r"[0-9.]+", lines[0]):
        return None
    return Python(lines[1].strip(), lines[0])


@cache
def find_uv(project: Path | None = None, lasting: bool = False) -> str | None:
    """Return the uv to install with, or None: the one that runs us, in .venv, or on PATH.

    `lasting` leaves out the one that runs us, whose environment may be temporary.
    Each is run first: a shim of pyenv is a program that answers "command not found".
    """
    places = [] if lasting else [os.environ.get("UV")]
    if importlib.util.find_spec("uv") and not lasting:
        import uv

        try:
            places.append(uv.find_uv_bin())
        except FileNotFoundError:
            pass
    if project:
        scripts = processes.python_in(project / ".venv").parent
        places += [str(scripts / "uv"), str(scripts / "uv.exe")]
    places.append(shutil.which("uv"))
    environment = processes.installer_environment()
    for place in filter(None, places):
        command = [place, "--version"]
        if processes.run(command, project or Path.cwd(), environment, timeout=30).status == 0:
            return place
    return None
