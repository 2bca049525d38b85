"""Faces brought to one place: landmarks found, faces turned, scaled, moved and evenly lit."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE
from runtime.errors import reason_of
from training.dataset import Images
from training.errors import TrainingError

SIDE: Final = 64
"""Height and width of the model's faces, in pixels; they show what a 48×48 crop shows."""

LANDMARKS_AT: Final = np.array(
    [(0.322, 0.388), (0.678, 0.388), (0.500, 0.591), (0.355, 0.7475), (0.645, 0.7475)], np.float64
)
"""Where eyes, nose tip and mouth corners go, (x, y) as fractions of the face's side.

Medians of YuNet's landmarks over whole FER-2013 pictures, made symmetric. (In the close-ups that cameras look
at, they lie 7% further apart: ``producer.framing``.)
"""

SCORE_MIN: Final = 0.85
MISFIT_MAX: Final = 0.045
"""Largest root mean square distance of aligned landmarks from LANDMARKS_AT: a turned head does not fit."""
ROLL_MAX_RAD: Final = np.deg2rad(15.0)
SCALE_RANGE: Final = (0.8, 1.25)
CONTRAST_MIN: Final = 12.0
"""Least standard deviation of a face's grey levels: less is fog."""

_ENLARGE = 4
_BORDER_PX = 48
"""YuNet was made for faces with surroundings: ×4 and a border make it find 96% of FER-2013's."""

_YUNET_SCORE_MIN = 0.6
_YUNET_NMS_IOU = 0.3
_YUNET_CANDIDATES = 50

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class FaceModelError(TrainingError):
    """YuNet's file cannot be used, too few faces are good enough, or the model cannot be written."""


@dataclass(frozen=True)
class Landmarks:
    """What YuNet found in each image.

    Attributes:
        points: float64 (n, 5, 2), x and y as fractions of the image; NaN where there is no face.
        scores: float64 (n,), confidence, 0 where there is no face.
    """

    points: Doubles
    scores: Doubles


def find_landmarks(images: Images, yunet: Path, on_image: Callable[[int], None]) -> Landmarks:
    """The landmarks of the surest face of each image.

    Args:
        images: uint8 (n, 48, 48, 1).
        yunet: YuNet's ONNX file.
        on_image: told how many images are done.

    Raises:
        FaceModelError: the file is missing or is no such model.
    """
    side = CROP_SIDE * _ENLARGE + 2 * _BORDER_PX
    net = _open_yunet(yunet, side)
    points = np.full((len(images), 5, 2), np.nan)
    scores = np.zeros(len(images))
    for i, image in enumerate(images):
        large = cv2.resize(image, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC)
        border = (_BORDER_PX,) * 4
        framed = cv2.copyMakeBorder(large, *border, cv2.BORDER_REPLICATE)
        rows: Floats | None = net.detect(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR))[1]
        if rows is not None:  # OpenCV's way to say that there is a face
            best = rows[rows[:, 14].argmax()].astype(np.float64)
            points[i] = (best[4:14].reshape(5, 2) - _BORDER_PX) / (CROP_SIDE * _ENLARGE)
            scores[i] = best[14]
        on_image(i + 1)
    return Landmarks(points, scores)


def align_faces(images: Images, landmarks: Landmarks) -> tuple[Floats, Indices]:
    """The faces that are sure, upright and frontal: aligned and evenly lit, and no image twice.

    Args:
        images: uint8 (n, 48, 48, 1).
        landmarks: of the images.

    Returns:
        float32 (m, 64, 64), mean 0 and standard deviation 1 within the face; and int64 (m,), which images
        these are.
    """
    faces, kept = [], []
    inside = face_window() > 0.5
    for i in _find_distinct(images):
        affine = _fit_similarity(landmarks.points[i]) if landmarks.scores[i] >= SCORE_MIN else None
        if affine is None:
            continue
        matrix = affine * SIDE
        matrix[:, :2] /= CROP_SIDE
        matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # pixel i covers the fractions i/side … (i + 1)/side
        warped = cv2.warpAffine(
            images[i], matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        contrast = float(warped[inside].std())
        if contrast >= CONTRAST_MIN:
            faces.append((warped - warped[inside].mean()) / contrast)
            kept.append(i)
    return np.array(faces, np.float32).reshape(-1, SIDE, SIDE), np.array(kept, np.int64)


def face_window() -> Floats:
    """How much each pixel belongs to the face: float32 (64, 64), 1 inside an ellipse, 0 beyond it, smooth."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    radius = np.hypot((x - 0.5) / 0.45, (y - 0.52) / 0.53)
    t = np.clip((1.15 - radius) / 0.3, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _find_distinct(images: Images) -> Indices:
    """Indices of the images that equal no earlier one, int64 (m,), ascending: FER-2013 has 1,200 copies."""
    first: dict[bytes, int] = {}
    for i, image in enumerate(images):
        first.setdefault(image.tobytes(), i)
    return np.array(list(first.values()), np.int64)


def _open_yunet(file: Path, side: int) -> cv2.FaceDetectorYN:
    try:
        model = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise FaceModelError(f"{file} cannot be read ({reason_of(error)})") from error
    try:
        return cv2.FaceDetectorYN.create(
            "onnx",
            model,
            np.zeros(0, np.uint8),
            (side, side),
            _YUNET_SCORE_MIN,
            _YUNET_NMS_IOU,
            _YUNET_CANDIDATES,
        )
    except cv2.error as error:
        raise FaceModelError(f"{file} is no YuNet model that OpenCV can read") from error


def _fit_similarity(points: Doubles) -> Doubles | None:
    """The similarity transform with the least squared error onto LANDMARKS_AT, (2, 3); None: not frontal.

    In the complex plane turning and scaling are one factor, which least squares gives directly.
    """
    source, target = (p - p.mean(axis=0) for p in (points, LANDMARKS_AT))
    a, b = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    size = float((np.abs(a) ** 2).sum())
    if size == 0.0:
        return None
    factor = complex((a.conj() * b).sum() / size)
    misfit = float(np.sqrt((np.abs(factor * a - b) ** 2).mean()))
    is_upright = abs(np.angle(factor)) <= ROLL_MAX_RAD and SCALE_RANGE[0] <= abs(factor) <= SCALE_RANGE[1]
    if misfit > MISFIT_MAX or not is_upright:
        return None
    linear = np.array([(factor.real, -factor.imag), (factor.imag, factor.real)])
    shift = LANDMARKS_AT.mean(axis=0) - linear @ points.mean(axis=0)
    return np.column_stack((linear, shift))
