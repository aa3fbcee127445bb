"""Find the causes in an output: the first traceback, not the last box."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import islice
from shlex import quote

from preflight import advice, findings, import_names, pasted
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
FOLLOWED = "During handling of the above exception"
# Characters of an output that are read from each end, and of a line.
LONGEST, LONGEST_LINE = 200_000, 2_000
# How often a rule is looked for in a part of a log: a line may be repeated a thousand times.
MOST_MATCHES = 50
# How many lines after a frame still belong to the message of an exception.
MESSAGE_LINES = 15
# How many lines of output the setup of a package may print before its exception.
SETUP_LINES = 60
# Frames of packages and of Python itself, and programs of an environment.
FOREIGN = (
    r"site-packages|dist-packages|/lib(?:64)?/python|\\[Ll]ib\\|^<"
    r"|(?:^|[/\\])(?:\.(?:heroku|preflight|venv)|tmp/buildpacks)[/\\]|settings_probe\.py$"
)
EXCEPTION_NAME = (
    r"(?:DoesNotExist|NoReverseMatch|MultipleObjectsReturned|PermissionDenied|Http404|InvalidToken"
    r"|SuspiciousOperation|Disallowed[A-Z]\w+|RequestDataTooBig|TooManyFieldsSent"
    r"|[A-Za-z_][\w.]*(?:Error|Exception|Exit|Configured|Host|NotFound|DoesNotExist|NoReverseMatch)"
    r"|[a-z_]\w*(?:\.\w+)*\.[A-Z]\w+(?=: (?!\()))"
)
EXCEPTION = rf"{EXCEPTION_NAME}\b.*"
EXCEPTION_LINE = rf"{EXCEPTION_NAME}(?:: |:?(?:\n|$))"
# A traceback of the setup of a package.
SETUP = r"[/\\]pip-(?:install|build|req-build|wheel)-[^\"\n]*setup\.py"
# Where pip starts the setup of a package, and where it is done with it.
SETUP_BEGINS = (
    r"\s*(?:remote:)?\s*(?:Complete output from command|Running setup\.py install for \S+: started"
    r"|Running command (?:Getting|Preparing|Building|python setup\.py)|exit code: \d+$"
    r"|[×x] (?:Getting|Preparing|Building|python setup\.py)|ERROR: Command errored out"
    r"|ERROR: Complete output)"
)
SETUP_ENDS = r"\s*(?:-----> |Successfully installed|Collecting \w|\$ )"
# A package that is built in the way of old versions of pip.
BUILDS = r"import setuptools[^\n]*__file__=|pip-(?:install|build)-\w+/|--no-build-isolation"
# The variables that an add-on sets, with its smallest plan.
ADDONS = {
    "REDIS_URL": "heroku-redis:mini",
    "REDIS_TLS_URL": "heroku-redis:mini",
    "CLOUDAMQP_URL": "cloudamqp:lemur",
    "CLOUDINARY_URL": "cloudinary:starter",
    "BONSAI_URL": "bonsai:sandbox",
    "MEMCACHIER_SERVERS": "memcachier:dev",
    "MEMCACHIER_USERNAME": "memcachier:dev",
    "MEMCACHIER_PASSWORD": "memcachier:dev",
    "MAILGUN_API_KEY": "mailgun:starter",
    "BUCKETEER_BUCKET_NAME": "bucketeer:hobbyist",
}
# Names of modules that a project gives, and nobody means a package by.
OWN_NAMES = frozenset(
    "accounts api app apps backend bot common config constants core database db handlers helpers"
    " lib main models modules plugins project routers schemas server services src tasks urls users"
    " util utils views".split()
)
# Exceptions that only end a program, after another failure.
ENDINGS = (
    r"^(?:raven|sentry_sdk|bugsnag|rollbar|opbeat|newrelic)\.|^[\w.]*(?:HaltServer|SystemExit|CalledProcessError|KeyboardInterrupt|InstallationError"
    # Django logs this for each missing variable of a template, at the level DEBUG.
    r"|VariableDoesNotExist)\b"
)
CODE = r"\bcode=([HRL]\d{2})\b|\bError ([HRL]\d{2})\b|^[ \t]*([HRL]\d{2})[ \t]*$"
# Codes that only report that the web process did not start or answer.
CRASHED = {"heroku.H10", "heroku.H13", "heroku.H14", "heroku.H18", "heroku.H20", "heroku.R10"}
# The command of the web process, as Heroku prints it, and what installs the libraries of GeoDjango.
STARTED = r"Starting process with command `[^`]*?(?<![\w.])(?P<module>{}\.[aw]sgi)\b[^`]*`"
GEO_BUILDPACK = r"heroku-geo-buildpack|geos/gdal/proj app detected|Vendoring geo libraries"
# A server that says where it listens. Heroku chooses a port of five digits.
LISTENING = (
    r"(?i)(?:serving on|listening (?:at|on)|running on|development server at|bound to)\D{0,20}?"
    r"((?:http://|tcp:)?(?:127\.0\.0\.1|localhost)(?::\d+)?|(?:http://)?0\.0\.0\.0:\d{4}\b)"
)
# What a program prints between its errors, or after them.
LOG_LINE = r"\[\d{4}-\d\d-\d\d |State changed|Process exited|at=(?:error|info)|-----> | !  "
# The lines that are shown for a log that no rule knows, and how many of them.
SUSPECT = r"(?i)\berror\b|\bfatal\b|\bfailed\b|exception|denied|not found|cannot|can't|couldn't"
SUSPECTS = 3
# What Django prints for each check that failed, and the headings between them.
CHECK_LINE = r"^(\S.*?): \(([\w.]+)\) (.+)$"
CHECK_ERROR = r"^\S.*?: \(\w+\.E\d{3}\) "
HEADING = r"^(?:CRITICALS|ERRORS|WARNINGS|INFOS|DEBUGS):$|^System check identified"
# What helps against checks that Django reports without a hint.
WITHOUT_HINT = {"4_0.E001": "Write https:// in front of it."}
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
    found = diagnose_chain(chain)
    if found and all("HaltServer" in finding.cause for finding in found):
        # gunicorn has said why in another line.
        return diagnose_chain(text.replace(chain, ""))
    return failed_setup(text, found) or found


def failed_setup(text: str, found: list[Finding]) -> list[Finding]:
    """Return the package whose setup raised an exception that no rule knows, or nothing."""
    for rule in advice.RULES:
        match = rule.search(text) if rule.kind is findings.NO_WHEEL else None
        if match and found and all(finding.kind is findings.EXCEPTION for finding in found):
            return [replace(found_by(rule, match, text, []), cause=found[0].cause)]
    return []


def diagnose_chain(chain: str) -> list[Finding]:
    """Return the first cause in a traceback, or in another text."""
    rule, match = first_match(chain)
    causes = exceptions(chain)
    # The setup of a package may fail with any exception.
    follows = rule and rule.consequence and rule.kind is not findings.NO_WHEEL
    if not rule or not match or (follows and causes):
        file, line = find_place(chain)
        cause = shorten(causes[0]) if causes else ""
        return [replace(findings.EXCEPTION(file, line), cause=cause)] if causes else []
    return [found_by(rule, match, chain, causes)]


def found_by(rule: Rule, match: "re.Match[str]", text: str, causes: list[str]) -> Finding:
    """Return the finding of a rule that matches a text."""
    around = line_around(text, match.end())
    cause = next((cause for cause in causes if cause in around or around in cause), around)
    finding = rule.kind(*find_place(text), **values_of(rule, match))
    return replace(finding, cause=shorten(cause))


def first_match(text: str) -> "tuple[Rule, re.Match[str]] | tuple[None, None]":
    """Return the rule whose match ends first, and the match; a consequence comes last."""
    matches = [(rule, match) for rule in advice.RULES if (match := rule.search(text))]
    first = min(matches, key=lambda pair: (pair[0].consequence, pair[1].end()), default=None)
    return first or (None, None)


def values_of(rule: Rule, match: "re.Match[str]") -> dict[str, str]:
    """Return the values of a finding: the rule's own, and the groups of its match."""
    values = dict(rule.values)
    values |= {name.rstrip("_"): text for name, text in match.groupdict().items() if text}
    if "module" in values:
        values["package"] = import_names.package_of(values["module"])
    if "folder" in values:
        values["quoted"] = quote(values["folder"])
    if "model" in values and "app" not in values:
        values["app"] = values["model"].partition(".")[0]
    return values


