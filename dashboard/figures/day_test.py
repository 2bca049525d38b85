"""Whether days after something differ from days before it, by more than days differ anyway. Pure.

Visits of a day are not independent of each other: moods differ from day to day by more than chance among
visits explains. So two stretches of time are compared by days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import Final

import numpy as np
import numpy.typing as npt

from runtime.figures import Floats

Ints = npt.NDArray[np.int64]

DAYS_LEAST: Final = 6
"""A side; of fewer days nothing can be said."""

ALPHA: Final = 0.05

PERMUTATIONS: Final = 10_000

_ROUNDING: Final = 1e-12

_BISECTIONS: Final = 30

_FARTHEST: Final = 1e3

NOT_ENOUGH, NO_DIFFERENCE = "not enough days", "no reliable difference"

HIGHER, LOWER = "higher", "lower"


@dataclass(frozen=True, slots=True)
class Days:
    """A figure of days that are to be compared.

    Attributes:
        weekday: int64 (n,), 0 (Monday) … 6.
        value: float64 (n,), NaN: a day without the figure, which is left out.
    """

    weekday: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison of days says.

    Attributes:
        kind: ``NOT_ENOUGH``, ``NO_DIFFERENCE``, ``HIGHER`` or ``LOWER`` (after than before).
        difference: after less before, among the same weekdays; NaN: not enough days.
        p: how often chance alone would give a difference at least so large.
        low, high: of the difference's 95% interval.
        days_before, days_after: that could be compared.
    """

    kind: str
    difference: float
    p: float
    low: float
    high: float
    days_before: int
    days_after: int


def compare_days(before: Days, after: Days) -> Verdict:
    """Whether days after something differ from days before it, by more than days differ anyway.

    A permutation test: which days of a weekday came before and which after is shuffled. Weekdays that only
    one side has tell nothing and are left out. The interval has every shift of the days after that the test
    would not call a difference.

    Args:
        before: at least ``DAYS_LEAST`` days of weekdays that ``after`` has, too.
        after: likewise.
    """
    days = _Paired.of(before, after)
    sides = len(days.value) - int(days.is_after.sum()), int(days.is_after.sum())
    if min(sides) < DAYS_LEAST:
        return Verdict(NOT_ENOUGH, np.nan, np.nan, np.nan, np.nan, *sides)
    shuffled = days.shuffles()
    differences, shifts = days.differences(shuffled, days.value), days.differences(shuffled, days.is_after)
    difference = float(days.differences(days.is_after[np.newaxis], days.value)[0])

    def p_of(shift: float) -> float:
        """How often chance gives as much, if the days after were really higher by ``shift``."""
        found = np.abs(differences - shift * shifts) >= abs(difference - shift) - _ROUNDING
        return float(found.mean())

    p = p_of(0.0)
    low, high = (_edge(p_of, difference, sign * np.ptp(days.value)) for sign in (-1.0, 1.0))
    if p > ALPHA:
        return Verdict(NO_DIFFERENCE, difference, p, low, high, *sides)
    return Verdict(HIGHER if difference > 0 else LOWER, difference, p, low, high, *sides)


@dataclass(frozen=True, slots=True)
class _Paired:
    """Days of weekdays that both sides have.

    Attributes:
        weekday: int64 (n,), sorted.
        value: float64 (n,).
        is_after: float64 (n,), 1 or 0.
    """

    weekday: Ints
    value: Floats
    is_after: Floats

    @classmethod
    def of(cls, before: Days, after: Days) -> "_Paired":
        weekday, value = (
            np.concatenate([getattr(side, name) for side in (before, after)]) for name in ("weekday", "value")
        )
        is_after = np.repeat([0.0, 1.0], [len(before.value), len(after.value)])
        known = np.isfinite(value)
        shared = np.intersect1d(weekday[known & (is_after == 0)], weekday[known & (is_after == 1)])
        kept = np.flatnonzero(known & np.isin(weekday, shared))
        order = kept[np.argsort(weekday[kept], kind="stable")]
        return cls(weekday[order], value[order], is_after[order])

    def shuffles(self) -> Floats:
        """Ways to say which days of each weekday came after, float64 (m, n); all of them if not too many.

        What is drawn has the true one among it, so that the test never promises too much (Phipson & Smyth
        2010, "Permutation p-values should never be zero").
        """
        weeks = [self.is_after[self.weekday == day] for day in np.unique(self.weekday)]
        if prod(comb(len(week), int(week.sum())) for week in weeks) <= PERMUTATIONS:
            every = [_placements(week) for week in weeks]
            return np.array([np.concatenate(one) for one in product(*every)])
        rng = np.random.default_rng(0)
        drawn = [rng.permuted(np.tile(week, (PERMUTATIONS - 1, 1)), axis=1) for week in weeks]
        return np.vstack([self.is_after, np.concatenate(drawn, axis=1)])

    def differences(self, is_after: Floats, value: Floats) -> Floats:
        """Mean difference of the same weekdays, float64 (m,), for each of m ways to say which came after.

        Weekdays weigh as much as they know: by (days before × days after) ÷ all days of theirs.

        Args:
            is_after: float64 (m, n).
            value: float64 (n,).
        """
        starts = np.flatnonzero(np.diff(self.weekday, prepend=-1))
        count = np.diff(starts, append=len(value))
        later = np.add.reduceat(self.is_after, starts)
        sums = np.add.reduceat(is_after * value, starts, axis=1)
        all_sums = np.add.reduceat(value, starts)
        weight = later * (count - later) / count
        means = sums / later - (all_sums - sums) / (count - later)
        return np.asarray(means @ weight / weight.sum(), np.float64)


def _placements(week: Floats) -> list[Floats]:
    """Every way to choose as many days of a weekday as ``week`` has set, each float64 (n,)."""
    chosen = np.zeros((comb(len(week), int(week.sum())), len(week)))
    for line, places in zip(chosen, combinations(range(len(week)), int(week.sum())), strict=True):
        line[list(places)] = 1.0
    return list(chosen)


def _edge(p_of: Callable[[float], float], inside: float, step: float) -> float:
    """Where shifts with a p above ``ALPHA`` end, by bisection from ``inside``; ``step`` gives the side."""
    step = step or np.copysign(_ROUNDING, step)
    outside = inside + step
    while p_of(outside) > ALPHA:
        if abs(outside - inside) > _FARTHEST:
            return float(np.copysign(np.inf, step))
        step *= 2
        outside = inside + step
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        if p_of(middle) > ALPHA:
            inside = middle
        else:
            outside = middle
    return outside
