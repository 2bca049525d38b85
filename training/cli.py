"""The command line: options, and one clear line for what is wrong with them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.dataset import load_dataset
from training.errors import TrainingError

MODEL_NAMES = ("report-cnn",)
"""The keys of ``training.models.MODELS``, repeated here so that ``--help`` need not load TensorFlow."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0; 2 after a line on stderr that says what to put right; 130 when stopped with Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    # TensorFlow's own messages say nothing about this project; a user who wants them sets the variable
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        dataset = load_dataset(options.data)
        # loads TensorFlow (seconds), which --help, wrong options and wrong data should not wait for
        from training import commands  # noqa: PLC0415

        commands.COMMANDS[options.command](options, dataset)
    except TrainingError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        goes_on = (
            "; the same command goes on after the last whole epoch" if options.command == "train" else ""
        )
        sys.stderr.write(f"stopped{goes_on}\n")
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, score and export models.")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="train | evaluate | export | face-model"
    )

    train = commands.add_parser(
        "train",
        help="train a model",
        description="Train a model. A run that was stopped goes on when the same command is given again.",
    )
    _add_data(train)
    train.add_argument(
        "--model", choices=MODEL_NAMES, default="report-cnn", help="architecture (default: %(default)s)"
    )
    train.add_argument(
        "--epochs", type=_positive, default=50, help="passes over the images (default: %(default)s)"
    )
    train.add_argument(
        "--batch-size", type=_positive, default=64, help="images a step (default: %(default)s)"
    )
    train.add_argument(
        "--seed", type=int, default=1, help="of weights, dropout and order (default: %(default)s)"
    )
    train.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="of the computation (default: %(default)s; the other is faster on processors with bfloat16)",
    )
    train.add_argument("--out", type=Path, metavar="FOLDER", help="run folder (default: runs/<model>)")

    evaluate = commands.add_parser(
        "evaluate",
        help="score a model on the test images",
        description="Score a model on the test images, also without those that equal a training image.",
    )
    _add_data(evaluate)
    what = evaluate.add_mutually_exclusive_group(required=True)
    what.add_argument("--run", type=Path, metavar="FOLDER", help="run folder: its newest weights")
    what.add_argument("--weights", type=Path, metavar="FILE", help="a .weights.h5 file inside a run folder")
    what.add_argument(
        "--model", type=Path, metavar="FOLDER", help="folder of an exported model (with model.json)"
    )
    evaluate.add_argument("--out", type=Path, metavar="FILE", help="also write the scores to this JSON file")

    export = commands.add_parser(
        "export",
        help="quantise a trained model and write it with its card",
        description="Quantise a run's model to int8 for LiteRT and write it with its card (model.json).",
    )
    _add_data(export)
    export.add_argument("--run", type=Path, metavar="FOLDER", required=True, help="run folder of the model")
    export.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="folder to write to")

    face_model = commands.add_parser(
        "face-model",
        help="fit the face model of the demo's synthetic shopper",
        description="Fit a linear face model (means and principal components) to the training images.",
    )
    _add_data(face_model)
    face_model.add_argument(
        "--yunet", type=Path, metavar="FILE", required=True, help="face_detection_yunet_2023mar.onnx"
    )
    face_model.add_argument(
        "--to", type=Path, metavar="FILE", required=True, help="the .npz file to write, demo/face_model.npz"
    )
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="PATH",
        help="FER-2013 as Kaggle gives it: the zip file, or the folder with train/<label>/ and test/<label>/",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number
