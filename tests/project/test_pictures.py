"""Test pictures with gunicorn and a storage, from the form to the delivered file."""

import http.client
import io
import json
import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from PIL import Image

from preflight.postgres import find_binaries
from tests.helpers import render
from tests.preflight.postgres import postgres
from tests.project.cloudinary_api import FAULTS
from tests.project.live import running
from tests.project.test_browser import DESK
from tests.project.visitor import Visitor

# Each storage with both versions of Django, with both kinds of accounts, and with and without
# STATIC_STORAGE. The default run includes the first one of each storage.
SITES = [
    ("s3", "6.1", "allauth", "s3"),
    ("cloudinary", "6.1", "django", "whitenoise"),
    ("s3", "5.2", "django", "whitenoise"),
    ("cloudinary", "5.2", "allauth", "cloudinary"),
]

USERS = ["ada", "bea", "browser", "deleted", "orphan", "twice", "mallory"]

LOG_IN = f"""
import json
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
keys = {{}}
for name in {USERS}:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    user = get_user_model().objects.create_user(name)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    keys[name] = request.session.session_key
print("sessions", json.dumps(keys))
"""


class Storage:
    """The service of a storage, with the same methods for S3 and for Cloudinary."""

    def __init__(self, service, keys, variables, authority=None):
        self.service, self.keys = service, keys
        self.variables, self.authority = variables, authority
        self.is_s3 = authority is None

    def pictures(self):
        """Return the keys of all pictures."""
        return {key for key in self.keys() if key.startswith("media/pictures/")}

    def fail_uploads(self, fault):
        """Simulate a fault when a file is uploaded."""
        self.service.fail(fault, "PUT" if self.is_s3 else "POST .*/upload")

    def fail_deletions(self, fault):
        """Simulate a fault when a file is deleted."""
        self.service.fail(fault, "DELETE" if self.is_s3 else "POST .*/destroy")


def in_its_group(site):
    """Return a site as a parameter. One worker runs all tests of a service."""
    marks = [pytest.mark.xdist_group(site[0])]
    marks += [] if site in SITES[:2] else [pytest.mark.long]
    return pytest.param(site, marks=marks, id="-".join(site))


@pytest.fixture(scope="module", params=[in_its_group(site) for site in SITES])
def site(request, tmp_path_factory, packages):
    """Return a running site, with its storage and the session keys of its users."""
    storage, django_version, accounts, static = request.param
    folder = tmp_path_factory.mktemp("pictures")
    answers = {"storage": storage, "django_version": django_version, "accounts": accounts}
    project = render(folder, project_slug="site", **answers)
    (project / ".venv").symlink_to(packages(django_version).parent.parent)
    if storage == "s3":
        service = request.getfixturevalue("s3")
        bucket = service.make_bucket(public="static")
        site_storage = Storage(service, bucket.keys, bucket.variables)
    else:
        service = request.getfixturevalue("cloud")
        service.files.clear()
        variables = {"CLOUDINARY_URL": service.url()}
        site_storage = Storage(service, service.keys, variables, service.authority)
    with running(project, processes=1, STATIC_STORAGE=static, **site_storage.variables) as live:
        live.storage, live.static = site_storage, static
        live.keys = json.loads(re.search(r"sessions (.*)", live.python(LOG_IN))[1])
        yield live


@pytest.fixture(autouse=True)
def _heal(request):
    """Let the service of the site work normally again after each test."""
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").storage.service.heal()


def log_in(site, name="ada"):
    """Return a visitor who is logged in."""
    visitor = Visitor(site)
    visitor.cookies.set("sessionid", site.keys[name])
    return visitor


