"""What app.json says to Heroku: whether it can be read, its stack, add-ons and buildpacks."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from preflight import findings, heroku, project_files
from preflight.findings import Edit, Finding

FILE = "app.json"


def check(tree: Path) -> Iterator[Finding]:
    """Report an app.json that cannot be read, and what Heroku does not do with it."""
    text = project_files.read(tree / FILE)
    try:
        content = project_files.read_app_json(tree)
    except json.JSONDecodeError as error:
        edits = repair(text, error)
        # The versions of Python name different lines.
        line = edits[0].line if edits else error.lineno
        yield replace(findings.INVALID_APP_JSON(FILE, line, problem=error.msg), edits=edits)
        return
    except ValueError as error:
        yield findings.INVALID_APP_JSON(FILE, problem=error)
        return
    yield from check_switch(text, content)
    yield from check_stack(text, content)
    yield from check_plans(text, content)
    yield from check_buildpacks(text, content)


def difference(old: str, new: str) -> tuple[Edit, ...]:
    """Return the edit of the lines in which two texts differ."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    replaced = "".join(before[start : len(before) - end])
    return (Edit(FILE, start + 1, replaced, "".join(after[start : len(after) - end])),)


def repair(text: str, error: json.JSONDecodeError) -> tuple[Edit, ...]:
    """Return the edit that makes the text valid, if one of the usual mistakes was made."""
    with_comma = text[: error.pos].rstrip() + "," + text[len(text[: error.pos].rstrip()) :]
    candidates = [
        re.sub(r",(\s*[}\]])", r"\1", text),
        re.sub(r"(?m)^\s*(?://|#).*\n", "", text),
        re.sub(r"(?m)\s*//(?![^\"]*\").*$", "", text),
        re.sub(r"'([^'\"\n]*)'", r'"\1"', text),
        re.sub(r"[“”]", '"', text),
        re.sub(r"\bTrue\b", "true", re.sub(r"\bFalse\b", "false", text)),
        with_comma,
        text.rstrip() + "\n}\n",
    ]
    for candidate in candidates:
        try:
            json.loads(candidate)
        except ValueError:
            continue
        return difference(text, candidate)
    return ()


def line_with(text: str, part: str) -> tuple[int, str]:
    """Return the number and the text of the line that contains a text."""
    number = project_files.line_of(text, max(text.find(part), 0))
    return number, text.splitlines()[number - 1]


def check_switch(text: str, content: dict[str, Any]) -> Iterator[Finding]:
    """Report the variable that turns collectstatic off."""
    switch, _ = heroku.COLLECTSTATIC_OFF
    variables = content.get("env") or {}
    if switch in variables:
        number, _ = line_with(text, f'"{switch}"')
        found = findings.COLLECTSTATIC_OFF(FILE, number, name=switch)
        kept = content | {"env": {n: v for n, v in variables.items() if n != switch}}
        yield replace(found, edits=difference(text, json.dumps(kept, indent=2) + "\n"))


def check_stack(text: str, content: dict[str, Any]) -> Iterator[Finding]:
    """Report a stack on which nothing is built any more."""
    stack = content.get("stack")
    if stack in heroku.OLD_STACKS:
        number, line = line_with(text, f'"{stack}"')
        edit = Edit(FILE, number, line, line.replace(stack, heroku.STACK))
        yield replace(findings.OLD_STACK(FILE, number, stack=stack), edits=(edit,))


def check_plans(text: str, content: dict[str, Any]) -> Iterator[Finding]:
    """Report plans of add-ons that were removed."""
    addons = content.get("addons")
    for addon in addons if isinstance(addons, list) else []:
        plan = addon.get("plan") if isinstance(addon, dict) else addon
        meant = heroku.OLD_PLANS.get(plan) if isinstance(plan, str) else None
        if meant:
            number, line = line_with(text, f'"{plan}"')
            edit = Edit(FILE, number, line, line.replace(str(plan), meant))
            found = findings.OLD_PLAN(FILE, number, plan=plan, meant=meant)
            yield replace(found, edits=(edit,))


def check_buildpacks(text: str, content: dict[str, Any]) -> Iterator[Finding]:
    """Report buildpacks in another form, for Poetry or uv, and a list without Python's."""
    listed = content.get("buildpacks")
    urls = []
    for entry in listed if isinstance(listed, list) else []:
        url = entry.get("url") if isinstance(entry, dict) else entry
        if not isinstance(url, str):
            continue
        urls.append(url)
        number, line = line_with(text, f'"{url}"')
        if not isinstance(entry, dict):
            edit = Edit(FILE, number, line, line.replace(f'"{url}"', f'{{"url": "{url}"}}'))
            yield replace(findings.BUILDPACK_TEXT(FILE, number, url=url), edits=(edit,))
        elif re.search(heroku.OTHER_BUILDPACK, url):
            kept = content | {"buildpacks": [e for e in listed or [] if e is not entry]}
            found = findings.OTHER_BUILDPACK(FILE, number, url=url)
            yield replace(found, edits=difference(text, json.dumps(kept, indent=2) + "\n"))
    if urls and not any(re.search(r"python", url) for url in urls):
        number, _ = line_with(text, '"buildpacks"')
        kept = content | {"buildpacks": [*(listed or []), {"url": "heroku/python"}]}
        found = findings.NO_PYTHON_BUILDPACK(FILE, number)
        yield replace(found, edits=difference(text, json.dumps(kept, indent=2) + "\n"))
