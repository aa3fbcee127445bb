"""Errors of Python and of the settings."""

from preflight import findings
from preflight.advice.rule import Rule

# Modules that Python 3 has renamed, and usual names for a part of a package.
PYTHON_2 = (
    r"urllib2|urlparse|httplib|xmlrpclib|StringIO|cStringIO|cPickle|ConfigParser|Queue|Cookie"
    r"|cookielib|HTMLParser|htmlentitydefs|SocketServer|BaseHTTPServer|SimpleHTTPServer|commands"
    r"|__builtin__|exceptions|copy_reg|Tkinter|UserDict|robotparser|email\.(?:MIME|Utils"
    r"|Encoders)\w*"
)
PARTS = (
    r"admin|app_settings|base|backends?|client|common|compat|conf|config|constants|core|defaults"
    r"|errors|fields|forms|handlers|helpers|managers|middleware|mixins|models|serializers|settings"
    r"|signals|tasks|tools|types|urls|utils|validators|version|_?version|views|widgets"
)

# Messages of packages whose versions do not fit, and what to write.
VERSIONS = (
    (r"unexpected keyword argument 'proxies'", "Update openai, or write httpx<0.28"),
    (r"X509_V_FLAG_\w+|module 'lib' has no attribute '\w+'", "Update pyOpenSSL and cryptography"),
    (r"`BaseSettings` has been moved|PydanticImportError", "Write pydantic<2"),
    (
        r"'(?:EntryPoints|SelectableGroups)' object has no attribute",
        "Write importlib-metadata<5, or update celery, kombu and flake8",
    ),
    (
        r"database connection isn't set to UTC",
        "Write psycopg2-binary<2.9, or update Django to 3.2 or newer",
    ),
    (r"unhashable type: 'Redis'", "Update celery and kombu, or write redis<3.4"),
    (r"urllib3 v2[.\d]* only supports OpenSSL", "Write urllib3<2"),
    (
        r"module 'jwt' has no attribute|argument: 'algorithms'|value for the \"algorithms",
        "Write PyJWT (not jwt), and pass algorithms=[...] to decode(), or write PyJWT<2",
    ),
    (r"module 'attr' has no attribute", "Write attrs (not attr)"),
    (r"module 'bcrypt' has no attribute '__about__'", "Write bcrypt<4.1, or update passlib"),
    (r"'(?:DataFrame|Series)' object has no attribute '(?:append|iteritems|ix)'", "Write pandas<2"),
    (r"Descriptors cannot (?:not )?be created directly", "Write protobuf<3.21"),
)
# Packages that were made for a Python without these modules.
BACKPORTS = (
    (r"module 'typing' has no attribute '_ClassVar'", "dataclasses"),
    (r"type object 'Callable' has no attribute '_abc_registry'", "typing"),
    (r"module 'enum' has no attribute 'IntFlag'", "enum34"),
    (r"site-packages/pathlib\.py\"", "pathlib"),
)

