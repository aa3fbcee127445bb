"""The source phase: the files that git would push."""

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from preflight import findings, heroku, processes, project_files
from preflight.file_checks import Reason
from preflight.processes import Finished
from preflight.steps import Failed, NotProved

# What `setup` and the project itself write beside the code. A rehearsal of all files leaves them
# out; whether git ignores them is reported separately.
LOCAL_FILES = (".env", "db.sqlite3")


@dataclass(frozen=True)
class Source:
    """What git would push: where it comes from, and the names of the files.

    `unpushed` are files that the build would miss, each with the reason why git does not push it.
    """

    origin: str
    names: list[str]
    unpushed: dict[str, Reason] = field(default_factory=dict)


def git(project: Path, *arguments: str, **variables: str) -> Finished:
    """Run git in the project with the caller's environment, which has the settings of git.

    A repository can name a program as core.fsmonitor, which git would then run.
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-corefsmonitor
    """
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"} | variables
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    return processes.run(command, project, environment, timeout=120)


def take(project: Path, tree: Path, uncommitted: bool = False) -> Source:
    """Put the files that git would push into the folder `tree`.

    These are the files of the last commit; before there is one, those of the index. With
    `uncommitted` they are all files that git does not ignore, as if everything were committed.
    Without git, they are all files that .gitignore does not name.
    """
    inside = git(project, "rev-parse", "--show-prefix")
    if inside.status not in {0, 127} and "not a git repository" not in inside.output:
        raise NotProved("git cannot read this repository", inside)
    if inside.status != 0:
        tree.mkdir(parents=True)
        return copy_without_git(project, tree)
    prefix = inside.output.strip()
    whole = tree.with_name("repository") if prefix else tree
    whole.mkdir(parents=True)
    origin, names = check_out(project, whole, uncommitted)
    unpushed = find_unpushed(project, uncommitted)
    if not prefix:
        return Source(origin, names, unpushed)
    # Heroku builds the root of what you push, so only this folder is pushed.
    shutil.move(whole / prefix, tree)
    return Source(f"{prefix.rstrip('/')}/ of {origin}", names, unpushed)


def find_unpushed(project: Path, uncommitted: bool) -> dict[str, Reason]:
    """Return the files that the build needs and git does not push, each with the reason."""
    found: dict[str, Reason] = {}
    kinds: dict[Reason, list[str]] = {Reason.IGNORED: ["--ignored"]}
    if not uncommitted:
        kinds[Reason.NOT_COMMITTED] = []
    for reason, options in kinds.items():
        # A folder that is ignored as a whole is listed as one name, so that .venv is not searched.
        command = ["ls-files", "-z", "--others", "--exclude-standard", "--directory", *options]
        for name in git(project, *command).output.split("\0"):
            has_files = not name.endswith("/") or any((project / name).rglob("*.*"))
            inside = name.startswith((".", "node_modules/")) and name not in heroku.CONTROL_FILES
            if name.endswith((".pyc", "__pycache__/", ".DS_Store")) or inside or not has_files:
                continue
            if name in heroku.CONTROL_FILES or re.search(heroku.NEEDED, name):
                found[name] = reason
    return found


def find_added(project: Path) -> list[tuple[str, str, str]]:
    """Return what the last commits have added, as (commit, file, lines)."""
    options = ["--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--relative"]
    options += [f"-{heroku.COMMITS}", "--format=%x00%h", "--", "."]
    log = git(project, "log", "-p", *options)
    if log.status != 0:
        return []
    found: dict[tuple[str, str], list[str]] = {}
    commit = name = ""
    for line in log.output.split("\n"):
        if line.startswith("\0"):
            commit = line[1:]
        elif line.startswith("+++ "):
            name = line[4:].removeprefix("b/")
        elif line.startswith("+"):
            found.setdefault((commit, name), []).append(line[1:])
    return [(commit, name, "\n".join(lines)) for (commit, name), lines in found.items()]


def find_notes(project: Path, uncommitted: bool) -> list[str]:
    """Return what to know before a commit or a push."""
    notes = []
    inside = git(project, "rev-parse", "--is-inside-work-tree")
    if inside.status != 0:
        begin = "git init -b main, then git add . and git commit"
        return [f"You push to Heroku with git, and this folder is not a repository: {begin}"]
    changed = len(git(project, "status", "--porcelain", ".").output.splitlines())
    head = git(project, "rev-parse", "--verify", "HEAD").status == 0
    if changed and head and not uncommitted:
        files = "1 changed file" if changed == 1 else f"{changed} changed files"
        notes.append(
            f"{files}, not committed, so not pushed. Commit, or rehearse with --uncommitted."
        )
    if not head and not uncommitted:
        notes.append(
            "Nothing is committed yet, and git only pushes commits: git add . then git commit"
        )
    open_to_git = [
        name
        for name in LOCAL_FILES
        if (project / name).exists() and git(project, "check-ignore", "-q", name).status == 1
    ]
    if open_to_git:
        notes.append(
            f"`git add .` would add {' and '.join(open_to_git)}. Add a line for each to .gitignore "
            "first."
        )
    return notes


def find_live(project: Path) -> set[str]:
    """Return the files of the last push to Heroku, as far as git knows; empty before the first."""
    for branch in ("main", "master"):
        listed = git(
            project, "ls-tree", "-r", "-z", "--name-only", "--full-tree", f"heroku/{branch}"
        )
        if listed.status == 0:
            return set(filter(None, listed.output.split("\0")))
    return set()


def has_remote(project: Path) -> bool:
    """Return whether git knows the app on Heroku."""
    return git(project, "remote", "get-url", "heroku").status == 0


def check_out(project: Path, whole: Path, uncommitted: bool) -> tuple[str, list[str]]:
    """Check the project's files out into `whole` without changing the repository.

    A separate index and object store are used. Returns where the files come from, and their names
    relative to the project.
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
        origin = "the index, because nothing is committed yet"
    if uncommitted:
        kept_out = [f":(exclude,glob)**/{name}" for name in LOCAL_FILES]
        git(project, "add", "--all", "--", ".", *kept_out, **own)
        origin = "all files as if they were committed"
    prefix = f"--prefix={whole.as_posix()}/"
    copied = git(project, "-c", "core.autocrlf=false", "checkout-index", "--all", prefix, **own)
    names = git(project, "ls-files", "-z", **own).output.split("\0")
    names = [name for name in names if name]
    if copied.status != 0 or not names:
        raise Failed(findings.NOTHING_TO_PUSH(), finished=copied)
    return origin, names


def copy_without_git(project: Path, tree: Path) -> Source:
    """Copy the folder without what simple patterns in .gitignore name."""
    ignored = [".git", ".preflight", ".venv", "venv", "__pycache__"]
    listed = project / ".gitignore"
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
        ignored += [line.strip().strip("/") for line in lines if line.strip()[:1] not in {"", "#"}]
    shutil.copytree(
        project, tree, ignore=shutil.ignore_patterns(*ignored), symlinks=True, dirs_exist_ok=True
    )
    names = [path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()]
    return Source("the folder, because it is not a git repository", names)


def apply_slugignore(tree: Path) -> None:
    """Remove what .slugignore names, as Heroku does before the build."""
    for _, pattern in project_files.slugignore_lines(tree):
        for path in sorted(tree.rglob("*"), reverse=True):
            if project_files.slugignored(path.relative_to(tree).as_posix(), pattern):
                whole = path.is_dir() and not path.is_symlink()
                shutil.rmtree(path) if whole else path.unlink(missing_ok=True)
