"""How long the windows of a site are kept: what a site may set, and what holds where it sets nothing. Pure.

A site's hash (``keys.site``) has a field for each resolution that it sets, such as ``keep_1h`` with ``90d``.
Never longer than ``KEPT_MS``, which papers promise; never shorter than ``LEAST_MS``, which alerts need.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from contract.rules import DeviationRule
from contract.windows import KEPT_MS, WINDOW_MS, Chunk, Resolution

LOOK_BACK_MS: Final = 24 * 3_600_000
"""Older windows are history: they are in Redis for who asks, and no news."""

FIELDS: Final = {resolution: f"keep_{resolution}" for resolution in Resolution}
"""Of the hash ``keys.site``."""

SHORT_NAMES: Final = {resolution: resolution.value.removesuffix("in") for resolution in Resolution}
"""Of resolutions, as people write them: ``15m``."""

_MINUTE_MS: Final = WINDOW_MS[Resolution.MINUTE]
_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]
_DAY_MS: Final = WINDOW_MS[Resolution.DAY]
_WEEK_MS: Final = 7 * _DAY_MS

_UNITS_MS: Final = {"y": 365 * _DAY_MS, "d": _DAY_MS, "h": _HOUR_MS, "m": _MINUTE_MS}
_SPAN: Final = re.compile(rf"(\d{{1,7}})([{''.join(_UNITS_MS)}])", re.ASCII)


class BadRetention(ValueError):
    """A time to keep windows that cannot be used; the message is a sentence for whoever set it."""


def look_back_ms(resolution: Resolution, kept_ms: int) -> int:
    """How long ago a window may have begun that is still told of; what is read must not be about to expire.

    Args:
        resolution: of the window.
        kept_ms: how long its chunk is kept.
    """
    return min(LOOK_BACK_MS, kept_ms // 2) + 2 * WINDOW_MS[resolution]


def _least_ms(resolution: Resolution) -> int:
    """What telling of windows needs, and of hours what deviation rules hold them against; a round number."""
    needed_ms = look_back_ms(resolution, KEPT_MS[resolution])
    rule = DeviationRule()
    if resolution is rule.resolution:
        needed_ms += rule.weeks_min * _WEEK_MS
    unit_ms = _DAY_MS if needed_ms >= 2 * _DAY_MS else _HOUR_MS if needed_ms >= _HOUR_MS else _MINUTE_MS
    return -(-needed_ms // unit_ms) * unit_ms


LEAST_MS: Final = {resolution: _least_ms(resolution) for resolution in Resolution}
"""No chunk is kept shorter after its end."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long chunks of a site are kept after their end.

    Attributes:
        own: what the site sets, ms.
        unusable: what it sets and cannot be used: why not; ``KEPT_MS`` holds there.
    """

    own: Mapping[Resolution, int] = field(default_factory=dict)
    unusable: Mapping[Resolution, str] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, values: Sequence[bytes | str | None]) -> Self:
        """From the values of ``FIELDS``, in their order; empty or None: not set."""
        own, unusable = {}, {}
        for resolution, value in zip(FIELDS, values, strict=True):
            if value:
                text = value.decode(errors="replace") if isinstance(value, bytes) else value
                try:
                    own[resolution] = parse_kept(resolution, text)
                except BadRetention as error:
                    unusable[resolution] = str(error)
        return cls(own, unusable)

    def kept_ms(self, resolution: Resolution) -> int:
        """How long a chunk is kept after its end."""
        return self.own.get(resolution, KEPT_MS[resolution])

    def expires_at_ms(self, chunk: Chunk) -> int:
        """When a chunk is forgotten, UTC."""
        return chunk.end_ms + self.kept_ms(chunk.resolution)

    def shorter_than(self, other: "Retention") -> list[Resolution]:
        """Of what less is kept than ``other`` keeps."""
        return [each for each in Resolution if self.kept_ms(each) < other.kept_ms(each)]

    def __str__(self) -> str:
        """Such as ``10s=1h 1m=2d 15m=30d 1h=400d 1d=5y``."""
        return " ".join(f"{name}={write_span(self.kept_ms(each))}" for each, name in SHORT_NAMES.items())


STANDARD: Final = Retention()
"""What holds for a site that sets nothing."""


def parse_kept(resolution: Resolution, text: str) -> int:
    """How long chunks are to be kept, ms, from such as ``90d``: minutes, hours, days or years of 365 days.

    Raises:
        BadRetention: it is no time, or out of bounds.
    """
    match = _SPAN.fullmatch(text)
    if not match:
        raise BadRetention(f"{text[:40]!r} is no time such as 45m, 36h, 90d or 1y")
    kept_ms = int(match[1]) * _UNITS_MS[match[2]]
    least_ms, most_ms = LEAST_MS[resolution], KEPT_MS[resolution]
    if not least_ms <= kept_ms <= most_ms:
        raise BadRetention(
            f"windows of {SHORT_NAMES[resolution]} are kept from {write_span(least_ms)} "
            f"to {write_span(most_ms)}, not {text}"
        )
    return kept_ms


def write_span(ms: int) -> str:
    """A time as ``parse_kept`` reads it; whole minutes."""
    unit = next((unit for unit, unit_ms in _UNITS_MS.items() if ms % unit_ms == 0), "m")
    return f"{ms // _UNITS_MS[unit]}{unit}"
