"""What a project makes of the variables of its storage: settings, checks, and the command."""

import json
import re
import socket

import pytest

from tests.helpers import BARE, bake, caller_environment, production, render, run
from tests.project.cloudinary_api import SECRET as CLOUD_SECRET
from tests.project.s3 import SECRET as S3_SECRET
from tests.project.test_settings import read_settings


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Return a project for each storage."""
    folder = tmp_path_factory.mktemp("storages")
    return {
        storage: render(folder, project_slug=storage, storage=storage)
        for storage in ("whitenoise", "s3", "cloudinary")
    }


@pytest.fixture(scope="module")
def python(packages):
    """Return an interpreter with the packages of all of them."""
    return packages("5.2")


BUCKET = {
    "AWS_STORAGE_BUCKET_NAME": "bucket",
    "AWS_S3_REGION_NAME": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": S3_SECRET,
}
DEVELOPMENT = BARE | {"PYTHON_DOTENV_DISABLED": "1", "DEBUG": "true"}


def policy_of(python, project, env):
    """Return the directives of what a page may load."""
    [policy] = read_settings(python, project, "CONTENT_SECURITY_POLICY", env=env)
    return policy["DIRECTIVES"]


def test_the_names_of_bucketeer_are_accepted_and_ones_own_win(python, projects):
    bucketeer = {
        "BUCKETEER_BUCKET_NAME": "bucketeer-1",
        "BUCKETEER_AWS_REGION": "us-east-1",
        "BUCKETEER_AWS_ACCESS_KEY_ID": "their-key",
        "BUCKETEER_AWS_SECRET_ACCESS_KEY": "their-secret",
    }
    env = {name: value for name, value in production().items() if not name.startswith("AWS_")}
    [storages] = read_settings(python, projects["s3"], "STORAGES", env=env | bucketeer)
    options = storages["default"]["OPTIONS"]
    assert (options["bucket_name"], options["region_name"]) == ("bucketeer-1", "us-east-1")
    assert (options["access_key"], options["secret_key"]) == ("their-key", "their-secret")
    started = run([python, "-c", "import config.wsgi"], projects["s3"], env | bucketeer)
    assert started.status == 0, started.output
    [storages] = read_settings(python, projects["s3"], "STORAGES", env=env | bucketeer | BUCKET)
    assert storages["default"]["OPTIONS"]["bucket_name"] == "bucket"


@pytest.mark.parametrize(
    ("variables", "starts", "style", "checksums"),
    [
        ({}, "https://bucket.s3.eu-west-1.amazonaws.com/media/a.txt?", "virtual", "when_supported"),
        (
            {"AWS_S3_ENDPOINT_URL": "https://x.r2.cloudflarestorage.com/"},
            "https://x.r2.cloudflarestorage.com/bucket/media/a.txt?",
            "path",
            "when_required",
        ),
        (
            {"AWS_S3_CUSTOM_DOMAIN": "https://files.example.com/"},
            "https://files.example.com/media/a.txt",
            "virtual",
            "when_supported",
        ),
    ],
    ids=["amazon", "r2", "domain"],
)
def test_addresses_fit_the_service(python, projects, variables, starts, style, checksums):
    env = production(**BUCKET | variables)
    code = (
        "import django, json; django.setup()\n"
        "from django.core.files.storage import default_storage as storage\n"
        "config = storage.client_config\n"
        "print(json.dumps([storage.url('a.txt'), config.s3['addressing_style'],"
        " config.request_checksum_calculation]))"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = run([python, "-c", code], projects["s3"], env | settings)
    assert ended.status == 0, ended.output
    url, found_style, found_checksums = json.loads(ended.output.splitlines()[-1])
    assert url.startswith(starts) and (found_style, found_checksums) == (style, checksums)
    assert ("Signature=" in url) is ("AWS_S3_CUSTOM_DOMAIN" not in variables)
    assert any(url.startswith(s) for s in policy_of(python, projects["s3"], env)["img-src"][1:])


@pytest.mark.parametrize(
    ("storage", "variables", "base"),
    [
        ("s3", BUCKET, "https://bucket.s3.eu-west-1.amazonaws.com/static/"),
        (
            "s3",
            BUCKET | {"AWS_S3_CUSTOM_DOMAIN": "cdn.example.com"},
            "https://cdn.example.com/static/",
        ),
        ("cloudinary", {}, "https://res.cloudinary.com/demo/raw/upload/v1/static/"),
        (
            "cloudinary",
            {"CLOUDINARY_URL": "cloudinary://1:s@demo/files.example.com"},
            "https://files.example.com/raw/upload/v1/static/",
        ),
    ],
)
def test_the_policy_follows_the_static_files(python, projects, storage, variables, base):
    env = production(**variables | {"STATIC_STORAGE": storage})
    assert read_settings(python, projects[storage], "STATIC_URL", env=env) == [base]
    policy = policy_of(python, projects[storage], env)
    for directive in ("script-src", "style-src", "font-src"):
        assert policy[directive] == ["'self'", base]
    # Without the choice, scripts come from the site alone.
    policy = policy_of(python, projects[storage], production(**variables))
    assert not {"script-src", "style-src"} & policy.keys()


def test_a_process_with_static_files_elsewhere_boots_without_the_network(python, projects, s3):
    """The manifest is in the slug, so nobody is asked where a style sheet is."""
    bucket, project = s3.make_bucket(public="static"), projects["s3"]
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    collected = run([python, "manage.py", "collectstatic", "--noinput"], project, env)
    assert collected.status == 0, collected.output
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        code = (
            "import config.wsgi\nfrom django.templatetags.static import static\n"
            "print(static('css/site.css'))"
        )
        ended = run([python, "-c", code], project, env | {"AWS_S3_ENDPOINT_URL": gone})
    assert ended.status == 0, ended.output
    name = rf"{gone}/{bucket.name}/static/css/site\.[0-9a-f]{{12}}\.css"
    assert re.fullmatch(name, ended.output.splitlines()[-1])


@pytest.mark.row(55)
@pytest.mark.parametrize(
    ("storage", "name", "value", "said"),
    [
        ("cloudinary", "CLOUDINARY_URL", "CLOUDINARY_URL=cloudinary://1:hunter2@demo", "own name"),
        ("cloudinary", "CLOUDINARY_URL", "1:hunter2@demo", "does not start with cloudinary://"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://<key>:<hunter2>@demo", "not complete"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://1:**********@demo", "not complete"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://hunter2", "not complete"),
        ("cloudinary", "CLOUDINARY_URL", "'cloudinary://1:hunter2@demo'", "quotation marks"),
        ("cloudinary", "STATIC_STORAGE", "hunter2", "has to be whitenoise or cloudinary"),
        ("s3", "AWS_STORAGE_BUCKET_NAME", "s3://hunter2/", "name of the bucket alone"),
        ("s3", "AWS_S3_ENDPOINT_URL", "hunter2.example.com", "the address of the service"),
        ("s3", "AWS_S3_CUSTOM_DOMAIN", "a.com,hunter2.com", "one host name"),
        ("s3", "STATIC_STORAGE", "hunter2", "has to be whitenoise or s3"),
    ],
)
def test_a_mistake_stops_the_release_with_a_sentence(python, projects, storage, name, value, said):
    checked = run(
        [python, "manage.py", "check", "--deploy"], projects[storage], production(**{name: value})
    )
    assert checked.status == 1 and "Traceback" not in checked.output, checked.output
    assert f"(heroku.E001) {name} " in checked.output and said in checked.output
    assert "hunter2" not in checked.output


def test_the_cloud_name_beside_the_url_gets_a_sentence(python, projects):
    env = production(CLOUDINARY_CLOUD_NAME="demo")
    checked = run([python, "manage.py", "check", "--deploy"], projects["cloudinary"], env)
    assert checked.status == 1
    assert "heroku config:unset CLOUDINARY_CLOUD_NAME" in checked.output


@pytest.mark.row(59, 60, 61)
def test_every_missing_variable_of_a_bucket_stops_the_release(python, projects):
    env = {name: value for name, value in production().items() if not name.startswith("AWS_")}
    checked = run([python, "manage.py", "check", "--deploy"], projects["s3"], env)
    assert checked.status == 1
    for name in BUCKET:
        assert f"(heroku.E002) {name} is not set" in checked.output


@pytest.mark.row(54)
def test_a_missing_cloudinary_account_stops_the_release(python, projects):
    env = {name: value for name, value in production().items() if name != "CLOUDINARY_URL"}
    checked = run([python, "manage.py", "check", "--deploy"], projects["cloudinary"], env)
    assert checked.status == 1
    assert "(heroku.E002) CLOUDINARY_URL is not set" in checked.output
    assert "heroku config:set CLOUDINARY_URL=cloudinary://" in checked.output


def test_half_a_bucket_in_development_is_an_error(python, projects):
    env = DEVELOPMENT | {"AWS_STORAGE_BUCKET_NAME": "bucket", "AWS_ACCESS_KEY_ID": "key"}
    checked = run([python, "manage.py", "check"], projects["s3"], env)
    assert checked.status == 1 and checked.output.count("heroku.E031") == 2
    assert run([python, "manage.py", "check"], projects["s3"], DEVELOPMENT).status == 0


MODEL = """
from django.db import models


