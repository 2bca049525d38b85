"""The whole system under load: simulated cameras, broker, workers, aggregator and Redis on this machine."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.request import urlopen

import numpy as np

from bench.errors import BenchError
from bench.faces import FACES_A_FRAME
from bench.rig import Rig, wait_for
from contract import row
from contract.windows import WINDOW_MS, Resolution
from demo.findings import latency_buckets
from demo.ports import HOST
from runtime.windows import IntArray, read_windows

READY_S: Final = 30.0
SETTLED_S: Final = 120.0
STILL_S: Final = 10.0
LOOK_S: Final = 1.0
MINUTE_S: Final = 60.0


@dataclass(frozen=True)
class Load:
    """What is asked of the system.

    Attributes:
        cameras: each with a connection of its own.
        faces_per_s: of all cameras together, ``FACES_A_FRAME`` a frame.
        seconds: how long.
        producer: whether a real camera looks at a video meanwhile; its memory and time are measured, its
            frames not counted.
    """

    cameras: int
    faces_per_s: float
    seconds: float
    producer: bool = False


def measure_system(
    load: Load, on_minute: Callable[[dict[str, float]], None] = lambda _mb: None
) -> dict[str, Any]:
    """What became of each frame, how soon, and at what cost in processor time and memory.

    Args:
        load: of the cameras.
        on_minute: told the resident memory of each process, MB, once a minute.

    Raises:
        BenchError: a program is missing or does not come up.
    """
    with Rig() as rig:
        rig.start_service("worker-0", "classifier_worker")
        rig.start_service("aggregator", "aggregator")
        for name in ("worker-0", "aggregator"):
            wait_for(partial(_is_well, rig.health_port(name)), READY_S, name)
        if load.producer:
            rig.start_producer()
        began_ms = time.time_ns() // 1_000_000
        rig.start_load(load.cameras, load.faces_per_s / FACES_A_FRAME, load.seconds)
        cpu_s, peak_mb = _watch(rig, on_minute)
        try:
            sent = json.loads(rig.last_line("cameras"))
        except json.JSONDecodeError:
            raise BenchError(f"the simulated cameras failed: {rig.last_line('cameras')}") from None
        counted = _settle(rig, load, began_ms, sent["frames"])
        buckets = latency_buckets(rig.health_port("aggregator"))
    served = int(counted[row.FRAMES])
    return {
        "cameras": load.cameras,
        "seconds": load.seconds,
        "offered_faces_per_s": round(load.faces_per_s),
        "sent_faces_per_s": round(sent["frames"] * FACES_A_FRAME / load.seconds),
        "served_faces_per_s": round(served * FACES_A_FRAME / load.seconds),
        "frames": {
            "sent": sent["frames"],
            "served": served,
            "shed": int(counted[row.SHED]),
            "refused": int(counted[row.REFUSED]),
            "expired": int(
                counted[row.PUBLISHED] - counted[row.FRAMES] - counted[row.SHED] - counted[row.REFUSED]
            ),
        },
        "latency_s": {"p50": quantile(buckets, 0.5), "p99": quantile(buckets, 0.99)},
        "cameras_late_max_s": round(sent["late_max_s"], 2),
        "cpu_share": {name: round(used / load.seconds, 3) for name, used in cpu_s.items()},
        "cpu_us_per_face": round(sum(cpu_s.values()) / max(1, served * FACES_A_FRAME) * 1e6, 1),
        "memory_peak_mb": {name: round(size) for name, size in peak_mb.items()},
    }


def _watch(
    rig: Rig, on_minute: Callable[[dict[str, float]], None]
) -> tuple[dict[str, float], dict[str, float]]:
    """While the cameras run: processor time used, seconds, and largest memory, MB, of each process."""
    before_s, now_s = rig.cpu_s(), rig.cpu_s()
    peak_mb: dict[str, float] = {}
    minute_s = time.monotonic()
    while rig.is_running("cameras"):
        now_s.update(rig.cpu_s())
        sizes_mb = rig.memory_mb()
        peak_mb = {name: max(size, peak_mb.get(name, 0.0)) for name, size in sizes_mb.items()}
        if time.monotonic() - minute_s >= MINUTE_S:
            minute_s += MINUTE_S
            on_minute(sizes_mb)
        time.sleep(LOOK_S)
    return {name: used - before_s.get(name, 0.0) for name, used in now_s.items()}, peak_mb


def _count(rig: Rig, load: Load, from_ms: int) -> IntArray:
    """The row of all cameras and windows together."""
    quarter_ms = WINDOW_MS[Resolution.QUARTER]
    span_ms = from_ms // quarter_ms * quarter_ms, time.time_ns() // 1_000_000 + quarter_ms
    rows = [
        read_windows(rig.client, f"bench/camera-{number}", Resolution.QUARTER, *span_ms, UTC).rows
        for number in range(load.cameras)
    ]
    return np.asarray(np.concatenate(rows).sum(axis=0), np.int64)


def _settle(rig: Rig, load: Load, from_ms: int, sent: int) -> IntArray:
    """The row once every frame is accounted for, or (some have expired) once it does not change any more."""
    row_before, since_s = _count(rig, load, from_ms), time.monotonic()
    deadline_s = since_s + SETTLED_S
    while time.monotonic() < deadline_s:
        time.sleep(LOOK_S)
        now = _count(rig, load, from_ms)
        if not np.array_equal(now, row_before):
            row_before, since_s = now, time.monotonic()
        accounted = now[row.FRAMES] + now[row.SHED] + now[row.REFUSED]
        if now[row.PUBLISHED] == sent and (accounted == sent or time.monotonic() - since_s > STILL_S):
            return now
    raise BenchError(f"of {sent} frames {int(row_before[row.PUBLISHED])} were reported in time")


def _is_well(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """Interpolated within its bucket, as Prometheus does it.

    Args:
        buckets: (upper edge, cumulated count), ascending; the last edge is infinite.
        share: of all that was counted.

    Returns:
        None where nothing was counted; the last finite edge where it lies beyond.
    """
    if not buckets or not buckets[-1][1]:
        return None
    edges, counts = (np.array(values) for values in zip(*buckets, strict=True))
    edges[-1] = edges[-2]
    return round(float(np.interp(share * counts[-1], [0.0, *counts], [0.0, *edges])), 3)
