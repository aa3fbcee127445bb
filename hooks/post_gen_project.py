"""Set the new project up, prove that it deploys, and show what to type next."""
# ruff: noqa: E402

import signal

# Until main() handles Ctrl-C, it ends this process silently, without a traceback. If the caller
# ignores Ctrl-C, it is still ignored.
ON_CTRL_C = signal.getsignal(signal.SIGINT)
if ON_CTRL_C != signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter|tojson }}""")
PROJECT, COOKIECUTTER = Path.cwd(), os.getppid()

PROVED, NOT_PROVED, FAILED, NOT_ASKED = "proved", "not-proved", "failed", "not-asked"
# The exit statuses of preflight. Any other status means that the project is not proved.
OUTCOMES, STOPPED = {0: PROVED, 1: FAILED}, 130
PROVE = ("preflight.pyz", "--uncommitted", "setup", "--rehearse")

# The hash of the template's preflight.pyz. tools/build_pyz.py writes this line.
PREFLIGHT_SHA256 = "97c1571fe7a9a61159777047d5a74b3c15064072ec0e6cf173a2a536cdf27cb5"
OTHER_PREFLIGHT = """\
The preflight.pyz in this folder is not the one from this template, so it was not run.
To replace it, remove the file in the project's folder:
  rm preflight.pyz
Then generate the project again with the same command.
"""

# Folders that are empty with some answers, inner folders first.
MAYBE_EMPTY = """
.github/workflows .github templates/account/email templates/account/messages templates/account
templates/allauth/layouts templates/allauth templates/socialaccount/snippets templates/socialaccount
templates/pictures
pictures/management/commands pictures/management pictures/migrations pictures/templatetags pictures
""".split()


def say(text: str = "") -> None:
    """Print a line; continue silently if the output is closed, for example after `| head`."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def run_git(*arguments: str) -> tuple[int, str]:
    """Run git in the project; return its output and its exit status, which is 127 without git."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        ended = subprocess.run(["git", *arguments], **options, env=os.environ | {"LC_ALL": "C"})
    except OSError as error:
        return 127, str(error)
    return ended.returncode, ended.stdout.decode("utf-8", errors="replace").strip()


def run_python(*arguments: str) -> int:
    """Run Python in the project and return its exit status; on Ctrl-C, leave no process running."""
    process = subprocess.Popen([sys.executable, *arguments])
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The process has received the same Ctrl-C, and stops the processes that it started. A
        # second Ctrl-C must not end it before that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def remove_empty_folders() -> None:
    """Remove the folders in which no file was generated."""
    for name in MAYBE_EMPTY:
        try:
            (PROJECT / name).rmdir()
        except OSError:
            continue


def is_update() -> bool:
    """Return whether `cruft update` or `cruft diff` runs this hook, only to compare files.

    Both clone the template into the folder `repo` in a temporary folder, next to their results, and
    generate the project in another temporary folder. `cruft create` clones the template elsewhere.
    Source: _commands/update.py, diff.py and utils/generate.py of cruft 2.16.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    if "_commit" not in ANSWERS or PROJECT.resolve().parent.parent != temporary:
        return False
    return any(
        os.path.isdir(folder / "repo/.git") and os.path.isdir(folder / results)
        for folder in temporary.glob(f"{tempfile.gettempprefix()}*")
        for results in ("current_template", "remote")
    )


def start_repository() -> bool:
    """Create a git repository; return whether it was created.

    A repository that exists, such as one from a course, or that git cannot read, is not changed.
    """
    status, output = run_git("rev-parse", "--is-inside-work-tree")
    if not ANSWERS["_git_init"] or status in {0, 127} or "not a git repository" not in output:
        return False
    if run_git("init", "--quiet", "--initial-branch=main")[0] != 0:
        # git before 2.28 has no --initial-branch.
        run_git("init", "--quiet")
        run_git("symbolic-ref", "HEAD", "refs/heads/main")
    return True


def has_own_preflight() -> bool:
    """Return whether preflight.pyz is the template's file. Only that one is run.

    In a folder that existed before, the file can be an older one, or come from somewhere else.
    """
    content = (PROJECT / "preflight.pyz").read_bytes()
    return hashlib.sha256(content).hexdigest() == PREFLIGHT_SHA256


def prove() -> str:
    """Set the project up and rehearse its deploy; return the outcome.

    Nothing is committed yet, so the rehearsal uses the files that the first commit will contain.
    """
    if ANSWERS["_verify"] == "none":
        return NOT_ASKED
    status = run_python(*PROVE)
    if status == STOPPED:
        raise KeyboardInterrupt
    say()
    return OUTCOMES.get(status, NOT_PROVED)


def commit() -> None:
    """Make the first commit; if git refuses, show its message. The files stay staged."""
    run_git("add", "--all")
    status, output = run_git("commit", "--quiet", "-m", "Start the project")
    if status != 0:
        say(f"Nothing is committed yet. git says:\n\n{output}\n")


def report_failure() -> None:
    """Say whether the template or a file that was in the folder may have caused a failure."""
    status, kept = run_git("ls-files")
    if status != 0 or not kept:
        say("If the folder was empty before, this is a bug in the template. Please report it with")
        say("the output above: https://github.com/org/heroku-django/issues")
        return
    say("Your own files were kept, and one of them may be the cause. To use the template's file,")
    say("rename yours, then run the same command again. It adds the missing files.")


def report_missing_proof() -> None:
    """Print the command that proves the project later."""
    say(f"The project is in {PROJECT}, but it is not proved. To prove it, run this there:")
    say(f"  {'py' if os.name == 'nt' else 'python3'} {' '.join(PROVE)}\n")


def wait_for_cookiecutter() -> None:
    """Wait for cookiecutter, which also receives the Ctrl-C and prints "Aborted!" as it exits."""
    deadline = time.monotonic() + 2
    while os.getppid() == COOKIECUTTER and time.monotonic() < deadline:
        time.sleep(0.02)


def finish(outcome: str, new: bool) -> None:
    """Report what is wrong, or commit a new repository; print the next commands."""
    if outcome == FAILED:
        report_failure()
        return
    if outcome == NOT_PROVED:
        report_missing_proof()
        if ANSWERS["_verify"] == "required":
            say("_verify=required makes this an error, so cookiecutter now removes a new project.")
            say("To keep it, generate it again with --keep-project-on-failure.\n")
    if new:
        commit()
    run_python("preflight.pyz", "next")


def main() -> int:
    """Do the work, print a line with the outcome for programs, and return the exit status."""
    began, outcome = time.monotonic(), NOT_PROVED
    try:
        signal.signal(signal.SIGINT, ON_CTRL_C)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="replace", line_buffering=True)
        remove_empty_folders()
        if is_update():
            say("These files are for cruft to compare, so nothing is set up or proved.")
            return 0
        if has_own_preflight():
            new = start_repository()
            outcome = prove()
            finish(outcome, new)
        else:
            say(OTHER_PREFLIGHT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        wait_for_cookiecutter()
        say("\nStopped.")
        if outcome == NOT_PROVED:
            report_missing_proof()
    say(f"heroku-django: outcome={outcome} seconds={time.monotonic() - began:.1f}")
    return int(outcome == FAILED or (outcome, ANSWERS["_verify"]) == (NOT_PROVED, "required"))


if __name__ == "__main__":
    sys.exit(main())
