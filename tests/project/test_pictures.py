"""A person's picture through gunicorn: from the form to what the storage delivers."""

import http.client
import io
import json
import os
import re
import sqlite3
import time
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

# Each storage with both versions of Django, both kinds of accounts, and static files in it or not.
# The first of each storage is in the default run.
SITES = [
    ("s3", "6.1", "allauth", "s3"),
    ("cloudinary", "6.1", "django", "whitenoise"),
    ("s3", "5.2", "django", "whitenoise"),
    ("cloudinary", "5.2", "allauth", "cloudinary"),
]

PEOPLE = ["ada", "bea", "browser", "former", "orphan", "twice", "mallory"]

SIGN_IN = f"""
import json
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
keys = {{}}
for name in {PEOPLE}:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    user = get_user_model().objects.create_user(name)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    keys[name] = request.session.session_key
print("sessions", json.dumps(keys))
"""


class Storage:
    """What both services of the tests have in common."""

    def __init__(self, service, keys, variables, authority=None):
        self.service, self.keys = service, keys
        self.variables, self.authority = variables, authority
        self.is_s3 = authority is None

    def pictures(self):
        """Return the keys of all pictures that are there."""
        return {key for key in self.keys() if key.startswith("media/pictures/")}

    def fail_uploads(self, fault):
        """Misbehave when a file is sent."""
        self.service.fail(fault, "PUT" if self.is_s3 else "POST .*/upload")

    def fail_deletions(self, fault):
        """Misbehave when a file is to be removed."""
        self.service.fail(fault, "DELETE" if self.is_s3 else "POST .*/destroy")


def in_its_group(site):
    """Return a site as a parameter; one worker runs all tests of a service."""
    marks = [pytest.mark.xdist_group(site[0])]
    marks += [] if site in SITES[:2] else [pytest.mark.long]
    return pytest.param(site, marks=marks, id="-".join(site))


@pytest.fixture(scope="module", params=[in_its_group(site) for site in SITES])
def site(request, tmp_path_factory, packages):
    """Return a running site, its storage, and how somebody signs in."""
    storage, django_version, accounts, static = request.param
    folder = tmp_path_factory.mktemp("pictures")
    answers = {"storage": storage, "django_version": django_version, "accounts": accounts}
    project = render(folder, project_slug="site", **answers)
    (project / ".venv").symlink_to(packages(django_version).parent.parent)
    if storage == "s3":
        service = request.getfixturevalue("s3")
        bucket = service.make_bucket(public="static")
        found = Storage(service, bucket.keys, bucket.variables)
    else:
        service = request.getfixturevalue("cloud")
        service.files.clear()
        variables = {"CLOUDINARY_URL": service.url()}
        found = Storage(service, service.keys, variables, service.authority)
    with running(project, processes=1, STATIC_STORAGE=static, **found.variables) as live:
        live.storage, live.static = found, static
        live.keys = json.loads(re.search(r"sessions (.*)", live.python(SIGN_IN))[1])
        yield live


@pytest.fixture(autouse=True)
def _heal(request):
    """Let the service of the site behave again after every test."""
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").storage.service.heal()


def sign_in(site, name="ada"):
    """Return a visitor who is signed in."""
    visitor = Visitor(site)
    visitor.cookies.set("sessionid", site.keys[name])
    return visitor


