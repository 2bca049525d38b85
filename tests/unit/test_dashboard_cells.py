"""What may be shown. In a timeline a digit is the visits of a window, `-` one in which no camera looked."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import row
from contract.hours import OpeningHours
from contract.windows import WINDOW_MS, Resolution
from dashboard.cells import HIDDEN, Cells, Ints, form_cells, sum_by_day, sum_cells
from dashboard.grid import Grid, make_grid
from dashboard.partition import Joined, is_settled, join_hours, join_quarters
from dashboard.sites import Site
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


def hours_of(drawn: str, zone: str = "", *, hours: str = "", k: int = K) -> tuple[Grid, Ints, Ints, Joined]:
    """Hours from midnight on, long ago: the grid, the camera's rows, the zone's, and the cells."""
    grid = make_grid(Resolution.HOUR, DAY_MS, DAY_MS + len(drawn) * HOUR_MS, site(hours=hours), MUCH_LATER_MS)
    camera = rows_of(drawn, HOUR_MS)
    rows = rows_of(zone, 0) if zone else camera
    joined = join_hours(grid, camera, rows, np.ones(len(drawn), np.bool_), k)
    return grid, camera, rows, joined


def cells_of(drawn: str, zone: str = "", *, hours: str = "", k: int = K) -> Cells:
    grid, camera, rows, joined = hours_of(drawn, zone, hours=hours, k=k)
    return form_cells(grid, joined.subject, rows, camera)


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
    grid, camera, rows, joined = hours_of("5")
    camera[0, row.PUBLISHED] = 2 * camera[0, row.FRAMES]
    np.testing.assert_allclose(form_cells(grid, joined.subject, rows, camera).coverage(), 0.5)


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
    assert told(cells_of(camera, zone)) == cells


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
    of_hours = join_hours(hours, hour, hour, np.ones(1, np.bool_), K)
    joined = join_quarters(quarters, hours, rows, rows, of_hours, K)
    assert told(form_cells(quarters, joined.subject, rows, rows), QUARTER_MS) == cells


def test_quarters_that_are_not_kept_any_more_are_not_made_up() -> None:
    hours, hour, _, of_hours = hours_of("9")
    quarters = make_grid(Resolution.QUARTER, DAY_MS, DAY_MS + HOUR_MS, site(), MUCH_LATER_MS)
    gone = np.zeros((4, row.WIDTH), np.int64)
    assert (join_quarters(quarters, hours, gone, gone, of_hours, K).subject == HIDDEN).all()
    assert hour[0, row.VISITS] == 9


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
    cells = form_cells(grid, join_hours(grid, camera, camera, settled, K).subject, camera, camera)
    assert told(cells) == [(0, 1, 5), (1, 2, 5), (24, 25, 5)]


def test_a_day_is_the_sum_of_its_cells_and_all_that_was_looked_at() -> None:
    drawn = "-" * 8 + "9" * 10 + "2" + "0" * 5 + "---7"
    grid, camera, rows, joined = hours_of(drawn)
    cells = form_cells(grid, joined.subject, rows, camera)
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


@dataclass(frozen=True)
class Visit:
    """One visit: when its last face was seen, when it came to be counted, and whether it was in the zone."""

    at_ms: int
    counted_ms: int
    in_zone: bool


@dataclass(frozen=True)
class Past:
    """A camera's visits, and for each ten seconds that it looked when these came to be counted."""

    visits: list[Visit]
    grains: list[tuple[int, int]]

    def rows(self, grid: Grid, now_ms: int, *, zone: bool) -> Ints:
        """What the windows of a grid hold at a time."""
        rows = np.zeros((len(grid), row.WIDTH), np.int64)
        counted = [one.at_ms for one in self.visits if one.counted_ms <= now_ms and one.in_zone >= zone]
        np.add.at(rows[:, row.VISITS], grid.index_of(np.array(counted, np.int64)), 1)
        if not zone:
            looked = [at_ms for at_ms, counted_ms in self.grains if counted_ms <= now_ms]
            np.add.at(rows[:, row.ANALYSED_MS], grid.index_of(np.array(looked, np.int64)), 10_000)
        return rows


def lived(counts: list[int], cuts: list[tuple[int, int]], seed: int, start_ms: int) -> Past:
    """A past of so many visits in each quarter; a camera that is cut off sends later what it has."""
    pick = random.Random(seed)  # noqa: S311 - a past, no secret
    away = [(start_ms + at * MINUTE_MS, start_ms + (at + length) * MINUTE_MS) for at, length in cuts]

    def arrival_ms(at_ms: int, delay_ms: int) -> int:
        return max([at_ms + delay_ms, *(end + 1_000 for begin, end in away if begin <= at_ms < end)])

    seen = []
    for number, count in enumerate(counts):
        for _ in range(count):
            at_ms = start_ms + number * QUARTER_MS + pick.randrange(QUARTER_MS)
            seen.append(Visit(at_ms, arrival_ms(at_ms, pick.randrange(10_000, 90_000)), pick.random() < 0.5))
    grains = range(start_ms, start_ms + len(counts) * QUARTER_MS, 10_000)
    return Past(seen, [(at_ms, arrival_ms(at_ms, 11_000)) for at_ms in grains])


