"""How long a site may keep windows: what it may set, what readers make of it, and what others need."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.retention import (
    FIELDS,
    LEAST_MS,
    LOOK_BACK_MS,
    STANDARD,
    BadRetention,
    Retention,
    look_back_ms,
    parse_kept,
    write_span,
)
from contract.rules import DeviationRule
from contract.windows import KEPT_MS, WINDOW_MS, Resolution, chunk_at, latest_end_ms
from dashboard.figures.store import SEALED_AFTER_MS
from dashboard.words.morning import WEEKS_LEAST

DAY_MS = WINDOW_MS[Resolution.DAY]
ZONES = ("Pacific/Kiritimati", "Europe/Berlin", "UTC", "Pacific/Pago_Pago", "Etc/GMT+12")


@pytest.mark.parametrize(
    ("resolution", "text", "kept_ms"),
    [
        (Resolution.TEN_SECONDS, "45m", 45 * 60_000),
        (Resolution.MINUTE, "36h", 36 * 3_600_000),
        (Resolution.QUARTER, "7d", 7 * DAY_MS),
        (Resolution.HOUR, "1y", 365 * DAY_MS),
    ],
)
def test_a_time_is_read_in_its_unit(resolution: Resolution, text: str, kept_ms: int) -> None:
    assert parse_kept(resolution, text) == kept_ms


@pytest.mark.parametrize(
    "text", ["", "90", "d", "-1d", "1.5h", "90 d", "90d ", "٩٠d", "90w", "9" * 500 + "d"]
)
def test_what_is_no_time_is_one_short_line(text: str) -> None:
    with pytest.raises(BadRetention, match=r"is no time such as 45m, 36h, 90d or 1y") as refused:
        parse_kept(Resolution.HOUR, text)
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("resolution", list(Resolution))
def test_the_bounds_themselves_may_be_set_and_nothing_beyond_them(resolution: Resolution) -> None:
    least_ms, most_ms = LEAST_MS[resolution], KEPT_MS[resolution]
    for bound_ms in (least_ms, most_ms):
        assert parse_kept(resolution, write_span(bound_ms)) == bound_ms
    for beyond_ms in (least_ms - 60_000, most_ms + 60_000):
        bounds = f"from {write_span(least_ms)} to {write_span(most_ms)}"
        with pytest.raises(BadRetention, match=bounds):
            parse_kept(resolution, write_span(beyond_ms))


@given(minutes=st.integers(1, 9_999_999))
def test_a_time_that_is_written_is_read_as_the_same(minutes: int) -> None:
    text = write_span(minutes * 60_000)
    units_ms = {"m": 60_000, "h": 3_600_000, "d": DAY_MS, "y": 365 * DAY_MS}
    assert int(text[:-1]) * units_ms[text[-1]] == minutes * 60_000


@pytest.mark.parametrize("resolution", list(Resolution))
def test_the_least_is_what_is_looked_back_at_and_not_much_more(resolution: Resolution) -> None:
    assert LEAST_MS[resolution] >= look_back_ms(resolution, KEPT_MS[resolution])
    assert LEAST_MS[resolution] <= KEPT_MS[resolution]
    if resolution in (Resolution.QUARTER, Resolution.HOUR):  # the dashboard cuts what it shows of these
        assert LEAST_MS[resolution] > SEALED_AFTER_MS


@pytest.mark.parametrize("hour", range(24))
def test_weeks_that_a_rule_needs_are_there_when_an_hour_is_told_of_at_the_last_moment(hour: int) -> None:
    rule = DeviationRule()
    start_ms = chunk_at(Resolution.HOUR, 1_795_000_000_000, UTC).start_ms + hour * 3_600_000
    told_ms = start_ms + 2 * WINDOW_MS[Resolution.HOUR] + LOOK_BACK_MS
    shortest = Retention({Resolution.HOUR: LEAST_MS[Resolution.HOUR]})
    earlier = chunk_at(Resolution.HOUR, start_ms - rule.weeks_min * 7 * DAY_MS, UTC)
    assert shortest.expires_at_ms(earlier) > told_ms
    assert rule.weeks_min >= WEEKS_LEAST, "the morning page compares with as many"


def test_a_site_that_sets_nothing_keeps_as_long_as_papers_promise() -> None:
    assert Retention.read([None, b"", None, "", None]) == STANDARD
    assert all(STANDARD.kept_ms(each) == KEPT_MS[each] for each in Resolution)
    assert str(STANDARD) == "10s=1h 1m=2d 15m=30d 1h=400d 1d=5y"


def test_what_a_site_sets_holds_and_what_is_unusable_gives_way_to_the_longest() -> None:
    kept = Retention.read([b"45m", b"\xff\xfe", b"1h", b"90d", b"6y"])
    assert kept.own == {Resolution.TEN_SECONDS: 45 * 60_000, Resolution.HOUR: 90 * DAY_MS}
    assert list(kept.unusable) == [Resolution.MINUTE, Resolution.QUARTER, Resolution.DAY]
    assert kept.kept_ms(Resolution.DAY) == KEPT_MS[Resolution.DAY]
    assert "from 25h to 30d, not 1h" in kept.unusable[Resolution.QUARTER]
    assert list(FIELDS.values()) == ["keep_10s", "keep_1min", "keep_15min", "keep_1h", "keep_1d"]


def test_only_what_is_kept_shorter_is_to_be_shortened() -> None:
    before = Retention({Resolution.HOUR: 90 * DAY_MS, Resolution.DAY: 400 * DAY_MS})
    after = Retention({Resolution.QUARTER: 7 * DAY_MS, Resolution.HOUR: 100 * DAY_MS})
    assert after.shorter_than(before) == [Resolution.QUARTER]
    assert before.shorter_than(after) == [Resolution.HOUR, Resolution.DAY]
    assert before.shorter_than(before) == []


@given(
    at_ms=st.integers(0, 4_000_000_000_000),
    resolution=st.sampled_from(Resolution),
    zone=st.sampled_from([ZoneInfo(name) for name in ZONES]),
)
def test_no_chunk_ends_later_than_its_name_says(at_ms: int, resolution: Resolution, zone: ZoneInfo) -> None:
    chunk = chunk_at(resolution, at_ms, zone)
    late_ms = latest_end_ms(resolution, chunk.name) - chunk.end_ms
    assert 0 <= late_ms <= (27 * 3_600_000 if resolution in (Resolution.HOUR, Resolution.DAY) else 0)


@pytest.mark.parametrize(
    ("resolution", "name"),
    [(Resolution.DAY, "20261301"), (Resolution.DAY, "20261122T10"), ("10s", "20261122")],
)
def test_a_name_that_no_chunk_has_has_no_end(resolution: Resolution, name: str) -> None:
    with pytest.raises(ValueError, match=r"time data|unconverted"):
        latest_end_ms(Resolution(resolution), name)
