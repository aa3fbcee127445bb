"""Errors of static files and templates."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"(?:Read-only file system|Permission denied): u?'(?P<folder>/(?!app/|tmp/|code/|usr/src/)"
        r"[\w./-]*static\w*)[/']",
        findings.STATIC_ROOT_OUTSIDE,
    ),
    Rule(
        r"without having set the STATIC_ROOT setting",
        findings.NO_STATIC_ROOT,
    ),
    Rule(
        r"The JS file '(?P<file_name>[^']+)' references a file which could not be found:\s+"
        r"(?P<missing>\S+\.map)",
        findings.SOURCE_MAP,
    ),
    Rule(
        r"The (?:CSS|JS) file '(?P<file_name>[^']+)' references a file which could not be found:\s+"
        r"(?P<missing>\S+)",
        findings.MISSING_REFERENCE,
    ),
    Rule(
        r"(?:collectstatic\.py|in post_process)[^\n]*\n(?:[^\n]*\n){0,60}?"
        r"[^\n]*The file '(?P<missing>[^']+)' could not be found with <",
        findings.MISSING_REFERENCE,
        {"file_name": "A style sheet"},
    ),
    Rule(
        r"No such file or directory: u?'(?P<folder>[\w./-]*\b(?:static|assets)\w*)/?'"
        r"|No such file or directory: u?'(?P<folder_>(?:[\w.-]+/)*(?:dist|build|public))/?'"
        r"|in (?:collect|listdir|get_files)\n(?:[^\n]*\n){0,12}?"
        r"[^\n]*No such file or directory: u?'(?P<folder__>[\w./-]+?)/?'",
        findings.NO_STATIC_FOLDER,
    ),
    Rule(
        r"Post-processing '(?P<file_name>[^']+)' failed!",
        findings.POST_PROCESSING,
        consequence=True,
    ),
    Rule(
        r"STATICFILES_DIRS setting should not contain the STATIC_ROOT",
        findings.STATIC_ROOT_TWICE,
    ),
    Rule(
        r"Missing staticfiles manifest entry for '(?P<name>[^']*)'"
        r"|The file '(?P<name_>[^']+)' could not be found with <"
        r"(?![\s\S]{0,4000}?references a file which could not be found)",
        findings.MANIFEST,
    ),
    Rule(
        r"OfflineGenerationError",
        findings.COMPRESS_MANIFEST,
    ),
    # What the console of a browser, Django's log and the router show.
    Rule(
        r"(?:Refused to (?:apply style|execute script)|The (?:stylesheet|resource|script)|GET"
        r"|Did not parse stylesheet at|Resource interpreted as \w+ but transferred with MIME type)"
        r"[^\n]{0,20}?https?://[^/\s]+(?P<path>/static/[^\s'\"”]+)[^\n]*"
        r"(?:MIME ?types?|ERR_ABORTED 404|404 \(Not Found\)|Not Found)"
        r"|Not Found: (?P<path_>/static/\S+)"
        r"|\"GET (?P<path__>/static/[^\s?\"]+)\S* HTTP/[\d.]+\" 404\b"
        r"|path=\"?(?P<path___>/static/[^\s?\"]+)\S*[^\n]* status=404\b",
        findings.NO_STATIC_FILES,
        consequence=True,
    ),
    Rule(
        r"Not Found: (?P<path>/media/\S+)"
        r"|\"GET (?P<path_>/media/[^\s?\"]+)\S* HTTP/[\d.]+\" 404\b"
        r"|path=\"?(?P<path__>/media/[^\s?\"]+)\S*[^\n]* status=404\b"
        r"|GET https?://[^/\s]+(?P<path___>/media/\S+)[^\n]* 404\b",
        findings.UPLOADS_GONE,
        consequence=True,
    ),
    Rule(
        r"No such file or directory: u?'(?P<path>[^'\n]*\b(?:media|mediafiles|uploads?)/[^'\n]+)'",
        findings.UPLOADS_GONE,
    ),
    Rule(
        r"copy/symlink the 'missing image' image at (?P<path>\S+) into your MEDIA_ROOT",
        findings.NOT_IN_MEDIA,
    ),
    Rule(
        r"Mixed Content: The page at|An insecure WebSocket connection may not be initiated",
        findings.MIXED_CONTENT,
    ),
    Rule(
        # An error page has no headers of CORS.
        r"(?:blocked by CORS policy|Cross-Origin Request Blocked)"
        r"(?![\s\S]{0,1000}?(?:ERR_FAILED 50\d|\b50[0234] \((?:Internal|Bad|Service|Gateway)))",
        findings.CORS,
        consequence=True,
    ),
    Rule(
        r"Unknown command: '?collectstatic",
        findings.NO_STATICFILES,
    ),
    Rule(
        r"Unknown command: '?(?P<option>--?\w[\w-]*)",
        findings.NO_COMMAND,
    ),
    Rule(
        r"Unknown command: '(?P<name>\w+)'",
        findings.NO_SUCH_COMMAND,
    ),
    Rule(
        r"(?:'Settings' object|global_settings'?) has no attribute '(?:STATICFILES"
        r"|DEFAULT_FILE)_STORAGE'",
        findings.OLD_CLOUDINARY_STORAGE,
    ),
    Rule(
        r"(?:STATICFILES|DEFAULT_FILE)_STORAGE/STORAGES are mutually exclusive",
        findings.BOTH_STORAGES,
    ),
    Rule(
        r"TemplateDoesNotExist:? (?:at \S+\s+)?(?P<name>[\w./-]+)"
        r"|jinja2\.exceptions\.TemplateNotFound: (?P<name__>[\w./-]+)"
        r"|Loader: \S*?/templates/(?P<name_>\S+) \((?:Source does not exist|File does not exist)\)",
        findings.TEMPLATE_MISSING,
    ),
    Rule(r"TemplateSyntaxError: (?P<what>.+)", findings.TEMPLATE_SYNTAX),
    Rule(
        r"SuspiciousFileOperation: (?P<what>[^\n]+)"
        r"|(?P<what_>The joined path [^\n]* is located outside of the base path[^\n]*)",
        findings.SUSPICIOUS_PATH,
    ),
    Rule(
        r"UncompressableFileError: (?P<what>[^\n]+)"
        r"|(?P<what_>'[^']+' could not be found in the COMPRESS_ROOT[^\n]*)",
        findings.NOT_COMPRESSIBLE,
    ),
    Rule(
        r"Error reading \S*stats\S*\.json|WebpackLoader\w+"
        r"|webpack_loader/(?:[^\n]*\n){1,20}?KeyError: '(?:assets|chunks|status)'"
        r"|WebpackBundleLookupError"
        r"|DjangoVite\w+Error|Cannot read Vite manifest",
        findings.NO_BUNDLES,
    ),
    Rule(
        r"error:0308010C|ERR_OSSL_EVP_UNSUPPORTED",
        findings.NODE_VERSION,
    ),
    Rule(
        r"Two different lockfiles found|Outdated (?:Yarn|npm) lockfile"
        r"|can only install packages when your package\.json and"
        r"|can only install with an existing package-lock\.json"
        r"|Your lockfile needs to be updated|ERR_PNPM_OUTDATED_LOCKFILE",
        findings.NODE_LOCKS,
    ),
    Rule(
        r"(?P<what>Missing script: \"?[\w:-]+|missing script: [\w:-]+"
        r"|Treating warnings as errors because process\.env\.CI[^\n]*"
        r"|(?:Error: )?Cannot find module '[^']+'"
        r"|(?:Module not found: )?(?:Error: )?Can't resolve '[^']+'"
        r"|Module (?:build|parse) failed: [^\n]+|Couldn't find preset [^\n]+"
        r"|ERESOLVE (?:unable|could not)[^\n]*"
        r"|sh: (?:\d+: )?(?:react-scripts|vue-cli-service|rimraf|cross-env|run-[ps]"
        r"|ng|tsc|next|parcel|rollup): not found)",
        findings.NODE_BUILD,
    ),
    Rule(
        r"in (?:post_process|_post_process)\n(?:[^\n]*\n){0,20}?UnicodeDecodeError",
        findings.STATIC_ENCODING,
    ),
)
