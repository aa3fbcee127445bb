"""System checks of this project: `python manage.py check --deploy` shows them."""

import importlib.util
import os
import runpy

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage
from django.db.models import FileField

from config.environment import BASE_DIR, VARIABLES, current

README = "README.md explains every variable."
STORAGES_SETTING = "https://docs.djangoproject.com/en/stable/ref/settings/#storages"


def on_a_dyno():
    """Return whether this runs on a dyno; Heroku CI counts as a laptop."""
    return "DYNO" in os.environ and "CI" not in os.environ


@register()
def check_usable(app_configs, **kwargs):
    """Report every variable whose value cannot be used."""
    return [
        Error(problem.sentence, hint=f"{problem.command}\n{README}", id="heroku.E001")
        for problem in current().problems
    ]


@register(deploy=True)
def check_complete(app_configs, **kwargs):
    """Report every variable that production needs and nobody has set."""
    return [
        Error(problem.sentence, hint=f"{problem.command}\n{README}", id="heroku.E002")
        for problem in current().missing()
    ]


@register(deploy=True)
def check_dyno(app_configs, **kwargs):
    """Report what is right on a laptop and wrong on a dyno."""
    if not on_a_dyno():
        return []
    found = []
    if settings.DEBUG:
        found.append(
            Error(
                "DEBUG is on, so every visitor who meets an error sees the code and the settings.",
                hint="heroku config:unset DEBUG",
                id="heroku.E004",
            )
        )
    if any("sqlite3" in database["ENGINE"] for database in settings.DATABASES.values()):
        found.append(
            Error(
                "The database is a SQLite file on a disk that is emptied at every restart.",
                hint="heroku addons:create heroku-postgresql:essential-0",
                id="heroku.E005",
            )
        )
    uploads = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField) and isinstance(field.storage, FileSystemStorage)
    ]
    if uploads:
        found.append(
            Error(
                f"What people upload ({', '.join(uploads)}) goes to a disk that is emptied at "
                "every restart.",
                hint=f"Name a bucket or Cloudinary in STORAGES['default']: {STORAGES_SETTING}",
                id="heroku.E007",
            )
        )
    manifest = getattr(staticfiles_storage, "read_manifest", None)
    if manifest and manifest() is None:
        found.append(
            Error(
                "No static files were collected, so every page that names one fails.",
                hint="heroku config:unset DISABLE_COLLECTSTATIC\nThen push again.",
                id="heroku.E014",
            )
        )
    return found


@register()
def check_settings(app_configs, **kwargs):
    """Report settings that Django takes without a word and that do not do what they seem to."""
    found = [
        Error(
            f"{name} is set, and Django has ignored it since 5.1.",
            hint=f"Name the storage in STORAGES: {STORAGES_SETTING}",
            id="heroku.E006",
        )
        for name in ("DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE")
        if hasattr(settings, name)
    ]
    security = "django.middleware.security.SecurityMiddleware"
    whitenoise = "whitenoise.middleware.WhiteNoiseMiddleware"
    pairs = zip(settings.MIDDLEWARE, settings.MIDDLEWARE[1:], strict=False)
    if whitenoise in settings.MIDDLEWARE and (security, whitenoise) not in pairs:
        found.append(
            Error(
                "WhiteNoise does not stand right after SecurityMiddleware in MIDDLEWARE.",
                hint="https://whitenoise.readthedocs.io/en/stable/django.html",
                id="heroku.E008",
            )
        )
    for host in settings.ALLOWED_HOSTS:
        if "/" in host:
            found.append(
                Error(
                    f"{host} in ALLOWED_HOSTS is no host, so requests are answered with 400.",
                    hint="Write it without https:// and without a slash.",
                    id="heroku.E009",
                )
            )
    if importlib.util.find_spec("django_heroku"):
        found.append(
            Error(
                "django-heroku is installed. It was given up in 2022, lets every host in, and sets "
                "a storage that Django ignores.",
                hint="Remove it: these settings do its work.",
                id="heroku.E011",
            )
        )
    if not apps.is_installed("django.contrib.staticfiles"):
        found.append(
            Error(
                "django.contrib.staticfiles is not in INSTALLED_APPS, so Heroku's build fails: it "
                "runs collectstatic.",
                hint="https://docs.djangoproject.com/en/stable/howto/static-files/",
                id="heroku.E013",
            )
        )
    return found


@register(deploy=True)
def check_secret_key(app_configs, **kwargs):
    """Report a secret key that can be guessed, in place of Django's warning security.W009."""
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        # It is empty, which check_complete reports.
        return []
    strong = len(key) >= 50 and len(set(key)) >= 5 and not key.startswith("django-insecure-")
    if strong:
        return []
    command = next(v.command for v in VARIABLES if v.name == "SECRET_KEY")
    return [Error("SECRET_KEY can be guessed.", hint=command, id="heroku.E010")]


@register(deploy=True)
def check_connections(app_configs, **kwargs):
    """Warn that one dyno alone may take all connections of the database.

    Each thread of each process keeps one: conn_max_age in config/environment.py.
    """
    processes = os.environ.get("WEB_CONCURRENCY", "1")
    if not processes.isdecimal() or processes == "1":
        return []
    try:
        threads = runpy.run_path(str(BASE_DIR / "gunicorn.conf.py"))["threads"]
    except ImportError:
        # gunicorn cannot be imported on Windows.
        return []
    allowed = current()["DATABASE_CONNECTIONS"]
    if int(processes) * threads < allowed:
        return []
    return [
        Warning(
            f"{processes} processes of {threads} threads keep {int(processes) * threads} "
            f"connections to the database, and its plan allows {allowed} in all.",
            hint="heroku config:set WEB_CONCURRENCY=2\n"
            "With a larger plan: heroku config:set DATABASE_CONNECTIONS=40",
            id="heroku.W002",
        )
    ]


@register()
def check_whose_database(app_configs, **kwargs):
    """Warn that a process on somebody's own machine would change a database in use."""
    hosts = [str(database.get("HOST", "")) for database in settings.DATABASES.values()]
    if "DYNO" in os.environ or not any(host.endswith(".amazonaws.com") for host in hosts):
        return []
    return [
        Warning(
            "This process uses a database at Amazon, likely your app's own, from a machine that is "
            "no dyno. What it migrates or deletes is gone for your visitors, too.",
            hint="Remove DATABASE_URL from .env: a SQLite file serves while DEBUG is on.",
            id="heroku.W003",
        )
    ]


@register(Tags.database)
def check_database(app_configs, databases, **kwargs):
    """Report that there is no database, in place of Django's sentence about ENGINE."""
    if not databases:
        return []
    return [
        Error(problem.sentence, hint=f"{problem.command}\n{README}", id="heroku.E003")
        for problem in current().missing()
        if problem.name == "DATABASE_URL"
    ]


@register(deploy=True)
def check_mail(app_configs, **kwargs):
    """Warn that nobody receives mail."""
    environment = current()
    if environment["EMAIL_URL"] or any(p.name == "EMAIL_URL" for p in environment.problems):
        return []
    return [
        Warning(
            "Mail is logged and not sent, because EMAIL_URL is not set.",
            hint="heroku config:set EMAIL_URL=smtp://user:password@smtp.example.com:587",
            id="heroku.W001",
        )
    ]
