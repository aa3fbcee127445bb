"""Test which commands `preflight next` prints for each state of a small folder."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from preflight import __main__, about, next_commands, setup
from preflight.next_commands import Folder
from tests.helpers import BARE, ROOT, run

pytestmark = pytest.mark.fast

ADA = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com"}
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
ADA |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
FILES = {
    "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    "config/wsgi.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    "Procfile": "web: gunicorn config.wsgi\n",
    "requirements.txt": "Django==5.2\ngunicorn==27.0\n",
    ".gitignore": ".env\n*.sqlite3\n.venv/\n",
    "app.json": json.dumps(
        {
            "name": "my-app",
            "env": {
                "SECRET_KEY": {"generator": "secret"},
                "BUCKET": {"description": "Where pictures live."},
                "REGION": {},
                "GIVEN": {"value": "x"},
                "SHORT": "x",
                "OPTIONAL": {"required": False},
                "DATABASE_URL": {},
                "BAD NAME; rm": {},
            },
            "addons": ["heroku-postgresql:essential-0", {"plan": "mailgun:starter"}],
        }
    ),
    "README.md": "# Site\n\n## Deploy it\n",
    ".heroku-django.yaml": "default_context:\n",
}


@pytest.fixture(autouse=True)
def _git(monkeypatch):
    """Give git a test user, and hide the git settings of the user who runs the tests."""
    for name, value in (ADA | GIT).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PWD", raising=False)


@pytest.fixture
def folder(tmp_path):
    """Return a committed project whose packages are installed."""
    project = tmp_path / "site"
    for name, text in FILES.items():
        write(project / name, text)
    install(project)
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "Start")
    return project


def write(path, text):
    """Write a file and its parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def install(project):
    """Create what counts as installed packages: an interpreter with Django."""
    python = project / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")
    write(python, "")
    (project / ".venv/lib/python3.13/site-packages/django").mkdir(parents=True)


def git(project, *arguments):
    """Run git and return its output."""
    ended = run(["git", *arguments], project)
    assert ended.status == 0, ended.output
    return ended.output


def find(project, windows=False):
    """Return the commands by step."""
    found = {}
    for command in next_commands.find(Folder(project, windows)):
        found.setdefault(command.step, []).append(command.text)
    return found


def notes(project):
    """Return all notes as one text."""
    return "\n".join(next_commands.find_notes(Folder(project, False)))


def without_git(monkeypatch, tmp_path):
    """Hide git."""
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_committed_project_is_started_created_pushed_and_opened(folder):
    key = ".venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))'"
    assert find(folder) == {
        "go": [f"cd {folder}"],
        "start": [".venv/bin/python manage.py runserver"],
        "create": [
            "heroku login",
            "heroku create my-app",
            "heroku addons:create heroku-postgresql:essential-0",
            "heroku addons:create mailgun:starter",
            f'heroku config:set SECRET_KEY="$({key})"',
            "heroku config:set BUCKET=... REGION=...",
        ],
        "push": ["git push heroku main"],
        "open": ["heroku open"],
    }
    assert "README.md explains each step" in notes(folder)


def test_no_cd_if_the_shell_is_already_in_the_folder(folder, monkeypatch):
    monkeypatch.setenv("PWD", str(folder))
    assert "go" not in find(folder)


def test_missing_packages_are_installed_before_the_start(folder, tmp_path, monkeypatch):
    shutil.rmtree(folder / ".venv/lib")
    found = find(folder)
    assert found["set-up"] == [f"{about.UVX} setup"]
    assert found["start"] == [".venv/bin/python manage.py runserver"]
    assert list(found).index("set-up") < list(found).index("start")
    assert any("$(python3 -c" in text for text in found["create"])
    (folder / "preflight.pyz").write_bytes(b"")
    assert find(folder)["set-up"] == ["python3 preflight.pyz setup"]
    assert find(folder, windows=True)["set-up"] == ["py preflight.pyz setup"]
    (folder / "preflight.pyz").unlink()
    started = tmp_path / "my tools/preflight.pyz"
    write(started, "")
    monkeypatch.setattr(about, "PLACE", started)
    assert find(folder)["set-up"] == [f"python3 '{started}' setup"]


