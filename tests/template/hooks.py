"""Hooks for the tests: rendered as cookiecutter does it, and imported."""

import importlib.util
from pathlib import Path

from cookiecutter.environment import StrictEnvironment

from tests.helpers import OPTIONS, ROOT

CHOSEN = {name: value[0] if isinstance(value, list) else value for name, value in OPTIONS.items()}
# What cookiecutter passes to hooks if nothing else was answered.
ANSWERS = CHOSEN | {
    "project_slug": "my-site",
    "__slug_of_name": "my-site",
    "heroku_app_name": "my-site",
    "__app_of_slug": "my-site",
    "_template": "gh:org/heroku-django",
}


def render_hook(name: str, folder: Path, **answers) -> Path:
    """Write a hook as cookiecutter renders it for these answers; return its path."""
    context = {"cookiecutter": ANSWERS | {"_output_dir": str(folder)} | answers}
    # cruft does not set what is None here.
    context["cookiecutter"] = {k: v for k, v in context["cookiecutter"].items() if v is not None}
    environment = StrictEnvironment(context=context, keep_trailing_newline=True)
    text = environment.from_string((ROOT / "hooks" / name).read_text(encoding="utf-8"))
    path = folder / name
    path.write_text(text.render(**context), encoding="utf-8")
    return path


def load_hook(name: str, folder: Path, **answers):
    """Return a rendered hook as a module; nothing runs at its import."""
    path = render_hook(name, folder, **answers)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
