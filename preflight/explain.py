"""Find the cause in an output: the first traceback, not the last box."""

import re
from dataclasses import dataclass
from string import Template

from preflight import advice

# The width of the labels in front of cause, meaning, cure and page.
LABEL = 7
# In front of each line: of git push, and of heroku logs.
PREFIX = r"(?m)^(?:remote: ?|\d{4}-\d\d-\d\dT[\d:.+Z-]+ [\w-]+\[[\w.-]+\]: ?)"
# Colours of a terminal.
ESCAPE = r"\x1b\[[0-9;?]*[A-Za-z]"
# Where Heroku keeps the files of an app, in a build and on a dyno.
HEROKU_FOLDER = r"(?:/tmp/build_\w+|/app)/"
TRACEBACK = "Traceback (most recent call last):"
LINKED = r"During handling of the above exception|The above exception was the direct cause"
# Characters of an output that are read from each end, and of a line.
LONGEST, LONGEST_LINE = 500_000, 2_000
# How many lines after a frame still belong to the message of an exception.
MESSAGE_LINES = 15
# Frames of packages and of Python itself.
FOREIGN = r"site-packages|dist-packages|/lib/python|\\Lib\\|^<|/\.heroku/"
EXCEPTION = r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Configured|Host|NotFound|DoesNotExist)\b.*"
CODE = r"\bcode=([HRL]\d{2})\b|\bError ([HRL]\d{2})\b|^[ \t]*([HRL]\d{2})[ \t]*$"


@dataclass(frozen=True)
class Explanation:
    """What a failure means: its own words, the file and line, the meaning, the cure, the page."""

    cause: str
    where: str = ""
    meaning: str = ""
    cure: str = ""
    read: str = ""

    def lines(self) -> list[str]:
        """Return it line by line, for a person."""
        first = f"{self.cause}  ({self.where})" if self.where else self.cause
        cure, *more = self.cure.split("\n")
        parts = {"Cause": first, "Means": self.meaning, "Do": cure}
        told = [f"{label + ':':<{LABEL}}{text}" for label, text in parts.items() if text]
        told += [f"{'':{LABEL}}{line}" for line in more]
        return told + ([f"{'Read:':<{LABEL}}{self.read}"] if self.read else [])


def explain(output: str) -> Explanation | None:
    """Return what a command's output or a pasted log means; None if it names no failure.

    The cause is the first exception of the first traceback. What is not in the table is told
    without a meaning.
    """
    text = clean(output)
    text = first_chain(text) or first_of_pytest(text) or text
    found = None
    for entry in advice.ADVICE:
        match = re.search(entry.pattern, text, re.MULTILINE)
        if match and (found is None or match.end() < found[1].end()):
            found = (entry, match)
    causes = exceptions(text)
    where = find_place(text)
    if not found:
        return Explanation(shorten(causes[0]), where) if causes else None
    entry, match = found
    groups = {name.rstrip("_"): value for name, value in match.groupdict().items() if value}
    groups.setdefault("package", advice.PACKAGES.get(groups.get("module"), groups.get("module")))
    groups = {"name": "NAME", "hint": ""} | groups
    line = line_around(text, match.end())
    cause = next((cause for cause in causes if cause in line or line in cause), line)
    meaning, cure = (Template(said).safe_substitute(groups) for said in (entry.meaning, entry.cure))
    return Explanation(shorten(cause), where, meaning, cure, entry.read)


def explain_log(log: str) -> list[Explanation]:
    """Return what a pasted log means: its first failure, then the codes of Heroku in it."""
    text = clean(log)
    first = explain(text)
    found = [first] if first else []
    codes = dict.fromkeys("".join(groups) for groups in re.findall(CODE, text, re.MULTILINE))
    found += [Explanation(code, "", *advice.CODES[code]) for code in codes if code in advice.CODES]
    return found


def clean(output: str) -> str:
    """Return an output without colours, prefixes of a log, and Heroku's folders.

    Of a very long one the two ends are kept, and of a very long line the beginning.
    """
    text = output.replace("\r\n", "\n")
    if len(text) > 2 * LONGEST:
        text = text[:LONGEST] + "\n" + text[-LONGEST:]
    lines = [re.sub(ESCAPE, "", line[:LONGEST_LINE]).rstrip() for line in text.split("\n")]
    return re.sub(HEROKU_FOLDER, "", re.sub(PREFIX, "", "\n".join(lines)))


def exceptions(text: str) -> list[str]:
    """Return the lines that name an exception, the first one first.

    Behind the frames of a traceback it is the first line that stands at the margin, whatever it is
    called; elsewhere its name has to look like one.
    """
    found, in_frames = [], False
    for line in text.split("\n"):
        if line.startswith((TRACEBACK, "  File ")):
            in_frames = True
        elif in_frames and line and not line.startswith(" "):
            found.append(line)
            in_frames = False
        elif not in_frames and re.match(EXCEPTION, line.strip()):
            found.append(line.strip())
    return found


def first_chain(text: str) -> str:
    """Return the first traceback, with those it led to and the message at its end, or nothing.

    The lines of code in it are left out: they hold words of other messages.
    """
    lines = text.split("\n")
    begins = [number for number, line in enumerate(lines) if line.strip() == TRACEBACK]
    if not begins:
        return ""
    end = len(lines)
    for begin in begins[1:]:
        if not re.search(LINKED, "\n".join(lines[begin - 3 : begin])):
            end = begin
            break
    indent = len(lines[begins[0]]) - len(lines[begins[0]].lstrip())
    kept: list[str] = []
    message = 0
    for line in lines[begins[0] : end]:
        line = line[indent:]
        if line.startswith((TRACEBACK, "  File ")):
            kept, message = [*kept, line], 0
        elif message or (line and not line.startswith("    ")):
            message += 1
            kept += [line] if message <= MESSAGE_LINES else []
    return "\n".join(kept)


def first_of_pytest(text: str) -> str:
    """Return what pytest prints of the first exception and where it was raised, or nothing."""
    found = re.findall(r"(?m)^(?:E {2,}(.*)|([\w./\\-]+\.py:\d+: .*))$", text)
    return "\n".join(message or place for message, place in found)


def find_place(text: str) -> str:
    """Return file and line of the project's own code that is nearest to the failure, or nothing."""
    frames = re.findall(r'(?m)^[ \t]*File "([^"]+)", line (\d+)', text)
    frames += re.findall(r"(?m)^([\w./\\-]+\.py):(\d+): ", text)
    own = [frame for frame in frames if not re.search(FOREIGN, frame[0])]
    # manage.py only passes on what happens behind it.
    own = [frame for frame in own if not frame[0].endswith("manage.py")]
    return f"{own[-1][0]}, line {own[-1][1]}" if own else ""


def line_around(text: str, position: int) -> str:
    """Return the line in which a position lies."""
    begin = text.rfind("\n", 0, max(position - 1, 0)) + 1
    end = text.find("\n", position)
    return text[begin : end if end >= 0 else None].strip()


def shorten(cause: str) -> str:
    """Return an exception's line without Python's guess at what was meant."""
    return re.sub(r"\. Did you (?:mean|forget).*$", "", cause.strip())
