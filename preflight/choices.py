"""Which manage.py, settings and wsgi.py count in a project that has several."""

import re
from pathlib import Path

from preflight import build, contract, rules

SETTINGS = r"(?:^|/)(?:settings/(?!__init__\.)\w+|\w*settings\w*)\.py$"
# What django-admin writes into manage.py and wsgi.py, and what people make of it.
NAMED = r"DJANGO_SETTINGS_MODULE['\"]\]?\s*[,=]\s*['\"]([\w.]+)"


def describe(tree: Path, names: list[str]) -> list[str]:
    """Return a sentence for each kind of file that a project has several of: which one, and why.

    `names` are the files that git would push, `tree` the folder with them. Tests do not count.
    """
    own = [n for n in names if not re.search(rules.TESTS, n) and (tree / n).is_file()]
    sentences = []
    manage, wsgi = build.find_manage_py(tree), find_wsgi(tree, own)
    if count(own, r"(?:^|/)manage\.py$") > 1:
        why = "Heroku's build takes the one nearest to the root"
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
    """Return which settings the commands and the web process use, and what names them.

    The variable DJANGO_SETTINGS_MODULE is read before what a file sets as a default:
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
    """Return the settings module that a file sets as the default, or nothing."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(NAMED, text)
    return found[1] if found else ""


def find_wsgi(tree: Path, names: list[str]) -> str:
    """Return the wsgi.py that the web process of the Procfile loads, or nothing."""
    command = contract.process_types(tree).get("web", "")
    found = re.search(r"([\w.]+\.wsgi)\b", command)
    file = found[1].replace(".", "/") + ".py" if found else ""
    fitting = [name for name in names if file and f"/{name}".endswith(f"/{file}")]
    return min(fitting, key=len, default="")


def find_mixed(project: Path) -> list[str]:
    """Report the files of another project that were kept when the template added its own.

    What `describe` notes is a choice in one project. In a new folder of the template it is a
    mistake, and each further step would report its own error.
    """
    if not (project / ".heroku-django.yaml").is_file():
        return []
    return [*compare_settings(project), *find_server(project)]


def compare_settings(project: Path) -> list[str]:
    """Report if manage.py and the web process use settings in two packages."""
    wsgi = find_wsgi(project, ["config/wsgi.py"])
    commands, web = find_named(project / "manage.py"), find_named(project / wsgi) if wsgi else ""
    if not commands or not web or commands.partition(".")[0] == web.partition(".")[0]:
        return []
    return [
        f"manage.py uses {commands}. {wsgi}, which the Procfile starts, uses {web}. So Heroku "
        "would build one project and start another. If manage.py belongs to an older project, "
        "rename it and add the right one:\nmv manage.py old-manage.py"
    ]


def find_server(project: Path) -> list[str]:
    """Report if requirements.txt lacks gunicorn and the Procfile starts it."""
    path = project / "requirements.txt"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    wanted = contract.process_types(project).get("web", "").startswith("gunicorn ")
    if not text or not wanted or re.search(r"(?im)^\s*(?:gunicorn\b|-|.*\0)", text):
        # A list of other files, or one in UTF-16, is not judged here.
        return []
    listed = re.findall(r"(?m)^\s*([A-Za-z0-9][\w.-]*)", text)
    return [
        f"requirements.txt lists {', '.join(listed[:5]) or 'nothing'}, and not gunicorn, which the "
        "Procfile starts. Add what is missing. If the file belongs to an older project, rename it "
        "and add the right one:\nmv requirements.txt old-requirements.txt"
    ]
