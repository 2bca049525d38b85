"""What an owner does when a site keeps its windows shorter: what is stored expires earlier, too."""

import logging
from collections import deque
from collections.abc import Collection

from aggregator.sites import Sites
from contract.retention import Retention
from contract.windows import Resolution
from runtime.expiry import expire_earlier
from runtime.redis import Client

log = logging.getLogger(__name__)


class Shortening:
    """Notices that sites have changed how long they keep windows.

    Whoever changes it has shortened what was stored then; but for the minute until this process knows of it,
    commits went on to set expiries as they were before. A longer time needs nothing: the next commit to a
    chunk sets it, and what nobody writes to any more goes when it was said to go.

    Args:
        client: Redis.
        sites: as commits know them.
    """

    def __init__(self, client: Client, sites: Sites) -> None:
        self._client = client
        self._sites = sites
        self._kept: dict[str, Retention] = {}
        self._waiting: deque[tuple[str, list[Resolution]]] = deque()

    def turn(self, subjects: Collection[str], now_ms: int) -> None:
        """Shortens what is stored of one subject, if one waits for it: a turn is short, so that leases last.

        Args:
            subjects: ``site/camera`` and ``site/camera@zone`` of a partition.
            now_ms: UTC.
        """
        for subject in subjects:
            kept = self._sites.of(subject).kept
            shorter = kept.shorter_than(self._kept.get(subject, kept))
            self._kept[subject] = kept
            if shorter:
                self._waiting.append((subject, shorter))
        if self._waiting:
            subject, resolutions = self._waiting[0]
            site = self._sites.of(subject)
            count = expire_earlier(self._client, [subject], resolutions, site.kept, site.time_zone, now_ms)
            self._waiting.popleft()
            if count:
                log.info("%s: %d chunks expire earlier, as its site says now", subject, count)