RULES = (
    Rule(
        r"Can't get attribute '(?P<name>\w+)' on <module '__main__'",
        findings.PICKLED_MAIN,
    ),
    Rule(
        r"NameError: name 'django' is not defined",
        findings.ENGINE_CALLED,
    ),
    Rule(
        r"NameError: (?:global )?name '(?P<name>unicode|basestring|xrange|raw_input|reduce)' is "
        r"not defined",
        findings.OLD_NAME,
    ),
    Rule(
        r"NameError: (?:global )?name '(?P<name>\w+)' is not defined"
        r"|(?:local|free) variable '(?P<name_>\w+)' (?:referenced before|where it is not)",
        findings.UNDEFINED_NAME,
    ),
    # Python 2 looks for a module in the folder of the file that imports it, too.
    Rule(
        r"File \"[^\"]*(?:site|dist)-packages/(?P<package>\w+)/[^\"]*\", line \d+[^\n]*\n"
        rf"(?:\w*\.)?(?:ModuleNotFound|Import)Error: No module named '?(?:{PARTS}|{PYTHON_2})'?$",
        findings.OLD_PACKAGE,
    ),
    Rule(
        rf"No module named '?(?P<name>{PYTHON_2})'?$",
        findings.OLD_NAME,
    ),
    # A package that this Python cannot parse.
    Rule(
        r"File \"[^\"]*(?:site|dist)-packages/(?P<package>\w+)[^\"]*\", line \d+\n"
        r"(?:[^\n]*\n)??(?:Syntax|Indentation|Tab)Error: ",
        findings.OLD_PACKAGE,
    ),
    Rule(
        r"SyntaxError: (?P<what>Missing parentheses in call to '(?:print|exec)'"
        r"|multiple exception types must be parenthesized"
        r"|leading zeros in decimal integer literals[^\n]*|<> is)",
        findings.PYTHON_2_CODE,
    ),
    Rule(
        r"(?<![\w.])(?:Syntax|Indentation|Tab)Error: (?P<what>(?!Unexpected |Cannot use import"
        r"|Invalid or unexpected|missing \) after|JSON\.parse|The string did not match).+)",
        findings.SYNTAX,
    ),
    Rule(
        r"No module named '?env'?$",
        findings.ENV_PY,
    ),
    Rule(
        r"No module named '?(?P<module>(?:[\w.]+\.)?(?:local_?settings|settings_local|local|secret"
        r"|secret_?(?:settings|key|keys)|settings_?(?:secrets?|private)|private_?settings"
        r"|api_?keys?"
        r"|keys|credentials|passwords?))'?$",
        findings.IGNORED_SETTINGS,
    ),
    Rule(
        r"No module named '?(?:fcntl|pwd|grp)'?$|has no attribute '(?:AF_UNIX|geteuid)'",
        findings.GUNICORN_ON_WINDOWS,
    ),
    Rule(
        r"No module named '?(?P<module>win32\w*|winreg|_winreg|msvcrt|_winapi|winsound|pythoncom"
        r"|pywintypes|win10toast|wmi)\b|ImportError: (?P<module_>win32) only",
        findings.ONLY_WINDOWS,
    ),
    Rule(
        r"No module named '_?tkinter'|libt(?:k|cl)\d[\w.]*: cannot open shared"
        r"|no display name and no \$DISPLAY|DisplayNameError|DisplayConnectionError"
        r"|KeyError: 'DISPLAY'|[Cc]ould not connect to display|this platform is not supported: "
        r"\('failed to acquire X connection",
        findings.NO_SCREEN,
    ),
    Rule(
        r"No module named '?(?P<module>_(?:sqlite3|ctypes|bz2|lzma|ssl|curses|dbm|gdbm))\b",
        findings.PYTHON_PART,
    ),
    Rule(
        r"Couldn't import Django\.",
        findings.NOT_INSTALLED,
        {"module": "django"},
    ),
    Rule(r"No module named '?pip'?$", findings.NO_PIP),
    Rule(
        r"no pq wrapper available|libpq library not found",
        findings.NOT_INSTALLED,
        {"module": "psycopg_binary"},
    ),
    Rule(
        r"(?P<text>numpy\.\w+ size changed[^\n]*|numpy\.core\.multiarray failed to import"
        r"|_ARRAY_API not found|module 'numpy' has no attribute '[^\n]*"
        r"|compiled using NumPy 1\.x cannot[^\n]*|`np\.\w+` was removed in the NumPy[^\n]*)",
        findings.NUMPY,
    ),
    *(
        Rule(rf"(?P<text>(?:{pattern})[^\n]*)", findings.VERSIONS, {"hint": hint})
        for pattern, hint in VERSIONS
    ),
    *(Rule(pattern, findings.BACKPORT, {"package": package}) for pattern, package in BACKPORTS),
    Rule(
        r"(?P<text>'AnonymousUser' object [^\n]*"
        r"|Field '\w+' expected a number but got [^\n]*AnonymousUser[^\n]*"
        r"|Cannot assign \"<[^\n]*AnonymousUser[^\n]*)",
        findings.ANONYMOUS,
    ),
    Rule(
        r"'(?:WSGI|ASGI)Request' object has no attribute '(?P<name>user|session|_messages|site)'"
        r"|without (?:Session|Message|Authentication)Middleware"
        r"|You cannot add (?P<name_>messages) without installing",
        findings.NO_MIDDLEWARE,
        {"name": "session or user"},
    ),
    Rule(
        r"[WA]SGI application '[\w.]+' could not be loaded; Error importing module",
        findings.WSGI_NOT_LOADED,
        consequence=True,
    ),
    Rule(
        r"(?P<text>Too many open files|can't start new thread|Resource temporarily unavailable"
        r"|unable to fork)",
        findings.RESOURCES,
    ),
    Rule(r"RecursionError|maximum recursion depth exceeded", findings.RECURSION),
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
    # pip builds a package in an environment that only has what the package declares.
    Rule(
        r"(?:Getting requirements to build wheel|Preparing (?:metadata|wheel metadata)"
        r"|python setup\.py egg_info|in get_requires_for_build_\w+"
        r"|in prepare_metadata_for_build_\w+|build_meta\.py)"
        r"[^\n]*\n(?:(?!\s*Collecting |-----> )[^\n]*\n){0,60}?"
        r"[^\n]*(?:ModuleNotFound|Import)Error: No module named '?"
        r"(?P<module>(?!setuptools|distutils|_|imp\b|pip\b)\w+)",
        findings.UNDECLARED_BUILD,
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
        r"No module named '?django\.(?P<name>(?:apps|conf|contrib|core|db|dispatch|forms|http"
        r"|middleware|newforms|shortcuts|tasks|template|templatetags|test|urls|utils"
        r"|views)\b[\w.]*)",
        findings.REMOVED_FROM_DJANGO,
    ),
    # The compiled part of a package.
    Rule(
        r"No module named '(?P<package>\w+)(?:\.\w+)*\._\w+'"
        r"|DLL load failed while importing (?P<package_>\w+)",
        findings.COMPILED_FOR_OTHER_SYSTEM,
    ),
    Rule(
        r"partially initialized module '(?P<module>[\w.]+)' has no attribute",
        findings.HALF_LOADED,
    ),
    Rule(
        r"didn't return an HttpResponse object|Expected a `Response`, `HttpResponse` or",
        findings.NO_RESPONSE,
    ),
    Rule(r"fernet\.InvalidToken|signing\.BadSignature", findings.OTHER_KEY),
    Rule(
        r"__class__ not set defining 'AbstractBaseUser'",
        findings.OLD_PACKAGE,
        {"package": "Django"},
    ),
    Rule(
        r"No module named '(?P<module>[\w-]+\.[\w.]+)'",
        findings.NO_SUCH_SUBMODULE,
    ),
    Rule(
        r"No module named '?(?P<name>[a-z]{2}_(?:core|vectors|dep|ent)_\w+)'?"
        r"|(?:No matching distribution found for|satisfies the requirement) "
        r"(?P<name_>[a-z]{2}[-_](?:core|vectors|dep|ent)[-_]\w+[-_]\w+)",
        findings.NO_MODEL_DATA,
    ),
    Rule(
        r"(?<!implementation:\s)No module named '(?P<module>[\w-]+)'"
        r"|No module named (?P<module_>\w[\w.]*)\b\"?$",
        findings.NOT_INSTALLED,
    ),
    Rule(
        r"DistributionNotFound: The '(?P<module>[\w.-]+)[^']*' distribution was not found"
        r"|PackageNotFoundError: No package metadata was found for (?P<module_>[\w.-]+)",
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
        r"|can ?not import name '?(?P<name_>patterns|ugettext(?:_lazy)?|ugettext_noop"
        r"|ungettext(?:_lazy)?|(?:force|smart)_(?:text|unicode)|python_2_unicode_compatible"
        r"|urlquote(?:_plus)?|urlunquote|is_safe_url|staticfiles|render_to_response|simplejson|six"
        r"|SortedDict|MergeDict|get_cache|allow_lazy|available_attrs|NullBooleanField)\b"
        r"|Module \"(?P<module_>django\.[\w.]+)\" does not define a \"(?P<name__>\w+)\"",
        findings.REMOVED_FROM_DJANGO,
    ),
    Rule(
        r"cannot import name '(?P<name>\w+)' from 'collections'"
        r"|module 'collections' has no attribute '(?P<name_>\w+)'"
        r"|module 'pkgutil' has no attribute '(?P<name__>ImpImporter)'"
        r"|module 'inspect' has no attribute '(?P<name___>getargspec)'"
        r"|module 'asyncio' has no attribute '(?P<name____>coroutine)'"
        r"|'(?:dict|OrderedDict|QueryDict|Headers)' object has no attribute "
        r"'(?P<name_______>has_key|iter(?:items|keys|values))'"
        r"|'str' object has no attribute '(?P<name________>decode)'"
        r"|(?:module 'html\.parser' has no attribute|cannot import name) "
        r"'(?P<name_____>HTMLParseError)'"
        r"|module '(?:time|fractions|base64|ssl|ast|cgi|gettext|unittest|configparser)' has no "
        r"attribute '(?P<name______>clock|gcd|(?:en|de)codestring|wrap_socket|Str|Num|escape"
        r"|SafeConfigParser|makeSuite)'",
        findings.OLD_NAME,
    ),
    Rule(
        r"(?P<what>cannot import name '\w+' from '(?:typing|asyncio|functools|math|contextlib"
        r"|dataclasses|importlib|enum|statistics|types)'"
        r"|'type' object is not subscriptable"
        r"|unsupported operand type\(s\) for \|: (?:'type' and '\w+'|'\w+' and 'type')"
        r"|'str' object has no attribute 'remove(?:prefix|suffix)'"
        r"|No module named '(?:zoneinfo|tomllib|graphlib|dataclasses"
        r"|contextvars|importlib\.(?:metadata|resources))'"
        r"|module '(?:asyncio|math|functools)' has no attribute '(?:run|to_thread|timeout|TaskGroup"
        r"|comb|prod|dist|cache|cached_property)')",
        findings.NEW_NAME,
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
        r"Unable to load PROJ|(?:OGR|GDAL)Exception: OGR failure|Unable to open EPSG support file"
        r"|Cannot find proj\.db|is not usable without GDAL libs installed"
        r"(?=[\s\S]*(?:heroku-geo-buildpack|HAS_GDAL))",
        findings.GDAL_NOT_FOUND,
    ),
    Rule(
        r"cannot import name '?(?:GDALRaster|GEOSException|HAS_GEOS)\b"
        r"|is not usable without GDAL libs installed"
        r"|Could not find the (?:GDAL|GEOS) library|(?:GDAL|GEOS) is required and has not been"
        r"|(?:No such file or directory: '?|Could not (?:find|run) |: )gdal-config"
        r"|gdal_config_error|libgdal\.so|libgeos_c\.so",
        findings.GDAL,
    ),
    Rule(
        r"(?<!dlerror:\s)(?P<library>\blib[\w.+-]+\.so[\w.]*): cannot open shared object file"
        r"|OSError[:\]] (?:[\w.-]+: )?(?:no library called \"|cannot load library ')"
        r"(?P<library__>[\w.+-]+)"
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
        r"Requested settings?,? [^\n]*but settings are not configured"
        r"|environment variable DJANGO_SETTINGS_MODULE (?:or call|is undefined)",
        findings.SETTINGS_NOT_CONFIGURED,
    ),
    Rule(
        r"Model class (?P<name>[\w.]+) doesn't declare an explicit app_label"
        r"|AUTH_USER_MODEL refers to model '(?P<name_>[\w.]+)' that has not been installed"
        r"|No installed app with label '(?P<name__>\w+)'"
        r"|lazy reference to '(?P<name___>[\w.]+)', but app '\w+' isn't installed"
        r"|'(?P<name_____>(?!staticfiles|admin_static|future|url|bootstrap_toolkit)\w+)' is not a "
        r"(?:valid|registered) tag library"
        r"|type object '(?P<name____>\w+)' has no attribute 'objects'",
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
    Rule(
        r"'(?:Settings|UserSettingsHolder)' object has no attribute "
        r"'(?P<name>(?!STATICFILES_STORAGE|DEFAULT_FILE_STORAGE)[A-Z]\w+)'"
        r"|module '[\w.]*settings(?:\.\w+)?' has no attribute '(?P<name_>\w+)'",
        findings.NO_SETTING,
    ),
    # With the path of a package behind the name, its version is the cause.
    Rule(
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'"
        r"(?![^\n]*(?:site|dist)-packages)"
        r"|cannot import name (?:'(?P<name_>\w+)'|(?P<name__>\w+)\b)(?! from)"
        r"|Module \"(?P<module_>[\w.]+)\" does not define a \"(?P<name___>\w+)\"",
        findings.CANNOT_IMPORT_NAME,
        {"module": "a module"},
    ),
    Rule(
        r"'(?P<name>(?!django\.contrib\.gis)[\w.]+)' isn't an available database backend",
        findings.BAD_ENGINE,
    ),
    Rule(
        r"The included (?:URLconf|urlconf) '?(?:<module ')?(?P<name>[\w.]+)'[^\n]* "
        r"(?:does not appear to have any patterns|doesn't have any patterns)",
        findings.NO_PATTERNS,
    ),
    Rule(
        r"(?P<what>missing 1 required positional argument: 'on_delete'"
        r"|view must be a callable or a list/tuple in the case of include\(\)"
        r"|Specifying a namespace in include\(\) without providing an app_name"
        r"|Passing a 3-tuple to include\(\) is not supported"
        r"|context must be a dict rather than \w+"
        r"|(?:login|logout|password_\w+|logout_then_login)\(\) got an unexpected keyword "
        r"argument '\w+'"
        r"|got an unexpected keyword argument '(?:context_instance|mimetype|providing_args"
        r"|renderer)'"
        r"|'module' object has no attribute '(?:patterns|permalink|get_model)'"
        r"|'WSGIRequest' object has no attribute '(?:is_ajax|REQUEST|user_agent)'"
        r"|from_db_value\(\) (?:missing 1 required positional argument: 'context'"
        r"|takes \d+ positional)"
        r"|module 'django\.[\w.]+' has no attribute '\w+'"
        r"|No module named 'django\.contrib\.(?:formtools|comments|localflavor|webdesign)"
        r"|'Options' object has no attribute '\w+'"
        r"|'datetime\.timezone' object has no attribute '(?:localize|normalize)'"
        r"|get_response must be provided"
        r"|\w+Middleware\(\) takes no arguments|object\(\) takes no parameters"
        r"|'bool' object is not callable"
        r"|\w+ has been removed(?: in Django| except for support in historical)[^\n]*)",
        findings.OLD_DJANGO_CODE,
    ),
    Rule(
        r"'\w+' object has no attribute '(?P<name>create_(?:super)?user|get_by_natural_key"
        r"|normalize_email)'",
        findings.USER_MANAGER,
    ),
    Rule(
        r"super\(\) takes at least 1 argument \(0 given\)"
        r"|SyntaxError: Non-ASCII character '"
        # Python 2 writes the name without quotes.
        r"|No module named (?:builtins|configparser|pathlib|html\.parser|http\.\w+|queue|tkinter"
        r"|urllib\.(?:parse|request|error))$"
        r"|'encoding' is an invalid keyword argument for this function",
        findings.PYTHON_2_RUNS,
    ),
    Rule(
        r"Application labels aren't unique, duplicates: (?P<name>\w+)"
        r"|Application names aren't unique, duplicates: (?P<name_>[\w.]+)",
        findings.APP_TWICE,
    ),
    Rule(
        r"Manager isn't available; '(?P<name>[\w.]+)' has been swapped",
        findings.SWAPPED_USER,
    ),
    Rule(
        r"App '(?P<app>\w+)' doesn't have a '(?P<name>\w+)' model",
        findings.NOT_IN_INSTALLED_APPS,
    ),
    Rule(
        r"Cannot import '(?P<name>[\w.]+)'\. Check that"
        r"|Module ['\"][\w.]+['\"] does not contain a ['\"](?P<name_>\w+)['\"] class"
        r"|'(?P<name__>[\w.]+)' isn't a subclass of AppConfig"
        r"|'(?P<name___>[\w.]+)' must supply a name attribute",
        findings.BAD_APP_CONFIG,
    ),
    Rule(
        r"settings[^\n]*\.py\", line \d+, in <module>\n(?:[^\n]*\n){0,20}?"
        r"(?:TypeError|AttributeError|ValueError): "
        r"(?P<what>[^\n]*(?:NoneType|invalid literal for int\(\) with base 10: '')[^\n]*)",
        findings.UNSET_IN_SETTINGS,
    ),
    Rule(
        r"settings[^\n]*\.py\", line \d+, in <module>\n"
        r"KeyError: u?'(?P<name>(?!(?:OPTIONS|ENGINE|TEST|DIRS|BACKEND|NAME)')[A-Z][A-Z0-9_]+)'"
        r"|UserDict\.py\", line \d+, in __getitem__\n(?:[^\n]*\n)??"
        r"KeyError: '(?P<name_>[A-Z][A-Z0-9_]+)'"
        r"|(?:Error|Exception|Configured): [^\n]*?\b(?P<name__>(?!(?:[AW]SGI_APPLICATION"
        r"|(?:STATIC|MEDIA)_(?:URL|ROOT)|ROOT_URLCONF|CHANNEL_LAYERS|SITE_ID)\b)"
        r"[A-Z][A-Z0-9]*_[A-Z0-9_]+)"
        r"(?: env(?:ironment)?(?: var(?:iable)?)?)?,? (?:is )?"
        r"(?:not set|missing|required|not defined|not found)\b"
        r"|(?:[Mm]issing|[Nn]o|[Uu]ndefined) (?:\w+ )?(?:[Ee]nv(?:ironment)?"
        r"|[Cc]onfig)[ _]var(?:iable)?s?:? ['\"\[]?(?P<name___>[A-Z][A-Z0-9_]{3,})"
        r"|Set the (?P<name____>[A-Z][A-Z0-9_]{3,}) env",
        findings.MISSING_AT_IMPORT,
    ),
    Rule(
        r"(?:Not a boolean|Invalid truth value|invalid truth value): '?(?P<text>[^'\n]*)",
        findings.NOT_A_BOOLEAN,
    ),
    Rule(
        r"populate\(\) isn't reentrant",
        findings.EARLIER_FAILURE,
        consequence=True,
    ),
    Rule(
        r"unsupported locale setting",
        findings.LOCALE,
    ),
    Rule(
        r"No time zone found with key (?P<name>[\w/+-]+)"
        r"|UnknownTimeZoneError: '?(?P<name_>[\w/+-]+)"
        r"|Incorrect timezone setting: (?P<name__>[\w/+-]+)",
        findings.TIME_ZONE,
    ),
    Rule(
        r"attempted relative import (?:with no known parent package|beyond top-level package"
        r"|in non-package)|Attempted relative import in non-package"
        r"|Parent module '[^']*' not loaded, cannot perform relative import",
        findings.RELATIVE_IMPORT,
    ),
    Rule(
        r"EOFError: EOF when reading a line|not running in a TTY",
        findings.ASKS,
    ),
    Rule(
        r"LookupError: \s*\**\s*Resource '?(?P<name>[\w/.-]+)'? not found"
        r"|Can't find model '(?P<name_>[\w.-]+)'\. It doesn't seem to be",
        findings.NO_MODEL_DATA,
    ),
    Rule(
        r"No (?P<program>wkhtmltopdf|wkhtmltoimage) executable found"
        r"|'(?P<program_>\w+driver(?:\.exe)?)' executable needs to be in PATH"
        r"|(?:Unable to (?:find|obtain) |Service \S*/)(?P<program_________>\w+driver)\b"
        r"|(?P<program__>tesseract) is not installed or it's not in your PATH"
        r"|Is (?P<program___>poppler) installed and in PATH"
        r"|failed to execute (?:PosixPath\()?\[?'(?P<program____>dot)'"
        r"|Bad (?P<program_____>git) executable"
        r"|No such file or directory: u?'(?P<program________>ff(?:mpeg|probe)|git|pandoc|convert|gs"
        r"|java|Rscript|tesseract|dot|wkhtmlto\w+|\w*latex|libreoffice|soffice|\w+driver|pdf\w+)'"
        r"|subprocess\.py\"(?:[^\n]*\n){1,8}?[^\n]*No such file or directory: "
        r"'(?P<program_______>(?!npm|npx|node|yarn|pnpm|bower|lessc|sass)[\w-]+)'$",
        findings.MISSING_PROGRAM,
    ),
    Rule(
        r"The '(?P<name>\w+)' attribute has no file associated with it",
        findings.NO_FILE_IN_FIELD,
    ),
    Rule(
        r"^(?:[\w.]*\.)?_?(?:Array)?MemoryError\b|^Killed$|Cannot allocate memory"
        r"|JavaScript heap out of memory",
        findings.OUT_OF_MEMORY,
    ),
    Rule(
        r"The app module <module '(?P<name>[\w.]+)'[^\n]* has multiple filesystem locations",
        findings.NO_INIT,
    ),
    Rule(
        r"Not a directory: u?'(?P<file_name>[^'\n]*?\.pyc?)/",
        findings.FILE_AS_FOLDER,
    ),
)
