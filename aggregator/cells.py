"""k-safe cells: closed windows, merged with their next neighbours until enough visits are in them. Pure.

Cells of several resolutions are cut so that subtracting them shows nothing new: a coarser one is a sum of
whole cells of the finest, as these were told. What is below k when the local day ends is told without people,
and its people are in no coarser cell either.
"""

from datetime import tzinfo

import msgspec
import numpy as np

from aggregator import figures
from aggregator.figures import Row
from aggregator.grid import GridWindow, ends_local_day, window_at
from contract import row as columns
from contract.announcements import ClosedWindow, by_label
from contract.events import SCHEMA
from contract.windows import Resolution


class Cell(msgspec.Struct, frozen=True):
    """Neighbouring windows, summed.

    Attributes:
        from_ms, to_ms: UTC; the end is exclusive.
        sums: the row, ``columns.WIDTH`` integers.
    """

    from_ms: int
    to_ms: int
    sums: list[int]

    @property
    def row(self) -> Row:
        """The sums as a row."""
        return np.array(self.sums, np.int64)


def cells_told(
    waiting: dict[Resolution, Cell],
    published: tuple[Resolution, ...],
    window: GridWindow,
    row: Row,
    k: int,
    time_zone: tzinfo,
) -> list[tuple[Resolution, Cell, bool]]:
    """What is to be told when a window of the finest resolution is over.

    Args:
        waiting: cells that are not whole yet; changed in place.
        published: resolutions, the finest first.
        window: of the finest one; each in its turn.
        row: of the window.
        k: least visits that may be told.
        time_zone: the site's.

    Returns:
        Resolution, cell, and whether its people may be told.
    """
    finest, *coarser = published
    cell = _joined(waiting.pop(finest, None), Cell(window.start_ms, window.end_ms, row.tolist()))
    enough = figures.visits(cell.row) >= k
    if not enough and not ends_local_day(window, time_zone):
        waiting[finest] = cell
        return []
    part = cell if enough else Cell(cell.from_ms, cell.to_ms, _without_people(cell.row).tolist())
    told = [(finest, part, enough)]
    for resolution in coarser:
        whole = _joined(waiting.pop(resolution, None), part)
        if window_at(resolution, whole.to_ms, time_zone).start_ms == whole.to_ms:
            told.append((resolution, whole, figures.visits(whole.row) >= k))
        else:
            waiting[resolution] = whole
    # A camera that is off all day is no news: the rest of the day on which it went off was told.
    return [entry for entry in told if any(entry[1].sums)]


def closed_window(camera: str, resolution: Resolution, cell: Cell, k: int, *, people: bool) -> ClosedWindow:
    """What is told of a cell; without ``people`` only what the camera did."""
    row = cell.row
    known = ClosedWindow(
        SCHEMA,
        camera,
        resolution,
        cell.from_ms,
        cell.to_ms,
        k,
        coverage=round(figures.coverage(row, cell.to_ms - cell.from_ms), 4),
        analysed_ms=int(row[columns.ANALYSED_MS]),
    )
    if not people:
        return known
    attention = figures.attention(row)
    return msgspec.structs.replace(
        known,
        visits=figures.visits(row),
        frames=int(row[columns.FRAMES]),
        face_frames=int(row[columns.FACE_FRAMES]),
        shares=by_label([round(float(share), 4) for share in figures.shares(row)]),
        index=round(figures.index(row), 4),
        dwell_ms=figures.dwell_ms(row),
        attention=None if attention is None else round(attention, 4),
        uncertain=round(figures.uncertain(row), 4),
        late=int(row[columns.LATE]),
        published=int(row[columns.PUBLISHED]),
        shed=int(row[columns.SHED]),
        refused=int(row[columns.REFUSED]),
        dropped=int(row[columns.DROPPED]),
        expired=figures.expired(row),
    )


def _joined(first: Cell | None, second: Cell) -> Cell:
    """Both as one; where they are no neighbours (windows were skipped) the second alone."""
    if first is None or first.to_ms != second.from_ms:
        return second
    return Cell(first.from_ms, second.to_ms, (first.row + second.row).tolist())


def _without_people(row: Row) -> Row:
    """Analysed time alone: even the number of frames says that somebody was there."""
    bare = np.zeros_like(row)
    bare[columns.ANALYSED_MS] = row[columns.ANALYSED_MS]
    return bare
