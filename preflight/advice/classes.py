"""What the class of an exception says, for exceptions that no rule knows."""

from preflight import findings
from preflight.advice.rule import Rule

TEXT = r"(?:: *(?P<text>.*))?$"
NO_TEXT = {"text": "it has no message."}
DATABASE = (
    r"(?:django\.db\.utils|psycopg2?|sqlite3|pymysql|MySQLdb|_mysql_exceptions|asyncpg"
    r"|sqlalchemy\.exc)\.[\w.]+"
    r"|(?:Operational|Programming|Integrity|Data|Interface|Internal|NotSupported|Database)Error"
)
SERVICES = (
    r"(?:requests|urllib3?|httpx|httpcore|aiohttp|http\.client|socket|ssl|botocore|boto|google"
    r"|stripe|kombu|amqp|twilio|tweepy|openai|anthropic|elastic\w*|opensearchpy|pysolr"
    r"|googleapiclient|spotipy|telegram|slack\w*|sendgrid|mailchimp\w*|plaid|braintree|facebook"
    r"|github|praw|discord|pusher|algoliasearch|meilisearch|firebase_admin|shopify|oauthlib"
    r"|requests_oauthlib|pip\._vendor)\.[\w.]+"
    r"|Transport\w*Error|API\w+Error|ApiException|HttpError|RateLimitError|S3\w+Error"
    r"|Connection\w*Error|TimeoutError|HTTPError|URLError|MaxRetryError|SSL\w*Error"
    r"|(?:Read|Connect)Timeout(?:Error)?|gaierror"
)
DJANGO = (
    r"django\.[\w.]+|ValidationError|FieldError|FieldDoesNotExist|SuspiciousOperation"
    r"|PermissionDenied|Disallowed\w+|Http404"
)
FILES = (
    r"PermissionError|File\w+Error|IsADirectoryError|NotADirectoryError"
    r"|(?:OS|IO|Environment)Error(?=: \[Errno (?:2|13|17|20|21|28|30|36|39)\])"
)
# The number of an error of a connection: unreachable, reset, refused, no route, name not found.
NETWORK = r"(?:OS|IO)Error(?=: \[Errno (?:-\d|101|104|11[0134])\])"
VALUES = (
    r"ValueError|\w*ArithmeticError|OverflowError|ZeroDivisionError"
    r"|(?:[\w.]+\.)?JSONDecodeError|binascii\.Error"
)

# The first that matches the line of an exception counts.
RULES = (
    Rule(
        r"^[\w.]*(?:Error|Exception|Configured|Warning): (?P<text>[^\n]*(?:pip3? install "
        r"|\bto be installed|(?:is|are) not installed|[Mm]issing optional dependenc|must be "
        r"installed|need to install|[Pp]lease install )[^\n]*)",
        findings.OPTIONAL_PACKAGE,
    ),
    Rule(
        rf"^(?P<name>[\w.]*(?<!Field)(?<!Connection)DoesNotExist){TEXT}", findings.NO_ROW, NO_TEXT
    ),
    Rule(rf"^[\w.]*MultipleObjectsReturned{TEXT}", findings.SEVERAL_ROWS, NO_TEXT),
    Rule(rf"^[\w.]*NoReverseMatch{TEXT}", findings.NO_REVERSE, NO_TEXT),
    Rule(rf"^(?:[\w.]*\.)?CommandError{TEXT}", findings.COMMAND_SAYS, NO_TEXT),
    Rule(rf"^[\w.]*ImproperlyConfigured{TEXT}", findings.CONFIGURATION, NO_TEXT),
    Rule(rf"^(?P<name>{DATABASE}){TEXT}", findings.DATABASE_SAYS, NO_TEXT),
    Rule(
        rf"^(?P<name>(?:aio)?redis\.[\w.]*(?:Connection|Timeout|Authentication|BusyLoading)\w*){TEXT}",
        findings.REDIS_SAYS,
        NO_TEXT,
    ),
    Rule(rf"^(?P<name>(?:aio)?redis\.[\w.]+){TEXT}", findings.REDIS_REFUSED, NO_TEXT),
    Rule(rf"^(?P<name>{SERVICES}|{NETWORK}){TEXT}", findings.SERVICE_SAYS, NO_TEXT),
    Rule(rf"^(?:[\w.]*MultiValueDictKey|Key|Index)Error{TEXT}", findings.NO_KEY, NO_TEXT),
    Rule(rf"^(?P<name>{DJANGO}){TEXT}", findings.DJANGO_REFUSED, NO_TEXT),
    Rule(r"^(?:Attribute|Type)Error: (?P<text>.*\bNone(?:Type)?\b.*)", findings.NONE_VALUE),
    Rule(rf"^AttributeError{TEXT}", findings.WRONG_ATTRIBUTE, NO_TEXT),
    Rule(rf"^TypeError{TEXT}", findings.WRONG_CALL, NO_TEXT),
    Rule(rf"^Unicode\w*Error{TEXT}", findings.NOT_UTF8, NO_TEXT),
    Rule(
        r"^[\w.]*(?:Error|Exception): (?P<text>(?:Expecting value|No JSON object|Extra data"
        r"|Expecting property name|Invalid control character at|Unterminated string)\b.*)",
        findings.NOT_JSON,
    ),
    Rule(rf"^(?:{VALUES}){TEXT}", findings.WRONG_VALUE, NO_TEXT),
    Rule(rf"^(?:Import|ModuleNotFound)Error{TEXT}", findings.IMPORT_FAILED, NO_TEXT),
    Rule(rf"^(?:{FILES}){TEXT}", findings.FILE_SYSTEM, NO_TEXT),
    Rule(rf"^(?P<name>[A-Za-z_][\w.]*){TEXT}", findings.RAISED, NO_TEXT),
)
