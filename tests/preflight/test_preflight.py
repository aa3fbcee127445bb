"""The rehearsal's own parts: each rule broken on purpose, each figure checked for what it is."""

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
    contract,
    explain,
    interpreter,
    process,
    release,
    report,
    rules,
    setup,
    source,
    web,
)
from preflight.steps import Failed, NotProved, State, Step, run_all
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


def complaints(tree):
    """Return what the rules say about a tree, as one line."""
    said = " ".join(problem.sentence for problem in contract.check(tree, names_of(tree)))
    return " ".join(said.split())


@pytest.mark.fast
def test_two_python_version_files_are_refused(tree):
    (tree / ".python-version").write_text("3.13\n", **UTF8)
    assert "runtime.txt and .python-version are both there" in complaints(tree)


@pytest.mark.fast
def test_runtime_txt_is_refused_with_uv(tree):
    (tree / "requirements.txt").rename(tree / "uv.lock")
    assert "Heroku refuses runtime.txt with uv" in complaints(tree)


@pytest.mark.fast
def test_a_misspelt_file_of_requirements_is_named(tree):
    (tree / "requirements.txt").rename(tree / "requirments.txt")
    assert "git mv requirments.txt requirements.txt" in complaints(tree)


@pytest.mark.fast
def test_all_faults_are_told_at_once(tree):
    (tree / "uv.lock").write_text("", **UTF8)
    (tree / "Procfile").unlink()
    (tree / "manage.py").unlink()
    said = complaints(tree)
    assert "uv.lock" in said and "Procfile" in said and "manage.py" in said


@pytest.mark.fast
def test_an_app_json_that_is_none_is_said(tree):
    for text in ("{", "[]", '{"env": []}', '{"env": [1]}'):
        (tree / "app.json").write_text(text, **UTF8)
        assert build.config_vars(tree) == {}
        assert text == '{"env": []}' or "app.json is not valid JSON" in complaints(tree)


@pytest.mark.fast
def test_what_is_pushed_is_the_commit_and_not_the_folder(committed, tmp_path):
    clone = tmp_path / "clone"
    env = caller_environment(tmp_path / "home")
    assert run(["git", "clone", "-q", committed, clone], tmp_path, env).status == 0
    (clone / "new.txt").write_text("new\n", **UTF8)
    (clone / "Procfile").write_text("web: other\n", **UTF8)
    pushed = source.take(clone, tmp_path / "committed/app")
    [note] = source.find_notes(clone, uncommitted=False)
    assert note.startswith("2 changed files, not committed and so not pushed.")
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
def test_config_vars_are_stand_ins_that_open_nothing(tree):
    (tree / "app.json").write_text(
        '{"env": {"SECRET_KEY": {"generator": "secret"}, "A": "given", "B": {"value": "v"},'
        ' "AWS_SECRET_ACCESS_KEY": {"description": "d"}, "CLOUDINARY_URL": {"required": true}}}',
        **UTF8,
    )
    found = build.config_vars(tree)
    assert len(found["SECRET_KEY"]) == 64
    assert (found["A"], found["B"]) == ("given", "v")
    assert found["AWS_SECRET_ACCESS_KEY"] == "placeholder"
    assert found["CLOUDINARY_URL"].startswith("cloudinary://")


def test_a_failing_release_command_keeps_the_old_release(proved, tree):
    (tree / "Procfile").write_text("release: python -c 'raise SystemExit(7)'\nweb: x\n", **UTF8)
    environment = process.bare_environment(tree / "home", python_of(proved[0]).parent)
    with pytest.raises(Failed, match="keep the old release") as failure:
        release.run_release_command(tree, python_of(proved[0]), environment)
    assert failure.value.finished.status == 7


# The web phase


@pytest.fixture
def site(proved, tmp_path):
    """Return a site to boot, with its static files collected and its database migrated."""
    tree = shutil.copytree(built_site() / "site", tmp_path / "site")
    database = shutil.copyfile(built_site() / "db.sqlite3", tmp_path / "web.sqlite3")
    facts = json.loads((built_site() / "facts.json").read_text(**UTF8))
    variables = dyno_variables(proved[0], database)
    site = web.Site(tree, python_of(proved[0]), variables, tmp_path / "web.log", facts)
    yield site
    web.close(site)


