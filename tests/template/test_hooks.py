"""Test what the rendered hooks refuse, run, print and return. The commands are faked."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.ctrl_c import press_ctrl_c, restore_signals, start_in_foreground
from tests.helpers import BARE, OPTIONS, TEMPLATE, has_python, run
from tests.template.hooks import ANSWERS, load_hook, render_hook
from tools.build_pyz import name_in_hook

pytestmark = pytest.mark.fast

PRE, POST = "pre_gen_project.py", "post_gen_project.py"
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


@pytest.fixture(autouse=True)
def _orderly(monkeypatch):
    """Give git a user name, and restore the signal handler that a hook changes."""
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PWD", raising=False)
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def pre(tmp_path, monkeypatch):
    """Return a function that loads the first hook in an empty project folder."""

    def load(**answers):
        project = tmp_path / "out" / answers.get("project_slug", "my-site")
        project.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(project)
        output = answers.pop("_output_dir", str(tmp_path / "out"))
        return load_hook(PRE, tmp_path, _output_dir=output, **answers)

    return load


@pytest.fixture
def post(tmp_path, monkeypatch):
    """Return a function that loads the second hook, with a preflight that exits with a status."""

    def load(status=0, **answers):
        project = tmp_path / "my-site"
        project.mkdir(exist_ok=True)
        (project / "manage.py").touch()
        shutil.copyfile(TEMPLATE / "preflight.pyz", project / "preflight.pyz")
        monkeypatch.chdir(project)
        hook = load_hook(POST, tmp_path, **answers)
        hook.ran = []
        monkeypatch.setattr(hook, "run_python", lambda *a: hook.ran.append(a) or status)
        return hook

    return load


def git(*arguments):
    """Run git in the project and return its output."""
    ended = run(["git", *arguments], Path.cwd())
    assert ended.status == 0, ended.output
    return ended.output


def last_line(capsys):
    """Return the last line that a hook printed."""
    return capsys.readouterr().out.splitlines()[-1]


# The answers

REFUSED = {
    "empty name": ("project_name", " ", "empty"),
    "invisible name": ("project_name", "\u200c\u200d", "empty"),
    "long name": ("project_name", "x" * 300, "300 characters"),
    "newline": ("project_name", "two\nlines", "line break"),
    "direction": ("project_name", "right\u202eleft", "invisible character"),
    "no slug": ("project_slug", "", "no name"),
    "device": ("project_slug", "con", "device on Windows"),
    "device with an ending": ("project_slug", "con.txt", "device on Windows"),
    "device in capitals": ("project_slug", "LPT1", "device on Windows"),
    "slash": ("project_slug", "a/b/c", "a/b/c"),
    "backslash": ("project_slug", "a\\b", r"a\\b"),
    "parent": ("project_slug", "../outside", "../outside"),
    "dots": ("project_slug", "...", "letter or digit"),
    "space": ("project_slug", "my site", "my site"),
    "dash": ("project_slug", "-x", "-x"),
    "long slug": ("project_slug", "x" * 100, "100 characters"),
    "capital app": ("heroku_app_name", "My-app", "My-app"),
    "short app": ("heroku_app_name", "ab", "3 to 30"),
    "long app": ("heroku_app_name", "a" * 31, "3 to 30"),
    "digit app": ("heroku_app_name", "1st", "start with a letter"),
    "app with a dash at its end": ("heroku_app_name", "abc-", "end with a letter"),
    "time zone": ("time_zone", "Mars/Olympus", "Mars/Olympus"),
    "time zone with code": ("time_zone", '"; import os #', "import os"),
    "the machine's time zone": ("time_zone", "localtime", "localtime"),
    "no time zone yet": ("time_zone", "Factory", "Factory"),
    "small letters": ("time_zone", "europe/berlin", "Did you mean Europe/Berlin?"),
    "a city": ("time_zone", "new york", "Did you mean America/New_York?"),
    "a slip": ("time_zone", "Europe/Berln", "Did you mean Europe/Berlin?"),
    "verify": ("_verify", "maybe", "full, required or none"),
}
ACCEPTED = {
    "project_name": [
        "می\u200cخواهم",
        "ශ්\u200dරී ලංකා",
        "👨\u200d👩\u200d👧 site",
        "我的网站",
        'It\'s "me" $HOME {{ x }}',
    ],
    "project_slug": ["test", "django", "123go", "A_b-C", "x", "my.clone", "a" * 60],
    "heroku_app_name": ["abc", "a-1", "a" * 30],
    "time_zone": ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"],
    "_verify": ["full", "required", "none"],
}


@pytest.mark.parametrize(("name", "answer", "said"), REFUSED.values(), ids=REFUSED)
def test_an_unusable_answer_gets_a_message_and_a_suggestion_that_works(pre, name, answer, said):
    hook = pre()
    check, suggest = hook.CHECKS[name]
    assert said in check(answer)
    assert check(suggest(answer)) is None, suggest(answer)


@pytest.mark.parametrize(("name", "answers"), ACCEPTED.items(), ids=ACCEPTED)
def test_usable_answers_pass(pre, name, answers):
    check, _ = pre().CHECKS[name]
    assert [check(answer) for answer in answers] == [None] * len(answers)


def test_the_defaults_are_those_of_cookiecutter(pre):
    hook = pre()
    asked = [name for name in OPTIONS if not name.startswith("_")]
    assert list(hook.DEFAULTS) == [*asked, "_verify", "_git_init"]
    assert hook.DEFAULTS == {name: ANSWERS[name] for name in hook.DEFAULTS}
    assert hook.main() == 0


def parse(command):
    """Return the flags and the answers in a printed command, rendered as cookiecutter does."""
    from cookiecutter.environment import StrictEnvironment

    words = shlex.split(command)
    pairs = dict(word.split("=", 1) for word in words if re.match(r"\w+=", word))
    jinja = StrictEnvironment(context={})
    answers = {name: jinja.from_string(value).render() for name, value in pairs.items()}
    return [word for word in words if not re.match(r"\w+=", word)], answers


def printed_command(capsys):
    """Return the command to paste."""
    lines = capsys.readouterr().err.splitlines()
    return next(line for line in lines if " -m cookiecutter " in line or " -m cruft " in line)


@pytest.mark.parametrize("name", ACCEPTED["project_name"])
def test_one_bad_answer_does_not_lose_the_others(pre, capsys, name):
    given = {"project_name": name, "storage": "s3", "github_actions": False}
    hook = pre(**given, time_zone="europe/berlin", __slug_of_name="it-s", project_slug="it-s")
    assert hook.main() == 1
    flags, answers = parse(printed_command(capsys))
    assert flags[-1] == "gh:org/heroku-django" and "--no-input" in flags
    assert answers == {
        "project_name": name,
        "storage": "s3",
        "time_zone": "Europe/Berlin",
        "github_actions": "no",
    }


def test_all_problems_are_reported_at_once(pre, capsys):
    bad = {"project_name": "", "project_slug": "a/b", "heroku_app_name": "A", "time_zone": "X"}
    assert pre(**bad).main() == 1
    reported = [x for x in capsys.readouterr().err.splitlines() if x.startswith("  * ")]
    assert len(reported) == len(bad) and "a/b" in reported[0]


def test_the_command_goes_where_the_first_one_went(pre, tmp_path, capsys, monkeypatch):
    hook = pre(time_zone="X", _checkout="v1.0.0")
    hook.main()
    flags, _ = parse(printed_command(capsys))
    assert flags[flags.index("--output-dir") + 1] == str(tmp_path / "out")
    assert flags[flags.index("--checkout") + 1] == "v1.0.0" and "-f" not in flags
    monkeypatch.setenv("PWD", str(tmp_path / "out"))
    Path("mine.txt").touch()
    hook.main()
    flags, _ = parse(printed_command(capsys))
    assert "--output-dir" not in flags and {"-f", "-s"} < set(flags)


def test_the_command_uses_cruft_if_cruft_was_used(pre, capsys):
    pre(time_zone="X", storage="s3", _commit="0" * 40, _output_dir=None).main()
    words = shlex.split(printed_command(capsys))
    assert words[1:4] == ["-m", "cruft", "create"]
    assert json.loads(words[words.index("--extra-context") + 1]) == {"storage": "s3"}


def test_an_answer_for_powershell_is_quoted(pre, monkeypatch):
    hook = pre()
    monkeypatch.setattr(hook.os, "name", "nt")
    assert hook.quote("project_name=It's ‘my’ $HOME") == "'project_name=It''s ‘‘my’’ $HOME'"


def test_the_folders_that_cookiecutter_leaves_are_named(pre, tmp_path, capsys):
    hook = pre(project_slug="a/b/c")
    assert hook.find_left_folders() == [tmp_path / "out/a/b", tmp_path / "out/a"]
    (tmp_path / "out/a/mine.txt").touch()
    assert hook.find_left_folders() == [tmp_path / "out/a/b"]
    hook.main()
    assert f"  {tmp_path / 'out/a/b'}" in capsys.readouterr().err.splitlines()
    assert pre(project_slug="x y").find_left_folders() == []
    hook = pre(project_slug="d/e", _commit="0" * 40, _output_dir=None)
    assert hook.find_left_folders() == [tmp_path / "out/d"]
    assert f"--output-dir {tmp_path / 'out'} " in hook.build_command({})


def test_the_answers_reach_a_hook_as_data(pre):
    nasty = "'''\"\"\"\\ {{ x }} {% if %} 🚀 \u2028 </script>"
    assert pre(project_name=nasty).ANSWERS["project_name"] == nasty


@pytest.mark.parametrize("series", ["3.6", "3.8", "3.9"])
def test_an_old_python_gets_a_message(tmp_path, series):
    if not has_python(series):
        pytest.skip(f"Install Python {series}: https://www.python.org/downloads/")
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    old = next(iter(folder.glob(f"{series}.*/bin/python")), f"python{series}")
    ended = run([old, render_hook(PRE, tmp_path)], tmp_path)
    assert ended.status == 1 and ended.output.startswith("heroku-django needs Python 3.10")


# What the second hook does

ENDS = [
    (0, "full", "proved", 0),
    (0, "required", "proved", 0),
    (3, "full", "not-proved", 0),
    (3, "required", "not-proved", 1),
    (-9, "full", "not-proved", 0),
    (1, "full", "failed", 1),
    (1, "required", "failed", 1),
    (0, "none", "not-asked", 0),
]


@pytest.mark.parametrize(("status", "verify", "outcome", "ends"), ENDS)
def test_the_outcome_follows_preflight(post, capsys, status, verify, outcome, ends):
    hook = post(status, _verify=verify)
    assert hook.main() == ends
    assert re.fullmatch(rf"heroku-django: outcome={outcome} seconds=\d+\.\d", last_line(capsys))
    proofs = [] if verify == "none" else [hook.PROVE]
    shown = [] if outcome == "failed" else [("preflight.pyz", "next")]
    assert hook.ran == proofs + shown
    committed = run(["git", "log", "--format=%s"], Path.cwd()).output.splitlines()
    assert committed == ["Start the project"] or outcome == "failed"


@pytest.mark.parametrize(("verify", "ends"), [("full", 0), ("required", 1), ("none", 0)])
def test_another_preflight_is_never_run(post, capsys, verify, ends):
    hook = post(_verify=verify)
    with Path("preflight.pyz").open("ab") as file:
        file.write(b"changed")
    assert hook.main() == ends
    printed = capsys.readouterr().out.splitlines()
    assert "  rm preflight.pyz" in printed
    assert printed[-1].startswith("heroku-django: outcome=not-proved ")
    assert hook.ran == [] and not Path(".git").exists()


def test_the_hook_leaves_the_next_commands_to_preflight():
    text = (Path(__file__).parents[2] / "hooks" / POST).read_text(encoding="utf-8")
    for word in ("heroku ", "runserver", "git push", "AWS_", "CLOUDINARY", "Go there"):
        assert word not in text, word


def test_a_project_that_is_not_proved_gets_the_command_that_proves_it(post, capsys):
    post(3, _verify="required").main()
    said = capsys.readouterr().out
    assert "preflight.pyz --uncommitted setup --rehearse" in said
    assert "--keep-project-on-failure" in said


def test_a_failure_in_a_new_folder_is_a_bug_in_the_template(post, capsys):
    post(1).main()
    assert "https://github.com/org/heroku-django/issues" in capsys.readouterr().out


def test_a_failure_in_an_existing_folder_may_come_from_its_files(post, capsys):
    hook = post(1)
    git("init", "-q")
    git("add", "--all")
    hook.main()
    said = capsys.readouterr().out
    assert "Your own files were kept" in said and "issues" not in said


def test_a_failed_commit_shows_the_message_of_git(post, capsys):
    hook = post()
    git("init", "-q")
    git("config", "commit.gpgsign", "true")
    git("config", "gpg.program", "false")
    hook.commit()
    said = capsys.readouterr().out
    assert "gpg failed to sign the data" in said and "user.name" not in said
    assert git("status", "--porcelain") == "A  manage.py\nA  preflight.pyz\n"


@pytest.mark.parametrize("kind", ["repository", "unwanted", "no git", "unreadable"])
def test_no_repository_is_created(post, monkeypatch, tmp_path, kind):
    hook = post(_git_init=kind != "unwanted")
    if kind == "repository":
        git("init", "-q", "-b", "theirs", str(tmp_path))
    if kind == "unreadable":
        git("init", "-q")
        Path(".git/config").write_text("[broken", encoding="utf-8")
    if kind == "no git":
        monkeypatch.setenv("PATH", str(tmp_path))
    assert hook.start_repository() is False
    assert Path(".git").exists() == (kind == "unreadable")
    assert hook.main() == 0


def test_an_old_git_also_starts_on_main(post, monkeypatch):
    hook = post()
    real = hook.run_git

    def old_git(*arguments):
        old = "--initial-branch=main" in arguments
        return (129, "unknown option") if old else real(*arguments)

    monkeypatch.setattr(hook, "run_git", old_git)
    assert hook.start_repository() is True
    assert git("symbolic-ref", "HEAD") == "refs/heads/main\n"


def test_folders_without_a_file_are_removed(post):
    hook = post(_verify="none")
    for name in hook.MAYBE_EMPTY:
        Path(name).mkdir(parents=True, exist_ok=True)
    Path(".github/workflows/mine.yml").touch()
    hook.main()
    left = {path.as_posix() for path in Path().rglob("*") if not path.is_relative_to(".git")}
    assert left == {
        ".github",
        ".github/workflows",
        ".github/workflows/mine.yml",
        "manage.py",
        "preflight.pyz",
        "templates",
    }


# cruft

PLACES = {
    "update": ("tmpabcdefgh/repo/.git", "tmpabcdefgh/current_template", True),
    "diff": ("tmpabcdefgh/repo/.git", "tmpabcdefgh/remote", True),
    "create": ("tmpabcdefgh/.git", "tmpabcdefgh/hooks", False),
    "create, and a repository": ("work/repo/.git", "work/remote", False),
    "cookiecutter": (None, None, False),
}


@pytest.mark.parametrize(("clone", "result", "update"), PLACES.values(), ids=PLACES)
def test_only_cruft_update_skips_the_setup(tmp_path, monkeypatch, capsys, clone, result, update):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    project = tmp_path / "tmp12345678/my-site"
    for folder in (project, *[tmp_path / name for name in (clone, result) if name]):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(TEMPLATE / "preflight.pyz", project / "preflight.pyz")
    monkeypatch.chdir(project)
    cruft = {"_commit": "0" * 40} if clone else {}
    hook = load_hook(POST, tmp_path, _verify="required", **cruft)
    monkeypatch.setattr(hook, "run_python", lambda *arguments: 0)
    assert hook.main() == 0
    assert ("outcome=proved" in capsys.readouterr().out) is not update
    assert (project / ".git").exists() is not update


# Ctrl-C


@pytest.mark.parametrize("status", [130, None], ids=["preflight stopped", "the hook stopped"])
def test_after_ctrl_c_nothing_else_is_run_or_listed(post, monkeypatch, capsys, status):
    hook = post(status, _verify="required")
    if status is None:

        def stop(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr(hook, "run_python", stop)
    monkeypatch.setattr(hook, "COOKIECUTTER", -1)
    assert hook.main() == 1
    said = capsys.readouterr().out
    assert hook.ran in ([], [hook.PROVE])
    assert f"The project is in {Path.cwd()}" in said
    assert said.splitlines()[-1].startswith("heroku-django: outcome=not-proved ")


COOKIECUTTER = """
import subprocess, sys
hook = subprocess.Popen([sys.executable, sys.argv[1]])
try:
    hook.wait()
