"""Stored windows, written as an aggregator's commits leave them."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

import numpy as np
import numpy.typing as npt

from contract import keys, row
from contract.windows import Resolution, chunk_at
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.events import utc_ms

Row = npt.NDArray[np.int64]


def write_windows(client: Client, subject: str, rows: Mapping[int, Row], time_zone: tzinfo) -> None:
    """Adds rows to the windows of every resolution from 15 minutes on, and makes the subject known.

    Args:
        client: Redis.
        subject: ``site/camera`` or ``site/camera@zone``.
        rows: instant within a window (UTC ms) → what is added to it.
        time_zone: the site's.
    """
    client.sadd(keys.subjects(keys.partition_of(subject.partition("@")[0])), subject)
    for at_ms, values in rows.items():
        for resolution in (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY):
            chunk = chunk_at(resolution, at_ms, time_zone)
            at = chunk.row_of(at_ms) * row.WIDTH
            command = [
                word
                for column in np.flatnonzero(values).tolist()
                for word in ("INCRBY", "i64", f"#{at + column}", int(values[column]))
            ]
            if command:
                key = keys.window_chunk(subject, resolution, chunk.name)
                # BITFIELD by its name: the typed method is missing from a Cluster's client
                client.execute_command("BITFIELD", key, *command)  # type: ignore[no-untyped-call]


def frames_of(client: Client, camera: str, *, with_shed: bool = False) -> int:
    """Frames of a camera in the last hour's windows; with those that workers shed, if that is asked."""
    now_ms = utc_ms()
    windows = read_windows(client, camera, Resolution.MINUTE, now_ms - 3_600_000, now_ms + 60_000, UTC)
    columns = ("frames", "shed") if with_shed else ("frames",)
    return sum(int(windows.column(name).sum()) for name in columns)
