"""Data sets of S3 on this machine: fetched once, and again when they change there."""

import os
from pathlib import Path
from typing import Any

from rich.console import Console

from training.aws.client import open_client
from training.aws.download import download, plan_download
from training.aws.location import S3Location
from training.aws.objects import find_objects
from training.aws.receipts import Receipts
from training.aws.transfer import show_transfer


def fetch(location: S3Location, console: Console, s3: Any = None) -> Path:
    """Bring an object, or all below a prefix, into the cache.

    Args:
        location: of the object or the prefix.
        console: for the progress.
        s3: client; None: a new one.

    Returns:
        The file, or the folder; it holds what S3 holds now, and nothing that went from there.

    Raises:
        AwsError: AWS does not answer or refuses, there is nothing, or the cache cannot be written.
    """
    client = s3 or open_client("s3")
    single, objects = find_objects(client, location)
    path = find_cache() / location.bucket / location.key.strip("/")
    folder = path.parent if single else path
    plan = plan_download(objects, folder)
    if plan.missing:
        total = sum(item.size for item in plan.missing)
        with show_transfer(console, f"fetching {location}", total) as advance:
            download(client, plan, advance)
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
