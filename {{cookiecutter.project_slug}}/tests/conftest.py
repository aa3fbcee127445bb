"""Fixtures: what a test finds ready when it names it among its arguments."""

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture
def ada(db):
    """Return an account whose password is known."""
    return get_user_model().objects.create_user("ada", "ada@example.com", "correct horse battery")


@pytest.fixture
def staff(client, ada):
    """Return a client that is signed in as a member of the staff."""
    ada.is_staff = True
    ada.save()
    client.force_login(ada)
    return client
