"""The Haar cascade: the fallback that comes with OpenCV."""

from pathlib import Path

import cv2
from cv2.data import haarcascades

from producer.detection import Detection, shrink
from producer.errors import DetectorUnusable
from producer.frames import Image

SCORE = 0.5
"""A cascade gives no probability: every face it finds has this score."""

SCALE_STEP = 1.1
NEIGHBOURS = 5


class Haar:
    """The frontal-face cascade that comes with OpenCV: no landmarks, few small or turned faces.

    Args:
        face_min_px: least height of a face in the frame.
        side_max_px: larger frames are shrunk to this long side first.
    """

    name = "haar"

    def __init__(self, face_min_px: int, side_max_px: int) -> None:
        self._face_min_px = face_min_px
        self._side_max_px = side_max_px
        file = Path(haarcascades) / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(file))
        if self._cascade.empty():
            raise DetectorUnusable(f"OpenCV came without its cascade {file.name}")

    def detect(self, image: Image) -> list[Detection]:
        """See ``Detector``."""
        small, shrunk = shrink(image, self._side_max_px)
        least = max(1, round(self._face_min_px / shrunk))
        boxes = self._cascade.detectMultiScale(
            cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), SCALE_STEP, NEIGHBOURS, minSize=(least, least)
        )
        return [
            Detection(
                (float(x * shrunk), float(y * shrunk), float(w * shrunk), float(h * shrunk)), SCORE, None
            )
            for x, y, w, h in boxes
        ]
