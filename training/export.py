"""From a run to the folder that workers read: LiteRT models and their card."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from contract.labels import CROP_SIDE, LABELS
from contract.model import CARD_FILE, ModelCard, ModelData, ModelFile
from runtime.errors import reason_of
from training.calibration import fit_temperature, softmax
from training.cut import cut_validation
from training.dataset import Classes, Dataset, Images, Split, find_duplicates
from training.errors import ExportError
from training.evaluate import Logits, find_labelled, score
from training.fit import load_selected
from training.lite import convert_to_float, convert_to_int8, predict_lite
from training.models import count_multiply_adds, take_head
from training.runs import RunFolder, replace_file
from training.soft_confusion import measure_soft_confusion
from training.targets import make_targets
from training.votes import VotesFile

CALIBRATION_CROPS: Final = 1000
"""Training images that set the int8 ranges; more than this changes the scores by noise only."""

MAX_ACCURACY_LOST: Final = 0.005
"""Half a point on the validation cut: an int8 model that loses more is not worth its speed."""

Contents = dict[str, bytes]
"""LiteRT models by the name of their variant."""


def export_run(
    dataset: Dataset, votes: VotesFile | None, run: RunFolder, target: Path, with_float: bool = False
) -> ModelCard:
    """Quantise a run's best weights, calibrate and judge them on the validation cut, and write them.

    Args:
        dataset: what the run was trained on.
        votes: the votes it was trained on, if it was.
        run: the run folder.
        target: folder to write to; made if need be, files of an earlier export are replaced.
        with_float: whether the float32 variants are written, too.

    Returns:
        The card that was written.

    Raises:
        RunError: the run has no finished epoch or cannot be read.
        ExportError: data set or votes are others, int8 loses more than half a point, or the target cannot be
            written. Nothing is written then.
    """
    settings = run.read_settings()
    if settings.data_sha256 != dataset.sha256:
        raise ExportError(f"{run.path} was trained on another data set than {dataset.name}")
    if settings.votes_sha256 != (votes.sha256 if votes else None):
        raise ExportError(
            f"{run.path} was trained {_say_votes(settings.votes_sha256)}: give the same --votes"
        )
    cut = cut_validation(dataset)
    targets = make_targets(cut.validation, votes)
    model = load_selected(run)
    shipped = take_head(model, settings.heads[0])
    exact = convert_heads(model, settings.heads, "fp32", convert_to_float)
    crops = pick_calibration_crops(cut.learning, settings.seed)
    int8 = convert_heads(model, settings.heads, "int8", lambda headed: convert_to_int8(headed, crops))

    logits = predict_lite(int8["int8"], cut.validation.images)
    float_logits = predict_lite(exact["fp32"], cut.validation.images)
    labels = targets.majorities[:, 0]
    refuse_if_worse(score(float_logits, labels, None).accuracy, score(logits, labels, None).accuracy)
    temperature, soft_confusion = calibrate(logits, labels)
    contents = int8 | exact if with_float else int8
    sha256 = hashlib.sha256(int8["int8"]).hexdigest()
    card = ModelCard(
        version=f"{settings.recipe.architecture}-{sha256[:8]}",
        architecture=settings.recipe.architecture,
        labels=LABELS,
        input_shape=(CROP_SIDE, CROP_SIDE, 1),
        temperature=temperature,
        parameters=shipped.count_params(),
        multiply_adds=count_multiply_adds(shipped),
        files={name: _describe(name, content) for name, content in contents.items()},
        metrics={
            "validation_accuracy": score(float_logits, labels, None).accuracy,
            "int8_validation_accuracy": score(logits, labels, None).accuracy,
            "int8_agreement": float((logits.argmax(axis=1) == float_logits.argmax(axis=1)).mean()),
            **_score_test(int8, dataset, votes),
        },
        data=ModelData(
            dataset.name, dataset.sha256, len(cut.learning), len(dataset.test), settings.votes_sha256
        ),
        soft_confusion=soft_confusion,
    )
    write_export(target, contents, card)
    return card


def convert_heads(
    model: Any, heads: tuple[str, ...], variant: str, convert: Callable[[Any], bytes]
) -> Contents:
    """Convert each head of a model: the first by the name of the variant, others as ``<variant>-<head>``."""
    names = [variant, *(f"{variant}-{head}" for head in heads[1:])]
    return {name: convert(take_head(model, head)) for name, head in zip(names, heads, strict=True)}


def pick_calibration_crops(learning: Split, seed: int) -> Images:
    """Draw training images without replacement (all, if there are fewer); uint8, (≤ 1000, 48, 48, 1)."""
    count = min(CALIBRATION_CROPS, len(learning))
    return learning.images[np.random.default_rng(seed).choice(len(learning), count, replace=False)]


def refuse_if_worse(exact: float, int8: float) -> None:
    """Hold the accuracy of the int8 model to that of the float one.

    Raises:
        ExportError: it is more than half a point lower.
    """
    lost = exact - int8
    if lost > MAX_ACCURACY_LOST:
        raise ExportError(
            f"int8 loses {lost * 100:.2f} points of accuracy ({exact:.4f} → {int8:.4f}); "
            f"{MAX_ACCURACY_LOST * 100} are allowed"
        )


def calibrate(logits: Logits, labels: Classes) -> tuple[float, tuple[tuple[float, ...], ...]]:
    """Find the temperature and S on validation images.

    Args:
        logits: float32, (N, 7).
        labels: int64, (N,); -1 where there is none.
    """
    known = find_labelled(labels)
    temperature = fit_temperature(logits[known], np.eye(len(LABELS))[labels[known]])
    confusion = measure_soft_confusion(softmax(logits, temperature), labels)
    return temperature, tuple(tuple(row) for row in confusion.tolist())


def write_export(target: Path, contents: Contents, card: ModelCard) -> None:
    """Write the models, then the card that vouches for them.

    Raises:
        ExportError: the folder cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            replace_file(target / card.files[name].name, content)
        replace_file(target / CARD_FILE, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({reason_of(error)})") from error


def read_card(folder: Path) -> ModelCard:
    """Read the card of an exported model.

    Raises:
        ExportError: it is missing or not readable.
    """
    try:
        return msgspec.json.decode((folder / CARD_FILE).read_bytes(), type=ModelCard)
    except OSError as error:
        raise ExportError(f"{error.filename} cannot be read ({reason_of(error)})") from error
    except msgspec.MsgspecError as error:
        raise ExportError(f"{folder / CARD_FILE} is not the card of a model ({error})") from error


def read_variant(folder: Path, card: ModelCard, variant: str) -> bytes:
    """Read one of the models that a card describes.

    Raises:
        ExportError: there is none of that name, or its file is missing or not the one that the card means.
    """
    if variant not in card.files:
        raise ExportError(f"{folder} has no variant {variant}, only {', '.join(sorted(card.files))}")
    file = folder / card.files[variant].name
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ExportError(f"{file} cannot be read ({reason_of(error)})") from error
    if hashlib.sha256(content).hexdigest() != card.files[variant].sha256:
        raise ExportError(f"{file} is not the file that {CARD_FILE} describes")
    return content


def _describe(variant: str, content: bytes) -> ModelFile:
    return ModelFile(f"model.{variant}.tflite", hashlib.sha256(content).hexdigest(), len(content))


def _score_test(int8: Contents, dataset: Dataset, votes: VotesFile | None) -> dict[str, float]:
    """Accuracy of each head on the test images against its own labels, for the card."""
    targets = make_targets(dataset.test, votes)
    duplicates = find_duplicates(dataset.test, dataset.train)
    metrics = {}
    for place, (head, content) in enumerate(zip(targets.heads, int8.values(), strict=True)):
        scores = score(predict_lite(content, dataset.test.images), targets.majorities[:, place], duplicates)
        metrics[f"test_{head}_accuracy"] = scores.accuracy
        if scores.accuracy_deduplicated is not None:
            metrics[f"test_{head}_accuracy_deduplicated"] = scores.accuracy_deduplicated
    return metrics


def _say_votes(sha256: str | None) -> str:
    return f"on votes with sha256 {sha256}" if sha256 else "without votes"
