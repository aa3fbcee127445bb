"""The page that tells the staff what runs."""

import django
import pytest
from django.core.checks import Warning, register
from django.core.checks.registry import registry
from django.urls import reverse

from config.environment import Environment
from pages import deployment


def test_it_is_for_the_staff_alone(client, ada):
    client.force_login(ada)
    assert client.get(reverse("deployment")).url.startswith(reverse("admin:login"))


def test_it_shows_what_runs(staff, monkeypatch):
    heroku = {"HEROKU_RELEASE_VERSION": "v42", "HEROKU_BUILD_COMMIT": "0123456789abcdef0123"}
    monkeypatch.setattr(deployment, "current", lambda: Environment(heroku))
    text = staff.get(reverse("deployment")).text
    for part in (django.get_version(), "v42 0123456789ab", "all applied", "Storage"):
        assert part in text


def test_a_migration_that_is_missing_is_named(staff, monkeypatch):
    monkeypatch.setattr(
        deployment.MigrationExecutor,
        "migration_plan",
        lambda executor, targets: [("pages.0001_initial", False)],
    )
    text = staff.get(reverse("deployment")).text
    assert "pages.0001_initial is not applied." in text
    assert 'class="wrong"' in text


@pytest.fixture
def complaint():
    """Register a check of deployments that finds something, for one test."""

    @register(deploy=True)
    def check_of_a_test(app_configs, **kwargs):
        return [Warning("The sky is falling.", hint="umbrella --open", id="tests.W001")]

    yield
    registry.deployment_checks.discard(check_of_a_test)


def test_a_finding_of_djangos_checks_stands_there_with_its_hint(staff, complaint):
    text = staff.get(reverse("deployment")).text
    assert "The sky is falling." in text and "umbrella --open" in text