def test_windows_gets_its_own_forms(folder):
    found = find(folder, windows=True)
    assert found["start"] == [r".venv\Scripts\python manage.py runserver"]
    assert any(r"$(.venv\Scripts\python -c" in text for text in found["create"])
    everything = "\n".join(text for lines in found.values() for text in lines)
    for posix in ("&&", "export ", "activate", "/bin/python", "python3"):
        assert posix not in everything


def test_without_a_repository_git_init_comes_first(folder):
    shutil.rmtree(folder / ".git")
    commands = find(folder)["commit"]
    assert commands == ["git init -b main", "git add .", 'git commit -m "Start the project"']


def test_without_git_it_is_installed_first(folder, tmp_path, monkeypatch):
    shutil.rmtree(folder / ".git")
    without_git(monkeypatch, tmp_path)
    commands = find(folder)["commit"]
    assert commands.index("git init -b main") < commands.index("git add .")
    assert "https://git-scm.com/downloads" in notes(folder)
    assert "ignore" not in find(folder)


def test_without_git_an_incomplete_gitignore_is_also_found(folder, tmp_path, monkeypatch):
    shutil.rmtree(folder / ".git")
    without_git(monkeypatch, tmp_path)
    (folder / ".gitignore").write_text("/.env\n", encoding="utf-8")
    [command] = find(folder)["ignore"]
    assert "db.sqlite3" in command and ".env" not in command


def test_what_is_staged_is_only_committed(folder):
    write(folder / "new.py", "")
    assert find(folder)["commit"] == ["git add .", 'git commit -m "Describe what you changed"']
    git(folder, "add", "new.py")
    assert find(folder)["commit"] == ['git commit -m "Describe what you changed"']
    git(folder, "mv", "Procfile", "renamed")
    assert find(folder)["commit"] == ['git commit -m "Describe what you changed"']


def test_a_repository_without_the_project_starts_it(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        write(tmp_path / name, text)
    assert find(tmp_path)["commit"] == ["git add .", 'git commit -m "Start the project"']


def test_git_asks_for_a_name_only_if_it_has_none(folder, monkeypatch):
    write(folder / "new.py", "")
    for name in ADA:
        monkeypatch.delenv(name)
    git(folder, "config", "user.useConfigOnly", "true")
    asked = find(folder)
    assert asked["commit"][:2] == [
        'git config --global user.name "Your Name"',
        'git config --global user.email "you@example.com"',
    ]
    assert list(asked).index("go") < list(asked).index("commit")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.com")
    assert not [text for text in find(folder)["commit"] if "config" in text]


def test_a_lock_file_from_the_setup_is_committed(folder):
    git(folder, "rm", "-q", "requirements.txt")
    write(folder / "pyproject.toml", '[project]\nname = "x"\n')
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Use uv")
    assert find(folder)["commit"] == ["git add uv.lock", 'git commit -m "Add uv.lock"']
    write(folder / "uv.lock", "")
    assert find(folder)["commit"][0] == "git add ."
    git(folder, "add", "uv.lock")
    git(folder, "commit", "-q", "-m", "Lock")
    assert "commit" not in find(folder)


@pytest.mark.skipif(os.name == "nt", reason="runs the commands in bash")
@pytest.mark.parametrize("there", [True, False], ids=["repository", "folder"])
def test_no_printed_command_stages_local_files(tmp_path, there):
    project = tmp_path / 'it\'s a $HOME "folder"'
    for name, text in FILES.items():
        write(project / name, text)
    write(project / ".gitignore", "__pycache__/")
    write(project / ".env", "SECRET_KEY=mine\n")
    write(project / "db.sqlite3", "")
    if there:
        git(project, "init", "-q", "-b", "main")
    local = {"go", "ignore", "commit"}
    found = [c.text for c in next_commands.find(Folder(project, False)) if c.step in local]
    pasted = subprocess.run(["bash", "-e"], input="\n".join(found), cwd=tmp_path, text=True)
    assert pasted.returncode == 0
    tracked = git(project, "ls-files").split()
    assert "manage.py" in tracked and not {".env", "db.sqlite3"} & set(tracked)
    assert "commit" not in find(project) and "ignore" not in find(project)
    ignored = (project / ".gitignore").read_text(encoding="utf-8").split()
    assert ignored == ["__pycache__/", ".env", "db.sqlite3"]


HEROKU = """#!/bin/sh
echo "$@" >> "$RECORD"
[ "$1" != create ] || git remote add heroku "$REMOTE"
"""


@pytest.mark.skipif(os.name == "nt", reason="runs the commands in bash")
def test_the_whole_list_can_be_pasted(tmp_path, monkeypatch):
    project = tmp_path / "it's a $HOME"
    for name, text in FILES.items():
        write(project / name, text)
    write(tmp_path / "bin/heroku", HEROKU)
    (tmp_path / "bin/heroku").chmod(0o755)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "heroku.git")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("REMOTE", str(tmp_path / "heroku.git"))
    unwanted = {"set-up", "start"}
    found = [c.text for c in next_commands.find(Folder(project, False)) if c.step not in unwanted]
    pasted = subprocess.run(["bash", "-e"], input="\n".join(found), cwd="/", text=True)
    assert pasted.returncode == 0
    assert "manage.py" in git(tmp_path / "heroku.git", "ls-tree", "--name-only", "main").split()
    said = (tmp_path / "record").read_text(encoding="utf-8").splitlines()
    assert said[:3] == ["login", "create my-app", "addons:create heroku-postgresql:essential-0"]
    assert re.fullmatch(r"config:set SECRET_KEY=[\w-]{80,}", said[4]) and said[-1] == "open"


