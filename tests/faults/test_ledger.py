"""The ledger itself: what it must not overlook."""

from datetime import UTC

import numpy as np
import pytest

from aggregator.fold import LoggedEvent, Timing, fold
from aggregator.state import CameraState
from contract.codec import LogEvent
from contract.events import SCHEMA, FrameLoss
from contract.row import WIDTH
from contract.windows import WINDOW_MS, Resolution
from runtime.windows import Windows
from tests.support.balance import balance
from tests.support.cameras import Published, Shot
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions
from tests.support.ledger import Ledger

START_MS = 1_700_006_400_000  # a midnight
LATER_MS = START_MS + 600_000
FRAMES = 30
TRACKS = (1, 2)


def at_ms(frame: int) -> int:
    return START_MS + 1_000 * frame


def emotions(frame: int) -> LogEvent:
    return frame_emotions(frame, captured_at_ms=at_ms(frame), tracks=TRACKS)


REPORTS = [
    camera_report(i, from_ms=at_ms(10 * i), to_ms=at_ms(10 * i + 10), published=10)
    for i in range(FRAMES // 10)
]
ALL_BUT_THE_LAST: list[LogEvent] = [*map(emotions, range(FRAMES - 1)), *REPORTS]
LOG: list[LogEvent] = [emotions(FRAMES - 1), *ALL_BUT_THE_LAST]


def windows_of(log: list[LogEvent]) -> dict[Resolution, Windows]:
    """What the aggregator makes of a log."""
    logged = [LoggedEvent(event, LATER_MS) for event in log]
    deltas = fold(CameraState(), CAMERA, logged, LATER_MS + 120_000, Timing())
    windows: dict[Resolution, Windows] = {}
    for (_, chunk), additions in deltas.chunks(UTC).items():
        rows = np.zeros(chunk.rows * WIDTH, np.int64)
        for position, value in additions.items():
            rows[position] = value
        starts = chunk.start_ms + WINDOW_MS[chunk.resolution] * np.arange(chunk.rows)
        windows[chunk.resolution] = Windows(starts, rows.reshape(-1, WIDTH))
    return windows


def ledger(log: list[LogEvent], counted: list[LogEvent] | None = None) -> Ledger:
    """The ledger of ``FRAMES`` published frames.

    Args:
        log: what is in the stream.
        counted: what is in the windows; the same, unless given.
    """
    published = Published(CAMERA, SESSION, reports=REPORTS)
    published.shots = {frame: Shot(at_ms(frame), TRACKS) for frame in range(FRAMES)}
    return Ledger([balance(published, log, windows_of(log if counted is None else counted), LATER_MS)])


def test_what_is_whole_balances() -> None:
    ledger(LOG).check(late=0)


def test_a_frame_that_was_shed_is_accounted_for() -> None:
    shed = FrameLoss(SCHEMA, CAMERA, at_ms(29), "shed", SESSION, 29)
    ledger([*ALL_BUT_THE_LAST, shed]).check()


def test_a_missing_frame_is_told_unless_there_was_an_outage() -> None:
    missing = ledger(ALL_BUT_THE_LAST)
    with pytest.raises(AssertionError, match="1 expired, where 0 are to be expected"):
        missing.check()
    missing.check(outage_ms=(at_ms(29), at_ms(30)))
    with pytest.raises(AssertionError, match=r"1 frames are missing .* 9.0 to 9.0 s after the beginning"):
        missing.check(outage_ms=(at_ms(20), at_ms(29)))


@pytest.mark.parametrize(
    ("log", "counted", "fault"),
    [
        ([*LOG, emotions(7)], None, r"1 logged more than once: 7"),
        (
            [*LOG, FrameLoss(SCHEMA, CAMERA, at_ms(7), "shed", SESSION, 7)],
            None,
            r"1 logged more than once: 7",
        ),
        ([*LOG, emotions(99)], None, r"1 logged, and never published: 99"),
        (
            [*ALL_BUT_THE_LAST, frame_emotions(29, captured_at_ms=at_ms(29))],
            None,
            r"1 logged with other faces or at another time: 29",
        ),
        ([*LOG, REPORTS[0]], None, r"1 reports logged more than once: 0"),
        (LOG[:-1], None, r"1 reports missing, where 0"),
        (
            LOG,
            ALL_BUT_THE_LAST,
            r"1 10 s windows whose frames are not what the log says: \d+ has 9 instead of 10",
        ),
        (
            LOG,
            [*LOG, emotions(7)],
            r"windows whose face_frames are not what the log says: \d+ has 22 instead of 20",
        ),
        (
            [*LOG[:-1], camera_report(2, from_ms=at_ms(20), to_ms=at_ms(30), published=10, dropped=2)],
            None,
            r"2 frames are in two columns",
        ),
    ],
)
def test_what_does_not_fit_is_told(log: list[LogEvent], counted: list[LogEvent] | None, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        ledger(log, counted).check()


def test_a_visit_counted_twice_is_told() -> None:
    twice = ledger(LOG, [*LOG, frame_emotions(30, captured_at_ms=at_ms(29), tracks=(3,))])
    with pytest.raises(AssertionError, match="3 visits of 2 tracks"):
        twice.check()