except KeyboardInterrupt:
    print("Aborted!", flush=True)
"""
PREFLIGHT = """
import pathlib, signal, time
try:
    pathlib.Path("started").touch()
    time.sleep(60)
except KeyboardInterrupt:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(0.5)
    pathlib.Path("cleaned-up").touch()
    raise SystemExit(130)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a signal to a process group")
def test_the_outcome_stays_the_last_line_after_ctrl_c(tmp_path):
    hook = render_hook(POST, tmp_path)
    text = hook.read_text(encoding="utf-8")
    hook.write_text(name_in_hook(text, PREFLIGHT.encode()), encoding="utf-8")
    (tmp_path / "preflight.pyz").write_bytes(PREFLIGHT.encode())
    command = [sys.executable, "-c", COOKIECUTTER, hook]
    process = start_in_foreground(command, tmp_path, BARE | GIT, subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not (tmp_path / "started").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    press_ctrl_c(process)
    time.sleep(0.2)
    # A second Ctrl-C does not end preflight before it has cleaned up.
    press_ctrl_c(process)
    lines = process.communicate(timeout=20)[0].decode().splitlines()
    assert lines[0] == "Aborted!" and lines[-1].startswith("heroku-django: outcome=not-proved ")
    assert not [line for line in lines if "Traceback" in line]
    assert (tmp_path / "cleaned-up").exists()


def test_ctrl_c_after_the_proof_keeps_the_outcome(post, monkeypatch, capsys):
    hook = post(_verify="required")

    def stop_next(*arguments):
        if "next" in arguments:
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(hook, "run_python", stop_next)
    monkeypatch.setattr(hook, "COOKIECUTTER", -1)
    assert hook.main() == 0
    said = capsys.readouterr().out
    assert "not proved" not in said
    assert said.splitlines()[-1].startswith("heroku-django: outcome=proved ")


@pytest.mark.skipif(os.name == "nt", reason="sends a signal to itself")
@pytest.mark.parametrize(("name", "module"), [(PRE, "difflib"), (POST, "tempfile")])
def test_ctrl_c_while_a_hook_is_imported_leaves_no_traceback(tmp_path, name, module):
    hook = render_hook(name, tmp_path)
    stop = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / f"{module}.py").write_text(stop, encoding="utf-8")
    env = BARE | {"PYTHONPATH": str(tmp_path)}
    ended = run([sys.executable, hook], tmp_path, env, preexec_fn=restore_signals)
    assert (ended.status, ended.output) == (-signal.SIGINT, "")


@pytest.mark.skipif(os.name == "nt", reason="sends a signal to itself")
def test_ctrl_c_is_ignored_if_the_caller_ignores_it(tmp_path):
    hook = render_hook(PRE, tmp_path)
    stop = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "difflib.py").write_text(stop, encoding="utf-8")
    env = BARE | {"PYTHONPATH": str(tmp_path)}
    ended = run(["sh", "-c", 'trap "" INT; exec "$0" "$1"', sys.executable, hook], tmp_path, env)
    assert (ended.status, ended.output) == (0, "")
