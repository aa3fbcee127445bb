"""What a command's output means, as data: a pattern, what it means, what to do about it.

Patterns are regular expressions; what a group has found takes the place of $group in the sentences.
The earliest match in the first traceback counts, then the earlier entry of the table. Messages of
the build are those of https://github.com/heroku/heroku-buildpack-python (v351), read on 2026-11-20;
others are those of Django 5.2 and 6.1, pip 26 and uv 0.13, seen on the same day.
"""

from typing import NamedTuple

from preflight.about import COMMAND


class Advice(NamedTuple):
    """A known failure: how its output looks, what it means, what to do, where to read more."""

    pattern: str
    meaning: str
    cure: str
    read: str = ""


DJANGO = "https://docs.djangoproject.com/en/stable"
DEV_CENTER = "https://devcenter.heroku.com/articles"
STORAGES = f"{DJANGO}/ref/settings/#storages"
WHITENOISE = "https://whitenoise.readthedocs.io/en/stable/django.html"

# A config var that the rehearsal does not know yet, declared where it and Heroku look.
DECLARE = 'Declare it in app.json, so that the rehearsal knows it, too: {"env": {"$name": {}}}'

ADVICE = (
    # Settings and code
    Advice(
        r"NameError: name 'django' is not defined",
        "The settings call the database engine as if it were a function. Django wants its dotted "
        "path in quotation marks, and Heroku's database comes from DATABASE_URL.",
        "import dj_database_url at the top of the settings, and write:\n"
        'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}',
        f"{DEV_CENTER}/connecting-heroku-postgres#connecting-with-django",
    ),
    Advice(
        r"NameError: name '(?P<name>\w+)' is not defined",
        "$name is used, and nothing has defined or imported it before.",
        "Import it, or correct its spelling, in the line named here.",
    ),
    Advice(
        r"(?:Syntax|Indentation|Tab)Error: (?P<what>.+)",
        "Python cannot read this file at all: $what.",
        "Look at the line named here and at the one above it, for a missing bracket, quotation "
        "mark, comma or colon.",
    ),
    Advice(
        r"No module named 'env'",
        "The settings import env.py, which is rightly not in git, so it is on your machine alone.",
        'Guard the import: if os.path.isfile("env.py"): import env\n'
        "and give Heroku the values: heroku config:set NAME=value",
        f"{DEV_CENTER}/config-vars",
    ),
    Advice(
        r"No module named 'fcntl'",
        "gunicorn runs on Linux and macOS, where Heroku runs it, and not on Windows.",
        "On your own machine use: py manage.py runserver",
    ),
    Advice(
        r"in import_app\n(?:\s*File \"(?:<frozen|[^\"]*importlib)[^\n]*\n)*"
        r"ModuleNotFoundError: No module named '(?P<module>[\w.-]+)'",
        "The Procfile tells gunicorn to import $module, and there is no such package. It is the "
        "folder that holds wsgi.py, not the name of the app or of the repository.",
        "Write that folder's name into the Procfile: web: gunicorn FOLDER.wsgi",
        f"{DEV_CENTER}/django-app-configuration",
    ),
    Advice(
        r"No module named '(?P<module>distutils|pkg_resources|setuptools)",
        "A package needs $module, which newer versions of Python no longer bring along.",
        "Update the package that is named in the traceback, or add setuptools to what is "
        "installed.",
    ),
    Advice(
        r"No module named '(?P<module>[\w-]+)[\w.]*'",
        "The code imports $module, and nothing that Heroku installs has it. On your machine it "
        "may have been installed by hand.",
        "Add $package to the file of packages, and commit it. If $module is a folder of your own, "
        "look at its name and whether it is committed: git add $module",
        f"{DEV_CENTER}/python-dependency-management",
    ),
    Advice(
        r"cannot import name '(?P<name>\w+)' from partially initialized module "
        r"'(?P<module>[\w.]+)'",
        "$module and another module import each other, so that one of them is not ready yet.",
        "Move one of the two imports into the function that uses it, or both names into a third "
        "module.",
    ),
    Advice(
        r"cannot import name '(?P<name>\w+)' from '(?P<module>django[\w.]*)'",
        "This version of Django no longer has $name.",
        "Look it up in Django's release notes, or pin the version that your course uses.",
        f"{DJANGO}/releases/",
    ),
    Advice(
        r"File \"(?:<frozen os>|[^\"]*\bos\.py)\", line \d+, in __getitem__\n"
        r"KeyError: '(?P<name>\w+)'",
        "The settings cannot be imported without $name. A build, a test run and a fresh clone have "
        "no config vars.",
        'Read it with os.environ.get("$name"), and set it: heroku config:set $name=...\n' + DECLARE,
        f"{DEV_CENTER}/config-vars",
    ),
    Advice(
        r"UndefinedValueError: (?P<name>\w+) not found|Set the (?P<name_>\w+) environment variable",
        "The settings cannot be imported without a variable that a build does not have.",
        "Give it a default, and set it on Heroku: heroku config:set NAME=value\nDeclare it in "
        "app.json, so that the rehearsal knows it, too.",
    ),
    Advice(
        r"The SECRET_KEY setting must not be empty",
        "Nothing has set SECRET_KEY. Django notices only when something is signed, such as a "
        "login.",
        'heroku config:set SECRET_KEY="$(python3 -c '
        "'import secrets; print(secrets.token_urlsafe(64))')\"\n"
        'Declare it in app.json, so that the rehearsal knows it, too: {"env": {"SECRET_KEY": '
        '{"generator": "secret"}}}',
        f"{DEV_CENTER}/app-json-schema#env",
    ),
    # Static files
    Advice(
        r"without having set the STATIC_ROOT setting",
        "collectstatic does not know where to put the static files.",
        'Add to the settings: STATIC_ROOT = BASE_DIR / "staticfiles"',
        WHITENOISE,
    ),
    Advice(
        r"The JS file '(?P<file>[^']+)' references a file which could not be found:\s+"
        r"(?P<missing>\S+\.map)",
        "$file ends with a note for developers, sourceMappingURL, that names $missing, and that "
        "file is not there.",
        "Delete the line with sourceMappingURL from the file, or put $missing beside it.",
        WHITENOISE,
    ),
    Advice(
        r"The (?:CSS|JS) file '(?P<file>[^']+)' references a file which could not be found:\s+"
        r"(?P<missing>\S+)",
        "$file names $missing, and no such file is collected. Every url() in a style sheet has to "
        "lead to a committed file, with the same capitals.",
        "Add the file to the static folder and commit it, or remove the url().",
        WHITENOISE,
    ),
    Advice(
        r"Missing staticfiles manifest entry for '(?P<name>[^']*)'",
        "A template names the static file $name, and it was not collected: it is not committed, "
        "its name has other capitals or a backslash, or collectstatic was switched off.",
        "Correct the name in the template: no / in front, / and not \\ inside, same capitals. If "
        "DISABLE_COLLECTSTATIC is set: heroku config:unset DISABLE_COLLECTSTATIC",
        f"{DJANGO}/ref/contrib/staticfiles/#manifeststaticfilesstorage",
    ),
    Advice(
        r"Unknown command: 'collectstatic'",
        "Django's app for static files is not switched on.",
        'Add "django.contrib.staticfiles" to INSTALLED_APPS.',
        f"{DJANGO}/howto/static-files/",
    ),
    Advice(
        r"(?:'Settings' object|global_settings'?) has no attribute '(?:STATICFILES"
        r"|DEFAULT_FILE)_STORAGE'",
        "django-cloudinary-storage reads a setting that Django 5.1 has removed. It has had no "
        "release since 2020.",
        'Move "cloudinary_storage" below "django.contrib.staticfiles" in INSTALLED_APPS, so that '
        "its collectstatic is not found, and name the storages in STORAGES.",
        STORAGES,
    ),
    Advice(
        r"(?:STATICFILES|DEFAULT_FILE)_STORAGE/STORAGES are mutually exclusive",
        "The old setting and STORAGES are both there. django-heroku adds the old one.",
        "Keep STORAGES, and remove the old setting and django-heroku.",
        STORAGES,
    ),
    # The database
    Advice(
        r"Scheme '(?:b'')?(?:://)?' is unknown",
        "dj_database_url was given an empty DATABASE_URL: the variable is not set here, as in a "
        "build.",
        'Use its function with a default: dj_database_url.config(default="sqlite:///db.sqlite3")',
        "https://github.com/jazzband/dj-database-url",
    ),
    Advice(
        r"(?:UnknownSchemeError|ValueError): Scheme '(?P<scheme>[^']*)' is unknown"
        r"|This string is not a valid url",
        "DATABASE_URL does not begin with the name of a database. Quotation marks or the name "
        "DATABASE_URL= may have been pasted with it.",
        "Set the bare value, postgres://user:password@host:5432/name, or leave it to Heroku "
        "Postgres, which sets it.",
        f"{DEV_CENTER}/connecting-heroku-postgres",
    ),
    Advice(
        r"'sslmode' is an invalid keyword|unexpected keyword argument 'sslmode'"
        r"|server does not support SSL",
        "The settings demand TLS of every database, also of SQLite and of a server on your machine "
        "that have none.",
        'Demand it only on Heroku: dj_database_url.config(ssl_require="DYNO" in os.environ)',
        "https://github.com/jazzband/dj-database-url",
    ),
    Advice(
        r"value too long for type character varying\((?P<length>\d+)\)",
        "A text is longer than the $length characters of its column. SQLite does not look at "
        "max_length; PostgreSQL, and so Heroku, refuses the row.",
        "Raise max_length and make a migration, or shorten the text, in a fixture or in the form.",
        f"{DJANGO}/ref/databases/#sqlite-notes",
    ),
    Advice(
        r"(?<!of )relation \"(?P<table>[\w.]+)\" does not exist"
        r"|no such table: (?P<table_>[\w.]+)",
        "The table $table is not there: its migration was not made, not committed or not run.",
        "python manage.py makemigrations, commit what it makes, and let the release migrate with "
        "this line of the Procfile: release: python manage.py migrate --noinput",
        f"{DEV_CENTER}/release-phase",
    ),
    Advice(
        r"relation \"(?P<table>[\w.]+)\" already exists",
        "A migration makes the table $table, which is there already: the database was migrated "
        "from other files.",
        "With nothing to lose: heroku pg:reset, then push again. Otherwise, for a table that is as "
        "the migration would make it: heroku run python manage.py migrate --fake-initial",
        f"{DJANGO}/ref/django-admin/#migrate",
    ),
    Advice(
        r"violates (?P<rule>not-null|unique|foreign key|check) constraint",
        "The database refuses a row that breaks a $rule constraint, which SQLite may have let "
        "pass.",
        "Look at the value in the line below it, and at the form or the code that saves it.",
        f"{DJANGO}/ref/models/constraints/",
    ),
    Advice(
        r"column \"?(?P<column>[\w.]+)\"? (?:of relation \S+ )?does not exist|no such column",
        "A model has a field that the database does not have: its migration was not made, not "
        "committed or not run.",
        "python manage.py makemigrations, commit what it makes, and migrate: heroku run python "
        "manage.py migrate, or a line release: in the Procfile.",
        f"{DJANGO}/topics/migrations/",
    ),
    Advice(
        r"too many connections for role|remaining connection slots are reserved",
        "Processes, threads and dynos together open more connections than the plan of the database "
        "allows: 20 on the smallest.",
        "Fewer threads or dynos (heroku config:set WEB_CONCURRENCY=1), a lower conn_max_age, or a "
        "larger plan.",
        f"{DEV_CENTER}/heroku-postgres-plans",
    ),
    Advice(
        r"permission denied to create database",
        "The tests run against a database on Heroku, where nobody may create another one.",
        "Run them on your own machine or on Heroku CI, without DATABASE_URL of the app.",
        f"{DJANGO}/topics/testing/overview/#the-test-database",
    ),
    Advice(
        r"Related model '(?P<model>[\w.]+)' cannot be resolved",
        "A migration needs $model, whose app has no migrations.",
        "python manage.py makemigrations and the name of the app, and commit what it makes.",
        f"{DJANGO}/topics/migrations/",
    ),
    Advice(
        r"connection to server at \"(?:localhost|127\.0\.0\.1)\"[^\n]*failed"
        r"|connection to server on socket",
        "The settings name a database server on your own machine, and a dyno has none.",
        "Let DATABASE_URL say where it is:\n"
        'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}',
        f"{DEV_CENTER}/connecting-heroku-postgres#connecting-with-django",
    ),
    Advice(
        r"InconsistentMigrationHistory",
        "A migration was added before one that has run already, as when a user model of your own "
        "comes late.",
        "With nothing to lose: heroku pg:reset, then push again. Otherwise see the page.",
        f"{DJANGO}/topics/auth/customizing/#changing-to-a-custom-user-model-mid-project",
    ),
    Advice(
        r"Conflicting migrations detected",
        "Two people have made a migration from the same state.",
        "python manage.py makemigrations --merge, and commit what it makes.",
        f"{DJANGO}/topics/migrations/#version-control",
    ),
    Advice(
        r"SystemCheckError: [^\n]*\n(?:(?!ERRORS:)[^\n]*\n)*ERRORS:\n"
        r"[^\n]*?: \((?P<identity>[\w.]+)\) (?P<what>[^\n]+)(?:\n\s+HINT: (?P<hint>[^\n]+))?",
        "$what ($identity)",
        "$hint",
        f"{DJANGO}/ref/checks/",
    ),
    Advice(
        r"settings\.DATABASES is improperly configured",
        "There is no database: DATABASE_URL is not set, and the settings have no other.",
        "heroku addons:create heroku-postgresql:essential-0 makes one and sets DATABASE_URL.",
        f"{DEV_CENTER}/heroku-postgresql",
    ),
    # Packages
    Advice(
        r"(?:No matching distribution found for|satisfies the requirement|Because) "
        r"(?P<package>pywin32|pywinpty|pypiwin32|pkg[-_]resources|wmi|comtypes)\b",
        "$package belongs to Windows, or to Debian's own Python, and cannot be installed on "
        "Heroku. It comes from pip freeze.",
        "Remove its line. Write down the packages that you import, and leave the rest to pip.",
        f"{DEV_CENTER}/python-dependency-management",
    ),
    Advice(
        r"backports[.-]zoneinfo",
        "backports.zoneinfo was for Python 3.8 and does not compile on newer ones.",
        "Remove its line: Python has zoneinfo built in.",
    ),
    Advice(
        r"pg_config executable not found",
        "psycopg2 is being compiled, and PostgreSQL's own files are not here.",
        "Write psycopg2-binary in place of psycopg2: it comes compiled.",
        "https://www.psycopg.org/docs/install.html",
    ),
    Advice(
        r"Invalid requirement: (?P<line>.*)",
        "A line of requirements.txt cannot be read. If it shows \\x00, an editor or PowerShell has "
        "mixed two encodings.",
        "Save the file as UTF-8.",
    ),
    Advice(
        r"(?:No such file or directory|OSError|does not exist)[^\n]*['\"]?/(?:C:/|tmp/build|croot"
        r"|ci/|opt/conda)"
        r"|@ file:",
        "requirements.txt names a folder of one machine (@ file:), as conda's pip freeze writes "
        "it.",
        "Write the version in its place: pip list --format=freeze > requirements.txt",
    ),
    Advice(
        r"requires a different Python: (?P<has>\S+) not in"
        r"|depends on Python(?P<needs>\S+)",
        "A package does not run on the version of Python that the project asks for.",
        "Ask for another Python (.python-version), or for another version of the package.",
        f"{DEV_CENTER}/python-support",
    ),
    Advice(
        r"(?:No matching distribution found for|satisfies the requirement) (?P<package>[^\s(]+)"
        r"|Because (?P<package_>\S+) was not found"
        r"|Because there is no version of (?P<package__>\S+)",
        "The package index has no such package, or not in this version.",
        "Correct its name or its version: https://pypi.org has both.",
        "https://pypi.org",
    ),
    Advice(
        r"ResolutionImpossible|conflicting dependencies"
        r"|your (?:project's )?requirements are unsatisfiable",
        "Two packages ask for different versions of a third.",
        "Loosen or update one of the versions that the lines above name.",
        "https://pip.pypa.io/en/stable/topics/dependency-resolution/",
    ),
    Advice(
        r"lockfile at `uv\.lock` needs to be updated",
        "pyproject.toml has changed since uv.lock was made, and the build takes the lock alone.",
        "uv lock, and commit uv.lock.",
        "https://docs.astral.sh/uv/concepts/projects/sync/",
    ),
    # Starting and answering
    Advice(
        r"Failed to find attribute '(?P<name>\w+)' in '(?P<module>[\w.]+)'",
        "The Procfile asks for $name in $module; Django calls it application.",
        "Write into the Procfile: web: gunicorn $module",
        f"{DJANGO}/howto/deployment/wsgi/gunicorn/",
    ),
    Advice(
        r"(?m)(?:^|[:\s])(?P<program>[\w./-]+): (?:command )?not found$",
        "The Procfile starts $program, which is not installed.",
        "Add $program to the file of packages, and commit it.",
        f"{DEV_CENTER}/procfile",
    ),
    Advice(
        r"Invalid HTTP_HOST header: '(?P<host>[^']+)'",
        "The site does not know that it is called $host, and answers 400.",
        "Add it to ALLOWED_HOSTS, without https:// and without a slash.",
        f"{DJANGO}/ref/settings/#allowed-hosts",
    ),
    Advice(
        r"Origin checking failed",
        "A form was sent from an address that Django does not take for its own: it believes to be "
        "reached over http, or under another name.",
        'Add to the settings: SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https"). Only '
        "for a page on another domain: CSRF_TRUSTED_ORIGINS, with https://",
        f"{DJANGO}/ref/settings/#secure-proxy-ssl-header",
    ),
    Advice(
        r"mail\.E001",
        "Mail would be printed into the log in production.",
        "Configure a mail server, or a backend that only logs.",
        f"{DJANGO}/topics/email/",
    ),
    Advice(
        r"SMTPAuthenticationError",
        "The mail server does not accept the user and the password.",
        "Set them anew. Providers such as Google want an app password in place of your own.",
    ),
    Advice(
        r"certificate verify failed: self[- ]signed",
        "Heroku's Redis has a certificate that it has signed itself.",
        "Set ssl_cert_reqs=None for this connection.",
        f"{DEV_CENTER}/connecting-heroku-redis#connecting-in-python",
    ),
    # Storage
    Advice(
        r"Must supply cloud_name",
        "Nothing has told Cloudinary's library which account is yours.",
        "heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
        "https://cloudinary.com/documentation/django_integration",
    ),
    Advice(
        r"Invalid CLOUDINARY_URL scheme",
        "CLOUDINARY_URL does not begin with cloudinary://. The dashboard shows it with "
        "CLOUDINARY_URL= in front.",
        "Set it without that part: heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud",
        "https://cloudinary.com/documentation/django_integration",
    ),
    Advice(
        r"AccessControlListNotSupported",
        "Buckets made since April 2023 refuse access control lists.",
        "Set default_acl to None (AWS_DEFAULT_ACL = None).",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    ),
    Advice(
        r"/boto(?:3|core)/[^\n]*\n(?:[^\n]*\n){0,40}?[^\n]*"
        r"expected string or bytes-like object, got 'NoneType'",
        "The storage for S3 has no name of a bucket.",
        "heroku config:set AWS_STORAGE_BUCKET_NAME=my-bucket",
        "https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html",
    ),
    Advice(
        r"NoCredentialsError",
        "Links into a private bucket are signed, and there is no key to sign them with.",
        "heroku config:set AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
        "https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html",
    ),
    Advice(
        r"AuthorizationQueryParametersError|Please use AWS4-HMAC-SHA256",
        "The link is signed in the old way, which this region of S3 does not accept.",
        'Set region_name and signature_version "s3v4" for the storage.',
        "https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html",
    ),
    Advice(
        r"x-amz-sdk-checksum-algorithm|MissingContentLength|XAmzContentSHA256Mismatch",
        "boto3 since 1.36 sends checksums that some S3-compatible services do not know.",
        "heroku config:set AWS_REQUEST_CHECKSUM_CALCULATION=when_required "
        "AWS_RESPONSE_CHECKSUM_VALIDATION=when_required",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html",
    ),
    Advice(
        r"TemplateDoesNotExist:? (?:at \S+\s+)?(?P<name>[\w./-]+)",
        "No template is called $name: it is not committed, or its name has other capitals.",
        "git ls-files shows what is committed. Linux tells A from a.",
        f"{DJANGO}/topics/templates/",
    ),
    Advice(
        r"WORKER TIMEOUT",
        "A request took longer than gunicorn waits for a worker.",
        "Move slow work out of the request: a job in the background, fewer queries.",
        f"{DEV_CENTER}/request-timeout",
    ),
    Advice(
        r"was sent SIGKILL! Perhaps out of memory",
        "The system killed a worker, most likely because memory ran out.",
        "heroku config:set WEB_CONCURRENCY=1, or a larger dyno.",
        f"{DEV_CENTER}/python-gunicorn",
    ),
    Advice(
        r"could not translate host name \"(?P<host>[^\"]+)\"",
        "DATABASE_URL names the host $host, which nobody knows; a name of Docker is known there "
        "alone.",
        "Leave DATABASE_URL to Heroku Postgres: heroku addons:create heroku-postgresql:essential-0",
        f"{DEV_CENTER}/heroku-postgresql",
    ),
    Advice(
        r"(?:Error 111 connecting to|ConnectionRefusedError[^\n]*) (?:localhost|127\.0\.0\.1):6379",
        "The settings look for Redis on the dyno itself, where there is none.",
        "Read its address from REDIS_URL: heroku addons:create heroku-redis:mini",
        f"{DEV_CENTER}/heroku-redis",
    ),
    Advice(
        r"Failed building wheel for (?P<package>\S+)|Failed to build (?:`)?(?P<package_>[\w.-]+)",
        "$package has to be compiled, and what it needs for that is not here.",
        "Take a newer version of it, or a package that comes compiled, such as psycopg2-binary.",
        f"{DEV_CENTER}/python-support",
    ),
    Advice(
        r"can't open file '[^']*manage\.py'",
        "There is no manage.py where the command looks for it.",
        "Commit it in the root, or begin the command with: cd FOLDER &&",
        f"{DEV_CENTER}/procfile",
    ),
    Advice(
        r"Authentication failed for 'https://git\.heroku\.com",
        "Heroku does not know who you are.",
        "heroku login, then push again.",
        f"{DEV_CENTER}/git",
    ),
    # What git and Heroku's build say
    Advice(
        r"src refspec (?P<branch>\S+) does not match any",
        "git has no branch $branch: nothing is committed yet, or your branch has another name.",
        "git add . and git commit, then: git push heroku HEAD:main",
        f"{DEV_CENTER}/git",
    ),
    Advice(
        r"same version of this code has already been built",
        "Heroku has built this commit before. What you changed is not committed, or on another "
        "branch.",
        "git commit -am '...', then: git push heroku HEAD:main",
        f"{DEV_CENTER}/git#deploy-from-a-branch-besides-main",
    ),
    Advice(
        r"'heroku' does not appear to be a git repository",
        "This clone does not know the app on Heroku yet.",
        "heroku git:remote -a YOUR-APP",
        f"{DEV_CENTER}/git",
    ),
    Advice(
        r"\(non-fast-forward\)|\(fetch first\)",
        "Heroku has commits that this branch does not have, from another clone.",
        "git pull from the place where your team works, then push again.",
        f"{DEV_CENTER}/git",
    ),
    Advice(
        r"App not compatible with buildpack|couldn't find any supported Python project files",
        "The root of what was pushed holds no file of a Python project: it is in a folder below, "
        "or not committed.",
        "git ls-files shows what is committed. For a project in a folder: git subtree push "
        "--prefix FOLDER heroku main",
        f"{DEV_CENTER}/python-support",
    ),
    Advice(
        r"Multiple Python package manager files were found",
        "Heroku builds with exactly one of requirements.txt, Pipfile.lock, poetry.lock and "
        "uv.lock.",
        "git rm the ones that you do not use, and commit.",
        f"{DEV_CENTER}/python-dependency-management",
    ),
    Advice(
        r"Existing '(?P<folder>[\w./]+?)/?' directory found",
        "The virtual environment $folder was committed. It belongs to your machine alone.",
        "git rm -r --cached $folder, add $folder/ to .gitignore, and commit.",
        f"{DEV_CENTER}/python-dependency-management",
    ),
    Advice(
        r"Invalid Python version in (?P<file>\S+?)[.:]?$"
        r"|Unable to read (?P<file_>\.python-version)",
        "The file that names the version of Python has another form or encoding than Heroku reads.",
        "One line in UTF-8: 3.13 in .python-version (python-3.13 in runtime.txt).",
        f"{DEV_CENTER}/python-support",
    ),
    Advice(
        r"requested Python version (?:has reached end-of-life|isn't (?:recognised|available))"
        r"|Python version isn't available",
        "Heroku does not have this version of Python, or not any more.",
        "Write a supported one without its last part, such as 3.13, into .python-version.",
        f"{DEV_CENTER}/python-support",
    ),
    Advice(
        r"Compiled slug size: (?P<size>\S+) is too large",
        "What was built is larger than 500 MB compressed.",
        "Take media, data and models out of git, name them in .slugignore, or replace heavy "
        "packages.",
        f"{DEV_CENTER}/slug-compiler#slug-size",
    ),
    Advice(
        r"Procfile declares types\s*->\s*\(none\)",
        "Heroku has found no Procfile, so it will start nothing (H14).",
        "The name is Procfile, with a capital P and no ending, in the root, in UTF-8, committed.",
        f"{DEV_CENTER}/procfile",
    ),
    Advice(
        r"Permission denied \(publickey\)",
        "Heroku does not know who you are.",
        "heroku login, and push over https: heroku git:remote -a YOUR-APP",
        f"{DEV_CENTER}/git",
    ),
    Advice(
        r"pre-receive hook declined|Push rejected",
        "Heroku did not take the push; the cause stands above this line.",
        f"Read the log from the top. {COMMAND} --only build shows the same failure here.",
        f"{DEV_CENTER}/git",
    ),
    Advice(
        r"Couldn't find that process type|No web process(?:es)? running",
        "No web process runs: it was scaled to none, or the Procfile has no line web:.",
        "heroku ps:scale web=1",
        f"{DEV_CENTER}/error-codes#h14-no-web-dynos-running",
    ),
)

