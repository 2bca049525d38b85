"""What was erased of a camera: the records in the stream ``keys.ERASURES``, field ``erasure``, JSON.

An erasure has two records with one id: one when it begins and one when all is gone. The first alone says that
it was broken off; erasing the same again finishes it.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contract.events import CameraName, TimeMs, ZoneName

FIELD: Final = "erasure"

REASON_MAX: Final = 500
"""Characters of a reason."""

Amount = Annotated[int, Meta(ge=0)]


class Erasure(Struct, frozen=True, kw_only=True):
    """One record.

    Attributes:
        id: of the erasure.
        state: ``begun`` or ``done``.
        at_ms: when, by the server's clock.
        camera: ``site/camera``.
        zone: that alone was erased; '': the camera and all its zones.
        from_ms, to_ms: UTC; the end is exclusive.
        visits, frames: found when it began, removed when it is done. A zone's are the camera's, too, where
            they stay.
        alerts: past alerts of that time that were removed.
        by: who erased.
        reason: why, in their words.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    state: Literal["begun", "done"]
    at_ms: TimeMs
    camera: CameraName
    zone: ZoneName = ""
    from_ms: TimeMs
    to_ms: TimeMs
    visits: Amount
    frames: Amount
    alerts: Amount = 0
    by: Annotated[str, Meta(max_length=254)]
    reason: Annotated[str, Meta(max_length=REASON_MAX)] = ""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Erasure)


def encode_erasure(erasure: Erasure) -> bytes:
    """Its JSON.

    Raises:
        msgspec.ValidationError: it is out of bounds (a ``Struct`` made in Python is checked by nobody).
    """
    payload = _encoder.encode(erasure)
    _decoder.decode(payload)
    return payload


def decode_erasure(payload: bytes) -> Erasure:
    """What ``encode_erasure`` wrote.

    Raises:
        msgspec.DecodeError: it is none, or out of bounds.
    """
    return _decoder.decode(payload)
