"""The options of the commands that work on AWS."""

import argparse
import re
from pathlib import Path
from typing import Any

from training.aws.location import SCHEME
from training.options import add_data, add_recipe, read_location, read_positive

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def add_s3(commands: Any) -> None:
    """Add the command ``s3``."""
    parser = commands.add_parser(
        "s3",
        help="send data sets and models to S3, or fetch them",
        description="Sends to S3 or fetches from there: in parts, verified; a try that was interrupted goes "
        "on when the same command is given again.",
    )
    directions = parser.add_subparsers(dest="direction", required=True, metavar="COMMAND")
    up = directions.add_parser(
        "upload", help="send a file or a folder", description="Sends a file or a folder to S3."
    )
    up.add_argument("path", type=Path, metavar="PATH", help="file or folder to send")
    up.add_argument(
        "target",
        type=read_location,
        metavar="s3://BUCKET/KEY",
        help="where to send it: name of the object or, for a folder and where it ends with /, the prefix; "
        "the bucket alone: deeplens/<name> for a model, moodlens/data/<name> for anything else",
    )
    down = directions.add_parser(
        "download",
        help="fetch an object, or all below a prefix",
        description="Fetches an object from S3, or all below a prefix.",
    )
    down.add_argument("source", type=read_location, metavar="s3://BUCKET/KEY", help="object or prefix")
    down.add_argument("target", type=Path, metavar="FOLDER", help="folder to write to; made if need be")
    for direction in (up, down):
        direction.add_argument(
            "--region",
            metavar="REGION",
            help="region of the bucket (default: AWS_DEFAULT_REGION, or the profile's)",
        )


def add_sagemaker(commands: Any) -> None:
    """Add the command ``sagemaker``."""
    parser = commands.add_parser(
        "sagemaker",
        help="train on AWS SageMaker",
        description="Trains on AWS SageMaker, fetches the run and exports its model. docs/aws.md says step "
        "by step what that needs. Charges begin when the job does.",
    )
    add_data(parser, "; what lies on this machine is sent to the bucket", required=False)
    add_recipe(parser)
    place = parser.add_argument_group("where and how long")
    place.add_argument("--role", type=_read_role, metavar="ARN", help="role that the job runs as")
    place.add_argument(
        "--bucket",
        type=_read_bucket,
        metavar="NAME",
        help="bucket for code, checkpoints and model, in the job's region",
    )
    place.add_argument(
        "--region", metavar="REGION", help="region of the job (default: AWS_DEFAULT_REGION, or the profile's)"
    )
    place.add_argument(
        "--instance",
        default="ml.c7i.2xlarge",
        metavar="TYPE",
        help="machine, e.g. ml.g5.xlarge (default: %(default)s)",
    )
    place.add_argument(
        "--spot", action="store_true", help="run on spare capacity: cheaper, may be interrupted"
    )
    place.add_argument(
        "--max-hours",
        type=read_positive,
        default=4,
        metavar="N",
        help="hours after which the job is stopped (default: %(default)s)",
    )
    place.add_argument(
        "--name", type=_read_job_name, metavar="NAME", help="name of the job (default: model and time)"
    )
    place.add_argument("--out", type=Path, metavar="FOLDER", help="run folder (default: runs/<name>)")
    other = parser.add_argument_group("instead, or besides")
    mode = other.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="print the request as JSON and call nothing")
    mode.add_argument(
        "--local", action="store_true", help="run the very same job on this machine, without AWS"
    )
    mode.add_argument("--no-wait", action="store_true", help="start the job and leave it")
    mode.add_argument(
        "--attach", type=_read_job_name, metavar="NAME", help="follow a job that was started before"
    )
    mode.add_argument("--stop", type=_read_job_name, metavar="NAME", help="stop a job")


def _read_role(text: str) -> str:
    if not _ROLE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not arn:aws:iam::<12 digits>:role/<name>")
    return text


def _read_bucket(text: str) -> str:
    return read_location(f"{SCHEME}{text}").bucket


def _read_job_name(text: str) -> str:
    if not _JOB_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 63 letters, digits and hyphens")
    return text
