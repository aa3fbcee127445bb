"""The database of a rehearsal: PostgreSQL like Heroku's where it is installed, otherwise SQLite."""

import os
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from preflight import postgres, processes
from preflight.steps import NotProved, NotReached

LOCAL = {"localhost", "127.0.0.1", "::1"}
HOW_TO_GET_IT = (
    "Install it from https://www.postgresql.org/download/, or name a local server in "
    "PREFLIGHT_DATABASE_URL."
)

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
    """The database of a rehearsal.

    `url` is for the release and the site, `tests` for the tests. On an existing server, `host` is
    the URL of that server, and `name` is the database that was created on it. `server` is a server
    that was started. `note` says why the database is not PostgreSQL.
    """

    url: str
    tests: str
    host: str = ""
    name: str = ""
    server: postgres.Server | None = None
    note: str = ""

    @property
    def description(self) -> str:
        """What a report says about it."""
        if self.server:
            return f"PostgreSQL {self.server.version}" + (", TLS" if self.server.tls else "")
        return "PostgreSQL of PREFLIGHT_DATABASE_URL" if self.name else "SQLite"

    def for_tests(self, folder: Path) -> dict[str, str]:
        """Return the variables that give the tests their database.

        Heroku CI sets DATABASE_URL. Projects of this template read TEST_DATABASE_URL.
        """
        if self.tests:
            return {"DATABASE_URL": self.tests, "TEST_DATABASE_URL": self.tests}
        return {"DATABASE_URL": f"sqlite:///{(folder / 'tests.sqlite3').as_posix()}"}

    @property
    def like_heroku(self) -> bool:
        """Whether it is PostgreSQL with TLS, as on Heroku."""
        return bool(self.server and self.server.tls)


def names_a_server() -> bool:
    """Return whether PREFLIGHT_DATABASE_URL names a PostgreSQL server to rehearse on."""
    return bool(os.environ.get("PREFLIGHT_DATABASE_URL", "").strip())


def open_database(folder: Path, python: Path | None) -> Database:
    """Return the database to rehearse on.

    It is on the PostgreSQL server that PREFLIGHT_DATABASE_URL names. That has to be on this
    machine, so that a wrong URL never touches a live one. Without the variable, a server is
    started, and if PostgreSQL is not installed, the database is a SQLite file in `folder`.
    `python` is an interpreter with the project's driver. Raises NotProved for a server on another
    machine.
    """
    named = os.environ.get("PREFLIGHT_DATABASE_URL", "").strip()
    if named:
        # The driver that connects to it is one of the project's packages.
        if not python:
            raise NotReached
        return create_database(named, python, folder)
    try:
        server = postgres.start(postgres.find_binaries())
    except postgres.Unavailable as error:
        url = f"sqlite:///{(folder / 'release.sqlite3').as_posix()}"
        note = f"PostgreSQL; the database was SQLite, because {error}. {HOW_TO_GET_IT}"
        return Database(url, "", note=note)
    # Tests create a database beside the one that they get.
    return Database(server.url, server.url, server=server)


def create_database(host: str, python: Path, folder: Path) -> Database:
    """Create a database on a server on this machine; raise NotProved if that is not possible."""
    try:
        parts = urlsplit(host)
        fits = parts.scheme in {"postgres", "postgresql"} and "host" not in parts.query
        # PostgreSQL's library takes several hosts, separated by commas.
        fits = fits and (parts.hostname or "localhost") in LOCAL and "," not in parts.netloc
    except ValueError:
        fits = False
    if not fits:
        raise NotProved(
            "PREFLIGHT_DATABASE_URL must name a PostgreSQL server on this machine, such as "
            "postgres://postgres:password@127.0.0.1:5432/postgres"
        )
    name = f"preflight_{secrets.token_hex(6)}"
    # Not stoppable: after Ctrl-C, it would be unknown whether there is a database to drop.
    created = execute(host, f'CREATE DATABASE "{name}"', python, folder, stoppable=False)
    if created.status != 0:
        last = (created.output.strip().splitlines() or ["no answer"])[-1]
        # If the URL cannot be parsed, the message quotes it, with the password.
        problem = "it cannot be parsed" if "invalid dsn" in last else last
        raise NotProved(f"PREFLIGHT_DATABASE_URL: {problem}")
    url = urlunsplit(parts._replace(path=f"/{name}"))
    return Database(url, url, host, name)


def close_database(database: Database, python: Path | None, folder: Path) -> None:
    """Drop the database that was created, or end the server that was started."""
    if database.server:
        database.server.stop()
    elif database.name and python:
        statement = f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)'
        execute(database.host, statement, python, folder)


def change(database: Database, statement: str, python: Path, folder: Path) -> None:
    """Run a statement on the database of the rehearsal; raise NotProved if that fails."""
    if not database.url.startswith("sqlite:///"):
        finished = execute(database.url, statement, python, folder)
        if finished.status != 0:
            problem = finished.output.strip().split("\n")[-1]
            raise NotProved(f"the database cannot be changed here ({problem})")
        return
    connection = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=10)
    try:
        connection.execute(statement)
        connection.commit()
    except sqlite3.OperationalError as error:
        raise NotProved(f"the database cannot be changed here ({error})") from None
    finally:
        connection.close()


def execute(
    url: str, statement: str, python: Path, folder: Path, stoppable: bool = True
) -> processes.Finished:
    """Run one statement on a PostgreSQL server with the project's own driver.

    Ctrl-C kills the command if it is `stoppable`.
    """
    # Not an argument, because every user of a machine can read those.
    variables = processes.bare_environment(folder / "home") | {"DATABASE_URL": url}
    command = [str(python), "-c", STATEMENT, statement]
    return processes.run(command, folder, variables, timeout=60, stoppable=stoppable)
