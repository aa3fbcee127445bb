"""The steps by which a project with WhiteNoise alone gets a storage for uploads, as documented."""

import re
import shutil
import sys

import pytest

from tests.helpers import BARE, ROOT, caller_environment, production, python_of, render, run
from tests.template.test_documents import blocks, paste

TITLES = {"s3": "S3", "cloudinary": "Cloudinary"}

MODEL = """from django.db import models


class Paper(models.Model):
    scan = models.FileField(upload_to="papers")

    class Meta:
        app_label = "pages"
"""


def steps(document, storage):
    """Return the commands that a document gives for adding a storage."""
    section = re.search(rf"(?ms)^##+ Add {TITLES[storage]} later$(.*?)(^##|\Z)", document)[1]
    return blocks(section)[0]


@pytest.mark.parametrize("storage", TITLES)
def test_the_template_and_the_project_give_the_same_steps(tmp_path, storage):
    readme = (render(tmp_path) / "README.md").read_text(encoding="utf-8")
    document = (ROOT / "docs/storage.md").read_text(encoding="utf-8")
    assert steps(readme, storage) == steps(document, storage)


@pytest.mark.parametrize("storage", ["s3", pytest.param("cloudinary", marks=pytest.mark.long)])
def test_the_steps_make_the_project_of_the_other_answer(proved, tmp_path, storage):
    env = caller_environment(tmp_path / "home")
    project = tmp_path / "site"
    assert run(["git", "clone", "-q", proved[0], project], tmp_path, env).status == 0
    made = run([sys.executable, "preflight.pyz", "setup"], project, env)
    assert made.status == 0, made.output
    # What its owner has done since: a model with a file, and a change to a file of the template.
    (project / "pages/models.py").write_text(MODEL, encoding="utf-8")
    settings = project / "config/settings.py"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('ZONE = "UTC"', 'ZONE = "Asia/Tokyo"'), "utf-8")
    development = BARE | {"PYTHON_DOTENV_DISABLED": "1", "DEBUG": "true"}
    warned = run([python_of(project), "manage.py", "check"], project, development)
    assert "heroku.W030" in warned.output
    for command in (
        [python_of(project), "manage.py", "makemigrations"],
        ["git", "add", "--all"],
        ["git", "commit", "-q", "-m", "Keep papers"],
    ):
        assert run(command, project, env).status == 0
    readme = (project / "README.md").read_text(encoding="utf-8")
    commands = steps(readme, storage).replace("gh:org/heroku-django", str(ROOT))
    ended = paste(f"set -e\n{commands}", project, env)
    assert ended.status == 0, ended.output
    expected = render(tmp_path / "expected", project_slug="site", storage=storage)
    shutil.copy(settings, tmp_path / "settings.py")
    changed = settings.read_text(encoding="utf-8")
    assert 'ZONE = "Asia/Tokyo"' in changed
    settings.write_text(changed.replace("Asia/Tokyo", "UTC"), encoding="utf-8")
    own = {"pages/models.py", "pages/migrations/0001_initial.py", "pages/migrations/__init__.py"}
    listed = run(["git", "ls-files"], project, env).output.split("\n")
    tracked = {name for name in listed if name}
    generated = {
        path.relative_to(expected).as_posix() for path in expected.rglob("*") if path.is_file()
    }
    assert tracked - own == generated
    for name in generated:
        assert (project / name).read_bytes() == (expected / name).read_bytes(), name
    shutil.copy(tmp_path / "settings.py", settings)
    # It is that project: its packages are there, and the file of the owner's model has a home.
    checked = run([python_of(project), "manage.py", "check", "--deploy"], project, production())
    assert checked.status == 0, checked.output
    dyno = production(DYNO="release.1")
    assert (
        "E030"
        not in run([python_of(project), "manage.py", "check", "--deploy"], project, dyno).output
    )
    assert (
        "W030" not in run([python_of(project), "manage.py", "check"], project, development).output
    )
    tested = run([python_of(project), "-m", "pytest", "-q", "tests/test_pictures.py"], project, env)
    assert tested.status == 0, tested.output
