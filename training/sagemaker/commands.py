"""What ``python -m training sagemaker`` does."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from training.aws.cache import fetch
from training.aws.client import find_region, open_client
from training.aws.download import fetch_into
from training.aws.errors import explained
from training.aws.location import S3Location
from training.aws.objects import find_objects
from training.errors import AwsError
from training.options import Place, list_changes
from training.sagemaker.archive import unpack
from training.sagemaker.job import Job, make_hyperparameters, make_request
from training.sagemaker.local import run_locally
from training.sagemaker.package import pack_code
from training.sagemaker.start import Sources, place_channels, place_code, start_job
from training.sagemaker.watch import follow, refuse_unless_completed


def run_sagemaker(options: argparse.Namespace) -> None:
    """Train a model at SageMaker, or do what else was asked for."""
    console = Console(soft_wrap=True, highlight=False)
    if options.stop:
        _stop(options.stop, find_region(options.region), console)
    elif options.attach:
        _follow_and_fetch(options, options.attach, find_region(options.region), console)
    elif options.local:
        _train_here(options, console)
    else:
        _train_there(options, console)


def _train_here(options: argparse.Namespace, console: Console) -> None:
    _require(options, "data")
    hyperparameters = _read_hyperparameters(options)
    out = options.out or Path("runs") / (options.name or f"local-{options.model}")
    channels = {name: _bring_here(place, console) for name, place in _list_sources(options).items()}
    archive = run_locally(out, channels, hyperparameters)
    _export(archive, out, channels, console)


def _train_there(options: argparse.Namespace, console: Console) -> None:
    _require(options, "data", "bucket", "role")
    code, sources = pack_code(), _list_sources(options)
    job = Job(
        name=options.name or f"moodlens-{options.model}-{datetime.now(UTC):%Y%m%d-%H%M%S}",
        role=options.role,
        region=find_region(options.region),
        bucket=options.bucket,
        code=place_code(code, options.bucket),
        channels=place_channels(sources, options.bucket),
        hyperparameters=_read_hyperparameters(options),
        instance=options.instance,
        max_hours=options.max_hours,
        spot=options.spot,
    )
    if options.dry_run:
        sys.stdout.write(json.dumps(make_request(job), indent=2) + "\n")
        return
    start_job(job, code, sources, console)
    console.print(f"{job.name} has begun; {_say_how(job.name, job.region)}")
    if not options.no_wait:
        _follow_and_fetch(options, job.name, job.region, console)


def _follow_and_fetch(options: argparse.Namespace, name: str, region: str, console: Console) -> None:
    sagemaker, logs = open_client("sagemaker", region), open_client("logs", region)
    goes_on = _say_how(name, region)
    try:
        with _beside(f"the job goes on and is charged for: {goes_on}"):
            job = follow(sagemaker, logs, name, console, time.sleep)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f" looking; the job goes on and is charged for: {goes_on}") from None
    refuse_unless_completed(job, name)
    _say_charge(job, console)
    with _beside(f"the job is over: fetch its model with `{_command(region)} --attach {name}`"):
        _fetch_and_export(options, job, name, region, console)


@contextmanager
def _beside(how: str) -> Iterator[None]:
    """Say beside an error of AWS what became of the job: the same command might start and pay another."""
    try:
        yield
    except AwsError as error:
        raise AwsError(f"{error}; {how}") from error


def _fetch_and_export(
    options: argparse.Namespace, job: dict[str, Any], name: str, region: str, console: Console
) -> None:
    out = options.out or Path("runs") / name
    archive = _fetch_model(S3Location.parse(job["ModelArtifacts"]["S3ModelArtifacts"]), region, out, console)
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job["InputDataConfig"]
    }
    there = {name: S3Location.parse(uri) for name, uri in channels.items()}
    here = {name: _bring_here(place, console) for name, place in (there | _list_sources(options)).items()}
    _export(archive, out, here, console)


def _fetch_model(location: S3Location, region: str, out: Path, console: Console) -> Path:
    s3 = open_client("s3", region)
    _, objects = find_objects(s3, location)
    fetch_into(s3, location, objects, out, console)
    return out / objects[0].name


def _export(archive: Path, out: Path, channels: dict[str, Path], console: Console) -> None:
    """Unpack a run, and export its model beside it."""
    from training.commands import run_export  # noqa: PLC0415  # TensorFlow takes seconds
    from training.inputs import load_inputs  # noqa: PLC0415

    unpack(archive, out)
    console.print(f"{archive} → {out}")
    inputs = load_inputs(channels["train"], channels.get("votes"))
    run_export(argparse.Namespace(run=out, to=out / "model", fp32=False), inputs)


def _list_sources(options: argparse.Namespace) -> Sources:
    places = {"train": options.data, "votes": options.votes}
    return {name: place for name, place in places.items() if place}


def _bring_here(place: Place, console: Console) -> Path:
    return fetch(place, console) if isinstance(place, S3Location) else place


def _stop(name: str, region: str, console: Console) -> None:
    with explained(name):
        open_client("sagemaker", region).stop_training_job(TrainingJobName=name)
    console.print(
        f"{name} is being stopped; what it has learnt so far stays among its checkpoints, and `train` can go "
        "on from there (docs/aws.md, 4. Train)"
    )


def _say_charge(job: dict[str, Any], console: Console) -> None:
    billed, ran = job.get("BillableTimeInSeconds"), job.get("TrainingTimeInSeconds")
    if billed is not None and ran:
        saved = f", {1 - billed / ran:.0%} less than it ran" if billed < ran else ""
        console.print(f"charged for {billed} s of {job['ResourceConfig']['InstanceType']}{saved}")


def _say_how(name: str, region: str) -> str:
    command = _command(region)
    return f"follow it with `{command} --attach {name}`, stop it with `{command} --stop {name}`"


def _command(region: str) -> str:
    return f"python -m training sagemaker --region {region}"


def _read_hyperparameters(options: argparse.Namespace) -> dict[str, Any]:
    return make_hyperparameters(options.model, options.seed, options.precision, list_changes(options))


def _require(options: argparse.Namespace, *names: str) -> None:
    hints = {
        "data": "--data PATH or s3://BUCKET/KEY: what to learn from",
        "bucket": "--bucket NAME: where code, checkpoints and model go",
        "role": "--role ARN: the role that the job runs as; docs/aws.md says how to make it",
    }
    missing = [hints[name] for name in names if not getattr(options, name)]
    if missing:
        raise AwsError(f"give {'; and '.join(missing)}")
