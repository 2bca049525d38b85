"""Real clips in at one end, the right numbers in Redis windows at the other."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from classifier_worker.settings import SHIPPED_MODEL
from contract import keys
from contract.codec import decode
from contract.events import FrameEmotions, FrameFaces
from contract.labels import CROP_SIDE, LABELS
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.classifier import Classifier
from runtime.windows import read_windows
from tests.support.events import utc_ms
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running
from tests.support.stream import stream_events

CLIPS = {
    "shop-1/man": "head-pose-face-detection-male.gif",
    "shop-1/class": "classroom.gif",
    "shop-1/walk": "face-demographics-walking.gif",
}
MAN, CLASS, WALK = CLIPS


@dataclass
class Store:
    """A worker and an aggregator at work, and cameras to be started."""

    worker: Process
    aggregator: Process
    broker: Mosquitto
    redis: redis.Redis
    environment: dict[str, str]
    folder: Path
    clips: Path

    def camera(self, name: str, clip: str) -> Process:
        """A camera that shows a clip once, started."""
        return program(
            "producer",
            ["--camera", name, "--source", str(self.clips / clip), "--once"],
            self.folder / f"{name.replace('/', '-')}.log",
            self.environment,
        ).start()

    def counts(self, name: str) -> Counter[str]:
        now_ms = utc_ms()
        windows = read_windows(
            self.redis, name, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC
        )
        columns = ("frames", "face_frames", "visits", "late", "published", "dropped", "refused")
        return Counter({column: int(windows.column(column).sum()) for column in columns})

    def final_counts(self, name: str, camera: Process) -> tuple[dict[str, Any], Counter[str]]:
        """The camera's own summary and the windows' counts once all its visits have closed."""
        assert camera.wait(180) == 0, camera.output
        said: dict[str, Any] = json.loads(camera.output.splitlines()[-1])
        eventually(lambda: self.counts(name)["face_frames"] >= said["faces_published"], what="all faces")
        eventually(lambda: self.counts(name)["published"] >= said["frames_published"], what="all reports")
        eventually(lambda: not self.open_visits(name), what="the visits to close")
        return said, self.counts(name)

    def open_visits(self, name: str) -> list[bytes]:
        fields = self.redis.hkeys(keys.open_visits(name))
        return [field for field in fields if isinstance(field, bytes) and field.startswith(b"visit")]

    def emotions(self, name: str) -> list[FrameEmotions]:
        events = stream_events(self.redis, keys.partition_of(name))
        return [event for event in events if isinstance(event, FrameEmotions) and event.camera == name]


@dataclass
class Shown:
    """A clip that a camera has shown to its end.

    Attributes:
        said: the camera's own summary.
        counts: of its windows.
        published: its messages with faces.
    """

    said: dict[str, Any]
    counts: Counter[str]
    published: list[bytes]


@pytest.fixture(scope="module")
def store(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    broker, server = Mosquitto(folder / "mosquitto"), RedisServer(folder / "redis")
    environment = {
        **broker.environment,
        **server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "5",
        "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "600",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }
    worker = program("classifier_worker", [], folder / "worker.log", environment)
    aggregator = program("aggregator", [], folder / "aggregator.log", environment)
    with ExitStack() as stack:
        stack.callback(broker.start().stop)
        stack.callback(server.start().stop)
        client = stack.enter_context(server.client())
        stack.enter_context(running(worker, aggregator))
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        eventually(lambda: client.exists(keys.AGGREGATORS), what="the aggregator")
        yield Store(worker, aggregator, broker, client, environment, folder, shared / "data/videos")


@pytest.fixture(scope="module")
def shown(store: Store) -> dict[str, Shown]:
    """Camera → what became of its clip; they are shown at the same time."""
    with ExitStack() as stack:
        faces = {name: stack.enter_context(tapped(store.broker, topic(name, Suffix.FACES))) for name in CLIPS}
        cameras = {name: store.camera(name, clip) for name, clip in CLIPS.items()}
        found = {}
        for name, camera in cameras.items():
            said, counts = store.final_counts(name, camera)
            found[name] = Shown(said, counts, faces[name])
    return found


def labels_of(emotions: FrameEmotions) -> list[str]:
    return [LABELS[int(np.argmax(face.probabilities))] for face in emotions.faces]


def test_a_smiling_man_is_counted_to_the_frame_and_read_as_happy(
    store: Store, shown: dict[str, Shown]
) -> None:
    said, counts, published = shown[MAN].said, shown[MAN].counts, shown[MAN].published

    assert said["faces_published"] > 10
    assert counts["frames"] == counts["published"] == said["frames_published"] == len(published)
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
    assert counts["late"] == counts["dropped"] == counts["refused"] == 0

    classified = {emotions.frame: emotions for emotions in store.emotions(MAN)}
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


def test_a_classroom_has_about_four_faces_a_frame(shown: dict[str, Shown]) -> None:
    said, counts = shown[CLASS].said, shown[CLASS].counts
    assert counts["face_frames"] == said["faces_published"]
    assert 3.5 <= counts["face_frames"] / counts["frames"] <= 4.5
    assert 4 <= counts["visits"] <= 6


def test_two_walkers_are_two_visits(shown: dict[str, Shown]) -> None:
    said, counts = shown[WALK].said, shown[WALK].counts
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 2


@pytest.mark.parametrize("victim", ["worker", "aggregator"])
def test_a_kill_in_mid_clip_changes_no_count(store: Store, victim: str) -> None:
    name = f"shop-1/{victim}"
    camera = store.camera(name, CLIPS[MAN])
    eventually(lambda: store.counts(name)["face_frames"] >= 5, what="the first faces")
    process: Process = getattr(store, victim)
    process.kill()
    assert camera.is_running(), "the clip was over before the kill"
    process.start()
    said, counts = store.final_counts(name, camera)
    assert counts["frames"] == said["frames_published"]
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
