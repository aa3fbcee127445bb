"""The lines of the Procfile: what Heroku ignores, and what does not run on a dyno."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from preflight import findings, heroku, project_files
from preflight.findings import Edit, Finding, Kind
from preflight.project_files import ProcessLine

FILE = "Procfile"
KNOWN_TYPES = {"web", "release"}
# What was meant as "type: command".
MEANT = (
    r"\s*([A-Za-z0-9_-]+)\s+:\s*(\S.*)",
    r"[\"'](web|release|worker):\s*(\S.*?)[\"']",
    r"\s*(web|release|worker)\s*[=;-]?\s+(\S.*)",
)
# Programs that do not exist on a dyno, and what was meant.
PROGRAMS = (
    (r"(?<!\S)(?:\.?venv|env)[\\/](?:bin|Scripts)[\\/](\w+)(?:\.exe)?", r"\1"),
    (r"(?<!\S)py(?: -3[\d.]*)? (?=\S*manage\.py)", "python "),
    (r"(?:^|(?<=&& ))(?:\./)?manage\.py", "python manage.py"),
)
# Servers that do not read $PORT by themselves, and the options that they need.
OPTIONS = {
    "uvicorn": "--host 0.0.0.0 --port $PORT",
    "daphne": "-b 0.0.0.0 -p $PORT",
    "hypercorn": "--bind 0.0.0.0:$PORT",
    "waitress-serve": "--port=$PORT",
}
CHAINED = r"(?:python3? )?(?:\./)?manage\.py {}\b[^&|;]*"


def check(tree: Path, names: list[str], unpushed: Iterable[str]) -> Iterator[Finding]:
    """Report what is wrong with the Procfile."""
    package = project_files.find_package(names)
    yield from check_lines(tree, names, package)
    if "web" in project_files.process_types(tree) or FILE in unpushed:
        return
    meant = [name for name in names if re.fullmatch(r"(?i)procfile(\.\w+)?", name)]
    meant = [name for name in meant if name not in {FILE, "Procfile.windows"}]
    others = [line.type for line in project_files.process_lines(tree)]
    if FILE in names:
        if not {"web"} & {name.lower() for name in others}:
            end = len(project_files.read(tree / FILE).splitlines()) + 1
            add = Edit(FILE, end, "", f"web: gunicorn {package}.wsgi\n")
            missing = findings.NO_WEB_PROCESS(FILE, package=package)
            yield replace(missing, edits=(add,) if package != "FOLDER" else ())
    elif meant:
        yield findings.MISNAMED_PROCFILE(meant[0], name=meant[0])
    else:
        create = Edit(FILE, 1, "", f"web: gunicorn {package}.wsgi\n")
        edits = (create,) if package != "FOLDER" else ()
        yield replace(findings.NO_PROCFILE(package=package), edits=edits)


def check_lines(tree: Path, names: list[str], package: str) -> Iterator[Finding]:
    """Report lines that Heroku ignores: malformed ones, and all but the last of each type."""
    lines = project_files.process_lines(tree)
    texts = project_files.read(tree / FILE).splitlines()
    last = {line.type: line for line in lines}
    for line in lines:
        if line.number != last[line.type].number:
            yield repeated(line, last[line.type], texts)
        yield from check_command(line, texts[line.number - 1], names)
        yield from check_work(line, texts, "release" in last)
    understood = {line.number for line in lines}
    for number, text in enumerate(texts, 1):
        if number not in understood and text.strip() and not text.lstrip().startswith("#"):
            yield malformed(number, text, package)


def repeated(line: ProcessLine, last: ProcessLine, texts: list[str]) -> Finding:
    """Return the finding for a line that a later one of the same type replaces.

    The commands of two releases are joined. Of two web processes, only one can be meant.
    """
    finding = findings.REPEATED_PROCESS_TYPE(FILE, line.number, type=line.type)
    edits = [Edit(FILE, line.number, f"{texts[line.number - 1]}\n", "")]
    if line.type == "release" and line.command != last.command:
        joined = f"release: {line.command} && {last.command}"
        edits.insert(0, Edit(FILE, last.number, texts[last.number - 1], joined))
    return replace(finding, edits=tuple(edits))


def malformed(number: int, text: str, package: str) -> Finding:
    """Return the finding for a line of the Procfile that Heroku ignores."""
    known = next(filter(None, (re.fullmatch(pattern, text) for pattern in MEANT)), None)
    edits = (Edit(FILE, number, text, f"{known[1]}: {known[2]}"),) if known else ()
    ignored = findings.MALFORMED_PROCESS_TYPE(FILE, number, text=text.strip(), package=package)
    return replace(ignored, edits=edits)


def change(kind: Kind, line: ProcessLine, text: str, new: str, /, **values: str) -> Finding:
    """Return a finding with the edit that replaces the command of a line."""
    edit = Edit(FILE, line.number, text, text.replace(line.command, new, 1))
    return replace(kind(FILE, line.number, **values), edits=(edit,))


def check_command(line: ProcessLine, text: str, names: list[str]) -> Iterator[Finding]:
    """Report what a command of Linux cannot be, and options of the server that do not work."""
    command = line.command
    if line.type not in KNOWN_TYPES and line.type.lower() in KNOWN_TYPES:
        meant = line.type.lower()
        edit = Edit(FILE, line.number, text, f"{meant}: {command}")
        other = findings.OTHER_CASE(FILE, line.number, type=line.type, meant=meant)
        yield replace(other, edits=(edit,))
    variable = re.search(r"%(\w+)%", command)
    if variable:
        new = command.replace(variable[0], f"${variable[1]}")
        values = {"text": variable[0], "meant": f"${variable[1]}"}
        yield change(findings.WINDOWS_VARIABLE, line, text, new, **values)
    for pattern, meant in PROGRAMS:
        match = re.search(pattern, command)
        if match:
            right = match.expand(meant)
            new = command.replace(match[0], right, 1)
            values = {"text": match[0].strip(), "meant": right.strip()}
            yield change(findings.NOT_A_COMMAND, line, text, new, **values)
    if line.type == "web":
        yield from check_server(line, text, names)


def starts_nothing(command: str) -> bool:
    """Return whether a command names a program as it only exists elsewhere."""
    return any(re.search(pattern, command) for pattern, _ in PROGRAMS)


def check_server(line: ProcessLine, text: str, names: list[str]) -> Iterator[Finding]:
    """Report how the server of the web process is started."""
    command = line.command
    words = command.split()
    as_path = re.search(r"(?<!\S)([\w./]+?)[./]([aw]sgi)(\.py)?(?=[:\s]|$)", command)
    gunicorn = "gunicorn" in words
    if gunicorn and as_path and (as_path[3] or "/" in as_path[0]):
        meant = f"{as_path[1].replace('/', '.')}.{as_path[2]}"
        values = {"text": as_path[0], "meant": meant}
        new = command.replace(as_path[0], meant, 1)
        yield change(findings.MODULE_AS_PATH, line, text, new, **values)
    worker = re.search(r"(?:-k|--worker-class|-c|--config)\b", command)
    asgi = re.search(r"(?<!\S)([\w.]+)\.asgi\b", command)
    if gunicorn and asgi and not worker and not has_configuration(names):
        new = command.replace(f"{asgi[1]}.asgi", f"{asgi[1]}.wsgi", 1)
        yield change(findings.SYNC_ASGI, line, text, new)
    reload = re.search(r"\s(--reload)\b", command)
    if reload:
        new = command.replace(reload[0], "", 1)
        yield change(findings.RELOADING, line, text, new, option=reload[1])
    program = next((word for word in words if "=" not in word), "")
    if program in OPTIONS and "PORT" not in command and "%" not in command:
        new = command.replace(program, f"{program} {OPTIONS[program]}", 1)
        values = {"program": program, "options": OPTIONS[program]}
        yield change(findings.OWN_PORT, line, text, new, **values)


def has_configuration(names: list[str]) -> bool:
    """Return whether gunicorn has a file that may name another worker."""
    return "gunicorn.conf.py" in names


def without(command: str, part: str) -> str:
    """Return a command line without one of its commands, or an empty string."""
    kept = [text for text in re.split(r"\s*&&\s*", command) if text.strip() != part.strip()]
    return " && ".join(kept)


def check_work(line: ProcessLine, texts: list[str], has_release: bool) -> Iterator[Finding]:
    """Report commands of Django that belong to another phase, or that cannot run on a dyno."""
    text = texts[line.number - 1]
    for command in ("migrate", "collectstatic", "makemigrations", "createsuperuser"):
        match = re.search(CHAINED.format(command), line.command)
        if not match:
            continue
        rest = without(line.command, match[0])
        if command == "createsuperuser":
            if not re.search(r"--no-?input", match[0]):
                new = line.command.replace(match[0].strip(), f"{match[0].strip()} --noinput", 1)
                yield change(findings.INTERACTIVE, line, text, new)
        elif line.type == "web" and command != "makemigrations":
            moved = replace(findings.WORK_IN_WEB(FILE, line.number, command=command))
            release = f"release: python manage.py {command} --noinput\n"
            add = [Edit(FILE, len(texts) + 1, "", release)]
            add = add if command == "migrate" and not has_release else []
            edits = [*add, Edit(FILE, line.number, text, text.replace(line.command, rest, 1))]
            yield replace(moved, edits=tuple(edits) if rest else ())
        elif line.type == "release" and command != "migrate":
            instead = heroku.INSTEAD_IN_RELEASE[command]
            new = rest or "python manage.py migrate --noinput"
            values = {"command": command, "instead": instead}
            yield change(findings.LOST_ON_A_DYNO, line, text, new, **values)
