"""What the settings of a project mean on Heroku, and what silently goes wrong there."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from preflight import about, findings, heroku, import_names, project_files
from preflight.findings import Finding
from preflight.processes import Finished
from preflight.project_command import run_project
from preflight.steps import Failed, Result

DUMMY = "django.db.backends.dummy"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"


@dataclass(frozen=True)
class Facts:
    """What settings_probe.py prints about a project, with DEBUG and the environment of a dyno."""

    # Paths, names and module paths; empty if the project has none.
    admin: str = ""
    wsgi: str = ""
    static: str = "/static/"
    static_storage: str = ""
    cookie: str = "sessionid"
    sessions: bool = False
    debug: bool = False
    secret_key: bool = True
    # The default database: Django's ENGINE, NAME, HOST and PORT.
    engine: str = ""
    database: str = ""
    host: str = ""
    port: str = ""
    hosts: list[str] = field(default_factory=list)
    settings_module: str = ""
    settings_file: str = ""
    ssl_redirect: bool = False
    hsts: int = 0
    secure_cookies: bool = False
    dead_settings: list[str] = field(default_factory=list)
    # Fields of models, such as shop.Item.photo.
    uploads: list[str] = field(default_factory=list)
    # File, line, name, and a similar name that exists.
    dead_links: list[tuple[str, int, str, str]] = field(default_factory=list)
    # File, line and module.
    missing_imports: list[tuple[str, int, str]] = field(default_factory=list)
    # File, line and Django's message.
    broken_templates: list[tuple[str, int, str]] = field(default_factory=list)
    # Status, file, line and message of error pages that cannot be rendered.
    error_pages: list[tuple[int, str, int, str]] = field(default_factory=list)
    # File and line of middleware that answers an exception without a trace.
    swallowing: list[tuple[str, int]] = field(default_factory=list)
    # Paths of URLs without parameters.
    pages: list[str] = field(default_factory=list)
    # Names of URL patterns, such as shop:detail.
    url_names: list[str] = field(default_factory=list)
    # Positions in MIDDLEWARE.
    security: int | None = None
    whitenoise: int | None = None
    # Labels of apps, and the traceback if the migrations cannot be loaded.
    unmigrated: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def has_database(self) -> bool:
        """Whether the settings name a database."""
        return self.engine not in {"", DUMMY}

    @classmethod
    def from_output(cls, output: str) -> "Facts":
        """Return the facts in an output of the probe; raise ValueError if there are none."""
        found = re.search(r"(?m)^preflight:(.*)$", output)
        if not found:
            raise ValueError("the probe printed nothing")
        content: dict[str, Any] = json.loads(found[1])
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in content.items() if name in known})


def ask(tree: Path, python: Path, variables: dict[str, str], folder: Path) -> Facts:
    """Return facts about the project; raise Failed if Django cannot load it.

    The source of settings_probe.py is written to `folder`, because the project's interpreter cannot
    read it from the zip.
    """
    probe = folder / "settings_probe.py"
    probe.write_text(about.read("settings_probe.py"), encoding="utf-8")
    code = f"import runpy; runpy.run_path({str(probe)!r})"
    command = [str(python), project_files.find_manage_py(tree), "shell", "-c", code]
    output = run_project(command, tree, variables, findings.NOT_LOADED())
    try:
        return Facts.from_output(output)
    except ValueError:
        finished = Finished("python manage.py shell", 0, output, 0.0)
        raise Failed(findings.NOT_LOADED(), finished=finished) from None


def check_migrations(facts: Facts) -> str:
    """Report models and migrations that differ, and migrations that cannot be loaded."""
    if facts.problem:
        finished = Finished("python manage.py makemigrations --check", 1, facts.problem, 0.0)
        raise Failed(findings.NOT_LOADED(), finished=finished)
    found = [findings.MODELS_CHANGED(f"{label}/models.py") for label in facts.changed]
    if facts.conflicts:
        found.append(findings.MIGRATION_CONFLICT(f"{facts.conflicts[0]}/migrations"))
    if found:
        raise Failed(*found)
    return "models and migrations agree" if facts.has_database else "no database"


def check(facts: Facts, variables: dict[str, str], known: set[str]) -> Result:
    """Return what is wrong with the settings, except kinds that the release has reported.

    `variables` are those of a dyno, and `known` are the ids that the project's own checks reported.
    """
    found = [
        *check_imports(facts),
        *check_storage(facts),
        *check_database(facts, variables),
        *check_basics(facts),
        *check_templates(facts),
        # Whether 404.html can be rendered, a visit shows.
        *check_error_pages(facts, 400, 500),
        *(findings.SWALLOWED(file, line) for file, line in facts.swallowing),
    ]
    return Result(
        "imports, storage, database, key, hosts, templates",
        [finding for finding in found if finding.id not in known],
    )


def check_imports(facts: Facts) -> Iterator[Finding]:
    """Report imports that would fail on Heroku."""
    for file, line, module in facts.missing_imports:
        package = import_names.package_of(module)
        yield findings.NOT_INSTALLED(file, line, module=module, package=package)


def check_storage(facts: Facts) -> Iterator[Finding]:
    """Report settings that Django ignores, uploads that disappear, and WhiteNoise's position.

    Django 5.1 removed both settings: its release notes. A dyno's disk is emptied at every restart:
    https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem
    """
    for name in facts.dead_settings:
        yield findings.DEAD_SETTING(facts.settings_file, name=name)
    for name in facts.uploads:
        yield findings.LOCAL_UPLOADS(facts.settings_file, field=name)
    first, second = facts.security, facts.whitenoise
    if second is not None and first is not None and second != first + 1:
        yield findings.WHITENOISE_ORDER(facts.settings_file)


def check_database(facts: Facts, variables: dict[str, str]) -> Iterator[Finding]:
    """Report a database that is not the one in DATABASE_URL, and tables that would be missing."""
    if facts.has_database and not uses(facts, variables.get("DATABASE_URL", "")):
        kind = findings.SQLITE if "sqlite3" in facts.engine else findings.OTHER_DATABASE
        yield kind(facts.settings_file)
    for label in facts.unmigrated:
        yield findings.NO_MIGRATIONS(f"{label}/migrations", app=label)


def uses(facts: Facts, url: str) -> bool:
    """Return whether the settings use the database of a URL."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Path(facts.database).name == Path(parts.path).name
    return (facts.host, facts.port) == (parts.hostname, str(parts.port or ""))


