"""Errors that programs report in a line of their own, for those that no rule knows."""

from preflight import findings
from preflight.advice.rule import Rule

# These lines only repeat that something failed.
EMPTY = (
    r"(?!(?:Error )?(?:[Ww]hile|running)\b|Unable to (?:generate Django|install dep|install the)"
    r"|[Ff]ailed to (?:push some refs|build|install|load)|subprocess-exited|metadata-generation"
    r"|\S+ \S+ (?:has requirement|requires) [^\n]*(?:you'll have|you have|not installed)"
    r"|ERROR:|legacy-install|Failed building wheel|command '|Command errored|Could not build wheels"
    r"|Exception\b|Traceback\b"
    r"|invalid command 'bdist_wheel'|Worker|App failed|Push |pip's dependency resolver"
    r"|docker build exited|hooks/pre-receive|the remote end hung up|not a git repository)"
)

RULES = (
    Rule(rf"^fatal: (?P<what>{EMPTY}\S.*)", findings.GIT_SAYS),
    Rule(
        rf"^(?P<program>(?!collect2)[A-Za-z][\w.-]*): error: (?P<what>{EMPTY}\S.*)",
        findings.PROGRAM_SAYS,
    ),
    Rule(
        rf"^(?:Error|ERROR|error): (?P<what>{EMPTY}\S.*)",
        findings.PROGRAM_SAYS,
        {"program": "The command"},
    ),
    # Without a traceback, it may have been read from os.environ.
    Rule(
        r"^KeyError: u?'(?P<name>(?!HTTP_|REMOTE_|SERVER_|CONTENT_)[A-Z][A-Z0-9]*_(?:[A-Z0-9]+_)*"
        r"(?:KEY|SECRET|UR[LI]|TOKEN|PASSWORD|HOST|USER(?:NAME)?|S?ID|NAME|BUCKET|DEBUG|ENV))'$",
        findings.MISSING_AT_IMPORT,
    ),
    # A message of Python in a line of a log, without the name of its class.
    Rule(r"(?P<text>'NoneType' object (?:has no attribute '\w+'|is not \w+))", findings.NONE_VALUE),
    Rule(r"(?P<text>'\w+' object has no attribute '?\w+'?)", findings.WRONG_ATTRIBUTE),
    Rule(r"Exception inside application: (?P<text>u?'\w+')$", findings.NO_KEY),
    Rule(
        r"Exception inside application: (?P<what>\S.*)",
        findings.PROGRAM_SAYS,
        {"program": "The ASGI application"},
    ),
    Rule(r"^(?P<text>Reverse for '.*' not found\..*)", findings.NO_REVERSE),
    Rule(
        r"\"errors\": ?\[\s*\{\s*\"message\": ?\"(?P<what>(?:[^\"\\\n]|\\.)+)\"",
        findings.PROGRAM_SAYS,
        {"program": "The API"},
    ),
    Rule(rf"^CommandError: (?P<text>{EMPTY}\S.*)", findings.COMMAND_SAYS),
)
