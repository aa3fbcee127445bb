"""The people who sign in."""

from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth import models as auth
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

REGIONS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}


def languages():
    """Return the languages of this site, as settings.py lists them."""
    return settings.LANGUAGES


@cache
def time_zones() -> list:
    """Return the time zones of the IANA database, each region a group of choices."""
    groups = {}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if region in REGIONS:
            groups.setdefault(region, []).append((name, place.replace("_", " ")))
    return [("UTC", "UTC"), *groups.items()]


class UserManager(auth.UserManager):
    """Finds a user by name whatever the case, so that ada and Ada are one person."""

    def get_by_natural_key(self, username):
        """Return the user who signs in with this name."""
        return self.get(username__iexact=username)


class User(auth.AbstractUser):
    """A person with an account.

    The model is the project's own from the first migration on, because a project cannot change to
    one later without rebuilding its database. To add to it, add a field and run makemigrations:
    https://docs.djangoproject.com/en/stable/topics/auth/customizing/
    """

    # One field, since not everybody has a first and a last name, in this order:
    # https://www.w3.org/International/questions/qa-personal-names
    first_name = None
    last_name = None
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=15, blank=True, choices=languages)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, choices=time_zones)

    objects = UserManager()

    class Meta(auth.AbstractUser.Meta):
        constraints = [
            # Upper and not Lower, because PostgreSQL can then use its index for iexact.
            models.UniqueConstraint(
                Upper("username"),
                name="accounts_user_username_any_case",
                violation_error_message=_("A user with that username already exists."),
            ),
        ]

    def get_full_name(self):
        """Return the person's name; the username where there is none."""
        return self.name or self.username

    def get_short_name(self):
        """Return what a greeting says."""
        return self.get_full_name()
