"""The edits that fix references between static files, and media that git should not have."""

import difflib
import os
import posixpath
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from shlex import quote

from preflight import heroku, project_files
from preflight.findings import Edit, Finding
from preflight.settings_edits import append, numbered, remove_line

# Where collectstatic usually puts its copies: an edit belongs to the file itself.
COLLECTED = r"(?:^|/)static_?(?:files|root)/"
COMMENT = "sourceMappingURL="
# Files that can name another file.
TEXTS = (".css", ".html", ".js", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".xml", ".yaml")


def place(tree: Path, finding: Finding) -> Finding:
    """Return a finding about a static file with the file and the line of the reference."""
    if finding.file:
        return finding
    file = find_source(tree, finding.values["file_name"])
    name = PurePosixPath(finding.values["missing"]).name
    lines = numbered(tree, file, re.escape(name)) if file else []
    return replace(finding, file=file, line=lines[-1][0]) if lines else finding


def find_source(tree: Path, name: str) -> str:
    """Return the path of a static file in the project by its name on the site, or nothing."""
    found = [path for path in static_files(tree) if path.endswith(f"/{name}")]
    return min(found, key=lambda path: (f"static/{name}" not in path, len(path)), default="")


def static_files(tree: Path) -> list[str]:
    """Return the files of the project, without collected copies."""
    found = (path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    return sorted(path for path in found if not re.search(COLLECTED, path))


def remove_comment(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that removes the comment with which a script names its source map."""
    found = numbered(tree, finding.file, COMMENT) if finding.file else []
    return remove_line(tree, finding) if (finding.line in dict(found)) else ()


def correct_reference(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit that names the file that a style sheet was meant to refer to.

    It is the only file with the same name in another folder, or a file of the same folder whose
    name differs in capitals or in a letter or two.
    """
    if not finding.line:
        return ()
    line = project_files.read(tree / finding.file).splitlines()[finding.line - 1]
    name = PurePosixPath(finding.values["missing"]).name
    found = re.search(rf"[^\s'\"()]*{re.escape(name)}", line)
    meant = find_meant(tree, finding.values["missing"])
    if not found or not meant:
        return ()
    start = finding.file.removesuffix(finding.values["file_name"])
    folder = posixpath.dirname(finding.values["file_name"])
    name_on_site = meant.removeprefix(start) if meant.startswith(start) else on_site(meant)
    new = posixpath.relpath(name_on_site, folder or ".")
    return (Edit(finding.file, finding.line, line, line.replace(found[0], new)),)


def on_site(path: str) -> str:
    """Return the name of a static file on the site: its path below a folder called static."""
    return path.rpartition("static/")[2]


def find_meant(tree: Path, missing: str) -> str:
    """Return the file that is nearly the missing one, or nothing."""
    name, files = PurePosixPath(missing).name, static_files(tree)
    same = [path for path in files if PurePosixPath(path).name == name]
    if len(same) == 1:
        return same[0]
    folder = str(PurePosixPath(missing).parent)
    near = [path for path in files if str(PurePosixPath(on_site(path)).parent) == folder]
    names = {PurePosixPath(path).name.lower(): path for path in near}
    similar = difflib.get_close_matches(name.lower(), names, 1, cutoff=0.85)
    suffix = PurePosixPath(name).suffix.lower()
    fitting = [names[other] for other in similar if other.endswith(suffix)]
    return fitting[0] if fitting else ""


def leave_out_media(tree: Path, finding: Finding) -> tuple[Edit, ...]:
    """Return the edit with which git ignores the largest medium, or nothing if the site needs it.

    A file needs another if it names it. Files in a static folder can be named in parts.
    """
    pattern = pattern_of_media(tree, finding.file)
    if not pattern:
        return ()
    listed = project_files.read(tree / ".gitignore").splitlines()
    return () if pattern in listed else (append(tree, ".gitignore", f"{pattern}\n"),)


def pattern_of_media(tree: Path, file: str) -> str:
    """Return the folder of a medium if it has nothing but media that no file names, or the file."""
    top, _, rest = file.partition("/")
    if "static" in PurePosixPath(file).parts:
        return ""
    texts = [project_files.read(tree / path) for path in static_files(tree) if path.endswith(TEXTS)]
    inside = [path for path in static_files(tree) if path.startswith(f"{top}/")] if rest else []
    for paths, pattern in ((inside, f"/{top}/"), ([file], f"/{file}")):
        media = paths and all(path.lower().endswith(heroku.MEDIA) for path in paths)
        names = [os.path.basename(path) for path in paths]
        if media and not any(name in text for name in names for text in texts):
            return pattern
    return ""


def remove_from_git(finding: Finding, edits: tuple[Edit, ...]) -> Finding:
    """Return a finding with the command that removes from git what an edit ignores."""
    if not edits:
        return finding
    path = edits[0].new.strip().strip("/")
    return replace(finding, edits=edits, templates=(f"git rm -r -q --cached -- {quote(path)}",))
