"""What a run of the demo counted: read from Redis, and from the aggregator's metrics."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from http.client import HTTPException
from typing import Any, Final
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from aggregator.state import CameraState, OpenVisit
from contract import keys, row
from contract.events import FrameEmotions
from contract.windows import GRAIN_MS, Resolution
from demo.ports import HOST
from demo.witness import Witness
from runtime.redis import Client
from runtime.windows import Windows, read_windows

COLUMNS: Final = ("frames", "face_frames", "visits", "published", "dropped", "shed", "refused", "late")
LATENCY: Final = "moodlens_aggregator_window_latency_seconds"

_POLL_S = 0.05
_ANSWER_S = 2.0


def wait_until_reported(client: Client, witness: Witness, from_ms: int, within_s: float) -> None:
    """Waits until cameras that have ended are counted to the last frame, or the time is over.

    That is when a session's last report has been seen, and as many frames are counted as were published.

    Raises:
        redis.exceptions.RedisError: it cannot be read.
    """
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        witness.look()
        if witness.finished == witness.frames.keys():
            to_ms = time.time_ns() // 1_000_000
            totals = [
                _read_windows(client, camera, from_ms, to_ms).rows.sum(axis=0) for camera in witness.frames
            ]
            columns = (row.FRAMES, row.DROPPED, row.SHED, row.REFUSED)
            if all(total[row.PUBLISHED] == sum(total[column] for column in columns) for total in totals):
                return
        pause.wait(_POLL_S)


def wait_until_counted(client: Client, cameras: Sequence[str], within_s: float) -> None:
    """Waits until all that is in the cameras' streams is in their windows, or the time is over."""
    streams = {keys.stream(keys.partition_of(camera)) for camera in cameras}
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        groups: list[Any] = [
            group for stream in streams if client.exists(stream) for group in client.xinfo_groups(stream)
        ]
        if all(not group["pending"] and not group["lag"] for group in groups):
            return
        pause.wait(_POLL_S)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured of one camera.

    Attributes:
        frames: that were classified.
        doubled: frames that stand in the log more than once.
        detector: of faces.
        windows: of 10 s, all of the run.
        still_open: visits that had not closed.
    """

    frames: list[FrameEmotions]
    doubled: int
    detector: str
    windows: Windows
    still_open: list[OpenVisit]

    def count(self) -> dict[str, int]:
        """Sums over the windows."""
        return {name: int(self.windows.column(name).sum()) for name in COLUMNS}


def collect(client: Client, witness: Witness, from_ms: int, to_ms: int) -> dict[str, Findings]:
    """What was measured of each camera between two instants (UTC milliseconds).

    Raises:
        redis.exceptions.RedisError: it cannot be read.
    """
    witness.look()
    findings = {}
    for camera, frames in witness.frames.items():
        windows = _read_windows(client, camera, from_ms, to_ms)
        fields: Any = client.hgetall(keys.open_visits(camera))
        findings[camera] = Findings(
            frames,
            witness.doubled(camera),
            witness.detectors.get(camera, ""),
            windows,
            list(CameraState.load(fields).visits.values()),
        )
    return findings


def read_latency(health_port: int) -> dict[str, float | None]:
    """From a frame's capture to its window, as the aggregator at this port counted: p50 and p99, seconds.

    Each is the upper edge of the histogram's bucket that the quantile lies in; None: nothing was counted.
    """
    buckets = latency_buckets(health_port)
    return {name: _quantile(buckets, share) for name, share in (("p50", 0.5), ("p99", 0.99))}


def latency_buckets(health_port: int) -> list[tuple[float, float]]:
    """The histogram of that time: (upper edge in seconds, frames up to it); empty where nobody answers."""
    try:
        with urlopen(f"http://{HOST}:{health_port}/metrics", timeout=_ANSWER_S) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
    except (OSError, HTTPException, ValueError):
        return []
    return [
        (float(sample.labels["le"]), sample.value)
        for family in families
        if family.name == LATENCY
        for sample in family.samples
        if sample.name.endswith("_bucket")
    ]


def _read_windows(client: Client, camera: str, from_ms: int, to_ms: int) -> Windows:
    """The 10 s windows of a camera from the one that holds ``from_ms`` to the one after ``to_ms``."""
    first_ms = from_ms // GRAIN_MS * GRAIN_MS
    return read_windows(client, camera, Resolution.TEN_SECONDS, first_ms, to_ms + GRAIN_MS, UTC)


def _quantile(edges: list[tuple[float, float]], share: float) -> float | None:
    """The upper edge of the bucket that a quantile lies in; buckets are (edge, cumulated count)."""
    total = edges[-1][1] if edges else 0
    return next((edge for edge, counted in edges if counted >= share * total), None) if total else None
