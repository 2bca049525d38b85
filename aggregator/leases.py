"""Which partitions this aggregator owns: leases, shared fairly among all that run, without configuration."""

import logging
import secrets
import time

from contract import keys
from runtime.redis import Client, server_ms

log = logging.getLogger(__name__)

LEASE_MS = 5_000
REFRESH_S = 1.0

# Every change of owner moves the epoch on, so a former owner's commit is refused.
_ACQUIRE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('INCR', KEYS[2])
return 1
"""

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Leases:
    """The partitions leased by this process.

    Args:
        client: Redis.

    Attributes:
        owned: partitions that are ours, as of the last refresh.
    """

    def __init__(self, client: Client) -> None:
        self.owned: set[int] = set()
        self._client = client
        self._id = secrets.token_hex(8)
        self._refreshed_s = -REFRESH_S
        self._acquire = client.register_script(_ACQUIRE)
        self._renew = client.register_script(_RENEW)
        self._release = client.register_script(_RELEASE)

    def refresh(self, *, force: bool = False) -> None:
        """Once a second: renews ours, gives up what exceeds our share, takes what is free below it."""
        if not force and time.monotonic() - self._refreshed_s < REFRESH_S:
            return
        self._refreshed_s = time.monotonic()
        self.owned = {p for p in self.owned if self._renew(keys=[keys.lease(p)], args=[self._id, LEASE_MS])}
        share = -(-keys.PARTITIONS // self._members())
        for partition in sorted(self.owned)[share:]:
            self._give_up(partition)
        for partition in range(keys.PARTITIONS):
            if len(self.owned) >= share:
                break
            if partition not in self.owned and self._take(partition):
                self.owned.add(partition)

    def release_all(self) -> None:
        """Hands everything to the others, at once."""
        for partition in sorted(self.owned):
            self._give_up(partition)
        self._client.zrem(keys.AGGREGATORS, self._id)

    def _members(self) -> int:
        """How many aggregators run, this one included."""
        now_ms = server_ms(self._client)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.AGGREGATORS, {self._id: now_ms})
            pipe.zremrangebyscore(keys.AGGREGATORS, "-inf", now_ms - LEASE_MS)
            pipe.zcard(keys.AGGREGATORS)
            return max(1, int(pipe.execute()[-1]))

    def _take(self, partition: int) -> bool:
        names = [keys.lease(partition), keys.epoch(partition)]
        return bool(self._acquire(keys=names, args=[self._id, LEASE_MS]))

    def _give_up(self, partition: int) -> None:
        self.owned.discard(partition)
        self._release(keys=[keys.lease(partition)], args=[self._id])