@dataclass(frozen=True)
class Seen:
    """A cell that somebody saw: whose, which quarters of an hour since the start, and its visits."""

    zone: bool
    quarters: frozenset[int]
    visits: int


def look(past: Past, time_zone: tzinfo, start_ms: int, now_ms: int, k: int) -> list[Seen]:
    """All that is shown at a time: by the quarter, the hour and the day, of a camera and of its zone."""
    hours, quarters = (
        make_grid(resolution, start_ms, now_ms, site(time_zone, k), now_ms)
        for resolution in (Resolution.HOUR, Resolution.QUARTER)
    )
    camera, fine_camera = (past.rows(grid, now_ms, zone=False) for grid in (hours, quarters))
    settled = is_settled(hours, camera[:, row.ANALYSED_MS], now_ms)
    seen = []
    for zone in (False, True):
        rows = past.rows(hours, now_ms, zone=True) if zone else camera
        fine = past.rows(quarters, now_ms, zone=True) if zone else fine_camera
        of_hours = join_hours(hours, camera, rows, settled, k)
        of_quarters = join_quarters(quarters, hours, fine_camera, fine, of_hours, k)
        by_hour = form_cells(hours, of_hours.subject, rows, camera)
        by_quarter = form_cells(quarters, of_quarters.subject, fine, fine_camera)
        hour = hours.index_of(quarters.start_ms)
        day = np.where(of_hours.subject == HIDDEN, HIDDEN, hours.day)
        days = np.bincount(day[day != HIDDEN], rows[day != HIDDEN, row.VISITS])
        for cell, counts in (
            (of_quarters.subject, by_quarter.visits),
            (of_hours.subject[hour], by_hour.visits),
            (day[hour], days),
        ):
            seen += [
                Seen(zone, frozenset(np.flatnonzero(cell == number).tolist()), int(counts[number]))
                for number in set(cell.tolist()) - {HIDDEN}
            ]
    return seen


@settings(deadline=None, max_examples=100)
@given(
    counts=st.lists(st.integers(0, 4), min_size=8, max_size=140),
    cuts=st.lists(st.tuples(st.integers(0, 140 * 15), st.integers(1, 60)), max_size=2),
    minutes=st.lists(st.integers(30, 140 * 15 + 120), min_size=1, max_size=2),
    seed=st.integers(0, 1000),
    k=st.integers(2, 7),
    time_zone=st.sampled_from([UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_no_subtraction_of_views_singles_out_fewer_than_k_visits(
    counts: list[int],
    cuts: list[tuple[int, int]],
    minutes: list[int],
    seed: int,
    k: int,
    time_zone: tzinfo,
) -> None:
    """Of all that was ever seen, quarters that were in the same cells only cannot be told apart.

    What is left after any adding and subtracting is made of such groups of quarters: each has k visits or
    none, in the zone and outside of it, too. And as no cell ever changes, looking again tells nothing.
    """
    start_ms = round(datetime(2026, 4, 4, tzinfo=time_zone).timestamp() * 1000)  # 24½ hours on Lord Howe
    past = lived(counts, cuts, seed, start_ms)
    minutes = [*minutes, *(at + length - 1 for at, length in cuts)]  # also before a camera is back
    end_ms = start_ms + 300 * QUARTER_MS
    quarters = make_grid(Resolution.QUARTER, start_ms, end_ms, site(time_zone), end_ms)
    everyone, inside = (past.rows(quarters, end_ms, zone=zone)[:, row.VISITS] for zone in (False, True))
    seen = [
        cell
        for minute in minutes
        for cell in look(past, time_zone, start_ms, start_ms + minute * MINUTE_MS, k)
    ]

    for cell in seen:
        assert cell.visits == (inside if cell.zone else everyone)[list(cell.quarters)].sum() >= k

    def groups(*, zone: bool) -> dict[frozenset[Seen], list[int]]:
        """Quarters by the cells that they are in."""
        found = defaultdict(list)
        for quarter in range(len(quarters)):
            found[frozenset(cell for cell in seen if cell.zone == zone and quarter in cell.quarters)].append(
                quarter
            )
        return {cells: members for cells, members in found.items() if cells}

    for members in groups(zone=False).values():
        assert everyone[members].sum() >= k
    for members in groups(zone=True).values():
        outside = everyone[members].sum() - inside[members].sum()
        assert inside[members].sum() >= k
        assert outside == 0 or outside >= k
        for of_camera in groups(zone=False).values():
            assert set(of_camera) <= set(members) or not set(of_camera) & set(members)
