"""The settings of the tests: those of production, in an environment known to the last variable.

Whatever .env or the shell says, a test must never touch the database or the storage it names. So
every declared variable is removed before the settings are read. pytest reads this file before any
conftest.py.
"""

import os

from config.environment import VARIABLES

os.environ["PYTHON_DOTENV_DISABLED"] = "1"
for variable in VARIABLES:
    os.environ.pop(variable.name, None)
{% if cookiecutter.storage == 's3' %}
    os.environ.pop(variable.also, None)
{% endif %}
os.environ["SECRET_KEY"] = "a-key-for-tests-that-signs-nothing-of-value-0123456789"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or "sqlite://:memory:"

from config.settings import *  # noqa: E402, F403
from config.settings import STORAGES  # noqa: E402

# The client of the tests speaks http; test_production.py tests the redirect.
SECURE_SSL_REDIRECT = False
# Hashing a password slowly is right for people and a waste for tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # No manifest: Heroku CI does not collect static files.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
