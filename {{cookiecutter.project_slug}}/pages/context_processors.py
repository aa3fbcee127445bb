"""What every template knows."""

from django.conf import settings


def site(request):
    """Return the name of the site as `site_name`."""
    return {"site_name": settings.SITE_NAME}
