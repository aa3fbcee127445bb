"""Migrations that the release on Heroku cannot live with until the new one has started.

The release phase migrates while the old code still serves visitors:
https://devcenter.heroku.com/articles/release-phase
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from preflight import findings, project_files
from preflight.findings import Finding

MIGRATION = r"(?:(?P<app>.*)/)?migrations/(?!__init__)\w+\.py"
# What an operation does to a column or a table that the old code uses, by the names of its values.
CHANGES = {
    "DeleteModel": (("name",), "removes the table of {name}"),
    "RemoveField": (("model_name", "name"), "removes {model_name}.{name}"),
    "RenameField": (("model_name", "old_name", "new_name"), "renames {model_name}.{old_name}"),
    "RenameModel": (("old_name", "new_name"), "renames {old_name}"),
    "AlterModelTable": (("name", "table"), "renames the table of {name}"),
    "AddField": (("model_name", "name", "field"), "{model_name}.{name}"),
}
# Fields without a column that an INSERT of the old code would leave empty.
WITHOUT_COLUMN = {"ManyToManyField", "GeneratedField", "GenericRelation"}


def check(tree: Path, names: list[str], live: set[str]) -> Iterator[Finding]:
    """Report what new migrations do to the columns that the running release uses.

    `live` are the files of the last push to Heroku. If they have none of this project's files,
    there is no running release.
    """
    known = live.intersection(names)
    new = [n for n in names if known and n not in live and re.fullmatch(MIGRATION, n)]
    found = [(name, call) for name in new for call in operations(tree / name)]
    created = {
        (app_of(name), values.get("name", "").lower())
        for name, call in found
        if (values := read_values(call, ("name",))) and kind_of(call) == "CreateModel"
    }
    for name, call in found:
        operation = kind_of(call)
        if operation not in CHANGES:
            continue
        order, text = CHANGES[operation]
        values = read_values(call, order)
        model = values.get("model_name") or values.get("name") or values.get("old_name", "")
        if (app_of(name), model.lower()) in created:
            continue
        if operation != "AddField":
            change = text.format_map({key: "?" for key in order} | values)
            yield findings.REMOVED_FROM_LIVE(name, call.lineno, change=change)
        elif needs_value(call):
            field = text.format_map({"model_name": "?", "name": "?"} | values)
            yield findings.REQUIRED_FROM_LIVE(name, call.lineno, field=field)


def app_of(name: str) -> str:
    """Return the folder of the app to which a migration belongs."""
    match = re.fullmatch(MIGRATION, name)
    return (match["app"] or "") if match else ""


def operations(path: Path) -> Iterator[ast.Call]:
    """Give the operations of a migration; none if it replaces others or cannot be parsed."""
    try:
        module = ast.parse(project_files.read(path))
    except (SyntaxError, ValueError):
        return
    assigned = {
        target.id: node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    listed = assigned.get("operations")
    if isinstance(listed, ast.List) and "replaces" not in assigned:
        yield from (item for item in listed.elts if isinstance(item, ast.Call))


def kind_of(call: ast.Call) -> str:
    """Return the name of what is called, without its module."""
    return ast.unparse(call.func).rpartition(".")[2]


def read_values(call: ast.Call, order: tuple[str, ...]) -> dict[str, str]:
    """Return the texts that an operation is called with, by name."""
    pairs = [*zip(order, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    return {
        name: value.value
        for name, value in pairs
        if name and isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def needs_value(call: ast.Call) -> bool:
    """Return whether a new column needs a value that the database does not have by itself."""
    fields = [k.value for k in call.keywords if k.arg == "field"] + call.args[2:3]
    if not fields or not isinstance(fields[0], ast.Call) or kind_of(fields[0]) in WITHOUT_COLUMN:
        return False
    options = {keyword.arg: keyword.value for keyword in fields[0].keywords}
    null = options.get("null")
    allowed = isinstance(null, ast.Constant) and bool(null.value)
    return not allowed and "db_default" not in options
