"""The edits that use another name: of a template, a URL pattern, a module or a class."""

import re
from dataclasses import replace
from pathlib import Path

from preflight import findings, import_names, near_matches, project_files
from preflight.findings import Edit, Finding
from preflight.settings_edits import add_app, numbered, require

# What stands before the name of a URL pattern, in a template and in Python.
URL_USE = (
    r"\b(?:url(?:\s+|\(\s*)|(?:reverse|reverse_lazy|redirect|resolve_url)\(\s*"
    r"|(?:success_url|pattern_name|\w+_URL)\s*=\s*)"
)
MODULE_USE = r"^\s*(?:from|import)\s+|['\"]"
MODULES = {findings.MODULE_SIMILAR, findings.NOT_INSTALLED, findings.NO_SUCH_SUBMODULE}


def pattern_of(finding: Finding) -> str:
    """Return a regular expression for a use of a name that does not exist."""
    name = finding.values.get("name") or finding.values.get("module", "")
    escaped = re.escape(name)
    if finding.kind in MODULES:
        return rf"(?P<before>{MODULE_USE}){escaped}(?!\w)"
    if finding.kind is findings.NAME_SIMILAR:
        return rf"(?P<before>['\"]{re.escape(finding.values['module'])}\.){escaped}(?=['\"])"
    if finding.kind is findings.BAD_APP_CONFIG:
        return rf"(?P<before>\.){escaped}(?=['\"])"
    # Only the name of a template has a suffix.
    use = "" if re.search(r"\.\w+$", name) or finding.kind is findings.TIME_ZONE else URL_USE
    return rf"(?P<before>{use}['\"])(?:[\w-]+:)*{escaped}(?=['\"])"


def find_uses(tree: Path, finding: Finding) -> list[tuple[str, int, str]]:
    """Return file, number and content of each line that uses the name of a finding."""
    suffixes = {".py"} if finding.kind in MODULES else {".html", ".py", ".txt"}
    found = (path for path in tree.rglob("*") if path.suffix in suffixes)
    files = sorted(found, key=lambda path: (path.suffix != ".html", path))
    pattern = pattern_of(finding)
    return [
        (path.relative_to(tree).as_posix(), number, line)
        for path in files
        for number, line in enumerate(project_files.read(path).splitlines(), 1)
        if re.search(pattern, line)
    ]


def place_use(tree: Path, finding: Finding) -> Finding:
    """Return a finding about a name with a line that uses the name, unless it has one."""
    found = [use[:2] for use in find_uses(tree, finding)]
    # Where a name is right in one line and wrong in another, none of them is certain.
    certain = len(found) == 1 or "similar" in finding.values or finding.kind in MODULES
    if not found or not certain or (finding.file, finding.line) in found:
        return finding
    return replace(finding, file=found[0][0], line=found[0][1])


def replace_uses(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that use the similar name wherever the wrong one is used."""
    similar = finding.values.get("similar")
    if not similar:
        return ()
    pattern, new = pattern_of(finding), rf"\g<before>{similar}"
    return tuple(
        Edit(file, number, line, re.sub(pattern, new, line))
        for file, number, line in find_uses(tree, finding)
    )


def replace_attribute(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that use another name of a module: where it is named with it, or here."""
    if named := replace_uses(tree, finding):
        return named
    pattern = rf"\b{re.escape(finding.values['name'])}\b"
    return tuple(
        Edit(finding.file, number, line, re.sub(pattern, finding.values["similar"], line))
        for number, line in numbered(tree, finding.file, pattern)
        if number == finding.line
    )


def replace_in_procfile(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that use another word in the Procfile."""
    pattern = rf"(?<![\w./-]){re.escape(finding.values['name'])}(?![\w./-])"
    return tuple(
        Edit("Procfile", number, line, re.sub(pattern, finding.values["similar"], line))
        for number, line in numbered(tree, "Procfile", pattern)
    )


def name_manage_py(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that start manage.py where it is."""
    manage = project_files.find_manage_py(tree)
    wrong = r"(?<=python )(?:[\w.-]+/)*manage\.py"
    return tuple(
        Edit("Procfile", number, line, new)
        for number, line in numbered(tree, "Procfile", wrong)
        if (new := re.sub(wrong, manage, line)) != line and (tree / manage).is_file()
    )


def require_program(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that lists the package of a program, if the package is known."""
    program = finding.values["program"]
    known = program in near_matches.PROGRAMS or import_names.is_known(program)
    return require(tree, import_names.package_of(program)) if known else ()


def require_worker(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that lists the package of a worker class of gunicorn."""
    package = finding.values["name"].partition(".")[0]
    return require(tree, package) if package in {"eventlet", "gevent", "uvicorn"} else ()


def add_comma(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that divides two names in the settings."""
    name = rf"(['\"]{re.escape(finding.values['first'])}['\"])(?=\s*(?:#.*)?$)"
    for path in sorted(tree.rglob("*.py")):
        file = path.relative_to(tree).as_posix()
        for number, line in numbered(tree, file, name):
            return (Edit(file, number, line, re.sub(name, r"\1,", line)),)
    return ()


def require_import(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that lists a package, if the code imports its module in so many words.

    A name in the settings or in include() is more likely one of the project, and the index may have
    another package of this name.
    """
    pattern = rf"^\s*(?:from|import)\s+{re.escape(finding.values['module'])}\b"
    files = (path.relative_to(tree).as_posix() for path in tree.rglob("*.py"))
    known = import_names.is_known(finding.values["module"])
    imported = known or any(numbered(tree, file, pattern) for file in files)
    return require(tree, finding.values["package"]) if imported else ()


def find_templates(tree: Path, file: str, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit of the settings with which Django looks into a folder for templates."""
    app = finding.values["folder"].rpartition("/")[0].replace("/", ".")
    if not app:
        old, new = r"(['\"]DIRS['\"]\s*:\s*)\[\s*\]", r'\1[BASE_DIR / "templates"]'
    elif numbered(tree, file, rf"['\"]{re.escape(app)}(?:\.apps\.\w+)?['\"]"):
        old, new = r"(['\"]APP_DIRS['\"]\s*:\s*)False", r"\1True"
    else:
        return add_app(tree, file, app)
    return tuple(
        Edit(file, number, line, re.sub(old, new, line))
        for number, line in numbered(tree, file, old)
    )
