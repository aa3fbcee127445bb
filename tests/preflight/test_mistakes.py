"""Make each mistake of the table, and fix it with nothing but what the report for programs says."""

import json
import shutil

import pytest

from preflight import (
    build,
    findings,
    heroku,
    processes,
    project_files,
    release,
    settings_checks,
)
from preflight.rehearsal import Rehearsal
from preflight.source import Source
from preflight.steps import Failed, Result, State, Step, needed
from tests.helpers import caller_environment, render, run
from tests.preflight.cures import carry_out
from tests.preflight.mistakes import (
    CREATE,
    FILES,
    IN_CODE,
    IN_FILES,
    IN_REHEARSAL,
    MIGRATION,
    MODELS,
    Mistake,
)
from tests.preflight.rehearsal import Told, rehearse

UTF8 = {"encoding": "utf-8"}


@pytest.fixture(scope="session")
def _small(tmp_path_factory):
    """Return the small sound project, with one commit."""
    folder = tmp_path_factory.mktemp("small")
    project = folder / "site"
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, **UTF8)
    env = caller_environment(folder / "home")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Start"]):
        ended = run(["git", *command], project, env)
        assert ended.status == 0, ended.output
    return project


@pytest.fixture
def small(_small, tmp_path):
    """Return a copy of the small project, to make a mistake in."""
    shutil.copytree(_small, tmp_path / "site")
    return tmp_path / "site"


def make(mistake: Mistake, project):
    """Make a mistake in a project, and commit it."""
    env = caller_environment(project.parent / "home")
    kept = {name: (project / name).read_text(**UTF8) for name in mistake.history}
    for files in (mistake.history, kept):
        for name, text in files.items():
            (project / name).write_text(text, **UTF8)
        if files:
            commit(project, env)
    for name, old, new in mistake.edits:
        text = (project / name).read_text(**UTF8)
        assert old in text
        (project / name).write_text(text.replace(old, new) if old else text + new, **UTF8)
    for name, content in mistake.files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    if ".gitignore" in [*mistake.files, *(edit[0] for edit in mistake.edits)]:
        assert run(["git", "rm", "-q", "-r", "--cached", "."], project, env).status == 0
    commit(project, env)


def commit(project, env):
    """Commit everything that git does not ignore."""
    assert run(["git", "add", "-A"], project, env).status == 0
    assert run(["git", "commit", "-q", "--allow-empty", "-m", "Edit"], project, env).status == 0


def find(mistake: Mistake, told):
    """Return the finding that has to be there, with its place."""
    found = [f for f in told.findings if f["id"] == mistake.kind.id]
    assert found, told.findings
    assert (found[0]["file"], found[0]["line"]) == (mistake.file, mistake.line)
    return found[0]


# The kinds of which one mistake is made in the default run.
SAMPLE = {findings.ENV_PY, findings.DEBUG_IS_ON, findings.SYNTAX, findings.TEMPLATE_SYNTAX}
# All kinds in the files, except one that takes 50 MB.
SMALL = {mistake.kind for mistake in IN_FILES} - {findings.LARGE_MEDIA}


def sample(mistakes, kinds):
    """Return a parameter for each mistake; the first one of each of these kinds is not long."""
    seen, listed = set(), []
    for mistake in mistakes:
        short = mistake.kind in kinds and mistake.kind not in seen
        seen.add(mistake.kind)
        marks = () if short else pytest.mark.long
        listed.append(pytest.param(mistake, id=f"{mistake.row}-{mistake.name}", marks=marks))
    return listed


@pytest.mark.fast
def test_the_small_project_is_sound(small):
    told = rehearse(small, "--uncommitted", "--only", "source")
    assert told.status == 0 and told.ids == []


@pytest.mark.parametrize("mistake", sample(IN_FILES, SMALL))
def test_a_mistake_in_the_files_is_found_and_its_cure_works(small, mistake):
    make(mistake, small)
    env = caller_environment(small.parent / "home")
    following = find(mistake, rehearse(small, "--only", "source"))["next"]
    for _ in range(3):
        assert following
        carry_out(following, small, env, shutil.which("python3"))
        commit(small, env)
        told = rehearse(small, "--only", "source")
        if not told.findings:
            return
        # A line of several can be wrong, each with its own finding.
        following = told.findings[0]["next"]
    raise AssertionError(told.findings)


