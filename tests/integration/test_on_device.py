"""A camera that classifies by itself: the same figures, and no picture of a face on the wire."""

import json
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest
import redis

from contract.codec import decode
from contract.events import FrameEmotions
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import CAMERA, utc_ms
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, RedisServer, eventually, program, running

COLUMNS = ("frames", "face_frames", "visits", "published", "refused", "late")


def counts(client: redis.Redis, camera: str) -> Counter[str]:
    now_ms = utc_ms()
    windows = read_windows(client, camera, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC)
    return Counter({name: int(windows.column(name).sum()) for name in COLUMNS})


def test_its_emotions_are_those_that_a_worker_would_have_read_and_nothing_else_leaves_it(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, shared: Path, tmp_path: Path
) -> None:
    environment = {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "4",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }
    source = str(shared / "data/videos/head-pose-face-detection-male.gif")
    other = "shop-1/till"
    cameras = [
        program("producer", ["--camera", name, "--source", source, "--once", *more], log, environment)
        for name, more, log in (
            (CAMERA, ["--classify"], tmp_path / "classifies.log"),
            (other, [], tmp_path / "crops.log"),
        )
    ]
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    with (
        running(worker, aggregator),
        tapped(mosquitto, topic(CAMERA, Suffix.EMOTIONS)) as emotions,
        tapped(mosquitto, topic(CAMERA, Suffix.FACES)) as crops,
    ):
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        for camera in cameras:
            camera.start()
        for camera in cameras:
            assert camera.wait(180) == 0, camera.output
        said = json.loads(cameras[0].output.splitlines()[-1])
        sent = said["frames_published"]
        for name in (CAMERA, other):
            eventually(lambda name=name: counts(redis_client, name)["frames"] >= sent, what="the frames")  # type: ignore[misc]
            eventually(lambda name=name: counts(redis_client, name)["published"] >= sent, what="the reports")  # type: ignore[misc]
            eventually(lambda name=name: counts(redis_client, name)["visits"], what="the visits")  # type: ignore[misc]
        eventually(lambda: len(emotions) >= sent, what="what is on the wire")
    on_device, by_worker = counts(redis_client, CAMERA), counts(redis_client, other)
    assert on_device == by_worker
    assert on_device["frames"] == on_device["published"] == said["frames_published"] == len(emotions)
    assert on_device["face_frames"] == said["faces_published"]
    assert on_device["visits"] == 1
    assert not crops
    happy = [decode(payload, FrameEmotions).faces[0].probabilities[3] for payload in emotions]
    assert sum(share > 0.5 for share in happy) >= 0.9 * len(happy)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"MOODLENS_PRODUCER_MODEL_DIR": "nowhere"}, "no model in nowhere"),
        ({"MOODLENS_PRODUCER_MODEL_VARIANT": "fp32"}, "has no variant fp32"),
    ],
)
def test_a_model_that_is_not_there_is_told_in_one_line(
    given: dict[str, str], said: str, shared: Path, tmp_path: Path
) -> None:
    source = str(shared / "data/videos/classroom.gif")
    arguments = ["--camera", CAMERA, "--source", source, "--classify", "--detector", "haar"]
    camera = program("producer", arguments, tmp_path / "producer.log", given).start()
    assert camera.wait() == 1
    assert said in camera.output
    assert "Traceback" not in camera.output
