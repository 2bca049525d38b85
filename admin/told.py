"""What others are told, or were told, of a stretch of time: past alerts, and what waits to be delivered."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

import msgspec

from contract import keys
from contract.topics import parse_topic
from runtime.redis import Client


class _Told(msgspec.Struct):
    """What closed windows and alerts have in common (``contract.announcements``)."""

    from_ms: int
    to_ms: int


_decoder: Final = msgspec.json.Decoder(_Told)


def past_alerts(client: Client, camera: str, from_ms: int, to_ms: int) -> list[bytes]:
    """Entries of the camera's log of alerts that tell of [``from_ms``, ``to_ms``), UTC."""
    entries: Any = client.xrange(keys.alerts_log(camera))
    return [
        entry_id
        for entry_id, fields in entries
        if any(_overlaps(payload, from_ms, to_ms) for payload in fields.values())
    ]


def forget_told(client: Client, camera: str, from_ms: int, to_ms: int) -> int:
    """Removes past alerts of a stretch of time, and all that waits to be told of it; how many alerts went.

    What waits to be told together with what follows goes first: nothing of it can be put into an outbox then.
    """
    partition = keys.partition_of(camera)
    script = client.register_script(files(__package__).joinpath("tidy.lua").read_text())
    script(keys=[keys.epoch(partition), keys.outlet(camera)], args=[from_ms, to_ms])
    for destination in keys.DESTINATIONS:
        stream = keys.outbox(partition, destination)
        entries: Any = client.xrange(stream)
        _remove(client, stream, _waiting(entries, camera, from_ms, to_ms))
    alerts = past_alerts(client, camera, from_ms, to_ms)
    _remove(client, keys.alerts_log(camera), alerts)
    return len(alerts)


def _remove(client: Client, stream: str, ids: list[bytes]) -> None:
    if ids:
        client.xdel(stream, *ids)


def _waiting(
    entries: Iterable[tuple[bytes, dict[bytes, bytes]]], camera: str, from_ms: int, to_ms: int
) -> list[bytes]:
    return [
        entry_id
        for entry_id, fields in entries
        for topic, payload in fields.items()
        if _is_of(topic, camera) and _overlaps(payload, from_ms, to_ms)
    ]


def _is_of(topic: bytes, camera: str) -> bool:
    parsed = parse_topic(topic.decode(errors="replace"))
    return parsed is not None and parsed[0] == camera


def _overlaps(payload: bytes, from_ms: int, to_ms: int) -> bool:
    try:
        told = _decoder.decode(payload)
    except msgspec.DecodeError:  # of another version
        return False
    return told.from_ms < to_ms and told.to_ms > from_ms
