"""What cameras sent last: when their reports came in, and what of theirs was refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from contract import keys
from contract.codec import CLOCK_BEHIND_MAX_MS, Reason, Refused, decode
from contract.events import CameraReport
from contract.topics import parse_topic
from dashboard.words.times import duration
from runtime.redis import Client

HEARD_WITHIN_MS: Final = 25_000
"""Entries of so lately are looked through for reports: a camera sends one every 10 s."""

ENTRIES: Final = 5_000
"""Of these the newest of a partition, at most: 200 a second."""

REFUSALS: Final = 500
REFUSED_WITHIN_MS: Final = 600_000

AHEAD_MS: Final = 1_000
"""No report comes before its end, unless its camera's clock is ahead."""

BEHIND_MS: Final = 5_000
"""A report comes 0 to 2 s after its end."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest reports of a camera.

    Attributes:
        at_ms: when the newest came, by the server's clock.
        delay_ms: the least time between the end of one and its coming: server's clock minus camera's.
    """

    at_ms: int
    delay_ms: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The newest message of a camera that was refused.

    Attributes:
        at_ms: when, by the server's clock.
        reason: why.
        detail: one line for a person.
    """

    at_ms: int
    reason: str
    detail: str


def read_heard(client: Client, cameras: Iterable[str], now_ms: int) -> dict[str, Heard]:
    """``site/camera`` → its reports of the last ``HEARD_WITHIN_MS``; one round trip."""
    partitions = sorted({keys.partition_of(camera) for camera in cameras})
    with client.pipeline(transaction=False) as pipe:
        for partition in partitions:
            pipe.xrevrange(keys.stream(partition), min=now_ms - HEARD_WITHIN_MS, count=ENTRIES)
        replies = pipe.execute()
    heard: dict[str, Heard] = {}
    for entries in replies:
        for entry_id, fields in entries:
            report = _report(fields)
            if report is None:
                continue
            came_ms = _logged_ms(entry_id)
            if came_ms - report.to_ms > CLOCK_BEHIND_MAX_MS:
                continue  # no worker takes such a one: somebody wrote history into the stream
            before = heard.get(report.camera, Heard(came_ms, came_ms - report.to_ms))
            delay_ms = min(before.delay_ms, came_ms - report.to_ms)
            heard[report.camera] = Heard(max(before.at_ms, came_ms), delay_ms)
    return heard


def read_refusals(client: Client, now_ms: int) -> dict[str, Refusal]:
    """``site/camera`` → what of it was refused last, of the last ten minutes, cameras not known included."""
    refusals: dict[str, Refusal] = {}
    entries: Any = client.xrevrange(keys.REJECTED, count=REFUSALS)
    for entry_id, fields in entries:
        at_ms = _logged_ms(entry_id)
        named = parse_topic(fields.get(b"topic", b"").decode(errors="replace"))
        if named and at_ms >= now_ms - REFUSED_WITHIN_MS:
            reason, detail = (
                fields.get(name, b"").decode(errors="replace") for name in (b"reason", b"detail")
            )
            refusals.setdefault(named[0], Refusal(at_ms, reason, detail))
    return refusals


class Clock(Enum):
    """How a camera's clock is."""

    UNKNOWN = auto()
    RIGHT = auto()
    AHEAD = auto()
    LATE = auto()
    """Behind, or what it sends takes long."""
    WRONG = auto()
    """So far off that what it sends is refused."""


def judge_clock(heard: Heard | None, refusal: Refusal | None) -> Clock:
    """How a camera's clock is. Pure."""
    if refusal and refusal.reason in _CLOCKS and (heard is None or heard.at_ms < refusal.at_ms):
        return Clock.WRONG
    if heard is None:
        return Clock.UNKNOWN
    if heard.delay_ms < -AHEAD_MS:
        return Clock.AHEAD
    return Clock.LATE if heard.delay_ms > BEHIND_MS else Clock.RIGHT


def clock_words(heard: Heard | None, refusal: Refusal | None) -> str:
    """What is to be said of a camera's clock; '' where nothing is known of it. Pure."""
    clock = judge_clock(heard, refusal)
    if clock is Clock.WRONG and refusal:
        return f"clock is wrong ({refusal.detail}): nothing of it counts until it is set right"
    if clock is Clock.AHEAD and heard:
        return f"clock {duration(-heard.delay_ms)} ahead"
    if clock is Clock.LATE and heard:
        return f"clock {duration(heard.delay_ms)} behind, or its reports come late"
    return "clock is right" if clock is Clock.RIGHT else ""


def refusal_words(refusal: Refusal | None) -> str:
    """Why messages of a camera are refused, if not for its clock; '' where none are. Pure."""
    if refusal is None or refusal.reason in _CLOCKS:
        return ""
    return f"messages of it are refused, {refusal.reason.replace('_', ' ')}: {refusal.detail}"


_CLOCKS: Final = {Reason.CLOCK_AHEAD, Reason.CLOCK_BEHIND}


def _report(fields: Mapping[bytes, bytes]) -> CameraReport | None:
    payload = fields.get(b"report")
    try:
        return None if payload is None else decode(payload, CameraReport)
    except Refused:  # of a later version
        return None


def _logged_ms(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
