"""Projects that this template did not make, as people push them for the first time."""

import json
import re
import sys
from pathlib import Path

from preflight import processes
from tests.helpers import caller_environment, python_of, run

UTF8 = {"encoding": "utf-8"}
DATABASE = "dj-database-url==3.1.2\npsycopg2-binary==2.9.13\n"
REQUIREMENTS = "Django==5.2.19\ngunicorn==27.0.1\n"
SECURITY = '    "django.middleware.security.SecurityMiddleware",\n'
WHITENOISE = '    "whitenoise.middleware.WhiteNoiseMiddleware",\n'
STORAGES = """
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""
PAGE = """
from django.http import HttpResponse

urlpatterns += [path("", lambda request: HttpResponse("<h1>Hello</h1>"))]
"""


class Builder:
    """A project that is being written, file by file."""

    def __init__(self, folder: Path, proved: Path) -> None:
        self.folder = folder
        self.proved = proved
        self.env = caller_environment(folder.parent / "home")
        folder.mkdir()

    def write(self, **files: str) -> None:
        """Write files whose names are given with __ for a slash and _ for a dot."""
        for name, text in files.items():
            self.put(name.replace("__", "/").replace("_", "."), text)

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, **UTF8)

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.folder / name).read_text(**UTF8)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file that contains it."""
        text = self.read(name)
        assert old in text, (name, old)
        self.put(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add a text to the end of a file."""
        self.put(name, self.read(name) + text)

    def django(self, *arguments: str) -> None:
        """Run a command of django-admin, or of manage.py if there is one."""
        python = python_of(self.proved)
        manage = (self.folder / "manage.py").exists()
        command = ["manage.py"] if manage else ["-m", "django"]
        ended = run([python, *command, *arguments], self.folder, self.env)
        assert ended.status == 0, ended.output

    def tool(self, *arguments: str) -> None:
        """Run a tool of another package manager."""
        self.uv("tool", "run", *arguments)

    def uv(self, *arguments: str) -> None:
        """Run uv, which reaches the package index as a rehearsal does."""
        env = self.env | processes.installer_environment() | {"UV_PYTHON": sys.executable}
        ended = run([sys.executable, "-m", "uv", *arguments], self.folder, env)
        assert ended.status == 0, ended.output

    def start(self, package: str, page: bool = True) -> str:
        """Run startproject; return the name of the settings file."""
        self.django("startproject", package, ".")
        settings = f"{package}/settings.py"
        self.put(settings, self.read(settings).replace("'", '"'))
        if page:
            self.append(f"{package}/urls.py", PAGE)
        self.put(".gitignore", "*.sqlite3\n__pycache__/\n.env\n.venv\n.preflight\n")
        return settings

    def production(self, settings: str, key: bool = True) -> None:
        """Write the settings of a live site into the settings of startproject."""
        text = self.read(settings)
        if key:
            text = re.sub(
                r"(?m)^SECRET_KEY = .*$",
                'import os\n\nSECRET_KEY = os.environ.get("SECRET_KEY", "")',
                text,
            )
            self.put("app.json", json.dumps({"env": {"SECRET_KEY": {"generator": "secret"}}}))
        text = text.replace("DEBUG = True", "DEBUG = False")
        text = text.replace("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')
        text = text.replace(SECURITY, SECURITY + WHITENOISE)
        text += '\nSTATIC_ROOT = BASE_DIR / "staticfiles"\n' + STORAGES
        self.put(settings, text)

    def database(self, settings: str, options: str = "") -> None:
        """Read the database from DATABASE_URL."""
        self.append(
            settings,
            "\nimport dj_database_url\n\n"
            f'DATABASES = {{"default": dj_database_url.config({options})}}\n',
        )

    def commit(self) -> Path:
        """Commit everything; return the folder."""
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Start"]):
            ended = run(["git", *command], self.folder, self.env)
            assert ended.status == 0, ended.output
        return self.folder


def getting_started(b: Builder) -> None:
    """heroku/python-getting-started: no database at first, WhiteNoise, a committed .env."""
    settings = b.start("gettingstarted")
    text = re.sub(
        r"(?m)^SECRET_KEY = .*$",
        "import os\nimport secrets\n\nimport dj_database_url\n\n"
        "SECRET_KEY = os.environ.get(\n"
        '    "DJANGO_SECRET_KEY",\n'
        "    default=secrets.token_urlsafe(nbytes=64),\n"
        ")\n"
        'IS_HEROKU_APP = "DYNO" in os.environ and "CI" not in os.environ',
        b.read(settings),
    )
    text = text.replace("DEBUG = True", "if not IS_HEROKU_APP:\n    DEBUG = True")
    text = text.replace(
        "ALLOWED_HOSTS = []",
        'ALLOWED_HOSTS = ["*"] if IS_HEROKU_APP else [".localhost", "127.0.0.1", "[::1]"]\n'
        "SECURE_SSL_REDIRECT = IS_HEROKU_APP",
    )
    start = text.index("DATABASES = ")
    end = text.index("# Password validation")
    text = (
        text[:start] + "if IS_HEROKU_APP:\n    DATABASES = {\n"
        '        "default": dj_database_url.config(\n'
        '            env="DATABASE_URL",\n            conn_max_age=600,\n'
        "            conn_health_checks=True,\n            ssl_require=True,\n        ),\n    }\n"
        "else:\n    DATABASES = {\n"
        '        "default": {\n            "ENGINE": "django.db.backends.sqlite3",\n'
        '            "NAME": BASE_DIR / "db.sqlite3",\n        }\n    }\n\n' + text[end:]
    )
    text = text.replace(SECURITY, SECURITY + WHITENOISE)
    text = text.replace(
        '    "django.contrib.staticfiles",\n',
        '    "whitenoise.runserver_nostatic",\n    "django.contrib.staticfiles",\n',
    )
    text += '\nSTATIC_ROOT = BASE_DIR / "staticfiles"\n' + STORAGES
    text += "\nWHITENOISE_KEEP_ONLY_HASHED_FILES = True\n"
    b.put(settings, text)
    b.put("requirements.txt", REQUIREMENTS + "dj-database-url==3.1.2\nwhitenoise==6.12.0\n")
    b.put("Procfile", "web: gunicorn --config gunicorn.conf.py gettingstarted.wsgi\n")
    b.put("Procfile.windows", "web: python manage.py runserver 0.0.0.0:5006\n")
    b.put("gunicorn.conf.py", "import os\n\nworkers = int(os.environ.get('WEB_CONCURRENCY', 2))\n")
    b.put(".python-version", "3.13\n")
    b.put(".env", "DJANGO_DEBUG=True\n")
    b.put(".gitignore", "*.sqlite3\n__pycache__/\n.venv\n.preflight\nstaticfiles/\n")


def bare(b: Builder) -> None:
    """django-admin startproject, with requirements and a Procfile."""
    b.start("mysite", page=False)
    b.put("requirements.txt", REQUIREMENTS)
    b.put("Procfile", "web: gunicorn mysite.wsgi\n")


def checklist(b: Builder) -> None:
    """Django's deployment checklist, followed to the letter; static files were forgotten."""
    settings = b.start("shop")
    text = re.sub(
        r"(?m)^SECRET_KEY = .*$",
        'import os\n\nSECRET_KEY = os.environ["SECRET_KEY"]',
        b.read(settings),
    )
    text = text.replace("DEBUG = True", "DEBUG = False")
    text = text.replace("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = ["shop.example.com"]')
    text += (
        "\nSECURE_SSL_REDIRECT = True\nCSRF_COOKIE_SECURE = True\nSESSION_COOKIE_SECURE = True\n"
    )
    b.put(settings, text + 'STATIC_ROOT = BASE_DIR / "static_root"\n')
    b.put("requirements.txt", REQUIREMENTS)
    b.put("Procfile", "web: gunicorn shop.wsgi\n")


def course(b: Builder) -> None:
    """The recipe of a course: env.py, a DATABASE_URL that is parsed, Cloudinary."""
    settings = b.start("blogproject")
    text = re.sub(
        r"(?m)^SECRET_KEY = .*$",
        'import os\nimport dj_database_url\nif os.path.isfile("env.py"):\n    import env\n\n'
        'SECRET_KEY = os.environ.get("SECRET_KEY")',
        b.read(settings),
    )
    text = text.replace("DEBUG = True", "DEBUG = False")
    text = text.replace("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')
    text = text.replace(
        '    "django.contrib.staticfiles",\n',
        '    "cloudinary_storage",\n    "django.contrib.staticfiles",\n    "cloudinary",\n',
    )
    text += (
        '\nDATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL"))}\n'
        'STATICFILES_STORAGE = "cloudinary_storage.storage.StaticHashedCloudinaryStorage"\n'
        'DEFAULT_FILE_STORAGE = "cloudinary_storage.storage.MediaCloudinaryStorage"\n'
        'STATIC_ROOT = BASE_DIR / "staticfiles"\n'
    )
    b.put(settings, text)
    b.put(
        "requirements.txt",
        REQUIREMENTS + DATABASE + "dj3-cloudinary-storage==0.0.6\ncloudinary==1.46.3\n",
    )
    b.put("Procfile", "web: gunicorn blogproject.wsgi\n")
    variables = {"SECRET_KEY": {"generator": "secret"}, "CLOUDINARY_URL": {}}
    b.put("app.json", json.dumps({"env": variables}))


def django_girls(b: Builder) -> None:
    """The blog of the tutorial, with its extension for Heroku."""
    settings = b.start("mysite", page=False)
    b.django("startapp", "blog")
    b.put(
        "blog/models.py",
        "from django.conf import settings\nfrom django.db import models\n\n\n"
        "class Post(models.Model):\n"
        "    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)\n"
        "    title = models.CharField(max_length=200)\n    text = models.TextField()\n",
    )
    b.put(
        "blog/views.py",
        "from django.shortcuts import render\n\nfrom .models import Post\n\n\n"
        "def post_list(request):\n"
        '    return render(request, "blog/post_list.html", {"posts": Post.objects.all()})\n',
    )
    b.put(
        "blog/templates/blog/post_list.html",
        '{% load static %}<link rel="stylesheet" href="{% static \'css/blog.css\' %}">\n'
        "{% for post in posts %}<h2>{{ post.title }}</h2>{% endfor %}\n",
    )
    b.put("blog/static/css/blog.css", "h1 { color: #C25100; }\n")
    b.append(
        "mysite/urls.py",
        '\nfrom blog import views\n\nurlpatterns += [path("", views.post_list)]\n',
    )
    b.edit(settings, "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "blog",\n')
    b.edit(settings, "ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = ["127.0.0.1", ".pythonanywhere.com"]')
    b.append(settings, '\nSTATIC_ROOT = BASE_DIR / "static"\n')
    b.django("makemigrations", "blog")
    b.put("requirements.txt", REQUIREMENTS + DATABASE + "whitenoise==6.12.0\n")
    b.put("Procfile", "web: gunicorn mysite.wsgi --log-file -\n")
    b.put("runtime.txt", "python-3.13\n")


def settings_package(b: Builder) -> None:
    """Settings for development and production, of which manage.py names the wrong one."""
    settings = b.start("shop")
    b.production(settings)
    base = b.read(settings).replace(
        "BASE_DIR = Path(__file__).resolve().parent.parent",
        "BASE_DIR = Path(__file__).resolve().parent.parent.parent",
    )
    base = base.replace("DEBUG = False\n", "").replace('ALLOWED_HOSTS = [".herokuapp.com"]\n', "")
    (b.folder / settings).unlink()
    b.put("shop/settings/__init__.py", "")
    b.put("shop/settings/base.py", base)
    b.put("shop/settings/dev.py", "from .base import *\n\nDEBUG = True\nALLOWED_HOSTS = []\n")
    b.put(
        "shop/settings/production.py",
        "from .base import *\n\nimport dj_database_url\n\nDEBUG = False\n"
        'ALLOWED_HOSTS = [".herokuapp.com"]\n'
        'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}\n',
    )
    b.edit("manage.py", "shop.settings", "shop.settings.dev")
    b.edit("shop/wsgi.py", "shop.settings", "shop.settings.production")
    b.put("requirements.txt", REQUIREMENTS + DATABASE + "whitenoise==6.12.0\n")
    b.put("Procfile", "release: python manage.py migrate\nweb: gunicorn shop.wsgi:application\n")


def live(b: Builder, package: str, server: str, more: str = "") -> None:
    """A site with the usual settings, and another server."""
    settings = b.start(package)
    b.production(settings)
    b.database(settings, 'default="sqlite:///db.sqlite3", conn_max_age=600')
    b.put(
        "requirements.txt",
        f"Django==5.2.19\n{DATABASE}whitenoise==6.12.0\n{more}",
    )
    b.put("Procfile", f"release: python manage.py migrate\nweb: {server}\n")
    b.put(".python-version", "3.13\n")


def daphne(b: Builder) -> None:
    """Started with daphne, without a port."""
    live(b, "chat", "daphne chat.asgi:application", "daphne==4.2.3\n")


def uvicorn_worker(b: Builder) -> None:
    """gunicorn with a worker of uvicorn."""
    live(
        b,
        "api",
        "gunicorn api.asgi:application -k uvicorn_worker.UvicornWorker",
        "gunicorn==27.0.1\nuvicorn-worker==0.4.0\n",
    )


def cookiecutter_django(b: Builder) -> None:
    """config/settings with django-environ, requirements/ with several files."""
    settings = b.start("config")
    b.production(settings, key=False)
    text = b.read(settings).replace(
        "BASE_DIR = Path(__file__).resolve().parent.parent",
        "import environ\n\nBASE_DIR = Path(__file__).resolve().parent.parent.parent\n"
        "env = environ.Env()",
    )
    text = re.sub(r"(?m)^SECRET_KEY = .*\n|^DEBUG = .*\n|^ALLOWED_HOSTS = .*\n", "", text)
    start, end = text.index("DATABASES = "), text.index("# Password validation")
    text = text[:start] + 'DATABASES = {"default": env.db("DATABASE_URL")}\n\n' + text[end:]
    (b.folder / settings).unlink()
    b.put("config/settings/__init__.py", "")
    b.put("config/settings/base.py", text)
    b.put(
        "config/settings/local.py",
        'from .base import *\n\nDEBUG = True\nSECRET_KEY = "local"\nALLOWED_HOSTS = ["*"]\n',
    )
    b.put(
        "config/settings/production.py",
        "from .base import *\n\nDEBUG = False\n"
        'SECRET_KEY = env("DJANGO_SECRET_KEY")\n'
        'ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[".herokuapp.com"])\n'
        "SECURE_SSL_REDIRECT = True\n"
        'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
        "SECURE_HSTS_SECONDS = 60\nSESSION_COOKIE_SECURE = True\nCSRF_COOKIE_SECURE = True\n"
        'ADMIN_URL = env("DJANGO_ADMIN_URL")\n',
    )
    b.edit("manage.py", "config.settings", "config.settings.local")
    b.edit("config/wsgi.py", "config.settings", "config.settings.production")
    b.put("requirements/base.txt", "Django==5.2.19\ndjango-environ==0.12.0\nwhitenoise==6.12.0\n")
    b.put(
        "requirements/production.txt",
        "-r base.txt\ngunicorn==27.0.1\npsycopg2-binary==2.9.13\n",
    )
    b.put("requirements.txt", "-r requirements/production.txt\n")
    b.put(
        "Procfile",
        "release: python manage.py migrate\nweb: gunicorn config.wsgi:application\n",
    )
    b.put(".python-version", "3.13\n")


PROJECT = """\
[tool.poetry]
name = "shop"
version = "0.1.0"
description = ""
authors = []
package-mode = false

[tool.poetry.dependencies]
python = ">=3.10,<4"
Django = "5.2.19"
gunicorn = "27.0.1"
dj-database-url = "3.1.2"
psycopg2-binary = "2.9.13"
whitenoise = "6.12.0"

# The simple form of the index, which mirrors have, too.
[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
"""
PIPFILE = """\
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"

[packages]
django = "==5.2.19"
gunicorn = "==27.0.1"
dj-database-url = "==3.1.2"
psycopg2-binary = "==2.9.13"
whitenoise = "==6.12.0"

[requires]
python_version = "3.13"
"""


def poetry(b: Builder) -> None:
    """Locked with Poetry."""
    live(b, "shop", "gunicorn shop.wsgi")
    (b.folder / "requirements.txt").unlink()
    b.put("pyproject.toml", PROJECT)
    b.tool("poetry", "lock")


def pipenv(b: Builder) -> None:
    """Locked with Pipenv."""
    live(b, "shop", "gunicorn shop.wsgi")
    (b.folder / "requirements.txt").unlink()
    b.put("Pipfile", PIPFILE)
    b.tool("pipenv", "lock")


FOREIGN = {
    "python-getting-started": getting_started,
    "startproject": bare,
    "the deployment checklist": checklist,
    "the recipe of a course": course,
    "Django Girls": django_girls,
    "a settings package": settings_package,
    "Pipenv": pipenv,
    "Poetry": poetry,
    "daphne": daphne,
    "a uvicorn worker": uvicorn_worker,
    "cookiecutter-django": cookiecutter_django,
}
