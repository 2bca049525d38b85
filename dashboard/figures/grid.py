"""The fixed grid of windows that figures are cut from, by the site's clock. Pure; time is a parameter."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contract.windows import Resolution, chunks_between
from dashboard.figures.sites import Site

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Consecutive windows of one resolution, cut as they are stored.

    Attributes:
        start_ms: int64 (n,), UTC.
        end_ms: int64 (n,), UTC, exclusive; of the running window: now.
        day: int64 (n,), number of the local day that holds it; days count from the first one.
        open_ms: int64 (n,), how much of it the site is open.
    """

    start_ms: Ints
    end_ms: Ints
    day: Ints
    open_ms: Ints

    def __len__(self) -> int:
        return len(self.start_ms)

    def where(self, wanted: npt.NDArray[np.bool_]) -> "Grid":
        """The windows that are wanted: bool (n,)."""
        return Grid(self.start_ms[wanted], self.end_ms[wanted], self.day[wanted], self.open_ms[wanted])

    def index_of(self, at_ms: Ints) -> Ints:
        """Number of the window that holds each instant."""
        return np.searchsorted(self.start_ms, at_ms, side="right") - 1


def make_grid(resolution: Resolution, from_ms: int, to_ms: int, site: Site, now_ms: int) -> Grid:
    """The windows that begin within [``from_ms``, ``to_ms``) and have begun by ``now_ms``."""
    to_ms = min(to_ms, now_ms)
    chunks = chunks_between(resolution, from_ms, to_ms, site.time_zone)
    edges = [chunk.window_start_ms(i) for chunk in chunks for i in range(chunk.rows)]
    ends = [*edges[1:], chunks[-1].end_ms] if chunks else []
    days = chunks_between(Resolution.DAY, from_ms, to_ms, site.time_zone)
    start_ms, end_ms = np.array(edges, np.int64), np.minimum(np.array(ends, np.int64), now_ms)
    wanted = (start_ms >= from_ms) & (start_ms < to_ms)
    start_ms, end_ms = start_ms[wanted], end_ms[wanted]
    day = np.searchsorted(np.array([day.start_ms for day in days], np.int64), start_ms, side="right") - 1
    return Grid(start_ms, end_ms, day, _open_ms(start_ms, end_ms, site))


def _open_ms(start_ms: Ints, end_ms: Ints, site: Site) -> Ints:
    """Open time within windows: open time up to their ends less that up to their starts."""
    if not len(start_ms):
        return np.zeros(0, np.int64)
    stretches = site.hours.stretches(int(start_ms[0]), int(end_ms[-1]), site.time_zone)
    if not stretches:
        return np.zeros(len(start_ms), np.int64)
    opens, closes = np.array(stretches, np.int64).T
    before = np.concatenate([[0], np.cumsum(closes - opens)])

    def up_to(at_ms: Ints) -> Ints:
        began = np.searchsorted(opens, at_ms, side="right")
        unfinished = np.where(began > 0, np.maximum(closes[began - 1] - at_ms, 0), 0)
        return np.asarray(before[began] - unfinished, np.int64)

    return up_to(end_ms) - up_to(start_ms)
