"""A worker's slot: the MQTT client id it may use, leased in Redis.

The broker keeps un-acknowledged messages for a client id, so whoever connects under a dead worker's id
receives them. Two workers on one id would disconnect each other without end: the lease prevents that. A
second key, the *session mark*, outlives the lease as long as the broker's session does; a slot that has a
mark and no lease is an *orphan*, whose messages somebody must fetch.
"""

import secrets
import time

from classifier_worker.errors import NoFreeSlot
from contract import keys
from runtime.redis import Client

LEASE_MS = 5_000
RENEW_EVERY_S = 1.5
SESSION_EXPIRY_S = 30
"""How long the broker keeps a dead worker's messages for the next holder of its slot."""

_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
return 1
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[2] == '1' then redis.call('DEL', KEYS[2]) end
return 1
"""


class Slot:
    """A slot that is leased to this process.

    Attributes:
        number: 0, 1, 2, …
        client_id: the MQTT client id that goes with it.
    """

    def __init__(self, slots: "Slots", number: int) -> None:
        self.number = number
        self.client_id = f"worker-{number}"
        self._slots = slots
        self._renewed_s = time.monotonic()
        self._is_ours = True

    def renew(self) -> bool:
        """Whether the slot is still ours; extends the lease when that is due.

        A lease that ran out and that nobody took is taken again.
        """
        if time.monotonic() - self._renewed_s >= RENEW_EVERY_S:
            self._renewed_s = time.monotonic()
            self._is_ours = self._slots.take(self.number)
        return self._is_ours

    def release(self, *, session_ended: bool) -> None:
        """Gives the slot back, if it is still ours.

        Args:
            session_ended: the broker holds nothing for it any more; otherwise it becomes an orphan.
        """
        self._slots.give_back(self.number, session_ended=session_ended)


class Slots:
    """The slots that all workers share.

    Args:
        client: Redis.
        count: how many there are.
    """

    def __init__(self, client: Client, count: int) -> None:
        self._client = client
        self._count = count
        self._token = secrets.token_hex(8)
        self._take = client.register_script(_TAKE)
        self._release = client.register_script(_RELEASE)

    def lease(self) -> Slot:
        """An orphan's slot if there is one, else the lowest free slot.

        Raises:
            NoFreeSlot: all are taken.
        """
        for number in [*self._orphans(), *range(self._count)]:
            if self.take(number):
                return Slot(self, number)
        raise NoFreeSlot(f"all {self._count} worker slots are taken (MOODLENS_WORKER_SLOTS)")

    def lease_orphan(self) -> Slot | None:
        """An orphan's slot, if there is one."""
        return next((Slot(self, number) for number in self._orphans() if self.take(number)), None)

    def others_live(self, slot: Slot) -> bool:
        """Whether any other slot is leased."""
        leases, _ = self._read()
        return any(lease and number != slot.number for number, lease in enumerate(leases))

    def take(self, number: int) -> bool:
        """Leases a slot, or extends our lease; False where it is another's."""
        expiries = [LEASE_MS, LEASE_MS + SESSION_EXPIRY_S * 1000]
        return bool(self._take(keys=self._names(number), args=[self._token, *expiries]))

    def give_back(self, number: int, *, session_ended: bool) -> None:
        """Ends our lease."""
        self._release(keys=self._names(number), args=[self._token, int(session_ended)])

    def _orphans(self) -> list[int]:
        leases, sessions = self._read()
        return [
            number
            for number, (lease, session) in enumerate(zip(leases, sessions, strict=True))
            if session is not None and lease is None
        ]

    def _read(self) -> tuple[list[object], list[object]]:
        """Leases and session marks of all slots."""
        names = [keys.slot_lease(number) for number in range(self._count)]
        names += [keys.slot_session(number) for number in range(self._count)]
        values: list[object] = list(self._client.mget(names))
        return values[: self._count], values[self._count :]

    @staticmethod
    def _names(number: int) -> list[str]:
        return [keys.slot_lease(number), keys.slot_session(number)]
