"""Migrate the database of a running site, by two releases or before a rollback."""

import re
import subprocess

import pytest

from tests.helpers import ROOT, copy_project, python_of, run
from tests.preflight.rehearsal import edit
from tests.project.database import Database
from tests.project.live import installed, running
from tests.project.visitor import Visitor

NAME = '    name = models.CharField(_("name")'
# Not every migration of data can be repeated. This one counts how often it ran.
ONCE = """
import time

from django.db import migrations, models


def count(apps, schema_editor):
    time.sleep(2)
    user = apps.get_model("accounts", "User")
    user.objects.update(name=models.functions.Concat("name", models.Value("x")))


class Migration(migrations.Migration):
    dependencies = [("accounts", "{last}")]
    operations = [migrations.RunPython(count)]
"""


@pytest.fixture(scope="module")
def database():
    """Return a PostgreSQL server."""
    database = Database()
    yield database
    database.close()


# Both kinds of accounts have migrations, and each version of Django has another `migrate`.
@pytest.fixture(
    scope="module",
    params=[
        {"accounts": "django", "django_version": "5.2"},
        pytest.param({"accounts": "allauth", "django_version": "6.1"}, marks=pytest.mark.long),
    ],
    ids=lambda answers: answers["accounts"],
)
def project(request, tmp_path_factory):
    """Return an installed project."""
    return installed(tmp_path_factory.mktemp("migrations"), **request.param)


@pytest.fixture
def site(project, database):
    """Return the running site, with a new database."""
    database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with running(project, DATABASE_URL=database.url) as site:
        yield site


def new_version(site, folder):
    """Return a copy of the project, with the same packages."""
    copy = copy_project(site.project, folder)
    (copy / ".venv").symlink_to((site.project / ".venv").resolve())
    return copy


def manage(site, project, *arguments):
    """Run a management command of a version of the project, with the variables of the site."""
    ended = run([python_of(project), "manage.py", *arguments], project, site.variables)
    assert ended.status == 0, ended.output
    return ended.output


def sign_up(site, name):
    """Create an account; return the response."""
    site.front.visitor = f"198.51.100.{len(name)}"
    visitor = Visitor(site)
    page = visitor.see("/accounts/signup/")
    answers = {"username": name, "email": f"{name}@example.com"}
    passwords = {"password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}
    return visitor.submit(page, "/signup/", **answers, **passwords)


def documented_fields():
    """Return the fields in docs/database.md, in their order."""
    text = (ROOT / "docs/database.md").read_text(encoding="utf-8")
    return re.findall(r"(?m)^( +motto = models\..*)$", text)


def add_field(site, folder, field):
    """Release a version with one more field of the user, while the old version is running."""
    version = new_version(site, folder)
    edit(version, "accounts/models.py", NAME, f"{field}\n{NAME}")
    manage(site, version, "makemigrations", "accounts", "--name", "motto")
    manage(site, version, "migrate")
    return version


def test_a_new_column_that_may_not_be_empty_breaks_the_old_code(site, tmp_path):
    naive = documented_fields()[0]
    assert sign_up(site, "ada").status_code == 302
    add_field(site, tmp_path / "new", naive)
    assert sign_up(site, "alan").status_code == 500
    assert 'null value in column "motto"' in site.log.read_text()


def test_a_default_in_the_database_lets_the_old_code_work(site, tmp_path):
    with_default = documented_fields()[1]
    add_field(site, tmp_path / "new", with_default)
    assert sign_up(site, "alan").status_code == 302


def test_two_steps_let_the_old_code_work_after_each_of_them(site, database, tmp_path):
    _, _, first, second = documented_fields()
    step = add_field(site, tmp_path / "first", first)
    assert sign_up(site, "alan").status_code == 302
    with running(step, DATABASE_URL=database.url) as after_first_step:
        last = new_version(after_first_step, tmp_path / "second")
        edit(last, "accounts/models.py", first, second)
        manage(site, last, "makemigrations", "accounts", "--name", "motto_required")
        manage(site, last, "migrate")
        assert sign_up(after_first_step, "grace2").status_code == 302
    assert database.run("SELECT count(*) FROM accounts_user WHERE motto IS NULL") == [(0,)]


def test_two_releases_at_the_same_moment_run_each_migration_once(site, database, tmp_path):
    version = new_version(site, tmp_path / "new")
    last = max(path.stem for path in (version / "accounts/migrations").glob("0*.py"))
    once = version / "accounts/migrations/0100_once.py"
    once.write_text(ONCE.format(last=last).lstrip(), encoding="utf-8")
    command = [python_of(version), "manage.py", "migrate", "--noinput"]
    releases = [
        subprocess.Popen(
            command, cwd=version, env=site.variables, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [release.communicate(timeout=120)[0] for release in releases]
    assert any("Waiting for another migrate command to finish." in output for output in outputs)
    assert [release.returncode for release in releases] == [0, 0, 0], outputs
    assert sum("Applying accounts.0100_once... OK" in output for output in outputs) == 1
    assert sum("No migrations to apply." in output for output in outputs) == 2
    assert database.run("SELECT name FROM accounts_user WHERE username = 'grace'") == [("x",)]
