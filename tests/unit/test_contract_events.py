"""What is a valid event, and that everything else is refused with its reason."""

from collections.abc import Callable
from contextlib import nullcontext

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contract.codec import (
    CLOCK_AHEAD_MAX_MS,
    CLOCK_BEHIND_MAX_MS,
    PAYLOAD_MAX_BYTES,
    Event,
    Reason,
    Refused,
    check_origin,
    decode,
    encode,
)
from contract.events import (
    EXCLUDED_TRACKS_MAX,
    FACES_MAX,
    PREVIEW_BYTES_MAX,
    SCHEMA,
    CameraReport,
    CameraStatus,
    FrameEmotions,
    FrameFaces,
    FrameLoss,
    Preview,
)
from contract.windows import GRAIN_MS
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions, frame_faces

NOW_MS = 1_780_000_000_000
KINDS = (FrameFaces, FrameEmotions, CameraReport, FrameLoss, CameraStatus, Preview)
EVENTS = (
    frame_faces(captured_at_ms=NOW_MS),
    frame_emotions(captured_at_ms=NOW_MS),
    camera_report(from_ms=NOW_MS, to_ms=NOW_MS + 10_000),
    FrameLoss(SCHEMA, CAMERA, NOW_MS, "refused"),
    CameraStatus(SCHEMA, CAMERA, True, "0.1.0", "yunet", 5.0, NOW_MS),
    Preview(SCHEMA, CAMERA, SESSION, 7, NOW_MS, b"\xff\xd8picture"),
)


def reason_of(payload: bytes, kind: type[Event]) -> Reason:
    with pytest.raises(Refused) as refused:
        decode(payload, kind)
    assert "\n" not in refused.value.detail
    return refused.value.reason


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert decode(encode(event), type(event)) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_truncated_event_is_malformed(event: Event) -> None:
    assert reason_of(encode(event)[:-1], type(event)) is Reason.MALFORMED


def test_a_field_appended_by_a_newer_program_is_ignored() -> None:
    faces = frame_faces(captured_at_ms=NOW_MS)
    newer = msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(faces)), "new"])
    assert decode(newer, FrameFaces) == faces


def test_another_schema_is_named_as_such() -> None:
    raw = msgspec.msgpack.decode(encode(frame_faces(captured_at_ms=NOW_MS)))
    assert reason_of(msgspec.msgpack.encode([2, *raw[1:]]), FrameFaces) is Reason.UNKNOWN_SCHEMA
    report = msgspec.json.decode(encode(camera_report(from_ms=NOW_MS, to_ms=NOW_MS + 1)))
    assert reason_of(msgspec.json.encode({**report, "schema": 2}), CameraReport) is Reason.UNKNOWN_SCHEMA


def test_a_payload_above_the_limit_is_not_even_decoded() -> None:
    assert reason_of(bytes(PAYLOAD_MAX_BYTES + 1), FrameFaces) is Reason.TOO_LARGE


def test_a_frame_full_of_faces_fits_the_limit() -> None:
    event = frame_faces(captured_at_ms=NOW_MS, tracks=range(2**39, 2**39 + FACES_MAX), zone="z" * 63)
    assert len(encode(event)) <= PAYLOAD_MAX_BYTES


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_named_as_such(value: float) -> None:
    raw = msgspec.msgpack.decode(encode(frame_faces(captured_at_ms=NOW_MS)))
    raw[6][0][2][0] = value
    assert reason_of(msgspec.msgpack.encode(raw), FrameFaces) is Reason.NOT_A_NUMBER


def changed(event: Event, field: str, value: object) -> bytes:
    """The bytes of an event with another value in a field: one that no program of ours could write."""
    if isinstance(event, FrameFaces | Preview):
        raw = msgspec.msgpack.decode(encode(event))
        raw[event.__struct_fields__.index(field)] = value
        return msgspec.msgpack.encode(raw)
    return msgspec.json.encode({**msgspec.json.decode(encode(event)), field: value})


