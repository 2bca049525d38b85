"""What the commands do, once their options and what these name are read."""

import argparse
import hashlib
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from contract.labels import LABELS
from runtime.errors import reason_of
from training.cut import cut_validation
from training.dataset import Split
from training.errors import DatasetError, RunError
from training.export import export_run
from training.face_alignment import FaceModelError
from training.face_model import fit_face_model
from training.fit import Lesson, fit, load_selected
from training.inputs import Inputs
from training.learner import count_steps
from training.options import list_changes
from training.plots import plot_history
from training.progress import show_progress
from training.recipes import RECIPES, change_recipe
from training.runs import RunFolder, RunSettings, replace_file
from training.targets import make_targets
from training.votes import VotesFile


def run_train(options: argparse.Namespace, inputs: Inputs) -> None:
    """Train in the run folder, from the start or from where it stands."""
    console = Console(soft_wrap=True)
    dataset, votes = inputs.dataset, inputs.votes
    recipe = change_recipe(RECIPES[options.model], list_changes(options))
    cut = cut_validation(dataset)
    if not len(cut.learning) or not len(cut.validation):
        raise DatasetError(
            f"{dataset.name}: too few images: {len(cut.learning)} to learn from, "
            f"{len(cut.validation)} to validate on, {cut.dropped} left out that are test images, too"
        )
    console.print(
        f"{dataset.name}: learning from {len(cut.learning)} images, validating on {len(cut.validation)}; "
        f"{cut.dropped} left out that are test images, too",
        highlight=False,
    )
    learning, validation = (_make_lesson(split, votes) for split in (cut.learning, cut.validation))
    teachers = [RunFolder(path) for path in options.teacher]
    settings = RunSettings(
        recipe,
        learning.targets.heads,
        options.seed,
        options.precision,
        dataset.sha256,
        votes.sha256 if votes else None,
        tuple(_hash_weights(teacher) for teacher in teachers),
        _hash_weights(RunFolder(options.start)) if options.start else None,
    )
    folder = RunFolder(options.out or Path("runs") / options.model)
    models = [load_teacher(teacher, settings) for teacher in teachers]
    start = load_start(RunFolder(options.start), settings) if options.start else None
    steps = count_steps(len(cut.learning), recipe.batch_size)
    with show_progress(console, recipe.epochs, steps) as listener:
        history = fit(learning, validation, settings, folder, listener, models, start)
    best = history.epochs[history.find_best() - 1]
    console.print(
        f"best on the validation images: epoch {best.epoch}, accuracy {best.validation_accuracy:.4f}",
        highlight=False,
    )
    replace_file(folder.path / "curves.png", plot_history(history, f"{options.model} on {dataset.name}"))


def run_export(options: argparse.Namespace, inputs: Inputs) -> None:
    """Export a run and say what it scores."""
    card = export_run(inputs.dataset, inputs.votes, RunFolder(options.run), options.to, options.fp32)
    console = Console(soft_wrap=True)
    console.print(f"{card.version} → {options.to}", highlight=False)
    for name, value in card.metrics.items():
        console.print(f"{name:38} {value:.4f}", highlight=False)


def run_face_model(options: argparse.Namespace, inputs: Inputs) -> None:
    """Fit the face model of the demo's shopper and say what it is made of."""
    console = Console(soft_wrap=True)
    dataset = inputs.dataset
    shares = make_targets(dataset.train, inputs.votes).distributions[:, 0]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("landmarks", total=len(dataset.train))
        model = fit_face_model(
            dataset.train.images, shares, options.yunet, lambda done: bar.update(task, completed=done)
        )
    content = model.to_npz(dataset.sha256)
    try:
        replace_file(options.to, content)
    except OSError as error:
        raise FaceModelError(f"{options.to} cannot be written ({reason_of(error)})") from error
    made_of = ", ".join(f"{label} {n}" for label, n in zip(LABELS, model.faces, strict=True))
    console.print(f"{len(content)} bytes → {options.to}; faces: {made_of}", highlight=False)


COMMANDS: dict[str, Callable[[argparse.Namespace, Inputs], None]] = {
    "train": run_train,
    "export": run_export,
    "face-model": run_face_model,
}


def load_teacher(folder: RunFolder, settings: RunSettings) -> object:
    """Load the model of a finished run that answers the same questions.

    Raises:
        RunError: it has other heads, or cannot be read.
    """
    heads = folder.read_settings().heads
    if heads != settings.heads:
        raise RunError(f"{folder.path} answers {' and '.join(heads)}, not {' and '.join(settings.heads)}")
    return load_selected(folder, settings.precision)


def load_start(folder: RunFolder, settings: RunSettings) -> object:
    """Load the model of a finished run, to go on learning from.

    Raises:
        RunError: it is of another shape or has other heads, or cannot be read.
    """
    theirs, ours = folder.read_settings().recipe, settings.recipe
    if (theirs.architecture, theirs.width) != (ours.architecture, ours.width):
        raise RunError(
            f"{folder.path} is a {theirs.architecture} of width {theirs.width}, "
            f"not a {ours.architecture} of width {ours.width}"
        )
    return load_teacher(folder, settings)


def _make_lesson(split: Split, votes: VotesFile | None) -> Lesson:
    return Lesson(split.images, make_targets(split, votes))


def _hash_weights(folder: RunFolder) -> str:
    folder.read_settings()  # says so where there is no run at all
    file = folder.find_weights()
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"{file} cannot be read ({reason_of(error)})") from error
