"""A synthetic shopper who stands before the camera and changes expression, as a script says."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from demo.face_model import FaceModel
from producer.frames import Clock, Frame, Image, Moment, Quiet

WIDTH: Final = 640
HEIGHT: Final = 480
"""Of the frames, in pixels."""

MORPH_MS: Final = 1000
"""An expression comes within so much time."""

DEFAULT_SEED: Final = 25
"""Of the first 30, one whose expressions the shipped model and people read surely."""

QUIET_MS: Final = 1000
"""A pause between frames is told at least this often."""

FACE_PX: Final = 180
FACE_LEFT: Final = (WIDTH - FACE_PX) // 2
FACE_TOP: Final = 120
"""Where the square of the face lies in a picture of the shopper at rest."""

_BELOW_PX = 40
"""The shopper goes on below the frame, so that no sway shows the end."""

_COARSE = 4
"""What is smooth anyway is computed on a grid of so many pixels."""

_USUAL_WEIGHT = 0.02
"""Of the face's average, where no part of the face is near."""

_EDGE_PX = 5
"""Shapes fade out over so many pixels."""

_NOISE_SIGMA = 2.0
_SKIN_BGR = (0.80, 0.96, 1.15)
_HAIR_BGR = (38.0, 44.0, 54.0)
_COAT_BGR = (112.0, 84.0, 62.0)
_WALL_BGR = (214.0, 220.0, 222.0)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """One expression, held for a while.

    Attributes:
        label: of ``LABELS``.
        duration_ms: with the morph that it begins with.
    """

    label: str
    duration_ms: int


SCRIPT: Final = (
    Scene("neutral", 8_000),
    Scene("happy", 10_000),
    Scene("surprise", 6_000),
    Scene("neutral", 6_000),
    Scene("happy", 8_000),
    Scene("surprise", 6_000),
)


def mixture_at(script: tuple[Scene, ...], at_ms: int) -> Floats:
    """Shares of the expressions at a time: float32 (7,), in the order of ``LABELS``, summing to 1.

    The script repeats for ever, counted from the epoch: so a time alone tells what is shown.

    Args:
        script: scenes, one after the other.
        at_ms: UTC.
    """
    into_ms = at_ms % sum(scene.duration_ms for scene in script)
    last = script[-1]
    for scene in script:
        if into_ms < scene.duration_ms:
            break
        into_ms -= scene.duration_ms
        last = scene
    t = min(1.0, into_ms / MORPH_MS)
    come = t * t * (3 - 2 * t)
    mixture = np.zeros(len(LABELS), np.float32)
    mixture[LABELS.index(last.label)] += 1 - come
    mixture[LABELS.index(scene.label)] += come
    return mixture


def expression_at(script: tuple[Scene, ...], at_ms: int) -> str:
    """The true label of a time (UTC milliseconds): within a morph, of what is shown more."""
    return LABELS[int(mixture_at(script, at_ms).argmax())]


