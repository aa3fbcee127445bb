"""Send 50,000 random requests to each of three sites, and print those that they fail to answer.

    python3 -m uv run python benchmarks/fuzz.py --requests 50000 --seed 1

The sites are those of tests/project/test_attacks.py, which sends a few hundred requests.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import SHARED  # noqa: E402
from tests.project import cloudinary_api, s3  # noqa: E402
from tests.project.fuzz import SITES, Fuzzer, attacked  # noqa: E402


def main() -> int:
    """Read the options, attack the sites and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=50_000, help="for each site (50,000)")
    parser.add_argument("--seed", default="1", help="another one makes other requests (1)")
    parser.add_argument(
        "--only", choices=[storage for storage, *_ in SITES], help="one of the sites"
    )
    options = parser.parse_args()
    failed = 0
    print("| site | seconds | statuses | failures | tracebacks in the log |")
    print("| --- | --- | --- | --- | --- |")
    for storage, accounts, django_version in SITES:
        if options.only in (None, storage):
            failed += attack(options, storage, accounts, django_version)
    return min(failed, 1)


def attack(options, storage: str, accounts: str, django_version: str) -> int:
    """Attack one site; print its row and its failures; return how many there are."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ.setdefault(SHARED, str(folder))
        variables = {}
        if storage == "s3":
            service = s3.Service()
            stack.callback(service.stop)
            variables = service.make_bucket(public="static").variables
        elif storage == "cloudinary":
            cloud = cloudinary_api.Cloud(folder)
            stack.callback(cloud.stop)
            variables = {"CLOUDINARY_URL": cloud.url()}
        site = stack.enter_context(
            attacked(folder / "project", storage, accounts, django_version, variables)
        )
        began, fuzzer = time.monotonic(), Fuzzer(site, options.seed)
        failures = fuzzer.run(options.requests)
        seconds = time.monotonic() - began
        statuses = Counter(fuzzer.statuses).most_common()
        shown = ", ".join(f"{status}: {count}" for status, count in statuses)
        tracebacks = site.log.read_text().count("Traceback (most recent call last)")
        name = f"{storage}, {accounts}, Django {django_version}"
        print(f"| {name} | {seconds:.0f} | {shown} | {len(failures)} | {tracebacks} |", flush=True)
        for failure in failures:
            print(failure)
        if failures or tracebacks:
            log = Path(f"fuzz-{storage}.log")
            log.write_text(site.log.read_text())
            print(f"The log is in {log.resolve()}")
        return len(failures) + tracebacks


if __name__ == "__main__":
    sys.exit(main())
