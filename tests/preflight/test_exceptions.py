"""Test the reporter of exceptions, and the diagnosis from what it writes."""

import os
import sys

import pytest

from preflight import exceptions, findings, near_matches
from preflight.settings_checks import Facts
from tests.helpers import run
from tests.preflight.rehearsal import UTF8, rehearse, share_environments
from tests.preflight.test_explain import BREAKS


@pytest.fixture
def execute(tmp_path):
    """Return a function that runs a program with the reporter, and returns its result and events.

    It runs as in a virtual environment: a .pth file in a folder for packages starts the reporter.
    """
    packages, tree, events = tmp_path / "site-packages", tmp_path / "app", tmp_path / "events"
    for folder in (packages, tree, events):
        folder.mkdir()
    exceptions.install(packages)

    def execute_program(program, on=True, **files):
        for name, text in (files | {"main": program}).items():
            (tree / f"{name}.py").write_text(text, **UTF8)
        start = f"import site, sys; sys.path.insert(0, '.'); site.addsitedir({str(packages)!r})"
        env = {"PATH": os.environ["PATH"]} | ({exceptions.VARIABLE: str(events)} if on else {})
        ended = run([sys.executable, "-I", "-c", f"{start}; import main"], tree, env)
        return ended, exceptions.read(events, tree)

    return execute_program


@pytest.mark.fast
@pytest.mark.row(86, 90, 91)
@pytest.mark.parametrize(
    ("program", "kind", "line"),
    [
        ("import os\nos.environ['API_KEY']\n", findings.MISSING_AT_IMPORT, 2),
        ("{}['API_KEY']\n", findings.EXCEPTION, 1),
        ("x = 1\nprint(undefined)\n", findings.UNDEFINED_NAME, 2),
        ("django.db\n", findings.ENGINE_CALLED, 1),
        ("import crispy_forms.x\n", findings.NOT_INSTALLED, 1),
        ("import env\n", findings.ENV_PY, 1),
        ("import broken\n", findings.SYNTAX, 2),
        ("import merged\n", findings.MERGE_MARKERS, 1),
        ("raise ValueError('x')\n", findings.EXCEPTION, 1),
        ("d = {}\ndel d['sslmode']\n", findings.NO_SSLMODE, 2),
        ("import urllib.nothing\n", findings.NO_SUCH_SUBMODULE, 1),
    ],
)
def test_an_exception_is_diagnosed_from_its_class_and_attributes(execute, program, kind, line):
    broken = {"broken": "x = 1\nif x\n", "merged": "<<<<<<< HEAD\nx = 1\n"}
    ended, events = execute(program, **broken)
    assert ended.status == 1 and "Traceback" in ended.output
    [found] = exceptions.diagnose(events)
    assert (found.kind, found.line) == (kind, line)
    assert found.file in {"main.py", "broken.py", "merged.py"} and found.cause


def raised(name_, message="", *, bases=(), files=(), **attributes):
    """Return an exception with frames in these files, each as "path" or "path:function"."""
    frames = [
        exceptions.Frame(path, 3, function or "f", "site-packages" not in path)
        for path, _, function in (file.partition(":") for file in files)
    ]
    return exceptions.Raised(
        name_, (f"builtins.{name_}", name_, *bases), message, (message,), attributes, tuple(frames)
    )


@pytest.mark.fast
@pytest.mark.row(87)
def test_models_that_are_imported_too_early_are_reported_with_their_place():
    name = "django.core.exceptions.AppRegistryNotReady"
    for files, kind, place in (
        (["shop/settings.py", "blog/models.py"], findings.MODELS_IN_SETTINGS, "shop/settings.py"),
        (["shop/asgi.py", "chat/models.py"], findings.MODELS_IN_ASGI, "chat/models.py"),
    ):
        [found] = exceptions.recognise(raised(name, "Apps aren't loaded yet.", files=files))
        assert (found.kind, found.file) == (kind, place)


