"""A PostgreSQL server for one rehearsal: on loopback, with a password and TLS."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preflight import processes

# Where the installers of PostgreSQL put its programs: Debian's and Red Hat's packages, Homebrew,
# Postgres.app, the installer for Windows.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
START_SECONDS = 30
# A file system in memory, on Linux: creating the files of a server takes a third of the time there.
# Docker makes it too small by default, so that much has to be free.
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 1_000_000_000


class Unavailable(Exception):
    """There is no PostgreSQL server: a reason that completes "because ..."."""


@dataclass
class Server:
    """A running server: its URL and version, whether it uses TLS, and what to remove after it."""

    url: str
    version: str
    tls: bool
    folder: Path
    running: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop the server at once and remove its files."""
        quit_server(self.running)
        shutil.rmtree(self.folder, ignore_errors=True)


def find_binaries() -> Path | None:
    """Return the folder of initdb and postgres on this machine, the newest one, or None."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / Path(on_path).name).is_file():
        return Path(on_path).resolve().parent
    suffix = ".exe" if processes.WINDOWS else ""
    found: list[Path] = []
    for place in PLACES:
        root = Path(place).anchor
        found += Path(root).glob(place.removeprefix(root)) if Path(root).is_dir() else []
    found = [folder for folder in found if (folder / f"initdb{suffix}").is_file()]
    return max(found, key=major_version, default=None)


def major_version(folder: Path) -> int:
    """Return the number in the path of an installation."""
    return int((re.findall(r"\d+", str(folder)) or ["0"])[-1])


def start(binaries: Path | None, address: str = "127.0.0.1", tls: bool | None = None) -> Server:
    """Start a server with an empty database and return it; raise Unavailable if there is none.

    `tls` asks for TLS, which Heroku Postgres uses; None uses it if possible. PostgreSQL refuses to
    run as root, so as root everything runs as the user nobody, who exists on every system and owns
    nothing.
    """
    if not binaries:
        raise Unavailable("it is not installed on this machine")
    # Open to the user who runs the server.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=find_place()))
    running: list[subprocess.Popen[bytes]] = []
    try:
        folder.chmod(0o711)
        return start_in(folder, binaries, address, tls, running)
    except BaseException:
        # After Ctrl-C, too: nothing may keep running.
        for server in running:
            quit_server(server)
        shutil.rmtree(folder, ignore_errors=True)
        raise


def find_place() -> Path | None:
    """Return where to put the files of a server: in memory, or else on the disk.

    The path is short, since that of a socket has at most 107 bytes.
    """
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    if usable and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
        return MEMORY
    return Path("/tmp") if Path("/tmp").is_dir() else None


def start_in(
    folder: Path,
    binaries: Path,
    address: str,
    tls: bool | None,
    running: list[subprocess.Popen[bytes]],
) -> Server:
    """Start a server in a folder; every server that was started is added to `running`."""
    home = folder / "home"
    options = as_nobody() if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    variables = processes.bare_environment(home)
    home.chmod(0o700)
    password = create_data(home, binaries, variables, options)
    port = processes.free_port(address)
    command = [str(binaries / "postgres"), "-D", str(home / "data"), "-p", str(port), "-F"]
    command += ["-c", f"listen_addresses={address}"]
    command += [] if processes.WINDOWS else ["-c", f"unix_socket_directories={home}"]
    secure = make_certificate(home, variables, options) if tls is not False else []
    # A build of PostgreSQL without TLS exits at once with it.
    for extra in [secure, []] if secure and tls is None else [secure]:
        with (folder / "log").open("wb") as log:
            # A server that is killed does not free its shared memory.
            server = processes.start(
                [*command, *extra], home, variables, log, stoppable=False, **options
            )
        running.append(server)
        if wait_until_ready(server, binaries, address, port, folder, variables):
            version = processes.run([str(binaries / "postgres"), "--version"], folder, variables)
            number = (re.findall(r"\d[\d.]*", version.output) or ["?"])[0]
            url = f"postgres://owner:{password}@{address}:{port}/postgres"
            return Server(url, number, bool(extra), folder, server)
        quit_server(server)
    output = (folder / "log").read_text(encoding="utf-8", errors="replace")
    raise Unavailable(f"it does not start ({last_line(output)})")


def create_data(
    home: Path, binaries: Path, variables: dict[str, str], options: dict[str, Any]
) -> str:
    """Create the files of a server with the user `owner`; return the password of that user."""
    password = secrets.token_hex(16)
    (home / "password").write_text(password, encoding="utf-8")
    if options:
        for path in (home, home / "password"):
            os.chown(path, options["user"], options["group"])
    command = [str(binaries / "initdb"), "-D", str(home / "data"), "-U", "owner"]
    command += ["-A", "scram-sha-256", "--pwfile", str(home / "password")]
    command += ["-E", "UTF8", "--no-locale", "--no-sync"]
    made = processes.run(command, home, variables, timeout=60, **options)
    (home / "password").unlink()
    if made.status != 0:
        raise Unavailable(f"initdb failed ({last_line(made.output)})")
    return password


def last_line(output: str) -> str:
    """Return the last line of an output."""
    return (output.strip().splitlines() or ["no output"])[-1]


def quit_server(running: subprocess.Popen[bytes]) -> None:
    """Stop a server without waiting for its connections; kill it if it does not react."""
    if not processes.WINDOWS:
        running.send_signal(signal.SIGQUIT)
        try:
            running.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
    if running.poll() is None:
        processes.end(running)


def as_nobody() -> dict[str, Any]:
    """Return the options of subprocess that make a command run as nobody."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def make_certificate(home: Path, variables: dict[str, str], options: dict[str, Any]) -> list[str]:
    """Create a certificate and return the options for TLS; without openssl, return nothing."""
    key, signed = home / "key.pem", home / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-keyout", str(key), "-out", str(signed)]
    if processes.run(command, home, variables, timeout=30, **options).status != 0:
        return []
    key.chmod(0o600)
    return ["-c", "ssl=on", "-c", f"ssl_cert_file={signed}", "-c", f"ssl_key_file={key}"]


def wait_until_ready(
    running: subprocess.Popen[bytes],
    binaries: Path,
    address: str,
    port: int,
    folder: Path,
    variables: dict[str, str],
) -> bool:
    """Return whether the server accepts connections, as soon as it does or has exited."""
    command = [str(binaries / "pg_isready"), "-q", "-h", address, "-p", str(port)]
    deadline = time.monotonic() + START_SECONDS
    while running.poll() is None and time.monotonic() < deadline:
        if processes.run(command, folder, variables, timeout=10).status == 0:
            return True
        time.sleep(0.02)
    return False
