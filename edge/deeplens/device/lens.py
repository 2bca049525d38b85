"""The device's lens and its face detector, through AWS' ``awscam``."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.deeplens.device.errors import LensUnusable
from edge.deeplens.device.tracker import Detection

if TYPE_CHECKING:
    from edge.deeplens.device.framing import Image

log = logging.getLogger(__name__)

INPUT_PX = 300
"""Side of the picture that the face model takes."""

FACE_LABELS = ("1", "1.0", "face")
"""How ``parseResult`` calls a face: releases of the device's software differ."""


class Lens:
    """Frames and the faces in them.

    Args:
        awscam: the device's module.
        face_model: file of its face detector.
        score_min: least probability of a face.
        face_min_px: least height of a face in the frame.

    Raises:
        LensUnusable: the device does not load the model.
    """

    name = "deeplens-ssd"

    def __init__(self, awscam: Any, face_model: str, score_min: float, face_min_px: float) -> None:
        self._awscam = awscam
        self._score_min = score_min
        self._face_min_px = face_min_px
        self._fault = ""
        try:
            self._model = awscam.Model(face_model, {"GPU": 1})
        except Exception as error:  # noqa: BLE001  (the device's software does not say what it raises)
            raise LensUnusable(f"the device does not load {face_model}: {error}") from None

    def look(self) -> tuple[Image, list[Detection]] | None:
        """A frame, uint8 BGR (height, width, 3), and its faces.

        None where there is none now; that it began or ended is logged.
        """
        try:
            got, frame = self._awscam.getLastFrame()
            fault = "" if got else "the lens gives no picture"
            if not fault and not _is_picture(frame):
                fault = "the lens gives something that is no picture"
            found = [] if fault else self._find(frame)
        except Exception as error:  # noqa: BLE001  (see above; a camera that ends at this is no camera)
            fault = f"the lens or its detector fails: {error}"
        if fault != self._fault:
            log.warning("%s", fault or "the lens gives pictures again")
            self._fault = fault
        return None if fault else (frame, found)

    def _find(self, frame: Image) -> list[Detection]:
        height, width = frame.shape[:2]
        answer = self._model.doInference(cv2.resize(frame, (INPUT_PX, INPUT_PX)))
        faces = []
        for found in self._model.parseResult("ssd", answer)["ssd"]:
            score = min(1.0, float(found["prob"]))
            left, right = (float(found[name]) * width / INPUT_PX for name in ("xmin", "xmax"))
            top, bottom = (float(found[name]) * height / INPUT_PX for name in ("ymin", "ymax"))
            box = (left, top, right - left, bottom - top)
            if (
                str(found["label"]) in FACE_LABELS
                and score >= self._score_min
                and all(map(math.isfinite, box))
                and box[2] > 0
                and box[3] >= self._face_min_px
            ):
                faces.append(Detection(box, score))
        return faces


def _is_picture(frame: Any) -> bool:
    return (
        isinstance(frame, np.ndarray)
        and frame.dtype == np.uint8
        and frame.ndim == 3
        and frame.shape[2] == 3
        and frame.size > 0
    )
