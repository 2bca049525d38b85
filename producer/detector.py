"""Finds faces in a frame: YuNet, or the Haar cascade where YuNet's file cannot be had."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from cv2.data import haarcascades

from producer.errors import DetectorUnusable
from producer.frames import Image
from producer.settings import ProducerSettings
from producer.yunet_file import YunetUnavailable, fetch_yunet, read_yunet

log = logging.getLogger(__name__)

NMS_IOU = 0.3
"""Of two YuNet boxes that overlap more, the less sure one goes."""

YUNET_FACES_MAX = 200
"""Candidates kept before overlap is removed."""

HAAR_SCORE = 0.5
"""A cascade gives no probability: every face it finds has this score."""

HAAR_SCALE_STEP = 1.1
HAAR_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face in a frame.

    Attributes:
        box: x, y (top left corner), width, height in pixels of the frame; may reach outside it.
        score: confidence, 0–1.
        landmarks: float32 (5, 2), x and y in pixels: the eye, left and right in the picture, the tip of
            the nose, the corner of the mouth, left and right in the picture; None where unknown.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: npt.NDArray[np.float32] | None


class Detector(Protocol):
    """Finds faces.

    Attributes:
        name: in reports.
    """

    name: str

    def detect(self, image: Image) -> list[Detection]:
        """The faces of a uint8 BGR image (height, width, 3)."""
        ...


class Yunet:
    """YuNet (Wu, Peng & Yu 2023), through OpenCV.

    Args:
        model: bytes of the ONNX file.
        score_min: least score of a detection.
        side_max_px: larger frames are shrunk to this long side first.

    Raises:
        DetectorUnusable: OpenCV cannot read the model.
    """

    name = "yunet-2023mar"

    def __init__(self, model: bytes, score_min: float, side_max_px: int) -> None:
        self._side_max_px = side_max_px
        self._size = (320, 320)
        empty = np.zeros(0, np.uint8)
        try:
            self._net = cv2.FaceDetectorYN.create(
                "onnx", np.frombuffer(model, np.uint8), empty, self._size, score_min, NMS_IOU, YUNET_FACES_MAX
            )
        except cv2.error as error:
            raise DetectorUnusable(f"OpenCV cannot read the YuNet model: {error.err}") from None

    def detect(self, image: Image) -> list[Detection]:
        """See ``Detector``."""
        small, shrunk = _shrink(image, self._side_max_px)
        size = (small.shape[1], small.shape[0])
        if size != self._size:
            self._net.setInputSize(size)
            self._size = size
        rows: npt.NDArray[np.float32] | None = self._net.detect(small)[1]  # type: ignore[assignment]
        if rows is None:  # OpenCV's way to say that there is no face, which its types do not know
            return []
        return [
            Detection(
                box=(float(row[0]), float(row[1]), float(row[2]), float(row[3])),
                score=min(1.0, float(score)),
                landmarks=row[4:14].reshape(5, 2),
            )
            for row, score in zip(rows[:, :14] * np.float32(shrunk), rows[:, 14], strict=True)
        ]


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
        small, shrunk = _shrink(image, self._side_max_px)
        least = max(1, round(self._face_min_px / shrunk))
        boxes = self._cascade.detectMultiScale(
            cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), HAAR_SCALE_STEP, HAAR_NEIGHBOURS, minSize=(least, least)
        )
        return [
            Detection(
                (float(x * shrunk), float(y * shrunk), float(w * shrunk), float(h * shrunk)), HAAR_SCORE, None
            )
            for x, y, w, h in boxes
        ]


def open_detector(settings: ProducerSettings) -> Detector:
    """The detector that ``settings`` ask for.

    Raises:
        DetectorUnusable: YuNet was asked for, by name or by file, and cannot be had.
    """
    if settings.detector == "haar":
        return Haar(settings.face_min_px, settings.detect_side_max_px)
    try:
        model = read_yunet(settings.yunet_file) if settings.yunet_file else fetch_yunet()
    except YunetUnavailable as error:
        if settings.detector == "yunet" or settings.yunet_file:
            raise
        log.warning("%s; using the Haar cascade, which misses small and turned faces", error)
        return Haar(settings.face_min_px, settings.detect_side_max_px)
    return Yunet(model, settings.score_min, settings.detect_side_max_px)


def _shrink(image: Image, side_max_px: int) -> tuple[Image, float]:
    """The image with its long side at most ``side_max_px``, and how much smaller it is (≥ 1)."""
    height, width = image.shape[:2]
    shrunk = max(1.0, max(height, width) / side_max_px)
    if shrunk == 1.0:
        return image, shrunk
    size = (round(width / shrunk), round(height / shrunk))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), shrunk
