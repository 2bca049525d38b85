"""Visits and windows from events. In a timeline a column is a second, `#` a face, `.` none."""

import random
import re
from dataclasses import replace
from datetime import UTC
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.deltas import Deltas
from aggregator.fold import fold
from aggregator.state import CameraState
from contract import row
from contract.codec import LogEvent
from contract.events import SCHEMA, FrameLoss
from contract.windows import GRAIN_MS
from tests.support.events import CAMERA, camera_report, frame_emotions, surely
from tests.support.timelines import SECOND_MS, START_MS, TIMING, folded, logged, timeline, totals


def test_a_face_seen_for_four_seconds_is_one_visit_of_three_seconds_dwell() -> None:
    total, _ = folded(timeline("####................"))
    assert total["visits"] == 1
    assert total["frames"] == total["face_frames"] == 4
    assert total["dwell_ms"] == total["attention_ms"] == total["attention_dwell_ms"] == 3_000
    assert total["watchers"] == 1
    assert total["published"] == 20


@pytest.mark.parametrize(
    ("drawn", "visits"),
    [
        ("####.....", 0),  # the watermark lags 5 s, and has to pass the last face by more than 5 s
        ("###########.........", 0),
        ("##########..........", 1),
        ("####....####...................", 1),  # a gap of 5 s is bridged
    ],
)
def test_a_visit_closes_when_the_watermark_has_passed_it(drawn: str, visits: int) -> None:
    assert folded(timeline(drawn))[0]["visits"] == visits


def test_two_tracks_at_once_are_two_visits_in_the_same_frames() -> None:
    total, _ = folded(timeline("####................", "..####.............."))
    assert total["visits"] == 2
    assert total["frames"] == 6
    assert total["face_frames"] == 8


def test_a_face_after_its_visit_closed_is_late_and_no_second_visit() -> None:
    total, _ = folded(timeline("####.....................##..................."))
    assert total["visits"] == 1
    assert total["late"] == 2
    assert total["face_frames"] == 6


def test_after_ten_minutes_the_tombstone_is_gone() -> None:
    state = CameraState()
    folded(timeline("####................"), state)
    assert state.tombstones
    later_ms = START_MS + 20_000 + 610_000
    folded([camera_report(99, from_ms=later_ms, to_ms=later_ms + 1)], state)
    assert not state.tombstones


def test_a_silent_camera_has_its_visits_closed_by_the_servers_clock() -> None:
    state = CameraState()
    assert folded(timeline("####", reports=False), state)[0]["visits"] == 0
    heard_ms = START_MS + 3_050
    early = fold(state, CAMERA, [], heard_ms + TIMING.silence_ms - 1, TIMING)
    assert totals(early)["visits"] == 0
    closed = fold(state, CAMERA, [], heard_ms + TIMING.silence_ms, TIMING)
    assert totals(closed)["visits"] == 1
    assert totals(closed)["dwell_ms"] == 3_000


def test_a_forgotten_session_leaves_nothing_behind() -> None:
    state = CameraState()
    folded(timeline("####"), state)
    for log_ms in (START_MS + TIMING.silence_ms + 5_000, START_MS + TIMING.tombstone_ms + 5_000):
        fold(state, CAMERA, [], log_ms, TIMING)
    assert not state.visits
    assert not state.tombstones
    assert not state.sessions
    written, _ = state.take_changes()
    assert written.keys() == {"model:test-model"}, "but which model it was"


def test_a_producer_that_starts_again_begins_new_visits() -> None:
    state = CameraState()
    folded(timeline("####", session="a" * 16), state)
    total, _ = folded(timeline("####................", session="b" * 16), state)
    assert total["visits"] == 1
    assert total["late"] == 0
    assert len(state.visits) == 1, "the first session's visit waits for its own silence"


def test_a_visit_longer_than_half_an_hour_is_split() -> None:
    total, _ = folded(timeline("#" * 2_000 + "." * 20))
    assert total["visits"] == 2
    assert total["late"] == 0


def test_a_visit_belongs_to_the_window_of_its_last_face() -> None:
    first_ms = START_MS // GRAIN_MS * GRAIN_MS + 8_000
    _, deltas = folded(timeline("####................", start_ms=first_ms))
    assert deltas.at(CAMERA, first_ms)[row.VISITS] == 0
    assert deltas.at(CAMERA, first_ms + 3_000)[row.VISITS] == 1


def test_frames_weigh_equally_within_a_visit_and_visits_equally_in_a_window() -> None:
    happy, sad = surely("happy"), surely("sad")
    events: list[LogEvent] = [
        frame_emotions(i, captured_at_ms=START_MS + i * 1000, probabilities=p)
        for i, p in enumerate([happy, happy, happy, sad])
    ]
    events.append(frame_emotions(4, captured_at_ms=START_MS + 4_000, probabilities=sad, tracks=[2]))
    events.append(camera_report(from_ms=START_MS, to_ms=START_MS + 20_000))
    _, deltas = folded(events)
    sums = np.array(deltas.at(CAMERA, START_MS)) + np.array(deltas.at(CAMERA, START_MS + GRAIN_MS))
    assert list(sums[row.P_SUM]) == [0, 0, 0, 3_000_000, 0, 2_000_000, 0]
    assert list(sums[row.M_SUM]) == [0, 0, 0, 750_000, 0, 1_250_000, 0]
    products = dict(zip(row.PAIRS, sums[row.MM_SUM], strict=True))
    assert products[3, 3] == 562_500
    assert products[3, 5] == 187_500
    assert products[5, 5] == 1_062_500
    assert sum(products.values()) == 562_500 + 187_500 + 1_062_500


