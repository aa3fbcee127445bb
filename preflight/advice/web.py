"""Errors of gunicorn, the Procfile and requests."""

from preflight import findings
from preflight.advice.rule import Rule

NODE_PROGRAMS = (
    r"npm|npx|node|nodejs|yarn|pnpm|webpack|vite|lessc|less|sass|postcss|tailwindcss|bower|gulp"
    r"|grunt|uglifyjs|cleancss|yuglify|coffee|babel"
)

RULES = (
    # An editor or a web page has replaced two hyphens, or straight quotes.
    Rule(
        r"^(?:[\w./-]+: )?(?:[Ee]rror|ERROR|fatal|FATAL): "
        r"(?P<what>[^\n]*?[\s('\"\[][—–][—–-]*\w[^\n]*)"
        r"|can't open file '(?P<what_>[—–“”‘][^'\n]*)'"
        r"|[Uu]nrecognized arguments?: (?P<what__>[^\n]*[—–“”][^\n]*)",
        findings.LONG_DASH,
    ),
    Rule(
        r"Failed to find (?:attribute|application object) '(?P<name>\w+)' in '(?P<module>[\w.]+)'"
        r"|Attribute \"(?P<name_>\w+)\" not found in module \"(?P<module_>[\w.]+)\""
        r"|module '(?P<module__>[\w.]+\.[aw]sgi)' has no attribute '(?P<name__>\w+)'",
        findings.NO_APPLICATION,
    ),
    Rule(
        r"^(?:gunicorn: )?[Ee]rror: (?P<what>No application module specified)",
        findings.SERVER_OPTIONS,
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
        r"class uri '(?P<name>(?!gevent|eventlet|tornado)\w+)' invalid or not found",
        findings.UNKNOWN_WORKER_CLASS,
    ),
    Rule(
        r"class uri '(?P<name>[\w.]+)' invalid or not found"
        r"|RuntimeError: (?P<name_>gevent|eventlet|tornado) worker requires",
        findings.NO_WORKER_CLASS,
    ),
    Rule(
        r"error while attempting to bind on address(?![^\n]*already in use)|Errno 99\][^\n]*bind"
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
        r"(?P<program>gunicorn|daphne|uvicorn|hypercorn|waitress-serve|uwsgi): "
        r"(?:command )?not found$",
        findings.PROGRAM_NOT_INSTALLED,
        {"type": "web"},
    ),
    Rule(
        r"(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?(?P<program>celery): "
        r"(?:command )?not found$",
        findings.PROGRAM_NOT_INSTALLED,
        {"type": "worker"},
    ),
    Rule(
        r"(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?(?P<program>python3?|pip3?): "
        r"(?:command )?not found$(?![\s\S]{0,300}Poetry app)",
        findings.NO_PYTHON_THERE,
    ),
    Rule(
        r"(?:(?:^|[\s/])(?:ba|da|z)?sh: (?:line \d+: |\d+: )?"
        r"|(?:^|\s)(?!\S*buildpack)[\w./-]+: line \d+: )"
        r"(?P<program>(?!heroku|(?:python|pip)3?:)[\w./-]+): (?:command )?not found$"
        r"|^(?P<program__>(?!heroku)[\w-]+\.(?:py|sh)): command not found$"
        r"|exec: \\?\"(?P<program___>[\w./-]+)\\?\": "
        r"(?:executable file not found|stat [^\n]*: no such)"
        r"|(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: "
        r"|\d+: )?(?P<program_>(?!\S*(?:buildpacks?/|\.(?:sh|py):))[\w./-]+): "
        r"No such file or directory$",
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
        r"__call__\(\) missing 1 required positional argument: 'send'"
        r"|__call__\(\) takes (?:from 2 to )?3 positional arguments but 4 were given"
        r"|missing 2 required positional arguments: 'receive' and 'send'"
        r"|__call__\(\) missing 1 required positional argument: 'start_response'",
        findings.WRONG_INTERFACE,
    ),
    Rule(
        r"Permission denied: \('[\d.:]+', \d+\)|listen on \S+: \[Errno 13\]",
        findings.LOW_PORT,
    ),
    Rule(
        r"cannot be loaded because running scripts is disabled|execution of scripts is disabled",
        findings.POWERSHELL,
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
    Rule(
        r"[Aa]ddress already in use|That port is already in use|Connection in use: \("
        r"|Only one usage of each socket address",
        findings.PORT_IN_USE,
    ),
    Rule(
        r"Error: '//[\w.-]+(?::\S*)?' is not a valid port number",
        findings.URL_AS_ADDRESS,
    ),
    Rule(
        r"'(?P<text>[^']*)' is not a valid port number"
        r"|Invalid value for '--port'[^\n]*: '?(?P<text_>[^'\n]*)'? is not a valid integer"
        r"|ValueError: '(?P<text___>\$\{?PORT\}?)'"
        r"|invalid literal for int\(\) with base 10: '(?P<text__>\$?\{?PORT\}?|%PORT%)'",
        findings.BAD_PORT,
    ),
    Rule(
        r"^Error: '(?P<name>[^']+)' doesn't exist|Failed to read config file: (?P<name_>\S+)",
        findings.NO_SERVER_FILE,
    ),
    Rule(
        r"^Error: (?P<what>Invalid value for (?!'-A')[^\n]+|[Uu]nrecognized arguments[^\n]+)",
        findings.SERVER_OPTIONS,
    ),
    Rule(
        r"Worker \(pid:\s?\d+\) was sent SIG(?:KILL|ABRT)|was terminated due to signal 9"
        r"|signal 9 \(SIGKILL\)",
        findings.WORKER_KILLED,
    ),
    Rule(
        r"CSRF cookie not set|CSRF [Tt]oken (?:missing|from|incorrect)",
        findings.CSRF_TOKEN,
    ),
    Rule(
        r"You called this URL via (?:POST|PUT|PATCH|DELETE), but the URL doesn't end in a slash",
        findings.POST_WITHOUT_SLASH,
    ),
    Rule(
        r"Request body exceeded settings\.DATA_UPLOAD|RequestDataTooBig|TooManyFieldsSent",
        findings.TOO_MUCH_DATA,
    ),
    Rule(
        r"You cannot call this from an async context|SynchronousOnlyOperation"
        r"|cannot use AsyncToSync in the same thread|There is no current event loop in thread"
        r"|Event loop is closed|asyncio\.run\(\) cannot be called from a running event loop",
        findings.FROM_ASYNC,
    ),
    Rule(
        r"No route found for path '|No application configured for scope type 'websocket'"
        r"|can only handle ASGI/HTTP connections, not websocket"
        r"|Not Found: /ws/|\"GET /ws/\S* HTTP/[\d.]+\" 404",
        findings.NO_WEBSOCKETS,
    ),
    Rule(
        r"No supported WebSocket library detected",
        findings.NO_WEBSOCKET_LIBRARY,
    ),
    Rule(
        r"'NoneType' object has no attribute 'group_(?:add|send|discard)'",
        findings.NO_CHANNEL_LAYER,
    ),
    Rule(
        r"ERR_CERT_\w+|SSL_ERROR_BAD_CERT_DOMAIN|ERR_SSL_UNRECOGNIZED_NAME_ALERT"
        r"|ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        findings.CERTIFICATE,
    ),
    Rule(
        r"DNS_PROBE_FINISHED_NXDOMAIN|ERR_NAME_NOT_RESOLVED",
        findings.DNS,
    ),
    Rule(
        r"accessing the development server over HTTPS, but it only supports HTTP"
        r"|ERR_SSL_PROTOCOL_ERROR",
        findings.HTTPS_LOCALLY,
    ),
    Rule(
        r"'?(?:python\d?|bash|sh|env)\\r'?: (?:No such file|command not found)"
        r"|\$?'\\r': command not found|bad interpreter: [^\n]*\^M"
        r"|/usr/bin/env: 'python\d?\\r'",
        findings.WINDOWS_LINES,
    ),
    Rule(
        r"(?:ba|da)?sh: (?:line \d+: |\d+: )?(?P<name>[\w./-]+): Permission denied"
        r"|exec: \\?\"(?P<name_>[\w./-]+)\\?\": permission denied",
        findings.NOT_EXECUTABLE,
    ),
    Rule(
        r"can't open file '(?P<name>[^']+)'"
        r"|(?:^|[\s/])(?:ba|da)?sh: (?:line \d+: |\d+: )?"
        r"(?P<name_>(?!\S*buildpacks?/)[\w./-]+\.(?:sh|py)): No such file or directory$",
        findings.NO_SUCH_SCRIPT,
    ),
    Rule(
        r"(?:ba|da)?sh: (?:-c: )?(?:line \d+: |\d+: )?(?P<what>(?:[Ss]yntax error"
        r"|unexpected EOF)[^\n]*|\w+:: (?:command )?not found)",
        findings.SHELL_SYNTAX,
    ),
    Rule(
        r"(?P<program>Python) was not found; run without arguments"
        r"|'(?P<program_>(?!heroku)[\w.-]+)' is not recognized as (?:an internal|the name)"
        r"|The term '(?P<program__>(?!heroku)[\w.-]+)' is not recognized"
        r"|zsh: command not found: (?P<program___>(?!heroku)[\w.-]+)",
        findings.NO_PROGRAM_HERE,
    ),
    Rule(
        r"[Ss]egmentation [Ff]ault",
        findings.SEGFAULT,
    ),
    # Errors of JavaScript, in the console of a browser.
    Rule(
        r"Unexpected token '?<|Unexpected token '<'|\"<!DOCTYPE \"[^\n]* is not valid JSON"
        r"|JSON\.parse: unexpected character",
        findings.HTML_FOR_SCRIPT,
    ),
    Rule(
        r"(?<!error:\s)Failed to fetch\b(?! \S*pypi|:? ?`)|NetworkError when attempting to fetch"
        r"|^(?:Axios)?Error: Network Error"
        r"|TypeError: Load failed",
        findings.FETCH_FAILED,
    ),
)