# https://devcenter.heroku.com/articles/error-codes, read on 2026-11-20: what the router (H), the
# dynos (R) and the log (L) report.
CODES = {
    "H10": ("The web process has crashed.", "heroku logs shows its last words; explain them, too."),
    "H11": (
        "Too many requests wait for too few processes.",
        "heroku ps:scale web=2, or make the slow pages faster.",
    ),
    "H12": (
        "A page took longer than 30 s.",
        "Move slow work out of the request: a job in the background, an upload straight to the "
        "bucket, fewer queries.",
    ),
    "H13": (
        "The web process closed the connection without an answer.",
        "Look for a worker that was killed or ran out of time; gunicorn's keepalive has to be "
        "above the router's 90 s: keepalive = 95",
    ),
    "H14": ("No web process runs.", "heroku ps:scale web=1, and a line web: in the Procfile."),
    "H15": ("A connection was idle for 55 s.", "Send something meanwhile, or end it."),
    "H18": (
        "The connection was closed in the middle of an answer.",
        "Look for a worker that was killed; gunicorn's keepalive has to be above the router's 90 "
        "s.",
    ),
    "H20": (
        "The web process did not start within 75 s.",
        f"Rehearse the start: {COMMAND} --only web",
    ),
    "H22": ("Too many connections at once.", "Answer faster, or add dynos."),
    "H27": ("The visitor left before the answer.", "Nothing, unless the page is slow."),
    "H31": ("The request came to another app's domain.", "heroku domains shows yours."),
    "H80": ("The app is in maintenance mode.", "heroku maintenance:off"),
    "H81": ("Nothing was deployed to this app yet.", "git push heroku HEAD:main"),
    "H82": (
        "The hours of the Eco dynos are used up for this month.",
        "heroku ps:type basic, or wait for the next month.",
    ),
    "H99": ("Something at Heroku failed.", "https://status.heroku.com"),
    "R10": (
        "The web process did not listen on $PORT within 60 s.",
        "Let gunicorn choose the address; runserver and a fixed port do not work. Rehearse it: "
        f"{COMMAND} --only web",
    ),
    "R12": (
        "The web process did not end within 30 s of SIGTERM.",
        "gunicorn ends by itself; set graceful_timeout below 30.",
    ),
    "R13": ("heroku run could not attach.", "Try again; a firewall may block port 5000."),
    "R14": (
        "The processes use more memory than the dyno has.",
        "heroku config:set WEB_CONCURRENCY=1, preload the app, or a larger dyno.",
    ),
    "R15": (
        "The processes used far more memory than the dyno has, and were killed.",
        "heroku config:set WEB_CONCURRENCY=1, find what grows, or a larger dyno.",
    ),
    "L10": ("Log lines were dropped: too many at once.", "Log less."),
    "L11": ("The reader of the log was too slow.", "Start heroku logs --tail again."),
}

