"""Find the commands to type next, from `cd` to `heroku open`, for the state of the folder."""

import os
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from preflight import about, choices, file_checks, processes, project_files, setup, source

# The steps in order, each with the title that is printed before its first command.
TITLES = {
    "go": "Go there",
    "set-up": "Set it up",
    "start": "Start it",
    "ignore": "Ignore it",
    "commit": "Commit it",
    "create": "Create it",
    "push": "Push it",
    "open": "Open it",
}
SECRET_KEY = "import secrets; print(secrets.token_urlsafe(64))"
# PowerShell needs no quotes around these characters. Git Bash removes a backslash without quotes.
PLAIN = r"[A-Za-z0-9_/:.+=-]+"
# https://devcenter.heroku.com/articles/platform-api-reference#app
APP_NAME = r"[a-z][a-z0-9-]{1,28}[a-z0-9]"
# An add-on and its plan, such as heroku-postgresql:essential-0.
PLAN = r"[A-Za-z0-9][A-Za-z0-9:_-]*"


@dataclass(frozen=True)
class Command:
    """A command for bash or, on Windows, for PowerShell, and the step that it belongs to."""

    step: str
    text: str


@dataclass(frozen=True)
class Folder:
    """The state of a project's folder. Each fact is looked up once."""

    path: Path
    windows: bool = processes.WINDOWS

    def git(self, *arguments: str) -> processes.Finished:
        """Run git in the folder."""
        return source.git(self.path, *arguments)

    @cached_property
    def prefix(self) -> processes.Finished:
        """The folder's path in the repository, or git's error message."""
        return self.git("rev-parse", "--show-prefix")

    @cached_property
    def ignored(self) -> bool:
        """Whether a repository above ignores the whole folder, so it needs its own repository."""
        below = self.prefix.status == 0 and self.prefix.output.strip()
        return bool(below) and self.git("check-ignore", "--quiet", ".").status == 0

    @property
    def in_repository(self) -> bool:
        """Whether the folder is in a git repository that does not ignore it."""
        return self.prefix.status == 0 and not self.ignored

    @property
    def unreadable(self) -> bool:
        """Whether there is a repository that git cannot read, such as another user's."""
        missing = "not a git repository" in self.prefix.output
        return self.prefix.status not in {0, 127} and not missing

    @cached_property
    def has_remote(self) -> bool:
        """Whether the repository has a remote called heroku."""
        return self.in_repository and source.has_remote(self.path)

    @cached_property
    def has_packages(self) -> bool:
        """Whether .venv has Python and Django; pip and uv install either everything or nothing."""
        folder = self.path / ".venv"
        places = [*folder.glob("lib*/python*/site-packages"), folder / "Lib/site-packages"]
        return processes.python_in(folder).exists() and any((p / "django").is_dir() for p in places)

    @cached_property
    def lacks_lock(self) -> bool:
        """Whether the setup will create uv.lock."""
        return setup.wants_uv(self.path) and not (self.path / "uv.lock").is_file()

    @cached_property
    def exposed(self) -> list[str]:
        """The local files that `git add .` would add, even if they do not exist yet."""
        if self.in_repository:
            command = ("check-ignore", "--quiet", "--no-index")
            return [name for name in source.LOCAL_FILES if self.git(*command, name).status == 1]
        listed = self.path / ".gitignore"
        text = listed.read_text(encoding="utf-8", errors="replace") if listed.is_file() else ""
        patterns = [line.strip().strip("/") for line in text.splitlines()]
        return [n for n in source.LOCAL_FILES if not any(fnmatch(n, p) for p in patterns)]

    @cached_property
    def changes(self) -> list[str]:
        """The `git status` entry of each file that is not committed, without the local files."""
        if not self.in_repository:
            return []
        status = self.git("status", "--porcelain", "-z", "--no-renames", "--", ".")
        local = {self.prefix.output.strip() + name for name in source.LOCAL_FILES}
        entries = status.output.split("\0") if status.status == 0 else []
        return [entry for entry in entries if entry and entry[3:] not in local]

    @cached_property
    def committed_local(self) -> list[str]:
        """The local files in the last commit, which a push sends until a commit removes them."""
        if not self.in_repository:
            return []
        listed = self.git("ls-tree", "--name-only", "HEAD", "--", *source.LOCAL_FILES)
        return listed.output.split() if listed.status == 0 else []

    @cached_property
    def mixed(self) -> list[str]:
        """What to fix first if the folder has files from two projects."""
        found = choices.find_mixed(self.path)
        return ["\n".join([f"{f.message} {f.cure}", *f.commands]) for f in found]

    @cached_property
    def app_json(self) -> dict[str, Any]:
        """The content of app.json; an empty dictionary if it is missing or invalid."""
        return project_files.app_json_or_nothing(self.path)

    @cached_property
    def wanted_vars(self) -> list[str]:
        """The required config vars that app.json does not generate, so you have to set them."""
        return [name for name, entry in self.required_vars.items() if "generator" not in entry]

    @cached_property
    def required_vars(self) -> dict[str, dict[str, Any]]:
        """The config vars that app.json requires without a value, except the database's own."""
        return {
            name: entry
            for name, entry in (self.app_json.get("env") or {}).items()
            if isinstance(entry, dict) and "value" not in entry and entry.get("required", True)
            if re.fullmatch(r"[A-Za-z_]\w*", name) and name != "DATABASE_URL"
        }

    @property
    def any_python(self) -> str:
        """The command for Python before there is a virtual environment."""
        return "py" if self.windows else "python3"

    @property
    def venv_python(self) -> str:
        """The command for the project's Python, as it is after the setup."""
        return r".venv\Scripts\python" if self.windows else ".venv/bin/python"

    @property
    def python(self) -> str:
        """The command for the project's Python, or for any Python if the packages are missing."""
        return self.venv_python if self.has_packages else self.any_python

    @property
    def preflight(self) -> str:
        """The command for preflight: the project's file, or else the one that is running."""
        if (self.path / "preflight.pyz").is_file():
            return f"{self.any_python} preflight.pyz"
        if about.PLACE.is_file():
            return f"{self.any_python} {self.quote(str(about.PLACE.resolve()))}"
        return about.COMMAND

    def quote(self, text: str) -> str:
        """Quote a text as one argument of a command.

        PowerShell treats typographic quotes as plain ones, and a doubled quote as one quote:
        https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
        """
        if not self.windows:
            return shlex.quote(text)
        if re.fullmatch(PLAIN, text):
            return text
        if not re.search(r"[\"$`“”„]", text):
            # cmd.exe understands this form, too.
            return f'"{text}"'
        return "'" + re.sub("(['‘’‚‛])", r"\1\1", text) + "'"


