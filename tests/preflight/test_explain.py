"""Test the explanations of logs, and the reports of broken projects."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from preflight import about, advice, explain, findings
from tests.helpers import caller_environment, run
from tests.preflight.rehearsal import UTF8, append, rehearse, share_environments


@pytest.fixture
def project(proved, project):
    """Return a copy of a proved project to break, with the environments of the original."""
    share_environments(project, proved[0])
    return project


# A log of a push, in the form that git gives it: https://devcenter.heroku.com/articles/git
PUSH = """
remote: -----> Python app detected
remote: -----> $ python manage.py collectstatic --noinput
remote:        Traceback (most recent call last):
remote:          File "/tmp/build_1a2b3c4d/manage.py", line 22, in <module>
remote:            main()
remote:          File "/app/.heroku/site-packages/django/conf.py", line 81, in __getattr__
remote:            self._setup(name)
remote:          File "/tmp/build_1a2b3c4d/drf_api/settings.py", line 88, in <module>
remote:            'default': django.db.backends.sqlite3(conn_max_age=600)
remote:        NameError: name 'django' is not defined
remote:
remote:  !     Error: Unable to generate Django static files.
remote:  !     You can also set the env var DISABLE_COLLECTSTATIC=1 to skip it.
remote:  !     Push rejected, failed to compile Python app.
"""
# A log of the app, in the form of `heroku logs`.
CRASH = """
2026-11-21T10:00Z app[web.1]: Traceback (most recent call last):
2026-11-21T10:00Z app[web.1]:   File "/app/.heroku/gunicorn/util.py", line 371, in import_app
2026-11-21T10:00Z app[web.1]:     mod = importlib.import_module(module)
2026-11-21T10:00Z app[web.1]:   File "<frozen importlib._bootstrap>", line 1324, in _find_and_load
2026-11-21T10:00Z app[web.1]: ModuleNotFoundError: No module named 'my-blog'
2026-11-21T10:00Z heroku[web.1]: State changed from starting to crashed
2026-11-21T10:00Z heroku[router]: at=error code=H10 desc="App crashed" path="/"
2026-11-21T10:00Z heroku[web.1]: Error R14 (Memory quota exceeded)
"""


def explain_it(project, log, *arguments):
    """Explain a log from standard input on the command line; return the status and the output."""
    finished = subprocess.run(
        [sys.executable, "-m", "preflight", *arguments, "explain"],
        cwd=project,
        input=log if isinstance(log, bytes) else log.encode(),
        capture_output=True,
        check=False,
    )
    assert not finished.stderr, finished.stderr
    return finished.returncode, finished.stdout.decode()


@pytest.mark.fast
@pytest.mark.row(17)
def test_a_pasted_log_is_read_from_its_first_traceback(tmp_path):
    status, said = explain_it(tmp_path, PUSH)
    assert status == 0
    assert "(heroku.E302)" in said
    assert "Cause:   NameError: name 'django' is not defined  (drf_api/settings.py, line" in said
    assert "DISABLE_COLLECTSTATIC" not in said


@pytest.mark.fast
def test_codes_of_the_router_and_the_dynos_follow_the_cause(tmp_path):
    """H10 only reports the crash that the first one explains."""
    status, said = explain_it(tmp_path, CRASH)
    assert status == 0
    first, second = re.split(r"\n\n", said.strip())
    assert "(heroku.E508)" in first and "import my-blog" in first and "$" not in first
    assert "(heroku.R14)" in second and "WEB_CONCURRENCY=1" in second


@pytest.mark.fast
@pytest.mark.parametrize("code", [n[7:] for n in findings.KINDS if re.match(r"heroku.[HRL]", n)])
def test_every_code_is_explained(code):
    [found] = explain.explain_log(f'heroku[router]: at=error code={code} desc="x" method=GET')
    assert (found.id, found.cause) == (f"heroku.{code}", code)
    assert found.message.endswith(".") and found.cure


@pytest.mark.fast
def test_a_log_in_a_file_may_come_from_powershell(tmp_path):
    log = tmp_path / "heroku.log"
    log.write_text(PUSH, encoding="utf-16")
    ended = run([sys.executable, "-m", "preflight", "explain", log], tmp_path)
    assert ended.status == 0 and "NameError" in ended.output


@pytest.mark.fast
def test_an_explanation_for_a_program_has_the_same_words(tmp_path):
    status, said = explain_it(tmp_path, PUSH, "--json")
    [only] = json.loads(said)["findings"]
    assert status == 0 and only["id"] == findings.ENGINE_CALLED.id
    assert (only["file"], only["line"]) == ("drf_api/settings.py", 88)
    assert only["cause"] == "NameError: name 'django' is not defined"


@pytest.mark.fast
def test_what_is_not_known_is_said_and_has_a_status_of_its_own(tmp_path):
    status, said = explain_it(tmp_path, "All is well.\n")
    assert status == 3 and "first Traceback" in said
    ended = run([sys.executable, "-m", "preflight", "explain", "nowhere.log"], tmp_path)
    assert ended.status == 2 and "nowhere.log cannot be read" in ended.output
    assert "Traceback" not in ended.output


@pytest.mark.fast
def test_an_exception_that_nobody_knows_is_still_found_in_the_log():
    log = 'Traceback (most recent call last):\n  File "a/b.py", line 3, in f\nshop.OddError: 7\n'
    [found] = explain.diagnose(log)
    assert found.kind is findings.EXCEPTION
    assert (found.cause, found.where) == ("shop.OddError: 7", "a/b.py, line 3")


@pytest.mark.fast
def test_the_root_of_a_chain_is_the_cause():
    log = (
        'Traceback (most recent call last):\n  File "<frozen os>", line 717, in __getitem__\n'
        "KeyError: 'API_KEY'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "config/settings.py", line 9, in <module>\n'
        "django.core.exceptions.ImproperlyConfigured: Set the OTHER environment variable\n\n"
        'Traceback (most recent call last):\n  File "x.py", line 1, in f\n'
        "NameError: name 'django' is not defined\n"
    )
    [found] = explain.diagnose(log)
    assert found.cause == "KeyError: 'API_KEY'" and found.kind is findings.MISSING_AT_IMPORT


@pytest.mark.fast
@pytest.mark.parametrize(
    "rule",
    [*advice.RULES, *advice.CLASSES, *advice.WORDS, *advice.SYMPTOMS],
    ids=lambda rule: rule.pattern[:40],
)
def test_a_rule_has_the_values_of_its_message(rule):
    known = {name.rstrip("_") for name in re.compile(rule.pattern).groupindex} | set(rule.values)
    # explain.values_of and Rehearsal.complete add these.
    known |= {"package", "app", "quoted", "requirements", "wsgi", "type", "path"}
    wanted = set(re.findall(r"(?<!\$)\$([a-z_]+)", rule.kind.message + rule.kind.cure))
    assert wanted <= known, rule.kind.id


@pytest.mark.fast
@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ('relation "shop_item" does not exist', findings.NO_TABLE),
        ('relation "shop_item" already exists', findings.TABLE_EXISTS),
        (
            'null value in column "a" of relation "b" violates not-null constraint',
            findings.CONSTRAINT,
        ),
        ('column "slug" of relation "blog_post" does not exist', findings.NO_COLUMN),
        (
            "Because there is no version of django==99.0 and x, unsatisfiable",
            findings.NO_SUCH_PACKAGE,
        ),
        (
            "remote:  !     Push rejected, failed to compile Python app.      ",
            findings.PUSH_REJECTED,
        ),
        ("[CRITICAL] WORKER TIMEOUT (pid:7)", findings.WORKER_TIMEOUT),
        ("TemplateDoesNotExist: Home.html", findings.TEMPLATE_MISSING),
        (
            "django.template.exceptions.TemplateSyntaxError: Invalid block tag on line 3: 'x'",
            findings.TEMPLATE_SYNTAX,
        ),
        ("bash: line 1: gunicorn: command not found", findings.PROGRAM_NOT_INSTALLED),
    ],
)
def test_messages_that_look_alike_are_told_apart(log, kind):
    assert [found.kind for found in explain.diagnose(log)] == [kind]


@pytest.mark.fast
def test_all_failed_checks_are_explained_with_their_own_ids():
    log = """
