"""What a camera of a scripted store sees, and the truth about it. Pure: seed and time decide all."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from demo.face_model import FaceModel
from demo.figure import FACE_LEFT, FACE_PX, FACE_TOP, Figure
from demo.motion import HEIGHT, WIDTH, Pose, pose_at
from demo.story import CameraStory, Poster, Story, cast, is_dark
from producer.frames import Image

FIGURES_KEPT: Final = 24
"""Drawing somebody for the first time takes longer than moving them."""

BLUR_SIGMA_PX: Final = 0.6
NOISE_SIGMA: Final = 3.0
POSTER_BGR: Final = (150, 120, 90)
FLICKER: Final = 0.02
"""Share by which the light goes up and down."""

_NOISE_TILES = 3
_NOISE_MARGIN_PX = 128
_NOISE_ZERO = 32
"""Noise is drawn once, with margins; each picture shows another part of it."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrueFace:
    """A face in a picture, as scripted.

    Attributes:
        shopper: number of the appearance, over all periods.
        seed: who it is.
        pose: of the face.
        in_view: share of it that lies in the picture, 0–1.
        covered: share of it that somebody nearer hides, 0–1.
    """

    shopper: int
    seed: int
    pose: Pose
    in_view: float
    covered: float


class Scene:
    """One camera's view.

    Args:
        model: of faces.
        story: the script.
        camera: whose view it is; one of the story's.
    """

    def __init__(self, model: FaceModel, story: Story, camera: CameraStory) -> None:
        self._period_ms = story.period_s * 1000
        self._cast = cast(story, camera)
        self._camera = camera
        self._seed = (story.seed, *camera.name.encode())
        self._figure = lru_cache(maxsize=FIGURES_KEPT)(lambda seed, badge: Figure(model, seed, badge))
        rng = np.random.default_rng(self._seed)
        self._place = _draw_place(rng)
        for poster in camera.posters:
            _hang(self._place, Figure(model, poster.seed), poster)
        self._noise = _draw_noise(rng)

    def people(self, script_ms: float) -> list[tuple[int, int, int | None, Pose]]:
        """Number, seed, badge and pose of all who are before the camera, the farthest first."""
        turn, into_ms = divmod(script_ms, self._period_ms)
        there = [
            (int(turn) * len(self._cast) + one.number, one.seed + int(turn), one.badge, pose)
            for one in self._cast
            if (pose := pose_at(one, into_ms))
        ]
        return sorted(there, key=lambda person: person[3].side_px)

    def draw(self, script_ms: float) -> tuple[Image, list[TrueFace]] | None:
        """What is seen so long after the story's start.

        Returns:
            The picture, uint8 BGR (480, 640, 3), and the shoppers' faces in it; None: the camera is dark.
        """
        if is_dark(self._camera, script_ms % self._period_ms):
            return None
        picture = self._place.copy()
        faces: list[TrueFace] = []
        for number, seed, badge, pose in self.people(script_ms):
            box, opacity = _set_in(
                picture, self._figure(seed, badge).sprite(pose.mixture, pose.yaw_deg), pose
            )
            faces = [_cover(face, box, opacity) for face in faces]
            if badge is None:  # who wears one is nobody's visit
                faces.append(TrueFace(number, seed, pose, _in_view(pose), 0.0))
        return self._expose(picture, script_ms), faces

    def _expose(self, picture: Image, script_ms: float) -> Image:
        """What a camera makes of it: light that flickers, a lens that blurs, a sensor that adds noise."""
        gain = self._camera.light * (1 + FLICKER * math.sin(script_ms / 1700) * math.sin(script_ms / 310))
        seen = cv2.GaussianBlur(picture, (3, 3), BLUR_SIGMA_PX)
        rng = np.random.default_rng((*self._seed, int(script_ms)))
        top, left = rng.integers(_NOISE_MARGIN_PX, size=2)
        noise = self._noise[rng.integers(len(self._noise)), top : top + HEIGHT, left : left + WIDTH]
        return np.asarray(cv2.addWeighted(seen, gain, noise, 1.0, -_NOISE_ZERO), np.uint8)


