"""The table of docs/failure_modes.md is true: every row has its tests, every docs row its words."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from preflight import findings
from preflight.findings import KINDS
from tests.helpers import ROOT, render
from tests.preflight.mistakes import IN_CODE, IN_FILES, IN_REHEARSAL

pytestmark = pytest.mark.fast

TABLE = (ROOT / "docs/failure_modes.md").read_text(encoding="utf-8")
ROW = r"(?m)^\| (\d+) \| (.+?) \| (.+?) \| (.*?) ?\| (.+?) \| (.*?) ?\|$"
ROWS = {int(row[0]): row[1:] for row in re.findall(ROW, TABLE)}
WAYS = {"gen", "check", "test", "pre", "rel"}
# The tests that make the mistakes of each list.
LISTS = {
    "test_a_mistake_in_the_files_is_found_and_its_cure_works": IN_FILES,
    "test_a_mistake_in_the_code_is_found_and_its_cure_works": IN_CODE,
    "test_a_mistake_is_found_by_a_rehearsal_and_its_cure_works": [m for _, m in IN_REHEARSAL],
}

# What the README of a project says where nothing on a laptop can show it.
WORDS = {
    17: "Push rejected, failed to compile",
    28: "DEBUG_COLLECTSTATIC",
    57: "PDF and ZIP",
    69: "H12",
    72: "superuser",
    75: "No module named 'fcntl'",
}


@cache
def marked_tests() -> dict[int, list[str]]:
    """Return the names of the tests that say which rows they show."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                if ast.unparse(decorator).startswith("pytest.mark.row("):
                    for number in decorator.args:
                        found.setdefault(number.value, []).append(node.name)
    for name, mistakes in LISTS.items():
        for number in sorted({mistake.row for mistake in mistakes}):
            found.setdefault(number, []).append(name)
    return found


def test_every_known_failure_has_a_row():
    assert list(ROWS) == list(range(1, len(ROWS) + 1))
    met = [row for row in ROWS.values() if {"pre", "check"} & set(row[1].split(", "))]
    cured = [row for row in met if "_and_its_cure_works`" in row[4]]
    changes = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    counts = f"has {len(ROWS)} rows. `preflight` or a check can meet {len(met)} of them; "
    assert f"{counts}for {len(cured)}, a test makes" in changes


@pytest.mark.parametrize("number", ROWS)
def test_a_row_names_the_tests_that_show_it(number):
    ways = set(ROWS[number][1].split(", "))
    assert ways <= WAYS | {"docs", "waits"}
    shown = marked_tests().get(number, [])
    assert ", ".join(f"`{name}`" for name in shown) == ROWS[number][4]
    assert bool(ways & WAYS) == bool(shown)


@pytest.mark.parametrize("number", [n for n, row in ROWS.items() if "docs" in row[1]])
def test_what_no_look_can_find_is_in_the_readme(number, tmp_path):
    storage = "cloudinary" if number == 57 else "whitenoise"
    readme: Path = render(tmp_path, storage=storage) / "README.md"
    assert WORDS[number] in " ".join(readme.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("number", ROWS)
def test_a_row_names_the_findings_of_its_mistakes(number):
    named = set(re.findall(r"`([\w.]+)`", ROWS[number][2]))
    made = {m.kind.id for listed in LISTS.values() for m in listed if m.row == number}
    assert made <= named <= set(KINDS)


@pytest.mark.parametrize("module", ["slug", "web"])
def test_what_a_rehearsal_measures_is_in_the_table(module):
    tree = ast.parse((ROOT / f"preflight/{module}.py").read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [name.partition(".")[2] for name in called if name.startswith("findings.")]
    measured = [
        kind for name in names if isinstance(kind := getattr(findings, name), findings.Kind)
    ]
    mistakes = [k for k in measured if not k.symptom and k.weight is not findings.Weight.NOTE]
    named = {name for row in ROWS.values() for name in re.findall(r"`([\w.]+)`", row[2])}
    assert mistakes and {kind.id for kind in mistakes} <= named
