"""A shopper's figure: hair, head, neck and coat, with the face of a model set into it. Pure."""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE, LABELS
from demo.face_model import FaceModel
from producer.badges import DICTIONARY

FACE_PX: Final = 144
"""Side of the face's square in a sprite."""

SIZE: Final = (340, 780)
"""Width and height of a sprite: the coat goes on below the picture, however far away somebody stands."""

FACE_LEFT: Final = (SIZE[0] - FACE_PX) // 2
FACE_TOP: Final = 72

BADGE_SIDE: Final = 0.4
BADGE_TOP: Final = 1.5
"""Side of a badge, and where its card begins below the upper edge of the face, in sides of that."""

YAW_STEP_DEG = 2.0
"""Turns are drawn in such steps."""

WALL_GREY = 200.0
"""What is behind the corners of a clean crop."""

_COARSE = 4
"""What is smooth anyway is computed on a grid of so many pixels."""

_USUAL_WEIGHT = 0.02
"""Of the face's average, where no part of the face is near."""

_EDGE_PX = 4
"""Shapes fade out over so many pixels."""

_HEAD_DEPTH = 0.42
_NOSE_DEPTH = 0.12
"""How far the face and the tip of its nose stand before the head's axis, in sides of the face's square."""

_SKIN_BGR = np.array((0.80, 0.96, 1.15), np.float32)
_TONES = (1.0, 0.92, 0.84, 1.06)
_HAIRS_BGR = ((38, 44, 54), (24, 26, 30), (40, 66, 96), (92, 140, 170), (120, 122, 126))
_COATS_BGR = ((112, 84, 62), (60, 66, 140), (84, 110, 70), (96, 96, 104), (52, 60, 72), (140, 120, 170))

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


