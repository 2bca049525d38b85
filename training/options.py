"""Options that several commands take."""

import argparse
from pathlib import Path

from training.aws.location import SCHEME, S3Location
from training.errors import AwsError
from training.recipes import RECIPES

Place = Path | S3Location
"""Where something lies: on this machine, or on S3."""


def add_data(parser: argparse.ArgumentParser, other: str = "", required: bool = True) -> None:
    """Add the options of a data set and its votes."""
    parser.add_argument(
        "--data",
        type=read_place,
        required=required,
        metavar="PATH",
        help="FER-2013: the zip file or folder with train/<label>/ and test/<label>/ that Kaggle gives, "
        f"or the table fer2013.csv; a path or s3://BUCKET/KEY{other}",
    )
    parser.add_argument(
        "--votes",
        type=read_place,
        metavar="FILE",
        help="FER+ votes on these images (CSV); without them the data set's own labels are all there is",
    )


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide how a model learns, wherever it does."""
    parser.add_argument(
        "--model", choices=RECIPES, default="moodnet", help="architecture (default: %(default)s)"
    )
    parser.add_argument(
        "--epochs",
        type=read_positive,
        metavar="N",
        help="passes over the images (default: the recipe's)",
    )
    parser.add_argument(
        "--batch-size", type=read_positive, metavar="N", help="images a step (default: the recipe's)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change another number of the recipe (training/recipes.py says which there are); may be given "
        "again",
    )
    parser.add_argument(
        "--seed",
        type=read_seed,
        default=1,
        metavar="N",
        help="what weights, dropout and order are drawn with (default: %(default)s)",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="numbers to compute with; mixed_bfloat16 is faster on processors that have it "
        "(default: %(default)s)",
    )


def list_changes(options: argparse.Namespace) -> list[str]:
    """What ``--set``, ``--epochs`` and ``--batch-size`` change of a recipe, each as ``NAME=VALUE``."""
    named = (("epochs", options.epochs), ("batch_size", options.batch_size))
    return [*options.set, *(f"{name}={value}" for name, value in named if value is not None)]


def read_place(text: str) -> Place:
    """Read a path, or ``s3://bucket/key``."""
    return read_location(text) if text.startswith(SCHEME) else Path(text)


def read_location(text: str) -> S3Location:
    """Read ``s3://bucket/key``."""
    try:
        return S3Location.parse(text)
    except AwsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def read_seed(text: str) -> int:
    """Read a whole number that NumPy and TensorFlow both draw with: 0 to 2³¹ − 1."""
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 to {2**31 - 1}")
    return int(text)


def read_positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)
