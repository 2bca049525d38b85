"""A face found in a frame, and what finds it."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from producer.frames import Image


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


def shrink(image: Image, side_max_px: int) -> tuple[Image, float]:
    """The image with its long side at most ``side_max_px``, and how much smaller it is (≥ 1)."""
    height, width = image.shape[:2]
    shrunk = max(1.0, max(height, width) / side_max_px)
    if shrunk == 1.0:
        return image, shrunk
    size = (round(width / shrunk), round(height / shrunk))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), shrunk
