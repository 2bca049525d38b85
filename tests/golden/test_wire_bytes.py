"""The bytes on the wires and in Redis, on file: a change here breaks cameras and stored data in the field.

``pytest tests/golden --write-golden`` writes the files anew; do so only with a new schema or layout version.
"""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from contract import keys, row, topics
from contract.alert_state import Acknowledgement, decode_alert_state, encode_alert_state
from contract.announcements import (
    Alert,
    Announcement,
    ClosedWindow,
    by_label,
    encode_announcement,
)
from contract.codec import Event, decode, encode
from contract.events import (
    SCHEMA,
    CameraReport,
    CameraStatus,
    FaceCrop,
    FaceEmotions,
    FrameEmotions,
    FrameFaces,
    FrameLoss,
    Preview,
)
from contract.labels import LABELS, VALENCES
from contract.notes import NoteKind, SiteNote, decode_note, encode_note
from contract.windows import KEPT_MS, WINDOW_MS, Resolution, chunk_at
from tests.support.golden import compare

FOLDER = Path(__file__).parent / "files"
AT_MS = 1_795_384_800_123
SESSION = "0123456789abcdef"
CAMERA = "shop-1/entrance"
GRADIENT = bytes((x * 5 + y) % 256 for y in range(48) for x in range(48))

EVENTS: dict[str, Event] = {
    "frame_faces.msgpack": FrameFaces(
        SCHEMA,
        CAMERA,
        SESSION,
        70_000,
        AT_MS,
        200,
        (
            FaceCrop(1, "", (0.25, 0.125, 0.0625, 0.1111), 0.9375, True, GRADIENT),
            FaceCrop(2, "till", (0.5, 0.5, 0.1, 0.2), 0.5, None, GRADIENT[::-1]),
        ),
    ),
    "frame_emotions.json": FrameEmotions(
        SCHEMA,
        CAMERA,
        SESSION,
        70_000,
        AT_MS,
        200,
        "report-cnn-01234567",
        AT_MS + 45,
        (
            FaceEmotions(
                1,
                "till",
                (0.25, 0.125, 0.0625, 0.1111),
                0.9375,
                False,
                (0.1, 0.0, 0.05, 0.7, 0.1, 0.025, 0.025),
            ),
        ),
    ),
    "camera_report_exclusions.json": CameraReport(
        SCHEMA, CAMERA, SESSION, 3, AT_MS - 123, AT_MS + 9_877, 9_800, 49, 20, 31, 1, 2, 4.9, "yunet", (7, 12)
    ),
    "frame_loss.json": FrameLoss(SCHEMA, CAMERA, AT_MS, "refused"),
    "frame_loss_shed.json": FrameLoss(SCHEMA, CAMERA, AT_MS, "shed", SESSION, 70_000),
    "camera_status.json": CameraStatus(SCHEMA, CAMERA, True, "0.1.0", "haar", 5.0, AT_MS),
    "preview.msgpack": Preview(SCHEMA, CAMERA, SESSION, 70_000, AT_MS, b"\xff\xd8\xff\xd9"),
}


ANNOUNCEMENTS: dict[str, Announcement] = {
    "closed_window.json": ClosedWindow(
        SCHEMA,
        CAMERA,
        Resolution.QUARTER,
        AT_MS // 900_000 * 900_000,
        AT_MS // 900_000 * 900_000 + 1_800_000,
        5,
        coverage=0.9875,
        analysed_ms=1_777_500,
        visits=7,
        frames=1_200,
        face_frames=2_100,
        shares=by_label([0.05, 0.0, 0.05, 0.5, 0.25, 0.1, 0.05]),
        index=0.3205,
        dwell_ms=21_500,
        attention=0.625,
        uncertain=0.1429,
        late=0,
        published=1_210,
        shed=4,
        refused=0,
        dropped=5,
        expired=1,
    ),
    "alert.json": Alert(
        SCHEMA,
        f"{CAMERA}:gloomy:{AT_MS}:raised",
        CAMERA,
        "gloomy",
        "raised",
        "index",
        Resolution.QUARTER,
        AT_MS - 2_700_000,
        AT_MS,
        AT_MS + 12_000,
        -0.12,
        0.0,
        None,
        f"{CAMERA}: index below 0 (3 × 15min): -0.12",
    ),
}

ACKNOWLEDGEMENT = Acknowledgement(AT_MS - 2_700_000, AT_MS + 60_000, "anna")

