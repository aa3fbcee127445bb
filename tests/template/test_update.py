"""Updating a project that was generated: the template's changes arrive, and nothing else does."""

import os
import sys
from pathlib import Path

from tests.helpers import ROOT, caller_environment, run


def cruft(*arguments, cwd, env):
    """Run cruft and return what it said; it has to end well."""
    ended = run([sys.executable, "-m", "cruft", *arguments], cwd, env)
    assert ended.status == 0, ended.output
    return ended.output


def test_an_update_brings_the_change_of_the_template_and_no_other(tmp_path):
    env = caller_environment(tmp_path / "home")
    # Below the temporary folder, where cruft's own folders are, too.
    below = Path(env["TMPDIR"]) / "tmp12345678"
    below.mkdir()
    template, site = tmp_path / "template", below / "site"
    files = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).output.split("\0")
    for name in filter(None, files):
        if not name.startswith(("hooks/", "cookiecutter.json", "{{")) or not (ROOT / name).exists():
            continue
        target = template / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())

    def git(folder, *arguments):
        ended = run(["git", *arguments], folder, env)
        assert ended.status == 0, ended.output
        return ended.output

    git(template, "init", "-q", "-b", "main")
    git(template, "add", "--all")
    git(template, "commit", "-q", "-m", "One")
    answers = '{"project_slug": "site", "packaging": "uv", "_verify": "none"}'
    made = cruft(
        "create", "--no-input", "--extra-context", answers, str(template), cwd=below, env=env
    )
    assert "heroku-django: outcome=not-asked" in made and (site / ".git").is_dir()
    (site / ".env").write_text("SECRET_KEY=mine\n", encoding="utf-8")
    with (site / "pages/views.py").open("a", encoding="utf-8") as views:
        views.write("\n# mine\n")
    git(site, "add", "--all")
    git(site, "commit", "-q", "-m", "Mine")

    robots = template / "{{cookiecutter.project_slug}}/templates/robots.txt"
    robots.write_text("User-agent: *\nDisallow: /private/\n", encoding="utf-8")
    git(template, "commit", "-q", "-a", "-m", "Two")
    assert "heroku-django:" not in cruft("update", "--skip-apply-ask", cwd=site, env=env)
    changed = git(site, "status", "--porcelain").split("\n")
    assert sorted(line[3:] for line in changed if line) == [".cruft.json", "templates/robots.txt"]
    assert "private" in (site / "templates/robots.txt").read_text(encoding="utf-8")
    assert "# mine" in (site / "pages/views.py").read_text(encoding="utf-8")
    assert (site / ".env").read_text(encoding="utf-8") == "SECRET_KEY=mine\n"
    assert os.listdir(site / ".git") and not list(site.rglob("*.rej"))
    cruft("check", cwd=site, env=env)
    assert "heroku-django:" not in cruft("diff", cwd=site, env=env)
