"""When a site is open: how it is written down, and how much of a stretch of time that is. Pure."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final, Self

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As they are written, in the order of ``date.weekday()``."""

EXAMPLE: Final = "mon-sat 09:00-20:00; sun 11:00-17:00"

_DAY_MINUTES: Final = 24 * 60
_ENTRY: Final = re.compile(r"([a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+(\d.*)")
_TIMES: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")

Minutes = tuple[int, int]
"""From and to, minutes since local midnight; the end is exclusive and at most 1440."""


class BadHours(ValueError):
    """Opening hours that cannot be read; the message is a sentence for whoever wrote them."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Opening hours of a week, by the site's clock.

    Attributes:
        week: for each day of ``DAYS`` when the site is open, in order and apart; empty: open day and night.
    """

    week: tuple[tuple[Minutes, ...], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads hours such as ``mon-sat 09:00-20:00; sun 11:00-17:00``.

        A day that is not named is closed. One may have several stretches: ``mon 9:00-12:00, 14:00-18:00``.
        Who is open past midnight writes ``fri 18:00-24:00; sat 00:00-02:00``.

        Args:
            text: empty: open day and night.

        Raises:
            BadHours: it cannot be read.
        """
        entries = [entry.strip() for entry in text.lower().split(";") if entry.strip()]
        week: list[list[Minutes]] = [[] for _ in DAYS]
        for entry in entries:
            days, times = _parse_entry(entry)
            for day in days:
                week[day] += times
        for name, stretches in zip(DAYS, week, strict=True):
            stretches.sort()
            if any(after[0] < before[1] for before, after in pairwise(stretches)):
                raise BadHours(f"{name} is given hours that overlap")
        return cls(tuple(map(tuple, week))) if entries else cls()

    def stretches(self, from_ms: int, to_ms: int, time_zone: tzinfo) -> list[tuple[int, int]]:
        """When the site is open within [``from_ms``, ``to_ms``): UTC (from, to), in order and apart.

        Args:
            from_ms: UTC, inclusive.
            to_ms: UTC, exclusive.
            time_zone: the site's.
        """
        if not self.week:
            return [(from_ms, to_ms)] if from_ms < to_ms else []
        day, last = (datetime.fromtimestamp(at_ms / 1000, time_zone).date() for at_ms in (from_ms, to_ms))
        found = []
        while day <= last:
            for opens, closes in self.week[day.weekday()]:
                begin_ms = max(from_ms, _at_ms(day, opens, time_zone))
                end_ms = min(to_ms, _at_ms(day, closes, time_zone))
                if begin_ms < end_ms:
                    found.append((begin_ms, end_ms))
            day += timedelta(days=1)
        return found

    def open_ms(self, from_ms: int, to_ms: int, time_zone: tzinfo) -> int:
        """How long the site is open within [``from_ms``, ``to_ms``), ms; ``time_zone`` is the site's."""
        return sum(end_ms - begin_ms for begin_ms, end_ms in self.stretches(from_ms, to_ms, time_zone))

    def __str__(self) -> str:
        """As ``parse`` reads it; empty: open day and night."""
        return "; ".join(
            f"{day} {', '.join(f'{_clock(opens)}-{_clock(closes)}' for opens, closes in stretches)}"
            for day, stretches in zip(DAYS, self.week, strict=False)
            if stretches
        )


ALWAYS: Final = OpeningHours()
"""Open day and night: what holds for a site that sets no hours."""


def _parse_entry(entry: str) -> tuple[list[int], list[Minutes]]:
    """Days (numbers in ``DAYS``) and stretches of one entry."""
    match = _ENTRY.fullmatch(entry)
    if not match:
        raise BadHours(f"“{entry}” is not days and hours, such as “{EXAMPLE}”")
    days, times = match.groups()
    return (
        [day for part in days.split(",") for day in _parse_days(part.strip())],
        [_parse_times(part.strip()) for part in times.split(",")],
    )


def _parse_days(text: str) -> list[int]:
    names = [name.strip() for name in text.split("-")]
    unknown = [name for name in names if name not in DAYS]
    if unknown or len(names) > 2:
        raise BadHours(f"“{text}” is no day or range of days; days are {', '.join(DAYS)}")
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    return [(first + i) % len(DAYS) for i in range((last - first) % len(DAYS) + 1)]


def _parse_times(text: str) -> Minutes:
    match = _TIMES.fullmatch(text)
    if not match:
        raise BadHours(f"“{text}” is no stretch of time, such as 09:00-20:00")
    hour, minute, to_hour, to_minute = map(int, match.groups())
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if max(minute, to_minute) > 59 or max(opens, closes) > _DAY_MINUTES:
        raise BadHours(f"“{text}” has a time that no clock shows; the last one is 24:00")
    if opens >= closes:
        raise BadHours(f"“{text}” ends before it begins; past midnight is written as hours of the next day")
    return opens, closes


def _at_ms(day: date, minutes: int, time_zone: tzinfo) -> int:
    """UTC instant at which the clocks first show a time of a local day, or a later one: they may skip it."""
    time = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - local
    by_old_s, by_new_s = (round(time.replace(tzinfo=time_zone, fold=fold).timestamp()) for fold in (0, 1))
    # where the clocks skip it, they do so between the two, and nowhere else is the new one the earlier
    instants = range(min(by_old_s, by_new_s), by_old_s)
    skipped_s = bisect_left(
        instants, time, key=lambda at_s: datetime.fromtimestamp(at_s, time_zone).replace(tzinfo=None)
    )
    return (instants.start + skipped_s) * 1000


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
