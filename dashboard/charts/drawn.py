"""What charts draw of an answer: cells that do not overlap. Pure.

Cells of one camera never do. Those of several may, where hours of few visits are joined, each camera's in its
own way; then each cell is spread evenly over the windows that it is of. What is downloaded are the cells.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from contract import row
from dashboard.figures.cells import Cells, Ints
from dashboard.figures.grid import Grid
from dashboard.figures.intervals import index_intervals
from dashboard.figures.queries import Answer
from runtime import figures
from runtime.figures import Floats, Rows


@dataclass(frozen=True, slots=True)
class Drawn:
    """Stretches of time that do not overlap, oldest first.

    Attributes:
        from_ms: int64 (n,), UTC.
        to_ms: int64 (n,), UTC, exclusive.
        rows: (n, ``row.WIDTH``); fractions of visits where cells were spread.
    """

    from_ms: Ints
    to_ms: Ints
    rows: Rows

    def frame(self) -> pd.DataFrame:
        """A line a stretch, with the columns of ``queries.Answer.frame`` that are drawn over time."""
        index, low, high = index_intervals(self.rows)
        return pd.DataFrame(
            {
                "from_ms": self.from_ms,
                "to_ms": self.to_ms,
                "visits": self.rows[:, row.VISITS],
                "index": index,
                "index_low": low,
                "index_high": high,
                "dwell_s": figures.dwell_s(self.rows),
                "attention": figures.attention(self.rows),
            }
        )


def drawn_of(answer: Answer) -> Drawn:
    """What is drawn of an answer."""
    cells = answer.cells
    if (cells.from_ms[1:] >= np.maximum.accumulate(cells.to_ms)[:-1]).all():
        return Drawn(cells.from_ms, cells.to_ms, cells.rows)
    rows = np.sum([spread(part.cells, answer.grid) for part in answer.parts], axis=0)
    seen = rows.any(axis=1)
    return Drawn(answer.grid.start_ms[seen], answer.grid.end_ms[seen], cast(Rows, rows[seen]))


def spread(cells: Cells, grid: Grid) -> Floats:
    """The rows of cells, each spread evenly over its windows.

    Args:
        cells: that do not overlap.
        grid: m windows, of which the cells are made.

    Returns:
        float64 (m, ``row.WIDTH``).
    """
    first = grid.index_of(cells.from_ms)
    count = grid.index_of(cells.to_ms - 1) - first + 1
    window = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    rows = np.zeros((len(grid), row.WIDTH))
    rows[window] = np.repeat(cells.rows / count[:, np.newaxis], count, axis=0)
    return rows
