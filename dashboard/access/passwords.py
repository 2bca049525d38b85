"""Passwords: made, hashed, compared."""

import hashlib
import secrets
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hmac import compare_digest

N, R, P = 2**15, 8, 3
"""scrypt's cost: 32 MiB of memory. One of the settings that the OWASP Password Storage Cheat Sheet holds for
equally strong (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt), and
one whose memory a small computer can spare."""

LENGTH_MIN = 15
"""Characters of a password that a person chooses, where it is all that is asked for (NIST SP 800-63B-4,
3.1.1.2)."""

LENGTH_MAX = 256

_SALT_BYTES = 16
_KEY_BYTES = 32
_MEMORY_MAX = 256 * 2**20
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters, of which none is taken for another."""

_GROUPS, _GROUP = 4, 5


def random_password() -> str:
    """A password of 100 random bits, in groups that can be read out: ``k3m8p-…``."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hash_password(password: str) -> str:
    """What is stored of a password: ``scrypt$N$r$p$salt$key``, the last two in Base64."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return _format(salt, _derive(password, salt, N, R, P))


def nobodys_hash() -> str:
    """A hash that no password has, to be compared with where there is no user: that must take as long."""
    return _format(secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_KEY_BYTES))


def is_hash(text: str) -> bool:
    """Whether ``text`` is what `hash_password` makes, with a cost that this machine may be asked for."""
    return _parse(text) is not None


def is_password_of(password: str, stored: str) -> bool:
    """Whether ``password`` is the one that was stored; takes as long either way.

    Raises:
        ValueError: ``stored`` is no hash.
    """
    parsed = _parse(stored)
    if not parsed:
        raise ValueError("not a password's hash")
    n, r, p, salt, key = parsed
    return compare_digest(_derive(password, salt, n, r, p), key)


def _format(salt: bytes, key: bytes) -> str:
    return "$".join(("scrypt", str(N), str(R), str(P), b64encode(salt).decode(), b64encode(key).decode()))


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    text = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=n, r=r, p=p, maxmem=2 * _MEMORY_MAX, dklen=_KEY_BYTES)


def _parse(text: str) -> tuple[int, int, int, bytes, bytes] | None:
    kind, *rest = text.split("$")
    if kind != "scrypt" or len(rest) != 5:
        return None
    try:
        n, r, p = map(int, rest[:3])
        salt, key = (b64decode(part, validate=True) for part in rest[3:])
    except (ValueError, NotBase64):
        return None
    is_power_of_two = n > 1 and n & (n - 1) == 0
    affordable = r > 0 and 0 < p <= 16 and 128 * n * r <= _MEMORY_MAX
    return (n, r, p, salt, key) if is_power_of_two and affordable and len(key) == _KEY_BYTES else None