def photo(colour="teal", size=(1600, 1200), form="JPEG"):
    """Return a photo like one of a rotated camera, with a location."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form, exif=exif)
    return buffer.getvalue()


def upload(site, visitor, content, name="me.jpg"):
    """Submit the form with a picture. Return the response."""
    page = visitor.get(f"{site.url}/accounts/picture/")
    assert page.status_code == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    return visitor.post(
        f"{site.url}/accounts/picture/",
        {"csrfmiddlewaretoken": token},
        files={"file": (name, content, "image/jpeg")},
        headers={"Referer": f"{site.url}/accounts/picture/"},
        timeout=40,
    )


def picture_url(page):
    """Return the URL of the picture on a page."""
    image = re.search(r'<img class="picture" src="([^"]+)"', page.text)
    return image[1].replace("&amp;", "&") if image else None


def rows(site):
    """Return the storage keys of all files in the database."""
    database = sqlite3.connect(site.variables["DATABASE_URL"].removeprefix("sqlite:///"))
    keys = {f"media/{name}" for (name,) in database.execute("SELECT file FROM pictures_picture")}
    database.close()
    return keys if site.storage.is_s3 else {key.removesuffix(".webp") for key in keys}


def fetch(site, url):
    """Fetch a picture without the cookies of the site, as a browser does."""
    return requests.get(url, verify=str(site.storage.authority or True), timeout=30)


def test_an_uploaded_photo_is_stored_shown_and_delivered(site):
    visitor = log_in(site)
    response = upload(site, visitor, photo())
    assert response.status_code == 200 and response.url == f"{site.url}/accounts/profile/"
    url = picture_url(response)
    picture = fetch(site, url)
    assert picture.status_code == 200 and picture.headers["Content-Type"] == "image/webp"
    image = Image.open(io.BytesIO(picture.content))
    assert (image.format, image.size) == ("WEBP", (768, 1024))
    assert not image.getexif()
    assert rows(site) and rows(site) <= site.storage.pictures()
    # The content security policy allows the picture.
    policy = response.headers["Content-Security-Policy"]
    sources = re.search(r"img-src ([^;]*)", policy)[1].split()
    assert any(url.startswith(source) for source in sources if "://" in source), policy
    if site.storage.is_s3:
        assert fetch(site, url.partition("?")[0]).status_code == 403


def test_a_browser_shows_the_picture_and_the_styles(site, browser, tmp_path):
    """The browser reports violations of the content security policy in its console."""
    errors = []
    context = browser.new_context(ignore_https_errors=True, **DESK)
    page = context.new_page()
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    context.add_cookies(
        [{"name": "sessionid", "value": site.keys["browser"], "url": site.url, "secure": True}]
    )
    (tmp_path / "me.jpg").write_bytes(photo())
    page.goto(f"{site.url}/accounts/picture/")
    page.get_by_label("Picture").set_input_files(tmp_path / "me.jpg")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/accounts/profile/")
    picture = page.get_by_alt_text("Your picture")
    assert picture.evaluate("image => image.naturalWidth") == 768
    style = page.locator("link[rel=stylesheet]").first
    assert (site.url not in style.evaluate("link => link.href")) is (site.static != "whitenoise")
    assert style.evaluate("link => link.sheet !== null")
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}-profile.png")
        page.goto(f"{site.url}/accounts/picture/")
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}-picture.png")
    context.close()
    assert errors == []


def test_old_pictures_are_deleted_and_all_with_their_user(site):
    visitor, before = log_in(site, "deleted"), rows(site)
    first = picture_url(upload(site, visitor, photo("teal")))
    second = picture_url(upload(site, visitor, photo("maroon")))
    assert first.partition("?")[0] != second.partition("?")[0]
    assert len(rows(site) - before) == 1 and rows(site) <= site.storage.pictures()
    assert fetch(site, first).status_code == 404
    site.python(
        "from django.contrib.auth import get_user_model\n"
        "get_user_model().objects.get(username='deleted').delete()"
    )
    assert rows(site) == before
    assert fetch(site, second).status_code == 404


# test_slow_storage.py tests the timeouts.
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"slow"}))
def test_a_failing_storage_does_not_lose_the_old_picture(site, fault):
    if fault == "garbage" and site.storage.is_s3:
        pytest.skip("The response of S3 to an upload has no body.")
    visitor = log_in(site, "bea")
    before = picture_url(upload(site, visitor, photo("teal")))
    site.storage.fail_uploads(fault)
    response = upload(site, visitor, photo("maroon"))
    site.storage.service.heal()
    assert response.status_code == 503 and "could not be saved" in response.text
    assert rows(site) <= site.storage.pictures()
    assert fetch(site, picture_url(visitor.get(f"{site.url}/accounts/profile/"))).status_code == 200
    assert (
        picture_url(visitor.get(f"{site.url}/accounts/picture/")).partition("?")[0]
        == (before.partition("?")[0])
    )


def test_an_old_picture_that_cannot_be_deleted_is_logged(site):
    visitor = log_in(site, "orphan")
    upload(site, visitor, photo("teal"))
    site.storage.fail_deletions("500")
    response = upload(site, visitor, photo("maroon"))
    site.storage.service.heal()
    assert response.url == f"{site.url}/accounts/profile/"
    assert rows(site) < site.storage.pictures()
    assert "could not be deleted. No row refers to it." in site.log.read_text()


def test_simultaneous_uploads_leave_one_picture(site):
    visitors = [log_in(site, "twice") for _ in range(4)]
    before = site.storage.pictures()
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda visitor: upload(site, visitor, photo()), visitors))
    successful = [response for response in responses if response.status_code == 200]
    assert successful
    assert rows(site) <= site.storage.pictures()
    # SQLite may be locked for some, which return 500. Their files are left over.
    assert len(site.storage.pictures() - before) == 1 + len(responses) - len(successful)


def peaks(site):
    """Return the peak memory of the site's processes in MB, by process ID."""
    peaks = {}
    for folder in os.scandir("/proc"):
        if not folder.name.isdigit():
            continue
        try:
            with open(f"{folder.path}/cmdline", "rb") as file:
                arguments = file.read()
            with open(f"{folder.path}/environ", "rb") as file:
                environment = file.read()
            with open(f"{folder.path}/status") as file:
                status = file.read()
        except OSError:
            continue
        if b"gunicorn" in arguments and f"PORT={site.front.upstream}\0".encode() in environment:
            peaks[folder.name] = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
    assert peaks
    return peaks


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="This reads the memory from /proc.")
def test_refused_files_use_little_memory(site):
    visitor = log_in(site, "mallory")
    upload(site, visitor, photo())
    bomb = io.BytesIO()
    Image.new("1", (10000, 10000)).save(bomb, "PNG")
    before = peaks(site)
    for content, message in (
        (bomb.getvalue(), "too many"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG or WebP"),
        (b"<!doctype html><script>alert(1)</script>", "not a JPEG, PNG or WebP"),
        (photo() + b"<script>alert(1)</script>", "contains more than a picture"),
        (photo() + b"\0" * (10 * 1024 * 1024), "Files can be at most"),
    ):
        response = upload(site, visitor, content)
        assert response.status_code == 200 and message in response.text
    after = peaks(site)
    assert all(after[pid] - before[pid] < 32 for pid in before), (before, after)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="This reads the memory from /proc.")
