"""Test uploads and static files in Cloudinary, with a fake that checks signatures."""

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.helpers import ROOT, production, render, run
from tests.project.cloudinary_api import FAULTS
from tests.project.console import MEMORY, Console, Failed

# One worker runs all of these tests, because they share a server.
pytestmark = pytest.mark.xdist_group("cloudinary")

PNG = "bytes.fromhex('89504e470d0a1a0a') + b'rest'"
MP4 = "b'\\0\\0\\0\\x20ftypisom' + b'rest'"


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_version):
    """Return a project that uses Cloudinary."""
    folder = tmp_path_factory.mktemp("cloudinary-site")
    return render(folder, storage="cloudinary", django_version=django_version, packaging="pip")


@pytest.fixture(scope="module")
def python(packages, django_version):
    """Return the interpreter of the project."""
    return packages(django_version)


@pytest.fixture(scope="module")
def console(site, python, cloud):
    """Return a function that runs code in the project, with its storage as `storage`."""
    cloud.files.clear()
    process = Console(python, site, production(**cloud.variables))
    yield lambda code: process.run(
        "from django.core.files.base import ContentFile, File\n"
        f"from django.core.files.storage import default_storage as storage\n{code}"
    )
    process.close()


def fetch(cloud, url):
    """Fetch a URL as a browser does. Return the status and the body."""
    context = ssl.create_default_context(cafile=cloud.authority)
    try:
        with urllib.request.urlopen(url, timeout=30, context=context) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def save(console, name, content):
    """Save a file. Return its name."""
    return console(f"result = storage.save({name!r}, ContentFile({content}))")


@pytest.mark.row(56)
@pytest.mark.parametrize(
    ("name", "content", "kind", "saved"),
    [
        ("pics/a.png", PNG, "image", "pics/a.png"),
        ("clips/a.mp4", MP4, "video", "clips/a.mp4"),
        ("notes/a.txt", "b'hello'", "raw", "notes/a.txt"),
        ("notes/a.tar.gz", "b'\\x1f\\x8b'", "raw", "notes/a.tar.gz"),
        ("notes/LICENSE", "b'free'", "raw", "notes/LICENSE"),
        ("drawings/a.svg", "b'<svg/>'", "image", "drawings/a.svg"),
    ],
)
def test_a_file_can_be_saved_read_fetched_and_deleted(console, cloud, name, content, kind, saved):
    assert save(console, name, content) == saved
    public_id = f"media/{saved}" if kind == "raw" else f"media/{saved}".rpartition(".")[0]
    stored = cloud.files[kind, public_id]
    assert console(f"result = storage.open({saved!r}).read().hex()") == stored.content.hex()
    assert console(f"result = storage.size({saved!r})") == len(stored.content)
    assert console(f"result = storage.exists({saved!r})") is True
    assert console(f"result = storage.get_modified_time({saved!r}).tzinfo is not None") is True
    url = console(f"result = storage.url({saved!r})")
    assert url.startswith("https://") and f"/{kind}/upload/v1/media/{saved}" in url
    assert fetch(cloud, url) == (200, stored.content)
    console(f"storage.delete({saved!r})")
    assert (kind, public_id) not in cloud.files
    assert console(f"result = storage.exists({saved!r})") is False


@pytest.mark.parametrize(
    ("name", "content", "kind", "saved"),
    [
        ("photo", PNG, "image", "photo.png"),
        ("photo.dat", PNG, "image", "photo.dat.png"),
        ("film.txt", MP4, "video", "film.txt.mp4"),
        ("not-a-picture.jpg", "b'hello'", "raw", "not-a-picture.jpg.bin"),
        ("really-a-png.jpg", PNG, "image", "really-a-png.jpg"),
    ],
)
def test_the_content_decides_the_type_of_a_file(console, cloud, name, content, kind, saved):
    assert save(console, name, content) == saved
    assert {
        found for found, key in cloud.files if key.startswith(f"media/{name.split('.')[0]}")
    } == {kind}
    assert fetch(cloud, console(f"result = storage.url({saved!r})"))[0] == 200


def test_a_file_does_not_overwrite_another_with_the_same_public_id(console, cloud):
    """pic.png and pic.jpg have the same public ID. Cloudinary would silently discard the second."""
    png = save(console, "pic.png", PNG)
    jpg = save(console, "pic.jpg", "b'\\xff\\xd8\\xff other'")
    again = save(console, "pic.png", PNG + " + b'more'")
    assert png == "pic.png" and re.fullmatch(r"pic_\w{7}\.jpg", jpg)
    assert re.fullmatch(r"pic_\w{7}\.png", again)
    contents = [console(f"result = storage.open({name!r}).read().hex()") for name in (png, jpg)]
    assert contents[0] != contents[1]


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a?b&c#d%e<f>g+h.txt", "abcdefgh.txt"),
        ("v1/v22/notes.txt", "v1_/v22_/notes.txt"),
        ("höhe der Straße.txt", "höhe_der_Straße.txt"),
    ],
)
def test_names_that_cloudinary_forbids_are_changed(console, name, saved):
    assert save(console, name, "b'x'") == saved
    assert console(f"result = storage.open({saved!r}).read().decode()") == "x"


