"""Errors of gunicorn, the Procfile and requests."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"Failed to find (?:attribute|application object) '(?P<name>\w+)' in '(?P<module>[\w.]+)'"
        r"|Attribute \"(?P<name_>\w+)\" not found in module \"(?P<module_>[\w.]+)\""
        r"|module '(?P<module__>[\w.]+\.[aw]sgi)' has no attribute '(?P<name__>\w+)'",
        findings.NO_APPLICATION,
    ),
    Rule(
        r"Could not import module \"(?P<module>[\w.]+)\"",
        findings.WRONG_PACKAGE,
    ),
    Rule(
        r"gunicorn: error: (?P<what>[^\n]+)|daphne: error: (?P<what_>[^\n]+)"
        r"|waitress-serve: error: (?P<what__>[^\n]+)|^Error: (?P<what___>No such option: [^\n]+)",
        findings.SERVER_OPTIONS,
    ),
    Rule(
        r"class uri '(?P<name>[\w.]+)' invalid or not found",
        findings.NO_WORKER_CLASS,
    ),
    Rule(
        r"error while attempting to bind on address|Errno 99\][^\n]*bind"
        r"|Invalid address: \('[\w.-]*herokuapp\.com",
        findings.FOREIGN_ADDRESS,
    ),
    # Only the process of a Procfile is started by this shell, and only these are servers.
    Rule(
        r"(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?"
        r"(?P<program>gunicorn|daphne|uvicorn|hypercorn|waitress-serve|celery|uwsgi): "
        r"(?:command )?not found$",
        findings.PROGRAM_NOT_INSTALLED,
    ),
    Rule(
        r"(?:^|[\s/])(?:(?:ba|da)?sh|bin/\w+): (?:line \d+: |\d+: )?"
        r"(?P<program>(?!heroku)[\w./-]+): "
        r"(?:command )?not found$",
        findings.NO_SUCH_PROGRAM,
    ),
    Rule(
        r"Invalid HTTP_HOST header:? (?:\(you may need to set ALLOWED_HOSTS\): )?"
        r"u?'?(?P<host>[\w.:-]+)"
        r"|You may need to add u?'(?P<host_>[^']+)' to ALLOWED_HOSTS",
        findings.UNKNOWN_HOST,
    ),
    Rule(
        r"Referer checking failed",
        findings.CSRF_REFERER,
    ),
    Rule(
        r"ERR_TOO_MANY_REDIRECTS|redirected you too many times",
        findings.REDIRECT_LOOP,
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
