"""The emotion model on LiteRT: grey crops to probabilities."""

import hashlib
from pathlib import Path

import msgspec
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from contract.labels import CROP_SIDE, LABELS
from contract.model import CARD_FILE, ModelCard
from runtime.errors import ModelUnusable, reason_of

Crops = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_INPUT_SHAPE = (CROP_SIDE, CROP_SIDE, 1)


class Classifier:
    """A model that was checked against its card and the contract.

    Args:
        folder: holds ``model.json`` and the files it names.
        variant: which of the card's files to run.
        threads: of the interpreter.
        batch_faces: largest batch; longer inputs are classified in several.

    Raises:
        ModelUnusable: something is missing, changed on disk, or not of our shape or labels.
    """

    def __init__(self, folder: Path, variant: str, threads: int, batch_faces: int) -> None:
        self.card = _read_card(folder)
        model = _read_model(folder, self.card, variant)
        # An interpreter for each power of two: resizing one between batches costs more than the batch.
        sizes = [1 << i for i in range((batch_faces - 1).bit_length())] + [batch_faces]
        self._batches = {size: _Batch(model, size, threads) for size in sizes}
        self._largest = batch_faces

    def classify(self, crops: Crops) -> Floats:
        """Probabilities of faces.

        Args:
            crops: uint8, shape (n, 48, 48), grey.

        Returns:
            float32, shape (n, 7), in the order of ``LABELS``; each row sums to 1.
        """
        logits = [self._logits(crops[i : i + self._largest]) for i in range(0, len(crops), self._largest)]
        return _softmax(np.concatenate(logits) / np.float32(self.card.temperature))

    def _logits(self, crops: Crops) -> Floats:
        size = next(size for size in self._batches if size >= len(crops))
        return self._batches[size].run(crops)


class _Batch:
    """An interpreter for batches of up to ``size`` crops (shorter ones are padded with black)."""

    def __init__(self, model: bytes, size: int, threads: int) -> None:
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=threads)
            source, sink = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
            _check_tensors(source, sink)
            self._interpreter.resize_tensor_input(source["index"], (size, *_INPUT_SHAPE))
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelUnusable(f"LiteRT cannot load the model: {error}") from None
        self._source, self._sink = source["index"], sink["index"]
        self._padded = np.zeros((size, *_INPUT_SHAPE), np.uint8)

    def run(self, crops: Crops) -> Floats:
        n = len(crops)
        self._padded[:n, :, :, 0] = crops
        self._interpreter.set_tensor(self._source, self._padded)
        self._interpreter.invoke()
        logits: Floats = self._interpreter.get_tensor(self._sink)[:n]
        return logits


def _read_card(folder: Path) -> ModelCard:
    try:
        card = msgspec.json.decode((folder / CARD_FILE).read_bytes(), type=ModelCard)
    except OSError as error:
        raise ModelUnusable(f"no model in {folder}: {reason_of(error)}: {CARD_FILE}") from None
    except msgspec.MsgspecError as error:
        raise ModelUnusable(f"{folder / CARD_FILE} is no model card: {error}") from None
    if card.labels != LABELS:
        raise ModelUnusable(f"model {card.version} has labels {card.labels}, needed are {LABELS}")
    if card.input_shape != _INPUT_SHAPE:
        raise ModelUnusable(f"model {card.version} takes {card.input_shape}, needed is {_INPUT_SHAPE}")
    if card.temperature <= 0:
        raise ModelUnusable(f"model {card.version} has temperature {card.temperature}, needed is > 0")
    return card


def _read_model(folder: Path, card: ModelCard, variant: str) -> bytes:
    if variant not in card.files:
        raise ModelUnusable(f"model {card.version} has no variant {variant}, only {', '.join(card.files)}")
    file = card.files[variant]
    try:
        model = (folder / file.name).read_bytes()
    except OSError as error:
        raise ModelUnusable(f"no model in {folder}: {reason_of(error)}: {file.name}") from None
    if hashlib.sha256(model).hexdigest() != file.sha256:
        raise ModelUnusable(f"{folder / file.name} is not the file its card describes (sha256 differs)")
    return model


def _check_tensors(source: dict[str, object], sink: dict[str, object]) -> None:
    takes, gives = source["shape_signature"], sink["shape_signature"]
    if source["dtype"] is not np.uint8 or tuple(np.asarray(takes)[1:]) != _INPUT_SHAPE:
        raise ModelUnusable(f"the model takes {source['dtype']} {takes}, needed is uint8 (n, 48, 48, 1)")
    if sink["dtype"] is not np.float32 or tuple(np.asarray(gives)[1:]) != (len(LABELS),):
        raise ModelUnusable(f"the model gives {sink['dtype']} {gives}, needed is float32 (n, {len(LABELS)})")


def _softmax(logits: Floats) -> Floats:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares
