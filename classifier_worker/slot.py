"""A worker's slot: the MQTT client id it may use, leased in Redis.

The broker keeps un-acknowledged messages for a client id, so whoever takes over a dead worker's slot receives
them. Two workers on one id would disconnect each other without end: the lease prevents that.
"""

import secrets
import time

from classifier_worker.errors import NoFreeSlot
from contract import keys
from runtime.redis import Client

LEASE_MS = 5_000
RENEW_EVERY_S = 1.5

_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Slot:
    """A leased slot; made by ``lease_slot``.

    Attributes:
        number: 0, 1, 2, …
        client_id: the MQTT client id that goes with it.
    """

    def __init__(self, client: Client, number: int, token: str) -> None:
        self.number = number
        self.client_id = f"worker-{number}"
        self._client = client
        self._token = token
        self._renewed_s = time.monotonic()
        self._renew = client.register_script(_RENEW)
        self._release = client.register_script(_RELEASE)

    def renew(self) -> bool:
        """Whether the slot is still ours; extends the lease when that is due.

        A lease that ran out and that nobody took is taken again.
        """
        if time.monotonic() - self._renewed_s < RENEW_EVERY_S:
            return True
        self._renewed_s = time.monotonic()
        return bool(self._renew(keys=[keys.worker_slot(self.number)], args=[self._token, LEASE_MS]))

    def release(self) -> None:
        """Gives the slot back, if it is still ours."""
        self._release(keys=[keys.worker_slot(self.number)], args=[self._token])

    def is_last(self, slots: int) -> bool:
        """Whether no other slot of ``slots`` is leased."""
        others = (number for number in range(slots) if number != self.number)
        return not any(self._client.exists(keys.worker_slot(number)) for number in others)


def lease_slot(client: Client, slots: int) -> Slot:
    """The lowest free slot, leased.

    Raises:
        NoFreeSlot: all ``slots`` are taken.
    """
    token = secrets.token_hex(8)
    for number in range(slots):
        if client.set(keys.worker_slot(number), token, nx=True, px=LEASE_MS):
            return Slot(client, number, token)
    raise NoFreeSlot(f"all {slots} worker slots are taken (MOODLENS_WORKER_SLOTS)")
