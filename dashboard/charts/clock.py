"""The horizontal axis of figures over time: a span, as the site's clock shows it. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import altair as alt

from dashboard.figures.periods import Span
from dashboard.words.times import day

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

_STEPS: Final = (
    (3 * _HOUR_MS, timedelta(minutes=15)),
    (13 * _HOUR_MS, timedelta(hours=2)),
    (26 * _HOUR_MS, timedelta(hours=4)),
    (9 * _DAY_MS, timedelta(days=1)),
    (40 * _DAY_MS, timedelta(weeks=1)),
)
"""Of spans up to so long: from one tick to the next."""

_STEP_LONGEST: Final = timedelta(weeks=2)
_A_MONDAY: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - local


@dataclass(frozen=True, slots=True)
class Clock:
    """A span of time on a chart; all of it is drawn, also where nothing is known.

    Attributes:
        span: from and to.
        time_zone: the site's.
    """

    span: Span
    time_zone: tzinfo

    def at(self, at_ms: float) -> str:
        """An instant (UTC, ms) for Vega."""
        return clock_time(self._shown(at_ms))

    def moved(self, was: Span, to: Span) -> Callable[[float], str]:
        """How instants of one span are drawn on another one, with which it is compared.

        Days lie upon days, hour by hour of the clock, also where one of them has an hour more; spans of
        the same length lie upon one another as they are.
        """
        apart_ms = to.from_ms - was.from_ms
        if to.to_ms - was.to_ms == apart_ms:
            return lambda at_ms: self.at(at_ms + apart_ms)
        later = self._shown(to.from_ms) - self._shown(was.from_ms)
        return lambda at_ms: clock_time(self._shown(at_ms) + later)

    def axis(self, field: str) -> alt.X:
        """The encoding of what lies on ``field``."""
        step = next((step for most_ms, step in _STEPS if self.span.length_ms <= most_ms), _STEP_LONGEST)
        form = "%H:%M" if step < timedelta(days=1) else "%a %-d" if step < timedelta(weeks=1) else "%-d %b"
        first, last = self._shown(self.span.from_ms), self._shown(self.span.to_ms)
        ticks = []
        tick = _A_MONDAY + step * -(-(first - _A_MONDAY) // step)
        while tick <= last:
            ticks.append(_vega_time(tick))
            tick += step
        return alt.X(
            f"{field}:T",
            title=None,
            scale=alt.Scale(type="utc", domain=[clock_time(first), clock_time(last)]),
            axis=alt.Axis(format=form, values=ticks, labelOverlap=True),
        )

    def told(self, from_ms: int, to_ms: int) -> str:
        """A stretch of time: ``Wed 25 Nov, 09:00–10:00``, or the day alone where it is one."""
        first, last = self._local(from_ms), self._local(to_ms)
        named = f"{first:%a} {day(first.date())}"
        if to_ms - from_ms < 23 * _HOUR_MS:
            return f"{named}, {first:%H:%M}–{last:%H:%M}"
        if first.date() == self._local(to_ms - 1).date():
            return named
        return f"{named}, {first:%H:%M} – {last:%a} {day(last.date())}, {last:%H:%M}"

    def _shown(self, at_ms: float) -> datetime:
        return self._local(at_ms).replace(tzinfo=None)

    def _local(self, at_ms: float) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.time_zone)


def clock_time(local: datetime) -> str:
    """What a clock shows, for Vega: called UTC, so that Vega leaves it as it is."""
    return f"{local.isoformat(timespec='seconds')}Z"


def bands(windows: Iterable[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """Neighbouring windows that are wanted, joined.

    Args:
        windows: from, to (UTC, ms) and whether it is wanted, in order.

    Returns:
        From and to of each band.
    """
    joined: list[tuple[int, int]] = []
    for from_ms, to_ms, wanted in windows:
        if not wanted:
            continue
        if joined and joined[-1][1] == from_ms:
            joined[-1] = (joined[-1][0], to_ms)
        else:
            joined.append((from_ms, to_ms))
    return joined


def _vega_time(local: datetime) -> alt.DateTime:
    return alt.DateTime(
        year=local.year, month=local.month, date=local.day, hours=local.hour, minutes=local.minute, utc=True
    )