SystemCheckError: System check identified some issues:

ERRORS:
?: (heroku.E002) SECRET_KEY is not set.
\tHINT: heroku config:set SECRET_KEY="$(python3 -c 'x')"
?: (heroku.E002) DATABASE_URL is not set.
\tHINT: heroku addons:create heroku-postgresql:essential-0
shop.Item.tag: (fields.E304) Reverse accessor clashes.
\tHINT: Add a related_name.

WARNINGS:
?: (heroku.W001) The site does not send email, because EMAIL_URL is not set.

System check identified 4 issues (0 silenced).
"""
    first, second, third = explain.diagnose(log)
    assert (first.kind, second.kind) == (findings.MISSING_VARIABLE, findings.MISSING_VARIABLE)
    assert first.commands == ["heroku config:set SECRET_KEY=\"$(python3 -c 'x')\""]
    assert second.message == "DATABASE_URL is not set."
    assert third.kind is findings.CHECK and third.message.endswith("(fields.E304)")
    assert third.cure == "Add a related_name."


@pytest.mark.fast
@pytest.mark.parametrize(
    "log",
    [
        '10.0.0.1 - "GET /docs/relation to/ HTTP/1.1" 200',
        '"GET /a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=2" 200',
        "Deploying... done, v7\nhttps://site.herokuapp.com/ deployed to Heroku",
    ],
)
def test_a_log_in_which_all_is_well_is_no_failure(log):
    assert explain.explain_log(log) == []


@pytest.mark.fast
def test_a_very_long_log_keeps_its_two_ends(monkeypatch):
    monkeypatch.setattr(explain, "LONGEST", 1_000)
    lost = "x" * 2_000 + "\nNameError: name 'os' is not defined\n" + "x" * 2_000
    log = f"NameError: name 'django' is not defined\n{lost}\nError R14 (Memory)\n"
    said = [found.cause for found in explain.explain_log(log)]
    assert said == ["NameError: name 'django' is not defined", "R14"]


@pytest.mark.fast
def test_a_program_of_an_environment_is_not_a_place():
    frame = '  File "/app/.preflight/environment-1/bin/gunicorn", line 10, in <module>'
    log = f"Traceback (most recent call last):\n{frame}\n"
    found = explain.diagnose(f"{log}AttributeError: module 'shop.wsgi' has no attribute 'app'\n")
    assert [(finding.file, finding.line) for finding in found] == [("", 0)]


# It survives what people break


def break_syntax(project):
    append(project, "config/settings.py", "\nif True\n")


def break_names(project):
    append(project, "config/settings.py", "\nX = undefined_name\n")


def import_in_a_circle(project):
    (project / "config/a.py").write_text("from config.b import y\nx = 1\n", **UTF8)
    (project / "config/b.py").write_text("from config.a import x\ny = 1\n", **UTF8)
    append(project, "config/settings.py", "\nfrom config.a import x\n")


def lose_settings(project):
    (project / "config/settings.py").unlink()


def empty_manage(project):
    (project / "manage.py").write_text("", **UTF8)


def lose_manage(project):
    (project / "manage.py").unlink()


def scramble_procfile(project):
    (project / "Procfile").write_bytes(bytes(range(256)))


def scramble_settings(project):
    (project / "config/settings.py").write_bytes(b"\xff\xfe" + bytes(range(128, 256)))


def scramble_app_json(project):
    (project / "app.json").write_bytes(b"\x00\x01[")


def lose_requirements(project):
    (project / "requirements.txt").unlink()


def break_urls(project):
    (project / "config/urls.py").write_text("urlpatterns = None\n", **UTF8)


def break_models(project):
    append(project, "accounts/models.py", "\n\nclass Extra(NoSuchBase):\n    pass\n")


BREAKS = [
    (break_syntax, "build collectstatic", findings.SYNTAX),
    (break_names, "build collectstatic", findings.UNDEFINED_NAME),
    (import_in_a_circle, "build collectstatic", findings.CIRCULAR_IMPORT),
    (lose_settings, "build collectstatic", findings.WRONG_SETTINGS_MODULE),
    (empty_manage, "build collectstatic", findings.SILENT_COLLECTSTATIC),
    (lose_manage, "source rules", findings.NO_MANAGE_PY),
    (scramble_procfile, "source rules", findings.ENCODING),
    (scramble_settings, "build collectstatic", findings.SYNTAX),
    (scramble_app_json, "source rules", findings.INVALID_APP_JSON),
    (lose_requirements, "source rules", findings.NO_PACKAGE_MANAGER),
    (break_urls, None, None),
    (break_models, "build collectstatic", findings.UNDEFINED_NAME),
]


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize(("damage", "cause", "kind"), BREAKS, ids=[b[0].__name__ for b in BREAKS])
def test_a_broken_project_ends_with_a_verdict(project, damage, cause, kind, whole):
    damage(project)
    only = [] if whole or not cause else ["--only", cause.partition(" ")[0]]
    told = rehearse(project, "--uncommitted", *only)
    assert told.status == 1 and told.failed
    assert "preflight itself failed" not in str(told.document)
    if cause:
        assert cause in told.failed
        assert kind.id in told.ids


def test_an_empty_folder_and_one_without_git_end_with_a_verdict(project, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    told = rehearse(empty, "--only", "source")
    assert told.status == 1
    shutil.rmtree(project / ".git")
    told = rehearse(project, "--only", "build")
    assert told.status == 0
    assert any("git init -b main" in note for note in told.document["notes"])


# To a program, to a terminal


def test_a_document_says_everything_and_nothing_else_is_printed(proved, tmp_path):
    """The project's own preflight.pyz rehearses the first commit."""
    command = [sys.executable, "preflight.pyz", "--json"]
    ended = run(command, proved[0], caller_environment(tmp_path))
    document = json.loads(ended.output)
    assert (ended.status, document["status"], document["outcome"]) == (0, 0, "proved")
    phases = [step["phase"] for step in document["steps"]]
    assert sorted(phases, key="setup source build release web".split().index) == phases
    assert {step["state"] for step in document["steps"]} <= {"ok", "warning"}
    assert document["push"] == [f"{about.PYTHON} preflight.pyz next"]
    [files] = [step for step in document["steps"] if step["title"] == "files"]
    assert re.fullmatch(r"commit [0-9a-f]+ on main", files["detail"])


