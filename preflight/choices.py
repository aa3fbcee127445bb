"""Describe which manage.py, settings and wsgi.py were used in a project that has several."""

import re
from pathlib import Path

from preflight import findings, heroku, project_files
from preflight.findings import Finding

SETTINGS = r"(?:^|/)(?:settings/(?!__init__\.)\w+|\w*settings\w*)\.py$"


def describe(tree: Path, names: list[str]) -> list[str]:
    """Return a sentence for each kind of file that exists more than once: which was used, and why.

    `names` are the files that git would push, and `tree` is their folder. Tests are ignored.
    """
    own = [n for n in names if not re.search(heroku.TESTS, n) and (tree / n).is_file()]
    sentences = []
    manage, wsgi = project_files.find_manage_py(tree), project_files.find_wsgi(tree, own)
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
    """Return which settings the commands and the web process use, and which file names them."""
    several = "Several settings modules:"
    build, web = build_settings(tree), web_settings(tree, wsgi)
    if build and web and build != web:
        # A finding reports this.
        return []
    if project_files.config_vars(tree).get(project_files.SETTINGS_MODULE):
        return [f"{several} {build} was used, because app.json names it."]
    if build:
        return [f"{several} {build} was used, because {manage} names it."]
    return [f"{several} the web process used {web}, because {wsgi} names it."] if web else []


def build_settings(tree: Path) -> str:
    """Return the settings module of the build: from app.json, otherwise from manage.py.

    The variable takes precedence over the default that a file sets:
    https://docs.djangoproject.com/en/stable/topics/settings/#designating-the-settings
    """
    declared = project_files.config_vars(tree).get(project_files.SETTINGS_MODULE)
    return declared or project_files.named_settings(tree / project_files.find_manage_py(tree))


def web_settings(tree: Path, wsgi: str) -> str:
    """Return the settings module of the web process: from its line, app.json or wsgi.py."""
    command = project_files.process_types(tree).get("web", "")
    own = project_files.assignments(command).get(project_files.SETTINGS_MODULE)
    declared = project_files.config_vars(tree).get(project_files.SETTINGS_MODULE)
    return own or declared or (project_files.named_settings(tree / wsgi) if wsgi else "")


def check(tree: Path, names: list[str]) -> list[Finding]:
    """Report a build and a web process that use different settings."""
    wsgi = project_files.find_wsgi(tree, names)
    build, web = build_settings(tree), web_settings(tree, wsgi)
    if not build or not web or build == web:
        return []
    paths = [re.escape(module.replace(".", "/")) for module in (build, web)]
    if not all(count(names, rf"(?:^|/){path}(?:/__init__)?\.py$") for path in paths):
        # One of them does not exist, which another step reports.
        return []
    command = project_files.process_types(tree).get("web", "")
    own = project_files.SETTINGS_MODULE in project_files.assignments(command)
    values = {"commands": build, "web": web, "wsgi": "the Procfile" if own else wsgi}
    manage = project_files.find_manage_py(tree)
    return [findings.DIFFERENT_SETTINGS("Procfile" if own else wsgi, manage=manage, **values)]


def find_mixed(project: Path) -> list[Finding]:
    """Return a finding for each file of another project that was kept when ours was added.

    In other projects, several files of a kind are a choice, which `describe` reports. In a project
    of this template they are a mistake, and each further step would report its own error.
    """
    if not (project / ".heroku-django.yaml").is_file():
        return []
    return [*compare_settings(project), *find_server(project)]


def compare_settings(project: Path) -> list[Finding]:
    """Return a finding if manage.py and the web process use settings in two packages."""
    wsgi = project_files.find_wsgi(project, ["config/wsgi.py"])
    commands = project_files.named_settings(project / "manage.py")
    web = project_files.named_settings(project / wsgi) if wsgi else ""
    if not commands or not web or commands.partition(".")[0] == web.partition(".")[0]:
        return []
    return [findings.MIXED_SETTINGS("manage.py", commands=commands, wsgi=wsgi, web=web)]


def find_server(project: Path) -> list[Finding]:
    """Return a finding if the Procfile starts gunicorn but requirements.txt does not list it."""
    text = project_files.read(project / "requirements.txt")
    wanted = project_files.process_types(project).get("web", "").startswith("gunicorn ")
    if not text or not wanted or re.search(r"(?im)^\s*(?:gunicorn\b|-|.*\0)", text):
        # A file that includes others, or is in UTF-16, is not checked here.
        return []
    listed = re.findall(r"(?m)^\s*([A-Za-z0-9][\w.-]*)", text)
    names = ", ".join(listed[:5]) or "nothing"
    return [findings.MIXED_REQUIREMENTS("requirements.txt", listed=names)]
