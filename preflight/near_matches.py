"""Find what a name was meant to be: a folder with other capitals, a variable with a typo."""

import ast
import difflib
import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from preflight import findings, project_files
from preflight.findings import Finding, Kind
from preflight.settings_checks import Facts

# What a Procfile usually names.
PROGRAMS = ("celery", "daphne", "gunicorn", "hypercorn", "python", "uvicorn", "waitress-serve")
COMMANDS = ("check", "collectstatic", "compilemessages", "createcachetable", "loaddata", "migrate")


@dataclass(frozen=True)
class Known:
    """What exists: the project's folder, the files that git pushes, and the installed packages.

    `facts` are those of the project's settings, if Django could be asked.
    """

    project: Path
    names: list[str]
    facts: Facts | None = None
    installed: Path | None = None

    def modules(self, like: str) -> set[str]:
        """Return the modules of the project, and those of the package of another module."""
        found = {module for name in self.names for module in modules_of(name)}
        package = like.partition(".")[0]
        if self.installed and "." in like:
            paths = (self.installed / package).rglob("*.py")
            names = (path.relative_to(self.installed).as_posix() for path in paths)
            found |= {module for name in names for module in modules_of(name)}
        return found

    def imports_whole(self, module: str) -> bool:
        """Return whether the code imports a module of this name, which is then that of a package.

        A name of the project is rather in the settings, or in front of one of its modules.
        """
        pattern = (
            rf"(?m)^\s*(?:import {re.escape(module)}\b(?!\.)|from {re.escape(module)} import )"
        )
        paths = (self.project / name for name in self.names if name.endswith(".py"))
        return "." not in module and any(
            re.search(pattern, project_files.read(path)) for path in paths
        )

    def files(self, module: str) -> list[Path]:
        """Return the files of a module. A package may have imported a name from each of them."""
        folders = [self.project, *([self.installed] if self.installed else [])]
        path = module.replace(".", "/")
        found = [folder / f"{path}.py" for folder in folders if (folder / f"{path}.py").is_file()]
        return found or [file for folder in folders for file in (folder / path).rglob("*.py")]


def modules_of(path: str) -> list[str]:
    """Return the modules that a file provides: its own, and the packages that contain it."""
    if not path.endswith(".py"):
        return []
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return [".".join(parts[:number]) for number in range(1, len(parts) + 1)]


def refine(finding: Finding, known: Known) -> Finding:
    """Return a more exact finding, if the project contains what was meant."""
    if finding.kind in {findings.TEMPLATE_MISSING, findings.NO_REVERSE, findings.ERROR_PAGE}:
        return find_name(finding, known)
    for kinds, function in BY_KIND:
        if finding.kind in kinds:
            return function(finding, known)
    if re.search(r"AttributeError: .*module '", finding.cause):
        return find_attribute(finding, known)
    if re.match(r"(?:Type|Attribute|Value)Error: .*None", finding.cause):
        return find_read_variable(finding, known)
    return finding


def become(finding: Finding, kind: Kind, **values: str) -> Finding:
    """Return a finding of another kind, with the same place and cause."""
    other = kind(finding.file, finding.line, **values)
    return replace(other, cause=finding.cause)


def closest(name: str, known: dict[str, str]) -> str:
    """Return the key of the value that is most like a name; nothing if there are several."""
    last = name.rpartition("/")[2].lower()
    found = [key for key, value in known.items() if value.rpartition("/")[2].lower() == last]
    if not found:
        near = difflib.get_close_matches(name, known.values(), 1, cutoff=0.8)
        found = [key for key, value in known.items() if [value] == near]
    return found[0] if len(found) == 1 else ""


# Modules


def find_module(finding: Finding, known: Known) -> Finding:
    """Return where a module that cannot be imported is in the project, or which one was meant."""
    module = finding.values["module"]
    pushed = {name.split("/")[0].removesuffix(".py") for name in known.names}
    similar = [name for name in pushed if name.lower() == module.lower() and name != module]
    if similar:
        return become(finding, findings.OTHER_CAPITALS, module=module, path=similar[0])
    for path in (module, f"{module}.py"):
        # A file system may ignore capitals, so the listed name counts.
        if module not in pushed and path in {entry.name for entry in known.project.iterdir()}:
            return become(finding, findings.FOLDER_NOT_PUSHED, module=module, path=path)
    return find_similar_module(finding, known)


