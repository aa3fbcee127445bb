"""What an earlier rehearsal has proved for the same inputs, so that it does not have to run again.

A proof is stored under a hash of everything that a rehearsal depends on. If one of these inputs has
changed, or cannot be read, everything runs.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from preflight import about, packages

FILE = "proof.json"


@dataclass(frozen=True)
class Proof:
    """A rehearsal that passed: its key, when it ended, its steps and what it did not prove.

    `details` has what each step after the installation reported, by its phase and title.
    """

    key: str
    date: str
    details: dict[str, str]
    limits: list[str]


def digest(lines: Iterable[str]) -> str:
    """Return the hash of some lines."""
    content = hashlib.sha256(about.hash_source().encode())
    for line in lines:
        content.update(f"{line}\0".encode("utf-8", "surrogateescape"))
    return content.hexdigest()


def describe_files(tree: Path) -> Iterator[str]:
    """Give the name, the mode and the hash of each file in a folder."""
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if path.is_symlink():
            yield f"{name} -> {os.readlink(path)}"
        elif path.is_file():
            mode = path.stat().st_mode & 0o111
            yield f"{name} {mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def describe_packages(python: Path) -> Iterator[str]:
    """Give the interpreter of an environment, and the size and time of each file of its packages.

    Python compares the size and the time, too, to notice that a file has changed.
    """
    installed = packages.find_site_packages(python.parent.parent)
    if not python.exists() or not installed:
        return
    yield f"{python} {python.resolve()} {python.stat().st_mtime_ns}"
    for folder, folders, names in os.walk(installed):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            status = os.lstat(os.path.join(folder, name))
            yield f"{folder} {name} {status.st_size} {status.st_mtime_ns}"


def recall(cache: Path, key: str) -> Proof | None:
    """Return the proof for a key, or None."""
    try:
        proof = Proof(**json.loads((cache / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return proof if proof.key == key else None


def keep(cache: Path, key: str, details: dict[str, str], limits: list[str]) -> None:
    """Store a proof."""
    proof = Proof(key, time.strftime("%Y-%m-%d %H:%M"), details, limits)
    (cache / FILE).write_text(json.dumps(asdict(proof)), encoding="utf-8")
