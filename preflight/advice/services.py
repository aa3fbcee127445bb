"""Errors of storage, mail and Redis."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"SMTPAuthenticationError|\(53[45], b'5\.7\.|\b535 5\.7\.8|\b535,? ?b?'?Authentication",
        findings.SMTP_LOGIN,
    ),
    Rule(
        r"SMTPSenderRefused|SMTPDataError: \(5[05]\d,|verified Sender Identity"
        r"|\(530, b'5\.7\.0 Authentication Required|SMTPRecipientsRefused: [^\n]*5\.7\.\d",
        findings.SENDER_REFUSED,
    ),
    Rule(
        r"SMTPNotSupportedError|STARTTLS extension not supported|\[SSL: WRONG_VERSION_NUMBER\]"
        r"|EMAIL_USE_TLS/EMAIL_USE_SSL are mutually exclusive",
        findings.MAIL_TLS,
    ),
    Rule(
        r"smtplib\.py(?:[^\n]*\n){1,60}?[^\n]*(?:ConnectionRefusedError: |"
        r"\[Errno 111\] Connection refused|Cannot assign requested address)",
        findings.LOCAL_MAIL,
    ),
    Rule(
        r"SocialApp matching query does not exist|allauth\.socialaccount\.models\."
        r"SocialApp\.DoesNotExist|SocialApp\.DoesNotExist",
        findings.NO_SOCIAL_APP,
    ),
    Rule(
        r"(?<!\w)Site matching query does not exist",
        findings.NO_SITE,
    ),
    Rule(
        r"rediss://(?: URL)? ?[^\n]*must have parameter ssl_cert_reqs",
        findings.REDIS_CERTIFICATE_OPTION,
    ),
    Rule(
        r"max number of clients reached",
        findings.REDIS_CLIENTS,
    ),
    Rule(
        r"Cannot connect to (?:amqp|redis)s?://[^\s]*?(?:localhost|127\.0\.0\.1)"
        r"|beat: Connection error: \[Errno 111\]"
        r"|kombu\.exceptions\.OperationalError: \[Errno 111\]",
        findings.LOCAL_BROKER,
    ),
    Rule(
        r"(?:Error 1 connecting to|redis|kombu|Exception inside application: )[\s\S]{0,4000}?"
        r"certificate verify failed: (?:IP address mismatch|self[- ]signed)",
        findings.SELF_SIGNED,
    ),
    Rule(
        r"Must supply (?:cloud_name|api_key|api_secret)|you need to provide CLOUDINARY_STORAGE",
        findings.NO_CLOUD_NAME,
    ),
    Rule(
        r"Invalid CLOUDINARY_URL scheme",
        findings.BAD_CLOUDINARY_URL,
    ),
    Rule(
        r"Invalid cloud_name|Unknown API key|Invalid api_key|Invalid Signature [0-9a-f]+",
        findings.CLOUDINARY_KEY,
    ),
    Rule(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId",
        findings.S3_KEY,
    ),
    Rule(
        r"\(NoSuchBucket\)|<Code>NoSuchBucket",
        findings.S3_BUCKET,
    ),
    Rule(
        r"\(PermanentRedirect\)|IllegalLocationConstraint|AuthorizationHeaderMalformed"
        r"|InvalidRegionError|\(301\) when calling",
        findings.S3_REGION,
    ),
    Rule(
        r"\((?:403|AccessDenied|Forbidden)\) when calling the \w+ operation"
        r"|<Code>AccessDenied|S3ResponseError: 403",
        findings.S3_ACCESS,
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
        r"Error (?:111|110|11) connecting to (?!localhost|127\.0\.0\.1|redis:)(?P<host>[\w.-]+)",
        findings.REDIS_UNREACHABLE,
    ),
    Rule(
        r"(?:Error (?:111|61|99|10061) connecting to|ConnectionRefusedError[^\n]*) "
        r"(?:localhost|127\.0\.0\.1):6379"
        r"|(?:Connect call failed|Errno 111)[^\n]*\('(?:localhost|127\.0\.0\.1|::1)', 6379",
        findings.LOCAL_REDIS,
    ),
)
