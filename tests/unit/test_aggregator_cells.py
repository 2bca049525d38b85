"""Which closed windows are told, and together with which. In a timeline a digit is the visits of a window."""

from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import figures
from aggregator.cells import Cell, cells_told, closed_window
from aggregator.grid import window_at, windows_within
from contract import row as columns
from contract.windows import Resolution, chunk_at
from tests.support.events import CAMERA
from tests.support.rows import row_of

QUARTER, HOUR, DAY = Resolution.QUARTER, Resolution.HOUR, Resolution.DAY
QUARTER_MS, HOUR_MS = 900_000, 3_600_000
K = 5
BERLIN, KATHMANDU, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
)
NOON_MS = round(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)

Told = list[tuple[Resolution, Cell, bool]]


def midnight_ms(year: int, month: int, day: int, time_zone: tzinfo) -> int:
    return round(datetime(year, month, day, tzinfo=time_zone).timestamp() * 1000)


def told(
    drawn: str,
    *,
    from_ms: int = NOON_MS,
    k: int = K,
    time_zone: tzinfo = UTC,
    published: tuple[Resolution, ...] = (QUARTER,),
) -> Told:
    """What is told of windows with so many visits, one after another; `-` is a window without a camera."""
    waiting: dict[Resolution, Cell] = {}
    cells: Told = []
    at_ms = from_ms
    for letter in drawn:
        window = window_at(published[0], at_ms, time_zone)
        length_ms = window.end_ms - window.start_ms
        row = (
            row_of(*["happy"] * int(letter), analysed_ms=length_ms)
            if letter != "-"
            else row_of(analysed_ms=0)
        )
        cells += cells_told(waiting, published, window, row, k, time_zone)
        at_ms = window.end_ms
    return cells


def visits(cell: Cell) -> int:
    return figures.visits(cell.row)


@pytest.mark.parametrize(
    ("drawn", "cells"),
    [
        ("5", "5"),
        ("4", ""),
        ("41", "5"),
        ("62235", "6 7 5"),
        ("00005", "5"),
        ("0000", ""),
        ("4-9", "13"),
        ("95959", "9 5 9 5 9"),
    ],
)
def test_windows_below_k_are_merged_with_the_ones_after_them(drawn: str, cells: str) -> None:
    assert [visits(cell) for _, cell, people in told(drawn) if people] == [int(n) for n in cells.split()]


def test_a_merged_cell_reaches_from_the_first_window_to_the_last() -> None:
    ((_, first, _), (_, second, _)) = told("6223")
    assert (first.from_ms, first.to_ms) == (NOON_MS, NOON_MS + QUARTER_MS)
    assert (second.from_ms, second.to_ms) == (NOON_MS + QUARTER_MS, NOON_MS + 4 * QUARTER_MS)


def test_what_is_left_below_k_when_the_day_ends_is_told_without_people() -> None:
    *_, (_, rest, people) = told(
        "9" * 46 + "22" + "9", from_ms=midnight_ms(2026, 6, 1, UTC) + 48 * QUARTER_MS
    )[:-1]
    assert not people
    window = closed_window(CAMERA, QUARTER, rest, K, people=people)
    assert (window.coverage, window.analysed_ms) == (1.0, 2 * QUARTER_MS)
    personal = set(type(window).__struct_fields__) - {
        "schema", "camera", "resolution", "from_ms", "to_ms", "k", "coverage", "analysed_ms",
    }  # fmt: skip
    assert {getattr(window, name) for name in personal} == {None}


def test_frames_that_were_lost_do_not_tell_of_people_below_k() -> None:
    window = window_at(DAY, NOON_MS, UTC)
    row = row_of("happy", analysed_ms=window.end_ms - window.start_ms)
    row[columns.PUBLISHED], row[columns.FRAMES] = 10, 8
    ((_, cell, people),) = cells_told({}, (DAY,), window, row, K, UTC)
    assert (people, closed_window(CAMERA, DAY, cell, K, people=people).coverage) == (False, 1.0)


def test_a_day_on_which_a_camera_was_off_is_no_news() -> None:
    assert told("-" * 96, from_ms=midnight_ms(2026, 6, 1, UTC)) == []


@pytest.mark.parametrize(
    ("time_zone", "day", "quarters"),
    [
        (UTC, (2026, 6, 1), 96),
        (BERLIN, (2026, 3, 29), 92),  # 23 hours
        (BERLIN, (2026, 10, 25), 100),  # 25 hours
        (KATHMANDU, (2026, 6, 1), 96),  # UTC+5:45
        (LORD_HOWE, (2026, 4, 5), 98),  # 24½ hours
        (LORD_HOWE, (2026, 10, 4), 94),  # 23½ hours
    ],
)
def test_the_local_day_ends_where_the_sites_clocks_say(
    time_zone: tzinfo, day: tuple[int, int, int], quarters: int
) -> None:
    start_ms = midnight_ms(*day, time_zone)
    ((_, cell, people),) = told("1" + "0" * (quarters + 10), from_ms=start_ms, time_zone=time_zone)
    assert (cell.from_ms, cell.to_ms) == (start_ms, start_ms + quarters * QUARTER_MS)
    assert not people


