"""What README and docs say, run or compared with what is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import preflight
from tests.helpers import CHOICES, OPTIONS, ROOT, TEMPLATE, Ended, caller_environment, render, run

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text):
    """Return the code blocks of a Markdown text."""
    return re.findall(r"(?ms)^```\w*\n(.*?)^```", text)


MAIN_JOB, TESTS = blocks(README)[0].strip(), blocks(README)[1].strip()


@pytest.mark.fast
def test_ci_runs_the_test_command_word_for_word():
    assert TESTS in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert TESTS in blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))[0].splitlines()


@pytest.fixture
def stranger(tmp_path):
    """Return a checkout and the environment of somebody with nothing but Python, pip and git."""
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
    """Run a line as a shell would that somebody pastes it into."""
    finished = subprocess.run(
        ["bash", "-c", line], cwd=checkout, env=env, stdin=subprocess.DEVNULL, capture_output=True
    )
    return Ended(finished.returncode, (finished.stdout + finished.stderr).decode())


@pytest.mark.skipif(os.name == "nt", reason="bash; the lines for Windows are compared below")
def test_the_line_for_the_main_job_makes_a_proved_project(stranger):
    checkout, env = stranger
    ended = paste(MAIN_JOB, checkout, env)
    assert ended.outcome == "proved", ended.output
    assert (checkout.parent / "my-site/manage.py").is_file()


@pytest.mark.fast
def test_every_system_gets_the_same_two_lines():
    unix, windows, refusing = (blocks(README)[number] for number in (0, 3, 4))
    for text in (unix, windows, refusing):
        assert "cookiecutter --no-input -o .. ." in text
    assert "&&" not in windows and "source " not in windows
    assert "uv run pytest" in windows and "uv run pytest" in refusing
    assert "externally-managed-environment" in README


def normalized(line):
    """Return a line of a report without its figures."""
    line = re.sub(r"\b[0-9a-f]{12}\b", "#", " ".join(line.split()))
    return re.sub(r"\d+(\.\d+)*", "#", line)


def test_the_report_in_the_readme_is_one_that_is_printed(proved):
    shown = [line for line in blocks(README)[5].splitlines() if line.startswith("  ok ")]
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
def test_every_question_is_a_sentence_with_a_label_for_each_choice():
    prompts = OPTIONS["__prompts__"]
    for name, choices in CHOICES.items():
        if True in choices:
            assert isinstance(OPTIONS[name], bool)
            continue
        assert prompts[name].keys() == {"__prompt__", *choices}
    assert prompts.keys() == {name for name in OPTIONS if not name.startswith("_")}


@pytest.mark.fast
def test_links_between_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


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
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), TEMPLATE / "README.md"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    named = re.findall(r"(?:--checkout |--branch |heroku-django@\S+ # )(\S+)", text)
    assert named and set(named) == {f"v{version}"}


@pytest.mark.fast
def test_no_document_installs_preflight_by_a_name_that_anybody_can_have():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), TEMPLATE / "README.md"]
    bare = r"(?:uvx|pipx run|pipx install|tool run|tool install|pip install)\s+preflight\b"
    for path in documents:
        assert not re.search(bare, path.read_text(encoding="utf-8")), path.name


@pytest.mark.fast
def test_only_what_the_answers_need_is_installed(tmp_path):
    lean = render(tmp_path).joinpath("requirements.txt").read_text(encoding="utf-8").lower()
    for package in ("boto3", "storages", "cloudinary", "allauth", "pillow", "pytest"):
        assert package not in lean
