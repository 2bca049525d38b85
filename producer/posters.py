"""Posters: faces that do not change. Pure; time comes with the faces.

Whoever is alive moves within two minutes: the head by some share of its size, or at least what it looks like.
A picture on a wall changes by no more than the noise of camera and detector. So the median of a face's last
second is held against its first seconds: where it is, how large, and what a coarse patch of pixels shows.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from producer.frames import Image
from producer.tracker import LOST_MS
from producer.zones import Box

MOVED: Final = 0.04
GREW: Final = 0.05
"""How far a still face may be off its place, in heights of the face, and how much it may differ in size."""

PIXEL: Final = 1.0
"""Of small faces this is more than these shares, and detectors are no surer: so far off is still there."""

CHANGED: Final = 0.1
"""How much a still patch may differ, on average over its pixels, in standard deviations of the patch.

Measured (docs/zones.md): pictures of 20 to 150 pixels change by 0.01 to 0.03, in heavy noise by up to 0.08;
people who sit still by more than 0.12 within three seconds.
"""

BEGINS: Final = 2.0
"""One look at a face is less sure than a second of them: a new face may be off by twice as much."""

PATCH_SIDE: Final = 16
"""A patch has so few pixels that nobody could be known by it."""

LOOK_MS: Final = 1000
LOOKS_MAX: Final = 15
"""A face is what the last second's looks show, or the last fifteen where there are more."""

SURE_LOOKS: Final = 3
"""Fewer looks say nothing of moving."""

SETTLES_MS: Final = 5000
"""A place is what the looks of the first seconds show on average."""

PAUSE_MS: Final = 1000
"""Time between two looks counts as seen up to this long."""

PLACES_MAX: Final = 100
"""Still faces that are remembered; the longest unseen ones go first."""

Spot = npt.NDArray[np.float64]
"""x and y of a face's centre and its height, in pixels: (3,)."""

Patch = npt.NDArray[np.float32]
"""(16, 16), with mean 0 and standard deviation 1."""


class Stillness(Enum):
    """What a face is."""

    ALIVE = auto()
    POSTER = auto()
    STIRRED = auto()  # it was taken for a poster, and has moved


@dataclass(slots=True, eq=False)
class _Place:
    """Where a face is, or was, that has not changed.

    Attributes:
        cut: where its patches are cut.
        spot, patch: what it is held against.
        looks: how many these are the mean of.
        still_ms: how long it has been seen.
    """

    cut: Spot
    spot: Spot
    patch: Patch
    seen_ms: int
    looks: int = 0
    still_ms: int = 0
    poster: bool = False

    def is_near(self, spot: Spot, times: float = 1.0) -> bool:
        """Whether a face is at this place, give or take."""
        off, grown, height = math.dist(self.spot[:2], spot[:2]), abs(spot[2] - self.spot[2]), self.spot[2]
        return bool(off <= times * max(MOVED * height, PIXEL) and grown <= times * max(GREW * height, PIXEL))

    def shows(self, patch: Patch) -> bool:
        """Whether this is what is seen there."""
        return bool(np.abs(patch - self.patch).mean() <= CHANGED)

    def settle(self, spot: Spot, patch: Patch) -> None:
        """Takes another look into the mean."""
        self.looks += 1
        self.spot = self.spot + (spot - self.spot) / self.looks
        self.patch = self.patch + (patch - self.patch) / np.float32(self.looks)


@dataclass(slots=True)
class _Face:
    """A track that is followed."""

    place: _Place
    seen_ms: int
    looks: deque[tuple[int, Spot, Patch]] = field(default_factory=lambda: deque(maxlen=LOOKS_MAX))


class Posters:
    """The still faces of one run.

    Args:
        after_s: a face that has not changed for so long is a poster.
    """

    def __init__(self, after_s: float) -> None:
        self._after_ms = after_s * 1000
        self._faces: dict[int, _Face] = {}
        self._places: list[_Place] = []

    def look(self, grey: Image, track: int, box: Box, at_ms: int) -> Stillness:
        """What a face is, by all that was seen of it.

        Args:
            grey: the frame, uint8 (height, width).
            track: the face's number.
            box: where it is, in pixels.
            at_ms: capture time, not before that of the last call.
        """
        spot = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, box[3]])
        face = self._faces.get(track)
        if face is None:
            self._forget(at_ms)
            face = self._faces[track] = _Face(self._place_of(grey, spot, at_ms), at_ms)
        since_ms, face.seen_ms = at_ms - face.seen_ms, at_ms
        place = face.place
        patch = _patch(grey, place.cut)
        face.looks.append((at_ms, spot, patch))
        while face.looks[0][0] <= at_ms - LOOK_MS:
            face.looks.popleft()
        if len(face.looks) >= SURE_LOOKS and not self._is_still(face):
            if not place.poster:  # who moves is alive, and so is whoever comes to that place
                self._places = [other for other in self._places if other is not place]
            face.place = self._begin(grey, spot, at_ms)
            face.looks.clear()
            return Stillness.STIRRED if place.poster else Stillness.ALIVE
        place.seen_ms = at_ms
        place.still_ms += min(since_ms, PAUSE_MS)
        if place.still_ms < SETTLES_MS:
            place.settle(spot, patch)
        place.poster = place.poster or place.still_ms >= self._after_ms
        return Stillness.POSTER if place.poster else Stillness.ALIVE

    def rename(self, track: int, number: int) -> None:
        """A track that has moved has another number from now on."""
        self._faces[number] = self._faces.pop(track)

    @staticmethod
    def _is_still(face: _Face) -> bool:
        spot = np.median([spot for _, spot, _ in face.looks], axis=0)
        # the median leaves out somebody who passes by
        return face.place.is_near(spot) and face.place.shows(
            np.median([patch for _, _, patch in face.looks], axis=0)
        )

    def _place_of(self, grey: Image, spot: Spot, at_ms: int) -> _Place:
        """Where a new face is: at the place of one that is gone and had not changed, or at one of its own."""
        taken = {id(face.place) for face in self._faces.values()}
        for place in self._places:
            if id(place) not in taken and place.is_near(spot, BEGINS):
                return place
        return self._begin(grey, spot, at_ms)

    def _begin(self, grey: Image, spot: Spot, at_ms: int) -> _Place:
        place = _Place(spot, spot, _patch(grey, spot), at_ms)
        self._places.append(place)
        return place

    def _forget(self, at_ms: int) -> None:
        """Tracks that are over; places where nothing was to be seen for long, unless a poster hangs there."""
        self._faces = {track: face for track, face in self._faces.items() if at_ms - face.seen_ms <= LOST_MS}
        kept = [place for place in self._places if place.poster or at_ms - place.seen_ms <= self._after_ms]
        self._places = sorted(kept, key=lambda place: place.seen_ms)[-PLACES_MAX:]


def _patch(grey: Image, spot: Spot) -> Patch:
    """What is seen at a place, whatever the light: a square as high as the face, in a few pixels."""
    x, y, height = spot
    finer = max(1, math.ceil(height / PATCH_SIDE))
    side = PATCH_SIDE * finer
    scale = side / height
    cut = np.array([(scale, 0.0, side / 2 - scale * x), (0.0, scale, side / 2 - scale * y)])
    fine = cv2.warpAffine(grey, cut, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    patch = cv2.resize(fine, (PATCH_SIDE, PATCH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    spread = float(patch.std())
    return np.asarray((patch - patch.mean()) / (spread or 1.0), np.float32)
