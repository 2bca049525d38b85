"""The users file: who may come in, and what each may see.

JSON, written by ``python -m dashboard.access``::

    {
      "cookie_key": "…",
      "users": {
        "ann": {"sites": ["*"], "password": "scrypt$…"},
        "ben": {"sites": ["shop-1", "shop-2"], "password": "scrypt$…"},
        "cho@shop.example": {"sites": ["shop-3"]}
      }
    }

A user without a password signs in with OpenID Connect. ``cookie_key`` signs the cookies of those who have
signed in with a password.
"""

import json
import os
import re
import secrets
import shutil
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import msgspec

from contract.events import NAME_PATTERN
from dashboard.access.passwords import is_hash
from runtime.errors import MoodLensError, reason_of

ALL_SITES = "*"
NAME_LENGTH_MAX = 128
_KEY_BYTES = 32
_SITE = re.compile(NAME_PATTERN)
_NAME = re.compile(rf"[^\s\x00-\x1f\x7f]{{1,{NAME_LENGTH_MAX}}}")


class BadUsersFile(MoodLensError):
    """The users file cannot be read or written, or does not hold what it should."""


@dataclass(frozen=True, slots=True)
class User:
    """One who may come in.

    Attributes:
        name: as signed in with; upper and lower case are the same.
        sites: what may be seen; None: everything.
        password: its hash; empty: signs in with OpenID Connect.
    """

    name: str
    sites: frozenset[str] | None
    password: str = ""


@dataclass(frozen=True, slots=True)
class Users:
    """What the users file says.

    Attributes:
        cookie_key: signs cookies.
        by_name: the users, each under `key_of` its name.
    """

    cookie_key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES))
    by_name: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))

    def find(self, name: str) -> User | None:
        """The user of that name."""
        return self.by_name.get(key_of(name))

    def with_user(self, user: User) -> "Users":
        """These and ``user``, who takes the place of one of the same name."""
        return Users(self.cookie_key, MappingProxyType({**self.by_name, key_of(user.name): user}))

    def without(self, name: str) -> "Users":
        """These but the one of that name."""
        rest = {key: user for key, user in self.by_name.items() if key != key_of(name)}
        return Users(self.cookie_key, MappingProxyType(rest))


def key_of(name: str) -> str:
    """What two spellings of a name have in common."""
    return name.casefold()


def parse_name(text: str) -> str:
    """A user's name.

    Raises:
        ValueError: says what is wrong with it.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name: 1 to {NAME_LENGTH_MAX} characters without spaces")
    return text


def parse_sites(names: list[str]) -> frozenset[str] | None:
    """Sites that a user may see: their names, or ``*`` alone for all (None).

    Raises:
        ValueError: says which name is none.
    """
    if names == [ALL_SITES]:
        return None
    for name in names:
        if not _SITE.fullmatch(name):
            raise ValueError(f"{name!r} is no site: a-z, 0-9 and - are allowed, or * alone for all sites")
    return frozenset(names)


class UsersFile:
    """The users file of a running dashboard: a change holds from the next request on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int, int], Users] | None = None

    def users(self) -> Users:
        """The users as of now.

        Raises:
            BadUsersFile: one line that says what is wrong.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise BadUsersFile(f"{self.path}: {reason_of(error)}") from None
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if not self._read or self._read[0] != version:
            self._read = (version, read_users(self.path))
        return self._read[1]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    sites: list[str]
    password: str = ""


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    cookie_key: str
    users: dict[str, _Entry]


def read_users(path: Path) -> Users:
    """What a users file says.

    Raises:
        BadUsersFile: one line that says what is wrong.
    """
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_Content)
        users = {key_of(name): _user(name, entry) for name, entry in content.users.items()}
        key = b64decode(content.cookie_key, validate=True)
    except OSError as error:
        raise BadUsersFile(f"{path}: {reason_of(error)}") from None
    except ValueError as error:  # msgspec's errors and Base64's are ValueErrors, too
        raise BadUsersFile(f"{path}: {error}") from None
    if len(key) < _KEY_BYTES:
        raise BadUsersFile(f"{path}: cookie_key must be {_KEY_BYTES} bytes in Base64")
    if len(users) < len(content.users):
        raise BadUsersFile(f"{path}: two names differ in upper and lower case only")
    return Users(key, MappingProxyType(users))


def write_users(path: Path, users: Users) -> None:
    """Writes a users file, at once and whole; a new one is for its owner alone.

    Raises:
        BadUsersFile: it cannot be written.
    """
    content = _Content(
        b64encode(users.cookie_key).decode(),
        {
            user.name: _Entry([ALL_SITES] if user.sites is None else sorted(user.sites), user.password)
            for user in sorted(users.by_name.values(), key=lambda user: key_of(user.name))
        },
    )
    text = json.dumps(msgspec.to_builtins(content), indent=2, ensure_ascii=False) + "\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                _keep_rights(path, Path(file.name))
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink()
                raise
    except OSError as error:
        raise BadUsersFile(f"{path}: {reason_of(error)}") from None


def _keep_rights(old: Path, new: Path) -> None:
    """Who could read the file still can: set-up may run as another user than the dashboard."""
    with suppress(FileNotFoundError):
        status = old.stat()
        shutil.copymode(old, new)
        with suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid)


def _user(name: str, entry: _Entry) -> User:
    if entry.password and not is_hash(entry.password):
        raise ValueError(f"user {name}: the password is no hash of one")
    try:
        return User(parse_name(name), parse_sites(entry.sites), entry.password)
    except ValueError as error:
        raise ValueError(f"user {name}: {error}") from None
