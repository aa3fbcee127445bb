"""The steps of a set-up and of a rehearsal: what each does, and which others it needs."""

import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from preflight import (
    about,
    build,
    bytecode,
    choices,
    database,
    file_checks,
    file_edits,
    findings,
    heroku,
    interpreters,
    leaked_secrets,
    live_migrations,
    near_matches,
    packages,
    postgres,
    processes,
    project_files,
    project_tests,
    proofs,
    release,
    settings_checks,
    setup,
    slug,
    source,
    web,
)
from preflight.findings import Finding
from preflight.steps import Failed, NotProved, NotReached, Result, State, Step, needed
from preflight.steps import diagnose as find_causes

PHASES = ("source", "build", "release", "web")


class Rehearsal:
    """The steps of one run, and what they have found out.

    A step reads what an earlier one has set with `needed`, and is not reached without it.
    """

    def __init__(
        self, project: Path, folder: Path, uncommitted: bool = False, with_tests: bool = True
    ) -> None:
        self.project = project
        self.folder = folder
        self.uncommitted = uncommitted
        self.with_tests = with_tests
        self.steps: list[Step] = []
        self.python: interpreters.Python | None = None
        self.pushed: source.Source | None = None
        self.problems: list[Finding] = []
        self.environment: Path | None = None
        self.variables: dict[str, str] = {}
        self.database: database.Database | None = None
        self.before_boot: list[Step] = []
        self.migrated: Step | None = None
        self.facts: settings_checks.Facts | None = None
        self.site: web.Site | None = None
        self.has_tests = True
        # What is newer than preflight knows, as sentences.
        self.newer: list[str] = []
        # The hash of the files, and what an earlier rehearsal has proved for the same inputs.
        self.content = ""
        self.proof: proofs.Proof | None = None

    @property
    def tree(self) -> Path:
        """The folder with the files that Heroku would build."""
        return self.folder / "app"

    @property
    def checkout(self) -> Path:
        """The folder with the pushed files, including those that .slugignore removes."""
        return self.folder / "checkout"

    @property
    def cache(self) -> Path:
        """The folder in the project that keeps the packages for the next rehearsal."""
        return self.project / ".preflight"

    @property
    def is_one_file(self) -> bool:
        """Whether the project calls settings.configure() and has no manage.py to ask."""
        return any(f.kind is findings.WITHOUT_MANAGE_PY for f in self.problems)

    @property
    def production_python(self) -> Path:
        """The interpreter of the environment that only has what production needs."""
        return processes.python_in(needed(self.environment))

    def dyno(self, process_type: str) -> dict[str, str]:
        """Return the environment of a dyno: its config vars, and the URL of its database."""
        opened = needed(self.database)
        variables = dict(self.variables)
        # A project may refuse on a dyno what only this rehearsal uses, such as SQLite.
        if opened.like_heroku:
            variables |= {"DYNO": f"{process_type}.1"}
        # Heroku does not add a database to a project that cannot use it.
        if packages.has_driver(needed(self.environment)):
            variables |= {"DATABASE_URL": opened.url}
        return variables

    # Planning

    def add(
        self,
        phase: str,
        title: str,
        action: Callable[[], str | Result],
        needs: Sequence[Step] = (),
        runs_after: Sequence[Step] = (),
    ) -> Step:
        """Add a step."""
        name = f"{phase} {title}"

        def run() -> str | Result:
            if self.proof and name in self.proof.details:
                return f"{self.proof.details[name]} (unchanged)"
            return action()

        step = Step(phase, title, run, list(needs), list(runs_after))
        self.steps.append(step)
        return step

    def plan(self, set_up: bool, rehearse: bool) -> None:
        """Add the steps of a set-up, a rehearsal or both.

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

    def plan_setup(self, found: Step) -> tuple[Step, Step]:
        """Add the steps that make a clone ready to run.

        Return those that the rehearsal waits for: the files are complete, the tests can be run.
        """
        project = self.project
        venv = self.add(
            "setup", ".venv", lambda: setup.make_venv(project, needed(self.python)), [found]
        )
        complete = found
        if setup.wants_uv(project) and not (project / "uv.lock").is_file():
            complete = self.add(
                "setup", "lock", lambda: setup.lock(project, needed(self.python)), [venv]
            )
        install = self.add(
            "setup",
            "packages",
            lambda: setup.install(project, needed(self.python)),
            [venv, complete],
        )
        env = self.add("setup", ".env", lambda: setup.write_env(project))
        self.migrated = self.add(
            "setup", "database", lambda: setup.migrate(project, self.folder), [install, env]
        )
        return complete, install

    def plan_rehearsal(self, found: Step, complete: Step, tests_ready: Step) -> None:
        """Add the steps of the rehearsal, phase by phase."""
        files = self.add("source", "files", self.take_source, [complete])
        self.add("source", "rules", self.check_source, [files])
        self.add("source", "secrets", self.find_secrets, [files])
        ready = self.add("build", "packages", self.install, [files, found])
        static = self.add("build", "collectstatic", self.collect_static, [ready])
        self.add("build", "slug", self.weigh_slug, [ready], [static])
        self.plan_release(files, ready, static, found, tests_ready)

    def plan_release(
        self, files: Step, ready: Step, static: Step, found: Step, tests_ready: Step
    ) -> None:
        """Add the steps of the release, and those of the web phase after them."""
        opened = self.add("release", "database", self.open_database, [files, found])
        if database.names_a_server():
            # The driver that connects to it is one of the packages.
            opened.needs.append(ready)
        # Heroku only releases what it has built. Here, a build that failed hides nothing.
        released = self.add("release", "release command", self.release, [ready, opened], [static])
        self.before_boot = [static, released]
        asked = self.add("release", "migrations", self.check_migrations, [ready, opened], [static])
        if "release" not in project_files.process_types(self.project):
            # Only then it is known whether there is a database to migrate.
            released.runs_after.append(asked)
        self.add("release", "settings", self.check_settings, [ready], [asked, released])
        if self.with_tests:
            after = [static, *([self.migrated] if self.migrated else [])]
            self.add("release", "tests", self.run_tests, [opened, tests_ready, ready], after)
        self.plan_web(ready, static, released, asked)

    def plan_web(self, ready: Step, static: Step, released: Step, asked: Step) -> None:
        """Add the steps of the web phase."""
        types = self.add("web", "process types", self.check_process_types, [ready])
        booted = self.add("web", "boot", self.boot, [types], [static, released, asked])
        home = self.add("web", "home page", lambda: web.visit_home(needed(self.site)), [booted])
        visited = self.add("web", "visit", self.visit, [types], [home, asked])
        assets = self.add("web", "static file", self.visit_static, [types], [home, asked])
        pages = self.add(
            "web", "pages", lambda: web.visit_pages(needed(self.site)), [home], [visited, assets]
        )
        self.add("web", "connections", lambda: web.count_connections(needed(self.site)), [booted])
        weighed = self.add("web", "memory", lambda: web.weigh(needed(self.site)), [booted], [pages])
        provoked = self.add("web", "exception", self.provoke, [home], [pages])
        self.add("web", "stop", lambda: web.stop(needed(self.site)), [booted], [provoked, weighed])

    def keep_only(self, phase: str) -> None:
        """Keep the steps of one phase, and the steps that they need or run after."""
        wanted = [step for step in self.steps if step.phase == phase]
        for step in wanted:
            wanted += [s for s in step.needs + step.runs_after if s not in wanted]
        self.steps = [step for step in self.steps if step in wanted]

    # The steps

    def refuse(self) -> str:
        """Report that the folder has files from two projects."""
        raise Failed(*choices.find_mixed(self.project))

    def find_python(self) -> str:
        """Find the interpreter that everything runs on."""
        self.python = interpreters.find(self.project)
        return f"Python {self.python.version}"

    def take_source(self) -> str:
        """Copy the files that git would push, without those that .slugignore names."""
        self.pushed = source.take(self.project, self.tree, self.uncommitted)
        self.problems = file_checks.check(self.tree, self.pushed.names, self.pushed.unpushed)
        self.problems += choices.check(self.tree, self.pushed.names)
        live = source.find_live(self.project)
        self.problems += live_migrations.check(self.tree, self.pushed.names, live)
        shutil.copytree(self.tree, self.checkout, symlinks=True)
        self.content = proofs.digest(proofs.describe_files(self.tree))
        self.proof = proofs.recall(self.cache, self.key())
        source.apply_slugignore(self.tree)
        return self.pushed.origin

    def key(self) -> str:
        """Return a hash of everything that the steps after the installation depend on."""
        python = needed(self.python)
        environment = packages.choose_environment(self.cache, self.checkout, python)
        pythons = [processes.python_in(environment), processes.python_in(self.project / ".venv")]
        installed = [line for path in pythons for line in proofs.describe_packages(path)]
        server = os.environ.get("PREFLIGHT_DATABASE_URL", ""), str(postgres.find_binaries())
        return proofs.digest([self.content, str(self.with_tests), *server, *installed])

    def remember(self) -> None:
        """Keep the bytecode, and the proof unless one of its steps has something to report."""
        if not self.proof:
            folders = (needed(self.environment), self.project / ".venv")
            installed = [packages.find_site_packages(folder) for folder in folders]
            bytecode.keep([folder for folder in installed if folder], needed(self.python))
        steps = [step for step in self.steps if step.phase in PHASES[1:]]
        steps = [step for step in steps if step.title != "packages"]
        if not self.proof and all(step.state is State.OK and not step.found for step in steps):
            details = {f"{step.phase} {step.title}": step.detail for step in steps}
            proofs.keep(self.cache, self.key(), details, self.limits())

    def check_source(self) -> Result:
        """Report which rules of the build the files break."""
        names = needed(self.pushed).names
        if findings.errors(self.problems):
            raise Failed(*self.problems)
        if newer := file_checks.newer_than_known(self.checkout):
            raise NotProved(newer)
        manager = next(tool for file, tool in heroku.PACKAGE_MANAGERS.items() if file in names)
        series = interpreters.read_version_file(self.checkout) or heroku.DEFAULT_PYTHON
        return Result(f"{manager}, Python {series}, {len(names)} files", self.problems)

    def find_secrets(self) -> Result:
        """Look for credentials in what git would push, and in the last commits."""
        names = needed(self.pushed).names
        return leaked_secrets.check(self.checkout, names, source.find_added(self.project))

    def install(self) -> str:
        """Install what production needs into a separate environment."""
        python = needed(self.python)
        if file_checks.blocks_install(self.problems):
            raise NotReached
        self.environment = packages.choose_environment(self.cache, self.tree, python)
        self.variables = (
            processes.bare_environment(self.folder / "home", self.production_python.parent)
            | heroku.DYNO_VARIABLES
            | project_files.config_vars(self.tree)
        )
        uv = interpreters.find_uv(self.project)
        build.run_hook(self.tree, "pre_compile", self.variables | heroku.BUILD)
        try:
            detail = packages.install_once(self.tree, self.environment, python, uv)
        except Failed as error:
            if not self.migrated:
                raise
            # During a set-up, it is not known yet that the packages can be installed here.
            raise NotProved(str(error), error.finished) from None
        self.newer = packages.newer_than_known(self.environment, uv)
        return detail

    def collect_static(self) -> str:
        """Collect the static files, with the config vars and no database, as in a first build."""
        variables = self.variables | heroku.BUILD
        if self.is_one_file:
            return "no manage.py, so Heroku collects nothing"
        try:
            detail = build.collect_static(self.tree, self.production_python, variables)
        except Failed as error:
            # An add-on that app.json asks for has set its variable before the first build.
            missing = any(f.values.get("name") == "DATABASE_URL" for f in find_causes(error))
            if not missing or not project_files.wants_postgres(self.tree):
                raise
            variables |= {"DATABASE_URL": heroku.ANY_DATABASE}
            detail = build.collect_static(self.tree, self.production_python, variables)
        build.run_hook(self.tree, "post_compile", variables)
        return detail

    def weigh_slug(self) -> str:
        """Estimate the size of the slug."""
        return slug.weigh(self.tree, needed(self.environment))

    def open_database(self) -> str:
        """Create the database of the release, the site and the tests."""
        python = self.production_python if self.environment else None
        self.database = database.open_database(self.folder, python)
        return self.database.description

    def release(self) -> Result | str:
        """Run the release command on a new database; without one, migrate."""
        variables = self.dyno("release")
        if "release" in project_files.process_types(self.tree):
            return release.run_release_command(self.tree, self.production_python, variables)
        if self.facts and not self.facts.has_database:
            return "no release line, no database"
        return release.migrate(self.tree, self.production_python, variables)

    def check_migrations(self) -> str:
        """Ask Django about the project, and compare the models with their migrations.

        The settings are those of the web process.
        """
        if self.is_one_file:
            self.facts = settings_checks.Facts()
            return "no manage.py, so nothing was asked"
        command = project_files.process_types(self.tree).get("web", "")
        variables = self.dyno("web") | project_files.assignments(command)
        wsgi = project_files.find_wsgi(self.tree, needed(self.pushed).names)
        if settings := choices.web_settings(self.tree, wsgi):
            variables |= {project_files.SETTINGS_MODULE: settings}
        python = self.production_python
        self.facts = self.ask(python, variables)
        return settings_checks.check_migrations(self.facts)

    def ask(self, python: Path, variables: dict[str, str]) -> settings_checks.Facts:
        """Ask Django. A Django that preflight does not know may not understand the question."""
        try:
            return settings_checks.ask(self.tree, python, variables, self.folder)
        except Failed as error:
            own = any(finding.file for finding in find_causes(error))
            newer = [fact for fact in self.newer if fact.startswith("Django ")]
            if newer and not own:
                raise NotProved(newer[0], error.finished) from None
            raise

    def check_settings(self) -> Result:
        """Look for settings that silently fail on Heroku, except what the release has reported."""
        known = {f.id for step in self.before_boot for f in step.found}
        return settings_checks.check(needed(self.facts), self.dyno("web"), known)

    def run_tests(self) -> str:
        """Run the project's tests with .venv, which has what they need, if it exists."""
        if self.is_one_file:
            self.has_tests = False
            return "no manage.py to run them with"
        own = processes.python_in(self.project / ".venv")
        python = own if own.exists() else self.production_python
        variables = processes.bare_environment(self.folder / "home", python.parent)
        variables |= project_files.config_vars(self.checkout)
        variables |= needed(self.database).for_tests(self.folder)
        try:
            return project_tests.run_tests(self.checkout, python, variables)
        except project_tests.NoTests:
            self.has_tests = False
            return "the project has none"

    def check_process_types(self) -> str:
        """Look for the programs that the Procfile starts."""
        return web.check_process_types(self.tree, self.variables["PATH"])

    def boot(self) -> str | Result:
        """Start the web process. If the build or the release failed, import the application."""
        variables = self.dyno("web")
        if any(finding.kind is findings.OWN_PORT for finding in self.problems):
            # It would not answer, and the step of the rules has reported that.
            raise NotReached
        if program := web.from_other_buildpack(self.tree):
            raise NotProved(f"{program} comes with another buildpack, which preflight does not run")
        if not all(step.state and step.state.passed for step in self.before_boot):
            return web.import_application(self.tree, self.production_python, variables)
        log = self.folder / "web.log"
        facts = needed(self.facts)
        site = web.Site(self.tree, self.production_python, variables, log, facts)
        self.site, site.reachable = site, False
        detail = web.boot(site)
        site.reachable = True
        return detail

    def visit(self) -> Result:
        """Visit the site. If it was not started, the settings show what a visit would."""
        if self.site:
            return web.visit(self.site)
        if web.from_other_buildpack(self.tree):
            # A server in front of Django may do what the settings do not.
            raise NotReached
        found = settings_checks.predict_visit(needed(self.facts))
        hosts = settings_checks.predict_host(needed(self.facts))
        return Result("judged by the settings", [*hosts, *found])

    def visit_static(self) -> Result:
        """Fetch a static file. If the site was not started, the settings show what would happen."""
        if self.site:
            return web.visit_static(self.site)
        if web.from_other_buildpack(self.tree):
            raise NotReached
        found = settings_checks.predict_static(needed(self.facts))
        return Result("judged by the settings", found)

    def provoke(self) -> Result:
        """Cause an exception, and look for it in the log."""
        opened, python = needed(self.database), self.production_python
        site = needed(self.site)
        if "DATABASE_URL" not in site.variables:
            return Result(site.leave_out("an exception in the log, because there is no database."))
        return web.provoke(
            site, lambda statement: database.change(opened, statement, python, self.folder)
        )

    # The end

    def limits(self) -> list[str]:
        """Return what a rehearsal that passed has not proved."""
        if self.proof:
            return self.proof.limits
        found = []
        wanted = interpreters.read_version_file(self.project) or heroku.DEFAULT_PYTHON
        if self.python and self.python.series != wanted:
            found.append(f"Python {wanted}, which Heroku will use; this was {self.python.version}.")
        if self.database and self.database.note:
            found.append(self.database.note)
        if not self.with_tests:
            found.append("your tests, because of --no-tests.")
        elif not self.has_tests:
            found.append("tests; the project has none.")
        found += [f"what preflight knows about it: {fact}." for fact in self.newer]
        found += self.site.left_out if self.site else []
        if self.site and self.site.stand_in:
            found.append(
                "gunicorn, its memory and how it stops; it does not run on this system, so the "
                "server of Python's library was used."
            )
        found.append(
            "your app's config vars, and the services behind them (storage, mail). Placeholders "
            "were used instead."
        )
        return found

    def complete(self, step: Step) -> None:
        """Add the commands and names of this project to the findings of a step."""
        own = processes.python_in(Path(".venv"))
        python = str(own) if (self.project / own).exists() else about.PYTHON
        uv = own.with_name("uv.exe" if processes.WINDOWS else "uv")
        values = {
            "python": python,
            "uv": str(uv) if (self.project / uv).exists() else "uv",
            "requirements": project_files.requirements_file(self.project),
        }
        if self.pushed:
            package = project_files.find_package(self.pushed.names)
            values |= {"wsgi": f"{package}.wsgi"}
        names = self.pushed.names if self.pushed else []
        installed = packages.find_site_packages(self.environment) if self.environment else None
        known = near_matches.Known(self.project, names, self.facts, installed)
        refined = [near_matches.refine(finding, known) for finding in step.found]
        edited = [file_edits.add(finding, self.tree) for finding in refined]
        step.found = [finding.complete(**values) for finding in edited]

    def clean_up(self) -> None:
        """Stop what runs, drop the database, remove the folder."""
        processes.stop_everything()
        processes.allow_starts()
        if self.database:
            python = self.production_python if self.environment else None
            database.close_database(self.database, python, self.folder)
        if processes.WINDOWS:
            # git writes its objects read-only, and Windows does not remove such files.
            for path in self.folder.rglob("*"):
                path.chmod(stat.S_IWRITE)
        shutil.rmtree(self.folder, ignore_errors=True)
