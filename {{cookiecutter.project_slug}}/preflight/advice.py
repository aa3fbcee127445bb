"""What a command's output means, as data."""

# Failures of this machine or of its network, not of the project: the rehearsal then proves nothing
# either way. Patterns are searched without regard to case.
HERE = (
    (r"no space left on device|disk quota exceeded|\benospc\b", "the disk is full"),
    (
        r"temporary failure in name resolution|name or service not known|nodename nor servname"
        r"|getaddrinfo failed|dns error|failed to lookup address",
        "the package index was not found (no network?)",
    ),
    (
        r"connection refused|connection reset|network is unreachable|no route to host"
        r"|error sending request|failed to establish a new connection|proxyerror"
        r"|failed to fetch|could not connect|certificate verify failed|tls handshake"
        r"|remote end closed connection|incompleteread|50[0-9] server error|max retries exceeded",
        "the package index did not answer",
    ),
    (
        r"read timed out|operation timed out|timeout(error)?:|connecttimeout",
        "the network is too slow",
    ),
)
