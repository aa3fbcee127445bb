"""Change STATIC_STORAGE of a running site as `heroku config:set` does, without a new build."""

import re

import pytest
import requests

from tests.helpers import free_port, python_of, run
from tests.project.live import installed, running, web_process
from tests.project.visitor import Visitor

SITES = [
    pytest.param(
        {"storage": "s3", "accounts": "allauth", "django_version": "6.1"},
        marks=pytest.mark.xdist_group("s3"),
    ),
    pytest.param(
        {"storage": "cloudinary", "accounts": "django", "django_version": "5.2"},
        marks=pytest.mark.xdist_group("cloudinary"),
    ),
]


@pytest.fixture(scope="module", params=SITES, ids=lambda answers: answers["storage"])
def service(request, tmp_path_factory):
    """Return a built and running site, the variables of its storage, and those of another one."""
    storage = request.param["storage"]
    if storage == "s3":
        s3 = request.getfixturevalue("s3")
        variables, others = (s3.make_bucket(public="static").variables for _ in range(2))
        authority = True
    else:
        cloud = request.getfixturevalue("cloud")
        variables, authority = cloud.variables, str(cloud.authority)
        others = {"CLOUDINARY_URL": cloud.url().replace("@demo", "@another")}
    project = installed(tmp_path_factory.mktemp(storage), **request.param)
    with running(project, processes=1, **variables) as site:
        yield site, storage, others, authority


def style_sheet_of(site, authority, **variables):
    """Release new config vars; return the URL and the status of the home page's style sheet."""
    # Beside the process that `running` has started.
    site.front.upstream = free_port()
    env = site.variables | variables | {"PORT": str(site.front.upstream)}
    with web_process(site.project, env, site.log):
        page = Visitor(site).see("/")
        assert page.status_code == 200
        url = re.search(r'<link rel="stylesheet" href="([^"]+)"', page.text)[1]
        if url.startswith("/"):
            return url, Visitor(site).see(url).status_code
        [allowed] = re.findall("style-src ([^;]+)", page.headers["Content-Security-Policy"])
        assert any(url.startswith(source) for source in allowed.split())
        return url, requests.get(url, verify=authority, timeout=30).status_code


def test_the_style_sheet_stays_where_the_last_build_put_it(service):
    site, storage, others, authority = service
    # WhiteNoise serves the files of the first build, whatever the variable says.
    url, status = style_sheet_of(site, authority, STATIC_STORAGE=storage)
    assert (url.startswith("/static/"), status) == (True, 200)

    env = site.variables | {"STATIC_STORAGE": storage}
    command = [python_of(site.project), "manage.py", "collectstatic", "--noinput"]
    built = run(command, site.project, env)
    assert built.status == 0, built.output
    url, status = style_sheet_of(site, authority, STATIC_STORAGE=storage)
    assert (url.startswith("http"), status) == (True, 200)

    # The files of that build are not in this storage.
    url, status = style_sheet_of(site, authority, STATIC_STORAGE=storage, **others)
    assert (url.startswith("/static/"), status) == (True, 200)
    url, status = style_sheet_of(site, authority, STATIC_STORAGE="whitenoise")
    assert (url.startswith("/static/"), status) == (True, 200)
    url, status = style_sheet_of(site, authority, STATIC_STORAGE=storage)
    assert (url.startswith("http"), status) == (True, 200)
