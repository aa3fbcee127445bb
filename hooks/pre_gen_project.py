"""Check the answers before the project is written; report every problem and a command to paste."""
# ruff: noqa: E402

import signal
import sys

# Ctrl-C ends this process silently, without a traceback, unless the caller ignores Ctrl-C.
if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

if sys.version_info < (3, 10):  # noqa: UP036 - cookiecutter also runs on older versions.
    sys.exit("heroku-django needs Python 3.10 or newer: https://www.python.org/downloads/")

import difflib
import json
import os
import re
import shlex
import shutil
from pathlib import Path
from zoneinfo import available_timezones

ANSWERS = json.loads(r"""{{ cookiecutter|tojson }}""")
PROJECT = Path.cwd()
# The defaults in cookiecutter.json, without the answers that are derived from others.
DEFAULTS = {
    "project_name": "My site",
    "project_slug": ANSWERS["__slug_of_name"],
    "heroku_app_name": ANSWERS["__app_of_slug"],
    "storage": "whitenoise",
    "accounts": "django",
    "django_version": "5.2",
    "python_version": "3.13",
    "packaging": "pip",
    "time_zone": "UTC",
    "github_actions": True,
    "_verify": "full",
    "_git_init": True,
}

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: no file may have these names.
WINDOWS_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}
# Names in Persian and Sinhala, and some emoji, contain these characters, which join others.
JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))
# Entries in the time zone database that mean "what this machine uses" and "not set yet".
NO_TIME_ZONES = {"localtime", "Factory"}


def check_project_name(name: str) -> str | None:
    """Return what is wrong with the site's name, or None."""
    visible = name.translate(JOINERS)
    if not visible.strip():
        return "The site's name is empty."
    if len(name) > 80:
        return f"The site's name has {len(name)} characters. At most 80 are allowed."
    if not visible.isprintable():
        return "The site's name contains a line break or an invisible character."
    return None


def suggest_project_name(name: str) -> str:
    """Return a name that can be used instead."""
    shown = "".join(c if ord(c) in JOINERS or c.isprintable() else " " for c in name)
    name = " ".join(shown.split())[:80].strip()
    return DEFAULTS["project_name"] if check_project_name(name) else name


def check_project_slug(slug: str) -> str | None:
    """Return what is wrong with the folder's name, or None."""
    if not slug:
        return "The folder has no name."
    if len(slug) > 60:
        return f"The folder's name has {len(slug)} characters. At most 60 are allowed."
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", slug):
        return (
            f"The folder's name is {slug!r}. It can contain a-z, A-Z, 0-9, -, _ and ., and has "
            "to start and end with a letter or digit."
        )
    if slug.lower().partition(".")[0] in WINDOWS_DEVICES:
        return f"The folder's name is {slug!r}, which is the name of a device on Windows."
    return None


def suggest_project_slug(slug: str) -> str:
    """Return a folder name that can be used instead."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", slug).strip("-._")[:55].rstrip("-._")
    device = text.lower().partition(".")[0] in WINDOWS_DEVICES
    return f"my-{text}" if device else text or "my-site"


def check_heroku_app_name(name: str) -> str | None:
    """Return what is wrong with the app's name, or None.

    The rule is Heroku's: https://devcenter.heroku.com/articles/app-names-and-subdomains
    """
    if re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", name):
        return None
    return (
        f"The app's name is {name!r}. Heroku allows 3 to 30 characters: a-z, 0-9 and -. It has to "
        "start with a letter and end with a letter or digit."
    )


def suggest_heroku_app_name(name: str) -> str:
    """Return an app name that can be used instead."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    text = text if text[:1].isalpha() else f"app-{text}"
    return (text if len(text) > 2 else f"{text}-app")[:30].rstrip("-")


def check_time_zone(name: str) -> str | None:
    """Return what is wrong with the time zone, or None. Without a list of time zones, allow any."""
    known = available_timezones() - NO_TIME_ZONES
    possible = re.fullmatch(r"[A-Za-z0-9_+/-]+", name) and name not in NO_TIME_ZONES
    if name in known or possible and not known:
        return None
    return (
        f"{name!r} is not a time zone. Did you mean {suggest_time_zone(name)}? For all names, see "
        "https://en.wikipedia.org/wiki/List_of_tz_database_time_zones"
    )


def suggest_time_zone(name: str) -> str:
    """Return the time zone that was probably meant: another case, a city, or a similar name."""
    known = {zone.lower(): zone for zone in sorted(available_timezones() - NO_TIME_ZONES)}
    wanted = name.lower().replace(" ", "_")
    cities = [zone for low, zone in known.items() if low.rpartition("/")[2] == wanted]
    close = difflib.get_close_matches(wanted, known, n=1, cutoff=0.7)
    return known.get(wanted) or (cities or [known[low] for low in close] or ["UTC"])[0]


