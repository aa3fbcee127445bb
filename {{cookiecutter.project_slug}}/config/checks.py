"""System checks of this project. `manage.py check --deploy` runs them, and so does each release."""

import os
import runpy

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import FileField

from config.environment import BASE_DIR, VARIABLES, get_environment

# The plan essential-0 of Heroku Postgres. Change this if you have a larger plan.
DATABASE_CONNECTIONS = 20


def is_dyno():
    """Return whether this process runs on a dyno of an app. Heroku CI sets DYNO as well."""
    return "DYNO" in os.environ and "CI" not in os.environ


def require_complete_environment():
    """Raise ImproperlyConfigured with all problems that would break every request.

    Without this, the web process would start, and answer every request with a 500 error.
    """
    errors = [*check_usable(None), *check_complete(None), *check_dyno(None)]
    if errors:
        problems = "".join(f"\n- {error.msg}\n  {error.hint}" for error in errors)
        setup = "" if is_dyno() else "\nOn your own machine, run: python3 preflight.pyz setup"
        raise ImproperlyConfigured(
            f"The site cannot start.{problems}\nREADME.md describes every variable.{setup}"
        )


@register()
def check_usable(app_configs, **kwargs):
    """Report each variable with a value that cannot be used."""
    return [
        Error(message, hint=variable.command, id="heroku.E001")
        for variable, message in get_environment().problems
    ]


@register(deploy=True)
def check_complete(app_configs, **kwargs):
    """Report each variable that production needs and that is not set."""
    return [
        Error(message, hint=variable.command, id="heroku.E002")
        for variable, message in get_environment().missing()
    ]


@register(Tags.database)
def check_database(app_configs, databases, **kwargs):
    """Report a missing DATABASE_URL before `migrate` fails with an error about ENGINE."""
    if not databases:
        return []
    return [
        Error(message, hint=variable.command, id="heroku.E003")
        for variable, message in get_environment().missing()
        if variable.name == "DATABASE_URL"
    ]


@register(deploy=True)
def check_dyno(app_configs, **kwargs):
    """Report settings that are fine on a laptop and wrong on a dyno."""
    if not is_dyno():
        return []
    errors = []
    if settings.DEBUG:
        errors.append(
            Error(
                "DEBUG is on, so error pages show your code and settings to every visitor.",
                hint="heroku config:unset DEBUG",
                id="heroku.E004",
            )
        )
    if any("sqlite3" in database["ENGINE"] for database in settings.DATABASES.values()):
        errors.append(
            Error(
                "The database is a SQLite file. A dyno deletes its files at every restart.",
                hint="heroku addons:create heroku-postgresql:essential-0",
                id="heroku.E005",
            )
        )
    manifest = getattr(staticfiles_storage, "read_manifest", None)
    if manifest and manifest() is None:
        errors.append(
            Error(
                "The build did not collect the static files, so pages that use them fail.",
                hint="heroku config:unset DISABLE_COLLECTSTATIC DEBUG\nThen push a new commit.",
                id="heroku.E014",
            )
        )
    return errors


@register()
def check_settings(app_configs, **kwargs):
    """Report settings that Django silently ignores, or that break the build or every request."""
    errors = [
        Error(
            f"{name} is set, but Django has ignored it since version 5.1.",
            hint="Use STORAGES: https://docs.djangoproject.com/en/stable/ref/settings/#storages",
            id="heroku.E006",
        )
        for name in ("DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE")
        if hasattr(settings, name)
    ]
    security = "django.middleware.security.SecurityMiddleware"
    whitenoise = "whitenoise.middleware.WhiteNoiseMiddleware"
    pairs = zip(settings.MIDDLEWARE, settings.MIDDLEWARE[1:], strict=False)
    if whitenoise in settings.MIDDLEWARE and (security, whitenoise) not in pairs:
        errors.append(
            Error(
                "In MIDDLEWARE, WhiteNoise must come directly after SecurityMiddleware.",
                hint="https://whitenoise.readthedocs.io/en/stable/django.html",
                id="heroku.E008",
            )
        )
    return errors


@register(deploy=True)
def check_secret_key(app_configs, **kwargs):
    """Report a secret key that is easy to guess. This replaces Django's warning security.W009."""
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        # It is empty, which check_complete reports.
        return []
    # Keys that `startproject` writes, and commands that the shell did not run.
    known = key.startswith("django-insecure-") or "$(" in key
    if len(key) >= 50 and len(set(key)) >= 5 and not known:
        return []
    command = next(v.command for v in VARIABLES if v.name == "SECRET_KEY")
    return [Error("SECRET_KEY is easy to guess.", hint=command, id="heroku.E010")]


