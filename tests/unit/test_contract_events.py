"""What is a valid event, and that everything else is refused with its reason."""

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
    FACES_MAX,
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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("camera", "Shop/Entrance"),
        ("camera", "shop-1"),
        ("camera", "shop-1/entrance\n"),
        ("session", "short"),
        ("frame", -1),
        ("captured_at_ms", -1),
        ("captured_at_ms", 2**60),
        ("interval_ms", 1001),
        ("faces", []),
        ("faces", [0] * (FACES_MAX + 1)),
    ],
)
def test_a_value_out_of_bounds_is_refused(field: str, value: object) -> None:
    raw = msgspec.msgpack.decode(encode(frame_faces(captured_at_ms=NOW_MS)))
    raw[FrameFaces.__struct_fields__.index(field)] = value
    assert reason_of(msgspec.msgpack.encode(raw), FrameFaces) is Reason.OUT_OF_BOUNDS


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
