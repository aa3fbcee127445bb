"""Break a project, rehearse one phase of its deploy, and check the report."""

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from preflight import build, heroku, processes, release, report, settings_checks
from preflight.__main__ import main
from preflight.database import Database
from preflight.findings import Kind, Weight
from preflight.rehearsal import Rehearsal
from preflight.steps import run_all
from tests.helpers import (
    caller_environment,
    copy_project,
    generate_default_project,
    once,
    production,
    python_of,
)
from tests.preflight.cures import carry_out
from tests.preflight.postgres import start_database

UTF8 = {"encoding": "utf-8"}
USED = {"collectstatic", "migrations", "release command", "home page"}


@dataclass(frozen=True)
class Told:
    """The exit status and the JSON report of a rehearsal."""

    status: int
    document: dict

    def step(self, title: str) -> dict:
        """Return the step with this title."""
        [found] = [step for step in self.document["steps"] if step["title"] == title]
        return found

    @property
    def failed(self) -> list[str]:
        """The phase and title of every step that failed."""
        steps = self.document["steps"]
        return [f"{s['phase']} {s['title']}" for s in steps if s["state"] == "FAILED"]

    @property
    def findings(self) -> list[dict]:
        """All findings of the report, in order."""
        return [finding for step in self.document["steps"] for finding in step["findings"]]

    @property
    def ids(self) -> list[str]:
        """The ids of all findings, in order."""
        return [finding["id"] for finding in self.findings]

    def find(self, kind: Kind) -> dict:
        """Return the only finding of a kind."""
        [found] = [finding for finding in self.findings if finding["id"] == kind.id]
        return found


@contextmanager
def calling(project: Path, **variables: str) -> Iterator[None]:
    """Run preflight in this process with the environment of a caller with git set up.

    All rehearsals in this process share a PostgreSQL server. `preflight.pyz` starts its own. Copies
    of a project share its environments, but not its proofs.
    """
    proof = f"proof-{hashlib.sha256(os.fsencode(project)).hexdigest()[:12]}.json"
    environment = caller_environment(project.parent / "home", **variables)
    with (
        patch.dict(os.environ, environment, clear=True),
        patch("preflight.postgres.start", start_database),
        patch("preflight.proofs.FILE", proof),
    ):
        yield


def rehearse(project: Path, *options: str, **variables: str) -> Told:
    """Rehearse a project as the command does; without options, with all uncommitted files."""
    arguments = ["--json", "--project", str(project), *(options or ["--uncommitted"])]
    output = io.StringIO()
    with calling(project, **variables), redirect_stdout(output):
        status = main(arguments)
    document = json.loads(output.getvalue())
    assert document["outcome"] in {"proved", "failed", "not-proved"}
    return Told(status, document)


def rehearse_step(project: Path, cause: str, database: Path | None = None) -> Told:
    """Rehearse one step, "phase title", and only the steps whose results it uses.

    `database` is a migrated SQLite file. With it, a step of the web phase runs without a release.
    """
    folder = Path(tempfile.mkdtemp(prefix="preflight-"))
    rehearsal = Rehearsal(project, folder, uncommitted=True)
    teller = report.Report(project, rehearsal=True, form=report.Form.JSON, only=cause)
    output = io.StringIO()
    with calling(project):
        try:
            found = rehearsal.add("setup", "interpreter", rehearsal.find_python)
            rehearsal.plan_rehearsal(found, found, found)
            steps = {f"{step.phase} {step.title}": step for step in rehearsal.steps}
            if database:
                shutil.copyfile(database, folder / "release.sqlite3")
                url = f"sqlite:///{(folder / 'release.sqlite3').as_posix()}"
                rehearsal.database = Database(url, "")
                rehearsal.before_boot = []
                for step in rehearsal.steps:
                    for before in ("release release command", "release database"):
                        for listed in (step.needs, step.runs_after):
                            if steps[before] in listed:
                                listed.remove(steps[before])
            wanted = [steps[cause]]
            for step in wanted:
                # Other steps use the results of these, even if they fail.
                used = [s for s in step.runs_after if s.title in USED]
                wanted += [before for before in step.needs + used if before not in wanted]
            rehearsal.steps = [step for step in rehearsal.steps if step in wanted]
            for step in rehearsal.steps:
                step.runs_after = [before for before in step.runs_after if before in wanted]
            run_all(rehearsal.steps, rehearsal.complete)
            with redirect_stdout(output):
                closing = report.Conclusion([], rehearsal.limits(), {})
                status = teller.conclude(rehearsal.steps, closing)
        finally:
            rehearsal.clean_up()
    return Told(status, json.loads(output.getvalue()))


