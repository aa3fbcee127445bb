"""What to type next, from the state of the folder: from `cd` to `heroku open`, ready to paste."""

import os
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from preflight import choices, contract, process, setup, source

# The steps in their order, each with the title that its first command gets.
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
# Without quotes, PowerShell takes these as they are.
PLAIN = r"[A-Za-z0-9_\\/:.+=-]+"


@dataclass(frozen=True)
class Command:
    """A line for bash or, on Windows, for PowerShell, and the step that it belongs to."""

    step: str
    text: str


@dataclass(frozen=True)
class Folder:
    """What is known about a project's folder. Each fact is looked up once."""

    path: Path
    windows: bool = process.WINDOWS

    def git(self, *arguments: str) -> process.Finished:
        """Run git in the folder."""
        return source.git(self.path, *arguments)

    @cached_property
    def prefix(self) -> process.Finished:
        """The folder's place in the repository, or the reason why git does not know it."""
        return self.git("rev-parse", "--show-prefix")

    @property
    def in_repository(self) -> bool:
        """Whether git knows a repository here."""
        return self.prefix.status == 0

    @property
    def unreadable(self) -> bool:
        """Whether there is a repository that git does not read, such as another user's."""
        missing = "not a git repository" in self.prefix.output
        return self.prefix.status not in {0, 127} and not missing

    @cached_property
    def has_remote(self) -> bool:
        """Whether git knows the app on Heroku."""
        return source.has_remote(self.path)

    @cached_property
    def has_packages(self) -> bool:
        """Whether .venv works and has Django; pip and uv install either everything or nothing."""
        folder = self.path / ".venv"
        places = [*folder.glob("lib*/python*/site-packages"), folder / "Lib/site-packages"]
        return process.python_in(folder).exists() and any((p / "django").is_dir() for p in places)

    @cached_property
    def lacks_lock(self) -> bool:
        """Whether the set-up will make uv.lock."""
        return setup.wants_uv(self.path) and not (self.path / "uv.lock").is_file()

    @cached_property
    def exposed(self) -> list[str]:
        """The local files, there or not, that `git add .` would take along."""
        if self.in_repository:
            command = ("check-ignore", "--quiet", "--no-index")
            return [name for name in source.LOCAL_FILES if self.git(*command, name).status == 1]
        listed = self.path / ".gitignore"
        text = listed.read_text(encoding="utf-8", errors="replace") if listed.is_file() else ""
        patterns = [line.strip().strip("/") for line in text.splitlines()]
        return [n for n in source.LOCAL_FILES if not any(fnmatch(n, p) for p in patterns)]

    @cached_property
    def changes(self) -> list[str]:
        """Git's entry for each file that is not committed, without the local files."""
        status = self.git("status", "--porcelain", "-z", "--no-renames", "--", ".")
        local = {self.prefix.output.strip() + name for name in source.LOCAL_FILES}
        entries = status.output.split("\0") if status.status == 0 else []
        return [entry for entry in entries if entry and entry[3:] not in local]

    @cached_property
    def mixed(self) -> list[str]:
        """What to fix first if the folder has files of two projects."""
        return choices.find_mixed(self.path)

    @cached_property
    def app_json(self) -> dict:
        """What app.json says; nothing if it is missing or invalid."""
        try:
            return contract.read_app_json(self.path)
        except ValueError:
            return {}

    @cached_property
    def wanted_vars(self) -> list[str]:
        """The config vars that app.json asks for and neither gives nor generates."""
        return [name for name, entry in self.required_vars.items() if "generator" not in entry]

    @cached_property
    def required_vars(self) -> dict[str, dict]:
        """The config vars that app.json asks for; the add-on of the database sets its own."""
        return {
            name: entry
            for name, entry in (self.app_json.get("env") or {}).items()
            if isinstance(entry, dict) and "value" not in entry and entry.get("required", True)
            if re.fullmatch(r"[A-Za-z_]\w*", name) and name != "DATABASE_URL"
        }

    @property
    def any_python(self) -> str:
        """What starts a Python before there is an environment."""
        return "py" if self.windows else "python3"

    @property
    def python(self) -> str:
        """What starts the project's Python, or any Python if the packages are missing."""
        if not self.has_packages:
            return self.any_python
        return r".venv\Scripts\python" if self.windows else ".venv/bin/python"

    def quote(self, text: str) -> str:
        """Return a text as one argument of a command.

        PowerShell reads typographic quotes as plain ones, and a doubled quote as one quote:
        https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
        """
        if not self.windows:
            return shlex.quote(text)
        if re.fullmatch(PLAIN, text):
            return text
        if not re.search(r"[\"$`“”„]", text):
            # cmd.exe reads this form, too.
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
    """Return what to know before typing the commands."""
    if folder.mixed:
        return folder.mixed
    notes = []
    if folder.prefix.status == 127:
        notes.append("git is not installed. Install it first: https://git-scm.com/downloads")
    if folder.unreadable:
        notes.append(f"git cannot read this repository:\n{folder.prefix.output.strip()}")
    if folder.has_remote:
        notes.append("git knows your app on Heroku, so the commands that create it are left out.")
    readme = folder.path / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    if "\n## Deploy it\n" in text:
        notes.append("README.md explains each step, and what it costs.")
    elif (folder.path / ".heroku-django.yaml").is_file():
        notes.append(
            "Your own README.md was kept. To read the one that explains each step, generate the\n"
            f"project again, into the folder guide next to this one:\n  {folder.any_python} "
            "-m cookiecutter --no-input -o .. --config-file .heroku-django.yaml "
            "gh:org/heroku-django project_slug=guide _verify=none _git_init=no"
        )
    return notes


