"""How far an hour's mood index is from the same hour of earlier weeks, in standard errors. Pure."""

import math
from dataclasses import dataclass
from statistics import mean, variance
from typing import Final

from aggregator import figures
from aggregator.figures import Row

LEAST_ERROR: Final = 0.01
"""Standard error of the index that is never undercut: smaller differences are no news, however certain."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """An hour held against its baseline.

    Attributes:
        index: of the hour.
        baseline: mean of the weeks' indices, each week counting alike.
        z: difference ÷ its standard error.
    """

    index: float
    baseline: float
    z: float


def deviation(row: Row, weeks: list[Row], k: int, weeks_min: int) -> Deviation | None:
    """The hour against its baseline.

    The standard error has three parts: the spread of the hour's visits, that of the weeks' visits, and what
    the weeks differ from one another beyond that. (Visits of one day are alike: without the third part, an
    ordinary rainy Tuesday would be an alert.)

    Args:
        row: of the hour.
        weeks: the same hour of earlier weeks.
        k: least visits of an hour that counts; never fewer than two, one has no spread.
        weeks_min: least number of weeks that count.

    Returns:
        None where there is too little to judge by.
    """
    least = max(2, k)
    counted = [week for week in weeks if figures.visits(week) >= least]
    if figures.visits(row) < least or len(counted) < max(2, weeks_min):
        return None
    indices = [figures.index(week) for week in counted]
    errors = [_squared_error(week) for week in counted]
    between = max(0.0, variance(indices) - mean(errors))
    squared = _squared_error(row) + between + (mean(errors) + between) / len(counted)
    baseline = mean(indices)
    index = figures.index(row)
    return Deviation(index, baseline, (index - baseline) / max(LEAST_ERROR, math.sqrt(squared)))


def _squared_error(row: Row) -> float:
    return figures.index_variance(row) / figures.visits(row)
