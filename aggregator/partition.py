"""One owned partition: read its stream, fold, commit."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from redis.exceptions import ResponseError

from aggregator import metrics
from aggregator.commit import Commit, Committer
from aggregator.deltas import Deltas
from aggregator.fold import LoggedEvent, Timing, fold
from aggregator.outlet import Outlet
from aggregator.shortening import Shortening
from aggregator.sites import Sites
from aggregator.state import CameraState
from aggregator.trim import TRIM_EVERY_MS, Trimmer
from contract import keys
from contract.announcements import Alert
from contract.codec import LOG_KINDS, Refused, decode
from contract.events import FrameEmotions
from runtime.redis import Client

log = logging.getLogger(__name__)

OWNER = "owner"
"""The one consumer of the group: whoever owns the partition finds what a predecessor left unfinished."""

SWEEP_EVERY_MS = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A stream entry; ``fields`` is None where it was trimmed while pending."""

    id: bytes
    fields: dict[bytes, bytes] | None

    @property
    def logged_ms(self) -> int:
        """Server time at which it was appended."""
        return int(self.id.partition(b"-")[0])


class Partition:
    """What an owner keeps of its partition between reads: the cameras' states and the epoch they belong to.

    Args:
        client: Redis.
        number: of the partition.
        committer: applies commits.
        trimmer: keeps the stream short.
        sites: time zones, and how long windows are kept.
        timing: when things are over.
        outlet: what becomes of closed windows.
        on_posted: called when there is something to be delivered.
    """

    def __init__(
        self,
        client: Client,
        number: int,
        committer: Committer,
        trimmer: Trimmer,
        sites: Sites,
        timing: Timing,
        outlet: Outlet,
        on_posted: Callable[[], None] = lambda: None,
    ) -> None:
        self.number = number
        self._client = client
        self._committer = committer
        self._trimmer = trimmer
        self._sites = sites
        self._timing = timing
        self._outlet = outlet
        self._shortening = Shortening(client, sites)
        self._on_posted = on_posted
        self._swept_ms = 0
        self._trimmed_ms = 0
        self._ensure_group()
        self._load()

    def advance(self, entries: list[Entry], now_ms: int, *, caught_up: bool) -> None:
        """Folds entries and commits the result; also closes visits of silent cameras.

        Args:
            entries: read from the stream and not yet acknowledged, ascending.
            now_ms: server time.
            caught_up: the stream holds nothing more, so a camera without entries really is silent.
        """
        if now_ms - self._trimmed_ms >= TRIM_EVERY_MS:
            self._trimmed_ms = now_ms
            self._trimmer.trim(self.number)
        by_camera = self._decode(entries)
        log_ms = now_ms if caught_up or not entries else entries[-1].logged_ms
        commit = Commit(self.number, [entry.id for entry in entries])
        # Once a second all cameras: visits of silent ones are closed, and windows that are over are told.
        sweep = now_ms - self._swept_ms >= SWEEP_EVERY_MS
        if sweep:
            self._swept_ms = now_ms
        for camera in by_camera.keys() | (self._cameras.keys() if sweep else set()):
            state = self._cameras.setdefault(camera, CameraState())
            deltas = fold(state, camera, by_camera.get(camera, []), log_ms, self._timing)
            if deltas and not self._outlet.knows(camera):
                self._outlet.begin(commit, camera, deltas.earliest_ms(), log_ms)
            self._add(commit, camera, state, deltas, now_ms)
        if entries or commit.operations:
            if not self._apply(commit):
                return
            metrics.ENTRIES.inc(len(entries))
            metrics.observe_latency(_captures(by_camera), time.time_ns() // 1_000_000)
        if sweep:
            self._tell(log_ms, now_ms)
            self._shortening.turn(self._subjects, now_ms)

    def _tell(self, log_ms: int, now_ms: int) -> None:
        """Judges closed windows: after the fold is committed, because that is what their rows are read from.

        Nobody else writes rows without moving the epoch on, which would be noticed by the commit.
        """
        commit, told = self._outlet.look(self._cameras, log_ms, now_ms, self._timing)
        if commit.operations and self._apply(commit) and told:
            for announcement in told:
                if isinstance(announcement, Alert):
                    metrics.ALERTS.labels(announcement.state).inc()
                    log.info("%s (%s)", announcement.text, announcement.state)
                else:
                    metrics.WINDOWS_TOLD.inc()
            self._on_posted()

    def _apply(self, commit: Commit) -> bool:
        """Whether the commit was applied; if not, everything is read again."""
        with metrics.COMMIT_SECONDS.time():
            applied = self._committer.apply(commit, self._epoch)
        if applied:
            self._epoch += 1
        else:
            # Either applied at the first of two attempts, or the partition is not ours any more. What Redis
            # holds is the truth; entries still pending come again with the next read.
            log.info("partition %d: state reloaded", self.number)
            self._load()
        return applied

    def _add(self, commit: Commit, camera: str, state: CameraState, deltas: Deltas, now_ms: int) -> None:
        written, removed = state.take_changes()
        commit.write_state(camera, written, removed)
        if deltas:
            site = self._sites.of(camera)
            commit.add_windows(deltas, site.time_zone, site.kept, now_ms)
            new = deltas.subjects() - self._subjects
            commit.register(new)
            self._subjects |= new

    def _decode(self, entries: list[Entry]) -> dict[str, list[LoggedEvent]]:
        by_camera = defaultdict(list)
        for entry in entries:
            for kind, payload in (entry.fields or {}).items():
                try:
                    event = decode(payload, LOG_KINDS[kind.decode()])
                except (KeyError, UnicodeDecodeError, Refused) as error:
                    metrics.UNREADABLE.inc()
                    log.warning("partition %d: entry %s is unreadable: %s", self.number, entry.id, error)
                    continue
                by_camera[event.camera].append(LoggedEvent(event, entry.logged_ms))
        return by_camera

    def _ensure_group(self) -> None:
        try:
            self._client.xgroup_create(keys.stream(self.number), keys.GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _load(self) -> None:
        """Reads epoch and states; a commit that slips in between moves the epoch on and is noticed."""
        self._epoch = int(self._client.get(keys.epoch(self.number)) or 0)
        members = self._client.smembers(keys.subjects(self.number))
        self._subjects = {member.decode() for member in members if isinstance(member, bytes)}
        cameras = sorted({subject.partition("@")[0] for subject in self._subjects})
        with self._client.pipeline(transaction=False) as pipe:
            for camera in cameras:
                pipe.hgetall(keys.open_visits(camera))
            self._cameras = {
                camera: CameraState.load(fields)
                for camera, fields in zip(cameras, pipe.execute(), strict=True)
            }
        self._outlet.load(cameras)


def _captures(by_camera: Mapping[str, list[LoggedEvent]]) -> Iterator[int]:
    """When the frames among the events were captured."""
    for logged in by_camera.values():
        for entry in logged:
            if isinstance(entry.event, FrameEmotions):
                yield entry.event.captured_at_ms


def read_entries(client: Client, partitions: list[int], count: int) -> dict[int, list[Entry]]:
    """Unfinished and then new entries of partitions, in log order, in one round trip.

    At most ``count`` of each kind are read. Where there may be more unfinished ones, the new ones wait: they
    are unfinished ones of the next read.

    A multi-stream read would need all streams in one Cluster slot; a pipeline of single reads does not.
    """
    with client.pipeline(transaction=False) as pipe:
        for partition in partitions:
            stream = keys.stream(partition)
            # Unfinished first. Usually there are none; if a predecessor died or a reply was lost, these are
            # older than anything new.
            pipe.xreadgroup(keys.GROUP, OWNER, {stream: "0"}, count=count)
            pipe.xreadgroup(keys.GROUP, OWNER, {stream: ">"}, count=count)
        replies = pipe.execute()
    read = {}
    for i, partition in enumerate(partitions):
        unfinished, new = _entries(replies[2 * i]), _entries(replies[2 * i + 1])
        read[partition] = unfinished if len(unfinished) == count else [*unfinished, *new]
    return read


def _entries(reply: object) -> list[Entry]:
    """Entries in the reply of an XREADGROUP of one stream, in either protocol version."""
    if not reply:
        return []
    if isinstance(reply, dict):  # RESP3: {stream: [entries]}
        (entries,) = next(iter(reply.values()))
    else:  # RESP2: [[stream, entries]]
        ((_, entries),) = reply  # type: ignore[misc]
    return [Entry(entry_id, fields) for entry_id, fields in entries]
