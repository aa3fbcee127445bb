"""Find the causes in an output: the first traceback, not the last box."""

import re
from dataclasses import replace
from shlex import quote

from preflight import advice, findings, import_names
from preflight.advice.rule import Rule
from preflight.findings import KINDS, Finding

# At the start of each line: of git push, and of heroku logs.
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
# What Django prints for each check that failed, and the headings between them.
CHECK_LINE = r"^(\S.*?): \(([\w.]+)\) (.+)$"
HEADING = r"^(?:CRITICALS|ERRORS|WARNINGS|INFOS|DEBUGS):$|^System check identified"
# What the settings of a project of this template raise with all problems at once.
CANNOT_START = "The site cannot start."


def diagnose(output: str) -> list[Finding]:
    """Return what a command's output or a pasted log shows; nothing if it names no failure.

    These are all failed checks, or the first exception of the first traceback. An exception that no
    rule knows is a finding of the kind EXCEPTION.
    """
    text = clean(output)
    chain = first_chain(text) or first_of_pytest(text) or text
    found = [*failed_checks(text), *startup_problems(text)]
    if found:
        return found
    rule, match = first_match(chain)
    causes = exceptions(chain)
    file, line = find_place(chain)
    if not rule or not match:
        cause = shorten(causes[0]) if causes else ""
        return [replace(findings.EXCEPTION(file, line), cause=cause)] if causes else []
    around = line_around(chain, match.end())
    cause = next((cause for cause in causes if cause in around or around in cause), around)
    finding = rule.kind(file, line, **values_of(rule, match))
    return [replace(finding, cause=shorten(cause))]


def first_match(text: str) -> "tuple[Rule, re.Match[str]] | tuple[None, None]":
    """Return the rule whose match ends first, and the match."""
    first: tuple[Rule, re.Match[str]] | tuple[None, None] = (None, None)
    for rule in advice.RULES:
        match = rule.search(text)
        if match and (first[1] is None or match.end() < first[1].end()):
            first = (rule, match)
    return first


def values_of(rule: Rule, match: "re.Match[str]") -> dict[str, str]:
    """Return the values of a finding: the rule's own, and the groups of its match."""
    values = dict(rule.values)
    values |= {name.rstrip("_"): text for name, text in match.groupdict().items() if text}
    if "module" in values:
        values["package"] = import_names.package_of(values["module"])
    if "folder" in values:
        values["quoted"] = quote(values["folder"])
    if "model" in values:
        values["app"] = values["model"].partition(".")[0]
    return values


def failed_checks(text: str) -> list[Finding]:
    """Return every error in the output of Django's checks, with the project's own words."""
    if "SystemCheckError" not in text and "System check identified" not in text:
        return []
    found: list[Finding] = []
    heading, message, hint = "", None, list[str]()
    for line in [*text.split("\n"), "System check identified"]:
        match = re.match(CHECK_LINE, line)
        if match or re.match(HEADING, line):
            if message and heading in {"ERRORS:", "CRITICALS:"}:
                found.append(check_finding(message, [part for part in hint if part]))
            message, hint = match, []
            heading = heading if match else line
        elif message:
            hint.append(line.strip().removeprefix("HINT: "))
    return found


def check_finding(message: "re.Match[str]", hint: list[str]) -> Finding:
    """Return the finding for a failed check: of its own kind, if its id is known here."""
    name, check, said = message[1].lstrip("?"), message[2], message[3]
    commands = tuple(line.replace("$", "$$") for line in hint if re.match(r"heroku |git ", line))
    if check not in KINDS:
        advised = " ".join(hint) or "See the page below."
        return findings.CHECK(what=said, check=check, hint=advised, object=name)
    values = {"name": said.split()[0]} if said.endswith("is not set.") else {}
    advised = " ".join(line for line in hint if not re.match(r"heroku |git ", line))
    cure = advised.replace("$", "$$") or KINDS[check].cure
    templates = commands or KINDS[check].commands
    finding = KINDS[check](**values)
    return replace(finding, said=said, cure_template=cure, templates=templates)


