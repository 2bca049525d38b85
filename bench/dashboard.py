"""The dashboard's data for a large site: fifty cameras with half a year of windows in Redis."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bench.rig import Rig
from contract import keys, row
from contract.hours import OpeningHours
from contract.labels import LABELS
from contract.windows import KEPT_MS, WINDOW_MS, Resolution, chunk_at
from dashboard.cameras.now import camera_now
from dashboard.figures.breakdowns import by_camera, by_hour_of_week, daily
from dashboard.figures.grid import make_grid
from dashboard.figures.periods import PERIODS, Span, days_before
from dashboard.figures.queries import Answer, Question, answer
from dashboard.figures.recent import read_recents
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import Subjects, read_subjects
from runtime.redis import Client

CAMERAS: Final = 50
DAYS: Final = 180
"""A period of 90 days and the one before it."""

ROUNDS: Final = 5
HOURS: Final = OpeningHours.parse("mon-sat 09:00-20:00; sun 11:00-17:00")
SITE: Final = Site("bench", k=5, time_zone=UTC, simulated=True, hours=HOURS)
VISITS: Final = 6
"""In a quarter of an hour, on average."""

FRAMES_A_VISIT: Final = 40
POOL: Final = 500

_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]
_DAY_MS: Final = WINDOW_MS[Resolution.DAY]

Rows = npt.NDArray[np.int64]
Page = Callable[[WindowStore, Subjects, int], object]


def measure_dashboard(cameras: int = CAMERAS, days: int = DAYS) -> dict[str, Any]:
    """Milliseconds until the data of a page are there, medians of ``ROUNDS``.

    Cold: nothing is kept of an earlier look; warm: the same page again.

    Args:
        cameras: of the one site.
        days: before today that have windows.
    """
    now_ms = time.time_ns() // 1_000_000
    with Rig() as rig:
        _fill(rig.client, cameras, days, now_ms)
        subjects = read_subjects(rig.client)
        measured = {}
        for name, page in PAGES.items():
            cold, warm = [], []
            for _ in range(ROUNDS):
                store = WindowStore(rig.client, lambda: now_ms)
                cold.append(_milliseconds(page, store, subjects, now_ms))
                warm.append(_milliseconds(page, store, subjects, now_ms))
            measured[f"{name}, cold, ms"] = statistics.median(cold)
            measured[f"{name}, warm, ms"] = statistics.median(warm)
        refreshes = [_refresh(rig.client, subjects, now_ms + i * 2_000) for i in range(4 * ROUNDS)]
        return {**measured, "Now, a refresh, ms": statistics.median(refreshes)}


def ask(store: WindowStore, subjects: Subjects, resolution: Resolution, span: Span, now_ms: int) -> Answer:
    """The figures of the whole site."""
    return answer(store, subjects, SITE, Question(Selection(SITE.name), resolution, span), now_ms)


def _trends(store: WindowStore, subjects: Subjects, now_ms: int) -> object:
    period = PERIODS["90d"]
    span = period.span(now_ms, SITE.time_zone)
    both = (span, period.previous(span, SITE.time_zone))
    return [ask(store, subjects, Resolution.DAY, one, now_ms).frame() for one in both]


def _heatmap(store: WindowStore, subjects: Subjects, now_ms: int) -> object:
    span = PERIODS["90d"].span(now_ms, SITE.time_zone)
    return by_hour_of_week(ask(store, subjects, Resolution.HOUR, span, now_ms))


def _compare(store: WindowStore, subjects: Subjects, now_ms: int) -> object:
    span = PERIODS["90d"].span(now_ms, SITE.time_zone)
    return by_camera(ask(store, subjects, Resolution.DAY, span, now_ms))


def _yesterday(store: WindowStore, subjects: Subjects, now_ms: int) -> object:
    span = PERIODS["yesterday"].span(now_ms, SITE.time_zone)
    weeks = Span(days_before(span.from_ms, 56, SITE.time_zone), span.to_ms)
    hours = ask(store, subjects, Resolution.HOUR, span, now_ms).frame()
    usual = by_hour_of_week(ask(store, subjects, Resolution.HOUR, weeks, now_ms))
    return hours, usual, daily(ask(store, subjects, Resolution.DAY, weeks, now_ms))


def _last_day(store: WindowStore, subjects: Subjects, now_ms: int) -> object:
    span = PERIODS["24h"].span(now_ms, SITE.time_zone)
    return ask(store, subjects, Resolution.QUARTER, span, now_ms).frame()


PAGES: Final[dict[str, Page]] = {
    "Trends, 90 days and the 90 before": _trends,
    "Trends, 24 hours by quarters": _last_day,
    "Heatmap, 90 days": _heatmap,
    "Compare, 90 days": _compare,
    "Yesterday and the 8 weeks before": _yesterday,
}


def _milliseconds(page: Page, store: WindowStore, subjects: Subjects, now_ms: int) -> float:
    began_s = time.perf_counter()
    page(store, subjects, now_ms)
    return round((time.perf_counter() - began_s) * 1000, 1)


def _refresh(client: Client, subjects: Subjects, now_ms: int) -> float:
    """The data of the page "Now", read and made into figures, milliseconds."""
    began_s = time.perf_counter()
    recents = read_recents(client, subjects.cameras, now_ms)
    for camera in subjects.cameras:
        camera_now(camera, SITE, recents[camera], None, now_ms)
    return round((time.perf_counter() - began_s) * 1000, 1)


def _fill(client: Client, cameras: int, days: int, now_ms: int) -> None:
    """Writes windows as an aggregator would have: by the hour and the day, the last ones more finely, too."""
    rng = np.random.default_rng(1)
    pool = _draw_rows(rng)
    first_ms = days_before(now_ms, days, UTC) // _DAY_MS * _DAY_MS
    quarters = make_grid(Resolution.QUARTER, first_ms, now_ms, SITE, now_ms)
    is_open = quarters.open_ms[:, np.newaxis] > 0
    for number in range(cameras):
        camera = f"{SITE.name}/camera-{number:02d}"
        rows = pool[rng.integers(0, len(pool), len(quarters))] * is_open
        rows = np.concatenate([rows, np.zeros((-len(rows) % 96, row.WIDTH), np.int64)])
        kept_ms = now_ms - KEPT_MS[Resolution.QUARTER]
        with client.pipeline(transaction=False) as pipe:
            pipe.sadd(keys.subjects(keys.partition_of(camera)), camera)
            for day, of_day in enumerate(rows.reshape(-1, 96, row.WIDTH)):
                day_ms = first_ms + day * _DAY_MS
                of_hours = of_day.reshape(24, 4, row.WIDTH).sum(axis=1)
                _set(pipe, camera, Resolution.HOUR, day_ms, of_hours)
                _set(pipe, camera, Resolution.DAY, day_ms, of_hours.sum(axis=0))
                if day_ms >= kept_ms:
                    _set(pipe, camera, Resolution.QUARTER, day_ms, of_day)
            for hour_ms in (now_ms - _HOUR_MS, now_ms):
                lately = pool[rng.integers(0, len(pool), 360)]
                _set(pipe, camera, Resolution.TEN_SECONDS, hour_ms // _HOUR_MS * _HOUR_MS, lately)
            pipe.execute()


def _set(pipe: Any, camera: str, resolution: Resolution, at_ms: int, rows: Rows) -> None:
    name = chunk_at(resolution, at_ms, UTC).name
    pipe.set(keys.window_chunk(camera, resolution, name), rows.astype(row.STORED).tobytes())


def _draw_rows(rng: np.random.Generator) -> Rows:
    """Quarters of an hour with a few visits each, int64 (``POOL``, ``row.WIDTH``)."""
    rows = np.zeros((POOL, row.WIDTH), np.int64)
    upper, lower = np.array(row.PAIRS).T
    for drawn in rows:
        means = rng.dirichlet(np.ones(len(LABELS)), rng.poisson(VISITS)) * row.MICRO
        drawn[row.VISITS] = len(means)
        drawn[row.M_SUM] = means.sum(axis=0)
        drawn[row.MM_SUM] = (means.T @ means / row.MICRO)[upper, lower]
        drawn[row.FRAMES] = drawn[row.FACE_FRAMES] = drawn[row.PUBLISHED] = FRAMES_A_VISIT * len(means)
        drawn[row.P_SUM] = drawn[row.M_SUM] * FRAMES_A_VISIT
        drawn[[row.DWELL_MS, row.ATTENTION_DWELL_MS, row.ATTENTION_MS]] = 8_000 * len(means)
        drawn[row.ANALYSED_MS] = WINDOW_MS[Resolution.QUARTER]
    return rows
