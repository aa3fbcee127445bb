"""The command that starts preflight, its version and its source."""

import hashlib
import os
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from preflight import __version__, heroku

if sys.version_info >= (3, 11):
    from importlib.resources.abc import Traversable
else:
    from importlib.abc import Traversable

# The folder that contains the package. For preflight.pyz, this path is the file itself.
PLACE = Path(__file__).parent.parent
PYTHON = "py" if os.name == "nt" else "python3"
# The command that you type to start preflight again. uvx puts no program on PATH.
UVX = "uvx --from git+https://github.com/org/heroku-django preflight"
COMMAND = f"{PYTHON} {PLACE.name}" if PLACE.is_file() else UVX


def read(name: str) -> str:
    """Return the source of a module in this package, even if the package is in a zip."""
    return files("preflight").joinpath(name).read_text(encoding="utf-8")


def hash_source() -> str:
    """Return the first 12 digits of the SHA-256 of all modules, regardless of line endings."""
    content = hashlib.sha256()
    for name, text in sorted(modules(files("preflight"))):
        content.update(f"{name}\0{text}\0".encode())
    return content.hexdigest()[:12]


def modules(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give the name and the source of each module of a package, and of its packages."""
    for item in folder.iterdir():
        if item.is_dir():
            yield from modules(item, f"{prefix}{item.name}/")
        elif item.name.endswith(".py"):
            yield f"{prefix}{item.name}", item.read_text(encoding="utf-8")


def version() -> str:
    """Return the version, the date of Heroku's rules, and the hash of the source."""
    return f"preflight {__version__} (Heroku's rules as of {heroku.DATE}, source {hash_source()})"