def test_a_name_that_is_too_long_is_shortened(console):
    name = save(console, "a" * 400 + ".txt", "b'x'")
    assert len(name) <= 249 and name.endswith(".txt")
    short = console("result = storage.save('b' * 90 + '.txt', ContentFile(b'x'), max_length=50)")
    assert len(short) <= 50 and console(f"result = storage.exists({short!r})")


def test_saving_does_not_use_the_admin_api(console, cloud):
    cloud.asked.clear()
    save(console, "economy.txt", "b'x'")
    assert [method for method, _ in cloud.asked] == ["POST"]


def test_text_is_stored_and_not_used_as_a_url(console, cloud):
    name = save(console, "text.txt", "'https://example.com/secret'")
    assert cloud.files["raw", f"media/{name}"].content == b"https://example.com/secret"


def test_an_empty_file_is_refused_with_a_message(console):
    with pytest.raises(Failed) as error:
        save(console, "empty.txt", "b''")
    assert "OSError" in error.value.kinds and "empty" in error.value.said


def test_folders_are_listed(console, cloud):
    cloud.files.clear()
    for name in ("shelf/a.txt", "shelf/b.txt", "shelf/deep/c.txt", "elsewhere.txt"):
        save(console, name, "b'x'")
    save(console, "shelf/p.png", PNG)
    assert console("result = storage.listdir('shelf')") == [["deep"], ["a.txt", "b.txt", "p.png"]]
    assert console("result = storage.listdir('')") == [["shelf"], ["elsewhere.txt"]]


def test_missing_files_and_other_folders_raise_djangos_errors(console):
    for call in ("open('no')", "size('no')", "get_modified_time('no.png')"):
        with pytest.raises(Failed) as error:
            console(f"storage.{call}")
        assert "FileNotFoundError" in error.value.kinds
    for call in ("open('../static/site.css')", "save('../x', ContentFile(b'x'))"):
        with pytest.raises(Failed) as error:
            console(f"storage.{call}")
        assert "SuspiciousFileOperation" in error.value.kinds
    console("storage.delete('no')")


def test_a_url_can_have_transformations(console):
    name = save(console, "face.png", PNG)
    code = f"result = storage.transformed_url({name!r}, width=96, height=96, crop='fill')"
    url = console(code)
    assert "/image/upload/c_fill,h_96,w_96/v1/media/face.png" in url


def test_a_template_can_use_transformations(console):
    """The tag returns the plain URL for a file on this machine."""
    code = """
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile
from django.template import Context, Template
from pictures.models import Picture
template = Template('{% load transformations %}{% transformed file width=96 crop="fill" %}')
picture = Picture(file="pictures/a.webp")
result = [template.render(Context({"file": picture.file}))]
picture.file.storage = FileSystemStorage(base_url="/media/")
result.append(template.render(Context({"file": picture.file})))
"""
    transformed, plain = console(code)
    assert transformed.startswith("https://") and plain == "/media/pictures/a.webp"
    assert transformed.endswith("/image/upload/c_fill,w_96/v1/media/pictures/a.webp")


def test_names_from_django_cloudinary_storage_can_be_migrated(console, cloud):
    """Run the code in docs/migrating.md with the model of this project."""
    console(f"storage.save('pics/a_891272.png', ContentFile({PNG}))")
    document = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
    [code] = re.findall(r"(?ms)^```python\n(.*?)^```", document)
    for theirs, ours in (
        ("from shop.models import Product", "from pictures.models import Picture as Product"),
        ("photo", "file"),
    ):
        code = code.replace(theirs, ours)
    prepared = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
