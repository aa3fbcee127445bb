"""Helpers for the tests: generate projects, run commands, and share what takes long."""

import hashlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from unittest.mock import patch

import pytest
from cookiecutter.environment import StrictEnvironment
from cookiecutter.main import cookiecutter
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
OPTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES = {
    name: [True, False] if value is True else value
    for name, value in OPTIONS.items()
    if not name.startswith("_") and (isinstance(value, list) or value is True)
}

# The minimum that a program needs, without the settings of the user who runs the tests.
BARE = {
    name: os.environ[name]
    for name in ("PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "LANG", "TEMP", "TMP")
    if name in os.environ
}
# The environment variable with the folder that all workers of a test run share.
SHARED = "HEROKU_DJANGO_TESTS"
ON_CI = os.environ.get("CI") == "true"


@dataclass(frozen=True)
class Ended:
    """The exit status and the output of a command."""

    status: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line that a hook prints. Cookiecutter may print more after it."""
        lines = [line for line in self.output.splitlines() if line.startswith("heroku-django:")]
        return lines[-1] if lines else ""

    @property
    def outcome(self) -> str | None:
        """The outcome in the hook's last line."""
        found = re.search(r"outcome=([\w-]+)", self.last_line)
        return found[1] if found else None


def run(command: list, cwd: Path, env: dict[str, str] | None = None, **options) -> Ended:
    """Run a command to its end; `env` replaces the whole environment."""
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=options.pop("timeout", 300),
        check=False,
        **options,
    )
    return Ended(finished.returncode, finished.stdout.decode("utf-8", errors="replace"))


def caller_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return this process's environment, with git set up and with separate folders."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    settings = home / "cookiecutter.yaml"
    folder = json.dumps(str(home))
    settings.write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n", encoding="utf-8")
    identity = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    environment = os.environ | identity | folders | {"COOKIECUTTER_CONFIG": str(settings)}
    for name in ("DATABASE_URL", "PREFLIGHT_DATABASE_URL"):
        environment.pop(name, None)
    return environment | variables


def bake(output: Path, *flags: str, env: dict[str, str] | None = None, **answers) -> Ended:
    """Generate a project into `output` on the command line, with both hooks.

    The command runs in that folder, so an -o among the flags is relative to it.
    """
    output.mkdir(parents=True, exist_ok=True)
    env = env or caller_environment(output.with_name(output.name + "-home"))
    pairs = [f"{name}={value}" for name, value in answers.items()]
    place = [] if "-o" in flags else ["-o", output]
    command = [sys.executable, "-m", "cookiecutter", "--no-input", *flags, *place]
    return run([*command, ROOT, *pairs], output, env)


class CompilingOnce(StrictEnvironment):
    """Cookiecutter's Jinja environment, which compiles each template only once per process.

    Cookiecutter creates an environment for each project, and spends most of its time compiling.
    """

    compiled: dict[tuple, CodeType] = {}

    def compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        """Return the code of a template."""
        key = (source, name, filename, self.trim_blocks, self.lstrip_blocks, defer_init)
        if raw:
            return super().compile(source, name, filename, raw, defer_init)
        if key not in self.compiled:
            self.compiled[key] = super().compile(source, name, filename, raw, defer_init)
        return self.compiled[key]


@patch("cookiecutter.utils.StrictEnvironment", CompilingOnce)
def render(output: Path, **answers) -> Path:
    """Generate a project without hooks; return its folder."""
    output.mkdir(parents=True, exist_ok=True)
    settings = output / "cookiecutter.yaml"
    if not settings.exists():
        settings.write_text(f"replay_dir: {json.dumps(str(output))}\n", encoding="utf-8")
    return Path(
        cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context=answers,
            output_dir=str(output),
            overwrite_if_exists=True,
            accept_hooks=False,
            config_file=str(settings),
        )
    )


def all_combinations() -> list[dict]:
    """Return every combination of the choices."""
    return [
        dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())
    ]


