"""Whether a camera frames faces as FER-2013 does: training pictures set into frames, found and cropped.

A training picture is enlarged into a frame; the producer's own detector and framing give the crop's affine.
Both are known in the frame's pixels, so what lies between the picture's framing and the crop's is a product
of two matrices; nothing has to be registered. The table of ``docs/benchmarks/framing.md``:

    python -m tests.support.framing SHARED
"""

import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE
from producer.detection import Detection, Detector
from producer.frames import Image
from producer.framing import Affine, frame_to_crop
from producer.haar import Haar
from producer.settings import ProducerSettings
from producer.yunet import Yunet
from producer.yunet_file import read_yunet
from training.dataset import Images
from training.sources import open_source

FRAME_SIZE: Final = (360, 480)
"""Height and width of a frame, pixels."""

SIDES_PX: Final = (40, 60, 90, 130, 200)
"""How large pictures are set into frames: a head across the shop, a head at the till."""

IMAGES: Final = 600
SEED: Final = 4

FOUND_IOU_MIN: Final = 0.2
"""A detection that overlaps its picture less is no find: a false one in the surroundings."""

FEATHER: Final = 0.04
"""Share of its side over which a picture fades into its surroundings: a hard edge is found as a face's."""

SURROUNDINGS_SIGMA: Final = 0.12
"""Blur of the surroundings, in sides of the picture: they shall not look like a second face."""


@dataclass(frozen=True)
class Placed:
    """A picture in a frame.

    Attributes:
        frame: uint8 BGR (height, width, 3).
        left: x of its left edge, pixels of the frame.
        top: y of its upper edge.
        side: its height and width.
    """

    frame: Image
    left: float
    top: float
    side: float

    def to_frame(self) -> npt.NDArray[np.float64]:
        """float64 (3, 3): fraction of the picture → pixel of the frame."""
        return np.array([(self.side, 0, self.left), (0, self.side, self.top), (0, 0, 1)], np.float64)


@dataclass(frozen=True)
class Framings:
    """How crops are framed against the pictures in them; one row a face that was found.

    Attributes:
        tried: how many pictures were looked at.
        rows: which of them, int64 (n,).
        matrices: float64 (n, 3, 3), fraction of the picture → fraction of the crop.
    """

    tried: int
    rows: npt.NDArray[np.int64]
    matrices: npt.NDArray[np.float64]

    @property
    def rate(self) -> float:
        """Share of the pictures in which the face was found."""
        return len(self.rows) / self.tried

    @property
    def shifts(self) -> npt.NDArray[np.float64]:
        """float64 (n, 2): where the picture's middle lies off the crop's, right and down, in crop sides."""
        middle = np.array([0.5, 0.5, 1.0])
        return np.asarray((self.matrices @ middle)[:, :2] - 0.5, np.float64)

    @property
    def scales(self) -> npt.NDArray[np.float64]:
        """float64 (n,): how much larger things are in the crop than in the picture."""
        return np.asarray(np.sqrt(np.linalg.det(self.matrices[:, :2, :2])), np.float64)

    @property
    def rolls_deg(self) -> npt.NDArray[np.float64]:
        """float64 (n,): by how much the crop turned the picture, clockwise, degrees."""
        turns = np.arctan2(self.matrices[:, 1, 0], self.matrices[:, 0, 0])
        return np.asarray(np.degrees(turns), np.float64)


