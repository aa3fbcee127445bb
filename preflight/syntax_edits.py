"""The edits that fix the usual mistakes in Python files and templates."""

import ast
import difflib
import re
from pathlib import Path

from preflight import project_files
from preflight.findings import Edit, Finding

# What a name in settings, views and models stands for, if it was not imported.
IMPORTS = {
    "Path": "from pathlib import Path",
    "dj_database_url": "import dj_database_url",
    "HttpResponse": "from django.http import HttpResponse",
    "JsonResponse": "from django.http import JsonResponse",
    "admin": "from django.contrib import admin",
    "forms": "from django import forms",
    "include": "from django.urls import include",
    "get_object_or_404": "from django.shortcuts import get_object_or_404",
    "json": "import json",
    "login_required": "from django.contrib.auth.decorators import login_required",
    "messages": "from django.contrib import messages",
    "models": "from django.db import models",
    "os": "import os",
    "path": "from django.urls import path",
    "re_path": "from django.urls import re_path",
    "redirect": "from django.shortcuts import redirect",
    "render": "from django.shortcuts import render",
    "reverse_lazy": "from django.urls import reverse_lazy",
    "reverse": "from django.urls import reverse",
    "settings": "from django.conf import settings",
    "static": "from django.conf.urls.static import static",
    "sys": "import sys",
    "timezone": "from django.utils import timezone",
    "views": "from . import views",
}
# What Django has removed, with what took its place: its release notes.
REPLACED = {
    "ugettext_lazy": "gettext_lazy",
    "ugettext": "gettext",
    "ungettext": "ngettext",
    "force_text": "force_str",
    "smart_text": "smart_str",
    "is_safe_url": "url_has_allowed_host_and_scheme",
    "urlquote": "quote",
}
QUOTES = {"“": '"', "”": '"', "‘": "'", "’": "'", "\xa0": " ", "–": "-", "—": "-"}
MARKERS = r"(?ms)^<{7} [^\n]*\n(.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\n.*?^>{7} [^\n]*\n?"
# Tags of Django that need no library.
TAGS = (
    "autoescape block csrf_token extends filter for if include load now url verbatim with".split()
)
# A line that only starts a debugger.
BREAKPOINT = r"\s*(?:breakpoint|(?:import \w+; *)?\w+\.set_trace|set_trace)\(\)\s*$"
# A view for an empty regular expression, which fits every path that no earlier pattern fits.
EVERY_PATH = r"(\b(?:re_path|url)\(\s*)r?(?:\"\^?\"|'\^?')(?=\s*,(?!\s*include\b))"
# Template tags that need a library.
LIBRARIES = {
    "static": "static",
    "trans": "i18n",
    "translate": "i18n",
    "blocktranslate": "i18n",
    "crispy": "crispy_forms_tags",
    "localtime": "tz",
    "cache": "cache",
    "get_current_language": "i18n",
    "add_class": "widget_tweaks",
    "render_field": "widget_tweaks",
    "intcomma": "humanize",
    "intword": "humanize",
    "naturalday": "humanize",
    "naturaltime": "humanize",
    "ordinal": "humanize",
}


def line_edit(tree: Path, finding: Finding, new: str | None) -> tuple[Edit, ...]:
    """Return the edit that replaces the line of a finding, if the new one differs."""
    old = read_line(tree, finding.file, finding.line)
    return (Edit(finding.file, finding.line, old, new),) if new not in {None, old} else ()


