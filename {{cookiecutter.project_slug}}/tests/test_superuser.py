"""The superuser that a release makes."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from config.environment import Environment

User = get_user_model()
GIVEN = {
    "DJANGO_SUPERUSER_USERNAME": "grace",
    "DJANGO_SUPERUSER_EMAIL": "grace@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "a-nanosecond-is-this-long",
}


@pytest.fixture
def release(db, monkeypatch, capsys):
    """Return a function that runs the command with some variables and returns what it says."""

    def run(**variables):
        command = "accounts.management.commands.ensure_superuser.current"
        monkeypatch.setattr(command, lambda: Environment(variables))
        call_command("ensure_superuser")
        said = "".join(capsys.readouterr())
        assert GIVEN["DJANGO_SUPERUSER_PASSWORD"] not in said
        return said

    return run


def test_a_release_makes_the_superuser_that_is_asked_for(release):
    assert "The superuser grace is made." in release(**GIVEN)
    grace = User.objects.get()
    assert grace.is_superuser and grace.is_staff
    assert grace.check_password(GIVEN["DJANGO_SUPERUSER_PASSWORD"])


def test_the_next_release_changes_nothing_of_it(release):
    release(**GIVEN)
    grace = User.objects.get()
    grace.set_password("a password of her own")
    grace.save()
    assert "is there already" in release(**GIVEN)
    assert User.objects.get().check_password("a password of her own")


def test_without_variables_nothing_is_made(release):
    assert "is not set, so no superuser is made" in release()
    assert not User.objects.exists()


def test_somebody_of_the_same_name_is_not_promoted(release):
    User.objects.create_user("Grace")
    assert "Grace is somebody's account already" in release(**GIVEN)
    assert not User.objects.get().is_superuser


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DJANGO_SUPERUSER_PASSWORD": ""}, "DJANGO_SUPERUSER_PASSWORD is not set."),
        ({"DJANGO_SUPERUSER_PASSWORD": "12345678"}, "too common"),
        ({"DJANGO_SUPERUSER_USERNAME": "gr ace"}, "valid username"),
        ({"DJANGO_SUPERUSER_EMAIL": "grace"}, "valid email"),
    ],
    ids=["no password", "weak password", "no username", "no address"],
)
def test_what_cannot_be_used_is_explained_and_stops_no_release(release, change, said):
    assert said in release(**(GIVEN | change))
    assert not User.objects.exists()
