"""Which tracks are nobody's visit: staff who wear a badge, and pictures of faces.

Faces in staff and masked zones never come so far: ``producer.camera`` leaves them out before tracking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from producer.badges import BadgeReader
from producer.detection import Detection
from producer.frames import Image
from producer.posters import Posters, Stillness
from producer.tracker import LOST_MS
from producer.zones import Box

Tracked = Sequence[tuple[int, Detection]]
"""Faces of a frame with their tracks."""

SIDEWAYS: Final = 0.5
"""An excluded face is hidden with so much of its width on either side: where it moves meanwhile, and how far
detectors box a turned head off its face (of 40°: YuNet by up to 0.24 of the width, Haar by 0.43)."""

ABOVE_AND_BELOW: Final = 0.25
"""And with so much of its height: hair, and chin."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Faces of a frame.

    Attributes:
        visitors: those that count.
        excluded: how many do not.
        turned_out: tracks that counted until now and shall not have.
    """

    visitors: list[tuple[int, Detection]]
    excluded: int
    turned_out: list[int]


class Exclusion:
    """The excluded tracks of one run.

    Args:
        badges: finds badges; None: nobody wears any.
        posters: finds still faces.
        renew: gives a track another number: what was taken for a poster and has moved is a new visit.
    """

    def __init__(self, badges: BadgeReader | None, posters: Posters, renew: Callable[[int], int]) -> None:
        self._badges = badges
        self._posters = posters
        self._renew = renew
        self._staff: dict[int, int] = {}  # track → when it was last seen
        self._counted: dict[int, int] = {}
        self._hidden: dict[int, tuple[int, Box]] = {}

    def sort(self, grey: Image, tracked: Tracked, at_ms: int) -> Sorted:
        """Tells visitors from the others.

        Args:
            grey: the whole frame, uint8 (height, width), nothing blacked out.
            tracked: its faces.
            at_ms: capture time, not before that of the last frame.
        """
        self._forget(at_ms)
        visitors, turned_out = [], []
        for track, detection in tracked:
            still = self._posters.look(grey, track, detection.box, at_ms)
            if self._is_staff(grey, track, detection, tracked, at_ms) or still is Stillness.POSTER:
                self._hidden[track] = at_ms, detection.box
                if self._counted.pop(track, None) is not None:
                    turned_out.append(track)
                continue
            self._hidden.pop(track, None)
            number = track
            if still is Stillness.STIRRED:
                number = self._renew(track)
                self._posters.rename(track, number)
            self._counted[number] = at_ms
            visitors.append((number, detection))
        return Sorted(visitors, len(tracked) - len(visitors), turned_out)

    def hidden(self, at_ms: int) -> list[Box]:
        """Where excluded faces are, or were a moment ago; nobody gets to see these parts of the frame."""
        return [
            (
                x - SIDEWAYS * width,
                y - ABOVE_AND_BELOW * height,
                (1 + 2 * SIDEWAYS) * width,
                (1 + 2 * ABOVE_AND_BELOW) * height,
            )
            for seen_ms, (x, y, width, height) in self._hidden.values()
            if at_ms - seen_ms <= LOST_MS
        ]

    def _is_staff(self, grey: Image, track: int, detection: Detection, tracked: Tracked, at_ms: int) -> bool:
        if track not in self._staff:
            others = [other.box for number, other in tracked if number != track]
            if self._badges is None or self._badges.worn(grey, detection.box, others) is None:
                return False
        self._staff[track] = at_ms
        return True

    def _forget(self, at_ms: int) -> None:
        """Tracks that are over."""
        since_ms = at_ms - LOST_MS
        self._staff = {track: seen_ms for track, seen_ms in self._staff.items() if seen_ms >= since_ms}
        self._counted = {track: seen_ms for track, seen_ms in self._counted.items() if seen_ms >= since_ms}
        self._hidden = {track: there for track, there in self._hidden.items() if there[0] >= since_ms}
