"""Runs inside the project, under its own interpreter, and prints what no file alone tells.

`manage.py shell` starts it, so Django is loaded. It prints one line of JSON and then compares the
models with their migrations, because a process that has loaded Django is most of the cost of both.
"""

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage
from django.core.management import call_command
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.urls import NoReverseMatch, reverse

ROOT = Path.cwd()
STATIC_TAG = r"[{]%\s*static\s+(['\"])([^'\"]+)\1\s*(?:as\s+\w+\s*)?%[}]"
COMMENT = r"[{]#.*?#[}]|[{]%\s*comment\b.*?%[}].*?[{]%\s*endcomment\s*%[}]"
SKIPPED = {"tests", "node_modules"}


def find_admin():
    """Return the address of the admin's login, or None."""
    try:
        return reverse("admin:login")
    except NoReverseMatch:
        return None


def find_uploads():
    """Return the file fields whose files would land on the disk of the machine."""
    try:
        local = isinstance(default_storage, FileSystemStorage)
        local = local and not isinstance(default_storage, InMemoryStorage)
    except Exception:
        # A storage that does not start without its credentials is not the local disk.
        local = False
    return [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if local
        and isinstance(field, models.FileField)
        and isinstance(field.storage, FileSystemStorage)
    ]


def find_unmigrated():
    """Return the apps of this project that have models and no migrations, and not on purpose.

    A setting of None says that it is on purpose: MIGRATION_MODULES.
    """
    unmigrated = MigrationLoader(None, ignore_no_migrations=True).unmigrated_apps
    return [
        config.label
        for config in apps.get_app_configs()
        if config.label in unmigrated
        and settings.MIGRATION_MODULES.get(config.label, "") is not None
        and Path(config.path).is_relative_to(ROOT)
        and any(model._meta.managed for model in config.get_models())
    ]


def project_files(*suffixes):
    """Return the project's own files of some kinds."""
    for path in sorted(ROOT.rglob("*")):
        parts = set(path.relative_to(ROOT).parts)
        if path.suffix in suffixes and path.is_file() and not SKIPPED & parts:
            yield path


def find_dead_links():
    """Return file, line and name of each static tag whose file would not be collected."""
    if not apps.is_installed("django.contrib.staticfiles"):
        return []
    collected = {
        (Path(getattr(storage, "prefix", None) or "") / name).as_posix()
        for finder in get_finders()
        for name, storage in finder.list([])
    }
    found = []
    for path in project_files(".html", ".txt", ".xml", ".svg"):
        text = path.read_text(encoding="utf-8", errors="replace")
        text = re.sub(COMMENT, lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
        for match in re.finditer(STATIC_TAG, text):
            if match[2] not in collected:
                line = text.count("\n", 0, match.start()) + 1
                alike = [name for name in collected if flatten(name) == flatten(match[2])]
                place = path.relative_to(ROOT).as_posix()
                found.append([place, line, match[2], alike[0] if alike else ""])
    return found


def flatten(name):
    """Return a name without what people mistake in it: capitals, backslashes, slashes in front."""
    return name.replace("\\", "/").lstrip("/").lower()


def find_missing_imports():
    """Return file, line and module of each import that this environment does not have.

    Looked at are the packages of the project that Django has loaded, and none of Python's modules:
    some of them are there on one system alone.
    """
    loaded = {name.partition(".")[0] for name in sys.modules}
    found = []
    for path in project_files(".py"):
        inside = path.relative_to(ROOT).parts
        if path.name.startswith(("test", "conftest")) or not loaded & set(inside[:-1]):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in unguarded(tree):
            names = (
                [node.module]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            for name in names:
                top = name.partition(".")[0]
                local = (path.parent / f"{top}.py").exists() or (path.parent / top).is_dir()
                known = local or top in sys.modules or top in sys.stdlib_module_names
                if not known and not importlib.util.find_spec(top):
                    found.append([path.relative_to(ROOT).as_posix(), node.lineno, top])
    return found


def unguarded(node):
    """Return the absolute imports that nothing around them lets pass when they fail."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import) or (isinstance(child, ast.ImportFrom) and not child.level):
            yield child
        elif not isinstance(child, (ast.Try, ast.If, ast.With)):
            yield from unguarded(child)


def has_key():
    """Return whether there is a secret key; Django raises when an empty one is asked for."""
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False


def place(name):
    """Return where a middleware stands, or None."""
    return settings.MIDDLEWARE.index(name) if name in settings.MIDDLEWARE else None


database = settings.DATABASES.get("default") or {}
print(
    "preflight:"
    + json.dumps(
        {
            "admin": find_admin(),
            "wsgi": settings.WSGI_APPLICATION,
            "static": settings.STATIC_URL,
            "cookie": settings.SESSION_COOKIE_NAME,
            "sessions": apps.is_installed("django.contrib.sessions"),
            "debug": bool(settings.DEBUG),
            "secret_key": has_key(),
            "engine": database.get("ENGINE", ""),
            "database": str(database.get("NAME", "")),
            "hosts": settings.ALLOWED_HOSTS,
            "dead_settings": [
                name
                for name in ("DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE")
                if django.VERSION >= (5, 1) and hasattr(settings, name)
            ],
            "uploads": find_uploads(),
            "unmigrated": find_unmigrated(),
            "dead_links": find_dead_links(),
            "missing_imports": find_missing_imports(),
            "security": place("django.middleware.security.SecurityMiddleware"),
            "whitenoise": place("whitenoise.middleware.WhiteNoiseMiddleware"),
        }
    ),
    flush=True,
)
call_command("makemigrations", check_changes=True, dry_run=True)
