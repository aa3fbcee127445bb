"""Make each known mistake on purpose, and check that it is found.

The numbers are those of docs/failure_modes.md. test_failure_modes_table.py compares the two.
"""

import os
import re
import shutil
import sys
from functools import partial

import pytest

from preflight import build, explain, findings, heroku, processes, slug
from preflight.steps import Failed
from tests.helpers import (
    TEMPLATE,
    caller_environment,
    copy_project,
    production,
    python_of,
    render,
    run,
)
from tests.preflight.rehearsal import (
    UTF8,
    append,
    assert_caught,
    edit,
    rehearse,
    rehearse_step,
    share_environments,
)


@pytest.fixture
def project(request, tmp_path):
    """Return a project to break: a rendered project for a fast test, otherwise a proved one.

    The proved project uses the environments of the original.
    """
    if request.node.get_closest_marker("fast"):
        return request.getfixturevalue("committed")
    proved = request.getfixturevalue("proved")[0]
    copy = copy_project(proved, tmp_path / "site")
    share_environments(copy, proved)
    return copy


@pytest.fixture(params=["alone", pytest.param("in its phase", marks=pytest.mark.long)])
def assert_stops(request):
    """Return assert_caught for a step of the release or web phase, which takes seconds.

    With `-m long`, the whole phase is rehearsed, and no other step may fail.
    """
    return partial(assert_caught, alone=request.param == "alone")


def git(project, *arguments):
    """Run git in a project and return its output."""
    env = caller_environment(project.parent / "home")
    ended = run(["git", *arguments], project, env)
    assert ended.status == 0, ended.output
    return ended.output


def check(project, *, deploy=True, **variables):
    """Run Django's checks in production's environment; return the ids and the whole output."""
    command = [python_of(project), "manage.py", "check"] + (["--deploy"] if deploy else [])
    env = production(**variables)
    ended = run(command, project, {name: value for name, value in env.items() if value})
    assert "Traceback" not in ended.output, ended.output
    return re.findall(r"heroku\.[EW]\d{3}", ended.output), " ".join(ended.output.split())


# 3.1 Before and during the push


@pytest.mark.fast
@pytest.mark.row(1)
def test_nothing_committed_is_said_with_the_commands(project):
    shutil.rmtree(project / ".git")
    env = caller_environment(project.parent / "home")
    assert run(["git", "init", "-q", "-b", "main"], project, env).status == 0
    git(project, "add", "Procfile", "manage.py", "requirements.txt", "runtime.txt")
    told = rehearse(project, "--only", "source")
    assert told.step("files")["detail"] == "the index, because nothing is committed yet"
    assert any("git add . then git commit" in note for note in told.document["notes"])


@pytest.mark.fast
@pytest.mark.row(1, 2)
def test_the_push_command_fits_the_branch(project):
    git(project, "switch", "-q", "-c", "feature")
    git(project, "remote", "add", "heroku", "https://git.heroku.com/site.git")
    told = rehearse(project, "--only", "source")
    assert told.document["push"] == ["git push heroku HEAD:main"]
    git(project, "switch", "-q", "main")
    assert rehearse(project, "--only", "source").document["push"] == ["git push heroku main"]


@pytest.mark.fast
@pytest.mark.row(2)
def test_an_edit_that_is_not_committed_is_told_even_when_all_holds(project):
    append(project, "README.md", "\nMore.\n")
    told = rehearse(project, "--only", "source")
    assert any("not committed, so not pushed" in note for note in told.document["notes"])


@pytest.mark.fast
@pytest.mark.row(3)
@pytest.mark.parametrize(("folder", "quoted"), [("shop", "shop"), ("my shop", "'my shop'")])
def test_a_project_in_a_folder_is_found_and_pushed_from_there(project, folder, quoted):
    (project / folder).mkdir()
    for name in ("manage.py", "requirements.txt", "Procfile", "runtime.txt"):
        git(project, "mv", name, f"{folder}/{name}")
    found = assert_caught(project, "source rules", findings.IN_A_FOLDER)
    assert found["next"] == [{"command": f"git subtree push --prefix {quoted} heroku main"}]


@pytest.mark.fast
@pytest.mark.row(3, 29)
@pytest.mark.parametrize("name", ["Procfile", "requirements.txt", "manage.py"])
def test_a_file_that_is_not_committed_is_named(project, name):
    git(project, "rm", "-q", "--cached", name)
    git(project, "commit", "-q", "-m", "Forget a file")
    told = rehearse(project, "--only", "source")
    assert told.failed == ["source rules"] and set(told.ids) == {
        findings.NOT_COMMITTED.id,
        findings.RUNTIME_TXT.id,
    }
    assert told.findings[0]["file"] == name
    assert told.findings[0]["next"] == [{"command": f"git add {name}"}]


@pytest.mark.fast
@pytest.mark.row(4)
@pytest.mark.parametrize("name", ["Pipfile.lock", "poetry.lock", "uv.lock"])
def test_a_second_package_manager_is_refused(project, name):
    (project / name).write_text("", **UTF8)
    if name == "uv.lock":
        git(project, "mv", "runtime.txt", ".python-version")
        (project / ".python-version").write_text("3.13\n", **UTF8)
    found = assert_caught(project, "source rules", findings.SEVERAL_PACKAGE_MANAGERS)
    assert found["next"] == [{"command": f"git rm {name}"}]