def read_line(tree: Path, file: str, number: int) -> str:
    """Return a line of a file, or an empty string."""
    lines = project_files.read(tree / file).splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def fix_syntax(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit for a line that Python cannot parse, if its message says what is missing."""
    new = fix_line(read_line(tree, finding.file, finding.line), finding.values["what"])
    return line_edit(tree, finding, new)


def fix_line(line: str, what: str) -> str | None:
    """Return the line as it was meant, or None."""
    closing = {"(": ")", "[": "]", "{": "}"}
    never = re.match(r"'([(\[{])' was never closed", what)
    printed = re.fullmatch(r"(\s*)print (.+)", line)
    if "invalid character" in what or "non-printable character" in what:
        return re.sub("|".join(QUOTES), lambda found: QUOTES[found[0]], line)
    if what.startswith("expected ':'"):
        code, sign, comment = line.partition("  #")
        return f"{code.rstrip()}:{sign}{comment}"
    if "unterminated string literal" in what:
        quote = line[min(line.find(sign) for sign in "'\"" if sign in line)]
        stripped = re.sub(r"([,)\]}]*)$", rf"{quote}\1", line.rstrip(), count=1)
        return stripped
    if never:
        return line.rstrip() + closing[never[1]]
    if "print" in what and printed:
        return f"{printed[1]}print({printed[2]})"
    if "Maybe you meant '=='" in what:
        return re.sub(r"(?<![=!<>])=(?!=)", "==", line, count=1)
    if "unmatched" in what:
        return line.rstrip()[:-1]
    if "unexpected indent" in what:
        return line.lstrip()
    if "inconsistent use of tabs" in what:
        return line.expandtabs(4)
    return None


def resolve_markers(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that keep the own side of each conflict, the last conflict first."""
    text = project_files.read(tree / finding.file)
    found = [
        Edit(finding.file, project_files.line_of(text, match.start()), match[0], match[1])
        for match in re.finditer(MARKERS, text)
    ]
    return tuple(reversed(found))


def add_import(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that imports a name that is not defined, or fixes its spelling."""
    name = finding.values["name"]
    line = IMPORTS.get(name)
    if not finding.file.endswith(".py"):
        return ()
    text = project_files.read(tree / finding.file)
    if not line:
        similar = difflib.get_close_matches(name, defined_in(text), 1, 0.8)
        return replace_name(tree, finding, name, similar[0]) if similar else ()
    return (Edit(finding.file, first_code(text), "", f"{line}\n"),)


def defined_in(text: str) -> list[str]:
    """Return the names that a Python file defines: arguments, variables, functions and imports."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return []
    found = [node.arg for node in nodes if isinstance(node, ast.arg)]
    found += [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    found += [n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    return found + [n.asname or n.name for n in nodes if isinstance(n, ast.alias)]


def first_code(text: str) -> int:
    """Return the number of the first line after the docstring and imports of __future__."""
    match = re.match(r"(?s)(?:#[^\n]*\n)*\s*(?:(\"\"\"|''').*?\1\n+)?", text)
    start = project_files.line_of(text, match.end()) if match else 1
    lines = text.splitlines()
    while start <= len(lines) and lines[start - 1].startswith("from __future__"):
        start += 1
    return start


def replace_removed(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that use what took the place of a removed name."""
    name = finding.values["name"].rpartition(".")[2]
    new = REPLACED.get(name)
    if not new:
        return ()
    lines = project_files.read(tree / finding.file).splitlines()
    return tuple(
        Edit(finding.file, number, line, re.sub(rf"\b{name}\b", new, line))
        for number, line in enumerate(lines, 1)
        if re.search(rf"\b{name}\b", line)
    )


def replace_name(tree: Path, finding: Finding, old: str, new: str) -> tuple[Edit, ...]:
    """Return the edit that replaces a name in the line of a finding."""
    line = read_line(tree, finding.file, finding.line)
    return line_edit(tree, finding, line.replace(old, new))


def remove_breakpoints(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that remove the lines that start a debugger, the last one first."""
    lines = project_files.read(tree / finding.file).splitlines(keepends=True)
    found = [(number, line) for number, line in enumerate(lines, 1) if re.match(BREAKPOINT, line)]
    return tuple(Edit(finding.file, number, line, "") for number, line in reversed(found))


def end_pattern(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that end the regular expressions of URLs that fit every path."""
    return tuple(
        Edit(path.relative_to(tree).as_posix(), number, line, re.sub(EVERY_PATH, r'\1r"^$"', line))
        for path in sorted(tree.rglob("urls.py"))
        for number, line in enumerate(project_files.read(path).splitlines(), 1)
        if re.search(EVERY_PATH, line)
    )


def fix_template(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit for a template that Django cannot parse."""
    what, text = finding.values["what"], project_files.read(tree / finding.file)
    unclosed = re.match(r"Unclosed tag on line \d+: '(\w+)", what)
    unknown = re.match(r"Invalid (?:block tag on line \d+|filter): '(\w+)'", what)
    expected = re.findall(r"'(\w+)'", what.partition("expected")[2])
    if unclosed:
        end = "" if text.endswith("\n") else "\n"
        last = len(text.splitlines()) + 1
        return (Edit(finding.file, last, "", f"{end}{{% end{unclosed[1]} %}}\n"),)
    if unknown and unknown[1] in LIBRARIES:
        first = 2 if re.match(r"\s*[{]%\s*extends", text) else 1
        return (Edit(finding.file, first, "", f"{{% load {LIBRARIES[unknown[1]]} %}}\n"),)
    library = re.match(r"'(staticfiles|admin_static)' is not a registered tag library", what)
    if library:
        return replace_name(tree, finding, library[1], "static")
    known = expected or [*LIBRARIES, *TAGS]
    similar = difflib.get_close_matches(unknown[1], known, 1, 0.8) if unknown else []
    if unknown and similar:
        return replace_name(tree, finding, unknown[1], similar[0])
    line = read_line(tree, finding.file, finding.line)
    if "Could not parse" in what:
        # A space between a variable and its filter, or its argument.
        return line_edit(tree, finding, re.sub(r"\s*\|\s*(\w+)\s*:\s*", r"|\1:", line))
    return ()
