"""Set the new project up, prove it, and say what comes next. Runs in the project's folder."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter|tojson }}""")

PROJECT = Path.cwd()
VERIFY = ANSWERS["_verify"]

# Folders that stay empty with some answers. Only empty ones are removed.
MAYBE_EMPTY = (
    ".github/workflows",
    ".github",
    "templates/allauth/layouts",
    "templates/allauth",
    "templates/registration",
)

# What production needs besides its secret key and its database. The values are the owner's.
STORAGE_COMMANDS = {
    "whitenoise": [],
    "s3": [
        ("", "heroku config:set AWS_STORAGE_BUCKET_NAME=... AWS_S3_REGION_NAME=..."),
        ("", "heroku config:set AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=..."),
    ],
    "cloudinary": [("", "heroku config:set CLOUDINARY_URL=cloudinary://key:secret@cloud")],
}

# The exit statuses of preflight.
PROVED, WRONG, STOPPED = 0, 1, 130


def say(text: str = "") -> None:
    """Print a line; where nobody reads any more, as behind `| head`, go on in silence."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def tell(title: str, seconds: float, detail: str) -> None:
    """Print a line in the form of preflight's."""
    say(f"  {'ok':<10}  {'project':<7}  {title:<28}  {seconds:5.1f} s  {detail}")


def run_git(*arguments: str) -> subprocess.CompletedProcess | None:
    """Run git in the project; return None where there is no git."""
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None


def succeeded(finished: subprocess.CompletedProcess | None) -> bool:
    """Return whether a command ran and ended well."""
    return finished is not None and finished.returncode == 0


def is_update() -> bool:
    """Return whether cruft only compares versions, in a temporary folder that it throws away.

    It then wants the files and nothing else: a repository, a lock file or an environment would
    stand in its way. https://cruft.github.io/cruft/
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    return "_commit" in ANSWERS and temporary in PROJECT.resolve().parents


def remove_empty_folders() -> None:
    """Remove the folders that no file was made for."""
    for name in MAYBE_EMPTY:
        try:
            (PROJECT / name).rmdir()
        except OSError:
            continue


def start_repository() -> str:
    """Begin a git repository; return "new", "existing" or "none".

    Inside a repository that is already there, such as a clone made by a course, nothing is done.
    """
    began = time.monotonic()
    if not ANSWERS["_git_init"] or run_git("--version") is None:
        return "none"
    if succeeded(run_git("rev-parse", "--is-inside-work-tree")):
        return "existing"
    if not succeeded(run_git("init", "--quiet", "--initial-branch=main")):
        # git before 2.28 cannot name the branch.
        run_git("init", "--quiet")
        run_git("symbolic-ref", "HEAD", "refs/heads/main")
    tell("git", time.monotonic() - began, "a repository, branch main")
    return "new"


def prove() -> int:
    """Set the project up and rehearse its deploy; return preflight's exit status.

    Nothing is committed yet, so the rehearsal takes the files as the first commit will.
    """
    command = [sys.executable, "-m", "preflight", "--uncommitted", "setup", "--rehearse"]
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The same Ctrl-C has reached preflight, which ends what it has started and says so.
        try:
            process.wait(timeout=30)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            process.kill()
        return STOPPED


def commit(repository: str) -> str | None:
    """Make the first commit; return what to do instead where git does not know who commits.

    The files are staged in any case.
    """
    if repository != "new":
        return None
    run_git("add", "--all")
    if succeeded(run_git("commit", "--quiet", "-m", "Start the project")):
        return None
    return (
        "git does not know you yet, so nothing is committed. Paste these three lines:\n"
        '  git config --global user.name "Your Name"\n'
        '  git config --global user.email "you@example.com"\n'
        '  git commit -m "Start the project"'
    )


def next_commands(repository: str) -> str:
    """Return what to type next, in a form that bash and PowerShell both take."""
    python = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
    app = ANSWERS["heroku_app_name"]
    folder = f'"{PROJECT}"' if " " in str(PROJECT) else str(PROJECT)
    key = f"$({python} -c 'import secrets; say(secrets.token_urlsafe(64))')"
    prefix = run_git("rev-parse", "--show-prefix")
    inside = prefix.stdout.strip().rstrip("/") if succeeded(prefix) else ""
    push = f"git subtree push --prefix {inside} heroku main" if inside else "git push heroku main"
    commands = [
        ("Go there", f"cd {folder}"),
        ("Start it", f"{python} manage.py runserver"),
        ("Deploy it", "heroku login"),
        ("", f"heroku create {app}"),
        ("", "heroku addons:create heroku-postgresql:essential-0"),
        ("", f'heroku config:set SECRET_KEY="{key}"'),
        *STORAGE_COMMANDS[ANSWERS["storage"]],
        ("", push),
        ("", "heroku open"),
    ]
    if repository != "new":
        # The owner decides what goes into a repository that was here before.
        at = len(commands) - 2
        commands[at:at] = [("", "git add ."), ("", 'git commit -m "Start the project"')]
    lines = [f"  {what:<10}  {command}" for what, command in commands]
    return "\n".join([*lines, "", "README.md explains each step, and what it costs."])


def close(outcome: str, seconds: float) -> None:
    """Print the last line, which a program can read."""
    say(f"heroku-django: outcome={outcome} seconds={seconds:.1f}")


def report_wrong(repository: str) -> None:
    """Say whose fault a failure is."""
    if repository == "existing":
        say("Your own files stayed as they were; one of them may be the reason. Mend it, then")
        say("  python -m preflight --uncommitted setup --rehearse")
    else:
        say("This is a fault of the template, not yours. Please report it with that output:")
        say("  https://github.com/org/heroku-django/issues")


def work() -> int:
    """Do everything in order; return the exit status."""
    began = time.monotonic()
    remove_empty_folders()
    if is_update():
        return 0
    repository = start_repository()
    status = prove() if VERIFY != "none" else None
    say()
    if status == WRONG:
        report_wrong(repository)
        close("wrong", time.monotonic() - began)
        return 1
    if status not in {None, PROVED}:
        say(f"The project is in {PROJECT}. Only its proof is missing; get it later with")
        say("  python -m preflight --uncommitted setup --rehearse")
        say()
    advice = commit(repository) if status != STOPPED else None
    if advice:
        say(f"{advice}\n")
    say(next_commands(repository))
    outcome = {PROVED: "proved", None: "not-asked"}.get(status, "not-proved")
    close(outcome, time.monotonic() - began)
    return 1 if VERIFY == "required" and outcome == "not-proved" else 0


def main() -> int:
    """Work, and leave in an orderly way when somebody presses Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)
    try:
        return work()
    except KeyboardInterrupt:
        say(f"\nStopped. The project is in {PROJECT}, not set up and not proved.")
        close("not-proved", 0.0)
        return 0


if __name__ == "__main__":
    sys.exit(main())
