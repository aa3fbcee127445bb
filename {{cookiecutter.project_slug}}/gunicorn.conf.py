"""Settings for gunicorn, the web server on the dyno.

Options in the environment variable GUNICORN_CMD_ARGS override this file. Heroku sets it to
"--access-logfile -": https://docs.gunicorn.org/en/latest/settings.html
"""

import gc
import re
from urllib.parse import quote, unquote

from gunicorn.glogging import Logger
from gunicorn.http.errors import InvalidHeader

from config.log import TOKEN, clean_request_id

# With threads, a process can answer other requests while one waits for the database or another
# service. The number of processes is WEB_CONCURRENCY, which Heroku sets to fit the size of the
# dyno: 2 on Eco, Basic and Standard-1X.
#
# Each thread keeps a database connection open, and the plan essential-0 allows 20. One dyno uses
# 2 processes * 4 threads = 8 of them, and two dynos use 16, which leaves 4 for the release phase
# and `heroku run`. Before you add a third dyno, choose a larger plan or fewer threads.
#
# config/worker.py is gunicorn's own worker with threads, and a deadline for slow clients.
worker_class = "config.worker.Worker"
threads = 4

# Load the site once, before the processes fork, so that they share its memory. If it cannot be
# loaded, for example because a variable is missing, gunicorn exits at once.
preload_app = True

# Give each process its own queue of connections. The kernel distributes new connections to them.
reuse_port = True

# Heroku's router keeps idle connections open for 90 seconds. If gunicorn closes one earlier, it may
# do so while the next request is on its way, and the visitor sees an error (H13 or H18):
# https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 95

# Replace a process that has not responded for this many seconds. This does not stop a single slow
# request, which Heroku's router ends after 30 seconds (H12).
timeout = 30

# Heroku asks a dyno to stop, and kills it 30 seconds later (R12). Give running requests 20 seconds:
# https://devcenter.heroku.com/articles/dynos#shutdown
graceful_timeout = 20

# Trust the X-Forwarded-* headers of every client, because on Heroku only the router can connect to
# a dyno. On other hosts, list the IP addresses of your proxies here.
forwarded_allow_ips = "*"
# The router passes on a SCRIPT_NAME that a visitor sends, which would change every URL.
forwarder_headers = ""

# Log one line for each request, with the ID that Heroku's router logs as well. The query string is
# left out, because it may contain private data.
accesslog = "-"
access_log_format = (
    'method=%(m)s path="%(U)s" status=%(s)s bytes=%(B)s duration_ms=%(M)s request_id=%(id)s'
)


class AccessLogger(Logger):
    """gunicorn's logger, with values from the client encoded so that they cannot fake a line."""

    def atoms(self, resp, req, environ, request_time):
        """Return the values for access_log_format. gunicorn would prepare all of its own."""
        # If gunicorn refuses a request itself, the values are only in the request.
        path = TOKEN.sub("***", environ.get("PATH_INFO") or getattr(req, "path", None) or "")
        return {
            "m": environ["REQUEST_METHOD"],
            "U": quote(path, safe="/~:@!$&'()*+,;="),
            "s": str(resp.status).partition(" ")[0],
            "B": resp.sent,
            "M": int(request_time.total_seconds() * 1000),
            "id": clean_request_id(dict(getattr(req, "headers", ())).get("X-REQUEST-ID", "")),
        }

    def exception(self, msg, *args, **kwargs):
        """Log an exception that Django did not handle, without the query string of the request."""
        args = [TOKEN.sub("***", unquote(str(arg))).partition("?")[0] for arg in args]
        super().exception(msg, *args, **kwargs)


logger_class = AccessLogger

# Do not open gunicorn's control socket, which nothing on a dyno uses.
control_socket_disable = True


def when_ready(server):
    """Log the address, which gunicorn's own line does not have with reuse_port."""
    server.log.info("Each process listens at %s", ", ".join(server.cfg.bind))
    # The garbage collector would write to the objects of the site, and so copy the shared memory.
    gc.freeze()


def pre_request(worker, request):
    """Respond with 400 to requests that no browser sends, before Django sees them.

    Django cannot read a body without a length. No page reads the body of a GET, so a slow one would
    only keep a thread busy. With a charset that is not for text, such as base64, with parameters in
    the form charset*=, or with more than 1,000 fields in the query string, Django can fail before
    any of its error handlers.
    """
    headers = dict(request.headers)
    body = request.method in {"GET", "HEAD"} and headers.get("CONTENT-LENGTH", "0") != "0"
    usual = r"\W*(utf-?8|us-ascii|iso-8859-\d+|latin-?1|windows-125\d)\W*(;|$)"
    charset = re.search(rf"(?i)\*|charset\s*=(?!{usual})", headers.get("CONTENT-TYPE", ""))
    if body or charset or "TRANSFER-ENCODING" in headers or request.query.count("&") >= 1000:
        raise InvalidHeader("Content-Length, Transfer-Encoding, charset or query string")
