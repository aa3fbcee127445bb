"""Break a project, rehearse one phase of its deploy, and look at what is told."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.helpers import caller_environment, run

UTF8 = {"encoding": "utf-8"}


@dataclass(frozen=True)
class Told:
    """What a rehearsal has told a program."""

    status: int
    document: dict

    def step(self, title: str) -> dict:
        """Return the step of this title."""
        [found] = [step for step in self.document["steps"] if step["title"] == title]
        return found

    @property
    def failed(self) -> list[str]:
        """The phase and title of every step that counts as a cause."""
        steps = self.document["steps"]
        return [f"{s['phase']} {s['title']}" for s in steps if s["state"] == "FAILED"]

    def text(self, title: str) -> str:
        """Return what a step says and how it is explained, as one line."""
        step = self.step(title)
        said = [step["detail"], *(step["explanation"] or {}).values()]
        return " ".join(" ".join(said).split())


def rehearse(project: Path, *options: str, **variables: str) -> Told:
    """Rehearse a project as the command does, with all files as if they were committed."""
    home = project.parent / "home"
    command = [sys.executable, "-m", "preflight", "--json", "--project", project]
    env = caller_environment(home, **variables)
    ended = run([*command, *(options or ["--uncommitted"])], project, env)
    assert "Traceback (most" not in ended.output.partition("{")[0], ended.output
    document = json.loads(ended.output[ended.output.index("{") :])
    assert document["outcome"] in {"proved", "failed", "not-proved"}
    return Told(ended.status, document)


def assert_caught(project: Path, cause: str, *words: str, **variables: str) -> Told:
    """Rehearse the phase of `cause`, "phase title"; that step alone fails, and says all `words`."""
    phase, _, title = cause.partition(" ")
    told = rehearse(project, "--uncommitted", "--only", phase, **variables)
    assert told.failed == [cause], json.dumps(told.document["steps"], indent=1)
    for word in words:
        assert word in told.text(title), told.text(title)
    assert told.status == 1
    return told


def share_environments(project: Path, proved: Path) -> None:
    """Let a copy of a project use the environments of the original, out of git.

    Of its own tests it keeps one module: they are not what is looked at here.
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
    """Replace a part of a file that has to be there."""
    path = project / name
    text = path.read_text(**UTF8)
    assert old in text, f"{name} does not hold {old!r}"
    path.write_text(text.replace(old, new), **UTF8)


def append(project: Path, name: str, text: str) -> None:
    """Add a text to the end of a file."""
    path = project / name
    path.write_text(path.read_text(**UTF8) + text, **UTF8)
