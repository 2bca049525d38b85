"""Who has signed in: a signed cookie that expires, and what has been ended before its time."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from dashboard.access.users import User, Users

HOUR_MS = 3_600_000
_SALT = "moodlens sign-in"
_Payload = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class Visitor:
    """One who has signed in.

    Attributes:
        name: as in the users file.
        sites: what may be seen; None: everything.
        session: of this sign-in; not secret.
        expires_ms: when it ends, UTC.
    """

    name: str
    sites: frozenset[str] | None
    session: str
    expires_ms: int


class Sessions:
    """Sign-ins: begun, recognised, ended.

    Args:
        hours: that one lasts.
        now_ms: UTC milliseconds.
    """

    def __init__(self, hours: int, now_ms: Callable[[], int]) -> None:
        self.hours = hours
        self._now_ms = now_ms
        self._ended: dict[str, int] = {}

    def begin(self, users: Users, user: User) -> str:
        """The cookie's value for a user who has just shown the password."""
        payload: _Payload = (
            user.name,
            secrets.token_urlsafe(16),
            self._now_ms() + self.hours * HOUR_MS,
            _fingerprint(user),
        )
        return _signer(users).dumps(payload)

    def recognise(self, users: Users, cookie: str) -> Visitor | None:
        """Whose cookie that is; None: nobody's, expired, ended, or of a password that has changed since."""
        try:
            loaded = _signer(users).loads(cookie)
            name, session, expires_ms, fingerprint = msgspec.convert(loaded, _Payload)
        except (BadData, msgspec.ValidationError):
            return None
        user = users.find(name)
        if not user or fingerprint != _fingerprint(user):
            return None
        return self.alive(Visitor(user.name, user.sites, session, expires_ms))

    def alive(self, visitor: Visitor) -> Visitor | None:
        """The visitor, if the sign-in has neither expired nor been ended."""
        expired = visitor.expires_ms <= self._now_ms()
        return None if expired or visitor.session in self._ended else visitor

    def end(self, visitor: Visitor) -> None:
        """Ends a sign-in, on all tabs."""
        now_ms = self._now_ms()
        self._ended = {session: at_ms for session, at_ms in self._ended.items() if at_ms > now_ms}
        self._ended[visitor.session] = visitor.expires_ms


def _signer(users: Users) -> URLSafeSerializer:
    return URLSafeSerializer(
        users.cookie_key,
        salt=_SALT,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _fingerprint(user: User) -> str:
    """Changes with the password; of the salted hash, so that it tells nothing of it."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]
