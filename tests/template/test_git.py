"""Test new repositories, repositories from a course, clones, and git without an identity."""

import re
import shutil
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import TEMPLATE, Ended, bake, caller_environment, python_of, run
from tests.preflight.rehearsal import share_environments

# The commands depend on the folder. They do not need the proof, which takes ten seconds.
VERIFIED = pytest.mark.parametrize(
    ("verify", "outcome"),
    [("none", "not-asked"), pytest.param("full", "proved", marks=pytest.mark.long)],
)
OWN_README = "# Coursework\n\nMy notes.\n"
OWN_IGNORE = "__pycache__/\n.env\n"


def git(folder, *arguments, home):
    """Run git with a name and an email address."""
    ended = run(["git", *arguments], folder, caller_environment(home))
    assert ended.status == 0, ended.output
    return ended.output


def start_course(folder, home):
    """Create a clone as a course hands it out: a commit, a README, a .gitignore, a .env."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", home=home)
    (folder / "README.md").write_text(OWN_README, encoding="utf-8")
    (folder / ".gitignore").write_text(OWN_IGNORE, encoding="utf-8")
    (folder / "notes.txt").write_text("mine\n", encoding="utf-8")
    (folder / "templates").mkdir()
    (folder / "templates/404.html").write_text("<p>mine</p>\n", encoding="utf-8")
    git(folder, "add", "--all", home=home)
    git(folder, "commit", "-q", "-m", "Start", home=home)
    (folder / ".env").write_text("DEBUG=true\nSECRET_KEY=mine\n", encoding="utf-8")
    return folder


@pytest.fixture
def course(tmp_path):
    """Return a course's clone without a project."""
    return start_course(tmp_path / "my-coursework", tmp_path / "home")


def snapshot(folder):
    """Return the content of every file in a repository's .git, and its HEAD."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / ".git").rglob("*"))
        if path.is_file()
    }


def test_a_new_project_has_one_commit_on_main(proved, tmp_path):
    project, _ = proved
    log = git(project, "log", "--format=%s%n%an", "main", home=tmp_path)
    assert log == "Start the project\nAda\n"
    assert git(project, "status", "--porcelain", home=tmp_path) == ""
    tracked = git(project, "ls-files", home=tmp_path).split()
    assert "Procfile" in tracked
    assert not [name for name in tracked if name == ".env" or name.startswith(".venv")]


@pytest.fixture(scope="module")
def watched_database():
    """Return the URL of a database that must not be used, and a list of connections to it."""
    visitors = []
    listener = socket.create_server(("127.0.0.1", 0))

    def watch():
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            visitors.append(address)
            connection.close()

    threading.Thread(target=watch, daemon=True).start()
    port = listener.getsockname()[1]
    yield f"postgres://owner:secret@127.0.0.1:{port}/production", visitors
    listener.close()


@dataclass
class Coursework:
    """A course's clone to which a proved project was added, and what it contained before."""

    folder: Path
    own_env: str
    before: dict[str, bytes]
    ended: Ended
    env: dict[str, str]


@pytest.fixture(scope="module")
def coursework(tmp_path_factory, watched_database):
    """Add a project to a course's clone whose .env names a database."""
    url, _ = watched_database
    tmp_path = tmp_path_factory.mktemp("course")
    folder = start_course(tmp_path / "my-coursework", tmp_path / "home")
    own_env = f"DEBUG=true\nSECRET_KEY=mine\nDATABASE_URL={url}\n"
    (folder / ".env").write_text(own_env, encoding="utf-8")
    before = snapshot(folder)
    env = caller_environment(tmp_path / "home", DATABASE_URL=url, DJANGO_SETTINGS_MODULE="nothing")
    # The README's command: inside the clone, with its name as the slug.
    ended = bake(folder, "-f", "-s", "-o", "..", env=env, project_slug=folder.name)
    env.pop("DJANGO_SETTINGS_MODULE")
    return Coursework(folder, own_env, before, ended, env)