@pytest.mark.fast
@pytest.mark.row(4)
@pytest.mark.parametrize(("name", "cure"), [("Pipfile", "pipenv lock"), ("setup.py", "echo")])
def test_a_package_manager_without_its_lock_is_refused(project, name, cure):
    git(project, "mv", "requirements.txt", name)
    found = assert_caught(project, "source rules", findings.NO_LOCK, file=name)
    assert found["next"][0]["command"].startswith(cure)


@pytest.mark.fast
@pytest.mark.row(5)
@pytest.mark.parametrize("name", ["venv", ".venv2", "env"])
def test_a_committed_environment_is_refused(project, name):
    (project / name).mkdir()
    (project / name / "pyvenv.cfg").write_text("home = /usr\n", **UTF8)
    found = assert_caught(project, "source rules", findings.COMMITTED_ENVIRONMENT, file=name)
    assert found["next"][-1] == {"command": f"git rm -r -q --cached {name}"}


@pytest.mark.fast
@pytest.mark.row(6)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3.13", findings.UNREADABLE_PYTHON_VERSION),
        ("Python-3.13", findings.UNREADABLE_PYTHON_VERSION),
        ("python-3.8", findings.UNSUPPORTED_PYTHON),
    ],
)
def test_a_python_that_heroku_refuses_is_refused(project, text, kind):
    (project / "runtime.txt").write_text(text + "\n", **UTF8)
    assert_caught(project, "source rules", kind, file="runtime.txt", line=1)


@pytest.mark.fast
@pytest.mark.row(6)
@pytest.mark.parametrize("text", ["python-3.99", "python-3.13.99"])
def test_a_python_that_is_newer_than_the_table_is_not_proved(project, text):
    (project / "runtime.txt").write_text(text + "\n", **UTF8)
    told = rehearse(project, "--uncommitted", "--only", "source")
    assert (told.status, told.failed) == (3, [])
    assert told.step("rules")["state"] == "not proved"
    assert f"newest on {heroku.DATE}" in told.step("rules")["detail"]


@pytest.mark.fast
@pytest.mark.row(6)
@pytest.mark.parametrize("name", ["python-version", ".python-version.txt", ".Python-version"])
def test_a_misspelt_python_version_is_refused(project, name):
    git(project, "mv", "runtime.txt", name)
    found = assert_caught(project, "source rules", findings.MISNAMED_PYTHON_VERSION, file=name)
    assert found["next"] == [{"command": f"git mv {name} .python-version"}]


@pytest.mark.fast
@pytest.mark.row(7)
@pytest.mark.parametrize("packaging", ["pip-python-version", "uv"])
def test_a_project_can_do_without_runtime_txt(tmp_path, packaging):
    folder = render(tmp_path, packaging=packaging)
    assert not (folder / "runtime.txt").exists()
    assert re.fullmatch(r"3\.\d+\n", (folder / ".python-version").read_text(**UTF8))


UTF16 = "utf-16"
MARKED = "utf-8-sig"


@pytest.mark.fast
@pytest.mark.row(8, 9, 29)
@pytest.mark.parametrize("encoding", [UTF16, MARKED])
@pytest.mark.parametrize("name", ["runtime.txt", "requirements.txt", "Procfile"])
def test_a_file_that_powershell_wrote_is_refused_and_its_cure_works(project, name, encoding):
    content = (project / name).read_text(**UTF8)
    (project / name).write_text(content, encoding=encoding)
    found = assert_caught(project, "source rules", findings.ENCODING, file=name)
    [following] = found["next"]
    cure = re.search(r'python3? -c "(.+)"', following["command"])[1]
    assert run([sys.executable, "-c", cure], project).status == 0
    assert (project / name).read_bytes() == content.encode()


@pytest.mark.fast
@pytest.mark.row(9)
def test_lines_of_two_encodings_are_refused(project):
    path = project / "requirements.txt"
    path.write_bytes("Django\r\n".encode("utf-16") + b"requests\n")
    assert_caught(project, "source rules", findings.ENCODING, file="requirements.txt")


@pytest.mark.fast
def test_requirements_with_carriage_returns_are_fine(project):
    path = project / "requirements.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert rehearse(project, "--uncommitted", "--only", "source").status == 0


@pytest.mark.fast
@pytest.mark.row(10, 11, 12, 67, 68)
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("pywin32==306", findings.NOT_FOR_HEROKU),
        ("pkg_resources==0.0.0", findings.NOT_FOR_HEROKU),
        ("backports.zoneinfo==0.2.1", findings.NOT_FOR_HEROKU),
        ("django-heroku==0.3.1", findings.DJANGO_HEROKU),
        ("certifi @ file:///C:/ci/certifi_1", findings.ONE_MACHINE),
    ],
)
def test_what_a_freeze_took_along_is_refused(project, line, kind):
    append(project, "requirements.txt", f"{line}\n")
    number = len((project / "requirements.txt").read_text(**UTF8).splitlines())
    assert_caught(project, "source rules", kind, file="requirements.txt", line=number)


@pytest.mark.fast
def test_a_requirement_for_windows_alone_is_fine(project):
    append(project, "requirements.txt", "pywin32==306; sys_platform == 'win32'\n")
    assert rehearse(project, "--uncommitted", "--only", "source").status == 0


@pytest.mark.fast
@pytest.mark.row(13)
def test_psycopg2_comes_compiled(tmp_path):
    lines = (render(tmp_path) / "requirements.txt").read_text(**UTF8).splitlines()
    assert any(re.match(r"psycopg2-binary==", line) for line in lines)
    assert not any(re.match(r"psycopg2[=<>]", line) for line in lines)


