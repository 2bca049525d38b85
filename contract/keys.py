"""Every Redis key of the system.

A camera belongs to a *partition*; all its keys, and the partition's own, carry the hash tag ``{p}`` and so
lie in one slot of a Redis Cluster: each atomic step stays within a slot.
"""

from zlib import crc32

PARTITIONS = 16
GROUP = "aggregators"
"""Consumer group of the emotions streams."""

LAYOUT = "moodlens:layout"
"""Hash: ``partitions`` and ``version``; a process that finds another value refuses to start."""

LAYOUT_VERSION = 1

REJECTED = "moodlens:rejected"
"""Bounded stream: refused payloads, described (topic, reason, detail), never their content."""

REJECTED_COUNTS = "moodlens:rejected:counts"
"""Hash: reason → payloads refused."""

MODELS = "moodlens:models"
"""Hash: model version → its card (``ModelCard``, JSON); every worker writes that of its model."""

AGGREGATORS = "moodlens:aggregators"
"""Sorted set: aggregator id → its heartbeat (server time, ms)."""

ERASURES = "moodlens:erasures"
"""Stream, never trimmed: what was erased, of whom, by whom (``contract.erasures``, JSON in one field)."""

ERASURES_GENERATION = "moodlens:erasures:generation"
"""Integer: grows with every erasure; windows that were read under another value may be erased ones."""

MQTT, WEBHOOK = "mqtt", "webhook"
DESTINATIONS = (MQTT, WEBHOOK)
"""Of what is told to others: an outbox each, so that one that is away does not hold up the other."""

_FRAMES_PER_BITMAP = 65_536  # 8 kB a bitmap


def partition_of(camera: str) -> int:
    """The partition of ``site/camera``, 0 … ``PARTITIONS`` − 1."""
    return crc32(camera.encode()) % PARTITIONS


def slot_lease(number: int) -> str:
    """String with expiry: which worker holds slot ``number``."""
    return f"moodlens:{{workers}}:{number}:lease"


def slot_session(number: int) -> str:
    """String with expiry: the broker may hold messages for the slot's client id."""
    return f"moodlens:{{workers}}:{number}:session"


def stream(partition: int) -> str:
    """Stream: the log of a partition; each entry has one field, the kind of its JSON event."""
    return f"moodlens:{{{partition}}}:emotions"


def lease(partition: int) -> str:
    """String with expiry: id of the aggregator that owns the partition."""
    return f"moodlens:{{{partition}}}:lease"


def epoch(partition: int) -> str:
    """Integer: grows with every change of owner and every commit; the gate of the exactly-once commit."""
    return f"moodlens:{{{partition}}}:epoch"


def subjects(partition: int) -> str:
    """Set: every camera and ``camera@zone`` of the partition that ever had windows."""
    return f"moodlens:{{{partition}}}:subjects"


def open_visits(camera: str) -> str:
    """Hash: a camera's open visits, tombstones, session clocks and models (the aggregator's state)."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:open"


def seen_frame(camera: str, session: str, frame: int) -> tuple[str, int]:
    """Bitmap key and bit that say whether a frame is already in the stream."""
    bitmap, bit = divmod(frame, _FRAMES_PER_BITMAP)
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:seen:{session}:{bitmap}", bit


def seen_report(camera: str, session: str, seq: int) -> tuple[str, int]:
    """Bitmap key and bit that say whether a report is already in the stream."""
    bitmap, bit = divmod(seq, _FRAMES_PER_BITMAP)
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:seen:{session}:reports:{bitmap}", bit


def outlet(camera: str) -> str:
    """Hash: how far a camera's closed windows have been looked at, and what waits for the next to be told."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:outlet"


def rules(camera: str) -> str:
    """Hash: name → rule (``contract.rules``, JSON); whoever runs a store writes it."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:rules"


def alerts(camera: str) -> str:
    """Hash: name of a rule → how it stands (``AlertState``, JSON)."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:alerts"


def alerts_acked(camera: str) -> str:
    """Hash: name of a rule → which raising of its alert somebody has seen (``Acknowledgement``, JSON)."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:alerts:acked"


def alerts_log(camera: str) -> str:
    """Bounded stream: past alerts; each entry has one field, ``alert`` (JSON)."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:alerts:log"


def erasing(camera: str) -> str:
    """String with expiry: the last step of an erasure that was applied, so that none is applied twice."""
    return f"moodlens:{{{partition_of(camera)}}}:{camera}:erasing"


def outbox(partition: int, destination: str) -> str:
    """Bounded stream: what is decided and not delivered; each entry has one field, MQTT topic → JSON."""
    return f"moodlens:{{{partition}}}:outbox:{destination}"


def subject_of(camera: str, zone: str = "") -> str:
    """What windows are kept of: a camera, or one zone of it."""
    return f"{camera}@{zone}" if zone else camera


def window_chunk(subject: str, resolution: str, chunk: str) -> str:
    """String: packed rows of the windows of one chunk (an hour of 10 s windows, a day of the others)."""
    camera = subject.partition("@")[0]
    return f"moodlens:{{{partition_of(camera)}}}:{subject}:{resolution}:{chunk}"


def site(name: str) -> str:
    """Hash: a site's settings.

    ``time_zone``, ``k``, ``hours`` (as ``contract.hours`` reads them); ``keep_10s`` … ``keep_1d``, how long
    windows are kept (``contract.retention``); ``simulated`` is 1 where a script made its figures.
    """
    return f"moodlens:site:{name}"


def notes(site_name: str) -> str:
    """Hash: id → promotion or change of staffing that people noted of a site (``contract.notes``, JSON)."""
    return f"moodlens:site:{site_name}:events"
