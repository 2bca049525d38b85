"""Where something lies on S3: ``s3://bucket/key``."""

import re
from dataclasses import dataclass
from typing import Final, Self

from training.errors import AwsError

SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class S3Location:
    """An object, or everything below a prefix.

    Attributes:
        bucket: its name.
        key: of the object; or a prefix, which may end with ``/``; empty: the whole bucket.
    """

    bucket: str
    key: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``s3://bucket/key``.

        Raises:
            AwsError: it is something else.
        """
        bucket, _, key = text.removeprefix(SCHEME).partition("/")
        if not text.startswith(SCHEME) or not _BUCKET.fullmatch(bucket):
            raise AwsError(
                f"{text!r} is not s3://BUCKET/KEY (a bucket's name: 3 to 63 of a-z, 0-9, dots and hyphens)"
            )
        return cls(bucket, key)

    def join(self, name: str) -> "S3Location":
        """What lies below this prefix under a relative name."""
        prefix = self.key.rstrip("/")
        return S3Location(self.bucket, f"{prefix}/{name}" if prefix else name)
