"""From window rows to what the page says."""

import numpy as np
import pytest

from contract import row
from contract.labels import LABELS
from contract.windows import GRAIN_MS
from dashboard.figures.mood import (
    LAG_MS,
    begin_where_seen,
    coverage,
    index_by_window,
    merge_small_cells,
    mood_of,
)

START_MS = 1_780_000_000_000
FULL = {"analysed_ms": GRAIN_MS, "published": 50, "frames": 50}


def windows(*cells: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Starts and rows of consecutive 10 s windows; labels are given with their face-frames, surely read."""
    rows = np.zeros((len(cells), row.WIDTH), np.int64)
    for i, cell in enumerate(cells):
        for name, value in cell.items():
            if name in LABELS:
                rows[i, row.P_SUM.start + LABELS.index(name)] += value * row.MICRO
                rows[i, row.FACE_FRAMES] += value
            else:
                rows[i, row.COLUMNS[name]] = value
    return START_MS + np.arange(len(cells)) * GRAIN_MS, rows


def test_a_mood_is_the_mean_over_all_face_frames() -> None:
    _, rows = windows({"happy": 3}, {}, {"sad": 1})
    mood = mood_of(rows)
    assert mood is not None
    assert mood.leading == "happy"
    assert mood.face_frames == 4
    assert mood.index == pytest.approx((3 * 0.87 - 0.73) / 4)
    assert mood.shares.sum() == pytest.approx(1)


def test_nobody_in_view_is_no_mood_rather_than_a_neutral_one() -> None:
    _, rows = windows({}, {})
    assert mood_of(rows) is None
    assert np.isnan(index_by_window(rows)).all()


def test_each_window_has_its_own_index() -> None:
    _, rows = windows({"happy": 5}, {}, {"neutral": 1}, {"angry": 2})
    np.testing.assert_allclose(index_by_window(rows), [0.87, np.nan, 0.0, -0.62])


@pytest.mark.parametrize(
    ("visits", "k", "cells"),
    [
        ([1, 0, 2], 1, [1, 0, 2]),
        ([5, 5], 5, [5, 5]),
        ([2, 2, 2, 9], 5, [6, 9]),
        ([2, 2, 2, 1, 1], 5, [6]),  # the rest is too small to show
        ([1, 1], 5, []),
    ],
)
def test_cells_below_k_merge_with_the_next(visits: list[int], k: int, cells: list[int]) -> None:
    starts, rows = windows(*({"visits": count} for count in visits))
    merged_starts, merged = merge_small_cells(starts, rows, k)
    assert list(merged[:, row.VISITS]) == cells
    assert len(merged_starts) == len(cells)
    assert not cells or merged_starts[0] == START_MS


@pytest.mark.parametrize(
    ("cells", "covered"),
    [
        ([{}, {}, {}], None),
        ([FULL], None),  # may have begun in the middle
        ([FULL, FULL, FULL], 1.0),
        ([{}, FULL, FULL, {}], 0.5),  # dark for one of two windows
        ([FULL, FULL | {"frames": 25}], 0.5),  # half of the frames were lost
        ([FULL, {"analysed_ms": GRAIN_MS}], 1.0),  # an empty shop is covered, too
    ],
)
def test_coverage_is_time_analysed_and_frames_classified(
    cells: list[dict[str, int]], covered: float | None
) -> None:
    starts, rows = windows(*cells)
    now_ms = START_MS + len(cells) * GRAIN_MS + LAG_MS
    assert coverage(starts, rows, now_ms) == (None if covered is None else pytest.approx(covered))


def test_windows_whose_reports_are_on_their_way_do_not_lower_coverage() -> None:
    starts, rows = windows(FULL, FULL, {}, {})
    assert coverage(starts, rows, START_MS + 4 * GRAIN_MS) == pytest.approx(1.0)


def test_a_line_begins_where_something_was_seen_but_covers_some_time() -> None:
    rows = np.zeros((90, row.WIDTH), np.int64)
    assert begin_where_seen(rows, 30) == 60
    rows[85, row.FACE_FRAMES] = 3
    assert begin_where_seen(rows, 30) == 60
    rows[12, row.FACE_FRAMES] = 3
    assert begin_where_seen(rows, 30) == 12
    assert begin_where_seen(rows[80:], 30) == 0
