"""A scripted shop with people whom nobody is to see, and what each of its cameras was really shown.

A scripted picture follows from its story and its time alone: so it can be drawn again, and whatever left the
camera be held against it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from demo.face_model import load_face_model
from demo.motion import HEIGHT, WIDTH
from demo.scene import Scene
from demo.story import CameraStory, Story, cast
from demo.truth import ScriptedFrame, truth_file

Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x, y (top left corner), width, height in pixels."""

POSTER_S: Final = 10
POSTER_KNOWN_MS: Final = 1000 * (POSTER_S + 10)
BADGE_READ_MS: Final = 5_000
"""So long after its wearer's coming, who walks in through the staff zone."""

HEAD: Final = 1.6
"""Of a face's square: with hair and chin, it covers so much of what is behind it."""

PERIOD_S: Final = 660
"""Longer than anybody looks: staff come once, and stay."""

_CAMERA: Final = """
[[cameras]]
name = "{name}"
moods = [{{at_s = 0, shows = "neutral"}}, {{at_s = 15, shows = "happy"}}, {{at_s = 35, shows = "surprise"}}]
posters = [{{x = 0.48, y = 0.18, face_px = 50, shows = "happy", seed = 9}}]
[[cameras.flows]] # in the staff zone
first_s = 0
stays_s = 590
places = [[0.88, 90]]
enters = "right"
[[cameras.flows]] # with a badge
first_s = 1
stays_s = 590
places = [[0.62, 90]]
enters = "right"
badge = 7
"""
_SHOPPER: Final = """
[[cameras.flows]]
first_s = {first_s}
stays_s = 14
places = [[{x}, {face_px}]]
"""
_PLACES: Final = ((0.1, 90), (0.25, 95), (0.1, 85), (0.33, 110))
"""Where shoppers stand in turn, who come and go through the masked zone: in it, half before it, beside it."""

_COMES_EVERY_S: Final = 10

Outline = tuple[tuple[float, float], ...]
OUTLINES: Final[dict[str, dict[str, Outline]]] = {
    "shop-1/straight": {
        "masked": ((0, 0), (0.2, 0), (0.2, 1), (0, 1)),
        "staff": ((0.76, 0), (1, 0), (1, 1), (0.76, 1)),
    },
    "shop-1/slanted": {
        "masked": ((0, 0), (0.23, 0), (0.17, 1), (0, 1)),
        "staff": ((0.73, 0), (1, 0), (1, 1), (0.78, 1), (0.75, 0.5)),
    },
}
"""Camera → kind of zone → its corners."""


def story() -> str:
    """What both cameras see, as TOML."""
    told = f'title = "a shop"\nperiod_s = {PERIOD_S}\nseed = 4\n'
    for name in OUTLINES:
        told += _CAMERA.format(name=name)
        for turn, first_s in enumerate(range(2, PERIOD_S - 20, _COMES_EVERY_S)):
            x, face_px = _PLACES[turn % len(_PLACES)]
            told += _SHOPPER.format(first_s=first_s, x=x, face_px=face_px)
    return told


def zones_file(camera: str) -> str:
    """The zones of a camera, as TOML."""
    return "".join(
        f'[[zone]]\nname = "{kind}"\nkind = "{kind}"\npoints = {[list(corner) for corner in outline]}\n'
        for kind, outline in OUTLINES[camera].items()
    )


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a camera was shown at one moment.

    Attributes:
        picture: uint8 BGR (480, 640, 3).
        hidden: uint8 (480, 640), 1: in a staff or masked zone.
        nobodys: who it is → the square of the face, of everyone who must have been known by now for one whom
            nobody is to see, wherever they are.
        before: the heads of those who stand before each of these.
    """

    picture: Image
    hidden: Image
    nobodys: dict[str, Box]
    before: dict[str, list[Box]]


class Shown:
    """All that a camera has been shown so far.

    Args:
        folder: where the camera writes its truth.
        camera: ``site/camera``.
    """

    def __init__(self, folder: Path, camera: str) -> None:
        self._story = msgspec.toml.decode(story(), type=Story)
        self._camera: CameraStory = self._story.camera(camera)
        self._cast = cast(self._story, self._camera)
        self._scene = Scene(load_face_model(), self._story, self._camera)
        self._file = truth_file(folder, camera)
        self._read = 0
        self._script_ms: dict[int, float] = {}
        self._hidden = np.zeros((HEIGHT, WIDTH), np.uint8)
        for outline in OUTLINES[camera].values():
            corners = np.array(outline) * (WIDTH, HEIGHT)
            cv2.fillPoly(self._hidden, [np.rint(corners).astype(np.int32)], (1,))
        self._last: tuple[int, View | None] = (-1, None)

    def at(self, at_ms: int) -> View | None:
        """What was shown at a time (UTC); None: nothing."""
        if self._last[0] != at_ms:
            self._last = at_ms, self._draw(at_ms)
        return self._last[1]

    def _draw(self, at_ms: int) -> View | None:
        if at_ms not in self._script_ms:
            self._read_on()
        script_ms = self._script_ms.get(at_ms)
        drawn = None if script_ms is None else self._scene.draw(script_ms)
        if script_ms is None or drawn is None:
            return None
        nobodys = self._nobodys(script_ms)
        people = [(pose.x, pose.y, pose.side_px) for *_, pose in self._scene.people(script_ms)]
        before = {
            who: [_square(x, y, HEAD * side) for x, y, side in people if side > nobodys[who][2]]
            for who in nobodys
        }
        return View(drawn[0], self._hidden, nobodys, before)

    def _nobodys(self, script_ms: float) -> dict[str, Box]:
        found: dict[str, Box] = {}
        into_ms = script_ms % (self._story.period_s * 1000)
        for number, _, badge, pose in self._scene.people(script_ms):
            came_ms = next(one.enter_ms for one in self._cast if one.number == number % len(self._cast))
            if badge is not None and into_ms - came_ms > BADGE_READ_MS:
                found[f"wearer of badge {badge}"] = _square(pose.x, pose.y, pose.side_px)
        if script_ms > POSTER_KNOWN_MS:
            for poster in self._camera.posters:
                found["poster"] = _square(poster.x * WIDTH, poster.y * HEIGHT, poster.face_px)
        return found

    def _read_on(self) -> None:
        with self._file.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            frame = msgspec.json.decode(line, type=ScriptedFrame)
            self._script_ms[frame.at_ms] = frame.script_ms


def _square(x: float, y: float, side: float) -> Box:
    return x - side / 2, y - side / 2, side, side
