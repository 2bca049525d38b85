"""Frames in over a real broker, windows out of a real Redis: every frame counts once, whoever is killed."""

import signal
from datetime import UTC
from pathlib import Path

import pytest
import redis

from contract.keys import partition_of, stream
from contract.topics import Suffix
from contract.windows import Resolution
from runtime.windows import Windows, read_windows
from tests.support.events import CAMERA, camera_report, frame_faces, utc_ms
from tests.support.link import Link
from tests.support.mqtt import Publisher, publisher
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running
from tests.support.stream import stream_events

FRAMES = 200
FACES_A_FRAME = 2


@pytest.fixture
def environment(mosquitto: Mosquitto, redis_server: RedisServer) -> dict[str, str]:
    return {**mosquitto.environment, **redis_server.environment, "MOODLENS_AGGREGATOR_SILENCE_S": "3"}


@pytest.fixture
def worker(tmp_path: Path, environment: dict[str, str]) -> Process:
    return program("classifier_worker", [], tmp_path / "worker.log", environment)


@pytest.fixture
def aggregator(tmp_path: Path, environment: dict[str, str]) -> Process:
    return program("aggregator", [], tmp_path / "aggregator.log", environment)


def takes_messages(worker: Process) -> bool:
    return "takes messages" in worker.output


def last_hour(client: redis.Redis, resolution: Resolution = Resolution.MINUTE) -> Windows:
    now_ms = utc_ms()
    return read_windows(client, CAMERA, resolution, now_ms - 3_600_000, now_ms + 60_000, UTC)


def face_frames(client: redis.Redis) -> int:
    return int(last_hour(client).column("face_frames").sum())


def visits(client: redis.Redis) -> int:
    return int(last_hour(client).column("visits").sum())


def publish_frames(camera: Publisher, numbers: range) -> None:
    for number in numbers:
        camera.publish(frame_faces(number, tracks=range(1, FACES_A_FRAME + 1)), Suffix.FACES)


def test_every_frame_is_counted_once_and_each_track_is_one_visit(
    mosquitto: Mosquitto, redis_client: redis.Redis, worker: Process, aggregator: Process
) -> None:
    with running(worker, aggregator), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker), what="the worker")
        now_ms = utc_ms()
        publish_frames(camera, range(FRAMES))
        camera.publish(
            camera_report(from_ms=now_ms, to_ms=now_ms + 1, published=FRAMES, excluded=3), Suffix.REPORTS
        )
        eventually(lambda: face_frames(redis_client) >= FRAMES * FACES_A_FRAME, what="all frames")
        eventually(lambda: visits(redis_client) == FACES_A_FRAME, what="the visits to close")

    for resolution in (Resolution.TEN_SECONDS, Resolution.MINUTE, Resolution.QUARTER):
        windows = last_hour(redis_client, resolution)
        assert windows.column("frames").sum() == FRAMES
        assert windows.column("face_frames").sum() == FRAMES * FACES_A_FRAME
        assert windows.column("published").sum() == FRAMES
        assert windows.column("excluded").sum() == 3
        assert windows.column("late").sum() == 0
        assert windows.column("p_sum").sum() == pytest.approx(FRAMES * FACES_A_FRAME * 1_000_000, abs=4 * 400)


def test_a_message_delivered_twice_counts_once(
    mosquitto: Mosquitto, redis_client: redis.Redis, worker: Process, aggregator: Process
) -> None:
    with running(worker, aggregator), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker), what="the worker")
        for number in range(50):
            for _ in range(2):
                camera.publish(frame_faces(number), Suffix.FACES)
        camera.publish(frame_faces(50), Suffix.FACES)
        eventually(lambda: face_frames(redis_client) == 51, what="all frames")


