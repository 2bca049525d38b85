"""Every message of a camera, held against what the camera was shown: does it show what nobody is to see?

Nothing of a message is kept; a fault names the place, never what was seen there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from admin.pictures import pictures
from contract.codec import decode
from contract.events import CROP_LIFETIME_S, FaceCrop, FrameFaces, Preview
from contract.labels import CROP_SIDE
from contract.topics import Suffix, parse_topic
from tests.support.shop_floor import Box, Image, Shown, View

HIDDEN_SHARE_MAX: Final = 0.26
"""A quarter, and a little more: boxes are rounded, and outlines cut through pixels."""

ALIKE_MIN: Final = 0.7
"""Correlation of a crop with the place of the picture from which it is."""

BLACK_MAX: Final = 8
BLACK_IN_JPEG_MAX: Final = 32
"""The brightest pixel of what is black: as it is, and as a JPEG."""

MARGIN_PX: Final = 1
"""Of a crop: so near to an outline a pixel may be of either side."""

JPEG_MARGIN_PX: Final = 17
"""A JPEG is made of blocks of 8 pixels, and of 16 for its colours."""

SURELY_ALIKE: Final = 0.9

FACE_SHARE: Final = 0.7
"""Of the side of a face's square: beside a face that is turned away its edges show what is behind it."""

SEEN_MAX: Final = 0.02
"""Share of the pixels of a black face that may be brighter, where a JPEG blurs its edge."""

_SIZES: Final = np.arange(0.75, 1.3, 0.05)
"""Sides of crops, in heights of their boxes: landmarks decide."""

_TILTS_DEG: Final = (-24, -16, -8, 8, 16, 24)
_SEARCH: Final = 1.6
"""A crop is looked for in a square larger by this."""

Affine = npt.NDArray[np.float64]
"""(2, 3): place in a picture → place in a square, both in pixels."""


