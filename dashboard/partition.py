"""The k-safe partition: which windows are summed before anything of them is shown. Pure.

There is one fixed grid, the hours of the site's clock, and hours are only ever joined *forward* within a
local day, until a cell has k visits; what is still below k when the day ends stays hidden for ever. An hour
is in no cell before all its visits are known. Within a cell of hours, quarters of an hour are joined
likewise, and the rest of the cell joins its last part. A day is the sum of its cells. A zone's cells are made
of whole cells of its camera, so that also what the camera saw outside of the zone has k visits, or none.

So all that is ever shown are sums of whole, nested cells: no two views, today's or yesterday's, can be
subtracted to single out fewer than k visits.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from contract import row
from dashboard.cells import HIDDEN, Flags, Ints, reduce_at
from dashboard.grid import Grid
from dashboard.store import SEALED_AFTER_MS

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
        subject: int64 (n,), cells of what is asked for: the same, or of one of the camera's zones.
    """

    camera: Ints
    subject: Ints


def join_hours(hours: Grid, camera: Ints, rows: Ints, settled: Flags, k: int) -> Joined:
    """Joins hours into cells.

    Args:
        hours: n windows that begin with a local day.
        camera: int64 (n, ``row.WIDTH``).
        rows: of the subject: ``camera`` itself, or likewise of one of its zones.
        settled: bool (n,), of the camera.
        k: least visits of a cell.
    """
    # nothing is formed behind an hour that is still open
    waiting, first = np.unique(hours.day[~settled], return_index=True)
    stops = np.full(int(hours.day[-1]) + 1 if len(hours) else 0, len(hours))
    stops[waiting] = np.flatnonzero(~settled)[first]
    groups = np.where(np.arange(len(hours)) < stops[hours.day], hours.day, HIDDEN)
    return _join_both(camera, rows, Joined(groups, groups), k, whole_groups=False)


def join_quarters(quarters: Grid, hours: Grid, camera: Ints, rows: Ints, of_hours: Joined, k: int) -> Joined:
    """Joins quarters of an hour into cells, within cells of hours.

    Args:
        quarters: m windows, all that are within ``hours``.
        hours: n windows.
        camera: int64 (m, ``row.WIDTH``), of the quarters.
        rows: of the subject: ``camera`` itself, or likewise of one of its zones.
        of_hours: the cells of the n hours.
        k: least visits of a cell.
    """
    hour = hours.index_of(quarters.start_ms)
    within = Joined(of_hours.camera[hour], of_hours.subject[hour])
    return _join_both(camera, rows, within, k, whole_groups=True)


def _join_both(camera: Ints, rows: Ints, groups: Joined, k: int, *, whole_groups: bool) -> Joined:
    """The cells of a camera, and those of a subject of it, which are made of them.

    Args:
        camera: int64 (n, ``row.WIDTH``).
        rows: likewise of the subject.
        groups: what is joined with each other only.
        k: least visits in the subject, and outside of it if there are any.
        whole_groups: what is left of a group joins its last cell, instead of staying hidden.
    """
    everyone, inside = camera[:, row.VISITS], rows[:, row.VISITS]
    if k <= 1:
        known = camera.any(axis=1) | rows.any(axis=1)
        each = np.where(known, np.cumsum(known) - 1, HIDDEN)
        return Joined(each, each)
    cells = _join(everyone, np.zeros_like(everyone), groups.camera, k, whole_groups=whole_groups)
    if rows is camera:
        return Joined(cells, cells)
    shown = cells != HIDDEN
    _, firsts = np.unique(cells[shown], return_index=True)
    everyone, inside = (reduce_at(np.add, visits[shown], firsts) for visits in (everyone, inside))
    of_cell = _join(inside, everyone - inside, groups.subject[shown][firsts], k, whole_groups=whole_groups)
    of_subject = np.full(len(cells), HIDDEN)
    of_subject[shown] = of_cell[cells[shown]]
    return Joined(cells, of_subject)


def _join(visits: Ints, rest: Ints, groups: Ints, k: int, *, whole_groups: bool) -> Ints:
    """Joins neighbours of the same group, forward, until there are enough visits.

    Args:
        visits: int64 (n,).
        rest: int64 (n,), visits that must be enough, too, or none.
        groups: int64 (n,); those of ``HIDDEN`` are left out.
        k: enough.
        whole_groups: what is left of a group joins its last cell, instead of staying hidden.
    """
    cell = np.full(len(visits), HIDDEN)
    edges = [*np.flatnonzero(np.diff(groups, prepend=HIDDEN - 1)).tolist(), len(groups)]
    counts, rests = visits.tolist(), rest.tolist()
    number = 0
    for begin, end in pairwise(edges):
        if groups[begin] == HIDDEN:
            continue
        for first, last in _cuts(counts, rests, begin, end, k, whole=whole_groups):
            cell[first:last] = number
            number += 1
    return cell


def _cuts(
    visits: list[int], rest: list[int], begin: int, end: int, k: int, *, whole: bool
) -> list[tuple[int, int]]:
    """The cells within [``begin``, ``end``), as first and end."""
    cuts: list[tuple[int, int]] = []
    first, inside, outside = begin, 0, 0
    for i in range(begin, end):
        inside += visits[i]
        outside += rest[i]
        if inside >= k and (outside >= k or outside == 0):
            cuts.append((first, i + 1))
            first, inside, outside = i + 1, 0, 0
    while whole and first < end and cuts:
        first, _ = cuts.pop()
        inside, outside = sum(visits[first:end]), sum(rest[first:end])
        if inside >= k and (outside >= k or outside == 0):
            cuts.append((first, end))
            first = end
    return cuts
