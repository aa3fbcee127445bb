"""A fake of Cloudinary on this machine: the Upload API, the Admin API, and delivery over TLS.

It checks the signatures of Cloudinary's library, so it follows the documentation and not the
library:
https://cloudinary.com/documentation/authentication_signatures
https://cloudinary.com/documentation/admin_api
"""

import base64
import hashlib
import json
import mimetypes
import re
import socket
import ssl
import struct
import threading
import time
import zlib
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

CLOUD, KEY, SECRET = "demo", "111222333", "s3cr3t-of-the_tests"

FAULTS = ("slow", "500", "403", "429", "garbage", "cut off")

UNSIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
FORBIDDEN = set("?&#\\%<>+")
IMAGES = (b"\x89PNG", b"GIF8", b"%PDF", b"\xff\xd8", b"RIFF", b"BM")
VIDEOS = (b"....ftyp", b"\x1aE\xdf\xa3", b"OggS", b"ID3", b"RIFF....WAVE")


def signature_of(fields: list[tuple[str, str]], length: int) -> str:
    """Return the signature for the fields of a request."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if name not in UNSIGNED and value:
            values.setdefault(name.removesuffix("[]"), []).append(value)
    pairs = [f"{name}={','.join(found)}".replace("&", "%26") for name, found in values.items()]
    algorithm = hashlib.sha256 if length == 64 else hashlib.sha1
    return algorithm(("&".join(sorted(pairs)) + SECRET).encode()).hexdigest()


def read_multipart(kind: str, body: bytes) -> tuple[list[tuple[str, str]], bytes | None]:
    """Return the fields and the file in a form."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    fields, file = [], None
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if name == "file":
            file = content
        else:
            fields.append((name, content.decode()))
    return fields, file


