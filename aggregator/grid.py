"""Windows one by one: where each begins and ends, and where it is stored. Pure; time is a parameter."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile

from contract.windows import Chunk, Resolution, chunk_at


@dataclass(frozen=True, slots=True)
class GridWindow:
    """One window of a resolution.

    Attributes:
        chunk: that stores it.
        row: where in the chunk.
    """

    chunk: Chunk
    row: int

    @property
    def resolution(self) -> Resolution:
        """Its length."""
        return self.chunk.resolution

    @property
    def start_ms(self) -> int:
        """UTC."""
        return self.chunk.window_start_ms(self.row)

    @property
    def end_ms(self) -> int:
        """UTC, exclusive. The last hour of a local day may be a short one."""
        if self.row == self.chunk.rows - 1:
            return self.chunk.end_ms
        return self.chunk.window_start_ms(self.row + 1)


def window_at(resolution: Resolution, at_ms: int, time_zone: tzinfo) -> GridWindow:
    """The window that holds the instant ``at_ms`` (UTC); ``time_zone`` is the site's."""
    chunk = chunk_at(resolution, at_ms, time_zone)
    return GridWindow(chunk, chunk.row_of(at_ms))


def windows_within(resolution: Resolution, from_ms: int, to_ms: int, time_zone: tzinfo) -> list[GridWindow]:
    """The windows that begin at ``from_ms`` or later and end by ``to_ms``, of the first chunk that has any.

    One chunk at a time bounds what is read at once; who asks again from the last one's end gets the next.
    """
    first = window_at(resolution, from_ms, time_zone)
    if first.start_ms < from_ms:
        first = window_at(resolution, first.end_ms, time_zone)
    windows = (GridWindow(first.chunk, row) for row in range(first.row, first.chunk.rows))
    return list(takewhile(lambda window: window.end_ms <= to_ms, windows))


def ends_local_day(window: GridWindow, time_zone: tzinfo) -> bool:
    """Whether no other window of its resolution begins on the local day on which this one begins."""
    return chunk_at(Resolution.DAY, window.start_ms, time_zone).end_ms <= window.end_ms


def same_hours(window: GridWindow, weeks: int, time_zone: tzinfo) -> list[GridWindow]:
    """The 1 h windows of the same local weekday and hour, one to ``weeks`` weeks before, newest first."""
    local = datetime.fromtimestamp(window.start_ms / 1000, tz=time_zone)
    earlier = (local - timedelta(weeks=week) for week in range(1, weeks + 1))  # wall time: DST-proof
    return [window_at(Resolution.HOUR, round(hour.timestamp() * 1000), time_zone) for hour in earlier]
