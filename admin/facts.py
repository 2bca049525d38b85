"""What is known of a server: gathered by probes, judged without them."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.events import CameraStatus
from dashboard.cameras.reports import Heard, Refusal


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be found out.

    Attributes:
        why: one line for a person.
    """

    why: str


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What the broker tells of itself; None: it does not.

    Attributes:
        version: its own words; '' where it tells nothing of itself.
        clients: connections.
        heap_bytes: memory.
        stored_bytes: of messages that it keeps.
        dropped: messages dropped since its start.
        dropped_a_minute: mean of the last 15 minutes.
        statuses: camera → its newest word, as far as the broker keeps one.
    """

    version: str
    clients: int | None
    heap_bytes: int | None
    stored_bytes: int | None
    dropped: int | None
    dropped_a_minute: float | None
    statuses: Mapping[str, CameraStatus]


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """One server of Redis.

    Attributes:
        name: '' where there is only one.
        version: as it says.
        used_bytes, max_bytes: of memory; 0: no bound.
        policy: what it does at that bound.
        evicted: keys that it threw away.
        is_appending: whether it writes what changes to a file.
        file_bytes: length of that file.
        is_writing: whether its last write to the file was well.
        is_rewriting: whether the last rewrite of the file was.
        clients: connections.
    """

    name: str
    version: str
    used_bytes: int
    max_bytes: int
    policy: str
    evicted: int
    is_appending: bool
    file_bytes: int
    is_writing: bool
    is_rewriting: bool
    clients: int


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One certificate.

    Attributes:
        what: whose, and where it was found.
        ends_ms: UTC.
        missing: names of the server that are not in it.
        is_authority: it signs, and nobody connects to it.
        is_served: whether the broker serves the one in the file; None: does not apply.
    """

    what: str
    ends_ms: int
    missing: tuple[str, ...] = ()
    is_authority: bool = False
    is_served: bool | None = None


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """The disk below a folder.

    Attributes:
        folder: its name.
        total_bytes, free_bytes: of all that is on it.
    """

    folder: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class PartitionFacts:
    """One partition.

    Attributes:
        number: of it.
        entries: length of its stream.
        unread: entries that no aggregator has counted.
        oldest_ms: when the oldest of these was logged, UTC; None: there is none.
        is_owned: whether an aggregator holds its lease.
        waiting: destination → messages that wait to be delivered.
    """

    number: int
    entries: int
    unread: int
    oldest_ms: int | None
    is_owned: bool
    waiting: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What is under way from cameras to windows.

    Attributes:
        clock_ms: this machine's clock minus that of Redis, as far as the time that it took to ask tells.
        partitions: all.
        aggregators: that were heard of just now.
        workers: that hold a slot.
        orphans: slots whose worker died and whose messages nobody has fetched yet.
        cards: models that workers ever told of.
        models: that classified faces in the last 15 minutes.
        refused: reason → messages refused in the last 15 minutes.
    """

    clock_ms: int
    partitions: tuple[PartitionFacts, ...]
    aggregators: int
    workers: int
    orphans: int
    cards: tuple[str, ...]
    models: tuple[str, ...]
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """One camera in the last 15 minutes.

    Attributes:
        name: ``site/camera``.
        is_open: whether its site was open.
        looked: whether it looked.
        retired: whether it has not looked for a week.
        heard: its newest reports; None: none of late.
        refusal: its newest message that was refused; None: none of late.
        published: frames with faces that it sent; of these ``shed``, ``dropped`` by itself, or ``expired``.
    """

    name: str
    is_open: bool
    looked: bool
    retired: bool
    heard: Heard | None
    refusal: Refusal | None
    published: int
    shed: int
    dropped: int
    expired: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known, at one time.

    Attributes:
        now_ms: UTC.
        broker: MQTT.
        redis: every server of it.
        certificates: each, or why it is not known.
        disk: below the secrets.
        flow: from cameras to windows.
        cameras: those that have windows, or of which something was refused.
    """

    now_ms: int
    broker: BrokerFacts | Unknown
    redis: tuple[RedisFacts, ...] | Unknown
    certificates: tuple[CertificateFacts | Unknown, ...]
    disk: DiskFacts | Unknown
    flow: FlowFacts | Unknown
    cameras: tuple[CameraFacts, ...] | Unknown