def check_basics(facts: Facts) -> Iterator[Finding]:
    """Report a missing key, hosts that no request ever has, and DEBUG."""
    if not facts.secret_key:
        missing = findings.MISSING_VARIABLE(facts.settings_file, name="SECRET_KEY")
        yield replace(missing, templates=(findings.SET_SECRET_KEY,))
    for host in facts.hosts:
        if "/" in host:
            yield findings.BAD_HOST(facts.settings_file, host=repr(host))
    if facts.debug:
        yield findings.DEBUG_IS_ON(facts.settings_file)


def check_templates(facts: Facts) -> Iterator[Finding]:
    """Report templates that cannot be parsed, and static files that do not exist."""
    for file, line, problem in facts.broken_templates:
        yield findings.TEMPLATE_SYNTAX(file, line, what=problem)
    for file, line, name, similar in facts.dead_links:
        if similar:
            yield findings.DEAD_LINK_SIMILAR(file, line, name=name, similar=similar)
        else:
            yield findings.DEAD_LINK(file, line, name=name)


def check_error_pages(facts: Facts, *statuses: int) -> Iterator[Finding]:
    """Report error pages that Django cannot render, for these statuses."""
    for status, file, line, problem in facts.error_pages:
        if status in statuses:
            yield findings.ERROR_PAGE(file, line, status=status, problem=problem)


def predict_visit(facts: Facts) -> list[Finding]:
    """Return what a visit would show, from the settings, for a site that cannot be visited."""
    place, found = facts.settings_file, []
    if not facts.ssl_redirect:
        found.append(findings.NO_HTTPS_REDIRECT(place))
    if not facts.hsts:
        setting = "SECURE_HSTS_SECONDS = 3600"
        values = {"header": "Strict-Transport-Security", "setting": setting}
        found.append(findings.MISSING_HEADER(place, page="The home page", **values))
    if facts.admin and not facts.secure_cookies:
        found.append(findings.INSECURE_COOKIE(place))
    return found


def predict_host(facts: Facts) -> list[Finding]:
    """Return whether Django would refuse the name that the app has on Heroku."""
    fits = {"*", heroku.HOST, ".herokuapp.com"} & set(facts.hosts)
    fits |= {host for host in facts.hosts if host.endswith(".herokuapp.com")}
    return [] if fits else [findings.HOST_NOT_ALLOWED(facts.settings_file, host=heroku.HOST)]


def predict_static(facts: Facts) -> list[Finding]:
    """Return what a visit to a static file would show, from the settings."""
    place = facts.settings_file
    if facts.whitenoise is None and facts.static.startswith("/"):
        return [findings.NO_STATIC_FILES(place, path=facts.static)]
    if "Manifest" not in facts.static_storage and facts.static.startswith("/"):
        return [findings.NOT_CACHED(place, path=facts.static)]
    return []
