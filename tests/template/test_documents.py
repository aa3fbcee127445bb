"""Run what the documents say, or compare it with the code."""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import preflight
from tests.helpers import CHOICES, OPTIONS, ROOT, TEMPLATE, Ended, caller_environment, render, run

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text):
    """Return the code blocks of a Markdown text."""
    return re.findall(r"(?ms)^```\w*\n(.*?)^```", text)


# The set-up command and the test command. CI runs both, word for word.
SET_UP, TESTS = blocks(README)[0].strip(), blocks(README)[1].strip()


def documents():
    """Return every document of the template, and the README of a project."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *TEMPLATE.glob("*.md")]


@pytest.mark.fast
def test_ci_runs_the_test_command_word_for_word():
    assert TESTS in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert TESTS in blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))[0].splitlines()


@pytest.fixture
def bare_machine(tmp_path):
    """Return a checkout and an environment that only has Python, pip and git."""
    checkout = tmp_path / "heroku-django"
    env = caller_environment(tmp_path / "home")
    files = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).output.split("\0")
    for name in filter(None, files):
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    assert run([sys.executable, "-m", "venv", tmp_path / "python"], tmp_path).status == 0
    folders = [
        folder
        for folder in env["PATH"].split(os.pathsep)
        if not (Path(folder) / "uv").exists() and Path(folder) != Path(sys.executable).parent
    ]
    env["PATH"] = os.pathsep.join([str(tmp_path / "python/bin"), *folders])
    for name in ("VIRTUAL_ENV", "UV", "PYTHONPATH"):
        env.pop(name, None)
    return checkout, env


def paste(line, checkout, env):
    """Run a line as if it was pasted into a shell."""
    finished = subprocess.run(
        ["bash", "-c", line], cwd=checkout, env=env, stdin=subprocess.DEVNULL, capture_output=True
    )
    return Ended(finished.returncode, (finished.stdout + finished.stderr).decode())


@pytest.mark.skipif(os.name == "nt", reason="bash; the lines for Windows are compared below")
def test_the_set_up_command_generates_a_proved_project(bare_machine):
    checkout, env = bare_machine
    ended = paste(SET_UP, checkout, env)
    assert ended.outcome == "proved", ended.output
    assert (checkout.parent / "my-site/manage.py").is_file()


@pytest.mark.fast
def test_every_system_gets_the_same_two_commands():
    unix, windows, refusing = (blocks(README)[number] for number in (0, 2, 3))
    for text in (unix, windows, refusing):
        assert "cookiecutter --no-input -o .. ." in text
    assert "&&" not in windows and "source " not in windows
    assert "uv run pytest" in windows and "uv run pytest" in refusing
    assert "externally-managed-environment" in README


def normalized(line):
    """Return a line of a report without its numbers."""
    line = re.sub(r"\b[0-9a-f]{12}\b", "#", " ".join(line.split()))
    return re.sub(r"\d+(\.\d+)*", "#", line)


def test_the_report_in_the_readme_is_the_one_that_is_printed(proved):
    report = next(block for block in blocks(README) if block.startswith("Rehearsal of my-site"))
    shown = [line for line in report.splitlines() if line.startswith("  ok ")]
    printed = [line for line in proved[1].output.splitlines() if line.startswith("  ok ")]
    assert sorted(map(normalized, shown)) == sorted(map(normalized, printed))


@pytest.mark.fast
def test_the_readme_lists_every_question_and_every_choice():
    for name, value in OPTIONS.items():
        if name.startswith("_"):
            continue
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
        for choice in value if isinstance(value, list) else []:
            assert f"`{choice}`" in row
        assert name in (ROOT / "docs/options.md").read_text(encoding="utf-8")


@pytest.mark.fast
def test_every_question_has_a_prompt_and_a_label_for_each_choice():
    prompts = OPTIONS["__prompts__"]
    for name, choices in CHOICES.items():
        if True in choices:
            assert isinstance(OPTIONS[name], bool)
            continue
        assert prompts[name].keys() == {"__prompt__", *choices}
    assert prompts.keys() == {name for name in OPTIONS if not name.startswith("_")}


def anchors(path):
    """Return the anchors of the headings in a document, as GitHub builds them."""
    headings = re.findall(r"(?m)^#+ (.+)$", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.fast
def test_links_between_documents_exist():
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
            if "://" not in target:
                path = document.parent / target if target else document
                assert path.exists(), f"{document.name}: {target}"
                assert not anchor or anchor in anchors(path), f"{document.name}: #{anchor}"


@pytest.mark.fast
def test_links_from_a_project_to_the_documents_exist():
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"heroku-django/blob/v[0-9.]+/([^)#]+)#?([^)]*)\)", text)
    assert len(links) > 5
    for target, anchor in links:
        assert not anchor or anchor in anchors(ROOT / target), f"{target}#{anchor}"
        assert (ROOT / target).is_file(), target


@pytest.mark.fast
def test_pins_agree_between_pip_and_uv():
    pattern = r"(?im)^[\s\"]*([a-z0-9-]+)(?:\[\w+\])?==([0-9.]+)"
    pins = {}
    for path in TEMPLATE.iterdir():
        if path.is_file() and ("requirements" in path.name or path.name == "pyproject.toml"):
            for name, version in re.findall(pattern, path.read_text(encoding="utf-8")):
                pins.setdefault(name.lower(), set()).add(version)
    assert pins.pop("django") == {"5.2.19", "6.1.3"} | pins.pop("django", set())
    assert pins and all(len(versions) == 1 for versions in pins.values()), pins


@pytest.mark.fast
def test_every_place_names_the_same_version():
    version = re.search(r'(?m)^version = "(.+)"$', (ROOT / "pyproject.toml").read_text())[1]
    assert preflight.__version__ == version
    answers = (TEMPLATE / ".heroku-django.yaml").read_text(encoding="utf-8")
    assert answers.startswith(f"# heroku-django {version} ")
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents())
    pattern = r"(?:--checkout |--branch |heroku-django@\S+ # |heroku-django/blob/)(v[0-9.]+)"
    named = re.findall(pattern, text)
    assert named and set(named) == {f"v{version}"}


@pytest.mark.fast
def test_no_document_installs_preflight_from_an_index_where_the_name_is_not_ours():
    bare = r"(?:uvx|pipx run|pipx install|tool run|tool install|pip install)\s+preflight\b"
    for path in documents():
        assert not re.search(bare, path.read_text(encoding="utf-8")), path.name


@pytest.mark.fast
def test_only_what_the_answers_need_is_installed(tmp_path):
    lean = render(tmp_path).joinpath("requirements.txt").read_text(encoding="utf-8").lower()
    for package in ("boto3", "storages", "cloudinary", "allauth", "pillow", "pytest"):
        assert package not in lean


@pytest.mark.fast
def test_the_readme_counts_the_known_failures():
    table = (ROOT / "docs/failure_modes.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| \d+ \|", table)
    assert f"lists {len(rows)} ways" in " ".join(README.split())


@pytest.mark.fast
def test_the_readme_of_a_default_project_has_at_most_200_lines(tmp_path):
    readme = (render(tmp_path) / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 200


@pytest.mark.fast
def test_the_price_comes_before_the_first_command_that_costs_money(tmp_path):
    readme = (render(tmp_path) / "README.md").read_text(encoding="utf-8")
    deploy = readme.partition("\n## Deploy it\n")[2]
    price = deploy.index("costs about $5")
    assert price < deploy.index("payment card") < deploy.index("heroku create")
    assert deploy.index("You pay from step 3") < deploy.index("3. `heroku addons:create")


@pytest.mark.fast
@pytest.mark.parametrize("folder", [ROOT, TEMPLATE], ids=["template", "project"])
def test_the_file_for_agents_is_short(folder):
    text = (folder / "AGENTS.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 25 and len(blocks(text)) == 2
    assert len(re.findall(r"(?m)^[123]\. ", text)) == 3


@pytest.mark.skipif(os.name == "nt", reason="pastes into bash")
@pytest.mark.long
def test_the_steps_in_the_readme_add_an_app(proved, tmp_path):
    env = caller_environment(tmp_path / "home")
    project = tmp_path / "site"
    assert run(["git", "clone", "-q", proved[0], project], tmp_path, env).status == 0
    assert run([sys.executable, "preflight.pyz", "setup"], project, env).status == 0
    readme = (project / "README.md").read_text(encoding="utf-8")
    section = re.search(r"(?ms)^## Add an app$(.*?)^## ", readme)[1]
    start, model, test, commands = (
        re.search(r"`(\S+ manage.py startapp blog)`", section)[1],
        *(
            textwrap.dedent(block)
            for block in re.findall(r"(?ms)^ +```\w*\n(.*?)^ +```", section)[:3]
        ),
    )
    assert paste(start, project, env).status == 0
    (project / "blog/models.py").write_text(model, encoding="utf-8")
    (project / "blog/tests.py").write_text(test, encoding="utf-8")
    settings = project / "config/settings.py"
    text = settings.read_text(encoding="utf-8")
    end = text.index("\n]", text.index("INSTALLED_APPS = [")) + 1
    assert text[:end].splitlines()[-1].strip().startswith("#"), "no comment marks the owner's apps"
    settings.write_text(text[:end] + '    "blog",\n' + text[end:], encoding="utf-8")
    ended = paste(f"set -e\n{commands}", project, env)
    assert ended.status == 0 and ended.output.rstrip().splitlines()[-1].count(" passed"), (
        ended.output
    )
    listed = paste(".venv/bin/python -m pytest --collect-only -q", project, env).output
    assert "blog/tests.py::PostTests::test_a_post_is_saved_with_its_title" in listed
    for command in (["git", "add", "--all"], ["git", "commit", "-q", "-m", "Add a blog"]):
        assert run(command, project, env).status == 0
    ended = run([sys.executable, "preflight.pyz"], project, env)
    assert ended.status == 0, ended.output


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="pastes into bash")
def test_the_commands_for_agents_set_a_project_up_and_prove_it(proved, tmp_path):
    env = caller_environment(tmp_path / "home")
    project = tmp_path / "site"
    assert run(["git", "clone", "-q", proved[0], project], tmp_path, env).status == 0
    set_up, prove = blocks((project / "AGENTS.md").read_text(encoding="utf-8"))
    ended = paste(set_up, project, env)
    assert ended.status == 0, ended.output
    ended = paste(prove, project, env)
    assert ended.status == 0, ended.output
    assert json.loads(ended.output[ended.output.index("{") :])


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="pastes into bash")
def test_the_commands_for_agents_run_the_fast_tests(tmp_path):
    set_up, prove = blocks((ROOT / "AGENTS.md").read_text(encoding="utf-8"))
    assert set_up.strip() in TESTS
    assert prove.strip() == "python3 -m uv run pytest -m fast"
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    # The test of the set-up command has installed uv; this one must not change this machine.
    command = prove.replace("python3 -m uv", f"{shlex.quote(sys.executable)} -m uv")
    ended = paste(command, ROOT, env)
    assert ended.status == 0, ended.output


# Words that are correct English, but not what an English speaker would write here.
FOREIGN = [
    "anew",
    "mend",
    "unbidden",
    "taken apart",
    "without a word",
    "is no dyno",
    "stands in quotation marks",
]
# This file lists the words.
NOT_READ = "tests/template/test_documents.py"
BINARY = {".lock", ".png", ".pyz"}


def tracked_texts():
    """Return the text of every file that git tracks or will track, by name."""
    names = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).output.split("\0")
    paths = [ROOT / name for name in filter(None, names) if name != NOT_READ]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file() and path.suffix not in BINARY and path.name != "package-lock.json"
    }


@pytest.mark.fast
def test_the_words_are_plain_english():
    words = re.compile(rf"\b({'|'.join(FOREIGN)})\b".replace(" ", r"\s+"), re.IGNORECASE)
    found = []
    for name, text in tracked_texts().items():
        # A document quotes logs and reports in code blocks.
        text = re.sub(r"(?ms)^```\n.*?^```", "", text) if name.endswith(".md") else text
        found += [f"{name}: {match[0]}" for match in words.finditer(text)]
    assert not found, "\n".join(found)