OUT_OF_BOUNDS: dict[type[Event], dict[str, tuple[object, ...]]] = {
    FrameFaces: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "session": ("short",),
        "frame": (-1,),
        "captured_at_ms": (-1, 2**60),
        "interval_ms": (1001,),
        "faces": ([],),
    },
    FrameEmotions: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "session": ("short", SESSION.upper()),
        "frame": (-1, 2**40),
        "captured_at_ms": (-1, 2**43 + 1),
        "interval_ms": (-1, 1001),
        "model": ("m" * 65, None),
        "classified_at_ms": (-1, 2**43 + 1),
        "faces": ([],),
    },
    CameraReport: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "session": ("", "short", SESSION + "0"),
        "seq": (-1, 2**40),
        "from_ms": (-1, 2**43 + 1),
        "to_ms": (-1, 2**43 + 1),
        "analysed_ms": (-1, 86_400_001),
        "frames_analysed": (-1, 1_000_001, 0.5),
        "frames_published": (-1, 1_000_001),
        "faces_published": (-1, 1_000_001),
        "dropped": (-1, 1_000_001),
        "excluded": (-1, 1_000_001),
        "fps": (-0.1, 1000.1, "5"),
        "detector": ("d" * 65,),
        "excluded_tracks": ([-1], [2**40], [0] * (EXCLUDED_TRACKS_MAX + 1)),
    },
    FrameLoss: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "captured_at_ms": (-1, 2**43 + 1),
        "reason": ("lost", ""),
        "session": ("short",),
        "frame": (-1, 2**40),
    },
    CameraStatus: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "online": ("yes", 1),
        "version": ("v" * 65,),
        "detector": ("d" * 65,),
        "fps": (-0.1, 1000.1),
        "since_ms": (-1, 2**43 + 1),
    },
    Preview: {
        "camera": ("Shop/Entrance", "shop-1", "shop-1/entrance\n"),
        "session": ("short",),
        "frame": (-1, 2**40),
        "captured_at_ms": (-1, 2**43 + 1),
        "jpeg": (b"", bytes(PREVIEW_BYTES_MAX + 1)),
    },
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_value_out_of_bounds_is_refused(event: Event) -> None:
    bounds = OUT_OF_BOUNDS[type(event)]
    assert {"schema", *bounds} == set(event.__struct_fields__), "every field has bounds"
    for field, values in bounds.items():
        for value in values:
            assert reason_of(changed(event, field, value), type(event)) is Reason.OUT_OF_BOUNDS, (
                field,
                value,
            )


@pytest.mark.parametrize("frame_of", [frame_faces, frame_emotions])
def test_more_faces_than_an_event_holds_are_refused(
    frame_of: Callable[..., FrameFaces | FrameEmotions],
) -> None:
    event = frame_of(captured_at_ms=NOW_MS, tracks=range(FACES_MAX + 1))
    assert reason_of(encode(event), type(event)) is Reason.OUT_OF_BOUNDS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("track", -1),
        ("track", 2**40),
        ("zone", "The till"),
        ("box", [0, 0, 1]),
        ("box", [0, 0, 1, 1.01]),
        ("score", -0.01),
        ("score", 1.01),
        ("frontal", "yes"),
        ("probabilities", [1]),
        ("probabilities", [1.01, 0, 0, 0, 0, 0, 0]),
        ("probabilities", [-0.01, 1, 0, 0, 0, 0, 0]),
        ("probabilities", [None, 1, 0, 0, 0, 0, 0]),
    ],
)
def test_a_classified_face_out_of_bounds_is_refused(field: str, value: object) -> None:
    event = frame_emotions(captured_at_ms=NOW_MS)
    face = {**msgspec.json.decode(encode(event))["faces"][0], field: value}
    assert reason_of(changed(event, "faces", [face]), FrameEmotions) is Reason.OUT_OF_BOUNDS


@pytest.mark.parametrize("size", [0, 2303, 2305])
def test_a_crop_of_another_size_is_refused(size: int) -> None:
    raw = msgspec.msgpack.decode(encode(frame_faces(captured_at_ms=NOW_MS)))
    raw[6][0][5] = bytes(size)
    assert reason_of(msgspec.msgpack.encode(raw), FrameFaces) is Reason.OUT_OF_BOUNDS


