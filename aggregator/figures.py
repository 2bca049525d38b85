"""From a window row to what people read: shares, mood index, its variance, coverage. Pure.

Figures of people are means over visits; who asks for them makes sure that the row has enough.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row as columns
from contract.labels import LABELS, VALENCES
from contract.row import MICRO, PAIRS
from contract.rules import Measure

Row = npt.NDArray[np.int64]
"""int64 (``columns.WIDTH``,)."""

_VALENCES: Final = np.array(VALENCES)
_INDEX_SQUARED: Final = np.array([VALENCES[i] * VALENCES[j] * (1 if i == j else 2) for i, j in PAIRS])
"""What Σ mᵢ·mⱼ counts in Σ index²: pairs off the diagonal stand for two."""


COVERED_MIN: Final = 0.5


def visits(row: Row) -> int:
    """Visits that ended in the window."""
    return int(row[columns.VISITS])


def shares(row: Row) -> npt.NDArray[np.float64]:
    """Mean probabilities over visits, float64 (7,), in the order of ``LABELS``; at least one visit."""
    mean: npt.NDArray[np.float64] = row[columns.M_SUM] / (visits(row) * MICRO)
    return mean.clip(0.0, 1.0)


def index(row: Row) -> float:
    """Mean mood index over visits, −0.73 … 0.87; at least one visit."""
    return float(row[columns.M_SUM] @ _VALENCES) / (visits(row) * MICRO)


def index_variance(row: Row) -> float:
    """Sample variance of the mood index among visits; at least two visits."""
    count = visits(row)
    squares = float(row[columns.MM_SUM] @ _INDEX_SQUARED) / MICRO
    return max(0.0, (squares - count * index(row) ** 2) / (count - 1))


def coverage(row: Row, length_ms: int) -> float:
    """The share of ``length_ms`` that was analysed × the share of published frames that were classified."""
    of_time = min(1.0, int(row[columns.ANALYSED_MS]) / length_ms)
    published = int(row[columns.PUBLISHED])
    of_frames = min(1.0, int(row[columns.FRAMES]) / published) if published else 1.0
    return of_time * of_frames


def attention(row: Row) -> float | None:
    """Share of the dwell spent facing the camera; None unless known of every visit with a dwell.

    How many visits it is known of is not stored; known of a part, it might be a single one's.
    """
    dwell_ms = int(row[columns.DWELL_MS])
    if not dwell_ms or int(row[columns.ATTENTION_DWELL_MS]) != dwell_ms:
        return None
    return min(1.0, int(row[columns.ATTENTION_MS]) / dwell_ms)


def dwell_ms(row: Row) -> int:
    """Mean dwell; at least one visit."""
    return round(int(row[columns.DWELL_MS]) / visits(row))


def uncertain(row: Row) -> float:
    """Share of visits without a label that has a majority; at least one visit."""
    return int(row[columns.UNCERTAIN]) / visits(row)


def expired(row: Row) -> int:
    """Published frames of which nothing else is known."""
    known = sum(
        int(row[column]) for column in (columns.FRAMES, columns.SHED, columns.REFUSED, columns.DROPPED)
    )
    return max(0, int(row[columns.PUBLISHED]) - known)


def measured(row: Row, measure: Measure, length_ms: int, k: int) -> float | None:
    """A measure of a window, or None where it would rest on fewer than ``k`` visits, or is not known.

    ``visits`` is 0 for any number below ``k``: nobody can tell these apart. It is not known where the camera
    saw less than half of the window: an outage is no empty shop.
    """
    covered = coverage(row, length_ms)
    if measure is Measure.COVERAGE:
        return covered
    if measure is Measure.VISITS and visits(row) < k:
        return 0 if covered >= COVERED_MIN else None
    if visits(row) < max(1, k):
        return None
    return _of_people(row, measure)


def _of_people(row: Row, measure: Measure) -> float | None:
    if measure.label:
        return float(shares(row)[LABELS.index(measure.label)])
    match measure:
        case Measure.VISITS:
            return visits(row)
        case Measure.INDEX:
            return index(row)
        case Measure.DWELL_MS:
            return dwell_ms(row)
        case Measure.ATTENTION:
            return attention(row)
        case _:
            return uncertain(row)