class Paper(models.Model):
    scan = models.FileField(upload_to="papers")

    class Meta:
        app_label = "pages"
"""


def test_a_file_field_without_a_storage_is_reported_at_once_and_stops_the_release(python, tmp_path):
    project = render(tmp_path)
    command = [python, "manage.py", "check"]
    assert "W030" not in run(command, project, DEVELOPMENT).output
    (project / "pages/models.py").write_text(MODEL.lstrip(), encoding="utf-8")
    early = run(command, project, DEVELOPMENT)
    assert early.status == 0 and "heroku.W030" in early.output
    assert "pages.Paper.scan" in early.output and 'under "Uploads"' in early.output
    late = run([*command, "--deploy"], project, production(DYNO="release.1"))
    assert late.status == 1 and "heroku.E030" in late.output
    # Another host may have a disk that lasts.
    assert "E030" not in run([*command, "--deploy"], project, production()).output


@pytest.mark.parametrize("storage", ["s3", "cloudinary"])
def test_without_credentials_uploads_go_to_a_folder_that_django_serves(python, tmp_path, storage):
    project = render(tmp_path, storage=storage)
    code = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
name = default_storage.save("a.txt", ContentFile(b"hello"))
answer = Client(SERVER_NAME="localhost").get(default_storage.url(name))
print(default_storage.url(name), answer.status_code, b"".join(answer.streaming_content))
"""
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = run([python, "-W", "error", "-c", code], project, DEVELOPMENT | settings)
    assert ended.output.splitlines()[-1] == "/media/a.txt 200 b'hello'", ended.output
    assert (project / "media/a.txt").is_file()
    run(["git", "init", "-q"], project)
    ignored = run(["git", "check-ignore", "media/a.txt"], project)
    assert ignored.status == 0