def judge(project, python, folder):
    """Return what Django itself shows about a project, from its build and its settings.

    The steps are those of a rehearsal. They run in an environment that is already installed.
    """
    rehearsal = Rehearsal(project, folder, uncommitted=True)
    rehearsal.environment = python.parent.parent
    shutil.copytree(project, rehearsal.tree, ignore=shutil.ignore_patterns(".git", ".venv"))
    paths = [path for path in rehearsal.tree.rglob("*") if path.is_file()]
    rehearsal.pushed = Source("", [p.relative_to(rehearsal.tree).as_posix() for p in paths])
    variables = processes.bare_environment(folder / "home", python.parent)
    variables |= heroku.DYNO_VARIABLES | project_files.config_vars(project)
    dyno = variables | {"DYNO": "web.1", "DATABASE_URL": f"sqlite:///{folder}/release.sqlite3"}

    def build_it():
        return build.collect_static(rehearsal.tree, python, variables | heroku.BUILD)

    def ask():
        rehearsal.facts = settings_checks.ask(rehearsal.tree, python, dyno, folder)
        found = settings_checks.check(rehearsal.facts, dyno, set()).found
        found += settings_checks.predict_host(rehearsal.facts)
        found += settings_checks.predict_visit(rehearsal.facts)
        found += settings_checks.predict_static(rehearsal.facts)
        return Result("", found)

    def compare():
        return settings_checks.check_migrations(needed(rehearsal.facts))

    steps = [
        Step("build", "collectstatic", build_it),
        Step("release", "settings", ask),
        Step("release", "migrations", compare),
    ]
    for step in steps:
        step.run()
        rehearsal.complete(step)
        assert step.state is not State.NOT_PROVED, step.detail
    found = {finding.identity: finding for step in steps for finding in step.found}
    return Told(0, {"steps": [{"findings": [f.as_json() for f in found.values()]}]})


@pytest.fixture
def production_python(proved):
    """Return the interpreter of an environment that a rehearsal has made, with the reporter."""
    [environment] = (proved[0] / ".preflight").glob("environment-*")
    return processes.python_in(environment)


@pytest.mark.parametrize("mistake", sample(IN_CODE, SAMPLE))
def test_a_mistake_in_the_code_is_found_and_its_cure_works(
    small, mistake, production_python, tmp_path
):
    make(mistake, small)
    (small / ".venv").symlink_to(production_python.parent.parent)
    env = caller_environment(tmp_path / "home")
    first = following = find(mistake, judge(small, production_python, tmp_path / "0"))["next"]
    for number in range(1, 4):
        assert following
        carry_out(following, small, env, production_python)
        told = judge(small, production_python, tmp_path / str(number))
        if not told.findings:
            return
        following = told.findings[0]["next"]
    raise AssertionError((first, told.findings))


def test_the_small_project_has_no_mistake_in_its_code(small, production_python, tmp_path):
    assert judge(small, production_python, tmp_path / "0").ids == []


ERROR_PAGES = [
    pytest.param("500.html", "<p>Sorry</p>\n{% url 'nowhere' %}\n", id="500"),
    pytest.param(
        "400.html", "<p>Sorry</p>\n{% include 'gone.html' %}\n", id="400", marks=pytest.mark.long
    ),
]


@pytest.mark.row(189)
@pytest.mark.parametrize(("name", "text"), ERROR_PAGES)
def test_an_error_page_that_cannot_be_rendered_is_named(
    small, production_python, tmp_path, name, text
):
    (small / "templates" / name).write_text(text, **UTF8)
    [found] = judge(small, production_python, tmp_path / "0").findings
    assert (found["id"], found["file"]) == (findings.ERROR_PAGE.id, f"templates/{name}")
    assert found["line"] == 2
    # Another view may need what a real request has.
    with (small / "shop/urls.py").open("a", **UTF8) as urls:
        urls.write("handler500 = handler400 = views.home\n")
    assert judge(small, production_python, tmp_path / "1").ids == []


