"""Set the new project up, prove that it deploys, and show what to type next."""
# ruff: noqa: E402

import signal

# Until main() handles Ctrl-C, it ends this process silently, without a traceback. Where the caller
# has switched Ctrl-C off, it stays off.
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
# The exit statuses of preflight. Any other one means that nothing was proved.
OUTCOMES, STOPPED = {0: PROVED, 1: FAILED}, 130
PROVE = ("preflight.pyz", "--uncommitted", "setup", "--rehearse")

# The preflight.pyz of this template. tools/build_pyz.py writes this line.
PREFLIGHT_SHA256 = "12a11266bb143a0167d11d7179b6cae5ba0e969da2ac8516da552d56ba206196"
OTHER_PREFLIGHT = """\
The preflight.pyz in this folder is not the one of this template, so it was not run.
To replace it, go to the folder and remove the file:
  rm preflight.pyz
Then run the command again that generated the project.
"""

# Folders that have no file with some answers, inner ones first.
MAYBE_EMPTY = """
.github/workflows .github templates/allauth/elements templates/allauth/layouts templates/allauth
templates/socialaccount/snippets templates/socialaccount templates/pictures
pictures/migrations pictures/templatetags pictures
""".split()


def say(text: str = "") -> None:
    """Print a line; go on silently if nothing reads the output any more, as after `| head`."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def run_git(*arguments: str) -> tuple[int, str]:
    """Run git in the project; return its exit status, 127 without git, and its output."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        ended = subprocess.run(["git", *arguments], **options, env=os.environ | {"LC_ALL": "C"})
    except OSError as error:
        return 127, str(error)
    return ended.returncode, ended.stdout.decode("utf-8", errors="replace").strip()


def run_python(*arguments: str) -> int:
    """Run Python in the project and return its exit status; leave no process behind on Ctrl-C."""
    process = subprocess.Popen([sys.executable, *arguments])
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The same Ctrl-C has reached the process, which ends what it has started.
        try:
            process.wait(timeout=30)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            process.kill()
        raise


def remove_empty_folders() -> None:
    """Remove the folders that got no file."""
    for name in MAYBE_EMPTY:
        try:
            (PROJECT / name).rmdir()
        except OSError:
            continue


def is_update() -> bool:
    """Return whether `cruft update` or `cruft diff` only generates files to compare.

    Both clone the template into the folder repo of a temporary folder, next to their results, and
    generate into another temporary folder. `cruft create` clones it elsewhere.
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
    """Begin a git repository; return whether it is new.

    Nothing is done in a repository that exists, such as a course's, or that git cannot read.
    """
    status, output = run_git("rev-parse", "--is-inside-work-tree")
    if not ANSWERS["_git_init"] or status in {0, 127} or "not a git repository" not in output:
        return False
    if run_git("init", "--quiet", "--initial-branch=main")[0] != 0:
        # git before 2.28 cannot name the branch.
        run_git("init", "--quiet")
        run_git("symbolic-ref", "HEAD", "refs/heads/main")
    return True


def has_own_preflight() -> bool:
    """Return whether preflight.pyz is the file of this template, the only one that is run.

    In a folder that existed before, the file may be an older one, or anybody's.
    """
    content = (PROJECT / "preflight.pyz").read_bytes()
    return hashlib.sha256(content).hexdigest() == PREFLIGHT_SHA256


def prove() -> str:
    """Set the project up and rehearse its deploy; return the outcome.

    Nothing is committed yet, so the rehearsal takes the files as the first commit will.
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
    """Say whose fault a failure is: the template's, or that of a file that was here before."""
    status, kept = run_git("ls-files")
    if status != 0 or not kept:
        say("If the folder was empty before, this is a fault of the template, not yours. Please")
        say("report it with the output above: https://github.com/org/heroku-django/issues")
        return
    say("Your own files were kept, and one of them may be the cause. To use the template's file,")
    say("rename yours, then run the same command again. It adds the files that are missing.")


def report_missing_proof() -> None:
    """Say how to prove the project later."""
    say(f"The project is in {PROJECT}, not proved. To prove it, run this there:")
    say(f"  {'py' if os.name == 'nt' else 'python3'} {' '.join(PROVE)}\n")


def wait_for_cookiecutter() -> None:
    """Wait until the same Ctrl-C has ended cookiecutter, which prints "Aborted!" as it ends."""
    deadline = time.monotonic() + 2
    while os.getppid() == COOKIECUTTER and time.monotonic() < deadline:
        time.sleep(0.02)


def work() -> str:
    """Do everything in order; return the outcome."""
    if not has_own_preflight():
        say(OTHER_PREFLIGHT)
        return NOT_PROVED
    new = start_repository()
    outcome = prove()
    if outcome == FAILED:
        report_failure()
        return outcome
    if outcome == NOT_PROVED:
        report_missing_proof()
        if ANSWERS["_verify"] == "required":
            say("_verify=required makes this an error, so cookiecutter removes a new project now.")
            say("To keep it, generate it with --keep-project-on-failure.\n")
    if new:
        commit()
    run_python("preflight.pyz", "next")
    return outcome


def main() -> int:
    """Work, print the outcome for programs, and return the exit status."""
    began = time.monotonic()
    try:
        signal.signal(signal.SIGINT, ON_CTRL_C)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="replace", line_buffering=True)
        remove_empty_folders()
        if is_update():
            return 0
        outcome = work()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        outcome = NOT_PROVED
        wait_for_cookiecutter()
        say("\nStopped.")
        report_missing_proof()
    say(f"heroku-django: outcome={outcome} seconds={time.monotonic() - began:.1f}")
    return int(outcome == FAILED or (outcome, ANSWERS["_verify"]) == (NOT_PROVED, "required"))


if __name__ == "__main__":
    sys.exit(main())
