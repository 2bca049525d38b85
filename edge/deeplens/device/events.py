"""The events of the contract that a camera sends, field by field as in ``contract/events.py``."""

from __future__ import annotations

from typing import NamedTuple

SCHEMA = 1
CROP_SIDE = 48
FACES_MAX = 50
INTERVAL_MAX_MS = 1000
LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")

FACES = "faces"
EMOTIONS = "emotions"
REPORTS = "reports"
STATUS = "status"


class FaceCrop(NamedTuple):
    """One face: ``box`` are fractions of the frame, ``crop`` 48×48 uint8 grey pixels, row by row."""

    track: int
    zone: str
    box: tuple[float, float, float, float]
    score: float
    frontal: bool | None
    crop: bytes


class FrameFaces(NamedTuple):
    """The faces of one analysed frame that has any; msgpack."""

    schema: int
    camera: str
    session: str
    frame: int
    captured_at_ms: int
    interval_ms: int
    faces: tuple[FaceCrop, ...]


class FaceEmotions(NamedTuple):
    """One face, classified; ``probabilities`` follow ``LABELS``."""

    track: int
    zone: str
    box: tuple[float, float, float, float]
    score: float
    frontal: bool | None
    probabilities: tuple[float, ...]


class FrameEmotions(NamedTuple):
    """The same without pixels; JSON."""

    schema: int
    camera: str
    session: str
    frame: int
    captured_at_ms: int
    interval_ms: int
    model: str
    classified_at_ms: int
    faces: tuple[FaceEmotions, ...]


class CameraReport(NamedTuple):
    """What the camera did in one stretch of time; JSON. It excludes nobody: so no track was excluded."""

    schema: int
    camera: str
    session: str
    seq: int
    from_ms: int
    to_ms: int
    analysed_ms: int
    frames_analysed: int
    frames_published: int
    faces_published: int
    dropped: int
    excluded: int
    fps: float
    detector: str
    excluded_tracks: tuple[int, ...] = ()


class CameraStatus(NamedTuple):
    """Whether the camera is online; JSON, retained."""

    schema: int
    camera: str
    online: bool
    version: str
    detector: str
    fps: float
    since_ms: int


def topic(camera: str, suffix: str) -> str:
    """The topic of ``site/camera`` for a suffix."""
    return f"moodlens/v1/{camera}/{suffix}"
