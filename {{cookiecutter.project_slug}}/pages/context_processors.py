"""Variables for every template."""

from django.conf import settings


def site(request):
    """Return the name of the site."""
    return {"site_name": settings.SITE_NAME}
