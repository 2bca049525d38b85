"""From a face in a frame to the 48×48 grey crop that models know: framed as the faces of FER-2013 are."""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE
from producer.detection import Detection
from producer.frames import Image

LANDMARKS_AT: Final = np.array(
    [(0.306, 0.381), (0.694, 0.381), (0.500, 0.590), (0.345, 0.776), (0.655, 0.776)], np.float64
)
"""Where the landmarks of FER-2013 faces lie, as fractions of the crop; order as in ``Detection``.

Medians of YuNet's landmarks in close-ups of 1,000 training pictures set 90 and 160 pixels high into frames,
scaled by 1.01 so that the median crop is framed as its picture is. Landmarks of a whole frame lie 7% closer
together: they have to be measured as they are found. Made symmetric: YuNet's close-ups of these enlarged
pictures lean by 2.3°, of mirrored ones too, but those of real clips do not (-1.3° to 0.6°).
"""

OVERSAMPLING_MAX = 16
"""A face is sampled at most so many times finer than the crop before pixels are averaged."""

NOSE_LENGTH = 0.6
"""How far the tip of the nose stands before the plane of the face, in distances between the eyes.

Gee & Cipolla (1994), "Determining the gaze of faces in images": 0.6 of the distance from the eyes to the
mouth, which in FER-2013 faces equals the distance between the eyes (0.36 of the crop each).
"""

FRONTAL_YAW_MAX_DEG = 25.0

Affine = npt.NDArray[np.float64]
"""float64 (2, 3): pixel of the frame → fraction of the crop."""


def crop_face(grey: Image, detection: Detection) -> bytes:
    """The crop of a face, upright where landmarks tell; beyond the frame its edge is repeated.

    Args:
        grey: the frame, uint8 (height, width).
        detection: the face, in pixels of the frame.

    Returns:
        48×48 uint8 grey pixels, row by row (2,304 bytes).
    """
    affine = frame_to_crop(detection)
    shrink = CROP_SIDE * math.sqrt(abs(np.linalg.det(affine[:, :2])))  # crop pixels per frame pixel
    # sampling sparsely would alias: sample as finely as the frame is, then average
    finer = min(OVERSAMPLING_MAX, max(1, math.ceil(1 / shrink - 1e-6)))
    side = CROP_SIDE * finer
    # centres of pixels: pixel i covers the fractions i/side … (i + 1)/side
    matrix = affine * side
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    fine = cv2.warpAffine(grey, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        fine = cv2.resize(fine, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(fine, np.uint8).tobytes()


def frame_to_crop(detection: Detection) -> Affine:
    """The transform that frames a face: rotation, scale and shift, without shear or mirroring."""
    if detection.landmarks is not None:
        affine = _similarity(detection.landmarks.astype(np.float64), LANDMARKS_AT)
        if affine is not None:
            return affine
    x, y, width, height = detection.box
    scale = 1 / height  # FER-2013 faces: the box is as high as the crop, and in its middle
    shift = (0.5 - scale * (x + width / 2), 0.5 - scale * (y + height / 2))
    return np.array([(scale, 0.0, shift[0]), (0.0, scale, shift[1])])


def roll_rad(landmarks: npt.NDArray[np.float32]) -> float:
    """By how much a face must be turned, clockwise in the picture, to stand upright.

    Args:
        landmarks: float (5, 2), as in ``Detection``.
    """
    affine = _similarity(landmarks.astype(np.float64), LANDMARKS_AT)
    return 0.0 if affine is None else math.atan2(affine[1, 0], affine[0, 0])


def yaw_deg(landmarks: npt.NDArray[np.float32]) -> float:
    """How far a face is turned to the side, in degrees; positive: to the right in the picture.

    yaw = atan((n − m)·e ÷ (|e|² · NOSE_LENGTH)) with e from eye to eye, n the tip of the nose and m the
    middle of eyes and mouth. Turned by yaw, eyes are seen cos(yaw) as far apart, and the nose moves by
    NOSE_LENGTH · sin(yaw); measuring along e cancels the tilt of the head.

    Args:
        landmarks: float (5, 2), as in ``Detection``.
    """
    eye_left, eye_right, nose, mouth_left, mouth_right = landmarks.astype(np.float64)
    eyes = eye_right - eye_left
    distance2 = float(eyes @ eyes)
    if distance2 == 0.0:
        return 90.0
    middle = (eye_left + eye_right + mouth_left + mouth_right) / 4
    return math.degrees(math.atan(float((nose - middle) @ eyes) / (distance2 * NOSE_LENGTH)))


def is_frontal(detection: Detection) -> bool | None:
    """Whether the face looks towards the camera (|yaw| ≤ 25°); None without landmarks."""
    if detection.landmarks is None:
        return None
    return abs(yaw_deg(detection.landmarks)) <= FRONTAL_YAW_MAX_DEG


def _similarity(source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> Affine | None:
    """The similarity transform with the least squared error (Umeyama 1991), None if there is none.

    Args:
        source: points (n, 2).
        target: where they shall go, (n, 2).
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    variance = float((centred**2).sum())
    if variance == 0.0 or not math.isfinite(variance):
        return None
    u, stretch, vt = np.linalg.svd((target - target_mean).T @ centred)
    sign = np.array([1.0, float(np.sign(np.linalg.det(u @ vt)))])
    linear = (stretch @ sign / variance) * (u * sign) @ vt
    if not np.linalg.det(linear) > 0.0:
        return None
    return np.column_stack((linear, target_mean - linear @ source_mean))
