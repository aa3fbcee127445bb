"""The edits that fix imports, and lines that change how a process ends or reports."""

import ast
import re
from pathlib import Path

from preflight import project_files
from preflight.findings import Edit, Finding
from preflight.syntax_edits import first_code


def parse(text: str) -> ast.Module:
    """Return the tree of a Python file; an empty one if Python cannot parse it."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def remove_unused(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that removes an import whose names the file does not use."""
    text = project_files.read(tree / finding.file)
    module = parse(text)
    imports = [
        node
        for node in module.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == finding.line
    ]
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    # Any name may come from a star, and another module may use a name that settings export.
    names = {
        (alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names
    }
    if len(imports) != 1 or "*" in names or used & names or any(map(str.isupper, names)):
        return ()
    return (remove_statement(text, finding.file, imports[0]),)


def remove_statement(text: str, file: str, node: ast.stmt) -> Edit:
    """Return the edit that removes a statement with its lines."""
    lines = text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]
    return Edit(file, node.lineno, "".join(lines), "")


def load_django_first(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that put the project's own imports in asgi.py after Django has loaded."""
    for path in sorted(tree.rglob("asgi.py")):
        file, text = path.relative_to(tree).as_posix(), project_files.read(path)
        body = parse(text).body
        loading = [node for node in body if is_loading(node)]
        early = [
            node
            for node in body
            if loading and node.lineno < loading[0].lineno and is_own_import(tree, path, node)
        ]
        if early:
            removed = [remove_statement(text, file, node) for node in reversed(early)]
            moved = "".join(edit.old for edit in reversed(removed))
            after = (loading[0].end_lineno or 0) + 1
            return (Edit(file, after, "", f"\n{moved}"), *removed)
    return ()


def is_loading(node: ast.stmt) -> bool:
    """Return whether a statement assigns the result of get_asgi_application()."""
    called = ast.unparse(node.value) if isinstance(node, ast.Assign) else ""
    return bool(re.fullmatch(r"(?:[\w.]+\.)?get_asgi_application\(\)", called))


def is_own_import(tree: Path, path: Path, node: ast.stmt) -> bool:
    """Return whether a statement imports a module of the project."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return True
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    tops = {name.partition(".")[0] for name in names}
    return any((tree / top).is_dir() or (tree / f"{top}.py").is_file() for top in tops)


def keep_sigterm(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that removes the line with which a module ignores SIGTERM."""
    pattern = r"(?m)^[ \t]*signal\.signal\(\s*signal\.SIGTERM,\s*signal\.SIG_IGN\s*\)[ \t]*\n"
    for path in sorted(tree.rglob("*.py")):
        text = project_files.read(path)
        if found := re.search(pattern, text):
            file = path.relative_to(tree).as_posix()
            return (Edit(file, project_files.line_of(text, found.start()), found[0], ""),)
    return ()


def log_exceptions(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits with which a middleware logs the exceptions that it answers."""
    text = project_files.read(tree / finding.file)
    functions = [
        node
        for node in ast.walk(parse(text))
        if isinstance(node, ast.FunctionDef) and node.lineno == finding.line
    ]
    if not functions:
        return ()
    body = functions[0].body
    first = body[1] if ast.get_docstring(functions[0]) and len(body) > 1 else body[0]
    line = " " * first.col_offset + 'logging.exception("A page failed")\n'
    edits = (Edit(finding.file, first.lineno, "", line),)
    if re.search(r"(?m)^import logging$", text):
        return edits
    return (*edits, Edit(finding.file, first_code(text), "", "import logging\n"))
