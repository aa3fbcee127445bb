"""Errors of gunicorn, the Procfile and requests."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"Failed to find attribute '(?P<name>\w+)' in '(?P<module>[\w.]+)'",
        findings.NO_APPLICATION,
    ),
    Rule(
        r"(?m)(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?(?P<program>[\w./-]+): "
        r"(?:command )?not found$",
        findings.PROGRAM_NOT_INSTALLED,
    ),
    Rule(
        r"Invalid HTTP_HOST header: '(?P<host>[^']+)'",
        findings.UNKNOWN_HOST,
    ),
    Rule(
        r"Origin checking failed",
        findings.ORIGIN,
    ),
    Rule(
        r"mail\.E001",
        findings.CONSOLE_EMAIL,
    ),
    Rule(
        r"WORKER TIMEOUT",
        findings.WORKER_TIMEOUT,
    ),
    Rule(
        r"was sent SIGKILL! Perhaps out of memory",
        findings.WORKER_KILLED,
    ),
    Rule(
        r"can't open file '[^']*manage\.py'",
        findings.NO_MANAGE_PY_HERE,
    ),
)
