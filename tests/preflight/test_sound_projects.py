"""Rehearse sound projects of different shapes: none of them may fail."""

import itertools
import json

import pytest

from tests.preflight.build_sound import BUILDERS
from tests.preflight.foreign_projects import Builder, getting_started
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
@pytest.mark.parametrize("name", ["getting-started", *BUILDERS])
def test_a_sound_project_is_proved(name, proved, tmp_path):
    builder = Builder(tmp_path / "site", proved[0])
    (getting_started if name == "getting-started" else BUILDERS[name])(builder)
    told = rehearse(builder.commit(), "--uncommitted")
    bad = [s for s in told.document["steps"] if s["state"] not in {"ok", "warning"}]
    assert told.document["outcome"] == "proved", json.dumps(bad, indent=1)