@pytest.mark.fast
@pytest.mark.row(22)
@pytest.mark.parametrize("name", ["AttributeError", "TypeError", "ValueError"])
def test_a_missing_database_url_is_recognised_in_every_version_of_dj_database_url(name):
    inside = "/x/site-packages/dj_database_url/__init__.py"
    direct = raised(name, "?", files=["shop/settings.py", f"{inside}:parse", f"{inside}:_split"])
    assert [f.kind for f in exceptions.recognise(direct)] == [findings.NO_DATABASE_URL]
    # config() parses a value that is set.
    by_config = raised(name, "?", files=["shop/settings.py", f"{inside}:config", f"{inside}:parse"])
    assert exceptions.recognise(by_config) == []


@pytest.mark.fast
@pytest.mark.row(92)
@pytest.mark.parametrize(
    ("name", "message", "elsewhere"),
    [
        ("socket.gaierror", "[Errno -2] Name or service not known", True),
        ("ConnectionRefusedError", "[Errno 111] Connection refused", True),
        ("ConnectionRefusedError", "Error 111 connecting to localhost:6379.", False),
        ("ValueError", "x", False),
    ],
)
def test_a_connection_to_another_server_that_fails_proves_nothing(name, message, elsewhere):
    event = exceptions.Event("process", 1.0, (raised(name, message),))
    assert bool(exceptions.network_reason([event])) is elsewhere


@pytest.mark.fast
@pytest.mark.row(88, 89)
def test_what_was_meant_is_found_in_the_project(tmp_path):
    (tmp_path / "app.json").write_text('{"env": {"STRIPE_API_KEY": {}}}', **UTF8)
    (tmp_path / "blog").mkdir()
    names = ["Shop/models.py", "manage.py"]

    def refine(finding):
        found = near_matches.refine(finding, near_matches.Known(tmp_path, names))
        return found.kind, found.where

    module = findings.NOT_INSTALLED
    assert refine(module("a.py", 1, module="shop")) == (findings.OTHER_CAPITALS, "a.py, line 1")
    assert refine(module("a.py", 1, module="blog"))[0] is findings.FOLDER_NOT_PUSHED
    assert refine(module("a.py", 1, module="pandas"))[0] is module
    variable = findings.MISSING_AT_IMPORT
    misspelled = refine(variable("settings.py", 9, name="STRIPE_APIKEY"))
    assert misspelled == (findings.MISSPELLED_VARIABLE, "settings.py, line 9")
    assert refine(variable(name="DATABASE_HOST"))[0] is variable


@pytest.mark.fast
def test_the_place_of_a_template_that_cannot_be_parsed_comes_from_the_settings(tmp_path):
    facts = Facts(broken_templates=[("templates/home.html", 4, "Invalid block tag")])
    finding = findings.TEMPLATE_SYNTAX(what="Invalid block tag")
    found = near_matches.refine(finding, near_matches.Known(tmp_path, [], facts))
    assert found.where == "templates/home.html, line 4"


@pytest.mark.fast
def test_the_first_known_exception_of_a_chain_is_the_cause(execute):
    program = """
import os
try:
    os.environ["API_KEY"]
except KeyError as error:
    raise ValueError("Set the API_KEY") from error
"""
    _, events = execute(program)
    [found] = exceptions.diagnose(events)
    assert found.kind is findings.MISSING_AT_IMPORT
    assert (found.values["name"], found.cause) == ("API_KEY", "KeyError: 'API_KEY'")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("program", "source"),
    [
        ("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\n", "thread"),
        ("import logging\ntry:\n    1 / 0\nexcept Exception:\n    logging.exception('x')\n", "log"),
        ("import logging\nlogging.getLogger('x').disabled = True\n", None),
        (
            "import logging\ntry:\n    1 / 0\nexcept Exception:\n"
            "    logging.getLogger().setLevel(0)\n    logging.debug('x', exc_info=True)\n",
            None,
        ),
    ],
)
def test_threads_and_logs_are_watched(execute, program, source):
    ended, events = execute(program)
    assert ended.status == 0
    assert [event.source for event in events] == ([source] if source else [])