def paste_git(project):
    """Paste the printed lines that begin with git, up to the commit."""
    found = find(project)
    lines = [*found.get("ignore", []), *found["commit"]]
    pasted = subprocess.run(["bash", "-e"], input="\n".join(lines), cwd=project, text=True)
    assert pasted.returncode == 0, lines


@pytest.mark.skipif(os.name == "nt", reason="runs the commands in bash")
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "tracked"])
@pytest.mark.parametrize("changed", [True, False], ids=["changed", "unchanged"])
def test_a_committed_env_is_not_in_the_next_commit(folder, removed, changed):
    write(folder / ".env", "SECRET_KEY=mine\n")
    git(folder, "add", "-f", ".env")
    git(folder, "commit", "-q", "-m", "Oops")
    if changed:
        write(folder / ".env", "SECRET_KEY=new\n")
    assert find(folder)["ignore"] == ["git rm --cached .env"]
    if removed:
        git(folder, "rm", "-q", "--cached", ".env")
        assert "ignore" not in find(folder)
    paste_git(folder)
    names = git(folder, "ls-tree", "--name-only", "HEAD").split()
    assert "manage.py" in names and ".env" not in names
    assert (folder / ".env").is_file() and not {"ignore", "commit"} & set(find(folder))


@pytest.mark.skipif(os.name == "nt", reason="runs the commands in bash")
def test_a_project_in_an_ignored_folder_gets_its_own_repository(tmp_path):
    home = tmp_path / "home"
    write(home / ".gitignore", "*\n")
    git(home, "init", "-q", "-b", "main")
    git(home, "remote", "add", "heroku", str(tmp_path / "other.git"))
    for name, text in (FILES | {".env": "SECRET_KEY=mine\n"}).items():
        write(home / "site" / name, text)
    project = home / "site"
    assert "ignore this folder" in notes(project) and "create" in find(project)
    paste_git(project)
    names = git(project, "ls-tree", "--name-only", "HEAD").split()
    assert "manage.py" in names and ".env" not in names
    assert find(project)["push"] == ["git push heroku main"]
    assert "commit" not in find(project) and "ignore this folder" not in notes(project)


