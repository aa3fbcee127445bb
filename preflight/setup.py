"""Make a checkout runnable: an interpreter, .venv, the packages, .env, a database to start with."""

import re
import secrets
from pathlib import Path

from preflight import build, interpreter, process
from preflight.interpreter import Python
from preflight.steps import Failed, NotProved


def make_venv(project: Path, python: Python) -> str:
    """Make .venv with pip in it; keep the one that is there if it works, replace it if not.

    A .gitignore of its own keeps it out of git, also in a repository whose own file does not.
    """
    folder = project / ".venv"
    own = process.python_in(folder)
    kept = interpreter.probe([str(own)]) if own.exists() else None
    if kept and kept.series != python.series:
        raise Failed(
            f".venv has Python {kept.version}, and this project is to run on {python.version}. "
            "Remove the folder .venv and run this again."
        )
    if not kept:
        if folder.exists() and not (folder / "pyvenv.cfg").is_file():
            raise Failed("There is a folder .venv that is no virtual environment. Rename it.")
        build.make_environment(python, folder, interpreter.find_uv(project), seed=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    if wants_uv(project) and not interpreter.find_uv(project, lasting=True):
        # The uv of a throw-away environment would be gone at the next rehearsal.
        uv = interpreter.find_uv(project)
        pip = (
            [uv, "pip", "install", "--python", str(own)]
            if uv
            else [str(own), "-m", "pip", "install"]
        )
        command = [*pip, "--quiet", "uv"]
        installed = process.run(command, project, process.installer_environment())
        if installed.status != 0:
            reason = "the project is packaged with uv, and uv cannot be installed"
            raise NotProved(reason, installed)
        interpreter.find_uv.cache_clear()
    return f"Python {python.version}" + (", kept" if kept else "")


def wants_uv(project: Path) -> bool:
    """Return whether the packages are written down for uv: no requirements.txt, a [project]."""
    if (project / "requirements.txt").is_file():
        return False
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8", errors="replace") if pyproject.is_file() else ""
    return (project / "uv.lock").is_file() or "\n[project]\n" in f"\n{text}"


def lock(project: Path, python: Python) -> str:
    """Make uv.lock if the project is packaged with uv and has none yet."""
    uv = interpreter.find_uv(project)
    if not wants_uv(project) or (project / "uv.lock").is_file():
        return ""
    variables = process.installer_environment() | {"UV_PYTHON": python.path}
    made = process.run([uv, "lock", "--quiet"], project, variables)
    if made.status != 0:
        reason = build.reason_here(made)
        raise NotProved(reason, made) if reason else Failed("uv.lock cannot be made.", made)
    return "uv.lock made"


def install(project: Path, python: Python) -> str:
    """Install what production and the tests need into .venv.

    A failure counts as one of this machine: what cannot be installed here has proved nothing.
    """
    uv = interpreter.find_uv(project)
    try:
        return build.install(project, project / ".venv", python, uv, tests=True)
    except Failed as error:
        reason = "the packages cannot be installed here"
        raise NotProved(reason, error.finished) from None


def write_env(project: Path) -> str:
    """Write .env from .env.example, with a secret key of its own; one that exists stays."""
    target, example = project / ".env", project / ".env.example"
    if target.exists():
        return ".env kept as it is"
    if not example.is_file():
        return "no .env.example"
    key = f"SECRET_KEY={secrets.token_urlsafe(64)}"
    text = re.sub(r"(?m)^SECRET_KEY=$", key, example.read_text(encoding="utf-8"))
    target.write_text(text, encoding="utf-8", newline="\n")
    return ".env written, with a secret key"


def migrate(project: Path, folder: Path) -> str:
    """Bring the SQLite database of development up to date.

    It never touches another: the command runs in an environment from nothing, and where .env names
    a database nothing is done.
    """
    env = project / ".env"
    text = env.read_text(encoding="utf-8-sig", errors="replace") if env.is_file() else ""
    named = re.search(r"(?m)^[ \t]*(export[ \t]+)?['\"]?DATABASE_URL['\"]?[ \t]*=[ \t]*\S", text)
    if named:
        return ".env names a database; python manage.py migrate is yours to run"
    if not (project / "manage.py").is_file():
        return "no manage.py"
    python = process.python_in(project / ".venv")
    variables = process.bare_environment(folder / "home", python.parent)
    # Set and empty: whatever a line of .env says that was not understood here, it does not count.
    variables["DATABASE_URL"] = ""
    wrong = "The database of development cannot be migrated."
    build.run_project([str(python), "manage.py", "migrate", "--noinput"], project, variables, wrong)
    return "up to date"
