"""The edits that fix a finding in the settings, and in the files that belong to them."""

import json
import re
from pathlib import Path

from preflight import project_files
from preflight.findings import CONFIG_DATABASE, Edit, Finding

WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
STATICFILES = "django.contrib.staticfiles"
FILES = "django.core.files.storage.FileSystemStorage"
MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PROXY = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
# https://docs.pylonsproject.org/projects/waitress/: it removes the router's header without these.
TRUST = '--trusted-proxy="*" --trusted-proxy-headers=x-forwarded-proto'
FROM_VARIABLE = 'DEBUG = os.environ.get("DEBUG", "").lower() == "true"'


def numbered(tree: Path, file: str, pattern: str) -> list[tuple[int, str]]:
    """Return number and text of the lines of a file in which a pattern occurs."""
    lines = enumerate(project_files.read(tree / file).splitlines(), 1)
    return [(number, line) for number, line in lines if re.search(pattern, line)]


def append(tree: Path, file: str, text: str) -> Edit:
    """Return the edit that adds a text to the end of a file."""
    content = project_files.read(tree / file)
    end = "" if content.endswith("\n") or not content else "\n"
    return Edit(file, len(content.splitlines()) + 1, "", end + text)


def require(tree: Path, package: str) -> tuple[Edit, ...]:
    """Return the edit that lists a package, unless it is listed or there is no requirements.txt."""
    text = project_files.read(tree / "requirements.txt")
    plain = re.sub(r"[-_.]+", "-", re.split(r"[\[<=>]", package)[0]).lower()
    listed = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"(?m)^[\w.-]+", text)}
    file = tree / "requirements.txt"
    wanted = file.is_file() and plain not in listed
    return (append(tree, "requirements.txt", f"{package}\n"),) if wanted else ()


def with_os(tree: Path, file: str, *edits: Edit) -> tuple[Edit, ...]:
    """Return edits, and one that imports os if the file does not. It is made last."""
    imported = numbered(tree, file, r"^import os\b")
    return edits if imported else (*edits, Edit(file, first_import(tree, file), "", "import os\n"))


def first_import(tree: Path, file: str) -> int:
    """Return the number of the first line with an import, or 1."""
    found = numbered(tree, file, r"^(?:import|from) (?!__future__)")
    return found[0][0] if found else 1


