"""Set the new project up, prove it, and say what comes next. Runs in the project's folder."""

import hashlib
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
    "templates/allauth/elements",
    "templates/allauth/layouts",
    "templates/allauth",
    "templates/socialaccount/snippets",
    "templates/socialaccount",
    "templates/pictures",
    "pictures/migrations",
    "pictures/templatetags",
    "pictures",
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

TRY_STORAGE = "heroku run python manage.py check_storage"

# The exit statuses of preflight.
PROVED, FAILED, NOT_PROVED, STOPPED = 0, 1, 3, 130

# The preflight.pyz of this template. tools/build_pyz.py writes this line.
PREFLIGHT_SHA256 = "6015b48b290d361e762325485c8307cac26bec7a5dd3c2ad451d7026e715f1b4"

OTHER_PREFLIGHT = """\
The preflight.pyz in this folder is not the one of this template, so it was not run.
To replace it, go to the folder and remove the file:
  rm preflight.pyz
Then run the command again that generated the project.
"""


def say(text: str = "") -> None:
    """Print a line; where nobody reads any more, as behind `| head`, go on in silence."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def tell(title: str, seconds: float, detail: str) -> None:
    """Print a line in the form of preflight's."""
    say(f"  {'ok':<10}  {'project':<7}  {title:<15}  {seconds:5.1f} s  {detail}")


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
            env=os.environ | {"LC_ALL": "C"},
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
    inside = run_git("rev-parse", "--is-inside-work-tree")
    if succeeded(inside) or "not a git repository" not in inside.stderr:
        # An error that is another, such as a folder of somebody else, is no reason to begin one.
        return "existing"
    if not succeeded(run_git("init", "--quiet", "--initial-branch=main")):
        # git before 2.28 cannot name the branch.
        run_git("init", "--quiet")
        run_git("symbolic-ref", "HEAD", "refs/heads/main")
    tell("git", time.monotonic() - began, "a repository, branch main")
    return "new"


def has_own_preflight() -> bool:
    """Return whether preflight.pyz is the file of this template, the only one that is run.

    The folder may be somebody's repository, so another file of this name may have been there.
    """
    content = (PROJECT / "preflight.pyz").read_bytes()
    return hashlib.sha256(content).hexdigest() == PREFLIGHT_SHA256


def prove() -> int:
    """Set the project up and rehearse its deploy; return preflight's exit status.

    Nothing is committed yet, so the rehearsal takes the files as the first commit will.
    """
    command = [sys.executable, "preflight.pyz", "--uncommitted", "setup", "--rehearse"]
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


def push_command() -> str:
    """Return the command that sends this project to Heroku, from its branch and its folder."""
    prefix = run_git("rev-parse", "--show-prefix")
    inside = prefix.stdout.strip().rstrip("/") if succeeded(prefix) else ""
    if inside:
        return f"git subtree push --prefix {inside} heroku main"
    branch = run_git("symbolic-ref", "--short", "HEAD")
    on_main = not succeeded(branch) or branch.stdout.strip() == "main"
    return f"git push heroku {'main' if on_main else 'HEAD:main'}"


def next_commands(committed: bool) -> str:
    """Return what to type next, in a form that bash and PowerShell both take.

    `committed` says whether the first commit is made or, where git knows nobody, was explained.
    """
    windows = os.name == "nt"
    python = r".venv\Scripts\python" if windows else ".venv/bin/python"
    folder = f'"{PROJECT}"' if " " in str(PROJECT) else str(PROJECT)
    key = f"$({python} -c 'import secrets; print(secrets.token_urlsafe(64))')"
    set_up = (PROJECT / python.replace("\\", "/")).exists() or (PROJECT / f"{python}.exe").exists()
    commands = [
        ("Go there", f"cd {folder}"),
        *([] if set_up else [("Set it up", f"{any_python()} preflight.pyz setup")]),
        ("Start it", f"{python} manage.py runserver"),
        *([] if committed else [("Commit it", "git add .")]),
        *([] if committed else [("", 'git commit -m "Start the project"')]),
        ("Deploy it", "heroku login"),
        ("", f"heroku create {ANSWERS['heroku_app_name']}"),
        ("", "heroku addons:create heroku-postgresql:essential-0"),
        ("", f'heroku config:set SECRET_KEY="{key}"'),
        *STORAGE_COMMANDS[ANSWERS["storage"]],
        ("", push_command()),
        *([("", TRY_STORAGE)] if STORAGE_COMMANDS[ANSWERS["storage"]] else []),
        ("", "heroku open"),
    ]
    lines = [f"  {what:<10}  {command}" for what, command in commands]
    return "\n".join([*lines, "", guide()])


def any_python() -> str:
    """Return what starts a Python on this system, before there is an environment."""
    return "py" if os.name == "nt" else "python3"


def guide() -> str:
    """Return where the steps are explained; a README that was here before explains others."""
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    if "\n## Deploy it\n" in text:
        return "README.md explains each step, and what it costs."
    return (
        "Your README.md stayed as it was, so the project's own, which explains each step, is not\n"
        "here. To read it, generate once more, beside this folder, with project_slug=guide\n"
        "and _verify=none."
    )


def close(outcome: str, seconds: float) -> None:
    """Print the last line, which a program can read."""
    say(f"heroku-django: outcome={outcome} seconds={seconds:.1f}")


def report_failure(repository: str) -> None:
    """Say whose fault a failure is."""
    if repository == "existing":
        say("Your own files stayed as they were; one of them may be the reason. Fix it, then")
        say(f"  {any_python()} preflight.pyz --uncommitted setup --rehearse")
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
    own = has_own_preflight()
    status = None if VERIFY == "none" else prove() if own else NOT_PROVED
    say()
    if status == FAILED:
        report_failure(repository)
        close("failed", time.monotonic() - began)
        return 1
    if not own:
        say(OTHER_PREFLIGHT)
    elif status not in {None, PROVED}:
        say(f"The project is in {PROJECT}. Its proof is missing; get it later, there, with")
        say(f"  {any_python()} preflight.pyz --uncommitted setup --rehearse")
        say()
    advice = commit(repository) if status != STOPPED else None
    if advice:
        say(f"{advice}\n")
    say(next_commands(committed=repository == "new" and status != STOPPED))
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
