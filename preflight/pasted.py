"""Restore a log from what people paste: wrapped lines, HTML, Markdown, the newest line first."""

import re
from html import unescape

# Tags of pages on which logs are shown. Others are part of the log, such as <module>.
TAGS = r"(?i)</?(?:a|b|br|code|div|em|font|i|li|p|pre|span|strong|td|tr)(?:\s[^<>]*)?/?>"
ENTITY = r"&(?:quot|apos|lt|gt|amp|nbsp|#\d+|#x[0-9a-f]+);"
# Marks of Markdown and of quoted mail around a line.
MARKS = (
    r"(?m)^[ \t]*(?:>[ \t]?)+|^[ \t]*[*_`]{1,3}(?=remote:|\d{4}-\d\d-\d\d|-----|Traceback|\w+Error)"
)
MARKS_AT_END = r"(?m)(?:\*\*_?|```|`\*{1,3})[ \t]*$"
# Marks around an exception, after the prefix of a log.
MARKED = r"(?m)^[ \t]*[*_`]{1,4}(?=(?:\w+\.)*\w+(?:Error|Exception)\b)"
TIME = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?)"
# At the start of a line that Heroku or git prints: the time of Heroku, of foreman, of a log drain.
LOG_PREFIX = (
    r"(?:remote: ?"
    r"|\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)? [\w-]+\[[\w.-]+\]: ?"
    r"|\w{3} {1,2}\d{1,2} [\d:.]+ (?:\S+ )?(?:app|heroku)[/\[][\w.-]+\]?:? ?"
    # A system's own log, Apache, and Render.
    r"|\w{3} {1,2}\d{1,2} [\d:.]+ [\w.-]+ [\w.-]+\[\d+\]: ?"
    r"|\[\w{3} \w{3} {1,2}\d{1,2} [\d:.]+ \d{4}\](?: \[[^\]\n]*\]){1,4} ?"
    r"|\w{3} {1,2}\d{1,2} \d{1,2}:\d\d:\d\d [AP]M +"
    # Docker, GitHub Actions and other hosts.
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*Z[ \t]"
    r"|#?\d{1,3} \d{1,4}\.\d{1,3} "
    r"|(?:\[OKAY\] )?\d{1,2}:\d\d:\d\d(?: [AP]M)? [\w.-]+ +\| ?"
    r"|[\w-]+[_-]\d+ +\| ?)"
)
# A line of a traceback that is complete.
FRAME = r"File \"[^\"]+\", line \d+, in \S+$"
# What pages for pastes add to each line: a dash or a number before it, bars behind it.
MARGINS = (r"[ \t]*(?:- |-$|\d{1,4}\. |\d{1,4}\.$)|[\w.-]+ +\| ?", r".*\|[ \t]*\|?[ \t]*$")
# Where a new line began, in a text that has lost its line breaks.
JOINED = (
    r"(?<=[ \t])(?=remote: )",
    r"(?<=[ \t])(?=\d{4}-\d\d-\d\dT[\d:.]+\+00:00 (?:app|heroku)\[)",
    r"(?<=[ \t])(?=File \"[^\"\n]+\", line \d+, in )",
    r"(?<=[ \t])(?=Traceback \(most recent call last\):)",
)
AFTER_FRAME = (
    r"(?m)^([ \t]*File \".*?)[ \t]((?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Configured|Exist): )"
)
# What the Heroku CLI prints before the lines of an error.
CLI_PREFIX = r"(?m)^[ \t]*(?:[›▸»](?: +(?:Error|Warning):)?|!) {2,}|^[ \t]*[›▸»][ \t]*|^! (?=\w)"
# A line that begins with this is not the rest of the line above it.
BEGINNING = (
    rf"\s*(?:{LOG_PREFIX}"
    r"|Traceback |File \"|No module named |No such file "
    r"|[\w.]*(?:Error|ERROR|Exception)\b|-----> |[!$%>] |\[\d{4}-)"
)
# A line in a box of Heroku that says what failed. The others only repeat that something did.
BOX = (
    r"(?m)^[ \t>]*(?:remote:[ \t]*)?(?:!(?: +|\t+)|▸ {2,})"
    r"(?![Ww]arning|WARNING|Push |Heroku push|Error while|##|More info|See |The latest|We recommend"
    r"|Python has"
    r"|A newer|Aborting|Learn|Failed|Note|[-─]|heroku-cli|[Uu]pdate)(\w.*\S)"
)
# What Django's page for an error shows: its title, the table below it, and a frame of old versions.
EXCEPTION = (
    r"(?:[A-Za-z_][\w.]*(?:Error|Exception|Exist|Configured|Host|Match|NotFound|Returned|Operation)"
    r"|DoesNotExist|PermissionDenied|Http404|InvalidToken|DisallowedRedirect|RequestDataTooBig)"
)
PAGE = (
    (rf"(?m)^[ \t#*]*({EXCEPTION}) at /\S*[ \t*]*\n+(?!Request )[ \t#]*(\S.*)$", r"\1: \2"),
    (
        rf"(?m)^[ \t]*Exception Type:?[\s|]+({EXCEPTION})(?: at \S+)?[ \t|]*\n"
        r"\s*Exception Value:?[\s|]*(\S.*)$",
        r"\1: \2",
    ),
    # Celery shows the exception as Python writes it.
    (rf"(?m)^(.*: )({EXCEPTION})\((['\"])(.*?)(?:\\n)?\3,?\)(?=:?$)", r"\1\n\2: \4"),
    # Poetry: the class, the message and the place, each in a line of its own.
    (rf"(?m)^[ \t]+({EXCEPTION})[ \t]*\n+[ \t]+(\S.*)\n+[ \t]+(?=at \S+:\d+)", r"\1: \2\n"),
    (r"(?m)^([ \t]*File \"[^\"\n]+\") in (\S+)\n\s*(\d+)\. (.*)$", r"\1, line \3, in \2\n    \4"),
)
# The usual widths of a terminal. At another width, more lines have to be that long.
WIDTHS = {79, 80, 100, 119, 120}
NARROWEST = 60
# No line that a program prints takes more rows than this.
ROWS = 12