def failed_checks(text: str) -> list[Finding]:
    """Return every error in the output of Django's checks, with the project's own words."""
    if not re.search(
        rf"SystemCheckError|System check identified|{CHECK_ERROR}", text, re.MULTILINE
    ):
        return []
    found: list[Finding] = []
    # A paste may begin below the heading.
    heading, message, hint = "ERRORS:", None, list[str]()
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
        advised = " ".join(hint) or WITHOUT_HINT.get(check, "See the page below.")
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
    found, known = [], {kind.message: kind for kind in KINDS.values()}
    for message, hint in re.findall(r"(?m)^- (.+)\n  (.+)$", rest):
        missing = re.fullmatch(r"(\w+) is not set\.", message)
        kind = (
            findings.MISSING_VARIABLE if missing else known.get(message, findings.UNUSABLE_VARIABLE)
        )
        values = {"name": missing[1]} if missing else {"problem": message}
        commands = (hint.replace("$", "$$"),) if hint.startswith("heroku ") else ()
        found.append(replace(kind(**values), said=message, templates=commands))
    return list({finding.identity: finding for finding in found}.values())


def locate(failure: Finding, causes: list[Finding]) -> list[Finding]:
    """Return the causes of a failure; one that no rule knows becomes a part of the failure.

    Its cure is then what helps against most exceptions of this class.
    """
    if not causes:
        return [failure]
    return [
        replace(
            failure,
            cause=cause.cause,
            file=cause.file,
            line=cause.line,
            cure_template=advised.cure_template,
            values={**advised.values, **failure.values},
        )
        if cause.kind is findings.EXCEPTION and (advised := by_class(cause.cause) or failure)
        else cause
        for cause in causes
    ]


