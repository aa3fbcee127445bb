"""The packages of a project: how Heroku installs them, in an environment of the rehearsal."""

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

from preflight import about, advice, bytecode, exceptions, findings, heroku, processes
from preflight.interpreters import Python
from preflight.processes import Finished
from preflight.steps import Failed, NotProved, find_causes

# Lines in requirements.txt: https://pip.pypa.io/en/stable/reference/requirements-file-format/
INCLUDE = re.compile(rb"(?m)^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)")
LOCAL_REQUIREMENT = rb"(?m)^\s*(?:-e|--editable|-f|--find-links|\.|/)|\bfile:"
# The programming interfaces of PostgreSQL that Django uses.
DRIVERS = ("psycopg", "psycopg2")


def make_environment(python: Python, folder: Path, uv: str | None, seed: bool = False) -> None:
    """Make an empty virtual environment, with pip in it if `seed` is set or there is no uv."""
    if uv:
        command = [uv, "venv", "--quiet", "--clear", "--python", python.path, str(folder)]
        command += ["--seed"] if seed else []
    else:
        command = [python.path, "-m", "venv", "--clear", str(folder)]
    made = processes.run(command, folder.parent, processes.installer_environment())
    if made.status != 0:
        raise NotProved(
            reason_here(made) or "a virtual environment could not be created here", made
        )


def install_command(project: Path, environment: Path, uv: str | None, tests: bool) -> list[str]:
    """Return the command that installs what the file of the package manager lists.

    It is that of Heroku's build (BP lib/pip.sh, lib/uv.sh); `tests` adds what Heroku CI adds.
    Raises NotProved for a package manager that preflight does not run.
    """
    python = str(processes.python_in(environment))
    if (project / "uv.lock").is_file():
        if not uv:
            raise NotProved(
                f"the project needs uv, which is missing here; {about.COMMAND} setup installs it"
            )
        groups = [] if tests else ["--no-default-groups"]
        return [uv, "sync", "--quiet", "--locked", "--inexact", *groups]
    if not (project / "requirements.txt").is_file():
        locked = [heroku.PACKAGE_MANAGERS[n] for n in heroku.EXPORTS if (project / n).is_file()]
        why = (
            f"this project is locked with {locked[0]}" if locked else "there is no file for either"
        )
        raise NotProved(f"preflight installs with pip or uv, and {why}")
    files = ["-r", "requirements.txt"]
    if tests and (project / "requirements-test.txt").is_file():
        files += ["-r", "requirements-test.txt"]
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", python, *files]
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *files]


def install(project: Path, environment: Path, python: Python, uv: str | None, tests: bool) -> str:
    """Install the dependencies into an environment that exists; return what did it.

    Raises NotProved if the reason is this machine, otherwise Failed.
    """
    variables = processes.installer_environment() | {
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "UV_PYTHON": python.path,
        "VIRTUAL_ENV": str(environment),
    }
    command = install_command(project, environment, uv, tests)
    installed = processes.run(command, project, variables, timeout=900)
    if installed.status != 0:
        here = reason_here(installed)
        if here:
            raise NotProved(here, installed)
        newer = newer_than_known(environment, uv)
        if newer and not find_causes(installed):
            raise NotProved(newer[-1], installed)
        raise Failed(findings.INSTALL_FAILED(), finished=installed)
    if uv:
        # pip has compiled all modules.
        bytecode.fetch(site_packages(environment), python)
    return f"{'uv' if uv else 'pip'}, Python {python.version}"


def choose_environment(cache: Path, tree: Path, python: Python) -> Path:
    """Return the folder of the environment for these requirements, this interpreter and this path.

    If none of them has changed, the next rehearsal uses the same folder, as Heroku reuses installed
    packages (BP lib/cache.sh). The path matters because the programs of an environment, such as
    gunicorn, contain it and do not start after a move.
    """
    content = hashlib.sha256(os.fsencode(cache.resolve()))
    content.update(f"{python.path} {python.version}".encode())
    for name in (*heroku.PACKAGE_MANAGERS, "pyproject.toml"):
        path = tree / name
        content.update(name.encode() + (path.read_bytes() if path.is_file() else b""))
    if (tree / "requirements.txt").is_file():
        content.update(read_requirements(tree))
    return cache / f"environment-{content.hexdigest()[:12]}"