NOTE = SiteNote(
    kind=NoteKind.PROMOTION,
    name="Free coffee",
    cameras=("entrance", "till"),
    first_day=date(2026, 11, 16),
    last_day=date(2026, 11, 25),
    noted_at_ms=AT_MS,
    noted_by="anna",
)


@pytest.mark.parametrize("name", ANNOUNCEMENTS)
def test_an_announcement_has_the_bytes_on_file(name: str, write_golden: bool) -> None:
    told = ANNOUNCEMENTS[name]
    compare(FOLDER / name, encode_announcement(told), write=write_golden)
    assert msgspec.json.decode((FOLDER / name).read_bytes(), type=type(told)) == told


def test_an_acknowledgement_has_the_bytes_on_file(write_golden: bool) -> None:
    compare(FOLDER / "acknowledgement.json", encode_alert_state(ACKNOWLEDGEMENT), write=write_golden)
    stored = (FOLDER / "acknowledgement.json").read_bytes()
    assert decode_alert_state(stored, Acknowledgement) == ACKNOWLEDGEMENT


def test_a_note_has_the_bytes_on_file(write_golden: bool) -> None:
    compare(FOLDER / "note.json", encode_note(NOTE), write=write_golden)
    assert decode_note((FOLDER / "note.json").read_bytes()) == NOTE


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_has_the_bytes_on_file(name: str, write_golden: bool) -> None:
    compare(FOLDER / name, encode(EVENTS[name]), write=write_golden)
    assert decode((FOLDER / name).read_bytes(), type(EVENTS[name])) == EVENTS[name]


def test_a_loss_told_before_frames_were_named_is_still_read() -> None:
    told = b'{"schema":1,"camera":"shop-1/entrance","captured_at_ms":1795384800123,"reason":"refused"}'
    assert decode(told, FrameLoss) == FrameLoss(SCHEMA, CAMERA, 1795384800123, "refused")


def test_a_report_of_a_camera_that_knew_no_excluded_tracks_is_still_read() -> None:
    told = decode((FOLDER / "camera_report.json").read_bytes(), CameraReport)
    assert told == CameraReport(
        SCHEMA, CAMERA, SESSION, 3, AT_MS - 123, AT_MS + 9_877, 9_800, 49, 20, 31, 1, 2, 4.9, "yunet", ()
    )


def test_names_and_layout_are_those_on_file(write_golden: bool) -> None:
    bitmap = keys.seen_frame(CAMERA, SESSION, 70_000)
    facts = {
        "labels": dict(zip(LABELS, VALENCES, strict=True)),
        "topics": [topics.topic(CAMERA, suffix) for suffix in topics.Suffix],
        "worker subscriptions": topics.WORKER_SUBSCRIPTIONS,
        "keys": [
            keys.LAYOUT,
            keys.REJECTED,
            keys.REJECTED_COUNTS,
            keys.MODELS,
            keys.AGGREGATORS,
            keys.slot_lease(0),
            keys.slot_session(0),
            keys.stream(7),
            keys.lease(7),
            keys.epoch(7),
            keys.subjects(7),
            keys.open_visits(CAMERA),
            bitmap[0],
            keys.seen_report(CAMERA, SESSION, 3)[0],
            keys.outlet(CAMERA),
            keys.rules(CAMERA),
            keys.alerts(CAMERA),
            keys.alerts_acked(CAMERA),
            keys.alerts_log(CAMERA),
            keys.outbox(7, "mqtt"),
            keys.site("shop-1"),
            keys.notes("shop-1"),
        ],
        "bit of frame 70000": bitmap[1],
        "layout": {"partitions": keys.PARTITIONS, "version": keys.LAYOUT_VERSION},
        "partitions": {name: keys.partition_of(name) for name in ("shop-1/entrance", "shop-1/till", "a/b")},
        "row width": row.WIDTH,
        "row": {
            name: [column.start, column.stop] if isinstance(column, slice) else column
            for name, column in row.COLUMNS.items()
        },
        "windows": {
            resolution: {
                "ms": WINDOW_MS[resolution],
                "kept_ms": KEPT_MS[resolution],
                "key": keys.window_chunk(
                    f"{CAMERA}@till", resolution, chunk_at(resolution, AT_MS, ZoneInfo("Asia/Kolkata")).name
                ),
            }
            for resolution in WINDOW_MS
        },
    }
    compare(FOLDER / "names.json", msgspec.json.format(msgspec.json.encode(facts)), write=write_golden)
