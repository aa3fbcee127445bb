"""Messages of pip and uv."""

from preflight import findings, heroku
from preflight.advice.rule import Rule

# Packages that an operating system brings along, however their names are written.
SYSTEM_PACKAGES = "|".join(
    name.replace("-", "[-_.]") for name in heroku.DENIED if name != "backports-zoneinfo"
)

RULES = (
    # No other message of pip counts if it could not connect to the index.
    Rule(
        r"(?:Retrying \(Retry\(|There was a problem confirming the ssl certificate"
        r"|Could not fetch URL https://pypi)[^\n]*\n(?:[^\n]*\n){0,40}?"
        r"(?=[^\n]*(?:No matching distribution found|satisfies the requirement))",
        findings.PACKAGE_INDEX_DOWN,
    ),
    Rule(
        rf"(?:No matching distribution found for|satisfies the requirement|Because"
        rf"|Failed building wheel for|Failed to build) `?"
        rf"(?P<package>(?i:{SYSTEM_PACKAGES}))(?![\w.-]*[A-Za-z])"
        r"|(?:No matching distribution found for|satisfies the requirement|Because) "
        r"(?P<package_>[\w.-]+)={2,3}[\w.+-]*?(?:ubuntu|debian)"
        r"|(?P<package__>PyObjC) requires macOS to build",
        findings.OTHER_SYSTEM,
    ),
    Rule(
        r"(?:Failed building wheel for|Failed to build|Building wheel for|satisfies the requirement"
        r"|No matching distribution found for|Could not build wheels for) `?backports[.-]zoneinfo"
        r"(?! \(\S+\): (?:started|finished with status 'done'))",
        findings.ZONEINFO,
    ),
    Rule(
        r"mysql_config(?: not found|: not found|: command not found)"
        r"|Can not find valid pkg-config name",
        findings.MYSQL_CLIENT,
    ),
    Rule(
        r"Microsoft Visual C\+\+ [\d.]+ (?:or greater )?is required",
        findings.NO_WINDOWS_COMPILER,
    ),
    Rule(
        r"error in (?P<package>[\w.-]+) setup command: use_2to3 is invalid",
        findings.OLD_PACKAGE,
    ),
    Rule(
        r"[Dd]ouble requirement given: (?P<package>[\w.-]+)",
        findings.LISTED_TWICE,
    ),
    Rule(
        r"Could not open requirements file: [^\n]*: '(?P<name>[^']+)'",
        findings.NO_REQUIREMENTS_FILE,
    ),
    Rule(
        r"THESE PACKAGES DO NOT MATCH THE HASHES|Hashes are required in --require-hashes mode"
        r"|In --require-hashes mode, all requirements must",
        findings.HASHES,
    ),
    Rule(
        r"Obtaining [^\n]*git\+ssh://(?:\w+@)?(?P<host>[\w.-]+)"
        r"(?=(?:[^\n]*\n){1,15}?[^\n]*(?:Host key verification failed|Permission denied))",
        findings.GIT_OVER_SSH,
    ),
    Rule(
        r"could not read (?:Username|Password) for '[^']*': "
        r"(?:No such device or address|terminal prompts disabled)"
        r"|(?:git clone|git fetch)[^\n]*(?:did not run successfully|Command failed|exit code: 128)"
        r"|Command errored out with exit status 128: git clone",
        findings.PRIVATE_REPOSITORY,
    ),
    Rule(
        r"Your (?P<lock>Pipfile\.lock) \([^)]*\) is out of date"
        r"|(?P<lock_>poetry\.lock) is not up to date with pyproject\.toml"
        r"|changed significantly since (?P<lock__>poetry\.lock) was last generated",
        findings.OTHER_LOCK_STALE,
    ),
    Rule(
        r"vendor/pipenv-to-pip\"(?:[^\n]*\n){1,8}?\w+Error: ",
        findings.OTHER_LOCK_STALE,
        {"lock": "Pipfile.lock"},
    ),
    Rule(
        r"(?:app|content of app)\.json is not valid|does not contain a valid JSON entity",
        findings.INVALID_APP_JSON,
        {"problem": "Heroku cannot parse it"},
    ),
    # The version that is asked for is among those that need another Python.
    Rule(
        r"Ignored the following (?:yanked )?versions that require a different python version:"
        r"(?=[^\n]*?(?P<version>\d[\w.]*) Requires-Python[^\n]*\n(?:[^\n]*\n)??"
        r"[^\n]*satisfies the requirement [\w.\[\]-]+==(?P=version)[\s(])",
        findings.OTHER_PYTHON,
    ),
    Rule(
        r"pg_config executable not found|You need to install postgresql-server-dev",
        findings.PG_CONFIG,
    ),
    # The setup of a package fails, whatever it says.
    Rule(
        r"pip-install-\w+/(?P<package>[A-Za-z][\w.-]*?)(?:_[0-9a-f]{20,})?/[^\n]*\n"
        r"(?:[^\n]*\n){0,40}?(?:\w+\.)*\w+(?:Error|Exception|Exit): ",
        findings.NO_WHEEL,
    ),
    Rule(
        r"Invalid requirement: (?P<text>.*)"
        r"|/pip/[^\n]*\n(?:[^\n]*\n){0,40}?"
        r"UnicodeDecodeError: (?:[^\n]*0xf[ef] in position 0|'utf-(?:16|32))"
        r"|in auto_decode\n(?:[^\n]*\n){0,5}?UnicodeDecodeError: "
        r"|requirements\S*\.txt[^\n]*(?:\n[^\n]*){0,4}?stream did not contain valid UTF-8",
        findings.INVALID_REQUIREMENT,
    ),
    Rule(
        r"(?:No such file or directory|OSError|does not exist)[^\n]*['\"]?/(?:C:/|tmp/build|croot"
        r"|ci/|opt/conda)"
        r"|@ file:",
        findings.ONE_MACHINE,
    ),
    Rule(
        r"Could not install packages due to an (?:OSError|EnvironmentError): \[Errno 2\] "
        r"No such file or directory: '?(?:\S*/)?"
        r"(?:(?P<package>[^\s/']+(?:\.whl|\.zip|\.tar\.gz)|pip-install)\b"
        r"|(?P<package_>[A-Za-z][\w-]*))",
        findings.ONE_MACHINE,
    ),
    Rule(
        r"(?<!\ban\s)\b(?:FileNotFound|IO|OS|Environment)Error: [^\n]*No such file or directory: "
        r"u?'(?![^']*(?:static|assets)\w*/?')(?P<name>[^'\n]*[./][^'\n]*)'"
        r"|SavedModel file does not exist at: (?P<name_>[^{\s]+?)/?\{"
        r"|unable to open file: name = '(?P<name__>[^']+)'",
        findings.NO_FILE,
    ),
    Rule(
        r"requires a different Python: (?P<has>\S+) not in"
        r"|depends on Python(?P<needs>\S+)",
        findings.OTHER_PYTHON,
    ),
    # All versions of Django exist, but not for each Python.
    Rule(
        r"satisfies the requirement [Dd]jango(?=(?:[<>=~!]=?[\d.]+,?)+ \(from versions: \d)",
        findings.OTHER_PYTHON,
    ),
    Rule(
        r"(?:No matching distribution found for|satisfies the requirement) "
        r"(?P<package>[\w.-]+==[\d.]+\+[\w.]+)",
        findings.OTHER_INDEX,
    ),
    Rule(
        r"(?:No matching distribution found for|satisfies the requirement) (?P<package>[^\s(]+)"
        r"|Because (?P<package_>\S+) was not found"
        r"|Because there is no version of (?P<package__>\S+)",
        findings.NO_SUCH_PACKAGE,
    ),
    Rule(
        r"No app\.json located|app\.json is missing",
        findings.NO_APP_JSON,
    ),
    Rule(
        r"Could not find a version that matches|VersionConflict: |ResolutionImpossible"
        r"|conflicting dependencies"
        r"|your (?:project's )?requirements are unsatisfiable",
        findings.CONFLICT,
    ),
    Rule(
        r"lockfile at `uv\.lock` needs to be updated",
        findings.STALE_LOCK,
    ),
    Rule(
        r"Failed building wheel for (?P<package>\S+)|Failed to build (?:`)?(?P<package_>[\w.-]+)",
        findings.NO_WHEEL,
        consequence=True,
    ),
    Rule(
        r"fatal error: (?P<name>[\w./+-]+\.h(?:pp)?): No such file or directory"
        r"|No package '(?P<name_>[\w.+-]+)' found"
        r"|Package (?P<name__>[\w.+-]+) was not found in the pkg-config search path"
        r"|Package '(?P<name___>[\w.+-]+)', required by '[^']*', not found"
        r"|/ld: cannot find -l(?P<name____>\w+)"
        r"|headers or library files could not be found for (?P<name_____>\w+)"
        r"|ValueError: (?P<name_______>\w+) is required unless explicitly disabled"
        r"|make sure the (?P<name______>libxml2) and libxslt development packages are installed",
        findings.NO_C_LIBRARY,
    ),
    Rule(
        r"can't find Rust compiler|Cargo, the Rust package manager, is not installed"
        r"|This package requires Rust|rustc [\d.]+ is not supported|requires rustc \d",
        findings.NEEDS_RUST,
    ),
    Rule(
        r"no Fortran compiler found|gfortran: (?:command )?not found|Unknown compiler.*gfortran",
        findings.NEEDS_FORTRAN,
    ),
    Rule(
        r"Setuptools installation detected at |Before install bootstrap\.$",
        findings.DISTRIBUTE,
    ),
    Rule(
        r"(?P<package>[\w.-]+?)-\d[^\s/]*\.whl is not a supported wheel"
        r"|Unable to find installation candidates for (?P<package_>[\w.-]+)"
        r"|Distribution `(?P<package__>[\w.-]+)[^`]*` can't be installed because",
        findings.WRONG_WHEEL,
    ),
    Rule(
        r"Directory '(?P<name>[^']*)' is not installable",
        findings.NOT_INSTALLABLE,
    ),
    Rule(
        r"No file/folder found for package|The current project could not be installed",
        findings.POETRY_PACKAGE,
    ),
    Rule(
        r"Failed to parse `?(?P<name>pyproject\.toml|uv\.lock|poetry\.lock|Pipfile\S*)`?"
        r"|(?:TOML parse error|Invalid TOML file|TOMLDecodeError|TomlDecodeError"
        r"|The Poetry configuration is invalid|TOMLKitError)",
        findings.INVALID_TOML,
        {"name": "pyproject.toml or Pipfile"},
    ),
    Rule(
        r"invalid command 'egg_info'|AttributeError: (?:cython_sources|install_layout)"
        r"|Microsoft\.Cython|module 'setuptools(?:\.\w+)*' has no attribute"
        r"|extras_require' must be a dictionary|Invalid version: '",
        findings.OLD_SETUP,
    ),
    Rule(
        r"Can not execute `setup\.py` since setuptools|Could not import setuptools which"
        r"|Cannot import 'setuptools\.build_meta'",
        findings.NO_SETUPTOOLS,
    ),
    Rule(r"externally-managed-environment", findings.SYSTEM_PYTHON),
    Rule(
        r"(?P<what>Current Python version \([^\n]*not allowed by the project[^\n]*"
        r"|No interpreter found for [^\n]*|Python \S+ was not found on your system[^\n]*"
        r"|is incompatible with the project's Python requirement[^\n]*"
        r"|Poetry was unable to find a compatible version[^\n]*)",
        findings.PYTHON_RANGE,
    ),
    Rule(
        r"System is using --deploy flag|(?P<lock>Pipfile\.lock) \(\w+\) out of date",
        findings.OTHER_LOCK_STALE,
        {"lock": "Pipfile.lock"},
    ),
    Rule(
        r"error: (?:Failed to (?:fetch|download)|Request failed)[^\n]*\n[^\n]*(?:Could not connect"
        r"|error sending|[Tt]imed? ?out|dns error|Network)",
        findings.PACKAGE_INDEX_DOWN,
    ),
    Rule(
        r"(?P<package>[\w-]+) does not support Windows"
        r"|(?P<package_>[\w-]+)[^\n]{0,20} (?:is not supported|does(?:n't| not) (?:work|run)) "
        r"on Windows",
        findings.ONLY_LINUX,
    ),
    Rule(
        r"^ERROR: (?P<what>[^\n]*(?:is not a valid editable requirement|has inconsistent"
        r"|has invalid metadata|Could not detect requirement name|Could not find a tag or branch"
        r"|Cannot uninstall |Could not install packages due to an"
        r"|Can not perform a '--user' install"
        r")[^\n]*)",
        findings.PIP_SAYS,
    ),
    Rule(
        r"The 'sklearn' PyPI package is deprecated",
        findings.SKLEARN,
    ),
    Rule(
        r"Hash mismatch for |[Hh]ashes? for \S+ (?:from archive )?(?:not found|do(?:es)? not match)"
        r"|Invalid hashes",
        findings.HASHES,
    ),
    Rule(
        r"ReadTimeoutError\(?[^\n]*(?:pythonhosted|pypi)"
        r"|ConnectTimeoutError[^\n]*(?:pythonhosted|pypi)",
        findings.PACKAGE_INDEX_DOWN,
    ),
    Rule(
        r"No solution found when resolving|SolverProblemError|ResolutionFailure"
        r"|version solving failed|is not compatible with some of the required packages",
        findings.CONFLICT,
        consequence=True,
    ),
    Rule(
        r"Command errored out with exit status 1: (?:[^\n]*\n){0,4}?"
        r"[^\n]*pip-install-\w+/(?P<package>[A-Za-z][\w.-]*?)(?:_[0-9a-f]{20,})?/setup\.py",
        findings.NO_WHEEL,
        consequence=True,
    ),
    Rule(
        r"Command \"?'?[^\n]*setup\.py[^\n]* failed with error code \d+ in "
        r"\S*/(?P<package>[A-Za-z][\w.-]*?)(?:_[0-9a-f]{20,})?/?$"
        r"|(?:Building wheel|Running setup\.py (?:install"
        r"|bdist_wheel)) for (?P<package____>[\w.-]+)"
        r"(?: \([^)]*\))?(?: \.\.\. error|: finished with status 'error')"
        r"|An error occurred while installing (?P<package_____>[A-Za-z][\w.-]*)"
        r"|╰─> (?P<package_>(?!See\b)[A-Za-z][\w.-]*)$"
        r"|Failed to build installable wheels for some pyproject\.toml based projects "
        r"\(?(?P<package__>[\w.-]+)"
        r"|Collecting (?P<package___>[A-Za-z][\w.-]*)[^\n]*\n(?:(?!\s*Collecting )[^\n]*\n){0,60}?"
        r"[^\n]*(?:subprocess-exited-with-error|Command errored out with exit status"
        r"|Complete output from command |finished with status 'error')",
        findings.NO_WHEEL,
        consequence=True,
    ),
    Rule(
        r"\bsrc/(?P<package>[A-Za-z]\w+)/\S+\.(?:c|cc|cpp|h):\d+:\d+: (?:fatal )?error: ",
        findings.NO_WHEEL,
        consequence=True,
    ),
    Rule(
        r"error: command '\S*(?:gcc|g\+\+|cc|clang|cl\.exe)' (?:failed|terminated)",
        findings.COMPILING,
        consequence=True,
    ),
)