def find_similar_module(finding: Finding, known: Known) -> Finding:
    """Return which module was meant: one that differs in one part, or two without a comma."""
    name = finding.values.get("module") or f"django.{finding.values['name']}"
    modules = known.modules(name)
    if name in modules or known.imports_whole(name):
        return finding
    for second in sorted(module for module in modules if "." not in module):
        first = name.removesuffix(second)
        if first in modules and first != name:
            return become(finding, findings.MISSING_COMMA, first=first, second=second)
    parts = name.split(".")
    for number, part in enumerate(parts):
        beside = {
            other: other.split(".")[number]
            for other in modules
            if other.split(".")[:number] == parts[:number]
            and other.split(".")[number + 1 :] == parts[number + 1 :]
            and other.count(".") == name.count(".")
        }
        if similar := closest(part, beside):
            return become(finding, findings.MODULE_SIMILAR, name=name, similar=similar)
    return finding


def find_attribute(finding: Finding, known: Known) -> Finding:
    """Return which name of a module of the project was meant."""
    pattern = r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"
    found = re.search(pattern, finding.cause)
    if not found and "module" not in finding.values:
        return finding
    module, name = found.groups() if found else (finding.values["module"], finding.values["name"])
    below = {other.rpartition(".")[2] for other in known.modules(f"{module}.")}
    inside = {other for other in below if f"{module}.{other}" in known.modules(f"{module}.")}
    names = inside | {other for path in known.files(module) for other in names_in(path)}
    similar = closest(name, {other: other for other in names})
    if not similar or similar == name:
        return finding
    return become(finding, findings.NAME_SIMILAR, module=module, name=name, similar=similar)