def startup_problems(text: str) -> list[Finding]:
    """Return the problems that a project of this template reports when it cannot start."""
    _, start, rest = text.partition(CANNOT_START)
    if not start:
        return []
    found = []
    for message, hint in re.findall(r"(?m)^- (.+)\n  (.+)$", rest):
        missing = re.fullmatch(r"(\w+) is not set\.", message)
        kind = findings.MISSING_VARIABLE if missing else findings.UNUSABLE_VARIABLE
        values = {"name": missing[1]} if missing else {"problem": message}
        commands = (hint.replace("$", "$$"),) if hint.startswith("heroku ") else ()
        found.append(replace(kind(**values), said=message, templates=commands))
    return list({finding.identity: finding for finding in found}.values())


def locate(failure: Finding, causes: list[Finding]) -> list[Finding]:
    """Return the causes of a failure; one that no rule knows becomes a part of the failure."""
    if not causes:
        return [failure]
    return [
        replace(failure, cause=cause.cause, file=cause.file, line=cause.line)
        if cause.kind is findings.EXCEPTION
        else cause
        for cause in causes
    ]


def explain_log(log: str) -> list[Finding]:
    """Return what a pasted log shows: its first failure, then the error codes of Heroku in it."""
    text = clean(log)
    codes = dict.fromkeys("".join(groups) for groups in re.findall(CODE, text, re.MULTILINE))
    known = (KINDS.get(f"heroku.{code}") for code in codes)
    reported = [replace(kind(), cause=kind.id.partition(".")[2]) for kind in known if kind]
    return [*diagnose(text), *reported]


def clean(output: str) -> str:
    """Return an output without colours, prefixes of a log, and Heroku's folders.

    Only the two ends of a very long output are kept, and the start of a very long line.
    """
    text = output.replace("\r\n", "\n")
    if len(text) > 2 * LONGEST:
        text = text[:LONGEST] + "\n" + text[-LONGEST:]
    lines = [re.sub(ESCAPE, "", line[:LONGEST_LINE]).rstrip() for line in text.split("\n")]
    return re.sub(HEROKU_FOLDER, "", re.sub(PREFIX, "", "\n".join(lines)))


def exceptions(text: str) -> list[str]:
    """Return the lines that name an exception, the first one first.

    After the frames of a traceback, it is the first line without an indent, whatever its name.
    Elsewhere, its name has to look like that of an exception.
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

    The lines of code are left out, because they may contain words of other messages.
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
    """Return what pytest prints about the exceptions and where they were raised, or nothing."""
    found = re.findall(r"(?m)^(?:E {2,}(.*)|([\w./\\-]+\.py:\d+: .*))$", text)
    return "\n".join(message or place for message, place in found)


def find_place(text: str) -> tuple[str, int]:
    """Return file and line of the project's own code nearest to the failure, or "" and 0."""
    frames = re.findall(r'(?m)^[ \t]*File "([^"]+)", line (\d+)', text)
    frames += re.findall(r"(?m)^([\w./\\-]+\.py):(\d+): ", text)
    own = [frame for frame in frames if not re.search(FOREIGN, frame[0])]
    # manage.py only calls the code that failed.
    own = [frame for frame in own if not frame[0].endswith("manage.py")]
    return (own[-1][0], int(own[-1][1])) if own else ("", 0)


def line_around(text: str, position: int) -> str:
    """Return the line that contains a position."""
    begin = text.rfind("\n", 0, max(position - 1, 0)) + 1
    end = text.find("\n", position)
    return text[begin : end if end >= 0 else None].strip()


def shorten(cause: str) -> str:
    """Return an exception's line without Python's guess at what was meant."""
    return re.sub(r"\. Did you (?:mean|forget).*$", "", cause.strip())
