"""An OpenID Connect provider: small, local, and as strict as it needs to be."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "moodlens"
CLIENT_SECRET = secrets.token_hex(16)


class Provider:
    """Vouches for ``person`` (claims of the ID token) to whoever asks properly."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.person: Mapping[str, object] = {}
        self.sign_outs = 0
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self._granted: dict[str, dict[str, str]] = {}

    def secrets_toml(self, dashboard: str) -> str:
        """What the dashboard at that address needs to know."""
        return "\n".join(
            (
                "[auth]",
                f'redirect_uri = "{dashboard}/oauth2callback"',
                f'cookie_secret = "{secrets.token_hex(32)}"',
                f'client_id = "{CLIENT_ID}"',
                f'client_secret = "{CLIENT_SECRET}"',
                f'server_metadata_url = "{self.url}/.well-known/openid-configuration"',
            )
        )

    def metadata(self) -> dict[str, object]:
        """What can be found where (OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/sign-out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, object]:
        """What signatures are checked with."""
        return {"keys": [self._key.as_dict(private=False)]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes, with a code."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert "openid" in asked["scope"].split()
        code = secrets.token_hex(8)
        self._granted[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str], authorization: str) -> dict[str, object]:
        """Tokens for a code."""
        assert (
            base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
        )
        granted = self._granted.pop(asked["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest())
        assert challenge.decode().rstrip("=") == granted["code_challenge"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 600, "nonce": granted["nonce"]}
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.person}, self._key)
        return {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": id_token}


@contextmanager
def provider(port: int, folder: Path, dashboard: str) -> Iterator[Provider]:
    """A provider that runs; ``folder`` becomes the home of a dashboard that uses it."""
    running = Provider(port)
    (folder / ".streamlit").mkdir(parents=True)
    (folder / ".streamlit/secrets.toml").write_text(running.secrets_toml(dashboard))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/.well-known/openid-configuration":
                self._answer(running.metadata())
            elif url.path == "/keys":
                self._answer(running.keys())
            elif url.path == "/authorize":
                self._send_on(running.authorize(dict(parse_qsl(url.query))))
            elif url.path == "/sign-out":
                running.sign_outs += 1
                self._send_on(dict(parse_qsl(url.query))["post_logout_redirect_uri"])

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(running.token(dict(parse_qsl(body)), self.headers["Authorization"]))

        def _answer(self, content: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def _send_on(self, address: str) -> None:
            self.send_response(302)
            self.send_header("Location", address)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield running
    server.shutdown()
    server.server_close()
    thread.join()
