"""Errors of databases and migrations."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    # On a dyno, Heroku's Python is in .heroku.
    Rule(
        r"\.heroku/python[^\n]*/sqlite3/base\.py(?:[^\n]*\n){1,20}?[^\n]*OperationalError: "
        r"|no such (?:table|column): "
        r"(?=(?:[^\n]*\n){1,30}?[^\n]*\.heroku/python[^\n]*/sqlite3/base\.py)",
        findings.SQLITE,
    ),
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
        r"(?<!of\s)relation \"(?P<table>[\w.]+)\" does not exist",
        findings.NO_TABLE,
    ),
    # Only SQLite says it like this.
    Rule(
        r"no such table: (?P<table>[\w.]+)",
        findings.NO_TABLE_IN_SQLITE,
    ),
    Rule(
        r"column \"(?P<column>\w+)\" of relation \"\w+\" already exists"
        r"|duplicate column name: (?P<column_>\w+)",
        findings.COLUMN_EXISTS,
    ),
    Rule(
        r"relation \"(?P<table>[\w.]+)\" already exists",
        findings.TABLE_EXISTS,
    ),
    Rule(
        r"violates unique constraint \"(?P<table>\w+)_pkey\"(?=\s+DETAIL: +Key \(id\)=)",
        findings.SEQUENCE_BEHIND,
    ),
    Rule(
        r"violates (?P<rule>not-null|unique|foreign key|check) constraint"
        r"(?! \"\w+_pkey\"\s+DETAIL: +Key \(id\)=)",
        findings.CONSTRAINT,
    ),
    Rule(
        r"column \"?(?P<column>[\w.]+)\"? (?:of relation \S+ )?does not exist"
        r"|Error: no such column: \S",
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
        r"could not determine PostgreSQL version from",
        findings.OLD_PACKAGE,
        {"package": "psycopg2"},
    ),
    Rule(
        r"connection to server at \"(?:localhost|127\.0\.0\.1)\"[^\n]*failed"
        r"|connection to server on socket"
        r"|[Ii]s the server running on host \"(?:localhost|127\.0\.0\.1)\""
        r"|connections on Unix domain socket"
        r"|Can't connect to (?:local )?MySQL server (?:on '(?:localhost|127\.0\.0\.1)|through)",
        findings.LOCAL_DATABASE,
    ),
    Rule(
        r"connection to server at \"(?P<host>[^\"]+)\"[^\n]* failed: "
        r"(?:Connection (?:refused|timed out)|timeout expired|Network is unreachable"
        r"|No route to host|FATAL: +the database system is"
        r"|[^\n]*not currently accepting connections)"
        r"|(?:could not connect to server: [^?]{0,300}?|timeout expired\s*)"
        r"[Ii]s the server running on host \"(?P<host_>[^\"]+)\"",
        findings.DATABASE_UNREACHABLE,
    ),
    Rule(
        r"FATAL: +the database system is (?:starting up|shutting down|in recovery mode)",
        findings.DATABASE_UNREACHABLE,
        {"host": "in DATABASE_URL"},
    ),
    Rule(
        r"NodeNotFoundError: [^\n]*nonexistent parent node "
        r"\(u?'(?P<app>\w+)', u?'(?P<migration>\w+)'\)",
        findings.MIGRATION_MISSING,
    ),
    Rule(
        r"KeyError: '(?:OPTIONS|sslmode)'",
        findings.SSLMODE_OPTION,
    ),
    Rule(
        r"no pg_hba\.conf entry for host",
        findings.TLS_REQUIRED,
    ),
    Rule(
        r"FATAL: +password authentication failed|password authentication failed for user",
        findings.DATABASE_PASSWORD,
    ),
    Rule(
        r"FATAL: +(?:role|database) \"(?P<name>[\w-]+)\" does not exist",
        findings.NO_SUCH_DATABASE,
    ),
    Rule(
        r"SSL connection has been closed unexpectedly|server closed the connection unexpectedly"
        r"|InterfaceError: (?:connection|cursor) already closed",
        findings.CONNECTION_LOST,
    ),
    Rule(
        r"PostgreSQL \d+ or later is required",
        findings.OLD_POSTGRES,
    ),
    Rule(
        r"cannot be cast automatically to type|cannot cast type \w+",
        findings.CANNOT_CAST,
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
