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
    caller_environment,
    copy_project,
    environment_with,
    find_new_python,
    generate_default_project,
    missing,
    once,
    render,
    run,
)
from tests.preflight.postgres import stop_shared
from tests.project import cloudinary_api
from tests.project import s3 as s3_service


def pytest_configure(config):
    """Create the folder that all workers share; they inherit the variable that names it."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="heroku-django-tests-")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Run the tests of a service on one worker, and run the slow tests first."""
    slow = {"proved", "packages", "s3", "cloud", "browser", "site"}
    for item in items:
        if item.get_closest_marker("fast") and slow & set(item.fixturenames):
            raise pytest.UsageError(f"{item.nodeid} is marked fast but uses a slow fixture")
        for fixture, group in (("s3", "s3"), ("cloud", "cloudinary")):
            if fixture in item.fixturenames and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("fast") is not None)


def pytest_unconfigure(config):
    """Stop this process's PostgreSQL server; remove the folder when all workers have ended."""
    stop_shared()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@pytest.fixture(scope="session")
def proved() -> tuple[Path, Ended]:
    """Return the project with the default answers, and the output of generating it."""
    folder = once("proved", generate_default_project)
    return folder / "site", Ended(0, (folder / "output.txt").read_text(encoding="utf-8"))


@pytest.fixture
def project(proved, tmp_path) -> Path:
    """Return a copy of the proved project, without its .venv, that a test can change."""
    return copy_project(proved[0], tmp_path / "site")


@pytest.fixture(scope="session")
def _repository(tmp_path_factory) -> Path:
    """Return the rendered project with the default answers and a first commit."""
    folder = tmp_path_factory.mktemp("rendered")
    project = render(folder, project_slug="site")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Start"]):
        ended = run(["git", *command], project, caller_environment(folder / "home"))
        assert ended.status == 0, ended.output
    return project


@pytest.fixture
def committed(_repository, tmp_path) -> Path:
    """Return a rendered and committed project, without packages, that a test can change."""
    return copy_project(_repository, tmp_path / "site")


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_service.Service]:
    """Return a running S3 service."""
    service = s3_service.Service()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory) -> Iterator[cloudinary_api.Cloud]:
    """Return a running fake of Cloudinary's API."""
    account = cloudinary_api.Cloud(tmp_path_factory.mktemp("cloudinary"))
    yield account
    account.stop()


@pytest.fixture(autouse=True)
def _healthy(request):
    """Reset the storage services after every test."""
    yield
    for name in {"s3", "cloud"} & set(request.fixturenames):
        request.getfixturevalue(name).heal()


@pytest.fixture(scope="session")
def packages() -> Callable[[str], Path]:
    """Return a function that returns a Python with all packages for a version of Django.

    The environment has the packages for both storages and both kinds of accounts, so many projects
    can share it.
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
