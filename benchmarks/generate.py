"""Measure how long it takes to generate and prove a project, compared with the same by hand.

    python3 benchmarks/generate.py --rounds 5

Three ways take turns, so that other load on the machine affects all of them: the template with uv,
the template with pip alone, and `django-admin startproject` with the same packages, check,
collectstatic, migrate and one test by hand, with uv. An extra round at the start fills the package
caches; after it, uv does not use the network. Prints the medians as a Markdown table. Apart from
caches, nothing outside a temporary folder is changed.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers import bake, caller_environment, render, run  # noqa: E402
from tests.template.test_outcomes import hide_uv, without_uv  # noqa: E402

SETTINGS = """
STATIC_ROOT = BASE_DIR / "staticfiles"
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""
TEST = "def test_admin(client, db):\n    assert client.get('/admin/login/').status_code == 200\n"
FIGURE = r"(?m)^  ok +(\w+) +(.{28}) +([\d.]+) s"


def generate(folder: Path, env: dict[str, str]) -> dict[str, float]:
    """Generate a project, prove it, and rehearse it again; return the seconds of each step."""
    began = time.monotonic()
    ended = bake(folder / "out", env=env, project_slug="site")
    total = time.monotonic() - began
    assert ended.outcome == "proved", ended.output
    steps = {
        f"{phase} {title.strip()}": float(s) for phase, title, s in re.findall(FIGURE, ended.output)
    }
    # The first of these rehearses the commit; the hook rehearsed the files.
    rehearse(folder / "out/site", env)
    again = rehearse(folder / "out/site", env)
    with (folder / "out/site/templates/base.html").open("a", encoding="utf-8") as template:
        template.write("<!-- changed -->\n")
    run(["git", "commit", "-qam", "Change a template"], folder / "out/site", env)
    changed = rehearse(folder / "out/site", env)
    return {"all": total, "rehearsed again": again, "with another template": changed, **steps}


def rehearse(project: Path, env: dict[str, str]) -> float:
    """Rehearse the last commit of a project; return the seconds that it took."""
    began = time.monotonic()
    ended = run([sys.executable, "preflight.pyz"], project, env)
    assert ended.status == 0, ended.output
    return time.monotonic() - began


def by_hand(folder: Path, env: dict[str, str]) -> dict[str, float]:
    """Run the commands that a careful developer runs after startproject; return the seconds."""
    requirements = render(folder / "rendered")
    uv, python = [sys.executable, "-m", "uv"], folder / "site/.venv/bin/python"
    site = folder / "site"
    site.mkdir()
    files = [requirements / "requirements.txt", requirements / "requirements-test.txt"]
    install = [*uv, "pip", "install", "-q", "--python", python, "-r", files[0], "-r", files[1]]
    pytest = [
        python,
        "-m",
        "pytest",
        "-q",
        "--ds=config.settings",
        "-p",
        "no:cacheprovider",
        "test_site.py",
    ]
    commands = {
        "venv": [*uv, "venv", "-q", "--seed", "--python", "3.13", site / ".venv"],
        "packages": install,
        "startproject": [python, "-m", "django", "startproject", "config", site],
        "check --deploy": [python, "manage.py", "check", "--deploy"],
        "collectstatic": [python, "manage.py", "collectstatic", "--noinput"],
        "migrate": [python, "manage.py", "migrate", "--noinput"],
        "tests": pytest,
    }
    seconds = {}
    for name, command in commands.items():
        began = time.monotonic()
        ended = run(command, site, env)
        seconds[name] = time.monotonic() - began
        assert ended.status == 0, ended.output
        if name == "startproject":
            with open(site / "config/settings.py", "a", encoding="utf-8") as settings:
                settings.write(SETTINGS)
            (site / "test_site.py").write_text(TEST, encoding="utf-8")
    return {"all": sum(seconds.values()), **seconds}


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each round, by way and step."""
    measured = defaultdict(lambda: defaultdict(list))
    for number in range(rounds + 1):
        for name in ("template, uv", "template, pip", "by hand, uv"):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
                folder = Path(temporary)
                env = caller_environment(folder / "home")
                # Write bytecode, as Python does by default.
                env.pop("PYTHONDONTWRITEBYTECODE", None)
                env["PYENV_VERSION"] = pyenv_versions()
                if number > 0:
                    # uv asks the package index again after ten minutes, which may take seconds.
                    env["UV_OFFLINE"] = "1"
                if name == "by hand, uv":
                    seconds = by_hand(folder, env)
                elif name == "template, pip":
                    own = without_uv(folder / "home", PYTHONPATH=str(hide_uv(folder)))
                    seconds = generate(folder, own)
                else:
                    seconds = generate(folder, env)
            print(f"round {number}: {name}: {seconds['all']:.1f} s", file=sys.stderr, flush=True)
            for step, value in seconds.items():
                if number > 0:
                    measured[name][step].append(value)
    return measured


def pyenv_versions() -> str:
    """Return all versions of Python that pyenv has, in the form of PYENV_VERSION."""
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = sorted((path.name for path in folder.glob("3.1[0-9].*")), reverse=True)
    return ":".join(names)


def print_table(measured) -> None:
    """Print the median, the fastest and the slowest round of each step."""
    for name, steps in measured.items():
        print(f"\n| {name} | median, s | from | to |\n| --- | --- | --- | --- |")
        for step, values in steps.items():
            row = (statistics.median(values), min(values), max(values))
            print(f"| {step} | " + " | ".join(f"{value:.1f}" for value in row) + " |")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (5)")
    machine = subprocess.run(["uname", "-sm"], capture_output=True, text=True).stdout.strip()
    print(f"{os.cpu_count()} cores, {machine}, Python {sys.version.split()[0]}")
    print_table(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