@pytest.mark.row(208)
@pytest.mark.long
def test_a_query_while_a_module_is_imported_is_named(small, _packages):
    (small / ".git/info/exclude").write_text(".preflight\n", **UTF8)
    shutil.copytree(_packages, small / ".preflight", symlinks=True)
    for name, old, new in (
        ("settings.py", "INSTALLED_APPS = [", 'INSTALLED_APPS = [\n    "shop",'),
        ("views.py", "import render\n", "import render\n\nfrom shop.models import Item\n"),
        ("views.py", "\n\ndef home", "\nITEMS = list(Item.objects.all())\n\n\ndef home"),
    ):
        text = (small / "shop" / name).read_text(**UTF8)
        (small / "shop" / name).write_text(text.replace(old, new), **UTF8)
    (small / "shop/models.py").write_text(MODELS, **UTF8)
    (small / "shop/migrations").mkdir()
    (small / "shop/migrations/__init__.py").touch()
    migration = MIGRATION.format("", CREATE)
    (small / "shop/migrations/0001_initial.py").write_text(migration, **UTF8)
    told = rehearse(small, "--uncommitted", "--no-tests", "--only", "release")
    found = {f["file"]: f["line"] for f in told.findings if f["weight"] == "error"}
    assert found == {"shop/views.py": 5} and told.failed[0] == "release release command"
    assert findings.QUERY_AT_IMPORT.id in told.ids


@pytest.mark.row(207)
@pytest.mark.long
def test_a_home_page_that_redirects_to_itself_is_found(small, _packages):
    (small / ".git/info/exclude").write_text(".preflight\n", **UTF8)
    shutil.copytree(_packages, small / ".preflight", symlinks=True)
    text = (small / "shop/views.py").read_text(**UTF8)
    text = text.replace("import render", "import redirect")
    new = text.replace('render(request, "home.html")', 'redirect("/")')
    (small / "shop/views.py").write_text(new, **UTF8)
    told = rehearse(small, "--uncommitted", "--only", "web")
    assert told.failed == ["web home page"] and told.find(findings.SELF_REDIRECT)


@pytest.mark.row(189)
@pytest.mark.long
def test_a_page_for_404_that_fails_is_named_when_it_was_visited(small, _packages):
    (small / ".git/info/exclude").write_text(".preflight\n", **UTF8)
    shutil.copytree(_packages, small / ".preflight", symlinks=True)
    (small / "templates/404.html").write_text("<p>Lost</p>\n{% url 'nowhere' %}\n", **UTF8)
    told = rehearse(small, "--uncommitted", "--only", "web")
    found = told.find(findings.ERROR_PAGE)
    assert (found["file"], found["line"]) == ("templates/404.html", 2)
    assert told.failed == ["web visit"]


@pytest.mark.parametrize("place", ["the line", pytest.param("app.json", marks=pytest.mark.long)])
def test_the_release_command_runs_with_the_settings_of_its_own_process(
    small, production_python, tmp_path, place
):
    (small / "shop/live.py").write_text("from shop.settings import *\nLIVE = True\n", **UTF8)
    ask = 'python manage.py shell -c "from django.conf import settings; settings.LIVE"'
    named = "DJANGO_SETTINGS_MODULE=shop.live "
    line = f"release: {named if place == 'the line' else ''}{ask}\n"
    (small / "Procfile").write_text(line, **UTF8)
    env = {"DJANGO_SETTINGS_MODULE": {"value": "shop.live"}} if place == "app.json" else {}
    (small / "app.json").write_text(json.dumps({"env": env}), **UTF8)
    variables = processes.bare_environment(tmp_path / "home", production_python.parent)
    variables |= project_files.config_vars(small) | {"SECRET_KEY": "x"}
    assert release.run_release_command(small, production_python, variables) == "done"
    (small / "Procfile").write_text(f"release: {ask}\n", **UTF8)
    without = {name: value for name, value in variables.items() if name not in env}
    with pytest.raises(Failed):
        release.run_release_command(small, production_python, without)


