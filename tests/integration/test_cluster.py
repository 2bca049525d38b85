"""The same programs on a Redis Cluster of three masters."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from pydantic import SecretStr

from contract.events import CROP_LIFETIME_S
from contract.keys import partition_of
from contract.topics import Suffix
from contract.windows import Resolution
from runtime.redis import Client, open_redis
from runtime.settings import RedisSettings
from runtime.windows import read_windows
from tests.support.events import camera_report, frame_faces, utc_ms
from tests.support.mqtt import publisher
from tests.support.services import Mosquitto, RedisCluster, eventually, program, running

CAMERAS = [f"shop-{number}/entrance" for number in range(8)]
FRAMES = 30
TRACKS = (1, 2)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    servers = RedisCluster(tmp_path / "cluster").start()
    yield servers
    servers.stop()


def counted(client: Client, camera: str) -> tuple[int, int, int]:
    """Frames, visits, and frames that the camera says it published."""
    now_ms = utc_ms()
    windows = read_windows(client, camera, Resolution.MINUTE, now_ms - 3_600_000, now_ms + 60_000, UTC)
    frames, visits, published = (
        int(windows.column(name).sum()) for name in ("frames", "visits", "published")
    )
    return frames, visits, published


def test_every_frame_of_every_camera_is_counted_once(
    mosquitto: Mosquitto, cluster: RedisCluster, tmp_path: Path
) -> None:
    environment = {**mosquitto.environment, **cluster.environment, "MOODLENS_AGGREGATOR_SILENCE_S": "2"}
    processes = [
        program(module, [], tmp_path / f"{module}-{number}.log", environment).start()
        for module in ("classifier_worker", "aggregator")
        for number in range(2)
    ]
    with publisher(mosquitto) as camera:
        eventually(lambda: all("takes messages" in worker.output for worker in processes[:2]), what="workers")
        began_ms = utc_ms()
        for number in range(FRAMES):
            for name in CAMERAS:
                frame = frame_faces(number, camera=name, tracks=TRACKS)
                camera.publish(frame, Suffix.FACES, CROP_LIFETIME_S)
            if number == FRAMES // 2:
                processes[0].kill()
                processes[2].kill()
        for name in CAMERAS:
            told = camera_report(camera=name, from_ms=began_ms, to_ms=began_ms + 1, published=FRAMES)
            camera.publish(told, Suffix.REPORTS)

        client = open_redis(RedisSettings(url=SecretStr(cluster.url), cluster=True))
        expected = (FRAMES, len(TRACKS), FRAMES)
        eventually(lambda: all(counted(client, name) == expected for name in CAMERAS), 60, "all counts")

    assert len({partition_of(name) for name in CAMERAS}) > 3
    holding = [node for node in cluster.nodes if node.client().dbsize()]
    assert len(holding) == len(cluster.nodes), "all masters hold something"
    assert [process.stop() for process in (processes[1], processes[3])] == [0, 0]
    assert not any("Traceback" in process.output for process in processes)


def test_a_cluster_that_goes_away_is_waited_for(
    mosquitto: Mosquitto, cluster: RedisCluster, tmp_path: Path
) -> None:
    environment = {**mosquitto.environment, **cluster.environment, "MOODLENS_AGGREGATOR_SILENCE_S": "2"}
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    name = CAMERAS[0]
    client = open_redis(RedisSettings(url=SecretStr(cluster.url), cluster=True))
    with running(worker, aggregator), publisher(mosquitto) as camera:
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        camera.publish(frame_faces(0, camera=name), Suffix.FACES, CROP_LIFETIME_S)
        eventually(lambda: counted(client, name)[0] == 1, what="the first frame")
        cluster.stop()
        camera.publish(frame_faces(1, camera=name), Suffix.FACES, CROP_LIFETIME_S)
        eventually(lambda: worker.output.count("cannot write to Redis") >= 3, what="the worker to notice")
        cluster.start_again()
        eventually(lambda: counted(client, name)[0] == 2, what="the second frame")
        assert worker.is_running()
        assert aggregator.is_running()