def check_storage(python, project, env):
    """Run the command that tries the storage."""
    return run([python, "-W", "error", "manage.py", "check_storage"], project, env)


def test_check_storage_shows_that_a_bucket_works(python, projects, s3):
    bucket = s3.make_bucket(public="static")
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    ended = check_storage(python, projects["s3"], env)
    assert ended.status == 0, ended.output
    for step in ("connect", "list", "write", "read", "fetch", "delete"):
        assert len(re.findall(rf"(?m)^  ok +{step} ", ended.output)) == 2
    assert "The storage works." in ended.output
    assert not bucket.keys()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "correct AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "unknown"}, "correct AWS_ACCESS_KEY_ID"),
        ({"AWS_S3_REGION_NAME": "us-west-2"}, "correct AWS_S3_REGION_NAME"),
        ({"AWS_STORAGE_BUCKET_NAME": "no-such-bucket"}, "correct AWS_STORAGE_BUCKET_NAME"),
        ({"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "could not be reached"),
    ],
)
def test_check_storage_explains_what_is_wrong_with_a_bucket(python, projects, s3, variables, said):
    bucket = s3.make_bucket()
    ended = check_storage(python, projects["s3"], production(**bucket.variables | variables))
    assert ended.status == 1 and "Traceback" not in ended.output
    assert re.search(r"(?m)^  failed +list", ended.output) and said in ended.output, ended.output
    assert S3_SECRET not in ended.output and "wrong" not in ended.output.replace("is wrong", "")


def test_check_storage_finds_a_bucket_that_is_open_to_everybody(python, projects, s3):
    bucket = s3.make_bucket(public="media")
    ended = check_storage(python, projects["s3"], production(**bucket.variables))
    assert ended.status == 1 and "the file is public" in ended.output
    assert not bucket.keys()


def test_check_storage_finds_static_files_that_nobody_may_fetch(python, projects, s3):
    bucket = s3.make_bucket()
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    ended = check_storage(python, projects["s3"], env)
    assert ended.status == 1 and re.search(r"(?m)^  failed +fetch .*403", ended.output)


def test_check_storage_shows_that_cloudinary_works_and_explains_what_does_not(
    python, projects, cloud
):
    works = check_storage(python, projects["cloudinary"], production(**cloud.variables))
    assert works.status == 0, works.output
    assert not [key for key in cloud.keys() if "check-storage" in key]
    for url, said in (
        (cloud.url(secret="wrong-one"), "correct CLOUDINARY_URL"),
        (cloud.url(port=9), "failed  list"),
        ("demo", "CLOUDINARY_URL does not start with cloudinary://"),
    ):
        env = production(**cloud.variables | {"CLOUDINARY_URL": url})
        ended = check_storage(python, projects["cloudinary"], env)
        assert ended.status == 1 and said in ended.output and "Traceback" not in ended.output
        assert CLOUD_SECRET not in ended.output and "wrong-one" not in ended.output


def test_check_storage_tells_a_dyno_that_its_disk_is_no_storage(python, projects):
    ended = check_storage(python, projects["whitenoise"], production())
    assert ended.status == 1 and "empties at every restart" in ended.output


@pytest.mark.long
def test_a_rehearsal_uses_no_credentials_and_says_so(tmp_path, s3):
    """Whatever the caller has set: the service is never asked."""
    bucket = s3.make_bucket()
    s3.heal()
    env = caller_environment(tmp_path / "home", **bucket.variables, STATIC_STORAGE="s3")
    ended = bake(tmp_path / "out", env=env, project_slug="site", storage="s3")
    assert ended.outcome == "proved", ended.output
    assert "the config vars of your app and what they open, such as a storage" in ended.output
    assert not s3.asked
