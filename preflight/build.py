"""The build phase: dependencies in an environment of their own, and the static files."""

import hashlib
import os
import re
import secrets
import shutil
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from preflight import about, advice, contract, interrupt, process, rules
from preflight.interpreter import Python
from preflight.process import Finished
from preflight.steps import Failed, NotProved, NotReached

# Where packages are, in a path that nobody has to read.
INSTALLED = (
    r"[^\"\s]*[\\/](?:\.preflight[\\/]environment-\w+|\.venv)[\\/](?:lib[\\/]python[\d.]+|Lib)[\\/]"
)

# Lines in requirements.txt: https://pip.pypa.io/en/stable/reference/requirements-file-format/
INCLUDE = re.compile(rb"(?m)^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)")
LOCAL_REQUIREMENT = rb"(?m)^\s*(?:-e|--editable|-f|--find-links|\.|/)|\bfile:"

# The size in bytes of the blocks that are compressed to estimate the size of the slug.
BLOCK = 65536


def make_environment(python: Python, folder: Path, uv: str | None, seed: bool = False) -> None:
    """Make an empty virtual environment, with pip in it if `seed` is set or there is no uv."""
    if uv:
        command = [uv, "venv", "--quiet", "--clear", "--python", python.path, str(folder)]
        command += ["--seed"] if seed else []
    else:
        command = [python.path, "-m", "venv", "--clear", str(folder)]
    made = process.run(command, folder.parent, process.installer_environment())
    if made.status != 0:
        raise NotProved(reason_here(made) or "no virtual environment could be made here", made)


def install_command(project: Path, environment: Path, uv: str | None, tests: bool) -> list[str]:
    """Return the command that installs what the project's package manager file says.

    It is that of Heroku's build (BP lib/pip.sh, lib/uv.sh); `tests` adds what Heroku CI adds.
    Raises NotProved for a package manager that this rehearsal does not drive.
    """
    python = str(process.python_in(environment))
    if (project / "uv.lock").is_file():
        if not uv:
            raise NotProved(
                f"this project needs uv, which is missing here: {about.COMMAND} setup installs it"
            )
        groups = [] if tests else ["--no-default-groups"]
        return [uv, "sync", "--quiet", "--locked", "--inexact", *groups]
    if not (project / "requirements.txt").is_file():
        raise NotProved("this rehearsal installs with pip or uv, and there is no file for either")
    files = ["-r", "requirements.txt"]
    if tests and (project / "requirements-test.txt").is_file():
        files += ["-r", "requirements-test.txt"]
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", python, *files]
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *files]


def install(project: Path, environment: Path, python: Python, uv: str | None, tests: bool) -> str:
    """Install the dependencies into an environment that exists; return what did it.

    Raises NotProved if the reason is this machine, otherwise Failed.
    """
    variables = process.installer_environment() | {
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "UV_PYTHON": python.path,
        "VIRTUAL_ENV": str(environment),
    }
    command = install_command(project, environment, uv, tests)
    installed = process.run(command, project, variables, timeout=900)
    if installed.status != 0:
        here = reason_here(installed)
        if here:
            raise NotProved(here, installed)
        raise Failed("The dependencies cannot be installed.", installed)
    return f"{'uv' if uv else 'pip'}, Python {python.version}"


def choose_environment(cache: Path, tree: Path, python: Python) -> Path:
    """Return the folder of the environment for these requirements, this interpreter and this path.

    If none of them has changed, the next rehearsal uses the same folder, as Heroku reuses installed
    packages (BP lib/cache.sh). The path matters because the programs of an environment, such as
    gunicorn, contain it and do not start after a move.
    """
    content = hashlib.sha256(os.fsencode(cache.resolve()))
    content.update(f"{python.path} {python.version}".encode())
    for name in (*rules.PACKAGE_MANAGERS, "pyproject.toml"):
        path = tree / name
        content.update(name.encode() + (path.read_bytes() if path.is_file() else b""))
    if (tree / "requirements.txt").is_file():
        content.update(read_requirements(tree))
    return cache / f"environment-{content.hexdigest()[:12]}"


