"""Settings of this project, driven by the environment.

Every variable is declared in config/environment.py. The settings import with none of them set,
since Heroku's build, a test run and a fresh clone have none; what production cannot do without is
asked for by config/wsgi.py, and by `check --deploy` in the release phase.
"""

import os
{% if cookiecutter.accounts == 'django' %}
from datetime import timedelta
{% endif %}

from config.environment import BASE_DIR, current, development_origins

environment = current()

# Off unless .env turns it on, so that nobody can forget it in production.
DEBUG = environment["DEBUG"]

# Empty only where nothing is signed, as in a build. Django refuses to use an empty key.
SECRET_KEY = environment["SECRET_KEY"] or ""
SECRET_KEY_FALLBACKS = environment["SECRET_KEY_FALLBACKS"] or []

SITE_NAME = {{ cookiecutter.__project_name_in_python }}


# Hosts

# An app's host carries a random suffix that cannot be derived from its name. Heroku tells it with
# dyno metadata switched on; until then every host of herokuapp.com passes, which is safe there
# because the router sends an app only the requests that are meant for it:
# https://devcenter.heroku.com/articles/dyno-metadata
ALLOWED_HOSTS = (environment["ALLOWED_HOSTS"] or []) + (
    environment["HEROKU_APP_DEFAULT_DOMAIN_NAME"] or [".herokuapp.com"]
)
CSRF_TRUSTED_ORIGINS = environment["CSRF_TRUSTED_ORIGINS"] or []
if DEBUG:
    announced = development_origins(os.environ)
    CSRF_TRUSTED_ORIGINS += announced
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
    ALLOWED_HOSTS += [origin.removeprefix("https://") for origin in announced]


# Applications

INSTALLED_APPS = [
    # First, so that runserver leaves the static files to WhiteNoise, as production does.
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
{% if cookiecutter.accounts == 'allauth' %}
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
{% else %}
    "axes",
{% endif %}
    "accounts",
    "pages",
{% if cookiecutter.storage != 'whitenoise' %}
    "pictures",
{% endif %}
]

MIDDLEWARE = [
    # First, so that a health check is answered without TLS, host name and session.
    "pages.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Right after SecurityMiddleware: https://whitenoise.readthedocs.io/en/stable/django.html
    "whitenoise.middleware.WhiteNoiseMiddleware",
{% if cookiecutter.django_version == '5.2' %}
    "csp.middleware.CSPMiddleware",
{% else %}
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
{% endif %}
{% if cookiecutter.storage != 'whitenoise' %}
    # Before anything reads a form.
    "pictures.middleware.UploadLimitMiddleware",
{% endif %}
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # After LocaleMiddleware, since a choice in the profile outweighs the browser.
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
{% if cookiecutter.accounts == 'allauth' %}
    "allauth.account.middleware.AccountMiddleware",
{% else %}
    # Last, so that it can answer in place of a log-in that failed too often.
    "axes.middleware.AxesMiddleware",
{% endif %}
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pages.context_processors.site",
            ],
        },
    },
]


# Database

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {}
if environment["DATABASE_URL"]:
    DATABASES["default"] = environment["DATABASE_URL"]
elif DEBUG:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
# With DEBUG off and no DATABASE_URL there is no database at all. A SQLite file would be empty
# after every restart of a dyno, and nobody would know why.

if not DEBUG:
    for database in DATABASES.values():
        remote = database.get("HOST") and database["HOST"] not in {"localhost", "127.0.0.1", "::1"}
        if database["ENGINE"].endswith("postgresql") and remote:
            # Heroku Postgres talks TLS only. Its certificate cannot be verified against public
            # authorities, so "require" it is; ?sslmode=... in the URL wins.
            database.setdefault("OPTIONS", {}).setdefault("sslmode", "require")


# Accounts

AUTH_USER_MODEL = "accounts.User"
{% if cookiecutter.accounts == 'allauth' %}
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_SESSION_REMEMBER = True
# Nobody can prove an address on a site that sends no mail, so there the proof is optional.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if environment.mail_server() else "optional"
# The browser that signed up need not sign in again after the proof.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# No page tells a stranger which addresses have accounts. "strict" holds without mail, too: several
# accounts may then claim an address, and one of them can prove it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# One address for each account; a new one replaces the old one when it is proved.
ACCOUNT_CHANGE_EMAIL = True
# Attempts are counted for each visitor, and behind the router all would look like one. It appends
# the visitor's address to X-Forwarded-For, so the last one is true.
ALLAUTH_TRUSTED_PROXY_COUNT = 0 if DEBUG else 1

