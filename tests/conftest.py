"""Fixtures: a project that was generated and proved, and the rehearsal's own modules."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.helpers import TEMPLATE, Ended, bake, caller_environment

# The rehearsal is imported from a copy: bytecode below the template's folder would end up in every
# project, and breaks file names that render to nothing.
_copy = tempfile.mkdtemp(prefix="preflight-under-test-")
atexit.register(shutil.rmtree, _copy, ignore_errors=True)
shutil.copytree(TEMPLATE / "preflight", Path(_copy) / "preflight")
sys.path.insert(0, _copy)


@pytest.fixture(scope="session")
def proved(tmp_path_factory) -> tuple[Path, Ended]:
    """Return the project of the default answers, and what was said while it was made."""
    output = tmp_path_factory.mktemp("proved")
    ended = bake(output, env=caller_environment(output / "home"), project_slug="site")
    assert ended.outcome == "proved", ended.output
    return output / "site", ended


@pytest.fixture
def project(proved, tmp_path) -> Path:
    """Return a copy of the proved project to change at will, its .venv shared and not copied."""
    copy = tmp_path / "site"
    shutil.copytree(
        proved[0], copy, ignore=shutil.ignore_patterns(".venv", ".preflight", "__pycache__")
    )
    return copy
