"""Runs inside the project, with its own interpreter, and prints facts that no file contains.

`manage.py shell` starts it, so Django is loaded. It prints one line of JSON: the fields of Facts in
settings_checks.py. It imports nothing from preflight, which the project's interpreter cannot see.
"""

import ast
import importlib.util
import inspect
import json
import re
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage
from django.db import DatabaseError, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.module_loading import import_string

ROOT = Path.cwd()
STATIC_TAG = r"[{]%\s*static\s+(['\"])([^'\"]+)\1\s*(?:as\s+\w+\s*)?%[}]"
COMMENT = r"[{]#.*?#[}]|[{]%\s*comment\b.*?%[}].*?[{]%\s*endcomment\s*%[}]"
SKIPPED = {"tests", "node_modules"}
# What Django adds to a message about a template.
LISTED = r"\. (?:Must be one of:|Did you forget to register or load this tag\?).*"
# Calls that report an exception.
REPORTING = r"(?i)log|exception$|error$|capture|notify|report|print"


def find_admin() -> str:
    """Return the path of the admin's login, or nothing."""
    try:
        return str(reverse("admin:login"))
    except NoReverseMatch:
        return ""


def find_uploads() -> list[str]:
    """Return the file fields whose files are stored on the disk of the machine."""
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


def is_own(label: str) -> bool:
    """Return whether an app belongs to this project."""
    return Path(apps.get_app_config(label).path).is_relative_to(ROOT)


def find_migrations() -> dict[str, Any]:
    """Return what is wrong with the migrations of the project's own apps.

    This is what makemigrations --check looks at, without a database. An app whose entry in
    MIGRATION_MODULES is None has no migrations on purpose.
    """
    found: dict[str, Any] = {"unmigrated": [], "conflicts": [], "changed": [], "problem": ""}
    try:
        loader = MigrationLoader(None, ignore_no_migrations=True)
        found["unmigrated"] = [
            config.label
            for config in apps.get_app_configs()
            if config.label in loader.unmigrated_apps
            and settings.MIGRATION_MODULES.get(config.label, "") is not None
            and is_own(config.label)
            and any(model._meta.managed for model in config.get_models())
        ]
        found["conflicts"] = sorted(filter(is_own, loader.detect_conflicts()))
        if not found["conflicts"]:
            questioner = MigrationQuestioner(dry_run=True)
            state = ProjectState.from_apps(apps)
            detector = MigrationAutodetector(loader.project_state(), state, questioner)
            changed = detector.changes(graph=loader.graph)
            found["changed"] = sorted(
                label for label in changed if is_own(label) and label not in found["unmigrated"]
            )
    except Exception:
        found["problem"] = traceback.format_exc()
    return found


def project_files(*suffixes: str) -> Iterator[Path]:
    """Give the project's own files with one of these suffixes."""
    for path in sorted(ROOT.rglob("*")):
        parts = set(path.relative_to(ROOT).parts)
        if path.suffix in suffixes and path.is_file() and not SKIPPED & parts:
            yield path


def find_dead_links() -> list[list[Any]]:
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


def flatten(name: str) -> str:
    """Return a name without capitals, backslashes and slashes at the start."""
    return name.replace("\\", "/").lstrip("/").lower()


def find_missing_imports() -> list[list[Any]]:
    """Return file, line and module of each import that this environment does not have.

    Only the packages of the project that Django has loaded are searched. Modules of Python itself
    are not reported, because some of them only exist on one system.
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
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                local = (path.parent / f"{top}.py").exists() or (path.parent / top).is_dir()
                known = local or top in sys.modules or top in sys.stdlib_module_names
                if not known and not importlib.util.find_spec(top):
                    found.append([path.relative_to(ROOT).as_posix(), node.lineno, top])
    return found


def unguarded(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Give the absolute imports that are not inside a try, if or with."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import) or (isinstance(child, ast.ImportFrom) and not child.level):
            yield child
        elif not isinstance(child, (ast.Try, ast.If, ast.With)):
            yield from unguarded(child)


def has_key() -> bool:
    """Return whether there is a secret key. Django raises an error if an empty one is read."""
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False


def place(name: str) -> int | None:
    """Return the position of a middleware, or None."""
    return settings.MIDDLEWARE.index(name) if name in settings.MIDDLEWARE else None


def find_pages() -> list[str]:
    """Return the path of every URL without parameters, except the admin's."""
    return sorted({path for path in walk(get_resolver(), "/") if path})


def walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    """Give the paths below a resolver that need no parameter."""
    for pattern in resolver.url_patterns:
        route = str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            route = route.removesuffix("$").removesuffix("\\Z")
        # A converter, a group, or another sign of a regular expression.
        if re.search(r"[<(\\[*+?$|]", route):
            continue
        if isinstance(pattern, URLPattern):
            yield prefix + route
        elif pattern.app_name != "admin":
            yield from walk(pattern, prefix + route)


def find_url_names() -> list[str]:
    """Return the name of every URL pattern with its namespaces, except the admin's."""
    return sorted(set(walk_names(get_resolver(), "")))