def find(folder: Folder) -> list[Command]:
    """Return the commands to type next, in order.

    This reads files and asks git. It runs no code of the project and needs no network.
    """
    steps = (go_there, set_up, start, ignore, commit, create, push, open_site)
    return [
        Command(step, text)
        for step, find_texts in zip(TITLES, steps, strict=True)
        if step == "go" or not folder.mixed
        for text in find_texts(folder)
    ]


def find_notes(folder: Folder) -> list[str]:
    """Return notes to read before you type the commands."""
    if folder.mixed:
        return folder.mixed
    notes = []
    if folder.prefix.status == 127:
        notes.append("git is not installed. Install it first: https://git-scm.com/downloads")
    if folder.unreadable:
        notes.append(f"git cannot read this repository:\n{folder.prefix.output.strip()}")
    if folder.ignored:
        notes.append(
            "A .gitignore in a folder above makes git ignore this folder, so the commands create\n"
            "a repository for the project."
        )
    if folder.has_remote:
        notes.append("git has the remote heroku, so the commands to create the app are left out.")
    readme = folder.path / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    if "\n## Deploy it\n" in text:
        notes.append("README.md explains each step and what it costs.")
    elif (folder.path / ".heroku-django.yaml").is_file():
        notes.append(
            "Your own README.md was kept. To read the template's, which explains each step,\n"
            "generate the project again with the same answers, into the folder guide next to this "
            "one:\n"
            f"  {folder.any_python} -m cookiecutter -o .. "
            "gh:org/heroku-django project_slug=guide _verify=none _git_init=no"
        )
    return notes


def render(commands: list[Command], notes: list[str]) -> str:
    """Return the commands and notes as text, with each step's title before its first command."""
    lines, last = [], ""
    for command in commands:
        title = TITLES[command.step] if command.step != last else ""
        lines.append(f"  {title:<10}  {command.text}")
        last = command.step
    return "\n".join([*lines, *([""] if notes else []), *notes])


def go_there(folder: Folder) -> list[str]:
    """Return the command that changes to the folder, unless the shell is already in it.

    PWD is the shell's folder, even if this process runs in another one.
    """
    place = os.environ.get("PWD")
    if place and Path(place).resolve() == folder.path:
        return []
    # PowerShell treats brackets in a path as a pattern.
    brackets = folder.windows and re.search(r"[\[\]]", str(folder.path))
    return [f"cd {'-LiteralPath ' if brackets else ''}{folder.quote(str(folder.path))}"]


def set_up(folder: Folder) -> list[str]:
    """Return the command that installs the packages, if they are missing."""
    if folder.has_packages:
        return []
    return [f"{folder.preflight} setup"]


def start(folder: Folder) -> list[str]:
    """Return the command that starts the site locally, after the setup."""
    return [f"{folder.venv_python} manage.py runserver"]


