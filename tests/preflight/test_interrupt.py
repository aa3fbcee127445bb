"""Press Ctrl-C at each moment of a rehearsal, from the first import to the end of the cleanup."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from preflight import postgres
from tests.ctrl_c import processes_below, start_in_foreground
from tests.helpers import TEMPLATE, caller_environment, missing

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/cwd").exists(), reason="looks for processes in /proc"
)

# Runs preflight with one function replaced: it sends two signals to the process before it does its
# work. Prints the temporary folders.
DRIVER = """
import importlib, os, signal, sys, tempfile
place, number, *arguments = sys.argv[1:]
def interrupt(*arguments, **options):
    for _ in range(2):
        os.kill(os.getpid(), int(number))
    return original(*arguments, **options)
def tell(*arguments, **options):
    folder = make_folder(*arguments, **options)
    print("made", folder, flush=True)
    return folder
make_folder, tempfile.mkdtemp = tempfile.mkdtemp, tell
module, _, name = place.rpartition(".")
module = importlib.import_module(module)
original = getattr(module, name)
setattr(module, name, interrupt)
from preflight import start
sys.argv[1:] = arguments
sys.exit(start.main())
"""

# Replaces the module argparse, and sends a signal while it is imported.
INTERRUPTING_MODULE = """
import os, sysconfig
os.kill(os.getpid(), int(os.environ["SIGNAL"]))
path = os.path.join(sysconfig.get_path("stdlib"), "argparse.py")
exec(compile(open(path, encoding="utf-8").read(), path, "exec"))
"""


# Closes the terminal of a running rehearsal, and prints its exit status.
CLOSE_TERMINAL = """
import os, pty, sys
child, terminal = pty.fork()
if not child:
    os.execv(sys.executable, [sys.executable, "-m", "preflight"])
while b"Rehearsal" not in os.read(terminal, 9999):
    pass
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def start(tmp_path):
    """Return a function that runs Python in an empty project and returns its status and output."""
    project = tmp_path / "project"
    project.mkdir()

    def run(*arguments, **variables):
        env = caller_environment(tmp_path / "home", **variables)
        with (tmp_path / "output").open("wb") as output:
            process = start_in_foreground([sys.executable, *arguments], project, env, output)
            status = process.wait(timeout=60)
        return status, (tmp_path / "output").read_text(encoding="utf-8")

    return run


def assert_nothing_is_left(tmp_path, output):
    """Assert that no process and no folder of a rehearsal is left."""
    folders = re.findall(r"(?m)^made (.*)$", output)
    assert [folder for folder in folders if Path(folder).exists()] == []
    assert [processes_below(folder) for folder in [tmp_path, *folders]] == [[]] * (len(folders) + 1)
    assert [path for path in (tmp_path / "home/tmp").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("command", [["-m", "preflight"], [TEMPLATE / "preflight.pyz"]])
def test_a_signal_during_the_imports_ends_in_order(start, tmp_path, command, name):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/argparse.py").write_text(INTERRUPTING_MODULE, encoding="utf-8")
    variables = {"PYTHONPATH": str(tmp_path / "modules"), "SIGNAL": str(int(getattr(signal, name)))}
    status, output = start(*command, **variables)
    assert (status, "Traceback" in output) == (130, False), output
    assert "Stopped. Nothing is running any more" in output
    assert_nothing_is_left(tmp_path, output)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("tempfile.mkdtemp", "SIGINT"),
        ("preflight.source.take", "SIGHUP"),
        ("preflight.postgres.make_certificate", "SIGINT"),
        ("preflight.postgres.wait_until_ready", "SIGTERM"),
        ("preflight.source.find_notes", "SIGINT"),
        ("preflight.report.show_outputs", "SIGINT"),
        ("preflight.processes.stop_everything", "SIGINT"),
        ("preflight.postgres.quit_server", "SIGINT"),
        ("shutil.rmtree", "SIGTERM"),
    ],
)
def test_a_signal_at_any_later_moment_ends_in_order(start, tmp_path, place, name):
    if not postgres.find_binaries():
        missing("PostgreSQL's server", "https://www.postgresql.org/download/")
    status, output = start("-c", DRIVER, place, str(int(getattr(signal, name))))
    assert (status, "Traceback" in output) == (130, False), output
    last = output.rstrip().splitlines()[-1]
    assert last.startswith("Stopped. Nothing is running any more")
    assert_nothing_is_left(tmp_path, output)


def test_a_signal_that_the_caller_ignores_is_still_ignored(start, tmp_path):
    off = "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    status, output = start(
        "-c", f"{off}\n{DRIVER}", "preflight.source.take", str(int(signal.SIGHUP))
    )
    assert status == 1, output
    assert "Stopped" not in output


def test_a_signal_during_the_cleanup_adds_no_second_json_document(start):
    for place in ("preflight.source.take", "preflight.processes.stop_everything"):
        status, output = start("-c", DRIVER, place, str(int(signal.SIGINT)), "--json")
        assert status == 130, output
        json.loads(re.sub("(?m)^made .*$", "", output))


@pytest.mark.parametrize("name", ["next_commands.find_notes", "report.say"])
def test_a_signal_stops_next(start, name):
    status, output = start("-c", DRIVER, f"preflight.{name}", str(int(signal.SIGINT)), "next")
    assert status == 130, output
    assert output.rstrip().endswith("Stopped.")


def test_a_closed_terminal_ends_a_rehearsal_in_order(start, tmp_path):
    status, output = start("-c", CLOSE_TERMINAL)
    assert output == "130\n"
    assert_nothing_is_left(tmp_path, output)


def test_ctrl_c_ends_the_reading_of_a_log(tmp_path):
    code = "import os, signal, sys, threading; from preflight import start;"
    code += "sys.argv[1:] = ['explain'];"
    code += "threading.Timer(1, os.kill, [os.getpid(), signal.SIGINT]).start();"
    code += "sys.exit(start.main())"
    reading, writing = os.pipe()
    env = caller_environment(tmp_path / "home")
    with (tmp_path / "output").open("wb") as output:
        process = start_in_foreground([sys.executable, "-c", code], tmp_path, env, output, reading)
        assert process.wait(timeout=30) == 130
    os.close(reading)
    os.close(writing)
    assert (tmp_path / "output").read_text(encoding="utf-8") == "\nStopped.\n"
