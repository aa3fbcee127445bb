"""The command that starts preflight, its version and its source."""

import hashlib
import os
from importlib.resources import files
from pathlib import Path

from preflight import __version__, rules

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
    for name in sorted(item.name for item in files("preflight").iterdir()):
        if name.endswith(".py"):
            content.update(f"{name}\0{read(name)}\0".encode())
    return content.hexdigest()[:12]


def version() -> str:
    """Return the version, the date of Heroku's rules, and the hash of the source."""
    return f"preflight {__version__} (Heroku's rules as of {rules.DATE}, source {hash_source()})"
