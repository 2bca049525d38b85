"""Where a shopper is at a time, and what the face shows. Pure."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from demo.story import WALK_S, Appearance

WIDTH: Final = 640
HEIGHT: Final = 480
"""Of the pictures, in pixels."""

MORPH_MS: Final = 1000
"""An expression comes within so much time."""

FAR: Final = 0.72
"""Size of a face at the edge of the picture, in that where it stands: people approach."""

_WALK_MS = WALK_S * 1000
_WALK_TURN_DEG = 12.0
_GLANCE_EVERY_MS = 5_000
_GLANCE_MS = 1_600
_GLANCE_CHANCE = 0.35
_GLANCE_DEG = 36.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """A face in a picture.

    Attributes:
        x, y: middle of the face's square, in pixels.
        side_px: of the square.
        yaw_deg: turned to the side, positive: to the right in the picture.
        roll_deg: tilted, positive: clockwise in the picture.
        mixture: float32 (7,), shares of the expressions in the order of ``LABELS``, summing to 1.
    """

    x: float
    y: float
    side_px: float
    yaw_deg: float
    roll_deg: float
    mixture: Floats


def pose_at(shopper: Appearance, into_ms: float) -> Pose | None:
    """A shopper's pose so long after the period's start; None before coming and after having left."""
    if not shopper.enter_ms <= into_ms < shopper.leave_ms:
        return None
    coming = _smooth((into_ms - shopper.enter_ms) / _WALK_MS)
    going = _smooth((into_ms - (shopper.leave_ms - _WALK_MS)) / _WALK_MS)
    away = (1 - coming) + going  # 0: stands, 1: at the edge
    side = shopper.side_px * (1 - (1 - FAR) * away)
    place = shopper.x * WIDTH
    edge = _edge(shopper.from_left if coming < 1 else shopper.to_left, side)
    moving_right = shopper.from_left if coming < 1 else not shopper.to_left
    moving = 4 * away * (1 - away)  # speed of the smooth walk, 1 at its fastest
    t = 2 * math.pi * into_ms / 1000
    phase = shopper.seed % 97
    sway_px = side * (0.03 * math.sin(t / 7.3 + phase) + 0.012 * math.sin(t / 3.1))
    step_px = side * 0.02 * moving * math.sin(t * 1.8)
    return Pose(
        x=place + (edge - place) * away + sway_px,
        y=0.36 * HEIGHT + 0.25 * side + step_px + 0.012 * side * math.sin(t / 4.0 + phase),
        side_px=side * (1 + 0.006 * math.sin(t / 11.3)),
        yaw_deg=_WALK_TURN_DEG * moving * (1 if moving_right else -1)
        + _glance_deg(shopper, into_ms) * (1 - away),
        roll_deg=1.8 * math.sin(t / 8.9 + phase) + 0.8 * math.sin(t / 3.7),
        mixture=mixture_at(shopper.shows, into_ms),
    )


def mixture_at(shows: tuple[tuple[int, str], ...], into_ms: float) -> Floats:
    """Shares of the expressions: float32 (7,), in the order of ``LABELS``, summing to 1.

    Args:
        shows: (from when on, label), in order, the first at 0.
        into_ms: time.
    """
    mixture = np.zeros(len(LABELS), np.float32)
    for at_ms, label in shows:
        come = _smooth((into_ms - at_ms) / MORPH_MS) if at_ms else 1.0
        mixture *= 1 - come
        mixture[LABELS.index(label)] += come
    return mixture


def _edge(left: bool, side_px: float) -> float:
    """Where the middle of a face is that is just out of the picture."""
    return -0.5 * side_px if left else WIDTH + 0.5 * side_px


def _glance_deg(shopper: Appearance, into_ms: float) -> float:
    """People look around now and then, for a moment."""
    turn, since_ms = divmod(into_ms - shopper.enter_ms, _GLANCE_EVERY_MS)
    rng = np.random.default_rng((shopper.seed, int(turn)))
    if rng.random() >= _GLANCE_CHANCE or since_ms >= _GLANCE_MS:
        return 0.0
    side = 1 if rng.random() < 0.5 else -1
    return float(side * _GLANCE_DEG * math.sin(math.pi * since_ms / _GLANCE_MS) ** 2)


def _smooth(t: float) -> float:
    """From 0 at t ≤ 0 to 1 at t ≥ 1, without corners."""
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)