def test_git_runs_no_program_that_a_repository_names(folder, tmp_path):
    write(tmp_path / "monitor", f"#!/bin/sh\ntouch '{tmp_path / 'ran'}'\n")
    (tmp_path / "monitor").chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(tmp_path / "monitor"))
    find(folder)
    assert not (tmp_path / "ran").exists()
    git(folder, "status")
    assert (tmp_path / "ran").exists()


@pytest.mark.skipif(os.name == "nt", reason="git there is another program")
def test_a_folder_of_a_repository_is_pushed_from_that_folder(tmp_path):
    top = tmp_path / "repository"
    project = top / "apps/my site"
    for name, text in FILES.items():
        write(project / name, text)
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "--all")
    git(top, "commit", "-q", "-m", "Start")
    heroku = tmp_path / "heroku.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(heroku))
    git(top, "remote", "add", "heroku", str(heroku))
    [command] = find(project)["push"]
    pushed = run(shlex.split(command), project)
    assert pushed.status == 0, pushed.output
    assert "manage.py" in git(heroku, "ls-tree", "--name-only", "main").split()


def test_another_branch_is_pushed_as_main(folder):
    git(folder, "branch", "-m", "master")
    assert find(folder)["push"] == ["git push heroku HEAD:main"]
    git(folder, "checkout", "-q", "--detach")
    [command] = find(folder)["push"]
    heroku = folder.with_name("heroku.git")
    git(folder, "init", "-q", "--bare", "-b", "main", str(heroku))
    git(folder, "remote", "add", "heroku", str(heroku))
    assert run(shlex.split(command), folder).status == 0


def test_an_app_that_git_knows_is_not_created_again(folder):
    git(folder, "remote", "add", "heroku", "https://git.heroku.com/my-app.git")
    found = find(folder)
    assert "create" not in found and found["push"] == ["git push heroku main"]
    assert "left out" in notes(folder)


def test_a_proof_ends_with_the_push_only_if_git_knows_the_app(folder):
    (folder / "preflight.pyz").write_bytes(b"")
    [command] = next_commands.after_proof(Folder(folder, False)).values()
    assert command == "python3 preflight.pyz next"
    git(folder, "remote", "add", "heroku", "https://git.heroku.com/my-app.git")
    assert list(next_commands.after_proof(Folder(folder)).values()) == ["git push heroku main"]


def test_a_storage_is_only_checked_if_app_json_requires_one(folder):
    write(folder / "pages/management/commands/check_storage.py", "")
    assert find(folder)["push"][1] == "heroku run python manage.py check_storage"
    write(folder / "app.json", '{"name": "my-app"}')
    assert find(folder)["push"] == ["git push heroku main"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"addons": ' + "[" * 100_000,
        '{"name": "--help", "addons": {"mailgun:starter": {}}}',
        '{"name": "a; rm", "addons": 5}',
        '{"name": ["my-app"], "addons": "mailgun"}',
        '{"name": "my-app\\n", "addons": [null, {}, {"plan": ["x"]}, "--app=x", "a b", "x\\ny"]}',
    ],
)
def test_an_invalid_app_json_does_not_hide_other_commands(folder, text):
    write(folder / "app.json", text)
    assert find(folder)["create"] == ["heroku login", "heroku create"]


def test_a_pyproject_in_utf_16_is_not_an_error(folder):
    (folder / "requirements.txt").unlink()
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-16")
    assert not setup.wants_uv(folder)
    assert "push" in find(folder)


def test_a_kept_readme_is_not_named_as_the_guide(folder):
    write(folder / "README.md", "# Mine\n")
    assert "project_slug=guide" in notes(folder)
    # This file can redefine gh:, and then the command would generate any other template.
    assert ".heroku-django.yaml" not in notes(folder)
    (folder / ".heroku-django.yaml").unlink()
    assert notes(folder) == ""


def test_files_of_two_projects_are_shown_before_anything_else(folder):
    write(folder / "manage.py", FILES["manage.py"].replace("config", "mysite"))
    assert list(find(folder)) == ["go"]
    assert "mysite.settings" in notes(folder) and "config.settings" in notes(folder)
    assert "mv manage.py old-manage.py" in notes(folder).splitlines()
    (folder / ".heroku-django.yaml").unlink()
    assert "push" in find(folder)


