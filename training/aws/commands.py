"""What ``python -m training s3`` does."""

import argparse
from pathlib import Path

from rich.console import Console

from contract.model import CARD_FILE
from training.aws.client import open_client
from training.aws.download import fetch_into
from training.aws.location import S3Location
from training.aws.objects import find_objects
from training.aws.transfer import show_transfer
from training.aws.upload import plan_upload, upload

DATA_PREFIX = "moodlens/data/"
MODEL_PREFIX = "deeplens/"
"""DeepLens took models from places whose names begin so, and from no other."""


def run_upload(options: argparse.Namespace) -> None:
    """Send a file or folder."""
    console = Console(soft_wrap=True, highlight=False)
    path, target = options.path, choose_target(options.path, options.target)
    sendings = plan_upload(path, target)
    with show_transfer(console, f"sending {path}", sum(sending.size for sending in sendings)) as advance:
        upload(open_client("s3", options.region), sendings, advance)
    console.print(f"{path} → {target if len(sendings) > 1 else sendings[0].target}")


def run_download(options: argparse.Namespace) -> None:
    """Fetch an object, or all below a prefix, into a folder."""
    console = Console(soft_wrap=True, highlight=False)
    s3 = open_client("s3", options.region)
    single, objects = find_objects(s3, options.source)
    plan = fetch_into(s3, options.source, objects, options.target, console)
    there = f"; {len(plan.present)} were there" if plan.present else ""
    console.print(
        f"{options.source} → {options.target / objects[0].name if single else options.target}{there}"
    )


def choose_target(path: Path, target: S3Location) -> S3Location:
    """Where a file or folder goes: given a bucket alone, models and data have prefixes of their own."""
    if target.key:
        return target
    is_model = (path / CARD_FILE).is_file() or path.suffix == ".tflite"
    prefix = MODEL_PREFIX if is_model else DATA_PREFIX
    return S3Location(target.bucket, f"{prefix}{path.resolve().name}")