@pytest.mark.fast
@pytest.mark.row(14)
@pytest.mark.parametrize("name", ["README.md", "docs/troubleshooting.md", "docs/teams.md"])
def test_what_is_to_be_pasted_has_plain_dashes_and_quotes(tmp_path, name):
    places = [TEMPLATE.parent / name] + ([render(tmp_path) / name] if name == "README.md" else [])
    for path in places:
        text = path.read_text(**UTF8)
        for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL):
            assert not set(code) & set("–—‘’“”"), code


@pytest.mark.row(15)
@pytest.mark.long
def test_a_package_that_is_installed_here_alone_fails_the_build(project):
    edit(project, "config/urls.py", "from django", "import requests\nfrom django")
    edit(project, "config/settings.py", "import os\n", "import os\nimport crispy_forms\n")
    found = assert_caught(
        project, "build collectstatic", findings.NOT_INSTALLED, file="config/settings.py"
    )
    assert found["cause"] == "ModuleNotFoundError: No module named 'crispy_forms'"
    assert found["cure"].startswith("Add django-crispy-forms to requirements.txt")


@pytest.mark.row(15)
@pytest.mark.long
def test_a_package_that_is_imported_late_is_found_too(project, assert_stops):
    append(project, "pages/views.py", "\n\ndef export(request):\n    import pandas\n")
    assert_stops(project, "release settings", findings.NOT_INSTALLED, file="pages/views.py")


def test_an_import_that_may_fail_is_no_complaint(project):
    guarded = "\n\ntry:\n    import pandas\nexcept ImportError:\n    pandas = None\n"
    append(project, "pages/views.py", guarded)
    assert rehearse_step(project, "release settings").status == 0


def test_what_is_right_on_heroku_is_no_complaint(project):
    """What sound projects do, and what a coarser look would call a mistake."""
    append(
        project,
        "pages/views.py",
        "\n\ndef other(request):\n    import winreg\n    with suppress(ImportError):\n"
        "        import pandas\n",
    )
    append(project, "pages/views.py", "\n\nfrom contextlib import suppress\n")
    append(
        project, "config/settings.py", 'STATICFILES_DIRS.append(("vendor", BASE_DIR / "docs"))\n'
    )
    (project / "docs").mkdir()
    (project / "docs/a.css").write_text("", **UTF8)
    (project / "docs/conf.py").write_text("import sphinx_rtd_theme\n", **UTF8)
    (project / "conftest.py").write_text("import pytest\n", **UTF8)
    append(
        project,
        "templates/robots.txt",
        "{% load static %}{% static 'vendor/a.css' %}{# {% static 'old.css' %} #}"
        "{% if none %}{% static 'img/'|add:none %}{% endif %}"
        "{% comment %}\n{% static 'gone.css' %}{% endcomment %}\n",
    )
    (project / "broken.py").symlink_to("nowhere.py")
    assert rehearse(project, "--uncommitted", "--only", "source").status == 0
    told = rehearse_step(project, "release settings")
    assert told.status == 0, told.document["steps"]


@pytest.mark.long
def test_settings_that_ask_for_a_dyno_are_asked_as_on_one(project):
    append(project, "config/settings.py", '\nDEBUG = "DYNO" not in os.environ\n')
    assert rehearse_step(project, "release settings").status == 0


@pytest.mark.long
def test_a_header_that_is_missing_is_not_blamed_on_what_the_visit_provoked(project, assert_stops):
    append(project, "config/settings.py", "\nSECURE_REFERRER_POLICY = None\n")
    found = assert_stops(project, "web visit", findings.MISSING_HEADER)
    assert "Referrer-Policy" in found["message"] and not found["cause"]


@pytest.mark.row(16)
@pytest.mark.long
def test_an_unguarded_import_of_env_is_explained(project):
    edit(project, "config/settings.py", "import os\n", "import os\nimport env\n")
    assert_caught(project, "build collectstatic", findings.ENV_PY, file="config/settings.py")


@pytest.mark.row(17, 18)
def test_the_first_traceback_counts_and_what_follows_is_no_cause(project):
    edit(
        project,
        "config/settings.py",
        "DATABASES = {}",
        "DATABASES = {}\nDATABASES['default'] = django.db.backends.sqlite3(conn_max_age=600)",
    )
    told = rehearse(project)
    assert told.failed == ["build collectstatic"]
    [found] = told.step("collectstatic")["findings"]
    assert found["id"] == findings.ENGINE_CALLED.id and found["file"] == "config/settings.py"
    states = {step["title"]: step["state"] for step in told.document["steps"]}
    following = ("release command", "migrations", "tests", "boot")
    assert {states[title] for title in following} == {"follows"}
    assert states["home page"] == "not reached"


@pytest.mark.row(19)
@pytest.mark.long
def test_a_missing_static_root_is_explained(project):
    edit(project, "config/settings.py", 'STATIC_ROOT = BASE_DIR / "staticfiles"\n', "")
    assert_caught(project, "build collectstatic", findings.NO_STATIC_ROOT)


@pytest.mark.row(20)
def test_a_dangling_url_in_a_style_sheet_is_named(project):
    append(project, "static/css/site.css", "\np { background: url(../img/sky.png); }\n")
    found = assert_caught(project, "build collectstatic", findings.MISSING_REFERENCE)
    assert found["message"].startswith("css/site.css refers to img/sky.png")


