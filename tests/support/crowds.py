"""Window rows of simulated crowds: visits whose mean probabilities are those of an unsure model."""

import numpy as np
import numpy.typing as npt

from contract import row
from contract.labels import LABELS

Floats = npt.NDArray[np.float64]

QUIET = (0.03, 0.01, 0.02, 0.10, 0.70, 0.10, 0.04)
MIXED = (0.10, 0.05, 0.05, 0.30, 0.30, 0.10, 0.10)
HAPPY = (0.02, 0.01, 0.01, 0.50, 0.40, 0.03, 0.03)
"""Shares of the labels, in the order of ``LABELS``."""


def draw_visits(
    rng: np.random.Generator, shares: tuple[float, ...], crowds: int, visits: int, sureness: float
) -> Floats:
    """Mean probabilities of visits, float64 (crowds, visits, 7), near to 0 and 1 if ``sureness`` is large."""
    labels = rng.choice(len(LABELS), (crowds, visits), p=np.array(shares) / sum(shares))
    logits = sureness * np.eye(len(LABELS))[labels] + rng.normal(0, 1, (crowds, visits, len(LABELS)))
    exponentials = np.exp(logits)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), np.float64)


def rows_of_visits(means: Floats) -> npt.NDArray[np.int64]:
    """A row a crowd, int64 (crowds, ``row.WIDTH``), of its visits' mean probabilities (crowds, visits, 7)."""
    crowds, visits, _ = means.shape
    micro = np.round(means * row.MICRO)
    rows = np.zeros((crowds, row.WIDTH), np.int64)
    rows[:, row.VISITS] = visits
    rows[:, row.M_SUM] = micro.sum(axis=1)
    upper, lower = np.array(row.PAIRS).T
    products = micro.swapaxes(1, 2) @ micro / row.MICRO
    rows[:, row.MM_SUM] = np.round(products[:, upper, lower])
    return rows
