"""The files that Heroku's build reads: their names, encodings and forms."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from preflight import interpreter, rules


@dataclass(frozen=True)
class Problem:
    """A rule that is broken: the sentence to tell, and whether nothing can be installed so."""

    sentence: str
    blocks_install: bool = False


def check(tree: Path, names: list[str], unsent: dict[str, str] | None = None) -> list[Problem]:
    """Return every rule of the build that the pushed files break.

    `names` are the files of `tree` that git would send; `unsent` says of files that it would not
    send why, such as "not committed".
    """
    unsent = unsent or {}
    return [
        *check_unsent(names, unsent),
        *check_encodings(tree, names),
        *check_package_managers(tree, names, unsent),
        *map(Problem, check_python_version(tree, names)),
        *map(Problem, check_procfile(tree, names, unsent)),
        *check_requirements(tree, names),
        *map(Problem, check_rest(tree, names, unsent)),
    ]


def check_unsent(names: list[str], unsent: dict[str, str]) -> list[Problem]:
    """Report what the build would miss, since git does not send it."""
    found = []
    for name, why in unsent.items():
        if name not in names:
            add = f"git add {'-f ' if 'ignore' in why else ''}{quote(name)}"
            found.append(Problem(f"{name} is here, and git does not send it: it is {why}.\n{add}"))
    return found


def check_encodings(tree: Path, names: list[str]) -> list[Problem]:
    """Report control files that are not plain UTF-8, as Windows PowerShell writes them."""
    found = []
    for name in rules.CONTROL_FILES:
        if name not in names or not (tree / name).is_file():
            continue
        content = (tree / name).read_bytes()
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        if wide and decodes(content, "utf-16"):
            encoding, reads = "in UTF-16", "utf-16"
        elif wide or b"\0" in content:
            encoding, reads = "partly in UTF-16", ""
        elif content.startswith(b"\xef\xbb\xbf"):
            encoding, reads = "in UTF-8 with a mark in front (BOM)", "utf-8-sig"
        elif not decodes(content, "utf-8"):
            encoding, reads = "not in UTF-8", "cp1252"
        elif b"\r" in content and name == "Procfile":
            encoding, reads = "written with carriage returns (CRLF)", "utf-8"
        else:
            continue
        rewrite = f"t = p.read_text('{reads}')"
        if not reads:
            # Lines of both: without zeros and marks, what is left is ASCII.
            rewrite = "t = bytes(c for c in p.read_bytes() if 0 < c < 127).decode()"
        code = f"import pathlib; p = pathlib.Path('{name}'); {rewrite}; "
        code += "p.write_text(t.replace('\\r', ''), 'utf-8', newline='\\n')"
        found.append(
            Problem(
                f"{name} is {encoding}; Heroku reads UTF-8. In an editor, save it as UTF-8 with "
                f'line ends LF, or paste this, and commit:\npython -c "{code}"',
                blocks_install=name == "requirements.txt",
            )
        )
    return found


def decodes(content: bytes, encoding: str) -> bool:
    """Return whether bytes are text in an encoding; whole UTF-16 holds no zero character."""
    try:
        return "\0" not in content.decode(encoding)
    except UnicodeDecodeError:
        return False


def check_package_managers(tree: Path, names: list[str], unsent: dict[str, str]) -> list[Problem]:
    """Report if there is not exactly one file of a package manager in the root."""
    managers = [name for name in rules.PACKAGE_MANAGERS if name in names]
    if len(managers) > 1:
        listed = f"{', '.join(managers[:-1])} and {managers[-1]}"
        return [
            Problem(
                f"{listed} are there together, and Heroku builds with exactly one. "
                f"Remove the others:\ngit rm {' '.join(managers[1:])}"
            )
        ]
    if managers or unsent.keys() & rules.PACKAGE_MANAGERS.keys():
        return []
    sentence = (
        "Heroku finds no file that says what to install. Add requirements.txt (pip) or "
        "uv.lock (uv), and commit it."
    )
    meant = [name for name in rules.MEANT_AS_REQUIREMENTS if name in names]
    alone = [name for name in rules.NOT_ENOUGH if name in names]
    if "pyproject.toml" in alone and b"[project]" not in (tree / "pyproject.toml").read_bytes():
        # It holds the settings of tools alone.
        alone.remove("pyproject.toml")
    if meant:
        wrong = f"{meant[0]} is not the name that Heroku looks for."
        sentence = f"{wrong}\ngit mv {meant[0]} requirements.txt"
    elif alone:
        sentence = f"{alone[0]} alone is not enough for Heroku.\n{rules.NOT_ENOUGH[alone[0]]}"
    below = sorted(name for name in names if name.endswith("/requirements.txt"))
    if below:
        folder = below[0].rpartition("/")[0]
        sentence += (
            f" The project seems to be in {folder}/, and Heroku looks at the root alone. Push that "
            f"folder by itself:\n{push_folder(quote(folder))}"
        )
    return [Problem(sentence, blocks_install=True)]


def push_folder(quoted: str, up: str = "") -> str:
    """Return the command that pushes a folder of the repository.

    `quoted` is the folder's path, quoted for the shell. `up` is the path to the repository's root.
    """
    return f"git {f'-C {up} ' if up else ''}subtree push --prefix {quoted} heroku main"


def check_python_version(tree: Path, names: list[str]) -> list[str]:
    """Return what is wrong with runtime.txt and .python-version."""
    uv = "uv.lock" in names
    present = [name for name in ("runtime.txt", ".python-version") if name in names]
    if len(present) == 2:
        return ["runtime.txt and .python-version are both there. Remove one: git rm runtime.txt"]
    if not present:
        meant = [name for name in names if re.fullmatch(rules.MEANT_AS_PYTHON_VERSION, name)]
        if meant:
            wrong = f"{meant[0]} is not the name that Heroku looks for."
            return [f"{wrong}\ngit mv {meant[0]} .python-version"]
        return ["Heroku needs a file .python-version with uv, such as 3.13."] if uv else []
    [name] = present
    if name == "runtime.txt" and uv:
        return ["uv builds need .python-version; Heroku refuses runtime.txt with uv."]
    form = "python-3.13" if name == "runtime.txt" else "3.13"
    version = interpreter.read_full_version(tree)
    if version is None:
        return [f"{name} does not hold a Python version. It has one line, such as {form}"]
    series, _, patch = version.removeprefix("3.").partition(".")
    series = f"3.{series}"
    if series not in rules.PYTHONS:
        return [f"{name} asks for Python {series}; Heroku has {', '.join(rules.PYTHONS)}."]
    newest = rules.NEWEST_PATCH[series]
    if patch and int(patch) > newest:
        return [
            f"{name} asks for Python {version}; the newest that Heroku had on {rules.DATE} is "
            f"{series}.{newest}. Leave the last part out: {form.replace('3.13', series)}"
        ]
    return []


def check_procfile(tree: Path, names: list[str], unsent: dict[str, str]) -> list[str]:
    """Return what is wrong with the Procfile."""
    if "web" in process_types(tree) or "Procfile" in unsent:
        return []
    sentence = (
        "There is no Procfile with a line 'web: ...' in the root; Heroku would start nothing "
        "(H14). Its name has a capital P and no ending, and such a line is, for example: "
        f"web: gunicorn {find_package(names)}.wsgi"
    )
    meant = [name for name in names if re.fullmatch(r"(?i)procfile(\.\w+)?", name)]
    meant = [name for name in meant if name not in {"Procfile", "Procfile.windows"}]
    if meant and "Procfile" not in names:
        sentence += f"\ngit mv {meant[0]} Procfile"
    return [sentence]


def find_package(names: list[str]) -> str:
    """Return the folder that holds wsgi.py, or what stands for it in a sentence."""
    found = [name.rpartition("/")[0] for name in names if name.endswith("/wsgi.py")]
    return found[0].replace("/", ".") if found else "FOLDER"


def check_requirements(tree: Path, names: list[str]) -> list[Problem]:
    """Report lines of requirements.txt that come from one machine and do not install on Heroku."""
    path = tree / "requirements.txt"
    if not path.is_file() or not decodes(path.read_bytes(), "utf-8"):
        return []
    found = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        package = re.match(r"\s*([A-Za-z0-9][\w.-]*)", line)
        if not package:
            continue
        name = re.sub(r"[-_.]+", "-", package[1]).lower()
        place = f"requirements.txt, line {number}: {package[1]}"
        if re.search(r"@\s*file:", line):
            found.append(
                Problem(
                    f"{place} names a folder of one machine. Write its version in place of that, "
                    f"or "
                    "make the file anew:\npip list --format=freeze > requirements.txt",
                    blocks_install=True,
                )
            )
        elif name in rules.DENIED and ";" not in line:
            reason = rules.DENIED[name]
            found.append(
                Problem(
                    f"{place} has no place on Heroku: {reason}. Remove the line. List the packages "
                    "that you import, and leave what they need to pip.",
                    blocks_install=name != "django-heroku",
                )
            )
    return found


def check_rest(tree: Path, names: list[str], unsent: dict[str, str]) -> list[str]:
    """Return what is wrong with manage.py, app.json, committed environments and switches."""
    problems = []
    deep = [name.count("/") for name in [*names, *unsent] if name.split("/")[-1] == "manage.py"]
    if not deep or min(deep) >= rules.MANAGE_PY_DEPTH:
        problems.append(
            "There is no manage.py in the repository, down to three folders: Heroku would not "
            "collect static files. Is it committed?"
        )
    for name in names:
        folder, _, base = name.rpartition("/")
        if base == rules.ENVIRONMENT_MARK:
            problems.append(
                f"The virtual environment {folder}/ would be pushed. Add it to .gitignore. If it "
                f"is committed already:\ngit rm -r --cached {quote(folder)}"
            )
    switch, marker = rules.COLLECTSTATIC_OFF
    if marker in names:
        problems.append(f"{marker} keeps Heroku from collecting static files.\ngit rm {marker}")
    try:
        if switch in (read_app_json(tree).get("env") or {}):
            problems.append(
                f"app.json sets {switch}, so Heroku collects no static files. Remove it there, and "
                f"from the app: heroku config:unset {switch}"
            )
    except ValueError as error:
        problems.append(f"app.json is not valid JSON: {error}")
    for name in names:
        if name.endswith(".py") and not re.search(rules.TESTS, name):
            problems += find_flag(tree / name, name)
    return problems


def find_flag(path: Path, name: str) -> list[str]:
    """Return where a file asks for a variable HEROKU."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(rules.NO_VARIABLE_OF_HEROKU, text)
    if not found:
        return []
    line = text.count("\n", 0, found.start()) + 1
    return [
        f"{name}, line {line}, asks for a variable HEROKU, which Heroku does not set: what depends "
        "on it never applies there. Ask whether DEBUG is off, or for DYNO, which every dyno has."
    ]


def read_app_json(tree: Path) -> dict:
    """Return the content of app.json, or nothing if it is missing; raise ValueError if invalid."""
    path = tree / "app.json"
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(said, dict) or not isinstance(said.get("env") or {}, dict):
        raise ValueError("it is not an object, or its env is not")
    return said


def process_types(tree: Path) -> dict[str, str]:
    """Return the commands of the Procfile by process type; nothing without one."""
    path = tree / "Procfile"
    if not path.is_file():
        return {}
    return dict(re.findall(rules.PROCESS_TYPE, path.read_text(encoding="utf-8", errors="replace")))
