"""The figures of a whole period. Pure."""

from dataclasses import dataclass

import numpy as np

from contract import row
from runtime import figures
from runtime.figures import Rows


@dataclass(frozen=True, slots=True)
class Totals:
    """What is known of a sum; NaN: not known.

    Attributes:
        visits: how many.
        index: mean mood index.
        dwell_s: mean dwell, seconds.
        attention: share of the dwell spent facing the camera.
    """

    visits: int
    index: float
    dwell_s: float
    attention: float


def totals_of(total: Rows) -> Totals:
    """The figures of a sum, int64 (``row.WIDTH``,)."""
    one = total[np.newaxis]
    means = (float(of(one)[0]) for of in (figures.index, figures.dwell_s, figures.attention))
    return Totals(int(total[row.VISITS]), *means)
