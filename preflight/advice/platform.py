"""Messages of git and of Heroku's build."""

from preflight import findings
from preflight.advice.rule import Rule

# A repository that is not a buildpack for Python, or not a buildpack at all.
OTHER_BUILDPACK = r"(?!heroku/python\b|\S*buildpack\S*python|\S*python\S*buildpack)[\w-]+/[\w-]+"

RULES = (
    Rule(
        r"^-----> Installing pip[^\n]*\n\s*Push rejected, failed to compile Python app",
        findings.SILENT_BUILD,
    ),
    Rule(
        r"error fetching custom buildpack \S*/buildpacks/(?P<url>\S+?)\.tgz",
        findings.NO_SUCH_BUILDPACK,
    ),
    Rule(
        r"buildpacks/\w+/bin/compile: line \d+: poetry(?=: command not found)"
        r"|Export requirements\.txt from Poetry(?=[\s\S]{0,300}?python: not found)",
        findings.OTHER_BUILDPACK,
        {"url": "https://github.com/moneymeets/python-poetry-buildpack.git"},
    ),
    Rule(
        r"Available versions are [\d., ]+\(the default is",
        findings.ADDON_VERSION,
    ),
    Rule(
        r"Authentication failed for 'https://git\.heroku\.com"
        r"|could not read Username for 'https://git\.heroku\.com"
        r"|Invalid credentials provided|Your credentials are invalid"
        r"|Invalid two-factor|Error: [Nn]ot logged in|^[\x20\t]*not logged in$"
        r"|open up the browser to login or q to exit:[^\n]*fatal:|HEROKU_API_KEY is invalid"
        r"|Do not authenticate with username and password using git",
        findings.NOT_LOGGED_IN,
    ),
    Rule(
        r"src refspec (?P<branch>\S+) does not match any",
        findings.NO_BRANCH,
    ),
    Rule(
        # After a push that failed for another reason, Heroku says the former, too.
        r"same version of this code has already been built|^Everything up-to-date",
        findings.ALREADY_BUILT,
        consequence=True,
    ),
    Rule(
        r"'heroku' does not appear to be a git repository|Error: No app specified"
        r"|Missing required flag:?\s+-a, --app|Multiple apps in git remotes",
        findings.NO_REMOTE,
    ),
    Rule(
        # A push to another server than Heroku's is rejected with the same words.
        r"\((?:non-fast-forward|fetch first)\)"
        r"(?!(?:[^\n]*\n){1,3}?error: failed to push some refs to '\S*(?:github|gitlab|bitbucket))",
        findings.BEHIND_HEROKU,
    ),
    Rule(
        r"not supported by '(?P<buildpack>heroku/(?!python)[\w-]+)' buildpack"
        r"|App not compatible with buildpack: "
        rf"(?:\S*/buildpacks/|https://github\.com/)(?P<buildpack_>{OTHER_BUILDPACK})"
        r"|[Ff]ailed to detect (?:app matching|set buildpack) "
        rf"(?:\S*/buildpacks/|https://github\.com/)(?P<buildpack__>{OTHER_BUILDPACK})",
        findings.WRONG_BUILDPACK,
    ),
    Rule(
        r"bin/(?:compile|steps/\S+): line \d+: \S*\.heroku/\S+: No such file or directory"
        r"|^tar: Error is not recoverable|bin/steps/\w+: line \d+: cd: "
        r"|^(?:bzip2|gzip): [^\n]*not (?:a bzip2 file|in gzip format)"
        r"|\.heroku/\S+: (?:\S+: )?bad interpreter",
        findings.PYTHON_NOT_INSTALLED,
    ),
    Rule(
        r"buildpack\w*/bin/\S+: line \d+: (?P<what>\S+: (?:command not found"
        r"|No such file or directory|Permission denied|unbound variable))",
        findings.BROKEN_BUILDPACK,
    ),
    Rule(
        r"Killing all processes with signal\s+SIG\w+\n(?:\[?\d[\d:.]+ (?:[AP]M )?)?"
        r"(?P<name>[\w-]+)\.\d+\s+Exited (?:Successfully|with exit code (?!SIG))",
        findings.PROCESS_ENDED,
    ),
    Rule(
        r"App not compatible with buildpack(?:$|: \S*python)"
        r"|[Ff]ailed to detect (?:app matching|set buildpack) \S*heroku[/-](?:buildpack-)?python\b"
        r"|couldn't find any supported Python project files"
        r"|No default language could be detected|Cedar-supported app detected"
        r"|Unable to automatically detect a buildpack",
        findings.NO_PYTHON_PROJECT,
    ),
    Rule(
        r"Couldn't find any supported Python package manager files",
        findings.NO_PACKAGE_MANAGER,
    ),
    Rule(
        r"Error: No Python version was specified",
        findings.UV_WITHOUT_PYTHON_VERSION,
    ),
    Rule(
        r"runtime\.txt file isn't supported when using uv",
        findings.RUNTIME_TXT_WITH_UV,
    ),
    Rule(
        r"is not valid, please specify an exact Python version"
        r"|This installer is deprecated, and cannot install Poetry",
        findings.POETRY_BUILDPACK,
    ),
    Rule(
        r"Smudge error: Error downloading|UnpicklingError: invalid load key, 'v'"
        r"|heroku\.com/\S*/info/lfs\b|batch response: |git-lfs filter-process'?:? [^\n]*failed",
        findings.GIT_LFS_NOT_SUPPORTED,
    ),
    Rule(
        r"heroku\.com/verify|verification_required|verify your account (?:by adding|to install"
        r"|in order)",
        findings.UNVERIFIED_ACCOUNT,
    ),
    Rule(
        r"Name (?:\S+ )?is already taken",
        findings.NAME_TAKEN,
    ),
    Rule(
        r"Couldn't find that app|No such app as"
        r"|repository 'https://git\.heroku\.com/[^']+' not found",
        findings.NO_SUCH_APP,
    ),
    Rule(
        r"reached (?:the|your) (?:app )?limit of \d+ apps",
        findings.APP_LIMIT,
    ),
    Rule(
        r"Unable to create '(?P<name>[^']+\.lock)': File exists",
        findings.GIT_LOCK,
    ),
    Rule(
        r"Pushed to non-main branch, skipping build"
        r"|Push(?:ed)? to non-master branch|[Oo]nly (?:the )?main or master branch",
        findings.OTHER_BRANCH,
    ),
    Rule(
        # Packages that ask git for their version print it in a build, too.
        r"fatal: not a git repository",
        findings.NOT_A_REPOSITORY,
        consequence=True,
    ),
    Rule(
        r"has no upstream branch|destination refspec neither matches"
        r"|No configured push destination",
        findings.GIT_WITHOUT_BRANCH,
    ),
    Rule(
        r"would be overwritten by (?:merge|checkout)|not concluded your merge|^CONFLICT \("
        r"|resolve your current index first|because you have unmerged files"
        r"|Pulling is not possible because",
        findings.GIT_MERGE,
    ),
    Rule(
        r"object file \S+ is empty|loose object [^\n]* is corrupt|bad object (?:HEAD|refs/)"
        r"|index file corrupt|bad index file sha1",
        findings.GIT_DAMAGED,
    ),
    Rule(r"detected dubious ownership in repository", findings.GIT_OWNER),
    Rule(
        r"exceeds GitHub's file size limit|GH001: Large files detected"
        r"|pack exceeds maximum allowed",
        findings.GIT_LARGE_FILE,
    ),
    Rule(
        r"^(?:Error:\s)?rate_limit$|[Rr]eached the API rate limit|number of requests per hour",
        findings.RATE_LIMIT,
    ),
    # A shell that counts lines runs a script. In a terminal, it does not.
    Rule(
        r"[\w./-]+: (?:line )?\d+: heroku: (?:command )?not found"
        r"|postdeploy[\s\S]{0,300}?heroku: (?:command )?not found",
        findings.NO_CLI_THERE,
    ),
    Rule(
        r"(?:command not found: heroku|heroku: (?:command )?not found"
        r"|spawn heroku ENOENT|'heroku' is not recognized|The term 'heroku' is not recognized)",
        findings.NO_CLI,
    ),
    Rule(
        r"has reached its concurrent builds limit|There is already a build (?:running|in progress)"
        r"|build is already in progress",
        findings.BUILD_RUNNING,
    ),
    Rule(
        r"[Cc]annot parse Procfile|Procfile[^\n]{0,40} (?:syntax error|could not be parsed)",
        findings.INVALID_PROCFILE,
    ),
    Rule(
        r"shallow update not allowed",
        findings.SHALLOW_CLONE,
    ),
    Rule(
        r"stack,? (?:which )?(?:is|has|has reached|reached) (?:an )?(?:its )?end[- ]of[- ]life"
        r"(?! on)|stack is no longer supported|'cedar-14' stack|stack has been deprecated and",
        findings.APP_ON_OLD_STACK,
        # A build that still works warns of it.
        consequence=True,
    ),
    Rule(
        r"Couldn't find either the add-on service or the add-on plan"
        r"|add-?on \"\S+\" does not exist|add-on plan is only available to select users"
        r"|There are no available plans"
        r"|heroku-(?:postgresql|redis):\S+ is no longer available"
        r"|plan is (?:no longer available|not available)"
        r"|This add-on plan is no longer",
        findings.ADDON_PLAN,
    ),
    Rule(
        r"(?<!Warning:\s)Multiple Python package manager files were found",
        findings.SEVERAL_LOCKS_ON_HEROKU,
    ),
    Rule(
        r"Existing '(?P<folder>[\w./]+?)/?' directory found",
        findings.COMMITTED_ENVIRONMENT,
    ),
    Rule(
        r"bundled_pip_wheel_list\[0\]: unbound variable",
        findings.COMMITTED_ENVIRONMENT,
        {"folder": ".heroku/python"},
    ),
    Rule(
        r"Invalid Python version in (?P<file_name>\S+?)[.:]?$"
        r"|Requested runtime \((?:(?!python-\d)[^)]*|python-\d+)\) is not available"
        r"|Requested runtime '(?!python-\d)[^']*' is not available"
        r"|Unable to read (?P<file_name_>\.python-version)",
        findings.UNREADABLE_VERSION_ON_HEROKU,
    ),
    Rule(
        r"requested Python version (?:has reached end-of-life|isn't (?:recognised|available))"
        r"|Python version isn't available|Requested runtime [^\n]*is not available for this stack",
        findings.PYTHON_NOT_ON_HEROKU,
    ),
    Rule(
        r"Compiled slug size: (?P<size>\S+) is too large|Push failed: slug too large",
        findings.SLUG_SIZE,
    ),
    Rule(
        r"Procfile declares types\s*->\s*\(none\)",
        findings.NO_PROCESS_TYPES,
    ),
    Rule(
        r"(?<!github\.com:\s)(?<!gitlab\.com:\s)Permission denied \(publickey\)",
        findings.NOT_LOGGED_IN,
    ),
    Rule(
        r"pre-receive hook declined|Push rejected",
        findings.PUSH_REJECTED,
        consequence=True,
    ),
    Rule(
        # An app to which nothing was deployed has no processes at all.
        r"Couldn't find that process type(?![\s\S]*\bcode=H81\b)",
        findings.NO_WEB_DYNO,
    ),
    Rule(
        r"You are not currently on a branch|\(?HEAD detached at",
        findings.DETACHED,
    ),
    Rule(
        r"remote (?:heroku|origin) already exists",
        findings.REMOTE_EXISTS,
    ),
    Rule(
        r"refusing to merge unrelated histories",
        findings.UNRELATED,
    ),
    Rule(
        r"No url found for submodule path|No submodule mapping found|[Ss]ubmodule install failed"
        r"|clone of '[^']*' into submodule path [^\n]* failed",
        findings.SUBMODULE,
    ),
    Rule(
        r"Please tell me who you are|unable to auto-detect email address|Author identity unknown",
        findings.GIT_IDENTITY,
    ),
    Rule(
        r"You do not have permission to \w+ on"
        r"|[Yy]ou do not have access to (?:the )?(?:app|organization|team)"
        r"|//git\.heroku\.com/\S+: The requested URL returned error: 403"
        r"|requested URL returned error: 403 while accessing|Permission to \S+\.git denied to"
        r"|account \S+ does not have access to|is not a collaborator on",
        findings.NO_ACCESS,
    ),
    Rule(
        r"[Tt]imed out compiling|[Cc]ompile timed out|[Bb]uild (?:has )?timed out"
        r"|Timeout while compiling|build exceeded the",
        findings.BUILD_TIMEOUT,
    ),
    Rule(
        r"(?:[Cc]ould not|[Cc]ouldn't|[Uu]nable to|[Ff]ailed to) (?:download|find|fetch|clone"
        r"|load) "
        r"(?:the )?(?:custom )?buildpack|[Ee]rror fetching (?:custom )?buildpack$"
        r"|/bin/(?:detect|compile|release): Permission denied"
        r"|tar \(child\): \S+heroku-\d\d\S*: Cannot open"
        r"|[Ii]nvalid buildpack|[Nn]o such buildpack"
        r"|fatal: repository 'https://github\.com/[^']*buildpack[^']*' not found",
        findings.NO_BUILDPACK,
    ),
    Rule(
        r"(?P<what>Cannot run more than \d+ \w+ size dynos?[^\n]*"
        r"|Cannot mix [^\n]*|[Cc]annot (?:scale|update) [^\n]*dynos?[^\n]*"
        r"|is not available for [\w-]+ dynos[^\n]*|No such dyno (?:size|type)[^\n]*)",
        findings.DYNO_LIMIT,
    ),
    Rule(
        r"used up your free dyno hours"
        r"|[Ff]ree (?:Heroku )?(?:dynos?|plans?|product plans?)[^\n]{0,40}"
        r"(?:no longer|not available|unavailable|removed)"
        r"|[Ss]ubscribe to (?:an? )?(?:the )?[Ee]co|[Ee]co dynos? (?:plan"
        r"|subscription)[^\n]*required"
        r"|[Pp]ayment (?:method )?(?:is )?(?:required|past due|failed)|account is delinquent"
        r"|[Dd]elinquent|suspended due to",
        findings.NO_FREE_PLAN,
    ),
    Rule(
        r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) \S*heroku"
        r"|self[- ]signed certificate in certificate chain(?! \(_ssl)"
        r"|\(Errno::E(?:TIMEDOUT|CONN\w+)\)|ECONNRESET[^\n]*heroku"
        r"|connect (?:ETIMEDOUT|ECONNREFUSED|ECONNRESET)[^\n]*:443"
        r"|connect (?:ETIMEDOUT|ECONNREFUSED) (?!127\.)[\d.]+:5000",
        findings.CLI_NETWORK,
    ),
    Rule(
        r"Couldn't find that add-?on|has no (?:heroku-postgresql )?databases"
        r"|Unknown database: |Couldn't find that database|No such add-?on",
        findings.NO_ADDON,
    ),
    Rule(
        r"does not include a heroku\.yml build manifest",
        findings.CONTAINER_STACK,
    ),
    Rule(
        r"exec format error|Exec format error",
        findings.OTHER_PROCESSOR,
    ),
    Rule(
        r"pathspec '(?P<name>[^']+)' did not match any",
        findings.NOT_IN_GIT,
    ),
    Rule(
        r"No Procfile and no package\.json|ENOENT[^\n]*'\S*Procfile'",
        findings.NO_PROCFILE_HERE,
    ),
    Rule(
        r"Could not resolve host: \S*(?:heroku|git)|RPC failed; "
        r"|unexpected disconnect while reading"
        r"|Failed to connect to (?:git\.heroku\.com|github\.com|gitlab\.com)"
        r"|ssh: connect to host \S+ port \d+: ",
        findings.GIT_NETWORK,
    ),
    Rule(
        r"(?P<what>error checking context: [^\n]+|unable to prepare context: [^\n]+"
        r"|The command '[^\n]+' returned a non-zero code: \d+|COPY failed: [^\n]+"
        r"|failed to solve: [^\n]+|process \"[^\n]+ did not complete successfully: exit code: \d+"
        r"|failed to compute cache key: [^\n]+|dockerfile parse error [^\n]+"
        r"|Cannot connect to the Docker daemon)",
        findings.DOCKER_BUILD,
    ),
)
