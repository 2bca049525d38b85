"""Asks Redis how it is, and what is under way in it."""

import time
from collections import Counter
from typing import Any, Final

from redis import RedisCluster
from redis.exceptions import ResponseError

from admin.facts import FlowFacts, PartitionFacts, RedisFacts
from admin.sealing import oldest_unread_ms
from contract import keys
from dashboard.figures.correction import versions
from dashboard.figures.periods import Span
from dashboard.figures.subjects import read_subjects
from runtime.redis import Client, server_ms

RECENT_MS: Final = 900_000
"""What is looked back on: 15 minutes."""

ALIVE_MS: Final = 10_000
"""An aggregator tells of itself every second."""

SLOTS: Final = 1_000
"""Worker slots that are looked at: more than anybody configures."""

REFUSALS: Final = 1_000


def probe_redis(client: Client) -> tuple[RedisFacts, ...]:
    """Every server that holds data.

    Raises:
        RedisError: it does not answer, or does not tell.
    """
    if isinstance(client, RedisCluster):
        told: dict[str, Any] = client.info(target_nodes=RedisCluster.PRIMARIES)
        if "redis_version" in told:  # of a single one, its answer
            told = {"": told}
        return tuple(_redis_facts(name, info) for name, info in sorted(told.items()))
    return (_redis_facts("", client.info()),)


def _redis_facts(name: str, info: dict[str, Any]) -> RedisFacts:
    return RedisFacts(
        name=name,
        version=str(info["redis_version"]),
        used_bytes=int(info["used_memory"]),
        max_bytes=int(info["maxmemory"]),
        policy=str(info["maxmemory_policy"]),
        evicted=int(info["evicted_keys"]),
        is_appending=bool(info["aof_enabled"]),
        file_bytes=int(info.get("aof_current_size", 0)),
        is_writing=info["aof_last_write_status"] == "ok",
        is_rewriting=info["aof_last_bgrewrite_status"] == "ok",
        clients=int(info["connected_clients"]),
    )


def probe_flow(client: Client, now_ms: int) -> FlowFacts:
    """What is under way from cameras to windows.

    Args:
        client: Redis.
        now_ms: UTC, by this machine's clock.

    Raises:
        RedisError: it does not answer, or does not tell.
    """
    began_s = time.monotonic()
    redis_ms = server_ms(client)
    half_ms = round((time.monotonic() - began_s) * 500)
    leases: list[Any] = list(client.mget([keys.slot_lease(number) for number in range(SLOTS)]))
    sessions: list[Any] = list(client.mget([keys.slot_session(number) for number in range(SLOTS)]))
    heartbeats: Any = client.zrange(keys.AGGREGATORS, 0, -1, withscores=True)
    cards: Any = client.hkeys(keys.MODELS)
    return FlowFacts(
        clock_ms=_apart_ms(now_ms + half_ms - redis_ms, half_ms),
        partitions=_partitions(client),
        aggregators=sum(beat_ms > redis_ms - ALIVE_MS for _, beat_ms in heartbeats),
        workers=sum(lease is not None for lease in leases),
        orphans=sum(
            lease is None and session is not None for lease, session in zip(leases, sessions, strict=True)
        ),
        cards=tuple(sorted(card.decode() for card in cards)),
        models=_models(client, redis_ms),
        refused=_refused(client, redis_ms),
    )


def _apart_ms(seen_ms: int, half_ms: int) -> int:
    """How far two clocks are apart at least: the other was read some time between question and answer."""
    return max(0, seen_ms - half_ms) + min(0, seen_ms + half_ms)


def _partitions(client: Client) -> tuple[PartitionFacts, ...]:
    with client.pipeline(transaction=False) as pipe:
        for number in range(keys.PARTITIONS):
            pipe.xlen(keys.stream(number))
            pipe.exists(keys.lease(number))
            for destination in keys.DESTINATIONS:
                pipe.xlen(keys.outbox(number, destination))
        replies = iter(pipe.execute())
    facts = []
    for number in range(keys.PARTITIONS):
        entries, is_owned = int(next(replies)), bool(next(replies))
        waiting = {destination: int(next(replies)) for destination in keys.DESTINATIONS}
        oldest_ms = oldest_unread_ms(client, number) if entries else None
        unread = _unread(client, number, entries) if oldest_ms is not None else 0
        facts.append(PartitionFacts(number, entries, unread, oldest_ms, is_owned, waiting))
    return tuple(facts)


def _unread(client: Client, number: int, entries: int) -> int:
    """Entries that are not counted yet, where there is at least one."""
    try:
        groups: Any = client.xinfo_groups(keys.stream(number))
    except ResponseError:  # the stream has just gone
        return 0
    group = next((group for group in groups if group["name"] == keys.GROUP.encode()), None)
    if group is None or group["lag"] is None:  # Redis does not know how many
        return entries
    return int(group["lag"]) + int(group["pending"])


def _models(client: Client, redis_ms: int) -> tuple[str, ...]:
    """Versions that classified faces of late."""
    lately = Span(redis_ms - RECENT_MS, redis_ms + 1)
    found = versions(client, read_subjects(client).cameras, lately)
    return tuple(sorted(found))


def _refused(client: Client, redis_ms: int) -> dict[str, int]:
    """Reason → messages of late, of the newest that are described."""
    since = str(redis_ms - RECENT_MS)
    entries: Any = client.xrevrange(keys.REJECTED, "+", since, count=REFUSALS)
    reasons = (fields.get(b"reason", b"").decode(errors="replace") for _, fields in entries)
    return dict(Counter(reasons).most_common())
