"""The source phase: the files that git would push, and the rules Heroku's build checks them by."""

import fnmatch
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from preflight import interpreter, process, rules
from preflight.process import Finished
from preflight.steps import Failed, NotProved

# What `setup` and the project itself write beside the code. It counts as ignored in a rehearsal of
# all files; whether git ignores it is told apart.
LOCAL_FILES = (".env", "db.sqlite3")


@dataclass(frozen=True)
class Source:
    """What would be pushed: where it comes from, the names of the files, the command to push it."""

    origin: str
    names: list[str]
    push: str


def git(project: Path, *arguments: str, **variables: str) -> Finished:
    """Run git in the project, with the caller's environment, since git's own settings are there."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"} | variables
    return process.run(["git", *arguments], project, environment, timeout=120)


def take(project: Path, tree: Path, uncommitted: bool = False) -> Source:
    """Put the files that git would push into the folder `tree`.

    These are the files of the last commit; before there is one, those of the index. With
    `uncommitted` they are all files that git does not ignore, as if everything were committed.
    Where there is no git, every file counts that the project's .gitignore does not name.
    """
    inside = git(project, "rev-parse", "--show-prefix")
    if inside.status not in {0, 127} and "not a git repository" not in inside.output:
        raise NotProved("git does not say what it would push", inside)
    if inside.status != 0:
        tree.mkdir(parents=True)
        return copy_without_git(project, tree)
    prefix = inside.output.strip()
    whole = tree.with_name("repository") if prefix else tree
    whole.mkdir(parents=True)
    origin, names, branch = check_out(project, whole, uncommitted)
    if not prefix:
        push = f"git push heroku {'main' if branch == 'main' else 'HEAD:main'}"
        return Source(origin, names, push)
    # Heroku looks at the root of what it is sent, so the folder has to be sent by itself.
    shutil.move(whole / prefix, tree)
    folder = prefix.rstrip("/")
    push = f"git subtree push --prefix {folder} heroku main"
    return Source(f"{folder}/ of {origin}", names, push)


def find_notes(project: Path, uncommitted: bool) -> list[str]:
    """Return what the owner should know before a commit or a push."""
    notes = []
    changed = len(git(project, "status", "--porcelain", ".").output.splitlines())
    head = git(project, "rev-parse", "--verify", "HEAD").status == 0
    if changed and head and not uncommitted:
        files = "1 changed file" if changed == 1 else f"{changed} changed files"
        notes.append(
            f"{files}, not committed and so not pushed. Commit, or rehearse with --uncommitted."
        )
    open_to_git = [
        name
        for name in LOCAL_FILES
        if (project / name).exists() and git(project, "check-ignore", "-q", name).status == 1
    ]
    if open_to_git:
        notes.append(
            f"{' and '.join(open_to_git)}, which .gitignore does not name and git add would take "
            "along: add a line for each to .gitignore first."
        )
    return notes


def has_remote(project: Path) -> bool:
    """Return whether git knows the app on Heroku."""
    return git(project, "remote", "get-url", "heroku").status == 0


def check_out(project: Path, whole: Path, uncommitted: bool) -> tuple[str, list[str], str]:
    """Check the project's files out into `whole` and leave the repository alone.

    An index and a store of objects of our own see to that. Returns where the files come from, their
    names from the project on, and the branch.
    """
    index, objects = whole.with_name("index"), whole.with_name("objects")
    objects.mkdir()
    real = Path(git(project, "rev-parse", "--git-path", "objects").output.strip())
    own = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((project / real).resolve()),
    }
    head = git(project, "rev-parse", "--short", "--verify", "HEAD")
    on = git(project, "symbolic-ref", "--short", "HEAD")
    branch = on.output.strip() if on.status == 0 else ""
    if head.status == 0:
        git(project, "read-tree", "HEAD", **own)
        origin = f"commit {head.output.strip()}" + (f" on {branch}" if branch else "")
    else:
        kept = project / git(project, "rev-parse", "--git-path", "index").output.strip()
        if kept.is_file():
            shutil.copyfile(kept, index)
        origin = "the index, since nothing is committed yet"
    if uncommitted:
        kept_out = [f":(exclude,glob)**/{name}" for name in LOCAL_FILES]
        git(project, "add", "--all", "--", ".", *kept_out, **own)
        origin = "all files as if they were committed"
    prefix = f"--prefix={whole.as_posix()}/"
    copied = git(project, "-c", "core.autocrlf=false", "checkout-index", "--all", prefix, **own)
    names = git(project, "ls-files", "-z", **own).output.split("\0")
    names = [name for name in names if name]
    if copied.status != 0 or not names:
        raise Failed("git would push no file of this project. Commit it first.", copied)
    return origin, names, branch


def copy_without_git(project: Path, tree: Path) -> Source:
    """Copy the folder without what .gitignore names; its simple patterns are understood."""
    ignored = [".git", ".preflight", ".venv", "venv", "__pycache__"]
    listed = project / ".gitignore"
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
        ignored += [line.strip().strip("/") for line in lines if line.strip()[:1] not in {"", "#"}]
    shutil.copytree(
        project, tree, ignore=shutil.ignore_patterns(*ignored), symlinks=True, dirs_exist_ok=True
    )
    names = [path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()]
    return Source("the folder, since it is no git repository", names, "")


def apply_slugignore(tree: Path) -> None:
    """Remove what .slugignore names, as Heroku does before the build."""
    listed = tree / ".slugignore"
    if not listed.is_file():
        return
    for line in listed.read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        anchored = pattern.startswith("/")
        for path in sorted(tree.rglob("*"), reverse=True):
            name = "/" + path.relative_to(tree).as_posix() if anchored else path.name
            if fnmatch.fnmatch(name, pattern.rstrip("/")):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def check(tree: Path, names: list[str]) -> str:
    """Return what the build will see; raise Failed with every rule that the files break."""
    problems = []
    managers = [name for name in rules.PACKAGE_MANAGERS if name in names]
    if len(managers) > 1:
        problems.append(
            f"{' and '.join(managers)} are both there, and Heroku builds with exactly one. "
            f"Remove one: git rm {managers[-1]}"
        )
    if not managers:
        problems.append(
            "Heroku finds no file that says what to install. Add requirements.txt (pip) or "
            "uv.lock (uv), and commit it."
        )
    problems += check_python_version(tree, names, managers)
    if "manage.py" not in names:
        problems.append("There is no manage.py in the root of the repository.")
    if "web" not in process_types(tree):
        problems.append(
            "There is no Procfile with a line 'web: ...' in the root; Heroku would start nothing "
            "(H14). Its name has a capital P and no ending, and such a line is, for example: "
            "web: gunicorn config.wsgi" + other_procfile(names)
        )
    for name in names:
        base = name.rpartition("/")[2]
        if base == rules.ENVIRONMENT_MARK:
            folder = name.rpartition("/")[0]
            problems.append(
                f"The virtual environment {folder}/ would be pushed. Add it to .gitignore. If it "
                f"is committed already: git rm -r --cached {folder}"
            )
        if base in rules.SECRET_FILES or name in rules.SECRET_FILES_IN_ROOT:
            problems.append(
                f"{name} would be pushed, and whoever reads the repository reads its secrets. Add "
                f"it to .gitignore. If it is committed already, change the secrets, too: "
                f"git rm --cached {name}"
            )
    if problems:
        raise Failed("\n".join(problems))
    series = interpreter.read_version_file(tree) or rules.DEFAULT_PYTHON
    return f"{rules.PACKAGE_MANAGERS[managers[0]]}, Python {series}, {len(names)} files"


def other_procfile(names: list[str]) -> str:
    """Return a command for a file that may have been meant as the Procfile."""
    meant = [name for name in names if re.fullmatch(r"(?i)procfile(\.txt)?", name)]
    return f"\ngit mv {meant[0]} Procfile" if meant and "Procfile" not in names else ""


def check_python_version(tree: Path, names: list[str], managers: list[str]) -> list[str]:
    """Return what is wrong with runtime.txt and .python-version."""
    present = [name for name in ("runtime.txt", ".python-version") if name in names]
    if len(present) == 2:
        return ["runtime.txt and .python-version are both there. Remove one: git rm runtime.txt"]
    if present == ["runtime.txt"] and managers == ["uv.lock"]:
        return ["uv builds need .python-version; Heroku refuses runtime.txt with uv."]
    if not present:
        missing = "Heroku needs a file .python-version with uv, such as 3.13."
        return [missing] if managers == ["uv.lock"] else []
    form = "python-3.13" if present == ["runtime.txt"] else "3.13"
    series = interpreter.read_version_file(tree)
    if series is None:
        return [f"{present[0]} does not hold a Python version. It has one line, such as {form}"]
    if series not in rules.PYTHONS:
        return [f"{present[0]} asks for Python {series}; Heroku has {', '.join(rules.PYTHONS)}."]
    return []


def process_types(tree: Path) -> dict[str, str]:
    """Return the commands of the Procfile by process type; nothing without one."""
    path = tree / "Procfile"
    if not path.is_file():
        return {}
    return dict(re.findall(rules.PROCESS_TYPE, path.read_text(encoding="utf-8", errors="replace")))
