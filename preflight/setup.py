"""Make a checkout ready to run: .venv, the packages, .env and a local database."""

import re
import secrets
from pathlib import Path

from preflight import findings, interpreters, packages, processes
from preflight.interpreters import Python
from preflight.project_command import run_project
from preflight.steps import Failed, NotProved


def make_venv(project: Path, python: Python) -> str:
    """Create .venv with pip in it; keep an existing one that works, and replace a broken one.

    Its own .gitignore keeps it out of git, even if the repository's does not.
    """
    folder = project / ".venv"
    own = processes.python_in(folder)
    kept = interpreters.probe([str(own)]) if own.exists() else None
    if kept and kept.series != python.series:
        raise Failed(findings.OTHER_VENV(installed=kept.version, wanted=python.version))
    if not kept:
        if folder.exists() and not (folder / "pyvenv.cfg").is_file():
            raise Failed(findings.NOT_A_VENV())
        packages.make_environment(python, folder, interpreters.find_uv(project), seed=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    if wants_uv(project) and not interpreters.find_uv(project, lasting=True):
        install_uv(project, own)
    return f"Python {python.version}" + (", kept" if kept else "")


def install_uv(project: Path, python: Path) -> None:
    """Install uv into .venv, since the uv of a temporary environment would soon be gone."""
    uv = interpreters.find_uv(project)
    pip = [uv, "pip", "install", "--python", str(python)] if uv else []
    command = [*(pip or [str(python), "-m", "pip", "install"]), "--quiet", "uv"]
    installed = processes.run(command, project, processes.installer_environment())
    if installed.status != 0:
        raise NotProved("the project uses uv, which cannot be installed here", installed)
    interpreters.find_uv.cache_clear()


def wants_uv(project: Path) -> bool:
    """Return whether the project uses uv: a [project] table and no requirements.txt."""
    if (project / "requirements.txt").is_file():
        return False
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8", errors="replace") if pyproject.is_file() else ""
    return (project / "uv.lock").is_file() or "\n[project]\n" in f"\n{text}"


def lock(project: Path, python: Python) -> str:
    """Create uv.lock if the project uses uv and has none yet."""
    if not wants_uv(project) or (project / "uv.lock").is_file():
        return ""
    uv = interpreters.find_uv(project)
    if not uv:
        raise NotProved("the project uses uv, which is not installed here")
    variables = processes.installer_environment() | {"UV_PYTHON": python.path}
    made = processes.run([uv, "lock", "--quiet"], project, variables)
    if made.status != 0:
        if reason := packages.reason_here(made):
            raise NotProved(reason, made)
        raise Failed(findings.LOCK_FAILED("pyproject.toml"), finished=made)
    return "uv.lock created"


def install(project: Path, python: Python) -> str:
    """Install what production and the tests need into .venv.

    A failure counts as one of this machine, because nothing is proved about the project yet.
    """
    uv = interpreters.find_uv(project)
    try:
        return packages.install(project, project / ".venv", python, uv, tests=True)
    except Failed as error:
        reason = "the packages cannot be installed here"
        raise NotProved(reason, error.finished) from None


def write_env(project: Path) -> str:
    """Write .env from .env.example with a new secret key; keep one that exists."""
    target, example = project / ".env", project / ".env.example"
    if target.exists():
        return ".env kept"
    if not example.is_file():
        return "no .env.example"
    key = f"SECRET_KEY={secrets.token_urlsafe(64)}"
    text = re.sub(r"(?m)^SECRET_KEY=$", key, example.read_text(encoding="utf-8"))
    # No other user of this machine may read the key. Windows ignores the mode.
    target.touch(mode=0o600)
    target.write_text(text, encoding="utf-8", newline="\n")
    return ".env written, with a secret key"


def migrate(project: Path, folder: Path) -> str:
    """Migrate the local SQLite database.

    It never changes another database: the command gets a new set of environment variables, and if
    .env names a database, nothing is done.
    """
    env = project / ".env"
    text = env.read_text(encoding="utf-8-sig", errors="replace") if env.is_file() else ""
    named = re.search(r"(?m)^[ \t]*(export[ \t]+)?['\"]?DATABASE_URL['\"]?[ \t]*=[ \t]*\S", text)
    if named:
        return ".env names a database, so run python manage.py migrate yourself"
    if not (project / "manage.py").is_file():
        return "no manage.py"
    python = processes.python_in(project / ".venv")
    variables = processes.bare_environment(folder / "home", python.parent)
    # Set and empty, so that a line of .env that was not understood here does not count.
    variables["DATABASE_URL"] = ""
    command = [str(python), "manage.py", "migrate", "--noinput"]
    # No other user of this machine may read the database. Windows ignores the umask.
    run_project(command, project, variables, findings.LOCAL_MIGRATE_FAILED(), umask=0o077)
    return "up to date"
