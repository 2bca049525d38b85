"""Truth against measured: how well the system read what a story played before one camera. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from contract.events import FaceEmotions, FrameEmotions
from contract.labels import LABELS, VALENCES
from contract.windows import GRAIN_MS
from demo.truth import SETTLED_MIN, ScriptedFace, ScriptedFrame
from producer.tracker import LOST_MS
from runtime.windows import Windows

IOU_MIN: Final = 0.25
"""From so much overlap on, a measured face is the scripted one."""

FACES_MIN: Final = 10
"""A window with fewer face-frames has no mood worth comparing."""

_VALENCES: Final = np.array(VALENCES)

Floats = npt.NDArray[np.float64]
CleanReader = Callable[[Sequence[ScriptedFace]], Floats]
"""What the model says of clean renders: faces → float64 (n, 7), probabilities."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face that was measured, and the scripted one that it is."""

    at_ms: int
    measured: FaceEmotions
    true: ScriptedFace


@dataclass(frozen=True, slots=True)
class Visit:
    """A time during which a shopper's face was to be seen."""

    first_ms: int
    last_ms: int


def true_visits(truth: Iterable[ScriptedFrame]) -> list[Visit]:
    """The visits there were: a face hidden for no longer than trackers wait for it is the same visit."""
    seen = sorted((face.shopper, frame.at_ms) for frame in truth for face in frame.faces if face.seen)
    visits: list[Visit] = []
    for _, times in groupby(seen, key=lambda pair: pair[0]):
        first_ms = last_ms = -1
        for _, at_ms in times:
            if first_ms >= 0 and at_ms - last_ms > LOST_MS:
                visits.append(Visit(first_ms, last_ms))
                first_ms = -1
            first_ms, last_ms = (at_ms if first_ms < 0 else first_ms), at_ms
        visits.append(Visit(first_ms, last_ms))
    return visits


def match(truth: Iterable[ScriptedFrame], frames: Iterable[FrameEmotions]) -> tuple[list[Sighting], int]:
    """Which measured face is which scripted one, by place; and how many are none."""
    scripted = {frame.at_ms: frame.faces for frame in truth}
    sightings: list[Sighting] = []
    phantoms = 0
    for frame in frames:
        free = list(scripted.get(frame.captured_at_ms, ()))
        for face in frame.faces:
            best = max(free, key=lambda true: _iou(true.box, face.box), default=None)
            if best is None or _iou(best.box, face.box) < IOU_MIN:
                phantoms += 1
                continue
            free.remove(best)
            sightings.append(Sighting(frame.captured_at_ms, face, best))
    return sightings, phantoms


def compare(
    truth: Sequence[ScriptedFrame], frames: Sequence[FrameEmotions], windows: Windows, read_clean: CleanReader
) -> dict[str, Any]:
    """How well one camera was read.

    Args:
        truth: all that was shown.
        frames: all that was classified.
        windows: of 10 s, of the same time.
        read_clean: the model, on clean renders.

    Returns:
        For JSON. ``mood``: windows of 10 s, their frame-weighted indices as scripted, as measured, and as the
        model gives on clean renders, with the correlation of measured and scripted and the mean distance of
        measured and clean; ``expressions``: of each label, share of the faces measured that were read so
        (settled and frontal ones), and what else they were read as; ``plumbing``: share of these faces whose
        top label is the one that the model gives on the clean render.
    """
    sightings, phantoms = match(truth, frames)
    judged = [one for one in sightings if one.true.frontal and one.true.seen and is_settled(one.true)]
    clean = read_clean([one.true for one in judged]).argmax(axis=1)
    measured = np.array([int(np.argmax(one.measured.probabilities)) for one in judged], int)
    scripted = np.array([int(np.argmax(one.true.mixture)) for one in judged], int)
    shown = sum(face.seen for frame in truth for face in frame.faces)
    return {
        "mood": _compare_moods(truth, windows, read_clean),
        "expressions": {
            LABELS[label]: _reading(measured[scripted == label], clean[scripted == label], label)
            for label in sorted(set(scripted.tolist()))
        },
        "plumbing": {
            "same_label": _share(measured == clean),
            "found": round(sum(one.true.seen for one in sightings) / max(1, shown), 4),
            "phantom_faces": phantoms,
        },
    }


def is_settled(face: ScriptedFace) -> bool:
    """Whether an expression is shown, and no morph."""
    return max(face.mixture) >= SETTLED_MIN


def correlation(some: Floats, others: Floats) -> float | None:
    """Pearson's, or None where one of them does not vary."""
    if len(some) < 3 or some.std() < 1e-9 or others.std() < 1e-9:
        return None
    return round(float(np.corrcoef(some, others)[0, 1]), 4)


def _compare_moods(
    truth: Sequence[ScriptedFrame], windows: Windows, read_clean: CleanReader
) -> dict[str, Any]:
    face_frames = windows.column("face_frames")
    sums = windows.column("p_sum") @ _VALENCES / 1e6
    measured = {
        int(start): float(total / faces)
        for start, total, faces in zip(windows.start_ms, sums, face_frames, strict=True)
        if faces >= FACES_MIN
    }
    listed = []
    for start, group in groupby(truth, key=lambda frame: frame.at_ms // GRAIN_MS * GRAIN_MS):
        seen = [face for frame in group for face in frame.faces if face.seen]
        if start in measured and len(seen) >= FACES_MIN:
            scripted = np.array([face.mixture for face in seen]).mean(axis=0)
            cleanly = read_clean(seen).mean(axis=0)
            listed.append((start, scripted @ _VALENCES, measured[start], cleanly @ _VALENCES))
    table = np.array(listed).reshape(-1, 4)
    return {
        "correlation": correlation(table[:, 1], table[:, 2]),
        "plumbing_error": round(float(np.abs(table[:, 2] - table[:, 3]).mean()), 4) if len(table) else None,
        "windows": [
            {
                "start_ms": int(row[0]),
                **{
                    name: round(float(value), 4)
                    for name, value in zip(("scripted", "measured", "clean"), row[1:], strict=True)
                },
            }
            for row in table
        ],
    }


def _reading(measured: npt.NDArray[np.int_], clean: npt.NDArray[np.int_], label: int) -> dict[str, Any]:
    counts = np.bincount(measured, minlength=len(LABELS))
    return {
        "faces": len(measured),
        "read": _share(measured == label),
        "read_clean": _share(clean == label),
        "read_as": {LABELS[i]: int(count) for i, count in enumerate(counts) if count},
    }


def _share(holds: npt.NDArray[np.bool_]) -> float | None:
    return round(float(holds.mean()), 4) if len(holds) else None


def _iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Area of the intersection of two boxes (x, y, width, height) over that of their union."""
    shared = 1.0
    for i in (0, 1):
        shared *= max(0.0, min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i]))
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else 0.0
