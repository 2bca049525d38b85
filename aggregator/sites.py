"""What the aggregator needs to know of a site: its time zone, how few visits it tells of, what it keeps."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from contract import keys
from contract.retention import FIELDS, STANDARD, Retention
from runtime.errors import SettingsError
from runtime.redis import Client
from runtime.zones import named_zone

log = logging.getLogger(__name__)

_REFRESH_S = 60.0


@dataclass(frozen=True, slots=True)
class Site:
    """A site's settings.

    Attributes:
        time_zone: cuts its hours and days.
        k: least visits that may be told of.
        kept: how long its windows are.
    """

    time_zone: tzinfo
    k: int
    kept: Retention = STANDARD


class Sites:
    """Settings of sites, read from Redis at most once a minute each.

    Args:
        client: Redis.
        default: for what a site does not set, or sets to what cannot be used.
    """

    def __init__(self, client: Client, default: Site) -> None:
        self._client = client
        self._default = default
        self._known: dict[str, tuple[float, Site]] = {}
        self._complained: set[tuple[str, str]] = set()

    def of(self, camera: str) -> Site:
        """The site of ``site/camera``."""
        name = camera.partition("/")[0]
        read_s, site = self._known.get(name, (-_REFRESH_S, self._default))
        if time.monotonic() - read_s >= _REFRESH_S:
            site = self._read(name)
            self._known[name] = (time.monotonic(), site)
        return site

    def _read(self, name: str) -> Site:
        time_zone, k, *kept = self._client.hmget(keys.site(name), ["time_zone", "k", *FIELDS.values()])
        return Site(self._zone(name, time_zone), self._k(name, k), self._kept(name, kept))

    def _zone(self, name: str, given: str | bytes | None) -> tzinfo:
        if not given:
            return self._default.time_zone
        try:
            return named_zone(given)
        except SettingsError as error:
            self._complain(name, f"{error}; using {self._default.time_zone}")
            return self._default.time_zone

    def _k(self, name: str, given: str | bytes | None) -> int:
        if not given:
            return self._default.k
        if given.isdigit() and int(given) >= 1:
            return int(given)
        self._complain(name, f"k is no number above 0; using {self._default.k}")
        return self._default.k

    def _kept(self, name: str, given: Sequence[str | bytes | None]) -> Retention:
        kept = Retention.read(given)
        for resolution, why in kept.unusable.items():
            self._complain(name, f"{FIELDS[resolution]} is not used: {why}")
        return kept

    def _complain(self, name: str, why: str) -> None:
        """Says once what cannot be used."""
        if (name, why) not in self._complained:
            self._complained.add((name, why))
            log.warning("site %s: %s", name, why)
