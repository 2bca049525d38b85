"""Which runtime a TensorFlow Lite model needs, as its converter wrote it down."""

from typing import Any

from flatbuffers import encode, number_types  # type: ignore[import-untyped]
from flatbuffers.table import Table  # type: ignore[import-untyped]

from edge.errors import EdgeRefused

# places in TensorFlow Lite's schema: Model.buffers, Model.metadata; Metadata.name, .buffer; Buffer.data
_BUFFERS, _METADATA = 4, 6
_NAME, _BUFFER = 0, 1
_DATA = 0
_ENTRY = "min_runtime_version"


def runtime_needed(model: bytes) -> tuple[int, ...]:
    """The first version of TensorFlow Lite that knows every operator of the model, in its version.

    Raises:
        EdgeRefused: it is no TensorFlow Lite model, or does not say.
    """
    if model[4:8] != b"TFL3":
        raise EdgeRefused("this is no TensorFlow Lite model")
    root = Table(model, encode.Get(number_types.UOffsetTFlags.packer_type, model, 0))
    for entry in _tables(root, _METADATA):
        if entry.String(entry.Pos + _offset(entry, _NAME)).decode() == _ENTRY:
            number = entry.Get(number_types.Uint32Flags, entry.Pos + _offset(entry, _BUFFER))
            buffer = _tables(root, _BUFFERS)[number]
            at, length = buffer.Vector(_offset(buffer, _DATA)), buffer.VectorLen(_offset(buffer, _DATA))
            text = model[at : at + length].rstrip(b"\0").decode()
            return tuple(int(part) for part in text.split("."))
    raise EdgeRefused("the model does not say which runtime it needs")


def _offset(table: Any, place: int) -> int:
    return int(table.Offset(4 + 2 * place))


def _tables(table: Any, place: int) -> list[Any]:
    """The tables of a vector."""
    offset = _offset(table, place)
    if not offset:
        return []
    start = table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(table.VectorLen(offset))]
