"""Opening hours: how they are read, and how long a site is open."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.hours import ALWAYS, EXAMPLE, BadHours, OpeningHours

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000


def at_ms(text: str, time_zone: tzinfo = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=time_zone).timestamp() * 1000)


def open_h(hours: str, begin: str, end: str, time_zone: tzinfo = BERLIN) -> float:
    return (
        OpeningHours.parse(hours).open_ms(at_ms(begin, time_zone), at_ms(end, time_zone), time_zone) / HOUR_MS
    )


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (EXAMPLE, "; ".join(f"{day} 09:00-20:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat"))
         + "; sun 11:00-17:00"),
        ("MON 9:00-12:30, 14:00-18:00;", "mon 09:00-12:30, 14:00-18:00"),
        ("mon 14:00-18:00; mon 9:00-12:00", "mon 09:00-12:00, 14:00-18:00"),
        ("sat-mon 10:00 - 24:00", "mon 10:00-24:00; sat 10:00-24:00; sun 10:00-24:00"),
        ("tue, thu-fri 08:00-09:00", "tue 08:00-09:00; thu 08:00-09:00; fri 08:00-09:00"),
        ("", ""),
        (" ; ", ""),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_write_them(text: str, canonical: str) -> None:
    hours = OpeningHours.parse(text)
    assert str(hours) == canonical
    assert OpeningHours.parse(canonical) == hours


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("always", "“always” is not days and hours"),
        ("mon", "“mon” is not days and hours"),
        ("mon 9-20", "“9-20” is no stretch of time"),
        ("mon 09:00-20:00 tue 09:00-20:00", "is no stretch of time"),
        ("moo 09:00-20:00", "“moo” is no day"),
        ("mon-wed-fri 09:00-20:00", "“mon-wed-fri” is no day or range of days"),
        ("mon 09:00-24:01", "that no clock shows"),
        ("mon 09:60-10:00", "that no clock shows"),
        ("fri 20:00-02:00", "ends before it begins"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("mon-fri 09:00-18:00; wed 17:00-20:00", "wed is given hours that overlap"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(BadHours, match=reason):
        OpeningHours.parse(text)


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-06-01", "2026-06-08", 6 * 11 + 6),  # a week from a Monday on
        ("2026-06-01 10:30", "2026-06-01 12:00", 1.5),
        ("2026-06-01 08:00", "2026-06-01 09:30", 0.5),
        ("2026-06-01 20:00", "2026-06-02 09:00", 0),
        ("2026-06-06 19:00", "2026-06-07 12:00", 2),
        ("2026-06-01 12:00", "2026-06-01 12:00", 0),
    ],
)
def test_open_time_is_counted_by_the_sites_clock(begin: str, end: str, hours: float) -> None:
    assert open_h(EXAMPLE, begin, end) == hours


def test_a_night_of_a_clock_change_is_as_long_as_it_is() -> None:
    assert open_h("sun 00:00-06:00", "2026-03-29", "2026-03-30") == 5
    assert open_h("sun 00:00-06:00", "2026-10-25", "2026-10-26") == 7


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("sun 00:00-02:30", 2),  # who closes at half past two has closed when it strikes three
        ("sun 02:30-06:00", 3),
        ("sun 00:00-02:30, 03:00-05:00", 4),
        ("sun 02:15-02:45", 0),
        ("sun 02:00-03:00", 0),
    ],
)
def test_of_an_hour_that_the_clocks_skip_nothing_is_open(text: str, hours: float) -> None:
    assert open_h(text, "2026-03-29", "2026-03-30") == hours


def test_times_that_the_clocks_show_twice_are_the_first_ones() -> None:
    assert open_h("sun 00:00-02:30", "2026-10-25", "2026-10-26") == 2.5
    assert open_h("sun 02:30-06:00", "2026-10-25", "2026-10-26") == 4.5


def test_a_site_without_hours_is_always_open() -> None:
    assert open_h("", "2026-03-29", "2026-03-30") == 23
    assert ALWAYS.stretches(5, 5, UTC) == []
    assert OpeningHours.parse("") == ALWAYS


@given(
    begin=st.integers(0, 14 * 24 * 60), middle=st.integers(0, 14 * 24 * 60), end=st.integers(0, 14 * 24 * 60)
)
def test_open_times_of_neighbouring_stretches_add_up(begin: int, middle: int, end: int) -> None:
    first, second, third = sorted(at_ms("2026-10-19") + minute * 60_000 for minute in (begin, middle, end))
    hours = OpeningHours.parse("mon-fri 09:00-12:00, 13:30-24:00; sat-sun 00:00-03:00")
    assert hours.open_ms(first, third, BERLIN) == hours.open_ms(first, second, BERLIN) + hours.open_ms(
        second, third, BERLIN
    )
