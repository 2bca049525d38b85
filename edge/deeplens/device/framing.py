"""From a face in a frame to its crop, as ``producer/framing.py`` frames faces without landmarks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.deeplens.device.events import CROP_SIDE

if TYPE_CHECKING:
    import numpy.typing as npt

    Image = npt.NDArray[np.uint8]

OVERSAMPLING_MAX = 16


def crop_face(grey: Image, box: tuple[float, float, float, float]) -> bytes:
    """The crop of a face: as high as its box, and around its middle; beyond the frame its edge is repeated.

    Args:
        grey: the frame, uint8 (height, width).
        box: x, y (top left corner), width, height in pixels of the frame.

    Returns:
        48×48 uint8 grey pixels, row by row (2,304 bytes).
    """
    x, y, width, height = box
    scale = 1 / height
    shift = (0.5 - scale * (x + width / 2), 0.5 - scale * (y + height / 2))
    # sampling sparsely would alias: sample as finely as the frame is, then average
    finer = min(OVERSAMPLING_MAX, max(1, math.ceil(height / CROP_SIDE - 1e-6)))
    side = CROP_SIDE * finer
    matrix = np.array([(scale, 0.0, shift[0]), (0.0, scale, shift[1])]) * side
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # centres of pixels
    fine = cv2.warpAffine(grey, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        fine = cv2.resize(fine, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(fine, np.uint8).tobytes()
