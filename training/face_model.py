"""A linear model of faces, for the demo's synthetic shopper: means and principal components, no single face.

face = neutral mean + identity + expression, with the identity a mix of principal components of neutral faces
and the expression the mean of its class minus the neutral mean. (An eigenface model: Turk & Pentland 1991.)
The training faces are aligned on their landmarks and made symmetric first: a mean then stays sharp, and light
from one side is no part of who somebody is.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE, LABELS
from training.dataset import Classes, Images, Split
from training.errors import TrainingError

SIDE: Final = 64
"""Height and width of the model's faces, in pixels; they show what a 48×48 crop shows."""

COMPONENTS: Final = 60

LANDMARKS_AT: Final = np.array(
    [(0.322, 0.388), (0.678, 0.388), (0.500, 0.591), (0.355, 0.7475), (0.645, 0.7475)], np.float64
)
"""Where eyes, nose tip and mouth corners go, (x, y) as fractions of the face's side.

Medians of YuNet's landmarks over whole FER-2013 pictures, made symmetric. (In the close-ups that cameras look
at, they lie 7% further apart: ``producer.framing``.)
"""

FACES_MIN: Final = 100
"""Fewest faces behind any mean: so no mean shows one person."""

SCORE_MIN: Final = 0.85
MISFIT_MAX: Final = 0.045
"""Largest root mean square distance of aligned landmarks from LANDMARKS_AT: a turned head does not fit."""
ROLL_MAX_RAD: Final = np.deg2rad(15.0)
SCALE_RANGE: Final = (0.8, 1.25)
CONTRAST_MIN: Final = 12.0
"""Least standard deviation of a face's grey levels: less is fog."""

SHARPEN: Final = 1.2
SHARPEN_SIGMA_PX: Final = 2.0
"""Averaging blurs what lies a pixel apart; an unsharp mask gives about as much sharpness back."""

_ENLARGE = 4
_BORDER_PX = 48
"""YuNet was made for faces with surroundings: ×4 and a border make it find 96% of FER-2013's."""

_YUNET_SCORE_MIN = 0.6
_YUNET_NMS_IOU = 0.3
_YUNET_CANDIDATES = 50

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


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


