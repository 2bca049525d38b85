"""Sums over neighbouring windows that ``partition`` lets be shown, and how they are summed further. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row
from dashboard.figures.grid import Grid

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


HIDDEN: Final = -1
"""Number of the cell of windows that may not be shown."""


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
    from_ms = reduce_at(np.minimum, able_ms, begins)
    from_ms = np.where(from_ms < np.iinfo(np.int64).max, from_ms, start_ms[begins])
    length = np.diff(begins, append=len(cell))
    open_ms = np.where(start_ms >= np.repeat(from_ms, length), open_ms, 0)
    return Cells(
        from_ms,
        to_ms=reduce_at(np.maximum, end_ms, begins),
        rows=reduce_at(np.add, rows[shown], begins),
        open_ms=reduce_at(np.add, open_ms, begins),
        looked_ms=reduce_at(np.add, looked_ms, begins),
        classified=reduce_at(np.add, camera[shown, row.FRAMES], begins),
        published=reduce_at(np.add, camera[shown, row.PUBLISHED], begins),
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
        reduce_at(np.add, values, begins) for values in (cells.rows, cells.classified, cells.published)
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


def reduce_at(how: np.ufunc, values: Ints, begins: Ints) -> Ints:
    """Reduces each stretch of ``values`` that begins at one of ``begins``."""
    if not len(begins):
        return values[:0]
    return np.asarray(how.reduceat(values, begins, axis=0), np.int64)
