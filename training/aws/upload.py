"""From disk to S3: only what is not there yet, and verified on both sides.

Every byte goes with a SHA-256 that S3 compares; the whole file's is kept beside the object, so that an object
that is there already is not sent again and a download can be verified.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.aws.digests import METADATA, encode_sha256, hash_file, readable
from training.aws.errors import explained
from training.aws.location import S3Location
from training.aws.multipart import PART_BYTES, Multipart, cut_into_parts, read_span
from training.aws.objects import head_object
from training.aws.transfer import Advance, for_each
from training.errors import AwsError


@dataclass(frozen=True)
class Sending:
    """A file on its way.

    Attributes:
        path: of the file.
        target: of the object.
        size: bytes.
    """

    path: Path
    target: S3Location
    size: int


def plan_upload(path: Path, target: S3Location) -> list[Sending]:
    """What is sent for a file or folder; hidden files are left out.

    Args:
        path: of the file or folder.
        target: of the object, or a prefix: for a folder, and for a file where it is empty or ends with ``/``.

    Raises:
        AwsError: there is nothing, or it cannot be read.
    """
    with readable(path):
        if path.is_file():
            file_target = target if target.key and not target.key.endswith("/") else target.join(path.name)
            return [Sending(path, file_target, path.stat().st_size)]
        names = [(file, file.relative_to(path)) for file in sorted(path.rglob("*")) if file.is_file()]
        found = [
            Sending(file, target.join(name.as_posix()), file.stat().st_size)
            for file, name in names
            if not any(part.startswith(".") for part in name.parts)
        ]
    if not found:
        raise AwsError(f"{path} {'holds no file' if path.is_dir() else 'does not exist'}")
    return found


def upload(s3: Any, sendings: Iterable[Sending], advance: Advance) -> None:
    """Send files: large ones one after the other, several parts at a time; small ones several at a time.

    Args:
        s3: client.
        sendings: from ``plan_upload``.
        advance: is told of all their bytes, with those that are on S3 already.

    Raises:
        AwsError: AWS does not answer or refuses, or a file cannot be read or changes meanwhile.
    """
    small = [sending for sending in sendings if sending.size <= PART_BYTES]
    large = [sending for sending in sendings if sending.size > PART_BYTES]
    for_each(lambda sending, advance: _send_whole(s3, sending, advance), small, advance)
    for sending in large:
        _send_in_parts(s3, sending, advance)


def _send_whole(s3: Any, sending: Sending, advance: Advance) -> None:
    content, target = read_span(sending.path, 0, sending.size), sending.target
    digest = hashlib.sha256(content).hexdigest()
    if not _is_there(s3, sending, digest):
        with explained(str(target)):
            s3.put_object(
                Bucket=target.bucket,
                Key=target.key,
                Body=content,
                ChecksumSHA256=encode_sha256(content),
                Metadata={METADATA: digest},
            )
    advance(sending.size)


def _send_in_parts(s3: Any, sending: Sending, advance: Advance) -> None:
    digest = hash_file(sending.path, "sha256").hexadecimal
    if _is_there(s3, sending, digest):
        advance(sending.size)
        return
    parts = cut_into_parts(sending.size)
    with explained(str(sending.target)):
        multipart = Multipart.resume(s3, sending.path, sending.target, parts)
        if multipart is None:
            multipart = Multipart.start(s3, sending.path, sending.target, digest)
        missing = [part for part in parts if part.number not in multipart.there]
        advance(sending.size - sum(part.size for part in missing))
        for_each(multipart.send, missing, advance)
        multipart.complete()
    # the hash that S3 keeps is the one of the file when the upload began
    if not _is_there(s3, sending, digest):
        raise AwsError(f"{sending.path} changed since its upload began; the same command sends it anew")


def _is_there(s3: Any, sending: Sending, digest: str) -> bool:
    head = head_object(s3, sending.target)
    return (
        head is not None
        and head["ContentLength"] == sending.size
        and head.get("Metadata", {}).get(METADATA) == digest
    )
