"""How much memory the processes of a site use."""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from preflight import processes
from preflight.steps import NotProved


@dataclass(frozen=True)
class Usage:
    """The memory of a process group: megabytes, how they were measured, how many processes."""

    megabytes: float
    kind: str
    processes: int


def measure(group: int, expected: int) -> Usage:
    """Return the memory of a process group that is to have `expected` processes.

    On Linux, it is the proportional set size, which counts a shared page once. Elsewhere, it is the
    sum of the resident sizes, which is never smaller, so a sum that fits also proves the limit.
    Raises NotProved if the system does not report it.
    """
    resident = {} if processes.WINDOWS else wait_for_sizes(group, expected)
    exact = {pid: proportional_size(pid) or 0 for pid in resident}
    if resident and all(exact.values()):
        return Usage(sum(exact.values()) / 1024, "PSS", len(resident))
    if resident:
        return Usage(sum(resident.values()) / 1024, "RSS", len(resident))
    raise NotProved("this system does not report the memory of a process")


def wait_for_sizes(group: int, expected: int) -> dict[int, int]:
    """Return the sizes once all processes have started; the first one answers alone."""
    deadline = time.monotonic() + 10
    while 0 < len(sizes := resident_sizes(group)) < expected:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return sizes


def resident_sizes(group: int) -> dict[int, int]:
    """Return the resident size in kB of every process of a group, by process id."""
    try:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,pgid=,rss="], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return resident_sizes_from_proc(group)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(size) for pid, of, size in rows if int(of) == group}


def resident_sizes_from_proc(group: int) -> dict[int, int]:
    """Return the same from /proc, for a system without ps."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                found[int(folder.name)] = int(fields[21]) * 4
        except OSError:
            continue
    return found


def proportional_size(pid: int) -> int | None:
    """Return the proportional set size of a process in kB, or None if it cannot be read."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    found = re.search(r"(?m)^Pss:\s+(\d+) kB$", rollup)
    return int(found[1]) if found else None
