"""From window rows to what people read, all visit-weighted: a visit counts once, long or short. Pure.

Who asks makes sure that the rows may be shown. What is not known of a row is NaN.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from contract import row
from contract.labels import VALENCES

Rows = npt.NDArray[np.int64]
"""int64 (n, ``row.WIDTH``)."""

Floats = npt.NDArray[np.float64]

_VALENCES: Final = np.array(VALENCES)
_INDEX_SQUARED: Final = np.array([VALENCES[i] * VALENCES[j] * (1 if i == j else 2) for i, j in row.PAIRS])
"""What Σ mᵢ·mⱼ counts in Σ index²: pairs off the diagonal stand for two."""
_DIAGONAL: Final = [n for n, (i, j) in enumerate(row.PAIRS) if i == j]


def shares(rows: Rows) -> Floats:
    """Mean probabilities over visits, float64 (n, 7), in the order of ``LABELS``; each row sums to 1."""
    sums = rows[:, row.M_SUM].astype(
        np.float64
    )  # their sum, not visits: rounding leaves it off by a millionth
    return ratio(sums, sums.sum(axis=1, keepdims=True))


def index_sum(rows: Rows) -> Floats:
    """Σ mood index over visits, float64 (n,)."""
    return np.asarray(rows[:, row.M_SUM] @ _VALENCES / row.MICRO, np.float64)


def index(rows: Rows) -> Floats:
    """Mean mood index over visits, −0.73 … 0.87, float64 (n,)."""
    return ratio(index_sum(rows), rows[:, row.VISITS])


def index_variance(rows: Rows) -> Floats:
    """Sample variance of the mood index among visits, float64 (n,); NaN below two visits."""
    visits = rows[:, row.VISITS]
    squares = rows[:, row.MM_SUM] @ _INDEX_SQUARED / row.MICRO
    return np.maximum(ratio(squares - visits * index(rows) ** 2, visits - 1), 0.0)


def share_variance(rows: Rows) -> Floats:
    """Sample variance of each share among visits, float64 (n, 7); NaN below two visits."""
    visits = rows[:, [row.VISITS]]
    means = rows[:, row.M_SUM] / np.maximum(visits * row.MICRO, 1)
    squares = rows[:, row.MM_SUM][:, _DIAGONAL] / row.MICRO
    return np.maximum(ratio(squares - visits * means**2, visits - 1), 0.0)


def dwell_s(rows: Rows) -> Floats:
    """Mean dwell, seconds, float64 (n,)."""
    return ratio(rows[:, row.DWELL_MS], rows[:, row.VISITS] * 1000)


def attention(rows: Rows) -> Floats:
    """Share of the dwell spent facing the camera, float64 (n,); NaN unless known of every visit with a dwell.

    How many visits it is known of is not stored; known of a part, it might be a single one's.
    """
    dwell_ms = rows[:, row.DWELL_MS]
    known = rows[:, row.ATTENTION_DWELL_MS] == dwell_ms
    return np.minimum(ratio(rows[:, row.ATTENTION_MS], np.where(known, dwell_ms, 0)), 1.0)


def watchers(rows: Rows) -> Floats:
    """Share of visits that faced the camera at least once, float64 (n,); NaN where attention is not known."""
    known = rows[:, row.ATTENTION_DWELL_MS] == rows[:, row.DWELL_MS]
    return ratio(rows[:, row.WATCHERS], np.where(known, rows[:, row.VISITS], 0))


def uncertain(rows: Rows) -> Floats:
    """Share of visits without a label that has a majority, float64 (n,)."""
    return ratio(rows[:, row.UNCERTAIN], rows[:, row.VISITS])


def ratio(of: Rows | Floats, to: Rows | Floats) -> Floats:
    """``of`` ÷ ``to``, of shapes that go together; NaN where ``to`` is not above 0."""
    quotient = np.full(np.broadcast_shapes(of.shape, to.shape), np.nan)
    np.divide(of, to, out=quotient, where=to > 0)
    return quotient
