"""The objects that a location on S3 stands for."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from training.aws.errors import explained, find_code
from training.aws.location import S3Location
from training.errors import AwsError


@dataclass(frozen=True)
class S3Object:
    """An object as it is now.

    Attributes:
        location: its bucket and key.
        name: its path relative to the prefix that was asked for; of a single object its file name.
        size: bytes.
        etag: changes with the content.
    """

    location: S3Location
    name: str
    size: int
    etag: str


def find_objects(s3: Any, location: S3Location) -> tuple[bool, list[S3Object]]:
    """Look up one object, or all below a prefix.

    Returns:
        Whether the location is one object; and the objects, by key.

    Raises:
        AwsError: there is nothing, or AWS does not answer or refuses.
    """
    if location.key and not location.key.endswith("/"):
        head = head_object(s3, location)
        if head is not None:
            name = location.key.rpartition("/")[2]
            return True, [S3Object(location, name, head["ContentLength"], head["ETag"].strip('"'))]
    found = list_objects(s3, location)
    if not found:
        raise AwsError(f"{location} holds nothing; `aws s3 ls {location}` shows what there is")
    return False, found


def list_objects(s3: Any, location: S3Location) -> list[S3Object]:
    """All objects below a prefix, by key; names that would lead out of a folder are refused.

    Raises:
        AwsError: AWS does not answer or refuses.
    """
    prefix = f"{location.key.rstrip('/')}/" if location.key.strip("/") else ""
    objects = []
    with explained(str(location)):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=location.bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                name = entry["Key"].removeprefix(prefix)
                if not name or name.endswith("/"):  # what the console makes for an empty folder
                    continue
                if name.startswith("/") or {"", ".", ".."} & set(name.split("/")):
                    raise AwsError(f"{location} holds {entry['Key']!r}, which is no name for a file")
                found = S3Location(location.bucket, entry["Key"])
                objects.append(S3Object(found, name, entry["Size"], entry["ETag"].strip('"')))
    return objects


def head_object(s3: Any, location: S3Location) -> dict[str, Any] | None:
    """What S3 says of an object; None where there is none.

    Raises:
        AwsError: AWS does not answer or refuses.
    """
    with explained(str(location)):
        try:
            head: dict[str, Any] = s3.head_object(
                Bucket=location.bucket, Key=location.key, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if find_code(error) != "404":
                raise
            # the answer to a HEAD has no body that says whether the bucket is missing, too; this one has
            s3.list_objects_v2(Bucket=location.bucket, Prefix=location.key, MaxKeys=1)
            return None
    return head
