"""The user model, and the emails that count towards a limit."""

from django.contrib.auth import models as auth_models
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

# Names appear on other pages. Some of these characters reverse the text after them.
CONTROLS = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
printable = RegexValidator(CONTROLS, _("Control characters are not allowed."), inverse_match=True)


class UserManager(auth_models.UserManager):
    """Manager that ignores the case of usernames, so that ada and Ada are the same user."""

    def get_by_natural_key(self, username):
        """Return the user with this username. Django calls this to log in."""
        return self.get(username__iexact=username)


class User(auth_models.AbstractUser):
    """A user of this site.

    Django recommends that each project has its own user model from the start, because it is hard to
    change later. To add a field, add it here and run `makemigrations`:
    https://docs.djangoproject.com/en/stable/topics/auth/customizing/#using-a-custom-user-model-when-starting-a-project
    """

    # One field instead of two, because not everyone has a first name and a last name:
    # https://www.w3.org/International/questions/qa-personal-names
    first_name = None
    last_name = None
    name = models.CharField(_("name"), max_length=150, blank=True, validators=[printable])

    objects = UserManager()

    class Meta(auth_models.AbstractUser.Meta):
        constraints = [
            # Upper, because PostgreSQL can use its index for __iexact.
            models.UniqueConstraint(
                Upper("username"),
                name="accounts_user_username_any_case",
                violation_error_message=_("A user with that username already exists."),
            ),
        ]

    def get_full_name(self):
        """Return the user's name, or the username if there is none."""
        return self.name or self.username

    def get_short_name(self):
        """Return the name for greetings."""
        return self.get_full_name()


class SentEmail(models.Model):
    """An email of the last hour that counts towards a limit: see accounts/limits.py.

    The key is a hash, so that this table does not reveal who received an email.
    """

    key = models.CharField(max_length=64, unique=True)
    time = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self):
        return self.key
