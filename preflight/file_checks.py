"""The files that Heroku's build reads: their names, encodings and forms."""

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from shlex import quote

from preflight import (
    app_json_checks,
    findings,
    heroku,
    interpreters,
    procfile_checks,
    project_files,
    requirement_lines,
)
from preflight.findings import Edit, Finding


class Reason(Enum):
    """Why git does not push a file."""

    IGNORED = "ignored by .gitignore"
    NOT_COMMITTED = "not committed"


# What `django-admin startproject` writes, without its comments.
MANAGE_PY = """import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
    execute_from_command_line(sys.argv)
"""
# Files in which a merge leaves its markers; Python reports those in its own files.
MERGED = (".html", ".txt", ".json", ".toml", ".css", ".js", "Procfile", ".python-version")

# Findings with which nothing can be installed.
BLOCKING = {
    kind.id
    for kind in (
        findings.NO_PACKAGE_MANAGER,
        findings.MISNAMED_REQUIREMENTS,
        findings.NO_LOCK,
        findings.IN_A_FOLDER,
        findings.ONE_MACHINE,
        findings.NOT_FOR_HEROKU,
    )
}


def check(tree: Path, names: list[str], unpushed: dict[str, Reason] | None = None) -> list[Finding]:
    """Return everything in the pushed files that breaks a rule of the build.

    `names` are the files of `tree` that git would push. `unpushed` are files that it would not
    push although the build needs them, each with the reason.
    """
    unpushed = unpushed or {}
    return [
        *check_unpushed(names, unpushed),
        *check_encodings(tree, names),
        *check_package_managers(tree, names, unpushed),
        *check_python_version(tree, names),
        *procfile_checks.check(tree, names, unpushed),
        *requirement_lines.check(tree, names),
        *check_manage_py(tree, names, unpushed),
        *check_environments(names),
        *check_markers(names),
        *app_json_checks.check(tree),
        *check_flags(tree, names),
        *check_conflicts(tree, names),
        *check_media(tree, names),
        *check_slugignore(tree, names),
    ]


def blocks_install(found: list[Finding]) -> bool:
    """Return whether nothing can be installed because of these findings."""
    unreadable = any(f.kind is findings.ENCODING and f.file == "requirements.txt" for f in found)
    return unreadable or any(finding.id in BLOCKING for finding in found)


def check_unpushed(names: list[str], unpushed: dict[str, Reason]) -> Iterator[Finding]:
    """Report what the build would miss, since git does not push it."""
    for name, reason in unpushed.items():
        if name not in names:
            ignored = reason is Reason.IGNORED
            kind = findings.IGNORED if ignored else findings.NOT_COMMITTED
            yield kind(name, name=name, quoted=quote(name))