@dataclass
class Examination:
    """What has been looked at, and what was found.

    Args:
        shown: ``site/camera`` → what it was shown.

    Attributes:
        counts: by what was looked at.
        faults: what was wrong → how often.
        frames: ``site/camera`` → numbers of frames with faces.
        longest_expiry_s: of all crops.
        least_alike: the lowest correlation of a crop with its place.
    """

    shown: Mapping[str, Shown] = field(repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    frames: dict[str, set[int]] = field(default_factory=dict, repr=False)
    longest_expiry_s: int = 0
    least_alike: float = 1.0

    def look_at(self, name: str, payload: bytes, expiry_s: int | None, *, retained: bool) -> None:
        """Examines a message.

        Args:
            name: its topic.
            payload: what it says.
            expiry_s: for how long the broker may keep it from now on; None: for ever.
            retained: whether the broker had kept it for whoever comes.
        """
        known = parse_topic(name)
        suffix = known[1] if known else None
        self.counts["messages"] += 1
        self.counts[f"messages: {suffix or name}"] += 1
        if retained and suffix is not Suffix.STATUS:
            self.faults[f"{suffix or name}: was kept by the broker"] += 1
        if suffix not in (Suffix.FACES, Suffix.PREVIEW):
            self._note(f"{what} on {suffix or name}" for what in pictures(payload))
            return
        if expiry_s is None or not 0 < expiry_s <= CROP_LIFETIME_S:
            self.faults[f"{suffix}: does not expire in time"] += 1
        event = decode(payload, FrameFaces) if suffix is Suffix.FACES else decode(payload, Preview)
        view = self.shown[event.camera].at(event.captured_at_ms)
        if view is None:
            self.faults["a picture of which the script does not know"] += 1
        elif isinstance(event, Preview):
            self._look_at_preview(view, event)
        else:
            self.longest_expiry_s = max(self.longest_expiry_s, expiry_s or 0)
            self.frames.setdefault(event.camera, set()).add(event.frame)
            for face in event.faces:
                self._look_at_face(view, face)

    def _look_at_face(self, view: View, face: FaceCrop) -> None:
        self.counts["crops"] += 1
        height, width = view.hidden.shape
        x, y, wide, high = (part * size for part, size in zip(face.box, (width, height) * 2, strict=True))
        if _cut(view.hidden, (x, y, wide, high)).mean() > HIDDEN_SHARE_MAX:
            self.faults["crop: of a face in a staff or masked zone"] += 1
        middle = x + wide / 2, y + high / 2
        for who, square in view.nobodys.items():
            if _holds(square, middle) and not any(_holds(head, middle) for head in view.before[who]):
                self.faults[f"crop: of the {who}"] += 1
        around = (x - high, y - high / 2, wide + 2 * high, 2 * high)
        if _cut(view.hidden, around).any():
            self._look_into_crop(view, face, (x, y, wide, high))

    def _look_into_crop(self, view: View, face: FaceCrop, box: Box) -> None:
        """Finds the place of a crop in the picture, and so which of its pixels are of hidden zones."""
        crop = np.frombuffer(face.crop, np.uint8).reshape(CROP_SIDE, CROP_SIDE)
        grey = np.asarray(cv2.cvtColor(view.picture, cv2.COLOR_BGR2GRAY), np.uint8)
        as_promised = np.where(view.hidden, np.uint8(0), grey)
        alike, framing = max(
            (_find(crop, seen, box) for seen in (as_promised, grey)), key=lambda found: found[0]
        )
        self.least_alike = min(self.least_alike, alike)
        self.counts["crops near a hidden zone"] += 1
        if alike < ALIKE_MIN:
            self.faults["crop: of no place in the picture"] += 1
            return
        framing = _refined(crop, grey, view.hidden, framing)
        hidden = np.asarray(_sampled(view.hidden, framing, CROP_SIDE) > 0, np.uint8)
        inside = cv2.erode(hidden, np.ones((2 * MARGIN_PX + 1,) * 2, np.uint8), borderValue=1) > 0
        if inside.any():
            self.counts["crops with part of a hidden zone"] += 1
            self.counts["hidden pixels of crops"] += int(inside.sum())
            if crop[inside].max() > BLACK_MAX:
                self.faults["crop: pixels of a staff or masked zone"] += 1

    def _look_at_preview(self, view: View, preview: Preview) -> None:
        self.counts["previews"] += 1
        decoded = cv2.imdecode(np.frombuffer(preview.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None or decoded.shape != view.picture.shape:
            self.faults["preview: no picture of the camera's size"] += 1
            return
        picture = np.asarray(decoded, np.uint8)
        kernel = np.ones((2 * JPEG_MARGIN_PX + 1,) * 2, np.uint8)
        inside = cv2.erode(view.hidden, kernel, borderValue=1) > 0
        self.counts["hidden pixels of previews"] += int(inside.sum())
        if picture[inside].max() > BLACK_IN_JPEG_MAX:
            self.faults["preview: pixels of a staff or masked zone"] += 1
        for who, box in view.nobodys.items():
            self.counts[f"previews with the {who}"] += 1
            theirs = picture.copy()
            for head in view.before[who]:  # who stands before them may be seen
                _cut(theirs, head)[...] = 0
            face = _cut(theirs, _middle(box, FACE_SHARE))
            if (face.max(axis=-1) > BLACK_IN_JPEG_MAX).mean() > SEEN_MAX:
                self.faults[f"preview: the face of the {who}"] += 1
        free = (picture.max(axis=-1) > BLACK_IN_JPEG_MAX) & (view.hidden == 0)
        if np.corrcoef(picture[free].ravel(), view.picture[free].ravel())[0, 1] < 0.95:
            self.faults["preview: of another picture"] += 1

    def _note(self, faults: Iterable[str]) -> None:
        self.faults.update(faults)


def _find(crop: Image, grey: Image, box: Box) -> tuple[float, Affine]:
    """How like a crop is to the most similar square near a box, and how that is framed."""
    found = [_try(crop, grey, box, size, 0.0) for size in _SIZES]
    best = max(found, key=lambda one: one[0])
    if best[0] < SURELY_ALIKE:  # of a face that is turned away, which is framed askew
        found += [_try(crop, grey, box, size, tilt) for size in _SIZES for tilt in _TILTS_DEG]
        best = max(found, key=lambda one: one[0])
    return best


def _try(crop: Image, grey: Image, box: Box, size: float, tilt_deg: float) -> tuple[float, Affine]:
    """The same among squares of one size and tilt, whose middle is near that of the box."""
    x, y, wide, high = box
    scale, reach = CROP_SIDE / (high * size), round(CROP_SIDE * _SEARCH)
    tilt = np.deg2rad(tilt_deg)
    linear = scale * np.array([(np.cos(tilt), -np.sin(tilt)), (np.sin(tilt), np.cos(tilt))])
    middle = np.array([x + wide / 2, y + high / 2])
    framing = np.column_stack((linear, np.array([reach / 2, reach / 2]) - linear @ middle))
    alike = cv2.matchTemplate(_sampled(grey, framing, reach), crop, cv2.TM_CCOEFF_NORMED)
    _, best, _, shift = cv2.minMaxLoc(alike)
    framing[:, 2] -= shift
    return best, framing


def _refined(crop: Image, grey: Image, hidden: Image, framing: Affine) -> Affine:
    """The framing to a fraction of a pixel: where those pixels that anybody may see differ least."""
    free = (
        cv2.erode(np.asarray(_sampled(hidden, framing, CROP_SIDE) == 0, np.uint8), np.ones((3, 3), np.uint8))
        > 0
    )

    def differs(step: npt.NDArray[np.float64]) -> float:
        there = _sampled(grey, _moved(framing, *step), CROP_SIDE)
        return float(cv2.absdiff(there, crop)[free].mean())

    start = np.vstack((np.zeros(4), np.eye(4)))
    found = minimize(
        differs, start[0], method="Nelder-Mead", options={"initial_simplex": start, "xatol": 0.05}
    )
    return _moved(framing, *found.x)


def _moved(framing: Affine, turn: float, grow: float, right: float, down: float) -> Affine:
    """A framing changed by so many pixels of the crop each, at its edges."""
    half = CROP_SIDE / 2
    angle, size = turn / half, 1 + grow / half
    linear = size * np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    moved = linear @ framing
    moved[:, 2] += (half, half) - linear @ (half, half) + (right, down)
    return moved


def _sampled(image: Image, framing: Affine, side: int) -> Image:
    """A square of an image as so many pixels; beyond its edges the image goes on as it ends."""
    finer = max(1, round(1 / np.sqrt(np.linalg.det(framing[:, :2]))))  # sampled sparsely, it would alias
    affine = framing * finer
    affine[:, 2] += affine[:, :2] @ (0.5, 0.5) - 0.5  # middles of pixels
    size = (side * finer, side * finer)
    fine = cv2.warpAffine(image, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _holds(box: Box, point: tuple[float, float]) -> bool:
    x, y, wide, high = box
    return x < point[0] < x + wide and y < point[1] < y + high


def _middle(box: Box, share: float) -> Box:
    """The middle of a box, smaller by a share."""
    x, y, wide, high = box
    return x + wide * (1 - share) / 2, y + high * (1 - share) / 2, wide * share, high * share


def _cut(image: Image, box: Box) -> Image:
    """The part of an image within a box, at least a pixel."""
    x, y, wide, high = box
    height, width = image.shape[:2]
    left, top = (min(max(0, round(edge)), size - 1) for edge, size in ((x, width), (y, height)))
    return image[top : max(top + 1, round(y + high)), left : max(left + 1, round(x + wide))]
