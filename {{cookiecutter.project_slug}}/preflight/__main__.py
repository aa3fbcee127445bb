"""The command line: `python -m preflight` and `python -m preflight setup`."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - any Python may start this; it says what it needs.
    sys.exit("The rehearsal needs Python 3.10 or newer: https://www.python.org/downloads/")

import argparse
import shutil
import signal
import stat
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from preflight import (
    build,
    interpreter,
    process,
    release,
    report,
    rules,
    setup,
    source,
    web,
)
from preflight.interpreter import Python
from preflight.steps import Failed, NotProved, Step, run_all


@dataclass
class Plan:
    """The steps of one run, and what they hand to each other."""

    project: Path
    folder: Path
    uncommitted: bool
    steps: list[Step] = field(default_factory=list)
    python: Python | None = None
    pushed: source.Source | None = None
    database: release.Database | None = None
    site: web.Site | None = None
    variables: dict[str, str] = field(default_factory=dict)
    environment: Path | None = None
    migrated: Step | None = None

    @property
    def tree(self) -> Path:
        """The files that git would push."""
        return self.folder / "app"

    @property
    def cache(self) -> Path:
        """The folder in the project that keeps an environment for the next rehearsal."""
        return self.project / ".preflight"

    @property
    def production_python(self) -> Path:
        """The interpreter of the environment that holds what production needs and no more."""
        return process.python_in(self.environment)

    def add(self, phase: str, title: str, action, *after: Step, behind: Step | None = None) -> Step:
        """Add a step that runs when all of `after` have ended well, and `behind` has ended."""
        step = Step(phase, title, action, list(after), [behind] if behind else [])
        self.steps.append(step)
        return step

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
        checked = self.add("source", "rules", self.check_source, files, found)
        packages = self.add("build", "packages", self.install, checked)
        static = self.add("build", "collectstatic", self.collect_static, packages)
        released = self.add("release", "release command", self.release, packages, behind=static)
        migrations = self.add(
            "release", "migrations", self.check_migrations, packages, behind=static
        )
        self.add("release", "tests", self.run_tests, checked, tests_ready, behind=self.migrated)
        booted = self.add("web", "boot", self.boot, static, released, behind=migrations)
        visited = self.add("web", "visit", lambda: web.visit(self.site), booted)
        assets = self.add("web", "static file", lambda: web.visit_static(self.site), booted)
        weighed = self.add("web", "memory", lambda: web.weigh(self.site), visited, assets)
        provoked = self.add("web", "exception", self.provoke, visited, assets)
        self.add("web", "stop", lambda: web.stop(self.site), provoked, weighed)

    def take_source(self) -> str:
        """Copy the files that git would push."""
        self.pushed = source.take(self.project, self.tree, self.uncommitted)
        return self.pushed.origin

    def check_source(self) -> str:
        """Check them by the rules of the build, and prepare the environment of what follows."""
        told = source.check(self.tree, self.pushed.names)
        # Heroku CI, which runs the tests, does not read .slugignore.
        shutil.copytree(self.tree, self.folder / "checkout", symlinks=True)
        source.apply_slugignore(self.tree)
        self.environment = build.choose_environment(self.cache, self.tree, self.python)
        self.database = release.choose_database(self.folder)
        self.variables = (
            process.bare_environment(self.folder / "home", self.production_python.parent)
            | rules.DYNO_VARIABLES
            | build.config_vars(self.tree)
        )
        return told

    def install(self) -> str:
        """Install what production needs into an environment of its own."""
        uv = interpreter.find_uv(self.project)
        try:
            told = build.install_once(self.tree, self.environment, self.python, uv)
        except Failed as error:
            if not self.migrated:
                raise
            # A project that is only being set up has not been shown to install here.
            raise NotProved(str(error), error.finished) from None
        with_database = self.variables | {"DATABASE_URL": self.database.url}
        self.site = web.Site(
            self.tree, self.production_python, with_database, self.folder / "web.log"
        )
        return told

    def collect_static(self) -> str:
        """Collect the static files, with the config vars and no database, as in a first build."""
        return build.collect_static(self.tree, self.production_python, self.variables)

    def release(self) -> str:
        """Run the release command on a fresh database."""
        release.create_database(self.database, self.production_python, self.folder)
        return release.run_release_command(self.tree, self.site.variables)

    def check_migrations(self) -> str:
        """Compare the models with their migrations, on a database of their own.

        The same process tells the addresses to visit, whether the migrations agree or not.
        """
        url = f"sqlite:///{(self.folder / 'migrations.sqlite3').as_posix()}"
        variables = self.variables | {"DATABASE_URL": url}
        try:
            output = release.check_migrations(
                self.tree, self.production_python, variables, first=web.TELL_FACTS
            )
        except Failed as error:
            self.site.facts = web.read_facts(error.finished.output)
            raise
        self.site.facts = web.read_facts(output)
        return "models and migrations agree"

    def run_tests(self) -> str:
        """Run the project's tests with the interpreter of .venv, which has what they need."""
        python = process.python_in(self.project / ".venv")
        variables = process.bare_environment(self.folder / "home", python.parent)
        return release.run_tests(self.folder / "checkout", python, variables)

    def boot(self) -> str:
        """Start the web process."""
        return web.boot(self.site)

    def provoke(self) -> str:
        """Provoke an exception and find it in the log."""
        return web.provoke(self.site, self.database.url)

    def limits(self) -> list[str]:
        """Return what a rehearsal that held has not shown."""
        found = source.find_notes(self.project, self.uncommitted)
        wanted = interpreter.read_version_file(self.project) or rules.DEFAULT_PYTHON
        if self.python and self.python.series != wanted:
            found.append(
                f"Python {wanted}, which Heroku will run; here it was {self.python.version}."
            )
        if self.database and not self.database.server:
            found.append(
                "PostgreSQL; the database was SQLite. PREFLIGHT_DATABASE_URL names a local server."
            )
        if self.site and self.site.stand_in:
            found.append(
                "gunicorn, its memory and its way of stopping: it does not run on this system, and "
                "Python's own server stood in for it."
            )
        found.append("the config vars of your app: stand-ins took their place.")
        return found

    def clean_up(self) -> None:
        """End what runs, drop the database, remove the folder."""
        process.stop_everything()
        process.allow_starts()
        if self.database and self.environment:
            release.drop_database(self.database, self.production_python, self.folder)
        if process.WINDOWS:
            # git writes its objects read-only, and Windows does not remove such files.
            for path in self.folder.rglob("*"):
                path.chmod(stat.S_IWRITE)
        shutil.rmtree(self.folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run a rehearsal or a set-up; return the exit status."""
    options = parse(arguments)
    report.prepare_terminal()
    for name in ("SIGTERM", "SIGHUP"):
        # Windows has no SIGHUP, which a terminal sends when it is closed.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    project = options.project.resolve()
    if not project.is_dir():
        print(f"There is no folder {project}.", file=sys.stderr)
        return 2
    began = time.monotonic()
    rehearse = options.command is None or options.rehearse
    report.headline(project.name, "Rehearsal" if rehearse else "Set-up")
    plan = Plan(project, Path(tempfile.mkdtemp(prefix="preflight-")), options.uncommitted)
    try:
        found = plan.add("setup", "interpreter", plan.find_python)
        complete = tests_ready = found
        if options.command == "setup":
            complete, tests_ready = plan.plan_setup(found)
        if rehearse:
            plan.plan_rehearsal(found, complete, tests_ready)
        run_all(plan.steps, report.tell)
        seconds = time.monotonic() - began
        report.show_outputs(plan.steps)
        status = report.conclude(plan.steps, seconds, project, rehearse)
        if status == report.PROVED and rehearse:
            report.say_limits(plan.limits())
            if source.has_remote(project):
                report.say(f"Push it:   {plan.pushed.push}")
        return status
    except KeyboardInterrupt:
        report.say()
        report.say(f"Stopped. Nothing runs any more, and {project} is as the steps above left it.")
        return report.STOPPED
    finally:
        plan.clean_up()


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m preflight",
        description="Rehearse the deploy of a Django project to Heroku on this machine.",
        epilog="Exit status: 0 all held, 1 something is wrong, 2 the command line is, "
        "3 not proved here (network, disk, time, no Python), 130 stopped.",
    )
    parser.add_argument("--project", type=Path, default=Path(), help="the folder (this one)")
    parser.add_argument(
        "--uncommitted",
        action="store_true",
        help="rehearse all files, as if everything were committed",
    )
    commands = parser.add_subparsers(dest="command")
    making = commands.add_parser("setup", help="make a checkout runnable: .venv, .env, database")
    making.add_argument("--rehearse", action="store_true", help="and rehearse, side by side")
    parser.set_defaults(rehearse=False)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
