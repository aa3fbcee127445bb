"""The bytecode of packages, kept for the next environment with the same packages.

Compiling Django and the rest takes a second of CPU time in each new environment. uv links the
source from its cache, so that a module is the same file in every environment, and its bytecode fits
there, too. Python itself compares it with the size and the time of the source, and compiles a
module again that has changed. It replaces such a file, so no other environment sees the new one.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from preflight import processes
from preflight.interpreters import Python

# Bytecode that no environment has used for so long is removed.
KEEP_SECONDS = 30 * 24 * 3600


def find_cache() -> Path:
    """Return the folder where the bytecode is kept, below the user's folder for caches."""
    if processes.WINDOWS:
        caches = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        caches = str(Path.home() / "Library/Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(caches) / "heroku-django-preflight/bytecode"


def list_packages(installed: Path, tag: str) -> Iterator[tuple[str, list[str]]]:
    """Give the key and the modules of each package in an environment.

    The key depends on the content of the modules, and on their time, because bytecode does not fit
    a source with another time. RECORD lists the files with their hashes:
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    for record in sorted(installed.glob("*.dist-info/RECORD")):
        lines = record.read_text(encoding="utf-8").splitlines()
        # Scripts differ in each environment. A name with a comma is in quotes, and left out.
        lines = sorted(line for line in lines if ".py,sha256=" in line and line[0] not in '".')
        names = [line.partition(",")[0] for line in lines]
        times = [str((installed / name).stat().st_mtime_ns) for name in names[:1]]
        key = hashlib.sha256("\n".join([tag, *times, *lines]).encode())
        yield key.hexdigest()[:16], names


def fetch(installed: Path, python: Python) -> None:
    """Link the bytecode of earlier environments into a new one, as far as that is possible."""
    with suppress(OSError):
        for key, _ in list_packages(installed, tag_of(python)):
            kept = find_cache() / key
            for folder, _, names in os.walk(kept):
                target = installed / Path(folder).relative_to(kept)
                for name in names:
                    os.makedirs(target, exist_ok=True)
                    os.link(os.path.join(folder, name), target / name)
            if kept.is_dir():
                os.utime(kept)


def keep(environments: list[Path], python: Python) -> None:
    """Keep the bytecode of packages that were new, once a rehearsal has used all of them."""
    cache, tag = find_cache(), tag_of(python)
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        known = {folder.name for folder in cache.iterdir()}
        # Complete before it gets its name, so that no other rehearsal sees a part of it.
        with tempfile.TemporaryDirectory(prefix="new-", dir=cache) as temporary:
            for installed in environments:
                for key, names in list_packages(installed, tag):
                    if key not in known:
                        link_compiled(installed, names, tag, Path(temporary) / key)
            for new in Path(temporary).iterdir():
                new.rename(cache / new.name)
        remove_unused(cache)


def link_compiled(installed: Path, names: list[str], tag: str, target: Path) -> None:
    """Link the bytecode of those modules of a package that have been compiled."""
    target.mkdir(exist_ok=True)
    for name in names:
        compiled = f"{os.path.dirname(name)}/__pycache__/{Path(name).stem}.{tag}.pyc".lstrip("/")
        with suppress(FileNotFoundError, FileExistsError):
            source = (installed / compiled).resolve(strict=True)
            (target / compiled).parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target / compiled)


def remove_unused(cache: Path) -> None:
    """Remove what no environment has used for a long time."""
    for folder in cache.iterdir():
        if folder.stat().st_mtime < time.time() - KEEP_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def tag_of(python: Python) -> str:
    """Return how the names of an interpreter's bytecode end."""
    return f"cpython-{python.series.replace('.', '')}"