LONGER = [pytest.param(phase, marks=pytest.mark.long) for phase in ("release", "web")]


# By default, other tests rehearse these two: those of git and PostgreSQL.
@pytest.mark.parametrize("phase", ["source", "build", *LONGER])
def test_one_phase_runs_with_what_it_needs_and_no_more(project, phase):
    told = rehearse(project, "--uncommitted", "--only", phase)
    assert told.status == 0, told.document
    phases = [step["phase"] for step in told.document["steps"]]
    assert phases[-1] == phase
    assert phase != "source" or set(phases) <= {"setup", "source"}
    assert phase != "build" or "release" not in phases


def test_an_unknown_phase_is_said_in_a_line(project):
    ended = run([sys.executable, "-m", "preflight", "--only", "lunch"], project)
    assert ended.status == 2 and "invalid choice: 'lunch'" in ended.output


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminal for this")
def test_a_terminal_shows_colours_and_what_runs(project):
    import pty

    main, side = pty.openpty()
    append(project, "config/settings.py", "\nX = undefined_name\n")
    env = caller_environment(project.parent / "home", TERM="xterm")
    env.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "preflight", "--uncommitted", "--only", "build"]
    process = subprocess.Popen(command, cwd=project, env=env, stdout=side, stderr=side)
    os.close(side)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait(timeout=30) == 1
    text = shown.decode()
    assert "\x1b[31m  FAILED      build    collectstatic" in text
    assert re.search(r"\r\x1b\[2K +\d+ s  running: .*collectstatic", text)
    # The line of what runs is gone before any other is printed.
    assert text.rstrip().splitlines()[-1].startswith("The whole output is in")


def test_a_pipe_gets_neither_colours_nor_progress(project):
    ended = run([sys.executable, "-m", "preflight", "--uncommitted", "--only", "source"], project)
    assert "\x1b" not in ended.output and "\r" not in ended.output


def test_the_setup_of_a_package_is_named_whatever_exception_it_raised():
    output = """error: Failed to build `pillow==6.2.0`
  cause: The build backend returned an error
         Traceback (most recent call last):
           File "<string>", line 240, in get_version
         KeyError: '__version__'
"""
    [found] = explain.diagnose(output)
    assert (found.kind, found.values["package"]) == (findings.NO_WHEEL, "pillow")
