"""Fixtures: a project that was generated and proved, services, interpreters, a browser."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.helpers import (
    CHOICES,
    Ended,
    bake,
    caller_environment,
    find_new_python,
    missing,
    render,
    run,
)
from tests.project import cloudinary_api
from tests.project import s3 as s3_service


@pytest.fixture(scope="session")
def proved(tmp_path_factory) -> tuple[Path, Ended]:
    """Return the project of the default answers, and what was said while it was made."""
    output = tmp_path_factory.mktemp("proved")
    ended = bake(output, env=caller_environment(output / "home"), project_slug="site")
    assert ended.outcome == "proved", ended.output
    return output / "site", ended


@pytest.fixture
def project(proved, tmp_path) -> Path:
    """Return a copy of the proved project to change at will, its .venv shared and not copied."""
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
def packages(tmp_path_factory) -> Callable[[str], Path]:
    """Return a function that gives an interpreter with all packages that projects of a Django use.

    Both storages and both kinds of accounts are in it, so that one serves many projects.
    """

    @cache
    def install(django_version: str) -> Path:
        folder = tmp_path_factory.mktemp("packages")
        needed = set()
        for storage, accounts in (("s3", "allauth"), ("cloudinary", "django")):
            name = f"{storage}-{accounts}"
            answers = {"storage": storage, "accounts": accounts, "django_version": django_version}
            project = render(folder / name, **answers)
            for path in project.glob("requirements*.txt"):
                needed |= set(path.read_text(encoding="utf-8").splitlines())
        requirements = folder / "requirements.txt"
        requirements.write_text("\n".join(sorted(needed)), encoding="utf-8")
        python = sys.executable if django_version == "5.2" else find_new_python()
        uv, home = [sys.executable, "-m", "uv"], {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        made = run([*uv, "venv", "-q", "--python", python, folder / "env"], folder, home)
        assert made.status == 0, made.output
        found = folder / "env/bin/python"
        command = [*uv, "pip", "install", "-q", "--python", found, "-r", requirements]
        installed = run(command, folder, home)
        assert installed.status == 0, installed.output
        return found

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
