"""An aggregator alone: classified frames wait in the streams; it is started and makes windows of them."""

import os
import time
from typing import Any, Final

from bench.faces import FACES_A_FRAME, emotions_frame
from bench.rig import Rig, wait_for
from classifier_worker.log import EmotionLog
from contract import keys

CAMERAS: Final = 20
FRAMES: Final = 50_000
FPS: Final = 5.0
SESSION: Final = "0" * 16
BATCH: Final = 500
WITHIN_S: Final = 120.0


def measure_aggregator(core: int) -> dict[str, Any]:
    """Face-events a second from the streams into windows, on one core; Redis on the others.

    Args:
        core: for the aggregator.
    """
    others = [number for number in range(os.cpu_count() or 1) if number != core] or [core]
    with Rig() as rig:
        rig.pin("redis", others)
        _fill(rig)
        rig.start_service("aggregator", "aggregator", cores=[core])
        wait_for(lambda: _unread(rig) < FRAMES, WITHIN_S, "the aggregator", every_s=0.002)
        left, began_s = _unread(rig), time.monotonic()
        wait_for(lambda: _unread(rig) == 0, WITHIN_S, "the last window", every_s=0.01)
        seconds = time.monotonic() - began_s
        cpu_s = rig.cpu_s()
    faces = left * FACES_A_FRAME
    return {
        "face_events_per_s": round(faces / seconds),
        "aggregator_us_per_face": round(cpu_s["aggregator"] / (FRAMES * FACES_A_FRAME) * 1e6, 2),
    }


def _fill(rig: Rig) -> None:
    log = EmotionLog(rig.client, max_entries=FRAMES)
    period_ms = round(1000 / FPS)
    now_ms = time.time_ns() // 1_000_000
    for begin in range(0, FRAMES, BATCH):
        log.append(
            [
                emotions_frame(
                    f"bench/camera-{number % CAMERAS}",
                    SESSION,
                    number // CAMERAS,
                    now_ms - (FRAMES - number) // CAMERAS * period_ms,
                    period_ms,
                )
                for number in range(begin, begin + BATCH)
            ]
        )


def _unread(rig: Rig) -> int:
    """Entries that no commit has acknowledged."""
    left = 0
    for partition in range(keys.PARTITIONS):
        stream = keys.stream(partition)
        if not rig.client.exists(stream):
            continue
        groups: Any = rig.client.xinfo_groups(stream)
        if groups:
            left += int(groups[0]["lag"] or 0) + int(groups[0]["pending"])
        else:
            left += int(rig.client.xlen(stream))
    return left
