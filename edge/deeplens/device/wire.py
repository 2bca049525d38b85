"""Events to bytes, exactly as ``contract/codec.py`` writes them: msgpack where pixels are, JSON otherwise."""

from __future__ import annotations

import json
import struct
from typing import Any

from edge.deeplens.device.events import CameraReport, CameraStatus, FrameEmotions, FrameFaces


def encode(event: FrameFaces | FrameEmotions | CameraReport | CameraStatus) -> bytes:
    """The wire bytes of an event."""
    if isinstance(event, FrameFaces):
        return _msgpack(event)
    return _json(event).encode()


def _msgpack(value: Any) -> bytes:
    """Msgpack of what events with pixels are made of, each in its shortest form."""
    if isinstance(value, tuple):
        n = len(value)
        head = struct.pack(">B", 0x90 | n) if n < 16 else struct.pack(">BH", 0xDC, n)
        return head + b"".join(map(_msgpack, value))
    if isinstance(value, bytes):
        return _head(0xC4, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return (struct.pack(">B", 0xA0 | len(text)) if len(text) < 32 else _head(0xD9, len(text))) + text
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    return _natural(value)


def _natural(value: int) -> bytes:
    """An integer of 0 or more."""
    return struct.pack(">B", value) if value < 128 else _head(0xCC, value)


def _head(first: int, number: int) -> bytes:
    """A number in the fewest of 1, 2, 4 or 8 bytes, behind the first, second, … of a row of type bytes."""
    step, form = next((i, "BHIQ"[i]) for i in range(4) if number < 1 << (8 << i))
    return struct.pack(">B" + form, first + step, number)


def _json(value: Any) -> str:
    if hasattr(value, "_asdict"):
        return (
            "{"
            + ",".join(f"{json.dumps(name)}:{_json(item)}" for name, item in value._asdict().items())
            + "}"
        )
    if isinstance(value, tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """A float of at most six decimals; those below 0.0001 the contract writes otherwise than Python."""
    text = repr(value)
    if text.endswith("e-05"):
        return f"{value:.6f}".rstrip("0")
    return text.replace("e-06", "e-6")
