"""The k-safe partition: which windows are summed before anything of them is shown. Pure.

There is one fixed grid, the hours of the site's clock, and hours are only ever joined *forward* within a
local day, until a cell has k visits; what is still below k when the day ends stays hidden for ever. An hour
is in no cell before all its visits are known. Within a cell of hours, quarters of an hour are joined
likewise, and the rest of the cell joins its last part. A day is the sum of its cells. A zone's cells are made
of whole cells of its camera, so that also what the camera saw outside of it, or of several of its zones, has
k visits, or none (``zone_cells``).

So all that is ever shown are sums of whole, nested cells: no two views, today's or yesterday's, can be
subtracted to single out fewer than k visits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from contract import row
from dashboard.figures.cells import HIDDEN, Flags, Ints, reduce_at
from dashboard.figures.grid import Grid
from dashboard.figures.store import SEALED_AFTER_MS
from dashboard.figures.zone_cells import join_for_zones, split_for_zones, stretches_of

SETTLED_AFTER_MS: Final = 120_000
"""Faces that a worker left to another one come half a minute late; visits close some seconds after that."""


def is_settled(hours: Grid, analysed_ms: Ints, now_ms: int) -> Flags:
    """Which hours have all their visits.

    A camera sends in order, so once it has told of a later hour the earlier one is whole; from a camera that
    is not heard any more something may come for an hour and a half.

    Args:
        hours: n windows, up to now where the last ones are recent.
        analysed_ms: int64 (n,), of the camera.
        now_ms: UTC.

    Returns:
        bool (n,).
    """
    heard = np.flatnonzero(analysed_ms)
    last = int(heard[-1]) if len(heard) else -1
    told_since = np.arange(len(hours)) < last
    return (told_since & (hours.end_ms <= now_ms - SETTLED_AFTER_MS)) | (
        hours.end_ms <= now_ms - SEALED_AFTER_MS
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """Which cell each of n windows belongs to: its number, counted from 0, or ``HIDDEN``.

    Attributes:
        camera: int64 (n,), cells of the camera.
        zones: int64 (n,) each, cells of its zones.
    """

    camera: Ints
    zones: tuple[Ints, ...] = ()


def join_hours(hours: Grid, camera: Ints, zones: Sequence[Ints], settled: Flags, k: int) -> Joined:
    """Joins hours into cells.

    Args:
        hours: n windows that begin with a local day.
        camera: int64 (n, ``row.WIDTH``).
        zones: likewise of its zones: of all that it has, or of none.
        settled: bool (n,), of the camera.
        k: least visits of a cell.
    """
    if k <= 1:
        return _each_alone(camera, zones)
    # nothing is formed behind an hour that is still open
    waiting, first = np.unique(hours.day[~settled], return_index=True)
    stops = np.full(int(hours.day[-1]) + 1 if len(hours) else 0, len(hours))
    stops[waiting] = np.flatnonzero(~settled)[first]
    days = np.where(np.arange(len(hours)) < stops[hours.day], hours.day, HIDDEN)
    cells = _join(camera[:, row.VISITS], days, k, whole_groups=False)
    begins, everyone, inside = _sums(cells, camera, zones)
    of_zones = join_for_zones(everyone, inside, days[begins], k)
    return Joined(cells, tuple(_spread(cells, numbers) for numbers in of_zones))


def are_kept(quarters: Grid, hours: Grid, fine: Ints, camera: Ints) -> Flags:
    """Of which hours all quarters are still kept: part of a cell must not be shown for the whole.

    Args:
        quarters: m windows, all that are within ``hours``.
        hours: n windows.
        fine: int64 (m, ``row.WIDTH``), of a camera's quarters.
        camera: int64 (n, ``row.WIDTH``), of its hours.

    Returns:
        bool (n,).
    """
    visits = np.bincount(hours.index_of(quarters.start_ms), fine[:, row.VISITS], len(hours))
    return np.asarray(visits == camera[:, row.VISITS])


def join_quarters(
    quarters: Grid, hours: Grid, camera: Ints, zones: Sequence[Ints], of_hours: Joined, kept: Flags, k: int
) -> Joined:
    """Joins quarters of an hour into cells, within cells of hours.

    A zone's cell of hours is split only where it is one of its camera's, too.

    Args:
        quarters: m windows, all that are within ``hours``.
        hours: n windows.
        camera: int64 (m, ``row.WIDTH``), of the quarters.
        zones: likewise of its zones: of all that it has, or of none.
        of_hours: the cells of the n hours.
        kept: bool (n,), of ``are_kept``.
        k: least visits of a cell.
    """
    if k <= 1:
        return _each_alone(camera, zones)
    hour = hours.index_of(quarters.start_ms)
    groups, *wholes = (_where_kept(numbers, kept)[hour] for numbers in (of_hours.camera, *of_hours.zones))
    cells = _join(camera[:, row.VISITS], groups, k, whole_groups=True)
    begins, everyone, inside = _sums(cells, camera, zones)
    whole = np.array([numbers[begins] for numbers in wholes], np.int64).reshape(inside.shape)
    of_zones = split_for_zones(everyone, inside, groups[begins], whole, k)
    return Joined(cells, tuple(_spread(cells, numbers) for numbers in of_zones))


def _where_kept(cells: Ints, kept: Flags) -> Ints:
    """Those cells alone of which all hours are kept."""
    return np.where(np.isin(cells, cells[~kept]), HIDDEN, cells)


def _each_alone(camera: Ints, zones: Sequence[Ints]) -> Joined:
    """Every window is a cell, where something is known of it."""
    return Joined(_numbered(camera), tuple(_numbered(camera, rows) for rows in zones))


def _numbered(*rows: Ints) -> Ints:
    known = np.any([one.any(axis=1) for one in rows], axis=0)
    return np.where(known, np.cumsum(known) - 1, HIDDEN)


def _sums(cells: Ints, camera: Ints, zones: Sequence[Ints]) -> tuple[Ints, Ints, Ints]:
    """Where a camera's cells begin, int64 (n,); their visits, (n,); and those of its zones, (zones, n)."""
    shown = np.flatnonzero(cells != HIDDEN)
    _, firsts = np.unique(cells[shown], return_index=True)
    everyone, *inside = (reduce_at(np.add, rows[shown, row.VISITS], firsts) for rows in (camera, *zones))
    return shown[firsts], everyone, np.array(inside, np.int64).reshape(len(zones), len(firsts))