@pytest.mark.parametrize("victim", ["worker", "aggregator"])
def test_a_kill_loses_and_doubles_nothing(
    mosquitto: Mosquitto, redis_client: redis.Redis, worker: Process, aggregator: Process, victim: str
) -> None:
    process = {"worker": worker, "aggregator": aggregator}[victim]
    with running(worker, aggregator), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker), what="the worker")
        publish_frames(camera, range(FRAMES // 2))
        eventually(lambda: face_frames(redis_client) > 0, what="the first windows")
        process.kill()
        publish_frames(camera, range(FRAMES // 2, FRAMES))
        process.start()
        eventually(lambda: face_frames(redis_client) >= FRAMES * FACES_A_FRAME, what="all frames")
        eventually(lambda: visits(redis_client) == FACES_A_FRAME, what="the visits to close")
        assert face_frames(redis_client) == FRAMES * FACES_A_FRAME


@pytest.mark.parametrize("restarted", ["mosquitto", "redis_server"])
def test_a_restarted_server_costs_nothing(
    mosquitto: Mosquitto,
    redis_server: RedisServer,
    redis_client: redis.Redis,
    worker: Process,
    aggregator: Process,
    restarted: str,
) -> None:
    server = mosquitto if restarted == "mosquitto" else redis_server
    with running(worker, aggregator):
        eventually(lambda: takes_messages(worker), what="the worker")
        with publisher(mosquitto) as camera:
            publish_frames(camera, range(FRAMES // 2))
        server.stop()
        server.start()
        with publisher(mosquitto) as camera:
            publish_frames(camera, range(FRAMES // 2, FRAMES))
        eventually(lambda: face_frames(redis_client) >= FRAMES * FACES_A_FRAME, what="all frames")
        eventually(lambda: visits(redis_client) == FACES_A_FRAME, what="the visits to close")
        assert face_frames(redis_client) == FRAMES * FACES_A_FRAME
    assert "Traceback" not in worker.output + aggregator.output


def test_a_draining_worker_does_what_there_is_and_ends(
    mosquitto: Mosquitto, redis_client: redis.Redis, environment: dict[str, str], tmp_path: Path
) -> None:
    worker = program("classifier_worker", ["--drain"], tmp_path / "worker.log", environment)
    with running(worker), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker), what="the worker")
        publish_frames(camera, range(20))
        assert worker.wait() == 0
    assert len(stream_events(redis_client, partition_of(CAMERA))) == 20


def test_a_full_stream_holds_messages_back_until_the_aggregator_has_caught_up(
    mosquitto: Mosquitto, redis_client: redis.Redis, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"MOODLENS_WORKER_STREAM_MAX_ENTRIES": "100", "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "0"}
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    log = stream(partition_of(CAMERA))
    with running(worker), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker), what="the worker")
        publish_frames(camera, range(FRAMES))
        eventually(lambda: redis_client.xlen(log) == 100, what="the stream to be full")
        with running(aggregator):
            eventually(lambda: face_frames(redis_client) >= FRAMES * FACES_A_FRAME, what="all frames")
        assert face_frames(redis_client) == FRAMES * FACES_A_FRAME


def test_a_worker_stopped_before_a_full_stream_leaves_its_messages_to_the_other(
    mosquitto: Mosquitto, redis_client: redis.Redis, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"MOODLENS_WORKER_STREAM_MAX_ENTRIES": "100", "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "0"}
    first, second = (
        program("classifier_worker", [], tmp_path / f"worker-{i}.log", environment) for i in range(2)
    )
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    log = stream(partition_of(CAMERA))
    with running(first, second), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(first) and takes_messages(second), what="the workers")
        publish_frames(camera, range(100))
        eventually(lambda: redis_client.xlen(log) == 100, what="the stream to be full")
        publish_frames(camera, range(100, 102))  # one for each worker, which neither can write
        assert first.stop() == 0
        with running(aggregator):
            eventually(lambda: face_frames(redis_client) >= 102 * FACES_A_FRAME, what="all frames")
        assert face_frames(redis_client) == 102 * FACES_A_FRAME


def test_a_worker_that_leaves_a_broker_far_away_takes_nothing_with_it(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    worker: Process,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    link = Link(mosquitto.port).start()
    far = {**environment, "MOODLENS_MQTT_PORT": str(link.port)}
    leaver = program("classifier_worker", [], tmp_path / "leaver.log", far)
    with running(worker, leaver), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker) and takes_messages(leaver), what="the workers")
        link.delay_s = 0.4
        leaver.signal(signal.SIGTERM)
        eventually(lambda: "leaves when" in leaver.output, what="the worker to be told")
        publish_frames(camera, range(40))  # half of them go to the leaver before the broker hears of it
        assert leaver.wait() == 0
        eventually(lambda: len(stream_events(redis_client, partition_of(CAMERA))) == 40, what="all frames")
    link.stop()


def test_two_workers_and_two_aggregators_share_the_work(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    worker: Process,
    aggregator: Process,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    second_worker = program("classifier_worker", [], tmp_path / "worker-2.log", environment)
    second_aggregator = program("aggregator", [], tmp_path / "aggregator-2.log", environment)
    with running(worker, second_worker, aggregator, second_aggregator), publisher(mosquitto) as camera:
        eventually(lambda: takes_messages(worker) and takes_messages(second_worker), what="the workers")
        publish_frames(camera, range(FRAMES // 2))
        assert second_worker.stop() == 0, "a worker that leaves in order hands over what it has not done"
        publish_frames(camera, range(FRAMES // 2, FRAMES))
        eventually(lambda: face_frames(redis_client) >= FRAMES * FACES_A_FRAME, what="all frames")
        eventually(lambda: visits(redis_client) == FACES_A_FRAME, what="the visits to close")
        assert face_frames(redis_client) == FRAMES * FACES_A_FRAME
