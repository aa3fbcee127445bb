"""System checks of this project: `python manage.py check --deploy` shows them."""

import importlib.util
import os
import runpy

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, default_storage
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
    # A command that a shell has not run is a key that stands in a README.
    known = key.startswith("django-insecure-") or "$(" in key
    strong = len(key) >= 50 and len(set(key)) >= 5 and not known
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
    """Warn that nobody receives mail, or that what they receive looks forged."""
    environment = current()
    if any(problem.name == "EMAIL_URL" for problem in environment.problems):
        return []
    if not environment.mail_server():
        return [
            Warning(
                "Mail is logged and not sent, because EMAIL_URL is not set.",
                hint="heroku config:set EMAIL_URL=smtp://user:password@smtp.example.com:587\n"
                "or an add-on: heroku addons:create mailgun:starter",
                id="heroku.W001",
            )
        ]
    if settings.DEFAULT_FROM_EMAIL == "webmaster@localhost":
        return [
            Warning(
                "Mail comes from webmaster@localhost, which most mail servers throw away.",
                hint="heroku config:set DEFAULT_FROM_EMAIL=hello@example.com\n"
                "with an address that your mail server may send from.",
                id="heroku.W020",
            )
        ]
    return []
{% if cookiecutter.accounts == 'allauth' %}


@register(deploy=True)
def check_sign_up(app_configs, **kwargs):
    """Warn that addresses are not proved, and that Google's button misses one of its two halves."""
    found = []
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        found.append(
            Warning(
                "People sign up with any e-mail address, because this site sends no mail to it.",
                hint="With a mail server, they have to prove the address first.",
                id="heroku.W021",
            )
        )
    names = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    unset = [name for name in names if not current()[name]]
    if len(unset) == 1:
        found.append(
            Warning(
                f"Nobody can sign in with Google, because {unset[0]} is not set.",
                hint=f"heroku config:set {unset[0]}=...\n{README}",
                id="heroku.W022",
            )
        )
    return found
{% endif %}


def find_local_files():
    """Return the fields of all models whose files are kept on the disk of this machine."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if not isinstance(field, FileField):
                continue
            if field.storage is default_storage:
                # Not looked at itself: a storage without its variables cannot even be made.
                local = settings.STORAGES["default"]["BACKEND"].endswith(".FileSystemStorage")
            else:
                local = isinstance(field.storage, FileSystemStorage)
            if local:
                found.append(field)
    return found


def describe_local_files(message_class, identity):
    """Return a message for each field whose files are kept on the disk of this machine."""
    return [
        message_class(
            f"{field} keeps its files on the disk of this machine. On a dyno that disk is emptied "
            "at every restart, at least once a day, and the uploads vanish.",
            hint='README.md says under "Uploads" how to give them a storage that lasts.',
            obj=field.model,
            id=identity,
        )
        for field in find_local_files()
    ]


@register(deploy=True)
def check_uploads(app_configs, **kwargs):
    """Report uploads that would vanish."""
    return describe_local_files(Error, "heroku.E030") if on_a_dyno() else []
{% if cookiecutter.storage == 'whitenoise' %}


@register()
def check_uploads_early(app_configs, **kwargs):
    """Warn of uploads that would vanish while they are still being programmed."""
    return describe_local_files(Warning, "heroku.W030") if settings.DEBUG else []
{% elif cookiecutter.storage == 's3' %}


@register()
def check_bucket(app_configs, **kwargs):
    """Report a bucket in development whose other variables are missing."""
    environment = current()
    if not settings.DEBUG or not environment["AWS_STORAGE_BUCKET_NAME"]:
        return []
    names = ("AWS_S3_REGION_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return [
        Error(
            f"AWS_STORAGE_BUCKET_NAME is set and {name} is not.",
            hint=f"Add {name} to .env, or empty AWS_STORAGE_BUCKET_NAME there: uploads then go to "
            "the folder media/.",
            id="heroku.E031",
        )
        for name in names
        if not environment[name]
    ]
{% endif %}
