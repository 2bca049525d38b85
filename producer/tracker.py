"""Which face of one frame is which of the last: tracks, within one camera and one run. Pure.

A track moves on at its last speed; faces go to tracks greedily, best match first: by overlap, and where a
face is small or fast and does not overlap, by nearness. Nobody is recognised: a face that was away longer
than ``LOST_MS`` is a new track, and so is one that comes where another has just left the picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from producer.detection import Detection

LOST_MS = 2000
"""A track not seen for longer is over."""

SURE_SCORE = 0.75
"""A face this sure starts a track at once; another one has to be seen twice, and is left out until then.

So that a flicker of the detector is nobody's visit. (Haar's fixed score is below: it flickers most.)
"""

IOU_MIN = 0.2
SIZE_RATIO_MAX = 2.0
REACH = 1.0
REACH_PER_S = 2.0
REACH_NEW = 1.0
"""How far off a match may be, in sizes of the face: always, more with each second unseen, more while the
speed is unknown. A passer-by at 1.4 m/s moves nearly two face widths between frames at 5 a second."""

SPEED_MEMORY = 0.5
"""Share of the old speed in the new one: boxes jitter."""


@dataclass(slots=True)
class _Track:
    """A face over time; centre, size and speed in pixels (per second)."""

    number: int | None  # None until it is confirmed
    centre: tuple[float, float]
    size: tuple[float, float]
    seen_ms: int
    speed: tuple[float, float] | None = None  # None until it was seen twice

    def ahead(self, at_ms: int) -> tuple[float, float]:
        """Where its centre is now, if it went on as it did."""
        seconds = (at_ms - self.seen_ms) / 1000
        speed = self.speed or (0.0, 0.0)
        return self.centre[0] + speed[0] * seconds, self.centre[1] + speed[1] * seconds

    def has_left(self, at_ms: int, size: tuple[float, float]) -> bool:
        """Whether it walked out of a frame of this size."""
        return not all(0 <= place <= most for place, most in zip(self.ahead(at_ms), size, strict=True))

    def saw(self, detection: Detection, at_ms: int) -> None:
        centre, size = _centre_and_size(detection)
        seconds = (at_ms - self.seen_ms) / 1000
        if seconds > 0:
            now = [(new - old) / seconds for new, old in zip(centre, self.centre, strict=True)]
            if self.speed is not None:
                now = [
                    SPEED_MEMORY * old + (1 - SPEED_MEMORY) * new
                    for old, new in zip(self.speed, now, strict=True)
                ]
            self.speed = (now[0], now[1])
        self.centre, self.size, self.seen_ms = centre, size, at_ms


class Tracker:
    """The tracks of one run."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._confirmed = 0

    @property
    def count(self) -> int:
        """Tracks confirmed so far; their numbers are 0 … count − 1."""
        return self._confirmed

    def renew(self, number: int) -> int:
        """Gives the track of this number another one, as if somebody had just come; the new number."""
        for track in self._tracks:
            if track.number == number:
                track.number = self._confirmed
                self._confirmed += 1
                return track.number
        raise KeyError(number)

    def update(
        self, detections: Sequence[Detection], at_ms: int, size: tuple[float, float] = (math.inf, math.inf)
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
                track = _Track(None, *_centre_and_size(detection), at_ms)
                self._tracks.append(track)
            else:
                track.saw(detection, at_ms)
            if track.number is None and (again or detection.score >= SURE_SCORE):
                track.number = self._confirmed
                self._confirmed += 1
            if track.number is not None:
                seen.append((track.number, detection))
        # who is missing and would be outside by now has left; a pause between two frames makes nobody leave
        self._tracks = [
            track for track in self._tracks if track.seen_ms == at_ms or not track.has_left(at_ms, size)
        ]
        return seen

    def _match(self, detections: Sequence[Detection], at_ms: int) -> dict[int, _Track]:
        """Index of the detection → its track; each track at most once, best pairs first."""
        pairs = [
            (affinity, index, number)
            for index, detection in enumerate(detections)
            for number, track in enumerate(self._tracks)
            if (affinity := _affinity(track, detection, at_ms)) > 0
        ]
        matches: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, index, number in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
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
    distance = min(math.dist(ahead, centre), math.dist(track.centre, centre))
    return max(0.0, 1.0 - distance / (reach * max(scale, track_scale)))


def _iou(
    centre_a: tuple[float, float],
    size_a: tuple[float, float],
    centre_b: tuple[float, float],
    size_b: tuple[float, float],
) -> float:
    """Area of the intersection of two boxes over that of their union."""
    shared = 1.0
    for c_a, s_a, c_b, s_b in zip(centre_a, size_a, centre_b, size_b, strict=True):
        shared *= max(0.0, min(c_a + s_a / 2, c_b + s_b / 2) - max(c_a - s_a / 2, c_b - s_b / 2))
    union = size_a[0] * size_a[1] + size_b[0] * size_b[1] - shared
    return shared / union if union > 0 else 0.0


def _centre_and_size(detection: Detection) -> tuple[tuple[float, float], tuple[float, float]]:
    x, y, width, height = detection.box
    return (x + width / 2, y + height / 2), (width, height)