def place(image: Images, side: float, random: np.random.Generator) -> Placed:
    """Enlarge a picture and set it into a frame, a little off its middle and between pixels.

    Args:
        image: uint8 (48, 48, 1).
        side: its height and width in the frame, pixels.
        random: where exactly.
    """
    height, width = FRAME_SIZE
    left = (width - side) / 2 + float(random.uniform(-20, 20))
    top = (height - side) / 2 + float(random.uniform(-20, 20))
    scale = side / CROP_SIDE
    # pixel i covers i … i + 1, so centres lie half a pixel in
    matrix = np.array([(scale, 0, left + scale / 2 - 0.5), (0, scale, top + scale / 2 - 0.5)], np.float64)
    sharp = cv2.warpAffine(
        image[..., 0], matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    around = cv2.GaussianBlur(sharp, (0, 0), SURROUNDINGS_SIGMA * side)
    x = np.abs(np.arange(width) + 0.5 - left - side / 2)
    y = np.abs(np.arange(height) + 0.5 - top - side / 2)
    inside = side / 2 - np.maximum(x[None, :], y[:, None])
    share = np.clip(inside / (FEATHER * side), 0.0, 1.0).astype(np.float32)
    grey = np.rint(sharp * share + around * (1 - share)).astype(np.uint8)
    frame = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return Placed(frame, left, top, side)


def find_face(detector: Detector, placed: Placed) -> Detection | None:
    """What the detector found of the picture's face: of several faces the one that overlaps most."""
    found = [(_overlap(detection, placed), detection) for detection in detector.detect(placed.frame)]
    overlap, detection = max(found, key=lambda one: one[0], default=(0.0, None))
    return detection if overlap >= FOUND_IOU_MIN else None


def measure_framings(detector: Detector, images: Images, side: float) -> Framings:
    """Find and frame every picture, set at one size into a frame of its own.

    Args:
        detector: of a camera.
        images: uint8 (n, 48, 48, 1).
        side: of each picture in its frame, pixels.
    """
    random = np.random.default_rng(SEED)
    rows, matrices = [], []
    for row, image in enumerate(images):
        placed = place(image, side, random)
        detection = find_face(detector, placed)
        if detection is not None:
            rows.append(row)
            matrices.append(_homogeneous(frame_to_crop(detection)) @ placed.to_frame())
    return Framings(len(images), np.array(rows, np.int64), np.array(matrices, np.float64).reshape(-1, 3, 3))


def join(parts: Iterable[Framings], images: int) -> Framings:
    """Framings of the same pictures at several sizes, as one; ``images`` is how many pictures there are."""
    parts = list(parts)
    return Framings(
        sum(part.tried for part in parts),
        np.concatenate([part.rows + images * number for number, part in enumerate(parts)]),
        np.concatenate([part.matrices for part in parts]),
    )


def between(first: Framings, second: Framings) -> Framings:
    """What lies between two crops of the same face: fraction of ``first``'s → fraction of ``second``'s."""
    rows, at_first, at_second = np.intersect1d(first.rows, second.rows, return_indices=True)
    matrices = second.matrices[at_second] @ np.linalg.inv(first.matrices[at_first])
    return Framings(first.tried, rows, matrices)


def open_detectors(yunet_file: Path) -> tuple[Yunet, Haar]:
    """Both detectors with a camera's default settings.

    Raises:
        DetectorUnusable: YuNet's file is not there or not the known one.
    """
    default = {name: field.default for name, field in ProducerSettings.model_fields.items()}
    side_max = default["detect_side_max_px"]
    yunet = Yunet(read_yunet(yunet_file), default["score_min"], side_max, default["closeups_max"])
    return yunet, Haar(default["face_min_px"], side_max)


def draw_images(data: Path, count: int) -> Images:
    """Training pictures of FER-2013, drawn without replacement; uint8 (count, 48, 48, 1)."""
    with open_source(data) as source:  # the whole of it takes seconds to read
        names = sorted(name for name in source.files if "train" in PurePosixPath(name).parts)
        drawn = np.random.default_rng(SEED).choice(len(names), count, replace=False)
        files = [np.frombuffer(source.read(names[row]), np.uint8) for row in drawn]
    images = np.empty((count, CROP_SIDE, CROP_SIDE, 1), np.uint8)
    for image, file in zip(images, files, strict=True):
        image[..., 0] = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return images


def _overlap(detection: Detection, placed: Placed) -> float:
    """Intersection over union of the box and the picture."""
    x, y, width, height = detection.box
    across = min(x + width, placed.left + placed.side) - max(x, placed.left)
    down = min(y + height, placed.top + placed.side) - max(y, placed.top)
    common = max(0.0, across) * max(0.0, down)
    return common / (width * height + placed.side**2 - common)


def _homogeneous(affine: Affine) -> npt.NDArray[np.float64]:
    return np.vstack((affine, (0.0, 0.0, 1.0)))


def _row(name: str, framings: Framings) -> str:
    def spread(values: npt.NDArray[np.float64], form: str) -> str:
        low, middle, high = np.percentile(values, (5, 50, 95))
        return f"{middle:{form}} ({low:{form}} … {high:{form}})"

    shifts = framings.shifts
    return (
        f"| {name} | {framings.rate:.1%} | {spread(framings.scales, '.2f')} | {spread(shifts[:, 0], '+.3f')} "
        f"| {spread(shifts[:, 1], '+.3f')} | {spread(framings.rolls_deg, '+.1f')} |"
    )


def _table(images: Images, detectors: Sequence[Detector]) -> Iterable[str]:
    yield "| | found | scale | shift right | shift down | roll, degrees |"
    yield "|---|---|---|---|---|---|"
    together = []
    for detector in detectors:
        parts = []
        for side in SIDES_PX:
            parts.append(measure_framings(detector, images, side))
            yield _row(f"{detector.name}, {side} px", parts[-1])
        together.append(join(parts, len(images)))
        yield _row(f"**{detector.name}, all**", together[-1])
    yield _row("haar against yunet, all", between(*together))


def main() -> None:
    """Print the table, and how long it took."""
    shared = Path(sys.argv[1])
    cv2.setNumThreads(1)
    start_s = time.monotonic()
    images = draw_images(shared / "data/fer2013.zip", int(sys.argv[2]) if len(sys.argv) > 2 else IMAGES)
    for line in _table(images, open_detectors(shared / "models/face_detection_yunet_2023mar.onnx")):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{len(images)} pictures, {math.ceil(time.monotonic() - start_s)} s\n")


if __name__ == "__main__":
    main()
