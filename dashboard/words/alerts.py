"""Rules and alerts in the words of a store. Pure."""

from typing import Final

from contract.announcements import Alert
from contract.rules import DeviationRule, Measure, Rule, ThresholdRule
from contract.windows import Resolution

NAMES: Final[dict[Measure, str]] = {
    Measure.INDEX: "mood index",
    Measure.COVERAGE: "coverage",
    Measure.VISITS: "visits",
    Measure.DWELL_MS: "mean dwell",
    Measure.ATTENTION: "attention",
    Measure.UNCERTAIN: "share of visits without a clear expression",
    **{measure: f"share of {measure.label}" for measure in Measure if measure.label},
}

LENGTHS: Final[dict[Resolution, str]] = {
    Resolution.TEN_SECONDS: "10 seconds",
    Resolution.MINUTE: "minute",
    Resolution.QUARTER: "15 minutes",
    Resolution.HOUR: "hour",
    Resolution.DAY: "day",
}

_PERCENT: Final = frozenset(Measure) - {Measure.INDEX, Measure.VISITS, Measure.DWELL_MS}


def scale(measure: Measure) -> float:
    """What a value is multiplied by to be read: shares are read in percent, dwell in seconds."""
    if measure in _PERCENT:
        return 100.0
    return 0.001 if measure is Measure.DWELL_MS else 1.0


def unit(measure: Measure) -> str:
    """What a value is read in: '%', 's' or ''."""
    if measure in _PERCENT:
        return "%"
    return "s" if measure is Measure.DWELL_MS else ""


def amount(measure: Measure, value: float) -> str:
    """A value with its unit: −0.21, 43 %, 12 s, 8."""
    shown = value * scale(measure)
    if measure is Measure.INDEX:
        return f"{shown:+.2f}".replace("-", "−") if abs(shown) >= 0.005 else "0.00"
    named = unit(measure)
    return f"{shown:.0f} {named}" if named else f"{shown:.0f}"


def rule_words(rule: Rule) -> str:
    """When a rule raises an alert."""
    if isinstance(rule, DeviationRule):
        often = "for an hour" if rule.windows == 1 else f"for {rule.windows} hours in a row"
        return (
            f"mood index {often} far from what is usual at that hour and weekday "
            f"(by more than {rule.z:g} standard errors, over {rule.weeks} weeks)"
        )
    side, limit = ("above", rule.above or 0.0) if rule.below is None else ("below", rule.below)
    return f"{NAMES[rule.measure]} {side} {amount(rule.measure, limit)} for {stretch(rule)}"


def stretch(rule: ThresholdRule) -> str:
    """How long a threshold must be broken: one hour, 3 × 15 minutes."""
    length = LENGTHS[rule.resolution]
    if rule.windows > 1:
        return f"{rule.windows} × {length}" if length[0].isdigit() else f"{rule.windows} {length}s in a row"
    return length if length[0].isdigit() else f"one {length}"


def alert_words(alert: Alert, k: int) -> str:
    """What was seen when an alert was raised; without a figure where it rests on fewer than ``k`` visits."""
    try:
        measure = Measure(alert.measure)
    except ValueError:  # of a later version
        return alert.text
    name = NAMES[measure]
    if alert.limit is None:
        return name
    value = None if measure is Measure.VISITS and (alert.value or 0) < k else alert.value
    told = "too few visits to say how many" if value is None else amount(measure, value)
    limit = amount(measure, alert.limit)
    if alert.deviation is not None:
        side = "above" if alert.deviation > 0 else "below"
        return f"{name} {told}: {side} what is usual at that hour ({limit})"
    return f"{name} {_side(alert, alert.limit, value)} {limit}: {told}"


def _side(alert: Alert, limit: float, value: float | None) -> str:
    """On which side of its limit an alert is; a value that is rounded, or back again, does not tell."""
    for side in ("above", "below"):
        if f" {side} {limit:g} (" in alert.text:
            return side
    # where the figure is hidden it is a small one
    return "above" if value is not None and value > limit else "below"


def sentence(words: str) -> str:
    """Words with a capital at their beginning."""
    return f"{words[:1].upper()}{words[1:]}"
