"""Errors of databases and migrations."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"Scheme '(?:b'')?(?:://)?' is unknown",
        findings.NO_DATABASE_URL,
    ),
    Rule(
        r"(?:UnknownSchemeError|ValueError): Scheme '(?P<scheme>[^']*)' is unknown"
        r"|This string is not a valid url",
        findings.BAD_DATABASE_URL,
    ),
    Rule(
        r"'sslmode' is an invalid keyword|unexpected keyword argument 'sslmode'"
        r"|server does not support SSL",
        findings.SSL_EVERYWHERE,
    ),
    Rule(
        r"value too long for type character varying\((?P<length>\d+)\)",
        findings.TOO_LONG,
    ),
    Rule(
        r"(?<!of )relation \"(?P<table>[\w.]+)\" does not exist"
        r"|no such table: (?P<table_>[\w.]+)",
        findings.NO_TABLE,
    ),
    Rule(
        r"relation \"(?P<table>[\w.]+)\" already exists",
        findings.TABLE_EXISTS,
    ),
    Rule(
        r"violates (?P<rule>not-null|unique|foreign key|check) constraint",
        findings.CONSTRAINT,
    ),
    Rule(
        r"column \"?(?P<column>[\w.]+)\"? (?:of relation \S+ )?does not exist"
        r"|Error: no such column: ",
        findings.NO_COLUMN,
    ),
    Rule(
        r"too many connections for role|remaining connection slots are reserved",
        findings.CONNECTION_LIMIT,
    ),
    Rule(
        r"permission denied to create database",
        findings.TESTS_ON_HEROKU,
    ),
    Rule(
        r"Related model '(?P<model>[\w.]+)' cannot be resolved",
        findings.MODEL_WITHOUT_MIGRATIONS,
    ),
    Rule(
        r"connection to server at \"(?:localhost|127\.0\.0\.1)\"[^\n]*failed"
        r"|connection to server on socket",
        findings.LOCAL_DATABASE,
    ),
    Rule(
        r"InconsistentMigrationHistory",
        findings.MIGRATION_HISTORY,
    ),
    Rule(
        r"Conflicting migrations detected",
        findings.MIGRATION_CONFLICT,
    ),
    Rule(
        r"settings\.DATABASES is improperly configured",
        findings.MISSING_DATABASE,
        {"name": "DATABASE_URL"},
    ),
    Rule(
        r"could not translate host name \"(?P<host>[^\"]+)\"",
        findings.UNKNOWN_DATABASE_HOST,
    ),
)