def walk_names(resolver: URLResolver, namespace: str) -> Iterator[str]:
    """Give the names below a resolver."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield f"{namespace}{pattern.name}"
        elif pattern.app_name != "admin":
            own = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from walk_names(pattern, namespace + own)


def find_broken_templates() -> list[list[Any]]:
    """Return file, line and message of each template of the project that cannot be parsed."""
    found = []
    for path in project_files(".html"):
        folders = [part for part in path.parents if part.name == "templates"]
        if not folders:
            continue
        try:
            get_template(path.relative_to(folders[-1]).as_posix())
        except TemplateSyntaxError as error:
            token = getattr(error, "token", None)
            line = getattr(token, "lineno", 0) or 0
            origin = getattr(getattr(error, "template", None), "origin", None)
            name = Path(getattr(origin, "name", None) or path)
            own = name.is_relative_to(ROOT)
            shown = name.relative_to(ROOT).as_posix() if own else path.relative_to(ROOT).as_posix()
            said = re.sub(LISTED, "", str(error).split("\n")[0])
            found.append([shown, line, said.rstrip(".")])
        except TemplateDoesNotExist:
            # It belongs to an app that is not installed.
            continue
    return found


def find_error_pages() -> list[list[Any]]:
    """Return status, file, line and message of each error page that cannot be rendered.

    Django renders 400.html and 500.html without a request. A view of the project needs a real one,
    so its page is left out here.
    """
    found = []
    for status in (400, 404, 500):
        view = get_resolver().resolve_error_handler(status)
        if not view.__module__.startswith("django."):
            continue
        try:
            template = get_template(f"{status}.html")
        except (TemplateDoesNotExist, TemplateSyntaxError):
            continue
        request = RequestFactory().get("/preflight/") if status == 404 else None
        try:
            template.render({"request_path": "/preflight/", "exception": "?"}, request)
        except DatabaseError:
            # The release may not have created the tables yet.
            continue
        except Exception as error:
            message = f"{type(error).__name__}: {error}".split("\n")[0]
            # Without it, nothing was collected, which another step reports.
            if "staticfiles manifest" not in message:
                found.append([status, *find_tag(error, f"templates/{status}.html"), message])
    return found


def find_tag(error: BaseException, file: str) -> tuple[str, int]:
    """Return the file and the line of the template tag that raised an exception.

    Django raises a template that is missing a second time, with the first exception as its cause.
    """
    line, frame = 0, (error.__cause__ or error).__traceback__
    while frame:
        node = frame.tb_frame.f_locals.get("self")
        name = getattr(getattr(node, "origin", None), "name", None)
        if frame.tb_frame.f_code.co_name == "render_annotated" and name:
            path, line = Path(name), getattr(getattr(node, "token", None), "lineno", 0) or 0
            file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else name
        frame = frame.tb_next
    return file, line


def find_swallowing() -> list[list[Any]]:
    """Return file and line of each process_exception() that answers and does not log."""
    found = []
    for name in settings.MIDDLEWARE:
        try:
            function = vars(import_string(name)).get("process_exception")
            path = Path(inspect.getsourcefile(function) or "") if function else Path()
        except (ImportError, TypeError, OSError):
            continue
        if not function or not path.is_relative_to(ROOT):
            continue
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
        calls = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
        answers = any(isinstance(n, ast.Return) and n.value for n in ast.walk(tree))
        if answers and not any(re.search(REPORTING, call) for call in calls):
            found.append([path.relative_to(ROOT).as_posix(), first])
    return found


def find_settings_file() -> str:
    """Return the path of the settings module in the project."""
    module = sys.modules.get(settings.SETTINGS_MODULE)
    path = Path(getattr(module, "__file__", None) or "settings.py")
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def find_dead_settings() -> list[str]:
    """Return the settings for storages that Django ignores since 5.1."""
    names = ("DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE")
    return [name for name in names if django.VERSION >= (5, 1) and hasattr(settings, name)]


def main() -> None:
    """Print the facts."""
    database = settings.DATABASES.get("default") or {}
    storages = getattr(settings, "STORAGES", {})
    facts = {
        "admin": find_admin(),
        "wsgi": settings.WSGI_APPLICATION or "",
        "static": settings.STATIC_URL or "/static/",
        "static_storage": storages.get("staticfiles", {}).get("BACKEND", ""),
        "cookie": settings.SESSION_COOKIE_NAME,
        "sessions": apps.is_installed("django.contrib.sessions"),
        "debug": bool(settings.DEBUG),
        "secret_key": has_key(),
        "engine": database.get("ENGINE", ""),
        "database": str(database.get("NAME") or ""),
        "host": str(database.get("HOST") or ""),
        "port": str(database.get("PORT") or ""),
        "hosts": list(settings.ALLOWED_HOSTS),
        "settings_module": settings.SETTINGS_MODULE,
        "settings_file": find_settings_file(),
        "ssl_redirect": bool(settings.SECURE_SSL_REDIRECT),
        "hsts": int(settings.SECURE_HSTS_SECONDS or 0),
        "secure_cookies": bool(settings.CSRF_COOKIE_SECURE),
        "dead_settings": find_dead_settings(),
        "uploads": find_uploads(),
        "dead_links": find_dead_links(),
        "missing_imports": find_missing_imports(),
        "broken_templates": find_broken_templates(),
        "error_pages": find_error_pages(),
        "swallowing": find_swallowing(),
        "pages": find_pages(),
        "url_names": find_url_names(),
        "security": place("django.middleware.security.SecurityMiddleware"),
        "whitenoise": place("whitenoise.middleware.WhiteNoiseMiddleware"),
    } | find_migrations()
    print("preflight:" + json.dumps(facts), flush=True)


main()
