"""The page that tells the staff what runs, and whether it is well."""

import platform
from dataclasses import dataclass

import django
from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.environment import current


@dataclass
class State:
    """One line of the page: what it is about, how it is, and what is wrong with it, if anything."""

    title: str
    text: str
    problems: list


def database() -> tuple[str, list[str]]:
    """Return the engine and its version, with TLS or without, and what is wrong with that."""
    version = ".".join(str(part) for part in connection.get_database_version())
    name = f"{connection.display_name} {version}"
    if connection.vendor != "postgresql":
        return name, []
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        encrypted, protocol = cursor.fetchone()
    if encrypted:
        return f"{name}, {protocol}", []
    local = connection.settings_dict["HOST"] in {"", "localhost", "127.0.0.1", "::1"}
    name = _("%(name)s, without TLS") % {"name": name}
    return name, [] if local else [_("The connection to the database is not encrypted.")]


def migrations() -> tuple[str, list[str]]:
    """Return how far the database is behind the code, and which migrations are missing."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [_("%(name)s is not applied.") % {"name": migration} for migration, _back in plan]
    return _("all applied") if not names else str(len(names)), names


def release() -> str:
    """Return the release and the commit, as far as Heroku tells them."""
    environment = current()
    commit = environment["HEROKU_BUILD_COMMIT"] or environment["HEROKU_SLUG_COMMIT"]
    parts = [environment["HEROKU_RELEASE_VERSION"], commit and commit[:12]]
    return " ".join(part for part in parts if part) or _("not told")


@staff_member_required
def deployment(request):
    """Show what runs here, and the findings of Django's own checks for a deployment."""
    found = [m for m in run_checks(include_deployment_checks=True) if not m.is_silenced()]
    states = [
        State("Django", django.get_version(), []),
        State("Python", platform.python_version(), []),
        State(_("Release"), release(), []),
        State(_("Database"), *database()),
        State(_("Migrations"), *migrations()),
        State(_("Uploads"), settings.STORAGES["default"]["BACKEND"], []),
        State(_("Static files"), settings.STORAGES["staticfiles"]["BACKEND"], []),
        State(_("Checks"), _("nothing to report") if not found else str(len(found)), found),
    ]
    return render(request, "pages/deployment.html", {"states": states})
