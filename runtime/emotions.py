"""Frames with crops become frames with emotions: what workers do, and cameras that classify themselves."""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from contract.events import SCHEMA, FaceEmotions, FrameEmotions, FrameFaces, Probabilities
from contract.labels import CROP_SIDE
from runtime.classifier import Classifier, Crops

_DECIMALS = 6  # windows count in millionths


def emotions_of(frames: Sequence[FrameFaces], classifier: Classifier, now_ms: int) -> list[FrameEmotions]:
    """The same frames without pixels; the faces of all are classified together.

    Args:
        frames: in any number.
        classifier: gives the probabilities.
        now_ms: UTC; becomes ``classified_at_ms``.
    """
    probabilities = iter(_probabilities(frames, classifier))
    return [_with_emotions(frame, probabilities, classifier.card.version, now_ms) for frame in frames]


def _probabilities(frames: Sequence[FrameFaces], classifier: Classifier) -> list[list[float]]:
    pixels = b"".join(face.crop for frame in frames for face in frame.faces)
    if not pixels:
        return []
    crops: Crops = np.frombuffer(pixels, np.uint8).reshape(-1, CROP_SIDE, CROP_SIDE)
    # rounded in float64: a rounded float32 prints as 0.12345600128
    rows: list[list[float]] = classifier.classify(crops).astype(np.float64).round(_DECIMALS).tolist()
    return rows


def _with_emotions(
    frame: FrameFaces, probabilities: Iterator[list[float]], version: str, now_ms: int
) -> FrameEmotions:
    faces = tuple(
        FaceEmotions(
            face.track,
            face.zone,
            face.box,
            face.score,
            face.frontal,
            cast("Probabilities", tuple(next(probabilities))),
        )
        for face in frame.faces
    )
    return FrameEmotions(
        SCHEMA,
        frame.camera,
        frame.session,
        frame.frame,
        frame.captured_at_ms,
        frame.interval_ms,
        version,
        now_ms,
        faces,
    )
