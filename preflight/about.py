"""What preflight says about itself: the command that starts it, its version and its source."""

import hashlib
import os
from importlib.resources import files
from pathlib import Path

from preflight import __version__, rules

# The folder that holds the package: for preflight.pyz, this path is a file.
PLACE = Path(__file__).parent.parent
PYTHON = "py" if os.name == "nt" else "python3"
# What a person types to start this again.
COMMAND = f"{PYTHON} {PLACE.name}" if PLACE.is_file() else "preflight"


def read(name: str) -> str:
    """Return the source of a module of this package, also from a zip."""
    return files("preflight").joinpath(name).read_text(encoding="utf-8")


def hash_source() -> str:
    """Return the first 12 digits of a SHA-256 of all modules, whatever their line ends are."""
    content = hashlib.sha256()
    for name in sorted(item.name for item in files("preflight").iterdir()):
        if name.endswith(".py"):
            content.update(f"{name}\0{read(name)}\0".encode())
    return content.hexdigest()[:12]


def version() -> str:
    """Return the version, the date of the facts about Heroku, and the hash of the source."""
    return f"preflight {__version__} (Heroku's rules as of {rules.DATE}, source {hash_source()})"
