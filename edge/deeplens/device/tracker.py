"""Which face of one frame is which of the last, by the rules of ``producer/tracker.py``. Pure.

Nobody is recognised: a face that was away for more than two seconds is a new track.
"""

from __future__ import annotations

import math
from typing import NamedTuple

LOST_MS = 2000
SURE_SCORE = 0.75
IOU_MIN = 0.2
SIZE_RATIO_MAX = 2.0
REACH = 1.0
REACH_PER_S = 2.0
REACH_NEW = 1.0
SPEED_MEMORY = 0.5


class Detection(NamedTuple):
    """A face in a frame: x, y (top left corner), width, height in pixels; and its probability."""

    box: tuple[float, float, float, float]
    score: float


class _Track:
    """A face over time; centre, size and speed in pixels (per second)."""

    def __init__(self, detection: Detection, at_ms: int) -> None:
        self.number: int | None = None  # until it is confirmed
        self.centre, self.size = _centre_and_size(detection)
        self.seen_ms = at_ms
        self.speed: tuple[float, float] | None = None  # until it was seen twice

    def ahead(self, at_ms: int) -> tuple[float, float]:
        """Where its centre is now, if it went on as it did."""
        seconds = (at_ms - self.seen_ms) / 1000
        speed = self.speed or (0.0, 0.0)
        return self.centre[0] + speed[0] * seconds, self.centre[1] + speed[1] * seconds

    def has_left(self, at_ms: int, size: tuple[float, float]) -> bool:
        """Whether it walked out of a frame of this size."""
        return not all(0 <= place <= most for place, most in zip(self.ahead(at_ms), size))

    def saw(self, detection: Detection, at_ms: int) -> None:
        centre, size = _centre_and_size(detection)
        seconds = (at_ms - self.seen_ms) / 1000
        if seconds > 0:
            now = [(new - old) / seconds for new, old in zip(centre, self.centre)]
            if self.speed is not None:
                now = [SPEED_MEMORY * old + (1 - SPEED_MEMORY) * new for old, new in zip(self.speed, now)]
            self.speed = (now[0], now[1])
        self.centre, self.size, self.seen_ms = centre, size, at_ms


class Tracker:
    """The tracks of one run."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._confirmed = 0

    def update(
        self, detections: list[Detection], at_ms: int, size: tuple[float, float]
    ) -> list[tuple[int, Detection]]:
        """The track number of each detection of a frame; unsure faces seen once are left out.

        Args:
            detections: all faces of the frame.
            at_ms: capture time, not before that of the last frame.
            size: width and height of the frame, in pixels.
        """
        self._tracks = [track for track in self._tracks if at_ms - track.seen_ms <= LOST_MS]
        matches = self._match(detections, at_ms)
        seen = []
        for index, detection in enumerate(detections):
            track = matches.get(index)
            again = track is not None
            if track is None:
                track = _Track(detection, at_ms)
                self._tracks.append(track)
            else:
                track.saw(detection, at_ms)
            if track.number is None and (again or detection.score >= SURE_SCORE):
                track.number = self._confirmed
                self._confirmed += 1
            if track.number is not None:
                seen.append((track.number, detection))
        self._tracks = [
            track for track in self._tracks if track.seen_ms == at_ms or not track.has_left(at_ms, size)
        ]
        return seen

    def _match(self, detections: list[Detection], at_ms: int) -> dict[int, _Track]:
        """Index of the detection → its track; each track at most once, best pairs first."""
        pairs = []
        for index, detection in enumerate(detections):
            for number, track in enumerate(self._tracks):
                affinity = _affinity(track, detection, at_ms)
                if affinity > 0:
                    pairs.append((-affinity, index, number))
        matches: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, index, number in sorted(pairs):
            if index not in matches and number not in taken:
                matches[index] = self._tracks[number]
                taken.add(number)
        return matches


def _affinity(track: _Track, detection: Detection, at_ms: int) -> float:
    """How well a detection continues a track: 1 + overlap, else nearness in (0, 1), else 0."""
    centre, size = _centre_and_size(detection)
    scale, track_scale = math.sqrt(size[0] * size[1]), math.sqrt(track.size[0] * track.size[1])
    if max(scale, track_scale) > SIZE_RATIO_MAX * min(scale, track_scale):
        return 0.0
    unseen_s = (at_ms - track.seen_ms) / 1000
    ahead = track.ahead(at_ms)
    overlap = _iou(ahead, track.size, centre, size)
    if overlap >= IOU_MIN:
        return 1.0 + overlap
    reach = REACH + REACH_PER_S * unseen_s + (REACH_NEW if track.speed is None else 0.0)
    # it may as well have stopped while nobody looked
    distance = min(_distance(ahead, centre), _distance(track.centre, centre))
    return max(0.0, 1.0 - distance / (reach * max(scale, track_scale)))


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _iou(
    centre_a: tuple[float, float],
    size_a: tuple[float, float],
    centre_b: tuple[float, float],
    size_b: tuple[float, float],
) -> float:
    """Area of the intersection of two boxes over that of their union."""
    shared = 1.0
    for c_a, s_a, c_b, s_b in zip(centre_a, size_a, centre_b, size_b):
        shared *= max(0.0, min(c_a + s_a / 2, c_b + s_b / 2) - max(c_a - s_a / 2, c_b - s_b / 2))
    union = size_a[0] * size_a[1] + size_b[0] * size_b[1] - shared
    return shared / union if union > 0 else 0.0


def _centre_and_size(detection: Detection) -> tuple[tuple[float, float], tuple[float, float]]:
    x, y, width, height = detection.box
    return (x + width / 2, y + height / 2), (width, height)
