"""Test that findings are data: one id for each problem, and one wording for both sides."""

import ast
import json
import re
from string import Template

import pytest

from preflight import file_edits, findings, project_files, settings_checks
from preflight.findings import KINDS, Edit, Weight
from preflight.settings_checks import Facts
from tests.helpers import ROOT, TEMPLATE

pytestmark = pytest.mark.fast
PACKAGE = ROOT / "preflight"
PHASES = ("source", "build", "release", "web")
LONGEST_FUNCTION = 50


def checks_of_the_project():
    """Return the id, class and message of every check in the template's config/checks.py.

    A message is a constant, an f-string, or a variable with the message of config/environment.py.
    """
    source = (TEMPLATE / "config/checks.py").read_text(encoding="utf-8")
    source = re.sub(r"(?m)^\{%.*%\}$", "", source)
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if isinstance(named.get("id"), ast.Constant) and node.args:
            found.append((named["id"].value, ast.unparse(node.func), shape_of(node.args[0])))
    return found


def shape_of(node):
    """Return a message with the sign % for each value in it."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "%" for p in node.values)
    return None


def shape(kind):
    """Return the message of a kind with the sign % for each value."""
    return re.sub(r"\$[a-z_]+", "%", kind.message.replace("$$", "$"))


def test_the_checks_of_a_project_have_the_ids_and_words_of_preflight():
    checks = checks_of_the_project()
    assert len(checks) > 10
    for check, _, message in checks:
        assert check in KINDS, check
        assert message is None or message == shape(KINDS[check]), check


def test_a_check_that_is_an_error_is_an_error_of_preflight():
    for check, name, _ in checks_of_the_project():
        if name in {"Error", "Warning"}:
            assert KINDS[check].weight is (Weight.ERROR if name == "Error" else Weight.WARNING)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_is_complete(kind):
    assert re.fullmatch(r"heroku\.([EWN]\d{3}|[HRL]\d{2})", kind.id)
    assert not kind.link or kind.link.startswith("https://")
    for text in (kind.message, kind.cure, *kind.commands):
        assert Template(text).is_valid(), text
        assert text == text.strip() and "  " not in text


def test_every_kind_is_reported_by_some_code():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    names = {id(kind): name for name, kind in vars(findings).items() if name.isupper()}
    source = (TEMPLATE / "config/checks.py").read_text(encoding="utf-8")
    checked = set(re.findall(r"\"(heroku\.\w+)\"", source))
    unused = [
        kind.id
        for kind in KINDS.values()
        if id(kind) in names
        and kind.id not in checked
        and len(re.findall(rf"\b{names[id(kind)]}\b", text)) < 2
    ]
    assert unused == []


def test_a_finding_for_a_program_has_its_place_and_what_to_do():
    edit = Edit("Procfile", 1, "web: a\n", "web: b\n")
    found = findings.NO_MIGRATIONS("shop/migrations", 0, app="shop")
    # A command with an unknown name in it is left out.
    assert found.as_json()["next"] == []
    complete = found.complete(python=".venv/bin/python", app="other").as_json()
    assert complete["next"] == [{"command": ".venv/bin/python manage.py makemigrations shop"}]
    assert (complete["id"], complete["file"]) == (findings.NO_MIGRATIONS.id, "shop/migrations")
    with_edit = findings.Finding(findings.NO_WEB_PROCESS, edits=(edit,)).as_json()
    assert with_edit["next"] == [{"edit": vars(edit)}]
    assert json.loads(json.dumps(with_edit)) == with_edit


def apply(edit, folder):
    """Make an edit that a report for a program contains."""
    path = folder / edit["file"]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    before = "".join(lines[: edit["line"] - 1])
    rest = "".join(lines[edit["line"] - 1 :])
    assert rest.startswith(edit["old"])
    path.write_text(before + edit["new"] + rest[len(edit["old"]) :], encoding="utf-8")


@pytest.mark.parametrize("kind", [*file_edits.SETTINGS, *file_edits.PROCFILE], ids=lambda k: k.id)
def test_the_edit_of_a_finding_adds_valid_lines(kind, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/settings.py").write_text(
        "ALLOWED_HOSTS = []\nBASE_DIR = ''", encoding="utf-8"
    )
    (tmp_path / "manage.py").write_text(
        "'DJANGO_SETTINGS_MODULE', 'shop.settings'", encoding="utf-8"
    )
    (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi\n", encoding="utf-8")
    found = file_edits.add(kind(setting="SECURE_HSTS_SECONDS = 3600"), tmp_path)
    [following] = found.as_json()["next"]
    apply(following["edit"], tmp_path)
    text = (tmp_path / found.file).read_text(encoding="utf-8")
    if found.file == "Procfile":
        assert project_files.process_types(tmp_path).keys() == {"web", "release"}
    else:
        assert len(ast.parse(text).body) > 2


def test_what_a_visit_would_show_is_predicted_from_the_settings():
    facts = Facts(admin="/admin/login/", hosts=["www.example.com"])
    predicted = [
        *settings_checks.predict_host(facts),
        *settings_checks.predict_visit(facts),
        *settings_checks.predict_static(facts),
    ]
    assert [finding.kind for finding in predicted] == [
        findings.HOST_NOT_ALLOWED,
        findings.NO_HTTPS_REDIRECT,
        findings.MISSING_HEADER,
        findings.INSECURE_COOKIE,
        findings.NO_STATIC_FILES,
    ]
    good = Facts(
        hosts=[".herokuapp.com"],
        ssl_redirect=True,
        hsts=1,
        secure_cookies=True,
        whitenoise=1,
        static_storage="whitenoise.storage.CompressedManifestStaticFilesStorage",
    )
    assert settings_checks.predict_host(good) == settings_checks.predict_visit(good) == []
    assert settings_checks.predict_static(good) == []


def test_a_value_is_not_read_as_a_placeholder():
    found = findings.TEMPLATE_SYNTAX("a.html", 1, what="$python and $$")
    assert found.complete(python="x").message.endswith("$python and $$.")


def modules():
    """Return the syntax tree of every module of preflight, by name."""
    return {
        path.relative_to(PACKAGE).with_suffix("").as_posix(): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in PACKAGE.rglob("*.py")
    }


def imports(tree):
    """Return the names of the modules of preflight that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "preflight":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("preflight."):
            found.add(node.module.split(".")[1])
    return found


@pytest.mark.parametrize("phase", PHASES)
def test_no_phase_imports_another(phase):
    trees = modules()
    seen, waiting = set(), [phase]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting += [n for n in imports(trees[name]) if n in trees and n not in seen]
    assert seen & set(PHASES) == {phase}


def test_no_function_is_long():
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{name}.{node.name} has {length} lines"


def test_no_decision_depends_on_the_text_of_a_message():
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                texts = {s.attr for s in sides if isinstance(s, ast.Attribute)}
                assert not texts & {"message", "cure", "detail"}, f"{name}:{node.lineno}"


def test_what_the_settings_show_is_not_reported_as_an_answer_of_the_site():
    facts = Facts(admin="/admin/login/", static="/static/")
    predicted = [
        *settings_checks.predict_visit(facts),
        *settings_checks.predict_host(facts),
        *settings_checks.predict_static(facts),
    ]
    assert len(predicted) == 5
    for finding in predicted:
        assert not re.search(r"returned|answered|\$\w", finding.message), finding.message
