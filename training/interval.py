"""How far chance alone may have moved a share."""

import math
from typing import Final

QUANTILE: Final = 1.959964
"""Of the normal distribution: 95% lie within so many standard deviations."""


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share that was seen among ``n``.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference": unlike ± 1.96
    standard errors it keeps its promise for few images and for shares near 0 and 1.

    Args:
        share: fraction of 1.
        n: at least 1.

    Returns:
        Lower and upper end, fractions of 1, around ``share``.
    """
    z2 = QUANTILE**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # rounding puts an end a hair below 0 or above 1
    return max(middle - half, 0.0), min(middle + half, 1.0)
