"""The Haar cascade: the fallback that comes with OpenCV."""

import math
from pathlib import Path

import cv2
import numpy as np
from cv2.data import haarcascades

from producer.detection import Detection, shrink
from producer.errors import DetectorUnusable
from producer.frames import Image

WEIGHT_OF_1 = 12.0
"""A cascade gives no probability; its weight is made a score by dividing by this."""

WINDOW_PX = 24
"""Height of the smallest face that the cascade can find."""

SCALE_STEP = 1.1
NEIGHBOURS = 5


class Haar:
    """The frontal-face cascade that comes with OpenCV: no landmarks, few small or turned faces.

    Args:
        face_min_px: least height of a face in the frame.
        side_max_px: larger frames are shrunk to this long side first.
        weight_min: least sum of the last stage's weights; more of them, fewer patterns that are no face, and
            fewer faces. Of the scripted store's faces 99% have 5, and 4 of 31 patterns of goods and coats.
    """

    name = "haar"

    def __init__(self, face_min_px: int, side_max_px: int, weight_min: float = -math.inf) -> None:
        self._face_min_px = face_min_px
        self._side_max_px = side_max_px
        self._weight_min = weight_min
        file = Path(haarcascades) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(file))
        if self._cascade.empty():
            raise DetectorUnusable(f"OpenCV came without its cascade {file.name}")

    def detect(self, image: Image) -> list[Detection]:
        """See ``Detector``."""
        # where no face is as small as the cascade's window, a smaller picture shows as much, in less time
        side_max_px = min(self._side_max_px, int(max(image.shape) * WINDOW_PX / self._face_min_px))
        small, shrunk = shrink(image, side_max_px)
        least = max(1, round(self._face_min_px / shrunk))
        boxes, _, weights = self._cascade.detectMultiScale3(
            cv2.cvtColor(small, cv2.COLOR_BGR2GRAY),
            SCALE_STEP,
            NEIGHBOURS,
            minSize=(least, least),
            outputRejectLevels=True,
        )
        return [
            Detection(
                (float(x * shrunk), float(y * shrunk), float(w * shrunk), float(h * shrunk)),
                min(1.0, max(0.0, float(weight) / WEIGHT_OF_1)),
                None,
            )
            for (x, y, w, h), weight in zip(boxes, np.ravel(weights), strict=True)
            if weight >= self._weight_min
        ]
