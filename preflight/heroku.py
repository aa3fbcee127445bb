"""Facts about Heroku, as data: each with its source.

Sources: BP is https://github.com/heroku/heroku-buildpack-python (v351), DC is
https://devcenter.heroku.com/articles/.
"""

DATE = "2026-11-21"

# BP lib/package_manager.sh: exactly one of them, in the root.
PACKAGE_MANAGERS = {
    "requirements.txt": "pip",
    "Pipfile.lock": "Pipenv",
    "poetry.lock": "Poetry",
    "uv.lock": "uv",
}

# How the versions of a lock that preflight does not install are written for pip, and the files that
# Heroku would still choose: https://pipenv.pypa.io/en/latest/cli.html#requirements,
# https://github.com/python-poetry/poetry-plugin-export
EXPORTS = {
    "Pipfile.lock": ("$uv tool run pipenv requirements > requirements.txt", "Pipfile Pipfile.lock"),
    "poetry.lock": (
        "$uv tool run --with poetry-plugin-export poetry export --without-hashes "
        "--output requirements.txt",
        "poetry.lock",
    ),
}

# BP lib/package_manager.sh: what names a package manager by itself and is refused, with the
# command that creates what Heroku installs from.
NOT_ENOUGH = {
    "Pipfile": "pipenv lock",
    "setup.py": "echo . > requirements.txt",
    "pyproject.toml": "uv lock",
}
# BP bin/detect: names that were meant as requirements.txt.
MEANT_AS_REQUIREMENTS = (
    "requeriments.txt",
    "requirement.txt",
    "requirements",
    "requirements.text",
    "Requirements.txt",
    "requirements.txt.txt",
    "requirments.txt",
)

# The newest series whose rules and output preflight knows. It may be wrong about a newer one.
NEWEST = {"Django": "6.1", "pip": "26", "uv": "0.13"}

# BP lib/python_version.sh: both forms, without white space and comment lines.
RUNTIME_TXT = r"python-(3\.[0-9]+)(\.[0-9]+)?"
PYTHON_VERSION = r"(3\.[0-9]+)(\.[0-9]+)?"
# BP lib/python_version.sh: the versions that build.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
DEFAULT_PYTHON = "3.14"
# The same file: the newest of each, from its table of versions.
NEWEST_PATCH = {"3.10": 21, "3.11": 16, "3.12": 14, "3.13": 15, "3.14": 7}
# The same file: names that were meant as .python-version, and are refused without a runtime.txt.
MEANT_AS_PYTHON_VERSION = r"(?i)\.?python[-_. ]version(\.txt)?|\.py-version|\.pyhton-version"

# What the build and the dynos read: UTF-8 without a byte order mark, and a Procfile with LF.
# BP lib/python_version.sh for .python-version; DC procfile.
CONTROL_FILES = (
    "Procfile",
    "requirements.txt",
    "requirements-test.txt",
    "runtime.txt",
    ".python-version",
    "app.json",
    ".slugignore",
    "pyproject.toml",
    "uv.lock",
    "manage.py",
)
# What git may not push although the build needs it: those, and files in these folders.
NEEDED = r"(?:^|/)(?:migrations|templates)/"

# What pip freeze lists on one system and Heroku cannot install: seen with pip 26 on 2026-11-20.
DENIED = {
    "pywin32": "it only exists on Windows",
    "pypiwin32": "it only exists on Windows",
    "pywinpty": "it only exists on Windows",
    "wmi": "it only exists on Windows",
    "comtypes": "it only exists on Windows",
    "windows-curses": "it only exists on Windows",
    "pyobjc-core": "it only exists on macOS",
    "pkg-resources": "it only exists in Debian's own Python",
    # Packages of Ubuntu, which `pip freeze` lists without a virtual environment. The package index
    # does not have them.
    **dict.fromkeys(
        (
            "apt-clone",
            "apturl",
            "brlapi",
            "cloud-init",
            "command-not-found",
            "cupshelpers",
            "ec2-hibinit-agent",
            "landscape-common",
            "language-selector",
            "louis",
            "oneconf",
            "pop-transition",
            "python-apt",
            "screen-resolution-extra",
            "sessioninstaller",
            "software-properties",
            "ubuntu-advantage-tools",
            "ubuntu-drivers-common",
            "ubuntu-pro-client",
            "ufw",
            "unattended-upgrades",
            "usb-creator",
            "xdiagnose",
            "xkit",
        ),
        "it only exists in Ubuntu's own Python",
    ),
    "backports-zoneinfo": "Python includes zoneinfo since 3.9, and this does not compile",
}
# Modules of Python that are listed as if they were packages: pip finds nothing to install.
PARTS_OF_PYTHON = {"json", "os", "python", "re", "sqlite3", "sys"}
# Names in imports that are no packages, or other ones: seen with pip on 2026-11-26.
NOT_PACKAGES = {"PIL", "cv2", "decouple", "environ", "rest_framework", "sklearn", "yaml"}
# Builds of a package that a dyno cannot use, with the one that it can, and why.
OTHER_BUILDS = {
    "opencv-python": (
        "opencv-python-headless",
        "needs libGL for windows on a screen, which a dyno does not have",
    ),
    "tensorflow": ("tensorflow-cpu", "is made for graphics cards, which a dyno does not have"),
}
TORCH_FOR_CPU = "https://download.pytorch.org/whl/cpu"
# https://docs.djangoproject.com/en/stable/faq/install/: the oldest Python of each Django.
OLDEST_PYTHON_OF_DJANGO = {(6, 0): (3, 12), (5, 0): (3, 10), (4, 2): (3, 8)}

