"""Test the variables of a storage: the settings, the checks, and check_storage."""

import json
import re

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
    """Return an interpreter with the packages of all projects."""
    return packages("5.2")


BUCKET = {
    "AWS_STORAGE_BUCKET_NAME": "bucket",
    "AWS_S3_REGION_NAME": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": S3_SECRET,
}
DEVELOPMENT = BARE | {"PYTHON_DOTENV_DISABLED": "1", "DEBUG": "true"}


def policy_of(python, project, env):
    """Return the directives of the content security policy."""
    [policy] = read_settings(python, project, "SECURE_CSP", env=env)
    return policy


def test_the_names_of_bucketeer_work_and_your_own_take_precedence(python, projects):
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
def test_urls_and_checksums_match_the_service(
    python, projects, variables, starts, style, checksums
):
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
def test_the_policy_allows_the_static_files(python, projects, storage, variables, base):
    env = production(**variables | {"STATIC_STORAGE": storage})
    assert read_settings(python, projects[storage], "static_files_url", env=env) == [base]
    policy = policy_of(python, projects[storage], env)
    for directive in ("script-src", "style-src", "font-src"):
        assert policy[directive] == ["'self'", base]
    # Without STATIC_STORAGE, scripts only come from the site itself.
    policy = policy_of(python, projects[storage], production(**variables))
    assert not {"script-src", "style-src"} & policy.keys()


def test_a_process_with_static_files_in_a_bucket_starts_without_the_network(python, projects, s3):
    """The manifest is in the slug, so the URL of a style sheet needs no request."""
    bucket, project = s3.make_bucket(public="static"), projects["s3"]
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    collected = run([python, "manage.py", "collectstatic", "--noinput"], project, env)
    assert collected.status == 0, collected.output
    s3.heal()
    code = (
        "import config.wsgi\nfrom django.templatetags.static import static\n"
        "print(static('css/site.css'))"
    )
    ended = run([python, "-c", code], project, env)
    assert ended.status == 0, ended.output
    name = rf"{s3.address}/{bucket.name}/static/css/site\.[0-9a-f]{{12}}\.css"
    assert re.fullmatch(name, ended.output.splitlines()[-1])
    assert not s3.asked


