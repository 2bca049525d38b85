"""What is decided and not yet delivered to a destination: one bounded stream per partition.

Commits put messages in; a message that is delivered is taken out. So it is decided at most once, and
delivered at least once: twice where whoever delivered it died before taking it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from contract import keys
from runtime.redis import Client


@dataclass(frozen=True, slots=True)
class Message:
    """An announcement under way.

    Attributes:
        partition: in whose outbox it is.
        id: of its stream entry.
        topic: MQTT topic.
        payload: JSON.
    """

    partition: int
    id: bytes
    topic: str
    payload: bytes

    @property
    def posted_ms(self) -> int:
        """Server time at which it was decided."""
        return int(self.id.partition(b"-")[0])


class Outbox:
    """The outboxes of one destination.

    Args:
        client: Redis.
        destination: its name.
    """

    def __init__(self, client: Client, destination: str) -> None:
        self.destination = destination
        self._client = client

    def waiting(self, partitions: Iterable[int], count: int) -> tuple[list[Message], int]:
        """The oldest messages, at most ``count`` a partition, and how many there are in all."""
        wanted = sorted(partitions)
        if not wanted:
            return [], 0
        with self._client.pipeline(transaction=False) as pipe:
            for partition in wanted:
                pipe.xrange(keys.outbox(partition, self.destination), count=count)
                pipe.xlen(keys.outbox(partition, self.destination))
            replies = pipe.execute()
        messages = [
            Message(partition, entry_id, name.decode(), payload)
            for i, partition in enumerate(wanted)
            for entry_id, fields in replies[2 * i]
            for name, payload in fields.items()
        ]
        return messages, sum(replies[1::2])

    def take_out(self, message: Message) -> None:
        """Removes a message that needs no other attempt."""
        self._client.xdel(keys.outbox(message.partition, self.destination), message.id)
