"""Window arithmetic: which row of which stored chunk an instant belongs to. Pure; time is a parameter.

10 s, 1 min and 15 min windows are cut in UTC; 1 h and 1 d windows in the site's time zone. The hours of a
local day count from its midnight, so a day of 23 or 25 hours has as many rows, and every 10 s window (the
grain in which everything is counted) lies within exactly one window of each resolution.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum

GRAIN_MS = 10_000
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


class Resolution(StrEnum):
    """Length of a window; the value is its name in keys."""

    TEN_SECONDS = "10s"
    MINUTE = "1min"
    QUARTER = "15min"
    HOUR = "1h"
    DAY = "1d"


WINDOW_MS = {
    Resolution.TEN_SECONDS: GRAIN_MS,
    Resolution.MINUTE: _MINUTE_MS,
    Resolution.QUARTER: 15 * _MINUTE_MS,
    Resolution.HOUR: _HOUR_MS,
    Resolution.DAY: _DAY_MS,  # nominal: a local day may have 23 or 25 hours
}

KEPT_MS = {
    Resolution.TEN_SECONDS: _HOUR_MS,
    Resolution.MINUTE: 2 * _DAY_MS,
    Resolution.QUARTER: 30 * _DAY_MS,
    Resolution.HOUR: 400 * _DAY_MS,
    Resolution.DAY: 5 * 365 * _DAY_MS,
}
"""How long a chunk is kept after its end, at most; a site may keep it shorter (``contract.retention``)."""

_LOCAL = (Resolution.HOUR, Resolution.DAY)
_LAST_ZONE = timezone(-timedelta(hours=12))  # nowhere does a day end later


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of windows stored together.

    Attributes:
        resolution: of its windows.
        name: in keys, unique for the resolution: ``20261122T22`` (UTC hour) or ``20261122`` (day).
        start_ms, end_ms: UTC; the end is exclusive.
    """

    resolution: Resolution
    name: str
    start_ms: int
    end_ms: int

    @property
    def rows(self) -> int:
        """How many windows it holds."""
        if self.resolution is Resolution.DAY:
            return 1
        return -(-(self.end_ms - self.start_ms) // WINDOW_MS[self.resolution])

    @property
    def expires_at_ms(self) -> int:
        """When the chunk is forgotten at the latest; a site may set it earlier."""
        return self.end_ms + KEPT_MS[self.resolution]

    def row_of(self, at_ms: int) -> int:
        """The row of the window that holds ``at_ms``, which must lie within the chunk."""
        if self.resolution is Resolution.DAY:
            return 0
        return (at_ms - self.start_ms) // WINDOW_MS[self.resolution]

    def window_start_ms(self, row: int) -> int:
        """UTC start of the window in ``row``."""
        return self.start_ms + row * WINDOW_MS[self.resolution]


def chunk_at(resolution: Resolution, at_ms: int, time_zone: tzinfo) -> Chunk:
    """The chunk that holds the instant ``at_ms`` (UTC); ``time_zone`` is the site's."""
    zone = time_zone if resolution in _LOCAL else UTC
    moment = datetime.fromtimestamp(at_ms / 1000, tz=zone)
    if resolution is Resolution.TEN_SECONDS:
        start_ms = at_ms // _HOUR_MS * _HOUR_MS
        return Chunk(resolution, f"{moment:%Y%m%dT%H}", start_ms, start_ms + _HOUR_MS)
    day = moment.date()
    end_ms = _midnight_ms(day + timedelta(days=1), zone)
    return Chunk(resolution, f"{day:%Y%m%d}", _midnight_ms(day, zone), end_ms)


def chunks_between(resolution: Resolution, from_ms: int, to_ms: int, time_zone: tzinfo) -> list[Chunk]:
    """The chunks that hold the instants from ``from_ms`` up to, not including, ``to_ms``, in order."""
    chunks = []
    at_ms = from_ms
    while at_ms < to_ms:
        chunk = chunk_at(resolution, at_ms, time_zone)
        chunks.append(chunk)
        at_ms = chunk.end_ms
    return chunks


def latest_end_ms(resolution: Resolution, name: str) -> int:
    """End (UTC) of the chunk of that name, in the time zone in which it would end last.

    Raises:
        ValueError: no chunk of the resolution has such a name.
    """
    if resolution is Resolution.TEN_SECONDS:
        hour = datetime.strptime(name, "%Y%m%dT%H").replace(tzinfo=UTC)
        return round(hour.timestamp() * 1000) + _HOUR_MS
    day = datetime.strptime(name, "%Y%m%d").date()  # noqa: DTZ007 - a date
    return _midnight_ms(day + timedelta(days=1), _LAST_ZONE if resolution in _LOCAL else UTC)


def _midnight_ms(day: date, zone: tzinfo) -> int:
    """UTC instant at which a local day begins (where a clock change skips midnight: at the change)."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
