"""Each face as another camera might have framed and lit it: random changes of a batch of training images.

The ranges cover what the producer's framing does to a face (docs/benchmarks/framing.md), and more of each,
which also keeps a network from learning its images by heart.
"""

from typing import Any, Final

import numpy as np
import tensorflow as tf

from contract.labels import CROP_SIDE

ROLL_MAX_RAD: Final = float(np.deg2rad(15.0))
SCALE_MAX: Final = 0.2
"""Largest enlargement or reduction, as a share."""
STRETCH_MAX: Final = 0.06
"""Likewise of the width alone: heads turn, and detectors' boxes are not square."""
SHIFT_MAX: Final = 0.12
"""Largest shift either way, as a share of the side."""
LIGHT_MAX: Final = 0.25
"""Largest change of contrast (as a share) and of brightness (as a share of the grey range)."""
ERASED_SHARE: Final = 0.2
"""Share of the images that lose a rectangle (random erasing, Zhong et al. 2020)."""
ERASED_SIDE: Final = (0.15, 0.45)
"""Range of the rectangle's height and width, as shares of the side."""
COARSE_SHARE: Final = 0.06
"""Share of the images seen from afar, at half their size, and as many again at a third of it."""
DARK_SHARE: Final = 0.12
"""Share of the images that are underexposed."""
DARK_MIN: Final = 0.3
"""What is left of the light in the darkest of them."""
NOISE_MAX: Final = 8.0
"""Largest standard deviation of a camera's noise, in grey levels."""

_DRAWS = 17


def augment_batch(images: Any, seed: Any) -> Any:
    """Change every image of a batch at random.

    Args:
        images: uint8 or float32 tensor (N, 48, 48, 1), grey 0–255.
        seed: int32 tensor (2,); the same seed makes the same changes.

    Returns:
        float32 tensor (N, 48, 48, 1), grey 0–255.
    """
    images = tf.cast(images, tf.float32)
    count = tf.shape(images)[0]
    draws = tf.unstack(tf.random.stateless_uniform((_DRAWS, count), seed), _DRAWS)
    moved = _move(images, *draws[:6])
    images = tf.where(_spread(draws[6]) < 2 * COARSE_SHARE, _coarsen(moved, 2), moved)
    images = tf.where(_spread(draws[6]) < COARSE_SHARE, _coarsen(moved, 3), images)
    images = _light(images, *draws[7:11])
    noise = tf.random.stateless_normal(tf.shape(images), seed + 1)
    images += noise * NOISE_MAX * _spread(draws[11]) ** 2
    images = _erase(images, *draws[12:17])
    return tf.clip_by_value(images, 0.0, 255.0)


def _move(images: Any, flip: Any, roll: Any, scale: Any, stretch: Any, right: Any, down: Any) -> Any:
    """Mirror, turn, scale and shift about the middle; what comes in from outside mirrors the inside."""
    angle = _signed(roll) * ROLL_MAX_RAD
    height = 1.0 / (1.0 + _signed(scale) * SCALE_MAX)
    width = height * (1.0 + _signed(stretch) * STRETCH_MAX) * tf.where(flip < 0.5, -1.0, 1.0)
    a, b = width * tf.cos(angle), -height * tf.sin(angle)
    c, d = width * tf.sin(angle), height * tf.cos(angle)
    middle = (CROP_SIDE - 1) / 2
    x = middle + _signed(right) * SHIFT_MAX * CROP_SIDE
    y = middle + _signed(down) * SHIFT_MAX * CROP_SIDE
    zero = tf.zeros_like(a)
    # the operation wants the map from the output's coordinates to the input's
    rows = tf.stack([a, b, x - middle * (a + b), c, d, y - middle * (c + d), zero, zero], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=rows,
        output_shape=tf.constant([CROP_SIDE, CROP_SIDE]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _coarsen(images: Any, times: int) -> Any:
    """Reduce to a fraction of the size, as a small face in a camera's picture, and enlarge again."""
    return tf.image.resize(tf.nn.avg_pool2d(images, times, times, "VALID"), (CROP_SIDE, CROP_SIDE))


def _light(images: Any, contrast: Any, brightness: Any, chosen: Any, exposure: Any) -> Any:
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    factor = 1.0 + _spread(_signed(contrast)) * LIGHT_MAX
    lit = (images - mean) * factor + mean + _spread(_signed(brightness)) * LIGHT_MAX * 255.0
    light = tf.where(chosen < DARK_SHARE, DARK_MIN + (1.0 - DARK_MIN) * exposure, 1.0)
    return lit * _spread(light)


def _erase(images: Any, grey: Any, height: Any, width: Any, x: Any, y: Any) -> Any:
    """Cover a rectangle with one grey in ERASED_SHARE of the images."""
    smallest, largest = ERASED_SIDE
    tall, wide = (smallest + (largest - smallest) * draw[:, None] for draw in (height, width))
    place = (tf.range(CROP_SIDE, dtype=tf.float32) + 0.5) / CROP_SIDE
    rows = tf.abs(place[None, :] - y[:, None]) < tall / 2
    columns = tf.abs(place[None, :] - x[:, None]) < wide / 2
    chosen = grey < ERASED_SHARE
    hidden = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]
    return tf.where(hidden[..., None], _spread(grey / ERASED_SHARE) * 255.0, images)


def _signed(draw: Any) -> Any:
    """From [0, 1) to [-1, 1)."""
    return 2.0 * draw - 1.0


def _spread(values: Any) -> Any:
    """From (N,) to (N, 1, 1, 1), to meet a batch of images."""
    return values[:, None, None, None]
