"""A commit: all that a fold changes, applied atomically and at most once."""

from datetime import tzinfo
from importlib.resources import files

from aggregator import metrics
from aggregator.deltas import Deltas
from contract import keys
from contract.retention import Retention
from runtime.redis import Client

Value = str | bytes | int

OUTBOX_MAX = 2_000
"""Entries of an outbox; where nobody takes them, the oldest go, and are counted."""

ALERTS_KEPT = 1_000
"""Past alerts of a camera."""


class Commit:
    """Collects the changes of one fold of a partition.

    Args:
        partition: whose stream was read.
        entry_ids: ids of the entries that were folded.
    """

    def __init__(self, partition: int, entry_ids: list[bytes]) -> None:
        self.partition = partition
        self.entry_ids = entry_ids
        self.keys: list[str] = [keys.epoch(partition), keys.stream(partition)]
        self.operations: list[Value] = []

    def add_windows(self, deltas: Deltas, time_zone: tzinfo, kept: Retention, now_ms: int) -> None:
        """Adds to window rows, in every resolution that is still kept.

        A chunk expires as the site keeps it now, also one that was begun when the site kept it otherwise.
        """
        for (subject, chunk), additions in deltas.chunks(time_zone).items():
            expires_at_ms = kept.expires_at_ms(chunk)
            if expires_at_ms > now_ms:
                pairs = [number for pair in additions.items() for number in pair]
                key = keys.window_chunk(subject, chunk.resolution, chunk.name)
                self._operate("add", key, expires_at_ms, len(pairs), *pairs)

    def write_state(self, camera: str, written: dict[str, bytes], removed: list[str]) -> None:
        """Writes and removes fields of a camera's state."""
        self.write_fields(keys.open_visits(camera), written, removed)

    def write_fields(self, key: str, written: dict[str, bytes], removed: list[str]) -> None:
        """Writes and removes fields of a hash of the partition."""
        if written:
            pairs = [value for pair in written.items() for value in pair]
            self._operate("set", key, len(pairs), *pairs)
        if removed:
            self._operate("del", key, len(removed), *removed)

    def post(self, destination: str, topic: str, payload: bytes) -> None:
        """Puts something to be delivered into the partition's outbox for a destination."""
        self._operate("post", keys.outbox(self.partition, destination), OUTBOX_MAX, topic, payload)

    def keep_alert(self, camera: str, payload: bytes) -> None:
        """Adds an alert to those that the camera has had."""
        self._operate("keep", keys.alerts_log(camera), ALERTS_KEPT, "alert", payload)

    def register(self, subjects: set[str]) -> None:
        """Makes subjects known to whoever lists what has windows."""
        if subjects:
            self._operate("member", keys.subjects(self.partition), len(subjects), *sorted(subjects))

    def _operate(self, name: str, key: str, *values: Value) -> None:
        self.keys.append(key)
        self.operations += [name, len(self.keys), *values]


class Committer:
    """Applies commits by the script ``commit.lua``.

    Args:
        client: Redis.
    """

    def __init__(self, client: Client) -> None:
        self._script = client.register_script(files(__package__).joinpath("commit.lua").read_text())

    def apply(self, commit: Commit, epoch: int) -> bool:
        """Applies a commit if the partition's epoch is still ``epoch``; it is one more afterwards.

        Returns:
            Whether it was applied now. False: nothing changed; either someone else owns the partition or a
            lost reply made the client send the commit twice, and it was applied the first time.
        """
        ids = commit.entry_ids
        args = [epoch, keys.GROUP, len(ids), *ids, *commit.operations]
        reply = int(self._script(keys=commit.keys, args=args))
        if reply > 1:
            metrics.OUTBOX_DROPPED.inc(reply - 1)
        return reply > 0
