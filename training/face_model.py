"""A linear model of faces, for the demo's synthetic shopper: means and principal components, no single face.

face = neutral mean + identity + expression, with the identity a mix of principal components of neutral faces
and the expression the mean of its class minus the neutral mean. (An eigenface model: Turk & Pentland 1991.)
The training faces are aligned on their landmarks, bent onto their mean and made symmetric first: a mean then
stays sharp, and light from one side is no part of who somebody is.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from training.dataset import Images
from training.face_alignment import (
    SIDE,
    Doubles,
    FaceModelError,
    Floats,
    align_faces,
    face_window,
    find_landmarks,
)
from training.face_registration import mirror_mean, register_faces, warp_face

COMPONENTS: Final = 60

FACES_MIN: Final = 100
"""Fewest faces behind any mean: so no mean shows one person."""

FACES_WANTED: Final = 200
"""With so many, the faces of a class that people agree on most are enough: rather few that are clear."""

SHARES: Final = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Least share of the votes on a class that makes a face one of its faces: the first with FACES_WANTED."""

RIVALS: Final = {"fear": "surprise"}
RIVAL_SHARE_MAX: Final = 0.2
"""Faces that more than this share of people take for the rival are left out: wide eyes and an open mouth are
common to both, and what sets them apart is lost in a mean of faces that people were divided on."""

SHAPE_KEPT: Final = 0.5
"""How much of its own shape a neutral face keeps for the components of identity.

With all of it, mixed faces are ghosts with two edges for one; with none, all have the same nose.
"""

SHARPEN: Final = 0.8
SHARPEN_SIGMA_PX: Final = 2.0
"""Averaging still blurs what lies a pixel apart; an unsharp mask gives about as much sharpness back."""

HANDS_AT_CHIN: Final = ("fear",)
"""Expressions whose chin and lower cheeks are left as they are in neutral.

Most people whom all voters call afraid hold their hands there, and a shopper has none.
"""


@dataclass(frozen=True)
class FaceModel:
    """The model; its unit is the standard deviation of a face's grey levels.

    Attributes:
        mean: float16 (64, 64), the mean neutral face.
        offsets: float16 (7, 64, 64), mean of each class minus ``mean``, in the order of ``LABELS``.
        components: int8 (60, 64, 64); ``components[k] * scales[k]`` is one standard deviation of identity k.
        scales: float32 (60,).
        faces: int64 (7,), how many faces each class's mean is made of, as ``count_faces`` counts.
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


def fit_face_model(images: Images, shares: Floats, yunet: Path, on_image: Callable[[int], None]) -> FaceModel:
    """Fit the model to training images (FER-2013: two minutes).

    Args:
        images: uint8 (n, 48, 48, 1).
        shares: float32 (n, 7), share of the votes on each class, or 1 for the one that the image has.
        yunet: YuNet's ONNX file.
        on_image: told how many images were searched for a face so far.

    Raises:
        FaceModelError: YuNet cannot be loaded, or a class has too few good faces.
    """
    landmarks = find_landmarks(images, yunet, on_image)
    faces, kept = align_faces(images, landmarks)
    return build_model(faces, shares[kept])


def build_model(faces: Floats, shares: Floats) -> FaceModel:
    """Means and principal components of aligned faces.

    Args:
        faces: float32 (n, 64, 64).
        shares: float32 (n, 7), share of the votes on each class.

    Raises:
        FaceModelError: a class has fewer than FACES_MIN faces.
    """
    weights = [weigh_faces(shares, label) for label in LABELS]
    means = np.zeros((len(LABELS), SIDE, SIDE), np.float32)
    deviations = np.zeros((0, SIDE, SIDE), np.float32)
    for number, weight in enumerate(weights):
        chosen = faces[weight > 0]
        registration = register_faces(chosen, weight[weight > 0])
        means[number] = registration.mean
        if LABELS[number] == "neutral":
            deviations = _find_deviations(chosen, registration.flows)
    mean = means[LABELS.index("neutral")]
    directions, sigmas = _principal_components(deviations)
    one_sigma = _sharpen(directions * sigmas[:, None, None])
    scales = np.abs(one_sigma).max(axis=(1, 2)) / np.iinfo(np.int8).max
    return FaceModel(
        mean=_sharpen(mean[None])[0].astype(np.float16),
        offsets=(_sharpen(means - mean) * _expression_windows()).astype(np.float16),
        components=np.rint(one_sigma / scales[:, None, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        faces=np.array([int(count_faces(weight)) for weight in weights], np.int64),
    )


def weigh_faces(shares: Floats, label: str) -> Floats:
    """How much each face counts in the mean of a class: its share of the votes, or 0 below a threshold.

    The threshold is the highest of SHARES that leaves FACES_WANTED faces, else the lowest. Faces taken for
    the class's rival count 0, too.

    Args:
        shares: float32 (n, 7), share of the votes on each class.
        label: of the class.

    Returns:
        float32 (n,).

    Raises:
        FaceModelError: even so there are fewer than FACES_MIN.
    """
    own = shares[:, LABELS.index(label)]
    if label in RIVALS:
        own = np.where(shares[:, LABELS.index(RIVALS[label])] <= RIVAL_SHARE_MAX, own, 0)
    weights, count = np.zeros(len(own), np.float32), 0.0
    for least in SHARES:
        weights = np.where(own >= least, own, 0).astype(np.float32)
        count = count_faces(weights)
        if count >= FACES_WANTED:
            break
    if count < FACES_MIN:
        raise FaceModelError(
            f"{count:.0f} faces of class {label} are sure and frontal enough, needed are {FACES_MIN}"
        )
    return weights


def count_faces(weights: Floats) -> float:
    """How many equally weighted faces a weighted mean is worth: (Σw)² ÷ Σw² (Kish 1965)."""
    total = weights.astype(np.float64).sum()
    return float(total**2 / max(float((weights.astype(np.float64) ** 2).sum()), 1e-12))


def _find_deviations(faces: Floats, flows: Floats) -> Floats:
    """What sets each neutral face apart from their mean, inside the face: float32 (n, 64, 64), symmetric.

    Hair and background at the edges vary most and are not drawn: they shall not use up the components.
    """
    bent = np.stack(
        [warp_face(face, np.float32(1 - SHAPE_KEPT) * flow) for face, flow in zip(faces, flows, strict=True)]
    )
    return np.asarray(mirror_mean(bent - bent.mean(axis=0)) * face_window(), np.float32)


def _expression_windows() -> Floats:
    """How much each expression changes each pixel: float32 (7, 64, 64); the background not at all."""
    windows = np.stack([face_window()] * len(LABELS))
    for label in HANDS_AT_CHIN:
        windows[LABELS.index(label)] *= _brows_to_mouth()
    return windows


def _brows_to_mouth() -> Floats:
    """1 from the brows to the mouth, 0 on chin and lower cheeks, smooth: float32 (64, 64)."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    half_width = 0.36 - 0.10 * _smooth((y - 0.55) / 0.20)
    window = _smooth((half_width - np.abs(x - 0.5)) / 0.08) * _smooth((0.86 - y) / 0.08)
    return np.asarray(window, np.float32)


def _smooth(t: Doubles) -> Doubles:
    """From 0 at t ≤ 0 to 1 at t ≥ 1, without corners."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float64)


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
