"""From S3 to disk: only what is not there yet, from where it was interrupted, and verified.

A file grows as ``.<name>.<etag>.part`` and is renamed when it is whole; so an interrupted download goes on,
and one of an object that changed since starts anew.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from runtime.errors import reason_of
from training.aws.digests import CHUNK_BYTES, find_digest, hash_file
from training.aws.errors import explained
from training.aws.location import S3Location
from training.aws.objects import S3Object, head_object
from training.aws.receipts import Receipts
from training.aws.transfer import Advance, for_each, show_transfer
from training.errors import AwsError


@dataclass(frozen=True)
class Plan:
    """What is to be fetched into a folder.

    Attributes:
        folder: the files' names are relative to it.
        missing: objects that are not there, or not as they are now.
        present: objects that are.
    """

    folder: Path
    missing: tuple[S3Object, ...]
    present: tuple[S3Object, ...]


def plan_download(objects: Iterable[S3Object], folder: Path) -> Plan:
    """Find out what of some objects a folder lacks; nothing is fetched."""
    receipts = Receipts(folder)
    missing: list[S3Object] = []
    present: list[S3Object] = []
    for item in objects:
        covered = receipts.covers(item.name, str(item.location), item.etag)
        (present if covered else missing).append(item)
    return Plan(folder, tuple(missing), tuple(present))


def fetch_into(
    s3: Any, source: S3Location, objects: Iterable[S3Object], folder: Path, console: Console
) -> Plan:
    """Fetch what a folder lacks of some objects, and show how far it is.

    Args:
        s3: client.
        source: what was asked for.
        objects: that it stands for.
        folder: made if need be.
        console: for the progress.

    Returns:
        What was missing, and is there now; and what was there before.

    Raises:
        AwsError: as of ``download``.
    """
    plan = plan_download(objects, folder)
    with show_transfer(console, f"fetching {source}", sum(item.size for item in plan.missing)) as advance:
        download(s3, plan, advance)
    return plan


def download(s3: Any, plan: Plan, advance: Advance) -> None:
    """Fetch what is missing, several objects at a time.

    Args:
        s3: client.
        plan: from ``plan_download``.
        advance: is told of the missing objects' bytes, with those that an interrupted download left.

    Raises:
        AwsError: AWS does not answer or refuses, an object changed meanwhile, what came is not what S3 holds,
            or the folder cannot be written. What has come stays, and the next download goes on from there.
    """
    receipts = Receipts(plan.folder)

    def work(item: S3Object, advance: Advance) -> None:
        _fetch(s3, item, plan.folder, advance)
        receipts.add(item.name, str(item.location), item.etag)

    try:
        for_each(work, plan.missing, advance)
    except OSError as error:
        raise AwsError(f"{plan.folder} cannot be written ({reason_of(error)})") from error


def _fetch(s3: Any, item: S3Object, folder: Path, advance: Advance) -> None:
    target = folder / item.name
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{item.etag}.part")
    for other in target.parent.glob(f".{_escape(target.name)}.*.part"):
        if other != part:
            other.unlink()
    start = part.stat().st_size if part.exists() else 0
    advance(start)
    if start < item.size or not item.size:
        _append(s3, item, part, start, advance)
    _verify(s3, item, part)
    part.replace(target)


def _append(s3: Any, item: S3Object, part: Path, start: int, advance: Advance) -> None:
    where = item.location
    span = {"Range": f"bytes={start}-"} if start else {}
    with explained(str(where)):
        answer = s3.get_object(Bucket=where.bucket, Key=where.key, IfMatch=f'"{item.etag}"', **span)
        with part.open("ab") as file, closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                file.write(chunk)
                advance(len(chunk))


def _verify(s3: Any, item: S3Object, part: Path) -> None:
    """Compare with S3's size and, where it tells one, with its hash; what differs is thrown away."""
    head = head_object(s3, item.location)
    expected = find_digest(head) if head else None
    if part.stat().st_size != item.size or (expected and hash_file(part, expected.algorithm) != expected):
        part.unlink()
        raise AwsError(f"{item.location} did not arrive as S3 holds it; try again")


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