def read_requirements(tree: Path) -> bytes:
    """Return the content of requirements.txt and of all files that it includes with -r and -c.

    If it names something that cannot be compared, such as a local package or a URL, return random
    bytes, so that the environment is never reused.
    """
    files, content = [(tree / "requirements.txt").resolve()], b""
    for path in files:
        text = path.read_bytes() if path.is_file() else None
        if text is None or re.search(LOCAL_REQUIREMENT, text):
            return secrets.token_bytes()
        content += text
        included = [(path.parent / os.fsdecode(name)).resolve() for name in INCLUDE.findall(text)]
        files += [other for other in included if other not in files]
    return content


def install_once(tree: Path, environment: Path, python: Python, uv: str | None) -> str:
    """Make the environment and install what production needs into it, unless that was done.

    Environments for other requirements are removed. Raises like install.
    """
    done = environment / "installed"
    if done.is_file():
        return f"kept from the last rehearsal, Python {python.version}"
    cache = environment.parent
    if cache.exists():
        shutil.rmtree(cache)
    cache.mkdir()
    # Out of git, also in a repository whose .gitignore does not name the folder.
    (cache / ".gitignore").write_text("*\n", encoding="utf-8")
    make_environment(python, environment, uv)
    told = install(tree, environment, python, uv, tests=False)
    done.touch()
    return told


def reason_here(finished: Finished) -> str | None:
    """Return why a command failed if the reason is this machine or its network, else None."""
    if finished.status is None:
        return "it took too long"
    if finished.killed:
        return "something outside ended it"
    for pattern, reason in advice.HERE:
        if re.search(pattern, finished.output, re.IGNORECASE):
            return reason
    return None


def run_project(command: list[str] | str, tree: Path, variables: dict[str, str], wrong: str) -> str:
    """Run a command of the project and return its output; raise Failed with the sentence `wrong`.

    Raises NotProved if it was killed, ran out of time, or found the disk full.
    """
    finished = process.run(command, tree, variables)
    if finished.status == 0:
        return finished.output
    if finished.status is None:
        raise NotProved("it took too long", finished)
    if finished.killed:
        raise NotProved("something outside ended it", finished)
    if re.search(advice.HERE[0][0], finished.output, re.IGNORECASE):
        raise NotProved(advice.HERE[0][1], finished)
    shown = finished.command if isinstance(command, str) else " ".join(["python", *command[1:]])
    # The copy is gone when somebody reads this; the same file is in the project.
    output = re.sub(INSTALLED, ".../", finished.output.replace(f"{tree}{os.sep}", ""))
    raise Failed(wrong, replace(finished, output=output, command=shown))


def config_vars(tree: Path) -> dict[str, str]:
    """Return stand-ins for the config vars that app.json asks for, as Heroku would set them."""
    try:
        declared = contract.read_app_json(tree).get("env") or {}
    except ValueError:
        # The rules of the files have said so.
        declared = {}
    found = {}
    for name, entry in declared.items():
        entry = entry if isinstance(entry, dict) else {"value": entry}
        if entry.get("generator") == "secret":
            found[name] = secrets.token_hex(32)
        elif "value" in entry:
            found[name] = str(entry["value"])
        elif entry.get("required", True):
            found[name] = rules.PLACEHOLDERS.get(name, rules.PLACEHOLDER)
    return found


def collect_static(tree: Path, python: Path, variables: dict[str, str]) -> str:
    """Run collectstatic as the build does (BP bin/steps/collectstatic); return how many files."""
    manage = find_manage_py(tree)
    if not (tree / manage).is_file():
        raise NotReached
    output = run_project(
        [str(python), manage, "collectstatic", "--noinput", "--traceback"],
        tree,
        variables,
        "The static files cannot be collected, so Heroku would reject the push.",
    )
    if not output.strip():
        raise Failed(f"{manage} runs and says nothing of collectstatic. Is it Django's own?")
    count = re.search(r"(\d+) static files? (?:copied|uploaded)", output)
    if count and count[1] == "0":
        raise Failed(
            "collectstatic has collected no file at all, not even those of Django's admin, and "
            "calls that a success. Look for cloudinary_storage above django.contrib.staticfiles in "
            "INSTALLED_APPS, and for storages in settings that Django ignores since 5.1."
        )
    return f"{count[1]} files" if count else ""


