"""Every environment variable of this project, declared once.

The settings read their values here. `.env.example`, the table in README.md and `app.json`
repeat the declarations for people and for Heroku; `tests/test_environment.py` fails when one of
them says something else.

Reading never raises: a value that cannot be used is put aside as a `Problem`, so that a build
still collects its static files, and the release phase and the web process report all problems at
once instead of one a deploy.
"""

import codecs
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
{% if cookiecutter.storage == 'cloudinary' %}
from urllib.parse import parse_qsl, unquote, urlsplit
{% else %}
from urllib.parse import unquote, urlsplit
{% endif %}

import dj_database_url
from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent


def text(value: str) -> str:
    """Return the value as it is."""
    return value


def boolean(value: str) -> bool:
    """Return True or False; anything that is neither raises, since "False" is a true string."""
    word = value.lower()
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"false", "0", "no", "off"}:
        return False
    raise ValueError("has to be true or false.")


def number(value: str) -> int:
    """Return a whole number, 0 or more."""
    if not re.fullmatch(r"[0-9]+", value):
        raise ValueError("has to be a whole number, such as 20.")
    return int(value)


def words(value: str) -> list[str]:
    """Return the parts of a comma-separated list, without blanks."""
    return [part.strip() for part in value.split(",") if part.strip()]


def hosts(value: str) -> list[str]:
    """Return host names; of a pasted address such as https://host/ only the host is kept."""
    found = [re.sub(r"(?i)^https?://", "", host).split("/")[0].lower() for host in words(value)]
    found = [re.sub(r":[0-9]+$", "", host) for host in found]
    form = r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]"
    if not all(re.fullmatch(form, host) for host in found):
        raise ValueError(
            "has to hold host names, such as www.example.com, or .example.com for it and its "
            "subdomains."
        )
    return found


def origins(value: str) -> list[str]:
    """Return origins, scheme and host, as Django's CSRF_TRUSTED_ORIGINS wants them."""
    found = [origin.rstrip("/") for origin in words(value)]
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in found):
        raise ValueError("has to hold origins with their scheme, such as https://www.example.com.")
    return found


def url_path(value: str) -> str:
    """Return a path below the site's root in the form that Django's path() wants: "admin/"."""
    path = value.strip("/")
    if not re.fullmatch(r"[\w-]+(/[\w-]+)*", path):
        raise ValueError("has to be a path of letters, digits, - and _, such as admin.")
    return path + "/"


def database_url(value: str) -> dict[str, Any]:
    """Return Django's settings for the database of a URL, connections kept for 10 minutes.

    Heroku's own sample keeps connections as long and checks them before use:
    https://github.com/heroku/python-getting-started/blob/main/gettingstarted/settings.py
    """
    refuse_quotes_and_name(value, "DATABASE_URL", "postgres://user:password@host:5432/name")
    if "://" not in value:
        raise ValueError(
            "has no scheme. It has the form postgres://user:password@host:5432/name; "
            "Heroku Postgres sets it for you."
        )
    try:
        database = dj_database_url.parse(value, conn_max_age=600, conn_health_checks=True)
    except dj_database_url.UnknownSchemeError:
        raise ValueError(
            "starts with a scheme that names no database of Django: postgres:// and sqlite:/// do."
        ) from None
    except ValueError:
        raise ValueError(
            "cannot be taken apart. A password with characters such as # / ? @ has to be "
            "percent-encoded: https://docs.python.org/3/library/urllib.parse.html#url-quoting"
        ) from None
    if not database["NAME"]:
        raise ValueError("names no database: the part after the last / is empty.")
    return database


def refuse_quotes_and_name(value: str, name: str, form: str) -> None:
    """Raise for the two slips of pasting: quotation marks, and the name before the value."""
    if value[0] in "\"'" or value[-1] in "\"'":
        raise ValueError(f"stands in quotation marks. Set it without them: {form}")
    if value.startswith(f"{name}="):
        raise ValueError(f"starts with its own name. Set it without {name}=, as {form}")


