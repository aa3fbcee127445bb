"""An S3 service on this machine: moto, with the checks of Amazon in front of it.

moto itself accepts any signature, expired links and access control lists. This service refuses
them, like a bucket with today's default settings. It can also simulate faults.
"""

import hashlib
import hmac
import json
import logging
import os
import socket
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote

REGION = "eu-west-1"
KEY, SECRET = "AKIDEXAMPLE", "secret/of+the/tests"

FAULTS = ("slow", "500", "403", "429", "garbage", "cut off")


def sign(secret: str, date: str, region: str, text: str) -> str:
    """Return the signature (version 4) of a text.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    key = f"AWS4{secret}".encode()
    for part in (date, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def header_of(environ: dict, name: str) -> str:
    """Return a header of a request in the form that is signed."""
    name = name.upper().replace("-", "_")
    value = environ.get(name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}", "")
    return " ".join(value.split())


def now() -> datetime:
    """Return the time of the service. Tests replace it, to see links expire without waiting."""
    return datetime.now(timezone.utc)


def find_error(environ: dict) -> tuple[int, str] | None:
    """Return the status and the code of the error for a request, or None if it is valid."""
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    given = dict(query)
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "X-Amz-Signature" in given:
        credential, stamp = given["X-Amz-Credential"], given["X-Amz-Date"]
        headers, signature = given["X-Amz-SignedHeaders"], given["X-Amz-Signature"]
        payload = "UNSIGNED-PAYLOAD"
        made = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        if now() > made + timedelta(seconds=int(given["X-Amz-Expires"])):
            return 403, "AccessDenied"
    elif authorization.startswith("AWS4-HMAC-SHA256 "):
        parts = dict(
            part.strip().split("=", 1) for part in authorization.partition(" ")[2].split(",")
        )
        credential, headers = parts["Credential"], parts["SignedHeaders"]
        signature, stamp = parts["Signature"], environ["HTTP_X_AMZ_DATE"]
        payload = environ["HTTP_X_AMZ_CONTENT_SHA256"]
    elif authorization or "Signature" in given:
        return 400, "InvalidRequest"  # A signature of version 2.
    else:
        return None  # Anonymous. moto checks the policy of the bucket.
    key, date, region = credential.split("/")[:3]
    if key != KEY:
        return 403, "InvalidAccessKeyId"
    if region != REGION:
        return 400, "AuthorizationHeaderMalformed"
    path = environ["REQUEST_URI"].partition("?")[0]
    encoded = sorted(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in query
        if name != "X-Amz-Signature"
    )
    request = "\n".join(
        [
            environ["REQUEST_METHOD"],
            path,
            "&".join(encoded),
            *[f"{name}:{header_of(environ, name)}" for name in headers.split(";")],
            "",
            headers,
            payload,
        ]
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{date}/{region}/s3/aws4_request\n{digest}"
    if not hmac.compare_digest(sign(SECRET, date, region, text), signature):
        return 403, "SignatureDoesNotMatch"
    if "HTTP_X_AMZ_ACL" in environ:
        return 400, "AccessControlListNotSupported"
    if "HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM" in environ and "policy" not in given:
        return 400, "InvalidArgument"  # Backblaze refuses the newer checksums.
    return None


class Service:
    """The service, its address, its requests so far (`asked`), and its current fault."""

    def __init__(self) -> None:
        os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(2**20))
        # Imported here, because it takes seconds.
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.server = make_server("127.0.0.1", 0, self.answer, threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.asked: list[tuple[str, str]] = []
        self.most_at_once = self.at_once = 0
        self.lock = threading.Lock()
        self.heal()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def heal(self) -> None:
        """Work normally again, and forget the requests so far."""
        self.fault, self.faulty = "", ("GET", "HEAD", "PUT", "POST", "DELETE")
        self.asked.clear()
        self.most_at_once = 0

    def fail(self, fault: str, *methods: str) -> None:
        """Simulate a fault from now on, for these methods or for all."""
        self.fault, self.faulty = fault, methods or self.faulty

    def answer(self, environ, start):
        """Respond to a request, or simulate the fault."""
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.fault and environ["REQUEST_METHOD"] in self.faulty:
                if self.fault == "500 once":
                    self.fault = ""
                    return refuse(environ, start, 500, "InternalError")
                return self.simulate_fault(environ, start)
            error = find_error(environ)
            if error:
                return refuse(environ, start, *error)
            return self.moto(environ, start)
        finally:
            with self.lock:
                self.at_once -= 1

    def simulate_fault(self, environ, start):
        """Respond with the current fault."""
        if self.fault == "slow":
            time.sleep(12)
            return self.moto(environ, start)
        if self.fault == "cut off" and environ["REQUEST_METHOD"] == "GET":
            return self.send_half(environ, start)
        if self.fault == "cut off":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        if self.fault == "garbage":
            body = b"<html>this is not a response of S3"
            start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
            return [body]
        if self.fault == "404":
            # As from a server that is not S3.
            start("404 Not Found", [("Content-Length", "0")])
            return []
        codes = {"500": "InternalError", "403": "AccessDenied", "429": "TooManyRequests"}
        return refuse(environ, start, int(self.fault), codes[self.fault])

    def send_half(self, environ, start):
        """Send half of a response, and close the connection."""
        body = b"".join(self.moto(environ, start))
        yield body[: len(body) // 2]
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)

    def client(self):
        """Return Amazon's client, with the keys of the owner of the buckets."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(request_checksum_calculation="when_required"),
        )

    def make_bucket(self, public: str = "") -> "Bucket":
        """Create a private bucket with a new name. Everyone can read its folder `public`."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if public:
            statement = {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/{public}/*",
            }
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            client.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        return Bucket(self, name)

    def stop(self) -> None:
        """Stop the server."""
        self.server.shutdown()
        self.server.server_close()


def refuse(environ, start, status: int, code: str):
    """Respond with an error in the format of S3."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else text.encode()
    start(
        f"{status} {code}",
        [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))],
    )
    return [body]


class Bucket:
    """A bucket, and the environment variables with which a project uses it."""

    def __init__(self, service: Service, name: str) -> None:
        self.service, self.name = service, name
        self.variables = {
            "AWS_STORAGE_BUCKET_NAME": name,
            "AWS_S3_REGION_NAME": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_S3_ENDPOINT_URL": service.address,
        }

    def keys(self) -> set[str]:
        """Return the keys of all objects."""
        pages = self.service.client().get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def head(self, key: str) -> dict:
        """Return the metadata of an object."""
        return self.service.client().head_object(Bucket=self.name, Key=key)
