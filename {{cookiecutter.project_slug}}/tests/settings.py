"""Settings for the tests: the production settings with a fixed environment.

Variables of your shell and of .env are removed, so that no test can reach a real database or
storage. pytest reads this file before it reads conftest.py.
"""

import os

from config.environment import VARIABLES

os.environ["PYTHON_DOTENV_DISABLED"] = "1"
for variable in VARIABLES:
    os.environ.pop(variable.name, None)
{% if cookiecutter.storage == 's3' %}
    os.environ.pop(variable.also, None)
{% endif %}
os.environ["SECRET_KEY"] = "a-secret-key-for-tests-only-0123456789-abcdefghijklmno"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or "sqlite://:memory:"

from config.settings import *  # noqa: E402, F403
from config.settings import STORAGES  # noqa: E402

# The test client uses HTTP. tests/test_production.py tests the redirect to HTTPS.
SECURE_SSL_REDIRECT = False
# A slow hash protects passwords, but makes the tests slow.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # The tests run without `collectstatic`.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