class Handler(BaseHTTPRequestHandler):
    """One connection to the API or to the delivery server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """Do not log requests."""

    @property
    def cloud(self) -> "Cloud":
        """The account."""
        return self.server.cloud

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        """Send a response."""
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | headers
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, content, status: int = 200, **headers: str) -> None:
        """Send a JSON response."""
        self.send(status, json.dumps(content).encode(), "application/json", **headers)

    def refuse(self, status: int, message: str) -> None:
        """Send an error in the format of the API and of the delivery server."""
        self.send_json({"error": {"message": message}}, status, X_Cld_Error=message)

    def simulate_fault(self) -> bool:
        """Respond with the current fault, if it is for this request. Return whether it is."""
        fault = self.cloud.fault
        if not fault or not re.search(self.cloud.faulty, f"{self.command} {self.path}"):
            return False
        if fault == "slow":
            time.sleep(25)
            return False
        if fault == "cut off":
            # Send half of a response, and reset the connection.
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        elif fault == "garbage":
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send(200, b"<html>this is not a response of Cloudinary", "text/html")
        else:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.refuse(420 if fault == "429" else int(fault), f"fault {fault}")
        return True

    def do_POST(self) -> None:
        """Upload or delete a file."""
        self.cloud.note(self)
        if self.simulate_fault():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart"):
            fields, file = read_multipart(kind, body)
        else:
            fields, file = parse_qsl(body.decode(), keep_blank_values=True), None
        given = dict(fields)
        action = re.fullmatch(
            rf"/v1_1/{CLOUD}/(image|video|raw)/(upload|destroy)", urlsplit(self.path).path
        )
        if not action:
            return self.refuse(404, "unknown cloud or action")
        if given.get("api_key") != KEY:
            return self.refuse(401, f"Invalid api_key {given.get('api_key')}")
        if abs(time.time() - int(given.get("timestamp", 0))) > 3600:
            return self.refuse(400, "Stale request")
        signature = given.get("signature", "")
        if signature != signature_of(fields, len(signature)):
            return self.refuse(401, f"Invalid Signature {signature}.")
        if action[2] == "destroy":
            gone = self.cloud.files.pop((action[1], given["public_id"]), None)
            return self.send_json({"result": "ok" if gone else "not found"})
        return self.upload(action[1], given, file)

    def upload(self, kind: str, given: dict[str, str], file: bytes | None) -> None:
        """Store a file, or a part of it."""
        public_id = given.get("public_id", "")
        if not file:
            return self.refuse(400, "Empty file")
        if FORBIDDEN & set(public_id) or len(public_id) > 255 or not public_id:
            return self.refuse(400, f"public_id ({public_id}) is invalid")
        part = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers.get("Content-Range", ""))
        if part:
            first, last, total = map(int, part.groups())
            if last + 1 < total and last - first + 1 < 5 * 1024 * 1024:
                return self.refuse(400, "All parts except EOF-chunk must be larger than 5mb")
            received = self.cloud.parts.setdefault(self.headers["X-Unique-Upload-Id"], bytearray())
            if len(received) != first:
                return self.refuse(400, "parts out of order")
            received += file
            if last + 1 < total:
                return self.send_json({"done": False, "public_id": public_id})
            file = bytes(self.cloud.parts.pop(self.headers["X-Unique-Upload-Id"]))
        looks_like = (b"<svg" in file[:300], file.startswith(IMAGES) or file[4:8] == b"ftyp")
        if kind == "image" and not any(looks_like):
            return self.refuse(400, "Invalid image file")
        if kind == "video" and not any(
            re.match(beginning, file, re.DOTALL) for beginning in VIDEOS
        ):
            return self.refuse(400, "Unsupported video format or file")
        known = self.cloud.files.get((kind, public_id))
        if known and given.get("overwrite") in {"0", "false"}:
            return self.send_json(known.description | {"existing": True})
        stored = Stored(kind, public_id, file)
        self.cloud.files[kind, public_id] = stored
        return self.send_json(stored.description)

    def do_GET(self) -> None:
        """Respond to a request of the Admin API, or deliver a file."""
        self.cloud.note(self)
        if self.simulate_fault():
            return
        path = unquote(urlsplit(self.path).path)
        if self.server is self.cloud.api:
            return self.describe(path)
        return self.deliver(path)

    do_HEAD = do_GET

    def describe(self, path: str) -> None:
        """Describe one file or many, as the Admin API does."""
        wanted = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            return self.refuse(401, "Invalid credentials")
        asked = re.fullmatch(
            rf"/v1_1/{CLOUD}/resources/(image|video|raw)(?:/upload(?:/(.+))?)?", path
        )
        if not asked:
            return self.refuse(404, "unknown cloud or resource type")
        if asked[2]:
            stored = self.cloud.files.get((asked[1], asked[2]))
            if stored:
                return self.send_json(stored.description)
            return self.refuse(404, f"Resource not found - {asked[2]}")
        query = dict(parse_qsl(urlsplit(self.path).query))
        found = [
            stored.description
            for (kind, public_id), stored in sorted(self.cloud.files.items())
            if kind == asked[1] and public_id.startswith(query.get("prefix", ""))
        ]
        start, most = int(query.get("next_cursor", 0)), int(query.get("max_results", 10))
        page = {"resources": found[start : start + most]}
        if start + most < len(found):
            page["next_cursor"] = str(start + most)
        return self.send_json(page)

    def deliver(self, path: str) -> None:
        """Deliver the unchanged file. Transformations in the URL are ignored."""
        asked = re.fullmatch(rf"/{CLOUD}/(image|video|raw)/upload/(.+)", path)
        if not asked:
            return self.refuse(404, "unknown cloud")
        kind, rest = asked.groups()
        while re.match(r"(v\d+|[a-z]{1,3}_[^/]+)/", rest):
            rest = rest.partition("/")[2]
        public_id = rest if kind == "raw" else rest.rpartition(".")[0]
        stored = self.cloud.files.get((kind, public_id))
        if not stored:
            return self.refuse(404, f"Resource not found - {public_id}")
        guessed = mimetypes.guess_type(rest)[0] or "application/octet-stream"
        return self.send(200, stored.content, guessed)


class Stored:
    """A file in the account, and its description in the API."""

    def __init__(self, kind: str, public_id: str, content: bytes) -> None:
        self.content = content
        beginnings = {b"\x89PNG": "png", b"\xff\xd8": "jpg", b"GIF8": "gif", b"RIFF": "webp"}
        formats = [found for begin, found in beginnings.items() if content.startswith(begin)]
        self.description = {
            "public_id": public_id,
            "version": int(time.time()),
            "resource_type": kind,
            "type": "upload",
            "bytes": len(content),
            "etag": f"{zlib.crc32(content):08x}",
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        if kind != "raw":
            self.description["format"] = formats[0] if formats else "mp4"


class Cloud:
    """The account, its servers, its files, its requests so far, and its current fault."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[tuple[str, str], Stored] = {}
        self.parts: dict[str, bytearray] = {}
        self.asked: list[tuple[str, str]] = []
        self.api = self.listen()
        self.delivery = self.listen()
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.delivery.socket = context.wrap_socket(self.delivery.socket, server_side=True)
        self.heal()
        self.variables = {
            "CLOUDINARY_URL": self.url(),
            # Python's HTTP client then trusts this certificate authority, and no other.
            "SSL_CERT_FILE": str(self.authority),
        }
        for server in (self.api, self.delivery):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def listen(self) -> ThreadingHTTPServer:
        """Return a server on a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.cloud = True, self
        server.handle_error = lambda *arguments: None
        return server

    def url(self, key: str = KEY, secret: str = SECRET, port: int = 0) -> str:
        """Return a CLOUDINARY_URL for this account."""
        api = port or self.api.server_port
        return (
            f"cloudinary://{key}:{secret}@{CLOUD}?upload_prefix=http://127.0.0.1:{api}"
            f"&secure_distribution=127.0.0.1:{self.delivery.server_port}"
        )

    def heal(self) -> None:
        """Work normally again, and forget the requests so far."""
        self.fault, self.faulty = "", ""
        self.asked.clear()

    def fail(self, fault: str, *methods: str) -> None:
        """Simulate a fault from now on, if method and path match one of `methods`, or always."""
        self.fault, self.faulty = fault, "|".join(methods)

    def note(self, request: Handler) -> None:
        """Remember a request."""
        self.asked.append((request.command, request.path))

    def keys(self) -> set[str]:
        """Return the public IDs of all files."""
        return {public_id for _, public_id in self.files}

    def stop(self) -> None:
        """Stop the servers."""
        for server in (self.api, self.delivery):
            server.shutdown()
            server.server_close()
