"""The table of mistakes: what to change in a small sound project, and what has to be found.

The numbers are those of the rows in docs/failure_modes.md.
"""

from dataclasses import dataclass, field
from typing import Any

from preflight import findings
from preflight.findings import Kind

SETTINGS = """\
import os
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "")
DEBUG = os.environ.get("DEBUG", "").lower() == "true"
ALLOWED_HOSTS = [".herokuapp.com"]
INSTALLED_APPS = [
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
    },
]
WSGI_APPLICATION = "shop.wsgi.application"
DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
"""
SERVER = """\
import os

from django.core.{kind} import get_{kind}_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_{kind}_application()
"""
# A small sound project, in which one mistake is made at a time.
FILES = {
    "manage.py": """\
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/urls.py": """\
from django.urls import path

from shop import views

urlpatterns = [path("", views.home)]
""",
    "shop/views.py": """\
from django.shortcuts import render


def home(request):
    return render(request, "home.html")
""",
    "shop/wsgi.py": SERVER.format(kind="wsgi"),
    "shop/asgi.py": SERVER.format(kind="asgi"),
    "templates/home.html": "{% load static %}\n<link href=\"{% static 'site.css' %}\">\n",
    "static/site.css": "body { margin: 0 }\n",
    "Procfile": "release: python manage.py migrate --noinput\nweb: gunicorn shop.wsgi\n",
    "requirements.txt": "Django==5.2.19\ngunicorn==27.0.1\ndj-database-url==3.1.2\n"
    "psycopg2-binary==2.9.13\nwhitenoise==6.12.0\n",
    ".python-version": "3.13\n",
    "app.json": '{\n  "name": "shop",\n  "env": {\n    "SECRET_KEY": {\n'
    '      "generator": "secret"\n    }\n  }\n}\n',
    ".gitignore": "__pycache__/\n*.sqlite3\n.env\n",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake: the row that describes it, what it changes, and what has to be found.

    `edits` are (file, old, new); without `old`, `new` is added to the end. `files` are written, or
    removed if their content is None. `history` are files of an earlier commit.
    """

    row: int
    name: str
    kind: Kind
    file: str = ""
    line: int = 0
    edits: tuple[tuple[str, str, str], ...] = ()
    files: dict[str, Any] = field(default_factory=dict)
    history: dict[str, str] = field(default_factory=dict)


REQUIREMENTS = "requirements.txt"
WEB = "web: gunicorn shop.wsgi\n"
RELEASE = "release: python manage.py migrate --noinput\n"


def requirement(row: int, name: str, text: str, kind: Kind) -> Mistake:
    """Return the mistake of a line at the end of requirements.txt."""
    return Mistake(row, name, kind, REQUIREMENTS, 6, edits=((REQUIREMENTS, "", f"{text}\n"),))


def web(row: int, name: str, text: str, kind: Kind, **options: Any) -> Mistake:
    """Return the mistake of another web line."""
    return Mistake(
        row, name, kind, "Procfile", 2, edits=(("Procfile", WEB, f"{text}\n"),), **options
    )


def release(row: int, name: str, text: str, kind: Kind, **options: Any) -> Mistake:
    """Return the mistake of another release line."""
    return Mistake(
        row, name, kind, "Procfile", 1, edits=(("Procfile", RELEASE, f"{text}\n"),), **options
    )


def app_json(row: int, name: str, text: str, line: int, kind: Kind) -> Mistake:
    """Return the mistake of another app.json."""
    return Mistake(row, name, kind, "app.json", line, files={"app.json": text})


def version(row: int, name: str, text: str, kind: Kind, line: int = 1) -> Mistake:
    """Return the mistake of another .python-version."""
    return Mistake(row, name, kind, ".python-version", line, files={".python-version": text})


MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"
MALFORMED = findings.MALFORMED_REQUIREMENT
CONFLICT = "<<<<<<< HEAD\n{}=======\n{}>>>>>>> feature\n"
# What the rehearsal finds by reading the files that git would push.
IN_FILES = [
    requirement(97, "pip install", "pip install requests", MALFORMED),
    requirement(98, "one equals sign", "requests=2.32.3", MALFORMED),
    requirement(99, "an arrow", "requests => 2.32", MALFORMED),
    requirement(100, "a space for the version", "requests 2.32.3", MALFORMED),
    requirement(101, "a comma at the end", "requests==2.32.3,", MALFORMED),
    requirement(102, "quotes", '"requests==2.32.3"', MALFORMED),
    requirement(103, "a version in brackets", "requests (2.32.3)", MALFORMED),
    requirement(104, "a comment of another language", "// for the API", MALFORMED),
    Mistake(
        105,
        "a typographic dash",
        MALFORMED,
        REQUIREMENTS,
        6,
        edits=((REQUIREMENTS, "", "–r more.txt\n"),),
        files={"more.txt": "requests==2.32.3\n"},
    ),
    requirement(106, "an address of GitHub", "https://github.com/psf/requests", MALFORMED),
    Mistake(
        107,
        "the table of pip list",
        MALFORMED,
        REQUIREMENTS,
        6,
        edits=((REQUIREMENTS, "", "Package    Version\n---------- -------\nrequests   2.32.3\n"),),
    ),
    requirement(108, "a module of Python", "sqlite3", findings.PART_OF_PYTHON),
    requirement(108, "Python itself", "python==3.13", findings.PART_OF_PYTHON),
    requirement(109, "the name in the import", "PIL", findings.IMPORT_NAME),
    requirement(109, "the name of a module", "sklearn", findings.IMPORT_NAME),
    requirement(110, "OpenCV with windows", "opencv-python==4.10.0.84", findings.OTHER_BUILD),
    requirement(111, "TensorFlow", "tensorflow==2.18.0", findings.OTHER_BUILD),
    requirement(112, "PyTorch", "torch==2.5.1", findings.GPU_BUILD),
    requirement(
        113, "git over SSH", "git+ssh://git@github.com/psf/requests.git", findings.GIT_OVER_SSH
    ),
    Mistake(
        114,
        "a file in a folder",
        findings.NOT_INCLUDED,
        REQUIREMENTS,
        6,
        edits=((REQUIREMENTS, "", "-r base.txt\n"),),
        files={"requirements/base.txt": "requests==2.32.3\n"},
    ),
    Mistake(
        115,
        "two versions",
        findings.TWO_VERSIONS,
        REQUIREMENTS,
        1,
        edits=((REQUIREMENTS, "", "django==5.1.4\n"),),
    ),
    Mistake(
        116,
        "Django 6 on Python 3.11",
        findings.PYTHON_TOO_OLD,
        REQUIREMENTS,
        1,
        edits=((REQUIREMENTS, "Django==5.2.19", "Django==6.0"),),
        files={".python-version": "3.11\n"},
    ),
    requirement(10, "pywin32", "pywin32==306", findings.NOT_FOR_HEROKU),
    requirement(10, "a package of Debian", "pkg-resources==0.0.0", findings.NOT_FOR_HEROKU),
    requirement(11, "a path", "certifi @ file:///C:/ci/certifi_1", findings.ONE_MACHINE),
    requirement(12, "zoneinfo", "backports.zoneinfo==0.2.1", findings.NOT_FOR_HEROKU),
    requirement(67, "django-heroku", "django-heroku==0.3.1", findings.DJANGO_HEROKU),
    # The Procfile
    web(
        79, "a space before the colon", "web : gunicorn shop.wsgi", findings.MALFORMED_PROCESS_TYPE
    ),
    web(117, "no colon", "web gunicorn shop.wsgi", findings.MALFORMED_PROCESS_TYPE),
    web(117, "an equals sign", "web = gunicorn shop.wsgi", findings.MALFORMED_PROCESS_TYPE),
    web(118, "quotes around it", '"web: gunicorn shop.wsgi"', findings.MALFORMED_PROCESS_TYPE),
    web(119, "a capital letter", "Web: gunicorn shop.wsgi", findings.OTHER_CASE),
    release(120, "a capital", "Release: python manage.py migrate", findings.OTHER_CASE),
    web(121, "the name of the file", "web: gunicorn shop.wsgi.py", findings.MODULE_AS_PATH),
    web(121, "a path with a slash", "web: gunicorn shop/wsgi", findings.MODULE_AS_PATH),
    web(122, "ASGI with gunicorn", "web: gunicorn shop.asgi:application", findings.SYNC_ASGI),
    web(123, "uvicorn alone", "web: uvicorn shop.asgi:application", findings.OWN_PORT),
    web(124, "daphne alone", "web: daphne shop.asgi:application", findings.OWN_PORT),
    web(125, "hypercorn alone", "web: hypercorn shop.asgi:application", findings.OWN_PORT),
    web(126, "waitress alone", "web: waitress-serve shop.wsgi:application", findings.OWN_PORT),
    web(
        127,
        "a variable of Windows",
        "web: waitress-serve --port=%PORT% shop.wsgi:application",
        findings.WINDOWS_VARIABLE,
    ),
    web(128, "venv/bin", "web: venv/bin/gunicorn shop.wsgi", findings.NOT_A_COMMAND),
    web(128, "Scripts", r"web: .venv\Scripts\gunicorn.exe shop.wsgi", findings.NOT_A_COMMAND),
    release(129, "py", "release: py manage.py migrate", findings.NOT_A_COMMAND),
    release(130, "no python", "release: manage.py migrate", findings.NOT_A_COMMAND),
    release(
        131,
        "createsuperuser",
        "release: python manage.py migrate && python manage.py createsuperuser",
        findings.INTERACTIVE,
    ),
    web(132, "--reload", "web: gunicorn shop.wsgi --reload", findings.RELOADING),
    release(
        133,
        "makemigrations",
        "release: python manage.py makemigrations && python manage.py migrate",
        findings.LOST_ON_A_DYNO,
    ),
    release(
        134,
        "collectstatic in the release",
        "release: python manage.py collectstatic --noinput && python manage.py migrate",
        findings.LOST_ON_A_DYNO,
    ),
    web(
        80,
        "migrate in the web line",
        "web: python manage.py migrate && gunicorn shop.wsgi",
        findings.WORK_IN_WEB,
    ),
    Mistake(
        78,
        "two release lines",
        findings.REPEATED_PROCESS_TYPE,
        "Procfile",
        1,
        edits=(("Procfile", "", "release: python manage.py check\n"),),
    ),
    Mistake(
        78,
        "two web lines",
        findings.REPEATED_PROCESS_TYPE,
        "Procfile",
        2,
        edits=(("Procfile", "", "web: gunicorn shop.wsgi --threads 4\n"),),
    ),
    Mistake(29, "no web line", findings.NO_WEB_PROCESS, "Procfile", files={"Procfile": RELEASE}),
    Mistake(29, "no Procfile", findings.NO_PROCFILE, files={"Procfile": None}),
    Mistake(
        29,
        "a Procfile in small letters",
        findings.MISNAMED_PROCFILE,
        "procfile",
        files={"Procfile": None, "procfile": RELEASE + WEB},
    ),
    Mistake(
        29,
        "carriage returns",
        findings.ENCODING,
        "Procfile",
        files={"Procfile": (RELEASE + WEB).replace("\n", "\r\n").encode()},
    ),
    # app.json
    app_json(
        135,
        "a comma before the end",
        '{\n  "name": "shop",\n  "env": {"SECRET_KEY": {"generator": "secret"}},\n}\n',
        3,
        findings.INVALID_APP_JSON,
    ),
    app_json(
        136,
        "a comma that is missing",
        '{\n  "name": "shop"\n  "env": {"SECRET_KEY": {"generator": "secret"}}\n}\n',
        2,
        findings.INVALID_APP_JSON,
    ),
    app_json(
        137,
        "a comment",
        '{\n  // the shop\n  "name": "shop"\n}\n',
        2,
        findings.INVALID_APP_JSON,
    ),
    app_json(138, "single quotes", "{\n  'name': 'shop'\n}\n", 2, findings.INVALID_APP_JSON),
    app_json(
        139,
        "True with a capital",
        '{\n  "name": "shop",\n  "env": {"X": {"required": True}}\n}\n',
        3,
        findings.INVALID_APP_JSON,
    ),
    app_json(140, "an old stack", '{\n  "stack": "heroku-18"\n}\n', 2, findings.OLD_STACK),
    app_json(
        141,
        "an old plan",
        '{\n  "addons": [\n    "heroku-postgresql:hobby-dev"\n  ]\n}\n',
        3,
        findings.OLD_PLAN,
    ),
    app_json(
        142,
        "buildpacks as text",
        '{\n  "buildpacks": [\n    "heroku/python"\n  ]\n}\n',
        3,
        findings.BUILDPACK_TEXT,
    ),
    app_json(
        143,
        "only another buildpack",
        '{\n  "buildpacks": [\n    {"url": "heroku/nodejs"}\n  ]\n}\n',
        2,
        findings.NO_PYTHON_BUILDPACK,
    ),
    app_json(
        94,
        "a buildpack for Poetry",
        '{\n  "buildpacks": [\n    {"url": "https://github.com/moneymeets/python-poetry-buildpack"}'
        ',\n    {"url": "heroku/python"}\n  ]\n}\n',
        3,
        findings.OTHER_BUILDPACK,
    ),
    app_json(
        27,
        "collectstatic is off",
        '{\n  "env": {\n    "DISABLE_COLLECTSTATIC": "1"\n  }\n}\n',
        3,
        findings.COLLECTSTATIC_OFF,
    ),
    # The version of Python
    version(6, "a version with its name", "python-3.13\n", findings.UNREADABLE_PYTHON_VERSION),
    version(144, "a range", ">=3.12\n", findings.UNREADABLE_PYTHON_VERSION),
    version(145, "two versions of Python", "3.13\n3.12\n", findings.UNREADABLE_PYTHON_VERSION),
    version(146, "the letter v", "v3.13\n", findings.UNREADABLE_PYTHON_VERSION),
    version(6, "an old version", "3.8\n", findings.UNSUPPORTED_PYTHON),
    Mistake(
        6,
        "a misspelled file",
        findings.MISNAMED_PYTHON_VERSION,
        "python-version",
        files={".python-version": None, "python-version": "3.13\n"},
    ),
    Mistake(
        7,
        "runtime.txt",
        findings.RUNTIME_TXT,
        "runtime.txt",
        1,
        files={".python-version": None, "runtime.txt": "python-3.13\n"},
    ),
    Mistake(
        147,
        "both files",
        findings.TWO_PYTHON_VERSIONS,
        "runtime.txt",
        files={"runtime.txt": "python-3.13\n"},
    ),
    Mistake(
        8,
        "a version in UTF-16",
        findings.ENCODING,
        ".python-version",
        files={".python-version": "3.13\n".encode("utf-16")},
    ),
    Mistake(
        9,
        "requirements in UTF-16",
        findings.ENCODING,
        REQUIREMENTS,
        files={REQUIREMENTS: FILES[REQUIREMENTS].encode("utf-16")},
    ),
    # The package manager
    Mistake(
        4,
        "a second lock",
        findings.SEVERAL_PACKAGE_MANAGERS,
        files={"poetry.lock": ""},
    ),
    Mistake(
        148,
        "uv without a version",
        findings.UV_WITHOUT_PYTHON_VERSION,
        ".python-version",
        files={
            REQUIREMENTS: None,
            "uv.lock": "version = 1\n",
            "pyproject.toml": '[project]\nname = "shop"\n',
            ".python-version": None,
        },
    ),
    Mistake(
        149,
        "uv with runtime.txt",
        findings.RUNTIME_TXT_WITH_UV,
        "runtime.txt",
        files={
            REQUIREMENTS: None,
            "uv.lock": "version = 1\n",
            "pyproject.toml": '[project]\nname = "shop"\n',
            ".python-version": None,
            "runtime.txt": "python-3.13\n",
        },
    ),
    Mistake(
        150,
        "misspelled requirements",
        findings.MISNAMED_REQUIREMENTS,
        "requirments.txt",
        files={REQUIREMENTS: None, "requirments.txt": FILES[REQUIREMENTS]},
    ),
    # Files that git has, or does not have
    Mistake(
        5,
        "a virtual environment",
        findings.COMMITTED_ENVIRONMENT,
        "env",
        files={"env/pyvenv.cfg": "home = /usr\n"},
    ),
    Mistake(
        95,
        "Python of the buildpack",
        findings.COMMITTED_PYTHON,
        ".heroku/python",
        files={".heroku/python/bin/python": ""},
    ),
    Mistake(
        27,
        "the file that turns collectstatic off",
        findings.COLLECTSTATIC_MARKER,
        ".heroku/collectstatic_disabled",
        files={".heroku/collectstatic_disabled": ""},
    ),
    Mistake(
        81,
        "templates in .slugignore",
        findings.SLUG_WITHOUT,
        ".slugignore",
        1,
        files={".slugignore": "templates\n"},
    ),
    Mistake(
        151,
        "manage.py in .slugignore",
        findings.SLUG_WITHOUT,
        ".slugignore",
        1,
        files={".slugignore": "/manage.py\n"},
    ),
    Mistake(
        82,
        "tests in .slugignore",
        findings.TESTS_NOT_ON_CI,
        ".slugignore",
        1,
        files={
            ".slugignore": "tests\n",
            "tests/test_shop.py": "",
            "app.json": '{"environments": {"test": {"scripts": {"test": "pytest"}}}}\n',
        },
    ),
    Mistake(
        152,
        "ignored migrations",
        findings.IGNORED,
        "shop/migrations/0001_initial.py",
        files={".gitignore": "*_initial.py\n", "shop/migrations/0001_initial.py": ""},
    ),
    Mistake(
        153,
        "ignored templates",
        findings.IGNORED,
        "templates/page.html",
        files={".gitignore": "page.html\n", "templates/page.html": ""},
    ),
    Mistake(
        3,
        "an ignored Procfile",
        findings.IGNORED,
        "Procfile",
        edits=((".gitignore", "", "Procfile\n"),),
    ),
    Mistake(154, "no manage.py", findings.NO_MANAGE_PY, "manage.py", files={"manage.py": None}),
    Mistake(
        66,
        "the variable HEROKU",
        findings.NO_VARIABLE_HEROKU,
        "shop/settings.py",
        SETTINGS.count("\n") + 1,
        edits=(("shop/settings.py", "", 'LIVE = "HEROKU" in os.environ\n'),),
    ),
    Mistake(
        85,
        "a committed .env",
        findings.ENV_FILE,
        ".env.production",
        files={".env.production": "DEBUG=False\n"},
    ),
    Mistake(
        64,
        "a committed .env with a secret",
        findings.SECRET_FILE,
        ".env.production",
        files={".env.production": "API_SECRET=correct-horse-battery\n"},
    ),
    Mistake(
        83,
        "uploads in git",
        findings.LARGE_MEDIA,
        "media/intro.mp4",
        files={"media/intro.mp4": bytes(51_000_000), "media/logo.png": b""},
    ),
    Mistake(
        96,
        "a key in an old commit",
        findings.OLD_CREDENTIAL,
        "shop/settings.py",
        history={"shop/settings.py": 'SECRET_KEY = "hv4-correct-horse-battery-staple"\n'},
    ),
    # Conflicts of a merge
    Mistake(
        155,
        "a conflict in the requirements",
        findings.MERGE_MARKERS,
        REQUIREMENTS,
        6,
        edits=((REQUIREMENTS, "", CONFLICT.format("a==1\n", "b==1\n")),),
    ),
    Mistake(
        156,
        "a conflict in a template",
        findings.MERGE_MARKERS,
        "templates/home.html",
        3,
        edits=(("templates/home.html", "", CONFLICT.format("<p>\n", "<b>\n")),),
    ),
    Mistake(
        157,
        "a conflict in a style sheet",
        findings.MERGE_MARKERS,
        "static/site.css",
        2,
        edits=(("static/site.css", "", CONFLICT.format("p {}\n", "b {}\n")),),
    ),
    Mistake(
        158,
        "different settings",
        findings.DIFFERENT_SETTINGS,
        "shop/wsgi.py",
        edits=(("shop/wsgi.py", "shop.settings", "shop.production"),),
        files={"shop/production.py": "from shop.settings import *\n"},
    ),
]


def line_in(text: str, part: str) -> int:
    """Return the number of the last line that contains a part of a text."""
    return text[: text.rindex(part)].count("\n") + 1 if part in text else 0


def code(row: int, name: str, kind: Kind, file: str, old: str, new: str, at: str = "") -> Mistake:
    """Return the mistake of another text in a file; `at` is in the line that has to be named."""
    text = FILES[file].replace(old, new) if old else FILES[file] + new
    return Mistake(row, name, kind, file, line_in(text, at) if at else 0, edits=((file, old, new),))


S, VIEWS, HOME = "shop/settings.py", "shop/views.py", "templates/home.html"
URLS = "shop/urls.py"
NAMED_URL = (URLS, "views.home)", 'views.home, name="home")')
DATABASES = SETTINGS[SETTINGS.index("DATABASES = ") : SETTINGS.index("DEFAULT_AUTO_FIELD")]
LITERAL = 'DATABASES = {"default": {"ENGINE": "django.db.backends.%s", "NAME": "%s"}}\n'
HOSTS = 'ALLOWED_HOSTS = [".herokuapp.com"]'
WHITENOISE = '    "whitenoise.middleware.WhiteNoiseMiddleware",\n'
SECURITY = '    "django.middleware.security.SecurityMiddleware",\n'
STORAGES = SETTINGS[SETTINGS.index("STORAGES = ") : SETTINGS.index("SECURE_SSL")]
DEBUG = 'DEBUG = os.environ.get("DEBUG", "").lower() == "true"'
SYNTAX = findings.SYNTAX
TEMPLATE = findings.TEMPLATE_SYNTAX
APPS = "INSTALLED_APPS = [\n"
MODELS = """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=20)
"""
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{}]
    operations = [{}]
