"""Errors of static files and templates."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
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
        r"Missing staticfiles manifest entry for '(?P<name>[^']*)'",
        findings.MANIFEST,
    ),
    Rule(
        r"Unknown command: 'collectstatic'",
        findings.NO_STATICFILES,
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
        r"TemplateDoesNotExist:? (?:at \S+\s+)?(?P<name>[\w./-]+)",
        findings.TEMPLATE_MISSING,
    ),
    Rule(r"TemplateSyntaxError: (?P<what>.+)", findings.TEMPLATE_SYNTAX),
)
