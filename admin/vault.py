"""The folder of a server's secrets: its files are written whole or not at all.

Where set-up, broker and Redis are three users, as in containers, the subfolders exist and hand their group on
to what is written there (mode 2770); on one's own machine they are made here, for their owner alone.
"""

import os
import tempfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from admin.errors import SecretsUnusable
from runtime.errors import reason_of

FOR_OWNER: Final = 0o600
READ_BY_GROUP: Final = 0o640
WRITTEN_BY_GROUP: Final = 0o660
FOLDER: Final = 0o700

AUTHORITY: Final = "authority"
BROKER: Final = "broker"
REDIS: Final = "redis"
USERS: Final = "users"
WORKER: Final = "worker"
AGGREGATOR: Final = "aggregator"
DASHBOARD: Final = "dashboard"
ADMIN: Final = "admin"
SERVICES: Final = (WORKER, AGGREGATOR, DASHBOARD, ADMIN)
"""Each has a folder, and a user of that name at the broker and at Redis."""

HEALTH: Final = "health"
"""The user of the servers' own health checks, in the servers' folders."""

CA_CERTIFICATE: Final = f"{AUTHORITY}/ca.crt"
BROKER_CERTIFICATE: Final = f"{BROKER}/server.crt"
BROKER_CLIENTS: Final = f"{BROKER}/dynamic-security.json"
REDIS_USERS: Final = f"{REDIS}/users.acl"
USERS_FILE: Final = f"{USERS}/users.json"
HEALTH_PASSWORD: Final = "moodlens_health_password"  # noqa: S105  # a file's name


class Vault:
    """The secrets in a folder; every name is a path below it.

    Args:
        folder: of all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where a secret lies."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether a secret exists."""
        try:
            return self.path(name).exists()
        except OSError as error:
            raise SecretsUnusable(_sentence(error)) from None

    def read(self, name: str) -> bytes:
        """A secret.

        Raises:
            SecretsUnusable: it cannot be read.
        """
        try:
            return self.path(name).read_bytes()
        except OSError as error:
            raise SecretsUnusable(_sentence(error)) from None

    def read_text(self, name: str) -> str:
        """A secret of one line."""
        return self.read(name).decode().strip()

    def write(self, name: str, content: str | bytes, mode: int = READ_BY_GROUP) -> bool:
        """Writes a secret, if it is not there like that; whether it was written.

        Raises:
            SecretsUnusable: it cannot be written.
        """
        data = content.encode() if isinstance(content, str) else content
        path = self.path(name)
        try:
            if path.exists() and path.read_bytes() == data:
                return False
            write_file(path, data, mode)
        except OSError as error:
            raise SecretsUnusable(_sentence(error)) from None
        return True

    def password(self, name: str) -> str:
        """The password in a file, which is made where there is none: 256 random bits."""
        if not self.has(name):
            self.write(name, new_password())
        return self.read_text(name)


def new_password() -> str:
    """A password of 256 random bits, in letters that stand in URLs and files as they are."""
    return token_urlsafe(32)


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Writes a file at once and whole; its folder is made where there is none.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            path_now = Path(file.name)
            path_now.chmod(mode)
            path_now.replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def redis_hash(password: str) -> str:
    """A password as Redis' list of users has it."""
    return f"#{sha256(password.encode()).hexdigest()}"


def one_line(der: bytes) -> str:
    """A certificate in one line: Base64 of its DER form."""
    return b64encode(der).decode()


def _sentence(error: OSError) -> str:
    return f"{error.filename}: {reason_of(error)}"
