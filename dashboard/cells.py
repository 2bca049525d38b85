"""The k-safe partition: which windows are summed before anything of them is shown. Pure.

There is one fixed grid, the hours of the site's clock, and hours are only ever joined *forward* within a
local day, until a cell has k visits; what is still below k when the day ends stays hidden for ever. An hour
is in no cell before all its visits are known. Within a cell of hours, quarters of an hour are joined
likewise, and the rest of the cell joins its last part. A day is the sum of its cells. A zone's cells are made
of whole cells of its camera, so that also what the camera saw outside of the zone has k visits, or none.

So all that is ever shown are sums of whole, nested cells: no two views, today's or yesterday's, can be
subtracted to single out fewer than k visits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row
from dashboard.grid import Grid
from dashboard.store import SEALED_AFTER_MS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SETTLED_AFTER_MS: Final = 120_000
"""Faces that a worker left to another one come half a minute late; visits close some seconds after that."""

HIDDEN: Final = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums over neighbouring windows that may be shown, oldest first.

    Attributes:
        from_ms: int64 (n,), UTC; when the site was open and a camera looked for the first time in it.
        to_ms: int64 (n,), UTC, exclusive.
        rows: int64 (n, ``row.WIDTH``).
        open_ms: int64 (n,), open time from then on, of every camera in the sum.
        looked_ms: int64 (n,), how much of it the cameras looked.
        classified: int64 (n,), frames with faces that the cameras saw and that were classified.
        published: int64 (n,), frames with faces that the cameras sent.
    """

    from_ms: Ints
    to_ms: Ints
    rows: Ints
    open_ms: Ints
    looked_ms: Ints
    classified: Ints
    published: Ints

    def __len__(self) -> int:
        return len(self.from_ms)

    @property
    def visits(self) -> Ints:
        """int64 (n,), visits that ended in each."""
        return self.rows[:, row.VISITS]

    def coverage(self) -> npt.NDArray[np.float64]:
        """Share of open time looked at × share of published frames classified, float64 (n,); NaN: closed."""
        of_time = np.full(len(self), np.nan)
        np.divide(self.looked_ms, self.open_ms, out=of_time, where=self.open_ms > 0)
        of_frames = np.ones(len(self))
        np.divide(self.classified, self.published, out=of_frames, where=self.published > 0)
        return np.asarray(np.minimum(of_time, 1.0) * np.minimum(of_frames, 1.0), np.float64)

    def total(self) -> "Cells":
        """All in one: a single line, of zeros where there are none."""
        ends = [self.from_ms[:1].sum(), self.to_ms[-1:].sum()]
        sums = [values.sum(axis=0) for values in self.columns()[2:]]
        return Cells(*(np.asarray(value, np.int64)[np.newaxis] for value in (*ends, *sums)))

    def within(self, from_ms: int, to_ms: int) -> "Cells":
        """Those that lie in [``from_ms``, ``to_ms``) from end to end."""
        inside = (self.from_ms >= from_ms) & (self.to_ms <= to_ms)
        return self if inside.all() else self.where(inside)

    def where(self, wanted: Flags) -> "Cells":
        """Those that are wanted: bool (n,)."""
        return Cells(*(values[wanted] for values in self.columns()))

    def columns(self) -> list[Ints]:
        """All attributes in their order."""
        return [getattr(self, field.name) for field in fields(self)]


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


def form_cells(grid: Grid, cell: Ints, rows: Ints, camera: Ints) -> Cells:
    """Sums windows into cells.

    Args:
        grid: n windows.
        cell: int64 (n,), number of each window's cell, or ``HIDDEN``.
        rows: int64 (n, ``row.WIDTH``), what is summed.
        camera: int64 (n, ``row.WIDTH``), of the camera: what it did. The same, or those of a zone's camera.
    """
    shown = cell != HIDDEN
    cell = cell[shown]
    begins = np.flatnonzero(np.diff(cell, prepend=HIDDEN))
    open_ms = grid.open_ms[shown]
    looked_ms = np.minimum(camera[shown, row.ANALYSED_MS], open_ms)
    start_ms, end_ms = grid.start_ms[shown], grid.end_ms[shown]
    # a cell begins where somebody could be seen; where nobody ever could, with its first window
    able_ms = np.where(looked_ms > 0, start_ms, np.iinfo(np.int64).max)
    from_ms = _reduce(np.minimum, able_ms, begins)
    from_ms = np.where(from_ms < np.iinfo(np.int64).max, from_ms, start_ms[begins])
    length = np.diff(begins, append=len(cell))
    open_ms = np.where(start_ms >= np.repeat(from_ms, length), open_ms, 0)
    return Cells(
        from_ms,
        to_ms=_reduce(np.maximum, end_ms, begins),
        rows=_reduce(np.add, rows[shown], begins),
        open_ms=_reduce(np.add, open_ms, begins),
        looked_ms=_reduce(np.add, looked_ms, begins),
        classified=_reduce(np.add, camera[shown, row.FRAMES], begins),
        published=_reduce(np.add, camera[shown, row.PUBLISHED], begins),
    )


def sum_by_day(cells: Cells, hours: Grid, looked_ms: Ints, days: Grid) -> Cells:
    """Days: the sums of their cells; also what is hidden of a day counts as looked at.

    Args:
        cells: in order.
        hours: n hours, of whole days.
        looked_ms: int64 (n,), how much of each hour's open time the camera looked.
        days: every local day in which a cell begins; numbered as in ``hours``.
    """
    day = days.index_of(cells.from_ms)
    begins = np.flatnonzero(np.diff(day, prepend=-1))
    told = day[begins]
    open_ms, looked_ms = (
        np.bincount(hours.day, values, len(days)).astype(np.int64)[told]
        for values in (hours.open_ms, looked_ms)
    )
    rows, classified, published = (
        _reduce(np.add, values, begins) for values in (cells.rows, cells.classified, cells.published)
    )
    return Cells(days.start_ms[told], days.end_ms[told], rows, open_ms, looked_ms, classified, published)


def sum_cells(parts: Sequence[Cells]) -> Cells:
    """Cells of several cameras, those that begin together summed."""
    from_ms = np.unique(np.concatenate([no_cells().from_ms, *(part.from_ms for part in parts)]))
    summed = Cells(
        from_ms, *(np.zeros((len(from_ms), *one.shape[1:]), np.int64) for one in no_cells().columns()[1:])
    )
    for part in parts:
        where = np.searchsorted(from_ms, part.from_ms)
        summed.to_ms[where] = np.maximum(summed.to_ms[where], part.to_ms)
        for total, values in zip(summed.columns()[2:], part.columns()[2:], strict=True):
            total[where] += values
    return summed


def join_cells(parts: Sequence[Cells]) -> Cells:
    """All cells, one after another."""
    columns = zip(*(part.columns() for part in (no_cells(), *parts)), strict=True)
    return Cells(*(np.concatenate(column) for column in columns))


def no_cells() -> Cells:
    """None at all."""
    none = np.zeros(0, np.int64)
    return Cells(none, none, np.zeros((0, row.WIDTH), np.int64), none, none, none, none)


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
    everyone, inside = (_reduce(np.add, visits[shown], firsts) for visits in (everyone, inside))
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


def _reduce(how: np.ufunc, values: Ints, begins: Ints) -> Ints:
    """Reduces each stretch of ``values`` that begins at one of ``begins``."""
    if not len(begins):
        return values[:0]
    return np.asarray(how.reduceat(values, begins, axis=0), np.int64)