def _set_in(picture: Image, sprite: Image, pose: Pose) -> tuple[Box, Image]:
    """Lays a sprite over the picture; where it is, and its opacity there (uint8)."""
    affine = _sprite_to_picture(pose)
    left, top, right, bottom = box = _bounds(sprite, affine)
    if left >= right or top >= bottom:
        return box, np.zeros((0, 0), np.uint8)
    affine[:, 2] -= (left, top)
    moved = cv2.warpAffine(sprite, affine, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    there = picture[top:bottom, left:right]
    through = cv2.cvtColor(255 - moved[..., 3], cv2.COLOR_GRAY2BGR)
    there[:] = cv2.add(cv2.multiply(there, through, scale=1 / 255), np.ascontiguousarray(moved[..., :3]))
    return box, np.asarray(moved[..., 3], np.uint8)


def _hang(place: Image, figure: Figure, poster: Poster) -> None:
    """Hangs a poster on the wall: a head in a white frame."""
    mixture = np.eye(len(LABELS), dtype=np.float32)[LABELS.index(poster.shows)]
    x, y = poster.x * WIDTH, poster.y * HEIGHT
    half, edge = poster.face_px, 0.08 * poster.face_px
    left, top, right, bottom = (round(side) for side in (x - half, y - half, x + half, y + half))
    left, top = max(0, left), max(0, top)
    around = place.copy()
    around[top:bottom, left:right] = POSTER_BGR
    _set_in(around, figure.sprite(mixture), Pose(x, y, poster.face_px, 0.0, 0.0, mixture))
    place[top:bottom, left:right] = around[top:bottom, left:right]
    corners = (left, top), (right, bottom)
    cv2.rectangle(place, *corners, (245, 245, 245), round(edge))


def _sprite_to_picture(pose: Pose) -> Doubles:
    """Affine (2, 3): the face's square goes to its place, tilted about its middle."""
    scale = pose.side_px / FACE_PX
    roll = np.deg2rad(pose.roll_deg)
    linear = scale * np.array([(np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))])
    middle = np.array([FACE_LEFT + FACE_PX / 2, FACE_TOP + FACE_PX / 2])
    return np.column_stack((linear, np.array([pose.x, pose.y]) - linear @ middle))


def _bounds(sprite: Image, affine: Doubles) -> Box:
    """What a moved sprite covers of the picture."""
    height, width = sprite.shape[:2]
    corners = affine[:, :2] @ np.array([(0, width, 0, width), (0, 0, height, height)]) + affine[:, 2:]
    left, top = np.floor(corners.min(axis=1)).astype(int)
    right, bottom = np.ceil(corners.max(axis=1)).astype(int)
    return max(0, left), max(0, top), min(WIDTH, right), min(HEIGHT, bottom)


def _in_view(pose: Pose) -> float:
    """Share of the face's square that lies in the picture."""
    half = pose.side_px / 2
    shares = (
        max(0.0, min(size, middle + half) - max(0.0, middle - half)) / pose.side_px
        for middle, size in ((pose.x, WIDTH), (pose.y, HEIGHT))
    )
    return float(np.prod(list(shares)))


def _cover(face: TrueFace, box: Box, opacity: Image) -> TrueFace:
    """The same face with somebody of this opacity (uint8, within the box) before it."""
    half = face.pose.side_px / 3  # what matters of a face lies within two thirds of its square
    left, top = max(0.0, face.pose.x - half), max(0.0, face.pose.y - half)
    right, bottom = min(float(WIDTH), face.pose.x + half), min(float(HEIGHT), face.pose.y + half)
    area = (right - left) * (bottom - top)
    if left >= right or top >= bottom:
        return face
    rows = slice(max(0, round(top) - box[1]), max(0, round(bottom) - box[1]))
    columns = slice(max(0, round(left) - box[0]), max(0, round(right) - box[0]))
    hidden = min(1.0, float(opacity[rows, columns].sum()) / 255 / area)
    return replace(face, covered=1 - (1 - face.covered) * (1 - hidden))


def _draw_place(rng: np.random.Generator) -> Image:
    """A wall with shelves of goods, out of focus, lit from one side: uint8 BGR (480, 640, 3)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    light = 1.06 - rng.uniform(0.05, 0.2) * (x / WIDTH) - 0.15 * (y / HEIGHT)
    picture = light[..., None] * rng.uniform((190, 195, 195), (215, 222, 225))
    for top in range(int(rng.integers(20, 70)), HEIGHT, int(rng.integers(95, 130))):
        for left, width, height in _goods(rng):
            colour = rng.uniform(80, 190) + rng.uniform(-40, 40, 3)
            cv2.rectangle(
                picture, (left, top + 75 - height), (left + width, top + 75), colour.tolist(), cv2.FILLED
            )
        cv2.rectangle(picture, (0, top + 75), (WIDTH, top + 82), (120, 126, 132), cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 5.0).clip(0, 255), np.uint8)


def _goods(rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """Left, width and height of what stands on a shelf."""
    left = int(rng.integers(0, 20))
    while left < WIDTH:
        width = int(rng.integers(16, 60))
        yield left, width, int(rng.integers(30, 72))
        left += width + int(rng.integers(2, 26))


def _draw_noise(rng: np.random.Generator) -> Image:
    """Grey sensor noise around _NOISE_ZERO: uint8 (tiles, height, width, 3), with margins."""
    size = (_NOISE_TILES, HEIGHT + _NOISE_MARGIN_PX, WIDTH + _NOISE_MARGIN_PX, 1)
    grey = np.rint(_NOISE_ZERO + NOISE_SIGMA * rng.standard_normal(size, np.float32))
    return np.repeat(grey.clip(0, 255).astype(np.uint8), 3, axis=-1)
