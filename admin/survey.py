"""Looks at every key in Redis: what there is of each kind, how long it stays, what should not be there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from admin.inventory import Form, Kind, kind_of, site_of_key, windows_gone_ms
from admin.keeping import read_retentions
from admin.misfits import Misfit
from admin.pictures import OVERLAP
from admin.suspicion import suspicions
from contract import keys
from contract.retention import FIELDS, Retention
from runtime.redis import Client

BATCH: Final = 500
"""Keys looked at in one round trip."""

PAGE: Final = 1_000
"""Entries of a stream read at once."""

PIECE: Final = 1_000_000
"""Bytes of a long string read at once."""

_NEVER: Final = -1  # what PTTL says of a key that stays
_LATE_MS: Final = 60_000  # trimming is done now and then


@dataclass(slots=True)
class Tally:
    """What there is of one kind of key.

    Attributes:
        kind: which.
        keys, bytes: how many, and what they take in memory.
        longest_ms: the longest that one of them still has to live; None: none expires.
        oldest_ms: age of the oldest entry, of streams.
    """

    kind: Kind
    keys: int = 0
    bytes: int = 0
    longest_ms: int | None = None
    oldest_ms: int | None = None


@dataclass(slots=True)
class Survey:
    """What lies in Redis.

    Attributes:
        tallies: by name of the kind.
        foreign: keys of no known kind.
        kept: how long sites that have windows keep them, by name.
        misfits: what should not be there.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    foreign: int = 0
    kept: dict[str, Retention] = field(default_factory=dict)
    misfits: list[Misfit] = field(default_factory=list)


def survey(client: Client, now_ms: int) -> Survey:
    """Reads all keys, some at a time; a server that counts meanwhile is not held up.

    Args:
        client: Redis, or a cluster.
        now_ms: the server's time.

    Raises:
        redis.exceptions.RedisError: it went away, or does not allow this.
    """
    seen = Survey()
    names: Iterator[bytes] = iter(client.scan_iter(count=BATCH))
    while batch := list(dict.fromkeys(islice(names, BATCH))):
        for name, facts in zip(batch, _facts(client, batch), strict=True):
            _look_at(client, seen, name, facts, now_ms)
    for site, kept in seen.kept.items():
        seen.misfits += [
            Misfit.at(keys.site(site), f"{FIELDS[each]} is no time that it may be") for each in kept.unusable
        ]
    return seen


@dataclass(frozen=True, slots=True)
class _Facts:
    type: str
    left_ms: int
    bytes: int


def _facts(client: Client, names: Iterable[bytes]) -> list[_Facts]:
    with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.type(name)
            pipe.pttl(name)
            # not pipe.memory_usage, which redis-py blocks on a Cluster
            pipe.execute_command("MEMORY USAGE", name)
        replies = pipe.execute()
    return [
        _Facts(type_.decode(), left_ms, size or 0)
        for type_, left_ms, size in zip(replies[::3], replies[1::3], replies[2::3], strict=True)
    ]


def _look_at(client: Client, seen: Survey, name: bytes, facts: _Facts, now_ms: int) -> None:
    if facts.type == "none":  # it has expired meanwhile
        return
    where = name.decode(errors="backslashreplace")
    kind = kind_of(where)
    faults = suspicions(None, name)
    if kind is None:
        seen.foreign += 1
        faults.append("a key of no known kind")
    elif kind.type != facts.type:
        faults.append(f"a {facts.type}, where a {kind.type} belongs")
    else:
        tally = seen.tallies.setdefault(kind.name, Tally(kind))
        tally.keys += 1
        tally.bytes += facts.bytes
        faults += _overdue(client, seen, where, kind, facts.left_ms, now_ms)
        if facts.left_ms != _NEVER:
            tally.longest_ms = max(tally.longest_ms or 0, facts.left_ms)
        if facts.type == "stream":
            faults += _stream_faults(client, tally, name, now_ms)
    for value in _values(client, name, facts.type, kind):
        faults += suspicions(kind, value)
    seen.misfits += [Misfit.at(where, fault) for fault in dict.fromkeys(faults)]


def _overdue(client: Client, seen: Survey, key: str, kind: Kind, left_ms: int, now_ms: int) -> list[str]:
    if kind.expires and left_ms == _NEVER:
        return ["it never expires, and should"]
    if kind.resolution:
        site = site_of_key(key)
        if site not in seen.kept:
            seen.kept |= read_retentions(client, [site])
        try:
            gone_ms = windows_gone_ms(key, kind.resolution, seen.kept[site])
        except ValueError:
            return ["its name is no day, or no hour"]
        return ["it expires later than its site keeps it"] if now_ms + left_ms > gone_ms else []
    if kind.expires_within_ms is not None and left_ms > kind.expires_within_ms:
        return ["it expires later than it should"]
    return []


def _stream_faults(client: Client, tally: Tally, name: bytes, now_ms: int) -> list[str]:
    faults = []
    kind = tally.kind
    first: Any = client.xrange(name, count=1)
    if first:
        age_ms = max(0, now_ms - int(first[0][0].partition(b"-")[0]))
        tally.oldest_ms = max(tally.oldest_ms or 0, age_ms)
        if kind.kept_ms is not None and age_ms > kind.kept_ms + _LATE_MS:
            faults.append(f"its oldest entry is {age_ms // 60_000:,} minutes old: does an aggregator run?")
    if kind.entries is not None and int(client.xlen(name)) > kind.entries:
        faults.append(f"more than {kind.entries:,} entries")
    return faults


def _values(client: Client, name: bytes, type_: str, kind: Kind | None) -> Iterator[bytes]:
    if type_ == "string":
        yield from _string(client, name, whole=kind is not None and kind.form is not Form.TEXT)
    elif type_ == "stream":
        yield from _entries(client, name)
    elif type_ == "hash":
        fields: Any = client.hgetall(name)
        yield from (part for pair in fields.items() for part in pair)
    elif type_ == "set":
        members: Any = client.smembers(name)
        yield from members
    elif type_ == "zset":
        ranked: Any = client.zrange(name, 0, -1)
        yield from ranked


def _string(client: Client, name: bytes, *, whole: bool) -> Iterator[bytes]:
    if whole:
        value: Any = client.getrange(name, 0, -1)
        yield value
        return
    at = 0
    while True:
        piece: Any = client.getrange(name, at, at + PIECE - 1)
        yield piece
        if len(piece) < PIECE:
            return
        at += PIECE - OVERLAP


def _entries(client: Client, name: bytes) -> Iterator[bytes]:
    """All that entries hold, a line each: a page is looked through at once."""
    after = "-"
    while True:
        page: Any = client.xrange(name, min=after, count=PAGE)
        if page:
            yield b"\n".join(part for _, fields in page for pair in fields.items() for part in pair)
        if len(page) < PAGE:
            return
        after = f"({page[-1][0].decode()}"
