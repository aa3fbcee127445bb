"""Rehearse the deploy of a Django project to Heroku on this machine.

preflight reads what Heroku's build reads (Procfile, app.json, the package manager's file, the file
with the Python version, manage.py). It imports nothing from the project and only needs Python 3.10.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - Python 3.6 can parse this module, and stops here.
    sys.exit("preflight needs Python 3.10 or newer: https://www.python.org/downloads/")

__version__ = "1.0.0"
