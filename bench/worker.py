"""A worker alone: frames wait at the broker; it is started and takes them into Redis.

Worker and bare model run on one core each in turn, the same one; broker and Redis on the others.
"""

import os
from typing import Any, Final, cast

import psutil
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.faces import FACES_A_FRAME, crops_frame, draw_crops
from bench.model import BATCH, read_model
from bench.rig import Rig, wait_for
from contract import keys
from contract.codec import encode
from contract.topics import WORKER_SUBSCRIPTIONS, Suffix, topic
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt

FRAMES: Final = 3_000
CAMERAS: Final = 16
SESSION: Final = "0" * 16
PERIOD_MS: Final = 200
HELD_S: Final = 600
WITHIN_S: Final = 120.0


def measure_worker(core: int) -> dict[str, Any]:
    """Faces a second from MQTT into Redis, and of the bare model on the same core.

    Args:
        core: for both.
    """
    others = [number for number in range(os.cpu_count() or 1) if number != core] or [core]
    with Rig() as rig:
        rig.pin("mosquitto", others)
        rig.pin("redis", others)
        _leave_frames(rig)
        rig.start_service("worker", "classifier_worker", cores=[core])
        wait_for(lambda: _entries(rig) == FRAMES, WITHIN_S, "the worker", every_s=0.2)
        first_ms, last_ms = _span_ms(rig)
        cpu_s = rig.cpu_s()
    faces = FRAMES * FACES_A_FRAME
    worker = faces / (last_ms - first_ms) * 1000
    model = _measure_model(core)
    return {
        "faces_per_s": round(worker),
        "model_faces_per_s": round(model),
        "share_of_model": round(worker / model, 3),
        "broker_us_per_frame": round(cpu_s["mosquitto"] / FRAMES * 1e6, 1),
        "redis_us_per_frame": round(cpu_s["redis"] / FRAMES * 1e6, 1),
    }


def _leave_frames(rig: Rig) -> None:
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
    seconds, micros = rig.client.time()
    now_ms = int(seconds) * 1000 + int(micros) // 1000
    for number in range(FRAMES):
        camera = f"bench/camera-{number % CAMERAS}"
        of_camera = number // CAMERAS
        at_ms = now_ms - (FRAMES // CAMERAS - of_camera) * PERIOD_MS
        frame = crops_frame(camera, SESSION, of_camera, at_ms, PERIOD_MS, crops)
        publisher.publish(
            topic(camera, Suffix.FACES), encode(frame), qos=1, properties=Properties(PacketTypes.PUBLISH)
        )
    wait_for(lambda: taken == FRAMES, WITHIN_S, "the broker")
    close_mqtt(publisher)


def _entries(rig: Rig) -> int:
    return sum(int(rig.client.xlen(keys.stream(p))) for p in range(keys.PARTITIONS))


def _span_ms(rig: Rig) -> tuple[int, int]:
    """Server times of the first and the last entry."""
    ids: list[bytes] = []
    for partition in range(keys.PARTITIONS):
        stream = keys.stream(partition)
        for ends in (rig.client.xrange(stream, count=1), rig.client.xrevrange(stream, count=1)):
            ids += [entry_id for entry_id, _ in cast("list[Any]", ends)]
    times_ms = [int(entry_id.partition(b"-")[0]) for entry_id in ids]
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
