"""What MoodLens tells others: closed windows and alerts, as JSON on MQTT topics and to a webhook.

Each is decided at most once and delivered at least once: ``ClosedWindow`` is known by camera, resolution and
``from_ms``, ``Alert`` by its ``id``.

*k-safety.* Every figure that comes from people rests on at least k visits, or is null. A window with fewer
is not told alone: it is merged with the ones after it until there are k, so ``from_ms`` … ``to_ms`` grows.
What is still below k at the end of the site's local day is told without people: coverage and analysed time
only, and the few visits are in no message at all, of no resolution. Windows of several resolutions are sums
of the finest one's, so subtracting one from another gives sums of told windows. Alerts are decided on windows
of their own and give values to two digits. All this reduces exposure; it is no anonymity.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from contract.events import NAME_PATTERN, CameraName, Schema, TimeMs
from contract.labels import LABELS
from contract.windows import Resolution

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Amount = Annotated[int, Meta(ge=0)]
RuleName = Annotated[str, Meta(pattern=rf"^{NAME_PATTERN}\Z")]


class ClosedWindow(Struct, frozen=True):
    """Topic ``…/windows``: one window, or several neighbours together, that nothing more is expected for.

    It says what was known when it closed. What arrives later (a camera was cut off) is added to the stored
    windows, and not told again. The fields from ``visits`` on are null where there were fewer than k visits.

    Attributes:
        resolution: length of the windows it is made of.
        from_ms, to_ms: UTC; the end is exclusive.
        k: least visits that figures of people rest on.
        coverage: share of the time and of the frames that the figures rest on.
        analysed_ms: time covered by analysed frames.
        visits: that ended in the window.
        frames, face_frames: frames with faces that were classified, and faces in them; also those of visits
            that end later.
        shares: label → mean probability over visits.
        index: expressed mood, −0.73 (all sad) to 0.87 (all happy), over visits.
        dwell_ms: mean dwell of a visit.
        attention: share of the dwell spent facing the camera; null also where not known of all visits.
        uncertain: share of visits without a label that has a majority.
        late: faces that came after their visit had closed: in ``face_frames``, in no visit.
        published: frames with faces that the camera sent. They were classified (``frames``), ``shed``
            under overload, ``refused`` as invalid, ``dropped`` by the camera's outbox, or ``expired``.
    """

    schema: Schema
    camera: CameraName
    resolution: Resolution
    from_ms: TimeMs
    to_ms: TimeMs
    k: Annotated[int, Meta(ge=1)]
    coverage: Share
    analysed_ms: Amount
    visits: Amount | None = None
    frames: Amount | None = None
    face_frames: Amount | None = None
    shares: dict[str, Share] | None = None
    index: float | None = None
    dwell_ms: Amount | None = None
    attention: Share | None = None
    uncertain: Share | None = None
    late: Amount | None = None
    published: Amount | None = None
    shed: Amount | None = None
    refused: Amount | None = None
    dropped: Amount | None = None
    expired: Amount | None = None


class Alert(Struct, frozen=True):
    """Topic ``…/alerts``, the webhook's body and the alerts' log: a rule was broken, or is kept again.

    Attributes:
        id: the same in each delivery of this transition.
        rule: its name.
        state: ``raised``, or ``cleared``.
        measure: what was measured (``contract.rules``).
        resolution: of the windows that decided.
        from_ms, to_ms: from the first to the last of them, UTC; the end is exclusive. Both 0 where the rule
            was taken away while its alert was raised.
        decided_at_ms: when, by the server's clock.
        value: of the last window, to two digits; null where it may not be told.
        limit: what the value was held against: the rule's threshold, or the baseline's mean.
        deviation: standard errors between the two, with sign; null for thresholds.
        text: one sentence for a person.
    """

    schema: Schema
    id: str
    camera: CameraName
    rule: RuleName
    state: Literal["raised", "cleared"]
    measure: str
    resolution: Resolution
    from_ms: TimeMs
    to_ms: TimeMs
    decided_at_ms: TimeMs
    value: float | None
    limit: float | None
    deviation: float | None
    text: str


Announcement = ClosedWindow | Alert
A = TypeVar("A", ClosedWindow, Alert)

_encoder: Final = msgspec.json.Encoder()
_decoders: Final[dict[type, Any]] = {kind: msgspec.json.Decoder(kind) for kind in (ClosedWindow, Alert)}


def encode_announcement(announcement: Announcement) -> bytes:
    """Its JSON."""
    return _encoder.encode(announcement)


def decode_announcement(payload: bytes, kind: type[A]) -> A:
    """What ``encode_announcement`` wrote.

    Raises:
        msgspec.DecodeError: it is none, or out of bounds.
    """
    announcement: A = _decoders[kind].decode(payload)
    return announcement


def by_label(shares: list[float]) -> dict[str, float]:
    """Shares in the order of ``LABELS`` → label and share."""
    return dict(zip(LABELS, shares, strict=True))
