"""Sign-in with OpenID Connect: Streamlit's own, as ``secrets.toml`` sets it up (docs/sign-in.md).

Streamlit's routes speak with the provider and set its signed cookie; here that cookie is read, for the guard
that stands before every request.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from streamlit.auth_util import (
    get_cookie_with_chunks,
    get_secrets_auth_section,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from runtime.errors import SettingsError

PATHS = frozenset(("/auth/login", "/auth/logout", "/oauth2callback"))
"""Streamlit's, which must be open while somebody signs in."""

SIGN_OUT = "/auth/logout"
_DEFAULT = "default"
_SECRET_BYTES_MIN = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider has vouched for.

    Attributes:
        names: under which the users file may list the person: the e-mail address, where the provider says
            that it has verified it, and the provider's own id.
        shown: for people.
        session: of this sign-in; not secret.
        since_ms: when the provider vouched, UTC.
    """

    names: tuple[str, ...]
    shown: str
    session: str
    since_ms: int


class _Claims(msgspec.Struct):
    """What we read of an ID token (OpenID Connect Core 1.0, 2 and 5.1)."""

    sub: str
    iat: float
    email: str | None = None
    email_verified: bool | str | None = None
    """Some providers send the word."""


def providers() -> tuple[str, ...]:
    """The providers of ``secrets.toml``, by their names there; empty: none.

    Raises:
        SettingsError: one line that says what is missing.
    """
    section = get_secrets_auth_section()
    if not section:
        return ()
    content = section.to_dict()
    names = tuple(name for name, value in content.items() if isinstance(value, dict) and "client_id" in value)
    names = ((_DEFAULT,) if "client_id" in content or not names else ()) + names
    try:
        for name in names:
            validate_auth_credentials(name)
    except StreamlitAuthError as error:
        raise SettingsError(" ".join(str(error).split())) from None
    if len(str(content["cookie_secret"]).encode()) < _SECRET_BYTES_MIN:
        raise SettingsError("cookie_secret in secrets.toml must be random and 32 characters or longer")
    return names


def invitation(provider: str) -> str:
    """What a provider's button says."""
    return "Sign in" if provider == _DEFAULT else f"Sign in with {provider.capitalize()}"


def sign_in_link(provider: str) -> str:
    """Where signing in begins; good for two minutes."""
    return generate_login_redirect_url(provider)


def identify(cookies: Mapping[str, str]) -> Identity | None:
    """Whom Streamlit's cookie names."""
    secret = get_cookie_secret()

    def verified(name: str) -> bytes | None:
        return decode_signed_value(secret, name, cookies.get(name, ""))

    content = get_cookie_with_chunks(verified, USER_COOKIE_NAME)
    if not content:
        return None
    try:
        claims = msgspec.json.decode(content, type=_Claims)
    except msgspec.DecodeError:
        return None
    address = claims.email if claims.email and claims.email_verified in (True, "true") else None
    return Identity(
        names=(address, claims.sub) if address else (claims.sub,),
        shown=claims.email or claims.sub,
        session=hashlib.sha256(content).hexdigest()[:22],
        since_ms=int(claims.iat * 1000),
    )
