"""How a camera's alerts stand, and who has seen them: JSON in two of its hashes, told to nobody outside."""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from contract.events import TimeMs
from contract.windows import Resolution


class AlertState(Struct, frozen=True):
    """How a rule of a camera stands (JSON in the hash ``keys.alerts``).

    Attributes:
        raised: whether its alert is.
        since_ms: start of the first window of the running streak, or of the one that raised it; 0: no streak.
        streak: windows in a row that broke the rule.
        calm_since_ms, calm: while it is raised, likewise of the windows that keep the rule again.
        measure, resolution: of the rule when the streak grew or the alert was raised.
    """

    raised: bool = False
    since_ms: int = 0
    streak: int = 0
    calm_since_ms: int = 0
    calm: int = 0
    measure: str = ""
    resolution: Resolution = Resolution.QUARTER


class Acknowledgement(Struct, frozen=True):
    """Somebody has seen an alert (JSON in the hash ``keys.alerts_acked``).

    Attributes:
        since_ms: ``AlertState.since_ms`` of the raising that was seen; another one is unseen.
        at_ms: when, by the dashboard's clock.
        by: who, or '' where nobody is signed in.
    """

    since_ms: TimeMs
    at_ms: TimeMs
    by: Annotated[str, Meta(max_length=254)] = ""


S = TypeVar("S", AlertState, Acknowledgement)

_encoder: Final = msgspec.json.Encoder()
_decoders: Final[dict[type, Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (AlertState, Acknowledgement)
}


def encode_alert_state(state: AlertState | Acknowledgement) -> bytes:
    """Its JSON."""
    return _encoder.encode(state)


def decode_alert_state(payload: bytes, kind: type[S]) -> S:
    """What ``encode_alert_state`` wrote.

    Raises:
        msgspec.DecodeError: it is none, or out of bounds.
    """
    state: S = _decoders[kind].decode(payload)
    return state
