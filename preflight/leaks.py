"""Credentials in what git would send, found by their own form and told without their value."""

import re
from pathlib import Path
from shlex import quote

from preflight import rules
from preflight.steps import Failed

# Bytes; larger files are data.
LARGEST = 1_000_000


def check(tree: Path, names: list[str], added: list[tuple[str, str, str]]) -> str:
    """Return how much was searched; raise Failed with every place that holds a credential.

    `added` is what the last commits have added, as (commit, file, lines): what a later commit took
    away can still be read there.
    """
    told = [secret_file(name) for name in names if is_secret_file(name)]
    seen: set[str] = set()
    for name in names:
        path = tree / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST:
            continue
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for kind, value, line in credentials(name, content.decode("utf-8", "replace")):
            seen.add(value)
            told.append(f"{name}, line {line}, holds {kind}.")
    for commit, name, text in added:
        for kind, value, _ in credentials(name, text):
            if value not in seen:
                seen.add(value)
                told.append(f"{name} held {kind} in commit {commit}, which git keeps.")
    if told:
        cure = (
            "Whoever reads the repository can use them. Make new ones where they come from, keep "
            "them in .env and with heroku config:set, and read them with os.environ. Removing them "
            "in a new commit is not enough: git keeps the old ones."
        )
        raise Failed("\n".join([*dict.fromkeys(told), cure]))
    return f"none in {len(names)} files" + (" and the last commits" if added else "")


def is_secret_file(name: str) -> bool:
    """Return whether a file is made for secrets."""
    return name.rpartition("/")[2] in rules.SECRET_FILES or name in rules.SECRET_FILES_IN_ROOT


def secret_file(name: str) -> str:
    """Return what to do about a file of secrets that would be pushed."""
    return (
        f"{name} would be pushed, with the secrets in it. Add it to .gitignore. If it is committed "
        f"already: git rm --cached {quote(name)}"
    )


def credentials(name: str, text: str) -> list[tuple[str, str, int]]:
    """Return the kind, the value and the line of each credential in the text of a file."""
    patterns = rules.CREDENTIALS
    if name.endswith(".py") and not re.search(rules.TESTS, name):
        patterns = patterns | {"Django's SECRET_KEY": rules.SECRET_KEY}
    return [
        (kind, match[0].strip(), text.count("\n", 0, match.end()) + 1)
        for kind, pattern in patterns.items()
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
