"""Test uploads and static files in a bucket, with a service that checks what Amazon checks."""

import re
import socket
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from tests.helpers import production, render, run
from tests.project import s3 as s3_service
from tests.project.console import MEMORY, Console, Failed
from tests.project.s3 import FAULTS

# One worker runs all of these tests, because they share a server.
pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_version):
    """Return a project that uses S3."""
    return render(
        tmp_path_factory.mktemp("s3"), storage="s3", django_version=django_version, packaging="pip"
    )


@pytest.fixture(scope="module")
def python(packages, django_version):
    """Return the interpreter of the project."""
    return packages(django_version)


@pytest.fixture(scope="module")
def bucket(s3):
    """Return a bucket whose static files are public, and nothing else."""
    return s3.make_bucket(public="static")


@pytest.fixture(scope="module")
def console(site, python, bucket):
    """Return a function that runs code in the project, with its storage as `storage`."""
    process = Console(python, site, production(**bucket.variables))
    yield lambda code: process.run(
        "from django.core.files.base import ContentFile, File\n"
        f"from django.core.files.storage import default_storage as storage\n{code}"
    )
    process.close()


def fetch(url):
    """Fetch a URL as a browser does. Return the status and the body."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_file_can_be_saved_read_listed_and_deleted(console, bucket):
    name = console("result = storage.save('notes/höhe 1.txt', ContentFile(b'hello'))")
    assert name == "notes/höhe 1.txt" and f"media/{name}" in bucket.keys()
    assert console(f"result = storage.open({name!r}).read().decode()") == "hello"
    assert console(f"result = storage.size({name!r}), storage.exists({name!r})") == [5, True]
    assert console("result = storage.listdir('notes')") == [[], ["höhe 1.txt"]]
    assert console(f"result = storage.get_modified_time({name!r}).tzinfo is not None")
    console(f"storage.delete({name!r})")
    assert console(f"result = storage.exists({name!r})") is False


@pytest.mark.row(63)
def test_a_file_does_not_overwrite_another_with_the_same_name(console, bucket):
    first = console("result = storage.save('photo.jpg', ContentFile(b'one'))")
    second = console("result = storage.save('photo.jpg', ContentFile(b'two'))")
    assert first != second
    assert console(f"result = storage.open({first!r}).read().decode()") == "one"
    assert console(f"result = storage.open({second!r}).read().decode()") == "two"


@pytest.mark.row(61)
def test_a_link_is_signed_and_expires(console, monkeypatch):
    name = console("result = storage.save('private.txt', ContentFile(b'secret'))")
    url = console(f"result = storage.url({name!r})")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url and "X-Amz-Expires=3600" in url
    assert fetch(url) == (200, b"secret")
    assert fetch(url.partition("?")[0])[0] == 403
    assert fetch(url.replace("/media/", "/media/other-"))[0] == 403
    assert fetch(re.sub(r"Expires=3600", "Expires=360000", url))[0] == 403
    expired = s3_service.now() + timedelta(seconds=3601)
    monkeypatch.setattr(s3_service, "now", lambda: expired)
    assert fetch(url)[0] == 403


@pytest.mark.row(58, 62)
def test_access_control_lists_and_newer_checksums_are_not_sent(console):
    """The service refuses both. A file that is larger than one part is uploaded in another way."""
    code = "result = storage.save('large.bin', ContentFile(b'x' * (9 * 1024 * 1024)))"
    assert console(f"{code}; result = storage.size(result)") == 9 * 1024 * 1024


def test_missing_files_and_other_folders_raise_djangos_errors(console):
    for call in ("open('no')", "size('no')", "get_modified_time('no')"):
        with pytest.raises(Failed) as error:
            console(f"storage.{call}")
        assert "FileNotFoundError" in error.value.kinds
    with pytest.raises(Failed) as error:
        console("storage.open('../static/site.css')")
    assert "SuspiciousOperation" in error.value.kinds
    console("storage.delete('no')")


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"garbage", "slow"}))
def test_a_failing_service_raises_an_os_error(console, s3, fault):
    name = console("result = storage.save('before.txt', ContentFile(b'x'))")
    for call in (
        "save('after.txt', ContentFile(b'x'))",
        f"open({name!r})",
        f"size({name!r})",
        f"delete({name!r})",
    ):
        s3.fail(fault)
        with pytest.raises(Failed) as error:
            console(f"storage.{call}")
        s3.heal()
        assert "OSError" in error.value.kinds, error.value
        assert ("PermissionError" in error.value.kinds) is (fault == "403")
    assert console(f"result = storage.open({name!r}).read().decode()") == "x"


def test_a_response_that_is_not_from_s3_raises_an_os_error(console, s3):
    name = console("result = storage.save('real.txt', ContentFile(b'x'))")
    s3.fail("garbage", "DELETE", "POST")
    with pytest.raises(Failed) as error:
        console("storage.save('large.bin', ContentFile(b'x' * (9 * 1024 * 1024)))")
    assert "OSError" in error.value.kinds
    s3.heal()
    assert console(f"result = storage.exists({name!r})")


def test_an_incomplete_download_raises_an_os_error(console, s3):
    for size in (1000, 12 * 1024 * 1024):
        code = f"result = storage.save('whole.bin', ContentFile(b'x' * {size}))"
        name = console(code)
        s3.fail("cut off", "GET")
        with pytest.raises(Failed) as error:
            console(f"storage.open({name!r})")
        s3.heal()
        assert "OSError" in error.value.kinds, error.value


def test_a_failed_request_is_repeated(console, s3):
    s3.fail("500 once")
    assert console("result = storage.save('again.txt', ContentFile(b'x'))").startswith("again")
    assert len([method for method, _ in s3.asked if method == "PUT"]) >= 1


def test_an_unreachable_service_raises_an_os_error(site, python, bucket):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        nowhere = bucket.variables | {"AWS_S3_ENDPOINT_URL": address}
        process = Console(python, site, production(**nowhere))
        with pytest.raises(Failed) as error:
            process.run(
                "from django.core.files.base import ContentFile\n"
                "from django.core.files.storage import default_storage as storage\n"
                "storage.save('x.txt', ContentFile(b'x'))"
            )
        process.close()
    assert (
        "OSError" in error.value.kinds and "The request to the storage failed" in error.value.said
    )


# The memory does not depend on Django, so one version is enough.
@pytest.mark.parametrize("django_version", ["5.2"], indirect=True)
def test_200_mb_are_streamed(console):
    up, both, same, size = console(MEMORY)
    assert same and size == 200 * 1024 * 1024
    assert 0 <= up <= both < 32


def collect(site, python, bucket, **variables):
    """Run collectstatic as the build does, with STATIC_STORAGE."""
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"} | variables)
    del env["DATABASE_URL"]
    command = [python, "-W", "error", "manage.py", "collectstatic", "--noinput"]
    return run(command, site, env)


def test_only_new_static_files_are_uploaded_several_at_a_time(site, python, s3):
    bucket = s3.make_bucket()
    first = collect(site, python, bucket)
    assert first.status == 0, first.output
    total = int(re.search(r"(\d+) of \1 static files to upload", first.output)[1])
    assert (
        total > 100 and f"{total} of {total} uploaded" in first.output and "50 of " in first.output
    )
    assert s3.most_at_once > 2
    s3.heal()
    second = collect(site, python, bucket)
    assert second.status == 0 and f"0 of {total} static files to upload" in second.output
    assert {method for method, _ in s3.asked} == {"GET"}
    s3.heal()
    style = site / "static/css/site.css"
    style.write_text(style.read_text(encoding="utf-8") + "\n/* changed */\n", encoding="utf-8")
    third = collect(site, python, bucket)
    assert re.search(rf"(?m)^1 of {total} static files to upload", third.output), third.output
    assert [method for method, _ in s3.asked].count("PUT") == 1


def test_static_files_are_public_compressed_and_cached_for_a_year(site, python, s3, bucket):
    assert collect(site, python, bucket).status == 0
    key = next(key for key in bucket.keys() if re.match(r"static/css/site\.[0-9a-f]{12}\.css", key))
    head = bucket.head(key)
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["ContentEncoding"] == "gzip" and head["ContentType"] == "text/css"
    assert fetch(f"{s3.address}/{bucket.name}/{key}")[0] == 200


# This waits for seconds with any version of Django. The default run tests one.
@pytest.mark.parametrize("fault", ["500", "403", "cut off"])
@pytest.mark.parametrize(
    "django_version",
    ["5.2", pytest.param("6.1", marks=pytest.mark.long)],
    indirect=True,
)
def test_the_build_fails_if_static_files_cannot_be_uploaded(site, python, s3, fault):
    empty = s3.make_bucket()
    s3.fail(fault, "PUT")
    ended = collect(site, python, empty)
    assert ended.status == 1
    assert "The static files could not be uploaded" in ended.output
    assert "Traceback" not in ended.output


def test_the_build_fails_if_variables_for_static_files_are_missing(site, python, bucket):
    ended = collect(site, python, bucket, AWS_STORAGE_BUCKET_NAME="", AWS_SECRET_ACCESS_KEY="")
    assert ended.status == 1 and "Traceback" not in ended.output
    assert "AWS_STORAGE_BUCKET_NAME is not set" in ended.output
    assert "AWS_SECRET_ACCESS_KEY is not set" in ended.output
    assert "AWS_S3_REGION_NAME" not in ended.output
