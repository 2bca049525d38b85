"""The aggregator's loop over the partitions it owns."""

import logging
import threading
from collections.abc import Callable

from aggregator import metrics
from aggregator.commit import Committer
from aggregator.fold import Timing
from aggregator.leases import Leases
from aggregator.outlet import Outlet, Telling
from aggregator.partition import Partition, read_entries
from aggregator.settings import AggregatorSettings
from aggregator.sites import Site, Sites
from aggregator.trim import Trimmer
from runtime.health import Health
from runtime.redis import REDIS_ERRORS, Client, server_ms
from runtime.zones import named_zone

log = logging.getLogger(__name__)

HEALTH_PARTS = {"redis": 30.0}

_RETRY_S = 0.5


class Aggregator:
    """Turns the streams of its partitions into windows until told to stop.

    Args:
        client: Redis.
        settings: of the aggregator.
        health: told how ``HEALTH_PARTS`` are.
        on_posted: called when there is something to be delivered.

    Attributes:
        owned: the partitions owned at the moment; may be read from any thread.

    Raises:
        SettingsError: the default time zone does not exist.
    """

    def __init__(
        self,
        client: Client,
        settings: AggregatorSettings,
        health: Health,
        on_posted: Callable[[], None] = lambda: None,
    ) -> None:
        self.owned: frozenset[int] = frozenset()
        self._on_posted = on_posted
        self._telling = Telling(settings.resolutions, webhook=bool(settings.webhook_url.get_secret_value()))
        self._client = client
        self._settings = settings
        self._health = health
        self._leases = Leases(client)
        self._committer = Committer(client)
        self._trimmer = Trimmer(client, settings.stream_kept_s * 1000)
        self._sites = Sites(client, Site(named_zone(settings.time_zone), settings.k))
        self._timing = Timing(silence_ms=settings.silence_s * 1000)
        self._partitions: dict[int, Partition] = {}

    def run(self, stop: threading.Event) -> None:
        """Works until ``stop`` is set; a Redis that goes away is waited for."""
        while not stop.is_set():
            try:
                busy = self._turn()
            except REDIS_ERRORS as error:
                # Whether the last commit was applied is unknown: forget everything and read it again.
                log.warning("Redis does not answer, trying again: %s", error)
                self._health.unwell("redis", str(error))
                self._partitions.clear()
                stop.wait(_RETRY_S)
            else:
                self._health.well("redis")
                if not busy:
                    stop.wait(self._settings.poll_ms / 1000)
        try:
            self._leases.release_all()
        except REDIS_ERRORS as error:
            log.info("the leases are left to run out: %s", error)

    def _turn(self) -> bool:
        """One read of every owned partition; whether there may be more to read."""
        self._leases.refresh()
        self._sync_partitions()
        now_ms = server_ms(self._client)
        most = self._settings.batch_entries
        busy = False
        for number, entries in read_entries(self._client, sorted(self._partitions), most).items():
            full = len(entries) >= most
            self._partitions[number].advance(entries, now_ms, caught_up=not full)
            busy |= full
        return busy

    def _sync_partitions(self) -> None:
        owned = self._leases.owned
        for number in self._partitions.keys() - owned:
            del self._partitions[number]
        for number in sorted(owned - self._partitions.keys()):
            self._partitions[number] = Partition(
                self._client,
                number,
                self._committer,
                self._trimmer,
                self._sites,
                self._timing,
                Outlet(self._client, number, self._sites, self._telling),
                self._on_posted,
            )
        self.owned = frozenset(owned)
        metrics.PARTITIONS.set(len(owned))
