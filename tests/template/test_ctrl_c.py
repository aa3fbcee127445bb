"""Press Ctrl-C while a project is generated, at a known moment and at random moments."""

import os
import random
import re
import secrets
import sys
import time
from pathlib import Path

import pytest

from tests.ctrl_c import (
    descendants,
    press_ctrl_c,
    processes_below,
    running_processes,
    start_in_foreground,
)
from tests.helpers import ROOT, caller_environment

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/cwd").exists(), reason="looks for processes in /proc"
)

# Matches tracebacks from our code, not from cookiecutter or from a Python that is still starting.
OWN_TRACEBACK = r'File "[^"]*(?:preflight\.pyz|post_gen_project)'


@pytest.fixture
def generation(tmp_path):
    """Generate a project with both hooks; return the process and a function to read its output."""
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", tmp_path / "out", ROOT]
    env = caller_environment(tmp_path / "home")
    with (tmp_path / "output").open("wb") as output:
        process = start_in_foreground([*command, "project_slug=site"], tmp_path, env, output)
    yield process, lambda: (tmp_path / "output").read_text(encoding="utf-8")
    process.kill()


def wait_until(condition, seconds=120):
    """Wait until a function returns a true value, and return it; fail after a timeout."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


def assert_nothing_is_left(tmp_path, started):
    """Assert that no process and no folder of a rehearsal is left after a short time."""
    wait_until(lambda: not processes_below(tmp_path), seconds=40)
    running = running_processes()
    assert [command for pid, command in started.items() if pid in running] == []
    # PostgreSQL runs outside the temp folder, whose path may be too long for its socket.
    servers = re.findall(r"/(?:tmp|dev/shm)/pg-\w+", " ".join(started.values()))
    assert [folder for folder in servers if Path(folder).exists()] == []
    assert [path for path in (tmp_path / "home/tmp").iterdir() if path.is_dir()] == []


def test_ctrl_c_stops_every_process_and_names_the_folder(generation, tmp_path):
    process, read_output = generation
    wait_until(lambda: "collectstatic" in read_output())
    started = descendants(process.pid)
    press_ctrl_c(process)
    process.wait(timeout=60)
    assert_nothing_is_left(tmp_path, started)
    text = read_output()
    assert "Stopped. Nothing is running any more" in text
    assert "The project is in" in text and "heroku create" not in text
    assert text.splitlines()[-1].startswith("heroku-django: outcome=not-proved")
    assert (tmp_path / "out/site/manage.py").is_file()


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[] if n < 1 else [pytest.mark.long]) for n in range(50)]
)
def test_ctrl_c_at_a_random_moment_stops_cleanly(generation, proved, tmp_path, number):
    seed = int(os.environ.get("CTRL_C_SEED", secrets.randbelow(10**6)))
    seconds = float(proved[1].last_line.rpartition("seconds=")[2])
    # Every third moment is during the short imports of preflight.
    moment = random.Random(seed + number).uniform(0, seconds if number % 3 else 0.4)
    print(f"CTRL_C_SEED={seed}: Ctrl-C {moment:.3f} s after preflight was started")
    process, read_output = generation
    wait_until(lambda: any("preflight.pyz" in c for c in descendants(process.pid).values()))
    time.sleep(moment)
    started = descendants(process.pid)
    press_ctrl_c(process)
    process.wait(timeout=60)
    assert_nothing_is_left(tmp_path, started)
    text = read_output()
    assert not re.search(OWN_TRACEBACK, text), text
    assert re.search(r"(?m)^heroku-django: outcome=", text), text
    if "Rehearsal of site" in text and "Proved in" not in text:
        assert "Stopped. Nothing is running any more" in text, text
