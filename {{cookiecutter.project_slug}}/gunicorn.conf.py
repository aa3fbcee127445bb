"""Configuration of gunicorn, the web server of a dyno.

Options given in the variable GUNICORN_CMD_ARGS win over this file. Heroku sets that one to
"--access-logfile -" and leaves the rest to you:
https://docs.gunicorn.org/en/latest/settings.html
"""

import re
from urllib.parse import quote

from gunicorn.glogging import Logger

# Threads let a process answer others while one request waits for the database or for a service.
# The number of processes is WEB_CONCURRENCY, which Heroku derives from the size of the dyno: 2 on
# Eco, Basic and Standard-1X.
#
# Each thread keeps a connection to the database. essential-0 has 20: a dyno with 2 processes of 4
# threads holds 8, two dynos hold 16, and 4 are left for the release phase and `heroku run`. Before
# a third dyno, take a larger plan or fewer threads.
worker_class = "gthread"
threads = 4

# The code is loaded once, before the processes part, so that they share its memory. An error on
# the way, such as a missing variable, ends the boot at once instead of restarting it for ever.
preload_app = True

# Each process has a queue of its own, and the kernel spreads new connections over them.
reuse_port = True

# Heroku's router keeps idle connections for 90 s. A server that closes one earlier may do so just
# when the next request is on its way, and the visitor gets an error (H13, H18):
# https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 95

# A process that gives no sign of life for longer is replaced. A single slow request does not count
# as that; the router gives up on it after 30 s (H12).
timeout = 30

# Heroku kills a dyno 30 s after asking it to stop (R12). Requests in flight get 20 of them:
# https://devcenter.heroku.com/articles/dynos#shutdown
graceful_timeout = 20

# Only the router can reach a dyno, so its X-Forwarded-* headers are true. On a host where anybody
# can connect to this port, list the addresses of its proxies here instead.
forwarded_allow_ips = "*"

# One line a request in logfmt, with the id that the router's own line has, and without the query
# string, which may hold what does not belong in a log.
accesslog = "-"
access_log_format = (
    'method=%(m)s path="%(U)s" status=%(s)s bytes=%(B)s duration_ms=%(M)s request_id=%(id)s'
)


class LogfmtLogger(Logger):
    """gunicorn's logger, with nothing in a line that a visitor could pass off as another line."""

    def atoms(self, resp, req, environ, request_time):
        """Return the parts of a line: the path percent-encoded, the id only if it looks it."""
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["U"] = quote(environ.get("PATH_INFO", ""), safe="/~:@!$&'()*+,;=")
        identity = environ.get("HTTP_X_REQUEST_ID", "")
        atoms["id"] = identity if re.fullmatch(r"[\w-]{1,200}", identity, re.ASCII) else "-"
        return atoms


logger_class = LogfmtLogger

# A dyno has nobody who would talk to gunicorn's control socket.
control_socket_disable = True
