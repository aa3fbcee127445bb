"""Run commands, each with a new set of environment variables, and leave none running."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from preflight import heroku
from preflight.findings import Finding

WINDOWS = os.name == "nt"

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_stopping = threading.Event()


@dataclass(frozen=True)
class Finished:
    """A command that has finished; `status` is None if it ran out of time."""

    command: str
    status: int | None
    output: str
    seconds: float
    # What the exceptions that it raised show, if they were reported.
    causes: tuple[Finding, ...] = ()

    @property
    def killed(self) -> bool:
        """Whether something else ended it, such as the system when memory ran out."""
        return self.status is not None and self.status in {-signal.SIGTERM, -9, 137}


def python_in(environment: Path, windows: bool = WINDOWS) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if windows else "bin/python")


def bare_environment(home: Path, *first_on_path: Path) -> dict[str, str]:
    """Return what any command needs to run, and nothing that the caller has set.

    `home` is the home and the temporary folder, so that commands do not find configuration or
    credentials of the caller.
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
    wanted = set(heroku.INSTALLER_VARIABLES)
    environment |= {k: v for k, v in os.environ.items() if k.upper() in wanted}
    # Downloading an interpreter takes long, and fails silently where it is not allowed.
    return environment | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def start(
    command: list[str] | str,
    cwd: Path,
    environment: dict[str, str],
    output: IO[bytes] | int,
    stoppable: bool = True,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a command in its own process group; run a string through the shell.

    Ctrl-C kills a command that is `stoppable`; the caller has to stop any other. `options` are
    those of Popen, such as the user to run as. Raises OSError if there is no such program, and
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
    **options: Any,
) -> Finished:
    """Run a command to its end and return its output; never raises for a command that fails."""
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


def forget(process: subprocess.Popen[bytes]) -> None:
    """Remove a finished process from the list of those to stop."""
    with _lock:
        _running.discard(process)


def send(process: subprocess.Popen[bytes], signal_number: int) -> None:
    """Send a signal to every process of a group, as Heroku does; ignore a group that is gone."""
    try:
        os.killpg(process.pid, signal_number)
    except ProcessLookupError:
        pass


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a process and all others of its group are gone."""
    if process.poll() is None:
        return False
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything that it has started, at once."""
    if WINDOWS:
        kill = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(kill, capture_output=True, check=False)
    else:
        send(process, signal.SIGKILL)
    process.wait()


def stop_everything() -> None:
    """Stop all commands that still run, and do not start others."""
    with _lock:
        _stopping.set()
        left = list(_running)
    for process in left:
        end(process)


def allow_starts() -> None:
    """Let commands start again, to clean up."""
    _stopping.clear()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a free port on this machine; raise OSError if there is none."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        return int(listener.getsockname()[1])


def interpreter() -> str:
    """Return the interpreter that runs this, even from a temporary environment."""
    return getattr(sys, "_base_executable", None) or sys.executable
