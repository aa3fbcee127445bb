"""The edits that fix a finding by adding lines to the settings or to the Procfile."""

from dataclasses import replace
from pathlib import Path

from preflight import choices, findings, project_files
from preflight.findings import Edit, Finding

PROXY = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
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
    findings.REDIRECT_LOOP: PROXY,
    findings.ORIGIN: PROXY,
    findings.HOST_NOT_ALLOWED: 'ALLOWED_HOSTS = [*ALLOWED_HOSTS, ".herokuapp.com"]\n',
    findings.SILENT_LOG: LOGGING,
}
# What to add at the end of the Procfile.
PROCFILE = {
    findings.NO_RELEASE_LINE: "release: python manage.py migrate --noinput\n",
}


def add(finding: Finding, tree: Path) -> Finding:
    """Return a finding with the edit that fixes it, if lines have to be added."""
    if finding.edits:
        return finding
    if finding.kind in SETTINGS:
        file = finding.file or settings_file(tree)
        text = finding.substitute(SETTINGS[finding.kind])
    elif finding.kind in PROCFILE:
        file, text = "Procfile", PROCFILE[finding.kind]
    else:
        return finding
    if not (tree / file).is_file():
        return finding
    content = project_files.read(tree / file)
    end = "" if content.endswith("\n") else "\n"
    edit = Edit(file, len(content.splitlines()) + 1, "", end + text)
    return replace(finding, file=file, edits=(edit,))


def settings_file(tree: Path) -> str:
    """Return the file of the settings that the build uses."""
    path = choices.build_settings(tree).replace(".", "/")
    names = (f"{path}.py", f"{path}/__init__.py")
    return next((name for name in names if (tree / name).is_file()), "")