def test_a_fresh_site_holds_through_the_whole_web_phase(site):
    assert web.boot(site) == "it answers"
    assert web.visit_home(site) == "200"
    assert web.visit(site) == "301, 400, 404, headers, admin"
    assert re.fullmatch(r"site\.[0-9a-f]{12}\.css, immutable", web.visit_static(site))
    assert "PSS, 3 processes" in web.weigh(site)
    database = release.Database(site.variables["DATABASE_URL"], "")
    told = web.provoke(site, lambda text: release.change(database, text, site.python, site.tree))
    assert told.endswith("with the request id")
    assert re.fullmatch(
        r"gone [\d.]+ s after SIGTERM, a request meanwhile answered with 200", web.stop(site)
    )
    assert site.server.poll() is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "SECURE_SSL_REDIRECT = not DEBUG",
            "SECURE_SSL_REDIRECT = False",
            "http is answered with 200",
        ),
        (
            'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
            "",
            None,
        ),
        (
            "SECURE_HSTS_SECONDS = 0 if DEBUG else",
            "SECURE_HSTS_SECONDS = 0 and",
            "lacks Strict-Transport-Security",
        ),
        ('or ".herokuapp.com"', 'or "*"', "answered with 200 instead of 400"),
        ("SESSION_COOKIE_SECURE = not DEBUG\nCSRF_COOKIE_SECURE = not DEBUG", "", "not Secure"),
    ],
    ids=["redirect", "header", "hsts", "hosts", "cookies"],
)
def test_a_setting_that_is_missing_is_seen_from_outside(site, old, new, said):
    edit(site.tree, "config/settings.py", old, new)
    web.boot(site)
    if said is None:
        # gunicorn trusts the router's header by itself; only another server shows the loop.
        assert web.visit(site)
        return
    with pytest.raises(Failed) as failure:
        web.visit(site)
    assert said in " ".join(str(failure.value).split())


def test_a_redirect_that_goes_round_is_named(site):
    edit(site.tree, "config/settings.py", 'SECURE_PROXY_SSL_HEADER = ("HTTP', 'X = ("HTTP')
    edit(site.tree, "gunicorn.conf.py", 'forwarded_allow_ips = "*"', 'forwarded_allow_ips = ""')
    site.variables.pop("FORWARDED_ALLOW_IPS")
    web.boot(site)
    with pytest.raises(Failed, match="Set SECURE_PROXY_SSL_HEADER"):
        web.visit_home(site)


def test_a_static_file_without_a_hash_is_refused(site):
    edit(
        site.tree,
        "config/settings.py",
        "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "whitenoise.storage.CompressedStaticFilesStorage",
    )
    build.collect_static(site.tree, site.python, site.variables)
    web.boot(site)
    with pytest.raises(Failed, match="a year of immutable"):
        web.visit_static(site)


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
    monkeypatch.setattr(rules, "BOOT_SECONDS", 1.5)
    with pytest.raises(Failed, match="does not answer within"):
        web.boot(site)


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
    monkeypatch.setattr(rules, "SHUTDOWN_SECONDS", 2)
    web.boot(site)
    with pytest.raises(Failed, match=r"after SIGTERM; Heroku would kill\s+it"):
        web.stop(site)
    assert site.server.poll() is not None