def ignore(folder: Folder) -> list[str]:
    """Return the commands that make git ignore .env and the local database.

    Python appends the lines to .gitignore, because PowerShell could write them in UTF-16.
    """
    texts = []
    if folder.exposed and not folder.unreadable:
        lines = "".join(rf"{name}\n" for name in folder.exposed)
        texts.append(rf'''{folder.any_python} -c "open('.gitignore', 'a').write('\n{lines}')"''')
    tracked = folder.git("ls-files", "--", *source.LOCAL_FILES)
    if folder.in_repository and tracked.status == 0 and tracked.output:
        texts.append(f"git rm --cached {' '.join(tracked.output.split())}")
    return texts


def commit(folder: Folder) -> list[str]:
    """Return the commands that commit what the steps before leave uncommitted."""
    new = folder.exposed or folder.lacks_lock or not folder.in_repository
    if folder.unreadable or not (new or folder.changes or folder.committed_local):
        return []
    texts = [] if folder.in_repository else ["git init -b main"]
    if folder.git("var", "GIT_AUTHOR_IDENT").status != 0:
        texts.append('git config --global user.name "Your Name"')
        texts.append('git config --global user.email "you@example.com"')
    known = folder.git("cat-file", "-e", "HEAD:./manage.py").status == 0
    others = folder.changes or folder.exposed or folder.committed_local
    if known and folder.lacks_lock and not others:
        return [*texts, "git add uv.lock", 'git commit -m "Add uv.lock"']
    if new or any(entry[1] != " " for entry in folder.changes):
        texts.append("git add .")
    message = "Describe what you changed" if known else "Start the project"
    return [*texts, f'git commit -m "{message}"']


def create(folder: Folder) -> list[str]:
    """Return the commands that create the app with its add-ons and config vars.

    app.json lists them. Heroku reads it for review apps, but `heroku create` does not:
    https://devcenter.heroku.com/articles/app-json-schema
    """
    if folder.has_remote:
        return []
    name = app_name(folder)
    texts = ["heroku login", f"heroku create {name}" if name else "heroku create"]
    texts += [f"heroku addons:create {plan}" for plan in plans(folder)]
    for name, entry in folder.required_vars.items():
        if "generator" in entry:
            texts.append(f"heroku config:set {name}=\"$({folder.python} -c '{SECRET_KEY}')\"")
    if folder.wanted_vars:
        values = " ".join(f"{name}=..." for name in folder.wanted_vars)
        texts.append(f"heroku config:set {values}")
    return texts


def app_name(folder: Folder) -> str:
    """Return the name of the app in app.json; an empty string if it is missing or invalid."""
    name = folder.app_json.get("name")
    return name if isinstance(name, str) and re.fullmatch(APP_NAME, name) else ""


def plans(folder: Folder) -> list[str]:
    """Return the valid plans of the add-ons in app.json. An add-on is a text or an object."""
    addons = folder.app_json.get("addons")
    found = [
        addon.get("plan") if isinstance(addon, dict) else addon
        for addon in (addons if isinstance(addons, list) else [])
    ]
    return [plan for plan in found if isinstance(plan, str) and re.fullmatch(PLAN, plan)]


def push(folder: Folder) -> list[str]:
    """Return the command that pushes the project, and the one that checks its storage on Heroku."""
    texts = [push_command(folder)]
    if folder.wanted_vars and any(folder.path.glob("*/management/commands/check_storage.py")):
        texts.append("heroku run python manage.py check_storage")
    return texts


def push_command(folder: Folder) -> str:
    """Return the command that pushes the project from its folder and its branch.

    Heroku builds the root of what you push, so a project in a folder of a repository is pushed
    with `git subtree`, which only works from the top of the repository.
    """
    inside = folder.prefix.output.strip().rstrip("/") if folder.in_repository else ""
    if inside:
        up = "/".join([".."] * (inside.count("/") + 1))
        return file_checks.push_folder(folder.quote(inside), up)
    branch = folder.git("symbolic-ref", "--short", "HEAD")
    if not folder.in_repository or branch.output.strip() == "main":
        return "git push heroku main"
    # If HEAD is detached, git needs the full name of the branch.
    return f"git push heroku HEAD:{'main' if branch.status == 0 else 'refs/heads/main'}"


def after_proof(folder: Folder) -> dict[str, str]:
    """Return the command to type after a rehearsal that passed, by its title.

    Without the remote, the app may not exist yet, so `preflight next` shows how to create it.
    """
    if folder.has_remote:
        return {"Push it:": push_command(folder)}
    return {"To create the app and push:": f"{folder.preflight} next"}


def open_site(folder: Folder) -> list[str]:
    """Return the command that opens the site in a browser."""
    return ["heroku open"]