@cache
def covering_combinations() -> list[dict]:
    """Return a few combinations that contain every pair of choices of two questions.

    The default answers come first. The first three contain every choice at least once.
    """

    def parts(combination: dict) -> tuple[set, set]:
        choices = set(combination.items())
        return choices, set(itertools.combinations(combination.items(), 2))

    everything = all_combinations()
    choices, pairs = (set().union(*sets) for sets in zip(*map(parts, everything), strict=True))
    chosen = []
    while pairs:
        best = max(
            everything,
            key=lambda answers: (len(choices & parts(answers)[0]), len(pairs & parts(answers)[1])),
        )
        chosen.append(best)
        choices -= parts(best)[0]
        pairs -= parts(best)[1]
    return chosen


def name_of(combination: dict) -> str:
    """Return a name for a combination, for test reports."""
    return "-".join(str(value) for value in combination.values())


def python_of(project: Path) -> Path:
    """Return the interpreter of a project's .venv."""
    return project / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")


def free_port(address: str = "127.0.0.1") -> int:
    """Return a free port on this machine."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]


def works(program: str | Path | None) -> bool:
    """Return whether a program is a working Python interpreter."""
    if not program:
        return False
    return run([program, "-c", "import ssl, sqlite3"], ROOT).status == 0


def has_python(series: str) -> bool:
    """Return whether this machine has an interpreter of a series: on PATH or from pyenv."""
    if series == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [shutil.which(f"python{series}"), *folder.glob(f"{series}.*/bin/python")]
    return any(works(place) for place in places)


def production(**variables: str) -> dict[str, str]:
    """Return a complete production environment and nothing else."""
    complete = {
        "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
        "DATABASE_URL": "sqlite://:memory:",
        "EMAIL_URL": "smtp://user:password@smtp.example.com:587",
        "DEFAULT_FROM_EMAIL": "site@example.com",
        "AWS_STORAGE_BUCKET_NAME": "bucket",
        "AWS_S3_REGION_NAME": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "placeholder",
        "AWS_SECRET_ACCESS_KEY": "placeholder",
        "CLOUDINARY_URL": "cloudinary://1:secret@demo",
    }
    return BARE | {"PYTHON_DOTENV_DISABLED": "1"} | complete | variables


def once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that all workers of a test run share. The first worker fills it.

    `make` is called with the folder. If it fails, the next worker tries again.
    """
    folder = Path(os.environ[SHARED]) / name
    done = folder.with_name(f"{name}.done")
    with FileLock(folder.with_name(f"{name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            done.touch()
    return folder


def generate_default_project(folder: Path) -> None:
    """Generate and prove the project with the default answers; save the output next to it."""
    ended = bake(folder, env=caller_environment(folder / "home"), project_slug="site")
    assert ended.outcome == "proved", ended.output
    (folder / "output.txt").write_text(ended.output, encoding="utf-8")


def copy_project(project: Path, copy: Path) -> Path:
    """Copy a project without its environments and bytecode; return the copy."""
    ignored = shutil.ignore_patterns(".venv", ".preflight", "__pycache__")
    return shutil.copytree(project, copy, ignore=ignored)


def environment_with(requirements: Iterable[str], python: str) -> Path:
    """Return the Python of an environment with these packages, which all workers share."""
    lines = sorted({line for line in requirements if line and not line.startswith(("#", "-r"))})
    digest = hashlib.sha256("\n".join([str(python), *lines]).encode()).hexdigest()

    def install(folder: Path) -> None:
        listed = folder / "requirements.txt"
        listed.write_text("\n".join(lines), encoding="utf-8")
        uv, env = [sys.executable, "-m", "uv"], {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        target = python_of(folder)
        for command in (
            ["venv", "-q", "--python", python, folder / ".venv"],
            ["pip", "install", "-q", "--python", target, "-r", listed],
        ):
            ended = run([*uv, *command], folder, env)
            assert ended.status == 0, ended.output

    return python_of(once(f"environment-{digest[:12]}", install))


def find_new_python():
    """Find a Python for Django 6.1 as the rehearsal does; skip if there is none, fail on CI."""
    from preflight import interpreters

    for series in ("3.13", "3.12", "3.14"):
        found = interpreters.find_series(series)
        if found:
            return found.path
    assert not ON_CI, "CI has no Python that Django 6.1 runs on"
    pytest.skip("Install Python 3.12 or newer: https://www.python.org/downloads/")


def missing(what, how):
    """Skip the test, or fail it on CI, with a message that says how to install what is missing."""
    assert not ON_CI, f"CI has no {what}. {how}"
    pytest.skip(f"{what} is missing. {how}")
