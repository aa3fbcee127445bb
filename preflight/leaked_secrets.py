"""Credentials in what git would push: found by their form, and reported without their value."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from preflight import findings, heroku, project_files
from preflight.findings import Finding
from preflight.steps import Failed, Result

DJANGO_KEY = "Django's SECRET_KEY"
# The command that reads the key from a variable.
READ_KEY = (
    "$python -c \"import pathlib, re; p = pathlib.Path('FILE'); t = p.read_text('utf-8'); "
    "p.write_text(re.sub(r'(?m)^SECRET_KEY\\s*=.*', 'import os\\n\\n"
    "SECRET_KEY = os.environ.get(\\'SECRET_KEY\\', \\'\\')', t), 'utf-8')\""
)
# Bytes; larger files are data.
LARGEST = 1_000_000
# A file with the commits whose credentials were replaced.
ACKNOWLEDGED = ".leaked-secrets"
# A line of a file for the environment that looks like a secret, by the name of its variable.
SECRET_VALUE = (
    r"(?mi)^\s*(?:export\s+)?\w*(?:SECRET|PASSWORD|TOKEN|_KEY|APIKEY)\w*\s*=\s*['\"]?[^\s'\"#]{8,}"
)
ENVIRON = r"environ(?:\[|\.setdefault\()['\"]\w+['\"]\]?\s*[=,]\s*['\"][^'\"]{8,}"


def check(tree: Path, names: list[str], added: list[tuple[str, str, str]]) -> Result:
    """Return how much was searched; raise Failed with every place that contains a credential.

    `added` is what the last commits have added, as (commit, file, lines). What a later commit
    removed can still be read there.
    """
    seen: set[str] = set()
    found = [*check_files(tree, names, seen), *check_history(tree, added, seen)]
    if findings.errors(found):
        raise Failed(*found)
    return Result(f"none in {len(names)} files" + (" and the last commits" if added else ""), found)


def check_files(tree: Path, names: list[str], seen: set[str]) -> Iterator[Finding]:
    """Report the credentials in the files, and files that are made for secrets."""
    for name in names:
        path = tree / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST:
            continue
        content = path.read_bytes()
        if b"\0" in content:
            continue
        text = content.decode("utf-8", "replace")
        contained = list(credentials(name, text))
        if is_secret_file(name):
            secret = contained or re.search(SECRET_VALUE, text) or re.search(ENVIRON, text)
            kind = findings.SECRET_FILE if secret else findings.ENV_FILE
            yield kind(name, name=name, quoted=quote(name))
        for what, value, line in contained:
            seen.add(value)
            found = findings.CREDENTIAL(name, line, what=what)
            if what == DJANGO_KEY and re.search(r"(?m)^SECRET_KEY\s*=", text):
                # An edit would show the old line, and the secret in it.
                command = READ_KEY.replace("FILE", name)
                found = replace(found, templates=(command, findings.SET_SECRET_KEY))
            yield found


def check_history(
    tree: Path, added: list[tuple[str, str, str]], seen: set[str]
) -> Iterator[Finding]:
    """Report credentials that only the last commits contain, unless they are acknowledged."""
    acknowledged = project_files.read(tree / ACKNOWLEDGED).split()
    for commit, name, text in added:
        for what, value, _ in credentials(name, text):
            if value in seen or any(commit.startswith(known) for known in acknowledged):
                continue
            seen.add(value)
            values = {"what": what, "commit": commit, "acknowledged": ACKNOWLEDGED}
            insecure = "django-insecure-" in value
            kind = findings.OLD_INSECURE_KEY if insecure else findings.OLD_CREDENTIAL
            found = kind(name, **values)
            if kind is findings.OLD_CREDENTIAL and what == DJANGO_KEY:
                # The new key comes first. Other credentials are replaced where they come from.
                found = replace(found, templates=(findings.SET_SECRET_KEY, *found.templates))
            yield found


def is_secret_file(name: str) -> bool:
    """Return whether a file is made for secrets."""
    in_root = name in heroku.SECRET_FILES_IN_ROOT
    return name.rpartition("/")[2] in heroku.SECRET_FILES or in_root


def credentials(name: str, text: str) -> Iterator[tuple[str, str, int]]:
    """Give what each credential in the text of a file is, its value and its line."""
    patterns = heroku.CREDENTIALS
    if name.endswith(".py") and not re.search(heroku.TESTS, name):
        patterns = {DJANGO_KEY: heroku.SECRET_KEY} | patterns
    lines: set[int] = set()
    for what, pattern in patterns.items():
        for match in re.finditer(pattern, text, re.MULTILINE):
            line = project_files.line_of(text, match.end())
            if line not in lines:
                # The same value can have two forms.
                lines.add(line)
                yield what, match[0].strip(), line