# The button appears when both variables are set.
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [], "OAUTH_PKCE_ENABLED": True}}
google_is_set = environment["GOOGLE_CLIENT_ID"] and environment["GOOGLE_CLIENT_SECRET"]
if google_is_set:
    SOCIALACCOUNT_PROVIDERS["google"] |= {
        "APPS": [
            {
                "client_id": environment["GOOGLE_CLIENT_ID"],
                "secret": environment["GOOGLE_CLIENT_SECRET"],
            },
        ],
        # Somebody with several Google accounts chooses one each time.
        "AUTH_PARAMS": {"prompt": "select_account"},
        # Google has verified the address, so it opens the account here that has proved the same
        # one. An account that only claims it may be an impostor's: accounts/adapter.py.
        "EMAIL_AUTHENTICATION": True,
    }
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# Failed attempts are counted here, so it has to be the same for every process of every dyno. A
# cache in the memory of a process would let each of them begin anew.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # By default, 300 entries push out others, and with them what was counted.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
{% else %}
AUTHENTICATION_BACKENDS = [
    # First, so that it can refuse before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "login"

# After ten failures for a username or from an address, nobody gets in there for five minutes, on
# this site and in the admin. They are counted in the database, which all dynos share:
# https://django-axes.readthedocs.io
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_CLIENT_IP_CALLABLE = "accounts.throttle.client_address"
AXES_USERNAME_CALLABLE = "accounts.throttle.claimed_username"
# Attempts during the five minutes do not prolong them, or anybody could keep anybody out.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Who signed in when, and from where, is nobody's business.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
{% endif %}
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
]


# Language and time

LANGUAGE_CODE = "en"
# What people can choose from, each in its own words. README.md says how to add one.
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "{{ cookiecutter.time_zone }}"
USE_TZ = True


# Static files and uploads

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Only the files with a hash in their name are kept, which halves them. Every link to one has to go
# through Django's static tag.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "media/"

{% if cookiecutter.storage != 'whitenoise' %}
# The bytes of a file that somebody may upload. A larger request is refused before it is read.
MAX_UPLOAD_SIZE = 10 * 1024 * 1024

{% endif %}
{% if cookiecutter.storage == 'whitenoise' %}
# There are no uploads yet. A dyno's disk is emptied at every restart, so give this project a
# storage for them before a model has a FileField: README.md says how, under "Uploads".
uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
{% elif cookiecutter.storage == 's3' %}
# Uploads live in a bucket, below media/. It is private, and links to it expire after an hour,
# unless a domain delivers it. While DEBUG is on and there is no bucket, they go to MEDIA_ROOT.
# Options: https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html
bucket, region = environment["AWS_STORAGE_BUCKET_NAME"], environment["AWS_S3_REGION_NAME"]
endpoint, domain = environment["AWS_S3_ENDPOINT_URL"], environment["AWS_S3_CUSTOM_DOMAIN"]
bucket_options = {
    "bucket_name": bucket,
    "region_name": region,
    "access_key": environment["AWS_ACCESS_KEY_ID"],
    "secret_key": environment["AWS_SECRET_ACCESS_KEY"],
    "endpoint_url": endpoint,
    "custom_domain": domain,
    # Buckets made since April 2023 refuse access control lists.
    "default_acl": None,
    # Without it, links are signed in an old way that newer regions refuse.
    "signature_version": "s3v4",
    # The host of a new bucket outside us-east-1 redirects, and a redirect breaks the signature;
    # with the region in the host there is none. Other services take the bucket in the path.
    "addressing_style": "path" if endpoint else "virtual",
}
# Two people's photo.jpg are two files.
media_options = {"location": "media", "file_overwrite": False}
uploads = {"BACKEND": "config.bucket.BucketStorage", "OPTIONS": bucket_options | media_options}
if DEBUG and not bucket:
    uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
files_url = f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.{region}.amazonaws.com"
files_url = f"https://{domain}" if domain else files_url
{% else %}
# Uploads live in Cloudinary, in its folder media/. While DEBUG is on and there is no account, they
# go to MEDIA_ROOT. Cloudinary's own library reads the setting CLOUDINARY, too.
CLOUDINARY = environment["CLOUDINARY_URL"] or {}
uploads = {"BACKEND": "config.storage.CloudinaryStorage", "OPTIONS": {"prefix": "media"}}
if DEBUG and not CLOUDINARY:
    uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
# Where the files are delivered from: an address of the account's own, or the one of everybody.
cloud = CLOUDINARY.get("cloud_name")
if CLOUDINARY.get("private_cdn"):
    files_url = "https://" + CLOUDINARY.get("secure_distribution", f"{cloud}-res.cloudinary.com")
