"""Data sets of S3 on this machine: fetched once, and again when they change there."""

import os
from pathlib import Path

from rich.console import Console

from training.aws.client import open_client
from training.aws.download import fetch_into
from training.aws.location import S3Location
from training.aws.objects import find_objects
from training.aws.receipts import Receipts


def fetch(location: S3Location, console: Console) -> Path:
    """Bring an object, or all below a prefix, into the cache.

    Args:
        location: of the object or the prefix.
        console: for the progress.

    Returns:
        The file, or the folder; it holds what S3 holds now, and nothing that went from there.

    Raises:
        AwsError: AWS does not answer or refuses, there is nothing, or the cache cannot be written.
    """
    s3 = open_client("s3")
    single, objects = find_objects(s3, location)
    path = find_cache() / location.bucket / location.key.strip("/")
    folder = path.parent if single else path
    if fetch_into(s3, location, objects, folder, console).missing:
        console.print(f"{location} → {path}", highlight=False)
    if not single:
        _remove_others(folder, {item.name for item in objects})
    return path


def find_cache() -> Path:
    """``moodlens/s3`` in XDG_CACHE_HOME, or else in ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moodlens" / "s3"


def _remove_others(folder: Path, names: set[str]) -> None:
    for name in Receipts(folder).by_name.keys() - names:
        (folder / name).unlink(missing_ok=True)