def render(commands: list[Command], notes: list[str]) -> str:
    """Return the commands and notes as text. Each step's title is before its first command."""
    lines, last = [], ""
    for command in commands:
        title = TITLES[command.step] if command.step != last else ""
        lines.append(f"  {title:<10}  {command.text}")
        last = command.step
    return "\n".join([*lines, *([""] if notes else []), *notes])


def go_there(folder: Folder) -> list[str]:
    """Return the command that enters the folder, unless the shell is in it.

    PWD names the shell's folder, even if the process that runs this is in another one.
    """
    place = os.environ.get("PWD")
    if place and Path(place).resolve() == folder.path:
        return []
    # PowerShell takes brackets in a path as a pattern.
    brackets = folder.windows and re.search(r"[\[\]]", str(folder.path))
    return [f"cd {'-LiteralPath ' if brackets else ''}{folder.quote(str(folder.path))}"]


def set_up(folder: Folder) -> list[str]:
    """Return the command that installs the packages, if they are missing."""
    if folder.has_packages:
        return []
    bundled = (folder.path / "preflight.pyz").is_file()
    return [f"{folder.any_python} preflight.pyz setup" if bundled else "preflight setup"]


def start(folder: Folder) -> list[str]:
    """Return the command that starts the site here, if the packages are installed."""
    return [f"{folder.python} manage.py runserver"] if folder.has_packages else []


def ignore(folder: Folder) -> list[str]:
    """Return the commands that keep .env and the local database out of git.

    Python appends the lines to .gitignore, because PowerShell may write them in UTF-16.
    """
    texts = []
    if folder.exposed and not folder.unreadable:
        lines = "".join(rf"{name}\n" for name in folder.exposed)
        texts.append(rf'''{folder.any_python} -c "open('.gitignore', 'a').write('\n{lines}')"''')
    tracked = folder.git("ls-files", "--", *source.LOCAL_FILES)
    if tracked.status == 0 and tracked.output:
        texts.append(f"git rm --cached {' '.join(tracked.output.split())}")
    return texts


def commit(folder: Folder) -> list[str]:
    """Return the commands that commit what is not committed once the steps above are done."""
    new = folder.exposed or folder.lacks_lock or not folder.in_repository
    if folder.unreadable or not (new or folder.changes):
        return []
    texts = [] if folder.in_repository else ["git init -b main"]
    if folder.git("var", "GIT_AUTHOR_IDENT").status != 0:
        texts.append('git config --global user.name "Your Name"')
        texts.append('git config --global user.email "you@example.com"')
    known = folder.git("cat-file", "-e", "HEAD:./manage.py").status == 0
    if known and folder.lacks_lock and not (folder.changes or folder.exposed):
        return [*texts, "git add uv.lock", 'git commit -m "Add uv.lock"']
    if new or any(entry[1] != " " for entry in folder.changes):
        texts.append("git add .")
    message = "Describe what you changed" if known else "Start the project"
    return [*texts, f'git commit -m "{message}"']


def create(folder: Folder) -> list[str]:
    """Return the commands that create the app with its add-ons and config vars.

    app.json lists them. Heroku reads it for review apps, and not for `heroku create`:
    https://devcenter.heroku.com/articles/app-json-schema
    """
    if folder.has_remote:
        return []
    name = app_name(folder)
    texts = ["heroku login", f"heroku create {folder.quote(name)}" if name else "heroku create"]
    for addon in folder.app_json.get("addons") or []:
        plan = addon.get("plan") if isinstance(addon, dict) else addon
        texts.append(f"heroku addons:create {folder.quote(str(plan))}")
    for name, entry in folder.required_vars.items():
        if "generator" in entry:
            texts.append(f"heroku config:set {name}=\"$({folder.python} -c '{SECRET_KEY}')\"")
    if folder.wanted_vars:
        values = " ".join(f"{name}=..." for name in folder.wanted_vars)
        texts.append(f"heroku config:set {values}")
    return texts


def app_name(folder: Folder) -> str:
    """Return the name of the app in app.json, or an empty text."""
    return str(folder.app_json.get("name") or "")


def push(folder: Folder) -> list[str]:
    """Return the command that pushes the project, and the one that tries its storage there."""
    texts = [push_command(folder)]
    if folder.wanted_vars and any(folder.path.glob("*/management/commands/check_storage.py")):
        texts.append("heroku run python manage.py check_storage")
    return texts


def push_command(folder: Folder) -> str:
    """Return the command that pushes the project, from its folder and its branch.

    Heroku builds the root of what it gets, so a folder of a repository is pushed by itself. git
    does that only from the top of the repository.
    """
    inside = folder.prefix.output.strip().rstrip("/") if folder.in_repository else ""
    if inside:
        up = "/".join([".."] * (inside.count("/") + 1))
        return f"git -C {up} subtree push --prefix {folder.quote(inside)} heroku main"
    branch = folder.git("symbolic-ref", "--short", "HEAD")
    if not folder.in_repository or branch.output.strip() == "main":
        return "git push heroku main"
    # Without a branch, git needs the full name.
    return f"git push heroku HEAD:{'main' if branch.status == 0 else 'refs/heads/main'}"


def connect_and_push(folder: Folder) -> list[str]:
    """Return the commands that push to an app that exists, also without a remote."""
    name = folder.quote(app_name(folder) or "YOUR-APP")
    connect = [] if folder.has_remote else [f"heroku git:remote -a {name}"]
    return [*connect, push_command(folder)]


def open_site(folder: Folder) -> list[str]:
    """Return the command that opens the site in a browser."""
    return ["heroku open"]