@pytest.mark.parametrize(("p", "uncertain"), [(0.49, 1), (0.51, 0)])
def test_a_visit_without_a_majority_label_is_uncertain(p: float, uncertain: int) -> None:
    events: list[LogEvent] = [
        frame_emotions(captured_at_ms=START_MS, probabilities=surely("fear", p)),
        camera_report(from_ms=START_MS, to_ms=START_MS + 20_000),
    ]
    assert folded(events)[0]["uncertain"] == uncertain


@pytest.mark.parametrize(
    ("frontal", "attention_ms", "base_ms", "watchers"),
    [((True, True, False, False), 1_500, 3_000, 1), ((False,) * 4, 0, 3_000, 0), ((None,) * 4, 0, 0, 0)],
)
def test_attention_is_the_share_of_dwell_that_faced_the_camera(
    frontal: tuple[bool | None, ...], attention_ms: int, base_ms: int, watchers: int
) -> None:
    events: list[LogEvent] = [
        frame_emotions(i, captured_at_ms=START_MS + i * 1000, frontal=value)
        for i, value in enumerate(frontal)
    ]
    total, _ = folded([*events, camera_report(from_ms=START_MS, to_ms=START_MS + 20_000)])
    assert (total["attention_ms"], total["attention_dwell_ms"], total["watchers"]) == (
        attention_ms,
        base_ms,
        watchers,
    )
    assert total["dwell_ms"] == 3_000


@pytest.mark.parametrize(
    ("seconds", "place"), [(1, 0), (6, 1), (15, 1), (16, 2), (31, 3), (60, 3), (61, 4), (300, 4)]
)
def test_dwell_falls_into_its_bin(seconds: int, place: int) -> None:
    _, deltas = folded(timeline("#" * seconds + "." * 20))
    bins = np.array(deltas.at(CAMERA, START_MS + (seconds - 1) * SECOND_MS))[row.DWELL_BINS]
    assert list(np.flatnonzero(bins)) == [place]


def test_a_zone_has_windows_and_visits_of_its_own() -> None:
    events: list[LogEvent] = [
        frame_emotions(i, captured_at_ms=START_MS + i * 1000, zone="till" if i >= 2 else "") for i in range(6)
    ]
    events.append(camera_report(from_ms=START_MS, to_ms=START_MS + 20_000))
    total, deltas = folded(events)
    at_the_till = totals(deltas, f"{CAMERA}@till")
    assert (total["visits"], total["frames"], total["dwell_ms"]) == (1, 6, 5_000)
    assert (at_the_till["visits"], at_the_till["frames"], at_the_till["dwell_ms"]) == (1, 4, 3_000)


def test_losses_are_counted_where_they_happened() -> None:
    events: list[LogEvent] = [FrameLoss(SCHEMA, CAMERA, START_MS, "refused") for _ in range(3)]
    events.append(FrameLoss(SCHEMA, CAMERA, START_MS, "shed"))
    total, _ = folded(events)
    assert (total["refused"], total["shed"]) == (3, 1)


TIMELINES = st.lists(st.text("#.", min_size=1, max_size=60), min_size=1, max_size=3)


@given(
    drawn=TIMELINES,
    cuts=st.lists(st.integers(0, 70), max_size=6),
    silence=st.integers(0, 70),
    silence_ms=st.sampled_from([0, 59_000, 61_000, 700_000]),
)
def test_how_a_log_is_cut_into_reads_does_not_matter(
    drawn: list[str], cuts: list[int], silence: int, silence_ms: int
) -> None:
    entries = logged(timeline(*(f"{track:.<80}" for track in drawn)))
    entries[silence:] = [replace(it, logged_ms=it.logged_ms + silence_ms) for it in entries[silence:]]
    end_ms = entries[-1].logged_ms
    whole = fold(CameraState(), CAMERA, entries, end_ms, TIMING).chunks(UTC)

    state, parts = CameraState(), Deltas()
    edges = [0, *sorted(min(cut, len(entries)) for cut in [*cuts, silence]), len(entries)]
    for first, last in pairwise(edges):
        upto_ms = entries[last].logged_ms - 1 if last < len(entries) else end_ms
        deltas = fold(state, CAMERA, entries[first:last], upto_ms, TIMING)
        for (subject, grain), additions in deltas.rows():
            target = parts.at(subject, grain * GRAIN_MS)
            for column, value in enumerate(additions):
                target[column] += value
    assert parts.chunks(UTC) == whole


def as_trackers_see(track: str) -> str:
    """Without pauses longer than a visit's gap: a face that was away for 2 s gets another number."""
    return re.sub(r"(?<=#)\.{5,}(?=#)", "....", track)


# after a longer pause it depends on what came first, the face or the watermark
@given(drawn=TIMELINES, seed=st.integers(0, 1000))
def test_disorder_within_five_seconds_changes_no_sum(drawn: list[str], seed: int) -> None:
    events = timeline(*(f"{as_trackers_see(track):.<80}" for track in drawn))
    pick = random.Random(seed)  # noqa: S311 - an order, not a secret
    shuffled = sorted(
        events,
        key=lambda e: getattr(e, "captured_at_ms", getattr(e, "to_ms", 0)) + pick.randrange(5_000),
    )
    straight, muddled = folded(events)[0], folded(shuffled)[0]
    assert muddled == straight


@given(drawn=TIMELINES)
def test_a_state_read_back_is_the_state_written(drawn: list[str]) -> None:
    state = CameraState()
    folded(timeline(*(f"{track:.<60}" for track in drawn)), state)
    written, removed = state.take_changes()
    again = CameraState.load({name.encode(): value for name, value in written.items()})
    assert (again.visits, again.tombstones, again.sessions, again.models) == (
        state.visits,
        state.tombstones,
        state.sessions,
        state.models,
    )
    assert not set(removed) & set(written)