from pictures.models import Picture
call_command("migrate", verbosity=0)
user = get_user_model().objects.create_user("ada")
Picture.objects.create(user=user, file="media/pics/a_891272")
"""
    found = console(f"{prepared}\n{code}\nresult = storage.exists(Picture.objects.get().file.name)")
    assert found is True
    assert console("from pictures.models import Picture; result = str(Picture.objects.get())") == (
        "pics/a_891272.png"
    )


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"slow"}))
def test_a_failing_service_raises_an_os_error(console, cloud, fault):
    name = save(console, "before.txt", "b'x'")
    calls = ["save('after.txt', ContentFile(b'x'))", f"delete({name!r})", f"size({name!r})"]
    if fault != "garbage":
        # The delivery server may send any content.
        calls.append(f"open({name!r})")
    for call in calls:
        cloud.fail(fault)
        with pytest.raises(Failed) as error:
            console(f"storage.{call}")
        cloud.heal()
        assert "OSError" in error.value.kinds, error.value
        assert ("PermissionError" in error.value.kinds) is (fault == "403"), error.value
    assert console(f"result = storage.open({name!r}).read().decode()") == "x"


@pytest.mark.parametrize(
    "account",
    [{"secret": "wrong"}, {"key": "999"}, {"port": 9}],
    ids=["secret", "key", "unreachable"],
)
def test_an_error_does_not_reveal_the_secret(site, python, cloud, account):
    env = production(**cloud.variables | {"CLOUDINARY_URL": cloud.url(**account)})
    process = Console(python, site, env)
    with pytest.raises(Failed) as error:
        process.run(
            "from django.core.files.base import ContentFile\n"
            "from django.core.files.storage import default_storage as storage\n"
            "storage.save('x.txt', ContentFile(b'x'))"
        )
    process.close()
    assert ("PermissionError" if "port" not in account else "OSError") in error.value.kinds
    assert "wrong" not in str(error.value).replace("is wrong", "")


# The memory does not depend on Django, so one version is enough. S3 is the sample.
@pytest.mark.long
@pytest.mark.parametrize("django_version", ["6.1"], indirect=True)
def test_200_mb_are_streamed(console):
    up, both, same, size = console(MEMORY)
    assert same and size == 200 * 1024 * 1024
    assert 0 <= up <= both < 32


def collect(site, python, cloud, **variables):
    """Run collectstatic as the build does, with STATIC_STORAGE."""
    env = production(**cloud.variables | {"STATIC_STORAGE": "cloudinary"} | variables)
    del env["DATABASE_URL"]
    command = [python, "-W", "error", "manage.py", "collectstatic", "--noinput"]
    return run(command, site, env)


def test_only_new_static_files_are_uploaded(site, python, cloud):
    cloud.files.clear()
    first = collect(site, python, cloud)
    assert first.status == 0, first.output
    total = int(re.search(r"(\d+) of \1 static files to upload", first.output)[1])
    assert total > 100 and f"{total} of {total} uploaded" in first.output
    assert {kind for kind, _ in cloud.files} == {"raw"} and len(cloud.files) == total
    cloud.asked.clear()
    second = collect(site, python, cloud)
    assert second.status == 0 and f"0 of {total} static files to upload" in second.output
    assert {method for method, _ in cloud.asked} == {"GET"}
    style = site / "static/css/site.css"
    style.write_text(style.read_text(encoding="utf-8") + "\n/* changed */\n", encoding="utf-8")
    cloud.asked.clear()
    third = collect(site, python, cloud)
    assert f"1 of {total} static files to upload" in third.output
    assert [method for method, _ in cloud.asked].count("POST") == 1


def test_a_style_sheet_finds_its_images(site, python, cloud, console):
    """The URL of an image in a style sheet is relative, and both are raw files."""
    assert collect(site, python, cloud).status == 0
    host = re.match(r"https://[^/]+/[^/]+", console("result = storage.url('x.png')"))[0]
    base = f"{host}/raw/upload/v1/static/admin/css/base."
    key = next(key for key in cloud.keys() if re.match(r"static/admin/css/base\.\w{12}\.css", key))
    url = f"{base}{key.rpartition('base.')[2]}"
    status, style = fetch(cloud, url)
    assert status == 200
    image = re.search(rb'url\("?(\.\./img/[^")]+)', style)[1].decode()
    assert fetch(cloud, urllib.parse.urljoin(url, image))[0] == 200


# This waits for seconds with any version of Django. The default run tests one.
@pytest.mark.parametrize("fault", ["500", "403"])
@pytest.mark.parametrize(
    "django_version",
    ["5.2", pytest.param("6.1", marks=pytest.mark.long)],
    indirect=True,
)
def test_the_build_fails_if_static_files_cannot_be_uploaded(site, python, cloud, fault):
    cloud.files.clear()
    cloud.fail(fault, "POST")
    ended = collect(site, python, cloud)
    assert ended.status == 1 and "Traceback" not in ended.output
    assert "The static files could not be uploaded" in ended.output


def test_the_build_fails_if_the_account_for_static_files_is_incomplete(site, python, cloud):
    ended = collect(site, python, cloud, CLOUDINARY_URL="cloudinary://<key>:<secret>@demo")
    assert ended.status == 1 and "Traceback" not in ended.output
    assert "CLOUDINARY_URL is incomplete" in ended.output
