"""In which watch zone each track is, without flicker at a border. Pure."""

from dataclasses import dataclass
from typing import Final

from producer.tracker import LOST_MS

SETTLE_MS: Final = 1000
"""A track changes its zone only after it has been in the other one for so long."""


@dataclass(slots=True)
class _Place:
    zone: str  # what is said
    seen: str  # where it was last
    since_ms: int  # so long without a break
    seen_ms: int


class Whereabouts:
    """The zones of the tracks of one run."""

    def __init__(self) -> None:
        self._places: dict[int, _Place] = {}

    def zone(self, track: int, seen: str, at_ms: int) -> str:
        """The zone that a track counts for.

        Args:
            track: its number.
            seen: the zone where its face is now, or ''.
            at_ms: capture time, not before that of the last call.
        """
        place = self._places.get(track)
        if place is None:
            self._forget(at_ms)
            place = self._places[track] = _Place(seen, seen, at_ms, at_ms)
        if seen != place.seen:
            place.seen, place.since_ms = seen, at_ms
        if at_ms - place.since_ms >= SETTLE_MS:
            place.zone = seen
        place.seen_ms = at_ms
        return place.zone

    def _forget(self, at_ms: int) -> None:
        """Tracks that are over."""
        self._places = {
            track: place for track, place in self._places.items() if at_ms - place.seen_ms <= LOST_MS
        }
