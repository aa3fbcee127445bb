"""Errors of Python and of the settings."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"NameError: name 'django' is not defined",
        findings.ENGINE_CALLED,
    ),
    Rule(
        r"NameError: name '(?P<name>unicode|basestring|xrange|raw_input|reduce)' is not defined",
        findings.OLD_NAME,
    ),
    Rule(
        r"NameError: name '(?P<name>\w+)' is not defined",
        findings.UNDEFINED_NAME,
    ),
    # A package that this Python cannot parse.
    Rule(
        r"File \"[^\"]*(?:site|dist)-packages/(?P<package>\w+)[^\"]*\", line \d+\n"
        r"(?:[^\n]*\n)??(?:Syntax|Indentation|Tab)Error: ",
        findings.OLD_PACKAGE,
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
        r"Couldn't import Django\.",
        findings.NOT_INSTALLED,
        {"module": "django"},
    ),
    Rule(
        r"No module named '?django_heroku'?|module 'django_heroku' has no attribute",
        findings.DJANGO_HEROKU_MISSING,
    ),
    Rule(
        r"No module named '?whitenoise\.django'?|Your WhiteNoise configuration is incompatible"
        r"|before importing 'whitenoise\.django'|cannot import name '?DjangoWhiteNoise",
        findings.WHITENOISE_IN_WSGI,
    ),
    Rule(
        r"No module named '?MySQLdb'?|Error loading MySQLdb module",
        findings.MYSQL_CLIENT,
    ),
    Rule(
        r"No module named '?(?P<module>[\w-]*\.(?:wsgi|asgi))\b'?"
        r"|required to perform a relative import for '(?P<module_>\.(?:wsgi|asgi))'",
        findings.WRONG_PACKAGE,
    ),
    Rule(
        r"No module named '(?P<module>\w+)\.(?=[\w.]+'; '(?P=module)' is not a package)",
        findings.HIDDEN_PACKAGE,
    ),
    Rule(
        r"No module named (?:\"'|'\"|'\\')\w",
        findings.QUOTED_SETTINGS_MODULE,
    ),
    Rule(
        r"No module named '?(?P<module>[\w.]*\bsettings(?:\.\w+)?)\b'?",
        findings.WRONG_SETTINGS_MODULE,
    ),
    Rule(
        r"in import_app\n(?:\s*File \"(?:<frozen|[^\"]*importlib)[^\n]*\n)*"
        r"(?:ModuleNotFound|Import)Error: No module named '?(?P<module>[\w.-]+)\b",
        findings.WRONG_PACKAGE,
    ),
    Rule(
        r"No module named '?(?P<module>distutils|pkg_resources|setuptools|imp|cgi|asyncore"
        r"|importlib_metadata)\b(?!\.)",
        findings.OLD_MODULE,
        {"user": "A package in the traceback"},
    ),
    # Python 2 names the whole path if Django is not installed.
    Rule(
        r"No module named django\.(?:core(?:\.(?:management|wsgi|asgi|exceptions|handlers))?"
        r"|conf|db|http|utils|apps)$",
        findings.NOT_INSTALLED,
        {"module": "django"},
    ),
    Rule(
        r"No module named '?django\.(?P<name>[\w.]+)",
        findings.REMOVED_FROM_DJANGO,
    ),
    Rule(
        r"No module named '?(?P<module>[\w-]+\.[\w.]+)'?",
        findings.NO_SUCH_SUBMODULE,
    ),
    Rule(
        r"No module named '(?P<module>[\w-]+)'|No module named (?P<module_>\w+)$",
        findings.NOT_INSTALLED,
    ),
    Rule(
        r"Error loading psycopg2? (?:or psycopg )?module",
        findings.NOT_INSTALLED,
        {"module": "psycopg2"},
        consequence=True,
    ),
    Rule(
        r"Could not load Boto3's S3 bindings",
        findings.NOT_INSTALLED,
        {"module": "boto3"},
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from partially initialized module "
        r"'(?P<module>[\w.]+)'",
        findings.CIRCULAR_IMPORT,
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from '(?P<module>django\b[\w.]*)'"
        r"|cannot import name '?(?P<name_>ugettext(?:_lazy)?|ugettext_noop|ungettext(?:_lazy)?"
        r"|force_text|smart_text|python_2_unicode_compatible|urlquote|is_safe_url"
        r"|staticfiles|render_to_response)\b",
        findings.REMOVED_FROM_DJANGO,
    ),
    Rule(
        r"cannot import name '(?P<name>Mapping|MutableMapping|Iterable|Callable|Sequence"
        r"|MutableSet|Hashable)' from 'collections'"
        r"|module 'collections' has no attribute '(?P<name_>\w+)'"
        r"|module 'pkgutil' has no attribute '(?P<name__>ImpImporter)'"
        r"|module 'inspect' has no attribute '(?P<name___>getargspec)'"
        r"|module 'asyncio' has no attribute '(?P<name____>coroutine)'"
        r"|(?:module 'html\.parser' has no attribute|cannot import name) "
        r"'(?P<name_____>HTMLParseError)'"
        r"|module '(?:time|fractions|base64|ssl|ast|cgi|gettext|unittest|configparser)' has no "
        r"attribute '(?P<name______>clock|gcd|(?:en|de)codestring|wrap_socket|Str|Num|escape"
        r"|SafeConfigParser|makeSuite)'",
        findings.OLD_NAME,
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)' "
        r"\([^)]*(?:site|dist)-packages",
        findings.MISMATCHED_PACKAGES,
    ),
    Rule(
        r"ImportError: \S*(?:site|dist)-packages/(?P<package>\w+)/\S*\.so\S*: "
        r"(?:symbol|undefined symbol|version)"
        r"|ImportError: [^\n]*version `GLIBC\w*_[\d.]+' not found "
        r"\(required by \S*(?:site|dist)-packages/(?P<package_>\w+)",
        findings.COMPILED_FOR_OTHER_SYSTEM,
    ),
    Rule(
        r"cannot import name '?(?:GDALRaster|GEOSException|HAS_GEOS)\b"
        r"|Could not find the (?:GDAL|GEOS) library|(?:GDAL|GEOS) is required and has not been"
        r"|(?:No such file or directory: '?|Could not (?:find|run) |: )gdal-config"
        r"|gdal_config_error|libgdal\.so|libgeos_c\.so",
        findings.GDAL,
    ),
    Rule(
        r"(?P<library>lib[\w.+-]+\.so[\w.]*): cannot open shared object file"
        r"|OSError: (?:no library called \"|cannot load library ')(?P<library__>[\w.+-]+)"
        r"|failed to find (?P<library_>libmagic)\.",
        findings.MISSING_LIBRARY,
    ),
    Rule(
        r"You must set settings\.ALLOWED_HOSTS if DEBUG is False",
        findings.NO_ALLOWED_HOSTS,
    ),
    Rule(
        r"AppRegistryNotReady",
        findings.APPS_NOT_LOADED,
    ),
    Rule(
        r"Requested settings?,? [^\n]*but settings are not configured",
        findings.SETTINGS_NOT_CONFIGURED,
    ),
    Rule(
        r"Model class (?P<name>[\w.]+) doesn't declare an explicit app_label"
        r"|AUTH_USER_MODEL refers to model '(?P<name_>[\w.]+)' that has not been installed"
        r"|No installed app with label '(?P<name__>\w+)'"
        r"|lazy reference to '(?P<name___>[\w.]+)', but app '\w+' isn't installed",
        findings.NOT_IN_INSTALLED_APPS,
    ),
    Rule(
        r"unsupported operand type\(s\) for (?:\+: '(?:Posix|Windows)Path' and 'str'"
        r"|\+: 'str' and '(?:Posix|Windows)Path'|/: 'str' and 'str')",
        findings.PATH_AND_TEXT,
    ),
    Rule(
        r"AccountMiddleware must be added to settings\.MIDDLEWARE",
        findings.ACCOUNT_MIDDLEWARE,
    ),
    Rule(
        r"File \"(?:<frozen os>|[^\"]*\bos\.py)\", line \d+, in __getitem__\n"
        r"KeyError: '(?P<name>\w+)'"
        # The lines of code are only left in a paste that begins inside a traceback.
        r"|environ\[['\"](?P<name_>\w+)['\"]\][^\n]*\n(?:[^\n]*\n){0,6}?"
        r"[^\n]*KeyError: '(?P=name_)'"
        r"|raise KeyError\(key\) from None\n\s*KeyError: '(?P<name__>\w+)'",
        findings.MISSING_AT_IMPORT,
    ),
    Rule(
        r"UndefinedValueError: (?P<name>\w+) not found|Set the (?P<name_>\w+) environment variable"
        r"|(?P<name__>[A-Z][A-Z0-9]*_[A-Z0-9_]+) (?:environment|env|config) var(?:iable)? "
        r"(?:must be|is not|is required|is missing|not set|not found)"
        r"|(?:[Ee]nvironment|[Cc]onfig) variable '?(?P<name___>[A-Z][A-Z0-9]*_[A-Z0-9_]+)'? "
        r"(?:must be|is not|is required|is missing|not set|not found)",
        findings.MISSING_AT_IMPORT,
    ),
    Rule(
        r"The SECRET_KEY setting must not be empty",
        findings.MISSING_VARIABLE,
        {"name": "SECRET_KEY"},
    ),
)
