"""Write the table of what `explain` recognizes into docs/failure_modes.md.

python3 tools/list_log_findings.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/failure_modes.md"
HEADING = "## What `explain` recognizes in a log"
sys.path.insert(0, str(ROOT))

from preflight import advice, findings  # noqa: E402

# Findings that no rule names: explain finds them with the help of other lines.
FROM_CONTEXT = (
    findings.BOUND_TO_LOCALHOST,
    findings.GDAL_NOT_FOUND,
    findings.HEROKU_SAYS,
    findings.GUESS,
)


def table() -> str:
    """Return a row for each finding of a rule, and for each error code of Heroku."""
    rules = (*advice.RULES, *advice.CLASSES, *advice.WORDS, *advice.SYMPTOMS)
    kinds = {rule.kind.id: rule.kind for rule in rules}
    kinds |= {kind.id: kind for kind in FROM_CONTEXT}
    kinds |= {name: kind for name, kind in findings.KINDS.items() if name[7] in "HRL"}
    rows = [
        " ".join(f"| `{kind.id}` | {kind.message} | {kind.cure} |".replace("$$", "$").split())
        for kind in sorted(kinds.values(), key=lambda kind: kind.id)
    ]
    return "\n".join(["| finding | what happened | what fixes it |", "| --- | --- | --- |", *rows])


def document() -> str:
    """Return the document with the table of today."""
    text = DOCUMENT.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")[0].rstrip("\n")
    words = (
        "`python3 preflight.pyz explain` reads a pasted log of any project. Words with a dollar "
        "sign stand\nfor what the log says. `tools/list_log_findings.py` writes this table."
    )
    return f"{text}\n\n{HEADING}\n\n{words}\n\n{table()}\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8", newline="\n")
