"""How far a camera's closed windows have been looked at, and how its alerts stand.

It lives in two Redis hashes per camera, ``keys.outlet`` and ``keys.alerts``; commits write what changed.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from aggregator.cells import Cell
from contract.alert_state import AlertState, decode_alert_state, encode_alert_state
from contract.windows import Resolution

Fields = dict[str, bytes]

_JUDGED, _CELL = "judged", "cell"
_encode: Final = msgspec.json.encode
_cell_decoder: Final = msgspec.json.Decoder(Cell)


@dataclass(slots=True)
class Standing:
    """Of one camera.

    Attributes:
        published: resolutions that are told, the finest first; what waits of others is not looked at.
        judged: resolution → start of the first window that has not been looked at.
        waiting: resolution → what waits to be told with the windows that follow.
        alerts: rule → how it stands; those that never broke are left out.
    """

    published: tuple[Resolution, ...]
    judged: dict[Resolution, int] = field(default_factory=dict)
    waiting: dict[Resolution, Cell] = field(default_factory=dict)
    alerts: dict[str, AlertState] = field(default_factory=dict)

    @classmethod
    def load(
        cls, published: tuple[Resolution, ...], outlet: dict[bytes, bytes], alerts: dict[bytes, bytes]
    ) -> "Standing":
        """What the two hashes hold (empty: a new camera)."""
        standing = cls(published)
        for name, value in outlet.items():
            kind, _, rest = name.decode().partition(":")
            if kind == _JUDGED:
                standing.judged[Resolution(rest)] = int(value)
            elif rest.partition(":")[0] == standing._set_name:
                standing.waiting[Resolution(rest.partition(":")[2])] = _cell_decoder.decode(value)
        for name, value in alerts.items():
            standing.alerts[name.decode()] = decode_alert_state(value, AlertState)
        return standing

    def outlet_fields(self) -> Fields:
        """What ``keys.outlet`` shall hold."""
        judged = {f"{_JUDGED}:{resolution}": b"%d" % at_ms for resolution, at_ms in self.judged.items()}
        waiting = {
            f"{_CELL}:{self._set_name}:{resolution}": _encode(cell)
            for resolution, cell in self.waiting.items()
        }
        return {**judged, **waiting}

    def alert_fields(self) -> Fields:
        """What ``keys.alerts`` shall hold."""
        return {name: encode_alert_state(state) for name, state in self.alerts.items()}

    @property
    def _set_name(self) -> str:
        """Cells are cut for one set of resolutions; with another set they begin anew."""
        return "+".join(self.published)


def changes(before: Fields, after: Fields) -> tuple[Fields, list[str]]:
    """Fields to write and fields to remove."""
    written = {name: value for name, value in after.items() if before.get(name) != value}
    return written, sorted(before.keys() - after.keys())
