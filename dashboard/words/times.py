"""Times and lengths of time as people say them. Pure."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60 * _SECOND_MS
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS


def duration(length_ms: int) -> str:
    """How long, with at most two units: 42 s, 12 min, 3 h 10 min, 2 days 4 h."""
    if length_ms < _MINUTE_MS:
        return f"{round(length_ms / _SECOND_MS)} s"
    if length_ms < _HOUR_MS:
        return f"{round(length_ms / _MINUTE_MS)} min"
    if length_ms < _DAY_MS:
        hours, minutes = divmod(round(length_ms / _MINUTE_MS), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(length_ms / _HOUR_MS), 24)
    named = f"{days} day" if days == 1 else f"{days} days"
    return f"{named} {hours} h" if hours else named


def moment(at_ms: int, now_ms: int, time_zone: tzinfo) -> str:
    """When, as near as a reader needs it: 10:15, yesterday 10:15, Tue 24 Nov 10:15, 24 Nov 2025 10:15."""
    at, now = (datetime.fromtimestamp(ms / 1000, time_zone) for ms in (at_ms, now_ms))
    if at.date() == now.date():
        return f"{at:%H:%M}"
    if at.date() == now.date() - timedelta(days=1):
        return f"yesterday {at:%H:%M}"
    near = abs(now - at) < timedelta(days=300)
    return f"{at:%a} {day(at.date())} {at:%H:%M}" if near else f"{day(at.date())} {at:%Y} {at:%H:%M}"


def day(when: date) -> str:
    """A day of the year: 24 Nov."""
    return f"{when.day} {when:%b}"


def days(first: date, last: date | None) -> str:
    """A stretch of days: 24 Nov 2026, 24 Nov – 3 Dec 2026, 24 Dec 2026 – 3 Jan 2027, from 24 Nov 2026 on."""
    if last is None:
        return f"from {day(first)} {first:%Y} on"
    if first == last:
        return f"{day(first)} {first:%Y}"
    begin = day(first) if first.year == last.year else f"{day(first)} {first:%Y}"
    return f"{begin} – {day(last)} {last:%Y}"
