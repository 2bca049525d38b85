"""Periods by the site's clock."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.periods import PERIODS, Span, days_before, local_day, midnight_ms

BERLIN = ZoneInfo("Europe/Berlin")
NOW = "2026-06-10T14:40:20"  # a Wednesday


def at_ms(text: str, time_zone: tzinfo = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=time_zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("key", "begin", "end", "earlier", "until"),
    [
        ("1h", "2026-06-10T13:30", NOW, "2026-06-10T12:30", "2026-06-10T13:40:20"),
        ("today", "2026-06-10", NOW, "2026-06-09", "2026-06-09T14:40:20"),
        ("24h", "2026-06-09T14:30", NOW, "2026-06-08T14:30", "2026-06-09T14:40:20"),
        ("yesterday", "2026-06-09", "2026-06-10", "2026-06-08", "2026-06-09"),
        ("7d", "2026-06-04", NOW, "2026-05-28", "2026-06-03T14:40:20"),
        ("28d", "2026-05-14", NOW, "2026-04-16", "2026-05-13T14:40:20"),
        ("90d", "2026-03-13", NOW, "2025-12-13", "2026-03-12T14:40:20"),
    ],
)
def test_a_period_and_the_one_before_it(key: str, begin: str, end: str, earlier: str, until: str) -> None:
    span = PERIODS[key].span(at_ms(NOW), BERLIN)
    assert span == Span(at_ms(begin), at_ms(end))
    assert PERIODS[key].previous(span, BERLIN) == Span(at_ms(earlier), at_ms(until))


def test_weeks_are_compared_with_the_same_weekdays() -> None:
    for key in ("7d", "28d"):
        span = PERIODS[key].span(at_ms(NOW), BERLIN)
        before = PERIODS[key].previous(span, BERLIN)
        assert {(local_day(span.from_ms, BERLIN) - local_day(before.from_ms, BERLIN)).days % 7} == {0}


def test_a_day_of_a_clock_change_is_as_long_as_it_is() -> None:
    hour_ms = WINDOW_MS[Resolution.HOUR]
    day_after_ms = at_ms("2026-03-30T09:00")
    assert PERIODS["yesterday"].span(day_after_ms, BERLIN).length_ms == 23 * hour_ms
    week = PERIODS["7d"].span(day_after_ms, BERLIN)
    assert week.length_ms == 6 * 24 * hour_ms - hour_ms + 9 * hour_ms
    assert PERIODS["7d"].previous(week, BERLIN).length_ms == 6 * 24 * hour_ms + 9 * hour_ms
    assert days_before(day_after_ms, 2, BERLIN) == at_ms("2026-03-28T09:00")


def test_a_day_begins_where_the_site_is() -> None:
    assert local_day(at_ms("2026-06-10T23:30", UTC), BERLIN) == date(2026, 6, 11)
    assert midnight_ms(date(2026, 6, 11), BERLIN) == at_ms("2026-06-10T22:00", UTC)


def test_short_periods_are_shown_finely_and_long_ones_by_the_day() -> None:
    assert {key: period.resolution for key, period in PERIODS.items()} == {
        "1h": Resolution.QUARTER,
        "today": Resolution.QUARTER,
        "24h": Resolution.QUARTER,
        "yesterday": Resolution.QUARTER,
        "7d": Resolution.HOUR,
        "28d": Resolution.DAY,
        "90d": Resolution.DAY,
    }