@pytest.mark.row(21)
def test_a_missing_source_map_is_named(project):
    (project / "static/js").mkdir()
    text = "let a = 1;\n//# sourceMappingURL=lib.js.map\n"
    (project / "static/js/lib.js").write_text(text, **UTF8)
    # Django itself looks into scripts; WhiteNoise's storage is the same with compression.
    found = assert_caught(project, "build collectstatic", findings.SOURCE_MAP)
    assert found["message"].startswith("js/lib.js ends")


@pytest.mark.row(22)
@pytest.mark.long
def test_a_database_url_that_is_parsed_without_being_there_is_explained(project):
    edit(
        project,
        "config/settings.py",
        "DATABASES = {}",
        "import dj_database_url\n"
        'DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL"))}',
    )
    assert_caught(project, "build collectstatic", findings.NO_DATABASE_URL)


@pytest.mark.row(23)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'postgres://u:hunter2@h/n'", "wrapped in quotes"),
        ("DATABASE_URL=postgres://u:hunter2@h/n", "starts with its own name"),
        ("hunter2", "is not a URL"),
    ],
)
@pytest.mark.long
def test_a_database_url_that_was_pasted_wrong_is_told_without_its_value(project, value, said):
    ids, output = check(project, DATABASE_URL=value)
    assert "heroku.E001" in ids and said in output
    assert "hunter2" not in output
    assert "heroku.E001" not in check(project)[0]


@pytest.mark.row(24)
def test_a_variable_that_the_settings_insist_on_fails_the_build(project):
    edit(project, "config/settings.py", "import os\n", 'import os\nKEY = os.environ["API_KEY"]\n')
    found = assert_caught(
        project, "build collectstatic", findings.MISSING_AT_IMPORT, file="config/settings.py"
    )
    assert found["next"][-1] == {"command": "heroku config:set API_KEY=..."}
    assert '{"env": {"API_KEY": {}}}' in found["cure"]


@pytest.mark.row(25)
@pytest.mark.long
def test_a_project_without_the_app_for_static_files_is_told_so(project):
    edit(project, "config/settings.py", '    "django.contrib.staticfiles",\n', "")
    edit(project, "config/settings.py", '    "whitenoise.runserver_nostatic",\n', "")
    assert_caught(project, "build collectstatic", findings.NO_STATICFILES)


@pytest.mark.parametrize("name", ["pre_compile", "post_compile"])
@pytest.mark.long
def test_a_hook_of_the_build_runs_and_fails_it(project, name):
    (project / "bin").mkdir()
    text = 'echo "$DYNO $SECRET_KEY" > ../hook.txt\n[ -f manage.py ]\n'
    (project / "bin" / name).write_text(f"#!/usr/bin/env bash\n{text}", **UTF8)
    assert rehearse(project, "--uncommitted", "--only", "build").status == 0
    (project / "bin" / name).write_text(f"#!/usr/bin/env bash\n{text}exit 3\n", **UTF8)
    step = "packages" if name == "pre_compile" else "collectstatic"
    assert_caught(project, f"build {step}", findings.HOOK_FAILED, file=f"bin/{name}")


@pytest.mark.row(26)
@pytest.mark.long
def test_a_slug_that_is_too_large_names_what_fills_it(project, monkeypatch):
    (project / "data").mkdir()
    (project / "data/model.bin").write_bytes(os.urandom(2_000_000))
    environment = next((project / ".preflight").glob("environment-*"))
    assert re.match(r"about \d\d MB of 500, compressed", slug.weigh(project, environment))
    monkeypatch.setattr(heroku, "SLUG_MB", 5)
    with pytest.raises(Failed, match=r"up to 5 MB") as failure:
        slug.weigh(project, environment)
    assert failure.value.found[0].kind is findings.SLUG_TOO_LARGE
    assert re.search(r"django \(\d+ MB\)", str(failure.value))


@pytest.mark.fast
@pytest.mark.row(27)
def test_a_switch_that_leaves_static_files_out_is_refused(project):
    edit(
        project, "app.json", '"SECRET_KEY"', '"DISABLE_COLLECTSTATIC": {"value": "1"},"SECRET_KEY"'
    )
    found = assert_caught(project, "source rules", findings.COLLECTSTATIC_OFF, file="app.json")
    assert found["line"] > 1
    assert found["next"][-1] == {"command": "heroku config:unset DISABLE_COLLECTSTATIC"}


@pytest.mark.row(27)
def test_a_release_without_collected_files_is_refused(project):
    ids, output = check(project, DYNO="release.1")
    assert "heroku.E014" in ids and "heroku config:unset DISABLE_COLLECTSTATIC" in output
    variables = processes.bare_environment(project / "home") | production()
    build.collect_static(project, python_of(project), variables)
    assert "heroku.E014" not in check(project, DYNO="release.1")[0]


# 3.2 Release and boot


@pytest.mark.fast
@pytest.mark.row(29)
@pytest.mark.parametrize("name", ["procfile", "Procfile.txt"])
def test_a_procfile_of_another_name_is_found(project, name):
    git(project, "mv", "Procfile", name)
    found = assert_caught(project, "source rules", findings.MISNAMED_PROCFILE, file=name)
    assert found["next"] == [{"command": f"git mv {name} Procfile"}]


@pytest.mark.fast
@pytest.mark.row(29)
def test_a_procfile_with_carriage_returns_is_refused(project):
    (project / ".gitattributes").write_text("* -text\n", **UTF8)
    path = project / "Procfile"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert_caught(project, "source rules", findings.ENCODING, file="Procfile")


