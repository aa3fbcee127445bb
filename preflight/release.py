"""The release phase: migrations and the release command, on a database made for them."""

import os
import re
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from preflight import about, contract, postgres, process
from preflight.build import find_manage_py, run_project
from preflight.steps import Failed, NotProved, NotReached

LOCAL = {"localhost", "127.0.0.1", "::1"}
HOW_TO_GET_IT = (
    "https://www.postgresql.org/download/ has it, or PREFLIGHT_DATABASE_URL names a local server."
)

# The exit status of pytest that has found no test, and what is told then.
NO_TESTS = 5
NONE = "the project has none"

# Runs under the project's interpreter, which has the driver that the project uses.
STATEMENT = """
import os
import sys
try:
    import psycopg2 as driver
except ImportError:
    import psycopg as driver
connection = driver.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
connection.cursor().execute(sys.argv[1])
"""


@dataclass
class Database:
    """A database of the rehearsal's own.

    `url` is for the release and the site, `tests` for the tests. On a server that was there, `host`
    is that one's URL and `name` what was created on it; `server` is one that was started for this.
    `note` says why it is not PostgreSQL.
    """

    url: str
    tests: str
    host: str = ""
    name: str = ""
    server: postgres.Server | None = None
    note: str = ""

    @property
    def told(self) -> str:
        """What a report says of it."""
        if self.server:
            return f"PostgreSQL {self.server.version}" + (", TLS" if self.server.tls else "")
        return "PostgreSQL of PREFLIGHT_DATABASE_URL" if self.name else "SQLite"

    def for_tests(self, folder: Path) -> dict[str, str]:
        """Return the variables that give the tests their database.

        Heroku CI gives DATABASE_URL; TEST_DATABASE_URL is what projects of this template read.
        """
        if self.tests:
            return {"DATABASE_URL": self.tests, "TEST_DATABASE_URL": self.tests}
        return {"DATABASE_URL": f"sqlite:///{(folder / 'tests.sqlite3').as_posix()}"}

    @property
    def like_heroku(self) -> bool:
        """Whether it is PostgreSQL with TLS, as Heroku's is."""
        return bool(self.server and self.server.tls)


def names_a_server() -> bool:
    """Return whether somebody has named a PostgreSQL server to rehearse on."""
    return bool(os.environ.get("PREFLIGHT_DATABASE_URL", "").strip())


def open_database(folder: Path, python: Path | None) -> Database:
    """Return the database to rehearse on.

    It is on the PostgreSQL server that PREFLIGHT_DATABASE_URL names, which has to be on this
    machine so that a slip of the paste never touches one in use; otherwise on a server that is
    started from the programs on this machine; without them it is a SQLite file in `folder`.
    `python` is an interpreter that has the project's driver. Raises NotProved for a server
    elsewhere.
    """
    named = os.environ.get("PREFLIGHT_DATABASE_URL", "").strip()
    if named:
        return create_database(named, python, folder)
    binaries = postgres.find_binaries()
    started = postgres.start(binaries) if binaries else "its programs are not on this machine"
    if isinstance(started, postgres.Server):
        # Tests make a database of their own beside the one they are given.
        return Database(started.url, started.url, server=started)
    url = f"sqlite:///{(folder / 'release.sqlite3').as_posix()}"
    return Database(
        url, "", note=f"PostgreSQL; the database was SQLite, since {started}. {HOW_TO_GET_IT}"
    )


