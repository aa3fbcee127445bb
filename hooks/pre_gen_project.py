"""Are the answers usable? Runs before the project is written, and stops with every reason."""

import json
import re
import subprocess
import sys
from pathlib import Path
from zoneinfo import available_timezones

ANSWERS = json.loads(r"""{{ cookiecutter|tojson }}""")

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: no file may have these names.
WINDOWS_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}

# Waits until cookiecutter has removed the folder, then removes the empty ones above it.
REMOVE_PARENTS = """
import pathlib, sys, time
project, stop = map(pathlib.Path, sys.argv[1:])
for _ in range(2000):
    if not project.exists():
        break
    time.sleep(0.005)
for parent in project.parents:
    if parent == stop or stop not in parent.parents:
        break
    try:
        parent.rmdir()
    except OSError:
        break
"""


def check_project_name(name: str) -> str | None:
    """Return what is wrong with the name of the site, or None."""
    if not name.strip():
        return "The name of the site is empty. Give it one, such as: My site"
    if len(name) > 80:
        return f"The name of the site has {len(name)} characters. Keep it to 80."
    if not name.isprintable():
        return "The name of the site holds a line break or another character that cannot be shown."
    return None


def check_project_slug(slug: str) -> str | None:
    """Return what is wrong with the folder's name, or None."""
    example = "One that fits is: my-site"
    if not slug:
        return f"The folder has no name, and none follows from the name of the site. {example}"
    if len(slug) > 60:
        return f"The folder's name has {len(slug)} characters. Keep it to 60. {example}"
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", slug):
        return (
            f"The folder's name {slug!r} may hold a-z, A-Z, 0-9, -, _ and . only, and begin and "
            f"end with a letter or digit. {example}"
        )
    if slug.lower().partition(".")[0] in WINDOWS_DEVICES:
        return f"{slug!r} is the name of a device on Windows, and no folder there. {example}"
    return None


def check_heroku_app_name(name: str) -> str | None:
    """Return what is wrong with the app's name, or None.

    The rule is Heroku's: https://devcenter.heroku.com/articles/app-names-and-subdomains
    """
    if re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", name):
        return None
    return (
        f"Heroku takes no app named {name!r}: 3 to 30 of a-z, 0-9 and -, beginning with a letter "
        "and ending with a letter or digit. One that fits is: my-site"
    )


def check_time_zone(name: str) -> str | None:
    """Return what is wrong with the time zone, or None."""
    known = available_timezones()
    if not known or name in known:
        return None
    return (
        f"There is no time zone {name!r}. Names look like Europe/Berlin: "
        "https://en.wikipedia.org/wiki/List_of_tz_database_time_zones"
    )


def check_verify(mode: str) -> str | None:
    """Return what is wrong with the private answer about proving, or None."""
    if mode in {"full", "required", "none"}:
        return None
    return f"_verify is {mode!r}; it may be full, required or none."


CHECKS = {
    "project_name": check_project_name,
    "project_slug": check_project_slug,
    "heroku_app_name": check_heroku_app_name,
    "time_zone": check_time_zone,
    "_verify": check_verify,
}


def find_problems(answers: dict) -> list[str]:
    """Return a sentence for every answer that cannot be used."""
    found = [check(str(answers[name])) for name, check in CHECKS.items()]
    return [problem for problem in found if problem]


def remove_parents_later(project: Path, output: Path) -> None:
    """Have the empty folders removed that a slug with a slash made above the project's.

    Cookiecutter removes the project's folder itself, after this hook, and fails if it is gone.
    """
    if project.parent != output and output in project.parents:
        subprocess.Popen(
            [sys.executable, "-c", REMOVE_PARENTS, str(project), str(output)],
            cwd=output,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main() -> int:
    """Say everything that is wrong with the answers; return the exit status."""
    problems = find_problems(ANSWERS)
    if not problems:
        return 0
    sys.stderr.reconfigure(errors="backslashreplace")
    print("No project was made. Run the command again with other answers:", file=sys.stderr)
    for problem in problems:
        print(f"  * {problem}", file=sys.stderr)
    print("(If a traceback follows, it is cookiecutter's own and says no more.)", file=sys.stderr)
    if "_output_dir" in ANSWERS:
        remove_parents_later(Path.cwd(), Path(ANSWERS["_output_dir"]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
