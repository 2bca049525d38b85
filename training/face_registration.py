"""Faces bent onto their average, so that it is sharp: a mean of eyes needs eyes that lie upon each other.

Group-wise registration by turns: dense optical flow from the mean to each face, each face warped by it, and
their mean taken anew ("congealing": Learned-Miller 2006; as a mean of shape and one of appearance: Cootes,
Edwards & Taylor 2001). The flow is DIS (Kroeger et al. 2016), as OpenCV has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from training.face_alignment import SIDE, Floats

ROUNDS: Final = 3
FLOW_SIGMA_PX: Final = 2.0
"""A flow is smoothed so much: a face bends, it does not break."""
FLOW_MAX_PX: Final = 4.0
"""Nothing moves further: landmarks are aligned already, and what looks alike far away is another thing."""

_ENLARGE = 2
_FINEST_SCALE = 1
"""DIS's patches are 8 pixels wide: on faces enlarged ×2 that is about an eye's height."""

_LIGHT_SIGMA_PX = 8.0
_CONTRAST_FLOOR = 0.15
_GREY_MEAN = 128.0
_GREY_SIGMA = 50.0

_GRID = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Registration:
    """Faces and their common mean.

    Attributes:
        mean: float32 (64, 64), symmetric: the mean of the faces, each bent onto it.
        flows: float32 (n, 64, 64, 2), pixels right and down: what the mean shows at x, face i shows at
            x + flows[i]. Their weighted mean, with that of the mirror images, is 0: so the mean has the
            average shape.
    """

    mean: Floats
    flows: Floats


def register_faces(faces: Floats, weights: Floats) -> Registration:
    """Bend faces onto their mean.

    Args:
        faces: float32 (n, 64, 64), aligned on their landmarks.
        weights: float32 (n,), how much each counts.
    """
    shares = (weights / weights.sum()).astype(np.float32)
    mean = mirror_mean(np.tensordot(shares, faces, axes=1))
    flows = np.zeros((*faces.shape, 2), np.float32)
    with _one_thread():
        for _ in range(ROUNDS):
            flows = _find_flows(mean, faces)
            drift = np.tensordot(shares, flows, axes=1)
            # as if each face came with its mirror image: so the mean face stays symmetric
            drift = (drift + drift[:, ::-1] * np.array((-1, 1), np.float32)) / 2
            flows -= drift
            mean = np.zeros((SIDE, SIDE), np.float32)
            for face, flow, share in zip(faces, flows, shares, strict=True):
                mean += share * warp_face(face, flow)
            mean = mirror_mean(mean)
    return Registration(mean, flows)


def warp_face(face: Floats, flow: Floats) -> Floats:
    """The face with each pixel fetched from where the flow points.

    Args:
        face: float32 (64, 64).
        flow: float32 (64, 64, 2), pixels right and down.
    """
    warped = cv2.remap(  # type: ignore[call-overload]  # one map is enough
        face, _GRID + flow, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def mirror_mean(planes: Floats) -> Floats:
    """Mean of planes (…, 64, 64) and their mirror images."""
    return np.asarray((planes + planes[..., ::-1]) / 2, np.float32)


def _find_flows(mean: Floats, faces: Floats) -> Floats:
    """Flow from the mean to each face, smooth and short: float32 (n, 64, 64, 2), pixels."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(_FINEST_SCALE)
    reference = _prepare(mean)
    flows = np.empty((*faces.shape, 2), np.float32)
    for i, face in enumerate(faces):
        fine = dis.calc(reference, _prepare(face), None)  # type: ignore[call-overload]  # None: from scratch
        flow = cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / _ENLARGE
        flow = cv2.GaussianBlur(flow, (0, 0), FLOW_SIGMA_PX)
        length = np.linalg.norm(flow, axis=-1, keepdims=True)
        flows[i] = flow * np.minimum(1.0, FLOW_MAX_PX / np.maximum(length, 1e-6))
    return flows


def _prepare(face: Floats) -> npt.NDArray[np.uint8]:
    """Local contrast, enlarged: uint8 (128, 128); flow follows edges, whatever light falls on them."""
    detail = face - cv2.GaussianBlur(face, (0, 0), _LIGHT_SIGMA_PX)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _LIGHT_SIGMA_PX)) + _CONTRAST_FLOOR
    large = cv2.resize(detail / contrast, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(_GREY_MEAN + _GREY_SIGMA * large, 0, 255), np.uint8)


@contextmanager
def _one_thread() -> Iterator[None]:
    """DIS cuts its work into one stripe a thread, and what it finds depends on the stripes."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
