"""Fixtures: a project that was generated and proved, services, interpreters, a browser."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.helpers import (
    CHOICES,
    SHARED,
    Ended,
    environment_with,
    find_new_python,
    generate_default_project,
    missing,
    once,
    render,
)
from tests.project import cloudinary_api
from tests.project import s3 as s3_service


def pytest_configure(config):
    """Make the folder that all workers share; they inherit the variable that names it."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="heroku-django-tests-")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give the tests of a service to one worker, and start with those that take long."""
    for item in items:
        for fixture, group in (("s3", "s3"), ("cloud", "cloudinary")):
            if fixture in item.fixturenames and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("fast") is not None)


def pytest_unconfigure(config):
    """Remove the folder when all workers have ended."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@pytest.fixture(scope="session")
def proved() -> tuple[Path, Ended]:
    """Return the project of the default answers, and the output of its generation."""
    folder = once("proved", generate_default_project)
    return folder / "site", Ended(0, (folder / "output.txt").read_text(encoding="utf-8"))


@pytest.fixture
def project(proved, tmp_path) -> Path:
    """Return a copy of the proved project to change, without its .venv."""
    copy = tmp_path / "site"
    shutil.copytree(
        proved[0], copy, ignore=shutil.ignore_patterns(".venv", ".preflight", "__pycache__")
    )
    return copy


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_service.Service]:
    """Return a running S3 service."""
    service = s3_service.Service()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory) -> Iterator[cloudinary_api.Cloud]:
    """Return a running account at Cloudinary."""
    account = cloudinary_api.Cloud(tmp_path_factory.mktemp("cloudinary"))
    yield account
    account.stop()


@pytest.fixture(autouse=True)
def _healthy(request):
    """Let the services of storage behave again after every test."""
    yield
    for name in {"s3", "cloud"} & set(request.fixturenames):
        request.getfixturevalue(name).heal()


@pytest.fixture(scope="session")
def packages() -> Callable[[str], Path]:
    """Return a function that returns a Python with all packages that projects on a Django use.

    Both storages and both kinds of accounts are in it, so that one environment serves many
    projects.
    """

    @cache
    def install(django_version: str) -> Path:
        needed = set()
        with tempfile.TemporaryDirectory() as folder:
            for storage, accounts in (("s3", "allauth"), ("cloudinary", "django")):
                answers = {"storage": storage, "accounts": accounts}
                project = render(Path(folder) / storage, django_version=django_version, **answers)
                for path in project.glob("requirements*.txt"):
                    needed |= set(path.read_text(encoding="utf-8").splitlines())
        python = sys.executable if django_version == "5.2" else find_new_python()
        return environment_with(needed, python)

    return install


@pytest.fixture(scope="module", params=CHOICES["django_version"])
def django_version(request) -> str:
    """Return each version of Django in turn."""
    return request.param


@pytest.fixture(scope="session")
def chromium():
    """Return the path of a Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, names)), None)
    return found or missing("Chromium", "Install it, or name one: CHROME_PATH=/path/to/chrome")


@pytest.fixture(scope="session")
def browser(chromium):
    """Return a running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()