# BP lib/checks.sh refuses venv/ and .venv/; a committed env/ is not caught there, and fills the
# slug.
ENVIRONMENT_MARK = "pyvenv.cfg"
SECRET_FILES = (".env", ".env.production", ".pgpass", "credentials.csv")
# Only in the root, because a package may have a module of this name.
SECRET_FILES_IN_ROOT = ("env.py",)

# DC procfile: the name is exact, and a line is "type: command".
PROCESS_TYPE = r"[ \t]*([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t\r]*$"

# What to do in place of a command whose files are lost with the dyno of the release.
INSTEAD_IN_RELEASE = {
    "collectstatic": "Remove it. The build runs collectstatic.",
    "makemigrations": "Create the migrations on your machine, and commit them.",
}

# DC stack: nothing is built on these any more. DC heroku-postgres-plans and the changelog of
# 2022-11-28 and 2024-05: plans that were removed, each with the smallest one that took its place.
OLD_STACKS = {"cedar", "cedar-14", "heroku-16", "heroku-18", "heroku-20"}
STACK = "heroku-24"
OLD_PLANS = {
    "heroku-postgresql:hobby-dev": "heroku-postgresql:essential-0",
    "heroku-postgresql:hobby-basic": "heroku-postgresql:essential-1",
    "heroku-postgresql:mini": "heroku-postgresql:essential-0",
    "heroku-postgresql:basic": "heroku-postgresql:essential-1",
    "heroku-redis:hobby-dev": "heroku-redis:mini",
}

# Buildpacks from before heroku/python supported Poetry (2024) and uv (2025).
OTHER_BUILDPACK = r"(?i)python-poetry|poetry-buildpack|buildpack-uv|heroku-buildpack-uv"

# DC slug-compiler: media should not be in a slug. Megabytes from which it is reported.
MEDIA = (
    *(".gif", ".jpeg", ".jpg", ".png", ".psd", ".tif", ".tiff", ".webp"),
    *(".avi", ".flac", ".mkv", ".mov", ".mp3", ".mp4", ".wav", ".webm", ".zip"),
)
MEDIA_MB = 50
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the first line of a pointer.
LFS_POINTER = b"version https://git-lfs.github.com/spec/"

# BP bin/steps/collectstatic: how deep below the root manage.py is looked for.
MANAGE_PY_DEPTH = 3

# BP bin/steps/collectstatic: what turns it off, so that pages have no styles, or fail.
COLLECTSTATIC_OFF = ("DISABLE_COLLECTSTATIC", ".heroku/collectstatic_disabled")