def check_verify(mode: str) -> str | None:
    """Return what is wrong with the private answer `_verify`, or None."""
    if mode in {"full", "required", "none"}:
        return None
    return f"_verify is {mode!r}. It has to be full, required or none."


# The checks in the order of the report, each with the function that suggests another answer.
CHECKS = {
    "project_slug": (check_project_slug, suggest_project_slug),
    "project_name": (check_project_name, suggest_project_name),
    "heroku_app_name": (check_heroku_app_name, suggest_heroku_app_name),
    "time_zone": (check_time_zone, suggest_time_zone),
    "_verify": (check_verify, lambda mode: "full"),
}


def find_problems(answers: dict) -> dict[str, str]:
    """Return the problem of each answer that cannot be used, by the name of the answer."""
    found = {name: check(str(answers[name])) for name, (check, _) in CHECKS.items()}
    return {name: problem for name, problem in found.items() if problem}


def find_output_folder() -> Path:
    """Return the folder that contains the project's; cruft does not pass it to hooks."""
    if "_output_dir" in ANSWERS:
        return Path(ANSWERS["_output_dir"]).resolve()
    depth = len([part for part in Path(ANSWERS["project_slug"]).parts if part != ".."])
    return PROJECT.resolve().parents[max(depth, 1) - 1]


def find_left_folders() -> list[Path]:
    """Return the empty parent folders that cookiecutter leaves if the slug contains a slash.

    After this hook fails, cookiecutter removes only the project's own folder.
    """
    found: list[Path] = []
    output = find_output_folder()
    if not re.search(r"[/\\]", ANSWERS["project_slug"]) or any(PROJECT.iterdir()):
        return found
    for parent in PROJECT.resolve().parents:
        if parent == output or len(list(parent.iterdir())) > 1:
            break
        found.append(parent)
    return found


def quote(text: str) -> str:
    """Quote a text as one argument of a command for bash or, on Windows, for PowerShell."""
    if os.name != "nt":
        return shlex.quote(text)
    # PowerShell reads typographic quotes as plain ones.
    return "'" + re.sub("(['‘’‚‛])", r"\1\1", text) + "'"


def replace_answers(problems: dict[str, str]) -> dict:
    """Return the answers that differ from the defaults, with suggestions for unusable ones."""
    replaced = {name: CHECKS[name][1](str(ANSWERS[name])) for name in problems}
    given = {name: replaced.get(name, ANSWERS[name]) for name in DEFAULTS}
    return {name: answer for name, answer in given.items() if answer != DEFAULTS[name]}


def escape(answer: str | bool) -> str | bool:
    """Escape an answer, because cookiecutter renders the answers on its command line."""
    opening = "{" + "%"
    if isinstance(answer, str) and any("{" + mark in answer for mark in "#%{"):
        return f"{opening} raw %}}" + answer + f"{opening} endraw %}}"
    return answer


def build_command(answers: dict) -> str:
    """Return the command that generates a project with these answers, without questions."""
    beside = Path(shutil.which("python3") or "").parent == Path(sys.executable).parent
    python = "python3" if beside else quote(sys.executable)
    python = f"& {python}" if os.name == "nt" else python
    cruft = "_commit" in ANSWERS
    command = f"{python} -m {'cruft create' if cruft else 'cookiecutter'} --no-input"
    if any(PROJECT.iterdir()):
        command += " -f" if cruft else " -f -s"
    output = find_output_folder()
    if Path(os.environ.get("PWD", "")).resolve() != output:
        command += f" --output-dir {quote(str(output))}"
    if ANSWERS.get("_checkout"):
        command += f" --checkout {quote(ANSWERS['_checkout'])}"
    command += f" {quote(ANSWERS['_template'])}"
    escaped = {name: escape(answer) for name, answer in answers.items()}
    if cruft:
        return f"{command} --extra-context {quote(json.dumps(escaped))}"
    words = {True: "yes", False: "no"}
    pairs = [quote(f"{name}={words.get(answer, answer)}") for name, answer in escaped.items()]
    return " ".join([command, *pairs])


def main() -> int:
    """Report all problems with the answers; return the exit status."""
    problems = find_problems(ANSWERS)
    if not problems:
        return 0
    lines = ["No project was generated. These answers cannot be used:"]
    lines += [f"  * {problem}" for problem in problems.values()]
    folders = find_left_folders()
    if folders:
        lines.append("Cookiecutter leaves these empty folders, which you can remove:")
        lines += [f"  {folder}" for folder in folders]
    lines.append("To try again with your other answers and a suggestion for each of these, run:")
    lines.append(f"  {build_command(replace_answers(problems))}")
    lines.append("If you see a traceback below, it comes from cookiecutter. You can ignore it.")
    sys.stderr.reconfigure(errors="backslashreplace")
    print("\n".join(lines), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