@pytest.mark.parametrize(
    ("time_zone", "day", "lengths"),
    [
        (BERLIN, (2026, 10, 25), {HOUR_MS}),
        (LORD_HOWE, (2026, 4, 5), {HOUR_MS, HOUR_MS // 2}),  # the last hour of the day is a short one
    ],
)
def test_hours_that_are_told_leave_no_gap_on_a_day_of_a_clock_change(
    time_zone: tzinfo, day: tuple[int, int, int], lengths: set[int]
) -> None:
    start_ms = midnight_ms(*day, time_zone)
    cells = [cell for _, cell, _ in told("9" * 30, from_ms=start_ms, time_zone=time_zone, published=(HOUR,))]
    assert all(before.to_ms == after.from_ms for before, after in pairwise(cells))
    assert {cell.to_ms - cell.from_ms for cell in cells} == lengths


@pytest.mark.parametrize(
    ("drawn", "hours"),
    [
        ("55555555", [(0, 4, 20), (4, 8, 20)]),
        ("55541555", [(0, 8, 35)]),  # a quarter that reaches over the hour takes the hour along
        ("22229999", [(0, 8, 44)]),  # 2 2 2 | 2 9 | …
        ("33339999", [(0, 4, 12), (4, 8, 36)]),
    ],
)
def test_an_hour_is_a_sum_of_the_quarters_told(drawn: str, hours: list[tuple[int, int, int]]) -> None:
    cells = [cell for resolution, cell, _ in told(drawn, published=(QUARTER, HOUR)) if resolution is HOUR]
    assert [
        ((cell.from_ms - NOON_MS) // QUARTER_MS, (cell.to_ms - NOON_MS) // QUARTER_MS, visits(cell))
        for cell in cells
    ] == hours


def test_the_few_of_the_evening_are_in_no_coarser_cell_either() -> None:
    evening_ms = midnight_ms(2026, 6, 1, UTC) + 92 * QUARTER_MS
    cells = told("9922", from_ms=evening_ms, published=(QUARTER, HOUR, DAY))
    assert [(resolution, visits(cell)) for resolution, cell, people in cells if people] == [
        (QUARTER, 9),
        (QUARTER, 9),
        (HOUR, 18),
        (DAY, 18),
    ]


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=200), k=st.integers(1, 12))
def test_no_subtraction_of_cells_gives_fewer_than_k_visits(counts: list[int], k: int) -> None:
    drawn = "".join(map(str, counts))
    start_ms = midnight_ms(2026, 6, 1, KATHMANDU) + 85 * QUARTER_MS  # the day soon ends
    cells = told(drawn, from_ms=start_ms, k=k, time_zone=KATHMANDU, published=(QUARTER, HOUR, DAY))
    fine = [cell for resolution, cell, people in cells if people and resolution is QUARTER]
    assert all(visits(cell) >= k for cell in fine)
    for resolution, cell, people in cells:
        if people and resolution is not QUARTER:
            within = [part for part in fine if cell.from_ms <= part.from_ms and part.to_ms <= cell.to_ms]
            assert sum(map(visits, within)) == visits(cell) >= k
    for resolution in (QUARTER, HOUR, DAY):
        own = [cell for its, cell, _ in cells if its is resolution]
        assert all(before.to_ms <= after.from_ms for before, after in pairwise(own)), "none twice"


def test_figures_are_means_over_visits() -> None:
    row = row_of("happy", "happy", "happy", "sad")
    row[columns.SHED] = 1
    row[columns.PUBLISHED] += 2
    window = closed_window(CAMERA, QUARTER, Cell(NOON_MS, NOON_MS + QUARTER_MS, row.tolist()), 4, people=True)
    assert window.shares is not None
    assert (window.shares["happy"], window.shares["sad"], window.shares["fear"]) == (0.75, 0.25, 0.0)
    assert window.index == pytest.approx(0.75 * 0.87 - 0.25 * 0.73)
    assert (window.visits, window.frames, window.dwell_ms, window.attention) == (4, 8, 4_000, 0.5)
    assert (window.published, window.shed, window.expired) == (10, 1, 1)
    assert window.coverage == 0.8


def test_attention_known_of_a_part_of_the_visits_is_not_told() -> None:
    row = row_of("happy", "happy")
    row[columns.ATTENTION_DWELL_MS] //= 2
    window = closed_window(CAMERA, QUARTER, Cell(NOON_MS, NOON_MS + QUARTER_MS, row.tolist()), 2, people=True)
    assert window.attention is None


def test_windows_are_handed_out_a_chunk_at_a_time() -> None:
    midnight = midnight_ms(2026, 6, 1, UTC)
    first = windows_within(QUARTER, midnight + 95 * QUARTER_MS, midnight + 99 * QUARTER_MS, UTC)
    assert [window.start_ms for window in first] == [midnight + 95 * QUARTER_MS]
    second = windows_within(QUARTER, first[-1].end_ms, midnight + 99 * QUARTER_MS - 1, UTC)
    assert [window.end_ms for window in second] == [midnight + 97 * QUARTER_MS, midnight + 98 * QUARTER_MS]
    assert second[0].chunk == chunk_at(QUARTER, midnight + 96 * QUARTER_MS, UTC)
    assert np.array_equal([window.row for window in second], [0, 1])
