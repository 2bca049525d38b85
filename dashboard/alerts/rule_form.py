"""From the fields of the form to a rule, and from what is wrong with a rule to the field. Pure.

Fields are in the units that people read (``words.alerts.unit``): shares in percent, dwell in seconds.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec

from contract.rules import BadRule, DeviationRule, Measure, Rule, decode_rule
from contract.windows import Resolution
from dashboard.words.alerts import scale

BELOW, ABOVE = "below", "above"
THRESHOLD, DEVIATION = "threshold", "deviation"

SENTENCES: Final = {
    "name": "Use a-z, 0-9 and -, such as gloomy-hour.",
    "limit": "Give a number.",
    "windows": "Give a whole number from 1 to 100.",
    "hysteresis": "Give 0 or more.",
    "z": "Give a number above 0.",
    "clear_z": "Give a number above 0, and none above the first one.",
    "weeks": "Give 2 to 26 weeks.",
    "weeks_min": "Give 2 to 26 weeks, and no more than it looks back.",
    "": "This rule cannot be used.",
}
TAKEN: Final = "There is a rule of that name already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the form holds.

    Attributes:
        name: of the rule.
        kind: ``THRESHOLD`` or ``DEVIATION``; the fields of the other kind are not looked at.
        measure, side, limit, windows, resolution, hysteresis: of a threshold; ``windows`` of both kinds.
        z, clear_z, weeks, weeks_min: of a deviation.
    """

    name: str = ""
    kind: str = THRESHOLD
    measure: Measure = Measure.INDEX
    side: str = BELOW
    limit: float | None = 0.0
    hysteresis: float | None = 0.05
    resolution: Resolution = Resolution.QUARTER
    windows: int | None = 3
    z: float | None = 3.0
    clear_z: float | None = None
    weeks: int | None = 8
    weeks_min: int | None = 3


def fields_of(name: str, rule: Rule) -> Fields:
    """The form, filled with a rule."""
    if isinstance(rule, DeviationRule):
        return Fields(
            name=name,
            kind=DEVIATION,
            windows=rule.windows,
            z=rule.z,
            clear_z=rule.clear_z,
            weeks=rule.weeks,
            weeks_min=rule.weeks_min,
        )
    by = scale(rule.measure)
    limit = rule.above if rule.below is None else rule.below
    return Fields(
        name=name,
        measure=rule.measure,
        side=ABOVE if rule.below is None else BELOW,
        limit=None if limit is None else round(limit * by, 6),
        hysteresis=round(rule.hysteresis * by, 6),
        resolution=rule.resolution,
        windows=rule.windows,
    )


def rule_of(fields: Fields, taken: Collection[str] = ()) -> tuple[Rule | None, dict[str, str]]:
    """The rule, or None and for each field at fault one sentence.

    Args:
        fields: of the form.
        taken: names that it may not have.
    """
    if fields.name in taken:
        return None, {"name": TAKEN}
    payload = {name: value for name, value in _payload(fields).items() if value is not None}
    try:
        return decode_rule(fields.name, msgspec.json.encode(payload)), {}
    except BadRule as error:
        field = _field_of(str(error))
        return None, {field: SENTENCES[field]}


def _payload(fields: Fields) -> dict[str, object]:
    if fields.kind == DEVIATION:
        return {
            "kind": DEVIATION,
            "windows": fields.windows,
            "z": fields.z,
            "clear_z": fields.clear_z,
            "weeks": fields.weeks,
            "weeks_min": fields.weeks_min,
        }
    by = scale(fields.measure)
    return {
        "kind": THRESHOLD,
        "measure": fields.measure,
        fields.side: None if fields.limit is None else fields.limit / by,
        "windows": fields.windows,
        "resolution": fields.resolution,
        "hysteresis": None if fields.hysteresis is None else fields.hysteresis / by,
    }


def _field_of(message: str) -> str:
    """The field that a message of ``decode_rule`` is about; '' where it names none."""
    if message.startswith("its name"):
        return "name"
    named = re.search(r"`\$\.(\w+)`", message) or re.search(r"`(\w+)`", message)
    field = named[1] if named else ""
    if field in {BELOW, ABOVE}:
        return "limit"
    return field if field in SENTENCES else ""
