"""Errors of storage, mail and Redis."""

from preflight import findings
from preflight.advice.rule import Rule

RULES = (
    Rule(
        r"Redis URL must specify one of the following ?schemes|Error -?\d+ connecting to None:",
        findings.REDIS_URL,
    ),
    Rule(
        r"SMTPAuthenticationError|\(53[45], b'5\.7\.|\b535 5\.7\.8|\b535,? ?b?'?Authentication",
        findings.SMTP_LOGIN,
    ),
    Rule(
        r"\{u?'': \(5\d\d, ",
        findings.EMPTY_ADDRESS,
    ),
    Rule(
        r"\(530, b'5\.7\.0 (?:Authentication Required|Must issue)|\b530,? 5\.7\.[01] "
        r"|SMTPNotSupportedError: SMTP AUTH",
        findings.MAIL_WITHOUT_LOGIN,
    ),
    Rule(
        r"SMTPSenderRefused(?!: \(530)|SMTPDataError: \(5[05]\d,|verified Sender Identity"
        r"|SMTPRecipientsRefused: [^\n]*5\.7\.\d",
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
        r"|InvalidRegionError|\(301\) when calling|S3ResponseError: 400",
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
        r"Error (?:111|110|104|113|11|8|-\d) connecting to "
        r"(?!localhost|127\.0\.0\.1|None:)(?P<host>[\w.-]+)",
        findings.REDIS_UNREACHABLE,
    ),
    Rule(
        r"(?:Error (?:111|61|99|10061) connecting to|ConnectionRefusedError[^\n]*) "
        r"(?:localhost|127\.0\.0\.1):6379"
        r"|(?:Connect call failed|Errno 111)[^\n]*\('(?:localhost|127\.0\.0\.1|::1)', 6379"
        r"|redis/[^\n]*\n(?:[^\n]*\n){0,40}?[^\n]*\[Errno 99\] Cannot assign requested address"
        r"|\[Errno 99\] Cannot assign requested address(?=\n[^\n]*redis/)",
        findings.LOCAL_REDIS,
    ),
    Rule(
        r"smtplib\.py(?:[^\n]*\n){1,60}?[^\n]*(?:TimeoutError|timed out|Network is unreachable"
        r"|Name or service not known|gaierror|getaddrinfo failed|No route to host)",
        findings.MAIL_UNREACHABLE,
    ),
    Rule(
        r"SMTP(?:ServerDisconnected|ConnectError): (?P<text>[^\n]+)",
        findings.MAIL_CLOSED,
    ),
    Rule(
        r"(?:SMTPRecipientsRefused|SMTPDataError|SMTPResponseException|SMTPHeloError): "
        r"(?P<text>[^\n]+)|(?P<text_>Daily user sending (?:quota|limit) exceeded)",
        findings.MAIL_SAYS,
    ),
    Rule(
        r"python_http_client\.exceptions\.\w+|Anymail(?:RequestsAPI|API|Configuration)Error",
        findings.MAIL_API,
    ),
    Rule(
        r"EndpointConnectionError|Could not connect to the endpoint URL|Invalid endpoint: ",
        findings.S3_ENDPOINT,
    ),
    Rule(
        r"Invalid bucket name \"",
        findings.BUCKET_NAME,
    ),
    Rule(
        r"An error occurred \((?P<code>\w*)\) when calling the (?P<operation>\w+) operation"
        r"(?: \(reached max retries: \d+\))?:[ ]*(?P<text>[^\n]*)",
        findings.AWS_SAYS,
        {"text": "it gives no reason.", "code": "(none)"},
    ),
    Rule(
        r"DefaultCredentialsError|[Cc]ould not automatically determine credentials"
        r"|google\.auth\.exceptions\.RefreshError|does not have storage\.\w+\.\w+ access",
        findings.GOOGLE_CREDENTIALS,
    ),
    Rule(
        r"NOAUTH Authentication required|WRONGPASS"
        r"|AuthenticationError: (?:invalid (?:username-)?password|Authentication required)"
        r"|Client sent AUTH, but no password is set",
        findings.REDIS_PASSWORD,
    ),
    Rule(
        r"OOM command not allowed when used memory",
        findings.REDIS_FULL,
    ),
    Rule(
        r"redis[\s\S]{0,200}?(?:Connection closed by server|Error (?:104|32) while"
        r"|while reading from socket|Connection reset by peer)"
        r"|Error (?:(?:104|32) )?while (?:reading from|writing to) socket|Reader at end of file",
        findings.REDIS_CLOSED,
    ),
    Rule(
        r"ResponseError: unknown command [`'](?P<name>\w+)",
        findings.REDIS_VERSION,
    ),
    Rule(
        r"Received unregistered task of type '(?P<name>[^']+)'"
        r"|celery\.exceptions\.NotRegistered: '(?P<name_>[^']+)'"
        r"|(?P<name__>\w+) not found in TaskRegistry",
        findings.UNKNOWN_TASK,
    ),
    Rule(
        r"(?P<what>Unable to load celery application)[^\n]*(?:\s+The module \S+ was not found)?"
        r"|(?P<what_>You are using `[^`]+` as an option of the \w+ sub-command[^\n]*)",
        findings.NO_CELERY_APP,
    ),
    Rule(
        r"No such transport: (?P<text>[\w+-]*)",
        findings.BROKER_URL,
        {"text": "no name of a broker"},
    ),
    Rule(
        r"AuthState(?:Missing|Forbidden)|Session value state missing|Wrong state parameter given"
        r"|Missing needed parameter state",
        findings.OAUTH_STATE,
    ),
    Rule(
        r"(?P<text>Auth(?:Forbidden|AlreadyAssociated|Canceled)\b[^\n]*"
        r"|OAuth2Error: (?![^\n]*(?:invalid_(?:grant|client)|redirect))[^\n]*)",
        findings.OAUTH_REFUSED,
    ),
    Rule(
        r"(?P<text>WorkerLostError: [^\n]+|(?:Soft)?TimeLimitExceeded[^\n]*"
        r"|(?:Soft|Hard) time limit \([^)]*\) exceeded[^\n]*)",
        findings.CELERY_STOPPED,
    ),
    Rule(
        r"Cannot connect to (?:amqp|redis)s?://(?!\S*?(?:localhost|127\.0\.0\.1))|ACCESS_REFUSED"
        r"|vhost '?\S+ not found|access to vhost '[^']*' refused"
        r"|amqp\.exceptions\.\w+",
        findings.BROKER_UNREACHABLE,
    ),
    Rule(r"invalid_grant", findings.OAUTH_CODE),
    Rule(
        r"redirect_uri_mismatch|[Mm]ismatching redirect URI"
        r"|redirect[_ ]uri (?:in the request|MUST match|is not associated)"
        r"|invalid_client"
        r"|social(?:_core)?\.exceptions\.Auth(?:Failed|UnknownError|TokenError|MissingParameter)",
        findings.OAUTH,
    ),
    Rule(
        r"returned more than one SocialApp|socialaccount[^\n]*\n(?:[^\n]*\n){0,10}?"
        r"[^\n]*MultipleObjectsReturned",
        findings.TWO_SOCIAL_APPS,
    ),
    Rule(
        r"(?P<text>Object of type '?\w+'? is not JSON serializable|\S+ is not JSON serializable"
        r"|Refusing to deserialize untrusted content of type \w+)",
        findings.NOT_SERIALIZABLE,
    ),
    Rule(
        r"(?P<text>[\w-]*chrome[\w-]*: error while loading shared libraries"
        r"|This version of ChromeDriver only supports[^\n]*|Chrome failed to start[^\n]*"
        r"|DevToolsActivePort file doesn't exist|cannot find Chrome binary"
        r"|Chrome instance exited[^\n]*)",
        findings.CHROME,
    ),
    Rule(
        r"You did not provide an API key|No API key provided|[Ii]nvalid API [Kk]ey"
        r"|Incorrect API key|api_key client option must be set|Improper token has been passed"
        r"|telegram\.error\.(?:InvalidToken|Unauthorized)|Telegram[^\n]*401\. Description",
        findings.API_KEY,
    ),
    Rule(
        r"SignatureVerificationError|No signatures found matching the expected signature"
        r"|Unable to extract timestamp and signatures from header",
        findings.WEBHOOK_SECRET,
    ),
    Rule(
        r"MemcachedError: (?P<text>[^\n]+)|(?:pylibmc|pymemcache|bmemcached)\.(?:\w+\.)*"
        r"(?P<text_>[A-Z]\w*(?:Error|Exception|Failure|Down|Full): [^\n]*)",
        findings.MEMCACHED,
    ),
    Rule(
        r"cloudinary\.exceptions\.\w+: (?P<text>[^\n]+)"
        r"|(?P<text_>File size too large\. Got [^\n]+)",
        findings.CLOUDINARY_SAYS,
    ),
    Rule(
        r"host='(?:localhost|127\.0\.0\.1)', port='?(?P<port>\d+)[^\n]*"
        r"|Connect(?:ion)? (?:call failed|refused)[^\n]*(?:localhost"
        r"|127\.0\.0\.1)'?[:,] ?(?P<port_>\d+)"
        r"|(?:localhost|127\.0\.0\.1):(?P<port__>\d+)[^\n]*(?:Connection refused|ECONNREFUSED)"
        r"|https?://(?:localhost|127\.0\.0\.1):(?P<port____>\d+)[^\n]*ERR_CONNECTION_REFUSED"
        r"|ECONNREFUSED (?:localhost|127\.0\.0\.1|::1):(?P<port___>\d+)",
        findings.LOCAL_SERVICE,
    ),
    # A rule that knows the server matches before the end of the line.
    Rule(
        r"certificate verify failed: (?P<what>[^\n]+)",
        findings.UNTRUSTED_CERTIFICATE,
    ),
    Rule(
        r"WRONG_VERSION_NUMBER",
        findings.OPTION_OF_TLS,
    ),
)
