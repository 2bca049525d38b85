"""From window rows to what a page says: shares, the mood index, coverage, and what must stay hidden. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row
from contract.labels import LABELS, VALENCES
from contract.windows import GRAIN_MS

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_VALENCES: Final = np.array(VALENCES)

LAG_MS = 2 * GRAIN_MS
"""A camera reports a window when it has ended, and the report is on its way for a moment."""


@dataclass(frozen=True, slots=True)
class Mood:
    """Expressed mood over some face-frames: frame-weighted, every face in every frame counts alike.

    Attributes:
        index: Σ pᵢ·vᵢ, from −0.73 (all sad) to 0.87 (all happy).
        shares: float64 (7,), mean probabilities, in the order of ``LABELS``.
        face_frames: how many it is a mean of.
    """

    index: float
    shares: Floats
    face_frames: int

    @property
    def leading(self) -> str:
        """The label with the largest share."""
        return LABELS[int(self.shares.argmax())]


def mood_of(rows: Rows) -> Mood | None:
    """The mood over all windows given, or None where they hold no face.

    Args:
        rows: int64 (n, ``row.WIDTH``).
    """
    total = rows.sum(axis=0)
    face_frames = int(total[row.FACE_FRAMES])
    if not face_frames:
        return None
    shares = total[row.P_SUM] / (face_frames * row.MICRO)
    return Mood(float(shares @ _VALENCES), shares, face_frames)


def index_by_window(rows: Rows) -> Floats:
    """The mood index of each window, float64 (n,); NaN where it holds no face.

    Args:
        rows: int64 (n, ``row.WIDTH``).
    """
    face_frames = rows[:, row.FACE_FRAMES]
    weighted = rows[:, row.P_SUM] @ _VALENCES
    index = np.full(len(rows), np.nan)
    np.divide(weighted, face_frames * row.MICRO, out=index, where=face_frames > 0)
    return index


def begin_where_seen(rows: Rows, least: int) -> int:
    """From which window on a line has something to show; it keeps at least the last ``least`` windows.

    Args:
        rows: int64 (n, ``row.WIDTH``), oldest first.
        least: windows.
    """
    seen = np.flatnonzero(rows[:, row.FACE_FRAMES])
    newest = max(0, len(rows) - least)
    return min(int(seen[0]), newest) if len(seen) else newest


def merge_small_cells(start_ms: Rows, rows: Rows, k: int) -> tuple[Rows, Rows]:
    """Windows with fewer than ``k`` visits merged with their next neighbours; a rest below ``k`` is left out.

    Args:
        start_ms: int64 (n,), start of each window.
        rows: int64 (n, ``row.WIDTH``), oldest first.
        k: least visits of a cell; 1 leaves the windows as they are.

    Returns:
        Starts (m,) and rows (m, ``row.WIDTH``) of the cells, m ≤ n.
    """
    if k <= 1:
        return start_ms, rows
    visits = np.cumsum(rows[:, row.VISITS])
    starts, cells, first, counted = [], [], 0, 0
    for i in range(len(rows)):
        if visits[i] - counted >= k:
            starts.append(start_ms[first])
            cells.append(rows[first : i + 1].sum(axis=0))
            first, counted = i + 1, visits[i]
    return np.array(starts, np.int64), np.array(cells, np.int64).reshape(-1, row.WIDTH)


def coverage(start_ms: Rows, rows: Rows, now_ms: int) -> float | None:
    """The share of time and of frames that the figures rest on, 0–1; None where the camera never reported.

    analysed time ÷ time since the camera was first heard in these windows × classified ÷ published frames.
    The newest windows, whose reports are still on their way, are left out, and so is the first one, which the
    camera may have begun in the middle of.

    Args:
        start_ms: int64 (n,), start of each 10 s window.
        rows: int64 (n, ``row.WIDTH``), oldest first.
        now_ms: UTC.
    """
    settled = start_ms + GRAIN_MS <= now_ms - LAG_MS
    reported = settled & (rows[:, row.ANALYSED_MS] > 0)
    if not reported.any():
        return None
    span = settled & (start_ms > start_ms[reported][0])
    if not span.any():
        return None
    total = rows[span].sum(axis=0)
    of_time = total[row.ANALYSED_MS] / (int(span.sum()) * GRAIN_MS)
    of_frames = total[row.FRAMES] / total[row.PUBLISHED] if total[row.PUBLISHED] else 1.0
    return float(min(1.0, of_time) * min(1.0, of_frames))
