"""Messages of git and of Heroku's build."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"runtime\.txt file isn't supported when using uv",
        findings.RUNTIME_TXT_WITH_UV,
    ),
    Rule(
        r"Authentication failed for 'https://git\.heroku\.com",
        findings.NOT_LOGGED_IN,
    ),
    Rule(
        r"src refspec (?P<branch>\S+) does not match any",
        findings.NO_BRANCH,
    ),
    Rule(
        r"same version of this code has already been built",
        findings.ALREADY_BUILT,
    ),
    Rule(
        r"'heroku' does not appear to be a git repository",
        findings.NO_REMOTE,
    ),
    Rule(
        r"\(non-fast-forward\)|\(fetch first\)",
        findings.BEHIND_HEROKU,
    ),
    Rule(
        r"App not compatible with buildpack|couldn't find any supported Python project files",
        findings.NO_PYTHON_PROJECT,
    ),
    Rule(
        r"Multiple Python package manager files were found",
        findings.SEVERAL_LOCKS_ON_HEROKU,
    ),
    Rule(
        r"Existing '(?P<folder>[\w./]+?)/?' directory found",
        findings.COMMITTED_ENVIRONMENT,
    ),
    Rule(
        r"Invalid Python version in (?P<file_name>\S+?)[.:]?$"
        r"|Unable to read (?P<file_name_>\.python-version)",
        findings.UNREADABLE_VERSION_ON_HEROKU,
    ),
    Rule(
        r"requested Python version (?:has reached end-of-life|isn't (?:recognised|available))"
        r"|Python version isn't available",
        findings.PYTHON_NOT_ON_HEROKU,
    ),
    Rule(
        r"Compiled slug size: (?P<size>\S+) is too large",
        findings.SLUG_SIZE,
    ),
    Rule(
        r"Procfile declares types\s*->\s*\(none\)",
        findings.NO_PROCESS_TYPES,
    ),
    Rule(
        r"Permission denied \(publickey\)",
        findings.NOT_LOGGED_IN,
    ),
    Rule(
        r"pre-receive hook declined|Push rejected",
        findings.PUSH_REJECTED,
    ),
    Rule(
        r"Couldn't find that process type|No web process(?:es)? running",
        findings.NO_WEB_DYNO,
    ),
)
