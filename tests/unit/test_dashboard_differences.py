"""Nothing that is shown of a camera and its zones can be subtracted to single out fewer than k visits.

Somebody looks at a camera and all its zones, by the quarter, the hour and the day, more than once while a day
goes by, and knows the place: between which zones nobody walks.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import row
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.cells import HIDDEN, Ints
from dashboard.figures.grid import Grid, make_grid
from dashboard.figures.partition import Joined, are_kept, is_settled, join_hours, join_quarters
from dashboard.figures.sites import Site
from dashboard.figures.zone_cells import join_for_zones
from tests.support.subtraction import fewest_singled_out

QUARTER_MS, MINUTE_MS = WINDOW_MS[Resolution.QUARTER], 60_000
QUARTERS: Final = range(145)
"""Since the start, as far as anybody looks."""


Where = frozenset[int]
"""Numbers of the zones that a visit was in."""

Group = tuple[int, Where]
"""Visits that ended in a quarter of an hour, and where they were."""


@dataclass(frozen=True)
class Visit:
    """One visit: when its last face was seen, when it came to be counted, and in which zones it was."""

    at_ms: int
    counted_ms: int
    where: Where


@dataclass(frozen=True)
class Past:
    """A camera's visits, and for each ten seconds that it looked when these came to be counted."""

    visits: list[Visit]
    grains: list[tuple[int, int]]

    def rows(self, grid: Grid, now_ms: int, zone: int | None = None) -> Ints:
        """What the windows of a grid hold at a time, of the camera or of one of its zones."""
        rows = np.zeros((len(grid), row.WIDTH), np.int64)
        known = [one for one in self.visits if one.counted_ms <= now_ms]
        counted = [one.at_ms for one in known if zone is None or zone in one.where]
        np.add.at(rows[:, row.VISITS], grid.index_of(np.array(counted, np.int64)), 1)
        if zone is None:
            looked = [at_ms for at_ms, counted_ms in self.grains if counted_ms <= now_ms]
            np.add.at(rows[:, row.ANALYSED_MS], grid.index_of(np.array(looked, np.int64)), 10_000)
        return rows

    def groups(self, place: "Place", start_ms: int) -> dict[Group, int]:
        """How many visits each group has; nobody was in some."""
        found = Counter(((one.at_ms - start_ms) // QUARTER_MS, one.where) for one in self.visits)
        return {(quarter, where): found[quarter, where] for quarter in QUARTERS for where in place.ways()}


@dataclass(frozen=True)
class Place:
    """What is known of a camera's zones.

    Attributes:
        zones: how many.
        apart: as many of them, the first ones, have nobody who walks from one to another.
    """

    zones: int
    apart: int

    def ways(self) -> list[Where]:
        """All that a visit can have been in."""
        among = [
            frozenset(some) for n in range(self.zones + 1) for some in combinations(range(self.zones), n)
        ]
        return [where for where in among if sum(zone < self.apart for zone in where) <= 1]


PLACES: Final = (Place(0, 0), Place(1, 1), Place(2, 2), Place(3, 3), Place(3, 2), Place(3, 1))


def lived(counts: list[int], cuts: list[tuple[int, int]], seed: int, start_ms: int, place: Place) -> Past:
    """A past of so many visits in each quarter; a camera that is cut off sends later what it has."""
    pick = random.Random(seed)  # noqa: S311 - a past, no secret
    away = [(start_ms + at * MINUTE_MS, start_ms + (at + length) * MINUTE_MS) for at, length in cuts]
    ways = place.ways()
    weights = [pick.choice((0.02, 0.2, 1.0)) for _ in ways]

    def arrival_ms(at_ms: int, delay_ms: int) -> int:
        return max([at_ms + delay_ms, *(end + 1_000 for begin, end in away if begin <= at_ms < end)])

    seen = []
    for number, count in enumerate(counts):
        for where in pick.choices(ways, weights, k=count):
            at_ms = start_ms + number * QUARTER_MS + pick.randrange(QUARTER_MS)
            seen.append(Visit(at_ms, arrival_ms(at_ms, pick.randrange(10_000, 90_000)), where))
    grains = range(start_ms, start_ms + len(counts) * QUARTER_MS, 10_000)
    return Past(seen, [(at_ms, arrival_ms(at_ms, 11_000)) for at_ms in grains])


@dataclass(frozen=True)
class Figure:
    """A number of visits that was shown: of which quarters since the start, of which zone (None: of all)."""

    zone: int | None
    quarters: frozenset[int]
    visits: int

    def groups(self, place: Place) -> frozenset[Group]:
        """The visits that it counts."""
        inside = [where for where in place.ways() if self.zone is None or self.zone in where]
        return frozenset((quarter, where) for quarter in self.quarters for where in inside)


def look(past: Past, place: Place, clock: Site, start_ms: int, now_ms: int) -> set[Figure]:
    """All that is shown at a time: by the quarter, the hour and the day, of a camera and of its zones."""
    hours, quarters = (
        make_grid(resolution, start_ms, now_ms, clock, now_ms)
        for resolution in (Resolution.HOUR, Resolution.QUARTER)
    )
    camera, fine = past.rows(hours, now_ms), past.rows(quarters, now_ms)
    zones, fine_zones = (
        [past.rows(grid, now_ms, zone) for zone in range(place.zones)] for grid in (hours, quarters)
    )
    settled = is_settled(hours, camera[:, row.ANALYSED_MS], now_ms)
    by_hour = join_hours(hours, camera, zones, settled, clock.k)
    kept = are_kept(quarters, hours, fine, camera)
    by_quarter = join_quarters(quarters, hours, fine, fine_zones, by_hour, kept, clock.k)
    hour = hours.index_of(quarters.start_ms)
    figures = set()
    for zone, of_hours, of_quarters in zip(
        (None, *range(place.zones)), each(by_hour), each(by_quarter), strict=True
    ):
        rows = fine if zone is None else fine_zones[zone]
        days = np.where(of_hours == HIDDEN, HIDDEN, hours.day)
        for cell in (of_quarters, of_hours[hour], days[hour]):
            for number in set(cell.tolist()) - {HIDDEN}:
                members = np.flatnonzero(cell == number)
                figures.add(Figure(zone, frozenset(members.tolist()), int(rows[members, row.VISITS].sum())))
    return figures


def each(joined: Joined) -> tuple[Ints, ...]:
    """The cells of a camera, and those of its zones."""
    return joined.camera, *joined.zones


@settings(max_examples=150)
@given(
    place=st.sampled_from(PLACES),
    counts=st.lists(st.integers(0, 9), min_size=8, max_size=72),
    begins=st.sampled_from([0, 60]),
    cuts=st.lists(st.tuples(st.integers(0, 132 * 15), st.integers(1, 60)), max_size=2),
    minutes=st.lists(st.integers(30, 132 * 15 + 120), min_size=1, max_size=2),
    seed=st.integers(0, 1000),
    k=st.integers(2, 7),
    time_zone=st.sampled_from([UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_no_sums_and_differences_single_out_fewer_than_k_visits(
    place: Place,
    counts: list[int],
    begins: int,
    cuts: list[tuple[int, int]],
    minutes: list[int],
    seed: int,
    k: int,
    time_zone: tzinfo,
) -> None:
    start_ms = round(datetime(2026, 4, 4, tzinfo=time_zone).timestamp() * 1000)  # 24½ hours on Lord Howe
    clock = Site("shop-1", k, time_zone, simulated=False)
    past = lived([0] * begins + counts, cuts, seed, start_ms, place)
    ends = [at + length - 1 for at, length in cuts]  # before a camera is back
    looks = [start_ms + minute * MINUTE_MS for minute in (*minutes, *ends)]
    figures = {figure for now_ms in looks for figure in look(past, place, clock, start_ms, now_ms)}
    visits = past.groups(place, start_ms)
    counted = {figure.groups(place): figure.visits for figure in figures}
    assert all(count == sum(visits[group] for group in groups) >= k for groups, count in counted.items())
    fewest = fewest_singled_out(counted, visits)
    assert fewest is None or fewest >= k


@given(
    hours=st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=12),
    k=st.integers(2, 7),
)
def test_of_two_halves_of_a_picture_no_stretch_tells_of_few_who_went_from_one_to_the_other(
    hours: list[tuple[int, int, int]], k: int
) -> None:
    left, right, both = np.array([one for one in hours if sum(one) >= k], np.int64).reshape(-1, 3).T
    everyone, inside = left + right + both, np.stack([left + both, right + both])
    cells = join_for_zones(everyone, inside, np.zeros(len(everyone), np.int64), k)
    for first, end in combinations(range(len(everyone) + 1), 2):
        if all(fills(of_zone, first, end) for of_zone in cells):
            assert both[first:end].sum() == 0 or both[first:end].sum() >= k


def fills(cells: Ints, first: int, end: int) -> bool:
    """Whether a stretch is of whole cells."""
    within = set(cells[first:end].tolist())
    return HIDDEN not in within and not within & {*cells[:first].tolist(), *cells[end:].tolist()}


@pytest.mark.parametrize(
    ("figures", "fewest"),
    [
        ([], None),
        (["abc"], 16),
        (["abc", "a"], 6),
        (["abc", "b"], 3),
        (["abc", "a", "b"], 3),
        (["abc", "a", "bc"], 6),
        (
            ["abd", "bcd", "acd"],
            6,
        ),  # half of the first two, less half of the last one: b, and half of d, which is nobody
    ],
)
def test_whoever_subtracts_finds_the_fewest(figures: list[str], fewest: int | None) -> None:
    groups = {"a": 10, "b": 3, "c": 3, "d": 0}
    assert fewest_singled_out(map(frozenset, figures), groups) == fewest
