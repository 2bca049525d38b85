"""What one camera takes in Redis when all its windows are kept and none is empty."""

import time
from datetime import UTC
from typing import Any

from bench.rig import Rig
from contract import keys, row
from contract.windows import KEPT_MS, Resolution, chunks_between

CAMERA = "bench/camera-0"


def measure_storage() -> dict[str, Any]:
    """Megabytes by resolution, and all together, as Redis accounts for the keys."""
    now_ms = time.time_ns() // 1_000_000
    with Rig() as rig:
        sizes = {
            str(resolution): sum(
                _fill(rig, keys.window_chunk(CAMERA, resolution, chunk.name), chunk.rows)
                for chunk in chunks_between(resolution, now_ms - KEPT_MS[resolution], now_ms + 1, UTC)
            )
            for resolution in Resolution
        }
    megabytes = {f"{name} windows, MB": round(size / 1e6, 2) for name, size in sizes.items()}
    return {**megabytes, "all windows, MB": round(sum(sizes.values()) / 1e6, 2)}


def _fill(rig: Rig, key: str, rows: int) -> int:
    """Writes a whole chunk; what it takes, bytes."""
    rig.client.setrange(key, rows * row.WIDTH * row.STORED.itemsize - 1, b"\x01")
    return int(rig.client.memory_usage(key) or 0)
