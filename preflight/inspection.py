"""What the project says of itself, and what of it would go wrong on Heroku without a word."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from preflight import about, advice
from preflight.build import find_manage_py, run_project
from preflight.steps import Failed, NotReached

# The file that DATABASE_URL names while the project is asked.
DATABASE = "inspection.sqlite3"


def ask(
    tree: Path, python: Path, variables: dict[str, str], folder: Path
) -> tuple[dict, Failed | None]:
    """Return what the project says of itself, and the failure if its migrations do not fit.

    The facts are empty if the project cannot be loaded. The source of probe.py is written to
    `folder`, because the project's interpreter cannot read it in a zip.
    """
    probe = folder / "probe.py"
    probe.write_text(about.read("probe.py"), encoding="utf-8")
    code = f"import runpy; runpy.run_path({str(probe)!r})"
    command = [str(python), find_manage_py(tree), "shell", "-c", code]
    try:
        return read_facts(
            run_project(command, tree, variables, "The project cannot be loaded.")
        ), None
    except Failed as error:
        facts = read_facts(error.finished.output)
        output = re.sub(r"(?m)^preflight:.*\n", "", error.finished.output)
        shown = replace(
            error.finished, command="python manage.py makemigrations --check", output=output
        )
        sentence = str(error)
        if "Migrations for '" in output:
            sentence = (
                "The models and their migrations differ. Make the missing one, and commit it:\n"
                "python manage.py makemigrations"
            )
        return facts, Failed(sentence, shown)


def read_facts(output: str) -> dict:
    """Return what the probe has printed somewhere in an output; nothing if it could not."""
    found = re.search(r"(?m)^preflight:(.*)$", output)
    return json.loads(found[1]) if found else {}


def check(facts: dict, said: str = "") -> str:
    """Return that nothing is wrong with the settings; raise Failed with all that is.

    What the project's own checks have `said` of the same subject is not told again.
    """
    if not facts:
        raise NotReached
    problems = [
        *check_imports(facts),
        *check_storage(facts),
        *check_database(facts),
        *check_basics(facts),
        *check_links(facts),
    ]
    sentences = [sentence for subject, sentence in problems if subject not in said]
    if sentences:
        raise Failed("\n".join(sentences))
    return "imports, storage, database, key, hosts, static links"


def check_imports(facts: dict) -> Iterator[tuple[str, str]]:
    """Give the imports that Heroku would not find."""
    for name, line, module in facts["missing_imports"]:
        package = advice.PACKAGES.get(module, module)
        yield (
            module,
            f"{name}, line {line}, imports {module}, and nothing that Heroku installs has it. Add "
            f"{package} to the file of packages, and commit it.",
        )


def check_storage(facts: dict) -> Iterator[tuple[str, str]]:
    """Give settings that Django ignores, uploads that vanish, and WhiteNoise out of its place.

    Django 5.1 removed both settings: its release notes. A dyno's disk is emptied at every restart:
    https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem
    """
    for name in facts["dead_settings"]:
        yield (
            name,
            f"{name} is set, and Django has ignored it since 5.1: the files go to the local disk, "
            f"and nobody says so. Name the storage in STORAGES: {advice.STORAGES}",
        )
    if facts["uploads"]:
        yield (
            facts["uploads"][0],
            f"What people upload ({', '.join(facts['uploads'])}) would go to the disk of a dyno, "
            "which is emptied at every restart. Name a bucket or Cloudinary in "
            f'STORAGES["default"]: {advice.STORAGES}',
        )
    first, second = facts["security"], facts["whitenoise"]
    if second is not None and first is not None and second != first + 1:
        yield (
            "WhiteNoise",
            "WhiteNoise does not stand right after SecurityMiddleware in MIDDLEWARE, so static "
            f"files miss its headers or pass others for nothing: {advice.WHITENOISE}",
        )


def check_database(facts: dict) -> Iterator[tuple[str, str]]:
    """Give a database that is not the one of DATABASE_URL, and tables that would be missing."""
    if Path(facts["database"]).name != DATABASE:
        what = "a SQLite file" if "sqlite3" in facts["engine"] else "a database"
        yield (
            "SQLite file",
            f"The settings use {what} of their own and not the one of DATABASE_URL. On Heroku, "
            "what people enter would be gone after a restart. Write:\n"
            'DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}',
        )
    for label in facts["unmigrated"]:
        yield (
            f"makemigrations {label}",
            f"The app {label} has models and no migrations, so its tables will not exist. Make "
            f"them, and commit them:\npython manage.py makemigrations {label}",
        )


def check_basics(facts: dict) -> Iterator[tuple[str, str]]:
    """Give a missing key, hosts that no request will ever have, and DEBUG for everybody to see."""
    if not facts["secret_key"]:
        [entry] = [entry for entry in advice.ADVICE if "SECRET_KEY" in entry.pattern]
        yield "SECRET_KEY", f"{entry.meaning}\n{entry.cure}"
    for host in facts["hosts"]:
        if "/" in host:
            yield (
                host,
                f"ALLOWED_HOSTS has {host!r}; a host has no scheme and no slash, such as "
                "www.example.com, or every request is answered with 400.",
            )
    if facts["debug"]:
        yield (
            "DEBUG is on",
            "DEBUG is on where nothing has set it, so every visitor who meets an error sees code "
            "and settings. Let a variable alone turn it on: "
            'DEBUG = os.environ.get("DEBUG") == "true"',
        )


def check_links(facts: dict) -> Iterator[tuple[str, str]]:
    """Give the static tags whose file is not there, with what was meant."""
    for name, line, target, alike in facts["dead_links"]:
        meant = f"{alike} is there: capitals and slashes count." if alike else "Is it committed?"
        yield (
            target,
            f"{name}, line {line}, names the static file {target}, and it would not be collected. "
            f"{meant}",
        )