class Shopper:
    """Draws one shopper. Pure: a picture depends on the model, the seed and the time alone.

    Args:
        model: of faces.
        seed: of who it is, and of the noise.
        script: what is expressed when.
    """

    def __init__(
        self, model: FaceModel, seed: int = DEFAULT_SEED, script: tuple[Scene, ...] = SCRIPT
    ) -> None:
        self.script = script
        self._model = model
        self._seed = seed
        self._identity = model.identity(seed)
        self._wall = _draw_wall()
        neutral = np.zeros(len(LABELS), np.float32)
        neutral[LABELS.index("neutral")] = 1
        self._figure = _draw_figure(_skin(model.face(self._identity, neutral)))
        self._face_mask = _face_mask(FACE_PX)[..., None]

    def picture(self, at_ms: int) -> Image:
        """The frame at a time (UTC milliseconds): uint8 BGR (480, 640, 3)."""
        face = self._model.face(self._identity, mixture_at(self.script, at_ms))
        figure = self._figure.copy()
        there = figure[FACE_TOP : FACE_TOP + FACE_PX, FACE_LEFT : FACE_LEFT + FACE_PX, :3]
        large = cv2.resize(face, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        there += self._face_mask * (large[..., None] * np.array(_SKIN_BGR, np.float32) - there)
        moved = cv2.warpAffine(figure, _sway(at_ms, self._seed), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        rng = np.random.default_rng((self._seed, at_ms))
        noise = _NOISE_SIGMA * rng.standard_normal((HEIGHT, WIDTH, 1), np.float32)
        seen = self._wall * (1 - moved[..., 3:]) + moved[..., :3] + noise
        return np.asarray(np.clip(seen, 0, 255), np.uint8)


class ShopperSource:
    """The shopper as a live camera; see ``producer.frames.Source``.

    Args:
        shopper: who is seen.
        fps: frames a second.
        clock: time.
    """

    name = "synthetic shopper"
    live = True

    def __init__(self, shopper: Shopper, fps: float, clock: Clock) -> None:
        self._shopper = shopper
        self._period_ms = 1000 / fps
        self._clock = clock

    def moments(self) -> Iterator[Moment]:
        """See ``Source``."""
        due_ms = float(self._clock.now_ms())
        while True:
            while (early_ms := due_ms - self._clock.now_ms()) > 0:
                if self._clock.wait(min(early_ms, QUIET_MS) / 1000):
                    return
                if early_ms > QUIET_MS:
                    yield Quiet(self._clock.now_ms())
            if self._clock.wait(0):
                return
            now_ms = self._clock.now_ms()
            yield Frame(self._shopper.picture(now_ms), now_ms)
            # the grid is kept, but after a pause or a step of the clock nothing is made up for
            now_ms = self._clock.now_ms()
            due_ms = min(max(due_ms + self._period_ms, now_ms), now_ms + self._period_ms)

    def close(self) -> None:
        """Nothing is held."""


def _sway(at_ms: int, seed: int) -> npt.NDArray[np.float64]:
    """Standing still as people do: a few pixels to and fro, a breath every 4 s. Affine, (2, 3)."""
    t = 2 * math.pi * at_ms / 1000
    phase = seed % 97
    right_px = 5.0 * math.sin(t / 7.3 + phase) + 2.0 * math.sin(t / 3.1)
    down_px = 1.5 * math.sin(t / 4.0) + 1.5 * math.sin(t / 9.7 + phase)
    turn = math.radians(1.6 * math.sin(t / 8.9 + phase) + 0.6 * math.sin(t / 3.7))
    scale = 1 + 0.006 * math.sin(t / 11.3)
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    linear = np.array([(cos, -sin), (sin, cos)])
    feet = np.array([WIDTH / 2, HEIGHT])
    moved = np.array([WIDTH / 2 + right_px, HEIGHT + down_px])
    return np.column_stack((linear, moved - linear @ feet))


def _face_mask(side: int) -> Floats:
    """How much of the model's face is seen: float32 (side, side), an ellipse that fades out."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    return np.asarray(_smooth((1.0 - np.hypot((x - 0.5) / 0.41, (y - 0.53) / 0.50)) / 0.25), np.float32)


def _smooth(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """From 0 at t ≤ 0 to 1 at t ≥ 1, without corners."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _skin(face: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Grey of the skin around and below a face, in the whole figure: so head and neck go on as the face ends.

    Each point is the average of the face near it (a normalised convolution: Knutsson & Westin 1993).

    Returns:
        float64 (480 + _BELOW_PX, 640).
    """
    mask = _face_mask(len(face))
    scale = FACE_PX / len(face)
    place = np.array([(scale, 0, FACE_LEFT + scale / 2), (0, scale, FACE_TOP + scale / 2)]) / _COARSE
    size = (WIDTH // _COARSE, (HEIGHT + _BELOW_PX) // _COARSE)
    known, weight = (
        cv2.GaussianBlur(cv2.warpAffine(plane, place, size), (0, 0), 0.12 * FACE_PX / _COARSE)
        for plane in (mask * face, mask)
    )
    usual = float((mask * face).sum() / mask.sum())
    coarse = (known + _USUAL_WEIGHT * usual) / (weight + _USUAL_WEIGHT)
    return np.asarray(
        cv2.resize(coarse, (WIDTH, HEIGHT + _BELOW_PX), interpolation=cv2.INTER_CUBIC), np.float64
    )


def _draw_wall() -> Floats:
    """A light wall, lit from the upper left: float32 (480, 640, 3), BGR."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    light = 1.06 - 0.10 * (x / WIDTH) - 0.12 * (y / HEIGHT)
    return np.asarray(light[..., None] * np.array(_WALL_BGR), np.float32)


def _draw_figure(skin: npt.NDArray[np.float64]) -> Floats:
    """Hair, head, neck and shoulders: float32 (480 + _BELOW_PX, 640, 4), BGR (premultiplied) and opacity 0–1.

    Args:
        skin: grey of the skin, (480 + _BELOW_PX, 640).
    """
    height = HEIGHT + _BELOW_PX
    y, x = np.mgrid[:height, :WIDTH] + 0.5
    # in sides of the face, from the middle of its upper edge
    sideways, v = np.abs(x - FACE_LEFT - FACE_PX / 2) / FACE_PX, (y - FACE_TOP) / FACE_PX
    tint = skin[..., None] * np.array(_SKIN_BGR)
    figure = np.zeros((height, WIDTH, 4), np.float32)

    def paint(depth: npt.NDArray[np.float64], colour: npt.NDArray[np.float64]) -> None:
        """Lays (height, WIDTH, 3) of colour over what is there, where ``depth`` inside the shape is > 0."""
        shape = _smooth(depth * FACE_PX / _EDGE_PX + 0.5)
        figure[..., :3] += shape[..., None] * (colour - figure[..., :3])
        figure[..., 3] += shape * (1 - figure[..., 3])

    def ellipse(middle: float, half_width: float, half_height: float) -> npt.NDArray[np.float64]:
        radius = np.hypot(sideways / half_width, (v - middle) / half_height)
        return np.asarray((1 - radius) * min(half_width, half_height))

    shine = 1 + 0.5 * np.exp(-(((v + 0.14 - 0.6 * sideways**2) / 0.07) ** 2))
    hair = shine[..., None] * np.array(_HAIR_BGR)
    paint(ellipse(0.28, 0.51, 0.60), hair)
    neck_half = 0.22 + 0.10 * np.clip((v - 1.05) / 0.3, 0, 1) ** 2
    shadow = 0.60 + 0.25 * _smooth((v - 0.98) / 0.3)
    paint(np.minimum(neck_half - sideways, v - 0.7), (shadow * (1 - 0.5 * sideways))[..., None] * tint)
    collar = 1.32 - 0.10 * _smooth(sideways / 0.30)
    slope = (
        collar + 0.20 * np.clip((sideways - 0.2) / 0.8, 0, 1) ** 1.3 + 3 * np.clip(sideways - 0.95, 0, 1) ** 2
    )
    cloth = 1.05 - 0.25 * sideways - 0.35 * np.exp(-(((v - collar) / 0.02) ** 2)) * (sideways < 0.32)
    paint(v - slope, cloth[..., None] * np.array(_COAT_BGR))
    paint(ellipse(0.47, 0.42, 0.56), (1.0 - 1.2 * np.clip(sideways - 0.25, 0, 1))[..., None] * tint)
    hairline = -0.01 + 2.2 * np.clip(sideways - 0.12, 0, 1) ** 2
    paint(np.minimum(hairline - v, ellipse(0.28, 0.51, 0.60)), hair)
    return figure