def check_encodings(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report control files that are not plain UTF-8, as Windows PowerShell writes them."""
    for name in heroku.CONTROL_FILES:
        if name not in names or not (tree / name).is_file():
            continue
        encoding, reads = find_encoding(name, (tree / name).read_bytes())
        if encoding:
            read = f"p.read_text('{reads}')"
            if not reads:
                # Lines of both: without zeros and marks, ASCII remains.
                read = "bytes(c for c in p.read_bytes() if 0 < c < 127).decode()"
            yield findings.ENCODING(name, name=name, encoding=encoding, read=read)


def find_encoding(name: str, content: bytes) -> tuple[str, str]:
    """Return what is wrong with the encoding of a file, and the encoding to read it with.

    Both are empty if nothing is wrong; the second is empty if the file has two encodings.
    """
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if wide and decodes(content, "utf-16"):
        return "in UTF-16", "utf-16"
    if wide or b"\0" in content:
        return "partly in UTF-16", ""
    if content.startswith(b"\xef\xbb\xbf"):
        return "in UTF-8 with a byte order mark (BOM)", "utf-8-sig"
    if not decodes(content, "utf-8"):
        return "not in UTF-8", "cp1252"
    if b"\r" in content and name == "Procfile":
        return "written with CRLF line endings", "utf-8"
    return "", ""


def decodes(content: bytes, encoding: str) -> bool:
    """Return whether bytes are text in an encoding. Text in UTF-16 has no zero character."""
    try:
        return "\0" not in content.decode(encoding)
    except UnicodeDecodeError:
        return False


def check_package_managers(
    tree: Path, names: list[str], unpushed: dict[str, Reason]
) -> Iterator[Finding]:
    """Report if there is not exactly one file of a package manager in the root."""
    managers = [name for name in heroku.PACKAGE_MANAGERS if name in names]
    if len(managers) > 1:
        listed = f"{', '.join(managers[:-1])} and {managers[-1]}"
        yield findings.SEVERAL_PACKAGE_MANAGERS(files=listed, unused=find_unused(tree, managers))
    if managers in (["Pipfile.lock"], ["poetry.lock"]):
        export, files = heroku.EXPORTS[managers[0]]
        values = {"tool": heroku.PACKAGE_MANAGERS[managers[0]], "files": files}
        yield replace(
            findings.OTHER_INSTALLER(managers[0], **values),
            templates=(export, *findings.OTHER_INSTALLER.commands),
        )
    if managers or unpushed.keys() & heroku.PACKAGE_MANAGERS.keys():
        return
    below = sorted(name for name in names if name.endswith("/requirements.txt"))
    meant = [name for name in heroku.MEANT_AS_REQUIREMENTS if name in names]
    alone = [name for name in heroku.NOT_ENOUGH if name in names]
    if "pyproject.toml" in alone and b"[project]" not in (tree / "pyproject.toml").read_bytes():
        # It only has the settings of tools.
        alone.remove("pyproject.toml")
    if below:
        folder = below[0].rpartition("/")[0]
        yield findings.IN_A_FOLDER(folder=folder, push=push_folder(quote(folder)))
    elif meant:
        yield findings.MISNAMED_REQUIREMENTS(meant[0], name=meant[0])
    elif alone:
        yield findings.NO_LOCK(alone[0], name=alone[0], make=heroku.NOT_ENOUGH[alone[0]])
    else:
        yield findings.NO_PACKAGE_MANAGER()


def find_unused(tree: Path, managers: list[str]) -> str:
    """Return the files of package managers to remove, as arguments of a command.

    A lock belongs to the tool that pyproject.toml or a Pipfile configures. Without such a sign,
    requirements.txt stays.
    """
    pyproject = project_files.read(tree / "pyproject.toml")
    used = managers[0]
    if "uv.lock" in managers and ("[tool.uv]" in pyproject or "[project]" in pyproject):
        used = "uv.lock"
    if "poetry.lock" in managers and "[tool.poetry]" in pyproject:
        used = "poetry.lock"
    return " ".join(name for name in managers if name != used)


def push_folder(quoted: str, up: str = "") -> str:
    """Return the command that pushes a folder of the repository.

    `quoted` is the folder's path, quoted for the shell. `up` is the path to the repository's root.
    """
    return f"git {f'-C {up} ' if up else ''}subtree push --prefix {quoted} heroku main"


def check_python_version(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report what is wrong with runtime.txt and .python-version."""
    uv = "uv.lock" in names
    present = [name for name in ("runtime.txt", ".python-version") if name in names]
    if len(present) == 2:
        yield findings.TWO_PYTHON_VERSIONS("runtime.txt")
        return
    if not present:
        meant = [name for name in names if re.fullmatch(heroku.MEANT_AS_PYTHON_VERSION, name)]
        if meant:
            yield findings.MISNAMED_PYTHON_VERSION(meant[0], name=meant[0])
        elif uv:
            create = Edit(".python-version", 1, "", f"{heroku.DEFAULT_PYTHON}\n")
            missing = findings.UV_WITHOUT_PYTHON_VERSION(".python-version")
            yield replace(missing, edits=(create,))
        return
    [name] = present
    if name == "runtime.txt" and uv:
        chosen = interpreters.read_version_file(tree) or heroku.DEFAULT_PYTHON
        create = Edit(".python-version", 1, "", f"{chosen}\n")
        yield replace(findings.RUNTIME_TXT_WITH_UV(name), edits=(create,))
        return
    form = "python-3.13" if name == "runtime.txt" else "3.13"
    version = interpreters.read_full_version(tree)
    if version is None:
        unreadable = findings.UNREADABLE_PYTHON_VERSION(name, 1, name=name, form=form)
        text = project_files.read(tree / name)
        digits = re.search(r"3\.\d+", text)
        new = form.replace("3.13", digits[0] if digits else heroku.DEFAULT_PYTHON)
        yield replace(unreadable, edits=(Edit(name, 1, text, f"{new}\n"),))
        return
    series = ".".join(version.split(".")[:2])
    if series not in heroku.PYTHONS and series_number(series) < series_number(heroku.PYTHONS[0]):
        values = {"name": name, "series": series, "supported": ", ".join(heroku.PYTHONS)}
        text = project_files.read(tree / name)
        edit = Edit(name, 1, text, text.replace(version, heroku.DEFAULT_PYTHON))
        yield replace(findings.UNSUPPORTED_PYTHON(name, 1, **values), edits=(edit,))
    elif name == "runtime.txt":
        edit = Edit(".python-version", 1, "", f"{series}\n")
        yield replace(findings.RUNTIME_TXT(name, 1), edits=(edit,))


def newer_than_known(tree: Path) -> str:
    """Return why the chosen Python cannot be judged, because it is newer than the table, or "".

    What Heroku supports changes every month, so this is never a failure.
    """
    version = interpreters.read_full_version(tree)
    if version is None:
        return ""
    series, _, patch = version.removeprefix("3.").partition(".")
    series = f"3.{series}"
    if series_number(series) > series_number(heroku.PYTHONS[-1]):
        return f"Python {series} is newer than {heroku.PYTHONS[-1]}, the newest on {heroku.DATE}"
    newest = heroku.NEWEST_PATCH.get(series)
    if patch and newest is not None and int(patch) > newest:
        return f"Python {version} is newer than {series}.{newest}, the newest on {heroku.DATE}"
    return ""


def series_number(series: str) -> tuple[int, ...]:
    """Return a series such as "3.13" so that it can be compared."""
    return tuple(map(int, series.split(".")))


def check_markers(names: list[str]) -> Iterator[Finding]:
    """Report files in git that turn off a part of the build, or that the build creates itself."""
    _, marker = heroku.COLLECTSTATIC_OFF
    if marker in names:
        yield findings.COLLECTSTATIC_MARKER(marker, name=marker)
    if any(name.startswith(".heroku/python/") for name in names):
        yield findings.COMMITTED_PYTHON(".heroku/python")


def check_conflicts(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report the markers of a merge conflict."""
    for name in names:
        path = tree / name
        if not name.endswith(MERGED) or not path.is_file() or path.stat().st_size > 1_000_000:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        begun = re.search(r"(?m)^<{7} .*$", text)
        if begun and re.search(r"(?m)^>{7} ", text):
            yield findings.MERGE_MARKERS(name, project_files.line_of(text, begun.start()))


def check_media(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report large media, and pointers of git-lfs in place of files."""
    media: dict[str, int] = {}
    for name in names:
        path = tree / name
        if not path.is_file() or path.is_symlink():
            continue
        size = path.stat().st_size
        if name.lower().endswith(heroku.MEDIA):
            media[name] = size
        if size < 1024 and path.read_bytes().startswith(heroku.LFS_POINTER):
            yield findings.GIT_LFS(name, name=name)
    megabytes = sum(media.values()) / 1e6
    if megabytes > heroku.MEDIA_MB:
        largest = max(media, key=lambda name: media[name])
        yield findings.LARGE_MEDIA(largest, size=round(megabytes), largest=largest)


def check_slugignore(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report lines of .slugignore that remove what the build or Heroku CI needs."""
    environments = project_files.app_json_or_nothing(tree).get("environments")
    test = environments.get("test") if isinstance(environments, dict) else None
    has_tests = isinstance(test, dict) and bool(test.get("scripts"))
    for number, pattern in project_files.slugignore_lines(tree):
        removed = [name for name in names if project_files.slugignored(name, pattern)]
        tests = [name for name in removed if re.search(heroku.TESTS, name)]
        needed = [name for name in removed if name not in tests and is_needed(name)]
        remove = (Edit(".slugignore", number, f"{pattern}\n", ""),)
        if needed:
            lost = findings.SLUG_WITHOUT(".slugignore", number, path=needed[0])
            yield replace(lost, edits=remove)
        elif tests and has_tests:
            lost = findings.TESTS_NOT_ON_CI(".slugignore", number, path=tests[0])
            yield replace(lost, edits=remove)


def is_needed(name: str) -> bool:
    """Return whether the build or the site needs a file, as far as its name shows."""
    base = name.rpartition("/")[2]
    package = base == "__init__.py" or "/templates/" in f"/{name}" or "/migrations/" in f"/{name}"
    return base == "manage.py" or name in heroku.PACKAGE_MANAGERS or package


def check_manage_py(tree: Path, names: list[str], unpushed: dict[str, Reason]) -> Iterator[Finding]:
    """Report a manage.py that the build would not find."""
    deep = [name.count("/") for name in [*names, *unpushed] if name.split("/")[-1] == "manage.py"]
    if not deep or min(deep) >= heroku.MANAGE_PY_DEPTH:
        own = project_files.own_python_files(tree, names)
        if any("settings.configure(" in project_files.read(tree / name) for name in own):
            yield findings.WITHOUT_MANAGE_PY()
            return
        settings = [name for name in names if name.endswith("/settings.py")]
        module = settings[0].removesuffix(".py").replace("/", ".") if len(settings) == 1 else ""
        create = Edit("manage.py", 1, "", MANAGE_PY.format(settings=module))
        yield replace(findings.NO_MANAGE_PY("manage.py"), edits=(create,) if module else ())


def check_environments(names: list[str]) -> Iterator[Finding]:
    """Report virtual environments that would be pushed."""
    for name in names:
        folder, _, base = name.rpartition("/")
        if base == heroku.ENVIRONMENT_MARK:
            yield findings.COMMITTED_ENVIRONMENT(folder, folder=folder, quoted=quote(folder))


def check_flags(tree: Path, names: list[str]) -> Iterator[Finding]:
    """Report where the code asks for a variable HEROKU, unless app.json declares it."""
    if "HEROKU" in project_files.declared_variables(tree):
        return
    for name in project_files.own_python_files(tree, names):
        text = project_files.read(tree / name)
        for match in re.finditer(heroku.NO_VARIABLE_OF_HEROKU, text):
            line = project_files.line_of(text, match.start())
            old = text.splitlines()[line - 1]
            edit = Edit(name, line, old, re.sub(r"(['\"])HEROKU\1", r"\1DYNO\1", old))
            yield replace(findings.NO_VARIABLE_HEROKU(name, line), edits=(edit,))