def site_packages(environment: Path) -> Path:
    """Return the folder of an environment that contains the installed packages."""
    folders = [*environment.glob("lib*/python*/site-packages"), environment / "Lib/site-packages"]
    return next(folder for folder in folders if folder.is_dir())


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the size in bytes of every file of a folder by its path.

    Links and Python's bytecode are left out. Paths are strings, since there are thousands.
    """
    found: dict[str, int] = {}
    folders = [str(folder)]
    for place in folders:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders += [entry.path] if entry.name != "__pycache__" else []
                elif entry.is_file(follow_symlinks=False):
                    # A journal of SQLite may be gone: the release command runs at the same time.
                    with suppress(FileNotFoundError):
                        found[entry.path] = entry.stat(follow_symlinks=False).st_size
    return dict(sorted(found.items()))


def weigh(tree: Path, environment: Path) -> str:
    """Estimate the compressed size of the slug; raise Failed if it is over Heroku's limit.

    The limit is on the compressed size (DC slug-compiler). A slug is a gzipped tar (DC
    platform-api-deploying-slugs) of the project with its static files, the packages, their
    bytecode, Python and pip. The sizes of bytecode, Python and pip come from `rules`. Files from
    other buildpacks are not counted.
    """
    own, installed = file_sizes(tree), file_sizes(site_packages(environment))
    source = sum(size for path, size in installed.items() if path.endswith(".py"))
    added = rules.PYTHON_MB + source / 1e6 * rules.BYTECODE
    # uv is not part of the slug. Without uv here, pip is in the environment and counted there.
    if not (tree / "uv.lock").is_file() and not (site_packages(environment) / "pip").is_dir():
        added += rules.PIP_MB
    megabytes = compressed_size(own | installed, share=16) / 1e6 + added
    if megabytes > rules.SLUG_MB:
        # Compress all files, not a sample, before reporting that a push would fail.
        megabytes = compressed_size(own | installed, share=1) / 1e6 + added
    if megabytes <= rules.SLUG_MB:
        return f"about {megabytes:.0f} MB of {rules.SLUG_MB}, compressed, with packages and Python"
    parts: Counter[str] = Counter()
    for root, sizes in ((tree, own), (site_packages(environment), installed)):
        for path, size in sizes.items():
            parts[Path(path).relative_to(root).parts[0]] += size
    largest = ", ".join(f"{name} ({size / 1e6:.0f} MB)" for name, size in parts.most_common(5))
    raise Failed(
        f"The compressed slug would be about {megabytes:.0f} MB. Heroku accepts up to "
        f"{rules.SLUG_MB} MB. The largest parts, before compression, are {largest}. Remove media, "
        "data and models from git, or name them in .slugignore."
    )


def compressed_size(sizes: dict[str, int], share: int) -> float:
    """Return how many bytes files have in a gzipped tar, from one block in `share` blocks of them.

    Compressing all blocks takes seconds; one in 16 takes less than a second. For eight sets of
    packages, one in 16 gave a result between 4 % below and 11 % above the size with gzip.
    """
    packer, packed, taken, position = zlib.compressobj(), 0, 0, 0
    for path, size in sizes.items():
        interrupt.check()
        # The files count as one stream, of which the first block in every `share` is compressed.
        for start in range(-(position % (share * BLOCK)), size, share * BLOCK):
            first, end = max(start, 0), min(start + BLOCK, size)
            if first < end:
                with open(path, "rb") as file:
                    file.seek(first)
                    content = file.read(end - first)
                taken += len(content)
                packed += len(packer.compress(content))
        position += size
    packed += len(packer.flush())
    return position * packed / max(taken, 1)


def run_hook(tree: Path, name: str, variables: dict[str, str]) -> None:
    """Run bin/pre_compile or bin/post_compile if the project has it (BP lib/hooks.sh).

    The buildpack makes it executable and fails the build with it.
    """
    hook = tree / "bin" / name
    if not hook.is_file():
        return
    if process.WINDOWS:
        raise NotProved(f"bin/{name} is a script for Linux")
    hook.chmod(0o755)
    command = f"bin/{name}"
    run_project(command, tree, variables, f"The hook {command} fails, and the build with it.")


def find_manage_py(tree: Path) -> str:
    """Return the manage.py that the build finds: the shallowest, down to three folders."""
    found = [
        path.relative_to(tree)
        for path in tree.rglob("manage.py")
        if len(path.relative_to(tree).parts) <= rules.MANAGE_PY_DEPTH
    ]
    return str(min(found, key=lambda path: (len(path.parts), path))) if found else "manage.py"
