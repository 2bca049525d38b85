"""What a rule says of one closed window. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

from aggregator import figures
from aggregator.baseline import deviation
from aggregator.figures import Row
from aggregator.grid import GridWindow
from contract.rules import DeviationRule, Measure, Rule, ThresholdRule


class Verdict(Enum):
    """Of one window under one rule."""

    BROKEN = auto()
    KEPT = auto()
    BETWEEN = auto()
    """Not broken, and not as far from it as hysteresis asks."""
    UNKNOWN = auto()
    """Too few visits, or nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and the figures it rests on; those that may not be told are None.

    Attributes:
        value: what was measured.
        limit: what it was held against.
        deviation: standard errors between the two; None for thresholds.
    """

    verdict: Verdict
    value: float | None = None
    limit: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """A closed window as it was read.

    Attributes:
        window: which.
        row: what is in it.
        weeks: rows of the same hour of the weeks before, newest first, where a rule asks for them.
    """

    window: GridWindow
    row: Row
    weeks: list[Row]


def find(rule: Rule, seen: SeenWindow, k: int) -> Finding:
    """What ``rule`` says of a window, for a site that tells nothing of fewer than ``k`` visits."""
    if isinstance(rule, DeviationRule):
        return _of_deviation(rule, seen, k)
    return _of_threshold(rule, seen, k)


def _of_deviation(rule: DeviationRule, seen: SeenWindow, k: int) -> Finding:
    found = deviation(seen.row, seen.weeks[: rule.weeks], k, rule.weeks_min)
    if found is None:
        return Finding(Verdict.UNKNOWN)
    near = rule.z / 2 if rule.clear_z is None else rule.clear_z
    verdict = Verdict.BETWEEN
    if abs(found.z) > rule.z:
        verdict = Verdict.BROKEN
    elif abs(found.z) <= near:
        verdict = Verdict.KEPT
    return Finding(verdict, round(found.index, 2), round(found.baseline, 2), round(found.z, 1))


def _of_threshold(rule: ThresholdRule, seen: SeenWindow, k: int) -> Finding:
    length_ms = seen.window.end_ms - seen.window.start_ms
    value = figures.measured(seen.row, rule.measure, length_ms, k)
    if value is None:
        return Finding(Verdict.UNKNOWN)
    if rule.below is not None:
        limit, beyond = rule.below, rule.below - value
    elif rule.above is not None:
        limit, beyond = rule.above, value - rule.above
    else:
        return Finding(Verdict.UNKNOWN)  # a rule has one of both
    verdict = Verdict.BETWEEN
    if beyond > 0:
        verdict = Verdict.BROKEN
    elif beyond <= -rule.hysteresis:
        verdict = Verdict.KEPT
    told = None if rule.measure is Measure.VISITS and value < k else round(value, 2)
    return Finding(verdict, told, limit)