def test_a_setup_with_files_of_two_projects_reports_nothing_else(folder, capsys):
    write(folder / "manage.py", FILES["manage.py"].replace("config", "mysite"))
    arguments = ["--project", str(folder), "--json", "--uncommitted", "setup", "--rehearse"]
    assert __main__.main(arguments) == 1
    [step] = json.loads(capsys.readouterr().out)["steps"]
    assert step["state"] == "FAILED" and step["findings"][0]["file"] == "manage.py"


def test_settings_in_one_package_are_not_two_projects(folder):
    write(folder / "manage.py", FILES["manage.py"].replace("config.settings", "config.local"))
    assert "push" in find(folder)


def test_requirements_of_another_project_are_shown_before_anything_else(folder):
    write(folder / "requirements.txt", "Flask==3\nrequests\n")
    assert list(find(folder)) == ["go"]
    assert "requirements.txt lists Flask, requests" in notes(folder)
    for own in ("gunicorn\n", "-r base.txt\n"):
        write(folder / "requirements.txt", own)
        assert "push" in find(folder)


def test_an_unreadable_repository_shows_the_message_of_git(folder):
    write(folder / ".git/config", "[broken")
    assert "git cannot read this repository" in notes(folder)
    assert not {"commit", "ignore"} & set(find(folder))


POWERSHELL = {
    r"C:\Users\ada\site": r'"C:\Users\ada\site"',
    "main": "main",
    r"C:\Ada Lovelace\site": r'"C:\Ada Lovelace\site"',
    r"C:\it's": '"C:\\it\'s"',
    r"C:\$HOME": r"'C:\$HOME'",
    r"C:\it's $HOME": r"'C:\it''s $HOME'",
    "C:\\a`b": "'C:\\a`b'",
    "C:\\‘a’ $": "'C:\\‘‘a’’ $'",
}


@pytest.mark.parametrize(("path", "quoted"), POWERSHELL.items())
def test_a_path_is_quoted_for_powershell(tmp_path, path, quoted):
    assert Folder(tmp_path, windows=True).quote(path) == quoted


def test_brackets_in_a_path_are_not_a_pattern_in_powershell(tmp_path):
    assert find(tmp_path / "a[1]", windows=True)["go"][0].startswith("cd -LiteralPath ")


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", ["a b", "it's", '"quoted"', "$HOME", "a`id`", "a\\b", "[x]*?"])
def test_a_path_can_be_pasted_in_bash(tmp_path, name):
    project = tmp_path / name
    project.mkdir()
    [command] = find(project)["go"]
    line = f"{command} && pwd -P"
    shown = subprocess.run(["bash", "-c", line], cwd="/", capture_output=True, text=True)
    assert shown.stdout == f"{project.resolve()}\n", shown.stderr


def test_each_step_has_its_title_once(folder):
    listed = next_commands.find(Folder(folder))
    text = next_commands.render(listed, ["A note."])
    assert text.endswith("\n\nA note.") and text.count("Create it") == 1
    lines = [line[14:] for line in text.splitlines()[: len(listed)]]
    assert lines == [command.text for command in listed]


@pytest.mark.parametrize("arguments", [("next", "--json"), ("--json", "next")])
def test_a_program_gets_the_same_commands(folder, capsys, arguments):
    assert __main__.main(["--project", str(folder), *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    listed = [command.text for command in next_commands.find(Folder(folder))]
    assert [item["command"] for item in document["commands"]] == listed
    assert document["commands"][0]["step"] == "go" and document["notes"] == [notes(folder)]


def test_no_code_of_the_project_is_run(folder):
    for name in ("manage.py", "config/__init__.py", "config/settings.py"):
        write(folder / name, "open('ran', 'w')\n")
    command = [sys.executable, "-m", "preflight", "--project", folder, "next"]
    shown = run(command, folder.parents[0], BARE | GIT | {"PYTHONPATH": str(ROOT)})
    assert shown.status == 0 and "git push heroku main" in shown.output, shown.output
    assert not list(folder.parent.rglob("ran"))
