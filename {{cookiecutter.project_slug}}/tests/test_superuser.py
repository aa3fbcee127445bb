"""The superuser that the release phase creates."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from config.environment import Environment

User = get_user_model()
VARIABLES = {
    "DJANGO_SUPERUSER_USERNAME": "grace",
    "DJANGO_SUPERUSER_EMAIL": "grace@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "a-nanosecond-is-this-long",
}


@pytest.fixture
def ensure_superuser(db, monkeypatch, capsys):
    """Return a function that runs the command with some variables, and returns its output."""

    def run(**variables):
        target = "accounts.management.commands.ensure_superuser.get_environment"
        monkeypatch.setattr(target, lambda: Environment(variables))
        call_command("ensure_superuser")
        output = "".join(capsys.readouterr())
        assert VARIABLES["DJANGO_SUPERUSER_PASSWORD"] not in output
        return output

    return run


def test_a_release_creates_the_superuser(ensure_superuser):
    assert "Created the superuser grace." in ensure_superuser(**VARIABLES)
    grace = User.objects.get()
    assert grace.is_superuser and grace.is_staff
    assert grace.check_password(VARIABLES["DJANGO_SUPERUSER_PASSWORD"])


def test_the_next_release_does_not_change_the_superuser(ensure_superuser):
    ensure_superuser(**VARIABLES)
    grace = User.objects.get()
    grace.set_password("a new password")
    grace.save()
    assert "already exists" in ensure_superuser(**VARIABLES)
    assert User.objects.get().check_password("a new password")


def test_without_variables_no_superuser_is_created(ensure_superuser):
    assert "DJANGO_SUPERUSER_USERNAME is not set" in ensure_superuser()
    assert not User.objects.exists()


def test_a_user_with_the_same_username_does_not_become_a_superuser(ensure_superuser):
    User.objects.create_user("Grace")
    assert "Grace belongs to a user" in ensure_superuser(**VARIABLES)
    assert not User.objects.get().is_superuser


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"DJANGO_SUPERUSER_PASSWORD": ""}, "DJANGO_SUPERUSER_PASSWORD is not set."),
        ({"DJANGO_SUPERUSER_PASSWORD": "12345678"}, "too common"),
        ({"DJANGO_SUPERUSER_USERNAME": "gr ace"}, "valid username"),
        ({"DJANGO_SUPERUSER_EMAIL": "grace"}, "valid email"),
    ],
    ids=["no password", "weak password", "invalid username", "invalid email"],
)
def test_invalid_variables_are_explained_and_do_not_stop_the_release(
    ensure_superuser, change, reason
):
    assert reason in ensure_superuser(**(VARIABLES | change))
    assert not User.objects.exists()
