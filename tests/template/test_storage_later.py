"""Add a storage for uploads to a project that has none, with the commands in docs/storage.md."""

import re
import shlex
import shutil
import sys

import pytest

import preflight
from tests.helpers import (
    BARE,
    ROOT,
    bake,
    caller_environment,
    find_new_python,
    production,
    python_of,
    render,
    run,
)
from tests.template.test_documents import blocks, paste

DOCUMENT = (ROOT / "docs/storage.md").read_text(encoding="utf-8")
UV = f"{shlex.quote(sys.executable)} -m uv"

MODEL = """from django.db import models


class Paper(models.Model):
    scan = models.FileField(upload_to="papers")

    class Meta:
        app_label = "pages"
"""
APP = {
    "blog/__init__.py": "",
    "blog/models.py": "from django.db import models\n\n\nclass Post(models.Model):\n"
    '    title = models.CharField(max_length=200)\n\n    class Meta:\n        app_label = "blog"\n',
}


def run_all(project, env, *steps):
    """Run commands in a project. Fail if one of them fails."""
    for command in steps:
        ended = run(command, project, env)
        assert ended.status == 0, ended.output


def commit_all(project, env, message):
    """Commit all changes in a project."""
    run_all(project, env, ["git", "add", "--all"], ["git", "commit", "-q", "-m", message])


def commands(title):
    """Return the commands in a section of docs/storage.md."""
    section = re.search(rf"(?ms)^### {title}$(.*?)(^##|\Z)", DOCUMENT)[1]
    return blocks(section)[0]


@pytest.fixture
def env(tmp_path):
    """Return an environment with another home folder, where cookiecutter clones the template."""
    home = tmp_path / "home"
    cache = run([sys.executable, "-m", "uv", "cache", "dir"], ROOT).output.strip()
    own = {"HOME": str(home), "USERPROFILE": str(home)}
    # Without these, uv would download everything again, because its folders depend on the home.
    own |= {"UV_CACHE_DIR": cache, "UV_PYTHON": str(find_new_python())}
    return caller_environment(home, **own)


@pytest.fixture
def paste_commands(tmp_path, env):
    """Return a function that pastes commands, with this checkout as the tagged template."""
    origin = tmp_path / "origin"
    shutil.copytree(ROOT, origin, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules"))
    tag = f"v{preflight.__version__}"
    for command in ("init -q", "add --all", "commit -q -m Release", f"tag {tag}"):
        assert run(["git", *command.split()], origin, env).status == 0

    def paste_into(project, text):
        text = re.sub(r"(?m)^uvx ", f"{UV} tool run -q ", text)
        text = re.sub(r"(?m)^uv ", f"{UV} ", text)
        text = re.sub(r"(?m)^python3 ", f"{shlex.quote(sys.executable)} ", text)
        text = text.replace("gh:org/heroku-django", f"git+file://{origin}")
        return paste(f"set -e\n{text}", project, env)

    return paste_into


@pytest.mark.fast
def test_the_commands_for_both_storages_only_differ_in_the_storage():
    s3, cloudinary = commands("Add S3 later"), commands("Add Cloudinary later")
    assert s3.replace("=s3 ", "=cloudinary ").replace('"Keep uploads in S3"', "") == (
        cloudinary.replace('"Keep uploads in Cloudinary"', "")
    )


@pytest.mark.long
@pytest.mark.parametrize("title", ["Add S3 later", "Add Cloudinary later"])
def test_the_commands_produce_the_project_of_the_other_answer(
    proved, tmp_path, env, paste_commands, title
):
    storage = re.search(r"storage=(\w+)", commands(title))[1]
    project = tmp_path / "site"
    run_all(tmp_path, env, ["git", "clone", "-q", proved[0], project])
    run_all(project, env, [sys.executable, "preflight.pyz", "setup"])
    # The owner has added a model with a file, and changed a file of the template.
    (project / "pages/models.py").write_text(MODEL, encoding="utf-8")
    settings = project / "config/settings.py"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('ZONE = "UTC"', 'ZONE = "Asia/Tokyo"'), "utf-8")
    development = BARE | {"PYTHON_DOTENV_DISABLED": "1", "DEBUG": "true"}
    warned = run([python_of(project), "manage.py", "check"], project, development)
    assert "heroku.W030" in warned.output
    run_all(project, env, [python_of(project), "manage.py", "makemigrations"])
    commit_all(project, env, "Keep papers")
    ended = paste_commands(project, commands(title))
    assert ended.status == 0, ended.output
    expected = render(tmp_path / "expected", project_slug="site", storage=storage)
    shutil.copy(settings, tmp_path / "settings.py")
    changed = settings.read_text(encoding="utf-8")
    assert 'ZONE = "Asia/Tokyo"' in changed
    settings.write_text(changed.replace("Asia/Tokyo", "UTC"), encoding="utf-8")
    own = {"pages/models.py", "pages/migrations/0001_initial.py", "pages/migrations/__init__.py"}
    assert_same_files(project, expected, own, env)
    shutil.copy(tmp_path / "settings.py", settings)
    # Its packages are installed, and the file of the owner's model has a storage.
    checked = run([python_of(project), "manage.py", "check", "--deploy"], project, production())
    assert checked.status == 0, checked.output
    dyno = production(DYNO="release.1")
    deployed = run([python_of(project), "manage.py", "check", "--deploy"], project, dyno)
    assert "E030" not in deployed.output
    developed = run([python_of(project), "manage.py", "check"], project, development)
    assert "W030" not in developed.output
    tested = run([python_of(project), "-m", "pytest", "-q", "tests/test_pictures.py"], project, env)
    assert tested.status == 0, tested.output


