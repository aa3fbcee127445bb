"""Commands, each in an environment built from nothing, and none of them left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from preflight import rules

WINDOWS = os.name == "nt"

_running: set[subprocess.Popen] = set()
_lock = threading.Lock()
_stopping = threading.Event()


@dataclass(frozen=True)
class Finished:
    """A command that has ended; `status` is None when it ran out of time."""

    command: str
    status: int | None
    output: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether something outside ended it, such as the system when memory ran out."""
        return self.status is not None and self.status in {-signal.SIGTERM, -9, 137}


def python_in(environment: Path, windows: bool = WINDOWS) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if windows else "bin/python")


def bare_environment(home: Path, *first_on_path: Path) -> dict[str, str]:
    """Return what any command needs to run, and nothing that the caller has set.

    `home` serves as home and temp folder, so that no configuration or credential of the caller is
    found in the real one.
    """
    home.mkdir(parents=True, exist_ok=True)
    keep: tuple[str, ...] = ()
    if WINDOWS:
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        system = [rf"{root}\System32", root]
        keep = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS")
    else:
        system = os.defpath.split(os.pathsep)
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment |= dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    environment["PATH"] = os.pathsep.join([*map(str, first_on_path), *system])
    environment["PYTHONUTF8"] = "1"
    return environment


def installer_environment() -> dict[str, str]:
    """Return the environment of pip and uv: the caller's home and the way to the package index."""
    environment = bare_environment(Path.home())
    for name in ("TMPDIR", "TEMP", "TMP"):
        environment.pop(name)
        if name in os.environ:
            environment[name] = os.environ[name]
    wanted = set(rules.INSTALLER_VARIABLES)
    environment |= {k: v for k, v in os.environ.items() if k.upper() in wanted}
    # A download of an interpreter takes long and fails without a word where it is not allowed.
    return environment | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def start(
    command: list[str] | str,
    cwd: Path,
    environment: dict[str, str],
    output,
    stoppable: bool = True,
    **options,
) -> subprocess.Popen:
    """Start a command in a process group of its own; a string goes through the shell.

    Ctrl-C kills a command that is `stoppable`; any other one is the caller's to end. `options` are
    Popen's, such as the user to run as. Raises OSError if there is no such program, and
    KeyboardInterrupt after Ctrl-C.
    """
    group = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
        if WINDOWS
        else {"start_new_session": True}
    )
    with _lock:
        if _stopping.is_set():
            raise KeyboardInterrupt
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            shell=isinstance(command, str),
            **group,
            **options,
        )
        if stoppable:
            _running.add(process)
    return process


def run(
    command: list[str] | str,
    cwd: Path,
    environment: dict[str, str],
    timeout: float = 300,
    **options,
) -> Finished:
    """Run a command to its end and return its whole output; never raises for a failing command."""
    shown = command if isinstance(command, str) else " ".join(map(str, command))
    began = time.monotonic()
    try:
        process = start(command, cwd, environment, subprocess.PIPE, **options)
    except OSError as error:
        return Finished(shown, 127, str(error), 0.0)
    try:
        output, _ = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        end(process)
        output, _ = process.communicate()
        status = None
    finally:
        forget(process)
    text = output.decode("utf-8", errors="replace").replace("\r\n", "\n")
    return Finished(shown, status, text, time.monotonic() - began)


def forget(process: subprocess.Popen) -> None:
    """Take an ended process off the list of those to stop."""
    with _lock:
        _running.discard(process)


def send(process: subprocess.Popen, signal_number: int) -> None:
    """Send a signal to every process of a group, as Heroku does; a group that is gone is fine."""
    try:
        os.killpg(process.pid, signal_number)
    except ProcessLookupError:
        pass


def has_ended(process: subprocess.Popen) -> bool:
    """Return whether a process and all others of its group are gone."""
    if process.poll() is None:
        return False
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def end(process: subprocess.Popen) -> None:
    """End a process and everything that it has started, at once."""
    if WINDOWS:
        kill = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(kill, capture_output=True, check=False)
    else:
        send(process, signal.SIGKILL)
    process.wait()


def stop_everything() -> None:
    """End all commands that still run, and let no other start."""
    with _lock:
        _stopping.set()
        left = list(_running)
    for process in left:
        end(process)


def allow_starts() -> None:
    """Let commands start again, to clean up."""
    _stopping.clear()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of this machine that nobody listens on; raise OSError without one."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]


def interpreter() -> str:
    """Return the interpreter that runs this, also when it is in a throw-away environment."""
    return getattr(sys, "_base_executable", None) or sys.executable
