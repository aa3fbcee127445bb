"""Find what a name was meant to be: a folder with other capitals, a variable with a typo."""

import difflib
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from preflight import findings, project_files
from preflight.findings import Finding
from preflight.settings_checks import Facts


def refine(finding: Finding, project: Path, names: list[str], facts: Facts | None) -> Finding:
    """Return a more exact finding, if the project contains what was meant."""
    if finding.kind is findings.NOT_INSTALLED:
        return find_module(finding, project, names)
    if finding.kind is findings.MISSING_AT_IMPORT:
        return find_variable(finding, project)
    if finding.kind is findings.TEMPLATE_SYNTAX and not finding.file and facts:
        return find_template(finding, facts)
    if finding.kind in {findings.TEMPLATE_MISSING, findings.NO_REVERSE, findings.ERROR_PAGE}:
        return find_name(finding, names, facts.url_names if facts else [])
    return finding


def become(finding: Finding, kind: findings.Kind, **values: str) -> Finding:
    """Return a finding of another kind, with the same place and cause."""
    other = kind(finding.file, finding.line, **values)
    return replace(other, cause=finding.cause)


def find_module(finding: Finding, project: Path, names: list[str]) -> Finding:
    """Return where a module that cannot be imported is in the project."""
    module = finding.values["module"]
    pushed = {name.split("/")[0].removesuffix(".py") for name in names}
    similar = [name for name in pushed if name.lower() == module.lower() and name != module]
    if similar:
        return become(finding, findings.OTHER_CAPITALS, module=module, path=similar[0])
    for path in (module, f"{module}.py"):
        # A file system may ignore capitals, so the listed name counts.
        if module not in pushed and path in {entry.name for entry in project.iterdir()}:
            return become(finding, findings.FOLDER_NOT_PUSHED, module=module, path=path)
    return finding


def find_variable(finding: Finding, project: Path) -> Finding:
    """Return a declared variable whose name is nearly the one that is missing."""
    if finding.values["name"] == "DATABASE_URL":
        return become(finding, findings.NO_DATABASE_AT_BUILD)
    declared = list(project_files.declared_variables(project))
    similar = difflib.get_close_matches(finding.values["name"], declared, 1, cutoff=0.8)
    if not similar:
        return finding
    values = {"name": finding.values["name"], "similar": similar[0]}
    return become(finding, findings.MISSPELLED_VARIABLE, **values)


def find_name(finding: Finding, names: list[str], url_names: list[str]) -> Finding:
    """Return which template or URL pattern was meant by a name that does not exist."""
    text = finding.values.get("problem") or finding.values.get("text", "")
    url = re.search(r"Reverse for '([\w.-]+)'(?: with .*)? not found", text)
    template = re.search(r"TemplateDoesNotExist: (\S+\.\w+)", text)
    if url:
        name, kind = url[1], findings.URL_NAME_SIMILAR
        # With other arguments, the name may exist.
        known = {other: other.rpartition(":")[2] for other in url_names}
        similar = closest(name, known) if "is not a valid view" in text else ""
    elif template or "name" in finding.values:
        name = template[1] if template else finding.values["name"]
        kind = findings.TEMPLATE_SIMILAR
        suffix = PurePosixPath(name).suffix
        paths = [path.rpartition("templates/")[2] for path in names if "templates/" in path]
        known = {path: path.removesuffix(suffix) for path in paths if path.endswith(suffix)}
        similar = closest(name.removesuffix(suffix), known)
    else:
        return finding
    if not similar:
        return replace(finding, values={**finding.values, "name": name})
    if finding.kind is findings.ERROR_PAGE:
        return replace(finding, values={**finding.values, "name": name, "similar": similar})
    return become(finding, kind, name=name, similar=similar)


def closest(name: str, known: dict[str, str]) -> str:
    """Return the key of the value that is most like a name; nothing if there are several."""
    last = name.rpartition("/")[2].lower()
    found = [key for key, value in known.items() if value.rpartition("/")[2].lower() == last]
    if not found:
        near = difflib.get_close_matches(name, known.values(), 1, cutoff=0.8)
        found = [key for key, value in known.items() if [value] == near]
    return found[0] if len(found) == 1 else ""


def find_template(finding: Finding, facts: Facts) -> Finding:
    """Return the place of a template that cannot be parsed."""
    for file, line, problem in facts.broken_templates:
        if problem.rstrip(".") == finding.values["what"]:
            return replace(finding, file=file, line=line)
    return finding
