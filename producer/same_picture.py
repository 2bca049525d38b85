"""A live source that goes on giving the very same picture: its decoder has frozen. Pure."""

from typing import Final

import numpy as np

from producer.frames import Image

SAMPLES: Final = 64
"""Of a side; where these differ, as they do with a sensor's noise, no more is looked at."""


class SamePicture:
    """Since when the pictures of a source have been one and the same, byte by byte.

    A sensor has noise: where nothing moves, pictures still differ.

    Args:
        frozen_s: after so long it is frozen; 0: never.
    """

    def __init__(self, frozen_s: float) -> None:
        self._frozen_ms = 1000 * frozen_s
        self._last: Image | None = None
        self._since_ms = 0
        self.is_frozen = False

    def see(self, image: Image, at_ms: int) -> bool:
        """Whether the source is frozen, with this picture.

        Args:
            image: uint8 BGR (height, width, 3); not to be changed later.
            at_ms: when it came.
        """
        if not self._frozen_ms:
            return False
        if self._last is None or not _is_same(self._last, image):
            self._last, self._since_ms = image, at_ms
            self.is_frozen = False
        elif at_ms - self._since_ms >= self._frozen_ms:
            self.is_frozen = True
        return self.is_frozen


def _is_same(one: Image, other: Image) -> bool:
    if one.shape != other.shape:
        return False
    rows, columns = (max(1, side // SAMPLES) for side in one.shape[:2])
    few = np.s_[::rows, ::columns]
    return np.array_equal(one[few], other[few]) and np.array_equal(one, other)
