"""Test the parts of a rehearsal: each rule is broken on purpose, each figure is checked."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from preflight import (
    build,
    database,
    explain,
    file_checks,
    findings,
    heroku,
    interpreters,
    memory,
    packages,
    processes,
    project_command,
    project_files,
    project_tests,
    release,
    report,
    setup,
    slug,
    source,
    web,
)
from preflight.settings_checks import Facts
from preflight.steps import Failed, NotProved, Result, State, Step, run_all
from tests.helpers import caller_environment, python_of, run
from tests.preflight.rehearsal import (
    UTF8,
    built_site,
    dyno_variables,
    edit,
    rehearse,
    rehearse_step,
    share_environments,
)


@pytest.fixture
def tree(committed):
    """Return the pushed files of a fresh project."""
    return committed


def names_of(tree):
    """Return the files of a tree as git would list them."""
    kept = [p for p in tree.rglob("*") if p.is_file() and ".git" not in p.parts]
    return [p.relative_to(tree).as_posix() for p in kept if p.name not in {".env", "db.sqlite3"}]


def kinds(tree):
    """Return the kinds of the findings in a tree, without the warning about runtime.txt."""
    found = [finding.kind for finding in file_checks.check(tree, names_of(tree))]
    return [kind for kind in found if kind is not findings.RUNTIME_TXT]


@pytest.mark.fast
def test_two_python_version_files_are_refused(tree):
    (tree / ".python-version").write_text("3.13\n", **UTF8)
    assert kinds(tree) == [findings.TWO_PYTHON_VERSIONS]


@pytest.mark.fast
def test_runtime_txt_is_refused_with_uv(tree):
    (tree / "requirements.txt").rename(tree / "uv.lock")
    assert kinds(tree) == [findings.RUNTIME_TXT_WITH_UV]


@pytest.mark.fast
def test_a_misspelt_file_of_requirements_is_named(tree):
    (tree / "requirements.txt").rename(tree / "requirments.txt")
    [found, _] = file_checks.check(tree, names_of(tree))
    assert found.commands == ["git mv requirments.txt requirements.txt"]


@pytest.mark.fast
def test_all_problems_are_reported_at_once(tree):
    (tree / "uv.lock").write_text("", **UTF8)
    (tree / "Procfile").unlink()
    (tree / "manage.py").unlink()
    wanted = {findings.SEVERAL_PACKAGE_MANAGERS, findings.NO_PROCFILE, findings.NO_MANAGE_PY}
    assert wanted <= set(kinds(tree))


@pytest.mark.fast
@pytest.mark.row(78, 79, 80)
@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("web: a\nworker: b\nweb: c\n", findings.REPEATED_PROCESS_TYPE, 1),
        ("web: a\nworker : b\n", findings.MALFORMED_PROCESS_TYPE, 2),
        ("# only a comment\nworker: b\n", findings.NO_WEB_PROCESS, 0),
        (
            "web: python manage.py migrate && gunicorn config.wsgi\n",
            findings.WORK_IN_WEB,
            1,
        ),
    ],
)
def test_lines_of_the_procfile_that_heroku_ignores_are_reported(tree, text, kind, number):
    (tree / "Procfile").write_text(text, **UTF8)
    (tree / "runtime.txt").rename(tree / ".python-version")
    (tree / ".python-version").write_text("3.13\n", **UTF8)
    [found] = file_checks.check(tree, names_of(tree))
    assert (found.kind, found.file, found.line) == (kind, "Procfile", number)


@pytest.mark.fast
@pytest.mark.row(81, 82)
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("/manage.py", findings.SLUG_WITHOUT),
        ("templates", findings.SLUG_WITHOUT),
        ("/accounts/", findings.SLUG_WITHOUT),
        ("/tests", findings.TESTS_NOT_ON_CI),
        ("*.md", None),
    ],
)
def test_a_line_of_slugignore_that_removes_too_much_is_reported(tree, line, kind):
    (tree / ".slugignore").write_text(f"# Not needed\n{line}\n", **UTF8)
    assert kinds(tree) == ([kind] if kind else [])
    for found in file_checks.check(tree, names_of(tree)):
        if found.kind is kind:
            assert (found.file, found.line, found.edits[0].old) == (".slugignore", 2, f"{line}\n")


@pytest.mark.fast
@pytest.mark.row(83, 84)
def test_large_media_and_git_lfs_pointers_are_reported(tree, monkeypatch):
    (tree / "intro.mp4").write_bytes(bytes(2_000_000))
    assert kinds(tree) == []
    monkeypatch.setattr(heroku, "MEDIA_MB", 1)
    assert kinds(tree) == [findings.LARGE_MEDIA]
    (tree / "intro.mp4").write_bytes(heroku.LFS_POINTER + b"v1\noid sha256:0\nsize 2000000\n")
    assert kinds(tree) == [findings.GIT_LFS]


@pytest.mark.fast
@pytest.mark.row(94, 95)
def test_a_buildpack_for_poetry_and_a_committed_python_are_reported(tree):
    url = "https://github.com/moneymeets/python-poetry-buildpack"
    edit(tree, "app.json", '"env": {', f'"buildpacks": [{{"url": "{url}"}}], "env": {{')
    (tree / ".heroku/python/bin").mkdir(parents=True)
    (tree / ".heroku/python/bin/python").write_text("", **UTF8)
    assert kinds(tree) == [findings.COMMITTED_PYTHON, findings.OTHER_BUILDPACK]


@pytest.mark.fast
@pytest.mark.row(4)
@pytest.mark.parametrize(
    ("table", "unused"), [("", "uv.lock"), ("[project]\nname = 'x'\n", "requirements.txt")]
)
def test_the_file_of_the_package_manager_that_is_not_used_is_removed(tree, table, unused):
    (tree / "uv.lock").write_text("", **UTF8)
    (tree / "pyproject.toml").write_text(table, **UTF8)
    found = file_checks.check(tree, names_of(tree))
    [several] = [f for f in found if f.kind is findings.SEVERAL_PACKAGE_MANAGERS]
    assert several.commands == [f"git rm {unused}"]


@pytest.mark.fast
@pytest.mark.row(96)
def test_the_key_of_startproject_in_an_old_commit_is_only_a_note(tree):
    env = caller_environment(tree.parent / "home")
    key = "django-insecure-" + "z9" * 20
    for text in (f'SECRET_KEY = "{key}"\n', "SECRET_KEY = None\n"):
        (tree / "old.py").write_text(text, **UTF8)
        for command in (["add", "old.py"], ["commit", "-q", "-m", "Change the key"]):
            assert run(["git", *command], tree, env).status == 0
    told = rehearse(tree, "--only", "source")
    assert told.status == 0 and told.find(findings.OLD_INSECURE_KEY)["weight"] == "note"
    assert key not in str(told.document)


@pytest.mark.fast
@pytest.mark.row(7)
def test_runtime_txt_is_a_warning_and_its_cure_works(tree):
    env = caller_environment(tree.parent / "home")
    told = rehearse(tree, "--uncommitted", "--only", "source")
    assert told.status == 0 and told.step("rules")["state"] == "warning"
    create, remove = told.find(findings.RUNTIME_TXT)["next"]
    (tree / create["edit"]["file"]).write_text(create["edit"]["new"], **UTF8)
    assert run(["sh", "-c", remove["command"]], tree, env).status == 0
    assert rehearse(tree, "--uncommitted", "--only", "source").ids == []


@pytest.mark.fast
def test_warnings_fail_with_strict(tree):
    told = rehearse(tree, "--uncommitted", "--only", "source", "--strict")
    assert (told.status, told.document["outcome"], told.failed) == (1, "failed", [])


@pytest.mark.fast
@pytest.mark.row(85)
def test_a_committed_env_file_without_a_secret_is_a_warning(tree):
    (tree / ".env").write_text("DEBUG=true\n", **UTF8)
    env = caller_environment(tree.parent / "home")
    for command in (["add", "-f", ".env"], ["commit", "-q", "-m", "Add .env"]):
        assert run(["git", *command], tree, env).status == 0
    told = rehearse(tree, "--only", "source")
    assert told.status == 0 and told.find(findings.ENV_FILE)["file"] == ".env"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("output", "count"),
    [
        ("FAILED a.py::b - x\n2 failed, 3 passed, 1 error in 0.10s\n", "3 of your tests fail."),
        ("1 failed in 0.10s\n", "1 of your tests fails."),
        ("Ran 5 tests in 0.1s\n\nFAILED (failures=2, errors=1)\n", "3 of your tests fail."),
    ],
)
def test_failing_tests_are_counted(output, count):
    finished = processes.Finished("tests", 1, output, 0.1)
    error = project_tests.count_failures(Failed(findings.TESTS_FAILED(), finished=finished))
    assert str(error) == count


@pytest.mark.fast
def test_the_verdict_says_that_only_tests_fail():
    teller = report.Report(Path("site"), rehearsal=True)
    failing = Step("release", "tests", str, state=State.FAILED)
    failing.found = [findings.TESTS_FAILED(count=2, verb="of your tests fail")]
    said = teller.verdict([failing], report.FAILED, 1.0)
    assert said == "Heroku would accept this push. 2 of your tests fail."
    build_step = Step("build", "collectstatic", str, state=State.FAILED)
    said = teller.verdict([build_step, failing], report.FAILED, 1.0)
    assert said == "Failed: collectstatic. Fix this before you push. 2 of your tests fail."


@pytest.mark.fast
def test_a_process_line_sets_variables_for_its_program():
    line = "DJANGO_SETTINGS_MODULE=shop.settings.heroku A='b' gunicorn shop.wsgi C=d"
    found = project_files.assignments(line)
    assert found == {"DJANGO_SETTINGS_MODULE": "shop.settings.heroku", "A": "b"}
    assert project_files.assignments("env A=b gunicorn") == {"A": "b"}


@pytest.mark.fast
def test_an_app_json_that_is_invalid_is_reported(tree):
    for text in ("{", "[]", '{"env": []}', '{"env": [1]}'):
        (tree / "app.json").write_text(text, **UTF8)
        assert project_files.config_vars(tree) == {}
        assert text == '{"env": []}' or kinds(tree) == [findings.INVALID_APP_JSON]


@pytest.mark.fast
def test_what_is_pushed_is_the_commit_and_not_the_folder(committed, tmp_path):
    clone = tmp_path / "clone"
    env = caller_environment(tmp_path / "home")
    assert run(["git", "clone", "-q", committed, clone], tmp_path, env).status == 0
    (clone / "new.txt").write_text("new\n", **UTF8)
    (clone / "Procfile").write_text("web: other\n", **UTF8)
    pushed = source.take(clone, tmp_path / "committed/app")
    [note] = source.find_notes(clone, uncommitted=False)
    assert note.startswith("2 changed files, not committed, so not pushed.")
    assert "Procfile" in pushed.names
    assert "gunicorn" in (tmp_path / "committed/app/Procfile").read_text(**UTF8)
    assert not (tmp_path / "committed/app/new.txt").exists()
    whole = source.take(clone, tmp_path / "all/app", uncommitted=True)
    assert "new.txt" in whole.names
    assert (tmp_path / "all/app/Procfile").read_text(**UTF8) == "web: other\n"


@pytest.mark.fast
def test_line_ends_of_the_pushed_files_do_not_follow_the_callers_git(committed, tmp_path):
    env = caller_environment(tmp_path / "home")
    clone = tmp_path / "clone"
    options = ["-c", "core.autocrlf=true"]
    assert run(["git", *options, "clone", "-q", committed, clone], tmp_path, env).status == 0
    run(["git", "config", "core.autocrlf", "true"], clone, env)
    source.take(clone, tmp_path / "a/app")
    for path in (tmp_path / "a/app").rglob("*"):
        assert not path.is_file() or b"\r\n" not in path.read_bytes(), path


@pytest.mark.fast
def test_slugignore_takes_files_away_before_the_build(tree):
    (tree / ".slugignore").write_text("# no\n/tests\n*.svg\n", **UTF8)
    source.apply_slugignore(tree)
    assert not (tree / "tests").exists()
    assert not (tree / "static/favicon.svg").exists()
    assert (tree / "manage.py").exists()


@pytest.mark.fast
def test_config_vars_are_placeholders_that_open_nothing(tree):
    (tree / "app.json").write_text(
        '{"env": {"SECRET_KEY": {"generator": "secret"}, "A": "given", "B": {"value": "v"},'
        ' "AWS_SECRET_ACCESS_KEY": {"description": "d"}, "CLOUDINARY_URL": {"required": true}}}',
        **UTF8,
    )
    found = project_files.config_vars(tree)
    assert len(found["SECRET_KEY"]) == 64
    assert (found["A"], found["B"]) == ("given", "v")
    assert found["AWS_SECRET_ACCESS_KEY"] == "placeholder"
    assert found["CLOUDINARY_URL"].startswith("cloudinary://")


def test_a_failing_release_command_keeps_the_old_release(proved, tree):
    (tree / "Procfile").write_text("release: python -c 'raise SystemExit(7)'\nweb: x\n", **UTF8)
    environment = processes.bare_environment(tree / "home", python_of(proved[0]).parent)
    with pytest.raises(Failed) as failure:
        release.run_release_command(tree, python_of(proved[0]), environment)
    assert failure.value.finished.status == 7
    assert failure.value.found[0].kind is findings.RELEASE_FAILED


# The web phase


@pytest.fixture
def site(proved, tmp_path):
    """Return a site to boot, with its static files collected and its database migrated."""
    tree = shutil.copytree(built_site() / "site", tmp_path / "site")
    file = shutil.copyfile(built_site() / "db.sqlite3", tmp_path / "web.sqlite3")
    facts = Facts(**json.loads((built_site() / "facts.json").read_text(**UTF8)))
    variables = dyno_variables(proved[0], file)
    site = web.Site(tree, python_of(proved[0]), variables, tmp_path / "web.log", facts)
    yield site
    web.close(site)


def test_a_fresh_site_holds_through_the_whole_web_phase(site):
    assert web.boot(site) == Result("it answers")
    assert web.visit_home(site) == Result("200")
    assert web.visit(site) == Result("HTTPS, hosts, 404, headers, admin")
    assert re.fullmatch(r"site\.[0-9a-f]{12}\.css, immutable", web.visit_static(site).detail)
    assert re.fullmatch(r"\d+ without an error", web.visit_pages(site))
    assert "PSS, 3 processes" in web.weigh(site).detail
    own = database.Database(site.variables["DATABASE_URL"], "")
    told = web.provoke(site, lambda text: database.change(own, text, site.python, site.tree))
    assert told.detail.endswith("with the request id") and not told.found
    assert re.fullmatch(r"gone [\d.]+ s after SIGTERM", web.stop(site))
    assert site.server.poll() is not None


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (
            "SECURE_SSL_REDIRECT = not DEBUG",
            "SECURE_SSL_REDIRECT = False",
            findings.NO_HTTPS_REDIRECT,
        ),
        # gunicorn trusts the router's header by itself; only another server shows the loop.
        ('SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")', "", None),
        (
            "SECURE_HSTS_SECONDS = 0 if DEBUG else",
            "SECURE_HSTS_SECONDS = 0 and",
            findings.MISSING_HEADER,
        ),
        ('or ".herokuapp.com"', 'or "*"', findings.ANY_HOST),
        (
            "SESSION_COOKIE_SECURE = not DEBUG\nCSRF_COOKIE_SECURE = not DEBUG",
            "",
            findings.INSECURE_COOKIE,
        ),
    ],
    ids=["redirect", "header", "hsts", "hosts", "cookies"],
)
def test_a_setting_that_is_missing_is_seen_from_outside(site, old, new, kind):
    edit(site.tree, "config/settings.py", old, new)
    web.boot(site)
    found = web.visit(site).found
    assert [finding.kind for finding in found] == ([kind] if kind else [])
    assert all(finding.file == "config/settings.py" for finding in found)


def test_a_redirect_that_goes_round_is_named(site):
    edit(site.tree, "config/settings.py", 'SECURE_PROXY_SSL_HEADER = ("HTTP', 'X = ("HTTP')
    edit(site.tree, "gunicorn.conf.py", 'forwarded_allow_ips = "*"', 'forwarded_allow_ips = ""')
    site.variables.pop("FORWARDED_ALLOW_IPS")
    web.boot(site)
    with pytest.raises(Failed) as failure:
        web.visit_home(site)
    assert failure.value.found[0].kind is findings.REDIRECT_LOOP


def test_a_static_file_without_a_hash_is_a_warning(site):
    edit(
        site.tree,
        "config/settings.py",
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "whitenoise.storage.CompressedStaticFilesStorage",
    )
    build.collect_static(site.tree, site.python, site.variables)
    web.boot(site)
    assert [finding.kind for finding in web.visit_static(site).found] == [findings.NOT_CACHED]


def test_a_bound_port_is_not_a_boot(site, monkeypatch):
    (site.tree / "deaf.py").write_text(
        "import os, socket, time\n"
        "listener = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\n"
        "time.sleep(60)\n",
        **UTF8,
    )
    edit(
        site.tree,
        "Procfile",
        "web: gunicorn --config gunicorn.conf.py config.wsgi",
        "web: python deaf.py",
    )
    monkeypatch.setattr(heroku, "BOOT_SECONDS", 1.5)
    with pytest.raises(Failed) as failure:
        web.boot(site)
    assert failure.value.found[0].kind is findings.BOOT_TIMEOUT


@pytest.mark.row(77)
def test_a_process_that_ignores_sigterm_is_killed_and_named(site, monkeypatch):
    (site.tree / "stubborn.py").write_text(
        "import os, signal\nfrom wsgiref.simple_server import make_server\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "from config.wsgi import application\n"
        "make_server('127.0.0.1', int(os.environ['PORT']), application).serve_forever()\n",
        **UTF8,
    )
    edit(
        site.tree,
        "Procfile",
        "web: gunicorn --config gunicorn.conf.py config.wsgi",
        "web: python stubborn.py",
    )
    monkeypatch.setattr(heroku, "SHUTDOWN_SECONDS", 2)
    web.boot(site)
    with pytest.raises(Failed) as failure:
        web.stop(site)
    assert failure.value.found[0].kind is findings.IGNORES_SIGTERM
    assert site.server.poll() is not None


def test_a_home_page_that_fails_is_explained_by_the_log(site):
    edit(site.tree, "templates/base.html", "favicon.svg", "favicon2.svg")
    web.boot(site)
    with pytest.raises(Failed) as failure:
        web.visit_home(site)
    assert failure.value.found[0].kind is findings.SERVER_ERROR
    [found] = explain.diagnose(failure.value.finished.output)
    assert found.kind is findings.MANIFEST
    assert found.cause == "ValueError: Missing staticfiles manifest entry for 'favicon2.svg'"


@pytest.mark.fast
def test_only_the_same_exception_from_the_same_line_follows():
    frame = 'Traceback (most recent call last):\n  File "a.py", line {}, in f\nValueError: x\n'
    first, other = frame.format(3), frame.format(4)

    def fail(output):
        raise Failed(findings.RELEASE_FAILED(), finished=processes.Finished("x", 1, output, 0.1))

    steps = [
        Step("build", "first", lambda: fail(first)),
        Step("release", "same", lambda: fail(first)),
        Step("web", "other", lambda: fail(other)),
    ]
    run_all(steps, lambda step: None)
    assert [step.state for step in steps] == [State.FAILED, State.FOLLOWS, State.FAILED]
    assert (steps[2].found[0].file, steps[2].found[0].line) == ("a.py", 4)


def test_tests_that_slugignore_takes_away_are_still_run(proved, project):
    share_environments(project, proved[0])
    (project / ".slugignore").write_text("/tests\n", **UTF8)
    told = rehearse_step(project, "release tests")
    assert told.status == 0 and re.fullmatch(r"\d+ passed", told.step("tests")["detail"])


@pytest.mark.fast
def test_a_name_that_no_index_has_is_the_projects_fault():
    output = "ERROR: Could not find a version that satisfies djnago==5.2 (from versions: none)"
    assert packages.reason_here(processes.Finished("pip", 1, output, 0.1)) is None


@pytest.fixture
def parts(tmp_path):
    """Return a project with 2 MB and an environment with 4 MB that cannot be compressed."""
    noise = random.Random(10)
    installed = processes.python_in(tmp_path / "environment").parent.parent
    installed /= "Lib/site-packages" if processes.WINDOWS else "lib/python3.13/site-packages"
    (installed / "package").mkdir(parents=True)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/data.bin").write_bytes(noise.randbytes(2_000_000))
    (installed / "package/data.so").write_bytes(noise.randbytes(3_000_000))
    (installed / "package/module.py").write_bytes(noise.randbytes(1_000_000))
    return tmp_path / "app", tmp_path / "environment"


@pytest.mark.fast
def test_the_figure_of_the_slug_counts_what_the_build_adds_and_compresses(parts):
    tree, environment = parts
    installed = packages.site_packages(environment)

    def megabytes():
        return int(re.match(r"about (\d+) MB of 500, compressed", slug.weigh(*parts))[1])

    # Python, pip, the six megabytes above, half a megabyte of bytecode.
    assert (before := megabytes()) == pytest.approx(14 + 4 + 6.5, abs=1)
    (tree / "zeros.bin").write_bytes(bytes(20_000_000))
    (installed / "__pycache__").mkdir()
    (installed / "__pycache__/x.pyc").write_bytes(random.Random(1).randbytes(9_000_000))
    assert megabytes() == pytest.approx(before, abs=1)
    (tree / "uv.lock").touch()
    assert megabytes() == pytest.approx(before - 4, abs=1)


def test_a_sample_of_the_slug_weighs_about_as_much_as_all_of_it(tmp_path):
    noise = random.Random(10)
    for number in range(300):
        text = b"".join(noise.choices([b"import", b"def", b" = ", b"(1)\n"], k=5000))
        content = noise.randbytes(noise.randrange(50_000)) if number % 2 else text
        (tmp_path / f"{number}.bin").write_bytes(content)
    sizes = slug.file_sizes(tmp_path)
    packed = run(["sh", "-c", "tar -c . | gzip | wc -c"], tmp_path).output
    assert slug.compressed_size(sizes, share=1) == pytest.approx(int(packed), rel=0.05)
    assert slug.compressed_size(sizes, share=16) == pytest.approx(int(packed), rel=0.15)


@pytest.mark.fast
def test_a_slug_near_the_limit_is_counted_and_not_sampled(parts, monkeypatch):
    shares = []
    counted = slug.compressed_size
    monkeypatch.setattr(
        slug, "compressed_size", lambda sizes, share: shares.append(share) or counted(sizes, share)
    )
    slug.weigh(*parts)
    assert shares == [16]
    monkeypatch.setattr(heroku, "SLUG_MB", 20)
    with pytest.raises(Failed, match=r"about 24 MB\. .*\bpackage \(4 MB\), data.bin \(2 MB\)"):
        slug.weigh(*parts)
    assert shares == [16, 16, 1]


@pytest.mark.fast
def test_optional_config_vars_stay_unset_as_on_heroku(tree):
    (tree / "app.json").write_text(
        '{"env": {"EMAIL_URL": {"required": false}, "N": {"value": 2}}}', **UTF8
    )
    assert project_files.config_vars(tree) == {"N": "2"}


@pytest.mark.fast
def test_a_fault_of_the_rehearsal_itself_is_no_traceback():
    step = Step("a", "first", lambda: {}["x"])
    run_all([step], lambda step: None)
    assert step.state is State.NOT_PROVED and "preflight itself failed" in step.detail


def test_memory_beyond_a_dyno_is_a_warning(site, monkeypatch):
    web.boot(site)
    monkeypatch.setattr(heroku, "MEMORY_MB", 10)
    assert [finding.kind for finding in web.weigh(site).found] == [findings.TOO_MUCH_MEMORY]


def test_memory_that_cannot_be_read_is_bounded_or_not_proved(site, monkeypatch):
    web.boot(site)
    monkeypatch.setattr(memory, "proportional_size", lambda pid: None)
    assert "RSS" in web.weigh(site).detail
    monkeypatch.setattr(heroku, "MEMORY_MB", 10)
    web.weigh(site)
    assert "shared memory counts several times" in site.left_out[0]
    monkeypatch.setattr(memory, "resident_sizes", lambda group: {})
    with pytest.raises(NotProved, match="does not report the memory"):
        web.weigh(site)


def test_the_figure_of_memory_counts_every_process(site):
    web.boot(site)
    sizes = memory.wait_for_sizes(site.group, 3)
    assert len(sizes) == 3
    assert memory.resident_sizes_from_proc(site.group).keys() == sizes.keys()


def test_without_fcntl_a_stand_in_serves_and_the_report_says_so(proved, project):
    """What Windows sees, forced here: a module fcntl that cannot be imported."""
    (project / "fcntl.py").write_text("raise ImportError(\"No module named 'fcntl'\")\n", **UTF8)
    share_environments(project, proved[0])
    told = rehearse(project, "--uncommitted", "--only", "web")
    assert told.status == 0, told.document["steps"]
    assert told.step("boot")["detail"] == "the stand-in for gunicorn answers"
    assert any("gunicorn, its memory and how" in said for said in told.document["not_proved"])
    assert "MB of 512" not in told.step("memory")["detail"]


# Interpreters, environments, processes


@pytest.fixture
def chosen(tmp_path):
    """Return a function that writes requirements and returns the chosen environment."""

    def choose(cache="site/.preflight", **files):
        for name, text in files.items():
            (tmp_path / f"{name}.txt").write_text(text, **UTF8)
        python = interpreters.Python("/usr/bin/python3", "3.13.1")
        return packages.choose_environment(tmp_path / cache, tmp_path, python).name

    return choose


@pytest.mark.fast
def test_an_environment_is_not_kept_in_a_renamed_folder(chosen, tmp_path):
    before = chosen(requirements="Django==5.2.19\n")
    assert chosen() == before
    assert chosen(cache="renamed/.preflight") != before
    (tmp_path / "site/.preflight").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "site")
    assert chosen(cache="link/.preflight") == before


@pytest.mark.fast
def test_included_requirements_are_compared(chosen):
    before = chosen(
        requirements="--no-binary :none:\n-r base.txt\n--constraint=limits.txt  # all\n",
        base="Django\n-r requirements.txt\n",
        limits="Django==5.2.18\n",
    )
    assert chosen() == before
    assert chosen(limits="Django==5.2.19\n") != before
    assert chosen(limits="Django==5.2.18\n") == before


@pytest.mark.parametrize(
    "line", ["-e .", "./local", "x @ file:///srv/x", "-f wheels", "-r none.txt", "-r https://x/y"]
)
def test_requirements_that_cannot_be_compared_are_installed_each_time(chosen, line):
    assert chosen(requirements=f"Django\n{line}\n") != chosen()


@pytest.mark.fast
def test_a_shim_that_answers_command_not_found_is_no_python(tmp_path):
    shim = tmp_path / "python3.99"
    shim.write_text(
        "#!/bin/sh\necho 'pyenv: python3.99: command not found' >&2\nexit 127\n", **UTF8
    )
    shim.chmod(0o755)
    assert interpreters.probe([str(shim)]) is None


@pytest.mark.fast
def test_a_shim_on_path_does_not_hide_the_real_one(tmp_path, monkeypatch):
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    shim = tmp_path / f"python{series}"
    shim.write_text("#!/bin/sh\nexit 127\n", **UTF8)
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert interpreters.find_series(series).series == series


@pytest.mark.fast
def test_another_python_serves_if_django_allows_it(tmp_path, monkeypatch):
    (tmp_path / "runtime.txt").write_text("python-3.77\n", **UTF8)
    (tmp_path / "requirements.txt").write_text("Django==5.2.19\n", **UTF8)
    found = interpreters.find(tmp_path)
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    (tmp_path / "requirements.txt").write_text("Django==6.1.3\n", **UTF8)
    assert interpreters.oldest_allowed(tmp_path) == (3, 12)
    if sys.version_info < (3, 12):
        newer = [s for s in ("3.12", "3.13", "3.14") if interpreters.find_series(s)]
        if newer:
            assert interpreters.find(tmp_path).series in newer


@pytest.mark.fast
def test_an_environment_from_nothing_holds_nothing_of_the_caller(tmp_path, monkeypatch):
    for name in ("DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "CLOUDINARY_URL", "PYTHONPATH"):
        monkeypatch.setenv(name, "leak")
    environment = processes.bare_environment(tmp_path / "home")
    assert "leak" not in environment.values()
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path / "home")
    assert str(Path(sys.executable).parent) not in environment["PATH"].split(os.pathsep)


@pytest.mark.fast
def test_an_installer_gets_the_way_to_the_index_and_no_target(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.com")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com")
    for name in ("PIP_TARGET", "UV_PYTHON", "VIRTUAL_ENV", "DATABASE_URL"):
        monkeypatch.setenv(name, "leak")
    environment = processes.installer_environment()
    assert environment["PIP_INDEX_URL"] == "https://index.example.com"
    assert environment["https_proxy"] == "http://proxy.example.com"
    assert "leak" not in environment.values()


@pytest.mark.fast
def test_a_command_that_hangs_is_ended_with_all_its_children(tmp_path):
    deadline = time.monotonic() + 300
    command = "sleep 600 & echo $!; sleep 600"
    finished = processes.run(command, tmp_path, {"PATH": os.defpath}, timeout=0.5)
    assert finished.status is None
    command = ["ps", "-o", "stat=", "-p", finished.output.strip()]
    # A process that has ended may wait for its parent to ask for its status (Z).
    while subprocess.run(command, capture_output=True, text=True).stdout[:1] not in {"", "Z"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert packages.reason_here(finished) == "it took too long"


@pytest.mark.fast
def test_a_command_that_something_ends_proves_nothing(tmp_path):
    finished = processes.run("kill -9 $$", tmp_path, {"PATH": os.defpath})
    assert finished.killed
    with pytest.raises(NotProved, match="something else ended it"):
        otherwise = findings.RELEASE_FAILED()
        project_command.run_project("kill -9 $$", tmp_path, {"PATH": os.defpath}, otherwise)


@pytest.mark.fast
def test_no_free_port_proves_nothing(monkeypatch):
    def refuse(self, address):
        raise OSError("Address already in use")

    monkeypatch.setattr("socket.socket.bind", refuse)
    step = Step("web", "boot", processes.free_port)
    step.run()
    assert step.state is State.NOT_PROVED and "Address already in use" in step.detail


@pytest.mark.fast
def test_a_step_after_a_failure_is_not_reached_and_others_go_on():
    def fail():
        raise Failed(findings.NO_MANAGE_PY())

    first = Step("a", "first", fail)
    second = Step("a", "second", lambda: "never", [first])
    third = Step("a", "third", lambda: "fine")
    last = Step("a", "last", lambda: "still", [third], [first])
    told = []
    run_all([first, second, third, last], told.append)
    states = [step.state for step in (first, second, third, last)]
    assert states == [State.FAILED, State.NOT_REACHED, State.OK, State.OK]
    assert len(told) == 4


@pytest.mark.fast
def test_a_full_disk_proves_nothing():
    def fill():
        raise OSError(28, "No space left on device")

    step = Step("a", "first", fill)
    run_all([step], lambda step: None)
    assert step.state is State.NOT_PROVED


@pytest.mark.fast
def test_a_folder_that_is_no_environment_is_left_alone(committed):
    (committed / ".venv").mkdir()
    (committed / ".venv/mine.txt").write_text("mine", **UTF8)
    with pytest.raises(Failed, match="is not a virtual environment"):
        setup.make_venv(committed, interpreters.find(committed))
    assert (committed / ".venv/mine.txt").exists()


def test_an_environment_of_another_python_is_left_alone(proved, tmp_path):
    other = interpreters.Python(sys.executable, "3.99.1")
    with pytest.raises(Failed, match="this project needs 3.99.1"):
        setup.make_venv(proved[0], other)


@pytest.mark.fast
def test_a_broken_environment_is_replaced(committed):
    (committed / ".venv/bin").mkdir(parents=True)
    (committed / ".venv/pyvenv.cfg").write_text("home = /nowhere\n", **UTF8)
    (committed / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n", **UTF8)
    found = interpreters.find(committed)
    if processes.WINDOWS:
        pytest.skip("a file without an ending is no program on Windows")
    assert setup.make_venv(committed, found) == f"Python {found.version}"


@pytest.mark.fast
def test_the_report_survives_a_terminal_that_knows_few_characters(committed, tmp_path):
    code = "import sys; sys.argv = ['x']; from preflight import report; report.prepare_terminal();"
    code += "report.say('Größe 我 🚀')"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=committed,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode("cp1252").startswith("Größe")


def test_the_progress_line_names_each_running_step_once(monkeypatch, capsys):
    monkeypatch.setattr(report, "on_a_terminal", lambda: True)
    teller = report.Report(Path("site"), rehearsal=True)
    monkeypatch.setattr("time.monotonic", lambda: teller.began + 6.2)
    titles = [("setup", "database"), ("release", "database"), ("release", "migrations")]
    teller.show_progress([Step(phase, title, str) for phase, title in titles])
    assert capsys.readouterr().out.endswith("\r\x1b[2K  6 s  running: database, migrations")


@pytest.mark.fast
def test_the_log_of_a_failure_holds_the_whole_output(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    output = "\n".join(f"line {number}" for number in range(100))
    step = Step("build", "packages", str, finished=processes.Finished("pip", 1, output, 0.1))
    text = report.write_log([step], "site").read_text(**UTF8)
    assert "line 0\n" in text and "line 99" in text


@pytest.mark.fast
def test_an_unknown_folder_and_an_unknown_option_are_said_in_a_line(committed, tmp_path):
    for arguments in (["--project", str(tmp_path / "nowhere")], ["--colour"]):
        ended = run([sys.executable, "-m", "preflight", *arguments], committed)
        assert ended.status == 2
        assert "Traceback" not in ended.output


@pytest.mark.fast
def test_a_shim_of_uv_is_no_uv(committed, monkeypatch, tmp_path):
    shim = tmp_path / "uv"
    shim.write_text("#!/bin/sh\necho 'pyenv: uv: command not found' >&2\nexit 127\n", **UTF8)
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("UV", str(shim))
    monkeypatch.setattr(interpreters.importlib.util, "find_spec", lambda name: None)
    interpreters.find_uv.cache_clear()
    try:
        assert interpreters.find_uv(committed) is None
    finally:
        interpreters.find_uv.cache_clear()


@pytest.mark.fast
def test_the_timings_show_when_each_step_ran(committed, tmp_path):
    trace = tmp_path / "trace.json"
    rehearse(committed, "--uncommitted", "--only", "source", "--timings", str(trace))
    events = json.loads(trace.read_text(**UTF8))["traceEvents"]
    assert {"files", "rules", "secrets"} <= {event["name"] for event in events}
    assert min(event["ts"] for event in events) == 0 and all(e["dur"] >= 0 for e in events)
