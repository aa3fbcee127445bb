"""Build preflight.pyz, the package preflight as one executable zip (PEP 441).

    python3 tools/build_pyz.py

It writes the file that the template copies into every project, and its SHA-256 into the hook that
runs it. If you name a file, it writes that file only. The bytes depend on the source alone, not on
the Python, the system or the time: entries are sorted and not compressed, dates and attributes are
fixed, and line ends are LF.
"""

import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "{{cookiecutter.project_slug}}" / "preflight.pyz"
HOOK = ROOT / "hooks/post_gen_project.py"
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """\
import sys

try:
    from preflight.start import main

    status = main()
except KeyboardInterrupt:
    # Ctrl-C in the first milliseconds: main handles a later one.
    print("\\nStopped.")
    status = 130
sys.exit(status)
"""
# The first date that a zip can have.
DATE = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR_FILE = 3, 0o100644


def read_sources(package: Path) -> dict[str, bytes]:
    """Return the content of every entry by its name."""
    sources = {
        path.relative_to(package.parent).as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path in package.rglob("*.py")
    }
    return sources | {"__main__.py": MAIN.encode()}


def build(package: Path = ROOT / "preflight") -> bytes:
    """Return the bytes of preflight.pyz for the source in the folder `package`."""
    content = io.BytesIO()
    content.write(SHEBANG)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
        for name, source in sorted(read_sources(package).items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = UNIX
            entry.external_attr = REGULAR_FILE << 16
            archive.writestr(entry, source)
    return content.getvalue()


def name_in_hook(hook: str, content: bytes) -> str:
    """Return the text of the hook with the SHA-256 of `content` in it."""
    line = f'PREFLIGHT_SHA256 = "{hashlib.sha256(content).hexdigest()}"'
    return re.sub(r'(?m)^PREFLIGHT_SHA256 = ".*"$', line, hook)


def main() -> None:
    """Write the file that the command line names, or the template's."""
    content = build()
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_bytes(content)
        return
    TARGET.write_bytes(content)
    hook = name_in_hook(HOOK.read_text(encoding="utf-8"), content)
    HOOK.write_text(hook, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
