"""Badges of staff: ArUco markers worn under the face.

A badge is looked for below each face, in a picture of that region in which the face is ``FACE_PX`` high: so
that far badges are large enough to be read, and near ones cost no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from producer.frames import Image
from producer.zones import Box

DICTIONARY: Final = cv2.aruco.DICT_4X4_50
IDS: Final = 50
"""Badges are numbered 0 … 49."""

SIDEWAYS: Final = 1.5
"""A badge is looked for so many widths of the face to each side of its middle."""

BELOW: Final = 3.0
"""And from the middle of the face to so many heights below the chin."""

FACE_PX: Final = 80
"""Height of the face in the picture that is searched: a badge of 8 cm is then about 32 pixels wide."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge in a frame.

    Attributes:
        number: 0 … 49.
        x, y: its middle, in pixels.
    """

    number: int
    x: float
    y: float


class BadgeReader:
    """Finds the badges that faces wear."""

    def __init__(self) -> None:
        settings = cv2.aruco.DetectorParameters()
        settings.errorCorrectionRate = 0.0  # a pattern of cloth shall be nobody's badge
        settings.maxErroneousBitsInBorderRate = 0.0
        settings.adaptiveThreshWinSizeMin = 7
        settings.adaptiveThreshWinSizeMax = 15
        settings.adaptiveThreshWinSizeStep = 8
        settings.minMarkerPerimeterRate = 0.1
        settings.maxMarkerPerimeterRate = 2.0
        settings.perspectiveRemovePixelPerCell = 8
        self._detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), settings)

    def worn(self, grey: Image, box: Box, others: Sequence[Box]) -> Badge | None:
        """The badge that a face wears, or None.

        Args:
            grey: the frame, uint8 (height, width).
            box: of the face.
            others: boxes of all other faces of the frame; a badge is that of the face that it hangs under.
        """
        for badge in self._below(grey, box):
            if all(_distance(box, badge) <= _distance(other, badge) for other in others):
                return badge
        return None

    def _below(self, grey: Image, box: Box) -> list[Badge]:
        x, y, width, height = box
        middle = x + width / 2
        left, right = (round(middle + side * SIDEWAYS * width) for side in (-1, 1))
        top, bottom = round(y + height / 2), round(y + (1 + BELOW) * height)
        left, top = max(0, left), max(0, top)
        region = grey[top : max(top, bottom), left : max(left, right)]
        scale = FACE_PX / height
        size = round(region.shape[1] * scale), round(region.shape[0] * scale)
        if min(size) < 1:
            return []
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        corners, numbers, _ = self._detector.detectMarkers(cv2.resize(region, size, interpolation=how))
        if not corners:  # then the numbers are None
            return []
        middles = [np.asarray(four).reshape(4, 2).mean(axis=0) / scale + (left, top) for four in corners]
        return [
            Badge(int(number), float(at[0]), float(at[1]))
            for number, at in zip(numbers.ravel(), middles, strict=True)
        ]


def _distance(box: Box, badge: Badge) -> float:
    """How far a badge is from where a face would wear one, in heights of the face."""
    x, y, width, height = box
    sideways, below = badge.x - (x + width / 2), badge.y - (y + 2 * height)
    return float(np.hypot(2 * sideways, below)) / height
