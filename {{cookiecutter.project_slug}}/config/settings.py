"""Django settings of this project.

Values that differ between your own machine and Heroku come from environment variables, which
config/environment.py declares. The settings can be imported when none of them is set, because
Heroku's build and the tests need that. Missing variables stop the release and the web process
instead: see config/checks.py.

https://docs.djangoproject.com/en/stable/ref/settings/
"""

import os
{% if cookiecutter.accounts == 'django' %}
from datetime import timedelta
{% endif %}

from config.environment import BASE_DIR, get_environment

environment = get_environment()

# With DEBUG on, error pages show the code and the settings. It is off unless the environment turns
# it on, and `preflight.pyz setup` writes DEBUG=true to the file .env on your own machine.
DEBUG = environment["DEBUG"]

# Django signs sessions and password reset links with this key. With it, anyone can log in as any
# user. Without a key, Django raises an error as soon as something has to be signed. The build on
# Heroku signs nothing, so it works without one.
SECRET_KEY = environment["SECRET_KEY"] or ("only-for-development" if DEBUG else "")
SECRET_KEY_FALLBACKS = list(environment["SECRET_KEY_FALLBACKS"])

# The name that pages, emails and the admin show.
SITE_NAME = {{ cookiecutter.__project_name_in_python }}


# Hosts

# Django answers requests for other hosts with 400 (Bad Request). Heroku sets
# HEROKU_APP_DEFAULT_DOMAIN_NAME if you enable dyno metadata. Without it, all of herokuapp.com is
# allowed, which is safe on Heroku, because its router only sends requests for your app to it:
# https://devcenter.heroku.com/articles/dyno-metadata
ALLOWED_HOSTS = [
    *environment["ALLOWED_HOSTS"],
    os.environ.get("HEROKU_APP_DEFAULT_DOMAIN_NAME") or ".herokuapp.com",
]

# Django answers forms from other origins with 403. Your own hosts do not have to be listed here.
# https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins
CSRF_TRUSTED_ORIGINS = list(environment["CSRF_TRUSTED_ORIGINS"])

if DEBUG:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
    # GitHub Codespaces shows the development server under one of these addresses.
    CSRF_TRUSTED_ORIGINS.append("https://localhost:8000")
    if "CODESPACE_NAME" in os.environ:
        codespaces_domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
        codespaces_host = f"{os.environ['CODESPACE_NAME']}-8000.{codespaces_domain}"
        ALLOWED_HOSTS.append(codespaces_host)
        CSRF_TRUSTED_ORIGINS.append(f"https://{codespaces_host}")


# Apps

INSTALLED_APPS = [
    # First, so that WhiteNoise serves the static files under runserver, as it does in production.
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
{% if cookiecutter.storage != 'whitenoise' %}
    "pictures",
{% endif %}
    "config",
    "accounts",
    "pages",
    # Your own apps:
]

MIDDLEWARE = [
    # First, because health checks may use plain HTTP and an IP address instead of the host name.
    "pages.middleware.HealthCheckMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Directly after SecurityMiddleware: https://whitenoise.readthedocs.io/en/stable/django.html
    "whitenoise.middleware.WhiteNoiseMiddleware",
{% if cookiecutter.django_version == '5.2' %}
    "pages.middleware.content_security_policy",
{% else %}
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
{% endif %}
    # Before any view that uses the host.
    "pages.middleware.HostMiddleware",
    # Before any middleware that reads form data.
    "pages.middleware.limit_size_and_storing",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
{% if cookiecutter.accounts == 'allauth' %}
    "allauth.account.middleware.AccountMiddleware",
{% else %}
    # Last: https://django-axes.readthedocs.io/en/latest/2_installation.html
    "axes.middleware.AxesMiddleware",
{% endif %}
]

# By default, messages are in a signed cookie, which takes time in every request, also without one.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

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

# With DEBUG off and without DATABASE_URL, there is no database. A SQLite file would seem to work
# on Heroku, but a dyno deletes its files at every restart, at least once a day.
DATABASES = {}
if environment["DATABASE_URL"]:
    DATABASES["default"] = environment["DATABASE_URL"]
elif DEBUG:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }

