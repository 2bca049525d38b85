"""What has just been seen: the last 15 minutes of many cameras, in one round trip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Final

import numpy as np
from redis.client import Pipeline
from redis.cluster import ClusterPipeline

from contract import keys, row
from contract.open_visits import MODEL_PREFIX, VISIT_PREFIX
from contract.windows import WINDOW_MS, Chunk, Resolution, chunks_between
from dashboard.figures.models import model_fields, read_times, within
from dashboard.figures.mood import Rows
from dashboard.figures.periods import Span
from runtime.redis import Client
from runtime.windows import Windows

RECENT_MS: Final = 900_000
"""What the page "Now" looks back on: 15 minutes."""

_ROW_BYTES: Final = row.WIDTH * row.STORED.itemsize


@dataclass(frozen=True, slots=True)
class Recent:
    """A camera's last 15 minutes.

    Attributes:
        windows: of 10 s, the newest one not over yet.
        visits: closed within them, or still open.
        in_view: visits still open.
        models: versions that read the faces.
    """

    windows: Windows
    visits: int
    in_view: int
    models: tuple[str, ...] = ()


def read_recents(client: Client, cameras: Sequence[str], now_ms: int) -> dict[str, Recent]:
    """``site/camera`` → its last 15 minutes, only the rows that are looked at.

    One round trip for all, and another one where more than one model has read the faces of a camera.
    """
    slices = _slices(Resolution.TEN_SECONDS, now_ms - RECENT_MS, now_ms + 1)
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:
            pipe.hkeys(keys.open_visits(camera))
            for piece in slices:
                piece.ask(pipe, camera)
        replies = iter(pipe.execute())
    start_ms = np.concatenate([piece.start_ms() for piece in slices])
    recents, fields = {}, {}
    for camera in cameras:
        names = next(replies)
        in_view, fields[camera] = _open_visits(names), model_fields(names)
        rows = np.concatenate([piece.rows_in(next(replies)) for piece in slices])
        windows = Windows(start_ms, rows)
        recents[camera] = Recent(windows, int(windows.column("visits").sum()) + in_view, in_view)
    models = _models_of(client, fields, Span(now_ms - RECENT_MS, now_ms + 1))
    return {camera: replace(recent, models=models[camera]) for camera, recent in recents.items()}


def _models_of(
    client: Client, fields: Mapping[str, Sequence[bytes]], span: Span
) -> dict[str, tuple[str, ...]]:
    """The versions that read faces of cameras in a span that they have visits in; an only one must have."""
    several = {camera: names for camera, names in fields.items() if len(names) > 1}
    times = read_times(client, several)
    prefix = MODEL_PREFIX.encode()
    return {
        camera: within(times[camera], span)
        if camera in several
        else tuple(name.removeprefix(prefix).decode() for name in names)
        for camera, names in fields.items()
    }


def read_last_looks(client: Client, quarters: Mapping[str, int]) -> dict[str, int]:
    """When cameras looked last, to the minute; one round trip for all.

    Args:
        client: Redis.
        quarters: ``site/camera`` → UTC start of the last 15 minutes in which it looked.

    Returns:
        ``site/camera`` → UTC end of the last minute in which it looked, where that is still known.
    """
    length_ms = WINDOW_MS[Resolution.QUARTER]
    asked = [
        (camera, piece)
        for camera, from_ms in quarters.items()
        for piece in _slices(Resolution.MINUTE, from_ms, from_ms + length_ms)
    ]
    with client.pipeline(transaction=False) as pipe:
        for camera, piece in asked:
            piece.ask(pipe, camera)
        replies = pipe.execute()
    looks = {}
    for (camera, piece), packed in zip(asked, replies, strict=True):
        looked = np.flatnonzero(piece.rows_in(packed)[:, row.ANALYSED_MS])
        if looked.size:
            looks[camera] = int(piece.start_ms()[looked[-1]]) + WINDOW_MS[Resolution.MINUTE]
    return looks


@dataclass(frozen=True, slots=True)
class _Slice:
    """The rows ``first`` … ``end`` − 1 of a chunk."""

    chunk: Chunk
    first: int
    end: int

    def ask(self, pipe: Pipeline | ClusterPipeline, subject: str) -> None:
        key = keys.window_chunk(subject, self.chunk.resolution, self.chunk.name)
        pipe.getrange(key, self.first * _ROW_BYTES, self.end * _ROW_BYTES - 1)

    def rows_in(self, packed: bytes) -> Rows:
        return row.unpack(packed, self.end - self.first)

    def start_ms(self) -> Rows:
        return np.array([self.chunk.window_start_ms(i) for i in range(self.first, self.end)], np.int64)


def _slices(resolution: Resolution, from_ms: int, to_ms: int) -> list[_Slice]:
    """Where the windows (cut in UTC) are that begin within [``from_ms``, ``to_ms``), oldest first."""
    slices = []
    for chunk in chunks_between(resolution, from_ms, to_ms, UTC):
        first = max(0, -(-(from_ms - chunk.start_ms) // WINDOW_MS[resolution]))
        end = min(chunk.rows, -(-(to_ms - chunk.start_ms) // WINDOW_MS[resolution]))
        if first < end:
            slices.append(_Slice(chunk, first, end))
    return slices


def _open_visits(fields: Iterable[bytes]) -> int:
    """Open visits of a camera, not counted again for its zones."""
    return sum(field.startswith(VISIT_PREFIX.encode()) and field.endswith(b":") for field in fields)
