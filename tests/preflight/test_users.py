"""Rebuild projects that users described, and lead each of them to a working deploy.

None of them comes from this template. What a rehearsal reports is fixed, and the next rehearsal
gets further, until everything passes.
"""

import shutil

import pytest

from preflight import findings
from tests.helpers import caller_environment, python_of, run
from tests.preflight.rehearsal import UTF8, append, edit, rehearse, rehearse_step

REQUIREMENTS = "Django==5.2.19\ngunicorn==27.0.1\ndj-database-url==3.1.2\npsycopg2-binary==2.9.13\n"
WHITENOISE = '    "whitenoise.middleware.WhiteNoiseMiddleware",\n'
SECURITY = '    "django.middleware.security.SecurityMiddleware",\n'
DATABASES = 'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}\n'
SECRET = '{"env": {"SECRET_KEY": {"generator": "secret"}}}\n'
BEHIND_TLS = """
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 3600
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
"""
LOG = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
"""
STORAGES = """
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""


@pytest.fixture
def start(proved, tmp_path):
    """Return a function that starts a project with django-admin and makes a repository of it."""

    def start_project(package, requirements, procfile):
        folder = tmp_path / "repository"
        folder.mkdir()
        command = [python_of(proved[0]), "-m", "django", "startproject", package, folder]
        assert run(command, tmp_path).status == 0
        settings = folder / package / "settings.py"
        settings.write_text(settings.read_text(**UTF8).replace("'", '"'), **UTF8)
        (folder / "requirements.txt").write_text(requirements, **UTF8)
        (folder / "Procfile").write_text(procfile, **UTF8)
        (folder / ".gitignore").write_text("*.sqlite3\n__pycache__/\nenv.py\n", **UTF8)
        env = caller_environment(tmp_path / "home")
        assert run(["git", "init", "-q", "-b", "main"], folder, env).status == 0
        return folder

    return start_project


def climb(project, *steps):
    """Rehearse and fix, in turn. A step is a cause, what has to be found there, and the edit."""
    for cause, kind, cure in steps:
        told = rehearse_step(project, cause)
        found = told.step(cause.partition(" ")[2])["findings"]
        shown = (cause, told.failed, told.document["steps"])
        assert kind.id in [finding["id"] for finding in found], shown
        cure()
    told = rehearse(project, "--uncommitted")
    assert told.document["outcome"] == "proved", (told.failed, told.document["steps"])
    return told


def read(path):
    """Return the text of a file."""
    return path.read_text(**UTF8)


def secret_line(settings):
    """Return the line of a settings file that holds the key."""
    return next(line for line in read(settings).splitlines() if line.startswith("SECRET_KEY"))


