"""What the output of commands means, as data: patterns, each with the finding that it shows.

The earliest match in the first traceback counts, then the earlier rule. Messages of the build are
those of https://github.com/heroku/heroku-buildpack-python (v351), read on 2026-11-20. Others are
those of Django 5.2 and 6.1, pip 26 and uv 0.13, seen on the same day. What the project raises
itself is diagnosed from its exceptions: see exceptions.py.
"""

from preflight.advice import (
    classes,
    code,
    database,
    packages,
    platform,
    services,
    static,
    symptoms,
    web,
    words,
)

RULES = (
    *code.RULES,
    *static.RULES,
    *database.RULES,
    *packages.RULES,
    *web.RULES,
    *services.RULES,
    *platform.RULES,
)
# For pasted logs only, in this order: each counts if those before it do not match.
CLASSES, WORDS, SYMPTOMS = classes.RULES, words.RULES, symptoms.RULES

DISK_FULL = r"no space left on device|disk quota exceeded|\benospc\b"
# Failures of this machine or its network, not of the project, so nothing is proved. The case of the
# letters does not matter.
HERE = (
    (DISK_FULL, "the disk is full"),
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
