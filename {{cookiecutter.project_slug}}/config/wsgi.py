"""The web process: `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from config.environment import current

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# After the settings, which read .env. A site without its secret key or its database would start
# and then answer 500, so it says here what is missing, all at once.
current().refuse_to_start()