else:
    files_url = f"https://{CLOUDINARY.get('secure_distribution', 'res.cloudinary.com')}/{cloud}"
{% endif %}

STORAGES = {
    "default": uploads,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
{% if cookiecutter.storage == 's3' %}
static_elsewhere = environment["STATIC_STORAGE"] == "s3" and not DEBUG
if static_elsewhere:
    # Next to the uploads, below static/, which a policy of the bucket or the domain has to open to
    # everybody. Their names carry hashes, so they stay in browsers for a year.
    STATIC_URL = f"{files_url}/static/"
    STORAGES["staticfiles"] = {
        "BACKEND": "config.static.SentStaticFilesStorage",
        "OPTIONS": {"variables": "AWS_"},
    }
    static_options = {
        "location": "static",
        "querystring_auth": False,
        "gzip": True,
        "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
    }
    STORAGES["static"] = uploads | {"OPTIONS": bucket_options | static_options}
{% elif cookiecutter.storage == 'cloudinary' %}
static_elsewhere = environment["STATIC_STORAGE"] == "cloudinary" and not DEBUG
if static_elsewhere:
    # In Cloudinary's folder static/, all as raw files: a style sheet finds its images beside it.
    STATIC_URL = f"{files_url}/raw/upload/v1/static/"
    STORAGES["staticfiles"] = {
        "BACKEND": "config.static.SentStaticFilesStorage",
        "OPTIONS": {"variables": "CLOUDINARY_"},
    }
    static_options = {"prefix": "static", "resource_type": "raw", "overwrite": True}
    STORAGES["static"] = uploads | {"OPTIONS": static_options}
{% endif %}
if DEBUG:
    # The manifest would have to be collected again after every edit of a style sheet.
    STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }


# Security

# Heroku's router ends TLS and says in this header how the visitor came; it overwrites what a
# visitor sends. Without the header every request looks like http, and the redirect never ends.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not DEBUG
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else environment["SECURE_HSTS_SECONDS"]
# Covers the hosts below this site's own, never its neighbours on herokuapp.com.
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# W021 asks for HSTS preloading: a place for the whole domain on a list built into browsers.
# herokuapp.com belongs to Heroku, and for a domain of your own it can hardly be undone.
# W009 warns of a weak secret key, which config/checks.py reports as an error.
SILENCED_SYSTEM_CHECKS = ["security.W009", "security.W021"]

# What a page may load, and from where: https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
policy = {
    "default-src": ["'self'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
}
{% if cookiecutter.storage != 'whitenoise' %}
if uploads["BACKEND"].startswith("config."):
    policy["img-src"] = ["'self'", f"{files_url}/"]
    policy["media-src"] = ["'self'", f"{files_url}/"]
if static_elsewhere:
    # The folder of the static files alone: nobody's upload may run as a script.
    for directive in ("script-src", "style-src", "font-src"):
        policy[directive] = ["'self'", STATIC_URL]
{% endif %}
{% if cookiecutter.accounts == 'allauth' %}
if google_is_set:
    # The button's form is answered with a redirect to Google, which browsers hold to this, too.
    policy["form-action"].append("https://accounts.google.com")
{% endif %}
{% if cookiecutter.django_version == '5.2' %}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
{% else %}
SECURE_CSP = policy
{% endif %}


# Mail

DEFAULT_FROM_EMAIL = environment["DEFAULT_FROM_EMAIL"]
SERVER_EMAIL = DEFAULT_FROM_EMAIL
mail_server = environment.mail_server()
{% if cookiecutter.django_version == '5.2' %}
if mail_server:
    EMAIL_HOST = mail_server["host"]
    EMAIL_PORT = mail_server["port"]
    EMAIL_HOST_USER = mail_server["username"]
    EMAIL_HOST_PASSWORD = mail_server["password"]
    EMAIL_USE_TLS = mail_server["use_tls"]
    EMAIL_USE_SSL = mail_server["use_ssl"]
    EMAIL_TIMEOUT = mail_server["timeout"]
elif DEBUG:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
else:
    EMAIL_BACKEND = "config.mail.LoggingBackend"
{% else %}
if mail_server:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": mail_server,
        },
    }
elif DEBUG:
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    MAILERS = {"default": {"BACKEND": "config.mail.LoggingBackend"}}
{% endif %}


# Log

# With DEBUG off, Django mails the traceback of an error to ADMINS and prints nothing, so the log
# of a dyno would stay empty. Everything goes to stderr here, where `heroku logs` finds it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.log.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(levelname)s %(name)s request_id=%(request_id)s %(message)s"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Its own handlers would mail errors, and print them a second time while DEBUG is on.
        "django": {"handlers": [], "level": "INFO"},
    },
}
