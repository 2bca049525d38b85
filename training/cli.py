"""The command line: options, and one clear line for what is wrong with them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.aws.location import S3Location
from training.aws_cli import add_s3, add_sagemaker
from training.errors import TrainingError
from training.inputs import load_inputs, load_scored_inputs
from training.options import add_data, add_recipe, read_place

_GOES_ON = {
    "train": "; the same command goes on after the last whole epoch",
    "s3": "; the same command goes on where it was",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0; 1 after a line on stderr that says what to put right; 130 when stopped with Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    # TensorFlow's own messages say nothing about this project; a user who wants them sets the variable
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _run(options)
    except TrainingError as error:
        sys.stderr.write(f"training: {error}\n")
        return 1
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"stopped{str(stop) or _GOES_ON.get(options.command, '')}\n")
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    """Read and check what a command works on, then load what runs it: TensorFlow takes seconds."""
    if options.command == "s3":
        from training.aws.commands import run_download, run_upload  # noqa: PLC0415

        (run_upload if options.direction == "upload" else run_download)(options)
        return
    if options.command == "sagemaker":
        from training.sagemaker.commands import run_sagemaker  # noqa: PLC0415

        run_sagemaker(options)
        return
    _fetch_remote(options)
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


def _fetch_remote(options: argparse.Namespace) -> None:
    """Put files of this machine in the place of what was given as s3://."""
    remote = {name: value for name, value in vars(options).items() if isinstance(value, S3Location)}
    if remote:
        from rich.console import Console  # noqa: PLC0415

        from training.aws.cache import fetch  # noqa: PLC0415

        console = Console(soft_wrap=True, stderr=True)
        for name, location in remote.items():
            setattr(options, name, fetch(location, console))


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Trains, scores and exports models.",
        epilog="Exit status: 0; 1 after a line that says what to put right; 2 if an option is wrong; "
        "130 when stopped with Ctrl-C.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands.add_parser(
        "train",
        help="train a model",
        description="Trains a model. A run that was stopped goes on when the same command is given again.",
    ))  # fmt: skip
    _add_evaluate(commands.add_parser(
        "evaluate",
        help="score an exported model",
        description="Scores an exported model on test images, and without those that equal a training image.",
    ))  # fmt: skip
    _add_export(commands.add_parser(
        "export",
        help="quantise a trained model and write it with its card",
        description="Quantises a run's model to int8 for LiteRT and writes it with its card (model.json).",
    ))  # fmt: skip
    _add_report(commands.add_parser(
        "report",
        help="make a page of scores",
        description="Makes a page with plots of what evaluate wrote, and of the curves of a run.",
    ))  # fmt: skip
    _add_face_model(commands.add_parser(
        "face-model",
        help="fit the face model of the demo's synthetic shoppers",
        description="Fits a linear face model (means and principal components) to the training images; with "
        "votes, to those whose expression people agree on.",
    ))  # fmt: skip
    add_s3(commands)
    add_sagemaker(commands)
    return parser


def _add_train(train: argparse.ArgumentParser) -> None:
    add_data(train)
    add_recipe(train)
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
    train.add_argument("--out", type=Path, metavar="FOLDER", help="run folder (default: runs/<model>)")


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    add_data(evaluate, "; or images to score alone, in class folders")
    evaluate.add_argument(
        "--model", type=read_place, metavar="FOLDER", required=True, help="exported model (with model.json)"
    )
    evaluate.add_argument(
        "--variant", default="int8", metavar="NAME", help="which of the model's files (default: %(default)s)"
    )
    evaluate.add_argument(
        "--against",
        type=read_place,
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
    add_data(export)
    export.add_argument("--run", type=Path, metavar="FOLDER", required=True, help="run folder of the model")
    export.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="folder to write to")
    export.add_argument("--fp32", action="store_true", help="write the float32 model, too")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument(
        "--json", type=read_place, metavar="FILE", required=True, help="what evaluate wrote to its --json"
    )
    report.add_argument("--run", type=Path, metavar="FOLDER", help="run folder, to draw its curves, too")
    report.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="folder to write to")


def _add_face_model(face_model: argparse.ArgumentParser) -> None:
    add_data(face_model)
    face_model.add_argument(
        "--yunet",
        type=Path,
        metavar="FILE",
        required=True,
        help="the face detector face_detection_yunet_2023mar.onnx",
    )
    face_model.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        required=True,
        help=".npz file to write; the demo reads demo/face_model.npz",
    )
