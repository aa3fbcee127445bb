"""Errors of storage, mail and Redis."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"SMTPAuthenticationError",
        findings.SMTP_LOGIN,
    ),
    Rule(
        r"certificate verify failed: self[- ]signed",
        findings.SELF_SIGNED,
    ),
    Rule(
        r"Must supply cloud_name",
        findings.NO_CLOUD_NAME,
    ),
    Rule(
        r"Invalid CLOUDINARY_URL scheme",
        findings.BAD_CLOUDINARY_URL,
    ),
    Rule(
        r"AccessControlListNotSupported",
        findings.NO_ACLS,
    ),
    Rule(
        r"/boto(?:3|core)/[^\n]*\n(?:[^\n]*\n){0,40}?[^\n]*"
        r"expected string or bytes-like object, got 'NoneType'",
        findings.NO_BUCKET,
    ),
    Rule(
        r"NoCredentialsError",
        findings.NO_S3_KEY,
    ),
    Rule(
        r"AuthorizationQueryParametersError|Please use AWS4-HMAC-SHA256",
        findings.OLD_SIGNATURE,
    ),
    Rule(
        r"x-amz-sdk-checksum-algorithm|MissingContentLength|XAmzContentSHA256Mismatch",
        findings.CHECKSUMS,
    ),
    Rule(
        r"(?:Error 111 connecting to|ConnectionRefusedError[^\n]*) (?:localhost|127\.0\.0\.1):6379",
        findings.LOCAL_REDIS,
    ),
)