DROPPING = """
import os, signal, socketserver, sys, threading
from http.server import BaseHTTPRequestHandler
leaving = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: (leaving.set(), threading.Timer(1, os._exit, [0]).start()))
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if leaving.is_set():
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_a_server_that_drops_a_request_when_it_leaves_is_found_out(site):
    (site.tree / "dropping.py").write_text(DROPPING, **UTF8)
    (site.tree / "Procfile").write_text("web: python dropping.py\n", **UTF8)
    web.boot(site)
    with pytest.raises(Failed, match="over a kept connection is dropped"):
        web.stop(site)
    assert site.server.poll() is not None


def test_a_home_page_that_fails_is_told_with_what_the_log_says(site):
    edit(site.tree, "templates/base.html", "favicon.svg", "favicon2.svg")
    web.boot(site)
    with pytest.raises(Failed, match="answered with 500") as failure:
        web.visit_home(site)
    said = explain.explain(failure.value.finished.output)
    assert said.cause == "ValueError: Missing staticfiles manifest entry for 'favicon2.svg'"
    assert "Correct the name in the template" in said.cure


@pytest.mark.fast
def test_what_an_earlier_step_has_named_is_no_second_cause():
    log = "Traceback (most recent call last):\nValueError: Missing entry for 'css/none.css'\n"
    bad = process.Finished("web", 1, log, 0.1)
    other = process.Finished("web", 1, log.replace("none", "other"), 0.1)

    def fail(sentence, finished=None):
        raise Failed(sentence, finished)

    steps = [
        Step("release", "settings", lambda: fail("home.html names css/none.css")),
        Step("web", "home page", lambda: fail("answered with 500", bad)),
        Step("web", "visit", lambda: fail("answered with 500", other)),
    ]
    run_all(steps, lambda step: None)
    assert [step.state for step in steps] == [State.FAILED, State.FOLLOWS, State.FAILED]


def test_tests_that_slugignore_takes_away_are_still_run(proved, project):
    share_environments(project, proved[0])
    (project / ".slugignore").write_text("/tests\n", **UTF8)
    told = rehearse_step(project, "release tests")
    assert told.status == 0 and re.fullmatch(r"\d+ passed", told.step("tests")["detail"])


@pytest.mark.fast
def test_a_name_that_no_index_has_is_the_projects_fault():
    output = "ERROR: Could not find a version that satisfies djnago==5.2 (from versions: none)"
    assert build.reason_here(process.Finished("pip", 1, output, 0.1)) is None


@pytest.fixture
def slug(tmp_path):
    """Return a project with 2 MB and an environment with 4 MB that cannot be compressed."""
    noise = random.Random(10)
    packages = process.python_in(tmp_path / "environment").parent.parent
    packages /= "Lib/site-packages" if process.WINDOWS else "lib/python3.13/site-packages"
    (packages / "package").mkdir(parents=True)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/data.bin").write_bytes(noise.randbytes(2_000_000))
    (packages / "package/data.so").write_bytes(noise.randbytes(3_000_000))
    (packages / "package/module.py").write_bytes(noise.randbytes(1_000_000))
    return tmp_path / "app", tmp_path / "environment"


@pytest.mark.fast
def test_the_figure_of_the_slug_counts_what_the_build_adds_and_compresses(slug):
    tree, environment = slug
    packages = build.site_packages(environment)

    def megabytes():
        return int(re.match(r"about (\d+) MB of 500, compressed", build.weigh(*slug))[1])

    # Python, pip, the six megabytes above, half a megabyte of bytecode.
    assert (before := megabytes()) == pytest.approx(14 + 4 + 6.5, abs=1)
    (tree / "zeros.bin").write_bytes(bytes(20_000_000))
    (packages / "__pycache__").mkdir()
    (packages / "__pycache__/x.pyc").write_bytes(random.Random(1).randbytes(9_000_000))
    assert megabytes() == pytest.approx(before, abs=1)
    (tree / "uv.lock").touch()
    assert megabytes() == pytest.approx(before - 4, abs=1)


def test_a_sample_of_the_slug_weighs_about_as_much_as_all_of_it(tmp_path):
    noise = random.Random(10)
    for number in range(300):
        text = b"".join(noise.choices([b"import", b"def", b" = ", b"(1)\n"], k=5000))
        content = noise.randbytes(noise.randrange(50_000)) if number % 2 else text
        (tmp_path / f"{number}.bin").write_bytes(content)
    sizes = build.file_sizes(tmp_path)
    packed = run(["sh", "-c", "tar -c . | gzip | wc -c"], tmp_path).output
    assert build.compressed_size(sizes, share=1) == pytest.approx(int(packed), rel=0.05)
    assert build.compressed_size(sizes, share=16) == pytest.approx(int(packed), rel=0.15)


@pytest.mark.fast
def test_a_slug_near_the_limit_is_counted_and_not_sampled(slug, monkeypatch):
    shares = []
    counted = build.compressed_size
    monkeypatch.setattr(
        build, "compressed_size", lambda sizes, share: shares.append(share) or counted(sizes, share)
    )
    build.weigh(*slug)
    assert shares == [16]
    monkeypatch.setattr(rules, "SLUG_MB", 20)
    with pytest.raises(Failed, match=r"about 24 MB\. .*\bpackage \(4 MB\), data.bin \(2 MB\)"):
        build.weigh(*slug)
    assert shares == [16, 16, 1]


@pytest.mark.fast
def test_optional_config_vars_stay_unset_as_on_heroku(tree):
    (tree / "app.json").write_text(
        '{"env": {"EMAIL_URL": {"required": false}, "N": {"value": 2}}}', **UTF8
    )
    assert build.config_vars(tree) == {"N": "2"}


@pytest.mark.fast
def test_a_fault_of_the_rehearsal_itself_is_no_traceback():
    step = Step("a", "first", lambda: {}["x"])
    run_all([step], lambda step: None)
    assert step.state is State.NOT_PROVED and "the rehearsal itself failed" in step.detail


def test_memory_beyond_a_dyno_is_refused(site, monkeypatch):
    web.boot(site)
    monkeypatch.setattr(rules, "MEMORY_MB", 10)
    with pytest.raises(Failed, match="R14"):
        web.weigh(site)


def test_memory_that_cannot_be_read_is_bounded_or_not_proved(site, monkeypatch):
    web.boot(site)
    monkeypatch.setattr(web, "proportional_size", lambda pid: None)
    assert "RSS" in web.weigh(site)
    monkeypatch.setattr(rules, "MEMORY_MB", 10)
    with pytest.raises(NotProved, match="shared memory counts several times"):
        web.weigh(site)
    monkeypatch.setattr(web, "resident_sizes", lambda group: {})
    with pytest.raises(NotProved, match="does not tell the memory"):
        web.weigh(site)


def test_the_figure_of_memory_counts_every_process(site):
    web.boot(site)
    sizes = web.all_resident_sizes(site)
    assert len(sizes) == 3
    assert web.resident_sizes_from_proc(site.server.pid).keys() == sizes.keys()


def test_without_fcntl_a_stand_in_serves_and_the_report_says_so(proved, project):
    """What Windows sees, forced here: a module fcntl that cannot be imported."""
    (project / "fcntl.py").write_text("raise ImportError(\"No module named 'fcntl'\")\n", **UTF8)
    share_environments(project, proved[0])
    told = rehearse(project, "--uncommitted", "--only", "web")
    assert told.status == 0, told.document["steps"]
    assert told.step("boot")["detail"] == "the stand-in for gunicorn answers"
    assert any("gunicorn, its memory and its way" in said for said in told.document["not_shown"])
    assert "MB of 512" not in told.step("memory")["detail"]


# Interpreters, environments, processes


@pytest.fixture
def chosen(tmp_path):
    """Return a function that writes requirements and returns the chosen environment."""

    def choose(cache="site/.preflight", **files):
        for name, text in files.items():
            (tmp_path / f"{name}.txt").write_text(text, **UTF8)
        python = interpreter.Python("/usr/bin/python3", "3.13.1")
        return build.choose_environment(tmp_path / cache, tmp_path, python).name

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
    assert interpreter.probe([str(shim)]) is None


@pytest.mark.fast
def test_a_shim_on_path_does_not_hide_the_real_one(tmp_path, monkeypatch):
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    shim = tmp_path / f"python{series}"
    shim.write_text("#!/bin/sh\nexit 127\n", **UTF8)
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert interpreter.find_series(series).series == series


@pytest.mark.fast
def test_another_python_serves_if_django_allows_it(tmp_path, monkeypatch):
    (tmp_path / "runtime.txt").write_text("python-3.77\n", **UTF8)
    (tmp_path / "requirements.txt").write_text("Django==5.2.19\n", **UTF8)
    found = interpreter.find(tmp_path)
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    (tmp_path / "requirements.txt").write_text("Django==6.1.3\n", **UTF8)
    assert interpreter.oldest_allowed(tmp_path) == (3, 12)
    if sys.version_info < (3, 12):
        newer = [s for s in ("3.12", "3.13", "3.14") if interpreter.find_series(s)]
        if newer:
            assert interpreter.find(tmp_path).series in newer


@pytest.mark.fast
def test_an_environment_from_nothing_holds_nothing_of_the_caller(tmp_path, monkeypatch):
    for name in ("DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "CLOUDINARY_URL", "PYTHONPATH"):
        monkeypatch.setenv(name, "leak")
    environment = process.bare_environment(tmp_path / "home")
    assert "leak" not in environment.values()
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path / "home")
    assert str(Path(sys.executable).parent) not in environment["PATH"].split(os.pathsep)


@pytest.mark.fast
def test_an_installer_gets_the_way_to_the_index_and_no_target(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.com")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com")
    for name in ("PIP_TARGET", "UV_PYTHON", "VIRTUAL_ENV", "DATABASE_URL"):
        monkeypatch.setenv(name, "leak")
    environment = process.installer_environment()
    assert environment["PIP_INDEX_URL"] == "https://index.example.com"
    assert environment["https_proxy"] == "http://proxy.example.com"
    assert "leak" not in environment.values()


@pytest.mark.fast
def test_a_command_that_hangs_is_ended_with_all_its_children(tmp_path):
    began = time.monotonic()
    finished = process.run("sleep 60 & sleep 60", tmp_path, {"PATH": os.defpath}, timeout=0.5)
    assert finished.status is None
    assert time.monotonic() - began < 30
    assert build.reason_here(finished) == "it took too long"


@pytest.mark.fast
def test_a_command_that_something_ends_proves_nothing(tmp_path):
    finished = process.run("kill -9 $$", tmp_path, {"PATH": os.defpath})
    assert finished.killed
    with pytest.raises(NotProved, match="something outside ended it"):
        build.run_project("kill -9 $$", tmp_path, {"PATH": os.defpath}, "wrong")


@pytest.mark.fast
def test_no_free_port_proves_nothing(monkeypatch):
    def refuse(self, address):
        raise OSError("Address already in use")

    monkeypatch.setattr("socket.socket.bind", refuse)
    step = Step("web", "boot", process.free_port)
    step.run()
    assert step.state is State.NOT_PROVED and "Address already in use" in step.detail


@pytest.mark.fast
def test_a_step_behind_a_failure_is_not_reached_and_others_go_on():
    def fail():
        raise Failed("broken")

    first = Step("a", "first", fail)
    second = Step("a", "second", lambda: "never", [first])
    third = Step("a", "third", lambda: "fine")
    behind = Step("a", "behind", lambda: "still", [third], [first])
    told = []
    run_all([first, second, third, behind], told.append)
    states = [step.state for step in (first, second, third, behind)]
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
    with pytest.raises(Failed, match="no virtual environment. Rename it"):
        setup.make_venv(committed, interpreter.find(committed))
    assert (committed / ".venv/mine.txt").exists()


def test_an_environment_of_another_python_is_left_alone(proved, tmp_path):
    other = interpreter.Python(sys.executable, "3.99.1")
    with pytest.raises(Failed, match="is to run on 3.99.1"):
        setup.make_venv(proved[0], other)


@pytest.mark.fast
def test_a_broken_environment_is_replaced(committed):
    (committed / ".venv/bin").mkdir(parents=True)
    (committed / ".venv/pyvenv.cfg").write_text("home = /nowhere\n", **UTF8)
    (committed / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n", **UTF8)
    found = interpreter.find(committed)
    if process.WINDOWS:
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
    teller = report.Report(Path("site"), rehearsal=True, as_json=False, only=None)
    monkeypatch.setattr("time.monotonic", lambda: teller.began + 6.2)
    titles = [("setup", "database"), ("release", "database"), ("release", "migrations")]
    teller.show_progress([Step(phase, title, str) for phase, title in titles])
    assert capsys.readouterr().out.endswith("\r\x1b[2K  6 s  running: database, migrations")


@pytest.mark.fast
def test_the_log_of_a_failure_holds_the_whole_output(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    output = "\n".join(f"line {number}" for number in range(100))
    step = Step("build", "packages", str, finished=process.Finished("pip", 1, output, 0.1))
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
    monkeypatch.setattr(interpreter.importlib.util, "find_spec", lambda name: None)
    interpreter.find_uv.cache_clear()
    try:
        assert interpreter.find_uv(committed) is None
    finally:
        interpreter.find_uv.cache_clear()