def _spread(cells: Ints, numbers: Ints) -> Ints:
    """The number of each window, from that of its camera's cell."""
    spread = np.full(len(cells), HIDDEN)
    shown = cells != HIDDEN
    spread[shown] = numbers[cells[shown]]
    return spread


def _join(visits: Ints, groups: Ints, k: int, *, whole_groups: bool) -> Ints:
    """Joins neighbours of the same group, forward, until there are enough visits.

    Args:
        visits: int64 (n,).
        groups: int64 (n,); those of ``HIDDEN`` are left out.
        k: enough.
        whole_groups: what is left of a group joins its last cell, instead of staying hidden.
    """
    cell = np.full(len(visits), HIDDEN)
    counts = visits.tolist()
    number = 0
    for begin, end in stretches_of(groups):
        for first, last in _cuts(counts, begin, end, k, whole=whole_groups):
            cell[first:last] = number
            number += 1
    return cell


def _cuts(visits: list[int], begin: int, end: int, k: int, *, whole: bool) -> list[tuple[int, int]]:
    """The cells within [``begin``, ``end``), as first and end."""
    cuts: list[tuple[int, int]] = []
    first, inside = begin, 0
    for i in range(begin, end):
        inside += visits[i]
        if inside >= k:
            cuts.append((first, i + 1))
            first, inside = i + 1, 0
    if whole and first < end and cuts:
        cuts[-1] = (cuts[-1][0], end)
    return cuts
