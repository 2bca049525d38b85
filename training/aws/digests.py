"""Checksums of files and of their parts, as S3 writes them."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runtime.errors import reason_of
from training.errors import AwsError

METADATA: Final = "sha256"
"""Under this name our uploads carry the hash of the whole file, as hex."""

CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Digest:
    """What an object's bytes must hash to.

    Attributes:
        algorithm: as ``hashlib`` names it.
        hexadecimal: the digest.
    """

    algorithm: str
    hexadecimal: str


def find_digest(head: dict[str, Any]) -> Digest | None:
    """The best hash of a whole object that S3 tells.

    Args:
        head: answer to HeadObject with ChecksumMode ENABLED.

    Returns:
        None, where another tool uploaded it in parts: its size is all that can be compared then.
    """
    if METADATA in head.get("Metadata", {}):
        return Digest("sha256", head["Metadata"][METADATA])
    checksum = head.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum:
        return Digest("sha256", base64.b64decode(checksum).hex())
    etag = head["ETag"].strip('"')
    # an ETag is an MD5 for one-part objects, unless these are encrypted with a key of the customer's
    if (
        "-" in etag
        or "SSECustomerAlgorithm" in head
        or head.get("ServerSideEncryption") not in (None, "AES256")
    ):
        return None
    return Digest("md5", etag)


def hash_file(path: Path, algorithm: str) -> Digest:
    """Hash a file, a megabyte at a time.

    Raises:
        AwsError: it cannot be read.
    """
    with readable(path), path.open("rb") as file:
        hexadecimal = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return Digest(algorithm, hexadecimal.hexdigest())


def encode_sha256(content: bytes) -> str:
    """SHA-256 of some bytes in base64, as S3 has it in its headers."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def combine_sha256(parts: list[str]) -> str:
    """What S3 answers for an object that was sent in parts of these SHA-256 (base64)."""
    whole = hashlib.sha256(b"".join(base64.b64decode(part) for part in parts)).digest()
    return f"{base64.b64encode(whole).decode()}-{len(parts)}"


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in one line that a file cannot be read."""
    try:
        yield
    except OSError as error:
        raise AwsError(f"{path} cannot be read ({reason_of(error)})") from error
