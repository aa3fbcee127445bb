"""Measure the speed of the pages with Lighthouse, which simulates a slow phone.

    python3 -m uv run python benchmarks/pages.py --rounds 3

It needs Chromium and `npm ci --prefix tests/project/browser`. A project with the default answers
runs in production mode behind TLS, as in the browser tests. Prints the medians as a Markdown
table.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import SHARED, run  # noqa: E402
from tests.project.live import SUPERUSER, installed, running  # noqa: E402
from tests.project.visitor import Visitor  # noqa: E402

PAGES = ["/", "/accounts/login/", "/accounts/profile/"]


def sign_in(site) -> str:
    """Return the cookie of a superuser."""
    visitor = Visitor(site)
    visitor.submit(
        visitor.see("/admin/login/"),
        "/admin/login/",
        username=SUPERUSER["DJANGO_SUPERUSER_USERNAME"],
        password=SUPERUSER["DJANGO_SUPERUSER_PASSWORD"],
    )
    return f"sessionid={visitor.cookies['sessionid']}"


def measure(site, chromium: str, path: str, cookie: str) -> dict:
    """Return the score and the figures of one visit."""
    script = ROOT / "tests/project/browser/lighthouse.mjs"
    page = {"url": site.url + path, "categories": ["performance"], "cookie": cookie}
    command = ["node", script, chromium, json.dumps([page])]
    ended = run(command, ROOT, dict(os.environ))
    assert ended.status == 0, ended.output
    return json.loads(ended.output.splitlines()[-1])


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="visits of each page (3)")
    rounds = parser.parse_args().rounds
    chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium")
    print("| page | score | first paint, ms | largest paint, ms | blocked, ms | shift | bytes |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.environ[SHARED] = folder
        site = stack.enter_context(running(installed(Path(folder) / "project")))
        cookie = sign_in(site)
        for path in PAGES:
            own = cookie if "profile" in path else ""
            visits = [measure(site, chromium, path, own) for _ in range(rounds)]
            scores = [visit["scores"]["performance"] for visit in visits]
            figures = [
                statistics.median(visit["metrics"][name] for visit in visits)
                for name in visits[0]["metrics"]
            ]
            shown = " | ".join(f"{figure:.0f}" for figure in figures)
            print(f"| `{path}` | {statistics.median(scores):.0f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
