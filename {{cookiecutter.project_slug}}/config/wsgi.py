"""The site as a WSGI application. gunicorn serves it: see Procfile."""

import os

from django.core.wsgi import get_wsgi_application

from config import time_limits  # noqa: F401
from config.checks import require_complete_environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
require_complete_environment()
