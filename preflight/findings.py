"""Every problem that preflight can report: its id, its message, the fix and where to read more.

The ids are those of Django's check framework: heroku.E101 is an error, heroku.W101 a warning,
heroku.N101 a note. Where a project's config/checks.py reports the same problem, the id is the
same. Decisions are taken on ids and fields, never on the text of a message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from string import Template
from typing import Any

DJANGO = "https://docs.djangoproject.com/en/stable"
DEV_CENTER = "https://devcenter.heroku.com/articles"
STORAGES = f"{DJANGO}/ref/settings/#storages"
WHITENOISE = "https://whitenoise.readthedocs.io/en/stable/django.html"
DATABASE_URL = f"{DEV_CENTER}/connecting-heroku-postgres#connecting-with-django"
PACKAGES = f"{DEV_CENTER}/python-dependency-management"
PROXY = f"{DJANGO}/ref/settings/#secure-proxy-ssl-header"
S3 = "https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html"
CLOUDINARY = "https://cloudinary.com/documentation/django_integration"
ERROR_CODES = f"{DEV_CENTER}/error-codes"

CONFIG_DATABASE = 'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}'
MAKE_KEY = "import secrets; print(secrets.token_urlsafe(64))"
SET_SECRET_KEY = f"heroku config:set SECRET_KEY=\"$$($python -c '{MAKE_KEY}')\""
POSTGRES = "heroku addons:create heroku-postgresql:essential-0"


class Weight(Enum):
    """How much a finding matters."""

    # Heroku rejects the push, or the site does not work.
    ERROR = "error"
    # It deploys, and does harm.
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Edit:
    """A change to a file: `old`, which begins on `line`, becomes `new`.

    Without `old`, `new` is inserted before `line`. A file that does not exist is created.
    """

    file: str
    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Kind:
    """A known problem: what happened, how to fix it, where to read more.

    `message`, `cure` and `commands` contain $names, which a finding replaces with its values.
    `commands` are what to type, in order; without the values for them, they are left out.
    """

    id: str
    message: str
    cure: str = ""
    link: str = ""
    commands: tuple[str, ...] = ()
    # Whether it says what failed and not why, so that the output has to be diagnosed.
    symptom: bool = False

    @property
    def weight(self) -> Weight:
        """The weight that the letter of the id stands for. Codes of Heroku are errors."""
        letter = self.id.partition(".")[2][:1]
        return {"W": Weight.WARNING, "N": Weight.NOTE}.get(letter, Weight.ERROR)

    def __call__(self, file: str = "", line: int = 0, /, **values: object) -> "Finding":
        """Return a finding of this kind, with the values for its message."""
        texts = {name: str(value) for name, value in values.items()}
        return Finding(self, texts, file, line, cure_template=self.cure, templates=self.commands)


@dataclass(frozen=True)
class Finding:
    """A problem in one project: what kind it is, and where.

    `cause` is the line that a program printed, such as an exception. `said` takes the place of the
    kind's message, for a check of the project that words it itself.
    """

    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    line: int = 0
    cause: str = ""
    said: str = ""
    edits: tuple[Edit, ...] = ()
    cure_template: str = ""
    templates: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id, such as heroku.E101."""
        return self.kind.id

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        return self.kind.weight

    @property
    def message(self) -> str:
        """What happened."""
        return self.said or self.substitute(self.kind.message)

    @property
    def cure(self) -> str:
        """How to fix it."""
        return self.substitute(self.cure_template)

    @property
    def commands(self) -> list[str]:
        """The commands that fix it; none if a value for one of them is not known."""
        texts = [self.substitute(template) for template in self.templates]
        complete = not any(re.search(r"\$[a-z_]+\b", text) for text in texts)
        return texts if complete else []

    @property
    def where(self) -> str:
        """The file and the line, as a person reads them."""
        return f"{self.file}, line {self.line}" if self.file and self.line else self.file

    @property
    def identity(self) -> tuple[str, str, int, str, str]:
        """What makes two findings the same: the same problem in the same place."""
        return (self.id, self.file, self.line, self.cause, self.message)

    def substitute(self, text: str) -> str:
        """Return a text with the values in it."""
        return Template(text).safe_substitute(self.values)

    def complete(self, **values: str) -> "Finding":
        """Return the finding with more values, where it has none of its own."""
        return replace(self, values={**values, **self.values})

    def as_json(self) -> dict[str, Any]:
        """Return the finding for a program. `next` is what to do, in order."""
        following: list[dict[str, Any]] = [{"edit": vars(edit)} for edit in self.edits]
        following += [{"command": command} for command in self.commands]
        return {
            "id": self.id,
            "weight": self.weight.value,
            "message": self.message,
            "cause": self.cause,
            "file": self.file,
            "line": self.line,
            "cure": self.cure,
            "link": self.kind.link,
            "next": following,
        }


def errors(found: list[Finding]) -> list[Finding]:
    """Return the findings that fail a rehearsal."""
    return [finding for finding in found if finding.weight is Weight.ERROR]


KINDS: dict[str, Kind] = {}


def kind(number: str, message: str, cure: str = "", link: str = "", *commands: str) -> Kind:
    """Register a kind of finding. Every id is used once."""
    return register(Kind(f"heroku.{number}", message, cure, link, commands))


def symptom(number: str, message: str, link: str = "") -> Kind:
    """Register a kind that says what failed. The output of the command says why."""
    cure = "The output below shows why."
    return register(Kind(f"heroku.{number}", message, cure, link, symptom=True))


def register(new: Kind) -> Kind:
    """Add a kind to the table."""
    if new.id in KINDS:
        raise ValueError(f"{new.id} is used twice")
    KINDS[new.id] = new
    return new


# What the checks of a project report, too: their ids and messages are those of config/checks.py.

