"""What the page "Now" reads, from a real Redis, and what it makes of it."""

from collections.abc import Mapping
from datetime import UTC

import numpy as np
import pytest

from contract import keys, row
from contract.events import SCHEMA, CameraStatus
from contract.labels import LABELS
from contract.windows import GRAIN_MS, Resolution, chunk_at
from dashboard.cameras.now import SILENT_MS, camera_now
from dashboard.figures.recent import RECENT_MS, Recent, read_last_looks, read_recents
from dashboard.figures.sites import Site
from runtime.redis import Client
from runtime.windows import Windows
from tests.support.events import CAMERA

NOW_MS = 1_795_384_805_000  # five seconds into a window, some minutes after the hour
OTHER = "shop-2/till"
SHOP = Site("shop-1", k=5, time_zone=UTC, simulated=False)
TRIED = Site("shop-1", k=1, time_zone=UTC, simulated=False)


def write(
    client: Client,
    camera: str,
    at_ms: int,
    counts: Mapping[int, int],
    resolution: Resolution = Resolution.TEN_SECONDS,
) -> None:
    chunk = chunk_at(resolution, at_ms, UTC)
    key = keys.window_chunk(camera, resolution, chunk.name)
    for column, value in counts.items():
        position = f"#{chunk.row_of(at_ms) * row.WIDTH + column}"
        # BITFIELD by its name: the typed method is missing from a Cluster's client
        client.execute_command("BITFIELD", key, "INCRBY", "i64", position, value)  # type: ignore[no-untyped-call]


def test_visits_of_the_last_minutes_are_those_closed_and_those_still_open(any_redis: Client) -> None:
    write(any_redis, CAMERA, NOW_MS, {row.VISITS: 3})
    write(any_redis, OTHER, NOW_MS - GRAIN_MS, {row.VISITS: 1})
    for field in ("visit:s:1:", "visit:s:2:", "visit:s:2:till", "closed:s:0:", "session:s"):
        any_redis.hset(keys.open_visits(CAMERA), field, "0")
    recents = read_recents(any_redis, [CAMERA, OTHER, "shop-3/new"], NOW_MS)
    assert {camera: (recent.visits, recent.in_view) for camera, recent in recents.items()} == {
        CAMERA: (3 + 2, 2),
        OTHER: (1, 0),
        "shop-3/new": (0, 0),
    }


@pytest.mark.parametrize("minutes", [5, 59])
def test_the_last_minutes_may_lie_in_two_hours_and_hold_nothing_older(
    any_redis: Client, minutes: int
) -> None:
    now_ms = NOW_MS // 3_600_000 * 3_600_000 + minutes * 60_000 + 5_000
    oldest_ms = (now_ms - RECENT_MS) // GRAIN_MS * GRAIN_MS + GRAIN_MS
    for at_ms, visits in ((now_ms, 1), (oldest_ms, 10), (oldest_ms - 1, 100)):
        write(any_redis, CAMERA, at_ms, {row.VISITS: visits})
    windows = read_recents(any_redis, [CAMERA], now_ms)[CAMERA].windows
    assert windows.start_ms.tolist() == list(range(oldest_ms, now_ms, GRAIN_MS))
    assert windows.column("visits")[[0, -1]].tolist() == [10, 1]
    assert windows.column("visits").sum() == 11


def test_when_a_silent_camera_looked_last_is_known_to_the_minute(any_redis: Client) -> None:
    quarter_ms = NOW_MS // 900_000 * 900_000 - 6 * 3_600_000
    for minute in (0, 3, 20):
        at_ms = quarter_ms + minute * 60_000
        write(any_redis, CAMERA, at_ms, {row.ANALYSED_MS: 40_000}, Resolution.MINUTE)
    looks = read_last_looks(any_redis, {CAMERA: quarter_ms, OTHER: quarter_ms})
    assert looks == {CAMERA: quarter_ms + 4 * 60_000}


def recent(*cells: Mapping[str, int], in_view: int = 0) -> Recent:
    """Windows of 10 s up to now; of a label is said how many faces had it, surely."""
    rows = np.zeros((len(cells), row.WIDTH), np.int64)
    for i, cell in enumerate(cells):
        for name, value in cell.items():
            if name in LABELS:
                rows[i, row.P_SUM.start + LABELS.index(name)] += value * row.MICRO
                rows[i, row.FACE_FRAMES] += value
            else:
                rows[i, row.COLUMNS[name]] = value
    start_ms = NOW_MS // GRAIN_MS * GRAIN_MS - np.arange(len(cells))[::-1] * GRAIN_MS
    return Recent(Windows(start_ms, rows), int(rows[:, row.VISITS].sum()) + in_view, in_view)


def test_of_too_few_visits_nothing_but_coverage_is_told() -> None:
    seen = {"happy": 9, "visits": 1, "analysed_ms": GRAIN_MS}
    now = camera_now(CAMERA, SHOP, recent(*[seen] * 3, in_view=1), None, NOW_MS)
    assert (now.visits, now.in_view, now.mood, now.index.size) == (None, None, None, 0)
    assert now.online


def test_a_store_tells_the_mood_of_fifteen_minutes_and_a_demo_that_of_the_moment() -> None:
    seen = recent({"sad": 10, "visits": 5}, {}, {}, {"happy": 10, "visits": 1})
    store, demo = (camera_now(CAMERA, site, seen, None, NOW_MS) for site in (SHOP, TRIED))
    assert store.mood
    assert demo.mood
    assert store.mood.index == pytest.approx((0.87 - 0.73) / 2)
    assert demo.mood.index == pytest.approx(0.87)
    assert (store.in_view, demo.in_view) == (None, 0)


def test_the_line_of_a_demo_can_be_of_coarser_steps() -> None:
    seen = recent(*[{"happy": 1, "visits": 1}, {"neutral": 1, "visits": 1}, {}] * 4)
    fine, coarse = (camera_now(CAMERA, TRIED, seen, None, NOW_MS, step=step) for step in (1, 3))
    assert len(fine.index) == 12
    assert coarse.end_ms == fine.end_ms == NOW_MS // GRAIN_MS * GRAIN_MS + GRAIN_MS
    inner = coarse.start_ms[1:]
    assert np.array_equal(inner % (3 * GRAIN_MS), np.zeros(len(inner)))
    assert np.array_equal(np.diff(inner), np.full(len(inner) - 1, 3 * GRAIN_MS))
    assert coarse.index[1:-1] == pytest.approx(np.full(len(inner) - 1, 0.87 / 2))


@pytest.mark.parametrize(("said", "online"), [(True, True), (False, False), (None, True)])
def test_a_camera_is_there_by_its_own_word_or_else_by_its_reports(said: bool | None, online: bool) -> None:
    status = None if said is None else CameraStatus(SCHEMA, CAMERA, said, "0.1.0", "yunet", 5.0, 0)
    heard = recent({"analysed_ms": GRAIN_MS}, {})
    assert camera_now(CAMERA, SHOP, heard, status, NOW_MS).online is online


def test_a_camera_is_heard_of_before_its_first_report() -> None:
    assert camera_now(CAMERA, SHOP, recent({"frames": 1}), None, NOW_MS).online is True


def test_a_camera_that_does_not_report_is_not_heard_of() -> None:
    silent = recent({"analysed_ms": GRAIN_MS}, *[{}] * (SILENT_MS // GRAIN_MS + 1))
    assert camera_now(CAMERA, SHOP, silent, None, NOW_MS).online is None
