"""Bytes ↔ events. Decoding is the one place where input is validated; what fails has a named reason."""

import math
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from contract.events import (
    SCHEMA,
    CameraReport,
    CameraStatus,
    FrameEmotions,
    FrameFaces,
    FrameLoss,
    Preview,
)
from contract.undecodable import UNDECODABLE, one_line
from contract.windows import GRAIN_MS

PAYLOAD_MAX_BYTES = 128_000
CLOCK_BEHIND_MAX_MS = 3_600_000
CLOCK_AHEAD_MAX_MS = 300_000
SUM_TOLERANCE = 0.05
"""How far from 1 probabilities may add up: those of an int8 model are multiples of 1/256, each rounded."""

Event = FrameFaces | FrameEmotions | CameraReport | FrameLoss | CameraStatus | Preview
CameraEvent = FrameFaces | FrameEmotions | CameraReport
"""What workers take from a camera."""

LogEvent = FrameEmotions | CameraReport | FrameLoss
"""What stands in a partition's stream."""

LOG_KINDS: Final[dict[str, type[LogEvent]]] = {
    "emotions": FrameEmotions,
    "report": CameraReport,
    "loss": FrameLoss,
}
"""Field name of a stream entry → the event in it."""

E = TypeVar("E", bound=Event)


class Reason(StrEnum):
    """Why a payload was refused; the label of its counter."""

    UNKNOWN_TOPIC = "unknown_topic"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNKNOWN_SCHEMA = "unknown_schema"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_BOUNDS = "out_of_bounds"
    OTHER_CAMERA = "other_camera"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_AHEAD = "clock_ahead"
    RETAINED = "retained"
    UNBOUNDED = "unbounded"


class Refused(ValueError):
    """A payload that is no valid event.

    Attributes:
        reason: the countable cause.
        detail: one line for a person; names fields and bounds, never holds payload bytes.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


_MSGPACK_TYPES: Final = (FrameFaces, Preview)
_msgpack_encoder = msgspec.msgpack.Encoder()
_json_encoder = msgspec.json.Encoder()
_decoders: Final[dict[type, Any]] = {
    kind: msgspec.msgpack.Decoder(kind) if kind in _MSGPACK_TYPES else msgspec.json.Decoder(kind)
    for kind in (FrameFaces, FrameEmotions, CameraReport, FrameLoss, CameraStatus, Preview)
}


def encode(event: Event) -> bytes:
    """The wire bytes of an event: msgpack where it carries pixels, JSON otherwise."""
    if isinstance(event, _MSGPACK_TYPES):
        return _msgpack_encoder.encode(event)
    return _json_encoder.encode(event)


def decode(payload: bytes, kind: type[E]) -> E:
    """The event in ``payload``.

    Raises:
        Refused: too large, not decodable, of another schema, or out of bounds.
    """
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise Refused(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {PAYLOAD_MAX_BYTES}")
    try:
        event: E = _decoders[kind].decode(payload)
    except msgspec.ValidationError as error:
        raise _diagnose(payload, kind, error) from None
    except UNDECODABLE as error:
        raise Refused(Reason.MALFORMED, one_line(error)) from None
    return event


def check_origin(event: CameraEvent, camera: str, now_ms: int) -> None:
    """Holds an event that came over MQTT against its topic and the clock.

    The stream may hold history, so this is not part of ``decode``.

    Raises:
        Refused: the event names another camera than its topic, or was captured more than an hour ago or
            more than five minutes from now; a report is of more than one window of 10 s; probabilities do not
            add up.
    """
    if event.camera != camera:
        raise Refused(Reason.OTHER_CAMERA, f"topic of {camera} carries an event of {event.camera}")
    match event:
        case CameraReport():
            _check_stretch(event)
        case FrameEmotions():
            _check_sums(event)
    at_ms = event.to_ms if isinstance(event, CameraReport) else event.captured_at_ms
    if at_ms < now_ms - CLOCK_BEHIND_MAX_MS:
        raise Refused(Reason.CLOCK_BEHIND, f"{(now_ms - at_ms) / 1000:.0f} s behind the server's clock")
    if at_ms > now_ms + CLOCK_AHEAD_MAX_MS:
        raise Refused(Reason.CLOCK_AHEAD, f"{(at_ms - now_ms) / 1000:.0f} s ahead of the server's clock")


def _check_stretch(report: CameraReport) -> None:
    """A report adds to the window that it begins in, and to no other."""
    window_end_ms = (report.from_ms // GRAIN_MS + 1) * GRAIN_MS
    if not report.from_ms <= report.to_ms <= window_end_ms:
        raise Refused(Reason.OUT_OF_BOUNDS, f"from_ms and to_ms lie in no one window of {GRAIN_MS} ms")
    if report.analysed_ms > report.to_ms - report.from_ms:
        raise Refused(Reason.OUT_OF_BOUNDS, "analysed_ms is longer than the stretch")


def _check_sums(frame: FrameEmotions) -> None:
    for face in frame.faces:
        total = sum(face.probabilities)
        if abs(total - 1) > SUM_TOLERANCE:
            raise Refused(Reason.OUT_OF_BOUNDS, f"probabilities of a face add up to {total:.3g}, not to 1")


def _diagnose(payload: bytes, kind: type, error: msgspec.ValidationError) -> Refused:
    """The countable cause of a validation error, found by a second, untyped look (refusals are rare)."""
    try:
        raw = msgspec.msgpack.decode(payload) if kind in _MSGPACK_TYPES else msgspec.json.decode(payload)
    except UNDECODABLE as failure:  # the typed decoder gave up before it came to the worst
        return Refused(Reason.MALFORMED, one_line(failure))
    if isinstance(raw, dict):
        schema = raw.get("schema", SCHEMA)
    else:
        schema = raw[0] if isinstance(raw, list) and raw else SCHEMA
    if isinstance(schema, int) and schema != SCHEMA:
        return Refused(Reason.UNKNOWN_SCHEMA, f"schema {schema}, this program reads {SCHEMA}")
    if _has_nan(raw):
        return Refused(Reason.NOT_A_NUMBER, "a NaN or an infinity")
    return Refused(Reason.OUT_OF_BOUNDS, one_line(error))


def _has_nan(raw: object) -> bool:
    if isinstance(raw, float):
        return not math.isfinite(raw)
    if isinstance(raw, dict):
        return any(map(_has_nan, raw.values()))
    return isinstance(raw, list) and any(map(_has_nan, raw))
