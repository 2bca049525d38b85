"""Real clips in at one end, the right numbers in Redis windows at the other."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from classifier_worker.classifier import Classifier
from classifier_worker.settings import SHIPPED_MODEL
from contract import keys
from contract.codec import decode
from contract.events import FrameEmotions, FrameFaces
from contract.labels import CROP_SIDE, LABELS
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import CAMERA, utc_ms
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program
from tests.support.stream import stream_events

MALE = "head-pose-face-detection-male.gif"
CLASSROOM = "classroom.gif"
WALKING = "face-demographics-walking.gif"


@dataclass
class Store:
    """A worker and an aggregator at work, and a camera to be started."""

    worker: Process
    aggregator: Process
    redis: redis.Redis
    environment: dict[str, str]
    folder: Path
    clips: Path

    def camera(self, clip: str, *arguments: str) -> Process:
        return program(
            "producer",
            ["--camera", CAMERA, "--source", str(self.clips / clip), "--once", *arguments],
            self.folder / "producer.log",
            self.environment,
        ).start()

    def counts(self) -> Counter[str]:
        now_ms = utc_ms()
        windows = read_windows(
            self.redis, CAMERA, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC
        )
        names = ("frames", "face_frames", "visits", "late", "published", "dropped", "refused")
        return Counter({name: int(windows.column(name).sum()) for name in names})

    def final_counts(self, camera: Process) -> tuple[dict[str, Any], Counter[str]]:
        """The camera's own summary and the windows' counts once all its visits have closed."""
        assert camera.wait(120) == 0, camera.output
        said: dict[str, Any] = json.loads(camera.output.splitlines()[-1])
        eventually(lambda: self.counts()["face_frames"] >= said["faces_published"], 60, "all faces")
        eventually(lambda: not self.open_visits(), 30, "the visits to close")
        return said, self.counts()

    def open_visits(self) -> list[bytes]:
        fields = self.redis.hkeys(keys.open_visits(CAMERA))
        return [field for field in fields if isinstance(field, bytes) and field.startswith(b"visit")]

    def emotions(self) -> list[FrameEmotions]:
        events = stream_events(self.redis, keys.partition_of(CAMERA))
        return [event for event in events if isinstance(event, FrameEmotions)]


@pytest.fixture
def store(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path, shared: Path
) -> Iterator[Store]:
    environment = {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "4",
        "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "600",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment).start()
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment).start()
    eventually(lambda: "takes messages" in worker.output, what="the worker")
    yield Store(worker, aggregator, redis_client, environment, tmp_path, shared / "data/videos")
    worker.stop()
    aggregator.stop()


def labels_of(emotions: FrameEmotions) -> list[str]:
    return [LABELS[int(np.argmax(face.probabilities))] for face in emotions.faces]


def test_a_smiling_man_is_counted_to_the_frame_and_read_as_happy(store: Store, mosquitto: Mosquitto) -> None:
    with tapped(mosquitto, topic(CAMERA, Suffix.FACES)) as published:
        said, counts = store.final_counts(store.camera(MALE))

    assert said["faces_published"] > 10
    assert counts["frames"] == counts["published"] == said["frames_published"] == len(published)
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
    assert counts["late"] == counts["dropped"] == counts["refused"] == 0

    classified = {emotions.frame: emotions for emotions in store.emotions()}
    classifier = Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=32)
    seen = Counter[str]()
    for payload in published:
        frame = decode(payload, FrameFaces)
        crops = np.stack([np.frombuffer(face.crop, np.uint8) for face in frame.faces])
        directly = classifier.classify(crops.reshape(-1, CROP_SIDE, CROP_SIDE))
        through_the_worker = [face.probabilities for face in classified[frame.frame].faces]
        np.testing.assert_allclose(through_the_worker, directly, atol=1e-6)
        labels = labels_of(classified[frame.frame])
        assert labels == [LABELS[i] for i in directly.argmax(axis=1)]
        seen.update(labels)
    assert seen["happy"] >= 0.9 * seen.total(), seen


def test_a_classroom_has_about_four_faces_a_frame(store: Store) -> None:
    said, counts = store.final_counts(store.camera(CLASSROOM))
    assert counts["face_frames"] == said["faces_published"]
    assert 3.5 <= counts["face_frames"] / counts["frames"] <= 4.5
    assert 4 <= counts["visits"] <= 6


def test_two_walkers_are_two_visits(store: Store) -> None:
    said, counts = store.final_counts(store.camera(WALKING))
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 2


@pytest.mark.parametrize("victim", ["worker", "aggregator"])
def test_a_kill_in_mid_clip_changes_no_count(store: Store, victim: str) -> None:
    camera = store.camera(MALE)
    eventually(lambda: store.counts()["face_frames"] >= 5, 60, "the first faces")
    process: Process = getattr(store, victim)
    process.signal(signal.SIGKILL)
    process.wait()
    assert camera.is_running(), "the clip was over before the kill"
    process.start()
    said, counts = store.final_counts(camera)
    assert counts["frames"] == said["frames_published"]
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