@register(deploy=True)
def check_connections(app_configs, **kwargs):
    """Warn that one dyno may use all connections of the database: each thread keeps one open."""
    processes = os.environ.get("WEB_CONCURRENCY", "")
    if not processes.isdecimal():
        return []
    try:
        threads = runpy.run_path(str(BASE_DIR / "gunicorn.conf.py"))["threads"]
    except ImportError:
        # gunicorn cannot be imported on Windows.
        return []
    used = int(processes) * threads
    if used < DATABASE_CONNECTIONS:
        return []
    return [
        Warning(
            f"{processes} processes with {threads} threads each use {used} connections, and the "
            f"database allows {DATABASE_CONNECTIONS}.",
            hint="heroku config:set WEB_CONCURRENCY=2\n"
            "With a larger plan, change DATABASE_CONNECTIONS in config/checks.py.",
            id="heroku.W002",
        )
    ]


@register()
def check_production_database(app_configs, **kwargs):
    """Warn that a command on your own machine would change the live database."""
    hosts = [str(database.get("HOST", "")) for database in settings.DATABASES.values()]
    if "DYNO" in os.environ or not any(host.endswith(".amazonaws.com") for host in hosts):
        return []
    return [
        Warning(
            "This process is connected to a database on AWS, probably your live one, from outside "
            "Heroku. Anything it changes, it changes for your visitors.",
            hint="Remove DATABASE_URL from .env. With DEBUG on, Django then uses a SQLite file.",
            id="heroku.W003",
        )
    ]


@register(deploy=True)
def check_email(app_configs, **kwargs):
    """Warn that the site does not send email, or that mail servers will reject it."""
    if any(variable.name == "EMAIL_URL" for variable, _ in get_environment().problems):
        return []
    if not get_environment()["EMAIL_URL"]:
        return [
            Warning(
                "The site does not send email, because EMAIL_URL is not set.",
                hint="heroku config:set EMAIL_URL=smtp://user:password@smtp.example.com:587",
                id="heroku.W001",
            )
        ]
    if settings.DEFAULT_FROM_EMAIL == "webmaster@localhost":
        return [
            Warning(
                "Email comes from webmaster@localhost, which most mail servers reject.",
                hint="heroku config:set DEFAULT_FROM_EMAIL=hello@example.com\n"
                "Use an address that your mail server may send from.",
                id="heroku.W020",
            )
        ]
    return []
{% if cookiecutter.accounts == 'allauth' %}


@register(deploy=True)
def check_sign_up(app_configs, **kwargs):
    """Warn that email addresses are not verified, or that a variable for Google is missing."""
    warnings = []
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        warnings.append(
            Warning(
                "Users can sign up with any email address, because the site cannot send email.",
                hint="Set EMAIL_URL. Users then have to confirm their address first.",
                id="heroku.W021",
            )
        )
    names = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    unset = [name for name in names if not get_environment()[name]]
    if len(unset) == 1:
        warnings.append(
            Warning(
                f"Users cannot log in with Google, because {unset[0]} is not set.",
                hint=f"heroku config:set {unset[0]}=...",
                id="heroku.W022",
            )
        )
    return warnings
{% endif %}


def find_local_files():
    """Return the model fields whose files are stored on the disk of this machine."""
    fields = []
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if not isinstance(field, FileField):
                continue
            if field.storage is default_storage:
                # Do not create the storage, which may need variables that are not set.
                local = settings.STORAGES["default"]["BACKEND"].endswith(".FileSystemStorage")
            else:
                local = isinstance(field.storage, FileSystemStorage)
            if local:
                fields.append(field)
    return fields


def describe_local_files(message_class, id):
    """Return a check message for each field in find_local_files()."""
    return [
        message_class(
            f"{field} stores its files on the disk of this machine. A dyno deletes its files at "
            "every restart, at least once a day, so uploads would disappear.",
            hint='Add a storage for uploads: see "Uploads" in README.md.',
            obj=field.model,
            id=id,
        )
        for field in find_local_files()
    ]


@register(deploy=True)
def check_uploads(app_configs, **kwargs):
    """Report uploads that would disappear."""
    return describe_local_files(Error, "heroku.E030") if is_dyno() else []
{% if cookiecutter.storage == 'whitenoise' %}


@register()
def check_uploads_early(app_configs, **kwargs):
    """Warn about uploads that would disappear, while you are still developing."""
    return describe_local_files(Warning, "heroku.W030") if settings.DEBUG else []
{% elif cookiecutter.storage == 's3' %}


@register()
def check_bucket(app_configs, **kwargs):
    """Report missing variables of a bucket in development. In production, E002 does."""
    environment = get_environment()
    if not settings.DEBUG or not environment["AWS_STORAGE_BUCKET_NAME"]:
        return []
    names = ("AWS_S3_REGION_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return [
        Error(
            f"AWS_STORAGE_BUCKET_NAME is set, but {name} is not.",
            hint=f"Add {name} to .env, or remove AWS_STORAGE_BUCKET_NAME from it. Uploads then go "
            "to the folder media/.",
            id="heroku.E031",
        )
        for name in names
        if not environment[name]
    ]
{% endif %}
