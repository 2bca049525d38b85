"""What the aggregator needs to know of a site: its time zone."""

import logging
import time
from datetime import tzinfo

from contract import keys
from runtime.errors import SettingsError
from runtime.redis import Client
from runtime.zones import named_zone

log = logging.getLogger(__name__)

_REFRESH_S = 60.0


class Sites:
    """Time zones of sites, read from Redis at most once a minute each.

    Args:
        client: Redis.
        default: for sites that set none, or one that does not exist.
    """

    def __init__(self, client: Client, default: tzinfo) -> None:
        self._client = client
        self._default = default
        self._known: dict[str, tuple[float, tzinfo]] = {}

    def time_zone(self, camera: str) -> tzinfo:
        """The time zone of the site of ``site/camera``."""
        site = camera.partition("/")[0]
        read_s, zone = self._known.get(site, (-_REFRESH_S, self._default))
        if time.monotonic() - read_s >= _REFRESH_S:
            zone = self._read(site)
            self._known[site] = (time.monotonic(), zone)
        return zone

    def _read(self, site: str) -> tzinfo:
        name = self._client.hget(keys.site(site), "time_zone")
        if not name:
            return self._default
        try:
            return named_zone(name)
        except SettingsError as error:
            log.warning("site %s: %s; using %s", site, error, self._default)
            return self._default
