"""Rehearse sound projects of different shapes: none of them may fail."""

import itertools
import json

import pytest

from tests.preflight.build_sound import BUILDERS
from tests.preflight.foreign_projects import Builder
from tests.preflight.rehearsal import rehearse
from tests.preflight.sound_projects import SOUND


@pytest.mark.fast
def test_twenty_projects_differ_in_at_least_two_properties():
    assert len({project.name for project in SOUND}) == 20
    for one, other in itertools.combinations(SOUND, 2):
        different = sum(a != b for a, b in zip(one.shape, other.shape, strict=True))
        assert different >= 2, (one.name, other.name)


@pytest.mark.fast
def test_most_are_to_be_proved_and_many_are_modelled_on_public_repositories():
    assert sum(not project.not_proved for project in SOUND) >= 16
    assert len({project.model for project in SOUND} - {""}) >= 8


@pytest.mark.long
@pytest.mark.parametrize("project", SOUND, ids=[project.name for project in SOUND])
def test_a_sound_project_is_proved_or_the_reason_is_the_one_written_before(
    project, proved, tmp_path
):
    builder = Builder(tmp_path / "site", proved[0])
    BUILDERS[project.name](builder)
    told = rehearse(builder.commit(), "--uncommitted")
    bad = [s for s in told.document["steps"] if s["state"] not in {"ok", "warning"}]
    shown = json.dumps(bad, indent=1)
    assert told.document["outcome"] == ("not-proved" if project.not_proved else "proved"), shown
    reasons = {step["detail"] for step in bad if step["state"] == "not proved"}
    assert reasons == ({project.not_proved} if project.not_proved else set()), shown
