"""Press Ctrl-C as a terminal does, and find processes that are left."""

import os
import re
import signal
import subprocess
from pathlib import Path


def restore_signals() -> None:
    """Restore the signals that end a command, in a child process before it starts the command.

    A background job of a script ignores SIGINT, nohup ignores SIGHUP, and the tests may run under
    either.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start_in_foreground(
    command: list, cwd: Path, env: dict[str, str], output, stdin=subprocess.DEVNULL
) -> subprocess.Popen:
    """Start a command in its own process group and with its signals, as a terminal does."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=restore_signals,
    )


def press_ctrl_c(process: subprocess.Popen) -> None:
    """Send SIGINT to every process in the foreground, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def processes_below(folder: Path) -> list[str]:
    """Return the commands that run in a folder or have it on their command line."""
    return [
        command
        for command, place, _ in running_processes().values()
        if str(folder) in command or place.startswith(str(folder))
    ]


def descendants(pid: int) -> dict[int, str]:
    """Return the child processes of a process and their children: commands by process id."""
    running = running_processes()
    found, parents = {}, {pid}
    while parents:
        children = {child for child, (_, _, parent) in running.items() if parent in parents}
        found |= {child: running[child][0] for child in children}
        parents = children
    return found


def running_processes() -> dict[int, tuple[str, str, int]]:
    """Return the command, the working folder and the parent of every process by its id.

    Zombies, which have ended but are still in /proc, are left out.
    """
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            place = os.readlink(process / "cwd")
            status = (process / "status").read_text(encoding="utf-8")
        except OSError:
            continue
        if not re.search(r"(?m)^State:\s+Z", status):
            parent = int(re.search(r"(?m)^PPid:\s+(\d+)", status)[1])
            found[int(process.name)] = (command, place, parent)
    return found
