"""A PostgreSQL server of the rehearsal's own: on loopback, with a password and TLS."""

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

from preflight import process

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


@dataclass
class Server:
    """A running server: its URL and version, whether it speaks TLS, what to remove after it."""

    url: str
    version: str
    tls: bool
    folder: Path
    running: subprocess.Popen

    def stop(self) -> None:
        """End the server at once and remove its files."""
        quit_server(self.running)
        shutil.rmtree(self.folder, ignore_errors=True)


def find_binaries() -> Path | None:
    """Return the folder of initdb and postgres on this machine, the newest one, or None."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / Path(on_path).name).is_file():
        return Path(on_path).resolve().parent
    suffix = ".exe" if process.WINDOWS else ""
    found: list[Path] = []
    for place in PLACES:
        root = Path(place).anchor
        found += Path(root).glob(place.removeprefix(root)) if Path(root).is_dir() else []
    found = [folder for folder in found if (folder / f"initdb{suffix}").is_file()]
    return max(found, key=major_version, default=None)


def major_version(folder: Path) -> int:
    """Return the number in the path of an installation."""
    return int((re.findall(r"\d+", str(folder)) or ["0"])[-1])


def start(binaries: Path, address: str = "127.0.0.1", tls: bool | None = None) -> Server | str:
    """Start a server with an empty database; return it, or the reason why there is none.

    `tls` asks for TLS, as Heroku Postgres has it; None takes it where it can be had. PostgreSQL
    refuses to run as root, so as root everything runs as the user nobody, who exists on every
    system and owns nothing.
    """
    # Short, since a socket's path has at most 107 bytes, and open to the user who runs the server.
    place = "/tmp" if Path("/tmp").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=place))
    running: list[subprocess.Popen] = []
    try:
        folder.chmod(0o711)
        started = start_in(folder, binaries, address, tls, running)
    except BaseException:
        # Ctrl-C, too: nothing may be left running.
        for process_left in running:
            quit_server(process_left)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if not isinstance(started, Server):
        shutil.rmtree(folder, ignore_errors=True)
    return started


def start_in(
    folder: Path, binaries: Path, address: str, tls: bool | None, running: list[subprocess.Popen]
) -> Server | str:
    """Do that in a folder; `running` is told of every server that is tried."""
    home = folder / "home"
    options = as_nobody() if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    variables = process.bare_environment(home)
    home.chmod(0o700)
    password = secrets.token_hex(16)
    (home / "password").write_text(password, encoding="utf-8")
    if options:
        for path in (home, home / "password"):
            os.chown(path, options["user"], options["group"])
    data = home / "data"
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "owner", "-A", "scram-sha-256"]
    command += ["--pwfile", str(home / "password"), "-E", "UTF8", "--no-locale", "--no-sync"]
    made = process.run(command, home, variables, timeout=60, **options)
    (home / "password").unlink()
    if made.status != 0:
        return (made.output.strip().splitlines() or ["initdb said nothing"])[-1]
    port = process.free_port(address)
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-F"]
    command += ["-c", f"listen_addresses={address}"]
    command += [] if process.WINDOWS else ["-c", f"unix_socket_directories={home}"]
    secure = make_certificate(home, variables, options) if tls is not False else []
    # A build of PostgreSQL without TLS ends at once with it.
    for extra in [secure, []] if secure and tls is None else [secure]:
        with (folder / "log").open("wb") as log:
            # A server that is killed leaves shared memory behind.
            server = process.start(
                [*command, *extra], home, variables, log, stoppable=False, **options
            )
        running.append(server)
        if wait_until_ready(server, binaries, address, port, folder, variables):
            version = process.run([str(binaries / "postgres"), "--version"], folder, variables)
            number = (re.findall(r"\d[\d.]*", version.output) or ["?"])[0]
            url = f"postgres://owner:{password}@{address}:{port}/postgres"
            return Server(url, number, bool(extra), folder, server)
        quit_server(server)
    said = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said[-1] if said else "the server said nothing"


def quit_server(running: subprocess.Popen) -> None:
    """End a server without waiting for its connections, and kill it if it does not obey."""
    if not process.WINDOWS:
        running.send_signal(signal.SIGQUIT)
        try:
            running.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
    if running.poll() is None:
        process.end(running)


def as_nobody() -> dict:
    """Return the options of subprocess that make a command run as nobody."""
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def make_certificate(home: Path, variables: dict[str, str], options: dict) -> list[str]:
    """Return the options for TLS with a certificate made here; nothing where openssl is missing."""
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
    if process.run(command, home, variables, timeout=30, **options).status != 0:
        return []
    key.chmod(0o600)
    return ["-c", "ssl=on", "-c", f"ssl_cert_file={signed}", "-c", f"ssl_key_file={key}"]


def wait_until_ready(
    running: subprocess.Popen,
    binaries: Path,
    address: str,
    port: int,
    folder: Path,
    variables: dict[str, str],
) -> bool:
    """Return whether the server takes connections, as soon as it does or has ended."""
    command = [str(binaries / "pg_isready"), "-q", "-h", address, "-p", str(port)]
    deadline = time.monotonic() + START_SECONDS
    while running.poll() is None and time.monotonic() < deadline:
        if process.run(command, folder, variables, timeout=10).status == 0:
            return True
        time.sleep(0.02)
    return False
