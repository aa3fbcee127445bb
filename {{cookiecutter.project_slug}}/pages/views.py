"""Views that a template alone cannot give."""

from django.shortcuts import redirect
from django.templatetags.static import static


def favicon(request):
    """Send browsers that ask for /favicon.ico unbidden to the icon among the static files."""
    return redirect(static("favicon.svg"))
