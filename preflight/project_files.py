"""What the files of a project say: the Procfile, app.json, manage.py, wsgi.py."""

import fnmatch
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preflight import heroku

# The line that django-admin writes into manage.py and wsgi.py, and common variants of it.
NAMED = r"DJANGO_SETTINGS_MODULE['\"]\]?\s*[,=]\s*['\"]([\w.]+)"
SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class ProcessLine:
    """A line of the Procfile: its number, the process type and the command."""

    number: int
    type: str
    command: str


def read(path: Path) -> str:
    """Return the text of a file in any encoding, or nothing if there is no such file."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def process_lines(tree: Path) -> list[ProcessLine]:
    """Return the lines of the Procfile that Heroku understands."""
    lines = read(tree / "Procfile").splitlines()
    matches = (
        (number, re.match(heroku.PROCESS_TYPE, line)) for number, line in enumerate(lines, 1)
    )
    return [ProcessLine(number, match[1], match[2]) for number, match in matches if match]


def process_types(tree: Path) -> dict[str, str]:
    """Return the commands of the Procfile by process type. Heroku uses the last line of each."""
    return {line.type: line.command for line in process_lines(tree)}


def assignments(command: str) -> dict[str, str]:
    """Return the variables that a command line sets for its program: NAME=value program ..."""
    found = {}
    for word in command.removeprefix("env ").split():
        match = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", word)
        if not match:
            break
        found[match[1]] = match[2].strip("'\"")
    return found


def read_app_json(tree: Path) -> dict[str, Any]:
    """Return the content of app.json, or nothing if it is missing; raise ValueError if invalid."""
    path = tree / "app.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict) or not isinstance(content.get("env") or {}, dict):
        raise ValueError("it is not an object, or its env is not")
    return content


def app_json_or_nothing(tree: Path) -> dict[str, Any]:
    """Return the content of app.json; nothing if it is missing or invalid."""
    try:
        return read_app_json(tree)
    except ValueError:
        # The step of the rules reports it.
        return {}


def declared_variables(tree: Path) -> dict[str, Any]:
    """Return the config vars that app.json declares; nothing if it is invalid."""
    return app_json_or_nothing(tree).get("env") or {}


def wants_postgres(tree: Path) -> bool:
    """Return whether app.json asks for Heroku Postgres, which sets DATABASE_URL."""
    addons = app_json_or_nothing(tree).get("addons")
    plans = [
        addon.get("plan") if isinstance(addon, dict) else addon
        for addon in (addons if isinstance(addons, list) else [])
    ]
    return any(str(plan).startswith("heroku-postgresql") for plan in plans)


def other_buildpacks(tree: Path) -> list[str]:
    """Return the buildpacks in app.json that run beside Heroku's own for Python."""
    listed = app_json_or_nothing(tree).get("buildpacks")
    entries = [entry for entry in listed if isinstance(entry, dict)] if listed else []
    return [str(e["url"]) for e in entries if e.get("url") not in {None, "heroku/python"}]


def config_vars(tree: Path) -> dict[str, str]:
    """Return placeholders for the config vars that app.json asks for, as Heroku would set them."""
    found = {}
    for name, entry in declared_variables(tree).items():
        entry = entry if isinstance(entry, dict) else {"value": entry}
        if entry.get("generator") == "secret":
            found[name] = secrets.token_hex(32)
        elif "value" in entry:
            found[name] = str(entry["value"])
        elif entry.get("required", True):
            found[name] = heroku.PLACEHOLDERS.get(name, heroku.PLACEHOLDER)
    return found


def find_manage_py(tree: Path) -> str:
    """Return the manage.py that the build finds: the shallowest, down to three folders."""
    found = [
        path.relative_to(tree)
        for path in tree.rglob("manage.py")
        if len(path.relative_to(tree).parts) <= heroku.MANAGE_PY_DEPTH
    ]
    return str(min(found, key=lambda path: (len(path.parts), path))) if found else "manage.py"


def find_wsgi(tree: Path, names: Iterable[str]) -> str:
    """Return the module that the Procfile's web process loads, as a file, or an empty string."""
    command = process_types(tree).get("web", "")
    found = re.search(r"([\w.]+\.[aw]sgi)\b", command)
    file = found[1].replace(".", "/") + ".py" if found else ""
    fitting = [name for name in names if file and f"/{name}".endswith(f"/{file}")]
    return min(fitting, key=len, default="")


def find_package(names: Iterable[str]) -> str:
    """Return the package that contains wsgi.py, or the word FOLDER."""
    found = [name.rpartition("/")[0] for name in names if name.endswith("/wsgi.py")]
    return found[0].replace("/", ".") if found else "FOLDER"


def named_settings(path: Path) -> str:
    """Return the settings module that a file sets as the default, or an empty string."""
    found = re.search(NAMED, read(path))
    return found[1] if found else ""


def requirements_file(tree: Path) -> str:
    """Return the file in which the owner lists packages."""
    return "requirements.txt" if (tree / "requirements.txt").is_file() else "pyproject.toml"


def own_python_files(tree: Path, names: Iterable[str]) -> Iterator[str]:
    """Give the names of the project's own Python files, without its tests."""
    for name in names:
        path = tree / name
        if name.endswith(".py") and not re.search(heroku.TESTS, name) and path.is_file():
            yield name


def line_of(text: str, position: int) -> int:
    """Return the number of the line in which a position of a text is."""
    return text.count("\n", 0, position) + 1


def slugignore_lines(tree: Path) -> Iterator[tuple[int, str]]:
    """Give the number and the pattern of each line of .slugignore that has one."""
    for number, line in enumerate(read(tree / ".slugignore").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def slugignored(name: str, pattern: str) -> bool:
    """Return whether a pattern of .slugignore removes a file.

    A pattern that starts with a slash begins in the root. Any other matches the name of a file or
    a folder at any depth.
    """
    parts = name.split("/")
    paths = ["/" + "/".join(parts[: depth + 1]) for depth in range(len(parts))]
    candidates = paths if pattern.startswith("/") else parts
    return any(fnmatch.fnmatch(part, pattern.rstrip("/")) for part in candidates)