@pytest.mark.fast
def test_a_process_that_was_forked_has_its_own_files(execute):
    child = "import os\nif not os.fork():\n    raise ValueError('child')\n"
    _, events = execute(f"{child}os.wait()\nraise OSError('x')\n")
    assert sorted(event.chain[0].name for event in events) == ["OSError", "ValueError"]


@pytest.mark.fast
def test_without_the_variable_nothing_is_loaded_or_written(execute):
    program = (
        "import sys\nprint('preflight_exceptions' in sys.modules, sys.excepthook.__module__)\n"
    )
    ended, events = execute(program, on=False)
    assert ended.output == "False sys\n" and events == []


@pytest.mark.fast
def test_the_output_and_the_status_of_a_program_do_not_change(execute):
    program = "import logging\nlogging.error('x')\nraise SystemExit(7)\n"
    assert execute(program)[0] == execute(program, on=False)[0]


@pytest.mark.fast
def test_neither_local_variables_nor_long_texts_are_written(execute, tmp_path):
    execute("password = 'correct horse'\nx = password\nraise ValueError('y' * 9000)\n")
    [path] = (tmp_path / "events").glob("*.json")
    text = path.read_text(**UTF8)
    assert "correct horse" not in text and "y" * 3000 not in text


@pytest.mark.fast
def test_an_event_that_cannot_be_read_is_left_out(tmp_path):
    (tmp_path / "1-000.json").write_text("{", **UTF8)
    (tmp_path / "2-000.json").write_text('{"source": "log", "time": 1}', **UTF8)
    assert exceptions.read(tmp_path, tmp_path) == []
    assert exceptions.diagnose([]) == []


@pytest.mark.fast
@pytest.mark.row(93)
def test_a_package_that_needs_an_old_module_is_named():
    path = "/x/lib/python3.13/site-packages/old_package/models.py"
    missing = raised(
        "ModuleNotFoundError",
        "No module named 'pkg_resources'",
        bases=["builtins.ImportError"],
        files=["shop/settings.py", path],
        name="pkg_resources",
    )
    [found] = exceptions.recognise(missing)
    assert found.kind is findings.OLD_MODULE and found.message.startswith("old_package needs")


@pytest.mark.fast
@pytest.mark.parametrize(("state", "kind"), exceptions.SQLSTATES.items())
def test_an_error_of_postgresql_is_recognised_by_its_code(state, kind):
    messages = {
        findings.TOO_LONG: "value too long for type character varying(10)",
        findings.CONSTRAINT: 'violates not-null constraint "x"',
        findings.NO_COLUMN: 'column "a" does not exist',
        findings.NO_TABLE: 'relation "shop_item" does not exist',
        findings.TABLE_EXISTS: 'relation "shop_item" already exists',
        findings.CONNECTION_LIMIT: 'too many connections for role "u"',
    }
    error = exceptions.Raised(
        "psycopg2.errors.X", ("psycopg2.Error",), messages[kind], attributes={"pgcode": state}
    )
    assert [found.kind for found in exceptions.recognise(error)] == [kind]


SAMPLE = {"break_names", "import_in_a_circle"}
BROKEN = [
    pytest.param(
        damage, id=damage.__name__, marks=() if damage.__name__ in SAMPLE else pytest.mark.long
    )
    for damage, *_ in BREAKS
]


@pytest.mark.parametrize("damage", BROKEN)
def test_the_outcome_is_the_same_with_and_without_the_reporter(
    proved, project, damage, monkeypatch
):
    share_environments(project, proved[0])
    damage(project)
    told = rehearse(project, "--uncommitted", "--only", "build")
    monkeypatch.setattr(exceptions, "VARIABLE", "PREFLIGHT_OFF")
    without = rehearse(project, "--uncommitted", "--only", "build")
    assert (told.status, told.failed) == (without.status, without.failed)
    states = [[step["state"] for step in t.document["steps"]] for t in (told, without)]
    assert states[0] == states[1]
