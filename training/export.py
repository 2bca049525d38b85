"""From a run to the folder that workers read: the int8 model and its card."""

import hashlib
from pathlib import Path

import msgspec
import numpy as np

from contract.labels import CROP_SIDE, LABELS
from contract.model import ModelCard, ModelData, ModelFile
from training.dataset import Dataset, Images, Split, find_duplicates
from training.errors import ExportError
from training.evaluate import Scores, score
from training.fit import load_trained
from training.lite import convert_to_int8, predict_keras, predict_lite
from training.models import count_multiply_adds
from training.runs import RunFolder, replace_file

MODEL_FILE = "model.int8.tflite"
CARD_FILE = "model.json"

CALIBRATION_CROPS = 1000
"""Training images that set the int8 ranges; more than this changes the scores by noise only."""

MAX_ACCURACY_LOST = 0.005
"""Half a point on the test images: an int8 model that loses more is not worth its speed."""


def export_run(dataset: Dataset, run: RunFolder, target: Path) -> ModelCard:
    """Quantise a run's newest weights, score both variants and write the model with its card.

    Args:
        dataset: what the run was trained on.
        run: the run folder.
        target: folder to write to; made if need be, files of an earlier export are replaced.

    Returns:
        The card that was written.

    Raises:
        RunError: the run has no finished epoch or cannot be read.
        ExportError: the data set is another one, int8 loses more than half a point, or the target cannot be
            written. Nothing is written then.
    """
    settings = run.read_settings()
    if settings.data_sha256 != dataset.sha256:
        raise ExportError(f"{run.path} was trained on another data set than {dataset.name}")
    model = load_trained(settings, run.find_weights())
    content = convert_to_int8(model, pick_calibration_crops(dataset.train, settings.seed))
    duplicates = find_duplicates(dataset.test, dataset.train)
    logits, quantised = predict_keras(model, dataset.test.images), predict_lite(content, dataset.test.images)
    exact = score(logits, dataset.test.classes, duplicates)
    int8 = score(quantised, dataset.test.classes, duplicates)
    refuse_if_worse(exact, int8)
    sha256 = hashlib.sha256(content).hexdigest()
    card = ModelCard(
        version=f"{settings.architecture}-{sha256[:8]}",
        architecture=settings.architecture,
        labels=LABELS,
        input_shape=(CROP_SIDE, CROP_SIDE, 1),
        temperature=1.0,
        parameters=model.count_params(),
        multiply_adds=count_multiply_adds(model),
        files={"int8": ModelFile(MODEL_FILE, sha256, len(content))},
        metrics={
            "train_accuracy": measure_accuracy(predict_keras(model, dataset.train.images), dataset.train),
            "test_accuracy": exact.accuracy,
            "test_accuracy_deduplicated": exact.accuracy_deduplicated,
            "int8_test_accuracy": int8.accuracy,
            "int8_test_accuracy_deduplicated": int8.accuracy_deduplicated,
            "int8_agreement": float((logits.argmax(axis=1) == quantised.argmax(axis=1)).mean()),
        },
        data=ModelData(dataset.name, dataset.sha256, len(dataset.train), len(dataset.test)),
    )
    write_export(target, content, card)
    return card


def pick_calibration_crops(train: Split, seed: int) -> Images:
    """Draw training images without replacement (all, if there are fewer); uint8, (≤ 1000, 48, 48, 1)."""
    count = min(CALIBRATION_CROPS, len(train))
    return train.images[np.random.default_rng(seed).choice(len(train), count, replace=False)]


def refuse_if_worse(exact: Scores, int8: Scores) -> None:
    """Hold the int8 model to the float one.

    Raises:
        ExportError: it loses more than half a point of accuracy.
    """
    lost = exact.accuracy - int8.accuracy
    if lost > MAX_ACCURACY_LOST:
        raise ExportError(
            f"int8 loses {lost * 100:.2f} points of accuracy ({exact.accuracy:.4f} → {int8.accuracy:.4f}); "
            f"{MAX_ACCURACY_LOST * 100} are allowed"
        )


def measure_accuracy(logits: np.ndarray[tuple[int, int], np.dtype[np.float32]], split: Split) -> float:
    """Share of the images of a split whose largest logit is the label's."""
    return float((logits.argmax(axis=1) == split.classes).mean())


def write_export(target: Path, content: bytes, card: ModelCard) -> None:
    """Write the model, then the card that vouches for it.

    Raises:
        ExportError: the folder cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        replace_file(target / MODEL_FILE, content)
        replace_file(target / CARD_FILE, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror})") from error


def read_export(folder: Path) -> tuple[bytes, ModelCard]:
    """Read an exported int8 model and its card.

    Raises:
        ExportError: a file is missing or not readable, or the model is not the one that the card describes.
    """
    try:
        card = msgspec.json.decode((folder / CARD_FILE).read_bytes(), type=ModelCard)
        file = card.files["int8"]
        content = (folder / file.name).read_bytes()
    except OSError as error:
        raise ExportError(f"{error.filename} cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, KeyError) as error:
        raise ExportError(f"{folder / CARD_FILE} is not the card of an int8 model ({error})") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ExportError(f"{folder / file.name} is not the file that {CARD_FILE} describes")
    return content, card
