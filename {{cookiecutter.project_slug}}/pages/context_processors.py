"""What every template knows."""

from django.conf import settings


def site(request):
    """Return the name of the site as `site_title`; Django's log-in page has a `site_name`."""
    return {"site_title": settings.SITE_NAME}