# What a module is called on the package index, where that differs.
PACKAGES = {
    "PIL": "pillow",
    "allauth": "django-allauth",
    "bs4": "beautifulsoup4",
    "cloudinary_storage": "django-cloudinary-storage",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_forms": "django-crispy-forms",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_summernote": "django-summernote",
    "dj_database_url": "dj-database-url",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "jwt": "PyJWT",
    "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework",
    "sklearn": "scikit-learn",
    "storages": "django-storages",
    "yaml": "PyYAML",
}

# Failures of this machine or of its network, not of the project: the rehearsal then proves nothing
# either way. Patterns are searched without regard to case.
HERE = (
    (r"no space left on device|disk quota exceeded|\benospc\b", "the disk is full"),
    (
        r"temporary failure in name resolution|name or service not known|nodename nor servname"
        r"|getaddrinfo failed|dns error|failed to lookup address",
        "the package index was not found (no network?)",
    ),
    (
        r"connection refused|connection reset|network is unreachable|no route to host"
        r"|error sending request|failed to establish a new connection|proxyerror"
        r"|failed to fetch|could not connect|certificate verify failed|tls handshake"
        r"|remote end closed connection|incompleteread|50[0-9] server error|max retries exceeded",
        "the package index did not answer",
    ),
    (
        r"read timed out|operation timed out|timeout(error)?:|connecttimeout",
        "the network is too slow",
    ),
)
