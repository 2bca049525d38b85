"""When a camera looked, and when it should have and did not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from itertools import groupby
from typing import Final

from contract.hours import OpeningHours
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.mood import LAG_MS
from runtime.windows import Windows

RESOLUTION: Final = Resolution.QUARTER
LENGTH_MS: Final = WINDOW_MS[RESOLUTION]

WHOLE: Final = 0.95
"""A camera that looked for this share of the time has looked: frames are some time apart."""

LEAST_MS: Final = 60_000
"""Of less expected time nothing is said."""


class Look(StrEnum):
    """Of a camera, in a stretch of time."""

    WHOLE = "looked"
    PARTLY = "looked for a part"
    DARK = "did not look"
    CLOSED = "the site was closed"
    BEFORE = "not heard of before"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring windows of one look.

    Attributes:
        look: of all of them.
        from_ms, to_ms: UTC; the end is exclusive, and no later than now.
        missing_ms: time within that should have been looked at and was not.
    """

    look: Look
    from_ms: int
    to_ms: int
    missing_ms: int


def stretches(
    windows: Windows, hours: OpeningHours, time_zone: tzinfo, now_ms: int, since_ms: int = 0
) -> list[Stretch]:
    """How a camera looked, oldest first, without holes.

    Args:
        windows: of 15 minutes, consecutive, the oldest first.
        hours: of the site; a camera may rest while it is closed.
        time_zone: the site's.
        now_ms: UTC; what was reported by then is less by ``LAG_MS``.
        since_ms: UTC; earlier windows tell only whether the camera was heard of before.
    """
    seen = (it for it in _looks(windows, hours, time_zone, now_ms) if it.from_ms >= since_ms)
    merged = []
    for look, group in groupby(seen, key=lambda stretch: stretch.look):
        members = list(group)
        missing_ms = sum(stretch.missing_ms for stretch in members)
        merged.append(Stretch(look, members[0].from_ms, members[-1].to_ms, missing_ms))
    return merged


def outages(seen: list[Stretch]) -> list[Stretch]:
    """Times in which the camera should have looked and did not, each from the first to the last window of it.

    Args:
        seen: as ``stretches`` gives it.
    """
    gone = []
    for is_gap, group in groupby(seen, key=lambda stretch: stretch.look in {Look.PARTLY, Look.DARK}):
        members = list(group)
        if is_gap:
            missing_ms = sum(stretch.missing_ms for stretch in members)
            gone.append(Stretch(Look.DARK, members[0].from_ms, members[-1].to_ms, missing_ms))
    return gone


def _looks(windows: Windows, hours: OpeningHours, time_zone: tzinfo, now_ms: int) -> Iterator[Stretch]:
    heard = False
    for start_ms, analysed_ms in zip(
        windows.start_ms.tolist(), windows.column("analysed_ms").tolist(), strict=True
    ):
        end_ms = min(start_ms + LENGTH_MS, now_ms)
        reported_to_ms = min(end_ms, now_ms - LAG_MS)
        if reported_to_ms - start_ms < LEAST_MS:
            return
        expected_ms = hours.open_ms(start_ms, reported_to_ms, time_zone)
        missing_ms = max(0, expected_ms - analysed_ms)
        is_first, heard = analysed_ms > 0 and not heard, heard or analysed_ms > 0
        if missing_ms <= (1 - WHOLE) * expected_ms or is_first:
            look = Look.WHOLE if analysed_ms else Look.CLOSED
            yield Stretch(look, start_ms, end_ms, 0)
        elif not heard:
            yield Stretch(Look.BEFORE, start_ms, end_ms, 0)
        else:
            yield Stretch(Look.PARTLY if analysed_ms else Look.DARK, start_ms, end_ms, missing_ms)