def read_requirements(tree: Path) -> bytes:
    """Return the content of requirements.txt and of all files that it includes with -r and -c.

    If it names something that cannot be compared, such as a local package or a URL, return random
    bytes, so that the environment is never reused.
    """
    files, content = [(tree / "requirements.txt").resolve()], b""
    for path in files:
        text = path.read_bytes() if path.is_file() else None
        if text is None or re.search(LOCAL_REQUIREMENT, text):
            return secrets.token_bytes()
        content += text
        included = [(path.parent / os.fsdecode(name)).resolve() for name in INCLUDE.findall(text)]
        files += [other for other in included if other not in files]
    return content


def install_once(tree: Path, environment: Path, python: Python, uv: str | None) -> str:
    """Make the environment and install what production needs into it, unless that was done.

    Environments for other requirements are removed. Raises like install.
    """
    done = environment / "installed"
    if done.is_file():
        exceptions.install(site_packages(environment))
        return f"unchanged since the last rehearsal, Python {python.version}"
    cache = environment.parent
    if cache.exists():
        shutil.rmtree(cache)
    cache.mkdir()
    # Out of git, also in a repository whose .gitignore does not name the folder.
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    make_environment(python, environment, uv)
    detail = install(tree, environment, python, uv, tests=False)
    exceptions.install(site_packages(environment))
    done.touch()
    return detail


def newer_than_known(environment: Path, uv: str | None) -> list[str]:
    """Return what is newer than preflight knows: Django, or the installer."""
    versions = {"Django": find_version(environment, "django")}
    if uv:
        shown = processes.run([uv, "--version"], environment, processes.installer_environment())
        found = re.search(r"uv (\d[\d.]*)", shown.output)
        versions["uv"] = found[1] if found else ""
    else:
        versions["pip"] = find_version(environment, "pip")
    return [
        f"{name} {version} is newer than {heroku.NEWEST[name]}, the newest on {heroku.DATE}"
        for name, version in versions.items()
        if version and is_newer(version, heroku.NEWEST[name])
    ]


def find_version(environment: Path, name: str) -> str:
    """Return the version of an installed package, or nothing."""
    folder = find_site_packages(environment)
    found = folder.glob("*.dist-info") if folder else iter(())
    named = [path.stem.rpartition("-") for path in found]
    return next((version for package, _, version in named if package.lower() == name), "")


def is_newer(version: str, known: str) -> bool:
    """Return whether a version belongs to a newer series than a known one, such as 6.1."""
    numbers = [[int(part) for part in re.findall(r"\d+", text)] for text in (version, known)]
    return numbers[0][: len(numbers[1])] > numbers[1]


def reason_here(finished: Finished) -> str | None:
    """Return why a command failed if the reason is this machine or its network, else None."""
    if finished.status is None:
        return "it took too long"
    if finished.killed:
        return "something else ended it"
    for pattern, reason in advice.HERE:
        if re.search(pattern, finished.output, re.IGNORECASE):
            return reason
    return None


def find_site_packages(environment: Path) -> Path | None:
    """Return the folder of an environment that contains the installed packages, if there is one."""
    folders = [*environment.glob("lib*/python*/site-packages"), environment / "Lib/site-packages"]
    return next((folder for folder in folders if folder.is_dir()), None)


def site_packages(environment: Path) -> Path:
    """Return the folder with the packages of an environment that preflight has made."""
    folder = find_site_packages(environment)
    assert folder, environment
    return folder


def has_driver(environment: Path) -> bool:
    """Return whether a driver of PostgreSQL is installed. Without one, there is no database."""
    return any((site_packages(environment) / name).is_dir() for name in DRIVERS)
