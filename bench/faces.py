"""Frames of nobody: crops as cameras make them, of faces that the demo's face model draws."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from contract.events import (
    INTERVAL_MAX_MS,
    SCHEMA,
    CameraReport,
    FaceCrop,
    FaceEmotions,
    FrameEmotions,
    FrameFaces,
)
from contract.labels import LABELS
from demo.face_model import load_face_model
from demo.figure import Figure

FACES_A_FRAME: Final = 4
BOX: Final = (0.42, 0.3, 0.12, 0.2)
SCORE: Final = 0.9
PEOPLE: Final = 8
VISIT_S: Final = 12
"""A track stays for so long; then another begins."""


def draw_crops() -> list[bytes]:
    """Crops of some people with each of the seven expressions: 48×48 grey pixels each."""
    model = load_face_model()
    figures = [Figure(model, seed) for seed in range(PEOPLE)]
    mixtures = np.eye(len(LABELS), dtype=np.float32)
    return [figure.crop(mixture).tobytes() for figure in figures for mixture in mixtures]


def crops_frame(
    camera: str, session: str, number: int, at_ms: int, interval_ms: int, crops: Sequence[bytes]
) -> FrameFaces:
    """A frame with ``FACES_A_FRAME`` faces."""
    first = _first_track(at_ms)
    faces = tuple(
        FaceCrop(first + i, "", BOX, SCORE, True, crops[(number * FACES_A_FRAME + i) % len(crops)])
        for i in range(FACES_A_FRAME)
    )
    return FrameFaces(SCHEMA, camera, session, number, at_ms, min(interval_ms, INTERVAL_MAX_MS), faces)


def emotions_frame(camera: str, session: str, number: int, at_ms: int, interval_ms: int) -> FrameEmotions:
    """The same after a worker."""
    shares = np.full(len(LABELS), 0.05)
    shares[number % len(LABELS)] += 1 - shares.sum()
    p = tuple(shares.round(6).tolist())
    first = _first_track(at_ms)
    faces = tuple(FaceEmotions(first + i, "", BOX, SCORE, True, p) for i in range(FACES_A_FRAME))
    interval_ms = min(interval_ms, INTERVAL_MAX_MS)
    return FrameEmotions(SCHEMA, camera, session, number, at_ms, interval_ms, "bench", at_ms, faces)


def report(
    camera: str, session: str, seq: int, span_ms: tuple[int, int], frames: int, fps: float
) -> CameraReport:
    """What a camera says of the frames that it published in a span of time."""
    from_ms, to_ms = span_ms
    return CameraReport(
        SCHEMA,
        camera,
        session,
        seq,
        from_ms,
        to_ms,
        analysed_ms=to_ms - from_ms,
        frames_analysed=frames,
        frames_published=frames,
        faces_published=frames * FACES_A_FRAME,
        dropped=0,
        excluded=0,
        fps=min(fps, 1000.0),
        detector="bench",
    )


def _first_track(at_ms: int) -> int:
    return at_ms // (VISIT_S * 1000) % 1_000_000 * FACES_A_FRAME
