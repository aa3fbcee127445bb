"""Count the lines of code in the Python files of a project, without its tests and migrations.

Blank lines, comments and docstrings do not count. Run it with the folder of a project.
"""

import ast
import io
import sys
import tokenize
from pathlib import Path

SKIPPED = {".venv", ".preflight", "migrations", "tests"}
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def count_lines(source: str) -> int:
    """Return the number of lines with code in a Python file."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                if isinstance(first.value.value, str):
                    lines -= set(range(first.lineno, first.end_lineno + 1))
    return len(lines)


def count_project(project: Path) -> dict[str, int]:
    """Return the number of lines with code in each Python file of a project."""
    counts = {}
    for path in sorted(project.rglob("*.py")):
        name = path.relative_to(project)
        if not SKIPPED & set(name.parts):
            counts[name.as_posix()] = count_lines(path.read_text(encoding="utf-8"))
    return counts


if __name__ == "__main__":
    found = count_project(Path(sys.argv[1]))
    for name, lines in found.items():
        print(f"{lines:5} {name}")
    print(f"{sum(found.values()):5} in all")
