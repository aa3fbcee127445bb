#!/usr/bin/env python
"""Django's command-line utility for this project."""

import os
import sys


def main():
    """Run the management command in sys.argv."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        sys.exit(
            "This Python does not have Django. Use the one of this project:\n"
            r"  .venv/bin/python manage.py (on Windows .venv\Scripts\python manage.py)"
            "\nIf there is no folder .venv, create it:\n"
            "  python3 preflight.pyz setup (on Windows py preflight.pyz setup)"
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
