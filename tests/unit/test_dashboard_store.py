"""Windows read from a real Redis: the same as one by one, and the past not twice."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from contract import keys, row
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures import store as store_module
from dashboard.figures.store import KEPT_S, SEALED_AFTER_MS, WindowStore
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.rows import row_of
from tests.support.windows import write_windows

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HOUR_MS = WINDOW_MS[Resolution.HOUR]
DAY_MS = round(datetime(2026, 4, 4, tzinfo=LORD_HOWE).timestamp() * 1000)
CAMERA, ZONE, OTHER = "shop-1/till", "shop-1/till@queue", "shop-1/door"


@dataclass
class Clock:
    now_ms: int

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock(DAY_MS + 60 * HOUR_MS)


@pytest.fixture
def store(any_redis: Client, clock: Clock) -> WindowStore:
    for subject, moods in ((CAMERA, ["happy", "sad"]), (ZONE, ["sad"])):
        rows = {DAY_MS + hour * HOUR_MS: row_of(*moods * (hour + 1)) for hour in (0, 7, 26, 59)}
        write_windows(any_redis, subject, rows, LORD_HOWE)
    return WindowStore(any_redis, clock)


@pytest.mark.parametrize("resolution", [Resolution.QUARTER, Resolution.HOUR, Resolution.DAY])
@pytest.mark.parametrize(("begin_h", "end_h"), [(0, 60), (3.5, 26.25), (5, 5)])
def test_many_subjects_are_read_as_each_on_its_own(
    any_redis: Client, store: WindowStore, resolution: Resolution, begin_h: float, end_h: float
) -> None:
    asked = resolution, DAY_MS + round(begin_h * HOUR_MS), DAY_MS + round(end_h * HOUR_MS), LORD_HOWE
    for _ in range(2):  # from Redis, and from what is kept
        found = store.read([CAMERA, ZONE, OTHER], *asked)
        assert list(found) == [CAMERA, ZONE, OTHER]
        for subject, windows in found.items():
            expected = read_windows(any_redis, subject, *asked)
            np.testing.assert_array_equal(windows.start_ms, expected.start_ms)
            np.testing.assert_array_equal(windows.rows, expected.rows)


def visits(store: WindowStore, clock: Clock, subject: str = CAMERA) -> list[int]:
    read = store.read([subject], Resolution.HOUR, DAY_MS, clock.now_ms, LORD_HOWE)
    return [int(count) for count in read[subject].rows[:, row.VISITS] if count]


def test_what_is_over_is_not_read_again_and_what_is_not_is(
    any_redis: Client, store: WindowStore, clock: Clock
) -> None:
    assert visits(store, clock) == [2, 16, 54, 120]
    assert visits(store, clock, OTHER) == []
    more = {DAY_MS: row_of("happy"), DAY_MS + 59 * HOUR_MS: row_of("happy")}
    for subject in (CAMERA, OTHER):
        write_windows(any_redis, subject, more, LORD_HOWE)
    assert visits(store, clock) == [2, 16, 54, 121]
    assert visits(store, clock, OTHER) == [1]


def test_what_is_kept_is_read_again_after_ten_minutes(
    any_redis: Client, store: WindowStore, clock: Clock
) -> None:
    assert visits(store, clock) == [2, 16, 54, 120]
    for key in any_redis.scan_iter(match="*:1h:*"):
        any_redis.delete(key)  # erased
    clock.now_ms += KEPT_S * 1000 - 1
    assert visits(store, clock) == [2, 16, 54]
    clock.now_ms += 1
    assert visits(store, clock) == []


def test_a_day_is_kept_from_an_hour_and_a_half_after_its_end_on(
    any_redis: Client, store: WindowStore, clock: Clock
) -> None:
    day_end_ms = DAY_MS + 24 * HOUR_MS
    clock.now_ms = day_end_ms + SEALED_AFTER_MS - 1
    for expected in ([2, 16], [3, 16]):
        assert visits(store, clock)[:2] == expected
        write_windows(any_redis, CAMERA, {DAY_MS: row_of("happy")}, LORD_HOWE)
    clock.now_ms += 1
    for _ in range(2):
        assert visits(store, clock)[:2] == [4, 16]
        write_windows(any_redis, CAMERA, {DAY_MS: row_of("happy")}, LORD_HOWE)


def test_what_is_kept_is_bounded(any_redis: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "KEPT_BYTES", 3 * 24 * row.WIDTH * 8)
    store = WindowStore(any_redis, clock)
    cameras = [f"shop-1/camera-{number}" for number in range(9)]
    for camera in cameras:
        write_windows(any_redis, camera, {DAY_MS + 23 * HOUR_MS: row_of("happy")}, LORD_HOWE)
    for _ in range(2):
        found = store.read(cameras, Resolution.HOUR, DAY_MS, DAY_MS + 24 * HOUR_MS, LORD_HOWE)
        assert [int(windows.rows[:, row.VISITS].sum()) for windows in found.values()] == [1] * 9
    any_redis.flushall()
    found = store.read(cameras, Resolution.HOUR, DAY_MS, DAY_MS + 24 * HOUR_MS, LORD_HOWE)
    assert 1 <= sum(int(windows.rows[:, row.VISITS].sum()) for windows in found.values()) <= 3


def test_no_subjects_have_no_windows(store: WindowStore) -> None:
    assert store.read([], Resolution.HOUR, DAY_MS, DAY_MS + HOUR_MS, LORD_HOWE) == {}


def test_a_day_that_another_time_zone_cut_longer_is_read_as_far_as_it_goes(any_redis: Client) -> None:
    """Days of 24 hours, where those of the new time zone have 23: its clocks went forward."""
    berlin = ZoneInfo("Europe/Berlin")
    midnight_ms = round(datetime(2026, 3, 29, tzinfo=berlin).timestamp() * 1000)
    name = keys.window_chunk(CAMERA, Resolution.HOUR, "20260329")
    any_redis.set(name, np.ones(24 * row.WIDTH, row.STORED).tobytes())
    asked = Resolution.HOUR, midnight_ms, midnight_ms + 47 * HOUR_MS, berlin
    found = WindowStore(any_redis, Clock(midnight_ms + 60 * HOUR_MS)).read([CAMERA], *asked)[CAMERA]
    assert found.rows.sum(axis=1).tolist() == [row.WIDTH] * 23 + [0] * 24
    np.testing.assert_array_equal(read_windows(any_redis, CAMERA, *asked).rows, found.rows)
