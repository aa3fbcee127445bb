"""Test that a slow storage times out before Heroku's router does."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers import production, render
from tests.project.cloudinary_api import Cloud
from tests.project.console import Console, Failed
from tests.project.s3 import Service

# The storage waits and not Django, so one version of Django for each storage is enough.
VERSIONS = {"s3": "5.2", "cloudinary": "6.1"}


@pytest.fixture
def consoles(packages, tmp_path):
    """Return a process in a project for each storage, whose service is slow."""
    s3, cloud = Service(), Cloud(tmp_path)
    variables = {"s3": s3.make_bucket().variables, "cloudinary": cloud.variables}
    found = {}
    for storage, version in VERSIONS.items():
        site = render(tmp_path / storage, storage=storage, django_version=version)
        found[storage] = Console(packages(version), site, production(**variables[storage]))
    for service in (s3, cloud):
        service.fail("slow")
    yield found
    for console in found.values():
        console.close()
    for service in (s3, cloud):
        service.stop()


def save(console):
    """Try to save a file; return the classes of the error and how many seconds it took."""
    began = time.monotonic()
    with pytest.raises(Failed) as error:
        console.run(
            "from django.core.files.base import ContentFile\n"
            "from django.core.files.storage import default_storage as storage\n"
            "storage.save('after.txt', ContentFile(b'x'))"
        )
    return error.value.kinds, time.monotonic() - began


@pytest.mark.long
def test_a_slow_storage_times_out_before_the_router(consoles):
    """Both storages wait for 20 s, so they wait at the same time."""
    with ThreadPoolExecutor(len(consoles)) as pool:
        for kinds, seconds in pool.map(save, consoles.values()):
            assert "OSError" in kinds and seconds < 28