# Options of the connection. A different one in the URL, such as ?sslmode=, takes precedence.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
for database in DATABASES.values():
    if database["ENGINE"] == "django.db.backends.postgresql":
        options = database.setdefault("OPTIONS", {})
        # If the server is unreachable, fail after 5 seconds to connect, and after 10 seconds (in
        # milliseconds) over an open connection. Without these, a thread may wait for minutes.
        options.setdefault("connect_timeout", 5)
        options.setdefault("tcp_user_timeout", 10_000)
        # Heroku Postgres refuses connections without TLS. Its certificate is not signed by a public
        # authority, so it cannot be verified.
        # https://devcenter.heroku.com/articles/connecting-heroku-postgres#connecting-with-django
        local = database.get("HOST", "") in {"", "localhost", "127.0.0.1", "::1"}
        if not DEBUG and not local:
            options.setdefault("sslmode", "require")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# Accounts

AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
# A link to reset a password works for an hour, as the email says. Heroku's router logs each path,
# so whoever reads the log in that hour can use the link.
PASSWORD_RESET_TIMEOUT = 60 * 60
{% if cookiecutter.accounts == 'allauth' %}
LOGIN_URL = "account_login"

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

# https://docs.allauth.org/en/latest/account/configuration.html
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "change_password": "accounts.forms.PasswordChangeForm",
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.PasswordResetForm",
    "signup": "accounts.forms.SignUpForm",
}
# Unlike allauth's own, this one needs no queries, so that a reset takes as long for every address.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_SESSION_REMEMBER = True
# The default is the host name of the request.
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
# Users have to confirm their email address, unless the site cannot send email.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if environment["EMAIL_URL"] else "optional"
# After that, they are logged in, if they use the browser in which they signed up.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# Do not reveal which email addresses have an account. With "strict", several accounts can claim the
# same address, but only one can confirm it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# One email address for each account. A new address replaces the old one when it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
# Ask for the password before a change that could take the account away from its owner, because
# someone else may be using the session. Changes are also reported by email.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# EMAILS_PER_HOUR limits these two, without an error page.
ACCOUNT_RATE_LIMITS = {"confirm_email": None, "reset_password": None}
# Failed logins are counted for each IP address. Heroku's router adds the address of the visitor to
# the end of X-Forwarded-For. Without this setting, all visitors would have the router's address.
ALLAUTH_TRUSTED_PROXY_COUNT = 0 if DEBUG else 1