@pytest.mark.long
def test_the_student_whose_database_was_a_function(start):
    """Notes 000: Windows, Procfile suspected, collectstatic to blame, the real error on top."""
    project = start(
        "drf_api", REQUIREMENTS + "whitenoise==6.12.0\n", "web: gunicorn drf_api.wsgi\n"
    )
    (project / "Procfile.Windows").write_text("web: python manage.py runserver 0.0.0.0:5000\n")
    settings = "drf_api/settings.py"
    append(
        project, settings, "\nDATABASES['default'] = django.db.backends.sqlite3(conn_max_age=600)\n"
    )
    edit(project, settings, SECURITY, SECURITY + WHITENOISE)
    key = secret_line(project / settings)

    def read_key():
        edit(project, settings, key, 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "")')

    def close_site():
        edit(project, settings, "DEBUG = True", "DEBUG = False")
        edit(project, settings, "ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')

    told = climb(
        project,
        ("source secrets", findings.CREDENTIAL, read_key),
        (
            "build collectstatic",
            findings.ENGINE_CALLED,
            lambda: edit(
                project,
                settings,
                "DATABASES['default'] = django.db.backends.sqlite3(conn_max_age=600)\n",
                f"import dj_database_url\n{DATABASES}",
            ),
        ),
        (
            "build collectstatic",
            findings.NO_STATIC_ROOT,
            lambda: append(project, settings, 'STATIC_ROOT = BASE_DIR / "staticfiles"\n'),
        ),
        ("release settings", findings.DEBUG_IS_ON, close_site),
        (
            "release settings",
            findings.MISSING_VARIABLE,
            lambda: (project / "app.json").write_text(SECRET, **UTF8),
        ),
        ("web visit", findings.NO_HTTPS_REDIRECT, lambda: append(project, settings, BEHIND_TLS)),
        ("web static file", findings.NOT_CACHED, lambda: append(project, settings, STORAGES)),
        ("web exception", findings.SILENT_LOG, lambda: append(project, settings, LOG)),
    )
    assert findings.NO_RELEASE_LINE.id in told.ids


def test_the_team_whose_handbook_was_wrong(start):
    """Notes 001: keys in the code, django-heroku behind a flag that nobody sets, four workers."""
    requirements = REQUIREMENTS.replace("Django==5.2.19", "Django==4.2.25")
    project = start(
        "billing",
        requirements + "whitenoise==6.12.0\ndjango-heroku==0.3.1\n",
        "web: gunicorn billing.wsgi --workers 4\n",
    )
    (project / "runtime.txt").write_text("python-3.12.6\n", **UTF8)
    settings = "billing/settings.py"
    key = secret_line(project / settings)
    access = "AKIA" + "Q7" * 8
    flag = "if 'HEROKU' in os.environ:\n    import django_heroku\n"
    flag += "    django_heroku.settings(locals())\n"
    append(project, settings, f'\nimport os\nAWS_ACCESS_KEY_ID = "{access}"\n{flag}')
    (project / "README.md").write_text(f"Deploy with {access}\n", **UTF8)

    def take_keys_out():
        edit(project, settings, key, 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "")')
        edit(project, settings, f'AWS_ACCESS_KEY_ID = "{access}"\n', "")
        (project / "README.md").write_text("Deploy\n", **UTF8)
        (project / "app.json").write_text(SECRET, **UTF8)

    def leave_django_heroku():
        edit(project, "requirements.txt", "django-heroku==0.3.1\n", "")
        edit(project, settings, flag, f"import dj_database_url\n{DATABASES}")
        append(project, settings, 'STATIC_ROOT = BASE_DIR / "staticfiles"\n' + STORAGES + LOG)
        edit(project, settings, SECURITY, SECURITY + WHITENOISE)

    def close_site():
        edit(project, settings, "DEBUG = True", "DEBUG = False")
        edit(project, settings, "ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')

    told = rehearse(project, "--uncommitted", "--only", "source")
    assert access not in str(told.document) and key not in str(told.document)
    assert told.find(findings.NO_VARIABLE_HEROKU)["file"] == settings
    climb(
        project,
        ("source secrets", findings.CREDENTIAL, take_keys_out),
        ("source rules", findings.DJANGO_HEROKU, leave_django_heroku),
        ("release settings", findings.DEBUG_IS_ON, close_site),
        ("web visit", findings.NO_HTTPS_REDIRECT, lambda: append(project, settings, BEHIND_TLS)),
    )


IMAGES = """from django.db import models


class Post(models.Model):
    image = models.FileField()
"""


@pytest.mark.long
def test_the_course_whose_recipe_fails_in_silence(start, proved):
    """Notes 002: env.py, a DATABASE_URL that is parsed, Cloudinary by settings that are gone."""
    project = start(
        "blogproject",
        REQUIREMENTS + "dj3-cloudinary-storage==0.0.6\ncloudinary==1.46.3\nwhitenoise==6.12.0\n",
        "web: gunicorn blogproject.wsgi\n",
    )
    settings = "blogproject/settings.py"
    assert run([python_of(proved[0]), "manage.py", "startapp", "blog"], project).status == 0
    (project / "blog/models.py").write_text(IMAGES, **UTF8)
    made = [python_of(proved[0]), "manage.py", "makemigrations", "blog"]
    edit(project, settings, "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "blog",\n')
    assert run(made, project).status == 0
    key = secret_line(project / settings)
    edit(
        project,
        settings,
        key,
        'import os\nimport dj_database_url\nif os.path.isfile("env.py"):\n    import env\n'
        'SECRET_KEY = os.environ.get("SECRET_KEY")',
    )
    static = '    "django.contrib.staticfiles",\n'
    recipe = f'    "cloudinary_storage",\n{static}    "cloudinary",\n'
    edit(project, settings, static, recipe)
    edit(project, settings, "DEBUG = True", "DEBUG = False")
    host = "https://blog-0123456789ab.herokuapp.com/"
    edit(project, settings, "ALLOWED_HOSTS = []", f'ALLOWED_HOSTS = ["{host}"]')
    parsed = 'DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL"))}\n'
    old = (
        'STATICFILES_STORAGE = "cloudinary_storage.storage.StaticHashedCloudinaryStorage"\n'
        'DEFAULT_FILE_STORAGE = "cloudinary_storage.storage.MediaCloudinaryStorage"\n'
    )
    append(project, settings, f'\n{parsed}{old}STATIC_ROOT = BASE_DIR / "staticfiles"\n')

    def name_storages():
        # A class of our own stands for the storage of uploads, so that no account is needed.
        (project / "blog/storage.py").write_text(
            "from django.core.files.storage import InMemoryStorage\n\n\n"
            "class Cloud(InMemoryStorage):\n    pass\n",
            **UTF8,
        )
        text = STORAGES.replace("django.core.files.storage.FileSystemStorage", "blog.storage.Cloud")
        edit(project, settings, old, text)
        edit(project, settings, host, ".herokuapp.com")
        edit(project, settings, SECURITY, SECURITY + WHITENOISE)

    climb(
        project,
        (
            "build collectstatic",
            findings.NO_DATABASE_URL,
            lambda: edit(project, settings, parsed, DATABASES),
        ),
        (
            "build collectstatic",
            findings.NOTHING_COLLECTED,
            lambda: edit(project, settings, recipe, f'{static}    "cloudinary",\n'),
        ),
        ("release settings", findings.DEAD_SETTING, name_storages),
        (
            "release settings",
            findings.MISSING_VARIABLE,
            lambda: (project / "app.json").write_text(SECRET, **UTF8),
        ),
        ("web visit", findings.NO_HTTPS_REDIRECT, lambda: append(project, settings, BEHIND_TLS)),
        ("web exception", findings.SILENT_LOG, lambda: append(project, settings, LOG)),
    )


PLACES = """from django.db import models


class Place(models.Model):
    name = models.CharField(max_length=10)
"""
FIXTURE = '[{"model": "places.place", "pk": 1, "fields": {"name": "Llanfairpwllgwyngyll"}}]\n'
TESTS = """from django.test import TestCase


class PlaceTests(TestCase):
    fixtures = ["places"]

    def test_there_is_one(self):
        pass
"""


@pytest.mark.long
def test_the_project_of_2011(start, proved):
    """Notes 003: a server of one's own with a password, values too long for their columns."""
    project = start("atlas", REQUIREMENTS + "whitenoise==6.12.0\n", "web: gunicorn atlas.wsgi\n")
    settings = "atlas/settings.py"
    key = secret_line(project / settings)
    edit(project, settings, key, 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "")')
    (project / "app.json").write_text(SECRET, **UTF8)
    assert run([python_of(proved[0]), "manage.py", "startapp", "places"], project).status == 0
    (project / "places/models.py").write_text(PLACES, **UTF8)
    (project / "places/tests.py").write_text(TESTS, **UTF8)
    (project / "places/fixtures").mkdir()
    (project / "places/fixtures/places.json").write_text(FIXTURE, **UTF8)
    shutil.rmtree(project / "places/migrations")
    edit(project, settings, "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "places",\n')
    edit(project, settings, "DEBUG = True", "DEBUG = False")
    edit(project, settings, "ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = [".herokuapp.com"]')
    edit(project, settings, SECURITY, SECURITY + WHITENOISE)
    local = (
        'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql_psycopg2",\n'
        '    "NAME": "atlas", "USER": "cs", "PASSWORD": "hunter2", "HOST": "localhost"}}\n'
    )
    append(project, settings, f'\nSTATIC_ROOT = BASE_DIR / "staticfiles"\n{local}{BEHIND_TLS}')
    append(project, settings, STORAGES + LOG)

    def make_migrations():
        command = [python_of(proved[0]), "manage.py", "makemigrations", "places"]
        assert run(command, project).status == 0

    def widen():
        edit(project, "places/models.py", "max_length=10", "max_length=100")
        make_migrations()

    env = caller_environment(project.parent / "home")
    assert run(["git", "switch", "-q", "-c", "cs/feature"], project, env).status == 0
    remote = ["git", "remote", "add", "heroku", "https://git.heroku.com/site.git"]
    assert run(remote, project, env).status == 0
    told = climb(
        project,
        (
            "release release command",
            findings.LOCAL_DATABASE,
            lambda: edit(project, settings, local, f"import dj_database_url\n{DATABASES}"),
        ),
        ("release settings", findings.NO_MIGRATIONS, make_migrations),
        ("release tests", findings.TOO_LONG, widen),
    )
    assert told.document["push"] == ["git push heroku HEAD:main"]
