"""The edits that fix a finding, as lines of the files that a person would change."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from preflight import (
    choices,
    findings,
    import_edits,
    name_edits,
    project_files,
    settings_edits,
    static_edits,
    syntax_edits,
)
from preflight.findings import Edit, Finding, Kind
from preflight.settings_edits import PROXY, append

LOGGING = """\
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
"""
# What to add at the end of the settings.
SETTINGS = {
    findings.NO_STATIC_ROOT: 'STATIC_ROOT = BASE_DIR / "staticfiles"\n',
    findings.NO_HTTPS_REDIRECT: f"SECURE_SSL_REDIRECT = not DEBUG\n{PROXY}",
    findings.MISSING_HEADER: "$setting\n",
    findings.INSECURE_COOKIE: "SESSION_COOKIE_SECURE = not DEBUG\nCSRF_COOKIE_SECURE = not DEBUG\n",
    findings.HOST_NOT_ALLOWED: 'ALLOWED_HOSTS = [*ALLOWED_HOSTS, ".herokuapp.com"]\n',
    findings.SILENT_LOG: LOGGING,
}
# What to add at the end of the Procfile.
PROCFILE = {
    findings.NO_RELEASE_LINE: "release: python manage.py migrate --noinput\n",
}
# Functions that return the edits of a finding in the settings.
IN_SETTINGS: dict[Kind, Callable[[Path, Finding], tuple[Edit, ...]]] = {
    findings.DEBUG_IS_ON: settings_edits.read_debug,
    findings.REDIRECT_LOOP: settings_edits.trust_the_router,
    findings.ORIGIN: settings_edits.trust_the_router,
    findings.SQLITE: settings_edits.use_database_url,
    findings.OTHER_DATABASE: settings_edits.use_database_url,
    findings.LOCAL_DATABASE: settings_edits.use_database_url,
    findings.NO_DATABASE_URL: settings_edits.use_database_url,
    findings.ENGINE_CALLED: settings_edits.use_database_url,
    findings.SSL_EVERYWHERE: settings_edits.tls_on_a_dyno,
    findings.ENV_PY: settings_edits.guard_env,
    findings.DEAD_SETTING: settings_edits.name_storages,
    findings.BOTH_STORAGES: settings_edits.name_storages,
    findings.WHITENOISE_ORDER: settings_edits.move_whitenoise,
    findings.NO_STATIC_FILES: settings_edits.move_whitenoise,
    findings.NOT_CACHED: settings_edits.name_manifest,
    findings.NO_STATICFILES: settings_edits.install_app,
    findings.NOTHING_COLLECTED: settings_edits.move_cloudinary,
    findings.OLD_CLOUDINARY_STORAGE: settings_edits.move_cloudinary,
    findings.BAD_HOST: settings_edits.clean_hosts,
    findings.LOCAL_UPLOADS: settings_edits.store_uploads,
}
# Functions that return the edits of a finding in the file that it names, or in others.
ELSEWHERE: dict[Kind, Callable[[Path, Finding], tuple[Edit, ...]]] = {
    findings.NO_SSLMODE: settings_edits.remove_line,
    findings.MISSING_VARIABLE: settings_edits.declare,
    findings.MISSING_AT_IMPORT: settings_edits.declare,
    findings.TOO_MANY_CONNECTIONS: settings_edits.one_worker,
    findings.TOO_MUCH_MEMORY: settings_edits.one_worker,
    findings.NO_DATABASE_AT_BUILD: settings_edits.declare_postgres,
    findings.CREDENTIAL: settings_edits.declare_key,
    findings.DIFFERENT_SETTINGS: lambda tree, found: settings_edits.declare_value(
        tree, project_files.SETTINGS_MODULE, found.values["web"]
    ),
    findings.COMMITTED_ENVIRONMENT: lambda tree, found: ignore(tree, f"{found.values['folder']}/"),
    findings.COMMITTED_PYTHON: lambda tree, found: ignore(tree, ".heroku/"),
    findings.SECRET_FILE: lambda tree, found: ignore(tree, found.file),
    findings.ENV_FILE: lambda tree, found: ignore(tree, found.file),
    findings.SYNTAX: syntax_edits.fix_syntax,
    findings.MERGE_MARKERS: syntax_edits.resolve_markers,
    findings.UNDEFINED_NAME: syntax_edits.add_import,
    findings.REMOVED_FROM_DJANGO: syntax_edits.replace_removed,
    findings.TEMPLATE_SYNTAX: syntax_edits.fix_template,
    findings.TEMPLATE_SIMILAR: name_edits.replace_uses,
    findings.URL_NAME_SIMILAR: name_edits.replace_uses,
    findings.ERROR_PAGE: name_edits.replace_uses,
    findings.MODULE_SIMILAR: name_edits.replace_uses,
    findings.BAD_APP_CONFIG: name_edits.replace_uses,
    findings.TIME_ZONE: name_edits.replace_uses,
    findings.NAME_SIMILAR: name_edits.replace_attribute,
    findings.MISSING_COMMA: name_edits.add_comma,
    findings.CHECK: lambda tree, found: settings_edits.satisfy_check(
        tree, settings_file(tree), found
    ),
    findings.TEMPLATE_FOLDER: lambda tree, found: name_edits.find_templates(
        tree, settings_file(tree), found
    ),
    findings.LEFT_BREAKPOINT: syntax_edits.remove_breakpoints,
    findings.MISSING_PAGE: syntax_edits.end_pattern,
    findings.NOT_INSTALLED: name_edits.require_import,
    findings.PROGRAM_NOT_INSTALLED: name_edits.require_program,
    findings.PROCFILE_TYPO: name_edits.replace_in_procfile,
    findings.NO_MANAGE_PY_HERE: name_edits.name_manage_py,
    findings.NO_WORKER_CLASS: name_edits.require_worker,
    findings.DEAD_LINK_SIMILAR: lambda tree, found: syntax_edits.replace_name(
        tree, found, found.values["name"], found.values["similar"]
    ),
    findings.MISSPELLED_VARIABLE: lambda tree, found: syntax_edits.replace_name(
        tree, found, found.values["name"], found.values["similar"]
    ),
    findings.OTHER_CAPITALS: lambda tree, found: syntax_edits.replace_name(
        tree, found, found.values["module"], found.values["path"]
    ),
    findings.WRONG_PACKAGE: lambda tree, found: in_web_line(tree, rf"\b{found.values['module']}\."),
    findings.NO_APPLICATION: lambda tree, found: in_web_line(tree, rf":{found.values['name']}\b"),
    findings.SOURCE_MAP: static_edits.remove_comment,
    findings.MISSING_REFERENCE: static_edits.correct_reference,
    findings.LARGE_MEDIA: static_edits.leave_out_media,
    findings.MODELS_IN_SETTINGS: import_edits.remove_unused,
    findings.MODELS_IN_ASGI: import_edits.load_django_first,
    findings.IGNORES_SIGTERM: import_edits.keep_sigterm,
    findings.SWALLOWED: import_edits.log_exceptions,
    findings.OLD_MODULE: settings_edits.require_setuptools,
}
# Kinds whose place is that of their first edit.
PLACED_BY_EDIT = {
    findings.WRONG_PACKAGE,
    findings.NO_APPLICATION,
    findings.IGNORES_SIGTERM,
    findings.MISSING_PAGE,
    findings.MISSING_COMMA,
    findings.TEMPLATE_FOLDER,
    findings.CHECK,
    findings.NAME_SIMILAR,
    findings.PROCFILE_TYPO,
    findings.NO_MANAGE_PY_HERE,
}

# Kinds whose place is a line with the name that does not exist.
PLACED_BY_NAME = {
    findings.TEMPLATE_MISSING,
    findings.TEMPLATE_SIMILAR,
    findings.NO_REVERSE,
    findings.URL_NAME_SIMILAR,
    findings.MODULE_SIMILAR,
    findings.NOT_INSTALLED,
    findings.NO_SUCH_SUBMODULE,
    findings.BAD_APP_CONFIG,
    findings.TIME_ZONE,
}


def add(finding: Finding, tree: Path) -> Finding:
    """Return a finding with the edits that fix it, if they are known."""
    if finding.edits:
        return finding
    if finding.kind in {findings.SOURCE_MAP, findings.MISSING_REFERENCE}:
        finding = static_edits.place(tree, finding)
    if finding.kind in PLACED_BY_NAME and {"name", "module"} & set(finding.values):
        finding = name_edits.place_use(tree, finding)
    if finding.kind in SETTINGS or finding.kind in IN_SETTINGS:
        file = finding.file or settings_file(tree)
        if not (tree / file).is_file():
            return finding
        finding = replace(finding, file=file)
        if finding.kind in SETTINGS:
            text = finding.substitute(SETTINGS[finding.kind])
            edits: tuple[Edit, ...] = (append(tree, file, text),)
        else:
            edits = IN_SETTINGS[finding.kind](tree, finding)
    elif finding.kind in PROCFILE and (tree / "Procfile").is_file():
        finding = replace(finding, file="Procfile")
        edits = (append(tree, "Procfile", PROCFILE[finding.kind]),)
    elif finding.kind in ELSEWHERE:
        edits = ELSEWHERE[finding.kind](tree, finding)
    else:
        return finding
    if edits and finding.kind in PLACED_BY_EDIT:
        finding = replace(finding, file=edits[0].file, line=edits[0].line)
    if finding.kind is findings.LARGE_MEDIA:
        return static_edits.remove_from_git(finding, edits)
    return replace(finding, edits=edits)


def ignore(tree: Path, name: str) -> tuple[Edit, ...]:
    """Return the edit that adds a line to .gitignore, unless it is there."""
    listed = project_files.read(tree / ".gitignore").splitlines()
    return () if name in listed else (append(tree, ".gitignore", f"{name}\n"),)


def in_web_line(tree: Path, wrong: str) -> tuple[Edit, ...]:
    """Return the edit that names the package with wsgi.py, or the usual name in it."""
    names = [path.relative_to(tree).as_posix() for path in tree.rglob("wsgi.py")]
    package = project_files.find_package(names)
    for number, line in settings_edits.numbered(tree, "Procfile", r"^web:"):
        new = re.sub(wrong, f"{package}." if wrong.startswith(r"\b") else "", line, count=1)
        if new != line and package != "FOLDER":
            return (Edit("Procfile", number, line, new),)
    return ()


def settings_file(tree: Path) -> str:
    """Return the file of the settings that the build uses."""
    path = choices.build_settings(tree).replace(".", "/")
    names = (f"{path}.py", f"{path}/__init__.py")
    return next((name for name in names if (tree / name).is_file()), "")
