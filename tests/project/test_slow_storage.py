"""Test that a slow storage times out before Heroku's router does."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers import production, render
from tests.project.cloudinary_api import Cloud
from tests.project.console import Console, Failed
from tests.project.s3 import Service

# The storage waits and not Django, so one version of Django for each storage is enough.
VERSIONS = {"s3": "5.2", "cloudinary": "6.1"}


@pytest.fixture
def slow_storages(packages, tmp_path):
    """Return for each storage its slow service, and a process that uses it."""
    s3, cloud = Service(), Cloud(tmp_path)
    services = {"s3": s3, "cloudinary": cloud}
    variables = {"s3": s3.make_bucket().variables, "cloudinary": cloud.variables}
    found = []
    for storage, version in VERSIONS.items():
        site = render(tmp_path / storage, storage=storage, django_version=version)
        console = Console(packages(version), site, production(**variables[storage]))
        found.append((services[storage], console))
    for service, _ in found:
        service.asked.clear()
        service.fail("slow")
    yield found
    for service, console in found:
        console.close()
        service.stop()


def save(storage):
    """Try to save a file; return the classes of the error, and how many requests were sent."""
    service, console = storage
    with pytest.raises(Failed) as error:
        console.run(
            "from django.core.files.base import ContentFile\n"
            "from django.core.files.storage import default_storage as storage\n"
            "storage.save('after.txt', ContentFile(b'x'))"
        )
    return error.value.kinds, len(service.asked)


@pytest.mark.long
def test_a_slow_storage_times_out_before_the_router(slow_storages):
    """The router waits for 30 s.

    S3's stand-in responds after 12 s, and gets two requests, each for less than that. Cloudinary's
    responds after 25 s, and gets one.
    """
    with ThreadPoolExecutor(len(slow_storages)) as pool:
        (s3_error, s3_requests), (cloud_error, cloud_requests) = pool.map(save, slow_storages)
    assert "OSError" in s3_error and "OSError" in cloud_error
    assert s3_requests == 2 and cloud_requests == 1
