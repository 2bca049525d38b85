"""Timelines: what a camera saw, drawn second by second, and what folding it adds up to.

A column is a second, `#` a face, `.` none.
"""

from datetime import UTC

import numpy as np

from aggregator.deltas import Deltas
from aggregator.fold import LoggedEvent, Timing, fold
from aggregator.state import CameraState
from contract import row
from contract.codec import LogEvent
from contract.windows import GRAIN_MS, Resolution
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions

START_MS = 1_780_000_000_000
SECOND_MS = 1_000
TIMING = Timing()


def timeline(
    *tracks: str, start_ms: int = START_MS, session: str = SESSION, reports: bool = True
) -> list[LogEvent]:
    """Frames of the tracks drawn, one a second, and a report for every ten seconds."""
    events: list[LogEvent] = []
    for second in range(max(map(len, tracks))):
        at_ms = start_ms + second * SECOND_MS
        present = [number for number, drawn in enumerate(tracks) if drawn[second : second + 1] == "#"]
        if present:
            events.append(
                frame_emotions(
                    second, captured_at_ms=at_ms, tracks=present, session=session, interval_ms=1000
                )
            )
        if reports and second % 10 == 9:
            end_ms = at_ms + SECOND_MS
            events.append(
                camera_report(
                    second // 10, from_ms=end_ms - GRAIN_MS, to_ms=end_ms, session=session, published=10
                )
            )
    return events


def logged(events: list[LogEvent], delay_ms: int = 50) -> list[LoggedEvent]:
    """Events as they stand in the log a moment after they happened."""
    return [
        LoggedEvent(event, getattr(event, "captured_at_ms", getattr(event, "to_ms", 0)) + delay_ms)
        for event in events
    ]


def folded(
    events: list[LogEvent], state: CameraState | None = None, log_ms: int | None = None
) -> tuple[dict[str, int], Deltas]:
    """Totals of the scalar columns of the camera's day after a fold, and the additions themselves."""
    entries = logged(events)
    deltas = fold(state or CameraState(), CAMERA, entries, log_ms or entries[-1].logged_ms, TIMING)
    return totals(deltas), deltas


def totals(deltas: Deltas, subject: str = CAMERA) -> dict[str, int]:
    day = np.zeros(row.WIDTH, np.int64)
    for (name, chunk), additions in deltas.chunks(UTC).items():
        if name == subject and chunk.resolution is Resolution.DAY:
            for position, value in additions.items():
                day[position % row.WIDTH] += value
    return {name: int(day[column]) for name, column in row.COLUMNS.items() if isinstance(column, int)}