class Figure:
    """One shopper, frontal or turned by up to 45°, with any expression.

    Args:
        model: of faces.
        seed: who it is.
        badge: number of the badge on the chest; None: there is none.
    """

    def __init__(self, model: FaceModel, seed: int, badge: int | None = None) -> None:
        rng = np.random.default_rng(seed)
        self._model = model
        self._identity = model.identity(seed)
        self._tint = _TONES[rng.integers(len(_TONES))] * _SKIN_BGR
        hair, coat = _HAIRS_BGR[rng.integers(len(_HAIRS_BGR))], _COATS_BGR[rng.integers(len(_COATS_BGR))]
        neutral = np.eye(len(LABELS), dtype=np.float32)[LABELS.index("neutral")]
        skin = _skin(model.face(self._identity, neutral))
        body = _draw_body(skin[..., None] * self._tint, np.array(hair, float), np.array(coat, float))
        self._body = np.asarray(np.clip(body, 0, 255), np.uint8)
        if badge is not None:
            _pin(self._body, badge)

    def sprite(self, mixture: Floats, yaw_deg: float = 0.0) -> Bytes:
        """The figure: uint8 (780, 340, 4), BGR (premultiplied) and opacity (255: opaque).

        Args:
            mixture: float32 (7,), shares of the expressions.
            yaw_deg: turned to the side, positive: to the right.
        """
        face = self._model.face(self._identity, mixture)
        turn, mask = _turn(len(face), round(yaw_deg / YAW_STEP_DEG) * YAW_STEP_DEG)
        turned = cv2.remap(face, turn, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]  # one map is enough
        large = cv2.resize(turned, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
        sprite = self._body.copy()
        square = sprite[FACE_TOP : FACE_TOP + FACE_PX, FACE_LEFT : FACE_LEFT + FACE_PX]
        place, opacity = square[..., :3], square[..., 3:] / np.float32(255)
        skin = opacity * large[..., None] * self._tint  # a turned face may reach beyond its head
        place[:] = np.clip(place + mask[..., None] * (skin - place), 0, 255)
        return sprite

    def crop(self, mixture: Floats) -> Bytes:
        """What a perfect camera would crop of the figure, frontal: uint8 grey (48, 48)."""
        square = self.sprite(mixture)[FACE_TOP : FACE_TOP + FACE_PX, FACE_LEFT : FACE_LEFT + FACE_PX]
        wall = WALL_GREY * (1 - square[..., 3:] / np.float32(255))
        grey = cv2.cvtColor(np.asarray(np.clip(square[..., :3] + wall, 0, 255), np.uint8), cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.resize(grey, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _pin(body: Bytes, badge: int) -> None:
    """Pins a badge of staff to the chest: a marker of 8 cm on a white card, where a face is 20 cm high."""
    side = round(BADGE_SIDE * FACE_PX)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    marker = cv2.aruco.generateImageMarker(dictionary, badge, side)
    edge = side // 6
    card = cv2.copyMakeBorder(marker, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255,))
    left, top = (SIZE[0] - len(card)) // 2, FACE_TOP + round(BADGE_TOP * FACE_PX)
    body[top : top + len(card), left : left + len(card), :3] = card[..., None]


@lru_cache(maxsize=64)
def _turn(side: int, yaw_deg: float) -> tuple[Floats, Floats]:
    """How a turned face is seen.

    A point (x, depth) of the face, turned about the head's axis, is seen at x·cos(yaw) + depth·sin(yaw);
    depth is that of an ellipsoid with a nose on it.

    Returns:
        float32 (side, side, 2): which pixel of the frontal face is seen at each place; and
        float32 (FACE_PX, FACE_PX): how much of the face is seen there, an ellipse that fades out.
    """
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    bulge = np.sqrt(np.clip(1 - (x / 0.50) ** 2 - (y / 0.66) ** 2, 0, 1))
    nose = np.exp(-((x / 0.07) ** 2) - ((y - 0.06) / 0.13) ** 2)
    depth = _HEAD_DEPTH * bulge + _NOSE_DEPTH * nose
    yaw = np.deg2rad(yaw_deg)
    seen_at = x * np.cos(yaw) + depth * np.sin(yaw)
    # places only move on from left to right: what would lie behind something nearer is not seen
    order = np.maximum.accumulate(seen_at, axis=1) if yaw >= 0 else _minima_from_the_right(seen_at)
    order = order + 1e-6 * np.arange(side)
    source = np.stack([np.interp(x[row], order[row], np.arange(side)) for row in range(side)])
    turn = np.stack((source, np.mgrid[:side, :side][0]), axis=-1).astype(np.float32)
    mask = cv2.remap(_face_mask(side), turn, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
    outside = (x < order[:, :1]) | (x > order[:, -1:])
    mask = np.where(outside, 0, mask)
    return turn, np.asarray(cv2.resize(mask, (FACE_PX, FACE_PX), interpolation=cv2.INTER_LINEAR), np.float32)


def _minima_from_the_right(places: Doubles) -> Doubles:
    return np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]


def _face_mask(side: int) -> Floats:
    """How much of the model's face is seen: float32 (side, side), an ellipse that fades out."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    return np.asarray(_smooth((1.0 - np.hypot((x - 0.5) / 0.41, (y - 0.53) / 0.50)) / 0.25), np.float32)


def _smooth(t: Doubles) -> Doubles:
    """From 0 at t ≤ 0 to 1 at t ≥ 1, without corners."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _skin(face: Bytes) -> Doubles:
    """Grey of the skin around and below a face, in the whole sprite: so head and neck go on as the face ends.

    Each point is the average of the face near it (a normalised convolution: Knutsson & Westin 1993).

    Returns:
        float64 (780, 340).
    """
    mask = _face_mask(len(face))
    scale = FACE_PX / len(face)
    place = np.array([(scale, 0, FACE_LEFT + scale / 2), (0, scale, FACE_TOP + scale / 2)]) / _COARSE
    size = (SIZE[0] // _COARSE, SIZE[1] // _COARSE)
    known, weight = (
        cv2.GaussianBlur(cv2.warpAffine(plane, place, size), (0, 0), 0.12 * FACE_PX / _COARSE)
        for plane in (mask * face, mask)
    )
    usual = float((mask * face).sum() / mask.sum())
    coarse = (known + _USUAL_WEIGHT * usual) / (weight + _USUAL_WEIGHT)
    return np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.float64)


def _draw_body(skin: npt.NDArray[np.floating], hair: Doubles, coat: Doubles) -> Floats:
    """All but the face: float32 (780, 340, 4), BGR (premultiplied) and opacity, 0–255.

    Args:
        skin: (780, 340, 3), BGR.
        hair: (3,), BGR.
        coat: (3,), BGR.
    """
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    # in sides of the face, from the middle of its upper edge
    sideways, v = np.abs(x - FACE_LEFT - FACE_PX / 2) / FACE_PX, (y - FACE_TOP) / FACE_PX
    body = np.zeros((SIZE[1], SIZE[0], 4), np.float32)

    def paint(depth: Doubles, colour: npt.NDArray[np.floating]) -> None:
        """Lays a colour, (780, 340, 3), over what is there, where ``depth`` inside the shape is > 0."""
        shape = _smooth(depth * FACE_PX / _EDGE_PX + 0.5)
        body[..., :3] += shape[..., None] * (colour - body[..., :3])
        body[..., 3] += shape * (255 - body[..., 3])

    def ellipse(middle: float, half_width: float, half_height: float) -> Doubles:
        radius = np.hypot(sideways / half_width, (v - middle) / half_height)
        return np.asarray((1 - radius) * min(half_width, half_height))

    shine = (1 + 0.5 * np.exp(-(((v + 0.14 - 0.6 * sideways**2) / 0.07) ** 2)))[..., None]
    paint(ellipse(0.28, 0.51, 0.60), shine * hair)
    neck_half = 0.22 + 0.10 * np.clip((v - 1.05) / 0.3, 0, 1) ** 2
    shadow = (0.60 + 0.25 * _smooth((v - 0.98) / 0.3)) * (1 - 0.5 * sideways)
    paint(np.minimum(neck_half - sideways, v - 0.7), shadow[..., None] * skin)
    collar = 1.32 - 0.10 * _smooth(sideways / 0.30)
    slope = (
        collar + 0.20 * np.clip((sideways - 0.2) / 0.8, 0, 1) ** 1.3 + 3 * np.clip(sideways - 0.95, 0, 1) ** 2
    )
    cloth = 1.05 - 0.25 * sideways - 0.35 * np.exp(-(((v - collar) / 0.02) ** 2)) * (sideways < 0.32)
    arms = 0.12 * np.exp(-(((sideways - 0.72) / 0.03) ** 2)) * (v > 1.9)
    paint(np.minimum(v - slope, 1.10 - sideways), (cloth - arms)[..., None] * coat)
    paint(ellipse(0.47, 0.42, 0.56), (1.0 - 1.2 * np.clip(sideways - 0.25, 0, 1))[..., None] * skin)
    hairline = -0.01 + 2.2 * np.clip(sideways - 0.12, 0, 1) ** 2
    paint(np.minimum(hairline - v, ellipse(0.28, 0.51, 0.60)), shine * hair)
    return body