@pytest.mark.row(30)
@pytest.mark.long
def test_a_procfile_that_names_the_repository_is_explained(project, assert_stops):
    edit(project, "Procfile", "config.wsgi", "mysite.wsgi")
    found = assert_stops(project, "web boot", findings.WRONG_PACKAGE)
    assert "import mysite" in found["message"] and "gunicorn config.wsgi" in found["cure"]


@pytest.mark.row(31)
@pytest.mark.long
def test_a_procfile_that_asks_for_app_is_explained(project, assert_stops):
    edit(project, "Procfile", "config.wsgi", "config.wsgi:app")
    assert_stops(project, "web boot", findings.NO_APPLICATION)


@pytest.mark.row(32)
@pytest.mark.parametrize("line", ["web: uvicorn config.asgi", "worker: celery -A config worker"])
@pytest.mark.long
def test_a_program_that_is_not_installed_is_named(project, assert_stops, line):
    text = (project / "Procfile").read_text(**UTF8)
    kind = line.partition(":")[0]
    kept = [old for old in text.splitlines() if not old.startswith(f"{kind}:")]
    (project / "Procfile").write_text("\n".join([*kept, line, ""]), **UTF8)
    found = assert_stops(
        project, "web process types", findings.PROGRAM_NOT_INSTALLED, file="Procfile"
    )
    assert f"starts {line.split()[1]} ({kind})" in found["message"]


@pytest.mark.row(33)
@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("python manage.py runserver", findings.RUNSERVER),
        ("gunicorn config.wsgi --bind 127.0.0.1:8000", findings.FIXED_PORT),
        ("gunicorn config.wsgi -b 0.0.0.0:8000", findings.FIXED_PORT),
    ],
)
@pytest.mark.long
def test_a_server_that_the_router_cannot_reach_is_refused(project, assert_stops, command, kind):
    edit(project, "Procfile", "gunicorn --config gunicorn.conf.py config.wsgi", command)
    assert_stops(project, "web process types", kind, file="Procfile")


@pytest.mark.row(34)
def test_a_release_without_a_database_prints_the_command_that_makes_one(project):
    ids, output = check(project, DATABASE_URL="")
    assert ids == ["heroku.E002"]
    assert "heroku addons:create heroku-postgresql:essential-0" in output


@pytest.mark.row(35)
def test_a_model_without_its_migration_is_refused(project):
    edit(
        project,
        "accounts/models.py",
        "from django.contrib",
        "from django.db import models\nfrom django.contrib",
    )
    append(project, "accounts/models.py", "\n    nickname = models.CharField(max_length=9)\n")
    found = assert_caught(
        project,
        "release migrations",
        findings.MODELS_CHANGED,
        alone=True,
        file="accounts/models.py",
    )
    assert found["next"] == [{"command": ".venv/bin/python manage.py makemigrations"}]


@pytest.mark.row(35)
@pytest.mark.long
def test_an_app_without_any_migrations_is_refused(project):
    shutil.rmtree(project / "accounts/migrations")
    told = rehearse_step(project, "release settings")
    assert "release settings" in told.failed
    command = told.find(findings.NO_MIGRATIONS)["next"][0]["command"]
    assert command.endswith("manage.py makemigrations accounts")


@pytest.mark.fast
@pytest.mark.row(35)
def test_migrations_that_git_ignores_are_refused(project):
    append(project, ".gitignore", "migrations/\n")
    git(project, "rm", "-q", "-r", "--cached", "accounts/migrations")
    found = assert_caught(project, "source rules", findings.IGNORED, file="accounts/migrations/")
    assert found["next"] == [{"command": "git add -f accounts/migrations/"}]


@pytest.mark.row(36)
def test_sqlite_on_a_dyno_is_refused(project):
    assert "heroku.E005" in check(project, DYNO="release.1")[0]
    assert "heroku.E005" not in check(project)[0]
    assert "heroku.E005" not in check(project, DYNO="x", DATABASE_URL="postgres://u:p@h/n")[0]


@pytest.mark.row(36)
@pytest.mark.long
def test_settings_that_ignore_database_url_are_refused(project, assert_stops):
    edit(
        project,
        "config/settings.py",
        "DATABASES = {}",
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\n'
        "environment['DATABASE_URL'] = None",
    )
    assert_stops(project, "release release command", findings.SQLITE)


LONG_NAME = """
import pytest
from django.contrib.auth import get_user_model


@pytest.mark.django_db
def test_a_long_name():
    get_user_model().objects.create_user("a" * 151)
"""


@pytest.mark.row(37)
def test_a_text_that_is_too_long_fails_on_postgresql(project, assert_stops):
    (project / "tests/test_names.py").write_text(LONG_NAME, **UTF8)
    found = assert_stops(project, "release tests", findings.TOO_LONG)
    assert "the 150 characters" in found["message"]


@pytest.mark.row(38, 39)
def test_tls_is_asked_of_remote_servers_alone(project):
    code = (
        "from config.settings import DATABASES as d; "
        "print(d['default'].get('OPTIONS', {}).get('sslmode'))"
    )
    for url, mode in {
        "sqlite://:memory:": "None",
        "postgres://u:p@localhost/n": "None",
        "postgres://u:p@db.example.com/n": "require",
    }.items():
        ended = run([python_of(project), "-c", code], project, production(DATABASE_URL=url))
        assert ended.output.strip() == mode, url


