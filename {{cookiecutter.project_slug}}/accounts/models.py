"""The people who sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person with an account.

    It adds nothing to Django's own user yet. It is here from the first migration on because a
    project cannot change to a user model of its own later without rebuilding its database:
    https://docs.djangoproject.com/en/stable/topics/auth/customizing/
    """