# One worker runs both tests, because they share the generation.
@pytest.mark.long
@pytest.mark.xdist_group("coursework")
def test_a_repository_from_a_course_keeps_its_files_and_commits(coursework, tmp_path):
    course, ended = coursework.folder, coursework.ended
    assert ended.outcome == "proved", ended.output
    assert snapshot(course) == coursework.before
    assert (course / "README.md").read_text(encoding="utf-8") == OWN_README
    assert (course / ".gitignore").read_text(encoding="utf-8") == OWN_IGNORE
    assert (course / ".env").read_text(encoding="utf-8") == coursework.own_env
    assert (course / "templates/404.html").read_text(encoding="utf-8") == "<p>mine</p>\n"
    assert (course / "manage.py").is_file()
    options = ["--porcelain", "--untracked-files=all"]
    status = git(course, "status", *options, home=tmp_path / "home")
    assert not re.search(r"(?m)^[^?]", status), "something was staged"
    assert ".venv" not in status
    assert 'git commit -m "Start the project"' in ended.output


@pytest.mark.xdist_group("coursework")
def test_the_database_of_the_caller_is_not_used(coursework, watched_database):
    course, env = coursework.folder, coursework.env
    assert coursework.ended.outcome == "proved", coursework.ended.output
    assert ".env names a database" in coursework.ended.output
    tested = run([python_of(course), "-m", "pytest", "-q"], course, env)
    assert tested.status == 0, tested.output
    _, visitors = watched_database
    assert visitors == []
    # The project uses the database in .env, so the watcher notices a connection.
    run([python_of(course), "manage.py", "migrate"], course, env)
    assert visitors, "the watcher does not watch"


@VERIFIED
def test_a_project_in_a_folder_is_pushed_with_git_subtree(course, tmp_path, verify, outcome):
    before = snapshot(course)
    env = caller_environment(tmp_path / "home")
    ended = bake(course, env=env, project_slug="site", _verify=verify)
    assert ended.outcome == outcome, ended.output
    assert ended.output.count("git -C .. subtree push --prefix site heroku main") == 1
    assert "git push heroku" not in ended.output
    assert snapshot(course) == before


def test_one_command_sets_up_a_clone(proved, tmp_path):
    clone = tmp_path / "clone"
    env = caller_environment(tmp_path / "home")
    assert run(["git", "clone", "-q", proved[0], clone], tmp_path, env).status == 0
    made = run(["python3", "preflight.pyz", "setup"], clone, env)
    assert made.status == 0, made.output
    assert "SECRET_KEY=" in (clone / ".env").read_text(encoding="utf-8")
    again = run(["python3", "preflight.pyz", "setup"], clone, env)
    assert again.status == 0, again.output
    assert ".env kept" in again.output and ", kept" in again.output
    rehearsed = run([python_of(clone), "preflight.pyz", "--only", "release"], clone, env)
    assert rehearsed.status == 0, rehearsed.output
    assert re.search(r"ok +release +tests .*\d+ passed", rehearsed.output)


