"""System checks of this project: `python manage.py check --deploy` shows them."""

import os

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import FileField

from config.environment import current

README = "README.md explains every variable."


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
    """Report what is right on a laptop and wrong on a dyno; Heroku CI counts as a laptop."""
    if "DYNO" not in os.environ or "CI" in os.environ:
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
    return found


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
    return [] if settings.DEBUG else describe_local_files(Error, "heroku.E030")
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
