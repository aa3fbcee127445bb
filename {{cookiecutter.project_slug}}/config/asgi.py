"""The site as an ASGI application, for servers such as uvicorn."""

import os

from django.core.asgi import get_asgi_application

from config import time_limits  # noqa: F401
from config.checks import require_complete_environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_asgi_application()
require_complete_environment()
