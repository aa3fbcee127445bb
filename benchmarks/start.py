"""Measure how much longer preflight takes to start from preflight.pyz than from files.

    python3 benchmarks/start.py --rounds 20

The two variants alternate. The files have bytecode, as they do after the first start. This prints
the medians as a Markdown table.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYZ = ROOT / "{{cookiecutter.project_slug}}/preflight.pyz"


def start(command: list, folder: str) -> float:
    """Return how many seconds `--help` takes."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    began = time.perf_counter()
    subprocess.run([*command, "--help"], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="starts of each kind (20)")
    rounds = parser.parse_args().rounds
    ways = {"files": [sys.executable, "-m", "preflight"], "preflight.pyz": [sys.executable, PYZ]}
    measured = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "preflight", Path(folder, "preflight"))
        for number in range(rounds + 1):
            for way, command in ways.items():
                seconds = start(command, folder)
                # The first round writes the bytecode.
                measured[way] += [seconds] if number else []
    print("| started from | median, s | fastest, s | slowest, s |\n| --- | --- | --- | --- |")
    for way, seconds in measured.items():
        row = (statistics.median(seconds), min(seconds), max(seconds))
        print(f"| {way} | " + " | ".join(f"{value:.2f}" for value in row) + " |")


if __name__ == "__main__":
    main()
