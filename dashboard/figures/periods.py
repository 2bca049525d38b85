"""The periods that a page may show, by the site's clock. Pure; time is a parameter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from contract.windows import WINDOW_MS, Resolution

_QUARTER_MS: Final = WINDOW_MS[Resolution.QUARTER]
_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time.

    Attributes:
        from_ms: UTC, inclusive.
        to_ms: UTC, exclusive.
    """

    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True, slots=True)
class Period:
    """A period that ends now, or with yesterday.

    Attributes:
        key: in addresses.
        title: on pages.
        resolution: of the windows that are shown of it.
        days: local days that it has; 0: it has ``hours`` instead.
        hours: that it has, of 60 minutes.
        with_today: whether the last of its days is today, up to now.
    """

    key: str
    title: str
    resolution: Resolution
    days: int = 0
    hours: int = 0
    with_today: bool = True

    def span(self, now_ms: int, time_zone: tzinfo) -> Span:
        """When it is, if it is ``now_ms`` (UTC); ``time_zone`` is the site's."""
        if self.hours:
            return Span((now_ms - self.hours * _HOUR_MS) // _QUARTER_MS * _QUARTER_MS, now_ms)
        today = local_day(now_ms, time_zone)
        if self.with_today:
            return Span(midnight_ms(today - timedelta(days=self.days - 1), time_zone), now_ms)
        return Span(midnight_ms(today - timedelta(days=self.days), time_zone), midnight_ms(today, time_zone))

    def previous(self, span: Span, time_zone: tzinfo) -> Span:
        """The span of the period before: as many days, and as much of the last one, by the site's clock."""
        if self.hours:
            length_ms = self.hours * _HOUR_MS
            return Span(span.from_ms - length_ms, span.to_ms - length_ms)
        return Span(
            days_before(span.from_ms, self.days, time_zone), days_before(span.to_ms, self.days, time_zone)
        )


PERIODS: Final = {
    period.key: period
    for period in (
        Period("1h", "Last hour", Resolution.QUARTER, hours=1),
        Period("today", "Today", Resolution.QUARTER, days=1),
        Period("24h", "Last 24 hours", Resolution.QUARTER, hours=24),
        Period("yesterday", "Yesterday", Resolution.QUARTER, days=1, with_today=False),
        Period("7d", "Last 7 days", Resolution.HOUR, days=7),
        Period("28d", "Last 28 days", Resolution.DAY, days=28),
        Period("90d", "Last 90 days", Resolution.DAY, days=90),
    )
}
"""By key."""


def local_day(at_ms: int, time_zone: tzinfo) -> date:
    """The local day that holds an instant (UTC)."""
    return datetime.fromtimestamp(at_ms / 1000, time_zone).date()


def midnight_ms(day: date, time_zone: tzinfo) -> int:
    """UTC instant at which a local day begins (where a clock change skips midnight: at the change)."""
    return _instant_ms(datetime.combine(day, time()), time_zone)


def days_before(at_ms: int, days: int, time_zone: tzinfo) -> int:
    """The instant (UTC) at which the site's clock showed the same time ``days`` days earlier."""
    local = datetime.fromtimestamp(at_ms / 1000, time_zone).replace(tzinfo=None)
    return _instant_ms(local - timedelta(days=days), time_zone)


def _instant_ms(local: datetime, time_zone: tzinfo) -> int:
    return round(local.replace(tzinfo=time_zone).astimezone(UTC).timestamp() * 1000)
