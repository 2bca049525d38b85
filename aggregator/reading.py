"""Reads closed windows back, all that are due in one round trip."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from redis.client import Pipeline
from redis.cluster import ClusterPipeline

from aggregator.grid import GridWindow, same_hours
from aggregator.verdicts import SeenWindow
from contract import keys
from contract.row import WIDTH, unpack
from runtime.redis import Client

_ROW_BYTES: Final = WIDTH * 8


@dataclass(frozen=True, slots=True)
class Due:
    """Neighbouring windows of one chunk of a camera.

    Attributes:
        camera: ``site/camera``.
        windows: at least one.
        earlier: for each of them, the windows to hold it against.
    """

    camera: str
    windows: list[GridWindow]
    earlier: list[list[GridWindow]]


def due_windows(camera: str, windows: list[GridWindow], weeks: int, time_zone: tzinfo) -> Due:
    """Windows and the same hours of ``weeks`` weeks before each; ``time_zone`` is the site's."""
    return Due(camera, windows, [same_hours(window, weeks, time_zone) for window in windows])


def read_due(client: Client, due: list[Due]) -> dict[str, list[SeenWindow]]:
    """Camera → its windows that are due, in the order given."""
    with client.pipeline(transaction=False) as pipe:
        for entry in due:
            _get_rows(pipe, entry.camera, entry.windows[0], entry.windows[-1])
            for hours in entry.earlier:
                for hour in hours:
                    _get_rows(pipe, entry.camera, hour, hour)
        replies = iter(pipe.execute())
    seen: dict[str, list[SeenWindow]] = {}
    for entry in due:
        rows = unpack(next(replies), len(entry.windows))
        seen.setdefault(entry.camera, []).extend(
            SeenWindow(window, row, [unpack(next(replies), 1)[0] for _ in hours])
            for window, row, hours in zip(entry.windows, rows, entry.earlier, strict=True)
        )
    return seen


def _get_rows(pipe: Pipeline | ClusterPipeline, camera: str, first: GridWindow, last: GridWindow) -> None:
    """Asks for the rows of neighbouring windows of one chunk."""
    key = keys.window_chunk(camera, first.resolution, first.chunk.name)
    pipe.getrange(key, first.row * _ROW_BYTES, (last.row + 1) * _ROW_BYTES - 1)
