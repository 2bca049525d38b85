"""Zones of a camera: parts of its picture, and what faces in them mean. Pure.

Outlines are fractions of the frame. What is laid out for a frame's size is kept, so that asking costs next to
nothing.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from producer.frames import Image

WATCH, STAFF, MASKED = "watch", "staff", "masked"
Kind = Literal["watch", "staff", "masked"]

HIDDEN_SHARE: Final = 0.25
"""A face of whose box so much lies in staff or masked zones is left out."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""x, y (top left corner), width, height in pixels."""


class Zone(Struct, frozen=True):
    """A part of the picture.

    Attributes:
        name: as in the contract's ``ZoneName``, not empty.
        kind: ``watch``: faces count for this zone, too; ``staff``, ``masked``: faces are left out, and nobody
            gets to see any pixel of it.
        points: corners in order, x and y as fractions of the frame.
    """

    name: str
    kind: Kind
    points: tuple[Point, ...]


class Layout:
    """Zones laid out for frames of one size.

    Args:
        zones: the first one that a watched point lies in has it.
        width, height: of the frames, in pixels.
    """

    def __init__(self, zones: Sequence[Zone], width: int, height: int) -> None:
        hidden = _cover([zone for zone in zones if zone.kind != WATCH], width, height)
        # a pixel more all round: those that the outline cuts through
        self._hidden = cv2.dilate(hidden, np.ones((3, 3), np.uint8))
        watched = [zone for zone in zones if zone.kind == WATCH]
        self._names = ("", *(zone.name for zone in watched))
        self._watched = np.zeros((height, width), np.uint8)
        for number, zone in reversed(list(enumerate(watched, 1))):
            self._watched[_cover([zone], width, height) > 0] = number
        self._hides = bool(self._hidden.any())

    def watched_at(self, x: float, y: float) -> str:
        """The watch zone of a place in pixels, or ''; what lies outside the frame counts as its edge."""
        height, width = self._watched.shape
        column, row = min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)
        return self._names[int(self._watched[row, column])]

    def hidden_share(self, box: Box) -> float:
        """How much of the part of a box that is in the frame lies in staff or masked zones, 0–1."""
        if not self._hides:
            return 0.0
        height, width = self._hidden.shape
        left, right = (round(min(max(edge, 0), width)) for edge in (box[0], box[0] + box[2]))
        top, bottom = (round(min(max(edge, 0), height)) for edge in (box[1], box[1] + box[3]))
        inside = self._hidden[top:bottom, left:right]
        return float(np.count_nonzero(inside)) / inside.size if inside.size else 0.0

    def black_out(self, image: Image) -> Image:
        """The frame, grey or BGR, with staff and masked zones black; the given one stays as it is."""
        if not self._hides:
            return image
        seen = image.copy()
        seen[self._hidden > 0] = 0
        return seen


class Zones:
    """The zones of a camera.

    Args:
        zones: in the order of their file.
    """

    def __init__(self, zones: Sequence[Zone] = ()) -> None:
        self._zones = zones
        self._layouts: dict[tuple[int, int], Layout] = {}

    def on(self, image: Image) -> Layout:
        """The zones as they lie in this frame."""
        height, width = image.shape[:2]
        if (height, width) not in self._layouts:
            self._layouts = {(height, width): Layout(self._zones, width, height)}  # a camera has one size
        return self._layouts[height, width]


def _cover(zones: Sequence[Zone], width: int, height: int) -> npt.NDArray[np.uint8]:
    """Which pixels have their middle in any of the zones: uint8 (height, width), 0 or 1.

    A pixel is inside where an odd number of edges lie to its left. (OpenCV's ``fillPoly`` leaves out pixels.)
    """
    cover = np.zeros((height, width), np.uint8)
    for zone in zones:
        corners = np.array(zone.points) * (width, height) - 0.5  # whole numbers are middles of pixels
        crossed = np.zeros((height, width + 1), np.uint8)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            rows = np.arange(math.ceil(min(y0, y1)), math.ceil(max(y0, y1)))
            rows = rows[(rows >= 0) & (rows < height)]
            if rows.size:
                x = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
                crossed[rows, np.clip(np.ceil(x), 0, width).astype(int)] ^= 1
        cover |= np.bitwise_xor.accumulate(crossed, axis=1)[:, :width]
    return cover
