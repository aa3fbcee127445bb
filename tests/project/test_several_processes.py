"""Run three web processes of a release behind nginx, as three dynos, and two releases at once."""

import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack, contextmanager

import pytest
import requests

from tests.helpers import copy_project, free_port, missing, name_of, python_of, run
from tests.preflight.rehearsal import append
from tests.project.database import Database
from tests.project.live import SUPERUSER, installed, running, web_process
from tests.project.visitor import Visitor

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream processes {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://processes;
            proxy_set_header Host $http_host;
            add_header X-Process $upstream_addr always;
        }}
    }}
}}
"""
PRIVATE = "/accounts/profile/"
PASSWORD = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
PROJECTS = [
    {"storage": "whitenoise", "accounts": "django", "django_version": "5.2"},
    pytest.param(
        {"storage": "s3", "accounts": "allauth", "django_version": "6.1"},
        marks=[pytest.mark.xdist_group("s3"), pytest.mark.long],
    ),
]


@pytest.fixture(scope="module")
def nginx():
    """Return the path of nginx. Debian installs it where only root finds it."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    return shutil.which("nginx", path=path) or missing("nginx", "Install it: apt-get install nginx")


@contextmanager
def load_balancer(nginx, folder, ports):
    """Run nginx, which sends each request to the next process; yield its port."""
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{one};" for one in ports)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, servers=servers, port=port), encoding="utf-8")
    process = subprocess.Popen([nginx, "-c", settings, "-p", folder, "-e", folder / "nginx.log"])
    try:
        while True:
            assert process.poll() is None, (folder / "nginx.log").read_text()
            try:
                requests.get(f"http://127.0.0.1:{port}/health/", timeout=10)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def database():
    """Return a PostgreSQL server."""
    database = Database()
    yield database
    database.close()


@pytest.fixture(scope="module", params=PROJECTS, ids=name_of)
def site(request, nginx, database, tmp_path_factory):
    """Return a site with three processes, each with a separate copy of the project."""
    database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    folder = tmp_path_factory.mktemp("dynos")
    project = installed(folder, **request.param)
    variables = {}
    if request.param["storage"] == "s3":
        bucket = request.getfixturevalue("s3").make_bucket(public="static")
        variables = bucket.variables | {"STATIC_STORAGE": "s3"}
    with ExitStack() as stack:
        site = stack.enter_context(
            running(project, processes=1, DATABASE_URL=database.url, **variables)
        )
        ports = [site.front.upstream, free_port(), free_port()]
        for port in ports[1:]:
            copy = copy_of(site.project, folder / f"dyno-{port}")
            env = site.variables | {"PORT": str(port)}
            stack.enter_context(web_process(copy, env, site.log))
        site.front.upstream = stack.enter_context(load_balancer(nginx, folder, ports))
        yield site


def copy_of(project, folder):
    """Return a copy of a project with the same packages."""
    copy = copy_project(project, folder)
    (copy / ".venv").symlink_to((project / ".venv").resolve())
    return copy


def see_everywhere(visitor, path):
    """Return the response of each process to a request."""
    seen = {}
    for _ in range(9):
        response = visitor.see(path)
        seen[response.headers["X-Process"]] = response
    assert len(seen) == 3
    return list(seen.values())


def log_in(site, username="grace", password=PASSWORD):
    """Log in on the login page of the admin; return the visitor and the response."""
    visitor = Visitor(site)
    page = visitor.see("/admin/login/")
    response = visitor.submit(page, "/admin/login/", username=username, password=password)
    # One process has shown the form, and the next one has received it.
    assert response.headers["X-Process"] != page.headers["X-Process"]
    return visitor, response


def test_every_process_knows_who_is_logged_in(site):
    visitor, response = log_in(site)
    assert response.status_code == 302, response.text
    assert {answer.status_code for answer in see_everywhere(visitor, PRIVATE)} == {200}
    stranger = Visitor(site)
    assert all("/login/" in answer.url for answer in see_everywhere(stranger, PRIVATE))


def test_a_logout_at_one_process_is_one_at_all(site):
    visitor, _ = log_in(site)
    stolen = visitor.cookies.copy()
    token = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
    left = visitor.post(
        f"{site.url}/accounts/logout/", token, headers={"Referer": f"{site.url}/"}, timeout=30
    )
    assert left.url == f"{site.url}/"
    thief = Visitor(site)
    thief.cookies.update(stolen)
    assert all("/login/" in answer.url for answer in see_everywhere(thief, PRIVATE))


def test_a_message_is_shown_once_by_another_process(site):
    visitor, _ = log_in(site)
    answers = {"name": "Grace Hopper", "email": "grace@example.com"}
    saved = visitor.submit(visitor.see(PRIVATE), PRIVATE, **answers)
    shown = visitor.follow(saved)
    assert shown.headers["X-Process"] != saved.headers["X-Process"]
    assert shown.text.count("Your profile has been saved.") == 1
    assert all("has been saved" not in page.text for page in see_everywhere(visitor, PRIVATE))


def test_failed_logins_are_counted_together(site):
    site.front.visitor = "203.0.113.99"
    try:
        for _ in range(10):
            assert log_in(site, password="wrong")[1].status_code != 302
        for _ in range(3):
            assert log_in(site)[1].status_code != 302
    finally:
        site.front.visitor = "203.0.113.7"


def test_every_process_is_healthy(site):
    for answer in see_everywhere(Visitor(site), "/health/"):
        assert answer.json() == {"process": "ok", "database": "ok"}


def test_while_two_releases_run_a_page_may_need_the_style_sheet_of_the_other(site, tmp_path):
    new = copy_of(site.project, tmp_path / "new")
    # Heroku builds each release in a new folder.
    shutil.rmtree(new / "staticfiles")
    append(new, "static/css/site.css", "\n/* changed */\n")
    env = site.variables | {"PORT": str(free_port())}
    built = run([python_of(new), "manage.py", "collectstatic", "--noinput"], new, env)
    assert built.status == 0, built.output
    with web_process(new, env, tmp_path / "web.log"):
        old_front, new_front = site.front.upstream, int(env["PORT"])
        pages = {}
        try:
            for upstream in (old_front, new_front):
                site.front.upstream = upstream
                page = Visitor(site).see("/").text
                pages[upstream] = re.search(r'rel="stylesheet" href="([^"]+)"', page)[1]
            assert len(set(pages.values())) == 2
            for upstream, other in ((old_front, new_front), (new_front, old_front)):
                site.front.upstream = upstream
                assert Visitor(site).see(pages[upstream]).status_code == 200
                response = Visitor(site).see(pages[other])
                if pages[other].startswith("/"):
                    # Not cached, so that the next page has its styles again.
                    assert response.status_code == 404
                    assert "max-age" not in response.headers.get("Cache-Control", "")
                else:
                    assert response.status_code == 200
        finally:
            site.front.upstream = old_front
