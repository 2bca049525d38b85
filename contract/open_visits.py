"""Fields of a camera's hash ``keys.open_visits`` that others than the aggregator may read: two kinds of them.

``visit:<session>:<track>:<zone>`` is an open visit, a JSON object that has ``last_ms``: the capture time of
its last face, in whose window it will be counted.

``model:<version>`` is a model that windows rest on, JSON [first_ms, last_ms]: starts (UTC) of the first and
the last 10 s window with faces that it classified.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

VISIT_PREFIX: Final = "visit:"
MODEL_PREFIX: Final = "model:"


class _Open(msgspec.Struct):
    last_ms: int


_visit: Final = msgspec.json.Decoder(_Open)
_times: Final = msgspec.json.Decoder(tuple[int, int])


def last_faces_ms(fields: Mapping[bytes, bytes]) -> list[int]:
    """When the last face of each open visit was seen, UTC, out of all fields of a camera's hash."""
    prefix = VISIT_PREFIX.encode()
    return [_visit.decode(value).last_ms for name, value in fields.items() if name.startswith(prefix)]


def model_times(fields: Mapping[bytes, bytes]) -> dict[str, tuple[int, int]]:
    """Version → (first_ms, last_ms), out of all fields of a camera's hash."""
    prefix = MODEL_PREFIX.encode()
    return {
        name.removeprefix(prefix).decode(): _times.decode(value)
        for name, value in fields.items()
        if name.startswith(prefix)
    }