@dataclass(frozen=True)
class FaceModel:
    """The model; its unit is the standard deviation of a face's grey levels.

    Attributes:
        mean: float16 (64, 64), the mean neutral face.
        offsets: float16 (7, 64, 64), mean of each class minus ``mean``, in the order of ``LABELS``.
        components: int8 (60, 64, 64); ``components[k] * scales[k]`` is one standard deviation of identity k.
        scales: float32 (60,).
        faces: int64 (7,), how many faces each class's mean is made of.
    """

    mean: npt.NDArray[np.float16]
    offsets: npt.NDArray[np.float16]
    components: npt.NDArray[np.int8]
    scales: Floats
    faces: npt.NDArray[np.int64]

    def to_npz(self, data_sha256: str) -> bytes:
        """The file: the arrays above, ``labels`` and ``data_sha256`` (of the data set); always the same."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            mean=self.mean,
            offsets=self.offsets,
            components=self.components,
            scales=self.scales,
            faces=self.faces,
            labels=np.array(LABELS),
            data_sha256=np.array(data_sha256),
        )
        return file.getvalue()


def fit_face_model(train: Split, yunet: Path, on_image: Callable[[int], None]) -> FaceModel:
    """Fit the model to the training images (FER-2013: about a minute).

    Args:
        train: images to learn from.
        yunet: YuNet's ONNX file.
        on_image: told how many images were searched for a face so far.

    Raises:
        FaceModelError: YuNet cannot be loaded, or a class has too few good faces.
    """
    landmarks = find_landmarks(train.images, yunet, on_image)
    faces, classes = align_faces(train.images, train.classes, landmarks)
    return build_model(faces, classes)


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


def align_faces(images: Images, classes: Classes, landmarks: Landmarks) -> tuple[Floats, Classes]:
    """The faces that are sure, upright and frontal: aligned, evenly lit and symmetric.

    Args:
        images: uint8 (n, 48, 48, 1).
        classes: int64 (n,).
        landmarks: of the images.

    Returns:
        float32 (m, 64, 64), mean 0 and standard deviation 1 within the face; and int64 (m,), their classes.
    """
    faces, kept = [], []
    inside = face_window() > 0.5
    for i in np.flatnonzero(landmarks.scores >= SCORE_MIN):
        affine = _fit_similarity(landmarks.points[i])
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
            even = (warped - warped[inside].mean()) / contrast
            faces.append((even + even[:, ::-1]) / 2)
            kept.append(int(classes[i]))
    if not faces:
        return np.zeros((0, SIDE, SIDE), np.float32), np.zeros(0, np.int64)
    return np.stack(faces).astype(np.float32), np.array(kept, np.int64)


def build_model(faces: Floats, classes: Classes) -> FaceModel:
    """Means and principal components of aligned faces.

    Args:
        faces: float32 (n, 64, 64), symmetric.
        classes: int64 (n,).

    Raises:
        FaceModelError: a class has fewer than FACES_MIN faces.
    """
    counts = np.bincount(classes, minlength=len(LABELS))
    for label, count in zip(LABELS, counts, strict=True):
        if count < FACES_MIN:
            raise FaceModelError(
                f"{count} faces of class {label} are sure and frontal enough, needed are {FACES_MIN}"
            )
    means = np.stack([faces[classes == number].mean(axis=0) for number in range(len(LABELS))])
    mean = means[LABELS.index("neutral")]
    # hair and background at the edges vary most and are not drawn: they shall not use up the components
    deviations = (faces[classes == LABELS.index("neutral")] - mean) * face_window()
    directions, sigmas = _principal_components(deviations)
    one_sigma = _sharpen(directions * sigmas[:, None, None])
    scales = np.abs(one_sigma).max(axis=(1, 2)) / np.iinfo(np.int8).max
    return FaceModel(
        mean=_sharpen(mean[None])[0].astype(np.float16),
        offsets=_sharpen(means - mean).astype(np.float16),
        components=np.rint(one_sigma / scales[:, None, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        faces=counts.astype(np.int64),
    )


def face_window() -> Floats:
    """How much each pixel belongs to the face: float32 (64, 64), 1 inside an ellipse, 0 beyond it, smooth."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    radius = np.hypot((x - 0.5) / 0.45, (y - 0.52) / 0.53)
    t = np.clip((1.15 - radius) / 0.3, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _open_yunet(file: Path, side: int) -> cv2.FaceDetectorYN:
    try:
        model = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise FaceModelError(f"{file} cannot be read ({error.strerror})") from error
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


def _sharpen(planes: npt.NDArray[np.floating]) -> Doubles:
    """Each plane of (n, 64, 64), with its details enlarged; linear, so that it may come before any mixing."""
    details = [
        plane - cv2.GaussianBlur(plane, (0, 0), SHARPEN_SIGMA_PX) for plane in planes.astype(np.float64)
    ]
    return np.asarray(planes + SHARPEN * np.stack(details), np.float64)


def _principal_components(deviations: Floats) -> tuple[Doubles, Doubles]:
    """Directions, float64 (60, 64, 64), and standard deviations, float64 (60,), largest first.

    The deviations are symmetric, so their left halves say all, at an eighth of the work.
    """
    half = deviations[:, :, : SIDE // 2].reshape(len(deviations), -1).astype(np.float64)
    values, vectors = np.linalg.eigh(half.T @ half / len(half))
    values, vectors = values[::-1][:COMPONENTS], vectors[:, ::-1][:, :COMPONENTS].T
    largest = np.abs(vectors).argmax(axis=1)
    vectors = vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]  # else of either sign
    left = vectors.reshape(COMPONENTS, SIDE, SIDE // 2)
    sigmas: Doubles = np.sqrt(np.maximum(values, 0.0))
    return np.concatenate((left, left[:, :, ::-1]), axis=2), sigmas
