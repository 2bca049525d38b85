"""What is told and judged of one window's row: the figures of ``runtime.figures``, and coverage. Pure.

Figures of people are means over visits; who asks for them makes sure that the row has enough.
"""

from math import isnan
from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row as columns
from contract.labels import LABELS
from contract.rules import Measure
from runtime import figures

Row = npt.NDArray[np.int64]
"""int64 (``columns.WIDTH``,)."""

COVERED_MIN: Final = 0.5


def visits(row: Row) -> int:
    """Visits that ended in the window."""
    return int(row[columns.VISITS])


def shares(row: Row) -> npt.NDArray[np.float64]:
    """Mean probabilities over visits, float64 (7,), in the order of ``LABELS``; at least one visit."""
    (mean,) = figures.shares(row[np.newaxis])
    return np.asarray(mean, np.float64)


def index(row: Row) -> float:
    """Mean mood index over visits, −0.73 … 0.87; at least one visit."""
    return float(figures.index(row[np.newaxis])[0])


def index_variance(row: Row) -> float:
    """Sample variance of the mood index among visits; at least two visits."""
    return float(figures.index_variance(row[np.newaxis])[0])


def coverage(row: Row, length_ms: int) -> float:
    """The share of ``length_ms`` that was analysed × the share of published frames that were classified."""
    of_time = min(1.0, int(row[columns.ANALYSED_MS]) / length_ms)
    published = int(row[columns.PUBLISHED])
    of_frames = min(1.0, int(row[columns.FRAMES]) / published) if published else 1.0
    return of_time * of_frames


def attention(row: Row) -> float | None:
    """Share of the dwell spent facing the camera; None unless known of every visit with a dwell."""
    known = float(figures.attention(row[np.newaxis])[0])
    return None if isnan(known) else known


def dwell_ms(row: Row) -> int:
    """Mean dwell; at least one visit."""
    return round(float(figures.dwell_s(row[np.newaxis])[0]) * 1000)


def uncertain(row: Row) -> float:
    """Share of visits without a label that has a majority; at least one visit."""
    return float(figures.uncertain(row[np.newaxis])[0])


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