def headline(log: str) -> str:
    """Return what the first box of Heroku in a log says, or nothing."""
    said = re.search(BOX, log)
    return said[1] if said else ""


def restore(log: str) -> str:
    """Return a log as the program printed it."""
    text = log.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    if text.count("\\n") > max(3, text.count("\n")):
        text = text.replace("\\n", "\n").replace('\\"', '"')
    if re.search(ENTITY, text):
        text = unescape(re.sub(TAGS, "", text))
    elif re.search(r"(?i)<(?:pre|font|span|code|/?br)\b", text):
        text = re.sub(TAGS, "", text)
    text = re.sub(MARKS_AT_END, "", re.sub(MARKS, "", text))
    text = re.sub(r"(?m)^[ \t]*`([^`\n]+)`[ \t]*$", r"\1", text)
    lines = unwrap(without_margins(separate(text).split("\n")))
    lines = oldest_first(lines)
    text = "\n".join(re.sub(rf"^[ \t]*{LOG_PREFIX}", "", line) for line in lines)
    text = re.sub(MARKED, "", re.sub(CLI_PREFIX, "", text))
    for pattern, replacement in PAGE:
        text = re.sub(pattern, replacement, text)
    return text


def separate(text: str) -> str:
    """Return a text with line breaks where several lines have been joined to one."""
    for pattern in JOINED:
        joined = [len(re.findall(pattern, line)) > 1 for line in text.split("\n")]
        if any(joined):
            text = re.sub(pattern, "\n", text)
    return re.sub(AFTER_FRAME, r"\1\n\2", text)


def without_margins(lines: list[str]) -> list[str]:
    """Return the lines without what a page for pastes has added to most of them."""
    before, behind = MARGINS
    shown = [line for line in lines if line.strip()]
    if len(shown) > 1 and sum(bool(re.match(before, line)) for line in shown) > len(shown) * 0.8:
        lines = [re.sub(f"^(?:{before})", "", line) for line in lines]
    if len(shown) > 1 and sum(bool(re.match(behind, line)) for line in shown) > len(shown) * 0.8:
        lines = [re.sub(r"[ \t]*\|[ \t]*\|?[ \t]*$", "", line) for line in lines]
    return lines


def unwrap(lines: list[str]) -> list[str]:
    """Return the lines with those joined that a terminal has broken."""
    width = max(map(len, lines), default=0)
    full = sum(len(line) == width for line in lines)
    hard = full >= (1 if width in WIDTHS else 3) and width >= NARROWEST
    prefixed = sum(bool(re.match(rf"\s*{LOG_PREFIX}", line)) for line in lines)
    soft = prefixed > 1
    joined: list[str] = []
    above, rows = 0, 0
    for line in lines:
        continues = bool(rows < ROWS and joined and joined[-1].strip() and line.strip())
        continues = continues and not re.match(BEGINNING, line)
        # The line of code below a frame that has the width of the terminal by chance.
        continues = continues and not (line[0] == " " and re.search(FRAME, joined[-1]))
        rows += 1
        if continues and hard and above == width:
            joined[-1] += line
        elif (
            continues and soft and above >= NARROWEST and re.match(LOG_PREFIX, joined[-1].lstrip())
        ):
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
            rows = 1
        above = len(line)
    return joined


def oldest_first(lines: list[str]) -> list[str]:
    """Return the lines in the order of their times, if the newest is the first.

    Without times, a traceback that begins with its exception and ends with its heading shows it.
    """
    shown = [line.strip() for line in lines if line.strip()]
    heads = [number for number, line in enumerate(shown) if line.startswith("Traceback (most")]
    frames = [number for number, line in enumerate(shown) if line.startswith('File "')]
    backwards = heads and frames and heads[0] > frames[-1]
    if backwards and re.match(r"[\w.]*(?:Error|Exception|Exit|Configured)\b", shown[0]):
        return lines[::-1]
    times = [match[1] for line in lines if (match := re.match(rf"\s*{TIME}", line))]
    falling = sum(a > b for a, b in zip(times, times[1:], strict=False))
    rising = sum(a < b for a, b in zip(times, times[1:], strict=False))
    lines = lines[::-1] if falling > rising and times[0] > times[-1] else lines
    return in_order(lines) if len(times) > len(lines) / 2 and falling else lines


def in_order(lines: list[str]) -> list[str]:
    """Return the lines in the order of their times. Heroku swaps some; others follow the "
    "line above."""
    dated: list[tuple[str, str]] = []
    for line in lines:
        match = re.match(rf"\s*{TIME}", line)
        dated.append((match[1] if match else dated[-1][0] if dated else "", line))
    return [line for _, line in sorted(dated, key=lambda pair: pair[0])]
