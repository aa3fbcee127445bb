"""Messages of pip and uv."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"(?:No matching distribution found for|satisfies the requirement|Because) "
        r"(?P<package>pywin32|pywinpty|pypiwin32|pkg[-_]resources|wmi|comtypes)\b",
        findings.OTHER_SYSTEM,
    ),
    Rule(
        r"backports[.-]zoneinfo",
        findings.ZONEINFO,
    ),
    Rule(
        r"pg_config executable not found",
        findings.PG_CONFIG,
    ),
    Rule(
        r"Invalid requirement: (?P<text>.*)",
        findings.INVALID_REQUIREMENT,
    ),
    Rule(
        r"(?:No such file or directory|OSError|does not exist)[^\n]*['\"]?/(?:C:/|tmp/build|croot"
        r"|ci/|opt/conda)"
        r"|@ file:",
        findings.ONE_MACHINE,
    ),
    Rule(
        r"requires a different Python: (?P<has>\S+) not in"
        r"|depends on Python(?P<needs>\S+)",
        findings.OTHER_PYTHON,
    ),
    Rule(
        r"(?:No matching distribution found for|satisfies the requirement) (?P<package>[^\s(]+)"
        r"|Because (?P<package_>\S+) was not found"
        r"|Because there is no version of (?P<package__>\S+)",
        findings.NO_SUCH_PACKAGE,
    ),
    Rule(
        r"ResolutionImpossible|conflicting dependencies"
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
    ),
)
