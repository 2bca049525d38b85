"""When a camera's figures are worth an alert: rules, as JSON in the hash ``keys.rules``.

For a camera in partition 6::

    HSET moodlens:{6}:shop-1/entrance:rules gloomy '{"kind":"threshold","measure":"index","below":0}'
    HSET moodlens:{6}:shop-1/entrance:rules unusual '{"kind":"deviation","z":4}'
"""

import re
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contract.events import NAME_PATTERN
from contract.labels import LABELS
from contract.undecodable import UNDECODABLE, one_line
from contract.windows import Resolution

SHARE = "share_"


class Measure(StrEnum):
    """What a threshold may be set for."""

    INDEX = "index"
    COVERAGE = "coverage"
    VISITS = "visits"
    DWELL_MS = "dwell_ms"
    ATTENTION = "attention"
    UNCERTAIN = "uncertain"
    ANGRY = "share_angry"
    DISGUST = "share_disgust"
    FEAR = "share_fear"
    HAPPY = "share_happy"
    NEUTRAL = "share_neutral"
    SAD = "share_sad"
    SURPRISE = "share_surprise"

    @property
    def label(self) -> str | None:
        """The label whose share it is, or None."""
        label = self.removeprefix(SHARE)
        return label if label in LABELS else None


Streak = Annotated[int, Meta(ge=1, le=100)]


class ThresholdRule(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="threshold"
):
    """A measure below (or above) a threshold for a number of windows in a row.

    Windows with fewer than k visits say nothing of people: they end a streak, and clear no alert. Two
    measures need none: ``coverage`` (it is the camera's), and ``visits``, where any number below k is 0 as
    long as coverage is at least a half.

    Attributes:
        measure: what is measured.
        below, above: the threshold; exactly one is given.
        windows: how many in a row break the rule, or keep it again.
        resolution: of the windows.
        hysteresis: how far beyond the threshold the measure must come back for the rule to be kept again.
    """

    measure: Measure = Measure.INDEX
    below: float | None = None
    above: float | None = None
    windows: Streak = 3
    resolution: Resolution = Resolution.QUARTER
    hysteresis: Annotated[float, Meta(ge=0.0)] = 0.05

    def __post_init__(self) -> None:
        if (self.below is None) == (self.above is None):
            raise ValueError("give either `below` or `above`")


class DeviationRule(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="deviation"
):
    """The mood index of an hour far from that of the same hour of the weeks before.

    Attributes:
        z: standard errors that are far.
        clear_z: standard errors that are near again; None: half of ``z``.
        weeks: how many weeks back.
        weeks_min: fewer with at least k visits in that hour: no judgement.
        windows: how many hours in a row are far, or near again.
    """

    z: Annotated[float, Meta(gt=0.0)] = 3.0
    clear_z: Annotated[float, Meta(gt=0.0)] | None = None
    weeks: Annotated[int, Meta(ge=2, le=26)] = 8
    weeks_min: Annotated[int, Meta(ge=2, le=26)] = 3
    windows: Streak = 1

    def __post_init__(self) -> None:
        if self.clear_z is not None and self.clear_z > self.z:
            raise ValueError("`clear_z` is above `z`")
        if self.weeks_min > self.weeks:
            raise ValueError("`weeks_min` is above `weeks`")

    @property
    def resolution(self) -> Resolution:
        """Of its windows."""
        return Resolution.HOUR

    @property
    def measure(self) -> Measure:
        """What is measured."""
        return Measure.INDEX


Rule = ThresholdRule | DeviationRule

_NAME: Final = re.compile(NAME_PATTERN)
_decoder: Final = msgspec.json.Decoder(Rule)


class BadRule(ValueError):
    """A rule that cannot be used; the message says why."""


def decode_rule(name: str, payload: bytes) -> Rule:
    """The rule in ``payload``, which has the name ``name``.

    Raises:
        BadRule: it is none, or out of bounds, or may not be called so.
    """
    if not _NAME.fullmatch(name):
        raise BadRule("its name has other characters than a-z, 0-9 and -")
    try:
        rule: Rule = _decoder.decode(payload)
    except UNDECODABLE as error:
        raise BadRule(one_line(error)) from None
    return rule
