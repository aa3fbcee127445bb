"""Lead projects that this template did not make to a proof, with nothing but their reports."""

import shutil

import pytest

from tests.helpers import caller_environment
from tests.preflight.cures import carry_out
from tests.preflight.foreign_projects import FOREIGN, Builder
from tests.preflight.rehearsal import rehearse

ROUNDS = 3


def follow(told, project):
    """Carry out the cure of every finding; the edits of a file from its end to its start."""
    env = caller_environment(project.parent / "home")
    following = [step for finding in told.findings for step in finding["next"]]
    edits, commands = [], []
    for step in following:
        listed = edits if "edit" in step else commands
        if step not in listed:
            listed.append(step)
    names = {step["edit"]["file"] for step in edits}
    missing, created = {name for name in names if not (project / name).exists()}, set()
    numbered = sorted(enumerate(edits), key=lambda pair: (-pair[1]["edit"]["line"], -pair[0]))
    for step in [*(step for _, step in numbered), *commands]:
        edit = step.get("edit", {})
        made = edit and not edit["old"] and edit["line"] == 1 and edit["file"] in created
        if made:
            # The file was created a moment ago; the next report has the rest.
            continue
        try:
            carry_out([step], project, env, shutil.which("python3"))
        except AssertionError:
            # Another edit has changed the same lines; the next report has a new one.
            if "edit" not in step:
                raise
        created |= {edit.get("file")} & missing


@pytest.mark.long
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_project_is_proved_in_three_rounds(name, proved, tmp_path):
    builder = Builder(tmp_path / "site", proved[0])
    FOREIGN[name](builder)
    project = builder.commit()
    seen = []
    for _ in range(ROUNDS + 1):
        told = rehearse(project, "--uncommitted")
        seen.append([(f["id"], f["file"], f["message"]) for f in told.findings])
        if told.document["outcome"] == "proved":
            print(name, len(seen) - 1, seen)
            return
        follow(told, project)
    shown = [s for s in told.document["steps"] if s["state"] in {"FAILED", "not proved"}]
    raise AssertionError((seen, shown))
