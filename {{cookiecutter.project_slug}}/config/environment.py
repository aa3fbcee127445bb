"""The environment variables of this project, each declared once.

Reading one never raises an error, because Heroku's build runs without most of them. A value that
cannot be used is added to a list of problems, and config/checks.py reports all of them at once, so
that you do not need a deploy to find each one.
"""

import codecs
import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
{% if cookiecutter.storage == 'cloudinary' %}
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
{% else %}
from urllib.parse import SplitResult, unquote, urlsplit
{% endif %}

import dj_database_url
from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent


# Each of these functions parses the value of a variable. Its ValueError completes the sentence
# "NAME ...", and never quotes the value, which may be secret.


def boolean(value: str) -> bool:
    """Return whether the value means true. bool("False") would be True."""
    word = value.lower()
    if word not in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
        raise ValueError("must be true or false.")
    return word in {"true", "1", "yes", "on"}


def number(value: str) -> int:
    """Return a whole number."""
    if not re.fullmatch(r"[0-9]+", value):
        raise ValueError("must be a whole number, such as 3600.")
    return int(value)


def comma_separated(value: str) -> list[str]:
    """Return the parts of a comma-separated list, without spaces around them."""
    return [part.strip() for part in value.split(",") if part.strip()]


def host_names(value: str) -> list[str]:
    """Return host names. A URL such as https://www.example.com/ becomes www.example.com."""
    extra = r"^https?://|(:[0-9]+)?(/.*)?$"
    hosts = [re.sub(extra, "", host.lower()) for host in comma_separated(value)]
    if not all(re.fullmatch(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*", host) for host in hosts):
        raise ValueError("must contain host names, such as www.example.com.")
    return hosts


def origins(value: str) -> list[str]:
    """Return origins (scheme and host), the form that CSRF_TRUSTED_ORIGINS needs."""
    found = [origin.rstrip("/") for origin in comma_separated(value)]
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in found):
        raise ValueError("must contain origins with https://, such as https://www.example.com.")
    return found


def parse_url(value: str, name: str, form: str) -> SplitResult:
    """Return the parts of a URL. Raise ValueError for mistakes that happen when it is pasted."""
    if value[0] in "\"'" or value[-1] in "\"'":
        raise ValueError(f"is wrapped in quotes. Set it without them: {form}")
    if value.startswith(f"{name}="):
        raise ValueError(f"starts with its own name. Set it without {name}=, like this: {form}")
    if "://" not in value:
        raise ValueError(f"is not a URL. It looks like this: {form}")
    try:
        url = urlsplit(value)
        url.port  # noqa: B018 - parses the port
    except ValueError:
        raise ValueError(
            "cannot be parsed. Percent-encode special characters such as # / ? @ in the password: "
            "https://docs.python.org/3/library/urllib.parse.html#url-quoting"
        ) from None
    return url


def database_url(value: str) -> dict[str, Any]:
    """Return Django's database settings, with connections that stay open for 10 minutes."""
    # The part after the colon would be parsed as a port.
    if value != "sqlite://:memory:":
        parse_url(value, "DATABASE_URL", "postgres://user:password@host:5432/name")
    try:
        database = dj_database_url.parse(value, conn_max_age=600, conn_health_checks=True)
    except dj_database_url.UnknownSchemeError:
        raise ValueError("must start with postgres:// or sqlite://.") from None
    if not database["NAME"]:
        raise ValueError("does not name a database: there is nothing after the last slash.")
    return database


def email_url(value: str) -> dict[str, Any]:
    """Return the mail server's settings. smtp:// uses STARTTLS, and smtps:// uses TLS."""
    form = "smtp://user:password@smtp.example.com:587"
    url = parse_url(value, "EMAIL_URL", form)
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise ValueError(f"must look like this: {form}")
    return {
        "host": url.hostname,
        "port": url.port or (465 if url.scheme == "smtps" else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_tls": url.scheme == "smtp",
        "use_ssl": url.scheme == "smtps",
        "timeout": 10,
    }
{% if cookiecutter.storage == 's3' %}


def bucket_name(value: str) -> str:
    """Return the name of a bucket, which is not its URL or its ARN.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", value):
        raise ValueError(
            "must be the name of the bucket, such as my-bucket: 3 to 63 characters from a-z, 0-9 "
            "and -. TLS does not work with a dot in the name."
        )
    return value


def service_url(value: str) -> str:
    """Return the URL of a storage service, without the bucket."""
    address = value.rstrip("/")
    if not re.fullmatch(r"https?://[^/\s@?#]+", address):
        raise ValueError(
            "must be the URL of the service, such as https://fra1.digitaloceanspaces.com, without "
            "the bucket."
        )
    return address


def domain(value: str) -> str:
    """Return one host name."""
    hosts = host_names(value)
    if len(hosts) != 1 or hosts[0][0] in ".*":
        raise ValueError("must be one host name, such as files.example.com.")
    return hosts[0]


def static_storage(value: str) -> str:
    """Return "whitenoise" or "s3"."""
    if value.lower() not in {"whitenoise", "s3"}:
        raise ValueError("must be whitenoise or s3.")
    return value.lower()
{% endif %}
{% if cookiecutter.storage == 'cloudinary' %}


def static_storage(value: str) -> str:
    """Return "whitenoise" or "cloudinary"."""
    if value.lower() not in {"whitenoise", "cloudinary"}:
        raise ValueError("must be whitenoise or cloudinary.")
    return value.lower()


def cloudinary_url(value: str) -> dict[str, Any]:
    """Return the settings of Cloudinary's library in cloudinary://key:secret@cloud.

    The dashboard shows the URL with CLOUDINARY_URL= in front of it, and with placeholders until
    you reveal the key. The library accepts both, and only fails at the first upload.
    """
    form = "cloudinary://key:secret@cloud"
    url = parse_url(value, "CLOUDINARY_URL", form)
    cloud = unquote(url.netloc.rpartition("@")[2])
    if url.scheme != "cloudinary":
        raise ValueError(f"must start with cloudinary://, like this: {form}")
    if re.search(r"[<>*\s]|your_", unquote(value)) or not (url.username and url.password and cloud):
        raise ValueError(
            "is incomplete. Copy the key, the secret and the cloud name from your dashboard: "
            f"{form}"
        )
    if os.environ.get("CLOUDINARY_CLOUD_NAME"):
        raise ValueError(
            "is ignored by Cloudinary's library while CLOUDINARY_CLOUD_NAME is set. Unset it: "
            "heroku config:unset CLOUDINARY_CLOUD_NAME"
        )
    account = dict(parse_qsl(url.query))
    if url.path.strip("/"):
        # A host name after the cloud name is your own domain for the files.
        account |= {"private_cdn": True, "secure_distribution": url.path.strip("/")}
    # By default, links start with http://, which browsers block on an https page.
    return account | {
        "cloud_name": cloud,
        "api_key": url.username,
        "api_secret": unquote(url.password),
        "secure": True,
    }
{% endif %}


@dataclass(frozen=True)
class Variable:
    """One environment variable. Production does not start without a `required` one."""

    name: str
    help: str
    parse: Callable[[str], Any] = str
    default: Any = None
    required: bool = False
    example: str = ""
    other_command: str = ""
{% if cookiecutter.storage == 's3' %}
    # The name that the add-on Bucketeer uses.
    also: str = ""
{% endif %}

    @property
    def command(self) -> str:
        """The command that sets the variable, or removes it if it should not be set."""
        return self.other_command or f"heroku config:set {self.name}={self.example}"


VARIABLES = [
    Variable(
        "DEBUG",
        "Show error pages with source code. Only for your own machine.",
        boolean,
        default=False,
        other_command="heroku config:unset DEBUG",
    ),
    Variable(
        "SECRET_KEY",
        "Signs sessions and password reset links. Must be long, random and secret.",
        required=True,
        example="\"$(python3 -c 'import secrets; print(secrets.token_urlsafe(64))')\"",
    ),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "Old secret keys, separated by commas. Sessions signed with them stay valid.",
        comma_separated,
        default=(),
        example="the-old-key",
    ),
    Variable(
        "DATABASE_URL",
        "URL of the database. Heroku Postgres sets it.",
        database_url,
        required=True,
        other_command="heroku addons:create heroku-postgresql:essential-0",
    ),
    Variable(
        "ALLOWED_HOSTS",
        "Your own domains, separated by commas. herokuapp.com always works.",
        host_names,
        default=(),
        example="www.example.com",
    ),
    Variable(
        "CSRF_TRUSTED_ORIGINS",
        "Other origins whose forms may post to this site, such as https://example.com.",
        origins,
        default=(),
        example="https://example.com",
    ),
    Variable(
        "SECURE_HSTS_SECONDS",
        "How many seconds browsers insist on HTTPS. Raise it to 31536000 (a year) when everything "
        "works.",
        number,
        default=3600,
        example="31536000",
    ),
    Variable(
        "EMAIL_URL",
        "SMTP server for outgoing email. Without it, email is not sent.",
        email_url,
        example="smtp://user:password@smtp.example.com:587",
    ),
    Variable(
        "DEFAULT_FROM_EMAIL",
        "Sender address of the site's email.",
        default="webmaster@localhost",
        example="hello@example.com",
    ),
    Variable(
        "DJANGO_SUPERUSER_USERNAME",
        "Username of the superuser that the release phase creates if it does not exist.",
        example="ada",
    ),
    Variable(
        "DJANGO_SUPERUSER_EMAIL", "Email address of that superuser.", example="ada@example.com"
    ),
    Variable(
        "DJANGO_SUPERUSER_PASSWORD",
        "Initial password of that superuser. Unset it after the first release.",
        example="...",
    ),
{% if cookiecutter.accounts == 'allauth' %}
    Variable(
        "GOOGLE_CLIENT_ID",
        "OAuth client ID from Google, for logging in with Google.",
        example="....apps.googleusercontent.com",
    ),
    Variable("GOOGLE_CLIENT_SECRET", "OAuth client secret from Google.", example="..."),
{% endif %}
{% if cookiecutter.storage == 's3' %}
    Variable(
        "AWS_STORAGE_BUCKET_NAME",
        "S3 bucket for uploads.",
        bucket_name,
        required=True,
        example="my-bucket",
        also="BUCKETEER_BUCKET_NAME",
    ),
    Variable(
        "AWS_S3_REGION_NAME",
        "Region of the bucket, such as eu-west-1 (auto for Cloudflare R2).",
        required=True,
        example="eu-west-1",
        also="BUCKETEER_AWS_REGION",
    ),
    Variable(
        "AWS_ACCESS_KEY_ID",
        "Access key of an IAM user that may only use this bucket.",
        required=True,
        example="AKIA...",
        also="BUCKETEER_AWS_ACCESS_KEY_ID",
    ),
    Variable(
        "AWS_SECRET_ACCESS_KEY",
        "Secret key that belongs to AWS_ACCESS_KEY_ID.",
        required=True,
        example="...",
        also="BUCKETEER_AWS_SECRET_ACCESS_KEY",
    ),
    Variable(
        "AWS_S3_ENDPOINT_URL",
        "URL of an S3-compatible service such as R2, Spaces or MinIO. Leave it unset for "
        "Amazon S3.",
        service_url,
        example="https://fra1.digitaloceanspaces.com",
    ),
    Variable(
        "AWS_S3_CUSTOM_DOMAIN",
        "Domain that serves the bucket publicly. Without it, links are signed and expire.",
        domain,
        example="files.example.com",
    ),
    Variable(
        "STATIC_STORAGE",
        "What serves the static files of the next build: whitenoise (this site) or s3.",
        static_storage,
        default="whitenoise",
        example="s3",
    ),
{% endif %}
{% if cookiecutter.storage == 'cloudinary' %}
    Variable(
        "CLOUDINARY_URL",
        "Cloudinary account for uploads, in the form cloudinary://key:secret@cloud.",
        cloudinary_url,
        required=True,
        example="cloudinary://key:secret@cloud",
    ),
    Variable(
        "STATIC_STORAGE",
        "What serves the static files of the next build: whitenoise (this site) or cloudinary.",
        static_storage,
        default="whitenoise",
        example="cloudinary",
    ),
{% endif %}
]


class Environment(dict):
    """The values of all variables by name, such as environment["DEBUG"], or their defaults.

    `problems` lists the variables that cannot be used, each with a sentence that says why.
    """

    def __init__(self, raw: Mapping[str, str]) -> None:
        super().__init__((variable.name, variable.default) for variable in VARIABLES)
        self.problems: list[tuple[Variable, str]] = []
        self.unset: list[Variable] = []
        for variable in VARIABLES:
{% if cookiecutter.storage == 's3' %}
            value = (raw.get(variable.name) or raw.get(variable.also) or "").strip()
{% else %}
            value = raw.get(variable.name, "").strip()
{% endif %}
            if not value:
                self.unset.append(variable)
                continue
            try:
                self[variable.name] = variable.parse(value)
            except ValueError as error:
                self.problems.append((variable, f"{variable.name} {error}"))

    def missing(self) -> list[tuple[Variable, str]]:
        """Return the variables that production needs and that are not set."""
        missing = [] if self["DEBUG"] else [v for v in self.unset if v.required]
        return [(variable, f"{variable.name} is not set.") for variable in missing]


@cache
def get_environment() -> Environment:
    """Return the environment of this process. Variables that it does not set come from .env."""
    path = BASE_DIR / ".env"
    if path.is_file():
        content = path.read_bytes()
        # Windows PowerShell writes UTF-16, or UTF-8 with a byte order mark.
        utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        lines = content.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")
        load_dotenv(stream=io.StringIO(lines))
    return Environment(os.environ)