UNUSABLE_VARIABLE = kind("E001", "$problem", "Set it to a value that can be used.")
MISSING_VARIABLE = kind(
    "E002",
    "$name is not set.",
    'Set it on Heroku. So that preflight knows it, too, declare it in app.json: {"env": {"$name": '
    "{}}}",
    f"{DEV_CENTER}/config-vars",
)
MISSING_DATABASE = kind(
    "E003", "$name is not set.", "Add a database.", f"{DEV_CENTER}/heroku-postgresql", POSTGRES
)
DEBUG_IS_ON = kind(
    "E004",
    "DEBUG is on, so error pages show your code and settings to every visitor.",
    "Turn it off unless a variable turns it on: "
    'DEBUG = os.environ.get("DEBUG", "").lower() == "true"',
    f"{DJANGO}/ref/settings/#debug",
)
SQLITE = kind(
    "E005",
    "The database is a SQLite file. A dyno deletes its files at every restart.",
    f"Use the database in DATABASE_URL: {CONFIG_DATABASE}",
    DATABASE_URL,
)
DEAD_SETTING = kind(
    "E006",
    "$name is set, but Django has ignored it since version 5.1.",
    "Use STORAGES instead.",
    STORAGES,
)
WHITENOISE_ORDER = kind(
    "E008",
    "In MIDDLEWARE, WhiteNoise must come directly after SecurityMiddleware.",
    'Move "whitenoise.middleware.WhiteNoiseMiddleware" there.',
    WHITENOISE,
)
BAD_HOST = kind(
    "E009",
    "ALLOWED_HOSTS contains $host, which is not a host name, so Django will answer every request "
    "with 400.",
    "Write the host name without https:// and without a slash.",
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
WEAK_SECRET_KEY = kind(
    "E010",
    "SECRET_KEY is easy to guess.",
    "Set a long, random key.",
    f"{DJANGO}/ref/settings/#secret-key",
    SET_SECRET_KEY,
)
DJANGO_HEROKU = kind(
    "E011",
    "django-heroku is installed. It is no longer maintained: it allows every host, and sets a "
    "storage that Django ignores.",
    "Remove it from the requirements and from the settings. Configure the database with "
    "dj-database-url and the static files with WhiteNoise instead.",
    f"{DEV_CENTER}/django-app-configuration",
)
NO_STATICFILES = kind(
    "E013",
    "django.contrib.staticfiles is not in INSTALLED_APPS, so Heroku's build fails when it runs "
    "collectstatic.",
    'Add "django.contrib.staticfiles" to INSTALLED_APPS.',
    f"{DJANGO}/howto/static-files/",
)
NOT_COLLECTED = kind(
    "E014",
    "The build did not collect the static files, so pages that use them fail.",
    "Let the build collect them, and push a new commit.",
    f"{DEV_CENTER}/django-assets",
    "heroku config:unset DISABLE_COLLECTSTATIC",
)
LOCAL_UPLOADS = kind(
    "E030",
    "$field stores its files on the disk of this machine. A dyno deletes its files at every "
    "restart, at least once a day, so uploads would disappear.",
    'Name a storage for uploads, such as S3 or Cloudinary, in STORAGES["default"].',
    STORAGES,
)
BUCKET_INCOMPLETE = kind("E031", "AWS_STORAGE_BUCKET_NAME is set, but $name is not.")
NO_EMAIL = kind("W001", "The site does not send email, because EMAIL_URL is not set.")
TOO_MANY_CONNECTIONS = kind(
    "W002",
    "$processes processes with $threads threads each use $used connections, and the database "
    "allows $allowed.",
    "Use fewer processes or threads. One dyno would take all connections of the smallest plan, and "
    "leave none for the release (too many connections for role).",
    f"{DEV_CENTER}/heroku-postgres-plans",
    "heroku config:set WEB_CONCURRENCY=1",
)
LIVE_DATABASE = kind(
    "W003",
    "This process is connected to a database on AWS, probably your live one, from outside Heroku. "
    "Anything it changes, it changes for your visitors.",
)
SENDER = kind("W020", "Email comes from webmaster@localhost, which most mail servers reject.")
UNVERIFIED_EMAIL = kind(
    "W021", "Users can sign up with any email address, because the site cannot send email."
)
HALF_A_CLIENT = kind("W022", "Users cannot log in with Google, because $name is not set.")
LOCAL_UPLOADS_EARLY = kind("W030", LOCAL_UPLOADS.message)

# 1xx: the files that git pushes

NOT_COMMITTED = kind(
    "E101",
    "$name is not committed, so git does not push it.",
    "Add it and commit.",
    f"{DEV_CENTER}/git",
    "git add $quoted",
)
IGNORED = kind(
    "E102",
    "$name is ignored by .gitignore, so git does not push it.",
    "Remove the line from .gitignore, or add the file anyway, and commit.",
    f"{DEV_CENTER}/git",
    "git add -f $quoted",
)
ENCODING = kind(
    "E103",
    "$name is $encoding. Heroku reads UTF-8.",
    "Save it as UTF-8 with LF line endings in an editor, or paste this, and commit.",
    f"{DEV_CENTER}/procfile",
    "$python -c \"import pathlib; p = pathlib.Path('$name'); t = $read; "
    "p.write_text(t.replace('\\r', ''), 'utf-8', newline='\\n')\"",
)
SEVERAL_PACKAGE_MANAGERS = kind(
    "E105",
    "$files exist together. Heroku builds with exactly one of them.",
    "Remove those that you do not use, and commit.",
    PACKAGES,
    "git rm $unused",
)
NO_PACKAGE_MANAGER = kind(
    "E106",
    "There is no file that says what to install.",
    "Add requirements.txt (pip) or uv.lock (uv) in the root, and commit it. pyproject.toml alone "
    "is not enough. If the project is in a folder: git subtree push --prefix FOLDER heroku main",
    PACKAGES,
)
MISNAMED_REQUIREMENTS = kind(
    "E107",
    "$name is not the file name that Heroku looks for.",
    "Rename it, and commit.",
    PACKAGES,
    "git mv $name requirements.txt",
)
NO_LOCK = kind(
    "E108",
    "$name alone is not enough for Heroku.",
    "Create the file that Heroku installs from, and commit it.",
    PACKAGES,
    "$make",
)
IN_A_FOLDER = kind(
    "E109",
    "The project seems to be in $folder/, but Heroku only looks in the root of what you push.",
    "Push that folder by itself.",
    f"{DEV_CENTER}/git",
    "$push",
)
TWO_PYTHON_VERSIONS = kind(
    "E110",
    "runtime.txt and .python-version both exist.",
    "Remove one of them.",
    f"{DEV_CENTER}/python-support",
    "git rm runtime.txt",
)
MISNAMED_PYTHON_VERSION = kind(
    "E111",
    "$name is not the file name that Heroku looks for.",
    "Rename it, and commit.",
    f"{DEV_CENTER}/python-support",
    "git mv $name .python-version",
)
UV_WITHOUT_PYTHON_VERSION = kind(
    "E112",
    "With uv, Heroku needs a file .python-version.",
    "Create it with one line, such as 3.13, and commit it.",
    f"{DEV_CENTER}/python-support",
)
RUNTIME_TXT_WITH_UV = kind(
    "E113",
    "With uv, Heroku does not accept runtime.txt.",
    "Name the version in .python-version instead, such as 3.13.",
    f"{DEV_CENTER}/python-support",
    "git rm -q runtime.txt",
)
UNREADABLE_PYTHON_VERSION = kind(
    "E114",
    "$name does not contain a Python version that Heroku can read.",
    "It must have one line, such as $form.",
    f"{DEV_CENTER}/python-support",
)
UNSUPPORTED_PYTHON = kind(
    "E115",
    "$name asks for Python $series, which Heroku no longer supports. It has $supported.",
    "Ask for one of these.",
    f"{DEV_CENTER}/python-support",
)
NO_WEB_PROCESS = kind(
    "E120",
    "The Procfile in the root has no line `web: ...`, so Heroku would start nothing (H14).",
    "Add such a line, for example: web: gunicorn $package.wsgi",
    f"{DEV_CENTER}/procfile",
)
NO_PROCFILE = kind(
    "E121",
    "There is no Procfile in the root, so Heroku would start nothing (H14).",
    "Create the file Procfile, with a capital P and without an ending. It needs a line such as: "
    "web: gunicorn $package.wsgi",
    f"{DEV_CENTER}/procfile",
)
MISNAMED_PROCFILE = kind(
    "E122",
    "$name is not the file name that Heroku looks for, so it would start nothing (H14).",
    "Its name must be Procfile, with a capital P and without an ending.",
    f"{DEV_CENTER}/procfile",
    "git mv $name Procfile",
)
REPEATED_PROCESS_TYPE = kind(
    "E123",
    "The Procfile has several lines for the process type $type. Heroku only uses the last one.",
    "Keep one of them. Two commands can be joined with &&.",
    f"{DEV_CENTER}/procfile",
)
MALFORMED_PROCESS_TYPE = kind(
    "E124",
    "Heroku ignores this line of the Procfile: $text",
    "Write the name directly before the colon, then the command, such as: web: gunicorn "
    "$package.wsgi",
    f"{DEV_CENTER}/procfile",
)
ONE_MACHINE = kind(
    "E130",
    "$package is installed from a folder on one machine.",
    "Write only its name, or its name and version.",
    PACKAGES,
)
NOT_FOR_HEROKU = kind(
    "E131",
    "$package does not install on Heroku: $reason.",
    "Remove the line. List the packages that you import, and let pip find what they need.",
    PACKAGES,
)
NO_MANAGE_PY = kind(
    "E140",
    "There is no manage.py in the root or in the three folder levels below it, so Heroku would not "
    "collect the static files.",
    "Commit it.",
    f"{DEV_CENTER}/django-assets",
)
WITHOUT_MANAGE_PY = kind(
    "N166",
    "The project calls settings.configure() and has no manage.py, so its settings, static files "
    "and tests were not looked at.",
)
COMMITTED_ENVIRONMENT = kind(
    "E141",
    "The virtual environment $folder/ would be pushed.",
    "Remove it from git, add $folder/ to .gitignore, and commit.",
    PACKAGES,
    "git rm -r -q --cached $quoted",
)
COLLECTSTATIC_MARKER = kind(
    "E142",
    "$name keeps Heroku from collecting the static files.",
    "Remove it, and commit.",
    f"{DEV_CENTER}/django-assets",
    "git rm $name",
)
COLLECTSTATIC_OFF = kind(
    "E143",
    "app.json sets $name, so Heroku does not collect the static files.",
    "Remove it from app.json, and from the app.",
    f"{DEV_CENTER}/django-assets",
    "heroku config:unset $name",
)
INVALID_APP_JSON = kind(
    "E144", "app.json is not valid: $problem.", "Fix the file.", f"{DEV_CENTER}/app-json-schema"
)
NO_APP_JSON = kind(
    "E146",
    "The branch that the button names has no app.json in its root.",
    "Add an app.json to its root, or let the button name the branch that has one.",
    f"{DEV_CENTER}/heroku-button",
)
NO_VARIABLE_HEROKU = kind(
    "E145",
    "The code asks for a variable HEROKU, which Heroku does not set, so what depends on it never "
    "happens there.",
    "Ask whether DEBUG is off, or for DYNO, which Heroku sets on every dyno.",
    f"{DEV_CENTER}/dynos#local-environment-variables",
)
RUNTIME_TXT = kind(
    "W146",
    "runtime.txt is deprecated. Heroku prints a warning at every push.",
    "Name the version in .python-version instead.",
    f"{DEV_CENTER}/python-support",
    "git rm -q runtime.txt",
)
LARGE_MEDIA = kind(
    "W147",
    "The repository contains $size MB of media, the largest part of which is $largest. Every push "
    "and every dyno carries it.",
    "Keep media in a bucket or on Cloudinary, and remove it from git.",
    f"{DEV_CENTER}/slug-compiler#slug-size",
)
TESTS_NOT_ON_CI = kind(
    "W148",
    ".slugignore removes $path, but app.json has a test script. Heroku CI applies .slugignore as "
    "well, so it would not find the tests.",
    "Remove the line from .slugignore.",
    f"{DEV_CENTER}/slug-compiler#ignoring-files-with-slugignore",
)
SLUG_WITHOUT = kind(
    "E149",
    ".slugignore removes $path, which the build needs.",
    "Remove the line from .slugignore.",
    f"{DEV_CENTER}/slug-compiler#ignoring-files-with-slugignore",
)
GIT_LFS = kind(
    "E151",
    "$name is a git-lfs pointer, not the file itself. Heroku does not fetch files from git-lfs.",
    "Store the file in git without git-lfs, or in a bucket.",
    f"{DEV_CENTER}/git",
)
OTHER_BUILDPACK = kind(
    "W153",
    "$url is used as a buildpack. Heroku's own Python buildpack supports Poetry and uv, and the "
    "two do not work together.",
    "Remove it from the app, and from app.json if it is there. heroku/python is enough.",
    PACKAGES,
    "heroku buildpacks:remove $url",
)
COMMITTED_PYTHON = kind(
    "E154",
    "git contains .heroku/python, which the buildpack creates itself.",
    "Remove it from git, add .heroku/ to .gitignore, and commit.",
    PACKAGES,
    "git rm -r -q --cached .heroku/python",
)
WORK_IN_WEB = kind(
    "W152",
    "The web process runs `$command` at every start of every dyno, which delays the boot, and two "
    "dynos can do it at the same time.",
    "Move migrate to the release line. The build runs collectstatic.",
    f"{DEV_CENTER}/release-phase",
)
SECRET_FILE = kind(
    "E160",
    "$name would be pushed, with the secrets in it.",
    "Remove it from git, add it to .gitignore, and commit. Replace the secrets: git keeps the old "
    "file.",
    f"{DEV_CENTER}/config-vars",
    "git rm -q --cached $quoted",
)
ENV_FILE = kind(
    "W161",
    "$name would be pushed. No secret was found in it, but the next one to be added would be "
    "public.",
    "Remove it from git, and add it to .gitignore.",
    f"{DEV_CENTER}/config-vars",
    "git rm -q --cached $quoted",
)
CREDENTIAL = kind(
    "E162",
    "This line contains $what. Everyone who can read the repository can use it.",
    "Replace it with a new one where it comes from. Keep the new one in .env and in a config var, "
    "and read it with os.environ. Git keeps the old one in its history.",
    f"{DEV_CENTER}/config-vars",
)
OLD_CREDENTIAL = kind(
    "W163",
    "The file contained $what in commit $commit, and git still has that commit.",
    "Replace it with a new one where it comes from. Then add the commit to $acknowledged, so that "
    "it is not reported again.",
    f"{DEV_CENTER}/config-vars",
    "echo $commit >> $acknowledged",
)
OLD_INSECURE_KEY = kind(
    "N164",
    "The file contained the key of `startproject` in commit $commit. That is fine if your app on "
    "Heroku never used it.",
    "",
    f"{DJANGO}/ref/settings/#secret-key",
)
MIXED_SETTINGS = kind(
    "E170",
    "manage.py uses $commands, but $wsgi, which the Procfile starts, uses $web. Heroku would build "
    "one project and start another.",
    "If manage.py belongs to an older project, rename it and add the right one.",
    "",
    "mv manage.py old-manage.py",
)
MIXED_REQUIREMENTS = kind(
    "E171",
    "requirements.txt lists $listed, but not gunicorn, which the Procfile starts.",
    "Add what is missing. If the file belongs to an older project, rename it and add the right "
    "one.",
    "",
    "mv requirements.txt old-requirements.txt",
)
NOTHING_TO_PUSH = kind(
    "E172", "git would not push any file of this project.", "Commit it first.", f"{DEV_CENTER}/git"
)

MALFORMED_REQUIREMENT = kind(
    "E180",
    "pip cannot read this line: $text",
    "Write one package in each line, such as Django==5.2.",
    "https://pip.pypa.io/en/stable/reference/requirements-file-format/",
)
PART_OF_PYTHON = kind(
    "E181",
    "$package is part of Python. There is no package to install.",
    "Remove the line.",
    PACKAGES,
)
IMPORT_NAME = kind(
    "E182",
    "$package is the name in an import, not the name of the package, which is $meant.",
    "Write $meant.",
    PACKAGES,
)
OTHER_BUILD = kind(
    "W183",
    "$package $reason.",
    "Use $meant, which has the same modules.",
    PACKAGES,
)
GPU_BUILD = kind(
    "W184",
    "$package comes with libraries for graphics cards, which do not fit into a slug of 500 MB. A "
    "dyno has no graphics card.",
    "Install the build for the CPU.",
    "https://pytorch.org/get-started/locally/",
)
GIT_OVER_SSH = kind(
    "E185",
    "The package comes from $host over SSH. Heroku's build has no key for it.",
    "Use https. For a private repository, put a token into a config var.",
    PACKAGES,
)
NOT_INCLUDED = kind(
    "E186",
    "The line includes $name, which git does not push.",
    "Fix the name, or commit the file.",
    "https://pip.pypa.io/en/stable/reference/requirements-file-format/",
)
TWO_VERSIONS = kind(
    "E187",
    "$package is listed with the versions $one and $other.",
    "Remove one of the two lines.",
    "https://pip.pypa.io/en/stable/topics/dependency-resolution/",
)
PYTHON_TOO_OLD = kind(
    "E188",
    "Django $django needs Python $needed, and the project asks for $python.",
    "Ask for a newer Python.",
    f"{DJANGO}/faq/install/",
)
MODULE_AS_PATH = kind(
    "E190",
    "$text is not the dotted name of a module.",
    "Write $meant.",
    f"{DEV_CENTER}/python-gunicorn",
)
SYNC_ASGI = kind(
    "E191",
    "gunicorn's own workers cannot run an ASGI application, so every request would fail.",
    "Start the WSGI application, or use a worker of uvicorn: -k uvicorn_worker.UvicornWorker",
    f"{DJANGO}/howto/deployment/asgi/uvicorn/",
)
OWN_PORT = kind(
    "E192",
    "$program would listen on a port of its own. Heroku only reaches it at 0.0.0.0:$$PORT (R10).",
    "Add $options.",
    f"{DEV_CENTER}/runtime-principles#web-servers",
)
WINDOWS_VARIABLE = kind(
    "E193",
    "$text is how Windows writes a variable. A dyno runs Linux.",
    "Write $meant.",
    f"{DEV_CENTER}/procfile",
)
NOT_A_COMMAND = kind(
    "E194",
    "$text does not exist on a dyno.",
    "Write $meant.",
    f"{DEV_CENTER}/procfile",
)
INTERACTIVE = kind(
    "E195",
    "createsuperuser asks questions, and nobody can answer them on a dyno.",
    "Add --noinput, and set DJANGO_SUPERUSER_USERNAME, DJANGO_SUPERUSER_EMAIL and "
    "DJANGO_SUPERUSER_PASSWORD as config vars.",
    f"{DJANGO}/ref/django-admin/#createsuperuser",
)
RELOADING = kind(
    "W196",
    "$option restarts the server when a file changes, which costs memory and never happens on a "
    "dyno.",
    "Remove it.",
    f"{DEV_CENTER}/python-gunicorn",
)
LOST_ON_A_DYNO = kind(
    "W197",
    "The release runs `$command`, and the files that it creates are lost: each release has a dyno "
    "of its own.",
    "$instead",
    f"{DEV_CENTER}/release-phase",
)
OTHER_CASE = kind(
    "E198",
    "The process type $type is not $meant. Heroku does not know it, so it never runs by itself.",
    "Write $meant in small letters.",
    f"{DEV_CENTER}/procfile",
)
OTHER_INSTALLER = kind(
    "N165",
    "Heroku installs with $tool, and preflight does not, so nothing after the files is proved.",
    "To prove the whole deploy, let Heroku install the same versions with pip.",
    PACKAGES,
    "git rm -q $files",
)
OLD_STACK = kind(
    "E173",
    "app.json asks for the stack $stack, on which Heroku no longer builds.",
    "Use heroku-24.",
    f"{DEV_CENTER}/stack",
    "heroku stack:set heroku-24",
)
OLD_PLAN = kind(
    "E174",
    "app.json asks for the plan $plan, which Heroku no longer offers.",
    "Use $meant.",
    f"{DEV_CENTER}/app-json-schema",
)
BUILDPACK_TEXT = kind(
    "E175",
    "app.json lists the buildpack $url as text. Heroku expects an object.",
    'Write {"url": "$url"}.',
    f"{DEV_CENTER}/app-json-schema",
)
NO_PYTHON_BUILDPACK = kind(
    "E176",
    "app.json lists buildpacks, but not heroku/python, so Heroku would not install Django.",
    "Add it as the last one.",
    f"{DEV_CENTER}/using-multiple-buildpacks-for-an-app",
    "heroku buildpacks:add heroku/python",
)

DIFFERENT_SETTINGS = kind(
    "W150",
    "The build uses the settings $commands, which $manage names, and the web process uses $web, "
    "which $wsgi names.",
    "Set DJANGO_SETTINGS_MODULE on Heroku and in app.json, so that the build, the release and the "
    "web process use the same settings.",
    f"{DJANGO}/topics/settings/#designating-the-settings",
    "heroku config:set DJANGO_SETTINGS_MODULE=$web",
)

# 2xx: packages and the build

INSTALL_FAILED = symptom(
    "E201", "The packages cannot be installed, so Heroku would reject this push.", PACKAGES
)
COLLECTSTATIC_FAILED = symptom(
    "E202",
    "collectstatic failed, so Heroku would reject this push.",
    f"{DEV_CENTER}/django-assets",
)
NOTHING_COLLECTED = kind(
    "E203",
    "collectstatic did not collect any file, not even those of Django's admin, and still reported "
    "success.",
    "Move cloudinary_storage below django.contrib.staticfiles in INSTALLED_APPS. Name the storages "
    "in STORAGES, because Django ignores the older settings since version 5.1.",
    STORAGES,
)
SILENT_COLLECTSTATIC = kind(
    "E204",
    "$name runs, but does not collect static files.",
    "Compare it with the manage.py that `django-admin startproject` writes.",
    f"{DJANGO}/ref/django-admin/",
)
COLLECTSTATIC_HIDDEN = kind(
    "E207",
    "collectstatic failed, and the build does not show why.",
    "Build once without it. The last of these commands prints the error. After the fix, turn it on "
    "again: heroku config:unset DISABLE_COLLECTSTATIC",
    f"{DEV_CENTER}/django-assets",
    "heroku config:set DISABLE_COLLECTSTATIC=1",
    "git push heroku main",
    "heroku run python manage.py collectstatic --noinput",
)
HOOK_FAILED = symptom("E205", "bin/$name failed, so Heroku would reject this push.")
SLUG_TOO_LARGE = kind(
    "E206",
    "The compressed slug would be about $size MB. Heroku accepts up to $limit MB. The largest "
    "parts, before compression, are $largest.",
    "Remove media, data and models from git, or list them in .slugignore.",
    f"{DEV_CENTER}/slug-compiler#slug-size",
)
NO_SUCH_PACKAGE = kind(
    "E210",
    "The package index does not have $package, or not in this version.",
    "Fix its name or its version: https://pypi.org lists both. If they are right there, that "
    "version is too old or too new for the Python in .python-version: change one of the two.",
    "https://pypi.org",
)
OTHER_SYSTEM = kind(
    "E211",
    "$package belongs to an operating system (Windows, macOS or Ubuntu's own Python), so pip "
    "cannot install it on Heroku. `pip freeze` listed it.",
    "Remove its line. List the packages that you import, and let pip find what they need.",
    PACKAGES,
)
ZONEINFO = kind(
    "E212",
    "backports.zoneinfo was made for Python 3.8, and does not compile on newer versions.",
    "Remove its line. Python includes zoneinfo.",
    "https://docs.python.org/3/library/zoneinfo.html",
)
PG_CONFIG = kind(
    "E213",
    "psycopg2 has to be compiled, and the files of PostgreSQL that it needs are missing.",
    "Use psycopg2-binary instead of psycopg2. It is already compiled.",
    "https://www.psycopg.org/docs/install.html",
)
INVALID_REQUIREMENT = kind(
    "E214",
    "pip cannot parse a line of requirements.txt. If it contains \\x00, an editor or PowerShell "
    "has mixed two encodings.",
    "Save the file as UTF-8, and fix the line.",
    "https://pip.pypa.io/en/stable/reference/requirements-file-format/",
)
OTHER_PYTHON = kind(
    "E215",
    "A package does not support the Python version that the project asks for.",
    "Ask for another Python in .python-version, or for another version of the package.",
    f"{DEV_CENTER}/python-support",
)
CONFLICT = kind(
    "E216",
    "Two packages need different versions of a third one.",
    "Change one of the versions that the output names.",
    "https://pip.pypa.io/en/stable/topics/dependency-resolution/",
)
STALE_LOCK = kind(
    "E217",
    "pyproject.toml has changed since uv.lock was created. The build only uses the lock.",
    "Update the lock, and commit it.",
    "https://docs.astral.sh/uv/concepts/projects/sync/",
    "$uv lock",
)
NO_PIP = kind(
    "E280",
    "This Python has no pip.",
    "On your own machine: python3 -m ensurepip --upgrade (on Debian: apt install python3-pip "
    "python3-venv), or create .venv again. On Heroku, the build is damaged or uses another "
    "buildpack: set heroku/python, remove the cache (heroku builds:cache:purge), and push again.",
    "https://pip.pypa.io/en/stable/installation/",
)
SYSTEM_PYTHON = kind(
    "E281",
    "pip may not install into the Python of the operating system.",
    "Create an environment for the project, activate it, and install there.",
    "https://packaging.python.org/en/latest/specifications/externally-managed-environments/",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
)
OTHER_INDEX = kind(
    "E282",
    "$package is not on the package index of Python: the part after the plus sign names a build "
    "from another index.",
    "Remove that part (+cpu, +cu118), or name the index in $requirements, such as "
    "--extra-index-url https://download.pytorch.org/whl/cpu. A dyno has no GPU.",
    "https://pip.pypa.io/en/stable/cli/pip_install/",
)
PYTHON_RANGE = kind(
    "E283",
    "The project asks for another Python than the one that is there: $what",
    "On Heroku, write a supported version such as 3.13 in .python-version, and allow it in "
    "pyproject.toml or Pipfile (requires-python, python, python_version). On your own machine, "
    "install that version, for example with: uv python install",
    f"{DEV_CENTER}/python-support",
)
OPTIONAL_PACKAGE = kind(
    "E284",
    "A package needs another one that is not installed: $text",
    "Add the package that the message names to $requirements, and commit it.",
    PACKAGES,
)
NUMPY = kind(
    "E285",
    "The installed versions of numpy and of a package do not fit: $text",
    "Update the package that the traceback names (pandas, scipy, opencv), or write an older numpy "
    "in $requirements: numpy<2, or numpy<1.24 for np.bool, np.int, np.float and np.object.",
    "https://numpy.org/doc/stable/release/",
)
VERSIONS = kind(
    "E286",
    "The installed versions of two packages do not fit: $text",
    "$hint, in $requirements.",
    PACKAGES,
)
BACKPORT = kind(
    "E287",
    "The package $package replaces a module that Python has had for long, with an old one.",
    "Remove $package from $requirements (and from the environment: pip uninstall $package).",
    PACKAGES,
)
NO_SETUPTOOLS = kind(
    "E277",
    "pip builds a package with its setup.py, and setuptools is not installed where it does so.",
    "On Heroku, use the current buildpack: an old one, or another one, brings an old pip. "
    "On your own machine or in a Dockerfile: python -m pip install -U pip setuptools wheel. "
    "If only one package fails, use a newer version of it.",
    PACKAGES,
    "heroku buildpacks:set heroku/python",
)
UNDECLARED_BUILD = kind(
    "E278",
    "The setup of a package imports $module, which is not installed while packages are built.",
    "Use a version of the package that comes compiled: update it, or ask for a Python version for "
    "which it exists. pip builds each package in an environment of its own, so a line for $module "
    "in $requirements does not help.",
    PACKAGES,
)
ONLY_LINUX = kind(
    "E279",
    "The package $package does not work on Windows. On Heroku, which runs Linux, it does.",
    'Limit its line to other systems: $package; sys_platform != "win32". On Windows, use '
    "runserver, or WSL.",
    "https://packaging.python.org/en/latest/specifications/dependency-specifiers/",
)
NO_WHEEL = kind(
    "E218",
    "The setup of $package failed: it has to be compiled, or does not work with this Python.",
    "Use a newer version of it, or a Python version for which it comes compiled. If it is no "
    "longer maintained, use another package, such as psycopg2-binary instead of psycopg2.",
    f"{DEV_CENTER}/python-support",
)
NOT_INSTALLED = kind(
    "E221",
    "The code imports $module, but none of the packages that Heroku installs contains it. On your "
    "machine, it may have been installed by hand.",
    "Add $package to $requirements, and commit it. If $module is a folder of your project, commit "
    "that, and compare its capitals.",
    PACKAGES,
)
OLD_MODULE = kind(
    "E222",
    "$user needs $module, which newer versions of Python or setuptools do not include.",
    "Update it. If no version works without $module, add setuptools<82 to $requirements.",
    f"{DEV_CENTER}/python-support",
)
FOLDER_NOT_PUSHED = kind(
    "E223",
    "The code imports $module, which is in this project, but git does not push $path.",
    "Commit it.",
    f"{DEV_CENTER}/git",
    "git add $path",
)
OTHER_CAPITALS = kind(
    "E224",
    "The code imports $module, but the name in git is $path. On Linux, upper and lower case are "
    "different.",
    "Rename one of them, so that they agree.",
    f"{DEV_CENTER}/git",
)
PACKAGE_SYNTAX = kind(
    "E225",
    "Python cannot parse a file of the package $package: $what. The package is too old for this "
    "Python, or too new.",
    "Change the version of $package in $requirements.",
    PACKAGES,
)

# 3xx: code and settings

EXCEPTION = symptom("E301", "This exception stopped the command.")
ENGINE_CALLED = kind(
    "E302",
    "The settings call the database engine like a function. Django needs its dotted path in "
    "quotes, and Heroku's database is in DATABASE_URL.",
    f"Import dj_database_url at the top of the settings, and write: {CONFIG_DATABASE}",
    DATABASE_URL,
)
UNDEFINED_NAME = kind(
    "E303",
    "The name $name is not defined.",
    "Import it, define it before this line, or fix its spelling.",
    "https://docs.python.org/3/library/exceptions.html#NameError",
)
SYNTAX = kind(
    "E304",
    "Python cannot parse this file: $what.",
    "Look at this line and the one above it for a missing bracket, quote, comma or colon. "
    "Curly quotes and long dashes come from a web page: type them again.",
    "https://docs.python.org/3/tutorial/errors.html#syntax-errors",
)
MERGE_MARKERS = kind(
    "E309",
    "The file contains the markers of a merge conflict.",
    "Keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>.",
    "https://git-scm.com/docs/git-merge#_how_conflicts_are_presented",
)
ENV_PY = kind(
    "E305",
    "The settings import env.py, which is not in git, and should not be.",
    'Only import it if it exists: if os.path.isfile("env.py"): import env\n'
    "Set the values on Heroku as config vars.",
    f"{DEV_CENTER}/config-vars",
)
CIRCULAR_IMPORT = kind(
    "E306",
    "$module and another module import each other.",
    "Move one of the two imports into the function that uses it, or both names into a third "
    "module.",
    "https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-import-"
    "in-a-module",
)
REMOVED_FROM_DJANGO = kind(
    "E307",
    "This version of Django does not have $name.",
    "If the traceback ends in a package, update that package, or replace it. In your own code, use "
    "what replaced $name: see Django's release notes. Until then, use an older version of Django.",
    f"{DJANGO}/releases/",
)
MISSING_AT_IMPORT = kind(
    "E308",
    "The settings cannot be imported without the variable $name. At the first build, no config var "
    "is set.",
    'Read it with os.environ.get("$name"), and set it on Heroku. So that preflight knows it, too, '
    'declare it in app.json: {"env": {"$name": {}}}',
    f"{DEV_CENTER}/config-vars",
    "heroku config:set $name=...",
)
NO_DATABASE_AT_BUILD = kind(
    "E315",
    "The settings cannot be imported without DATABASE_URL. At the first build, it is only set if "
    "the database was created before.",
    "Create the database before you push, and declare it in app.json, so that preflight knows it, "
    'too: {"addons": ["heroku-postgresql:essential-0"]}',
    f"{DEV_CENTER}/heroku-postgresql",
    POSTGRES,
)
ADDON_VARIABLE = kind(
    "E316",
    "The settings cannot be imported without $name, which an add-on sets.",
    "Create the add-on before you push, or set the variable yourself. On your own machine, set it "
    "in .env.",
    f"{DEV_CENTER}/managing-add-ons",
    "heroku addons:create $addon",
)
MODULE_BESIDE = kind(
    "E317",
    "The code imports $module as if it were a package. If the file $module.py is in the same "
    "folder, this is the way of Python 2.",
    "For a file in the same folder, write: from .$module import *. For a package that pip "
    "installs, add $package to $requirements, and commit it.",
    "https://docs.python.org/3/reference/import.html#package-relative-imports",
)
MISSPELLED_VARIABLE = kind(
    "E312",
    "The settings cannot be imported without the variable $name. app.json declares $similar, which "
    "may be the same one.",
    "Use the same name in both places.",
    f"{DEV_CENTER}/config-vars",
)
ANONYMOUS = kind(
    "E318",
    "The code expects a user who is logged in, and the visitor is not: $text",
    "Protect the view with @login_required or LoginRequiredMixin, or ask request.user."
    "is_authenticated first.",
    f"{DJANGO}/topics/auth/default/#limiting-access-to-logged-in-users",
)
NO_MIDDLEWARE = kind(
    "E319",
    "The request has no $name, because a middleware is missing or comes too late.",
    "MIDDLEWARE needs SessionMiddleware, then AuthenticationMiddleware, then what uses $name. In a "
    "test with RequestFactory, set request.$name yourself.",
    f"{DJANGO}/ref/middleware/#middleware-ordering",
)
WSGI_NOT_LOADED = kind(
    "E240",
    "Django cannot load wsgi.py or asgi.py, because something that it imports fails.",
    "Most often a package that MIDDLEWARE names is not installed, such as whitenoise. This prints "
    "the error:",
    f"{DJANGO}/ref/settings/#wsgi-application",
    "$python -c 'import FOLDER.wsgi'",
)
RESOURCES = kind(
    "E241",
    "The process used up what the system allows: $text",
    "Close files and connections (with), create clients once and not in each request, and use "
    "fewer threads and workers. A small dyno allows 256 threads and processes, in all.",
    f"{DEV_CENTER}/limits#processes-threads",
)
RECURSION = kind(
    "E400",
    "A function calls itself without an end.",
    "Look for the lines that repeat in the traceback: a save() inside a post_save signal, an "
    "include() of the same urls.py, a property that reads itself, or a template that includes "
    "itself.",
    "https://docs.python.org/3/library/exceptions.html#RecursionError",
)
MODELS_IN_SETTINGS = kind(
    "E313",
    "This line imports models before Django has loaded the apps. Settings must not import models.",
    "Move the import into the function that uses it.",
    f"{DJANGO}/ref/applications/#troubleshooting",
)
MODELS_IN_ASGI = kind(
    "E314",
    "asgi.py imports code that uses models before it calls get_asgi_application().",
    "Call get_asgi_application() first, and import the rest below that line.",
    "https://channels.readthedocs.io/en/stable/installation.html",
)
CHECK = kind("E310", "$what ($check)", "$hint", f"{DJANGO}/ref/checks/")
NOT_LOADED = symptom("E311", "Django cannot load the project.")
NO_STATIC_ROOT = kind(
    "E320",
    "STATIC_ROOT is not set, so collectstatic does not know where to put the static files.",
    'Add to the settings: STATIC_ROOT = BASE_DIR / "staticfiles"',
    WHITENOISE,
)
STATIC_ROOT_OUTSIDE = kind(
    "E539",
    "collectstatic writes to $folder, which is not in the project, and cannot be written to.",
    'Write in the settings: STATIC_ROOT = BASE_DIR / "staticfiles"',
    f"{DJANGO}/ref/settings/#static-root",
)
SOURCE_MAP = kind(
    "E321",
    "$file_name ends with a comment (sourceMappingURL) that refers to $missing, which does not "
    "exist.",
    "Delete the comment, or add $missing.",
    WHITENOISE,
)
MISSING_REFERENCE = kind(
    "E322",
    "$file_name refers to $missing, which does not exist. Upper and lower case count.",
    "Add the file to the static folder and commit it, or remove the reference.",
    WHITENOISE,
)
MANIFEST = kind(
    "E323",
    "A template uses the static file $name, which was not collected. It is not committed, its name "
    "has other capitals or a backslash, or collectstatic is turned off.",
    "Run collectstatic first, and fix the name in the template: no / at the start, no \\ inside, "
    "the same capitals.",
    f"{DJANGO}/ref/contrib/staticfiles/#manifeststaticfilesstorage",
)
OLD_CLOUDINARY_STORAGE = kind(
    "E325",
    "django-cloudinary-storage uses a setting that Django 5.1 removed. Its last release was in "
    "2020.",
    'Move "cloudinary_storage" below "django.contrib.staticfiles" in INSTALLED_APPS, so that its '
    "collectstatic is not used, and name the storages in STORAGES.",
    STORAGES,
)
BOTH_STORAGES = kind(
    "E326",
    "STORAGES and an older setting for storages are both set. django-heroku sets the older one.",
    "Keep STORAGES, and remove the older setting and django-heroku.",
    STORAGES,
)
DEAD_LINK = kind(
    "E327",
    "The template uses the static file $name, which would not be collected.",
    "Commit the file, or fix its name.",
    f"{DJANGO}/howto/static-files/",
)
DEAD_LINK_SIMILAR = kind(
    "E328",
    "The template uses the static file $name, which does not exist. $similar does.",
    "Write {% static '$similar' %}. Upper and lower case and slashes count.",
    f"{DJANGO}/howto/static-files/",
)
TEMPLATE_MISSING = kind(
    "E330",
    "There is no template $name. It is not committed, or its name has other capitals.",
    "Commit it, or fix the name. On Linux, upper and lower case are different.",
    f"{DJANGO}/topics/templates/",
)
TEMPLATE_SIMILAR = kind(
    "E324",
    "There is no template $name. There is $similar.",
    "Use the name of the file, or move the file. On Linux, upper and lower case are different.",
    f"{DJANGO}/topics/templates/",
)
TEMPLATE_FOLDER = kind(
    "E540",
    "Django does not look for templates in $folder, which contains $name.",
    "If the folder belongs to an app, add the app to INSTALLED_APPS, and set APP_DIRS to True. "
    'Otherwise, write in TEMPLATES: "DIRS": [BASE_DIR / "templates"]',
    f"{DJANGO}/topics/templates/#configuration",
)
TEMPLATE_SYNTAX = kind(
    "E331",
    "Django cannot parse this template: $what.",
    "Fix the tag in this line.",
    f"{DJANGO}/ref/templates/language/",
)

ERROR_PAGE = kind(
    "E349",
    "Django cannot render this page, which is its answer with the status $status: $problem.",
    "Fix this line. Django renders 400.html and 500.html without a request, so there is no user.",
    f"{DJANGO}/ref/views/#error-views",
)

# 4xx: the database and the release

RELEASE_FAILED = symptom(
    "E401",
    "The release command failed, so Heroku would keep the old release.",
    f"{DEV_CENTER}/release-phase",
)
MIGRATE_FAILED = symptom(
    "E402",
    "The migrations failed. The Procfile has no release line, so you would have to run them after "
    "the push.",
    f"{DEV_CENTER}/release-phase",
)
MODELS_CHANGED = kind(
    "E403",
    "The models have changes that no migration contains.",
    "Create the migration, and commit it.",
    f"{DJANGO}/topics/migrations/",
    "$python manage.py makemigrations",
)
NO_MIGRATIONS = kind(
    "E404",
    "The app $app has models but no migrations, so its tables will not exist.",
    "Create the migrations, and commit them.",
    f"{DJANGO}/topics/migrations/",
    "$python manage.py makemigrations $app",
)
# The push would be accepted all the same, so the verdict reports this apart.
TESTS_FAILED = kind("E405", "$count $verb.", "Read the output of the tests.")
OTHER_DATABASE = kind(
    "E406",
    "The settings do not use the database in DATABASE_URL, which Heroku sets.",
    f"Write: {CONFIG_DATABASE}",
    DATABASE_URL,
)
NO_RELEASE_LINE = kind(
    "W407",
    "The Procfile has no release line, so you have to run the migrations after every push.",
    "Add to the Procfile: release: python manage.py migrate --noinput",
    f"{DEV_CENTER}/release-phase",
)
NO_DATABASE_URL = kind(
    "E410",
    "dj_database_url.parse() was called without a value, because DATABASE_URL is not set, as in "
    "the first build.",
    f"Use config(), which has a default: {CONFIG_DATABASE}",
    "https://github.com/jazzband/dj-database-url",
)
BAD_DATABASE_URL = kind(
    "E411",
    "DATABASE_URL does not start with the name of a database. It may have been pasted with quotes, "
    "or with its own name.",
    "Set the plain value, such as postgres://user:password@host:5432/name. Heroku Postgres sets it "
    "itself.",
    f"{DEV_CENTER}/connecting-heroku-postgres",
)
SSL_EVERYWHERE = kind(
    "E412",
    "The settings require TLS for every database, even for SQLite or a server that does not have "
    "it.",
    'Only require it on Heroku: dj_database_url.config(ssl_require="DYNO" in os.environ). Behind '
    "pgbouncer, do not require it at all. If django_heroku adds it, remove django_heroku.",
    "https://github.com/jazzband/dj-database-url",
)
TOO_LONG = kind(
    "E413",
    "A text is longer than the $length characters of its column. SQLite ignores max_length, but "
    "PostgreSQL, which Heroku uses, rejects the row.",
    "Increase max_length and create a migration, or shorten the text.",
    f"{DJANGO}/ref/databases/#sqlite-notes",
)
NO_TABLE = kind(
    "E414",
    "The table $table does not exist. Its migration was not created, not committed or not run.",
    "Create and commit the migration, and run it in the release phase, with this line in the "
    "Procfile: release: python manage.py migrate --noinput",
    f"{DEV_CENTER}/release-phase",
    "$python manage.py makemigrations",
)
NO_TABLE_IN_SQLITE = kind(
    "E426",
    "The table $table does not exist in the SQLite file.",
    "On your own machine, create and run the migrations. On Heroku, a dyno deletes the file at "
    "every restart, so the project has to use Heroku Postgres: read DATABASE_URL in the settings.",
    f"{DEV_CENTER}/sqlite3",
    "$python manage.py makemigrations",
    "$python manage.py migrate",
)
CREATED_TWICE = kind(
    "E430",
    "Two processes create the table or sequence $table at the same time.",
    "Create tables once, in the release phase (release: python manage.py migrate in the Procfile), "
    "not at the start of each worker. Restart the app: one of the two has succeeded.",
    f"{DEV_CENTER}/release-phase",
    "heroku restart",
)
QUERY_AT_IMPORT = kind(
    "E535",
    "This line reads the database while Django imports the file. Before the first migration, the "
    "table $table does not exist, so neither check nor migrate can run.",
    "Move the query into the view or the function that needs it. In a form, use "
    "ModelChoiceField(queryset=...), or set the choices in __init__().",
    f"{DJANGO}/ref/applications/#django.apps.AppConfig.ready",
)
TABLE_EXISTS = kind(
    "E415",
    "A migration creates the table $table, which already exists. Another set of migrations has "
    "created it.",
    "If there is no data to lose, reset the database with `heroku pg:reset`, and push again. If "
    "the table is already right: heroku run python manage.py migrate --fake-initial",
    f"{DJANGO}/ref/django-admin/#migrate",
)
CONSTRAINT = kind(
    "E416",
    "The database rejected a row, because it violates a $rule constraint. SQLite checks less.",
    "Look at the value in the line below, and at the code that saves it.",
    f"{DJANGO}/ref/models/constraints/",
)
SEQUENCE_BEHIND = kind(
    "E428",
    "The table $table gives a new row the id of a row that exists. Its counter of ids is behind, "
    "as after a restored backup.",
    "Set the counter to the highest id, with the command below.",
    f"{DJANGO}/ref/django-admin/#sqlsequencereset",
    "heroku pg:psql -c \"SELECT setval(pg_get_serial_sequence('$table', 'id'), max(id)) FROM "
    '$table"',
)
NO_COLUMN = kind(
    "E417",
    "A model has a field that the database does not have. Its migration was not created, not "
    "committed or not run.",
    "Create and commit the migration, and run it in the release phase.",
    f"{DJANGO}/topics/migrations/",
    "$python manage.py makemigrations",
)
DEPENDENT_OBJECTS = kind(
    "E493",
    "PostgreSQL does not change or drop something on which other things depend: $what",
    "Remove these first (a view, a foreign key, a policy), in a migration before this one or with "
    "heroku pg:psql: the line DETAIL names them. DROP ... CASCADE removes them, too.",
    "https://www.postgresql.org/docs/current/ddl-depend.html",
    "heroku pg:psql",
)
INDEX_ROW = kind(
    "E494",
    "A text is too long for the index of its column.",
    "Remove db_index or unique from a long TextField, or index a part or a hash of it.",
    f"{DJANGO}/ref/models/indexes/",
)
NO_SCHEMA = kind(
    "E495",
    "The database does not have the schema in which the tables should be.",
    "After DROP SCHEMA, create it again, as below. If the settings name another schema "
    "(search_path, db_table), create that one.",
    "https://www.postgresql.org/docs/current/ddl-schemas.html",
    "heroku pg:psql -c 'CREATE SCHEMA IF NOT EXISTS public'",
)
NEEDS_POSTGRES = kind(
    "E496",
    "The code uses something that this database does not have: $text",
    "If it is SQLite, use PostgreSQL, also on your own machine: set DATABASE_URL, and read it with "
    f"{CONFIG_DATABASE}",
    f"{DJANGO}/ref/databases/",
)
READ_ONLY_DATABASE = kind(
    "E497",
    "The database only allows reading.",
    "It is a follower, a standby or in maintenance. Compare the address with DATABASE_URL of the "
    "primary database, and wait until a maintenance or an upgrade has ended.",
    f"{DEV_CENTER}/heroku-postgres-follower-databases",
    "heroku pg:info",
)
MIGRATION_SAYS = kind(
    "E498",
    "Django cannot use or undo a migration: $text",
    "A file in migrations/ without a class Migration has to go. To undo RunPython or RunSQL, they "
    "need a reverse_code or reverse_sql: migrations.RunPython.noop does nothing.",
    f"{DJANGO}/topics/migrations/#reversing-migrations",
)
MIGRATION_STATE = kind(
    "E499",
    "A migration changes the model $model of the app $app, which no migration before it creates.",
    "Let it depend on the migration that creates the model, or commit the migration that is "
    "missing. Do not rename or delete migrations that others need.",
    f"{DJANGO}/topics/migrations/#dependencies",
)
NO_OPERATOR_CLASS = kind(
    "E491",
    "PostgreSQL has no $name index for a column of this type.",
    "For plain columns, create the extension btree_$name; for a search with similar words, create "
    "pg_trgm, and name the opclasses of the index (gin_trgm_ops). Do it in a migration before this "
    "one: BtreeGinExtension(), BtreeGistExtension() or TrigramExtension().",
    f"{DJANGO}/ref/contrib/postgres/operations/",
    "heroku pg:psql -c 'CREATE EXTENSION IF NOT EXISTS btree_$name'",
)
NO_FUNCTION = kind(
    "E492",
    "PostgreSQL does not have this function or operator, or not for these types: $what",
    "If it is a function of SQLite or MySQL (strftime, ifnull, group_concat, year), write it for "
    "PostgreSQL. If it belongs to an extension, create that: heroku pg:psql, CREATE EXTENSION "
    "name. If only the types are wrong, as in sum(character varying), cast the column: "
    "Cast(field, IntegerField()).",
    "https://www.postgresql.org/docs/current/functions.html",
)
CONNECTION_LIMIT = kind(
    "E418",
    "Processes, threads and dynos together opened more connections than the plan of the database "
    "allows. The smallest plan allows 20.",
    "Use fewer threads or dynos, a lower conn_max_age, or a larger plan.",
    f"{DEV_CENTER}/heroku-postgres-plans",
    "heroku config:set WEB_CONCURRENCY=1",
)
TESTS_ON_HEROKU = kind(
    "E419",
    "The tests use a database on Heroku, where they may not create another one.",
    "Run them on your own machine or on Heroku CI, without the app's DATABASE_URL.",
    f"{DJANGO}/topics/testing/overview/#the-test-database",
)
MODEL_WITHOUT_MIGRATIONS = kind(
    "E420",
    "A migration needs $model, but that app has no migrations.",
    "Create them, and commit them. If it has some, such as Django's own apps, let the migration "
    "depend on them: migrations.swappable_dependency(settings.AUTH_USER_MODEL) for the user.",
    f"{DJANGO}/topics/migrations/",
    "$python manage.py makemigrations $app",
)
LOCAL_DATABASE = kind(
    "E421",
    "The settings name a database server on localhost. A dyno does not have one.",
    f"Use DATABASE_URL: {CONFIG_DATABASE}",
    DATABASE_URL,
)
NO_SSLMODE = kind(
    "E425",
    "This line deletes sslmode from the settings of the database, where it is not set.",
    "Remove the line. It was needed after django_heroku.settings(locals()).",
    "https://github.com/jazzband/dj-database-url",
)
MIGRATION_HISTORY = kind(
    "E422",
    "A migration was inserted before one that has already run, for example for a user model that "
    "was added later.",
    "If there is no data to lose, reset the database with `heroku pg:reset`, and push again.",
    f"{DJANGO}/topics/auth/customizing/#changing-to-a-custom-user-model-mid-project",
)
MIGRATION_CONFLICT = kind(
    "E423",
    "Two migrations were created from the same state, usually by two people.",
    "Merge them, and commit the result.",
    f"{DJANGO}/topics/migrations/#version-control",
    "$python manage.py makemigrations --merge --noinput",
)
DATABASE_UNREACHABLE = kind(
    "E459",
    "The database server on $host does not accept connections.",
    "Compare the address with the one that the app has now: Heroku changes it from time to time, "
    "so it must not be copied into the settings. If it is the same, look for an incident.",
    "https://status.heroku.com",
    "heroku pg:info",
    "heroku config:get DATABASE_URL",
)
UNKNOWN_DATABASE_HOST = kind(
    "E424",
    "DATABASE_URL names the host $host, which does not exist. A name from Docker only works there.",
    "Let Heroku Postgres set DATABASE_URL.",
    f"{DEV_CENTER}/heroku-postgresql",
    POSTGRES,
)

REMOVED_FROM_LIVE = kind(
    "N427",
    "This migration $change, which the release that runs on Heroku still uses. It fails from the "
    "migration until the new release has started.",
    "To avoid that, deploy twice: first the code that does not use it, then the migration.",
    f"{DEV_CENTER}/release-phase",
)
REQUIRED_FROM_LIVE = kind(
    "N429",
    "This migration adds $field, which must not be empty. The release that runs on Heroku does not "
    "know it, so it cannot save such rows from the migration until the new release has started.",
    "To avoid that, give the field a db_default, or null=True.",
    f"{DJANGO}/ref/models/fields/#db-default",
)

# 5xx: the web process and its answers

PROCFILE_TYPO = kind(
    "E533",
    "The Procfile says $name, which does not exist. $similar does.",
    "Fix the word in the Procfile.",
    f"{DEV_CENTER}/procfile",
)
PROGRAM_NOT_INSTALLED = kind(
    "E501",
    "The Procfile starts $program ($type), which is not installed: command not found.",
    "Add $package to $requirements, and commit it.",
    f"{DEV_CENTER}/procfile",
)
RUNSERVER = kind(
    "E502",
    "The Procfile starts runserver, which listens on 127.0.0.1:8000. Heroku waits 60 s for $$PORT, "
    "then stops it (R10).",
    "Use gunicorn: web: gunicorn $package.wsgi",
    f"{DEV_CENTER}/django-app-configuration",
)
FIXED_PORT = kind(
    "E503",
    "The web process listens on $address. Heroku only reaches it at 0.0.0.0:$$PORT (R10).",
    "Remove $option. gunicorn uses $$PORT by itself.",
    f"{DEV_CENTER}/python-gunicorn",
)
BOOT_FAILED = symptom(
    "E504",
    "The web process exits while it starts. Heroku would show H10.",
    f"{ERROR_CODES}#h10-app-crashed",
)
BOOT_TIMEOUT = kind(
    "E505",
    "The web process does not answer within $seconds s (R10).",
    "Look for slow work at import, and for a server that does not listen on $$PORT.",
    f"{ERROR_CODES}#r10-boot-timeout",
)
SLOW_BOOT = kind(
    "W531",
    "The web process takes $seconds s to answer. After $limit s, Heroku stops it (R10). It spends "
    "most of that time in this line.",
    "Do this work when it is needed for the first time, not at import.",
    f"{ERROR_CODES}#r10-boot-timeout",
)
NOT_STARTED = symptom("E506", "The web process cannot be started: $problem")
NO_ANSWER = symptom(
    "E507", "The web process did not answer the request for $path ($problem).", ERROR_CODES
)
WRONG_PACKAGE = kind(
    "E508",
    "The Procfile tells the server to import $module, but there is no such package. It must be the "
    "folder that contains wsgi.py, not the name of the app or the repository.",
    "Write that folder's name in the Procfile: web: gunicorn $wsgi. If it is inside another "
    "folder: web: gunicorn --chdir FOLDER $wsgi",
    f"{DEV_CENTER}/django-app-configuration",
)
NO_APPLICATION = kind(
    "E509",
    "The Procfile asks for $name in $module. Django calls it application.",
    "Write in the Procfile: web: gunicorn $module, if that is the wsgi.py of Django. In another "
    "file, write the name of the variable that it defines after the colon.",
    f"{DJANGO}/howto/deployment/wsgi/gunicorn/",
)
SERVER_ERROR = symptom("E510", "$path returned $status.")
SILENT_LOG = kind(
    "W511",
    "A page returned 500, and the log does not show the exception.",
    "Let LOGGING send it to the console.",
    f"{DJANGO}/topics/logging/",
)
SELF_REDIRECT = kind(
    "E534",
    "The home page redirects to itself, so a browser shows an error (ERR_TOO_MANY_REDIRECTS).",
    'Let the view of the path "" render a page, or redirect to another one.',
    f"{DJANGO}/topics/http/shortcuts/#redirect",
)
REDIRECT_LOOP = kind(
    "E512",
    "The home page redirects to itself forever. Django does not see that the visitor used HTTPS.",
    'Add to the settings: SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
    PROXY,
)
HOST_NOT_ALLOWED = kind(
    "E513",
    "ALLOWED_HOSTS does not contain $host, the name that the app has on Heroku, so Django answers "
    "every request with 400.",
    'Add ".herokuapp.com", or the host name of your app, to ALLOWED_HOSTS.',
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
NO_HTTPS_REDIRECT = kind(
    "W514",
    "Plain HTTP is not redirected to HTTPS.",
    "Add to the settings: SECURE_SSL_REDIRECT = True, and SECURE_PROXY_SSL_HEADER = "
    '("HTTP_X_FORWARDED_PROTO", "https")',
    f"{DJANGO}/ref/settings/#secure-ssl-redirect",
)
ANY_HOST = kind(
    "N515",
    "A request for the host $host was answered with $status. The settings allow every host, which "
    "is only safe behind Heroku's router.",
    'List your own hosts in ALLOWED_HOSTS, such as ".herokuapp.com".',
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
NO_HOME_PAGE = kind(
    "N530", "The home page returned 404.", 'Add a URL pattern for the path "" if you want one.'
)
MISSING_PAGE = kind(
    "E516",
    "A URL that does not exist was answered with $status, not with 404.",
    "Look for a middleware or a URL pattern that answers every request.",
)
SWALLOWED = kind(
    "W532",
    "This middleware answers every exception and does not log it, so a page that fails leaves no "
    "trace.",
    'Call logging.exception("...") before it returns, or return None, so that Django does both.',
    f"{DJANGO}/topics/http/middleware/#process-exception",
)
MISSING_HEADER = kind(
    "W517",
    "$page does not send the header $header.",
    "Add to the settings: $setting",
    f"{DJANGO}/topics/security/",
)
INSECURE_COOKIE = kind(
    "W518",
    "The cookie of the login page is not marked Secure, so browsers also send it over plain HTTP.",
    "Add to the settings: SESSION_COOKIE_SECURE = True and CSRF_COOKIE_SECURE = True",
    f"{DJANGO}/topics/security/",
)
LOGIN_FAILED = symptom("E519", "The admin's login at $path returned $status.")
ORIGIN = kind(
    "E520",
    "A form was refused with 403 (Origin checking failed), because Django thinks that the request "
    "came over plain HTTP.",
    'Add to the settings: SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https"). If the '
    "form comes from another domain, add that with https:// to CSRF_TRUSTED_ORIGINS.",
    PROXY,
)
NO_STATIC_FILES = kind(
    "E521",
    "Nothing serves $path. With DEBUG off, Django does not serve static files, and Heroku does not "
    "either.",
    'Add "whitenoise.middleware.WhiteNoiseMiddleware" directly after SecurityMiddleware in '
    "MIDDLEWARE, and whitenoise to $requirements.",
    WHITENOISE,
)
NOT_CACHED = kind(
    "W522",
    "The name of $path does not contain a hash, so browsers cannot cache it for a year.",
    'Use a manifest storage for static files: STORAGES = {..., "staticfiles": {"BACKEND": '
    '"whitenoise.storage.CompressedManifestStaticFilesStorage"}}',
    WHITENOISE,
)
TOO_MUCH_MEMORY = kind(
    "W523",
    "The web process uses $size MB, and a dyno has $limit MB. Heroku would report R14.",
    "Use fewer processes, or a larger dyno.",
    f"{ERROR_CODES}#r14-memory-quota-exceeded",
    "heroku config:set WEB_CONCURRENCY=1",
)
IGNORES_SIGTERM = kind(
    "E524",
    "The web process still runs $seconds s after SIGTERM. Heroku would kill it, with the requests "
    "that it is working on (R12).",
    "Let the server handle SIGTERM. gunicorn does.",
    f"{ERROR_CODES}#r12-exit-timeout",
)
UNKNOWN_HOST = kind(
    "E525",
    "The site does not allow the host name $host, and answers with 400.",
    "If this is a name of your site, add it to ALLOWED_HOSTS, without https:// and without a "
    "slash. If not, ignore it: programs that look for weak sites send such requests.",
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
CONSOLE_EMAIL = kind(
    "E526",
    "In production, email would be printed into the log.",
    "Configure a mail server, or a backend that only logs.",
    f"{DJANGO}/topics/email/",
)
WORKER_TIMEOUT = kind(
    "E527",
    "A request took longer than gunicorn waits for a worker.",
    "Move slow work out of the request, to a job in the background, or use fewer queries.",
    f"{DEV_CENTER}/request-timeout",
)
WORKER_KILLED = kind(
    "E528",
    "The system killed a worker, probably because memory ran out.",
    "Use fewer processes, or a larger dyno.",
    f"{DEV_CENTER}/python-gunicorn",
    "heroku config:set WEB_CONCURRENCY=1",
)
GUNICORN_ON_WINDOWS = kind(
    "E529",
    "gunicorn runs on Linux, as on Heroku, and on macOS, but not on Windows.",
    "On your own machine, use runserver.",
    f"{DJANGO}/ref/django-admin/#runserver",
    "py manage.py runserver",
)
NO_MANAGE_PY_HERE = kind(
    "E530",
    "There is no manage.py where the command looks for it.",
    "Commit it in the root, or start the command with: cd FOLDER &&",
    f"{DEV_CENTER}/procfile",
)

# 6xx: storage, mail and other services

NO_CLOUD_NAME = kind(
    "E601",
    "Cloudinary's library does not know which account to use.",
    "Set CLOUDINARY_URL.",
    CLOUDINARY,
    "heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
)
BAD_CLOUDINARY_URL = kind(
    "E602",
    "CLOUDINARY_URL does not start with cloudinary://. The dashboard shows it after "
    "CLOUDINARY_URL=.",
    "Set it without that part.",
    CLOUDINARY,
    "heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
)
NO_ACLS = kind(
    "E603",
    "Buckets that were created since April 2023 do not accept access control lists.",
    "Set default_acl to None (AWS_DEFAULT_ACL = None).",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
)
NO_BUCKET = kind(
    "E604",
    "The storage for S3 does not know the name of the bucket.",
    "Set it.",
    S3,
    "heroku config:set AWS_STORAGE_BUCKET_NAME=my-bucket",
)
NO_S3_KEY = kind(
    "E605",
    "boto3 has no key for the bucket, with which it uploads files and signs links.",
    "Set the key.",
    S3,
    "heroku config:set AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
)
OLD_SIGNATURE = kind(
    "E606",
    "The link is signed with an old method that this region of S3 does not accept.",
    'Set region_name, and signature_version to "s3v4", for the storage.',
    S3,
)
CHECKSUMS = kind(
    "E607",
    "boto3 sends checksums since version 1.36. Some S3-compatible services do not know them.",
    "Turn them off where they are not required.",
    "https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html",
    "heroku config:set AWS_REQUEST_CHECKSUM_CALCULATION=when_required "
    "AWS_RESPONSE_CHECKSUM_VALIDATION=when_required",
)
SMTP_LOGIN = kind(
    "E608",
    "The mail server does not accept the username and the password.",
    "Set them again. Providers such as Google need an app password, not your own.",
    f"{DJANGO}/topics/email/",
)
SELF_SIGNED = kind(
    "E609",
    "The server has a certificate that it has signed itself, and Python does not trust it. "
    "Heroku's Redis has one.",
    "Set ssl_cert_reqs=None for this connection.",
    f"{DEV_CENTER}/connecting-heroku-redis#connecting-in-python",
)
UNTRUSTED_CERTIFICATE = kind(
    "E688",
    "Python does not trust the certificate of a server: $what",
    "If the server is Heroku's Redis, which signs its certificate itself, set ssl_cert_reqs=None "
    "for this connection. Otherwise, update certifi. If it only happens on your machine, a "
    "proxy or an antivirus program opens encrypted traffic there.",
    f"{DEV_CENTER}/connecting-heroku-redis#connecting-in-python",
)
LOCAL_REDIS = kind(
    "E610",
    "The settings name a Redis server on localhost. A dyno does not have one.",
    "Read its URL from REDIS_URL.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku addons:create heroku-redis:mini",
)

# 7xx: git and the platform

NO_BRANCH = kind(
    "E701",
    "git has no branch $branch. Nothing is committed yet, or your branch has another name.",
    "Commit, then push the current branch.",
    f"{DEV_CENTER}/git",
    "git push heroku HEAD:main",
)
ALREADY_BUILT = kind(
    "E702",
    "Heroku has built this commit before. Your changes are not committed, or on another branch.",
    "Commit them, then push the current branch.",
    f"{DEV_CENTER}/git#deploy-from-a-branch-besides-main",
    "git push heroku HEAD:main",
)
NO_REMOTE = kind(
    "E703",
    "This clone does not know the app on Heroku yet.",
    "Add the remote.",
    f"{DEV_CENTER}/git",
    "heroku git:remote -a $app",
)
BEHIND_HEROKU = kind(
    "E704",
    "Heroku has commits that this branch does not have. They come from another clone.",
    "Pull from the repository of your team, then push again.",
    f"{DEV_CENTER}/git",
    "git pull",
)
NO_PYTHON_PROJECT = kind(
    "E705",
    "The root of what you pushed has no file of a Python project. It is in a folder, or not "
    "committed.",
    "`git ls-files` shows what is committed. For a project in a folder: git subtree push --prefix "
    "FOLDER heroku main",
    f"{DEV_CENTER}/python-support",
)
UNREADABLE_VERSION_ON_HEROKU = kind(
    "E706",
    "The file with the Python version is not in a form or an encoding that Heroku can read.",
    "It must have one line in UTF-8: 3.13 in .python-version, or python-3.13 in runtime.txt.",
    f"{DEV_CENTER}/python-support",
)
PYTHON_NOT_ON_HEROKU = kind(
    "E707",
    "Heroku does not have this version of Python, or no longer has it.",
    "Write a supported version without its last part, such as 3.13, in .python-version.",
    f"{DEV_CENTER}/python-support",
)
SLUG_SIZE = kind(
    "E708",
    "The compressed slug is larger than 500 MB.",
    "Remove media, data and models from git, list them in .slugignore, or replace heavy packages.",
    f"{DEV_CENTER}/slug-compiler#slug-size",
)
NO_PROCESS_TYPES = kind(
    "E709",
    "Heroku did not find a Procfile, so it will start nothing (H14).",
    "Its name must be Procfile, with a capital P and without an ending. It must be in the root, in "
    "UTF-8, and committed.",
    f"{DEV_CENTER}/procfile",
)
NOT_LOGGED_IN = kind(
    "E710",
    "Heroku does not know who you are.",
    "Log in, then push again over HTTPS. In GitHub Actions, set HEROKU_API_KEY to a new key.",
    f"{DEV_CENTER}/git",
    "heroku login",
)
PUSH_REJECTED = register(
    Kind(
        "heroku.E711",
        "Heroku rejected the push. The cause is above this line.",
        "Read the log from the top. preflight shows the same failure on your machine.",
        f"{DEV_CENTER}/git",
        ("$preflight --only build",),
        symptom=True,
    )
)
NO_WEB_DYNO = kind(
    "E712",
    "No web process is running. It was scaled to zero, or the Procfile has no line `web:`.",
    "Start one.",
    f"{ERROR_CODES}#h14-no-web-dynos-running",
    "heroku ps:scale web=1",
)
SEVERAL_LOCKS_ON_HEROKU = kind(
    "E713",
    "Heroku builds with exactly one of requirements.txt, Pipfile.lock, poetry.lock and uv.lock.",
    "Remove those that you do not use, and commit.",
    PACKAGES,
)

# What only a log shows, or also shows: the numbers are those of the areas above, from 50 on.

PACKAGE_INDEX_DOWN = kind(
    "E219",
    "pip could not connect to the package index.",
    "Try again. On your own machine, check the network. If it lasts: https://status.python.org",
    "https://status.python.org",
)
OLD_PACKAGE = kind(
    "E250",
    "The package $package is too old, or too new, for this version of Python or Django.",
    "Update $package in $requirements, and commit. If it is no longer maintained, replace it, or "
    "ask for an older Python in .python-version.",
    PACKAGES,
)
NEW_NAME = kind(
    "E242",
    "The code, or a package, is written for a newer Python: $what",
    "Ask for a newer Python in .python-version, such as 3.13. If a package needs it and you "
    "cannot, use an older version of the package.",
    f"{DEV_CENTER}/python-support",
)
OWN_MODULE = kind(
    "E243",
    "The code imports $module, which looks like a part of the project, and Python does not find "
    "it.",
    "Commit the file or folder, and compare its capitals. If it is beside the file that imports "
    "it, write: from . import $module. If it is in another folder, start the command there "
    "(gunicorn --chdir FOLDER), or name the folder: heroku config:set PYTHONPATH=FOLDER",
    f"{DEV_CENTER}/git",
)
HALF_LOADED = kind(
    "E244",
    "The module $module is not complete when it is used: a file of the project has its name, or "
    "two modules import each other.",
    "If the project has a file $module.py and means the package, give the file another name. "
    "Otherwise, move one of the two imports into the function that uses it.",
    "https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-import-"
    "in-a-module",
)
NO_RESPONSE = kind(
    "E245",
    "A view does not return a response.",
    "Add the missing return. Often, it is the case of a form that is not valid, or of a request "
    "that is not POST.",
    f"{DJANGO}/topics/http/views/",
)
OTHER_KEY = kind(
    "E246",
    "A text was signed or encrypted with another key than the one that reads it.",
    "Use the same key everywhere, in a config var, and do not create one at every start. What an "
    "old SECRET_KEY signed is read with SECRET_KEY_FALLBACKS. What an old key encrypted is lost "
    "without that key.",
    f"{DJANGO}/ref/settings/#secret-key-fallbacks",
)
OLD_NAME = kind(
    "E251",
    "The code, or a package, uses $name, which newer versions of Python do not have.",
    "Update your code, or the package that the traceback names, or ask for an older Python in "
    ".python-version.",
    f"{DEV_CENTER}/python-support",
)
MISMATCHED_PACKAGES = kind(
    "E252",
    "The installed version of $module does not have $name, which other code imports from it.",
    "Update the package that the last lines of the traceback name, or pin a version of $module "
    "that has $name.",
    PACKAGES,
)
COMPILED_FOR_OTHER_SYSTEM = kind(
    "E253",
    "$package is installed, but it was compiled for another system or another Python.",
    "Update $package in $requirements, and do not commit or copy an environment. Use "
    "psycopg2-binary instead of psycopg2.",
    PACKAGES,
)
MISSING_LIBRARY = kind(
    "E254",
    "The system library $library is not installed on Heroku.",
    "Use a package that includes it (opencv-python-headless instead of opencv-python, "
    "psycopg2-binary instead of psycopg2), or install the library with the apt "
    "buildpack and a file Aptfile.",
    f"{DEV_CENTER}/stack-packages",
    "heroku buildpacks:add --index 1 heroku-community/apt",
)
GDAL = kind(
    "E255",
    "GeoDjango needs GDAL, which is not installed on Heroku.",
    "Add a buildpack that installs it, before heroku/python, and push again. If you do not use "
    "GeoDjango, use the engine django.db.backends.postgresql.",
    f"{DEV_CENTER}/postgis",
    "heroku buildpacks:add --index 1 https://github.com/heroku/heroku-geo-buildpack.git",
)
GDAL_NOT_FOUND = kind(
    "E265",
    "The buildpack has installed GDAL and GEOS, but Django does not find them, or GDAL its data.",
    'Write in the settings: GDAL_LIBRARY_PATH = os.environ.get("GDAL_LIBRARY_PATH") and '
    'GEOS_LIBRARY_PATH = os.environ.get("GEOS_LIBRARY_PATH"). Use the buildpack below, which '
    "sets both, and GDAL_DATA and PROJ_LIB, before heroku/python.",
    f"{DEV_CENTER}/postgis",
    "heroku buildpacks:add --index 1 https://github.com/heroku/heroku-geo-buildpack.git",
)
HIDDEN_PACKAGE = kind(
    "E266",
    "A file $module.py of the project hides the package $module.",
    "Give the file another name.",
    "https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
)
MYSQL_CLIENT = kind(
    "E256",
    "The project uses MySQL's driver, which cannot be installed or loaded.",
    f"Heroku's own database is PostgreSQL: install psycopg2-binary, and write {CONFIG_DATABASE}",
    DATABASE_URL,
)
DJANGO_HEROKU_MISSING = kind(
    "E257",
    "The settings use django_heroku, which is not installed or not as they expect. It is no longer "
    "maintained.",
    "Remove it from the settings. Configure the database with dj-database-url and the static files "
    "with WhiteNoise instead.",
    f"{DEV_CENTER}/django-app-configuration",
)
MODULE_SIMILAR = kind(
    "E541",
    "There is no module $name. There is $similar.",
    "Use the name of the file or the folder.",
    "https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError",
)
MISSING_COMMA = kind(
    "E542",
    "$first and $second are read as one name, because there is no comma between them.",
    "Add the comma. Python joins two texts that stand next to each other.",
    "https://docs.python.org/3/reference/lexical_analysis.html#string-literal-concatenation",
)
NAME_SIMILAR = kind(
    "E543",
    "$module does not have $name. It has $similar.",
    "Use that name.",
    "https://docs.python.org/3/library/exceptions.html#AttributeError",
)
LEFT_BREAKPOINT = kind(
    "E544",
    "The code starts a debugger here, and nobody can answer it on Heroku.",
    "Remove breakpoint() or set_trace().",
    "https://docs.python.org/3/library/functions.html#breakpoint",
)
NO_SUCH_SUBMODULE = kind(
    "E258",
    "The package that contains $module exists, but $module itself does not.",
    "If it is part of your project, commit the file and compare the capitals of its name. If it is "
    "part of a package, this version does not have it: update the code that imports it.",
    PACKAGES,
)
LISTED_TWICE = kind(
    "E259",
    "$package is listed twice.",
    "Remove one of the lines from $requirements.",
    PACKAGES,
)
NO_REQUIREMENTS_FILE = kind(
    "E260",
    "The file $name is not part of what you pushed.",
    "Commit it. If it has another name, write that name.",
    PACKAGES,
)
HASHES = kind(
    "E261",
    "A package does not have the hash that is written in the requirements, or is not listed there "
    "with a version and a hash.",
    "Create the requirements again, with the hashes of all dependencies or without any (poetry "
    "export --without-hashes), and commit.",
    "https://pip.pypa.io/en/stable/topics/secure-installs/",
)
PRIVATE_REPOSITORY = kind(
    "E262",
    "A package is installed from a git repository that Heroku cannot read.",
    "Install it from PyPI, or put the code into your project.",
    PACKAGES,
)
OTHER_LOCK_STALE = kind(
    "E263",
    "$lock does not fit the file that it was created from, or the tool that reads it.",
    "Create it again (pipenv lock, or poetry lock), and commit it.",
    PACKAGES,
)
NO_WINDOWS_COMPILER = kind(
    "E264",
    "A package has to be compiled, and Windows has no compiler for it.",
    "Install a version that is already compiled: update the package, or use a Python for which it "
    "exists.",
    "https://wiki.python.org/moin/WindowsCompilers",
)

APPS_NOT_LOADED = kind(
    "E350",
    "Something imports models before Django is set up.",
    "In asgi.py, wsgi.py or the script, call get_asgi_application(), get_wsgi_application() or "
    "django.setup() first, and import what uses models below that line. In settings, do not import "
    "models at all.",
    f"{DJANGO}/ref/applications/#troubleshooting",
)
SETTINGS_NOT_CONFIGURED = kind(
    "E351",
    "Code uses the settings before Python knows where they are.",
    "Before any other import of Django: "
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "FOLDER.settings")',
    f"{DJANGO}/topics/settings/#designating-the-settings",
)
NOT_IN_INSTALLED_APPS = kind(
    "E352",
    "$name belongs to an app that is not in INSTALLED_APPS.",
    "Add the app to INSTALLED_APPS, or fix its name there.",
    f"{DJANGO}/ref/applications/",
)
WRONG_SETTINGS_MODULE = kind(
    "E353",
    "There is no settings module $module.",
    "Set DJANGO_SETTINGS_MODULE to the module that contains your settings (manage.py names it), "
    "and commit the file.",
    f"{DJANGO}/topics/settings/#designating-the-settings",
)
PATH_AND_TEXT = kind(
    "E354",
    "The settings join a path and a text with the wrong operator.",
    'Write BASE_DIR / "staticfiles" if BASE_DIR is a Path, and os.path.join(BASE_DIR, '
    '"staticfiles") if it is a text.',
    f"{DJANGO}/ref/settings/#databases",
)
QUOTED_SETTINGS_MODULE = kind(
    "E366",
    "DJANGO_SETTINGS_MODULE is wrapped in quotes, so Python looks for a module with a quote in its "
    "name.",
    "Set it without them.",
    f"{DEV_CENTER}/config-vars",
    "heroku config:set DJANGO_SETTINGS_MODULE=FOLDER.settings",
)
WHITENOISE_IN_WSGI = kind(
    "E355",
    "The project starts WhiteNoise in wsgi.py, as before version 4.",
    'Remove it there, and add "whitenoise.middleware.WhiteNoiseMiddleware" directly after '
    "SecurityMiddleware in MIDDLEWARE.",
    WHITENOISE,
)
ACCOUNT_MIDDLEWARE = kind(
    "E356",
    "django-allauth needs its middleware since version 0.56.",
    'Add to MIDDLEWARE: "allauth.account.middleware.AccountMiddleware"',
    "https://docs.allauth.org/en/latest/installation/quickstart.html",
)
COMPRESS_MANIFEST = kind(
    "E357",
    "django-compressor looks for files that the build should have compressed, but did not.",
    "Run `python manage.py compress` in bin/post_compile, or set COMPRESS_OFFLINE = False.",
    "https://django-compressor.readthedocs.io/en/stable/scenarios.html#offline-compression",
)
NO_STATIC_FOLDER = kind(
    "E358",
    "STATICFILES_DIRS names the folder $folder, which is not part of what you pushed. git does not "
    "track empty folders.",
    "Commit a file in it, or remove the folder from STATICFILES_DIRS.",
    f"{DJANGO}/ref/settings/#staticfiles-dirs",
)
POST_PROCESSING = kind(
    "E364",
    "collectstatic cannot process $file_name. Most often, it refers to a file that does not exist.",
    "Check each url(...), @import and source map in $file_name: commit the file that it refers to, "
    "or remove the reference.",
    WHITENOISE,
)
NO_SUCH_COMMAND = kind(
    "E363",
    "manage.py does not know the command $name. The app that has it is not in INSTALLED_APPS, or "
    "other settings are used.",
    "Add the app to INSTALLED_APPS, and check DJANGO_SETTINGS_MODULE.",
    f"{DJANGO}/howto/custom-management-commands/",
)
NO_FILE = kind(
    "E359",
    "The program opens $name, which does not exist on Heroku.",
    "If it is part of the project, commit it and compare the capitals of its name. If it contains "
    "secrets, use config vars instead. If it is a log file, log to the console instead.",
    f"{DEV_CENTER}/config-vars",
)
STATIC_ROOT_TWICE = kind(
    "E360",
    "The folder in STATIC_ROOT is also in STATICFILES_DIRS.",
    'Use another folder for the collected files: STATIC_ROOT = BASE_DIR / "staticfiles"',
    f"{DJANGO}/ref/settings/#static-root",
)
NO_COMMAND = kind(
    "E362",
    "manage.py takes the option $option for a command. It does not pass its arguments to Django.",
    "Let manage.py call execute_from_command_line(sys.argv), as startproject writes it. Choose the "
    "settings with DJANGO_SETTINGS_MODULE instead of an argument.",
    f"{DJANGO}/ref/django-admin/",
)
NO_ALLOWED_HOSTS = kind(
    "E361",
    "DEBUG is off, and ALLOWED_HOSTS is empty.",
    'Add ".herokuapp.com", or the host name of your app, to ALLOWED_HOSTS.',
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
MIGRATION_MISSING = kind(
    "E450",
    "A migration depends on $migration, which does not exist here.",
    "Commit that migration. If it was created inside an installed package on your machine, delete "
    "it there, and let your migration depend on one that the package contains.",
    f"{DJANGO}/topics/migrations/",
)
SSLMODE_OPTION = kind(
    "E451",
    "The settings delete an option of the database that is not there.",
    "Remove the line: del DATABASES['default']['OPTIONS']['sslmode']. Without django_heroku, it is "
    "not needed.",
    "https://github.com/jazzband/dj-database-url",
)
TLS_REQUIRED = kind(
    "E452",
    "The database only accepts encrypted connections (TLS), and this one is not, or its address is "
    "out of date.",
    "Read the address from DATABASE_URL each time, and require TLS: "
    "dj_database_url.config(ssl_require=True)",
    f"{DEV_CENTER}/connecting-heroku-postgres",
)
DATABASE_PASSWORD = kind(
    "E453",
    "The database does not accept the password. Heroku changes it from time to time.",
    f"Do not copy it into the settings or another variable: {CONFIG_DATABASE}",
    DATABASE_URL,
    "heroku config:get DATABASE_URL",
)
NO_SUCH_DATABASE = kind(
    "E454",
    "The database server does not have the role or the database $name.",
    f"Use the database in DATABASE_URL: {CONFIG_DATABASE}. On your own machine, create it with "
    "createuser or createdb. In tests on Heroku CI, remove django_heroku or its test runner.",
    DATABASE_URL,
)
CONNECTION_LOST = kind(
    "E455",
    "The database closed the connection that the process kept open.",
    "Let Django check it before use: dj_database_url.config(conn_max_age=600, "
    "conn_health_checks=True)",
    f"{DJANGO}/ref/databases/#persistent-database-connections",
)
OLD_POSTGRES = kind(
    "E456",
    "The version of the database is too old for this version of Django.",
    "Upgrade the database, or use an older version of Django.",
    f"{DEV_CENTER}/upgrading-heroku-postgres-databases",
)
COLUMN_EXISTS = kind(
    "E457",
    "A migration adds the column $column, which the database already has.",
    "If the database is right, mark the migration as done: heroku run python manage.py migrate APP "
    "MIGRATION --fake. If there is no data to lose, use `heroku pg:reset`, and push again.",
    f"{DJANGO}/ref/django-admin/#migrate",
)
CANNOT_CAST = kind(
    "E458",
    "PostgreSQL cannot convert the values of a column to the new type of its field.",
    "Replace the migration by two: one that removes the field, and one that adds it again. The "
    "values in it are lost.",
    f"{DJANGO}/topics/migrations/",
)

BOUND_TO_LOCALHOST = kind(
    "E550",
    "The server listens on $address, where Heroku cannot reach it (R10).",
    "Listen on 0.0.0.0 and the port in $$PORT. gunicorn does so by itself; others have options: "
    "--host 0.0.0.0 --port $$PORT (waitress, uvicorn), -b 0.0.0.0 -p $$PORT (daphne).",
    f"{ERROR_CODES}#r10-boot-timeout",
)
FOREIGN_ADDRESS = kind(
    "E551",
    "A process tries to listen on an address that the dyno does not have.",
    "Listen on 0.0.0.0 and the port in $$PORT, not on the host name of the app. Only the process "
    "type web receives requests.",
    f"{DEV_CENTER}/runtime-principles#web-servers",
)
URL_AS_ADDRESS = kind(
    "E546",
    "The server was told to listen on a URL, and reads what follows the first colon as the port.",
    "Write the address without https:// and without the name of the app: 0.0.0.0:$$PORT. gunicorn "
    "uses it without an option.",
    f"{DEV_CENTER}/runtime-principles#web-servers",
)
LONG_DASH = kind(
    "E565",
    "The command contains a long dash or curly quotes, which a web page or an editor has put "
    "there: $what",
    "Type it again with two plain hyphens (--) and straight quotes, in the Procfile or where the "
    "command comes from, and commit.",
    f"{DEV_CENTER}/procfile",
)
SERVER_OPTIONS = kind(
    "E552",
    "The server does not understand its command line: $what",
    "Fix the line `web:` of the Procfile.",
    f"{DEV_CENTER}/procfile",
)
NO_WORKER_CLASS = kind(
    "E553",
    "gunicorn cannot load the worker class $name. Its package is not installed.",
    "Add the package of the worker to $requirements (uvicorn, gevent), or remove the option from "
    "the Procfile.",
    f"{DEV_CENTER}/python-gunicorn",
)
NO_SUCH_PROGRAM = kind(
    "E554",
    "A command starts $program, which is not installed where it runs.",
    "Install it, or fix its name in the Procfile, in app.json or in the command that you typed. A "
    "script needs its program or its path: python manage.py, bash start.sh or ./start.sh",
    f"{DEV_CENTER}/procfile",
)
NO_NODE = kind(
    "E559",
    "A command starts $program, which needs Node.js. Heroku's buildpack for Python does not "
    "include it.",
    "Add the buildpack for Node.js before heroku/python, and commit package.json with $program in "
    "it. Or remove that step.",
    f"{DEV_CENTER}/using-multiple-buildpacks-for-an-app",
    "heroku buildpacks:add --index 1 heroku/nodejs",
)
NO_WEBSOCKETS = kind(
    "E560",
    "The site does not answer WebSocket connections for this address.",
    "Start an ASGI server in the Procfile, not gunicorn's default worker: web: daphne -b 0.0.0.0 "
    "-p $$PORT FOLDER.asgi:application. The address must be in the websocket routes of asgi.py, "
    "and start with wss:// on an https page.",
    "https://channels.readthedocs.io/en/stable/deploying.html",
)
UPLOADS_GONE = kind(
    "E555",
    "The uploaded file $path is not there. Heroku deletes files at every restart of a dyno, and "
    "Django does not serve uploads with DEBUG off.",
    'Name a storage for uploads, such as S3 or Cloudinary, in STORAGES["default"].',
    STORAGES,
)
NOT_IN_MEDIA = kind(
    "E589",
    "A package looks for the file $path in MEDIA_ROOT. That folder is not in git, and a dyno does "
    "not keep what is written there.",
    'Name a storage for uploads, such as S3 or Cloudinary, in STORAGES["default"], and upload the '
    "file to it. For django-oscar, OSCAR_MISSING_IMAGE_URL names it.",
    STORAGES,
)
MIXED_CONTENT = kind(
    "E556",
    "A page that was loaded over HTTPS requests a file over plain HTTP, and browsers block it.",
    "Write https:// in the URL, and wss:// for WebSockets. For Cloudinary: "
    "cloudinary.config(secure=True).",
    "https://developer.mozilla.org/docs/Web/Security/Mixed_content",
)
CORS = kind(
    "E557",
    "The browser blocked a request from one site to another, because the other site does not "
    "allow it (CORS).",
    "If the other site is your Django project, add django-cors-headers and list the first site in "
    "CORS_ALLOWED_ORIGINS. For a bucket, configure CORS there.",
    "https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS",
)
CSRF_REFERER = kind(
    "E558",
    "A form was refused with 403, because it comes from a host that Django does not trust.",
    "Add the site with https:// to CSRF_TRUSTED_ORIGINS.",
    f"{DJANGO}/ref/settings/#csrf-trusted-origins",
)

NO_SOCIAL_APP = kind(
    "E650",
    "django-allauth does not find a social application for this site in the database.",
    "Log in to the admin of the app on Heroku, and add one under Social applications, with the "
    "client id, the secret and your site. Or put them into SOCIALACCOUNT_PROVIDERS.",
    "https://docs.allauth.org/en/latest/socialaccount/provider_configuration.html",
)
NO_SITE = kind(
    "E651",
    "There is no site in the database with the id in SITE_ID.",
    "Run the migrations, and add the site in the admin. SITE_ID must be its id.",
    f"{DJANGO}/ref/contrib/sites/",
    "heroku run python manage.py migrate",
)
S3_ACCESS = kind(
    "E652",
    "S3 refuses access (403). The key may not do this, or the bucket has another name.",
    "Allow the key's user s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket on this "
    "bucket, and check the name of the bucket.",
    S3,
)
S3_KEY = kind(
    "E653",
    "S3 does not accept the key.",
    "Set the key and its secret again, without quotes or blanks.",
    S3,
    "heroku config:set AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
)
S3_BUCKET = kind(
    "E654",
    "The bucket does not exist under this name.",
    "Create it, or fix its name.",
    S3,
    "heroku config:set AWS_STORAGE_BUCKET_NAME=my-bucket",
)
S3_REGION = kind(
    "E655",
    "The bucket is in another region.",
    "Set the region of the bucket (AWS_S3_REGION_NAME, or region_name in STORAGES).",
    S3,
)
CLOUDINARY_KEY = kind(
    "E656",
    "Cloudinary does not accept the key.",
    "Copy CLOUDINARY_URL from the dashboard again.",
    CLOUDINARY,
    "heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
)
EMPTY_ADDRESS = kind(
    "E697",
    "A mail was sent to an empty address.",
    "Look at the user, or the setting, whose address is used, and do not send if there is none.",
    f"{DJANGO}/topics/email/",
)
MAIL_WITHOUT_LOGIN = kind(
    "E696",
    "The mail server wants a login, and Django has not logged in, because there is no username or "
    "no password.",
    "Set EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, and the config vars that these settings read. "
    "Google needs an app password. If it has one, turn on EMAIL_USE_TLS with port 587.",
    f"{DJANGO}/topics/email/",
)
SENDER_REFUSED = kind(
    "E657",
    "The mail server does not accept the sender.",
    "Set DEFAULT_FROM_EMAIL to an address that you have verified there, and log in to the server "
    "(EMAIL_HOST_USER, EMAIL_HOST_PASSWORD).",
    f"{DJANGO}/topics/email/",
)
LOCAL_MAIL = kind(
    "E658",
    "The settings do not name a mail server, so Django looks for one on localhost. A dyno does not "
    "have one.",
    "Set EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.",
    f"{DJANGO}/topics/email/",
)
MAIL_TLS = kind(
    "E659",
    "The options for encryption do not fit the port of the mail server.",
    "Use EMAIL_USE_TLS = True with port 587, or EMAIL_USE_SSL = True with port 465.",
    f"{DJANGO}/ref/settings/#email-use-tls",
)
REDIS_UNREACHABLE = kind(
    "E663",
    "The Redis server $host does not accept connections.",
    "Heroku changes the address from time to time: read REDIS_URL in the settings, instead of a "
    "copy of its value, and compare it with the address in the message.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku redis:info",
    "heroku config:get REDIS_URL",
)
LOCAL_BROKER = kind(
    "E660",
    "Celery's broker refuses the connection. Without a setting, or with localhost in it, Celery "
    "looks for one on the dyno, which does not have one.",
    "Read the URL of the broker from REDIS_URL or CLOUDAMQP_URL, and add that add-on.",
    f"{DEV_CENTER}/celery-heroku",
    "heroku addons:create heroku-redis:mini",
)
REDIS_CERTIFICATE_OPTION = kind(
    "E661",
    "A URL of Redis with TLS (rediss://) needs a decision about the certificate.",
    "Heroku's Redis has a self-signed one: set ssl_cert_reqs to None (in a URL for Celery: "
    "?ssl_cert_reqs=CERT_NONE).",
    f"{DEV_CENTER}/connecting-heroku-redis#connecting-in-python",
)
REDIS_CLIENTS = kind(
    "E662",
    "Redis has no connections left.",
    "Use fewer processes and a smaller pool, set a timeout for idle connections, or use a larger "
    "plan.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku redis:timeout --seconds 60",
)

GIT_LFS_NOT_SUPPORTED = kind(
    "E750",
    "The repository uses Git LFS, which Heroku's git server does not support.",
    "Take the files out of LFS (`git lfs migrate export`) or keep them in a bucket. To fetch them "
    "in the build instead, add a buildpack for LFS and push with: git push --no-verify heroku main",
    f"{DEV_CENTER}/git",
)
WRONG_BUILDPACK = kind(
    "E751",
    "The buildpack $buildpack is set for this app, but the project does not have the files for it.",
    "Remove it, also from app.json.",
    f"{DEV_CENTER}/managing-buildpacks",
    "heroku buildpacks:remove $buildpack",
)
PYTHON_NOT_INSTALLED = kind(
    "E766",
    "The buildpack has not installed Python: Heroku does not have this version of it, or the "
    "buildpack is out of date.",
    "Write a supported version without its last part, such as 3.13, in .python-version, and remove "
    "runtime.txt. If `heroku buildpacks` shows another buildpack for Python than heroku/python, "
    "replace it.",
    f"{DEV_CENTER}/python-support",
    "heroku buildpacks",
)
POETRY_BUILDPACK = kind(
    "E752",
    "A buildpack of a third party installs Poetry in a way that no longer works, or wants an exact "
    "Python version in pyproject.toml.",
    "Heroku supports Poetry itself: remove that buildpack (`heroku buildpacks`, app.json), and "
    "write the version in .python-version, such as 3.13.",
    f"{DEV_CENTER}/python-dependency-management",
)
UNVERIFIED_ACCOUNT = kind(
    "E753",
    "Heroku only does this for accounts with a payment method.",
    "Add one at https://heroku.com/verify, then try again.",
    f"{DEV_CENTER}/account-verification",
)
NAME_TAKEN = kind(
    "E754",
    "Another app on Heroku already has this name.",
    "Choose another name: letters, digits and dashes, at most 30 characters.",
    f"{DEV_CENTER}/creating-apps",
    "heroku create another-name",
)
NO_SUCH_APP = kind(
    "E755",
    "Heroku has no such app, or it belongs to another account.",
    "`heroku apps` lists yours. Then correct the remote.",
    f"{DEV_CENTER}/git",
    "heroku git:remote -a $app",
)
APP_LIMIT = kind(
    "E756",
    "The account already has as many apps as it may have.",
    "Delete one that you do not need, or add a payment method.",
    f"{DEV_CENTER}/limits",
    "heroku apps",
)
GIT_LOCK = kind(
    "E757",
    "A lock file was left behind by a git command that crashed or still runs.",
    "Close other programs that use git, then remove the lock file that the message names, and try "
    "again.",
    f"{DEV_CENTER}/git",
    "rm -f $name",
)
OTHER_BRANCH = kind(
    "E758",
    "Heroku only builds the branches main and master.",
    "Push your current branch to main.",
    f"{DEV_CENTER}/git#deploy-from-a-branch-besides-main",
    "git push heroku HEAD:main",
)
NOT_A_REPOSITORY = kind(
    "E759",
    "This folder is not a git repository.",
    "Go to the folder of the project, or create the repository and commit.",
    f"{DEV_CENTER}/git",
    "git init -b main",
    "git add .",
    'git commit -m "First commit"',
)
NO_CLI = kind(
    "E760",
    "The Heroku CLI is not installed, or this terminal was opened before it was.",
    "Install it, and open a new terminal.",
    f"{DEV_CENTER}/heroku-cli",
)
BUILD_RUNNING = kind(
    "E761",
    "Another build of this app, or of this account, is still running.",
    "Wait until it has finished, then push again.",
    f"{DEV_CENTER}/limits",
)
INVALID_PROCFILE = kind(
    "E762",
    "Heroku cannot parse the Procfile.",
    "Every line must be: name, colon, command. Such as: web: gunicorn FOLDER.wsgi",
    f"{DEV_CENTER}/procfile",
)
SHALLOW_CLONE = kind(
    "E763",
    "This clone does not have the whole history, so it cannot be pushed.",
    "Fetch the rest, then push again. In GitHub Actions, set fetch-depth: 0 for actions/checkout.",
    f"{DEV_CENTER}/git",
    "git fetch --unshallow",
)
APP_ON_OLD_STACK = kind(
    "E764",
    "The stack of this app is too old: Heroku no longer builds on it.",
    "Move the app to the current stack, and push again.",
    f"{DEV_CENTER}/stack",
    "heroku stack:set heroku-24",
)
ADDON_PLAN = kind(
    "E765",
    "This add-on, or its plan, does not exist, or no longer exists.",
    "Choose a current plan: the smallest for a database is essential-0, for Redis it is mini. "
    "Remove an add-on that is gone from app.json. Backups are a part of Heroku Postgres.",
    f"{DEV_CENTER}/heroku-postgres-plans",
    POSTGRES,
)

ADDON_VERSION = kind(
    "E790",
    "app.json or a command asks for a version of the add-on that Heroku no longer offers.",
    "Leave the version out of app.json, or name one of those in the message.",
    f"{DEV_CENTER}/app-json-schema#addons",
)
SILENT_BUILD = kind(
    "E791",
    "The build stopped without saying why. The usual reason is a damaged build cache.",
    "Remove the cache, and push again.",
    f"{DEV_CENTER}/slug-compiler",
    "heroku plugins:install heroku-builds",
    "heroku builds:cache:purge",
)
NO_SUCH_BUILDPACK = kind(
    "E792",
    "Heroku cannot fetch the buildpack $url.",
    "Remove it. If the app needs it, add it by its address: "
    "heroku buildpacks:add https://github.com/owner/name.git",
    f"{DEV_CENTER}/managing-buildpacks",
    "heroku buildpacks:remove $url",
)
POSTGRES_SCHEME = kind(
    "E793",
    "SQLAlchemy does not know the scheme postgres://, with which DATABASE_URL starts on Heroku.",
    'Replace it in the code: os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)',
    f"{DEV_CENTER}/connecting-heroku-postgres#connecting-in-python",
)
REDIS_URL = kind(
    "E794",
    "The URL of Redis is empty, or does not start with redis:// or rediss://.",
    "Add Redis to the app, which sets REDIS_URL, and read that variable in the settings.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku addons:create heroku-redis:mini",
)

# Messages of builds, code, databases, servers and services in logs

NO_C_LIBRARY = kind(
    "E267",
    "A package has to be compiled, and a part of a C library is missing: $name.",
    "Use a version of the package that comes compiled (for psycopg2: psycopg2-binary), or add the "
    "library with the apt buildpack and a file Aptfile.",
    f"{DEV_CENTER}/stack-packages",
)
NEEDS_RUST = kind(
    "E268",
    "A package has to be compiled with Rust, which the build does not have.",
    "Use a version of the package that comes compiled: update it, or ask for a Python version for "
    "which it exists.",
    PACKAGES,
)
NEEDS_FORTRAN = kind(
    "E288",
    "A package has to be compiled with Fortran, which the build does not have.",
    "Use a version of numpy and scipy that comes compiled: update them, or ask for a Python "
    "version for which the pinned version exists.",
    PACKAGES,
)
DISTRIBUTE = kind(
    "E289",
    "The old package distribute replaces setuptools during the build, and fails.",
    "Remove distribute and setuptools from $requirements. If a package asks for distribute, update "
    "that package.",
    PACKAGES,
)
WRONG_WHEEL = kind(
    "E269",
    "$package has no file for this system or this version of Python.",
    "Name the package and its version in $requirements, not a file that was made for another "
    "system. If the version is too old or too new for this Python, change one of the two.",
    PACKAGES,
)
NOT_INSTALLABLE = kind(
    "E270",
    "pip was asked to install the folder $name, which has neither setup.py nor pyproject.toml.",
    "Remove that line from $requirements, or add the missing file.",
    PACKAGES,
)
POETRY_PACKAGE = kind(
    "E271",
    "Poetry tries to install the project itself as a package, and does not find it.",
    "Write package-mode = false below [tool.poetry] in pyproject.toml.",
    "https://python-poetry.org/docs/basic-usage/#operating-modes",
)
INVALID_TOML = kind(
    "E272",
    "$name cannot be parsed.",
    "Fix the line that the message names. Strings need quotes.",
    "https://toml.io",
)
OLD_SETUP = kind(
    "E273",
    "The setup of a package does not work with this version of pip or setuptools.",
    "Update the package that the lines above name, or replace it if it is no longer maintained.",
    PACKAGES,
)
SKLEARN = kind(
    "E274",
    "The package sklearn is deprecated. Its real name is scikit-learn.",
    "Write scikit-learn instead of sklearn in $requirements.",
    "https://pypi.org/project/sklearn/",
)
PIP_SAYS = kind(
    "E275",
    "The installation of the packages failed: $what",
    "Fix the requirement that the message names, and commit.",
    PACKAGES,
)
COMPILING = kind(
    "E276",
    "A package has to be compiled, and the compiler failed.",
    "Look for its name above (Collecting ..., Building wheel for ...). Update it, or ask for a "
    "Python version for which it comes compiled.",
    PACKAGES,
)
SUSPICIOUS_PATH = kind(
    "E332",
    "A path leads out of the folder for static files or uploads: $what",
    "Use a relative path without .. and without a leading slash, in the template or in upload_to.",
    f"{DJANGO}/ref/exceptions/#suspiciousoperation",
)
NOT_COMPRESSIBLE = kind(
    "E333",
    "django-compressor cannot find a file that a template names: $what",
    "Commit the file, use {% static %} for its address, and set COMPRESS_ROOT to STATIC_ROOT.",
    "https://django-compressor.readthedocs.io/en/stable/settings.html",
)
NO_BUNDLES = kind(
    "E334",
    "The list of the JavaScript bundles (webpack or Vite) is missing or incomplete.",
    "Build them on Heroku: add the buildpack for Node.js before heroku/python, with a script "
    '"build" in package.json. Or commit the built files.',
    f"{DEV_CENTER}/using-multiple-buildpacks-for-an-app",
    "heroku buildpacks:add --index 1 heroku/nodejs",
)
NODE_BUILD = kind(
    "E335",
    "The build of the JavaScript part failed: $what",
    "Run the same command on your machine (`npm ci`, then `npm run build`), fix it, and commit "
    "package.json with its lock file.",
    f"{DEV_CENTER}/troubleshooting-node-deploys",
)
NODE_VERSION = kind(
    "E336",
    "The JavaScript tools are too old for this version of Node.js (OpenSSL 3).",
    "Update webpack or react-scripts, or ask for an older Node.js in package.json: "
    '{"engines": {"node": "16.x"}}. NODE_OPTIONS=--openssl-legacy-provider also helps.',
    f"{DEV_CENTER}/nodejs-support",
)
NODE_LOCKS = kind(
    "E337",
    "The lock file of the JavaScript packages does not fit package.json, or there are two of them.",
    "Keep either package-lock.json or yarn.lock, create it again (`npm install`), and commit it.",
    f"{DEV_CENTER}/troubleshooting-node-deploys",
)
STATIC_ENCODING = kind(
    "E338",
    "collectstatic cannot read a file that is not UTF-8.",
    "Save the style sheets and scripts as UTF-8.",
    f"{DJANGO}/ref/contrib/staticfiles/",
)

NO_SETTING = kind(
    "E367",
    "The code reads the setting $name, which the settings do not define.",
    "Define it in the settings that run on Heroku. If this Django no longer has it, update the "
    "package that reads it.",
    f"{DJANGO}/topics/settings/",
)
CANNOT_IMPORT_NAME = kind(
    "E368",
    "The code imports $name from $module, which does not have it.",
    "Compare the spelling, and commit the file. If both files import each other, move one import. "
    "If it is a package, install the version that has it.",
    "https://docs.python.org/3/library/exceptions.html#ImportError",
)
BAD_ENGINE = kind(
    "E369",
    "Django has no database engine $name, or its driver cannot be imported.",
    f"For Heroku's database: install psycopg2-binary, and write {CONFIG_DATABASE}",
    f"{DJANGO}/ref/settings/#engine",
)
RAISED = kind(
    "E370",
    "The program stopped with $name: $text",
    "Look at the last line of your own code in the traceback. If there is none, search for the "
    "message together with the name of the package in the last lines.",
    "https://docs.python.org/3/library/exceptions.html",
)
NONE_VALUE = kind(
    "E371",
    "The code uses a value that is None: $text",
    "Look for a config var that is not set (`heroku config`), or for a query or function that "
    "returned nothing, in the last line of your own code in the traceback.",
    "https://docs.python.org/3/library/constants.html#None",
)
WRONG_ATTRIBUTE = kind(
    "E372",
    "The code uses an attribute that does not exist: $text",
    "Compare the spelling. If it belongs to a package, the installed version is older or newer "
    "than the code expects: pin the version that works on your machine.",
    "https://docs.python.org/3/library/exceptions.html#AttributeError",
)
WRONG_CALL = kind(
    "E373",
    "The code calls something in a way that does not work: $text",
    "Compare the arguments and their types with the documentation. If a package is called, pin "
    "the version that works on your machine.",
    "https://docs.python.org/3/library/exceptions.html#TypeError",
)
WRONG_VALUE = kind(
    "E374",
    "The code got a value that it cannot use: $text",
    "Look at the last line of your own code in the traceback, and at the config vars that it reads "
    "(`heroku config`).",
    "https://docs.python.org/3/library/exceptions.html#ValueError",
)
NO_KEY = kind(
    "E375",
    "The code looks for a key or a position that is not there: $text",
    "If it is the name of a config var, set it. Otherwise use .get(), or look at why the data does "
    "not have it.",
    "https://docs.python.org/3/library/exceptions.html#KeyError",
)
CONFIGURATION = kind(
    "E376",
    "Django cannot use a setting or a view: $text",
    "Fix the setting, or the class, that the message names.",
    f"{DJANGO}/ref/exceptions/#improperlyconfigured",
)
NO_ROW = kind(
    "E377",
    "The code expects a row in the database that is not there: $text",
    "The database on Heroku is another one than on your machine. Create the row there (admin, "
    "loaddata), or handle its absence: get_object_or_404, or filter(...).first().",
    f"{DJANGO}/ref/models/instances/#django.db.models.Model.DoesNotExist",
)
SEVERAL_ROWS = kind(
    "E348",
    "The code expects one row in the database, and there are several: $text",
    "Remove the duplicates (admin, heroku run python manage.py shell), or use "
    "filter(...).first() in the last line of your own code in the traceback.",
    f"{DJANGO}/ref/models/querysets/#get",
)
NO_REVERSE = kind(
    "E378",
    "A template or view asks for a URL that urls.py does not have: $text",
    "Compare the name, the namespace and the arguments with urls.py. An argument may be empty.",
    f"{DJANGO}/ref/exceptions/#noreversematch",
)
URL_NAME_SIMILAR = kind(
    "E329",
    "No URL pattern is called $name. There is $similar.",
    "Use the name that urls.py gives, with its namespace, or change it there.",
    f"{DJANGO}/topics/http/urls/#naming-url-patterns",
)
COMMAND_SAYS = kind(
    "E379",
    "The command of manage.py stopped: $text",
    "Do what the message says, then run it again.",
    f"{DJANGO}/ref/django-admin/",
)
IMPORT_FAILED = kind(
    "E380",
    "An import failed: $text",
    "Look at the last import in your own code. If it is from a package, install the version that "
    "works on your machine.",
    "https://docs.python.org/3/library/exceptions.html#ImportError",
)
NOT_JSON = kind(
    "E343",
    "The code reads a text as JSON that is not JSON: $text",
    "It may be empty, or a page in HTML. If another server sent it, check the address, and the "
    "status before you read the response. If it is a config var, set it without extra quotes. If a "
    "visitor sent it, respond with 400.",
    "https://docs.python.org/3/library/json.html",
)
NOT_UTF8 = kind(
    "E381",
    "A text has another encoding than the code expects: $text",
    'Name the encoding when you open a file: open(path, encoding="utf-8"). Save files as UTF-8.',
    "https://docs.python.org/3/howto/unicode.html",
)
FILE_SYSTEM = kind(
    "E382",
    "The operating system refused something: $text",
    "A dyno has no files but those that you push, and what it writes is lost at a restart. Use "
    "relative paths below BASE_DIR, /tmp for temporary files, and a bucket for uploads.",
    f"{DEV_CENTER}/dynos#ephemeral-filesystem",
)
DJANGO_REFUSED = kind(
    "E383",
    "Django refused something that the code or a visitor did: $name: $text",
    "Look at the last line of your own code in the traceback. The message often lists the names "
    "that exist.",
    f"{DJANGO}/ref/exceptions/",
)
OUT_OF_MEMORY = kind(
    "E384",
    "A process used more memory than it may, and was stopped.",
    "Use fewer processes, load less at once, or use a larger dyno.",
    f"{DEV_CENTER}/memory",
    "heroku config:set WEB_CONCURRENCY=1",
)
NO_PATTERNS = kind(
    "E385",
    "The URLconf $name has no list urlpatterns, or it is imported in a circle.",
    "Define urlpatterns in that file. If it has one, look for an error in the modules that it "
    "imports, such as views that import urls.",
    f"{DJANGO}/topics/http/urls/",
)
OLD_DJANGO_CODE = kind(
    "E386",
    "The code, or a package, was written for an older version of Django: $what",
    "Update the code or the package that the traceback names, or pin the version of Django that "
    "works on your machine.",
    f"{DJANGO}/releases/",
)
APP_TWICE = kind(
    "E387",
    "The app $name is in INSTALLED_APPS twice, or two apps have this name.",
    "Remove one of them, or give one another label.",
    f"{DJANGO}/ref/applications/",
)
SWAPPED_USER = kind(
    "E388",
    "The code uses $name, but AUTH_USER_MODEL names another user model.",
    "Use get_user_model(), and forms whose Meta.model is your own user model.",
    f"{DJANGO}/topics/auth/customizing/#referencing-the-user-model",
)
USER_MANAGER = kind(
    "E341",
    "The manager of the user model has no $name(), which Django needs.",
    "Let the manager inherit from django.contrib.auth.models.UserManager, or from BaseUserManager "
    "with create_user() and create_superuser(), and set objects = YOUR_MANAGER() in the model.",
    f"{DJANGO}/topics/auth/customizing/#writing-a-manager-for-a-custom-user-model",
)
PYTHON_2_RUNS = kind(
    "E342",
    "The code is written for Python 3, but Python 2 runs it.",
    "On Heroku, write a supported version such as 3.13 in .python-version, and remove runtime.txt. "
    "On your own machine, create the environment with python3.",
    f"{DEV_CENTER}/python-runtimes",
)
PYTHON_2_CODE = kind(
    "E344",
    "The code was written for Python 2, but Python 3 runs it: $what",
    "Update the code (print(x), except Error as e), or the package that the traceback names. "
    "Heroku no longer has Python 2.",
    "https://docs.python.org/3/howto/pyporting.html",
)
ONLY_WINDOWS = kind(
    "E345",
    "The code imports $module, which only exists on Windows.",
    "Remove the import: an editor may have added it by itself, as from asyncio.windows_events or "
    'msvcrt. If you need it on your machine: if sys.platform == "win32": import ...',
    "https://docs.python.org/3/library/sys.html#sys.platform",
)
NO_SCREEN = kind(
    "E339",
    "The code uses a window, keyboard or screen (such as tkinter), which a dyno does not have.",
    "Remove the import: an editor may have added it by itself. For pictures, use the backend Agg "
    'of Matplotlib: matplotlib.use("Agg").',
    "https://docs.python.org/3/library/tkinter.html",
)
PYTHON_PART = kind(
    "E340",
    "This Python was built without its module $module.",
    "On your own machine, install the library with its header files (libsqlite3-dev, libffi-dev, "
    "libbz2-dev, liblzma-dev, libssl-dev), then install Python again. On Heroku, use the buildpack "
    "heroku/python.",
    "https://devguide.python.org/getting-started/setup-building/",
)
BAD_APP_CONFIG = kind(
    "E389",
    "INSTALLED_APPS or an apps.py names $name, which does not exist.",
    "Compare it with the folder of the app and with the class in its apps.py.",
    f"{DJANGO}/ref/applications/",
)
UNSET_IN_SETTINGS = kind(
    "E390",
    "The settings use a variable that is not set: $what",
    "Set the config var that this line of the settings reads, or read it with a default: "
    'os.environ.get("NAME", "default")',
    f"{DEV_CENTER}/config-vars",
    "heroku config",
)
EMPTY_VARIABLE = kind(
    "E547",
    "The variable $name is not a number. It may be set, but empty.",
    "Give it a number, or remove it, so that the default of the code counts.",
    f"{DEV_CENTER}/config-vars",
    "heroku config:get $name",
    "heroku config:unset $name",
)
SSL_ARGUMENT = kind(
    "E548",
    "dj_database_url has no argument $name.",
    "It is called ssl_require: dj_database_url.config(ssl_require=True)",
    "https://github.com/jazzband/dj-database-url",
)
PICKLED_MAIN = kind(
    "E538",
    "A pickled object needs $name from the script that saved it. Under gunicorn, there is no such "
    "script.",
    "Move $name into a module of the project, import it from there, and save the object again.",
    "https://docs.python.org/3/library/pickle.html#what-can-be-pickled-and-unpickled",
)
UNSET_VARIABLE = kind(
    "E545",
    "This line of the settings needs the variable $name, which is not set in the first build.",
    'Give it a default, such as os.environ.get("$name", "..."), or set it on Heroku before you '
    'push, and give it a value in app.json: {"env": {"$name": {"value": "..."}}}',
    f"{DEV_CENTER}/config-vars",
    "heroku config:set $name=...",
)
NOT_A_BOOLEAN = kind(
    "E391",
    "A config var has the value '$text', which is not true or false.",
    "Set it to True or False, without quotes or blanks.",
    f"{DEV_CENTER}/config-vars",
    "heroku config",
)
EARLIER_FAILURE = symptom(
    "E392", "Django failed to load its apps before this. The log above this line shows why."
)
LOCALE = kind(
    "E393",
    "The locale that the code asks for is not installed on Heroku.",
    "Remove locale.setlocale(), or install the locale with the buildpack heroku-community/locale.",
    "https://github.com/heroku/heroku-buildpack-locale",
)
TIME_ZONE = kind(
    "E394",
    "There is no time zone $name.",
    "Use a name such as Europe/Dublin in TIME_ZONE. If it is right, add tzdata to $requirements.",
    f"{DJANGO}/ref/settings/#time-zone",
)
NO_PROGRAM_HERE = kind(
    "E585",
    "$program is not installed on this machine, or this terminal does not find it.",
    "Install it, open a new terminal, and try again. On Windows, Python is also called py.",
    "https://docs.python.org/3/using/",
)
WRONG_INTERFACE = kind(
    "E590",
    "The server and the application do not fit: one is ASGI, the other is WSGI.",
    "For gunicorn, name FOLDER.wsgi in the Procfile. For FOLDER.asgi or FastAPI, start an ASGI "
    "server: web: gunicorn FOLDER.asgi -k uvicorn_worker.UvicornWorker (with uvicorn-worker in "
    "$requirements).",
    f"{DJANGO}/howto/deployment/asgi/",
)
LOW_PORT = kind(
    "E591",
    "A process may not listen on this port.",
    "Ports below 1024 belong to the system. On Heroku, listen on 0.0.0.0 and the port in $$PORT.",
    f"{DEV_CENTER}/dynos#local-environment-variables",
)
NO_PYTHON_THERE = kind(
    "E592",
    "The shell does not find $program where the command runs.",
    "On Heroku, the buildpack of Python is missing or comes too late: `heroku buildpacks` must "
    "list heroku/python. In a Dockerfile, start from an image with Python. On your own "
    "machine, write python3.",
    f"{DEV_CENTER}/buildpacks",
    "heroku buildpacks:add heroku/python",
)
NOT_SERIALIZABLE = kind(
    "E593",
    "A value cannot be turned into JSON: $text",
    "Send simple values: the id of an object and not the object (to a Celery task), str() of a "
    "date or UUID, list() of a QuerySet. In a response, use a serializer or DjangoJSONEncoder.",
    f"{DJANGO}/topics/serialization/",
)
CHROME = kind(
    "E594",
    "Selenium cannot start Chrome: $text",
    "Chrome and its driver must have the same version: the buildpack below installs both, and "
    "Selenium finds them without a path. Start it with --headless, --no-sandbox and "
    "--disable-dev-shm-usage, and expect 512 MB of memory to be too little.",
    "https://github.com/heroku/heroku-buildpack-chrome-for-testing",
    "heroku buildpacks:add --index 1 heroku-community/chrome-for-testing",
)
POWERSHELL = kind(
    "E595",
    "PowerShell does not run scripts on this machine.",
    "Allow it for your account with the command below, and try again. Or use the Command Prompt.",
    "https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/"
    "about_execution_policies",
    "Set-ExecutionPolicy -Scope CurrentUser RemoteSigned",
)
SEGFAULT = kind(
    "E586",
    "A compiled package crashed the process (segmentation fault).",
    "Pin the versions of compiled packages that work on your machine, and update the others. With "
    "psycopg2, use psycopg2-binary or psycopg 3.",
    PACKAGES,
)
IGNORED_SETTINGS = kind(
    "E346",
    "The code imports $module, which is not part of what you pushed. Files with this name are "
    "usually in .gitignore, because they contain secrets.",
    "Read its values from config vars (os.environ), and import the file only if it exists: try: "
    "... except ImportError: pass.",
    f"{DEV_CENTER}/config-vars",
)
HTML_FOR_SCRIPT = kind(
    "E587",
    "The browser got an HTML page where it expects a script or JSON.",
    "Open that address in the browser. Most often, it is an error page of the API, or a route that "
    "answers all addresses also answers those of static files: exclude /static/ from it, and let "
    "WhiteNoise serve the built files.",
    WHITENOISE,
)
FETCH_FAILED = kind(
    "E588",
    "The browser could not send a request to another address.",
    "Look at the network tab of the browser: the address may be wrong (localhost, http on an https "
    "page), the server down, or the other site does not allow the request (CORS).",
    "https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS",
)
FILE_AS_FOLDER = kind(
    "E347",
    "A path in the settings continues behind the file $file_name, as if it were a folder.",
    "Use the folder that contains the file: BASE_DIR = Path(__file__).resolve().parent.parent",
    f"{DJANGO}/topics/settings/",
)
NO_INIT = kind(
    "E365",
    "The app $name has no file __init__.py, so Python does not take it for a package.",
    "Create an empty file __init__.py in its folder, and commit it.",
    f"{DJANGO}/ref/applications/",
    "git add -f $name/__init__.py",
)
RELATIVE_IMPORT = kind(
    "E395",
    "A relative import does not work where this file is loaded from.",
    "Import with the name of the package (from shop.models import Item), and start the file from "
    "the root of the project.",
    "https://docs.python.org/3/reference/import.html#package-relative-imports",
)
ASKS = kind(
    "E396",
    "The command asks a question, and it runs where you cannot answer.",
    "Use --noinput. createsuperuser then reads DJANGO_SUPERUSER_USERNAME, DJANGO_SUPERUSER_EMAIL "
    "and DJANGO_SUPERUSER_PASSWORD. Run makemigrations on your machine, and commit its files.",
    f"{DJANGO}/ref/django-admin/#createsuperuser",
)
NO_MODEL_DATA = kind(
    "E397",
    "The data $name, which a package for languages needs, is not installed on Heroku.",
    "For NLTK, list it in nltk.txt. For spaCy, add the address of the model to $requirements.",
    f"{DEV_CENTER}/python-nltk",
)
MISSING_PROGRAM = kind(
    "E398",
    "The code starts the program $program, which is not installed on Heroku.",
    "Add a buildpack that contains it, or the apt buildpack with a file Aptfile.",
    "https://elements.heroku.com/buildpacks",
    "heroku buildpacks:add --index 1 heroku-community/apt",
)
NO_FILE_IN_FIELD = kind(
    "E399",
    "The code uses the file of the field $name, which has none in this row.",
    "Test for it first: {% if item.$name %}.",
    f"{DJANGO}/ref/models/fields/#filefield-and-fieldfile",
)

DATABASE_SAYS = kind(
    "E460",
    "The database reported $name: $text",
    "Look at the last line of your own code in the traceback, and at the query that it sends. If "
    "the message is about the connection, compare the address with DATABASE_URL.",
    f"{DJANGO}/ref/exceptions/#database-exceptions",
)
DUMP_OWNER = kind(
    "E486",
    "The dump assigns its tables to the role $name, which does not exist here, or which you may "
    "not use.",
    "Load it with pg_restore --no-owner --no-acl, or create it with these options of pg_dump.",
    f"{DEV_CENTER}/heroku-postgres-import-export",
)
DATABASE_FULL = kind(
    "E461",
    "The database does not allow this user to use $table. Heroku takes away the right to write "
    "when a database is larger than its plan.",
    "Compare its size with the plan. Delete rows, or upgrade.",
    f"{DEV_CENTER}/heroku-postgres-plans",
    "heroku pg:info",
)
NO_DATABASE_RIGHT = kind(
    "E487",
    "The user of the database may not create tables in it: the $what belongs to another user.",
    "On Heroku, use DATABASE_URL and not another credential. Elsewhere, let the user own the "
    "database: ALTER DATABASE name OWNER TO user; since PostgreSQL 15, also GRANT ALL ON SCHEMA "
    "public TO user.",
    f"{DEV_CENTER}/heroku-postgresql-credentials",
)
NO_EXTENSION = kind(
    "E462",
    "The database does not have the extension $name, or this user may not create it.",
    "Create it in a migration (django.contrib.postgres.operations) before the one that needs it, "
    "or once by hand: CREATE EXTENSION IF NOT EXISTS. If Heroku does not offer it for your plan, "
    "use another plan.",
    f"{DEV_CENTER}/heroku-postgres-extensions-postgis-full-text-search",
    "heroku pg:psql -c 'CREATE EXTENSION IF NOT EXISTS \"$name\"'",
)
OTHER_SQL = kind(
    "E488",
    "PostgreSQL does not accept a query: $what",
    "SQLite and MySQL accept SQL that PostgreSQL does not. Look at raw(), extra() and distinct() "
    "in your own code. If a package sends the query, update it.",
    "https://www.postgresql.org/docs/current/sql.html",
)
DATABASE_IN_USE = kind(
    "E489",
    "The database cannot be dropped or created again, because something is connected to it.",
    "Close the other sessions (a shell, pgAdmin, a server, a second run of the tests), and try "
    "again. On Heroku: heroku pg:killall",
    f"{DEV_CENTER}/managing-heroku-postgres-using-cli",
)
DJANGO_HEROKU_TESTS = kind(
    "E490",
    "The test runner of django_heroku sends SQL that SQLite does not know. It is made for Heroku "
    "CI.",
    "Remove django_heroku, which is no longer maintained, or call "
    "django_heroku.settings(locals(), test_runner=False).",
    "https://github.com/heroku/django-heroku",
)
QUERY_STOPPED = kind(
    "E463",
    "The database stopped a query: $what",
    "Make the query faster (an index, fewer rows), keep transactions short, and look for locks.",
    f"{DEV_CENTER}/heroku-postgres-database-tuning",
    "heroku pg:locks",
)
EARLIER_QUERY = symptom(
    "E464", "An earlier query in the same transaction failed. The log above this line shows why."
)
OUT_OF_RANGE = kind(
    "E465",
    "A number is too large for its column. SQLite does not check that, PostgreSQL does.",
    "Use BigIntegerField, or a DecimalField with more digits, and check the value.",
    f"{DJANGO}/ref/models/fields/",
)
INVALID_INPUT = kind(
    "E466",
    "A value does not fit the type of its column: $what",
    "Check the value before the query: SQLite accepts it, PostgreSQL does not. If you changed the "
    "type of the field, create and run its migration.",
    f"{DJANGO}/ref/databases/",
)
UNREADABLE_DATABASE_URL = kind(
    "E467",
    "The address of the database cannot be parsed: $what",
    "It must look like postgres://user:password@host:5432/name, with special characters in the "
    f"password percent-encoded. Heroku's own does: {CONFIG_DATABASE}",
    DATABASE_URL,
    "heroku config:get DATABASE_URL",
)
DATABASE_CERTIFICATE = kind(
    "E468",
    "The certificate of the database cannot be verified.",
    "Heroku's is self-signed: use sslmode=require, not verify-full or verify-ca.",
    f"{DEV_CENTER}/connecting-heroku-postgres",
)
SHARED_CONNECTION = kind(
    "E469",
    "Two processes use the same connection to the database.",
    "Do not query the database before gunicorn or Celery forks its workers: no queries at import, "
    "or no preload_app.",
    f"{DEV_CENTER}/python-gunicorn",
)
PENDING_TRIGGERS = kind(
    "E470",
    "A migration changes rows and the same table in one transaction, which PostgreSQL refuses.",
    "Split it into two migrations: one for the rows, one for the table.",
    f"{DJANGO}/topics/migrations/#data-migrations",
)
NULLS_IN_COLUMN = kind(
    "E471",
    "A migration makes the column $column required, but some rows have no value in it.",
    "Fill them first, in a migration of their own, or give the field a default.",
    f"{DJANGO}/topics/migrations/#data-migrations",
)
DUPLICATES = kind(
    "E472",
    "A migration makes a field unique, but several rows have the same value in it.",
    "Remove the duplicates first, in a migration of their own.",
    f"{DJANGO}/topics/migrations/#data-migrations",
)
OTHER_SCHEMA = kind(
    "E473",
    "The tables of the database are not as the migrations expect: $what",
    "They were changed by hand, or a migration was edited after it ran. If the database is "
    "right, mark the migration as done (migrate APP MIGRATION --fake). Without data to lose, use "
    "`heroku pg:reset`.",
    f"{DJANGO}/ref/django-admin/#migrate",
)
PRIMARY_KEY = kind(
    "E474",
    "A migration gives a table a second primary key, or its id a second default: $what",
    "PostgreSQL allows one. Edit the migration: let it remove the old field first (RemoveField), "
    "and then add the new key (AddField, not AlterField). If there is no data to lose, delete the "
    "migrations of that app, run makemigrations, and use `heroku pg:reset`.",
    f"{DJANGO}/ref/migration-operations/",
)
UNAPPLIED = kind(
    "E475",
    "There are migrations that have not run on this database.",
    "Run them. A line `release: python manage.py migrate` in the Procfile does it at each push.",
    f"{DEV_CENTER}/release-phase",
    "heroku run python manage.py migrate",
)
NO_DEFAULT = kind(
    "E476",
    "The new field $name has no default, so Django does not know what the existing rows get.",
    "Give it a default or null=True, run makemigrations on your machine, and commit its files.",
    f"{DJANGO}/topics/migrations/",
)
OLD_SQLITE = kind(
    "E478",
    "The SQLite of this machine is too old for this version of Django.",
    f"Use the database in DATABASE_URL: {CONFIG_DATABASE}",
    DATABASE_URL,
)
MONGODB = kind(
    "E479",
    "The MongoDB server cannot be reached, or does not accept the login.",
    "Copy its address into a config var again, since a deleted cluster has no address. Allow "
    "access from anywhere in the settings of its network, and check the user and the password.",
    "https://www.mongodb.com/docs/atlas/troubleshoot-connection/",
)
MIGRATION_CIRCLE = kind(
    "E480",
    "Migrations depend on each other in a circle.",
    "Remove one of the dependencies, for example with a second migration for that field.",
    f"{DJANGO}/topics/migrations/#dependencies",
)
FIXTURE = kind(
    "E481",
    "The fixture $name cannot be loaded.",
    "Commit the file. Create it with dumpdata --natural-foreign --natural-primary -e contenttypes "
    "-e auth.permission -o FILE (in PowerShell, > writes UTF-16), and load it into an empty, "
    "migrated database.",
    f"{DJANGO}/ref/django-admin/#loaddata",
)
DUMP_FORMAT = kind(
    "E482",
    "pg_restore cannot read the dump: it has another format, or comes from a newer PostgreSQL.",
    "Create it with pg_dump -Fc of the same version, or load a text file with heroku pg:psql < "
    "FILE.",
    f"{DEV_CENTER}/heroku-postgres-import-export",
)
NOT_EMPTY = kind(
    "E483",
    "The remote database is not empty, so heroku pg:push refuses to write into it.",
    "If nothing in it is needed, empty it, and push again.",
    f"{DEV_CENTER}/managing-heroku-postgres-using-cli#pg-push",
    "heroku pg:reset",
)
POSTGRES_PROGRAMS = kind(
    "E484",
    "The programs of PostgreSQL on your machine (psql, pg_dump) are missing or too old.",
    "Install the version of your database on Heroku, and add its folder bin to PATH.",
    f"{DEV_CENTER}/local-setup-heroku-postgres",
)

PORT_IN_USE = kind(
    "E561",
    "Another process already listens on this port.",
    "Stop it, or use another port. On Heroku, start only one server in `web:`, and use $$PORT.",
    f"{DEV_CENTER}/procfile",
)
BAD_PORT = kind(
    "E562",
    "The server got a port that is not a number: $text",
    "Write $$PORT in the Procfile, without quotes around it. Heroku sets this variable; on Windows "
    "and on your own machine it is not set.",
    f"{DEV_CENTER}/procfile",
)
UNKNOWN_WORKER_CLASS = kind(
    "E563",
    "gunicorn does not know the worker class $name.",
    "Compare its spelling: sync, gthread, gevent or tornado. Other workers need the dotted "
    "name of a class, such as uvicorn_worker.UvicornWorker.",
    "https://docs.gunicorn.org/en/stable/settings.html#worker-class",
)
NO_SERVER_FILE = kind(
    "E564",
    "gunicorn does not find its configuration file $name, or cannot read it.",
    "Commit it, or fix the option -c in the Procfile.",
    f"{DEV_CENTER}/python-gunicorn",
)
CSRF_TOKEN = kind(
    "E566",
    "A form was refused with 403, because it was sent without the right CSRF token or cookie.",
    "Write {% csrf_token %} inside the form. With CSRF_COOKIE_SECURE, the site must be used over "
    "HTTPS. Scripts send the token in the header X-CSRFToken.",
    f"{DJANGO}/howto/csrf/",
)
BAD_REQUEST = kind(
    "E567",
    "Django answered 400 (Bad Request). Most often, the host name of the site is missing in "
    "ALLOWED_HOSTS.",
    'Add ".herokuapp.com", and your own domain, to ALLOWED_HOSTS. `heroku logs` shows the reason.',
    f"{DJANGO}/ref/settings/#allowed-hosts",
)
PAGE_NOT_FOUND = kind(
    "E568",
    "urls.py has no page for this address (404).",
    "Add it to urlpatterns, or open an address that exists. Compare the slash at its end.",
    f"{DJANGO}/topics/http/urls/",
)
POST_WITHOUT_SLASH = kind(
    "E569",
    "A form was sent to a URL without the slash at its end.",
    "Write the slash in the form's action or in the script.",
    f"{DJANGO}/ref/settings/#append-slash",
)
TOO_MUCH_DATA = kind(
    "E570",
    "A request has more data or more fields than Django accepts.",
    "Raise DATA_UPLOAD_MAX_MEMORY_SIZE or DATA_UPLOAD_MAX_NUMBER_FIELDS, or send less at once.",
    f"{DJANGO}/ref/settings/#data-upload-max-memory-size",
)
FROM_ASYNC = kind(
    "E571",
    "Asynchronous code calls something that only works in synchronous code, or the reverse.",
    "Wrap the call: sync_to_async(...) for the database, async_to_sync(...) for the other way.",
    f"{DJANGO}/topics/async/#async-safety",
)
NO_WEBSOCKET_LIBRARY = kind(
    "E572",
    "uvicorn has no library for WebSockets.",
    "Add uvicorn[standard] to $requirements.",
    "https://www.uvicorn.org/#quickstart",
)
NO_CHANNEL_LAYER = kind(
    "E573",
    "The code uses a channel layer, and CHANNEL_LAYERS is not set.",
    "Set CHANNEL_LAYERS to channels_redis with the address in REDIS_URL.",
    "https://channels.readthedocs.io/en/stable/topics/channel_layers.html",
)
CERTIFICATE = kind(
    "E574",
    "The browser does not accept the certificate of the site.",
    "Add the domain to the app, let its DNS record point to the target that Heroku shows, and turn "
    "on automatic certificates.",
    f"{DEV_CENTER}/automated-certificate-management",
    "heroku domains",
    "heroku certs:auto:enable",
)
DNS = kind(
    "E575",
    "The browser does not find the host name of the site.",
    "Compare the address with `heroku info`. For your own domain, set a CNAME record to the target "
    "that `heroku domains` shows.",
    f"{DEV_CENTER}/custom-domains",
    "heroku domains",
)
HTTPS_LOCALLY = kind(
    "E576",
    "The browser used HTTPS for Django's development server, which only understands HTTP.",
    "Open http://127.0.0.1:8000, and set SECURE_SSL_REDIRECT and HSTS only in production. The "
    "browser may remember HSTS: use a private window.",
    f"{DJANGO}/ref/settings/#secure-ssl-redirect",
)
WINDOWS_LINES = kind(
    "E577",
    "A script has the line endings of Windows, so Linux looks for a program with \\r in its name.",
    "Save it with LF, and keep it so: *.sh text eol=lf in .gitattributes.",
    f"{DEV_CENTER}/git",
)
NOT_EXECUTABLE = kind(
    "E578",
    "$name may not be executed.",
    "Mark it as executable in git, and commit. Or start it with bash or python.",
    f"{DEV_CENTER}/procfile",
    "git update-index --chmod=+x $name",
)
BROKEN_BUILDPACK = kind(
    "E714",
    "A script of a buildpack failed: $what",
    "Use Heroku's own buildpack for Python. numpy, scipy and most other packages come compiled "
    "today, so no special buildpack is needed.",
    f"{DEV_CENTER}/managing-buildpacks",
    "heroku buildpacks",
    "heroku buildpacks:set heroku/python",
)
PROCESS_ENDED = kind(
    "E715",
    "$name ended, so `heroku local` stopped all other processes, too.",
    "Let its command stay in the foreground, or remove its line from the Procfile. To start only "
    "one process type: heroku local web",
    f"{DEV_CENTER}/heroku-local",
)
NO_SUCH_SCRIPT = kind(
    "E579",
    "There is no file $name where the command looks for it.",
    "Compare the path with `git ls-files`, and commit the file. Commands run in the root of what "
    "you push.",
    f"{DEV_CENTER}/procfile",
)
SHELL_SYNTAX = kind(
    "E580",
    "The shell does not understand the command: $what",
    "Fix the line in the Procfile: name, colon, command. Quotes must be closed.",
    f"{DEV_CENTER}/procfile",
)
NOT_FOUND_127 = kind(
    "E581",
    "A process ended with status 127: the shell did not find its command.",
    "Compare the command in the Procfile with the packages in $requirements, such as gunicorn.",
    f"{DEV_CENTER}/procfile",
)
APPLICATION_ERROR = symptom(
    "E582", "Heroku shows its error page. The reason is in the log: heroku logs --num 1500"
)
NO_SITE_HERE = kind(
    "E583",
    "There is no app at this address.",
    "Compare it with the Web URL of your app. An app that was renamed has another address.",
    f"{DEV_CENTER}/custom-domains",
    "heroku info",
)
OPTION_OF_TLS = kind(
    "E584",
    "A connection mixes encrypted and plain traffic (TLS).",
    "Use the scheme and the port that belong together: rediss:// or https:// for an encrypted "
    "port, redis:// or http:// for a plain one.",
    "https://docs.python.org/3/library/ssl.html",
)

MAIL_UNREACHABLE = kind(
    "E664",
    "The mail server cannot be reached.",
    "Check EMAIL_HOST and EMAIL_PORT: 587 with EMAIL_USE_TLS, or 465 with EMAIL_USE_SSL.",
    f"{DJANGO}/topics/email/",
)
MAIL_CLOSED = kind(
    "E665",
    "The mail server closed the connection: $text",
    "Check EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, and use port 587 with EMAIL_USE_TLS, or 465 "
    "with EMAIL_USE_SSL.",
    f"{DJANGO}/topics/email/",
)
MAIL_SAYS = kind(
    "E666",
    "The mail server refused the message: $text",
    "Do what its answer says: most often, verify the sender or the recipient with your provider, "
    "or wait until its limit is reset.",
    f"{DJANGO}/topics/email/",
)
MAIL_API = kind(
    "E667",
    "The mail service does not accept the request: the API key or the sender is wrong.",
    "Create a key that may send, set it as a config var, and verify the sender there.",
    f"{DJANGO}/topics/email/",
)
AWS_SAYS = kind(
    "E668",
    "Amazon Web Services refused $operation: $text",
    "Look up the error code $code, and check the key, the region and the name of the bucket.",
    S3,
)
S3_ENDPOINT = kind(
    "E669",
    "The address of the bucket cannot be reached. The region or the endpoint is wrong.",
    "Set the region of the bucket (AWS_S3_REGION_NAME), and remove AWS_S3_ENDPOINT_URL for Amazon.",
    S3,
)
BUCKET_NAME = kind(
    "E670",
    "The name of the bucket is not valid or empty.",
    "Set it, without blanks, slashes or s3://.",
    S3,
    "heroku config:set AWS_STORAGE_BUCKET_NAME=my-bucket",
)
GOOGLE_CREDENTIALS = kind(
    "E671",
    "Google does not accept the credentials, or there are none.",
    "Put the content of the key file into a config var, and load it with "
    "service_account.Credentials.from_service_account_info(json.loads(...)). Give the account the "
    "right to the bucket.",
    "https://django-storages.readthedocs.io/en/stable/backends/gcloud.html",
)
REDIS_PASSWORD = kind(
    "E672",
    "Redis does not accept the password, or expects one.",
    "Read REDIS_URL in the settings, with the password in it, instead of a copy of its value.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku config:get REDIS_URL",
)
REDIS_FULL = kind(
    "E673",
    "Redis has no memory left.",
    "Let old keys expire, choose another policy, or use a larger plan.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku redis:maxmemory --policy allkeys-lru",
)
REDIS_CLOSED = kind(
    "E674",
    "Redis closed the connection.",
    "Heroku closes idle connections after 300 s. Use health_check_interval and "
    "retry_on_timeout, and rediss:// if your plan requires TLS.",
    f"{DEV_CENTER}/connecting-heroku-redis#connecting-in-python",
)
REDIS_VERSION = kind(
    "E675",
    "The Redis server is too old: it does not know the command $name.",
    "Upgrade it, or use an older version of the package that sends the command.",
    f"{DEV_CENTER}/heroku-redis",
    "heroku redis:upgrade",
)
REDIS_SAYS = kind(
    "E676",
    "Redis reported $name: $text",
    "Compare the address with `heroku config:get REDIS_URL`. If it is right, the server may just "
    "be starting again.",
    f"{DEV_CENTER}/heroku-redis",
)
REDIS_REFUSED = kind(
    "E689",
    "Redis, or the package redis, refused a command: $name: $text",
    "Look at the last line of your own code in the traceback, and at the value that it sends.",
    "https://redis.readthedocs.io/en/stable/exceptions.html",
)
UNKNOWN_TASK = kind(
    "E677",
    "The worker does not know the task $name.",
    "Name the file tasks.py. With Celery, call app.autodiscover_tasks() in celery.py, and import "
    "celery.py in the project's __init__.py. Restart the worker.",
    "https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html",
)
BROKER_URL = kind(
    "E692",
    "The URL of Celery's broker starts with $text, which Celery does not know.",
    "It must start with redis://, rediss://, amqp:// or amqps://, without quotes: read REDIS_URL "
    "or CLOUDAMQP_URL.",
    "https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-url",
)
NO_CELERY_APP = kind(
    "E678",
    "Celery cannot load the application: $what",
    "-A must be the folder with celery.py. Global options come before the command: celery -A "
    "FOLDER worker",
    "https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html",
)
BROKER_UNREACHABLE = kind(
    "E679",
    "Celery cannot connect to its broker.",
    "Read the URL from REDIS_URL or CLOUDAMQP_URL, and check that the add-on still exists.",
    f"{DEV_CENTER}/celery-heroku",
    "heroku addons",
)
OAUTH = kind(
    "E680",
    "The provider of the login refuses the request: the callback address or the client is not "
    "the one that is registered there.",
    "Register https://YOUR-APP.herokuapp.com/accounts/PROVIDER/login/callback/, with https:// and "
    'the slash. Set ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https", and compare the client id.',
    "https://docs.allauth.org/en/latest/socialaccount/provider_configuration.html",
)
OAUTH_STATE = kind(
    "E690",
    "The session in which the login with another service began is not there when it comes back.",
    "Use one host name, with https://, for the whole login. Keep the sessions in the database, "
    'not in the memory of a process, and SESSION_COOKIE_SAMESITE at "Lax". Show the login page '
    "again, because old links and a second click cause it, too.",
    "https://python-social-auth.readthedocs.io/en/latest/exceptions.html",
)
OAUTH_CODE = kind(
    "E694",
    "The provider does not accept the code or the token of a login (invalid_grant).",
    "A code counts once and for a short time: look in the log for a second request to the callback "
    "and for an old page that was loaded again, and compare the callback address with the one that "
    "is registered. A stored token (refresh_token) was revoked or is too old: log in again. Of a "
    "service account, the key or the clock of the machine is wrong.",
    "https://datatracker.ietf.org/doc/html/rfc6749#section-5.2",
)
OAUTH_REFUSED = kind(
    "E691",
    "The login with another service was refused: $text",
    "AuthForbidden: the account is not in the list of allowed ones, such as "
    "SOCIAL_AUTH_..._WHITELISTED_DOMAINS. AuthAlreadyAssociated: another user of the site has it. "
    "SocialAuthExceptionMiddleware turns it into a message.",
    "https://python-social-auth.readthedocs.io/en/latest/exceptions.html",
)
TWO_SOCIAL_APPS = kind(
    "E681",
    "The social application of django-allauth exists twice: in the settings and in the database, "
    "or twice in one of them.",
    "Remove one.",
    "https://docs.allauth.org/en/latest/socialaccount/provider_configuration.html",
)
API_KEY = kind(
    "E682",
    "A service does not accept its API key, or there is none.",
    "Set the key as a config var, without quotes or blanks.",
    f"{DEV_CENTER}/config-vars",
    "heroku config",
)
CLOUDINARY_SAYS = kind(
    "E683",
    "Cloudinary refused the request: $text",
    "Look at the limits of your plan and at the type of the file.",
    CLOUDINARY,
)
LOCAL_SERVICE = kind(
    "E684",
    "The code connects to a server on localhost (port $port). A dyno does not have one.",
    "Use an add-on or another server, and read its address from a config var.",
    f"{DEV_CENTER}/add-ons",
)
SERVICE_SAYS = kind(
    "E685",
    "Another server could not be reached, or gave an error: $name: $text",
    "Check the address and the key in the config vars, and whether that service works. With [Errno "
    "111], it is often localhost, on which a package looks if its setting is missing.",
    f"{DEV_CENTER}/config-vars",
)
CELERY_STOPPED = kind(
    "E686",
    "Celery stopped a task: $text",
    "Raise its time limit, or split it. If it was killed, it used too much memory: lower "
    "--concurrency.",
    f"{DEV_CENTER}/celery-heroku",
)
WEBHOOK_SECRET = kind(
    "E693",
    "The signature of a webhook is not valid: the secret is a different one, or the body was "
    "changed.",
    "Set the secret of this endpoint (whsec_...) as a config var; each endpoint and the command "
    "line have their own. Verify request.body, not request.data.",
    "https://docs.stripe.com/webhooks/signature",
)
MEMCACHED = kind(
    "E687",
    "The memcached server reported an error: $text",
    "Use a client that can log in with SASL, such as django-bmemcached, and the server, username "
    "and password from the config vars of the add-on.",
    f"{DEV_CENTER}/django-memcache",
)

NOTHING_COMMITTED = kind(
    "E767",
    "There is nothing new to commit.",
    "Save your files and add them first. If all is committed, push.",
    f"{DEV_CENTER}/git",
    "git add .",
    'git commit -m "Describe the change"',
    "git push heroku HEAD:main",
)
DETACHED = kind(
    "E768",
    "No branch is checked out (detached HEAD).",
    "Push the current commit by name, or create a branch from it.",
    f"{DEV_CENTER}/git",
    "git push heroku HEAD:main",
)
REMOTE_EXISTS = kind(
    "E769",
    "This clone already has a remote with this name.",
    "Set its address instead of adding it.",
    f"{DEV_CENTER}/git#for-an-existing-app",
    "heroku git:remote -a $app",
)
UNRELATED = kind(
    "E770",
    "The two repositories have no commit in common.",
    "If what is on Heroku is not needed, overwrite it.",
    f"{DEV_CENTER}/git",
    "git push --force heroku HEAD:main",
)
SUBMODULE = kind(
    "E771",
    "A folder of the repository is a git submodule that cannot be fetched.",
    "Fix its address in .gitmodules (https, and public). If it should be a normal folder: remove "
    "the folder .git inside it, then git rm --cached FOLDER, git add FOLDER, and commit.",
    f"{DEV_CENTER}/git-submodules",
)
GIT_WITHOUT_BRANCH = kind(
    "E796",
    "git does not know to which remote and branch it should push.",
    "Name both.",
    f"{DEV_CENTER}/git",
    "git push heroku HEAD:main",
)
GIT_MERGE = kind(
    "E797",
    "A merge is not finished, or would overwrite changes that are not committed.",
    "Commit your changes, or put them aside with git stash. In a conflict, fix the files that git "
    "status names, git add them, and commit. To go back: git merge --abort",
    "https://git-scm.com/docs/git-merge#_how_to_resolve_conflicts",
    "git status",
)
GIT_DAMAGED = kind(
    "E798",
    "The folder .git is damaged.",
    "Clone the repository again, and copy your changed files into it. Without another copy: make a "
    "backup, remove .git, git init, commit, and add the remotes again.",
    "https://git-scm.com/docs/git-fsck",
    "git fsck",
)
GIT_OWNER = kind(
    "E799",
    "The folder belongs to another user, so git does not read it.",
    "Use the user who owns it, or allow it for this folder.",
    "https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory",
    'git config --global --add safe.directory "$$PWD"',
)
GIT_LARGE_FILE = kind(
    "E749",
    "A commit contains a file that is too large for the server.",
    "Deleting it in a new commit does not help: remove it from the history as well, ignore it in "
    ".gitignore, and keep it in a bucket. If it is only in the last commit: git rm --cached FILE, "
    "then git commit --amend",
    "https://docs.github.com/en/repositories/working-with-files/managing-large-files",
)
RATE_LIMIT = kind(
    "E748",
    "Too many calls of Heroku's API in one hour.",
    "Wait: it allows some again every minute. Call the Heroku CLI less often in scripts.",
    f"{DEV_CENTER}/platform-api-reference#rate-limits",
)
GIT_NETWORK = kind(
    "E772",
    "git lost the connection, or could not reach the server.",
    "Try again. Check the network, a proxy and https://status.heroku.com. If the repository is "
    "large, remove large files from it.",
    f"{DEV_CENTER}/git",
)
GIT_IDENTITY = kind(
    "E773",
    "git does not know your name and your email address.",
    "Tell it once, and commit again.",
    f"{DEV_CENTER}/git",
    'git config --global user.email "you@example.com"',
    'git config --global user.name "Your Name"',
)
NO_ACCESS = kind(
    "E774",
    "Your account does not have access to this app, or to this repository.",
    "Log in with the account that owns it, or let its owner add you. Check the remote.",
    f"{DEV_CENTER}/collaborating",
    "heroku auth:whoami",
    "git remote -v",
)
BUILD_TIMEOUT = kind(
    "E775",
    "The build took longer than 15 minutes, so Heroku stopped it.",
    "Install fewer or lighter packages, with versions that come compiled, and pin them all.",
    f"{DEV_CENTER}/slug-compiler#time-limit",
)
NO_BUILDPACK = kind(
    "E776",
    "Heroku cannot fetch a buildpack that is set for this app, or it does not support the stack.",
    "Compare its address, and remove it if it no longer exists.",
    f"{DEV_CENTER}/managing-buildpacks",
    "heroku buildpacks",
)
DYNO_LIMIT = kind(
    "E777",
    "The type of your dynos does not allow this: $what",
    "Use another type of dyno, or fewer dynos.",
    f"{DEV_CENTER}/dyno-types",
    "heroku ps",
)
NO_CLI_THERE = kind(
    "E795",
    "A script calls heroku. The Heroku CLI is not installed where it runs, such as on a dyno.",
    "In app.json and in the Procfile, write the command itself: python manage.py migrate, not "
    "heroku run. On GitHub Actions and other CI, install the CLI in a step before: curl "
    "https://cli-assets.heroku.com/install.sh | sh",
    f"{DEV_CENTER}/app-json-schema",
)
NO_FREE_PLAN = kind(
    "E778",
    "Heroku has no free dynos and databases since November 2022, or the account has unpaid bills.",
    "Subscribe to the Eco plan or choose Basic dynos, and check the billing page of your account.",
    f"{DEV_CENTER}/eco-dyno-hours",
)
CLI_NETWORK = kind(
    "E779",
    "The Heroku CLI cannot reach Heroku.",
    "Check the network, a proxy, a VPN or an antivirus program that opens encrypted traffic, and "
    "https://status.heroku.com.",
    f"{DEV_CENTER}/using-the-cli",
)
NO_ADDON = kind(
    "E780",
    "The app does not have this add-on or database.",
    "`heroku addons` lists those that it has.",
    f"{DEV_CENTER}/managing-add-ons",
    "heroku addons",
)
CONTAINER_STACK = kind(
    "E781",
    "The stack of this app is container, so Heroku expects a heroku.yml with a Dockerfile.",
    "Add heroku.yml, or use buildpacks.",
    f"{DEV_CENTER}/build-docker-images-heroku-yml",
    "heroku stack:set heroku-24",
)
OTHER_PROCESSOR = kind(
    "E782",
    "The image was built for another processor, such as Apple's.",
    "Build it for Heroku: docker build --platform linux/amd64",
    f"{DEV_CENTER}/container-registry-and-runtime",
)
DOCKER_BUILD = kind(
    "E789",
    "The Docker image cannot be built: $what",
    "Fix the line of the Dockerfile that fails. Paths in it are relative to the folder with the "
    "Dockerfile. Do not pin exact versions of Debian packages.",
    f"{DEV_CENTER}/container-registry-and-runtime",
)
NOT_IN_GIT = kind(
    "E783",
    "git does not know $name.",
    "Compare its spelling with `git status` and `git branch`. Commit first.",
    f"{DEV_CENTER}/git",
)
HEROKU_SAYS = kind(
    "E784",
    "Heroku reports: $what",
    "Do what the message and the lines below it say.",
    f"{DEV_CENTER}/error-codes",
)
GIT_SAYS = kind(
    "E785",
    "git reports: $what",
    "Fix what the message names, then push again.",
    f"{DEV_CENTER}/git",
)
PROGRAM_SAYS = kind(
    "E786",
    "$program reports: $what",
    "Fix what the message names.",
    f"{DEV_CENTER}/logging",
)
BEHIND_REMOTE = kind(
    "E787",
    "The remote repository has commits that this branch does not have.",
    "Get them first, then push again.",
    "https://docs.github.com/en/get-started/using-git/dealing-with-non-fast-forward-errors",
    "git pull --rebase",
)
NO_PROCFILE_HERE = kind(
    "E788",
    "heroku local does not find a Procfile in this folder.",
    "Go to the root of the project, or create the Procfile.",
    f"{DEV_CENTER}/heroku-local",
)

GUESS = register(
    Kind(
        "heroku.N999",
        "preflight does not know this error. This is a guess: these lines look most like the "
        "cause.",
        "Search for the first of them. If the log has lines above it, explain those, too.",
        symptom=True,
    )
)

# 8xx: setting a clone up

OTHER_VENV = kind(
    "E801",
    ".venv has Python $installed, and this project needs $wanted.",
    "Remove the folder .venv, and run this again.",
)
NOT_A_VENV = kind(
    "E802", "The folder .venv is not a virtual environment.", "Rename it, and run this again."
)
LOCK_FAILED = symptom("E803", "uv.lock cannot be created.")
LOCAL_MIGRATE_FAILED = symptom("E804", "The local database cannot be migrated.")

# What Heroku's router (H), its dynos (R) and its log (L) report:
# https://devcenter.heroku.com/articles/error-codes, read on 2026-11-20.


def code(name: str, message: str, cure: str, *commands: str) -> None:
    """Register an error code of Heroku."""
    kind(name, message, cure, ERROR_CODES, *commands)


register(
    Kind(
        "heroku.H10",
        "The web process crashed.",
        "`heroku logs` shows its last lines. Explain them, too.",
        ERROR_CODES,
        symptom=True,
    )
)
code("H11", "Too many requests wait for too few processes.", "Add a dyno.", "heroku ps:scale web=2")
code(
    "H12",
    "A page took longer than 30 s.",
    "Move slow work out of the request: a job in the background, an upload straight to the bucket, "
    "fewer queries.",
)
code(
    "H13",
    "The web process closed the connection without an answer.",
    "Look for a worker that was killed or timed out. gunicorn's keepalive must be longer than the "
    "router's 90 s: keepalive = 95",
)
code(
    "H14",
    "No web process is running.",
    "The Procfile must be in the root, committed, and contain a line `web:`. Then start the "
    "process.",
    "heroku ps:scale web=1",
)
code(
    "H17",
    "The web process sent an answer that is not valid HTTP.",
    "Start a server such as gunicorn in the Procfile, without certificates (the router handles "
    "HTTPS), and look at code that sets headers by itself.",
)
code("H15", "A connection was idle for 55 s.", "Send something in the meantime, or close it.")
code(
    "H18",
    "The connection was closed in the middle of an answer.",
    "Look for a worker that was killed. gunicorn's keepalive must be longer than the router's 90 "
    "s: keepalive = 95",
)
code(
    "H20",
    "The web process did not start within 75 s.",
    "Rehearse the start.",
    "$preflight --only web",
)
code(
    "H19",
    "The web process did not accept a connection within 5 s.",
    "It is busy or restarting: answer faster, add workers, or add dynos.",
    "heroku ps:scale web=2",
)
code(
    "H21",
    "The web process refuses connections.",
    "It is starting, restarting or has crashed: look for its reason in the log.",
    "heroku logs",
)
code("H23", "The endpoint of a domain is wrong.", "Compare its DNS target.", "heroku domains")
code(
    "H24",
    "The router closed a connection that was left open for too long.",
    "Let streams and WebSockets connect again.",
)
code("H25", "A header of the answer is not allowed.", "Send valid HTTP: see the page below.")
code(
    "H26",
    "A request was not valid HTTP, so the router refused it.",
    "Nothing, if it comes from a stranger. In your own client, check Expect and the headers.",
)
code("H22", "Too many connections at once.", "Answer faster, or add dynos.")
code("H27", "The visitor left before the answer.", "Nothing, unless the page is slow.")
code(
    "H28",
    "The visitor, or the connection, did not send the rest of a request for 55 s.",
    "Nothing, if it happens now and then: it is often a slow upload or a lost connection. Send "
    "large files straight to a bucket.",
)
code(
    "H32",
    "The host of a request does not fit its TLS certificate.",
    "Connect to the name in the certificate.",
    "heroku certs",
)
code("H31", "The request came to the domain of another app.", "See yours.", "heroku domains")
code("H80", "The app is in maintenance mode.", "Turn it off.", "heroku maintenance:off")
code(
    "H81",
    "Nothing was deployed to this app yet.",
    "Push the project.",
    "git push heroku HEAD:main",
)
code(
    "H82",
    "The Eco dynos have no hours left in this month.",
    "Use another type of dyno, or wait for the next month.",
    "heroku ps:type basic",
)
code("H83", "Heroku degrades the service on purpose.", "See https://status.heroku.com")
code("H99", "Something at Heroku failed.", "See https://status.heroku.com")
code(
    "R10",
    "The web process did not listen on $$PORT within 60 s.",
    "Let gunicorn choose the address. runserver and a fixed port do not work. Rehearse the start. "
    "A program that is no web server, such as a bot, must not be called web in the Procfile: write "
    "worker, and start it with `heroku ps:scale web=0 worker=1`.",
    "$preflight --only web",
)
code(
    "R12",
    "A process did not exit within 30 s of SIGTERM.",
    "End it when SIGTERM arrives. gunicorn does: set graceful_timeout to less than 30. Celery "
    "waits for running tasks: keep them short.",
)
code("R13", "heroku run could not attach.", "Try again. A firewall may block port 5000.")
code(
    "R14",
    "The processes use more memory than the dyno has.",
    "Use fewer processes, preload the app, or use a larger dyno.",
    "heroku config:set WEB_CONCURRENCY=1",
)
code(
    "R15",
    "The processes used far more memory than the dyno has, and were killed.",
    "Use fewer processes, find what grows, or use a larger dyno.",
    "heroku config:set WEB_CONCURRENCY=1",
)
code(
    "R16",
    "A process of `heroku run` went on after the connection was closed.",
    "Use heroku run:detached for long work.",
)
code("R17", "The dyno could not download the slug.", "Push an empty commit to build it again.")
code("R99", "Something at Heroku failed.", "See https://status.heroku.com")
code("L10", "Log lines were dropped, because there were too many at once.", "Log less.")
code("L12", "The log was faster than the dyno can send it, so lines were dropped.", "Log less.")
code("L13", "A dyno could not deliver log lines.", "Nothing, if it does not last.")
code("L14", "The certificate of a log drain is not valid.", "Renew it.", "heroku drains")
code("L15", "The latest log lines cannot be shown now.", "Try again later.", "heroku logs --tail")
code("L11", "The reader of the log was too slow.", "Start it again.", "heroku logs --tail")