def photo(colour="teal", size=(1600, 1200), form="JPEG"):
    """Return a photo as a camera makes it, held upright, with its place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form, exif=exif)
    return buffer.getvalue()


def upload(site, visitor, content, name="me.jpg"):
    """Send the form of the picture page; return the answer."""
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


def shown(page):
    """Return the address of the picture on a page."""
    found = re.search(r'<img src="([^"]+)"', page.text)
    return found[1].replace("&amp;", "&") if found else None


def rows(site):
    """Return the files that the database names, as the storage calls them."""
    database = sqlite3.connect(site.variables["DATABASE_URL"].removeprefix("sqlite:///"))
    found = {f"media/{name}" for (name,) in database.execute("SELECT file FROM pictures_picture")}
    database.close()
    return found if site.storage.is_s3 else {key.removesuffix(".webp") for key in found}


def fetch(site, url):
    """Fetch a picture as a browser does, without the cookies of the site."""
    return requests.get(url, verify=str(site.storage.authority or True), timeout=30)


def test_a_photo_comes_from_the_form_to_the_page_and_is_delivered(site):
    visitor = sign_in(site)
    answer = upload(site, visitor, photo())
    assert answer.status_code == 200 and answer.url == f"{site.url}/accounts/profile/"
    url = shown(answer)
    picture = fetch(site, url)
    assert picture.status_code == 200 and picture.headers["Content-Type"] == "image/webp"
    image = Image.open(io.BytesIO(picture.content))
    assert (image.format, image.size) == ("WEBP", (768, 1024))
    assert not image.getexif()
    assert rows(site) and rows(site) <= site.storage.pictures()
    # The page may load it, by its own policy.
    policy = answer.headers["Content-Security-Policy"]
    sources = re.search(r"img-src ([^;]*)", policy)[1].split()
    assert any(url.startswith(source) for source in sources if "://" in source), policy
    if site.storage.is_s3:
        assert fetch(site, url.partition("?")[0]).status_code == 403


def test_a_browser_shows_the_picture_and_the_style(site, browser, tmp_path):  # noqa: F811
    """By the policy of the site, whose errors a browser writes into its console."""
    complaints = []
    context = browser.new_context(ignore_https_errors=True, **DESK)
    page = context.new_page()
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
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
    assert complaints == []


def test_the_former_picture_is_gone_after_a_new_one_and_all_with_the_user(site):
    visitor, before = sign_in(site, "former"), rows(site)
    first = shown(upload(site, visitor, photo("teal")))
    second = shown(upload(site, visitor, photo("maroon")))
    assert first.partition("?")[0] != second.partition("?")[0]
    assert len(rows(site) - before) == 1 and rows(site) <= site.storage.pictures()
    assert fetch(site, first).status_code == 404
    site.python(
        "from django.contrib.auth import get_user_model\n"
        "get_user_model().objects.get(username='former').delete()"
    )
    assert rows(site) == before
    assert fetch(site, second).status_code == 404


# How long a slow storage is waited for, the tests of each storage show.
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"slow"}))
def test_a_failing_storage_loses_nothing(site, fault):
    if fault == "garbage" and site.storage.is_s3:
        pytest.skip("S3 answers an upload with its status alone.")
    visitor = sign_in(site, "bea")
    before = shown(upload(site, visitor, photo("teal")))
    site.storage.fail_uploads(fault)
    answer = upload(site, visitor, photo("maroon"))
    site.storage.service.heal()
    assert answer.status_code == 503 and "nothing has changed" in answer.text
    assert rows(site) <= site.storage.pictures()
    assert fetch(site, shown(visitor.get(f"{site.url}/accounts/profile/"))).status_code == 200
    assert (
        shown(visitor.get(f"{site.url}/accounts/picture/")).partition("?")[0]
        == (before.partition("?")[0])
    )


def test_a_former_picture_that_cannot_be_removed_is_logged_and_no_harm(site):
    visitor = sign_in(site, "orphan")
    upload(site, visitor, photo("teal"))
    site.storage.fail_deletions("500")
    answer = upload(site, visitor, photo("maroon"))
    site.storage.service.heal()
    assert answer.url == f"{site.url}/accounts/profile/"
    assert rows(site) < site.storage.pictures()
    assert "stays in the storage, and no row belongs to it" in site.log.read_text()


def test_uploads_at_the_same_moment_leave_one_picture(site):
    visitors = [sign_in(site, "twice") for _ in range(4)]
    before = site.storage.pictures()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda visitor: upload(site, visitor, photo()), visitors))
    good = [answer for answer in answers if answer.status_code == 200]
    assert good
    assert rows(site) <= site.storage.pictures()
    # SQLite may refuse one of them with 500; its file stays and no row names it.
    assert len(site.storage.pictures() - before) == 1 + len(answers) - len(good)


def peaks(site):
    """Return the largest size so far of the site's processes, in MB, by process id."""
    found = {}
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
            found[folder.name] = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
    assert found
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="The memory is read from Linux' /proc.")
def test_what_is_refused_costs_no_memory_to_speak_of(site):
    visitor = sign_in(site, "mallory")
    upload(site, visitor, photo())
    bomb = io.BytesIO()
    Image.new("1", (10000, 10000)).save(bomb, "PNG")
    before = peaks(site)
    for content, said in (
        (bomb.getvalue(), "too many"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG or WebP"),
        (b"<!doctype html><script>alert(1)</script>", "no JPEG, PNG or WebP"),
        (photo() + b"<script>alert(1)</script>", "something else at once"),
        (photo() + b"\0" * (10 * 1024 * 1024), "are the most"),
    ):
        answer = upload(site, visitor, content)
        assert answer.status_code == 200 and said in answer.text
    after = peaks(site)
    assert all(after[pid] - before[pid] < 32 for pid in before), (before, after)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="The memory is read from Linux' /proc.")
def test_a_body_of_1_gb_is_refused_at_once_and_costs_nothing(site):
    before = peaks(site)
    link = http.client.HTTPConnection("127.0.0.1", site.front.upstream, timeout=60)
    link.putrequest("POST", "/accounts/picture/", skip_host=True)
    for name, value in {
        "Host": "localhost",
        "X-Forwarded-Proto": "https",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(1024**3),
    }.items():
        link.putheader(name, value)
    link.endheaders()
    began = time.monotonic()
    answer = link.getresponse()
    text = answer.read().decode()
    assert answer.status == 413 and "10.0\xa0MB" in text
    assert time.monotonic() - began < 5
    # Somebody who sends all of it nevertheless.
    sent = 0
    try:
        for _ in range(1024):
            link.sock.sendall(bytes(1024 * 1024))
            sent += 1
    except (OSError, AttributeError):
        pass
    link.close()
    after = peaks(site)
    assert all(after[pid] - before[pid] < 32 for pid in before), (before, after, sent)


def test_on_postgresql_uploads_at_the_same_moment_wait_for_each_other(tmp_path, packages, s3):
    project = render(tmp_path, project_slug="site", storage="s3")
    (project / ".venv").symlink_to(packages("5.2").parent.parent)
    bucket = s3.make_bucket()
    with (
        postgres(find_binaries()) as url,
        running(project, DATABASE_URL=url, **bucket.variables) as site,
    ):
        site.keys = json.loads(re.search(r"sessions (.*)", site.python(SIGN_IN))[1])
        visitors = [sign_in(site, "twice") for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda visitor: upload(site, visitor, photo()), visitors))
        assert [answer.status_code for answer in answers] == [200] * 6
        [key] = [key for key in bucket.keys() if key.startswith("media/pictures/")]
        assert key in site.python(
            "from pictures.models import Picture\nprint(f'media/{Picture.objects.get()}')"
        )
