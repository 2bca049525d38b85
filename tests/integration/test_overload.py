"""What a worker does with a backlog that grows: it sheds, tells so, and counts nothing twice."""

import time
from datetime import UTC
from functools import partial
from pathlib import Path

import pytest
import redis

from contract.events import CROP_LIFETIME_S
from contract.topics import Suffix
from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import CAMERA, frame_faces, utc_ms
from tests.support.mqtt import Publisher, publisher
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program

A_SECOND = 20
SECONDS = 9
SERVED_S = 2, 5
"""Of these seconds: frames less than 2 s old are no overload yet, and then it is noticed soon."""


def counted(client: redis.Redis) -> tuple[int, int]:
    """Frames that were classified, and that were shed."""
    now_ms = utc_ms()
    windows = read_windows(client, CAMERA, Resolution.MINUTE, now_ms - 3_600_000, now_ms + 60_000, UTC)
    return int(windows.column("frames").sum()), int(windows.column("shed").sum())


def publish_aging(camera: Publisher) -> None:
    """Frames in real time, each second of them a second older: as behind a queue that grows."""
    began_s = time.monotonic()
    for number in range(SECONDS * A_SECOND):
        eventually(partial(_is_time, began_s + number / A_SECOND))
        camera.publish(frame_faces(number), Suffix.FACES, CROP_LIFETIME_S - number // A_SECOND)


def _is_time(due_s: float) -> bool:
    return time.monotonic() >= due_s


@pytest.mark.alone
def test_a_growing_backlog_is_shed_and_each_frame_counts_once(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> None:
    environment = {**mosquitto.environment, **redis_server.environment}
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    sent = SECONDS * A_SECOND
    processes: tuple[Process, ...] = (worker.start(), aggregator.start())
    with publisher(mosquitto) as camera:
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        publish_aging(camera)
        eventually(lambda: sum(counted(redis_client)) == sent, what="all frames")
        frames, shed = counted(redis_client)
        assert SERVED_S[0] * A_SECOND <= frames <= SERVED_S[1] * A_SECOND
        assert shed == sent - frames
        assert worker.output.count("old frames are shed") == 1

        for number in range(sent):  # what was shed stays shed, what was classified stays that
            camera.publish(frame_faces(number), Suffix.FACES, CROP_LIFETIME_S)
        camera.publish(frame_faces(sent), Suffix.FACES, CROP_LIFETIME_S)
        eventually(lambda: sum(counted(redis_client)) == sent + 1, what="the new frame")
        assert counted(redis_client) == (frames + 1, shed)
    assert [process.stop() for process in processes] == [0, 0]
