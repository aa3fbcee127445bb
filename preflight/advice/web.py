"""Errors of gunicorn, the Procfile and requests."""

from preflight import findings
from preflight.advice.rule import Rule

NODE_PROGRAMS = (
    r"npm|npx|node|nodejs|yarn|pnpm|webpack|vite|lessc|less|sass|postcss|tailwindcss|bower|gulp"
    r"|grunt|uglifyjs|cleancss|yuglify|coffee|babel"
)

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
    # Programs of Node.js: a shell, env, Python and django-tailwind each say it in another way.
    Rule(
        rf"(?:^|[\s/])[\w./-]+: (?:line \d+: |\d+: )?(?P<program>{NODE_PROGRAMS}): "
        r"(?:command )?not found$"
        rf"|env: '?(?P<program_>{NODE_PROGRAMS})'?: No such file or directory"
        rf"|No such file or directory: '(?P<program__>{NODE_PROGRAMS})'"
        r"|(?i:node\.?js) and/or (?P<program___>npm) is not installed",
        findings.NO_NODE,
    ),
    # Only the process of a Procfile is started by this shell, and only these are servers.
    Rule(
        r"(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?"
        r"(?P<program>gunicorn|daphne|uvicorn|hypercorn|waitress-serve|celery|uwsgi): "
        r"(?:command )?not found$",
        findings.PROGRAM_NOT_INSTALLED,
    ),
    Rule(
        r"(?:^|[\s/])(?:(?:ba|da|z)?sh: (?:line \d+: |\d+: )?|[\w./-]+: line \d+: )"
        r"(?P<program>(?!heroku)[\w./-]+): (?:command )?not found$",
        findings.NO_SUCH_PROGRAM,
    ),
    Rule(
        r"Invalid HTTP_HOST header:? (?:\(you may need to set ALLOWED_HOSTS\): )?"
        r"u?'?(?P<host>[\w.:-]+)"
        r"|You may need to add u?'(?P<host_>[^']+)' to ALLOWED_HOSTS",
        findings.UNKNOWN_HOST,
    ),
    Rule(
        r"WebSocket connection to '?wss?://[^/\s]*herokuapp\.com[^\n]* failed: [^\n]*"
        r"(?:response code: (?:404|400|200|301|302)\b)",
        findings.NO_WEBSOCKETS,
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
