"""An upload in parts, which outlives a kill: S3 keeps the parts, and only the others are sent again."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.aws.digests import METADATA, combine_sha256, encode_sha256, readable
from training.aws.location import S3Location
from training.aws.transfer import Advance
from training.errors import AwsError

PART_BYTES: Final = 8 << 20
PARTS_MAX: Final = 10_000
"""S3's limit; a file of more than 80 GB gets larger parts."""


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        number: counted from 1.
        start: first byte.
        size: bytes.
    """

    number: int
    start: int
    size: int


@dataclass(frozen=True)
class Receipt:
    """What S3 answers for a part that it has.

    Attributes:
        etag: its own name for the content.
        sha256: of the content, base64.
    """

    etag: str
    sha256: str


class Multipart:
    """An unfinished upload.

    Args:
        s3: client.
        path: of the file.
        names: what S3 calls the upload: Bucket, Key, UploadId.
        there: the parts that S3 has, by number.
    """

    def __init__(self, s3: Any, path: Path, names: dict[str, str], there: dict[int, "Receipt"]) -> None:
        self._s3 = s3
        self._path = path
        self._names = names
        self.there = there

    @classmethod
    def start(cls, s3: Any, path: Path, target: S3Location, digest: str) -> "Multipart":
        """Begin an upload; ``digest`` is the SHA-256 (hex) of the whole file."""
        answer = s3.create_multipart_upload(
            Bucket=target.bucket, Key=target.key, ChecksumAlgorithm="SHA256", Metadata={METADATA: digest}
        )
        return cls(s3, path, _name(target, answer["UploadId"]), {})

    @classmethod
    def resume(cls, s3: Any, path: Path, target: S3Location, parts: list[Part]) -> "Multipart | None":
        """Take up the newest unfinished upload to this object whose parts are all as in the file.

        The others to this object are given up, so that nobody pays for their parts.
        """
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=target.bucket, Prefix=target.key)
        uploads = [one for page in pages for one in page.get("Uploads", ()) if one["Key"] == target.key]
        found = None
        for one in sorted(uploads, key=lambda one: one["Initiated"], reverse=True):
            names = _name(target, one["UploadId"])
            there = None if found else _find_parts(s3, path, names, parts)
            if there:
                found = cls(s3, path, names, there)
            else:
                s3.abort_multipart_upload(**names)
        return found

    def send(self, part: Part, advance: Advance) -> None:
        """Send one part; S3 refuses what it does not get as we read it."""
        content = read_span(self._path, part.start, part.size)
        checksum = encode_sha256(content)
        answer = self._s3.upload_part(
            PartNumber=part.number, Body=content, ChecksumSHA256=checksum, **self._names
        )
        self.there[part.number] = Receipt(answer["ETag"], checksum)
        advance(part.size)

    def complete(self) -> None:
        """Make the object of all parts.

        Raises:
            AwsError: what S3 put together is not what was sent.
        """
        receipts = sorted(self.there.items())
        answer = self._s3.complete_multipart_upload(
            MultipartUpload={
                "Parts": [
                    {"PartNumber": number, "ETag": receipt.etag, "ChecksumSHA256": receipt.sha256}
                    for number, receipt in receipts
                ]
            },
            **self._names,
        )
        expected = combine_sha256([receipt.sha256 for _, receipt in receipts])
        if answer.get("ChecksumSHA256", expected) != expected:
            raise AwsError(f"{self._path} did not arrive as it was sent; give the same command again")


def cut_into_parts(size: int) -> list[Part]:
    """The parts of a file: 8 MB each, or as large as 10,000 of them need be, in whole megabytes."""
    least = -(-size // PARTS_MAX)
    each = max(PART_BYTES, -(-least >> 20) << 20)
    starts = enumerate(range(0, size, each), start=1)
    return [Part(number, start, min(each, size - start)) for number, start in starts]


def read_span(path: Path, start: int, size: int) -> bytes:
    """Read some bytes of a file.

    Raises:
        AwsError: it cannot be read, or became shorter.
    """
    with readable(path), path.open("rb") as file:
        file.seek(start)
        content = file.read(size)
    if len(content) != size:
        raise AwsError(f"{path} became shorter while it was sent")
    return content


def _find_parts(s3: Any, path: Path, names: dict[str, str], parts: list[Part]) -> dict[int, Receipt] | None:
    """The parts that an upload has, by number; None if one is not as in the file."""
    by_number = {part.number: part for part in parts}
    there = {}
    for page in s3.get_paginator("list_parts").paginate(**names):
        for entry in page.get("Parts", ()):
            part = by_number.get(entry["PartNumber"])
            if part is None or entry["Size"] != part.size:
                return None
            content = read_span(path, part.start, part.size)
            if not _is_same(entry, content):
                return None
            there[part.number] = Receipt(entry["ETag"], encode_sha256(content))
    return there


def _is_same(entry: dict[str, Any], content: bytes) -> bool:
    """Whether a listed part has this content, by its SHA-256 or, where S3 lists none, by its ETag."""
    if "ChecksumSHA256" in entry:
        return bool(entry["ChecksumSHA256"] == encode_sha256(content))
    return bool(entry["ETag"].strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest())


def _name(target: S3Location, upload_id: str) -> dict[str, str]:
    return {"Bucket": target.bucket, "Key": target.key, "UploadId": upload_id}
