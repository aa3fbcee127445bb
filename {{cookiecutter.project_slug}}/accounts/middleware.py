"""Each request in the language and the time zone of the person who sent it."""

from contextlib import suppress
from zoneinfo import ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone, translation


class PreferencesMiddleware:
    """Apply what a person has chosen in the profile.

    It comes after LocaleMiddleware, which serves everybody else in the language that the browser
    asks for. A choice that this site no longer offers counts as none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # An AnonymousUser has neither.
        language = getattr(request.user, "language", "")
        zone = getattr(request.user, "time_zone", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        # The thread still has the zone of the request before.
        timezone.deactivate()
        if zone:
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                timezone.activate(zone)
        return self.get_response(request)