def read_debug(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that turn DEBUG off unless a variable turns it on."""
    declared = declare_value(tree, "DEBUG", "False") if is_declared(tree, "DEBUG") else ()
    lines = numbered(tree, finding.file, r"^DEBUG\s*=")
    if declared or not lines:
        return declared
    number, line = lines[-1]
    return with_os(tree, finding.file, Edit(finding.file, number, line, FROM_VARIABLE))


def trust_the_router(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit with which Django sees the router's header for HTTPS."""
    for number, line in numbered(
        tree, "Procfile", r"^web:.*\bwaitress-serve (?!.*--trusted-proxy)"
    ):
        if numbered(tree, finding.file, r"^SECURE_PROXY_SSL_HEADER"):
            new = line.replace("waitress-serve", f"waitress-serve {TRUST}", 1)
            return (Edit("Procfile", number, line, new),)
    return (append(tree, finding.file, PROXY),)


def is_declared(tree: Path, name: str) -> bool:
    """Return whether app.json gives a variable a value."""
    entry = project_files.declared_variables(tree).get(name)
    return isinstance(entry, str) or (isinstance(entry, dict) and "value" in entry)


def declare(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that declares a missing variable in app.json."""
    name = finding.values["name"]
    if name == "DATABASE_URL":
        return ()
    entry = {"generator": "secret"} if name == "SECRET_KEY" else {"required": True}
    return declare_entry(tree, name, entry)


def declare_postgres(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that declares Heroku Postgres in app.json, which is created if missing."""
    text = project_files.read(tree / "app.json")
    content = project_files.app_json_or_nothing(tree)
    addons = content.get("addons") or []
    if text and (not content or not isinstance(addons, list)):
        return ()
    if addons == [] and text.startswith("{\n"):
        # One line more, so that several edits fit together.
        return (Edit("app.json", 2, "", '  "addons": ["heroku-postgresql:essential-0"],\n'),)
    new = content | {"addons": [*addons, "heroku-postgresql:essential-0"]}
    return (Edit("app.json", 1, text, json.dumps(new, indent=2) + "\n"),)


def declare_key(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that declares Django's key, if the finding has the command to read it."""
    declared = "SECRET_KEY" in project_files.declared_variables(tree)
    entry = {"generator": "secret"}
    return declare_entry(tree, "SECRET_KEY", entry) if finding.templates and not declared else ()


def declare_value(tree: Path, name: str, value: str) -> tuple[Edit, ...]:
    """Return the edit that gives a variable a value in app.json."""
    return declare_entry(tree, name, {"value": value})


def declare_entry(tree: Path, name: str, entry: object) -> tuple[Edit, ...]:
    """Return the edit that adds a variable to app.json, which is created if it is missing."""
    text = project_files.read(tree / "app.json")
    content = project_files.app_json_or_nothing(tree)
    if text and not content:
        return ()
    variables = content.get("env") or {}
    begun = numbered(tree, "app.json", r'^\s*"env":\s*\{\s*$')
    if begun and variables and name not in variables:
        # One line more, so that several edits fit together.
        line = f"    {json.dumps(name)}: {json.dumps(entry)},\n"
        return (Edit("app.json", begun[0][0] + 1, "", line),)
    new = content | {"env": (content.get("env") or {}) | {name: entry}}
    return (Edit("app.json", 1, text, json.dumps(new, indent=2) + "\n"),)


def one_worker(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that declares a single process of gunicorn."""
    return declare_value(tree, "WEB_CONCURRENCY", "1")


def use_database_url(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits with which the settings use DATABASE_URL."""
    file = finding.file
    wrong = numbered(tree, file, r"dj_database_url\.parse\(|django\.db\.backends\.\w+\(")
    settings = append(tree, file, f"import dj_database_url\n\n{CONFIG_DATABASE}\n")
    packages = require(tree, "dj-database-url") + require(tree, "psycopg2-binary")
    if not wrong:
        return (settings, *packages)
    number, line = wrong[-1]
    config = 'dj_database_url.config(default="sqlite:///db.sqlite3")'
    call = r"dj_database_url\.parse\((?:[^()]|\([^()]*\))*\)|django\.db\.backends\.\w+\([^()]*\)"
    new = re.sub(call, config, line)
    imported = numbered(tree, file, r"^import dj_database_url")
    add = (
        () if imported else (Edit(file, first_import(tree, file), "", "import dj_database_url\n"),)
    )
    return (Edit(file, number, line, new), *add, *packages)


def remove_line(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that removes the line of a finding."""
    lines = project_files.read(tree / finding.file).splitlines(keepends=True)
    if not 0 < finding.line <= len(lines):
        return ()
    return (Edit(finding.file, finding.line, lines[finding.line - 1], ""),)


def tls_on_a_dyno(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that require TLS on Heroku only."""
    found = numbered(tree, finding.file, r"ssl_require\s*=\s*True")
    edits = [
        Edit(
            finding.file,
            number,
            line,
            re.sub(r"ssl_require\s*=\s*True", 'ssl_require="DYNO" in os.environ', line),
        )
        for number, line in found
    ]
    return with_os(tree, finding.file, *edits) if edits else ()


def guard_env(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that imports env.py only if it exists."""
    found = numbered(tree, finding.file, r"^import env\b|^from env import")
    if not found:
        return ()
    number, line = found[0]
    guarded = f'import os\n\nif os.path.isfile("env.py"):\n    {line}'
    return (Edit(finding.file, number, line, guarded),)


def name_storages(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that name the storages in STORAGES, in place of the older settings."""
    pattern = r"^(DEFAULT_FILE_STORAGE|STATICFILES_STORAGE)\s*=\s*['\"]([\w.]+)['\"]"
    found = numbered(tree, finding.file, pattern)
    if not found:
        return ()
    named = {}
    for _, line in found:
        match = re.match(pattern, line)
        if match:
            named[match[1]] = match[2]
    removed = [Edit(finding.file, number, f"{line}\n", "") for number, line in reversed(found)]
    if numbered(tree, finding.file, r"^STORAGES\s*="):
        return tuple(removed)
    first, line = found[0]
    storages = (
        "STORAGES = {\n"
        f'    "default": {{"BACKEND": "{named.get("DEFAULT_FILE_STORAGE", FILES)}"}},\n'
        f'    "staticfiles": {{"BACKEND": "{named.get("STATICFILES_STORAGE", MANIFEST)}"}},\n'
        "}\n"
    )
    return (*removed[:-1], Edit(finding.file, first, f"{line}\n", storages))


def move_whitenoise(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that put WhiteNoise directly after SecurityMiddleware."""
    own = numbered(tree, finding.file, re.escape(WHITENOISE))
    security = numbered(tree, finding.file, re.escape(SECURITY))
    if len(own) > 1 or len(security) != 1:
        return ()
    after, text = security[0]
    add = Edit(finding.file, after, f"{text}\n", f'{text}\n    "{WHITENOISE}",\n')
    remove = [Edit(finding.file, number, f"{line}\n", "") for number, line in own]
    # The later line first, so that the number of the other one stays right.
    edits = sorted([add, *remove], key=lambda edit: -edit.line)
    return (*edits, *require(tree, "whitenoise"))


def name_manifest(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that name a storage with hashes for the static files."""
    staticfiles = f'{{\n    "BACKEND": "{MANIFEST}"\n}}\n'
    if numbered(tree, finding.file, r"^STORAGES\s*="):
        text = f'STORAGES["staticfiles"] = {staticfiles}'
    else:
        text = (
            "STORAGES = {\n"
            f'    "default": {{"BACKEND": "{FILES}"}},\n'
            f'    "staticfiles": {{"BACKEND": "{MANIFEST}"}},\n'
            "}\n"
        )
    return (append(tree, finding.file, text), *require(tree, "whitenoise"))


def install_app(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that adds the app for static files."""
    return add_app(tree, finding.file or "settings.py", STATICFILES)


def add_app(tree: Path, file: str, app: str) -> tuple[Edit, ...]:
    """Return the edit that adds an app to INSTALLED_APPS."""
    found = numbered(tree, file, r"^INSTALLED_APPS\s*=\s*\[\s*$")
    return tuple(Edit(file, number, line, f'{line}\n    "{app}",') for number, line in found[:1])


def move_cloudinary(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that put cloudinary_storage below the app for static files."""
    own = numbered(tree, finding.file, r"['\"]cloudinary_storage['\"]")
    static = numbered(tree, finding.file, re.escape(STATICFILES))
    if len(own) != 1 or len(static) != 1 or own[0][0] > static[0][0]:
        return ()
    number, line = static[0]
    return (
        Edit(finding.file, number, f"{line}\n", f"{line}\n{own[0][1]}\n"),
        Edit(finding.file, own[0][0], f"{own[0][1]}\n", ""),
    )


def clean_hosts(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that writes a host name without its scheme and slash."""
    host = finding.values["host"].strip("'\"")
    name = re.sub(r"^\w+://|/.*$", "", host)
    found = numbered(tree, finding.file, re.escape(host))
    edits = [Edit(finding.file, number, line, line.replace(host, name)) for number, line in found]
    return tuple(edits)


def satisfy_check(tree: Path, file: str, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit for a check of Django: it adds Pillow, or https:// to a trusted origin."""
    if finding.values["check"] == "fields.E210":
        return require(tree, "Pillow")
    origin = re.search(r"must start with a scheme .* found (\S+)\. ", finding.values["what"])
    pattern = rf"(['\"])(?={re.escape(origin[1])}['\"])" if origin else r"(?!)"
    # The name may also be one of ALLOWED_HOSTS, which has no scheme.
    pattern = rf"(CSRF_TRUSTED_ORIGINS.*?){pattern}"
    return tuple(
        Edit(file, number, line, re.sub(pattern, r"\1\2https://", line))
        for number, line in numbered(tree, file, pattern)
    )


UPLOADS = """
if "AWS_STORAGE_BUCKET_NAME" in os.environ:
    STORAGES["default"] = {"BACKEND": "storages.backends.s3.S3Storage"}
    AWS_STORAGE_BUCKET_NAME = os.environ["AWS_STORAGE_BUCKET_NAME"]
    AWS_S3_REGION_NAME = os.environ.get("AWS_S3_REGION_NAME")
"""
BUCKET = (
    "AWS_STORAGE_BUCKET_NAME",
    "AWS_S3_REGION_NAME",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)


def store_uploads(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edits that store uploads in a bucket on S3, and still on disk without one.

    app.json then requires the config vars of the bucket. boto3 reads the two keys by itself.
    """
    if project_files.read(tree / "app.json") and not project_files.app_json_or_nothing(tree):
        return ()
    text = UPLOADS
    if not numbered(tree, finding.file, r"^STORAGES\s*="):
        static = "django.contrib.staticfiles.storage.StaticFilesStorage"
        text = (
            "\nSTORAGES = {\n"
            f'    "default": {{"BACKEND": "{FILES}"}},\n'
            f'    "staticfiles": {{"BACKEND": "{static}"}},\n'
            f"}}{UPLOADS}"
        )
    settings = with_os(tree, finding.file, append(tree, finding.file, text))
    old = project_files.read(tree / "app.json")
    content = project_files.app_json_or_nothing(tree)
    env = content.get("env") or {}
    new = content | {"env": env | {name: {"required": True} for name in BUCKET if name not in env}}
    declared = Edit("app.json", 1, old, json.dumps(new, indent=2) + "\n")
    return (*settings, declared, *require(tree, "django-storages[s3]"))


def require_setuptools(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that installs the last setuptools with the modules that a package needs.

    Version 82 removed pkg_resources: https://setuptools.pypa.io/en/latest/history.html
    """
    return require(tree, "setuptools<82")
