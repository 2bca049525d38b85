"""Windows of many subjects: what cannot change any more is kept, the rest is read in one round trip.

What is kept is forgotten as soon as anything is erased.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Final

import numpy as np
import numpy.typing as npt
from cachetools import TTLCache

from contract import keys, row
from contract.windows import Chunk, Resolution, chunks_between
from runtime.redis import Client
from runtime.windows import Windows

Rows = npt.NDArray[np.int64]

SEALED_AFTER_MS: Final = 95 * 60_000
"""What ended so long ago has all its visits: an hour in an outbox, half an hour's visit, some slack."""

KEPT_S: Final = 600
KEPT_BYTES: Final = 128_000_000

_NOTHING: Final[Rows] = np.zeros(0, np.int64)
_OVERHEAD_BYTES: Final = 300  # of a small array and its key

_Kept = tuple[int, str]
"""Generation of erasures under which a chunk was read, and its key: a slow reader keeps nothing erased."""


def read_generation(client: Client) -> int:
    """How many erasures there have been; what was read before the last of them may not be shown any more."""
    return int(client.get(keys.ERASURES_GENERATION) or 0)


class WindowStore:
    """Reads windows from Redis; one for all visitors of the dashboard.

    Args:
        client: Redis.
        now_ms: UTC milliseconds.
    """

    def __init__(self, client: Client, now_ms: Callable[[], int]) -> None:
        self._client = client
        self._now_ms = now_ms
        self._sealed: TTLCache[_Kept, Rows] = TTLCache(
            KEPT_BYTES, KEPT_S, timer=lambda: now_ms() / 1000, getsizeof=_size
        )
        self._lock = threading.Lock()

    def read(
        self, subjects: Sequence[str], resolution: Resolution, from_ms: int, to_ms: int, time_zone: tzinfo
    ) -> dict[str, Windows]:
        """The windows that begin within [``from_ms``, ``to_ms``), oldest first, by subject.

        Args:
            subjects: ``site/camera`` or ``site/camera@zone``.
            resolution: length of the windows.
            from_ms: UTC, inclusive.
            to_ms: UTC, exclusive.
            time_zone: the site's; cuts the 1 h and 1 d windows.
        """
        chunks = chunks_between(resolution, from_ms, to_ms, time_zone)
        names = [
            [keys.window_chunk(subject, resolution, chunk.name) for chunk in chunks] for subject in subjects
        ]
        generation = read_generation(self._client)
        known = self._known(generation, [name for of_subject in names for name in of_subject])
        self._fetch(
            generation,
            [
                (name, chunk)
                for of_subject in names
                for name, chunk in zip(of_subject, chunks, strict=True)
                if name not in known
            ],
            known,
        )
        start_ms = np.array(
            [chunk.window_start_ms(i) for chunk in chunks for i in range(chunk.rows)], np.int64
        )
        first, last = np.searchsorted(start_ms, (from_ms, to_ms))
        return {
            subject: Windows(start_ms[first:last], _rows(of_subject, chunks, known)[first:last])
            for subject, of_subject in zip(subjects, names, strict=True)
        }

    def _known(self, generation: int, names: list[str]) -> dict[str, Rows]:
        with self._lock:
            kept = ((name, self._sealed.get((generation, name))) for name in names)
            return {name: values for name, values in kept if values is not None}

    def _fetch(self, generation: int, wanted: list[tuple[str, Chunk]], known: dict[str, Rows]) -> None:
        """Reads chunks and puts them into ``known``; keeps those that cannot change any more."""
        if not wanted:
            return
        with self._client.pipeline(transaction=False) as pipe:
            for name, _ in wanted:
                pipe.get(name)
            stored = pipe.execute()
        sealed_ms = self._now_ms() - SEALED_AFTER_MS
        sealed = {}
        for (name, chunk), packed in zip(wanted, stored, strict=True):
            values = np.frombuffer(packed, row.STORED).astype(np.int64) if packed else _NOTHING
            known[name] = values
            if chunk.end_ms <= sealed_ms:
                sealed[generation, name] = values
        with self._lock:
            self._sealed.update(sealed)


def _rows(names: list[str], chunks: list[Chunk], known: dict[str, Rows]) -> Rows:
    """The rows of a subject's chunks, one after another: int64 (n, ``row.WIDTH``)."""
    rows = np.zeros(sum(chunk.rows for chunk in chunks) * row.WIDTH, np.int64)
    at = 0
    for name, chunk in zip(names, chunks, strict=True):
        # a day that was cut by the clock of another time zone may hold an hour more
        values = known[name][: chunk.rows * row.WIDTH]
        rows[at : at + values.size] = values
        at += chunk.rows * row.WIDTH
    return rows.reshape(-1, row.WIDTH)


def _size(values: Rows) -> int:
    return values.nbytes + _OVERHEAD_BYTES
