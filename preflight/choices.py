"""Describe which manage.py, settings and wsgi.py were used in a project that has several."""

import re
from pathlib import Path

from preflight import build, contract, rules

SETTINGS = r"(?:^|/)(?:settings/(?!__init__\.)\w+|\w*settings\w*)\.py$"
# The line that django-admin writes into manage.py and wsgi.py, and common variants of it.
NAMED = r"DJANGO_SETTINGS_MODULE['\"]\]?\s*[,=]\s*['\"]([\w.]+)"


def describe(tree: Path, names: list[str]) -> list[str]:
    """Return a sentence for each kind of file that exists more than once: which was used, and why.

    `names` are the files that git would push, and `tree` is their folder. Tests are ignored.
    """
    own = [n for n in names if not re.search(rules.TESTS, n) and (tree / n).is_file()]
    sentences = []
    manage, wsgi = build.find_manage_py(tree), find_wsgi(tree, own)
    if count(own, r"(?:^|/)manage\.py$") > 1:
        why = "Heroku's build uses the one closest to the root"
        sentences.append(f"Several manage.py files: {manage} was used, because {why}.")
    if count(own, r"(?:^|/)wsgi\.py$") > 1 and wsgi:
        why = "the web process in the Procfile names it"
        sentences.append(f"Several wsgi.py files: {wsgi} was used, because {why}.")
    if count(own, SETTINGS) > 1:
        sentences += describe_settings(tree, manage, wsgi)
    return sentences


def count(names: list[str], pattern: str) -> int:
    """Return how many names match a pattern."""
    return sum(bool(re.search(pattern, name)) for name in names)


def describe_settings(tree: Path, manage: str, wsgi: str) -> list[str]:
    """Return which settings the commands and the web process use, and which file names them.

    The variable DJANGO_SETTINGS_MODULE takes precedence over the default that a file sets:
    https://docs.djangoproject.com/en/stable/topics/settings/#designating-the-settings
    """
    several = "Several settings modules:"
    declared = build.config_vars(tree).get("DJANGO_SETTINGS_MODULE")
    if declared:
        return [f"{several} {declared} was used, because app.json names it."]
    commands, web = find_named(tree / manage), find_named(tree / wsgi) if wsgi else ""
    if commands and web and commands != web:
        return [
            f"{several} manage.py commands used {commands}, because {manage} names it. The web "
            f"process used {web}, because {wsgi} names it."
        ]
    if commands:
        return [f"{several} {commands} was used, because {manage} names it."]
    return [f"{several} the web process used {web}, because {wsgi} names it."] if web else []


def find_named(path: Path) -> str:
    """Return the settings module that a file sets as the default, or an empty string."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(NAMED, text)
    return found[1] if found else ""


def find_wsgi(tree: Path, names: list[str]) -> str:
    """Return the wsgi.py that the Procfile's web process loads, or an empty string."""
    command = contract.process_types(tree).get("web", "")
    found = re.search(r"([\w.]+\.wsgi)\b", command)
    file = found[1].replace(".", "/") + ".py" if found else ""
    fitting = [name for name in names if file and f"/{name}".endswith(f"/{file}")]
    return min(fitting, key=len, default="")
