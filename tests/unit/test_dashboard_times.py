from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.words.times import days, duration, moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (42, "42 s"),
        (720, "12 min"),
        (11_400, "3 h 10 min"),
        (7_200, "2 h"),
        (86_400, "1 day"),
        (2 * 86_400 + 4 * 3_600, "2 days 4 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: int, said: str) -> None:
    assert duration(seconds * 1000) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 26, 9, 15, tzinfo=UTC), "10:15"),
        (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 25, 9, 15, tzinfo=UTC), "yesterday 10:15"),
        (datetime(2026, 11, 3, 9, 15, tzinfo=UTC), "Tue 3 Nov 10:15"),
        (datetime(2025, 11, 3, 9, 15, tzinfo=UTC), "3 Nov 2025 10:15"),
    ],
)
def test_a_moment_is_told_by_the_sites_clock_and_as_near_as_it_is(at: datetime, said: str) -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    at_ms, now_ms = (round(time.timestamp() * 1000) for time in (at, now))
    assert moment(at_ms, now_ms, BERLIN) == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 24), None, "from 24 Nov 2026 on"),
        (date(2026, 11, 24), date(2026, 11, 24), "24 Nov 2026"),
        (date(2026, 11, 24), date(2026, 12, 3), "24 Nov – 3 Dec 2026"),
        (date(2026, 12, 24), date(2027, 1, 3), "24 Dec 2026 – 3 Jan 2027"),
    ],
)
def test_a_stretch_of_days_tells_its_year_once(first: date, last: date | None, said: str) -> None:
    assert days(first, last) == said
