"""Events for tests: valid by default, with what matters given by the test."""

import time
from collections.abc import Sequence

import numpy as np

from contract.events import (
    CROP_BYTES,
    SCHEMA,
    CameraReport,
    FaceCrop,
    FaceEmotions,
    FrameEmotions,
    FrameFaces,
    Probabilities,
)
from contract.labels import LABELS

CAMERA = "shop-1/entrance"
SESSION = "00112233aabbccdd"
BOX = (0.25, 0.25, 0.125, 0.25)


def utc_ms() -> int:
    return time.time_ns() // 1_000_000


def surely(label: str, p: float = 1.0) -> Probabilities:
    """Probability ``p`` for a label, the rest shared by the others."""
    rest = (1 - p) / (len(LABELS) - 1)
    return tuple(p if name == label else rest for name in LABELS)  # type: ignore[return-value]


def crop(seed: int = 0) -> bytes:
    """Noise that no two seeds share: 48×48 grey pixels of nobody."""
    return np.random.default_rng(seed).integers(0, 256, CROP_BYTES, np.uint8).tobytes()


def frame_faces(
    frame: int = 0,
    *,
    camera: str = CAMERA,
    session: str = SESSION,
    captured_at_ms: int | None = None,
    interval_ms: int = 200,
    tracks: Sequence[int] = (1,),
    zone: str = "",
) -> FrameFaces:
    faces = tuple(FaceCrop(track, zone, BOX, 0.9, True, crop(frame * 100 + track)) for track in tracks)
    at_ms = utc_ms() if captured_at_ms is None else captured_at_ms
    return FrameFaces(SCHEMA, camera, session, frame, at_ms, interval_ms, faces)


def frame_emotions(
    frame: int = 0,
    *,
    captured_at_ms: int,
    camera: str = CAMERA,
    session: str = SESSION,
    interval_ms: int = 200,
    tracks: Sequence[int] = (1,),
    zone: str = "",
    frontal: bool | None = True,
    probabilities: Probabilities | None = None,
) -> FrameEmotions:
    p = probabilities or surely("happy")
    faces = tuple(FaceEmotions(track, zone, BOX, 0.9, frontal, p) for track in tracks)
    return FrameEmotions(
        SCHEMA, camera, session, frame, captured_at_ms, interval_ms, "test-model", captured_at_ms, faces
    )


def camera_report(
    seq: int = 0,
    *,
    from_ms: int,
    to_ms: int,
    camera: str = CAMERA,
    session: str = SESSION,
    published: int = 0,
    dropped: int = 0,
    excluded: int = 0,
    excluded_tracks: Sequence[int] = (),
) -> CameraReport:
    return CameraReport(
        SCHEMA,
        camera,
        session,
        seq,
        from_ms,
        to_ms,
        analysed_ms=to_ms - from_ms,
        frames_analysed=50,
        frames_published=published,
        faces_published=published,
        dropped=dropped,
        excluded=excluded,
        fps=5.0,
        detector="yunet",
        excluded_tracks=tuple(excluded_tracks),
    )
