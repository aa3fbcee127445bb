"""Test manage.py outside the environment of a project."""

import sys

import pytest

from tests.helpers import BARE, run


@pytest.mark.fast
def test_a_python_without_django_explains_which_one_to_use(committed):
    # -S leaves out the packages of this interpreter.
    ended = run([sys.executable, "-S", "manage.py", "check"], committed, BARE)
    assert ended.status == 1
    assert "Traceback" not in ended.output
    assert ".venv/bin/python manage.py" in ended.output
    assert "python3 preflight.pyz setup" in ended.output
