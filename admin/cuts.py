"""What an erasure takes out of the stored windows, local day by local day. Pure; time is a parameter."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

import numpy as np

from admin.moments import date_words, moment_words
from contract import row
from contract.keys import window_chunk
from contract.windows import Chunk, Resolution, chunk_at, chunks_between
from runtime.errors import MoodLensError
from runtime.figures import Rows

ROW_BYTES: Final = row.WIDTH * row.STORED.itemsize

_FINER: Final = tuple(each for each in Resolution if each not in (Resolution.HOUR, Resolution.DAY))
"""Whole hours are erased, so whole windows of these; hours and days have rules of their own."""

Value = str | bytes | int


class NotErasable(MoodLensError):
    """What was asked for cannot be erased, or not yet."""


@dataclass(frozen=True, slots=True)
class DayPart:
    """What is erased of one local day.

    Attributes:
        from_ms, to_ms: UTC, whole hours of the site's clock; the end is exclusive.
        day: its chunk of the day's window.
        hours: its chunk of hours.
    """

    from_ms: int
    to_ms: int
    day: Chunk
    hours: Chunk

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the day stays."""
        return self.from_ms == self.day.start_ms and self.to_ms == self.day.end_ms

    def hour_bytes(self) -> tuple[int, int]:
        """Where its hours lie in their chunk; the end is exclusive."""
        return _byte_range(self.hours, self.from_ms, self.to_ms)


def day_parts(from_ms: int, to_ms: int, time_zone: tzinfo) -> list[DayPart]:
    """A stretch of time, by local days.

    Args:
        from_ms: UTC, inclusive.
        to_ms: UTC, exclusive.
        time_zone: the site's.

    Raises:
        NotErasable: it is empty, or does not begin and end with an hour of the site's clock.
    """
    if to_ms <= from_ms:
        raise NotErasable("--to must be later than --from")
    for at_ms in (from_ms, to_ms):
        chunk = chunk_at(Resolution.HOUR, at_ms, time_zone)
        if chunk.window_start_ms(chunk.row_of(at_ms)) != at_ms:
            text = moment_words(at_ms, time_zone)
            raise NotErasable(f"{text} is no full hour at the site: only whole hours can be erased")
    return [
        DayPart(
            max(from_ms, day.start_ms),
            min(to_ms, day.end_ms),
            day,
            chunk_at(Resolution.HOUR, day.start_ms, time_zone),
        )
        for day in chunks_between(Resolution.DAY, from_ms, to_ms, time_zone)
    ]


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a subject in a ``DayPart``.

    Attributes:
        subject: ``site/camera`` or ``site/camera@zone``.
        day: packed row of the day; empty where it is kept no more.
        hours: packed rows of the hours that are erased, as far as they were written.
        has_hours: whether the hours of the day are there; a site may keep them shorter than their sum.
    """

    subject: str
    day: bytes
    hours: bytes
    has_hours: bool

    def erased(self, part: DayPart, time_zone: tzinfo) -> Rows:
        """The sum of what is erased: int64 (``row.WIDTH``,).

        Args:
            part: of which it is.
            time_zone: the site's.

        Raises:
            NotErasable: a part of the day, when its hours are kept no more.
        """
        if part.is_whole and self.day:
            return np.asarray(row.unpack(self.day, 1)[0], np.int64)
        if not self.has_hours and any(self.day):
            raise NotErasable(
                f"the hours of {date_words(part.day.start_ms, time_zone)} are kept no more, only its sum: "
                "erase the whole day, or leave it out"
            )
        first, end = part.hour_bytes()
        return np.asarray(row.unpack(self.hours, (end - first) // ROW_BYTES).sum(axis=0), np.int64)


@dataclass(slots=True)
class Step:
    """One call of the script ``erase.lua``.

    Attributes:
        keys: its keys; the first is given.
        operations: its arguments behind the first two.
    """

    keys: list[str]
    operations: list[Value] = field(default_factory=list)

    def add(self, name: str, key: str, *values: Value) -> None:
        """One more operation, on a key that may occur several times."""
        self.keys.append(key)
        self.operations += [name, len(self.keys), *values]


def make_step(mark: str, part: DayPart, found: Sequence[Stored], now_ms: int, time_zone: tzinfo) -> Step:
    """All that changes when a day, or a part of it, is erased.

    Args:
        mark: key of the last step.
        part: what is erased.
        found: what is stored of each subject.
        now_ms: UTC.
        time_zone: the site's.

    Raises:
        NotErasable: as ``Stored.erased``.
    """
    step = Step([mark])
    for stored in found:
        day_key = window_chunk(stored.subject, Resolution.DAY, part.day.name)
        hours_key = window_chunk(stored.subject, Resolution.HOUR, part.hours.name)
        sums = stored.erased(part, time_zone)
        if part.is_whole:
            step.add("expect", day_key, 0, ROW_BYTES, stored.day)
            step.add("drop", day_key)
            step.add("drop", hours_key)
        else:
            first, end = part.hour_bytes()
            step.add("expect", hours_key, first, end, stored.hours)
            columns = np.flatnonzero(sums).tolist()
            if columns:
                pairs = [value for column in columns for value in (column, int(sums[column]))]
                step.add("less", day_key, len(columns), *pairs)
            step.add("blank", hours_key, first, end)
        for resolution in _FINER:
            for chunk in chunks_between(resolution, part.from_ms, part.to_ms, time_zone):
                if chunk.expires_at_ms > now_ms:
                    key = window_chunk(stored.subject, resolution, chunk.name)
                    step.add("blank", key, *_byte_range(chunk, part.from_ms, part.to_ms))
    return step


def _byte_range(chunk: Chunk, from_ms: int, to_ms: int) -> tuple[int, int]:
    """Where the windows of a chunk lie that begin within [``from_ms``, ``to_ms``); the end is exclusive."""
    starts = [chunk.window_start_ms(i) for i in range(chunk.rows)]
    first, end = np.searchsorted(starts, (from_ms, to_ms)).tolist()
    return first * ROW_BYTES, end * ROW_BYTES
