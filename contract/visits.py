"""A camera's open visits, as whoever is not the aggregator may read them.

They are fields ``visit:<session>:<track>:<zone>`` of its hash ``keys.open_visits``, each a JSON object that
has ``last_ms``: the capture time of its last face, in whose window it will be counted.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

VISIT_PREFIX: Final = "visit:"


class _Open(msgspec.Struct):
    last_ms: int


_decoder: Final = msgspec.json.Decoder(_Open)


def last_faces_ms(fields: Mapping[bytes, bytes]) -> list[int]:
    """When the last face of each open visit was seen, UTC, out of all fields of a camera's hash."""
    prefix = VISIT_PREFIX.encode()
    return [_decoder.decode(value).last_ms for name, value in fields.items() if name.startswith(prefix)]
