"""What Heroku does, as data: each rule with its source.

Sources: BP is https://github.com/heroku/heroku-buildpack-python (v351), DC is
https://devcenter.heroku.com/articles/.
"""

DATE = "2026-11-20"

# BP lib/package_manager.sh: exactly one of them, in the root.
PACKAGE_MANAGERS = {
    "requirements.txt": "pip",
    "Pipfile.lock": "Pipenv",
    "poetry.lock": "Poetry",
    "uv.lock": "uv",
}

# BP lib/python_version.sh: both forms, after white space and comment lines are taken away.
RUNTIME_TXT = r"python-(3\.[0-9]+)(\.[0-9]+)?"
PYTHON_VERSION = r"(3\.[0-9]+)(\.[0-9]+)?"
# BP lib/python_version.sh: the versions that build.
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
DEFAULT_PYTHON = "3.14"

# https://docs.djangoproject.com/en/stable/faq/install/: the oldest Python of each Django.
OLDEST_PYTHON_OF_DJANGO = {(6, 0): (3, 12), (5, 0): (3, 10), (4, 2): (3, 8)}

# BP lib/checks.sh refuses the first two; a committed env/ is not caught there and fills the slug.
ENVIRONMENT_MARK = "pyvenv.cfg"
SECRET_FILES = (".env", ".env.production", ".pgpass", "credentials.csv")
# In the root alone: a package may have a module of this name.
SECRET_FILES_IN_ROOT = ("env.py",)

# DC procfile: the name is exact, and a line is "type: command".
PROCESS_TYPE = r"(?m)^[ \t]*([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t\r]*$"

# BP bin/steps/collectstatic: how deep below the root manage.py is looked for.
MANAGE_PY_DEPTH = 3

# DC limits, DC dynos, DC error-codes.
BOOT_SECONDS = 60
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

# What stands in for a config var that app.json asks for: a well-formed value that opens nothing.
PLACEHOLDERS = {
    "CLOUDINARY_URL": "cloudinary://0:placeholder@placeholder",
    "AWS_S3_REGION_NAME": "us-east-1",
    "AWS_REGION": "us-east-1",
}
PLACEHOLDER = "placeholder"

# A host as the router would name it: DC app-names-and-subdomains.
HOST = "preflight-0123456789ab.herokuapp.com"
FOREIGN_HOST = "www.example.com"

# What an installer needs of the caller's environment to reach a package index, and no more: a
# target folder or an interpreter that somebody has set would send packages elsewhere.
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