def built_site() -> Path:
    """Return the folder of a project that is ready to boot, created once per test run.

    It contains `site`, the default project with its static files collected, `db.sqlite3` with its
    tables, and `facts.json` with the facts about the project.
    """

    def prepare(folder: Path) -> None:
        project = once("proved", generate_default_project) / "site"
        tree = copy_project(project, folder / "site")
        python, variables = python_of(project), dyno_variables(project, folder / "db.sqlite3")
        build.collect_static(tree, python, variables)
        release.run_release_command(tree, python, variables)
        facts = settings_checks.ask(tree, python, variables, folder)
        assert settings_checks.check_migrations(facts)
        (folder / "facts.json").write_text(json.dumps(vars(facts)), **UTF8)

    return once("built", prepare)


def dyno_variables(proved: Path, database: Path) -> dict[str, str]:
    """Return a dyno's environment for the default project, with a SQLite database."""
    home = processes.bare_environment(database.parent / "home", python_of(proved).parent)
    url = f"sqlite:///{database.as_posix()}"
    return production(**home) | heroku.DYNO_VARIABLES | {"DATABASE_URL": url}


def assert_caught(
    project: Path, cause: str, kind: Kind, alone: bool = False, **expected: object
) -> dict:
    """Rehearse the phase of `cause`, "phase title"; return the finding of this kind in that step.

    No other step fails, and the fields of the finding are those in `expected`. With `alone`, the
    other steps of the phase do not run.
    """
    phase, _, title = cause.partition(" ")
    if alone:
        database = built_site() / "db.sqlite3" if phase == "web" else None
        told = rehearse_step(project, cause, database)
    else:
        told = rehearse(project, "--uncommitted", "--only", phase)
    fails = kind.weight is Weight.ERROR
    shown = json.dumps(told.document["steps"], indent=1)
    assert told.failed == ([cause] if fails else []), shown
    assert told.status == int(fails), shown
    found = [f for f in told.step(title)["findings"] if f["id"] == kind.id]
    assert found, shown
    finding = found[0]
    for name, value in expected.items():
        assert finding[name] == value, finding
    if finding["next"] and not alone and phase != "source":
        assert_cured(project, phase, finding)
    return finding


def assert_cured(project: Path, phase: str, finding: dict) -> None:
    """Carry out the cure of a finding in a copy; rehearse it, and check that the finding is gone.

    Another finding may remain that was behind it.
    """
    copy = project.with_name(f"{project.name}-cured")
    shutil.copytree(project, copy, symlinks=True)
    env = caller_environment(project.parent / "home")
    carry_out(finding["next"], copy, env, python_of(copy))
    left = rehearse(copy, "--uncommitted", "--only", phase).findings
    same = [f for f in left if (f["id"], f["message"]) == (finding["id"], finding["message"])]
    assert same == [], (finding, left)


def share_environments(project: Path, proved: Path) -> None:
    """Let a copy of a project use the environments of the original, ignored by git.

    Keep only one module of the project's own tests, which are not the subject here.
    """
    for path in (project / "tests").glob("test_*.py"):
        if path.name != "test_production.py":
            path.unlink()
    exclude = project / ".git/info/exclude"
    exclude.parent.mkdir(parents=True, exist_ok=True)
    exclude.write_text(".venv\n.preflight\n", **UTF8)
    for name in (".venv", ".preflight"):
        os.symlink(proved / name, project / name)


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace text in a file; fail if the file does not contain it."""
    path = project / name
    text = path.read_text(**UTF8)
    assert old in text, f"{name} does not contain {old!r}"
    path.write_text(text.replace(old, new), **UTF8)


def append(project: Path, name: str, text: str) -> None:
    """Add a text to the end of a file."""
    path = project / name
    path.write_text(path.read_text(**UTF8) + text, **UTF8)
