"""Fixtures. A test gets one by naming it as an argument."""

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture
def ada(db):
    """Return a user with the password "correct horse battery"."""
    return get_user_model().objects.create_user("ada", "ada@example.com", "correct horse battery")
