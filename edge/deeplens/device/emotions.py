"""Classification on the device: emotions leave it, pixels do not."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import numpy as np

from edge.deeplens.device.errors import ClassifierUnusable
from edge.deeplens.device.events import CROP_SIDE, LABELS, FaceCrop, FaceEmotions, FrameEmotions, FrameFaces

CARD_FILE = "model.json"
VARIANT = "int8"
DECIMALS = 6


class Classifier:
    """The model that workers run, on TensorFlow Lite's runtime.

    Args:
        folder: holds ``model.json`` and the model.

    Raises:
        ClassifierUnusable: the runtime or the model is not there, or they do not go together.
    """

    def __init__(self, folder: str) -> None:
        try:
            from tflite_runtime.interpreter import (  # type: ignore[import-not-found]  # noqa: PLC0415
                Interpreter,  # not in every zip
            )
        except (ImportError, RuntimeError) as error:  # RuntimeError: built for another NumPy
            raise ClassifierUnusable(f"TensorFlow Lite does not load: {error}") from None
        card, model = _read(folder)
        self._version = str(card["version"])
        self._temperature = float(card["temperature"])
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._source = self._interpreter.get_input_details()[0]["index"]
            self._interpreter.resize_tensor_input(self._source, (1, CROP_SIDE, CROP_SIDE, 1))
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ClassifierUnusable(f"TensorFlow Lite does not run this model: {error}") from None
        self._sink = self._interpreter.get_output_details()[0]["index"]

    def classify(self, frame: FrameFaces, now_ms: int) -> FrameEmotions:
        """The same frame without pixels.

        Args:
            frame: with crops.
            now_ms: UTC; becomes ``classified_at_ms``.
        """
        return FrameEmotions(
            frame.schema,
            frame.camera,
            frame.session,
            frame.frame,
            frame.captured_at_ms,
            frame.interval_ms,
            self._version,
            now_ms,
            tuple(
                FaceEmotions(
                    face.track, face.zone, face.box, face.score, face.frontal, self._probabilities(face)
                )
                for face in frame.faces
            ),
        )

    def _probabilities(self, face: FaceCrop) -> tuple[float, ...]:
        pixels = np.frombuffer(face.crop, np.uint8).reshape(1, CROP_SIDE, CROP_SIDE, 1)
        self._interpreter.set_tensor(self._source, pixels)
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._sink)[0].astype(np.float64) / self._temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return tuple(shares.round(DECIMALS).tolist())


def _read(folder: str) -> tuple[dict[str, Any], bytes]:
    """The card and the model it names."""
    try:
        with open(os.path.join(folder, CARD_FILE), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            card: dict[str, Any] = json.load(file)
        named = card["files"][VARIANT]
        with open(os.path.join(folder, named["name"]), "rb") as file:  # noqa: PTH118, PTH123
            model = file.read()
    except (OSError, ValueError, KeyError) as error:
        raise ClassifierUnusable(f"no model in {folder}: {error}") from None
    if hashlib.sha256(model).hexdigest() != named["sha256"]:
        raise ClassifierUnusable(f"the model in {folder} is not the one its card describes")
    if tuple(card["labels"]) != LABELS:
        raise ClassifierUnusable(f"the model in {folder} has other labels")
    return card, model
