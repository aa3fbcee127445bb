"""What only a log shows, and what counts only if the log does not show its cause."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"Collectstatic configuration error\. To debug",
        findings.COLLECTSTATIC_HIDDEN,
        consequence=True,
    ),
    Rule(
        r"Your models (?:in app\(s\): [^\n]* )?have changes that are not yet reflected",
        findings.MODELS_CHANGED,
        consequence=True,
    ),
    Rule(
        r"You have (?:\d+ )?unapplied migration",
        findings.UNAPPLIED,
        consequence=True,
    ),
    Rule(
        r"npm (?:ERR!|error) (?P<what>(?!code|errno|path|syscall|cwd|command|A complete|at "
        r"|$)[^\n]+)",
        findings.NODE_BUILD,
        consequence=True,
    ),
    Rule(
        r"The directory '(?P<folder>[^']+)' in the STATICFILES_DIRS setting does not exist",
        findings.NO_STATIC_FOLDER,
        consequence=True,
    ),
    Rule(
        r"CSRF verification failed\. Request aborted",
        findings.CSRF_TOKEN,
        consequence=True,
    ),
    Rule(
        r"Bad Request \(400\)|\"(?:GET|HEAD) / HTTP/[\d.]+\" 400\b"
        r"|path=\"?/\"? [^\n]*status=400\b",
        findings.BAD_REQUEST,
        consequence=True,
    ),
    Rule(
        r"^(?:WARNING:?\s*|\[WARNING\]\s*)?Not Found: /$|\"(?:GET|HEAD) / HTTP/[\d.]+\" 404\b"
        r"|path=\"?/\"? [^\n]*status=404\b",
        findings.NO_HOME_PAGE,
        consequence=True,
    ),
    Rule(
        r"Using the URLconf defined in|[Tt]he requested (?:resource|URL \S+) was not found on this",
        findings.PAGE_NOT_FOUND,
        consequence=True,
    ),
    Rule(
        r"^(?:WARNING:?\s*)?Not Found: /(?!favicon|robots|apple|ws/|wp-|static/|media/|\S*\.php)\S+"
        r"|GET https?://[^/\s]+/(?!favicon|static/|media/)\S+ (?:net::ERR_ABORTED )?404\b",
        findings.PAGE_NOT_FOUND,
        consequence=True,
    ),
    # A folder in another language hides that this is a project of Python.
    Rule(
        r"Using buildpack: (?P<buildpack>heroku/(?:php|ruby|java|gradle|go|scala|clojure))\b",
        findings.WRONG_BUILDPACK,
        consequence=True,
    ),
    Rule(
        r"WebSocket connection to '?wss?://[^\n]* failed",
        findings.NO_WEBSOCKETS,
        consequence=True,
    ),
    Rule(
        r"An error occurred in the application and your page could not be served",
        findings.APPLICATION_ERROR,
        consequence=True,
    ),
    Rule(
        r"There's nothing here, yet|There is no app configured at that hostname",
        findings.NO_SITE_HERE,
        consequence=True,
    ),
    Rule(
        r"\bstatus=500\b|\" 500 \d+(?: \"|$)|Server Error \(500\)|^Internal Server Error",
        findings.SILENT_LOG,
        consequence=True,
    ),
    Rule(
        r"^nothing (?:added )?to commit",
        findings.NOTHING_COMMITTED,
        consequence=True,
    ),
    Rule(
        r"[Tt]he remote end hung up unexpectedly",
        findings.GIT_NETWORK,
        consequence=True,
    ),
    Rule(
        r"session has expired|You must be logged in|IP address mismatch|not_authenticated"
        r"|Error: Not logged in|Please login with Heroku credentials"
        r"|(?<!Error:\s)Authentication required"
        r"|heroku: Press any key to open up the browser to login",
        findings.NOT_LOGGED_IN,
        consequence=True,
    ),
    Rule(
        r"\((?:non-fast-forward|fetch first)\)|Updates were rejected because",
        findings.BEHIND_REMOTE,
        consequence=True,
    ),
    Rule(
        r"[Rr]elease command failed|Release phase failed",
        findings.RELEASE_FAILED,
        consequence=True,
    ),
    Rule(
        r"attempting to login via your (?:social network|third-party) account"
        r"|Social Network Login Failure",
        findings.OAUTH,
        consequence=True,
    ),
    Rule(
        r"Process exited with status 127\b",
        findings.NOT_FOUND_127,
        consequence=True,
    ),
    # The address of the buildpack may be broken into several lines.
    Rule(
        r"App not compatible with buildpack|[Ff]ailed to detect set buildpack",
        findings.NO_PYTHON_PROJECT,
        consequence=True,
    ),
)