@pytest.mark.row(40)
def test_more_connections_than_the_plan_has_are_warned_of(project):
    ids, output = check(project, WEB_CONCURRENCY="5")
    assert "heroku.W002" in ids and "5 processes with 4 threads" in output
    assert "heroku.W002" not in check(project, WEB_CONCURRENCY="2")[0]
    edit(project, "config/checks.py", "DATABASE_CONNECTIONS = 20", "DATABASE_CONNECTIONS = 40")
    assert "heroku.W002" not in check(project, WEB_CONCURRENCY="5")[0]


@pytest.mark.row(40)
@pytest.mark.long
def test_threads_that_take_every_connection_are_counted(project, assert_stops):
    edit(project, "gunicorn.conf.py", "threads = 4", "threads = 12")
    found = assert_stops(project, "web connections", findings.TOO_MANY_CONNECTIONS)
    assert "2 processes with 12 threads each use 24" in found["message"]


@pytest.mark.row(41)
def test_a_site_that_is_too_large_for_a_dyno_is_refused(
    project, assert_stops, tmp_path, monkeypatch
):
    append(project, "config/wsgi.py", '\nBALLAST = b"x" * 600_000_000\n')
    assert_stops(project, "web memory", findings.TOO_MUCH_MEMORY)


@pytest.mark.row(42)
@pytest.mark.long
def test_tests_never_use_the_database_of_the_app(proved):
    project = proved[0]
    env = production(DATABASE_URL="postgres://u:p@127.0.0.1:1/production")
    command = [python_of(project), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = run([*command, "tests/test_accounts.py"], project, env)
    assert ended.status == 0, ended.output


# 3.3 In the browser


@pytest.mark.row(43)
def test_hosts_with_a_scheme_are_cleaned(project):
    code = "from config.settings import ALLOWED_HOSTS; print(ALLOWED_HOSTS)"
    env = production(ALLOWED_HOSTS="https://www.example.com/")
    assert "['www.example.com'," in run([python_of(project), "-c", code], project, env).output


@pytest.mark.row(43)
def test_a_host_that_the_settings_do_not_know_is_explained(project, assert_stops):
    append(project, "config/settings.py", '\nALLOWED_HOSTS = ["www.example.org"]\n')
    assert_stops(project, "web home page", findings.HOST_NOT_ALLOWED, file="config/settings.py")


UNTRUSTED = (
    ('SECURE_PROXY_SSL_HEADER = ("HTTP', 'UNUSED = ("HTTP'),
    ("SECURE_SSL_REDIRECT = not DEBUG", "SECURE_SSL_REDIRECT = False"),
)


@pytest.mark.row(44)
@pytest.mark.long
def test_a_form_that_django_takes_for_foreign_is_found(project):
    for old, new in UNTRUSTED:
        edit(project, "config/settings.py", old, new)
    # gunicorn reads the router's header by itself; another server leaves it to Django.
    (project / "serve.py").write_text(SERVE, **UTF8)
    (project / "Procfile").write_text("web: python serve.py\n", **UTF8)
    told = rehearse_step(project, "web visit")
    assert "web visit" in told.failed
    assert findings.ORIGIN.id in told.ids


SERVE = """
import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server
from config.wsgi import application

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

make_server("127.0.0.1", int(os.environ["PORT"]), application, Server).serve_forever()
"""


@pytest.mark.row(45)
@pytest.mark.long
def test_a_redirect_without_end_is_explained(project, assert_stops):
    edit(project, "config/settings.py", *UNTRUSTED[0])
    (project / "serve.py").write_text(SERVE, **UTF8)
    (project / "Procfile").write_text("web: python serve.py\n", **UTF8)
    assert_stops(project, "web home page", findings.REDIRECT_LOOP, file="config/settings.py")


@pytest.mark.row(44, 45)
def test_the_projects_own_tests_see_an_untrusted_header(project):
    edit(project, "config/settings.py", *UNTRUSTED[0])
    command = [python_of(project), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = run([*command, "tests/test_production.py"], project, production())
    assert ended.status == 1, ended.output


@pytest.mark.row(46)
def test_an_exception_that_nobody_logs_is_found(project, assert_stops):
    edit(project, "config/settings.py", "LOGGING = {", "UNUSED = {")
    append(project, "config/settings.py", NO_LOG)
    assert_stops(project, "web exception", findings.SILENT_LOG)


NO_LOG = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["null"]},
}
"""


@pytest.mark.row(47)
@pytest.mark.parametrize(
    ("key", "found"),
    [("", "heroku.E002"), ("short", "heroku.E010"), ("a" * 60, "heroku.E010")],
)
@pytest.mark.long
def test_a_missing_or_weak_secret_key_stops_the_release(project, key, found):
    ids, output = check(project, SECRET_KEY=key)
    assert found in ids
    assert "heroku config:set SECRET_KEY=" in output
    assert not key or key not in output
    assert not {"heroku.E002", "heroku.E010"} & set(check(project)[0])


@pytest.mark.row(47)
def test_a_site_without_a_secret_key_is_explained(project):
    edit(project, "app.json", '"generator": "secret"', '"required": false')
    edit(project, "config/wsgi.py", "require_complete_environment()", "")
    (project / "Procfile").write_text("web: gunicorn config.wsgi\n", **UTF8)
    told = rehearse_step(project, "release settings")
    assert told.status == 1
    assert any(f["id"] == findings.MISSING_VARIABLE.id for f in told.findings)


@pytest.mark.row(48)
@pytest.mark.parametrize(
    "name",
    [
        "CSS/Site.css",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("/css/site.css", "css\\site.css", "css/none.css")
        ),
    ],
)
def test_a_static_tag_that_leads_nowhere_is_named(project, assert_stops, name):
    append(project, "templates/robots.txt", "{% load static %}{% static '" + name + "' %}\n")
    kind = findings.DEAD_LINK_SIMILAR if "ite.css" in name else findings.DEAD_LINK
    found = assert_stops(project, "release settings", kind, file="templates/robots.txt")
    assert name in found["message"] and found["line"] > 1


@pytest.mark.row(49)
@pytest.mark.long
def test_a_site_that_serves_no_static_files_is_told_of_whitenoise(project, assert_stops):
    edit(project, "config/settings.py", '    "whitenoise.middleware.WhiteNoiseMiddleware",\n', "")
    assert_stops(project, "web static file", findings.NO_STATIC_FILES, file="config/settings.py")


@pytest.mark.row(50)
@pytest.mark.long
def test_whitenoise_out_of_its_place_is_refused(project, assert_stops):
    line = '    "whitenoise.middleware.WhiteNoiseMiddleware",\n'
    edit(project, "config/settings.py", line, "")
    edit(project, "config/settings.py", "MIDDLEWARE = [\n", f"MIDDLEWARE = [\n{line}")
    assert_stops(project, "release release command", findings.WHITENOISE_ORDER)
    assert "heroku.E008" in check(project)[0]


PHOTO = """

