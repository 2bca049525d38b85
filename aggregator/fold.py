"""The heart of the aggregator: events in, window additions out. Pure; every time is a parameter.

Two clocks are kept apart. *Event time* is the camera's (capture times, ends of reports): it decides windows
and when a visit is over. *Log time* is the server's (when an entry was appended to the stream): it decides
only when a camera that went silent is given up.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import Final

from aggregator.deltas import Deltas, Sums, add_products
from aggregator.state import ANY_ZONE, CameraState, OpenVisit, SessionClock, VisitKey
from contract import row as columns
from contract.codec import LogEvent
from contract.events import CameraReport, FaceEmotions, FrameEmotions, FrameLoss
from contract.keys import subject_of
from contract.row import DWELL_EDGES_MS, MICRO, UNCERTAIN_BELOW
from contract.windows import KEPT_MS, Resolution

MODELS_KEPT_MS: Final = KEPT_MS[Resolution.HOUR]
"""As long as there may be windows by the hour that rest on a model, it is known that they do."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When things are over.

    Attributes:
        disorder_ms: how far events of a session may come out of order; its watermark lags by this.
        gap_ms: a visit whose last face is this far behind the watermark is over.
        silence_ms: a session not heard for this long (log time) has all its visits closed.
        tombstone_ms: how long a closed visit is remembered, to tell late faces from a new visit.
        split_ms: a visit longer than this is closed and another begun.
    """

    disorder_ms: int = 5_000
    gap_ms: int = 5_000
    silence_ms: int = 60_000
    tombstone_ms: int = 600_000
    split_ms: int = 1_800_000


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with the log time at which it was appended."""

    event: LogEvent
    logged_ms: int


def fold(state: CameraState, camera: str, logged: list[LoggedEvent], log_ms: int, timing: Timing) -> Deltas:
    """Adds events of one camera to its state, and closes what is over by then.

    The result does not depend on how a log is cut into calls.

    Args:
        state: changed in place; throw it away when its changes cannot be committed.
        camera: whose state it is.
        logged: in log order; may be empty.
        log_ms: log time up to which the stream has been read.
        timing: when things are over.

    Returns:
        What the events and the visits closed add to the windows.
    """
    deltas = Deltas()
    for entry in logged:
        if _was_silent(state, entry, timing):  # as a look in between would have found it
            _sweep(state, camera, entry.logged_ms, deltas, timing)
        match entry.event:
            case FrameEmotions() as frame:
                _fold_frame(state, frame, deltas, timing)
                _hear(state, frame.session, frame.captured_at_ms, entry.logged_ms)
            case CameraReport() as report:
                _fold_report(report, deltas)
                _take_back(state, report, timing)
                _hear(state, report.session, report.to_ms, entry.logged_ms)
            case loss:
                column = columns.REFUSED if loss.reason == "refused" else columns.SHED
                deltas.at(camera, loss.captured_at_ms)[column] += 1
    _sweep(state, camera, log_ms, deltas, timing)
    return deltas


def _was_silent(state: CameraState, entry: LoggedEvent, timing: Timing) -> bool:
    """Whether an event's session had been given up before it was logged."""
    clock = None if isinstance(entry.event, FrameLoss) else state.sessions.get(entry.event.session)
    return clock is not None and entry.logged_ms - clock.heard_ms >= timing.silence_ms


def _sweep(state: CameraState, camera: str, log_ms: int, deltas: Deltas, timing: Timing) -> None:
    """Closes what is over at a log time, and forgets what is too old."""
    _close_finished(state, camera, log_ms, deltas, timing)
    _forget_old(state, log_ms, timing)
    _forget_models(state, log_ms)


def _close_finished(state: CameraState, camera: str, log_ms: int, deltas: Deltas, timing: Timing) -> None:
    for key in list(state.visits):
        silent = log_ms - state.sessions[key.session].heard_ms >= timing.silence_ms
        if silent or _is_over(state, key, timing):
            _bury(state, camera, key, deltas)


def _forget_old(state: CameraState, log_ms: int, timing: Timing) -> None:
    for key, last_ms in list(state.tombstones.items()):
        clock = state.sessions[key.session]
        forgotten = log_ms - clock.heard_ms >= timing.tombstone_ms
        if forgotten or clock.latest_ms - timing.disorder_ms > last_ms + timing.tombstone_ms:
            del state.tombstones[key]
            state.touch_visit(key)
    in_use = {key.session for key in (*state.visits, *state.tombstones)}
    for session, clock in list(state.sessions.items()):
        if session not in in_use and log_ms - clock.heard_ms >= timing.tombstone_ms:
            del state.sessions[session]
            state.touch_session(session)


def _forget_models(state: CameraState, log_ms: int) -> None:
    for version, (_, last_ms) in list(state.models.items()):
        if log_ms - last_ms > MODELS_KEPT_MS:
            state.forget_model(version)


def _is_over(state: CameraState, key: VisitKey, timing: Timing) -> bool:
    """Whether the watermark of a visit's session has passed its last face by more than the gap."""
    clock = state.sessions.get(key.session)
    if clock is None:  # its first event is being folded
        return False
    watermark_ms = clock.latest_ms - timing.disorder_ms
    return watermark_ms > state.visits[key].last_ms + timing.gap_ms