def assert_same_files(project, expected, own, env):
    """Fail if a project does not have the tracked files of another one, apart from its own."""
    listed = run(["git", "ls-files"], project, env).output.split("\n")
    tracked = {name for name in listed if name}
    generated = {
        path.relative_to(expected).as_posix() for path in expected.rglob("*") if path.is_file()
    }
    assert tracked - own == generated
    for name in generated:
        assert (project / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.fixture
def uv_project(tmp_path, env):
    """Return a project that uses uv, with its lock file in the first commit."""
    bake(tmp_path, env=env, project_slug="site", packaging="uv", _verify="none")
    project = tmp_path / "site"
    run_all(
        project,
        env,
        [sys.executable, "-m", "uv", "lock", "-q"],
        ["git", "add", "uv.lock"],
        ["git", "commit", "-q", "--amend", "--no-edit"],
    )
    return project


def commands_for_uv():
    """Return the commands that add S3 to a project that uses uv."""
    text = commands("Add S3 later")
    assert "run `uv lock` before `git add --all`" in " ".join(DOCUMENT.split())
    return text.replace("git add --all", "uv lock\ngit add --all")


def test_an_untouched_uv_project_needs_no_merge(uv_project, tmp_path, env, paste_commands):
    ended = paste_commands(uv_project, commands_for_uv())
    assert ended.status == 0, ended.output
    answers = {"project_slug": "site", "packaging": "uv", "storage": "s3"}
    expected = render(tmp_path / "expected", **answers)
    assert_same_files(uv_project, expected, {"uv.lock"}, env)
    assert "boto3" in (uv_project / "uv.lock").read_text(encoding="utf-8")


@pytest.mark.long
def test_an_app_and_a_package_of_the_owner_are_kept(uv_project, env, paste_commands):
    for name, text in APP.items():
        (uv_project / name).parent.mkdir(exist_ok=True)
        (uv_project / name).write_text(text, encoding="utf-8")
    settings, packages = uv_project / "config/settings.py", uv_project / "pyproject.toml"
    add_last(settings, "INSTALLED_APPS = [", '    "blog",\n')
    add_last(packages, "dependencies = [", '    "django-htmx==1.23.2",\n')
    run_all(uv_project, env, [sys.executable, "-m", "uv", "lock", "-q"])
    commit_all(uv_project, env, "Add a blog")
    merged = paste_commands(uv_project, commands_for_uv())
    conflicts = run(["git", "diff", "--name-only", "--diff-filter=U"], uv_project, env).output
    assert conflicts in {"", "uv.lock\n"}, merged.output
    if conflicts:
        ended = paste_commands(uv_project, commands("If the project uses uv"))
        assert ended.status == 0, ended.output
    assert '"blog",' in settings.read_text(encoding="utf-8")
    lock = (uv_project / "uv.lock").read_text(encoding="utf-8")
    assert "boto3" in lock and "django-htmx" in lock
    run_all(uv_project, env, [sys.executable, "-m", "uv", "lock", "--check", "-q"])
    assert run(["git", "status", "--porcelain"], uv_project, env).output == ""


def add_last(path, opening, line):
    """Add a line at the end of a list in a file."""
    text = path.read_text(encoding="utf-8")
    end = text.index("\n]", text.index(opening)) + 1
    path.write_text(text[:end] + line + text[end:], encoding="utf-8")
