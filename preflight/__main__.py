"""The command line of preflight."""

import sys

if __name__ == "__main__":
    from preflight import start

    sys.exit(start.main())

import argparse
import json
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from preflight import (
    about,
    build,
    choices,
    contract,
    explain,
    inspection,
    interpreter,
    interrupt,
    leaks,
    next_commands,
    process,
    release,
    report,
    rules,
    setup,
    source,
    web,
)
from preflight.interpreter import Python
from preflight.steps import Failed, NotProved, NotReached, Step, run_all

PHASES = ("source", "build", "release", "web")


@dataclass
class Plan:
    """The steps of one run, and what they hand to each other."""

    project: Path
    folder: Path
    uncommitted: bool
    steps: list[Step] = field(default_factory=list)
    python: Python | None = None
    pushed: source.Source | None = None
    problems: list[contract.Problem] = field(default_factory=list)
    database: release.Database | None = None
    site: web.Site | None = None
    variables: dict[str, str] = field(default_factory=dict)
    environment: Path | None = None
    migrated: Step | None = None
    facts: dict = field(default_factory=dict)
    tested: str = ""

    @property
    def tree(self) -> Path:
        """The files that git would push."""
        return self.folder / "app"

    @property
    def checkout(self) -> Path:
        """The same with what .slugignore takes away, which Heroku CI does not read."""
        return self.folder / "checkout"

    @property
    def cache(self) -> Path:
        """The folder in the project that keeps an environment for the next rehearsal."""
        return self.project / ".preflight"

    @property
    def production_python(self) -> Path:
        """The interpreter of the environment that holds what production needs and no more."""
        return process.python_in(self.environment)

    @property
    def released(self) -> dict[str, str]:
        """The environment of a dyno: its config vars, its database."""
        # A project may refuse on a dyno what only this rehearsal uses, such as SQLite.
        dyno = rules.DYNO if self.database.like_heroku else {}
        return self.variables | dyno | {"DATABASE_URL": self.database.url}

    def add(self, phase: str, title: str, action, *after: Step, behind: Step | None = None) -> Step:
        """Add a step that runs when all of `after` have ended well, and `behind` has ended."""
        step = Step(phase, title, action, list(after), [behind] if behind else [])
        self.steps.append(step)
        return step

    def add_steps(self, set_up: bool, rehearse: bool) -> None:
        """Add the steps of a setup, a rehearsal or both.

        If both are wanted and a new folder has files from two projects, only that is reported.
        """
        if set_up and rehearse and choices.find_mixed(self.project):
            self.add("source", "rules", self.refuse)
            return
        found = self.add("setup", "interpreter", self.find_python)
        complete = tests_ready = found
        if set_up:
            complete, tests_ready = self.plan_setup(found)
        if rehearse:
            self.plan_rehearsal(found, complete, tests_ready)

    def refuse(self) -> str:
        """Report that the folder has files from two projects."""
        raise Failed("\n".join(choices.find_mixed(self.project)))

    def find_python(self) -> str:
        """Find the interpreter that everything runs on."""
        self.python = interpreter.find(self.project)
        return f"Python {self.python.version}"

    def plan_setup(self, found: Step) -> tuple[Step, Step]:
        """Add the steps that make the checkout runnable.

        Returns those that the rehearsal waits for: the files are complete, the tests can be run.
        """
        project = self.project
        venv = self.add("setup", ".venv", lambda: setup.make_venv(project, self.python), found)
        complete = found
        if setup.wants_uv(project) and not (project / "uv.lock").is_file():
            complete = self.add("setup", "lock", lambda: setup.lock(project, self.python), venv)
        install = self.add(
            "setup", "packages", lambda: setup.install(project, self.python), venv, complete
        )
        env = self.add("setup", ".env", lambda: setup.write_env(project))
        self.migrated = self.add(
            "setup", "database", lambda: setup.migrate(project, self.folder), install, env
        )
        return complete, install

    def plan_rehearsal(self, found: Step, complete: Step, tests_ready: Step) -> None:
        """Add the steps of the rehearsal, phase by phase."""
        files = self.add("source", "files", self.take_source, complete)
        self.add("source", "rules", self.check_source, files)
        self.add("source", "secrets", self.find_secrets, files)
        ready = self.add("build", "packages", self.install, files, found)
        static = self.add("build", "collectstatic", self.collect_static, ready)
        slug = self.add("build", "slug", lambda: build.weigh(self.tree, self.environment), ready)
        slug.behind.append(static)
        database = self.add("release", "database", self.open_database, files, found)
        if release.names_a_server():
            # The driver that speaks to it is among the packages.
            database.after.append(ready)
        # Heroku releases what it has built, and nothing else.
        released = self.add("release", "release command", self.release, static, database)
        migrations = self.add("release", "migrations", self.check_migrations, ready, behind=static)
        settled = self.add("release", "settings", self.check_settings, ready, behind=migrations)
        settled.behind.append(released)
        tests = self.add("release", "tests", self.run_tests, database, tests_ready, behind=static)
        tests.after.append(ready)
        tests.behind += [self.migrated] if self.migrated else []
        types = self.add("web", "process types", self.check_process_types, ready)
        booted = self.add("web", "boot", self.boot, static, released, types, behind=migrations)
        home = self.add("web", "home page", lambda: web.visit_home(self.site), booted)
        visited = self.add("web", "visit", lambda: web.visit(self.site), home)
        assets = self.add("web", "static file", lambda: web.visit_static(self.site), home)
        self.add("web", "connections", lambda: web.count_connections(self.site), booted)
        weighed = self.add("web", "memory", lambda: web.weigh(self.site), booted)
        weighed.behind += [visited, assets]
        provoked = self.add("web", "exception", self.provoke, home)
        provoked.behind += [visited, assets]
        stopped = self.add("web", "stop", lambda: web.stop(self.site), booted, behind=provoked)
        stopped.behind.append(weighed)

    def keep_only(self, phase: str) -> None:
        """Keep the steps of one phase and those that they cannot do without."""
        wanted: list[Step] = [step for step in self.steps if step.phase == phase]
        for step in wanted:
            wanted += [before for before in step.after + step.behind if before not in wanted]
        self.steps = [step for step in self.steps if step in wanted]

    def take_source(self) -> str:
        """Copy the files that git would push, and prepare the environment of what follows."""
        self.pushed = source.take(self.project, self.tree, self.uncommitted)
        self.problems = contract.check(self.tree, self.pushed.names, self.pushed.unsent)
        shutil.copytree(self.tree, self.checkout, symlinks=True)
        source.apply_slugignore(self.tree)
        return self.pushed.origin

    def check_source(self) -> str:
        """Tell what the files break of the build's rules."""
        if self.problems:
            raise Failed("\n".join(problem.sentence for problem in self.problems))
        names = self.pushed.names
        manager = next(tool for file, tool in rules.PACKAGE_MANAGERS.items() if file in names)
        series = interpreter.read_version_file(self.checkout) or rules.DEFAULT_PYTHON
        return f"{manager}, Python {series}, {len(names)} files"

    def find_secrets(self) -> str:
        """Look for credentials in what git would push, and in the last commits."""
        return leaks.check(self.checkout, self.pushed.names, source.find_added(self.project))

    def install(self) -> str:
        """Install what production needs into an environment of its own."""
        if any(problem.blocks_install for problem in self.problems):
            raise NotReached
        self.environment = build.choose_environment(self.cache, self.tree, self.python)
        self.variables = (
            process.bare_environment(self.folder / "home", self.production_python.parent)
            | rules.DYNO_VARIABLES
            | build.config_vars(self.tree)
        )
        uv = interpreter.find_uv(self.project)
        build.run_hook(self.tree, "pre_compile", self.variables | rules.DYNO)
        try:
            return build.install_once(self.tree, self.environment, self.python, uv)
        except Failed as error:
            if not self.migrated:
                raise
            # A project that is only being set up has not been shown to install here.
            raise NotProved(str(error), error.finished) from None

    def collect_static(self) -> str:
        """Collect the static files, with the config vars and no database, as in a first build."""
        variables = self.variables | rules.DYNO
        told = build.collect_static(self.tree, self.production_python, variables)
        build.run_hook(self.tree, "post_compile", variables)
        return told

    def open_database(self) -> str:
        """Make the database of the release, the site and the tests."""
        python = self.production_python if self.environment else None
        self.database = release.open_database(self.folder, python)
        return self.database.told

    def release(self) -> str:
        """Run the release command on a fresh database."""
        return release.run_release_command(self.tree, self.production_python, self.released)

    def check_migrations(self) -> str:
        """Compare the models with their migrations, on a database of their own.

        The same process tells what else is asked of the project, whether they agree or not.
        """
        url = f"sqlite:///{(self.folder / inspection.DATABASE).as_posix()}"
        variables = self.variables | rules.DYNO | {"DATABASE_URL": url}
        self.facts, failure = inspection.ask(
            self.tree, self.production_python, variables, self.folder
        )
        if failure:
            raise failure
        return "models and migrations agree"

    def check_settings(self) -> str:
        """Look for settings that fail silently on Heroku, except what the release has reported."""
        said = [
            s.finished.output for s in self.steps if s.title == "release command" and s.finished
        ]
        return inspection.check(self.facts, "".join(said))

    def run_tests(self) -> str:
        """Run the project's tests with .venv, which has what they need, if it is there."""
        own = process.python_in(self.project / ".venv")
        python = own if own.exists() else self.production_python
        variables = process.bare_environment(self.folder / "home", python.parent)
        variables |= build.config_vars(self.checkout) | self.database.for_tests(self.folder)
        self.tested = release.run_tests(self.checkout, python, variables)
        return self.tested

    def check_process_types(self) -> str:
        """Look for the programs that the Procfile starts."""
        types = contract.process_types(self.tree)
        return web.check_process_types(types, self.tree, self.variables["PATH"])

    def boot(self) -> str:
        """Start the web process."""
        if not self.facts:
            raise NotReached
        log = self.folder / "web.log"
        self.site = web.Site(self.tree, self.production_python, self.released, log, self.facts)
        return web.boot(self.site)

    def provoke(self) -> str:
        """Provoke an exception and find it in the log."""

        def change(statement: str) -> str:
            return release.change(self.database, statement, self.production_python, self.folder)

        return web.provoke(self.site, change)

    def limits(self) -> list[str]:
        """Return what a rehearsal that held has not shown."""
        found = []
        wanted = interpreter.read_version_file(self.project) or rules.DEFAULT_PYTHON
        if self.python and self.python.series != wanted:
            found.append(
                f"Python {wanted}, which Heroku will run; here it was {self.python.version}."
            )
        if self.database and self.database.note:
            found.append(self.database.note)
        if self.tested == release.NONE:
            found.append("tests; the project has none.")
        found += self.site.left_out if self.site else []
        if self.site and self.site.stand_in:
            found.append(
                "gunicorn, its memory and its way of stopping: it does not run on this system, and "
                "Python's own server stood in for it."
            )
        found.append(
            "the config vars of your app and what they open, such as a storage or a mail server: "
            "stand-ins took their place."
        )
        return found

    def clean_up(self) -> None:
        """End what runs, drop the database, remove the folder."""
        process.stop_everything()
        process.allow_starts()
        if self.database:
            python = self.production_python if self.environment else None
            release.close_database(self.database, python, self.folder)
        if process.WINDOWS:
            # git writes its objects read-only, and Windows does not remove such files.
            for path in self.folder.rglob("*"):
                path.chmod(stat.S_IWRITE)
        shutil.rmtree(self.folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the command line names; return the exit status."""
    options = parse(arguments)
    report.prepare_terminal()
    if options.version:
        print(about.version())
        return report.PROVED
    if options.command == "explain":
        return explain_log(options)
    project = options.project.resolve()
    if not project.is_dir():
        print(f"There is no folder {project}.", file=sys.stderr)
        return report.USAGE
    if options.command == "next":
        return show_next(project, options.json)
    plan = Plan(project, Path(tempfile.mkdtemp(prefix="preflight-")), options.uncommitted)
    rehearse = options.command is None or options.rehearse
    teller = report.Report(project, rehearse, options.json, options.only, options.github)
    try:
        plan.add_steps(options.command == "setup", rehearse)
        if options.only:
            plan.keep_only(options.only)
        teller.begin()
        run_all(plan.steps, teller.tell, teller.show_progress)
        notes = source.find_notes(project, options.uncommitted) if rehearse else []
        notes += choices.describe(plan.tree, plan.pushed.names) if plan.pushed else []
        folder = next_commands.Folder(project)
        ready = plan.pushed and folder.in_repository and options.command is None
        push = next_commands.after_proof(folder) if ready else {}
        interrupt.check()
        status = teller.conclude(plan.steps, notes, plan.limits(), push)
    except KeyboardInterrupt:
        status = report.STOPPED
    finally:
        plan.clean_up()
    if interrupt.requested():
        # The signal may have arrived during the verdict or the cleanup.
        status = report.STOPPED
    return teller.stop() if status == report.STOPPED else status


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


def explain_log(options: argparse.Namespace) -> int:
    """Explain a log from a file or from standard input; return the exit status."""
    if options.file is None and sys.stdin.isatty():
        print("Paste the log, then press Ctrl-D (on Windows Ctrl-Z and Enter).", file=sys.stderr)
    try:
        content = interrupt.read(options.file.read_bytes if options.file else sys.stdin.buffer.read)
    except OSError as error:
        print(f"{options.file} cannot be read: {error.strerror}.", file=sys.stderr)
        return report.USAGE
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    found = explain.explain_log(content.decode("utf-16" if wide else "utf-8-sig", "replace"))
    if options.json:
        print(json.dumps({"explanations": [vars(item) for item in found]}, indent=2))
    else:
        report.show_explanations(found)
    return report.PROVED if found else report.NOT_PROVED


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog=about.COMMAND,
        description="Rehearse the deploy of a Django project to Heroku on this machine.",
        epilog="Exit status: 0 everything passed (explain: a failure was recognised), 1 something "
        "failed, 2 wrong command line, 3 not proved here (network, disk, time, no Python; explain: "
        "no failure was recognised), 130 stopped.",
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
    parser.add_argument("--only", choices=PHASES, help="one phase, with what it cannot do without")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print one JSON document for a program")
    forms.add_argument(
        "--github", action="store_true", help="add annotations and a job summary on GitHub Actions"
    )
    commands = parser.add_subparsers(dest="command")
    making = commands.add_parser("setup", help="make a checkout runnable: .venv, .env, database")
    making.add_argument("--rehearse", action="store_true", help="and rehearse, side by side")
    following = commands.add_parser("next", help="print the next commands, up to the first push")
    following.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    explaining = commands.add_parser("explain", help="say what a pasted log of Heroku means")
    explaining.add_argument("file", type=Path, nargs="?", help="the log (standard input)")
    parser.set_defaults(rehearse=False)
    return parser.parse_args(arguments)
