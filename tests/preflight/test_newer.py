"""What is newer than the tables of preflight is not proved, and never failed."""

import os
from pathlib import Path

import pytest

from preflight import findings, heroku, packages, settings_checks
from preflight.interpreters import Python
from preflight.processes import Finished
from preflight.rehearsal import Rehearsal
from preflight.steps import Failed, NotProved, Step

pytestmark = [
    pytest.mark.fast,
    pytest.mark.skipif(os.name == "nt", reason="the installer is a shell script"),
]


def environment(folder: Path, *installed: str) -> Path:
    """Return an environment in which packages seem to be installed, such as Django-5.2.19."""
    for name in installed:
        (folder / "lib/python3.13/site-packages" / f"{name}.dist-info").mkdir(parents=True)
    return folder


def installer(path: Path, output: str, status: int = 0) -> str:
    """Return a program that answers like uv, and fails to install."""
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "uv {output}" && exit 0\n'
        f'echo "error: Unknown reason"\nexit {status}\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("installed", "uv", "named"),
    [
        ("django-99.0", f"{heroku.NEWEST['uv']}.1", ["Django 99.0"]),
        (f"django-{heroku.NEWEST['Django']}.99", "99.1.0", ["uv 99.1.0"]),
        ("pip-99.1", "", ["pip 99.1"]),
        (f"pip-{heroku.NEWEST['pip']}.9", "", []),
    ],
)
def test_a_newer_package_or_installer_is_named(tmp_path, installed, uv, named):
    program = installer(tmp_path / "uv", uv) if uv else None
    found = packages.newer_than_known(environment(tmp_path, installed), program)
    assert [fact.partition(" is newer than ")[0] for fact in found] == named
    assert all(fact.endswith(f"the newest on {heroku.DATE}") for fact in found)


@pytest.mark.parametrize(("version", "raised"), [("99.0", NotProved), ("0.1.0", Failed)])
def test_an_installer_that_is_not_known_and_fails_proves_nothing(tmp_path, version, raised):
    (tmp_path / "requirements.txt").write_text("Django\n", encoding="utf-8")
    program = installer(tmp_path / "uv", version, status=2)
    python = Python("python3", "3.13.1")
    with pytest.raises(raised) as error:
        packages.install(tmp_path, environment(tmp_path / "e", "x-1"), python, program, tests=False)
    assert ("99.0" in str(error.value)) == (raised is NotProved)


@pytest.mark.parametrize(
    ("newer", "place", "raised"),
    [
        (["Django 99.0 is newer than 6.1"], "", NotProved),
        (["Django 99.0 is newer than 6.1"], "shop/settings.py", Failed),
        ([], "", Failed),
    ],
)
def test_a_django_that_does_not_understand_the_questions_proves_nothing(
    tmp_path, monkeypatch, newer, place, raised
):
    cause = findings.EXCEPTION(place, 1)
    finished = Finished("python manage.py shell", 1, "", 0.0, (cause,))

    def ask(*arguments):
        raise Failed(findings.NOT_LOADED(), finished=finished)

    monkeypatch.setattr(settings_checks, "ask", ask)
    rehearsal = Rehearsal(tmp_path, tmp_path)
    rehearsal.newer = newer
    with pytest.raises(raised):
        rehearsal.ask(tmp_path, {})
    assert any("Django 99.0" in limit for limit in rehearsal.limits()) == bool(newer)
    # A step that proved nothing does not fail.
    step = Step("release", "migrations", lambda: str(rehearsal.ask(tmp_path, {})))
    step.run()
    assert (step.state.value == "FAILED") == (raised is Failed)
