"""Errors of databases and migrations."""

from preflight import findings
from preflight.advice.rule import Rule

# The functions of an extension, and its other names: types, operator classes.
EXTENSIONS = (
    ("pg_trgm", r"(?:strict_)?(?:word_)?similarity|show_trgm", r"gi(?:n|st)_trgm_ops"),
    ("unaccent", "unaccent", "unaccent"),
    ("uuid-ossp", r"uuid_generate_v\d\w*|uuid_nil|uuid_ns_\w+", "uuid-ossp"),
    (
        "pgcrypto",
        r"gen_random_\w+|gen_salt|crypt|digest|hmac|pgp_\w+|encrypt|decrypt|armor",
        "pgcrypto",
    ),
    ("fuzzystrmatch", r"levenshtein\w*|soundex|d?metaphone\w*|difference", "fuzzystrmatch"),
    ("earthdistance", r"ll_to_earth|earth_\w+|earth", "earth"),
    ("cube", r"cube(?:_\w+)?", "cube"),
    ("tablefunc", r"crosstab\w*|connectby|normal_rand", "tablefunc"),
    ("hstore", r"hstore|akeys|avals|slice|exist|hstore_to_\w+", r"hstore|gi(?:n|st)_hstore_ops"),
    ("ltree", r"nlevel|subltree|subpath|lca|text2ltree", r"ltree|lquery|gist_ltree_ops"),
    ("citext", "citext", "citext"),
    ("vector", r"(?:l2|cosine|l1)_distance|inner_product|vector_\w+", r"vector|vector_\w+_ops"),
    (
        "postgis",
        r"st_\w+|postgis\w*|addgeometrycolumn|geometry\w*",
        r"geometry|geography|raster|box[23]d",
    ),
)

