"""The release phase: migrations and the release command, on a database made for them."""

import os
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from preflight import process, source
from preflight.build import run_project
from preflight.steps import Failed, NotProved

LOCAL = {"localhost", "127.0.0.1", "::1"}

# Runs under the project's interpreter, which has the driver that the project uses.
STATEMENT = """
import sys
try:
    import psycopg2 as driver
except ImportError:
    import psycopg as driver
connection = driver.connect(sys.argv[1])
connection.autocommit = True
connection.cursor().execute(sys.argv[2])
"""

MAKEMIGRATIONS = """
from django.core.management import call_command
call_command("makemigrations", check_changes=True, dry_run=True)
"""


@dataclass(frozen=True)
class Database:
    """A database of the rehearsal's own: its URL and, on a server, that one's URL and its name."""

    url: str
    server: str = ""
    name: str = ""


def choose_database(folder: Path) -> Database:
    """Return the database to rehearse on; nothing is created yet.

    A PostgreSQL server is named by PREFLIGHT_DATABASE_URL and has to be on this machine, so that a
    slip of the paste never touches one in use. Without it the database is a SQLite file in
    `folder`. Raises NotProved for a server elsewhere.
    """
    server = os.environ.get("PREFLIGHT_DATABASE_URL", "").strip()
    if not server:
        return Database(f"sqlite:///{(folder / 'release.sqlite3').as_posix()}")
    parts = urlsplit(server)
    host = parts.hostname or "localhost"
    scheme_fits = parts.scheme in {"postgres", "postgresql"}
    if not scheme_fits or host not in LOCAL or "host" in parts.query:
        raise NotProved(
            "PREFLIGHT_DATABASE_URL has to name a PostgreSQL server on this machine, such as "
            "postgres://postgres:password@127.0.0.1:5432/postgres"
        )
    name = f"preflight_{secrets.token_hex(6)}"
    return Database(urlunsplit(parts._replace(path=f"/{name}")), server, name)


def create_database(database: Database, python: Path, folder: Path) -> None:
    """Create the database on its server; a SQLite file comes by itself."""
    if database.server:
        statement = f'CREATE DATABASE "{database.name}"'
        created = execute(database.server, statement, python, folder)
        if created.status != 0:
            last = created.output.strip().splitlines()[-1:] or ["no answer"]
            raise NotProved(f"PREFLIGHT_DATABASE_URL: {last[0]}")


def drop_database(database: Database, python: Path, folder: Path) -> None:
    """Drop the database that was created on a server, if it was."""
    if database.server and python.exists():
        statement = f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)'
        execute(database.server, statement, python, folder)


def execute(url: str, statement: str, python: Path, folder: Path) -> process.Finished:
    """Run one statement on a PostgreSQL server through the project's own driver."""
    variables = process.bare_environment(folder / "home")
    command = [str(python), "-c", STATEMENT, url, statement]
    return process.run(command, folder, variables, timeout=60)


def check_migrations(tree: Path, python: Path, variables: dict[str, str], first: str = "") -> str:
    """Fail if a model has changed and its migration was not made or not committed.

    `first` is code that the same process runs before, since a process that loads Django is most of
    the time that this takes. Returns the output.
    """
    command = [str(python), "manage.py", "shell", "-c", first + MAKEMIGRATIONS]
    try:
        return run_project(command, tree, variables, "The project cannot be loaded.")
    except Failed as error:
        shown = replace(error.finished, command="python manage.py makemigrations --check")
        if "Migrations for '" not in shown.output:
            raise Failed(str(error), shown) from None
        raise Failed(
            "The models and their migrations differ. Make the missing one, and commit it:\n"
            "python manage.py makemigrations",
            shown,
        ) from None


def run_release_command(tree: Path, variables: dict[str, str]) -> str:
    """Run the release command of the Procfile; return how many migrations it applied."""
    command = source.process_types(tree).get("release")
    if not command:
        return "the Procfile has none"
    wrong = "The release command fails, so Heroku would keep the old release."
    output = run_project(command, tree, variables, wrong)
    applied = len(re.findall(r"(?m)^\s+Applying .* OK$", output))
    return f"{applied} migrations applied" if applied else "done"


def run_tests(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run the project's tests with the interpreter of .venv; return the counts.

    Raises NotProved if nothing is set up to run them.
    """
    if not python.exists():
        raise NotProved("there is no .venv to run them in: python -m preflight setup")
    find = "import importlib.util as util, sys; sys.exit(util.find_spec('pytest') is None)"
    has_pytest = process.run([str(python), "-c", find], tree, variables).status == 0
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if not has_pytest:
        command = [str(python), "manage.py", "test"]
    output = run_project(command, tree, variables, "The project's tests fail.")
    summary = re.findall(r"(?m)^(\d+ passed.*?) in |^(Ran \d+ tests?)", output)
    if not summary:
        raise Failed("The project has no tests that could be run.")
    return summary[-1][0] or summary[-1][1]
