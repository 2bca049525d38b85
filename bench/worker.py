"""A worker alone: frames wait at the broker, half a minute at most; it is started and takes them into Redis.

Worker and bare model run on one core each in turn, the same one; broker and Redis on the others.
"""

import os
import time
from typing import Any, Final, cast

import psutil
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.errors import BenchError
from bench.faces import FACES_A_FRAME, crops_frame, draw_crops
from bench.model import BATCH, read_model
from bench.rig import Rig, wait_for
from contract import keys
from contract.codec import LOG_KINDS, encode
from contract.events import CROP_LIFETIME_S, FrameEmotions
from contract.topics import WORKER_SUBSCRIPTIONS, Suffix, topic
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt

FRAMES: Final = 3_000
CAMERAS: Final = 16
SESSION: Final = "0" * 16
PERIOD_MS: Final = 200
HELD_S: Final = 600
BACKLOG_S: Final = 12
"""Age of the oldest frame, as after an outage. Were all as old, the last would be the oldest by its turn:
that is overload, and the worker would shed them."""

WITHIN_S: Final = 120.0


def measure_worker(core: int, frames: int = FRAMES) -> dict[str, Any]:
    """Faces a second from MQTT into Redis, and of the bare model on the same core.

    Args:
        core: for both.
        frames: that wait for the worker.

    Raises:
        BenchError: the worker did not come to their end in time, or did not classify them all.
    """
    others = [number for number in range(os.cpu_count() or 1) if number != core] or [core]
    with Rig() as rig:
        rig.pin("mosquitto", others)
        rig.pin("redis", others)
        _leave_frames(rig, frames)
        rig.start_service("worker", "classifier_worker", cores=[core])
        wait_for(lambda: _entries(rig) == frames, WITHIN_S, "the worker", every_s=0.2)
        first_ms, last_ms = _span_ms(rig)
        cpu_s = rig.cpu_s()
    faces = frames * FACES_A_FRAME
    worker = faces / (last_ms - first_ms) * 1000
    model = _measure_model(core)
    return {
        "faces_per_s": round(worker),
        "model_faces_per_s": round(model),
        "share_of_model": round(worker / model, 3),
        "broker_us_per_frame": round(cpu_s["mosquitto"] / frames * 1e6, 1),
        "redis_us_per_frame": round(cpu_s["redis"] / frames * 1e6, 1),
    }


def _leave_frames(rig: Rig, frames: int) -> None:
    """Frames that wait in the session that the first worker will take over."""
    held = Session("worker-0", clean_start=False, expiry_s=HELD_S)
    subscriber = open_mqtt(rig.mqtt, held)
    subscriber.subscribe([(name, 1) for name in WORKER_SUBSCRIPTIONS])
    close_mqtt(subscriber)
    crops = draw_crops()
    taken = 0

    def count(_packet: int, _reason: object) -> None:
        nonlocal taken
        taken += 1

    publisher = open_mqtt(rig.mqtt, Session("bench"), Handlers(acknowledged=count))
    for number in range(frames):
        camera = f"bench/camera-{number % CAMERAS}"
        age_s = BACKLOG_S - BACKLOG_S * number // frames
        at_ms = time.time_ns() // 1_000_000 - age_s * 1000
        frame = crops_frame(camera, SESSION, number // CAMERAS, at_ms, PERIOD_MS, crops)
        left = Properties(PacketTypes.PUBLISH)
        left.MessageExpiryInterval = CROP_LIFETIME_S - age_s
        publisher.publish(topic(camera, Suffix.FACES), encode(frame), qos=1, properties=left)
    wait_for(lambda: taken == frames, WITHIN_S, "the broker")
    close_mqtt(publisher)


def _entries(rig: Rig) -> int:
    return sum(int(rig.client.xlen(keys.stream(p))) for p in range(keys.PARTITIONS))


def _span_ms(rig: Rig) -> tuple[int, int]:
    """Server times of the first and the last entry; a frame that was refused has one, too: an error."""
    times_ms: list[int] = []
    others = 0
    for partition in range(keys.PARTITIONS):
        for entry_id, fields in cast("list[Any]", rig.client.xrange(keys.stream(partition))):
            times_ms.append(int(entry_id.partition(b"-")[0]))
            others += not any(LOG_KINDS[name.decode()] is FrameEmotions for name in fields)
    if others:
        raise BenchError(f"of {len(times_ms)} frames the worker refused or shed {others}")
    return min(times_ms), max(times_ms)


def _measure_model(core: int) -> float:
    from training.throughput import measure_throughput  # noqa: PLC0415  (as in bench.model)

    own = psutil.Process()
    if not hasattr(own, "cpu_affinity"):
        return measure_throughput(read_model(), BATCH)
    before = own.cpu_affinity()
    own.cpu_affinity([core])
    try:
        return measure_throughput(read_model(), BATCH)
    finally:
        own.cpu_affinity(before)