def email_url(value: str) -> dict[str, Any]:
    """Return host, port, user, password and encryption of smtp:// (STARTTLS) or smtps:// (TLS)."""
    refuse_quotes_and_name(value, "EMAIL_URL", "smtp://user:password@host:587")
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise ValueError(
            "cannot be taken apart. Percent-encode characters such as # / ? @ in the password."
        ) from None
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise ValueError("has to look like smtp://user:password@host:587")
    implicit_tls = url.scheme == "smtps"
    return {
        "host": url.hostname,
        "port": port or (465 if implicit_tls else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_tls": not implicit_tls,
        "use_ssl": implicit_tls,
        "timeout": 10,
    }


def port_number(value: str) -> int:
    """Return the number of a port."""
    if not re.fullmatch(r"[0-9]{1,5}", value) or not 0 < int(value) < 65536:
        raise ValueError("has to be the number of a port, such as 587.")
    return int(value)
{% if cookiecutter.storage == 's3' %}


def bucket_name(value: str) -> str:
    """Return the name of a bucket; an address or an ARN of one is none.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", value):
        raise ValueError(
            "has to be the name of the bucket alone, such as my-bucket: 3 to 63 of a-z, 0-9 and -. "
            "A dot in it would break TLS."
        )
    return value


def service_url(value: str) -> str:
    """Return the address of a service, scheme and host, without the bucket."""
    address = value.rstrip("/")
    if not re.fullmatch(r"https?://[^/\s@?#]+", address):
        raise ValueError(
            "has to be the address of the service, such as https://fra1.digitaloceanspaces.com, "
            "without the bucket."
        )
    return address


def domain(value: str) -> str:
    """Return one host name; of a pasted address such as https://host/ only the host is kept."""
    found = hosts(value)
    if len(found) != 1 or found[0][0] in ".*":
        raise ValueError("has to be one host name, such as files.example.com.")
    return found[0]


def static_storage(value: str) -> str:
    """Return the storage of the static files: "whitenoise" or "s3"."""
    if value.lower() not in {"whitenoise", "s3"}:
        raise ValueError("has to be whitenoise or s3.")
    return value.lower()
{% endif %}
{% if cookiecutter.storage == 'cloudinary' %}


def static_storage(value: str) -> str:
    """Return the storage of the static files: "whitenoise" or "cloudinary"."""
    if value.lower() not in {"whitenoise", "cloudinary"}:
        raise ValueError("has to be whitenoise or cloudinary.")
    return value.lower()


def cloudinary_url(value: str) -> dict[str, Any]:
    """Return the settings of Cloudinary's library that cloudinary://key:secret@cloud holds.

    The dashboard shows the URL with CLOUDINARY_URL= in front, and with placeholders until the
    key is revealed. The library takes both and fails at the first upload.
    """
    refuse_quotes_and_name(value, "CLOUDINARY_URL", "cloudinary://key:secret@cloud")
    try:
        url = urlsplit(value)
    except ValueError:
        raise ValueError(
            "cannot be taken apart. It has the form cloudinary://key:secret@cloud"
        ) from None
    if url.scheme != "cloudinary":
        raise ValueError(
            "does not start with cloudinary://. It has the form cloudinary://key:secret@cloud"
        )
    cloud = unquote(url.netloc.rpartition("@")[2])
    if re.search(r"[<>*\s]|your_", unquote(value)) or not (url.username and url.password and cloud):
        raise ValueError(
            "is not complete: it needs the key, the secret and the cloud name of your dashboard, "
            "as cloudinary://key:secret@cloud"
        )
    if os.environ.get("CLOUDINARY_CLOUD_NAME"):
        raise ValueError(
            "is ignored by Cloudinary's library while CLOUDINARY_CLOUD_NAME is set too. "
            "Remove that one: heroku config:unset CLOUDINARY_CLOUD_NAME"
        )
    account = dict(parse_qsl(url.query))
    if url.path.strip("/"):
        # A host name after the cloud's is an address of your own for the files.
        account |= {"private_cdn": True, "secure_distribution": url.path.strip("/")}
    # Links are http unless asked for otherwise, and a browser blocks those on an https page.
    return account | {
        "cloud_name": cloud,
        "api_key": url.username,
        "api_secret": unquote(url.password),
        "secure": True,
    }
{% endif %}


@dataclass(frozen=True)
class Variable:
    """One environment variable.

    `help` says in one sentence what it does. `default` stands in for it when it is unset or
    empty; `development` does instead while DEBUG is on. `required` says that production does not
    start without it, and `command` what sets it on Heroku.
{% if cookiecutter.storage == 's3' %}
    `also` is the name under which an add-on sets it; its own name wins.
{% endif %}
    """

    name: str
    help: str
    parse: Callable[[str], Any] = text
    default: str = ""
    development: str = ""
    required: bool = False
    command: str = ""
{% if cookiecutter.storage == 's3' %}
    also: str = ""
{% endif %}


VARIABLES = [
    Variable(
        "DEBUG",
        "Shows error pages with the code behind them; for your own machine only.",
        boolean,
        default="false",
        command="heroku config:unset DEBUG",
    ),
    Variable(
        "SECRET_KEY",
        "Signs sessions and password-reset links; long, random, and never in git.",
        development="only-for-development-and-worth-nothing",
        required=True,
        command="heroku config:set SECRET_KEY="
        "\"$(python3 -c 'import secrets; print(secrets.token_urlsafe(64))')\"",
    ),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "Former secret keys, comma-separated, that still verify old sessions after a change.",
        words,
        command="heroku config:set SECRET_KEY_FALLBACKS=the-old-key",
    ),
    Variable(
        "DATABASE_URL",
        "The database; without it a SQLite file while DEBUG is on, and none in production.",
        database_url,
        required=True,
        command="heroku addons:create heroku-postgresql:essential-0",
    ),
    Variable(
        "DATABASE_CONNECTIONS",
        "How many connections the plan of the database allows.",
        number,
        default="20",
        command="heroku config:set DATABASE_CONNECTIONS=40",
    ),
    Variable(
        "ALLOWED_HOSTS",
        "Host names of your own, comma-separated; Heroku's are known without it.",
        hosts,
        command="heroku config:set ALLOWED_HOSTS=www.example.com",
    ),
    Variable(
        "HEROKU_APP_DEFAULT_DOMAIN_NAME",
        "The app's own host name, set by Heroku; narrows the hosts from .herokuapp.com to it.",
        hosts,
        command="heroku labs:enable runtime-dyno-metadata",
    ),
    Variable(
        "CSRF_TRUSTED_ORIGINS",
        "Other origins whose forms may post to this site, comma-separated, with https://.",
        origins,
        command="heroku config:set CSRF_TRUSTED_ORIGINS=https://www.example.com",
    ),
    Variable(
        "SECURE_HSTS_SECONDS",
        "How long browsers refuse to visit without TLS; raise it to 31536000 when all works.",
        number,
        default="3600",
        command="heroku config:set SECURE_HSTS_SECONDS=31536000",
    ),
    Variable(
        "ADMIN_PATH",
        "The path of Django's admin.",
        url_path,
        default="admin/",
        command="heroku config:set ADMIN_PATH=backstage",
    ),
    Variable(
        "EMAIL_URL",
        "The mail server; without it mail is printed here and only logged in production.",
        email_url,
        command="heroku config:set EMAIL_URL=smtp://user:password@smtp.example.com:587",
    ),
    Variable(
        "MAILGUN_SMTP_SERVER",
        "The mail server of the add-on Mailgun, which sets this and the next three.",
        command="heroku addons:create mailgun:starter",
    ),
    Variable("MAILGUN_SMTP_PORT", "The port of that server.", port_number, default="587"),
    Variable("MAILGUN_SMTP_LOGIN", "The user name at that server."),
    Variable("MAILGUN_SMTP_PASSWORD", "The password at that server."),
    Variable(
        "SENDGRID_API_KEY",
        "A key of SendGrid's; mail then goes through SendGrid's server.",
        command="heroku config:set SENDGRID_API_KEY=SG....",
    ),
    Variable(
        "SENDGRID_USERNAME",
        "The user name that SendGrid's add-on sets; with a key it is not needed.",
    ),
    Variable("SENDGRID_PASSWORD", "The password that belongs to that user name."),
    Variable(
        "DEFAULT_FROM_EMAIL",
        "The address that the site's mail comes from.",
        default="webmaster@localhost",
        command="heroku config:set DEFAULT_FROM_EMAIL=hello@example.com",
    ),
    Variable(
        "DJANGO_SUPERUSER_USERNAME",
        "The name of a superuser whom a release makes if there is none of that name.",
        command="heroku config:set DJANGO_SUPERUSER_USERNAME=ada",
    ),
    Variable(
        "DJANGO_SUPERUSER_EMAIL",
        "The e-mail address of that superuser.",
        command="heroku config:set DJANGO_SUPERUSER_EMAIL=ada@example.com",
    ),
    Variable(
        "DJANGO_SUPERUSER_PASSWORD",
        "The first password of that superuser; a release never changes it later.",
        command="heroku config:set DJANGO_SUPERUSER_PASSWORD=...",
    ),
    Variable(
        "HEROKU_RELEASE_VERSION",
        "The number of the release, set by Heroku, for the deployment page.",
        command="heroku labs:enable runtime-dyno-metadata",
    ),
    Variable(
        "HEROKU_BUILD_COMMIT",
        "The commit of the release, set by Heroku, for the deployment page.",
        command="heroku labs:enable runtime-dyno-build-metadata",
    ),
    Variable(
        "HEROKU_SLUG_COMMIT",
        "The older name of the same.",
        command="heroku labs:enable runtime-dyno-metadata",
    ),
{% if cookiecutter.accounts == 'allauth' %}
    Variable(
        "GOOGLE_CLIENT_ID",
        "The OAuth client of this site at Google; with its secret, people can sign in with Google.",
        command="heroku config:set GOOGLE_CLIENT_ID=....apps.googleusercontent.com",
    ),
    Variable(
        "GOOGLE_CLIENT_SECRET",
        "The secret of that client.",
        command="heroku config:set GOOGLE_CLIENT_SECRET=...",
    ),
{% endif %}
{% if cookiecutter.storage == 's3' %}
    Variable(
        "AWS_STORAGE_BUCKET_NAME",
        "The S3 bucket that holds what people upload; without it a local folder while DEBUG is on.",
        bucket_name,
        required=True,
        command="heroku config:set AWS_STORAGE_BUCKET_NAME=my-bucket",
        also="BUCKETEER_BUCKET_NAME",
    ),
    Variable(
        "AWS_S3_REGION_NAME",
        "The region of the bucket, which signed links need; auto for Cloudflare R2.",
        required=True,
        command="heroku config:set AWS_S3_REGION_NAME=eu-west-1",
        also="BUCKETEER_AWS_REGION",
    ),
    Variable(
        "AWS_ACCESS_KEY_ID",
        "The access key of an IAM user that may use this bucket and nothing else.",
        required=True,
        command="heroku config:set AWS_ACCESS_KEY_ID=AKIA...",
        also="BUCKETEER_AWS_ACCESS_KEY_ID",
    ),
    Variable(
        "AWS_SECRET_ACCESS_KEY",
        "The secret that belongs to the access key.",
        required=True,
        command="heroku config:set AWS_SECRET_ACCESS_KEY=...",
        also="BUCKETEER_AWS_SECRET_ACCESS_KEY",
    ),
    Variable(
        "AWS_S3_ENDPOINT_URL",
        "The address of an S3-compatible service such as R2, Spaces or MinIO; not for Amazon's.",
        service_url,
        command="heroku config:set AWS_S3_ENDPOINT_URL=https://fra1.digitaloceanspaces.com",
    ),
    Variable(
        "AWS_S3_CUSTOM_DOMAIN",
        "A host name that delivers the bucket to everybody; without it links are signed.",
        domain,
        command="heroku config:set AWS_S3_CUSTOM_DOMAIN=files.example.com",
    ),
    Variable(
        "STATIC_STORAGE",
        "Where static files come from: whitenoise, which is this site itself, or s3.",
        static_storage,
        default="whitenoise",
        command="heroku config:set STATIC_STORAGE=s3",
    ),
{% endif %}
{% if cookiecutter.storage == 'cloudinary' %}
    Variable(
        "CLOUDINARY_URL",
        "The Cloudinary account that holds what people upload; without it a local folder "
        "while DEBUG is on.",
        cloudinary_url,
        required=True,
        command="heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
    ),
    Variable(
        "STATIC_STORAGE",
        "Where static files come from: whitenoise, which is this site itself, or cloudinary.",
        static_storage,
        default="whitenoise",
        command="heroku config:set STATIC_STORAGE=cloudinary",
    ),
{% endif %}
]