@pytest.mark.row(191)
@pytest.mark.long
def test_a_slow_import_is_named_with_its_line(small, _packages, monkeypatch):
    monkeypatch.setattr(heroku, "SLOW_BOOT_SECONDS", 4)
    (small / ".git/info/exclude").write_text(".preflight\n", **UTF8)
    shutil.copytree(_packages, small / ".preflight", symlinks=True)
    (small / "shop/prices.py").write_text("import time\n\ntime.sleep(5)\n", **UTF8)
    with (small / "shop/wsgi.py").open("a", **UTF8) as wsgi:
        wsgi.write("import shop.prices\n")
    told = rehearse(small, "--uncommitted", "--only", "web")
    slow = told.find(findings.SLOW_BOOT)
    assert (slow["file"], slow["line"], told.status) == ("shop/prices.py", 3, 0)
    # An import without end has its line, too.
    monkeypatch.setattr(heroku, "BOOT_SECONDS", 5)
    (small / "shop/prices.py").write_text("import time\n\ntime.sleep(600)\n", **UTF8)
    told = rehearse(small, "--uncommitted", "--only", "web")
    late = told.find(findings.BOOT_TIMEOUT)
    assert (late["file"], late["line"], told.status) == ("shop/prices.py", 3, 1)


@pytest.fixture(scope="session")
def _packages(_small, tmp_path_factory):
    """Return the folder with the environment of the small project, made by a rehearsal."""
    project = tmp_path_factory.mktemp("packages") / "site"
    shutil.copytree(_small, project)
    assert rehearse(project, "--uncommitted", "--only", "build").status == 0
    return project / ".preflight"


@pytest.mark.long
@pytest.mark.parametrize(
    ("phase", "mistake"), IN_REHEARSAL, ids=[f"{m.row}-{m.name}" for _, m in IN_REHEARSAL]
)
def test_a_mistake_is_found_by_a_rehearsal_and_its_cure_works(small, _packages, phase, mistake):
    (small / ".git/info/exclude").write_text(".preflight\n", **UTF8)
    shutil.copytree(_packages, small / ".preflight", symlinks=True)
    make(mistake, small)
    env = caller_environment(small.parent / "home")
    told = rehearse(small, "--uncommitted", "--only", phase)
    following = find(mistake, told)["next"]
    for _ in range(3):
        assert following, told.findings
        carry_out(following, small, env, shutil.which("python3"))
        told = rehearse(small, "--uncommitted", "--only", phase)
        left = [f for f in told.findings if f["weight"] == "error" or f["id"] == mistake.kind.id]
        if not left:
            return
        following = left[0]["next"]
    raise AssertionError(told.findings)


@pytest.mark.long
@pytest.mark.row(54, 59, 60, 61)
@pytest.mark.parametrize(
    ("storage", "names"),
    [
        ("cloudinary", ["CLOUDINARY_URL"]),
        (
            "s3",
            [
                "AWS_STORAGE_BUCKET_NAME",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_S3_REGION_NAME",
            ],
        ),
    ],
)
def test_a_variable_of_the_storage_is_found_by_a_rehearsal_and_its_cure_works(
    tmp_path, storage, names
):
    project = render(tmp_path, storage=storage)
    env = caller_environment(tmp_path / "home")
    assert run(["git", "init", "-q", "-b", "main"], project, env).status == 0
    commit(project, env)
    content = json.loads((project / "app.json").read_text(**UTF8))
    for name in names:
        del content["env"][name]
    (project / "app.json").write_text(json.dumps(content, indent=2), **UTF8)
    for _ in range(2 * len(names)):
        told = rehearse(project, "--no-tests", "--uncommitted", "--only", "release")
        missing = [f for f in told.findings if f["id"] == findings.MISSING_VARIABLE.id]
        if not missing:
            break
        assert all(finding["next"] for finding in missing)
        carry_out(missing[0]["next"], project, env, shutil.which("python3"))
    assert told.status == 0, told.findings
    cured = json.loads((project / "app.json").read_text(**UTF8))
    assert set(names) <= set(cured["env"])