def _bury(state: CameraState, camera: str, key: VisitKey, deltas: Deltas) -> None:
    """Closes a visit and leaves a tombstone, so that a late face does not begin it anew."""
    state.tombstones[key] = state.visits[key].last_ms
    _close(state, camera, key, deltas)


def _hear(state: CameraState, session: str, at_ms: int, logged_ms: int) -> None:
    clock = state.sessions.setdefault(session, SessionClock(at_ms, logged_ms))
    clock.latest_ms = max(clock.latest_ms, at_ms)
    clock.heard_ms = max(clock.heard_ms, logged_ms)
    state.touch_session(session)


def _fold_frame(state: CameraState, frame: FrameEmotions, deltas: Deltas, timing: Timing) -> None:
    at_ms = frame.captured_at_ms
    state.note_model(frame.model, at_ms)
    faces = [(face, [round(p * MICRO) for p in face.probabilities]) for face in frame.faces]
    _add_faces(state, frame, "", faces, deltas.at(frame.camera, at_ms), deltas, timing)
    for zone in {face.zone for face, _ in faces if face.zone}:
        inside = [(face, p) for face, p in faces if face.zone == zone]
        row = deltas.at(subject_of(frame.camera, zone), at_ms)
        _add_faces(state, frame, zone, inside, row, deltas, timing)


def _take_back(state: CameraState, report: CameraReport, timing: Timing) -> None:
    """Forgets the open visits of tracks that are nobody's, uncounted; faces of them that still come are late.

    A visit that is over stays counted, as do the faces seen so far in the sums over frames.
    """
    for track in report.excluded_tracks:
        for key in [key for key in state.visits if (key.session, key.track) == (report.session, track)]:
            if not _is_over(state, key, timing):
                del state.visits[key]
                state.touch_visit(key)
        grave = VisitKey(report.session, track, ANY_ZONE)
        state.tombstones[grave] = report.to_ms
        state.touch_visit(grave)


def _add_faces(
    state: CameraState,
    frame: FrameEmotions,
    zone: str,
    faces: Sequence[tuple[FaceEmotions, list[int]]],
    row: Sums,
    deltas: Deltas,
    timing: Timing,
) -> None:
    """Adds the faces of a frame, with their probabilities in micro-units, to one subject."""
    row[columns.FRAMES] += 1
    row[columns.FACE_FRAMES] += len(faces)
    for column, values in enumerate(zip(*(p for _, p in faces), strict=True), columns.P_SUM.start):
        row[column] += sum(values)
    for face, p in faces:
        key = VisitKey(frame.session, face.track, zone)
        visit = state.visits.get(key)
        if visit and _is_over(state, key, timing):
            _bury(state, frame.camera, key, deltas)
            visit = None
        if key in state.tombstones or VisitKey(key.session, key.track, ANY_ZONE) in state.tombstones:
            row[columns.LATE] += 1
        else:
            _grow_visit(state, frame, face, p, key, visit, deltas, timing)


def _grow_visit(
    state: CameraState,
    frame: FrameEmotions,
    face: FaceEmotions,
    p: list[int],
    key: VisitKey,
    visit: OpenVisit | None,
    deltas: Deltas,
    timing: Timing,
) -> None:
    at_ms = frame.captured_at_ms
    if visit and at_ms - visit.first_ms > timing.split_ms:
        _close(state, frame.camera, key, deltas)
        visit = None
    if visit is None:
        visit = state.visits[key] = OpenVisit(at_ms, at_ms)
    if at_ms > visit.last_ms:
        visit.last_ms = at_ms
    elif at_ms < visit.first_ms:
        visit.first_ms = at_ms
    visit.faces += 1
    visit.p_sum = list(map(add, visit.p_sum, p))
    if face.frontal is not None:
        visit.seen_ms += frame.interval_ms
        if face.frontal:
            visit.frontal_ms += frame.interval_ms
            visit.watched = True
    state.touch_visit(key)


def _close(state: CameraState, camera: str, key: VisitKey, deltas: Deltas) -> None:
    visit = state.visits.pop(key)
    state.touch_visit(key)
    _count_visit(visit, deltas.at(subject_of(camera, key.zone), visit.last_ms))


def _count_visit(visit: OpenVisit, row: Sums) -> None:
    m = [(total + visit.faces // 2) // visit.faces for total in visit.p_sum]
    dwell_ms = visit.last_ms - visit.first_ms
    row[columns.VISITS] += 1
    for column, value in enumerate(m, columns.M_SUM.start):
        row[column] += value
    add_products(row, m, MICRO)
    row[columns.DWELL_MS] += dwell_ms
    row[columns.DWELL_BINS.start + bisect_right(DWELL_EDGES_MS, dwell_ms)] += 1
    if visit.seen_ms:
        row[columns.ATTENTION_MS] += dwell_ms * visit.frontal_ms // visit.seen_ms
        row[columns.ATTENTION_DWELL_MS] += dwell_ms
    row[columns.WATCHERS] += visit.watched
    row[columns.UNCERTAIN] += max(m) < UNCERTAIN_BELOW * MICRO


def _fold_report(report: CameraReport, deltas: Deltas) -> None:
    row = deltas.at(report.camera, report.from_ms)
    row[columns.PUBLISHED] += report.frames_published
    row[columns.DROPPED] += report.dropped
    row[columns.EXCLUDED] += report.excluded
    row[columns.ANALYSED_MS] += report.analysed_ms
