"""Rehearse sound projects of different shapes: none of them may fail."""

import itertools

import pytest

from tests.preflight.sound_projects import SOUND

pytestmark = pytest.mark.fast


def test_twenty_projects_differ_in_at_least_two_properties():
    assert len({project.name for project in SOUND}) == 20
    for one, other in itertools.combinations(SOUND, 2):
        different = sum(a != b for a, b in zip(one.shape, other.shape, strict=True))
        assert different >= 2, (one.name, other.name)


def test_most_are_to_be_proved_and_many_are_modelled_on_public_repositories():
    assert sum(not project.not_proved for project in SOUND) >= 16
    assert len({project.model for project in SOUND} - {""}) >= 8