class Photo(models.Model):
    image = models.FileField()
"""


@pytest.mark.row(51)
@pytest.mark.long
def test_uploads_to_the_disk_of_a_dyno_are_refused(project, assert_stops):
    edit(
        project,
        "accounts/models.py",
        "from django.contrib",
        "from django.db import models\nfrom django.contrib",
    )
    append(project, "accounts/models.py", PHOTO)
    env = production(SECRET_KEY="x")
    assert run([python_of(project), "manage.py", "makemigrations"], project, env).status == 0
    found = assert_stops(project, "release release command", findings.LOCAL_UPLOADS)
    assert "accounts.Photo.image" in found["message"]
    ids, output = check(project, DYNO="release.1")
    assert "heroku.E030" in ids and "accounts.Photo.image" in output
    assert "heroku.E030" not in check(project)[0]


@pytest.mark.row(52)
@pytest.mark.parametrize(
    "name",
    ["DEFAULT_FILE_STORAGE", pytest.param("STATICFILES_STORAGE", marks=pytest.mark.long)],
)
@pytest.mark.long
def test_a_storage_setting_that_django_ignores_is_refused(project, assert_stops, name):
    append(project, "config/settings.py", f'\n{name} = "cloudinary_storage.storage.X"\n')
    found = assert_stops(project, "release release command", findings.DEAD_SETTING)
    assert found["message"].startswith(name)
    ids, output = check(project)
    assert "heroku.E006" in ids and name in output


@pytest.mark.row(52)
def test_a_collectstatic_that_collects_nothing_is_refused(project):
    folder = project / "accounts/management/commands"
    (folder / "collectstatic.py").write_text(
        "from django.core.management.base import BaseCommand\n\n\n"
        "class Command(BaseCommand):\n"
        "    def add_arguments(self, parser):\n"
        '        parser.add_argument("--noinput", action="store_true")\n\n'
        "    def handle(self, **options):\n"
        '        self.stdout.write("0 static files copied.")\n',
        **UTF8,
    )
    line = '    "accounts",\n'
    edit(project, "config/settings.py", line, "")
    edit(project, "config/settings.py", "INSTALLED_APPS = [\n", f"INSTALLED_APPS = [\n{line}")
    assert_caught(project, "build collectstatic", findings.NOTHING_COLLECTED)


@pytest.mark.fast
@pytest.mark.row(53)
def test_the_missing_setting_of_the_old_package_is_explained():
    [found] = explain.diagnose(
        "AttributeError: 'Settings' object has no attribute 'STATICFILES_STORAGE'"
    )
    assert found.kind is findings.OLD_CLOUDINARY_STORAGE


@pytest.mark.fast
@pytest.mark.row(64)
@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        (
            "config/settings.py",
            'SECRET_KEY = "django-insecure-%s"' % ("z9" * 20),
            "Django's SECRET_KEY",
        ),
        (
            "config/settings.py",
            'SECRET_KEY = os.environ.get("SECRET_KEY", "%s")' % ("z9" * 20),
            "Django's SECRET_KEY",
        ),
        ("README.md", "AKIA" + "Z7" * 8, "an AWS access key"),
        ("README.md", "AWS_SECRET_ACCESS_KEY=" + "aB3/" * 10, "an AWS secret key"),
        ("notes.txt", "cloudinary://123456789012345:" + "aB3_" * 7 + "@demo", "a Cloudinary"),
        (
            "notes.txt",
            "postgres://u1:" + "a9" * 20 + "@ec2-1.compute.amazonaws.com/d",
            "a database",
        ),
        ("notes.txt", "AIza" + "Sy0_b" * 7, "a Google API key"),
        ("notes.txt", "GOCSPX-" + "aB3_" * 7, "a Google client secret"),
    ],
)
@pytest.mark.long
def test_a_credential_in_a_file_is_named_without_its_value(project, name, line, kind):
    path = project / name
    before = path.read_text(**UTF8) if path.exists() else ""
    path.write_text(f"{before}\n{line}\n", **UTF8)
    found = assert_caught(project, "source secrets", findings.CREDENTIAL, file=name)
    assert found["line"] > 0 and kind in found["message"]
    secret = re.findall(r"[\w/+-]{16,}", line)[-1]
    assert secret not in str(found)


@pytest.mark.fast
@pytest.mark.row(64)
@pytest.mark.parametrize("name", [".env", "env.py"])
def test_a_file_of_secrets_that_is_committed_is_refused(project, name):
    (project / name).write_text("API_SECRET=correct-horse-battery\n", **UTF8)
    git(project, "add", "-f", name)
    git(project, "commit", "-q", "-m", "Oops")
    told = rehearse(project, "--only", "source")
    assert told.failed == ["source secrets"]
    found = told.find(findings.SECRET_FILE)
    assert found["file"] == name
    assert found["next"][-1] == {"command": f"git rm -q --cached {name}"}


@pytest.mark.fast
@pytest.mark.row(64)
def test_a_credential_that_only_an_older_commit_holds_is_found(project):
    key = "AKIA" + "Z7" * 8
    (project / "notes.txt").write_text(f"{key}\n", **UTF8)
    git(project, "add", "notes.txt")
    git(project, "commit", "-q", "-m", "Take notes")
    git(project, "rm", "-q", "notes.txt")
    git(project, "commit", "-q", "-m", "Forget them")
    told = rehearse(project, "--only", "source")
    assert told.status == 0
    found = told.find(findings.OLD_CREDENTIAL)
    assert found["file"] == "notes.txt" and "an AWS access key" in found["message"]
    assert key not in str(told.document)
    # The secret was replaced, and the owner says so.
    [following] = found["next"]
    assert run(["sh", "-c", following["command"]], project).status == 0
    git(project, "add", ".leaked-secrets")
    git(project, "commit", "-q", "-m", "Acknowledge the old key")
    assert findings.OLD_CREDENTIAL.id not in rehearse(project, "--only", "source").ids


@pytest.mark.row(65)
def test_debug_is_off_unless_it_is_truly_on(project):
    code = "from config.settings import DEBUG; print(DEBUG)"
    for value, debug in {"False": "False", "0": "False", "": "False", "true": "True"}.items():
        ended = run([python_of(project), "-c", code], project, production(DEBUG=value))
        assert ended.output.strip() == debug, value
    assert "heroku.E001" in check(project, DEBUG="maybe")[0]
    assert "heroku.E004" in check(project, DEBUG="true", DYNO="release.1")[0]


@pytest.mark.row(65)
@pytest.mark.long
def test_a_site_that_shows_its_settings_is_found(project, assert_stops):
    append(project, "config/settings.py", '\nDEBUG = os.environ.get("DEBUG", "True")\n')
    assert_stops(project, "release release command", findings.DEBUG_IS_ON)


@pytest.mark.fast
@pytest.mark.row(66)
def test_a_variable_that_heroku_does_not_set_is_named(project):
    append(project, "config/settings.py", "\nif 'HEROKU' in os.environ:\n    DEBUG = False\n")
    path, kind = "config/settings.py", findings.NO_VARIABLE_HEROKU
    line = len((project / path).read_text(**UTF8).splitlines()) - 1
    assert_caught(project, "source rules", kind, file=path, line=line)
    # A variable that the app declares is set on Heroku.
    edit(project, "app.json", '"SECRET_KEY"', '"HEROKU": {"value": "1"},"SECRET_KEY"')
    assert rehearse(project, "--uncommitted", "--only", "source").status == 0


@pytest.mark.fast
@pytest.mark.row(68)
def test_two_kinds_of_storage_settings_are_explained():
    [found] = explain.diagnose(
        "ImproperlyConfigured: STATICFILES_STORAGE/STORAGES are mutually exclusive."
    )
    assert found.kind is findings.BOTH_STORAGES


@pytest.mark.row(71)
def test_production_without_mail_is_warned_of_and_released(project):
    ids, output = check(project, EMAIL_URL="")
    assert "heroku.W001" in ids and "mail.E001" not in output
    assert "heroku.W001" not in check(project)[0]


@pytest.mark.fast
@pytest.mark.row(73)
def test_the_time_zone_is_asked_for(tmp_path):
    settings = (render(tmp_path, time_zone="Europe/Dublin") / "config/settings.py").read_text(
        **UTF8
    )
    assert 'TIME_ZONE = "Europe/Dublin"' in settings and "USE_TZ" not in settings


@pytest.mark.row(74)
def test_a_laptop_on_the_production_database_is_warned(project):
    url = "postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d"
    ids, output = check(project, deploy=False, DATABASE_URL=url)
    assert "heroku.W003" in ids and "ec2-1" not in output
    assert "heroku.W003" not in check(project, deploy=False, DATABASE_URL=url, DYNO="run.1")[0]
    assert "heroku.W003" not in check(project, deploy=False)[0]


@pytest.mark.fast
@pytest.mark.row(75)
def test_windows_has_a_procfile_of_its_own(project):
    text = (project / "Procfile.windows").read_text(**UTF8)
    assert "runserver" in text and "gunicorn" not in text
    [found] = explain.diagnose("ModuleNotFoundError: No module named 'fcntl'")
    assert found.kind is findings.GUNICORN_ON_WINDOWS


@pytest.mark.fast
@pytest.mark.row(76)
def test_no_folder_that_the_settings_name_is_empty(project):
    for folder in ("static", "templates"):
        assert git(project, "ls-files", folder).strip(), folder
