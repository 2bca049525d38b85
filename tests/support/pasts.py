"""Days of a camera that lie behind, written to the log and folded by the aggregator's own code."""

from collections.abc import Iterable
from datetime import UTC
from typing import Final

from aggregator.commit import Committer
from aggregator.fold import Timing
from aggregator.leases import Leases
from aggregator.outlet import Outlet, Telling
from aggregator.partition import Partition, read_entries
from aggregator.sites import Site, Sites
from aggregator.trim import Trimmer
from contract import keys
from contract.codec import LogEvent, encode
from contract.windows import WINDOW_MS, Resolution
from runtime.redis import Client
from tests.support.events import camera_report, frame_emotions, surely, utc_ms
from tests.support.visits import KINDS

HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]
QUARTER_MS: Final = WINDOW_MS[Resolution.QUARTER]
VISITS: Final = 8
"""Of an hour; every other one in the zone."""

ZONE: Final = "till"
_MOODS: Final = ("happy", "neutral", "sad", "angry", "neutral", "happy", "surprise", "neutral")


class PastCamera:
    """Writes hours of visits: two a quarter, the second one in ``ZONE``, of two faces each.

    Args:
        client: Redis.
        name: ``site/camera``.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.name = name
        self._client = client
        self._number = keys.partition_of(name)
        self._partition: Partition | None = None

    def sees(self, hours_ms: Iterable[int]) -> None:
        """Hours that begin at these instants (UTC), in order."""
        with self._client.pipeline(transaction=False) as pipe:
            for hour_ms in hours_ms:
                number = hour_ms // HOUR_MS * VISITS  # so that an hour is the same whatever was before it
                for quarter in range(4):
                    begin_ms = hour_ms + quarter * QUARTER_MS
                    for event in self._quarter(begin_ms, number + 2 * quarter):
                        pipe.xadd(keys.stream(self._number), {KINDS[type(event)]: encode(event)})
            pipe.execute()

    def fold(self) -> Partition:
        """Has an aggregator count all that is in the log; the partition as its owner holds it."""
        owned = self._partition = self._partition or self._own()
        while entries := read_entries(self._client, [self._number], 1000)[self._number]:
            owned.advance(entries, utc_ms(), caught_up=False)
        owned.advance([], utc_ms(), caught_up=False)
        return owned

    def _own(self) -> Partition:
        Leases(self._client).refresh()
        sites = Sites(self._client, Site(UTC, k=5))
        outlet = Outlet(self._client, self._number, sites, Telling((Resolution.QUARTER,), webhook=False))
        committer, trimmer = Committer(self._client), Trimmer(self._client, kept_ms=0)
        return Partition(self._client, self._number, committer, trimmer, sites, Timing(), outlet)

    def _quarter(self, begin_ms: int, number: int) -> list[LogEvent]:
        frames: list[LogEvent] = [
            frame_emotions(
                2 * (number + visit) + look,
                camera=self.name,
                captured_at_ms=begin_ms + 60_000 * (visit + 1) + 3_000 * look,
                tracks=(number + visit,),
                zone=ZONE * visit,
                probabilities=surely(_MOODS[(number + visit) % len(_MOODS)], 0.8 + 0.01 * (number % 10)),
            )
            for visit in range(2)
            for look in range(2)
        ]
        told = camera_report(
            number, camera=self.name, from_ms=begin_ms, to_ms=begin_ms + QUARTER_MS, published=len(frames)
        )
        return [*frames, told]