"""
CREATE = """
        migrations.CreateModel(
            "Item",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20)),
            ],
        )
    """
UPLOADS = """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=20)
    picture = models.FileField(upload_to="items")
"""
CREATE_UPLOADS = """
        migrations.CreateModel(
            "Item",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20)),
                ("picture", models.FileField(upload_to="items")),
            ],
        )
    """
FRIENDLY = """\
from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin


class Friendly(MiddlewareMixin):
    \"\"\"Say sorry.\"\"\"

    def process_exception(self, request, exception):
        return HttpResponse("Sorry", status=500)
"""
# The edits that add the admin, and what it needs.
PARTS = ("auth", "contenttypes", "sessions", "messages", "admin")
APP_NAMES = "".join(f'    "django.contrib.{part}",\n' for part in PARTS)
PROCESSORS = """\
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
"""
COMMON = '    "django.middleware.common.CommonMiddleware",\n'
ADMIN = (
    ("shop/settings.py", "INSTALLED_APPS = [\n", f"INSTALLED_APPS = [\n{APP_NAMES}"),
    (
        "shop/settings.py",
        COMMON,
        '    "django.contrib.sessions.middleware.SessionMiddleware",\n'
        + COMMON
        + '    "django.middleware.csrf.CsrfViewMiddleware",\n'
        '    "django.contrib.auth.middleware.AuthenticationMiddleware",\n'
        '    "django.contrib.messages.middleware.MessageMiddleware",\n'
        '    "django.middleware.clickjacking.XFrameOptionsMiddleware",\n',
    ),
    ("shop/settings.py", '        "APP_DIRS": True,\n', f'        "APP_DIRS": True,\n{PROCESSORS}'),
    (
        "shop/urls.py",
        '[path("", views.home)]',
        '[path("", views.home), path("admin/", admin.site.urls)]',
    ),
    ("shop/urls.py", "from django.urls", "from django.contrib import admin\nfrom django.urls"),
)
# What only appears when Django runs the code.
IN_CODE = [
    Mistake(
        20,
        "a picture in another folder",
        findings.MISSING_REFERENCE,
        "static/site.css",
        2,
        edits=(("static/site.css", "", 'p { background: url("logo.png") }\n'),),
        files={"static/images/logo.png": b""},
    ),
    Mistake(
        20,
        "other capitals in a style sheet",
        findings.MISSING_REFERENCE,
        "static/css/shop.css",
        1,
        files={
            "static/css/shop.css": "p { background: url(../img/Logo.png) }\n",
            "static/img/logo.PNG": b"",
        },
    ),
    Mistake(
        21,
        "a source map that is not there",
        findings.SOURCE_MAP,
        "static/lib.js",
        2,
        files={"static/lib.js": "let a = 1;\n//# sourceMappingURL=lib.js.map\n"},
    ),
    code(
        65,
        "DEBUG is a text",
        findings.DEBUG_IS_ON,
        S,
        DEBUG,
        'DEBUG = os.environ.get("DEBUG", "False")',
    ),
    Mistake(
        87,
        "models in the settings",
        findings.MODELS_IN_SETTINGS,
        S,
        1,
        edits=(
            (S, "import os\n", "from shop.models import Item\nimport os\n"),
            (S, APPS, f'{APPS}    "shop",\n'),
        ),
        files={
            "shop/models.py": MODELS,
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": MIGRATION.format("", CREATE),
        },
    ),
    Mistake(
        193,
        "a cookie over plain HTTP",
        findings.INSECURE_COOKIE,
        S,
        edits=(
            *ADMIN,
            (S, "SESSION_COOKIE_SECURE = not DEBUG\n", ""),
            (S, "CSRF_COOKIE_SECURE = not DEBUG\n", ""),
        ),
    ),
    Mistake(
        190,
        "process_exception",
        findings.SWALLOWED,
        "shop/middleware.py",
        8,
        edits=((S, WHITENOISE, f'{WHITENOISE}    "shop.middleware.Friendly",\n'),),
        files={"shop/middleware.py": FRIENDLY},
    ),
    code(
        88,
        "other capitals in Python",
        findings.OTHER_CAPITALS,
        URLS,
        "from shop import views",
        "from Shop import views",
        "from Shop",
    ),
    code(16, "env.py", findings.ENV_PY, S, "import os\n", "import os\nimport env\n", "import env"),
    code(
        18,
        "the engine is called",
        findings.ENGINE_CALLED,
        S,
        DATABASES,
        'DATABASES = {"default": django.db.backends.postgresql(conn_max_age=600)}\n',
        "backends.postgresql(",
    ),
    code(
        19,
        "no STATIC_ROOT",
        findings.NO_STATIC_ROOT,
        S,
        'STATIC_ROOT = BASE_DIR / "staticfiles"\n',
        "",
    ),
    code(
        22,
        "a URL that is parsed",
        findings.NO_DATABASE_URL,
        S,
        'dj_database_url.config(default="sqlite:///db.sqlite3")',
        'dj_database_url.parse(os.environ.get("DATABASE_URL"))',
        "parse(",
    ),
    code(
        24,
        "a variable at import",
        findings.MISSING_AT_IMPORT,
        S,
        "",
        'STRIPE = os.environ["STRIPE_KEY"]\n',
        "STRIPE",
    ),
    code(
        25,
        "no app for static files",
        findings.NO_STATICFILES,
        S,
        '    "django.contrib.staticfiles",\n',
        "",
    ),
    code(36, "SQLite", findings.SQLITE, S, DATABASES, LITERAL % ("sqlite3", "shop.sqlite3")),
    code(
        185,
        "another server",
        findings.OTHER_DATABASE,
        S,
        DATABASES,
        LITERAL % ("postgresql", "shop"),
    ),
    code(
        43,
        "a host with a scheme",
        findings.BAD_HOST,
        S,
        HOSTS,
        'ALLOWED_HOSTS = [".herokuapp.com", "https://shop.example.com/"]',
    ),
    code(
        178,
        "no host of Heroku",
        findings.HOST_NOT_ALLOWED,
        S,
        HOSTS,
        'ALLOWED_HOSTS = ["localhost"]',
    ),
    Mistake(
        47,
        "a missing key",
        findings.MISSING_VARIABLE,
        S,
        files={"app.json": '{\n  "name": "shop"\n}\n'},
    ),
    code(
        48,
        "capitals of a static file",
        findings.DEAD_LINK_SIMILAR,
        HOME,
        "site.css",
        "Site.css",
        "Site.css",
    ),
    code(
        50,
        "WhiteNoise at the end",
        findings.WHITENOISE_ORDER,
        S,
        SECURITY + WHITENOISE + '    "django.middleware.common.CommonMiddleware",\n',
        SECURITY + '    "django.middleware.common.CommonMiddleware",\n' + WHITENOISE,
    ),
    code(
        52,
        "old storage settings",
        findings.DEAD_SETTING,
        S,
        STORAGES,
        'STATICFILES_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"\n',
    ),
    code(181, "DEBUG is True", findings.DEBUG_IS_ON, S, DEBUG, "DEBUG = True"),
    code(
        182,
        "DEBUG is on by default",
        findings.DEBUG_IS_ON,
        S,
        DEBUG,
        'DEBUG = os.environ.get("DEBUG", "True") == "True"',
    ),
    Mistake(
        183,
        "DEBUG in app.json",
        findings.DEBUG_IS_ON,
        S,
        files={"app.json": '{"env": {"DEBUG": "True", "SECRET_KEY": {"generator": "secret"}}}'},
    ),
    code(
        86,
        "a conflict in Python",
        findings.MERGE_MARKERS,
        S,
        "",
        CONFLICT.format("A = 1\n", "A = 2\n"),
        "<<<<<<<",
    ),
    code(
        89,
        "a variable with a typo",
        findings.MISSPELLED_VARIABLE,
        S,
        "",
        'KEY = os.environ["SECRET_KY"]\n',
        "SECRET_KY",
    ),
    Mistake(
        189,
        "the name of a URL in 500.html",
        findings.ERROR_PAGE,
        "templates/500.html",
        2,
        edits=(NAMED_URL,),
        files={"templates/500.html": "<p>Sorry</p>\n{% url 'hom' %}\n"},
    ),
    Mistake(
        189,
        "the name of a template in 400.html",
        findings.ERROR_PAGE,
        "templates/400.html",
        1,
        files={"templates/400.html": "{% include 'Home.html' %}\n"},
    ),
    code(
        197,
        "two apps without a comma",
        findings.MISSING_COMMA,
        S,
        '    "django.contrib.staticfiles",\n',
        '    "django.contrib.staticfiles"\n    "shop",\n',
        '"django.contrib.staticfiles"',
    ),
    code(
        198,
        "ROOT_URLCONF",
        findings.MODULE_SIMILAR,
        S,
        '"shop.urls"',
        '"shops.urls"',
        "ROOT_URLCONF",
    ),
    Mistake(
        199,
        "the class of an app",
        findings.BAD_APP_CONFIG,
        S,
        11,
        edits=((S, APPS, f'{APPS}    "shop.apps.ShopConfg",\n'),),
        files={
            "shop/apps.py": "from django.apps import AppConfig\n\n\n"
            'class ShopConfig(AppConfig):\n    name = "shop"\n'
        },
    ),
    code(
        200,
        "a view with a typo",
        findings.NAME_SIMILAR,
        URLS,
        "views.home",
        "views.homes",
        "views.homes",
    ),
    code(
        200,
        "an import with a typo",
        findings.NAME_SIMILAR,
        URLS,
        "from shop import views\n",
        "from shop import views\nfrom shop.views import hom\n",
        "import hom",
    ),
    code(204, "a time zone", findings.TIME_ZONE, S, "", 'TIME_ZONE = "Europe/Berln"\n', "Berln"),
    code(
        205,
        "the old library for static files",
        TEMPLATE,
        HOME,
        "load static ",
        "load staticfiles ",
        "staticfiles",
    ),
    code(
        205,
        "a filter without its library",
        TEMPLATE,
        HOME,
        "",
        "<p>{{ 1|localtime }}</p>\n",
        "localtime",
    ),
    code(
        90, "sslmode", findings.NO_SSLMODE, S, "", 'del DATABASES["default"]["sslmode"]\n', "del "
    ),
    code(159, "no colon", SYNTAX, VIEWS, "def home(request):", "def home(request)", "def home"),
    code(91, "no colon in the settings", SYNTAX, S, "", "if DEBUG\n    X = 1\n", "if DEBUG\n"),
    code(160, "a bracket that is open", SYNTAX, S, "", "EMAILS = (1, 2\n", "EMAILS"),
    code(161, "a quote that is open", SYNTAX, S, "", 'SITE = "shop\n', "SITE"),
    code(162, "typographic quotes", SYNTAX, S, "", "SITE = “shop”\n", "SITE"),
    code(163, "a space that is none", SYNTAX, S, "", "SITE =\xa01\n", "SITE"),
    code(164, "print without brackets", SYNTAX, S, "", 'print "shop"\n', "print"),
    code(
        165,
        "one equals sign in a condition",
        SYNTAX,
        S,
        "",
        "if DEBUG = 1:\n    X = 1\n",
        "if DEBUG =",
    ),
    code(166, "an indent too much", SYNTAX, S, "", "X = 1\n    Y = 2\n", "Y = 2"),
    code(167, "a bracket too much", SYNTAX, S, "", "EMAILS = (1, 2))\n", "EMAILS"),
    code(168, "os is not imported", findings.UNDEFINED_NAME, URLS, "", "KEY = os.sep\n", "KEY"),
    code(
        169,
        "include is not imported",
        findings.UNDEFINED_NAME,
        URLS,
        "",
        'urlpatterns += [path("more/", include([]))]\n',
        "include",
    ),
    code(
        170, "Path is not imported", findings.UNDEFINED_NAME, URLS, "", 'HERE = Path(".")\n', "HERE"
    ),
    code(
        171,
        "ugettext_lazy",
        findings.REMOVED_FROM_DJANGO,
        URLS,
        "",
        "from django.utils.translation import ugettext_lazy as _\n",
        "ugettext",
    ),
    code(
        172,
        "force_text",
        findings.REMOVED_FROM_DJANGO,
        URLS,
        "",
        "from django.utils.encoding import force_text\n",
        "force_text",
    ),
    code(
        173,
        "is_safe_url",
        findings.REMOVED_FROM_DJANGO,
        URLS,
        "",
        "from django.utils.http import is_safe_url\n",
        "is_safe",
    ),
    code(
        174,
        "smart_text",
        findings.REMOVED_FROM_DJANGO,
        URLS,
        "",
        "from django.utils.encoding import smart_text\n",
        "smart_text",
    ),
    code(175, "a tag that is open", TEMPLATE, HOME, "", "{% if user %}\n", "{% if"),
    code(176, "no load", TEMPLATE, HOME, "{% load static %}\n", "", "{% static"),
    code(
        177,
        "a misspelled end",
        TEMPLATE,
        HOME,
        "",
        "{% if user %}{% endfi %}\n",
        "endfi",
    ),
    code(
        179,
        "no redirect to HTTPS",
        findings.NO_HTTPS_REDIRECT,
        S,
        "SECURE_SSL_REDIRECT = not DEBUG\n",
        "",
    ),
    code(180, "no HSTS", findings.MISSING_HEADER, S, "SECURE_HSTS_SECONDS = 3600\n", ""),
    code(49, "no WhiteNoise", findings.NO_STATIC_FILES, S, WHITENOISE, ""),
    code(
        184,
        "no hash in the names",
        findings.NOT_CACHED,
        S,
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "whitenoise.storage.CompressedStaticFilesStorage",
    ),
    Mistake(
        35,
        "an app without migrations",
        findings.NO_MIGRATIONS,
        "shop/migrations",
        edits=((S, APPS, f'{APPS}    "shop",\n'),),
        files={"shop/models.py": MODELS},
    ),
    Mistake(
        186,
        "a field without its migration",
        findings.MODELS_CHANGED,
        "shop/models.py",
        edits=((S, APPS, f'{APPS}    "shop",\n'),),
        files={
            "shop/models.py": MODELS + "    price = models.IntegerField(default=0)\n",
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": MIGRATION.format("", CREATE),
        },
    ),
    Mistake(
        187,
        "two migrations from the same state",
        findings.MIGRATION_CONFLICT,
        "shop/migrations",
        edits=((S, APPS, f'{APPS}    "shop",\n'),),
        files={
            "shop/models.py": MODELS,
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": MIGRATION.format("", CREATE),
            "shop/migrations/0002_a.py": MIGRATION.format('("shop", "0001_initial")', ""),
            "shop/migrations/0002_b.py": MIGRATION.format('("shop", "0001_initial")', ""),
        },
    ),
]

# gunicorn reads the router's header by itself; another server leaves it to Django.
ROUTER = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
WAITRESS = (
    ("Procfile", WEB, "web: waitress-serve --port=$PORT shop.wsgi:application\n"),
    (REQUIREMENTS, "", "waitress==3.0.2\n"),
)
# What takes a whole rehearsal: the phase, and the mistake.
IN_REHEARSAL = [
    (
        "build",
        code(
            15,
            "a package",
            findings.NOT_INSTALLED,
            S,
            "import os\n",
            "import os\nimport crispy_forms\n",
            "crispy",
        ),
    ),
    ("web", web(30, "the name of the site", "web: gunicorn store.wsgi", findings.WRONG_PACKAGE)),
    ("web", web(31, "app", "web: gunicorn shop.wsgi:app", findings.NO_APPLICATION)),
    (
        "web",
        web(
            32,
            "a server",
            "web: waitress-serve --port=$PORT shop.wsgi:application",
            findings.PROGRAM_NOT_INSTALLED,
        ),
    ),
    ("web", web(33, "runserver", "web: python manage.py runserver", findings.RUNSERVER)),
    (
        "web",
        web(
            188, "an address", "web: gunicorn shop.wsgi --bind 127.0.0.1:8000", findings.FIXED_PORT
        ),
    ),
    (
        "web",
        Mistake(
            40,
            "threads",
            findings.TOO_MANY_CONNECTIONS,
            "Procfile",
            edits=(("Procfile", WEB, "web: gunicorn shop.wsgi --threads 12\n"),),
        ),
    ),
    (
        "web",
        Mistake(
            45,
            "no header of the router",
            findings.REDIRECT_LOOP,
            S,
            edits=(*WAITRESS, (S, ROUTER, "")),
        ),
    ),
    (
        "web",
        Mistake(
            44,
            "a form over HTTPS",
            findings.ORIGIN,
            S,
            edits=(
                *ADMIN,
                *WAITRESS,
                (S, ROUTER, ""),
                (S, "SECURE_SSL_REDIRECT = not DEBUG\n", ""),
            ),
        ),
    ),
    ("web", Mistake(46, "no LOGGING", findings.SILENT_LOG, S, edits=ADMIN)),
    (
        "web",
        Mistake(
            41,
            "a large list",
            findings.TOO_MUCH_MEMORY,
            edits=((S, "", "PRICES = bytearray(os.urandom(1) * 280_000_000)\n"),),
        ),
    ),
    (
        "web",
        code(
            77,
            "a signal",
            findings.IGNORES_SIGTERM,
            "shop/wsgi.py",
            "",
            "\nimport signal\n\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
            "signal.signal",
        ),
    ),
    (
        "release",
        Mistake(
            51,
            "uploads on the disk",
            findings.LOCAL_UPLOADS,
            S,
            edits=((S, APPS, f'{APPS}    "shop",\n'),),
            files={
                "shop/models.py": UPLOADS,
                "shop/migrations/__init__.py": "",
                "shop/migrations/0001_initial.py": MIGRATION.format("", CREATE_UPLOADS),
            },
        ),
    ),
    (
        "build",
        Mistake(
            53,
            "an old storage of Cloudinary",
            findings.OLD_CLOUDINARY_STORAGE,
            S,
            edits=(
                (S, APPS, f'{APPS}    "cloudinary_storage",\n'),
                (REQUIREMENTS, "", "django-cloudinary-storage==0.3.0\n"),
            ),
        ),
    ),
    (
        "build",
        Mistake(
            68,
            "storages in two settings",
            findings.BOTH_STORAGES,
            S,
            edits=(
                (S, "", f'STATICFILES_STORAGE = "{MANIFEST}"\n'),
                (REQUIREMENTS, "Django==5.2.19", "Django==4.2.16"),
            ),
            files={".python-version": "3.12\n"},
        ),
    ),
    (
        "build",
        Mistake(
            93,
            "a package that needs pkg_resources",
            findings.OLD_MODULE,
            edits=(
                *ADMIN,
                (S, APPS, f'{APPS}    "rest_framework_simplejwt",\n'),
                (REQUIREMENTS, "", "djangorestframework-simplejwt==5.2.2\n"),
            ),
        ),
    ),
    (
        "web",
        Mistake(
            194,
            "a regular expression that fits every path",
            findings.MISSING_PAGE,
            URLS,
            5,
            edits=(
                (URLS, "import path", "import re_path"),
                (URLS, 'path("", views.home)', 're_path("", views.home)'),
            ),
        ),
    ),
    (
        "web",
        code(
            195,
            "a template with a capital",
            findings.TEMPLATE_SIMILAR,
            VIEWS,
            "home.html",
            "Home.html",
            "Home.html",
        ),
    ),
    (
        "web",
        Mistake(
            195,
            "a template that another one includes",
            findings.TEMPLATE_SIMILAR,
            HOME,
            3,
            edits=((HOME, "", "{% include 'foter.html' %}\n"),),
            files={"templates/footer.html": "<p>\n"},
        ),
    ),
    (
        "web",
        Mistake(
            196,
            "the name of a URL in a template",
            findings.URL_NAME_SIMILAR,
            HOME,
            3,
            edits=(NAMED_URL, (HOME, "", "{% url 'hom' %}\n")),
        ),
    ),
    (
        "web",
        Mistake(
            196,
            "no namespace before the name of a URL",
            findings.URL_NAME_SIMILAR,
            VIEWS,
            5,
            edits=(
                (URLS, "import path", "import include, path"),
                (URLS, "views.home", 'include(("shop.pages", "pages"))'),
                (VIEWS, "import render\n", "import redirect, render\n"),
                (VIEWS, "    return", '    redirect("home")\n    return'),
            ),
            files={"shop/pages.py": FILES[URLS].replace(*NAMED_URL[1:])},
        ),
    ),
    (
        "release",
        code(
            198,
            "the engine of the database",
            findings.MODULE_SIMILAR,
            S,
            "",
            'DATABASES["default"]["ENGINE"] = "django.db.backends.postgres"\n',
            "backends.postgres",
        ),
    ),
    (
        "web",
        Mistake(
            198,
            "a middleware",
            findings.MODULE_SIMILAR,
            S,
            16,
            edits=((S, "middleware.common", "middleware.comon"),),
        ),
    ),
    (
        "release",
        code(
            198,
            "the settings in wsgi.py",
            findings.MODULE_SIMILAR,
            "shop/wsgi.py",
            "shop.settings",
            "shop.setings",
            "setings",
        ),
    ),
    (
        "web",
        code(
            201,
            "a breakpoint",
            findings.LEFT_BREAKPOINT,
            VIEWS,
            "    return",
            "    breakpoint()\n    return",
            "breakpoint",
        ),
    ),
    (
        "web",
        code(
            202,
            "no folder for templates",
            findings.TEMPLATE_FOLDER,
            S,
            '[BASE_DIR / "templates"]',
            "[]",
            '"DIRS"',
        ),
    ),
    (
        "web",
        Mistake(
            202,
            "a template of an app that is not installed",
            findings.TEMPLATE_FOLDER,
            S,
            10,
            edits=((VIEWS, "home.html", "shop/home.html"),),
            files={"shop/templates/shop/home.html": FILES[HOME]},
        ),
    ),
    (
        "release",
        code(
            203,
            "a trusted origin without https",
            findings.CHECK,
            S,
            "",
            'CSRF_TRUSTED_ORIGINS = ["shop.herokuapp.com"]\n',
            "TRUSTED",
        ),
    ),
    (
        "web",
        Mistake(
            200,
            "the class of a middleware",
            findings.NAME_SIMILAR,
            S,
            15,
            edits=((S, "WhiteNoiseMiddleware", "WhitenoiseMiddleware"),),
        ),
    ),
    (
        "release",
        code(
            200,
            "the class of a field",
            findings.NAME_SIMILAR,
            S,
            "BigAutoField",
            "BigAutoFeild",
            "BigAutoFeild",
        ),
    ),
    (
        "release",
        release(206, "python", "release: pyhton manage.py migrate", findings.PROCFILE_TYPO),
    ),
    (
        "release",
        release(206, "migrate", "release: python manage.py migrat", findings.PROCFILE_TYPO),
    ),
    (
        "release",
        release(
            206,
            "the path of manage.py",
            "release: python shop/manage.py migrate",
            findings.NO_MANAGE_PY_HERE,
        ),
    ),
    (
        "web",
        Mistake(
            33,
            "an address in gunicorn.conf.py",
            findings.FIXED_PORT,
            "gunicorn.conf.py",
            2,
            files={"gunicorn.conf.py": 'workers = 2\nbind = "127.0.0.1:8000"\n'},
        ),
    ),
    (
        "release",
        Mistake(
            203,
            "a field for images without Pillow",
            findings.CHECK,
            REQUIREMENTS,
            6,
            edits=((S, APPS, f'{APPS}    "shop",\n'),),
            files={
                "shop/models.py": UPLOADS.replace("FileField", "ImageField"),
                "shop/migrations/__init__.py": "",
                "shop/migrations/0001_initial.py": MIGRATION.format(
                    "", CREATE_UPLOADS.replace("FileField", "ImageField")
                ),
            },
        ),
    ),
]
