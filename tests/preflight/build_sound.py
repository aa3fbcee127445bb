"""Write the sound projects of sound_projects.py: each deploys to Heroku as it is."""

import json
import re
from functools import cache

from tests.preflight.foreign_projects import (
    DATABASE,
    PIPFILE,
    PROJECT,
    SECURITY,
    STORAGES,
    WHITENOISE,
    Builder,
    getting_started,
)
from tests.preflight.sound_projects import SOUND
from tests.project.s3 import Service

DJANGO = "Django==5.2.19\n"
GUNICORN = "gunicorn==27.0.1\n"
NOISE = "whitenoise==6.12.0\n"
ENVIRON = "django-environ==0.12.0\n"
POSTGRES = {"addons": ["heroku-postgresql:essential-0"]}
KEY = {"SECRET_KEY": {"generator": "secret"}}
BACKEND = "whitenoise.storage.CompressedManifestStaticFilesStorage"
TLS = """
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
"""
CONSOLE = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
"""
ENV_DB = 'env.db("DATABASE_URL", default="sqlite:///db.sqlite3")'


class Sound:
    """A sound project that is being written: its settings have the usual parts."""

    def __init__(self, b: Builder, name: str) -> None:
        self.b = b
        [self.described] = [project for project in SOUND if project.name == name]

    def make(
        self,
        package: str,
        packages: str,
        database: str = "",
        static: str = BACKEND,
        module: str = "",
        app_json: dict | None = None,
    ) -> str:
        """Run startproject and write what the description says; return the settings file."""
        b = self.b
        settings = b.start(package)
        text = re.sub(
            r"(?m)^SECRET_KEY = .*$",
            'import os\n\nSECRET_KEY = os.environ.get("SECRET_KEY", "")',
            b.read(settings),
        )
        text = text.replace("DEBUG = True", "DEBUG = False")
        text = text.replace("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')
        if static:
            text = text.replace(SECURITY, SECURITY + WHITENOISE)
            text += '\nSTATIC_ROOT = BASE_DIR / "staticfiles"\n' + STORAGES.replace(BACKEND, static)
        else:
            text += '\nSTATIC_ROOT = BASE_DIR / "staticfiles"\n'
        if database:
            start, end = text.index("DATABASES = "), text.index("# Password validation")
            text = text[:start] + database + "\n\n" + text[end:]
        text += TLS + CONSOLE
        if module:
            # One folder deeper.
            depth = module.count(".") - 1
            text = text.replace(
                "resolve().parent.parent", "resolve().parent.parent" + ".parent" * depth
            )
            (b.folder / settings).unlink()
            settings = module.replace(".", "/") + ".py"
            if not (b.folder / settings).parent.joinpath("__init__.py").exists():
                b.put(settings.rpartition("/")[0] + "/__init__.py", "")
        b.put(settings, text)
        b.put("requirements.txt", packages)
        b.put("Procfile", self.described.procfile + "\n")
        b.put("app.json", json.dumps({"env": KEY} | (app_json or {}), indent=2))
        return settings

    def point(self, package: str, old: str, new: str, *files: str) -> None:
        """Name the settings in manage.py, wsgi.py and asgi.py."""
        for name in files or ("manage.py", f"{package}/wsgi.py", f"{package}/asgi.py"):
            self.b.edit(name, old, new)


def url(options: str = "") -> str:
    """Return the settings of a database that dj_database_url reads."""
    return f'import dj_database_url\n\nDATABASES = {{"default": dj_database_url.config({options})}}'


def python_version(b: Builder) -> None:
    """Write .python-version."""
    b.put(".python-version", "3.13\n")


def without_admin(b: Builder, settings: str, urls: str) -> None:
    """Remove the admin, whose pages would use static files."""
    b.edit(settings, '    "django.contrib.admin",\n', "")
    b.put(urls, re.sub(r".*admin.*\n", "", b.read(urls)))


def uv(b: Builder) -> None:
    """Move the requirements to pyproject.toml and lock them with uv."""
    listed = b.read("requirements.txt").split("\n")
    (b.folder / "requirements.txt").unlink()
    lines = "".join(f'    "{line}",\n' for line in listed if line)
    b.put(
        "pyproject.toml",
        '[project]\nname = "site"\nversion = "1"\n'
        f'requires-python = ">=3.10"\ndependencies = [\n{lines}]\n',
    )
    python_version(b)
    b.uv("lock")


def styleguide(b: Builder) -> None:
    s = Sound(b, "styleguide")
    s.make(
        "config",
        DJANGO + GUNICORN + NOISE + ENVIRON + "psycopg2-binary==2.9.13\n",
        f'import environ\n\nenv = environ.Env()\nDATABASES = {{"default": {ENV_DB}}}',
        "whitenoise.storage.CompressedStaticFilesStorage",
        "config.django.base",
    )
    b.put("config/django/production.py", "from .base import *\n")
    s.point(
        "config", "config.settings", "config.django.production", "config/wsgi.py", "config/asgi.py"
    )
    s.point("config", "config.settings", "config.django.base", "manage.py")
    b.put("config/management/__init__.py", "")
    python_version(b)


def cookiecutter(b: Builder) -> None:
    s = Sound(b, "cookiecutter-django")
    env = {"env": KEY | {"DJANGO_SETTINGS_MODULE": {"value": "config.settings.production"}}}
    s.make(
        "config",
        "-r requirements/production.txt\n",
        'import environ\n\nenv = environ.Env()\nDATABASES = {"default": env.db("DATABASE_URL")}',
        module="config.settings.base",
        app_json=env | POSTGRES,
    )
    b.put("config/settings/production.py", "from .base import *\n")
    b.put("config/settings/local.py", "from .base import *\n\nDEBUG = True\n")
    b.put("requirements/base.txt", DJANGO + NOISE + ENVIRON)
    b.put("requirements/production.txt", "-r base.txt\n" + GUNICORN + "psycopg2-binary==2.9.13\n")
    s.point("config", "config.settings", "config.settings.local", "manage.py")
    s.point("config", "config.settings", "config.settings.production", "config/wsgi.py")


def bakerydemo(b: Builder) -> None:
    s = Sound(b, "bakerydemo")
    env = {"env": KEY | {"DJANGO_SETTINGS_MODULE": {"value": "bakerydemo.settings.production"}}}
    # Without it, uWSGI starts again on SIGTERM.
    env["env"]["UWSGI_DIE_ON_TERM"] = {"value": "1"}
    s.make(
        "bakerydemo",
        "-r requirements/production.txt\n",
        url('default="sqlite:///db.sqlite3"'),
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "bakerydemo.settings.base",
        env,
    )
    b.put("bakerydemo/settings/production.py", "from .base import *\n")
    b.put("requirements/production.txt", DJANGO + NOISE + DATABASE + "uwsgi==2.0.31\n")
    s.point("bakerydemo", "bakerydemo.settings", "bakerydemo.settings.production")


def locallibrary(b: Builder) -> None:
    s = Sound(b, "locallibrary")
    s.make(
        "locallibrary", DJANGO + GUNICORN + NOISE + DATABASE, url('default="sqlite:///db.sqlite3"')
    )
    b.put("runtime.txt", "python-3.13\n")


def blog_project(b: Builder) -> None:
    s = Sound(b, "blog-project")
    s.make(
        "blog",
        DJANGO + GUNICORN + NOISE + DATABASE,
        "",
        "whitenoise.storage.CompressedStaticFilesStorage",
    )
    b.append(
        "blog/settings.py",
        '\nif "DYNO" in os.environ:\n    import dj_database_url\n\n'
        '    DATABASES = {"default": dj_database_url.config(ssl_require=True)}\n',
    )


def bootcamp(b: Builder) -> None:
    s = Sound(b, "bootcamp")
    env = {"env": KEY | {"DJANGO_SETTINGS_MODULE": {"value": "config.settings.production"}}}
    s.make(
        "config",
        DJANGO + DATABASE + "daphne==4.2.3\n",
        url("conn_max_age=600"),
        "",
        "config.settings.base",
        env,
    )
    without_admin(b, "config/settings/base.py", "config/urls.py")
    b.put("config/settings/production.py", "from .base import *\n")
    b.put("config/settings/local.py", "from .base import *\n")
    s.point("config", "config.settings", "config.settings.local", "manage.py")
    s.point(
        "config",
        "config.settings",
        "config.settings.production",
        "config/wsgi.py",
        "config/asgi.py",
    )
    b.put("runtime.txt", "python-3.13\n")


def uvicorn(b: Builder) -> None:
    s = Sound(b, "uvicorn")
    s.make(
        "website",
        DJANGO + NOISE + DATABASE + "uvicorn==0.38.0\n",
        url('default="sqlite:///db.sqlite3", conn_max_age=600'),
    )
    b.put("Procfile", s.described.procfile.replace("site.asgi", "website.asgi") + "\n")
    uv(b)


def gunicorn_asgi(b: Builder) -> None:
    s = Sound(b, "gunicorn-asgi")
    s.make(
        "shop",
        DJANGO + GUNICORN + NOISE + "psycopg2-binary==2.9.13\nuvicorn-worker==0.4.0\n-e .\n",
        'from urllib.parse import urlsplit\n\nurl = urlsplit(os.environ.get("DATABASE_URL", ""))\n'
        'DATABASES = {\n    "default": {\n        "ENGINE": "django.db.backends.postgresql",\n'
        '        "NAME": url.path[1:],\n        "USER": url.username,\n'
        '        "PASSWORD": url.password,\n'
        '        "HOST": url.hostname,\n        "PORT": url.port,\n    }\n}',
    )
    (b.folder / "src").mkdir()
    (b.folder / "shop").rename(b.folder / "src/shop")
    b.edit("src/shop/settings.py", "resolve().parent.parent", "resolve().parent.parent.parent")
    b.put(
        "pyproject.toml",
        '[project]\nname = "shop"\nversion = "1"\n\n'
        '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
        '\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
    )
    python_version(b)


def no_database(b: Builder) -> None:
    s = Sound(b, "no-database")
    s.make("shop", DJANGO + GUNICORN + NOISE, "DATABASES = {}")
    text = b.read("shop/settings.py")
    for app in ("admin", "auth", "contenttypes", "sessions", "messages"):
        text = text.replace(f'    "django.contrib.{app}",\n', "")
    text = re.sub(
        r'    "django\.contrib\.(?:sessions|auth|messages)\.middleware\.\w+",\n', "", text
    )
    text = re.sub(r'                "django\.contrib\.(?:auth|messages)\.[\w.]+",\n', "", text)
    text = text.replace("resolve().parent.parent", "resolve().parent").replace("shop.", "")
    b.put("settings.py", text)
    urls = re.sub(r".*admin.*\n", "", b.read("shop/urls.py"))
    b.put("urls.py", urls)
    b.put("wsgi.py", b.read("shop/wsgi.py").replace("shop.settings", "settings"))
    b.edit("manage.py", "shop.settings", "settings")
    for path in (b.folder / "shop").glob("*.py"):
        path.unlink()
    python_version(b)


def waitress(b: Builder) -> None:
    s = Sound(b, "waitress")
    settings = s.make(
        "shop",
        DJANGO + NOISE + ENVIRON + "psycopg2-binary==2.9.13\nwaitress==3.0.2\n",
        f'import environ\n\nenv = environ.Env()\nDATABASES = {{"default": {ENV_DB}}}',
        "whitenoise.storage.CompressedStaticFilesStorage",
    )
    # waitress removes the router's header, so Django does not see that a form came over HTTPS.
    b.append(settings, '\nCSRF_TRUSTED_ORIGINS = ["https://*.herokuapp.com"]\n')
    b.edit(settings, "SECURE_SSL_REDIRECT = True\n", "")
    b.append(settings, "\ntry:\n    from .local_settings import *\nexcept ImportError:\n    pass\n")
    b.append(".gitignore", "local_settings.py\n")


def api(b: Builder) -> None:
    s = Sound(b, "api")
    s.make(
        "api",
        DJANGO + "gunicorn[gevent]==27.0.1\n" + DATABASE,
        url('default="sqlite:///db.sqlite3", conn_max_age=600'),
        "",
        "api.settings.base",
    )
    without_admin(b, "api/settings/base.py", "api/urls.py")
    b.put("api/settings/heroku.py", "from .base import *\n")
    b.edit("api/urls.py", 'path("", ', 'path("v1/", ')
    s.point("api", "api.settings", "api.settings.heroku", "api/wsgi.py")
    s.point("api", "api.settings", "api.settings.base", "manage.py")
    uv(b)


def single_file(b: Builder) -> None:
    s = Sound(b, "single-file")
    b.put(
        "app.py",
        "import os\n\nfrom django.conf import settings\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "from django.http import HttpResponse\n"
        "from django.urls import path\n\nsettings.configure(\n"
        '    SECRET_KEY=os.environ.get("SECRET_KEY", ""),\n    ALLOWED_HOSTS=[".herokuapp.com"],\n'
        "    ROOT_URLCONF=__name__,\n    SECURE_SSL_REDIRECT=True,\n    SECURE_HSTS_SECONDS=3600,\n"
        '    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),\n'
        '    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", '
        '"django.middleware.common.CommonMiddleware"],\n'
        ")\n\n\n"
        'def home(request):\n    return HttpResponse("Hello")\n\n\n'
        'urlpatterns = [path("", home)]\napplication = get_wsgi_application()\n',
    )
    b.put("requirements.txt", DJANGO + GUNICORN)
    b.put("Procfile", s.described.procfile + "\n")
    b.put("app.json", json.dumps({"env": KEY}))
    b.put(".gitignore", ".venv\n.preflight\n")
    uv(b)


def pontoon(b: Builder) -> None:
    s = Sound(b, "pontoon")
    s.make(
        "pontoon",
        DJANGO + GUNICORN + NOISE + DATABASE + "newrelic==11.1.0\n",
        url(),
        module="pontoon.settings.base",
        app_json=POSTGRES,
    )
    s.point("pontoon", "pontoon.settings", "pontoon.settings.base")
    b.put("runtime.txt", "python-3.13\n")


@cache
def storage() -> Service:
    """Return an S3 service on this machine, which a project can reach during a rehearsal."""
    return Service()


def djangogirls(b: Builder) -> None:
    s = Sound(b, "djangogirls")
    bucket = storage().make_bucket(public="static").variables
    # As services other than Amazon's need it.
    calculation = {"AWS_REQUEST_CHECKSUM_CALCULATION": {"value": "when_required"}}
    env = KEY | calculation | {name: {"value": value} for name, value in bucket.items()}
    settings = s.make(
        "djangogirls",
        DJANGO + GUNICORN + DATABASE + "django-storages[s3]==1.14.6\n",
        url(),
        "",
        app_json={"env": env},
    )
    b.edit(
        settings,
        "DEBUG = False\n",
        'DEBUG = os.environ.get("DEBUG", "") == "on"\n'
        'if DEBUG:\n    INTERNAL_IPS = ["127.0.0.1"]\n',
    )
    names = "".join(f'    {name} = os.environ["{name}"]\n' for name in bucket)
    b.append(
        settings,
        f"\nif not DEBUG:\n{names}"
        '    STATIC_URL = f"{AWS_S3_ENDPOINT_URL}/{AWS_STORAGE_BUCKET_NAME}/static/"\n'
        "    STORAGES = {\n"
        '        "default": {"BACKEND": "storages.backends.s3.S3Storage"},\n'
        '        "staticfiles": {\n'
        '            "BACKEND": "storages.backends.s3.S3ManifestStaticStorage",\n'
        '            "OPTIONS": {"location": "static", "querystring_auth": False},\n'
        "        },\n    }\n",
    )
    uv(b)


def login_only(b: Builder) -> None:
    s = Sound(b, "login-only")
    settings = s.make(
        "portal",
        DJANGO + NOISE + DATABASE + "granian==2.6.0\n",
        "import tomllib\n\nimport dj_database_url\n\n"
        'SITE = tomllib.loads((BASE_DIR / "site.toml").read_text())\n'
        'DATABASES = {\n    "default": dj_database_url.config(default="sqlite:///db.sqlite3"),\n'
        '    "reports": dj_database_url.config("REPORTS_URL", default="sqlite:///reports.sqlite3"),\n'
        "}",
    )
    b.append(
        settings,
        '\nTIME_ZONE = SITE["time_zone"]\nSTATIC_HOST = os.environ.get("STATIC_HOST", "")\n'
        'STATIC_URL = STATIC_HOST + "/static/"\n',
    )
    b.put("site.toml", 'time_zone = "UTC"\n')
    b.put("release.sh", "#!/bin/sh\npython manage.py migrate --noinput\n")
    (b.folder / "release.sh").chmod(0o755)
    uv(b)


def pythondotorg(b: Builder) -> None:
    s = Sound(b, "pythondotorg")
    module = {"DJANGO_SETTINGS_MODULE": {"value": "pydotorg.settings.heroku"}}
    buildpacks = [{"url": "heroku-community/nginx"}, {"url": "heroku/python"}]
    s.make(
        "pydotorg",
        "-r prod-requirements.txt\n",
        url('default="sqlite:///db.sqlite3", ssl_require="DYNO" in os.environ'),
        "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        "pydotorg.settings.base",
        POSTGRES | {"env": KEY | module, "buildpacks": buildpacks},
    )
    b.edit("pydotorg/settings/base.py", WHITENOISE, "")
    b.put("pydotorg/settings/heroku.py", "from .base import *\n")
    b.put("base-requirements.txt", DJANGO)
    b.put("prod-requirements.txt", "-r base-requirements.txt\n" + GUNICORN + DATABASE)
    b.put("gunicorn.conf", 'bind = "unix:/tmp/nginx.socket"\n')
    b.put("config/nginx.conf.erb", "daemon off;\n")
    s.point("pydotorg", "pydotorg.settings", "pydotorg.settings.heroku")
    python_version(b)


def react_boilerplate(b: Builder) -> None:
    s = Sound(b, "react-boilerplate")
    s.make(
        "project",
        "",
        "import dj_database_url\nfrom decouple import config\n\nDATABASES = {\n"
        '    "default": config("DATABASE_URL", default="sqlite:///db.sqlite3",'
        " cast=dj_database_url.parse)\n}",
        app_json={"env": KEY},
    )
    (b.folder / "backend").mkdir()
    for name in ("project", "manage.py"):
        (b.folder / name).rename(b.folder / "backend" / name)
    (b.folder / "requirements.txt").unlink()
    b.put(
        "pyproject.toml",
        PROJECT + '\n[tool.poetry.group.site.dependencies]\npython-decouple = "3.8"\n',
    )
    python_version(b)
    b.tool("poetry", "lock")


def project_template(b: Builder) -> None:
    s = Sound(b, "project-template")
    settings = s.make("project_name", "", url())
    text = b.read(settings)
    head, body = text.split("BASE_DIR = ")
    lines = "".join(f"    {line}\n" if line else "\n" for line in f"BASE_DIR = {body}".split("\n"))
    b.put(
        settings,
        f"{head}from configurations import Configuration\n\n\n"
        f"class Production(Configuration):\n{lines.rstrip()}\n",
    )
    chosen = 'os.environ.setdefault("DJANGO_CONFIGURATION", "Production")\n'
    for name, indent in (("manage.py", "    "), ("project_name/wsgi.py", "")):
        b.edit(name, "os.environ.setdefault(", f"{chosen}{indent}os.environ.setdefault(")
    b.edit("manage.py", "django.core.management", "configurations.management")
    b.edit("project_name/wsgi.py", "django.core.wsgi", "configurations.wsgi")
    (b.folder / "requirements.txt").unlink()
    b.put(
        "Pipfile", PIPFILE.replace("[requires]", 'django-configurations = "==2.5.1"\n\n[requires]')
    )
    b.tool("pipenv", "lock")


def maps(b: Builder) -> None:
    s = Sound(b, "maps")
    geo = {"url": "https://github.com/heroku/heroku-geo-buildpack"}
    settings = s.make(
        "maps",
        DJANGO + NOISE + DATABASE + "hypercorn==0.18.0\n",
        url('engine="django.contrib.gis.db.backends.postgis"'),
        app_json=POSTGRES | {"buildpacks": [geo, {"url": "heroku/python"}]},
    )
    b.edit(settings, "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "django.contrib.gis",\n')
    b.append(
        settings,
        '\nGDAL_LIBRARY_PATH = os.environ.get("GDAL_LIBRARY_PATH")\n'
        'GEOS_LIBRARY_PATH = os.environ.get("GEOS_LIBRARY_PATH")\n',
    )
    python_version(b)


BUILDERS = {
    "getting-started": getting_started,
    "cookiecutter-django": cookiecutter,
    "bakerydemo": bakerydemo,
    "styleguide": styleguide,
    "locallibrary": locallibrary,
    "blog-project": blog_project,
    "bootcamp": bootcamp,
    "uvicorn": uvicorn,
    "gunicorn-asgi": gunicorn_asgi,
    "no-database": no_database,
    "waitress": waitress,
    "api": api,
    "single-file": single_file,
    "pontoon": pontoon,
    "djangogirls": djangogirls,
    "login-only": login_only,
    "pythondotorg": pythondotorg,
    "react-boilerplate": react_boilerplate,
    "project-template": project_template,
    "maps": maps,
}