@dataclass(frozen=True)
class Problem:
    """A variable that is missing or cannot be used: what is wrong, and the command against it."""

    name: str
    sentence: str
    command: str


class Environment:
    """The values of all declared variables, parsed: `environment["DEBUG"]`.

    A variable that is unset, empty, or cannot be used has its default, or None without one.
    """

    def __init__(self, raw: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._values: dict[str, Any] = {}
        self._given: set[str] = set()
        for variable in VARIABLES:
{% if cookiecutter.storage == 's3' %}
            value = raw.get(variable.name) or raw.get(variable.also) or ""
{% else %}
            value = raw.get(variable.name, "")
{% endif %}
            self._values[variable.name] = self._parse(variable, value.strip())

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def _parse(self, variable: Variable, value: str) -> Any:
        if value:
            try:
                parsed = variable.parse(value)
            except ValueError as error:
                # The sentence describes the form and never quotes the value: it may be a secret.
                sentence = f"{variable.name} {error}"
                self.problems.append(Problem(variable.name, sentence, variable.command))
            else:
                self._given.add(variable.name)
                return parsed
        debug = self._values.get("DEBUG")
        default = variable.development if debug and variable.development else variable.default
        return variable.parse(default) if default else None

    def mail_server(self) -> dict[str, Any] | None:
        """Return where mail goes, in the form of `email_url`: EMAIL_URL's server or an add-on's.

        The add-ons set the variables of their names; SendGrid's server and the user name "apikey"
        are in its documentation:
        https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api
        """
        if self["EMAIL_URL"]:
            return self["EMAIL_URL"]
        if self["MAILGUN_SMTP_SERVER"]:
            host, port = self["MAILGUN_SMTP_SERVER"], self["MAILGUN_SMTP_PORT"]
            username, password = self["MAILGUN_SMTP_LOGIN"], self["MAILGUN_SMTP_PASSWORD"]
        elif self["SENDGRID_API_KEY"] or self["SENDGRID_PASSWORD"]:
            host, port = "smtp.sendgrid.net", 587
            username, password = "apikey", self["SENDGRID_API_KEY"]
            if not password:
                username, password = self["SENDGRID_USERNAME"], self["SENDGRID_PASSWORD"]
        else:
            return None
        return {
            "host": host,
            "port": port,
            "username": username or "",
            "password": password or "",
            "use_tls": port != 465,
            "use_ssl": port == 465,
            "timeout": 10,
        }

    def missing(self) -> list[Problem]:
        """Return what production needs and nobody has set; nothing while DEBUG is on."""
        if self["DEBUG"]:
            return []
        reported = {problem.name for problem in self.problems}
        return [
            Problem(variable.name, f"{variable.name} is not set.", variable.command)
            for variable in VARIABLES
            if variable.required and variable.name not in self._given | reported
        ]

    def refuse_to_start(self) -> None:
        """End the process with one message about everything that is missing or unusable."""
        problems = self.problems + self.missing()
        if not problems:
            return
        lines = ["This site does not start yet. Its environment is not complete:", ""]
        for problem in problems:
            lines += [f"  {problem.sentence}", f"      {problem.command}"]
        lines += ["", "README.md explains every variable."]
        if "DYNO" not in os.environ:
            lines += ['To set up your own machine, follow "Run it here" in README.md.']
        message = "\n".join(lines)
        if threading.current_thread() is not threading.main_thread():
            # runserver starts the site in a thread, where SystemExit says nothing and ends nothing.
            print(message, file=sys.stderr, flush=True)
            os._exit(1)
        raise SystemExit(message)


def development_origins(raw: Mapping[str, str], port: int = 8000) -> list[str]:
    """Return the origin under which GitHub Codespaces or Gitpod shows the development server."""
    found = []
    codespace = raw.get("CODESPACE_NAME")
    domain = raw.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
    if codespace and domain:
        found.append(f"https://{codespace}-{port}.{domain}")
    workspace = raw.get("GITPOD_WORKSPACE_URL", "")
    if workspace.startswith("https://"):
        found.append(f"https://{port}-{workspace.removeprefix('https://').rstrip('/')}")
    return found


@cache
def current() -> Environment:
    """Return the environment of this process, with the lines of .env below it.

    `.env` is read from its exact path. A search through the parent folders would find the file of
    another project.
    """
    path = BASE_DIR / ".env"
    if path.is_file():
        content = path.read_bytes()
        # Windows PowerShell writes UTF-16, or UTF-8 with a mark in front.
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace")
        load_dotenv(stream=io.StringIO(text))
    return Environment(os.environ)