# Credentials by their form, each with a name: the documentation of Amazon, Cloudinary,
# Google, Heroku, Stripe and SendGrid, read on 2026-11-21. Placeholders are left out.
CREDENTIALS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z2-7]{16}\b",
    "an AWS secret key": r"(?i)secret_?(?:access_?)?key['\"]?\]?[ \t]*[=:,][ \t]*['\"]?"
    r"(?![\w/+]*example)(?=[\w/+]*\d)(?=[\w/+]*[A-Z])[A-Za-z0-9/+]{40}(?![\w/+=])",
    "a Cloudinary account": r"cloudinary://\d{9,}:[\w-]{20,}@[\w-]+",
    "a Google API key": r"\bAIza[\w-]{35}\b",
    "a Google client secret": r"\bGOCSPX-[\w-]{28}\b",
    "a Heroku API key": r"\bHRKU-[\w-]{36,}",
    "a Stripe key": r"\b[rs]k_live_\w{24,}",
    "a GitHub token": r"\bgh[pousr]_\w{36}\b",
    "a password in an address": r"\bgit\+https://[^:/\s]+:[^@\s$<{]{8,}@",
    "a SendGrid key": r"\bSG\.[\w-]{22}\.[\w-]{43}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a database with its password": r"\bpostgres(?:ql)?://[\w.%-]+:(?!password@|PASSWORD@)"
    r"[^@\s/'\"<$\{]{8,}@(?!localhost|127\.|host[:/])[\w-]+\.[\w.-]+",
    "a mail server with its password": r"\bsmtps?://[^:\s/]+:(?!password@|PASSWORD@)"
    r"[^@\s/'\"<$\{]{8,}@(?!localhost|127\.)(?![\w.-]*example\.)[\w-]+\.[\w.-]+",
}
# Django's own secret, as a literal or as a default. Keys in tests do not matter.
SECRET_KEY = (
    r"^[ \t]*SECRET_KEY[ \t]*=[ \t]*\(?\s*['\"][^'\"{\s]{16,}['\"]"
    r"|['\"]SECRET_KEY['\"][ \t]*\]?[ \t]*(?:,\s*(?:default[ \t]*=[ \t]*)?|=[ \t]*)"
    r"['\"][^'\"{\s]{16,}['\"]"
)
TESTS = r"(?:^|/)tests?(?:/|\.py$|_[^/]*\.py$)|(?:^|/)conftest\.py$"
# How far back the commits are read.
COMMITS = 20

# A variable that people test for and Heroku does not set: DC dynos, on the environment of a dyno.
NO_VARIABLE_OF_HEROKU = (
    r"['\"]HEROKU['\"]\s+(?:not\s+)?in\s+os\.environ"
    r"|(?:environ\.get\(|environ\[|getenv\()\s*['\"]HEROKU['\"]"
)

# DC limits, DC dynos, DC error-codes, DC slug-compiler, DC heroku-postgres-plans (essential-0).
SLUG_MB = 500
# What the build adds to a slug, in compressed MB. Python: without its tests and stripped, as in BP
# builds/build_python_runtime.sh. pip with its bytecode, which stays in the slug: BP lib/pip.sh.
# Bytecode: compressed bytes for each byte of installed source; pip and uv compile all of it.
# Measured with gzip on 2026-11-21: 13 to 14 MB for Python 3.10 to 3.13, 3.9 MB for pip 26, and 0.44
# to 0.50 for eight sets of packages with Python 3.13 (0.32 with 3.10).
PYTHON_MB = 14
PIP_MB = 4
BYTECODE = 0.47
CONNECTIONS = 20
BOOT_SECONDS = 60
# A dyno may be slower than this machine.
SLOW_BOOT_SECONDS = 20
SHUTDOWN_SECONDS = 30
MEMORY_MB = 512
YEAR_SECONDS = 31536000

# BP vendor/python.gunicorn.sh and vendor/WEB_CONCURRENCY.sh: what a dyno of 512 MB gets.
DYNO_VARIABLES = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "WEB_CONCURRENCY": "2",
    "PYTHONUNBUFFERED": "true",
    "PYTHONPATH": ".",
    "LANG": "en_US.UTF-8",
}
# DC dynos: set in builds and on every dyno.
BUILD = {"DYNO": "build.1"}

# Placeholders for config vars that app.json asks for: well-formed values that open nothing.
PLACEHOLDERS = {
    "CLOUDINARY_URL": "cloudinary://0:placeholder@placeholder",
    "AWS_S3_REGION_NAME": "us-east-1",
    "AWS_REGION": "us-east-1",
}
PLACEHOLDER = "placeholder"
# The form of DATABASE_URL, for settings that only read it.
ANY_DATABASE = "postgres://user:placeholder@localhost:5432/placeholder"

# A host name that the router would use: DC app-names-and-subdomains.
HOST = "preflight-0123456789ab.herokuapp.com"
FOREIGN_HOST = "www.example.com"

# What an installer needs of the caller's environment to reach a package index. A target folder or
# an interpreter in a variable would install packages elsewhere.
INSTALLER_VARIABLES = (
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "PIP_CACHE_DIR",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_PROXY",
    "PIP_RETRIES",
    "PIP_TRUSTED_HOST",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_RETRIES",
    "UV_HTTP_TIMEOUT",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_LINK_MODE",
    "UV_NATIVE_TLS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_SYSTEM_CERTS",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
)
