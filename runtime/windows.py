"""Reading windows back: the one way from stored rows to numpy."""

from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from contract import keys, row
from contract.windows import Resolution, chunks_between
from runtime.redis import Client

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Windows:
    """Consecutive windows of one subject.

    Attributes:
        start_ms: int64 array of shape (n,): UTC start of each window.
        rows: int64 array of shape (n, ``row.WIDTH``); windows never written are zero.
    """

    start_ms: IntArray
    rows: IntArray

    def column(self, name: str) -> IntArray:
        """A column of ``row.COLUMNS``: shape (n,), or (n, k) for one of k values."""
        return self.rows[:, row.COLUMNS[name]]


def read_windows(
    client: Client, subject: str, resolution: Resolution, from_ms: int, to_ms: int, time_zone: tzinfo
) -> Windows:
    """The windows that begin within [``from_ms``, ``to_ms``), oldest first; one round trip.

    Args:
        client: Redis.
        subject: ``site/camera`` or ``site/camera@zone``.
        resolution: length of the windows.
        from_ms: UTC, inclusive.
        to_ms: UTC, exclusive.
        time_zone: the site's; cuts the 1 h and 1 d windows.
    """
    chunks = chunks_between(resolution, from_ms, to_ms, time_zone)
    if not chunks:
        return Windows(np.zeros(0, np.int64), np.zeros((0, row.WIDTH), np.int64))
    with client.pipeline(transaction=False) as pipe:
        for chunk in chunks:
            pipe.get(keys.window_chunk(subject, resolution, chunk.name))
        stored = pipe.execute()
    rows = np.concatenate(
        [row.unpack(data or b"", chunk.rows) for chunk, data in zip(chunks, stored, strict=True)]
    )
    start_ms = np.concatenate([[chunk.window_start_ms(i) for i in range(chunk.rows)] for chunk in chunks])
    wanted = (start_ms >= from_ms) & (start_ms < to_ms)
    return Windows(start_ms[wanted], rows[wanted])