def create_database(host: str, python: Path, folder: Path) -> Database:
    """Create a database on a server of this machine; raise NotProved if that cannot be."""
    try:
        parts = urlsplit(host)
        fits = parts.scheme in {"postgres", "postgresql"} and "host" not in parts.query
        # PostgreSQL's library takes several hosts, separated by commas.
        fits = fits and (parts.hostname or "localhost") in LOCAL and "," not in parts.netloc
    except ValueError:
        fits = False
    if not fits:
        raise NotProved(
            "PREFLIGHT_DATABASE_URL has to name a PostgreSQL server on this machine, such as "
            "postgres://postgres:password@127.0.0.1:5432/postgres"
        )
    name = f"preflight_{secrets.token_hex(6)}"
    # If Ctrl-C killed the command, nothing would know whether there is a database to drop.
    created = execute(host, f'CREATE DATABASE "{name}"', python, folder, stoppable=False)
    if created.status != 0:
        last = (created.output.strip().splitlines() or ["no answer"])[-1]
        # What cannot be taken apart is quoted in the message, and the password with it.
        said = "it cannot be taken apart" if "invalid dsn" in last else last
        raise NotProved(f"PREFLIGHT_DATABASE_URL: {said}")
    url = urlunsplit(parts._replace(path=f"/{name}"))
    return Database(url, url, host, name)


def close_database(database: Database, python: Path, folder: Path) -> None:
    """Drop the database that was created, or end the server that was started."""
    if database.server:
        database.server.stop()
    elif database.name:
        statement = f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)'
        execute(database.host, statement, python, folder)


def change(database: Database, statement: str, python: Path, folder: Path) -> str:
    """Run a statement on the database of the rehearsal; return what went wrong, or nothing."""
    if not database.url.startswith("sqlite:///"):
        finished = execute(database.url, statement, python, folder)
        return "" if finished.status == 0 else finished.output.strip().split("\n")[-1]
    connection = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=10)
    try:
        connection.execute(statement)
        connection.commit()
    except sqlite3.OperationalError as error:
        return str(error)
    finally:
        connection.close()
    return ""


def execute(
    url: str, statement: str, python: Path, folder: Path, stoppable: bool = True
) -> process.Finished:
    """Run one statement on a PostgreSQL server through the project's own driver.

    Ctrl-C kills the command if it is `stoppable`.
    """
    # Not an argument: those of a process can be read by everybody on the machine.
    variables = process.bare_environment(folder / "home") | {"DATABASE_URL": url}
    command = [str(python), "-c", STATEMENT, statement]
    return process.run(command, folder, variables, timeout=60, stoppable=stoppable)


def run_release_command(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run the release command of the Procfile; return how many migrations it applied.

    Without one, somebody will migrate by hand after the push; it is done here in their place.
    """
    command: list[str] | str | None = contract.process_types(tree).get("release")
    wrong, by_hand = "The release command fails, so Heroku would keep the old release.", ""
    if not command:
        manage = find_manage_py(tree)
        if not (tree / manage).is_file():
            raise NotReached
        command = [str(python), manage, "migrate", "--noinput"]
        wrong = "The migrations fail, which are yours to run after the push."
        by_hand = (
            "; the Procfile has no release, so after the push: heroku run python manage.py migrate"
        )
    output = run_project(command, tree, variables, wrong)
    applied = len(re.findall(r"(?m)^\s+Applying .* OK$", output))
    return (f"{applied} migrations applied" if applied else "done") + by_hand


def run_tests(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run the project's tests with an interpreter that has what they need; return the counts.

    Raises NotProved if they are pytest's and it is not there.
    """
    find = "import importlib.util as util, sys; sys.exit(util.find_spec('pytest') is None)"
    has_pytest = process.run([str(python), "-c", find], tree, variables).status == 0
    command = [str(python), find_manage_py(tree), "test"]
    if has_pytest:
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    elif (tree / "requirements-test.txt").is_file() or (tree / "uv.lock").is_file():
        raise NotProved(f"there is no .venv to run them in: {about.COMMAND} setup")
    elif not (tree / command[1]).is_file():
        raise NotReached
    try:
        output = run_project(command, tree, variables, "The project's tests fail.")
    except Failed as error:
        if not has_pytest or error.finished.status != NO_TESTS:
            raise
        return NONE
    summary = re.findall(r"(?m)^(\d+ passed.*?) in |^(Ran [1-9]\d* tests?)", output)
    return "".join(summary[-1]) if summary else NONE
