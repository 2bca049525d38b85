"""What the commands do, once their options are read."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from contract.labels import LABELS
from training.dataset import Dataset, find_duplicates
from training.errors import RunError
from training.evaluate import score
from training.export import export_run, read_export
from training.face_model import FaceModelError, fit_face_model
from training.fit import LEARNING_RATE, fit, load_trained
from training.lite import predict_keras, predict_lite
from training.plots import plot_history
from training.progress import show_progress
from training.runs import RunFolder, RunSettings, replace_file


def run_train(options: argparse.Namespace, dataset: Dataset) -> None:
    """Train in the run folder, from the start or from where it stands."""
    console = Console(soft_wrap=True)
    console.print(
        f"{dataset.name}: {len(dataset.train)} training and {len(dataset.test)} test images", highlight=False
    )
    settings = RunSettings(
        options.model, options.batch_size, LEARNING_RATE, options.seed, options.precision, dataset.sha256
    )
    folder = RunFolder(options.out or Path("runs") / options.model)
    steps = math.ceil(len(dataset.train) / options.batch_size)
    with show_progress(console, options.epochs, steps) as listener:
        _, history = fit(dataset, settings, options.epochs, folder, listener)
    replace_file(folder.path / "curves.png", plot_history(history, f"{options.model} on {dataset.name}"))


def run_evaluate(options: argparse.Namespace, dataset: Dataset) -> None:
    """Score a run, a weights file or an exported model."""
    if options.model:
        logits = predict_lite(read_export(options.model)[0], dataset.test.images)
    else:
        folder = RunFolder(options.run or options.weights.parent)
        model = load_trained(folder.read_settings(), options.weights or folder.find_weights())
        logits = predict_keras(model, dataset.test.images)
    scores = score(logits, dataset.test.classes, find_duplicates(dataset.test, dataset.train))
    text = msgspec.json.format(msgspec.json.encode(scores)) + b"\n"
    if options.out:
        try:
            replace_file(options.out, text)
        except OSError as error:
            raise RunError(f"{options.out} cannot be written ({error.strerror})") from error
    Console(soft_wrap=True).print(text.decode(), end="", highlight=False)


def run_export(options: argparse.Namespace, dataset: Dataset) -> None:
    """Export a run and say what it scores."""
    card = export_run(dataset, RunFolder(options.run), options.to)
    console = Console(soft_wrap=True)
    console.print(f"{card.version} → {options.to}", highlight=False)
    for name, value in card.metrics.items():
        console.print(f"{name:32} {value:.4f}", highlight=False)


def run_face_model(options: argparse.Namespace, dataset: Dataset) -> None:
    """Fit the face model of the demo's shopper and say what it is made of."""
    console = Console(soft_wrap=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("landmarks", total=len(dataset.train))
        model = fit_face_model(dataset.train, options.yunet, lambda done: bar.update(task, completed=done))
    content = model.to_npz(dataset.sha256)
    try:
        replace_file(options.to, content)
    except OSError as error:
        raise FaceModelError(f"{options.to} cannot be written ({error.strerror})") from error
    made_of = ", ".join(f"{label} {n}" for label, n in zip(LABELS, model.faces, strict=True))
    console.print(f"{len(content)} bytes → {options.to}; faces: {made_of}", highlight=False)


COMMANDS: dict[str, Callable[[argparse.Namespace, Dataset], None]] = {
    "train": run_train,
    "evaluate": run_evaluate,
    "export": run_export,
    "face-model": run_face_model,
}