def test_a_request_of_1_gb_is_refused_at_once(site):
    before = peaks(site)
    connection = http.client.HTTPConnection("127.0.0.1", site.front.upstream, timeout=60)
    connection.putrequest("POST", "/accounts/picture/", skip_host=True)
    for name, value in {
        "Host": "localhost",
        "X-Forwarded-Proto": "https",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(1024**3),
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    text = response.read().decode()
    assert response.status == 413 and "10.0\xa0MB" in text
    # A client may send the body regardless.
    sent = 0
    try:
        for _ in range(1024):
            connection.sock.sendall(bytes(1024 * 1024))
            sent += 1
    except (OSError, AttributeError):
        pass
    connection.close()
    after = peaks(site)
    assert all(after[pid] - before[pid] < 32 for pid in before), (before, after, sent)


def test_simultaneous_uploads_wait_for_each_other_on_postgresql(tmp_path, packages, s3):
    project = render(tmp_path, project_slug="site", storage="s3")
    (project / ".venv").symlink_to(packages("5.2").parent.parent)
    bucket = s3.make_bucket()
    with (
        postgres(find_binaries()) as url,
        running(project, DATABASE_URL=url, **bucket.variables) as site,
    ):
        site.keys = json.loads(re.search(r"sessions (.*)", site.python(LOG_IN))[1])
        visitors = [log_in(site, "twice") for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            responses = list(pool.map(lambda visitor: upload(site, visitor, photo()), visitors))
        assert [response.status_code for response in responses] == [200] * 6
        [key] = [key for key in bucket.keys() if key.startswith("media/pictures/")]
        assert key in site.python(
            "from pictures.models import Picture\nprint(f'media/{Picture.objects.get()}')"
        )