@given(payload=st.binary(max_size=300), kind=st.sampled_from(KINDS))
@settings(max_examples=500)
def test_any_bytes_decode_or_are_refused(payload: bytes, kind: type[Event]) -> None:
    try:
        decode(payload, kind)
    except Refused as refused:
        assert refused.reason in Reason


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda children: st.lists(children, max_size=8) | st.dictionaries(st.text(), children, max_size=8),
    max_leaves=20,
)


@given(value=NESTED, kind=st.sampled_from([FrameFaces, Preview]))
@settings(max_examples=300)
def test_any_msgpack_value_decodes_or_is_refused(value: object, kind: type[Event]) -> None:
    try:
        decode(msgspec.msgpack.encode(value), kind)
    except Refused as refused:
        assert refused.reason in Reason


def test_deep_nesting_is_malformed() -> None:
    assert reason_of(b"\x91" * 100_000, FrameFaces) in {Reason.MALFORMED, Reason.OUT_OF_BOUNDS}
    assert reason_of(b"[" * 100_000, CameraReport) in {Reason.MALFORMED, Reason.OUT_OF_BOUNDS}


def test_an_event_of_another_camera_than_its_topic_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        check_origin(frame_faces(captured_at_ms=NOW_MS), "shop-1/exit", NOW_MS)
    assert refused.value.reason is Reason.OTHER_CAMERA


@pytest.mark.parametrize(
    ("captured_at_ms", "reason"),
    [
        (NOW_MS - CLOCK_BEHIND_MAX_MS - 1, Reason.CLOCK_BEHIND),
        (NOW_MS + CLOCK_AHEAD_MAX_MS + 1, Reason.CLOCK_AHEAD),
    ],
)
def test_a_clock_far_off_is_refused(captured_at_ms: int, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        check_origin(frame_faces(captured_at_ms=captured_at_ms), CAMERA, NOW_MS)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "analysed_ms"),
    [
        (NOW_MS, NOW_MS + GRAIN_MS + 1, 0),  # of two windows
        (NOW_MS - 1, NOW_MS + 1, 0),
        (NOW_MS + 2, NOW_MS + 1, 0),
        (2**43, NOW_MS + 1, 0),  # centuries ahead
        (NOW_MS, NOW_MS + GRAIN_MS, GRAIN_MS + 1),
    ],
)
def test_a_report_of_no_one_window_is_refused(from_ms: int, to_ms: int, analysed_ms: int) -> None:
    report = replace(camera_report(from_ms=from_ms, to_ms=to_ms), analysed_ms=analysed_ms)
    with pytest.raises(Refused) as refused:
        check_origin(report, CAMERA, NOW_MS)
    assert refused.value.reason is Reason.OUT_OF_BOUNDS


@pytest.mark.parametrize("length_ms", [0, 1, GRAIN_MS])
def test_a_report_of_one_window_or_a_part_of_it_is_taken(length_ms: int) -> None:
    check_origin(camera_report(from_ms=NOW_MS, to_ms=NOW_MS + length_ms), CAMERA, NOW_MS)


@pytest.mark.parametrize(("p", "taken"), [(0.0, False), (1.0, False), (1 / 7, True), (0.148, True)])
def test_probabilities_add_up_to_one_or_are_refused(p: float, taken: bool) -> None:
    frame = frame_emotions(captured_at_ms=NOW_MS)
    faces = (replace(frame.faces[0], probabilities=(p,) * 7),)
    with nullcontext() if taken else pytest.raises(Refused, match="add up to"):
        check_origin(replace(frame, faces=faces), CAMERA, NOW_MS)


@pytest.mark.parametrize("captured_at_ms", [NOW_MS - CLOCK_BEHIND_MAX_MS, NOW_MS + CLOCK_AHEAD_MAX_MS])
def test_a_clock_within_bounds_is_taken(captured_at_ms: int) -> None:
    check_origin(frame_faces(captured_at_ms=captured_at_ms), CAMERA, NOW_MS)
