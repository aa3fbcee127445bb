"""Errors of Python and of the settings."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"NameError: name 'django' is not defined",
        findings.ENGINE_CALLED,
    ),
    Rule(
        r"NameError: name '(?P<name>\w+)' is not defined",
        findings.UNDEFINED_NAME,
    ),
    Rule(
        r"(?<![A-Za-z])(?:Syntax|Indentation|Tab)Error: (?P<what>.+)",
        findings.SYNTAX,
    ),
    Rule(
        r"No module named 'env'",
        findings.ENV_PY,
    ),
    Rule(
        r"No module named 'fcntl'",
        findings.GUNICORN_ON_WINDOWS,
    ),
    Rule(
        r"in import_app\n(?:\s*File \"(?:<frozen|[^\"]*importlib)[^\n]*\n)*"
        r"ModuleNotFoundError: No module named '(?P<module>[\w.-]+)'",
        findings.WRONG_PACKAGE,
    ),
    Rule(
        r"No module named '(?P<module>distutils|pkg_resources|setuptools)",
        findings.OLD_MODULE,
        {"user": "A package in the traceback"},
    ),
    Rule(
        r"No module named '(?P<module>[\w-]+)[\w.]*'",
        findings.NOT_INSTALLED,
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from partially initialized module "
        r"'(?P<module>[\w.]+)'",
        findings.CIRCULAR_IMPORT,
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from '(?P<module>django[\w.]*)'",
        findings.REMOVED_FROM_DJANGO,
    ),
    Rule(
        r"File \"(?:<frozen os>|[^\"]*\bos\.py)\", line \d+, in __getitem__\n"
        r"KeyError: '(?P<name>\w+)'",
        findings.MISSING_AT_IMPORT,
    ),
    Rule(
        r"UndefinedValueError: (?P<name>\w+) not found|Set the (?P<name_>\w+) environment variable",
        findings.MISSING_AT_IMPORT,
    ),
    Rule(
        r"The SECRET_KEY setting must not be empty",
        findings.MISSING_VARIABLE,
        {"name": "SECRET_KEY"},
    ),
)
