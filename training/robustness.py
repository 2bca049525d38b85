"""How well a model still reads faces that arrive worse than those it was scored on.

Every degradation takes crops and gives crops of the same shape, as the camera would have sent them. Geometry
uses the camera's own interpolation: linear where it samples finer, area averages where it samples coarser,
edges repeated (``producer.framing.crop_face``).
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE
from training.dataset import Classes, Images
from training.evaluate import Logits, find_labelled

DIM: Final = 0.4
"""Light that is left of the picture's."""

SHOT_NOISE: Final = 0.5
READ_NOISE: Final = 2.0
"""Noise of a dim picture: variance = SHOT_NOISE · grey level + READ_NOISE², in grey levels.

The Poissonian-Gaussian model of a sensor (Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and
fitting for single-image raw-data"); at these values a face of grey level 50 has a standard deviation of 5.
"""

OFF_CENTRE: Final = 0.1
"""Shift in one of eight directions, as a fraction of the crop's side."""

ROLL_DEG: Final = 15.0
BLUR_SIGMA_PX: Final = 1.5
CONTRAST: Final = 0.4
"""Contrast that is left around the mean grey level of a face, as behind glass or in haze."""

Crop = npt.NDArray[np.uint8]
Degradation = Callable[[Images, int], Images]
"""uint8 (N, 48, 48, 1) and a seed → uint8 (N, 48, 48, 1)."""

Predict = Callable[[Images], Logits]
"""uint8 (N, 48, 48, 1) → float32 (N, 7)."""


def measure_robustness(predict: Predict, images: Images, labels: Classes, seed: int) -> dict[str, float]:
    """Accuracy under each degradation.

    Args:
        predict: the model.
        images: uint8, (N, 48, 48, 1).
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.
        seed: of noise and directions.

    Returns:
        Share of the images whose largest logit is the label's, by name of the degradation;
        ``arriving_at_48_px`` is the crop as it is.

    Raises:
        DatasetError: no image has a label.
    """
    labelled = find_labelled(labels)
    images, labels = images[labelled], labels[labelled]
    return {
        name: float((predict(degrade(images, seed)).argmax(axis=1) == labels).mean())
        for name, degrade in DEGRADATIONS.items()
    }


def arrive_at(side: int, images: Images, _seed: int) -> Images:
    """A face that is ``side`` pixels high in the frame."""

    def resample(crop: Crop) -> Crop:
        if side < CROP_SIDE:
            return _resize(_resize(crop, side, cv2.INTER_AREA), CROP_SIDE, cv2.INTER_LINEAR)
        # the finer face is not known; a smooth one through the crop's pixels stands for it
        return _resize(_resize(crop, side, cv2.INTER_CUBIC), CROP_SIDE, cv2.INTER_AREA)

    return images if side == CROP_SIDE else _each(images, resample)


def compress(quality: int, images: Images, _seed: int) -> Images:
    """A face from a picture that was stored as JPEG of the given quality (0–100)."""

    def store(crop: Crop) -> Crop:
        _, content = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)

    return _each(images, store)


def roll(degrees: float, images: Images, _seed: int) -> Images:
    """A head that leans: turned around the crop's middle, anticlockwise for positive angles."""
    middle = (CROP_SIDE - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, 1.0), np.float64)
    return _each(images, lambda crop: _warp(crop, matrix))


def shift(images: Images, seed: int) -> Images:
    """A face that a detector put off the middle, each in one of eight directions drawn by ``seed``."""
    angles = np.random.default_rng(seed).integers(0, 8, len(images)) * (np.pi / 4)
    moves = OFF_CENTRE * CROP_SIDE * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    moved = [
        _warp(image[..., 0], np.column_stack((np.eye(2), move)))
        for image, move in zip(images, moves, strict=True)
    ]
    return np.stack(moved)[..., np.newaxis]


def dim(images: Images, seed: int) -> Images:
    """A face in little light, with the noise of a camera that sees little."""
    signal = DIM * images.astype(np.float32)
    noise = np.random.default_rng(seed).standard_normal(images.shape, np.float32)
    return _to_bytes(signal + noise * np.sqrt(SHOT_NOISE * signal + READ_NOISE**2))


def blur(images: Images, _seed: int) -> Images:
    """A face out of focus."""
    return _each(images, lambda crop: np.asarray(cv2.GaussianBlur(crop, (0, 0), BLUR_SIGMA_PX), np.uint8))


def fade(images: Images, _seed: int) -> Images:
    """A face of low contrast, as light as before."""
    means = images.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float32)
    return _to_bytes(means + CONTRAST * (images - means))


DEGRADATIONS: Final[dict[str, Degradation]] = {
    "arriving_at_24_px": partial(arrive_at, 24),
    "arriving_at_32_px": partial(arrive_at, 32),
    "arriving_at_48_px": partial(arrive_at, 48),
    "arriving_at_96_px": partial(arrive_at, 96),
    "jpeg_q50": partial(compress, 50),
    "jpeg_q20": partial(compress, 20),
    "roll_plus_15": partial(roll, ROLL_DEG),
    "roll_minus_15": partial(roll, -ROLL_DEG),
    "darker": dim,
    "off_centre_10_percent": shift,
    "blur": blur,
    "contrast_low": fade,
}


def _each(images: Images, change: Callable[[Crop], Crop]) -> Images:
    """Apply a change of one uint8 (48, 48) crop to all."""
    return np.stack([change(image[..., 0]) for image in images])[..., np.newaxis]


def _resize(crop: Crop, side: int, interpolation: int) -> Crop:
    return np.asarray(cv2.resize(crop, (side, side), interpolation=interpolation), np.uint8)


def _warp(crop: Crop, matrix: npt.NDArray[np.float64]) -> Crop:
    size = (CROP_SIDE, CROP_SIDE)
    warped = cv2.warpAffine(crop, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _to_bytes(pixels: npt.NDArray[np.float32]) -> Images:
    return np.asarray(pixels.round().clip(0, 255), np.uint8)