@pytest.mark.row(55)
@pytest.mark.parametrize(
    ("storage", "name", "value", "message"),
    [
        ("cloudinary", "CLOUDINARY_URL", "CLOUDINARY_URL=cloudinary://1:hunter2@demo", "own name"),
        ("cloudinary", "CLOUDINARY_URL", "1:hunter2@demo", "is not a URL"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://<key>:<hunter2>@demo", "is incomplete"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://1:**********@demo", "is incomplete"),
        ("cloudinary", "CLOUDINARY_URL", "cloudinary://hunter2", "is incomplete"),
        ("cloudinary", "CLOUDINARY_URL", "'cloudinary://1:hunter2@demo'", "wrapped in quotes"),
        ("cloudinary", "STATIC_STORAGE", "hunter2", "must be whitenoise or cloudinary"),
        ("s3", "AWS_STORAGE_BUCKET_NAME", "s3://hunter2/", "must be the name of the bucket"),
        ("s3", "AWS_S3_ENDPOINT_URL", "hunter2.example.com", "must be the URL of the service"),
        ("s3", "AWS_S3_CUSTOM_DOMAIN", "a.com,hunter2.com", "one host name"),
        ("s3", "STATIC_STORAGE", "hunter2", "must be whitenoise or s3"),
    ],
)
def test_an_unusable_variable_stops_the_release(python, projects, storage, name, value, message):
    checked = run(
        [python, "manage.py", "check", "--deploy"], projects[storage], production(**{name: value})
    )
    assert checked.status == 1 and "Traceback" not in checked.output, checked.output
    assert f"(heroku.E001) {name} " in checked.output and message in checked.output
    assert "hunter2" not in checked.output


def test_a_cloud_name_next_to_the_url_is_reported(python, projects):
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


def test_an_incomplete_bucket_in_development_is_an_error(python, projects):
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


def test_a_file_field_without_a_storage_is_a_warning_and_stops_the_release(python, tmp_path):
    project = render(tmp_path)
    command = [python, "manage.py", "check"]
    assert "W030" not in run(command, project, DEVELOPMENT).output
    (project / "pages/models.py").write_text(MODEL.lstrip(), encoding="utf-8")
    early = run(command, project, DEVELOPMENT)
    assert early.status == 0 and "heroku.W030" in early.output
    assert "pages.Paper.scan" in early.output and '"Uploads" in README.md' in early.output
    late = run([*command, "--deploy"], project, production(DYNO="release.1"))
    assert late.status == 1 and "heroku.E030" in late.output
    # Other hosts may keep their files.
    assert "E030" not in run([*command, "--deploy"], project, production()).output


@pytest.mark.parametrize("storage", ["s3", "cloudinary"])
def test_in_development_uploads_go_to_a_folder_that_django_serves(python, tmp_path, storage):
    project = render(tmp_path, storage=storage)
    code = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
name = default_storage.save("a.txt", ContentFile(b"hello"))
response = Client(SERVER_NAME="localhost").get(default_storage.url(name))
print(default_storage.url(name), response.status_code, b"".join(response.streaming_content))
"""
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = run([python, "-W", "error", "-c", code], project, DEVELOPMENT | settings)
    assert ended.output.splitlines()[-1] == "/media/a.txt 200 b'hello'", ended.output
    assert (project / "media/a.txt").is_file()
    run(["git", "init", "-q"], project)
    ignored = run(["git", "check-ignore", "media/a.txt"], project)
    assert ignored.status == 0


def check_storage(python, project, env):
    """Run the command that tests the storage."""
    return run([python, "-W", "error", "manage.py", "check_storage"], project, env)


def test_check_storage_passes_if_a_bucket_works(python, projects, s3):
    bucket = s3.make_bucket(public="static")
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    ended = check_storage(python, projects["s3"], env)
    assert ended.status == 0, ended.output
    for step in ("list", "write", "read", "fetch", "delete"):
        assert len(re.findall(rf"(?m)^  ok +{step} ", ended.output)) == 2
    assert "The storage works." in ended.output
    assert not bucket.keys()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "Correct AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "unknown"}, "Correct AWS_ACCESS_KEY_ID"),
        ({"AWS_S3_REGION_NAME": "us-west-2"}, "Correct AWS_S3_REGION_NAME"),
        ({"AWS_STORAGE_BUCKET_NAME": "no-such-bucket"}, "Correct AWS_STORAGE_BUCKET_NAME"),
        ({"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "The request to the storage failed"),
    ],
)
def test_check_storage_explains_why_a_bucket_fails(python, projects, s3, variables, message):
    bucket = s3.make_bucket()
    ended = check_storage(python, projects["s3"], production(**bucket.variables | variables))
    assert ended.status == 1 and "Traceback" not in ended.output
    assert re.search(r"(?m)^  failed +list", ended.output) and message in ended.output, ended.output
    assert S3_SECRET not in ended.output and "wrong" not in ended.output.replace("is wrong", "")


def test_check_storage_fails_if_uploads_are_public(python, projects, s3):
    bucket = s3.make_bucket(public="media")
    ended = check_storage(python, projects["s3"], production(**bucket.variables))
    assert ended.status == 1 and "The file is public" in ended.output
    assert not bucket.keys()


def test_check_storage_fails_if_static_files_are_private(python, projects, s3):
    bucket = s3.make_bucket()
    env = production(**bucket.variables | {"STATIC_STORAGE": "s3"})
    ended = check_storage(python, projects["s3"], env)
    assert ended.status == 1 and re.search(r"(?m)^  failed +fetch .*403", ended.output)


def test_check_storage_explains_the_404_of_an_endpoint(python, projects, s3):
    bucket = s3.make_bucket()
    s3.fail("404")
    ended = check_storage(python, projects["s3"], production(**bucket.variables))
    assert ended.status == 1 and "Correct AWS_S3_ENDPOINT_URL" in ended.output, ended.output
    assert "does not exist in the storage" not in ended.output


def test_check_storage_passes_if_cloudinary_works_and_explains_why_it_fails(
    python, projects, cloud
):
    works = check_storage(python, projects["cloudinary"], production(**cloud.variables))
    assert works.status == 0, works.output
    assert not [key for key in cloud.keys() if "check-storage" in key]
    for url, message in (
        (cloud.url(secret="wrong-one"), "Correct CLOUDINARY_URL"),
        (cloud.url().replace("@demo", "@other"), "Correct the cloud name in CLOUDINARY_URL"),
        (cloud.url(port=9), "failed  list"),
    ):
        env = production(**cloud.variables | {"CLOUDINARY_URL": url})
        ended = check_storage(python, projects["cloudinary"], env)
        assert ended.status == 1 and message in ended.output, ended.output
        assert "Traceback" not in ended.output
        assert CLOUD_SECRET not in ended.output and "wrong-one" not in ended.output


@pytest.mark.parametrize("debug", ["true", "false"])
def test_check_storage_reports_an_unusable_variable(python, projects, debug):
    env = production(CLOUDINARY_URL="nonsense", DEBUG=debug)
    ended = check_storage(python, projects["cloudinary"], env)
    assert ended.status == 1 and "(heroku.E001) CLOUDINARY_URL " in ended.output, ended.output
    assert "The storage works." not in ended.output


def test_check_storage_reports_missing_variables(python, projects):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env = production(**dict.fromkeys(names, ""))
    ended = check_storage(python, projects["s3"], env)
    assert ended.status == 1, ended.output
    for name in names:
        assert f"{name} is not set." in ended.output
        assert f"heroku config:set {name}=" in ended.output
    incomplete = DEVELOPMENT | {"AWS_STORAGE_BUCKET_NAME": "bucket"}
    ended = check_storage(python, projects["s3"], incomplete)
    assert ended.status == 1 and ended.output.count("heroku.E031") == 3, ended.output


@pytest.mark.parametrize("storage", ["s3", "cloudinary"])
def test_check_storage_passes_without_a_storage_in_development(python, projects, storage):
    ended = check_storage(python, projects[storage], DEVELOPMENT)
    assert ended.status == 0 and "media" in ended.output, ended.output
    assert "The storage works." not in ended.output


@pytest.mark.long
def test_a_rehearsal_does_not_use_credentials(tmp_path, s3):
    """The variables of the caller are ignored, and the report says so."""
    bucket = s3.make_bucket()
    s3.heal()
    env = caller_environment(tmp_path / "home", **bucket.variables, STATIC_STORAGE="s3")
    ended = bake(tmp_path / "out", env=env, project_slug="site", storage="s3")
    assert ended.outcome == "proved", ended.output
    assert "config vars, and the services behind them (storage, mail)" in ended.output
    assert not s3.asked
