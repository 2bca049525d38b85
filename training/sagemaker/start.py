"""Starting a job: code and data go to S3 first, and what would fail only later is asked for before."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from training.aws.client import open_client
from training.aws.digests import encode_sha256
from training.aws.errors import explained
from training.aws.location import S3Location
from training.aws.objects import find_objects, list_objects
from training.aws.transfer import show_transfer
from training.aws.upload import Sending, plan_upload, upload
from training.errors import AwsError
from training.options import Place
from training.sagemaker.job import Job, is_file, make_request

Sources = dict[str, Place]
"""Data by the name of the channel, where it lies before the job."""


def place_code(code: bytes, bucket: str) -> S3Location:
    """Where an archive of code goes: the same bytes to the same place."""
    return S3Location(bucket, f"moodlens/code/{hashlib.sha256(code).hexdigest()[:16]}/sourcedir.tar.gz")


def place_channels(sources: Sources, bucket: str) -> dict[str, S3Location]:
    """Where each channel's data lies on S3, or goes.

    Raises:
        AwsError: two would go to the same place.
    """
    places = {
        name: S3Location(bucket, f"moodlens/data/{place.resolve().name}")
        if isinstance(place, Path)
        else place
        for name, place in sources.items()
    }
    if len(set(places.values())) < len(places):
        raise AwsError(
            f"{' and '.join(map(str, sources.values()))} would have the same name on S3: rename one"
        )
    return places


def start_job(job: Job, code: bytes, sources: Sources, console: Console) -> None:
    """Send what the job needs, and start it.

    Args:
        job: with the places of ``code`` and ``sources``.
        code: ``sourcedir.tar.gz``.
        sources: what lies on this machine is sent.
        console: for the progress.

    Raises:
        AwsError: the bucket is missing or in another region, data is missing, or AWS does not answer or
            refuses.
    """
    request = make_request(job)
    s3 = open_client("s3", job.region)
    _refuse_other_region(s3, job)
    for name, place in sources.items():
        if isinstance(place, Path):
            sendings = plan_upload(place, job.channels[name])
            if place.is_dir():
                _refuse_more(s3, place, job.channels[name], sendings)
            total = sum(sending.size for sending in sendings)
            with show_transfer(console, f"sending {place}", total) as advance:
                upload(s3, sendings, advance)
        else:
            find_objects(s3, place)
        if is_file(job.channels[name]):
            _refuse_alike(s3, job.channels[name])
    with explained(str(job.code)):
        s3.put_object(Bucket=job.code.bucket, Key=job.code.key, Body=code, ChecksumSHA256=encode_sha256(code))
    with explained(job.name):
        open_client("sagemaker", job.region).create_training_job(**request)


def _refuse_more(s3: Any, place: Path, channel: S3Location, sendings: Iterable[Sending]) -> None:
    """SageMaker takes all that lies in a folder of S3, also what a folder here does not hold any more."""
    sent = {sending.target.key for sending in sendings}
    more = [found.location.key for found in list_objects(s3, channel) if found.location.key not in sent]
    if more:
        raise AwsError(
            f"{channel} holds {len(more)} objects that {place} does not, {more[0]} is one: give the folder "
            "another name, or have them removed there"
        )


def _refuse_alike(s3: Any, channel: S3Location) -> None:
    """SageMaker takes every object whose name begins with a file's, and a job takes one."""
    with explained(str(channel)):
        found = s3.list_objects_v2(Bucket=channel.bucket, Prefix=channel.key, MaxKeys=2)
    others = [entry["Key"] for entry in found.get("Contents", ()) if entry["Key"] != channel.key]
    if others:
        raise AwsError(
            f"s3://{channel.bucket}/{others[0]} would come with {channel}, as its name begins so: rename it, "
            "or remove it"
        )


def _refuse_other_region(s3: Any, job: Job) -> None:
    """SageMaker reads and writes buckets of its own region only, and says so after minutes."""
    with explained(f"s3://{job.bucket}"):
        answer = s3.head_bucket(Bucket=job.bucket)
    region = answer.get("BucketRegion", job.region)
    if region != job.region:
        raise AwsError(f"s3://{job.bucket} is in {region}, the job in {job.region}: give --region {region}")
