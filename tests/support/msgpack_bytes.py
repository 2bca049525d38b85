"""The bytes of a msgpack payload, one value a line, with what each means."""

import struct
from collections.abc import Iterator
from typing import Any, Final

import msgspec.inspect as types

_NUMBERS: Final = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_CONSTANTS: Final = {0xC0: "null", 0xC2: "false", 0xC3: "true"}
_LENGTHS: Final = {
    0xC4: ">B", 0xC5: ">H", 0xC6: ">I",  # bytes
    0xD9: ">B", 0xDA: ">H", 0xDB: ">I",  # text
    0xDC: ">H", 0xDD: ">I",  # array
}  # fmt: skip
_SHOWN: Final = 9


def annotated(payload: bytes, kind: type) -> str:
    """Lines of offset, hexadecimal bytes and meaning; every byte of ``payload`` is in one of them."""
    lines = list(_walk(payload, 0, kind.__name__, types.type_info(kind)))
    assert sum(len(part) for _, part, _ in lines) == len(payload)
    return "\n".join(f"{offset:>5}  {_hex(part):<30}  {said}" for offset, part, said in lines)


def _walk(payload: bytes, at: int, name: str, kind: types.Type) -> Iterator[tuple[int, bytes, str]]:
    head, body = _header(payload, at)
    first = payload[at]
    if 0x90 <= first <= 0x9F or first in (0xDC, 0xDD):
        yield at, payload[at : at + head], f"{name}: array of {body}"
        at += head
        for item_name, item_kind in _items(name, kind, body):
            parts = list(_walk(payload, at, item_name, item_kind))
            yield from parts
            at += sum(len(part) for _, part, _ in parts)
        return
    part = payload[at : at + head + body]
    yield at, part, f"{name}: {_value(part, head)}"


def _header(payload: bytes, at: int) -> tuple[int, int]:
    """Bytes of a value's head, and how many bytes (of an array: values) follow it."""
    first = payload[at]
    if 0x90 <= first <= 0x9F:
        return 1, first & 0x0F
    if 0xA0 <= first <= 0xBF:
        return 1, first & 0x1F
    if first in _LENGTHS:
        size = struct.calcsize(_LENGTHS[first])
        (length,) = struct.unpack_from(_LENGTHS[first], payload, at + 1)
        return 1 + size, length
    if first in _NUMBERS:
        return 1 + struct.calcsize(_NUMBERS[first]), 0
    assert first < 0x80 or first in _CONSTANTS, f"no event of ours holds 0x{first:02x}"
    return 1, 0


def _items(name: str, kind: types.Type, count: int) -> list[tuple[str, types.Type]]:
    match kind:
        case types.StructType():
            return [(field.name, field.type) for field in kind.fields]
        case types.TupleType():
            return [(f"{name}[{n}]", one) for n, one in enumerate(kind.item_types)]
        case types.VarTupleType():
            return [(f"{name}[{n}]", kind.item_type) for n in range(count)]
    raise AssertionError(f"no array: {kind}")


def _value(part: bytes, head: int) -> Any:
    first = part[0]
    if first in _CONSTANTS:
        return _CONSTANTS[first]
    if first in _NUMBERS:
        (number,) = struct.unpack_from(_NUMBERS[first], part, 1)
        return number
    if first < 0x80:
        return first
    if first in (0xC4, 0xC5, 0xC6):
        return f"{len(part) - head:,} bytes"
    return f'"{part[head:].decode()}"'


def _hex(part: bytes) -> str:
    return part[:_SHOWN].hex(" ") + (" …" if len(part) > _SHOWN else "")