@VERIFIED
def test_local_files_that_gitignore_does_not_list_are_reported(course, tmp_path, verify, outcome):
    (course / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    (course / ".env").unlink()
    home = tmp_path / "home"
    git(course, "commit", "-q", "-a", "-m", "Ignore less", home=home)
    answers = {"project_slug": course.name, "_verify": verify}
    ended = bake(course, "-f", "-s", "-o", "..", env=caller_environment(home), **answers)
    assert ended.outcome == outcome, ended.output
    noted = "`git add .` would add .env and db.sqlite3" in ended.output
    assert noted or verify == "none"
    assert "open('.gitignore', 'a')" in ended.output.rpartition("git add .")[0]
    assert "Your own README.md was kept" in ended.output


def test_a_repository_with_another_project_gets_no_wrong_advice(course, tmp_path):
    own = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n'
    (course / "manage.py").write_text(own, encoding="utf-8")
    git(course, "add", "--all", home=tmp_path / "home")
    env = caller_environment(tmp_path / "home")
    ended = bake(course, "-f", "-s", "-o", "..", env=env, project_slug=course.name)
    assert (ended.status, ended.outcome) == (1, "failed"), ended.output
    assert "manage.py uses mysite.settings" in ended.output
    assert "mv manage.py old-manage.py" in ended.output and "git add mysite" not in ended.output
    assert (course / "manage.py").read_text(encoding="utf-8") == own


@VERIFIED
def test_an_older_preflight_is_replaced_and_not_run(course, tmp_path, verify, outcome):
    """With -s, cookiecutter keeps existing files, but replaces files that it does not render."""
    old = course / "preflight.pyz"
    old.write_text("import pathlib\n\npathlib.Path('ran').touch()\n", encoding="utf-8")
    env, answers = caller_environment(tmp_path / "home"), {"project_slug": course.name}
    ended = bake(course, "-f", "-s", "-o", "..", env=env, _verify=verify, **answers)
    assert ended.outcome == outcome, ended.output
    assert not (course / "ran").exists()
    assert old.read_bytes() == (TEMPLATE / "preflight.pyz").read_bytes()


def test_another_branch_is_pushed_as_main(course, tmp_path):
    home = tmp_path / "home"
    git(course, "branch", "-m", "master", home=home)
    env = caller_environment(home)
    ended = bake(course, "-f", "-s", "-o", "..", env=env, project_slug=course.name, _verify="none")
    assert "git push heroku HEAD:main" in ended.output


def test_setup_does_not_change_the_database_in_env(proved, tmp_path):
    clone = tmp_path / "clone"
    env = caller_environment(tmp_path / "home")
    assert run(["git", "clone", "-q", proved[0], clone], tmp_path, env).status == 0
    other = tmp_path / "other.sqlite3"
    for line in ("\ufeffDATABASE_URL={}", "'DATABASE_URL'={}", "export DATABASE_URL={}"):
        text = line.format(f"sqlite:///{other}") + "\nDEBUG=true\n"
        (clone / ".env").write_text(text, encoding="utf-8")
        made = run(["python3", "preflight.pyz", "setup"], clone, env)
        assert made.status == 0, made.output
        assert not other.exists()
        assert "Ready in" in made.output and "manage.py runserver" in made.output


def test_without_a_git_identity_the_files_stay_staged(tmp_path):
    env = caller_environment(tmp_path / "home", GIT_CONFIG_COUNT="1")
    env |= {"GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}
    for name in list(env):
        if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER")):
            del env[name]
    ended = bake(tmp_path / "out", env=env, project_slug="site", _verify="none")
    assert ended.status == 0, ended.output
    assert 'git config --global user.name "Your Name"' in ended.output
    project = tmp_path / "out/site"
    assert "A  manage.py" in git(project, "status", "--porcelain", home=tmp_path / "home")


def test_no_repository_is_created_if_git_init_is_off(tmp_path):
    ended = bake(tmp_path / "out", project_slug="site", _git_init="no", _verify="none")
    assert ended.status == 0, ended.output
    assert not (tmp_path / "out/site/.git").exists()


@pytest.mark.long
def test_a_project_is_proved_without_git(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "ps", "uv"):
        program = shutil.which(name)
        if program:
            (tools / name).symlink_to(program)
    env = caller_environment(tmp_path / "home", PATH=str(tools))
    ended = bake(tmp_path / "out", env=env, project_slug="site")
    assert ended.outcome == "proved", ended.output
    assert "the folder, because it is not a git repository" in ended.output
    assert "Commit it   git init -b main" in ended.output


def test_credentials_of_the_caller_do_not_reach_the_project(project, proved, tmp_path):
    share_environments(project, proved[0])
    leak = project / "tests/test_leak.py"
    # The test fails if it finds one of them, and so does the rehearsal.
    leak.write_text(
        "import os\n\n\ndef test_nothing_leaks():\n"
        "    bad = [n for n in os.environ if n.startswith(('AWS_SECRET', 'CLOUDINARY', 'OTHER'))]\n"
        "    assert bad == []\n",
        encoding="utf-8",
    )
    env = caller_environment(
        tmp_path / "home",
        AWS_SECRET_ACCESS_KEY="secret",
        CLOUDINARY_URL="cloudinary://a:b@c",
        OTHER_TOKEN="secret",
    )
    command = [sys.executable, "preflight.pyz", "--uncommitted", "--only", "release"]
    ended = run(command, project, env)
    assert ended.status == 0, ended.output
    assert re.search(r"release  tests .* passed", ended.output)
