"""A PostgreSQL server that can fail in the ways that a site has to survive."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2

from preflight import postgres, processes
from tests.preflight.postgres import binaries_of_the_wheel, execute


class Database:
    """A running server and its database; `url` is the DATABASE_URL of a site."""

    def __init__(self, tls: bool | None = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="database-"))
        self.folder.chmod(0o755)
        binaries = postgres.find_binaries() or binaries_of_the_wheel(self.folder)
        server = postgres.start(binaries, tls=tls)
        assert isinstance(server, postgres.Server), server
        self.server, self.url = server, server.url

    def run(self, statement: str) -> list[tuple] | None:
        """Run a statement and return its rows."""
        return execute(self.url, statement)

    def close(self) -> None:
        """Stop the server and remove its files."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Stop the server, and start it again with the same data."""
        postgres.quit_server(self.server.running)
        yield
        home, options = self.server.folder / "home", {}
        if os.geteuid() == 0:
            options = postgres.as_nobody()
        with (self.server.folder / "log").open("ab") as log:
            self.server.running = processes.start(
                self.server.running.args,
                home,
                processes.bare_environment(home),
                log,
                stoppable=False,
                **options,
            )
        self.wait()

    def wait(self) -> None:
        """Wait until the server accepts connections."""
        while True:
            assert self.server.running.poll() is None, "the server has ended"
            try:
                psycopg2.connect(self.url).close()
                return
            except psycopg2.OperationalError:
                pass

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Stop all processes of the server for a while, as a machine does that is out of memory."""
        main = psutil.Process(self.server.running.pid)
        everything = [main, *main.children()]
        for one in everything:
            one.suspend()
        try:
            yield
        finally:
            for one in everything:
                one.resume()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Lock a table, as a migration does that changes it."""
        connection = psycopg2.connect(self.url)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            connection.close()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse all changes, as Heroku Postgres does during maintenance."""
        self.run("ALTER SYSTEM SET default_transaction_read_only = on")
        self.run("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self.run("ALTER SYSTEM RESET default_transaction_read_only")
            self.run("SELECT pg_reload_conf()")
