"""The command line of preflight."""

import sys

if __name__ == "__main__":
    from preflight import start

    sys.exit(start.main())

import argparse
import json
import tempfile
from pathlib import Path

from preflight import (
    about,
    choices,
    explain,
    interrupt,
    next_commands,
    report,
    source,
)
from preflight.rehearsal import PHASES, Rehearsal
from preflight.steps import Step, run_all


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the command line names; return the exit status."""
    options = parse(arguments)
    report.prepare_terminal()
    if options.version:
        print(about.version())
        return report.PROVED
    if options.command == "explain":
        return explain_log(options.file, options.json)
    project = options.project.resolve()
    if not project.is_dir():
        print(f"There is no folder {project}.", file=sys.stderr)
        return report.USAGE
    if options.command == "next":
        return show_next(project, options.json)
    return run(project, options)


def run(project: Path, options: argparse.Namespace) -> int:
    """Set a project up, rehearse it, or both; return the exit status."""
    rehearse = options.command is None or options.rehearse
    folder = Path(tempfile.mkdtemp(prefix="preflight-"))
    rehearsal = Rehearsal(project, folder, options.uncommitted, not options.no_tests)
    teller = report.Report(project, rehearse, report.Form.of(options), options.only, options.strict)
    try:
        rehearsal.plan(options.command == "setup", rehearse)
        if options.only:
            rehearsal.keep_only(options.only)
        teller.begin()

        def tell(step: Step) -> None:
            rehearsal.complete(step)
            teller.tell(step)

        run_all(rehearsal.steps, tell, teller.show_progress)
        closing = conclusion(project, rehearsal, options, rehearse)
        interrupt.check()
        status = teller.conclude(rehearsal.steps, closing)
        if rehearse and not options.only and status == report.PROVED:
            rehearsal.remember()
        if options.timings:
            report.write_timings(options.timings, rehearsal.steps)
    except KeyboardInterrupt:
        status = report.STOPPED
    finally:
        rehearsal.clean_up()
    if interrupt.requested():
        # The signal may have arrived during the verdict or the cleanup.
        status = report.STOPPED
    return teller.stop() if status == report.STOPPED else status


def conclusion(
    project: Path, rehearsal: Rehearsal, options: argparse.Namespace, rehearse: bool
) -> report.Conclusion:
    """Return what a report shows after the steps."""
    notes = source.find_notes(project, options.uncommitted) if rehearse else []
    pushed = rehearsal.pushed
    if rehearsal.proof:
        notes.append(
            f"Nothing has changed since {rehearsal.proof.date}, so only the files were checked. To "
            "rehearse everything again, delete the folder .preflight."
        )
    notes += choices.describe(rehearsal.tree, pushed.names) if pushed else []
    folder = next_commands.Folder(project)
    ready = pushed and folder.in_repository and options.command is None
    push = next_commands.after_proof(folder) if ready else {}
    return report.Conclusion(notes, rehearsal.limits(), push)


def show_next(project: Path, as_json: bool) -> int:
    """Print the commands to type next; return the exit status."""
    folder = next_commands.Folder(project)
    commands, notes = next_commands.find(folder), next_commands.find_notes(folder)
    # Ctrl-C also stops git, so the commands could be wrong.
    interrupt.check()
    if as_json:
        listed = [{"step": command.step, "command": command.text} for command in commands]
        print(json.dumps({"project": str(project), "commands": listed, "notes": notes}, indent=2))
    else:
        report.say(next_commands.render(commands, notes))
    interrupt.check()
    return report.PROVED


def explain_log(file: Path | None, as_json: bool) -> int:
    """Explain a log from a file or from standard input; return the exit status."""
    if file is None and sys.stdin.isatty():
        print("Paste the log, then press Ctrl-D (on Windows Ctrl-Z and Enter).", file=sys.stderr)
    try:
        content = interrupt.read(file.read_bytes if file else sys.stdin.buffer.read)
    except OSError as error:
        print(f"{file} cannot be read: {error.strerror}.", file=sys.stderr)
        return report.USAGE
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    found = explain.explain_log(content.decode("utf-16" if wide else "utf-8-sig", "replace"))
    # A log does not say what the project's files are called.
    values = {
        "requirements": "requirements.txt",
        "wsgi": "FOLDER.wsgi",
        "type": "web",
        "app": "APP",
    }
    values |= {"preflight": about.COMMAND, "python": about.PYTHON, "uv": "uv"}
    found = [f.complete(**values, package=f.values.get("program", "it")) for f in found]
    if as_json:
        print(json.dumps({"findings": [finding.as_json() for finding in found]}, indent=2))
    else:
        report.show_findings(found)
    known = any(not finding.kind.symptom for finding in found)
    return report.PROVED if known else report.NOT_PROVED


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog=about.COMMAND,
        description="Rehearse the deploy of a Django project to Heroku on this machine.",
        epilog="Exit status: 0 everything passed (explain: the log was recognised), 1 something "
        "failed, 2 wrong command line, 3 not proved here (network, disk, time, no Python; explain: "
        "the log was not recognised), 130 stopped.",
    )
    parser.add_argument(
        "--version", action="store_true", help="print the version and the hash of the source"
    )
    parser.add_argument("--project", type=Path, default=Path(), help="the folder (this one)")
    parser.add_argument(
        "--uncommitted",
        action="store_true",
        help="rehearse all files, as if everything were committed",
    )
    parser.add_argument("--only", choices=PHASES, help="one phase, and the steps that it needs")
    parser.add_argument("--strict", action="store_true", help="fail on warnings, too")
    parser.add_argument("--no-tests", action="store_true", help="leave out your tests")
    parser.add_argument(
        "--timings", type=Path, metavar="FILE", help="write how long each step took into a file"
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print one JSON document for a program")
    forms.add_argument(
        "--github", action="store_true", help="add annotations and a job summary on GitHub Actions"
    )
    add_commands(parser)
    parser.set_defaults(rehearse=False)
    return parser.parse_args(arguments)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands besides the rehearsal."""
    commands = parser.add_subparsers(dest="command")
    making = commands.add_parser("setup", help="make a clone ready to run: .venv, .env, database")
    making.add_argument("--rehearse", action="store_true", help="and rehearse at the same time")
    following = commands.add_parser("next", help="print the next commands, up to the first push")
    following.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    explaining = commands.add_parser("explain", help="explain a log from Heroku")
    explaining.add_argument("file", type=Path, nargs="?", help="the log (standard input)")
    explaining.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