@dataclass
class Part:
    """A part of a log: a traceback with those it led to, or what is printed between two of them."""

    traceback: bool
    # Whether pip runs the setup of a package, so that the exception is not one of the project.
    setup: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text that the rules read."""
        return "\n".join(self.lines)


class Rank(IntEnum):
    """How well a finding names the cause. Only the best of a log are reported."""

    CAUSE = 0
    # An exception that no rule knows, and an error in a program's own words.
    CLASS = 1
    WORDS = 2
    CONSEQUENCE = 3
    SYMPTOM = 4
    GUESS = 5


def explain_log(log: str) -> list[Finding]:
    """Return all failures that a pasted log shows, the first cause first.

    What only reports that something failed is left out if its cause is known. A log that no rule
    knows has the finding GUESS, with the lines that look most like the cause.
    """
    text = clean(pasted.restore(shorten_log(log)))
    codes = error_codes(text)
    found = [*failed_checks(text), *startup_problems(text)] or best(text, codes)
    said = pasted.headline(log)
    if said and not codes and all(finding.kind.symptom for finding in found):
        found = [replace(findings.HEROKU_SAYS(what=said), cause=said), *found]
    found = [in_context(finding, text) for finding in found]
    found = without_echoes([*found, *codes])
    found = list({(f.id, f.message, f.kind.symptom and f.cause): f for f in found[::-1]}.values())
    return found[::-1] or guess(text)


def best(text: str, codes: list[Finding]) -> list[Finding]:
    """Return the findings of the best rank in a text: all causes, or the first one of another."""
    ranked = [pair for part in parts(text) for pair in diagnose_part(part)]
    if CRASHED & {code.id for code in codes} or "HaltServer" in text:
        # Of a site that does not start, a browser reports much more.
        ranked = [(finding, rank) for finding, rank in ranked if rank <= Rank.WORDS]
    ranked = [(finding, rank) for finding, rank in ranked if not was_installed(finding, text)]
    first = min((rank for _, rank in ranked), default=Rank.GUESS)
    found = [finding for finding, rank in ranked if rank == first]
    return found if first == Rank.CAUSE else found[:1]


def was_installed(finding: Finding, text: str) -> bool:
    """Return whether pip installed a package in another way after its wheel had failed."""
    if finding.kind is not findings.NO_WHEEL or "package" not in finding.values:
        return False
    name = re.sub(r"[-_.]", "[-_.]", finding.values["package"])
    done = (
        rf"Successfully installed [^\n]*(?i:{name})-\d"
        rf"|install for {name}: finished with status 'done'"
    )
    return bool(re.search(done, text))


def in_context(finding: Finding, text: str) -> Finding:
    """Return the finding that fits better, because of what else a log shows, or the same one."""
    module, name = finding.values.get("module", ""), finding.values.get("name", "")
    started = module and re.search(STARTED.format(re.escape(module)), text)
    if finding.kind is findings.NOT_INSTALLED and started:
        better = findings.WRONG_PACKAGE(finding.file, finding.line, module=started["module"])
    elif finding.kind is findings.OLD_MODULE and module == "setuptools" and re.search(BUILDS, text):
        better = findings.NO_SETUPTOOLS(finding.file, finding.line)
    elif finding.kind is findings.NOT_INSTALLED and is_beside(finding, text):
        better = findings.MODULE_BESIDE(finding.file, finding.line, **finding.values)
    elif finding.kind is findings.NOT_INSTALLED and module in OWN_NAMES:
        better = findings.OWN_MODULE(finding.file, finding.line, module=module)
    elif finding.kind is findings.MISSING_AT_IMPORT and name == "DATABASE_URL":
        better = findings.NO_DATABASE_AT_BUILD(finding.file, finding.line)
    elif finding.kind is findings.MISSING_AT_IMPORT and name in ADDONS:
        better = findings.ADDON_VARIABLE(finding.file, finding.line, name=name, addon=ADDONS[name])
    elif finding.kind is findings.WRONG_VALUE and (read := variable_read(finding, text)):
        better = findings.EMPTY_VARIABLE(finding.file, finding.line, name=read)
    elif finding.kind is findings.GDAL and re.search(GEO_BUILDPACK, text):
        better = findings.GDAL_NOT_FOUND(finding.file, finding.line)
    else:
        return finding
    return replace(better, cause=finding.cause)


def variable_read(finding: Finding, text: str) -> str:
    """Return the variable that the line above an error reads as a number, or nothing."""
    read = (
        r"(?:int|float)\(\s*(?:[\w.]*env\w*|[\w.]*config)(?:\.\w+)?[(\[]\s*['\"](\w+)['\"][^\n]*\n"
    )
    number = r"(?:[ ~^]*\n)?[^\n]*ValueError: (?:invalid literal for int|could not convert string)"
    found = re.search(f"{read}{number}", text)
    return found[1] if found else ""


def is_beside(finding: Finding, text: str) -> bool:
    """Return whether an __init__.py of the project imports a module as Python 2 finds it."""
    if not finding.file.endswith("/__init__.py"):
        return False
    frame = rf'{re.escape(finding.file)}", line {finding.line}, in <module>\n'
    return bool(re.search(rf"{frame}\s*from {finding.values['module']} import ", text))


def diagnose_part(part: Part) -> Iterator[tuple[Finding, Rank]]:
    """Yield the findings in a part of a log, each with its rank."""
    text = part.text
    if part.traceback:
        for finding in diagnose_chain(text):
            if finding.kind is findings.EXCEPTION:
                found_one, rank = exception_found(finding, text)
                yield found_one, max(rank, Rank.SYMPTOM) if part.setup else rank
            else:
                yield finding, Rank.CONSEQUENCE if finding.kind.symptom else Rank.CAUSE
        return
    # One rule for each line. The cause counts if its consequence is in the same line.
    found = dict[int, tuple[Finding, Rank]]()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for match, rule, rank in matches_in(text):
        line = bisect_right(starts, max(match.end() - 1, match.start()))
        if line not in found:
            found[line] = found_by(rule, match, text, []), rank
    # A line of code that raises an exception contains its words, too.
    code = [line for line in found if re.match(r"\s*raise \w", text[starts[line - 1] :][:99])]
    if len(code) < len(found):
        found = {line: pair for line, pair in found.items() if line not in code}
    for number, start in enumerate(starts, 1):
        printed = text[start : start + LONGEST_LINE]
        if number not in found and re.match(rf"[ \t]*{EXCEPTION_LINE}", printed):
            place = replace(findings.EXCEPTION(), cause=line_around(text, start + 1))
            found[number] = exception_found(place, place.cause)
    yield from (found[line] for line in sorted(found))


def matches_in(text: str) -> "list[tuple[re.Match[str], Rule, Rank]]":
    """Return where the rules match in a text, the best rank first, then in order."""
    ranked = [(rule, rank_of(rule)) for rule in advice.RULES]
    ranked += [(rule, Rank.WORDS) for rule in advice.WORDS]
    ranked += [(rule, max(Rank.SYMPTOM, rank_of(rule))) for rule in advice.SYMPTOMS]
    found = [
        (match, rule, rank)
        for rule, rank in ranked
        for match in islice(rule.compiled.finditer(text), MOST_MATCHES)
    ]
    return sorted(found, key=lambda triple: (triple[2], triple[0].end()))


def rank_of(rule: Rule) -> Rank:
    """Return the rank of what a rule finds."""
    if rule.kind.symptom:
        return Rank.GUESS
    return Rank.CONSEQUENCE if rule.consequence else Rank.CAUSE


def exception_found(known: Finding, text: str) -> tuple[Finding, Rank]:
    """Return the finding for an exception that no rule knows: what its class says.

    If others followed while it was handled, the last one counts.
    """
    causes = exceptions(text) or [known.cause]
    followed = re.search(FOLLOWED, text) or not re.search(LINKED, text)
    ends = [cause for cause in causes if not re.search(ENDINGS, cause)]
    cause = shorten((ends or causes)[-1 if followed else 0])
    # manage.py looks for a command in the apps first.
    if not ends or (cause.startswith("KeyError") and "in fetch_command" in text):
        return replace(findings.GUESS(known.file, known.line), cause=cause), Rank.GUESS
    # Of the setup of a package, its name says more than its exception.
    rank = Rank.SYMPTOM if re.search(SETUP, text) else Rank.CLASS
    if found := by_class(cause):
        placed = replace(found, file=known.file, line=known.line)
        return in_package(placed, text), rank
    return replace(findings.GUESS(known.file, known.line), cause=cause), Rank.GUESS


def program_error(output: str) -> list[Finding]:
    """Return the line with which a program refuses its options, as a part of another failure."""
    found = re.findall(r"(?m)^(?:[\w./-]+ )*[\w./-]+: error: \S.*$", clean(output))
    return [replace(findings.EXCEPTION(), cause=shorten(line)) for line in found[:1]]


def by_class(cause: str) -> Finding | None:
    """Return what the class of an exception says, from the line that Python prints."""
    for rule in advice.CLASSES:
        if match := rule.search(cause):
            return replace(rule.kind(**values_of(rule, match)), cause=cause)
    return None


def in_package(found: Finding, text: str) -> Finding:
    """Return a finding that also names the package whose code raised the exception."""
    frames = re.findall(r'(?m)^[ \t]*File "([^"]+)", line \d+', text)
    package = re.search(r"(?:site|dist)-packages/(?!django/)(\w+)", frames[-1]) if frames else None
    if not package:
        return found
    name = import_names.package_of(package[1])
    cure = f"{found.cure_template} The package {name} raised it: update it, or pin the version "
    return replace(found, cure_template=f"{cure}that works on your machine.")


def error_codes(text: str) -> list[Finding]:
    """Return the error codes of Heroku in a log, and the address that explains R10."""
    codes = dict.fromkeys("".join(groups) for groups in re.findall(CODE, text, re.MULTILINE))
    known = (KINDS.get(f"heroku.{code}") for code in codes)
    reported = [replace(kind(), cause=kind.id.partition(".")[2]) for kind in known if kind]
    listening = re.search(LISTENING, text)
    if listening and {"R10", "H20"} & set(codes):
        cause = line_around(text, listening.end())
        finding = findings.BOUND_TO_LOCALHOST(address=listening[1])
        return [replace(finding, cause=cause), *reported]
    return reported


def without_echoes(found: list[Finding]) -> list[Finding]:
    """Return the findings without those that only report what another one explains."""
    ids = {finding.id for finding in found}
    echoes = set[str]()
    if any(not f.kind.symptom and f.id not in CRASHED for f in found):
        echoes |= CRASHED | {findings.PUSH_REJECTED.id}
    if "heroku.R10" in ids:
        echoes |= CRASHED - {"heroku.R10"}
    if any(not finding.kind.symptom for finding in found):
        echoes |= {"heroku.H10"}
    if findings.NOT_LOGGED_IN.id in ids:
        echoes |= {findings.NO_REMOTE.id}
    if {findings.OTHER_PYTHON.id, findings.PACKAGE_INDEX_DOWN.id} & ids:
        echoes |= {findings.NO_SUCH_PACKAGE.id}
    if len(ids) > 1:
        # Before the first deploy.
        echoes |= {"heroku.H81"}
    if "heroku.H12" in ids:
        echoes |= {findings.WORKER_TIMEOUT.id}
    return [finding for finding in found if finding.id not in echoes]


def guess(text: str) -> list[Finding]:
    """Return the lines of an unknown log that look most like the cause, as one finding."""
    lines = [line.strip() for line in text.split("\n")]
    suspects = [line for line in lines if re.match(EXCEPTION, line)]
    suspects = suspects or [line for line in lines if re.search(SUSPECT, line)]
    file, line = find_place(text)
    cause = " | ".join(dict.fromkeys(suspects[:SUSPECTS]))
    return [replace(findings.GUESS(file, line), cause=cause)] if suspects else []


def parts(text: str) -> list[Part]:
    """Return the parts of a log, in order. The lines of code are left out of tracebacks."""
    found = [Part(False)]
    reader = TracebackReader()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        begins = line.strip() == TRACEBACK or re.match(r'\s*File "', line)
        if begins and not reader.inside:
            linked = len(found) > 1 and re.search(
                LINKED, "\n".join(lines[max(0, number - 3) : number])
            )
            if linked:
                found.pop()
                found[-1].lines.append(linked[0])
            else:
                found.append(Part(True, in_setup(lines[max(0, number - SETUP_LINES) : number])))
            reader = TracebackReader()
        if begins or reader.inside:
            kept = reader.read(line)
            if kept is not None:
                found[-1].lines.append(kept)
            if reader.inside:
                continue
            found.append(Part(False))
            if kept is not None or not line.strip():
                continue
        found[-1].lines.append(line)
    return found


def in_setup(lines: list[str]) -> bool:
    """Return whether the lines above a traceback are those of the setup of a package."""
    for line in reversed(lines):
        if re.match(SETUP_ENDS, line):
            return False
        if re.match(SETUP_BEGINS, line):
            return True
    return False


@dataclass
class TracebackReader:
    """Reads a traceback line by line: its frames, and the message at its end."""

    inside: bool = False
    after_frame: bool = False
    # How far the last frame was indented, and how many lines of the message were read.
    indent: int = 0
    printed: int = 0

    def read(self, line: str) -> str | None:
        """Return the line if the rules read it. At the end, the reader is no longer inside."""
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if text == TRACEBACK or text.startswith('File "'):
            self.inside, self.printed = True, 0
            self.after_frame, self.indent = text.startswith('File "'), indent
            return text if text == TRACEBACK else f"  {text}"
        was_after_frame, self.after_frame = self.after_frame, False
        if self.printed == 0:
            exception = bool(re.match(EXCEPTION, text))
            outside = self.indent >= 2 and indent < self.indent
            if not text or re.fullmatch(r"[~^]+", text):
                return None
            # The first line of a paste has often lost its indent.
            shifted = exception and self.indent == 0 and not was_after_frame
            code = indent > self.indent or (was_after_frame and not exception and not outside)
            # A line of code. Some pastes have lost all indents.
            if code and not shifted:
                return None
        elif not text or re.match(LOG_LINE, line) or self.printed > MESSAGE_LINES:
            self.inside = False
            return None
        self.printed += 1
        return text


def clean(output: str) -> str:
    """Return an output without colours, prefixes of a log, and Heroku's folders.

    Only the two ends of a very long output are kept, and the start of a very long line.
    """
    text = shorten_log(output.replace("\r\n", "\n"))
    lines = [re.sub(ESCAPE, "", line[:LONGEST_LINE]).rstrip() for line in text.split("\n")]
    return re.sub(HEROKU_FOLDER, "", re.sub(PREFIX, "", "\n".join(lines)))


def shorten_log(text: str) -> str:
    """Return the two ends of a very long text."""
    return text if len(text) <= 2 * LONGEST else text[:LONGEST] + "\n" + text[-LONGEST:]


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