# Pages show the button for Google if both variables are set.
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.SocialSignUpForm"}
SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [], "OAUTH_PKCE_ENABLED": True}}
google_enabled = bool(environment["GOOGLE_CLIENT_ID"] and environment["GOOGLE_CLIENT_SECRET"])
if google_enabled:
    SOCIALACCOUNT_PROVIDERS["google"] |= {
        "APPS": [
            {
                "client_id": environment["GOOGLE_CLIENT_ID"],
                "secret": environment["GOOGLE_CLIENT_SECRET"],
            },
        ],
        # Let users with several Google accounts choose one each time.
        "AUTH_PARAMS": {"prompt": "select_account"},
        # Google has verified the email address, so it can log in to the account here that has
        # confirmed the same address. accounts/adapter.py excludes accounts that only claim it.
        "EMAIL_AUTHENTICATION": True,
    }
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# allauth counts failed logins in the cache. It is in the database, so that all processes of all
# dynos share it. With a cache in memory, each process would start to count at zero.
CACHES = {
    "default": {
        "BACKEND": "config.cache.StrictDatabaseCache",
        "LOCATION": "cache",
        # By default, a cache with more than 300 entries deletes some, and their counts.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}
{% else %}
LOGIN_URL = "login"

AUTHENTICATION_BACKENDS = [
    # First, so that it can refuse a login before the password is checked.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

# After ten failed logins, the username or IP address is locked out for five minutes. This includes
# the admin. Failed logins are counted in the database, so that all dynos share them:
# https://django-axes.readthedocs.io
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_CLIENT_IP_CALLABLE = "accounts.throttling.get_client_ip"
AXES_USERNAME_CALLABLE = "accounts.throttling.get_username"
# Further attempts do not extend the five minutes.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Do not store who logged in, when and from where. The admin would list two tables that stay empty,
# so accounts/admin.py adds the list of failed logins itself.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
# Do not log each start of the site.
AXES_VERBOSE = False
{% endif %}

# https://docs.djangoproject.com/en/stable/topics/auth/passwords/#password-validation
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]


# Languages and time zone

LANGUAGE_CODE = "en"
# README.md says how to add a language.
LANGUAGES = [("en", "English")]
TIME_ZONE = "{{ cookiecutter.time_zone }}"


# Static files and uploads

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Only keep the files with a hash in their name. This halves their size on Heroku, but templates
# must then use Django's tag `static` for every link.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# The largest upload, in bytes. Larger requests are refused before they are read.
MAX_UPLOAD_SIZE = 10 * 1024 * 1024

{% if cookiecutter.storage == 'whitenoise' %}
# There is no storage for uploads yet. A dyno deletes its files at every restart, so add a storage
# before you add a FileField to a model: see "Uploads" in README.md.
uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
{% elif cookiecutter.storage == 's3' %}
MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "media/"

# Uploads are stored below media/ in a bucket. The bucket is private: links are signed and expire
# after an hour, unless AWS_S3_CUSTOM_DOMAIN is set. While DEBUG is on and no bucket is set, uploads
# go to MEDIA_ROOT. https://django-storages.readthedocs.io/en/stable/backends/amazon-S3.html
bucket, region = environment["AWS_STORAGE_BUCKET_NAME"], environment["AWS_S3_REGION_NAME"]
endpoint, domain = environment["AWS_S3_ENDPOINT_URL"], environment["AWS_S3_CUSTOM_DOMAIN"]
bucket_options = {
    "bucket_name": bucket,
    "region_name": region,
    "access_key": environment["AWS_ACCESS_KEY_ID"],
    "secret_key": environment["AWS_SECRET_ACCESS_KEY"],
    "endpoint_url": endpoint,
    "custom_domain": domain,
    # Buckets created since April 2023 refuse access control lists (AccessControlListNotSupported).
    "default_acl": None,
    # By default, boto3 signs links with an old version that newer regions refuse.
    "signature_version": "s3v4",
    # Without the region in the host name, Amazon redirects requests to new buckets outside
    # us-east-1, and the signature becomes invalid. Other services expect the bucket in the path.
    "addressing_style": "path" if endpoint else "virtual",
}
# If two users upload photo.jpg, keep both files.
media_options = {"location": "media", "file_overwrite": False}
uploads = {"BACKEND": "config.bucket.BucketStorage", "OPTIONS": bucket_options | media_options}
if DEBUG and not bucket:
    uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
files_url = f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.{region}.amazonaws.com"
files_url = f"https://{domain}" if domain else files_url
uploads_elsewhere = bool(bucket)
{% else %}
MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "media/"

# Uploads are stored in the folder media/ of your Cloudinary account. While DEBUG is on and
# CLOUDINARY_URL is not set, they go to MEDIA_ROOT. Cloudinary's library reads CLOUDINARY as well.
CLOUDINARY = environment["CLOUDINARY_URL"] or {}
uploads = {"BACKEND": "config.storage.CloudinaryStorage", "OPTIONS": {"prefix": "media"}}
if DEBUG and not CLOUDINARY:
    uploads = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
# The base URL of the files: your own domain if the account has one, or Cloudinary's.
cloud = CLOUDINARY.get("cloud_name")
if CLOUDINARY.get("private_cdn"):
    files_url = "https://" + CLOUDINARY.get("secure_distribution", f"{cloud}-res.cloudinary.com")
else:
    files_url = f"https://{CLOUDINARY.get('secure_distribution', 'res.cloudinary.com')}/{cloud}"
uploads_elsewhere = bool(CLOUDINARY)
{% endif %}

# WhiteNoise compresses the static files and adds a hash to their names, so that browsers can cache
# them for a year. With DEBUG on, files are served unchanged, so that you see each edit at once.
STORAGES = {
    "default": uploads,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
{% if cookiecutter.storage == 's3' %}

static_elsewhere = environment["STATIC_STORAGE"] == "s3" and not DEBUG
if static_elsewhere:
    # The files are in the folder static/ of the bucket, which has to be public through a bucket
    # policy or AWS_S3_CUSTOM_DOMAIN. Browsers can cache the files for a year, because their names
    # contain a hash.
    static_files_url = f"{files_url}/static/"
    STORAGES["staticfiles"] = {
        "BACKEND": "config.static.UploadedManifestStaticFilesStorage",
        "OPTIONS": {"files_url": static_files_url, "variables": "AWS_"},
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
    # The files are in Cloudinary's folder static/. All are raw files with the same base URL, so the
    # links in a style sheet work.
    static_files_url = f"{files_url}/raw/upload/v1/static/"
    STORAGES["staticfiles"] = {
        "BACKEND": "config.static.UploadedManifestStaticFilesStorage",
        "OPTIONS": {"files_url": static_files_url, "variables": "CLOUDINARY_"},
    }
    static_options = {"prefix": "static", "resource_type": "raw", "overwrite": True}
    STORAGES["static"] = uploads | {"OPTIONS": static_options}
{% endif %}


# Security: https://docs.djangoproject.com/en/stable/topics/security/

# Heroku's router decrypts HTTPS, and says in this header how the visitor connected. Without this
# setting, Django thinks that every request came over plain HTTP, and redirects it in a loop. Only
# use it behind a proxy that always sets or removes the header, as Heroku's router does.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = not DEBUG
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG

# Browsers that have visited the site refuse to connect without HTTPS for this long. Start with an
# hour, because you cannot take it back: https://docs.djangoproject.com/en/stable/ref/middleware/
SECURE_HSTS_SECONDS = 0 if DEBUG else environment["SECURE_HSTS_SECONDS"]
# If you turn this on, browsers also insist on HTTPS for all subdomains of your domain, even for
# those that are not on Heroku.
SECURE_HSTS_INCLUDE_SUBDOMAINS = False

SILENCED_SYSTEM_CHECKS = [
    # Recommends SECURE_HSTS_INCLUDE_SUBDOMAINS, which may break hosts that do not use HTTPS yet.
    "security.W005",
    # Warns about a weak SECRET_KEY. config/checks.py reports that as an error.
    "security.W009",
    # Recommends SECURE_HSTS_PRELOAD, which is for whole domains, and very hard to undo.
    "security.W021",
]

# What a page may load, and from where. If an attacker inserts a script into a page, the browser
# does not run it: https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
SECURE_CSP = {
    "default-src": ["'self'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
}
{% if cookiecutter.storage != 'whitenoise' %}
if uploads_elsewhere:
    SECURE_CSP["img-src"] = ["'self'", f"{files_url}/"]
    SECURE_CSP["media-src"] = ["'self'", f"{files_url}/"]
if static_elsewhere:
    # Only allow the folder of the static files, so that no upload can run as a script.
    for directive in ("script-src", "style-src", "font-src"):
        SECURE_CSP[directive] = ["'self'", static_files_url]
{% endif %}
{% if cookiecutter.accounts == 'allauth' %}
if google_enabled:
    # The button's form redirects to Google, and browsers apply form-action to the redirect, too.
    SECURE_CSP["form-action"].append("https://accounts.google.com")
{% endif %}

# Email

# Without EMAIL_URL, email is printed to the console while DEBUG is on. In production, only its
# subject is logged.
DEFAULT_FROM_EMAIL = environment["DEFAULT_FROM_EMAIL"]
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Visitors can make the site send emails, such as password resets, to any address. These limits stop
# them from flooding a mailbox: the page looks the same, but the email is not sent. A class in one
# room may share an IP address. Emails are counted in the database, so that all dynos share them.
EMAILS_PER_HOUR = {"email": 5, "ip_address": 20}
mail_server = environment["EMAIL_URL"]
{% if cookiecutter.django_version == '5.2' %}
if mail_server:
    EMAIL_BACKEND = "config.mail.QueuedEmailBackend"
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
    EMAIL_BACKEND = "config.mail.LoggingEmailBackend"
{% else %}
if mail_server:
    MAILERS = {
        "default": {
            "BACKEND": "config.mail.QueuedEmailBackend",
            "OPTIONS": mail_server,
        },
    }
elif DEBUG:
    MAILERS = {"default": {"BACKEND": "config.mail.ConsoleEmailBackend"}}
else:
    MAILERS = {"default": {"BACKEND": "config.mail.LoggingEmailBackend"}}
{% endif %}


# Logging

# With DEBUG off, Django's default is to email errors to ADMINS and to print nothing, so that
# `heroku logs` would not show why a page failed. Here, everything is printed to stderr.
log_line = "%(levelname)s %(name)s request_id=%(request_id)s %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.log.RequestFormatter", "fmt": log_line}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Without Django's own handlers, which would print errors twice while DEBUG is on.
        "django": {"handlers": [], "level": "INFO"},
        # Only errors, because the line of the server already shows that a page was not found (404).
        "django.request": {"level": "ERROR"},
        # gunicorn removes the body of a response to HEAD itself, and would warn each time.
        "gunicorn.http.wsgi": {"level": "ERROR"},
{% if cookiecutter.accounts == 'django' %}
        # Failed logins only. Successful ones would take two lines each.
        "axes": {"level": "WARNING"},
{% endif %}
    },
}