RULES = (
    Rule(
        r"Can't load plugin: sqlalchemy\.dialects:postgres\b",
        findings.POSTGRES_SCHEME,
    ),
    # On a dyno, Heroku's Python is in .heroku.
    Rule(
        r"\.heroku/python[^\n]*/sqlite3/base\.py(?:[^\n]*\n){1,20}?[^\n]*OperationalError: "
        r"|no such (?:table|column): "
        r"(?=(?:[^\n]*\n){1,30}?[^\n]*\.heroku/python[^\n]*/sqlite3/base\.py)",
        findings.SQLITE,
    ),
    Rule(
        r"Scheme '(?:b'')?(?:://)?' is unknown|No support for '(?:b'')?'\. We support",
        findings.NO_DATABASE_URL,
    ),
    Rule(
        r"(?:UnknownSchemeError|ValueError): Scheme '(?P<scheme>[^']*)' is unknown"
        r"|No support for '(?P<scheme_>[^']+)'\. We support"
        r"|dj_database_url[^\n]*, in parse\nKeyError: '(?P<scheme__>[^']*)'"
        r"|\[url\.scheme\][^\n]*?\s+KeyError: '(?P<scheme___>[^']*)'"
        r"|This string is not a valid url",
        findings.BAD_DATABASE_URL,
    ),
    Rule(
        r"(?:config|parse)\(\) got an unexpected keyword argument "
        r"'(?P<name>require_ssl|sslrequire|ssl|ssl_mode|sslmode|require_sslmode)'",
        findings.SSL_ARGUMENT,
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
        r"(?<!of\s)relation \"(?P<table>[\w.]+)\" does not exist"
        r"|Table '(?:[\w-]+\.)?(?P<table_>\w+)' doesn't exist",
        findings.NO_TABLE,
    ),
    # Only SQLite says it like this.
    Rule(
        r"no such table: (?P<table>[\w.]+)",
        findings.NO_TABLE_IN_SQLITE,
    ),
    Rule(
        r"column \"(?P<column>\w+)\" of relation \"\w+\" already exists"
        r"|(?i:duplicate column name):? '?(?P<column_>\w+)",
        findings.COLUMN_EXISTS,
    ),
    Rule(
        r"(?<!for\s)(?<!of\s)relation \"(?P<table>[\w.]+)\" already exists",
        findings.TABLE_EXISTS,
    ),
    # Two processes create it at the same time.
    Rule(
        r"unique constraint \"pg_\w+_nsp_index\"\s+DETAIL:[^\n]*\)=\((?P<table>\w+)",
        findings.CREATED_TWICE,
    ),
    Rule(
        r"violates unique constraint \"(?P<table>\w+)_pkey\"(?=\s+DETAIL: +Key \(id\)=)",
        findings.SEQUENCE_BEHIND,
    ),
    Rule(
        r"violates (?P<rule>not-null|unique|foreign key|check) constraint"
        r"(?! \"(?:pg_\w+_nsp_index\"|\w+_pkey\"\s+DETAIL: +Key \(id\)=))"
        r"|(?P<rule_>NOT NULL|UNIQUE|FOREIGN KEY|CHECK) constraint failed",
        findings.CONSTRAINT,
    ),
    Rule(
        r"column \"?(?P<column>[\w.]+)\"? (?:of relation \S+ )?does not exist"
        r"|Error: no such column: \S",
        findings.NO_COLUMN,
    ),
    Rule(
        r"too many connections for role|remaining connection slots are reserved"
        r"|^Connections: +(?P<used>\d+)/(?P=used)\b",
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
        r"OperationalError: (?:connection )?timeout expired\s*$"
        r"|FATAL: +the database system is (?:starting up|shutting down|in recovery mode)",
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
        r"FATAL: +password authentication failed|password authentication failed for user"
        r"|fe_sendauth: no password supplied|role \"\S+\" is not permitted to log in",
        findings.DATABASE_PASSWORD,
    ),
    Rule(
        # psql and pg_restore print it like this when they load a dump.
        r"(?:pg_restore: [^\n]*|^(?:psql:\S+ )?ERROR: +)role \"(?P<name>[\w-]+)\" does not exist"
        r"|must be (?:member of|able to SET) (?:role|ROLE) \"(?P<name__>[\w-]+)\""
        r"|role \"(?P<name_>[\w-]+)\" does not exist(?=\s+Command was: (?:ALTER|GRANT|REVOKE))",
        findings.DUMP_OWNER,
    ),
    # The address was not divided into its parts.
    Rule(
        r"(?P<what>database \"[^\"\n]*[/:@][^\"\n]*\" does not exist)",
        findings.UNREADABLE_DATABASE_URL,
    ),
    Rule(
        r"(?:\brole|FATAL: +database) \"(?P<name>[^\"\n]+)\" does not exist",
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
        r"is being accessed by other users|cannot drop the currently open database",
        findings.DATABASE_IN_USE,
    ),
    Rule(
        r"near \"SCHEMA\": syntax error",
        findings.DJANGO_HEROKU_TESTS,
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
    Rule(
        r"permission denied for (?:table|relation|sequence) \"?(?P<table>\w+)",
        findings.DATABASE_FULL,
    ),
    Rule(
        r"permission denied for (?P<what>(?:schema|database|tablespace) \"?[\w-]+)",
        findings.NO_DATABASE_RIGHT,
    ),
    Rule(
        r"permission denied to create extension \"(?P<name>[\w-]+)\""
        r"|extension \"(?P<name__>[\w-]+)\" (?:is not available|has no installation|must be)"
        r"|could not open extension control file \"[^\"]*/(?P<name___>[\w-]+)\.control\""
        r"|must be owner of extension (?P<name____>\w+)",
        findings.NO_EXTENSION,
    ),
    *(
        Rule(
            rf"function (?:public\.)?(?:{functions})\([^\n]*\) does not exist"
            rf"|(?:type|operator class|dictionary) \"(?:public\.)?(?:{others})\" does not exist",
            findings.NO_EXTENSION,
            {"name": extension},
        )
        for extension, functions, others in EXTENSIONS
    ),
    Rule(
        r"has no default operator class for access method \"(?P<name>gin|gist)\"",
        findings.NO_OPERATOR_CLASS,
    ),
    Rule(
        r"text search configuration \"(?P<name_______>\w+)\" does not exist",
        findings.NO_EXTENSION,
    ),
    Rule(
        r"(?P<what>canceling statement due to [a-z ]+|deadlock detected"
        r"|terminating connection due to idle-in-transaction timeout"
        r"|could not obtain lock on \w+|could not serialize access)",
        findings.QUERY_STOPPED,
    ),
    Rule(
        r"current transaction is aborted, commands ignored"
        r"|You can't execute queries until the end of the 'atomic' block",
        findings.EARLIER_QUERY,
        consequence=True,
    ),
    Rule(
        r"\b(?:integer|smallint|bigint) out of range|numeric field overflow"
        r"|is out of range for type \w+",
        findings.OUT_OF_RANGE,
    ),
    Rule(
        r"(?P<what>invalid input (?:syntax for|value for enum) [^\n]*"
        r"|invalid byte sequence for encoding [^\n]*"
        r"|column \"\w+\" is of type [^\n]* but expression is of type [^\n]*"
        r"|can(?:'t|not) adapt type '[^\n]*"
        r"|A string literal cannot contain NUL[^\n]*)",
        findings.INVALID_INPUT,
    ),
    Rule(
        r"(?P<what>invalid dsn: [^\n]*|invalid connection option [^\n]*"
        r"|missing \"=\" after [^\n]* in connection info string"
        r"|invalid integer value \"[^\"]*\" for connection option \"port\""
        r"|Port could not be cast to integer value[^\n]*"
        r"|invalid (?:percent-encoded token|port number|URI query parameter)[^\n]*"
        r"|Could not parse SQLAlchemy URL[^\n]*|Invalid IPv6 URL)",
        findings.UNREADABLE_DATABASE_URL,
    ),
    Rule(
        r"SCRAM authentication requires libpq version|authentication method 10 not supported",
        findings.OLD_PACKAGE,
        {"package": "psycopg2"},
    ),
    Rule(
        r"root certificate file \"[^\"]*\" does not exist"
        r"|connection to server[^\n]*SSL error: certificate verify failed"
        r"|OperationalError: SSL error: certificate verify failed",
        findings.DATABASE_CERTIFICATE,
    ),
    Rule(
        r"bad record mac|SSL error: called a function you should not call"
        r"|lost synchronization with server"
        r"|error with status PGRES_TUPLES_OK and no message",
        findings.SHARED_CONNECTION,
    ),
    Rule(
        r"SSL SYSCALL error: |terminating connection due to administrator command"
        r"|OperationalError: the connection is (?:closed|lost)"
        r"|consuming input failed(?![^\n]*bad record mac)"
        r"|(?:MySQL server has gone away|Lost connection to MySQL server)",
        findings.CONNECTION_LOST,
    ),
    Rule(
        r"sorry, too many clients already|too many connections for (?:database|user)"
        r"|exceeded the 'max_\w*connections' resource|Too many connections",
        findings.CONNECTION_LIMIT,
    ),
    Rule(
        r"(?P<what>syntax error at or near [^\n]*|column [^\n]* must appear in the GROUP BY clause"
        r"|SELECT DISTINCT(?: ON expressions must match|, ORDER BY expressions must appear)"
        r"|no unique or exclusion constraint matching the ON CONFLICT"
        r"|could not determine data type of parameter [^\n]*"
        r"|missing FROM-clause entry for [^\n]*|column reference \"\w+\" is ambiguous"
        r"|each UNION query must have [^\n]*|more than one row returned by a subquery[^\n]*"
        r"|aggregate functions are not allowed in [^\n]*)",
        findings.OTHER_SQL,
    ),
    Rule(
        r"(?P<what>(?:function [\w.]+\([^)\n]*\)|operator) does not exist[^\n]*)",
        findings.NO_FUNCTION,
    ),
    Rule(
        r"(?P<what>cannot (?:drop|alter) [^\n]*(?:other objects depend on|used by a)[^\n]*)",
        findings.DEPENDENT_OBJECTS,
    ),
    Rule(r"index row (?:size|requires) \d+[^\n]*(?:exceeds|maximum)", findings.INDEX_ROW),
    Rule(
        r"no schema has been selected to create in|schema \"(?!pg_)\w+\" does not exist",
        findings.NO_SCHEMA,
    ),
    Rule(
        r"cannot execute [\w ]+ in a read-only transaction",
        findings.READ_ONLY_DATABASE,
    ),
    Rule(
        r"could not extend file [^\n]*No space left|project size limit|disk is full",
        findings.DATABASE_FULL,
        {"table": "more space"},
    ),
    Rule(
        r"NotSupportedError: (?P<text>[^\n]*not supported (?:on|by) this database[^\n]*)"
        r"|(?P<text_>This database backend does not support [^\n]*)",
        findings.NEEDS_POSTGRES,
    ),
    Rule(
        r"KeyError: \(u?'(?P<app>\w+)', u?'(?P<model>\w+)'\)",
        findings.MIGRATION_STATE,
    ),
    Rule(r"(?:BadMigration|Irreversible)Error: (?P<text>[^\n]+)", findings.MIGRATION_SAYS),
    Rule(
        r"because it has pending trigger events",
        findings.PENDING_TRIGGERS,
    ),
    Rule(
        r"column \"(?P<column>\w+)\" (?:of relation \"\w+\" )?contains null values",
        findings.NULLS_IN_COLUMN,
    ),
    Rule(
        r"could not create unique index",
        findings.DUPLICATES,
    ),
    Rule(
        r"(?P<what>constraint \"\w+\" (?:of relation \"\w+\" |for relation \"\w+\" )?"
        r"(?:does not exist|already exists)"
        r"|(?:index|sequence|table|view) \"\w+\" does not exist"
        r"|Found wrong number \(\d+\) of constraints for [^\n]*"
        r"|foreign key constraint \"\w+\" cannot be implemented"
        r"|there is no unique constraint matching given keys[^\n]*"
        r"|type \"\w+\" already exists)",
        findings.OTHER_SCHEMA,
    ),
    Rule(
        r"(?P<what>multiple (?:default values specified|primary keys) for [^\n]*"
        r"|table \"\w+\" has more than one primary key|Multiple primary key defined)",
        findings.PRIMARY_KEY,
    ),
    Rule(
        r"OperationalError: table \"?(?P<table>\w+)\"? already exists"
        r"|Table '(?P<table_>\w+)' already exists",
        findings.TABLE_EXISTS,
    ),
    Rule(
        r"Dependency on app with no migrations: (?P<app>\w+)"
        r"|App '(?P<app_>\w+)' does not have migrations",
        findings.NO_MIGRATIONS,
    ),
    Rule(
        r"(?:trying to add|impossible to add) (?:a|the) non-nullable field '(?P<name>\w+)'"
        r"|trying to change the nullable field '(?P<name_>\w+)'",
        findings.NO_DEFAULT,
    ),
    Rule(
        r"(?:attempt to write a readonly database|unable to open database file"
        r"|database is locked|database disk image is malformed)",
        findings.SQLITE,
    ),
    Rule(
        r"SQLite [\d.]+ or later is required|deterministic=True requires SQLite",
        findings.OLD_SQLITE,
    ),
    Rule(
        r"Access denied for user '[^']*'@",
        findings.DATABASE_PASSWORD,
    ),
    Rule(
        r"Unknown database '(?P<name>[\w-]+)'",
        findings.NO_SUCH_DATABASE,
    ),
    Rule(
        r"mysqlclient [\d.]+ or newer is required|caching_sha2_password",
        findings.MYSQL_CLIENT,
    ),
    Rule(
        r"Can't connect to MySQL server on '(?P<host>[^']+)'",
        findings.DATABASE_UNREACHABLE,
    ),
    Rule(
        r"ServerSelectionTimeoutError|pymongo\.errors\.\w+|bad auth : ?[Aa]uthentication failed"
        r"|SQLDecodeError",
        findings.MONGODB,
    ),
    Rule(
        r"lazy reference to '(?P<name>[\w.]+)', but app '\w+' doesn't provide model",
        findings.NOT_IN_INSTALLED_APPS,
    ),
    Rule(
        r"CircularDependencyError",
        findings.MIGRATION_CIRCLE,
    ),
    Rule(
        r"Problem installing fixtures: |Problem installing fixture '(?P<name>[^']+)'"
        r"|No fixture named '(?P<name_>[^']+)' found|DeserializationError",
        findings.FIXTURE,
        {"name": "in this log"},
    ),
    Rule(
        r"did not find magic string in file header|unsupported version \([\d.]+\) in file header"
        r"|input file appears to be a text format dump",
        findings.DUMP_FORMAT,
    ),
    Rule(
        r"[Rr]emote database is not empty",
        findings.NOT_EMPTY,
    ),
    Rule(
        r"aborting because of server version mismatch|local psql command could not be located"
        r"|spawn (?:psql|pg_dump|pg_restore) ENOENT"
        r"|'(?:createdb|psql|pg_dump|pg_restore)' is not recognized"
        r"|(?:createdb|psql|pg_dump|pg_restore): command not found"
        r"|command not found: (?:createdb|psql|pg_dump|pg_restore)",
        findings.POSTGRES_PROGRAMS,
    ),
    Rule(
        r"failed to resolve host '(?P<host>[^']+)'",
        findings.UNKNOWN_DATABASE_HOST,
    ),
    Rule(
        r"has no column named (?P<column>\w+)|Unknown column '(?P<column_>[\w.]+)' in",
        findings.NO_COLUMN,
    ),
    Rule(
        r"Duplicate entry '[^']*' for key",
        findings.CONSTRAINT,
        {"rule": "unique"},
    ),
)
