"""The lines of requirements.txt: what pip cannot read, and what does not install on Heroku."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from preflight import findings, heroku, import_names, interpreters, project_files
from preflight.findings import Edit, Finding, Kind

FILE = "requirements.txt"
NAME = r"[A-Za-z0-9][\w.-]*(?:\[[\w,.-]+\])?"
VERSION = r"v?(\d+(?:\.\w+)*)"
# What pip cannot read, and what was meant. An empty line was meant as nothing.
MISTAKES = (
    (r"(?:pip3?|python3? -m pip) install (.+)", r"\1"),
    (r"(?i)package\s+version", ""),
    (r"-{3,}\s+-{3,}", ""),
    (r"//\s*(.*)", r"# \1"),
    (r"[–—]\s*(\w) (.+)", r"-\1 \2"),
    (r"[\"'“‘](.+)[\"'”’]", r"\1"),
    (r"(.+[^,;])[,;]", r"\1"),
    (rf"({NAME})\s*=\s*{VERSION}", r"\1==\2"),
    (rf"({NAME})\s*=([<>])\s*{VERSION}", r"\1\2=\3"),
    (rf"({NAME})\s+{VERSION}", r"\1==\2"),
    (rf"({NAME})\s*\({VERSION}\)", r"\1==\2"),
    (r"(https://(?:github|gitlab)\.com/[\w.-]+/[\w.-]+)", r"git+\1"),
)
SSH = r"git\+ssh://git@([\w.-]+)[/:](.+)"
INCLUDED = r"\s*(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)"
PINNED = rf"\s*({NAME})\s*==\s*([\w.]+)"


def check(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report the lines with which pip stops, or which do not fit a dyno."""
    path = tree / FILE
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        return
    if "\0" in text:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        yield from check_line(number, line, names)
    yield from check_torch(lines)
    yield from check_repeated(lines)
    yield from check_django(tree, lines)


def check_line(number: int, line: str, names: list[str]) -> Iterator[Finding]:
    """Report what is wrong with one line: only the first mistake."""
    text = line.strip()
    if not text or text.startswith("#"):
        return
    for find in (find_malformed, find_address, find_package):
        found = find(number, line, text)
        if found:
            yield found
            return
    included = re.match(INCLUDED, line)
    if included and included[1] not in names and "://" not in included[1]:
        yield find_included(number, line, included[1], names)


def changed(kind: Kind, number: int, line: str, new: str, /, **values: str) -> Finding:
    """Return a finding with the edit that replaces a line, or removes it."""
    edit = Edit(FILE, number, line, new) if new else Edit(FILE, number, f"{line}\n", "")
    return replace(kind(FILE, number, **values), edits=(edit,))


def find_malformed(number: int, line: str, text: str) -> Finding | None:
    """Return the finding for a line that pip cannot read."""
    for pattern, meant in MISTAKES:
        match = re.fullmatch(pattern, text)
        if match:
            return changed(
                findings.MALFORMED_REQUIREMENT, number, line, match.expand(meant), text=text
            )
    return None


def find_address(number: int, line: str, text: str) -> Finding | None:
    """Return the finding for a package from a place that Heroku cannot reach."""
    local = re.match(rf"({NAME})\s*@\s*file:", text)
    if local:
        return changed(findings.ONE_MACHINE, number, line, local[1], package=local[1])
    by_ssh = re.search(SSH, text)
    if by_ssh:
        new = line.replace(by_ssh[0], f"git+https://{by_ssh[1]}/{by_ssh[2]}")
        return changed(findings.GIT_OVER_SSH, number, line, new, host=by_ssh[1])
    return None


def find_package(number: int, line: str, text: str) -> Finding | None:
    """Return the finding for a package that does not install, or that a dyno cannot use."""
    match = re.match(r"[A-Za-z0-9][\w.-]*", text)
    if not match:
        return None
    package = match[0]
    name = re.sub(r"[-_.]+", "-", package).lower()
    if name == "django-heroku":
        return changed(findings.DJANGO_HEROKU, number, line, "")
    if name in heroku.DENIED and ";" not in line:
        values = {"package": package, "reason": heroku.DENIED[name]}
        return changed(findings.NOT_FOR_HEROKU, number, line, "", **values)
    if name in heroku.PARTS_OF_PYTHON:
        return changed(findings.PART_OF_PYTHON, number, line, "", package=package)
    if name in heroku.OTHER_BUILDS:
        meant, reason = heroku.OTHER_BUILDS[name]
        new = line.replace(package, meant, 1)
        values = {"package": package, "meant": meant, "reason": reason}
        return changed(findings.OTHER_BUILD, number, line, new, **values)
    meant = import_names.package_of(package)
    if package in heroku.NOT_PACKAGES and meant != package:
        return changed(findings.IMPORT_NAME, number, line, meant, package=package, meant=meant)
    return None


def check_torch(lines: list[str]) -> Iterator[Finding]:
    """Report the build of PyTorch for graphics cards, unless another index has the other one."""
    for number, line in enumerate(lines, 1):
        if re.match(r"torch\b(?!-)", line) and not re.search(
            r"(?m)\+cpu|/whl/cpu", "\n".join(lines)
        ):
            edit = Edit(FILE, number, "", f"--extra-index-url {heroku.TORCH_FOR_CPU}\n")
            yield replace(findings.GPU_BUILD(FILE, number, package="torch"), edits=(edit,))


def find_included(number: int, line: str, name: str, names: list[str]) -> Finding:
    """Return the finding for a file that is included and not pushed."""
    finding = findings.NOT_INCLUDED(FILE, number, name=name)
    base = PurePosixPath(name.replace("\\", "/")).name
    similar = [other for other in names if other.endswith(".txt") and base in other.split("/")]
    if not similar:
        return finding
    return replace(finding, edits=(Edit(FILE, number, line, line.replace(name, similar[0])),))


def check_repeated(lines: list[str]) -> Iterator[Finding]:
    """Report a package that is pinned to two versions."""
    pinned: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, 1):
        match = re.match(PINNED, line)
        if not match or ";" in line:
            continue
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        first, version = pinned.setdefault(name, (number, match[2]))
        if version != match[2]:
            values = {"package": match[1], "one": version, "other": match[2]}
            yield changed(findings.TWO_VERSIONS, first, lines[first - 1], "", **values)


def check_django(tree: Path, lines: list[str]) -> Iterator[Finding]:
    """Report a Django that does not support the Python of the project."""
    version = interpreters.read_full_version(tree) or heroku.DEFAULT_PYTHON
    python = tuple(map(int, version.split(".")[:2]))
    for number, line in enumerate(lines, 1):
        pinned = re.match(r"(?i)django\s*==\s*(\d+)\.(\d+)", line)
        if not pinned:
            continue
        django = (int(pinned[1]), int(pinned[2]))
        fitting = [
            oldest for since, oldest in heroku.OLDEST_PYTHON_OF_DJANGO.items() if django >= since
        ]
        if fitting and python < max(fitting):
            file = ".python-version" if (tree / ".python-version").is_file() else "runtime.txt"
            needed = ".".join(map(str, max(fitting)))
            values = {"django": f"{pinned[1]}.{pinned[2]}", "needed": needed, "python": version}
            found = findings.PYTHON_TOO_OLD(FILE, number, **values)
            text = project_files.read(tree / file).partition("\n")[0]
            edit = Edit(file, 1, text, text.replace(version, needed))
            yield replace(found, edits=(edit,) if text else ())
