"""Window arithmetic, where clocks change, and rows as Redis stores them."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from contract import row
from contract.windows import GRAIN_MS, Resolution, chunk_at, chunks_between

ZONES = [
    ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo")
]
INSTANTS = st.integers(0, 4_000_000_000_000)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@given(at_ms=INSTANTS, resolution=st.sampled_from(Resolution), zone=st.sampled_from(ZONES))
def test_an_instant_lies_in_its_window_and_the_window_in_its_chunk(
    at_ms: int, resolution: Resolution, zone: ZoneInfo
) -> None:
    chunk = chunk_at(resolution, at_ms, zone)
    index = chunk.row_of(at_ms)
    assert chunk.start_ms <= at_ms < chunk.end_ms
    assert 0 <= index < chunk.rows
    assert chunk.window_start_ms(index) <= at_ms
    assert index + 1 == chunk.rows or at_ms < chunk.window_start_ms(index + 1)


@given(at_ms=INSTANTS, resolution=st.sampled_from(Resolution), zone=st.sampled_from(ZONES))
def test_a_grain_never_straddles_two_windows(at_ms: int, resolution: Resolution, zone: ZoneInfo) -> None:
    start_ms = at_ms // GRAIN_MS * GRAIN_MS
    first = chunk_at(resolution, start_ms, zone)
    last = chunk_at(resolution, start_ms + GRAIN_MS - 1, zone)
    assert first == last
    assert first.row_of(start_ms) == last.row_of(start_ms + GRAIN_MS - 1)


@given(at_ms=INSTANTS, resolution=st.sampled_from(Resolution), zone=st.sampled_from(ZONES))
def test_chunks_follow_one_another_without_gap(at_ms: int, resolution: Resolution, zone: ZoneInfo) -> None:
    chunks = chunks_between(resolution, at_ms, at_ms + 5 * 86_400_000, zone)
    assert all(a.end_ms == b.start_ms and a.name != b.name for a, b in pairwise(chunks))


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-06-01T12:00+02:00", "Europe/Berlin", 24),
        ("2026-03-29T12:00+02:00", "Europe/Berlin", 23),
        ("2026-10-25T12:00+01:00", "Europe/Berlin", 25),
        ("2026-04-05T12:00+10:30", "Australia/Lord_Howe", 25),  # 24.5 hours
        ("2026-04-24T12:00+03:00", "Africa/Cairo", 23),  # midnight itself is skipped
    ],
)
def test_a_local_day_has_as_many_hour_rows_as_hours(day: str, zone: str, hours: int) -> None:
    assert chunk_at(Resolution.HOUR, ms(day), ZoneInfo(zone)).rows == hours


def test_the_repeated_hour_has_two_windows() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    chunk = chunk_at(Resolution.HOUR, ms("2026-10-25T02:30+02:00"), berlin)
    assert chunk.row_of(ms("2026-10-25T02:30+02:00")) == 2
    assert chunk.row_of(ms("2026-10-25T02:30+01:00")) == 3


def test_hours_of_a_half_hour_zone_begin_at_local_hours() -> None:
    chunk = chunk_at(Resolution.HOUR, ms("2026-11-22T09:59+05:30"), ZoneInfo("Asia/Kolkata"))
    assert chunk.window_start_ms(chunk.row_of(ms("2026-11-22T09:59+05:30"))) == ms("2026-11-22T09:00+05:30")


def test_a_quarter_is_kept_for_thirty_days_after_its_day() -> None:
    chunk = chunk_at(Resolution.QUARTER, ms("2026-11-22T09:00Z"), UTC)
    assert chunk.expires_at_ms == ms("2026-12-23T00:00Z")


def test_every_named_column_has_its_own_place_in_the_row() -> None:
    places = [np.arange(row.WIDTH)[column] for column in row.COLUMNS.values()]
    used = np.concatenate([np.atleast_1d(place) for place in places])
    assert list(used) == list(range(len(used)))
    assert len(used) <= row.WIDTH


def test_what_bitfield_adds_is_what_unpack_reads(redis_client: redis.Redis) -> None:
    additions = {0: 1, 63: 2**62, 64: -5, 3 * row.WIDTH + row.VISITS: 7}
    for position, value in additions.items():
        redis_client.bitfield("chunk").incrby("i64", f"#{position}", value).execute()
    stored = redis_client.get("chunk")
    assert isinstance(stored, bytes)
    rows = row.unpack(stored, 6)
    assert rows.shape == (6, row.WIDTH)
    assert {int(i): int(v) for i, v in enumerate(rows.ravel()) if v} == additions


def test_a_chunk_never_written_is_all_zero() -> None:
    assert not row.unpack(b"", 4).any()
