"""What stands in a partition's stream."""

from typing import Any

from contract import keys
from contract.codec import LOG_KINDS, LogEvent, decode
from runtime.redis import Client


def stream_events(client: Client, partition: int) -> list[LogEvent]:
    """All events of a stream, oldest first."""
    entries: Any = client.xrange(keys.stream(partition))
    return [
        decode(payload, LOG_KINDS[kind.decode()]) for _, fields in entries for kind, payload in fields.items()
    ]
