"""An OpenID provider for the tests that is as strict as Google's, over real HTTP.

It shows the page that asks for consent, issues codes that work once, and checks what Google checks:
the client, its secret, the registered redirect URI and the verifier of the code (PKCE).
"""

import base64
import hashlib
import hmac
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "4711-site.apps.googleusercontent.com", "GOCSPX-secret"

PAGE = """<!doctype html><html lang="en"><title>Log in</title><h1>Choose an account</h1>
<p>{email} continues to the site</p>
<form method="post" action="/decision"><input type="hidden" name="request" value="{request}">
<button name="answer" value="allow">Continue</button>
<button name="answer" value="cancel">Cancel</button></form></html>"""


@dataclass
class Provider:
    """A running provider, and the claims about the person who logs in."""

    url: str = ""
    redirect_uris: list[str] = field(default_factory=list)
    person: dict = field(default_factory=dict)
    # Wrong claims for the token, which replace the right ones.
    wrong: dict = field(default_factory=dict)
    requests: dict[str, dict] = field(default_factory=dict)
    codes: dict[str, dict] = field(default_factory=dict)

    def settings(self) -> str:
        """Return the settings with which a project uses this provider instead of Google."""
        return (
            "\nSOCIALACCOUNT_PROVIDERS['google'] |= {\n"
            f"    'AUTHORIZE_URL': '{self.url}/authorize',\n"
            f"    'ACCESS_TOKEN_URL': '{self.url}/token',\n"
            f"    'ID_TOKEN_ISSUER': '{self.url}',\n"
            "}\n"
            f"SECURE_CSP['form-action'].append('{self.url}')\n"
        )

    def token(self) -> str:
        """Return an identity token for the person.

        The signature is not Google's: a site does not check it, because the token comes over HTTPS.
        """
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 3600, **self.person}
        parts = ({"alg": "HS256", "typ": "JWT"}, claims | self.wrong)
        text = ".".join(encode(json.dumps(part).encode()) for part in parts)
        signature = hmac.new(CLIENT_SECRET.encode(), text.encode(), hashlib.sha256).digest()
        return f"{text}.{encode(signature)}"


def encode(content: bytes) -> str:
    """Return base64url without padding, the encoding of tokens."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Handler(BaseHTTPRequestHandler):
    """The three URLs of the provider."""

    def do_GET(self) -> None:
        """Show the page that asks for consent."""
        url, provider = urlsplit(self.path), self.server.provider
        asked = dict(parse_qsl(url.query))
        if url.path != "/authorize":
            self.answer(404, "not found")
        elif asked.get("client_id") != CLIENT_ID:
            self.answer(401, "Error 401: invalid_client")
        elif asked.get("redirect_uri") not in provider.redirect_uris:
            self.answer(400, "Error 400: redirect_uri_mismatch")
        elif (asked.get("response_type"), asked.get("code_challenge_method")) != ("code", "S256"):
            self.answer(400, "Error 400: invalid_request")
        elif not {"email", "profile"} <= set(asked.get("scope", "").split()):
            self.answer(400, "Error 400: invalid_scope")
        else:
            number = secrets.token_hex(8)
            provider.requests[number] = asked
            email = html.escape(provider.person.get("email", "no address"))
            self.answer(200, PAGE.format(email=email, request=number), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """Handle the person's decision, or exchange a code for a token."""
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form, provider = dict(parse_qsl(content)), self.server.provider
        if self.path == "/decision":
            asked = provider.requests.pop(form["request"])
            result = {"error": "access_denied"}
            if form["answer"] == "allow":
                result = {"code": secrets.token_hex(16)}
                provider.codes[result["code"]] = asked
            query = urlencode(result | {"state": asked["state"]})
            self.answer(302, "", location=f"{asked['redirect_uri']}?{query}")
            return
        asked = provider.codes.pop(form.get("code"), None)
        proof = encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            self.answer(401, '{"error": "invalid_client"}', "application/json")
        elif not asked or (form["redirect_uri"], proof) != (
            asked["redirect_uri"],
            asked["code_challenge"],
        ):
            self.answer(400, '{"error": "invalid_grant"}', "application/json")
        else:
            body = {"access_token": secrets.token_hex(16), "token_type": "Bearer"}
            body |= {"expires_in": 3600, "id_token": provider.token()}
            self.answer(200, json.dumps(body), "application/json")

    def answer(self, status: int, text: str, kind: str = "text/plain", location: str = "") -> None:
        """Send a response."""
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments) -> None:
        """Do not log requests."""


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """Run a provider on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield server.provider
    finally:
        server.shutdown()
        server.server_close()
