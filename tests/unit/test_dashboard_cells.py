"""What may be shown. In a timeline a digit is the visits of a window, `-` one in which no camera looked."""

from datetime import UTC, datetime, tzinfo

import numpy as np
import pytest

from contract import row
from contract.hours import OpeningHours
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.cells import Cells, Ints, form_cells, sum_by_day, sum_cells
from dashboard.figures.grid import Grid, make_grid
from dashboard.figures.partition import Joined, are_kept, is_settled, join_hours, join_quarters
from dashboard.figures.sites import Site
from tests.support.rows import row_of

HOUR_MS, QUARTER_MS, MINUTE_MS = WINDOW_MS[Resolution.HOUR], WINDOW_MS[Resolution.QUARTER], 60_000
DAY_MS = round(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
MUCH_LATER_MS = DAY_MS + 30 * 24 * HOUR_MS
K = 5


def site(time_zone: tzinfo = UTC, k: int = K, hours: str = "") -> Site:
    return Site("shop-1", k, time_zone, simulated=False, hours=OpeningHours.parse(hours))


def rows_of(drawn: str, length_ms: int) -> Ints:
    rows = [row_of(analysed_ms=0) if one == "-" else visits(int(one), length_ms) for one in drawn]
    return np.stack(rows)


def visits(count: int, analysed_ms: int = HOUR_MS) -> Ints:
    return row_of(*["happy"] * count, analysed_ms=analysed_ms)


def hours_of(drawn: str, *zones: str, hours: str = "", k: int = K) -> tuple[Grid, Ints, list[Ints], Joined]:
    """Hours from midnight on, long ago: the grid, the camera's rows, those of its zones, and the cells."""
    grid = make_grid(Resolution.HOUR, DAY_MS, DAY_MS + len(drawn) * HOUR_MS, site(hours=hours), MUCH_LATER_MS)
    camera = rows_of(drawn, HOUR_MS)
    rows = [rows_of(zone, 0) for zone in zones]
    joined = join_hours(grid, camera, rows, np.ones(len(drawn), np.bool_), k)
    return grid, camera, rows, joined


def cells_of(drawn: str, *, hours: str = "", k: int = K) -> Cells:
    grid, camera, _, joined = hours_of(drawn, hours=hours, k=k)
    return form_cells(grid, joined.camera, camera, camera)


def cells_of_zones(drawn: str, *zones: str) -> list[Cells]:
    grid, camera, rows, joined = hours_of(drawn, *zones)
    return [form_cells(grid, cell, of_zone, camera) for cell, of_zone in zip(joined.zones, rows, strict=True)]


def told(cells: Cells, length_ms: int = HOUR_MS) -> list[tuple[int, int, int]]:
    """From and to, in windows since midnight, and visits."""
    return [
        ((begin - DAY_MS) // length_ms, (end - DAY_MS) // length_ms, count)
        for begin, end, count in zip(
            cells.from_ms.tolist(), cells.to_ms.tolist(), cells.visits.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("drawn", "cells"),
    [
        ("5", [(0, 1, 5)]),
        ("4", []),
        ("41", [(0, 2, 5)]),
        ("62235", [(0, 1, 6), (1, 4, 7), (4, 5, 5)]),
        ("004", []),
        ("9" * 23 + "4" + "41", [*((i, i + 1, 9) for i in range(23)), (24, 26, 5)]),
    ],
)
def test_hours_below_k_are_joined_with_the_next_and_what_is_left_of_a_day_is_hidden(
    drawn: str, cells: list[tuple[int, int, int]]
) -> None:
    assert told(cells_of(drawn)) == cells


def test_where_single_visits_may_be_shown_every_hour_is_a_cell() -> None:
    assert told(cells_of("10-2", k=1)) == [(0, 1, 1), (1, 2, 0), (3, 4, 2)]


@pytest.mark.parametrize(
    ("drawn", "hours", "begins"),
    [
        ("---38", "", 3),  # the camera was switched on
        ("00038", "mon 02:00-24:00", 2),  # the site opened
        ("1-038", "mon 01:00-24:00", 2),
        ("5", "mon 20:00-24:00", 0),  # never open: as it was
    ],
)
def test_a_cell_begins_where_somebody_could_come_and_a_camera_looked(
    drawn: str, hours: str, begins: int
) -> None:
    assert told(cells_of(drawn, hours=hours))[0][0] == begins


def test_a_cell_knows_how_much_of_the_open_time_was_looked_at() -> None:
    cells = cells_of("00-32", hours="mon 01:30-24:00")
    assert cells.open_ms.tolist() == [3.5 * HOUR_MS]
    assert cells.looked_ms.tolist() == [2.5 * HOUR_MS]
    np.testing.assert_allclose(cells.coverage(), 2.5 / 3.5)


def test_lost_frames_lower_coverage() -> None:
    grid, camera, _, joined = hours_of("5")
    camera[0, row.PUBLISHED] = 2 * camera[0, row.FRAMES]
    np.testing.assert_allclose(form_cells(grid, joined.camera, camera, camera).coverage(), 0.5)


@pytest.mark.parametrize(
    ("camera", "zone", "cells"),
    [
        ("9", "9", [(0, 1, 9)]),  # nobody outside of the zone
        ("9", "4", []),
        ("99", "53", [(0, 2, 8)]),  # of the first hour only 4 are outside
        ("99", "44", [(0, 2, 8)]),
        ("95", "50", [(0, 2, 5)]),
        ("339", "133", [(0, 3, 7)]),  # cells of the camera are not cut
    ],
)
def test_a_zone_is_shown_where_it_and_the_rest_of_the_picture_have_k(
    camera: str, zone: str, cells: list[tuple[int, int, int]]
) -> None:
    assert [told(of_zone) for of_zone in cells_of_zones(camera, zone)] == [cells]


@pytest.mark.parametrize(
    ("camera", "zones", "cells"),
    [
        ("9", ["5", "4"], [[], []]),  # each has the other one as its rest
        ("9", ["9", "0"], [[(0, 1, 9)], []]),
        ("99", ["75", "22"], [[(0, 2, 12)], []]),
    ],
)
def test_a_zone_that_few_were_in_hides_what_is_all_but_it(
    camera: str, zones: list[str], cells: list[list[tuple[int, int, int]]]
) -> None:
    assert [told(of_zone) for of_zone in cells_of_zones(camera, *zones)] == cells


@pytest.mark.parametrize(
    ("drawn", "cells"),
    [
        ("4400", [(0, 4, 8)]),
        ("0053", [(0, 4, 8)]),
        ("6515", [(0, 1, 6), (1, 2, 5), (2, 4, 6)]),
        ("5551", [(0, 1, 5), (1, 2, 5), (2, 4, 6)]),
        ("4000", []),
    ],
)
def test_quarters_are_joined_within_a_cell_of_hours_and_the_rest_joins_the_last(
    drawn: str, cells: list[tuple[int, int, int]]
) -> None:
    hours = make_grid(Resolution.HOUR, DAY_MS, DAY_MS + HOUR_MS, site(), MUCH_LATER_MS)
    quarters = make_grid(Resolution.QUARTER, DAY_MS, DAY_MS + HOUR_MS, site(), MUCH_LATER_MS)
    rows = rows_of(drawn, QUARTER_MS)
    hour = rows.sum(axis=0)[np.newaxis]
    of_hours = join_hours(hours, hour, [], np.ones(1, np.bool_), K)
    joined = join_quarters(quarters, hours, rows, [], of_hours, np.ones(1, np.bool_), K)
    assert told(form_cells(quarters, joined.camera, rows, rows), QUARTER_MS) == cells


@pytest.mark.parametrize("kept", ["0000", "0600"])
def test_quarters_that_are_not_kept_any_more_are_not_made_up(kept: str) -> None:
    hours, hour, _, of_hours = hours_of("9" * 2)
    quarters = make_grid(Resolution.QUARTER, DAY_MS, DAY_MS + 2 * HOUR_MS, site(), MUCH_LATER_MS)
    rows = rows_of(kept + "4500", QUARTER_MS)
    joined = join_quarters(quarters, hours, rows, [], of_hours, are_kept(quarters, hours, rows, hour), K)
    assert told(form_cells(quarters, joined.camera, rows, rows), QUARTER_MS) == [(4, 8, 9)]


@pytest.mark.parametrize(
    ("drawn", "now_min", "settled"),
    [
        ("55", 121, [True, False]),  # the second hour ended a minute ago
        ("55", 122, [True, False]),  # its camera may still have something to send
        ("555", 122, [True, True, False]),  # it has told of the third hour
        ("555", 121, [True, False, False]),
        ("5-5", 122, [True, True, False]),
        ("55", 214, [True, False]),
        ("55", 215, [True, True]),  # nothing comes so late
    ],
)
def test_an_hour_has_all_its_visits_when_its_camera_has_told_of_a_later_one(
    drawn: str, now_min: int, settled: list[bool]
) -> None:
    now_ms = DAY_MS + now_min * MINUTE_MS
    grid = make_grid(Resolution.HOUR, DAY_MS, DAY_MS + len(drawn) * HOUR_MS, site(), now_ms)
    analysed_ms = rows_of(drawn, HOUR_MS)[:, row.ANALYSED_MS]
    assert is_settled(grid, analysed_ms[: len(grid)], now_ms).tolist() == settled[: len(grid)]


def test_nothing_is_formed_behind_an_hour_that_is_still_open() -> None:
    grid, camera, _, _ = hours_of("5" * 26)
    settled = np.ones(26, np.bool_)
    settled[[2, 25]] = False
    cells = form_cells(grid, join_hours(grid, camera, [], settled, K).camera, camera, camera)
    assert told(cells) == [(0, 1, 5), (1, 2, 5), (24, 25, 5)]


def test_a_day_is_the_sum_of_its_cells_and_all_that_was_looked_at() -> None:
    drawn = "-" * 8 + "9" * 10 + "2" + "0" * 5 + "---7"
    grid, camera, _, joined = hours_of(drawn)
    cells = form_cells(grid, joined.camera, camera, camera)
    days = make_grid(Resolution.DAY, DAY_MS, DAY_MS + 28 * HOUR_MS, site(), MUCH_LATER_MS)
    found = sum_by_day(cells, grid, camera[:, row.ANALYSED_MS], days)
    assert told(found) == [(0, 24, 90), (24, 48, 7)]
    assert found.looked_ms.tolist() == [16 * HOUR_MS, HOUR_MS]
    assert found.open_ms.tolist() == [24 * HOUR_MS, 4 * HOUR_MS]


def test_cells_of_several_cameras_are_summed_where_they_begin_together() -> None:
    both = sum_cells([cells_of("59234"), cells_of("9-8")])
    assert told(both) == [(0, 1, 14), (1, 2, 9), (2, 4, 13)]
    assert len(sum_cells([])) == 0


def test_the_total_of_no_cells_is_nothing() -> None:
    total = cells_of("4").total()
    assert len(total) == 1
    assert not total.rows.any()
    assert cells_of("99").total().visits.tolist() == [18]
