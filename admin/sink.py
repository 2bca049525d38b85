"""Where an export goes: a file, standard output, or an object of S3."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from admin.errors import Refused
from runtime.errors import reason_of

STANDARD_OUTPUT: Final = "-"

_S3: Final = re.compile(r"s3://([^/]+)/(.*[^/])")


@contextmanager
def open_sink(output: str, content_type: str, *, replace: bool) -> Iterator[IO[bytes]]:
    """Takes the bytes of an export; it is there whole, or not at all (but for standard output).

    Args:
        output: a path, ``-`` for standard output, or ``s3://bucket/key``.
        content_type: what S3 shall call it.
        replace: whether a file or object of that name may be there, and goes.

    Raises:
        Refused: it cannot be written there.
    """
    if output == STANDARD_OUTPUT:
        with _standard_output() as stream:
            yield stream
    elif output.startswith("s3:"):
        with _s3_object(output, content_type, replace=replace) as stream:
            yield stream
    else:
        with _file(Path(output), replace=replace) as stream:
            yield stream


@contextmanager
def _standard_output() -> Iterator[IO[bytes]]:
    if sys.stdout.isatty():
        raise Refused("--output - writes to a terminal: add > FILE, or name a file")
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # what is left of the buffer has nobody to go to, and would complain at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Refused("nobody reads the output any more") from None


@contextmanager
def _file(path: Path, *, replace: bool) -> Iterator[IO[bytes]]:
    """A file for its owner alone (mode 0600)."""
    temporary = None
    try:
        if path.exists() and not replace:
            raise Refused(f"{path} exists; --replace writes over it")
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            yield file
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise Refused(f"{path} cannot be written: {reason_of(error)}") from None
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


@contextmanager
def _s3_object(address: str, content_type: str, *, replace: bool) -> Iterator[IO[bytes]]:
    """An object of S3; credentials, region and endpoint are found where boto3 always looks."""
    named = _S3.fullmatch(address)
    if not named:
        raise Refused(f"{address} is no address such as s3://bucket/folder/name.csv")
    import boto3  # noqa: PLC0415 - slow, and needed here alone
    from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    def exists() -> bool:
        try:
            client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    bucket, key = named.groups()
    buffer = BytesIO()  # some MB: figures, not pictures
    try:
        client = boto3.client("s3")
        if not replace and exists():
            raise Refused(f"{address} exists; --replace writes over it")
        yield buffer
        buffer.seek(0)
        client.upload_fileobj(buffer, bucket, key, ExtraArgs={"ContentType": content_type})
    except (BotoCoreError, ClientError, S3UploadFailedError, ValueError) as error:
        raise Refused(f"{address} cannot be written: {' '.join(str(error).split())}") from None
