"""Tracks that turn out to be staff or posters: their visits are taken back, if they are not over."""

from collections.abc import Set

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fold import LoggedEvent, Timing, fold
from aggregator.state import CameraState
from contract import row
from contract.codec import LogEvent, Refused, decode, encode
from contract.events import EXCLUDED_TRACKS_MAX, CameraReport
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions

START_MS = 1_780_000_000_000
TILL = f"{CAMERA}@till"
COLUMNS = {"visits": row.VISITS, "late": row.LATE, "face_frames": row.FACE_FRAMES}


def seen(second: float, track: int = 1, zone: str = "") -> LogEvent:
    at_ms = START_MS + round(second * 1000)
    return frame_emotions(round(second * 10) * 10 + track, captured_at_ms=at_ms, tracks=[track], zone=zone)


def told(second: float, *tracks: int, session: str = SESSION) -> LogEvent:
    to_ms = START_MS + round(second * 1000)
    return camera_report(
        round(second), from_ms=to_ms - 1000, to_ms=to_ms, excluded_tracks=tracks, session=session
    )


def counted(events: list[LogEvent], cuts: Set[int] = frozenset()) -> dict[str, dict[str, int]]:
    """Visits, late faces and face-frames of each subject's day; the state is stored at each cut."""
    fields: dict[bytes, bytes] = {}
    totals: dict[str, dict[str, int]] = {}
    batch: list[LoggedEvent] = []
    for number, event in enumerate(events):
        at_ms = event.to_ms if isinstance(event, CameraReport) else event.captured_at_ms
        batch.append(LoggedEvent(event, at_ms + 50))
        if number + 1 < len(events) and number not in cuts:
            continue
        state = CameraState.load(fields)
        deltas = fold(state, CAMERA, batch, batch[-1].logged_ms, Timing())
        written, removed = state.take_changes()
        fields |= {name.encode(): value for name, value in written.items()}
        for name in removed:
            fields.pop(name.encode(), None)
        for (subject, _), values in deltas.rows():
            into = totals.setdefault(subject, dict.fromkeys(COLUMNS, 0))
            for name, column in COLUMNS.items():
                into[name] += values[column]
        batch = []
    return totals


def test_a_track_that_turned_out_to_be_nobodys_is_no_visit_and_its_frames_stay() -> None:
    events = [seen(0), seen(1), told(2, 1), told(20)]
    assert counted(events)[CAMERA] == {"visits": 0, "late": 0, "face_frames": 2}


def test_it_is_no_visit_of_any_zone_either() -> None:
    events = [seen(0, zone="till"), seen(1, zone="till"), told(2, 1), told(20)]
    totals = counted(events)
    assert totals[CAMERA]["visits"] == totals[TILL]["visits"] == 0


def test_others_are_counted_as_ever() -> None:
    events = [seen(0), seen(0.5, track=2), told(2, 1), told(20)]
    assert counted(events)[CAMERA]["visits"] == 1


def test_a_track_of_another_session_is_another_track() -> None:
    events = [seen(0), told(2, 1, session="f" * 16), told(20)]
    assert counted(events)[CAMERA]["visits"] == 1


def test_faces_that_come_after_the_report_are_late_in_every_zone() -> None:
    events = [seen(0), told(2, 1), seen(1), seen(1.5, zone="till"), told(20)]
    totals = counted(events)
    assert totals[CAMERA] == {"visits": 0, "late": 2, "face_frames": 3}
    assert totals[TILL] == {"visits": 0, "late": 1, "face_frames": 1}


@pytest.mark.parametrize("cuts", [set(), {1}])
def test_a_visit_that_is_over_stays_counted(cuts: set[int]) -> None:
    events = [seen(0), told(20), told(21, 1), told(40)]
    assert counted(events, cuts)[CAMERA] == {"visits": 1, "late": 0, "face_frames": 1}


def test_it_is_forgotten_with_its_session() -> None:
    state, timing = CameraState(), Timing()
    at_ms = START_MS + 2_000
    fold(state, CAMERA, [LoggedEvent(told(2, 1, 7), at_ms)], at_ms, timing)
    assert len(state.tombstones) == 2
    fold(state, CAMERA, [], at_ms + timing.tombstone_ms, timing)
    assert not state.tombstones
    assert not state.sessions


@settings(max_examples=60)
@given(order=st.permutations(range(8)), cuts=st.sets(st.integers(0, 9)))
def test_in_whatever_order_it_comes_and_wherever_the_log_is_cut(order: list[int], cuts: set[int]) -> None:
    events = [
        seen(0),
        seen(0.5, zone="till"),
        seen(1),
        seen(1.5),
        seen(0, track=2),
        seen(1, track=2),
        told(2, 1),
        told(3),
    ]
    totals = counted([*(events[i] for i in order), told(20), told(40)], cuts)
    assert totals[CAMERA]["visits"] == 1
    assert totals[TILL]["visits"] == 0
    assert totals[CAMERA]["face_frames"] == 6


def test_a_report_takes_back_a_hundred_tracks_at_most() -> None:
    most = camera_report(from_ms=0, to_ms=1, excluded_tracks=range(EXCLUDED_TRACKS_MAX))
    assert decode(encode(most), CameraReport) == most
    more = camera_report(from_ms=0, to_ms=1, excluded_tracks=range(EXCLUDED_TRACKS_MAX + 1))
    with pytest.raises(Refused, match="excluded_tracks"):
        decode(encode(more), CameraReport)
