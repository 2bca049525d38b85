"""The alert rules of cameras, read and changed; aggregators read them again every five seconds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from contract import keys
from contract.rules import BadRule, Rule, decode_rule
from runtime.redis import Client


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it stands in Redis, of all cameras that have it alike.

    Attributes:
        name: of the rule.
        cameras: ``site/camera``, in order.
        rule: None where it cannot be used.
        fault: why it cannot be used, or ''.
    """

    name: str
    cameras: tuple[str, ...]
    rule: Rule | None
    fault: str = ""


def read_rules(client: Client, cameras: Sequence[str]) -> list[StoredRule]:
    """All rules of ``cameras``, by name; one round trip."""
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:
            pipe.hgetall(keys.rules(camera))
        replies = pipe.execute()
    alike: dict[tuple[bytes, bytes], list[str]] = {}
    for camera, fields in zip(cameras, replies, strict=True):
        for named in fields.items():
            alike.setdefault(named, []).append(camera)
    return [_stored(name, tuple(having), payload) for (name, payload), having in sorted(alike.items())]


def save_rule(
    client: Client, name: str, rule: Rule, cameras: Collection[str], no_longer: Collection[str] = ()
) -> None:
    """Gives cameras a rule in place of what they had under that name; safe to repeat.

    Args:
        client: Redis.
        name: of the rule.
        rule: what it is now.
        cameras: that shall have it.
        no_longer: from which it is taken away.

    Raises:
        BadRule: it is out of bounds, or may not be called so; then nothing was changed.
    """
    payload = msgspec.json.encode(rule)
    decode_rule(name, payload)
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:
            pipe.hset(keys.rules(camera), name, payload)
        for camera in no_longer:
            pipe.hdel(keys.rules(camera), name)
        pipe.execute()


def remove_rule(client: Client, name: str, cameras: Collection[str]) -> None:
    """Takes a rule away from cameras; an aggregator clears its alerts."""
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:
            pipe.hdel(keys.rules(camera), name)
        pipe.execute()


def _stored(name: bytes, cameras: tuple[str, ...], payload: bytes) -> StoredRule:
    shown = name.decode(errors="replace")
    try:
        return StoredRule(shown, cameras, decode_rule(shown, payload))
    except BadRule as error:
        return StoredRule(shown, cameras, None, str(error))