def names_in(path: Path) -> list[str]:
    """Return the classes, functions and variables of a file."""
    try:
        body = ast.parse(project_files.read(path)).body
    except (SyntaxError, ValueError):
        return []
    found = [node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    assigned = (node.targets for node in body if isinstance(node, ast.Assign))
    return found + [
        target.id for targets in assigned for target in targets if isinstance(target, ast.Name)
    ]


# The Procfile


def find_program(finding: Finding, known: Known) -> Finding:
    """Return which program was meant."""
    return find_word(finding, finding.values["program"], PROGRAMS)


def find_command(finding: Finding, known: Known) -> Finding:
    """Return which command of manage.py was meant."""
    return find_word(finding, finding.values["name"], COMMANDS)


def find_word(finding: Finding, name: str, words: Iterable[str]) -> Finding:
    """Return which word of the Procfile was meant."""
    similar = closest(name, {word: word for word in words})
    if not similar or similar == name:
        return finding
    return become(finding, findings.PROCFILE_TYPO, name=name, similar=similar)


# Settings


def find_variable(finding: Finding, known: Known) -> Finding:
    """Return a declared variable whose name is nearly the one that is missing."""
    name = finding.values["name"]
    if name == "DATABASE_URL":
        return become(finding, findings.NO_DATABASE_AT_BUILD)
    declared = list(project_files.declared_variables(known.project))
    similar = difflib.get_close_matches(name, declared, 1, cutoff=0.8)
    if not similar:
        return finding
    return become(finding, findings.MISSPELLED_VARIABLE, name=name, similar=similar[0])


def find_app_config(finding: Finding, known: Known) -> Finding:
    """Return which class of an apps.py was meant. Django lists those that it has."""
    choices = re.findall(r"'(\w+)'", finding.cause.partition("Choices are:")[2])
    name = finding.values["name"]
    near = closest(name, {choice: choice for choice in choices})
    if not near and len(choices) == 1:
        near = choices[0]
    return replace(finding, values={**finding.values, "similar": near}) if near else finding


def find_time_zone(finding: Finding, known: Known) -> Finding:
    """Return which time zone was meant."""
    zones = {zone: zone for zone in zoneinfo.available_timezones()}
    near = closest(finding.values["name"], zones)
    return replace(finding, values={**finding.values, "similar": near}) if near else finding


def find_read_variable(finding: Finding, known: Known) -> Finding:
    """Return the variable that a line of the settings reads without a default."""
    lines = project_files.read(known.project / finding.file).splitlines()
    line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
    found = re.search(r"\b(?:environ\.get|getenv)\(\s*['\"](\w+)['\"]\s*\)", line)
    return become(finding, findings.UNSET_VARIABLE, name=found[1]) if found else finding


def find_migration(finding: Finding, known: Known) -> Finding:
    """Return the migration that depends on one that does not exist, and the line."""
    found = re.search(r"Migration (\w+)\.(\w+) dependencies", finding.cause)
    end = f"{found[1]}/migrations/{found[2]}.py" if found else "?"
    file = next((name for name in known.names if f"/{name}".endswith(f"/{end}")), "")
    lines = project_files.read(known.project / file).splitlines() if file else []
    name = f"{finding.values['migration']}"
    line = next((number for number, text in enumerate(lines, 1) if name in text), 0)
    return replace(finding, file=file, line=line) if file else finding


# Templates and URLs


def find_name(finding: Finding, known: Known) -> Finding:
    """Return which template or URL pattern was meant by a name that does not exist."""
    text = finding.values.get("problem") or finding.values.get("text", "")
    url = re.search(r"Reverse for '([\w.-]+)'(?: with .*)? not found", text)
    template = re.search(r"TemplateDoesNotExist: (\S+\.\w+)", text)
    if url:
        name, kind = url[1], findings.URL_NAME_SIMILAR
        # With other arguments, the name may exist.
        similar = find_url(name, known) if "is not a valid view" in text else ""
    elif template or "name" in finding.values:
        name = template[1] if template else finding.values["name"]
        kind, similar = findings.TEMPLATE_SIMILAR, find_file(name, known.names)
    else:
        return finding
    if similar == name and finding.kind is findings.TEMPLATE_MISSING:
        path = next(path for path in known.names if path.endswith(f"templates/{name}"))
        folder = path.removesuffix(f"/{name}")
        return replace(findings.TEMPLATE_FOLDER(name=name, folder=folder), cause=finding.cause)
    if not similar or similar == name:
        return replace(finding, values={**finding.values, "name": name})
    if finding.kind is findings.ERROR_PAGE:
        return replace(finding, values={**finding.values, "name": name, "similar": similar})
    return become(finding, kind, name=name, similar=similar)


def find_url(name: str, known: Known) -> str:
    """Return the name of the URL pattern that is most like a name, with its namespaces."""
    names = known.facts.url_names if known.facts else []
    return closest(name, {other: other.rpartition(":")[2] for other in names})


def find_file(name: str, names: Iterable[str]) -> str:
    """Return the name of the template that is most like a name, of the same kind of file."""
    paths = [path.rpartition("templates/")[2] for path in names if "templates/" in path]
    if name in paths:
        return name
    suffix = PurePosixPath(name).suffix
    similar = difflib.get_close_matches(suffix, {PurePosixPath(path).suffix for path in paths}, 1)
    return closest(
        name.removesuffix(suffix),
        {path: path.removesuffix(end) for path in paths for end in similar if path.endswith(end)},
    )


def find_template(finding: Finding, known: Known) -> Finding:
    """Return the place of a template that cannot be parsed."""
    if finding.file and not finding.file.endswith(".py"):
        return finding
    for file, line, problem in known.facts.broken_templates if known.facts else []:
        if problem == finding.values["what"]:
            return replace(finding, file=file, line=line)
    return finding


BY_KIND = (
    ({findings.NOT_INSTALLED}, find_module),
    (
        {
            findings.NO_SUCH_SUBMODULE,
            findings.REMOVED_FROM_DJANGO,
            findings.WRONG_SETTINGS_MODULE,
        },
        find_similar_module,
    ),
    ({findings.CANNOT_IMPORT_NAME}, find_attribute),
    ({findings.PROGRAM_NOT_INSTALLED, findings.NO_SUCH_PROGRAM}, find_program),
    ({findings.NO_SUCH_COMMAND}, find_command),
    ({findings.MISSING_AT_IMPORT}, find_variable),
    ({findings.BAD_APP_CONFIG}, find_app_config),
    ({findings.TIME_ZONE}, find_time_zone),
    ({findings.MIGRATION_MISSING}, find_migration),
    ({findings.TEMPLATE_SYNTAX}, find_template),
)
