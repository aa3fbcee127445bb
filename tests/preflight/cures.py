"""Carry out what a report for a program says: an edit, or a command."""

import json
import os
import subprocess
from pathlib import Path

# Records what it was asked, and keeps the config vars that it was given, one JSON file for an app.
HEROKU = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path(os.environ["HEROKU_STAND_IN"])
with open(folder / "asked", "a", encoding="utf-8") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
path = folder / "config.json"
config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {{}}
if sys.argv[1] == "config:set":
    config |= dict(word.split("=", 1) for word in sys.argv[2:])
elif sys.argv[1] == "config:unset":
    config = {{name: value for name, value in config.items() if name not in sys.argv[2:]}}
elif sys.argv[1] == "addons:create" and "postgresql" in sys.argv[2]:
    config |= {{"DATABASE_URL": "sqlite:///db.sqlite3"}}
path.write_text(json.dumps(config), encoding="utf-8")
"""


def make_edit(edit: dict, project: Path) -> None:
    """Make an edit that a report for a program contains."""
    path = project / edit["file"]
    content = path.read_bytes().decode("utf-8") if path.exists() else ""
    lines = content.splitlines(keepends=True)
    before = "".join(lines[: edit["line"] - 1])
    rest = "".join(lines[edit["line"] - 1 :])
    assert rest.startswith(edit["old"]), (edit, rest[:100])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((before + edit["new"] + rest[len(edit["old"]) :]).encode("utf-8"))


def carry_out(following: list[dict], project: Path, env: dict, python: Path) -> dict:
    """Carry out `next` of a finding; return the config vars that the stand-in for Heroku has."""
    folder = project.parent / "heroku"
    folder.mkdir(exist_ok=True)
    stand_in = folder / "heroku"
    stand_in.write_text(HEROKU.format(python=python), encoding="utf-8")
    stand_in.chmod(0o755)
    env = env | {
        "PATH": f"{folder}{os.pathsep}{env['PATH']}",
        "HEROKU_STAND_IN": str(folder),
    }
    for step in following:
        if "edit" in step:
            make_edit(step["edit"], project)
        else:
            command = ["bash", "-c", step["command"]]
            ended = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
            assert ended.returncode == 0, (step, ended.stdout, ended.stderr)
    config = folder / "config.json"
    return json.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
