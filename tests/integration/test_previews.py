"""A camera that shows itself, from its lens to the page's memory; and nothing of it is left anywhere."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from contract.codec import decode
from contract.events import FrameFaces, Preview
from contract.topics import Suffix, topic
from dashboard.cameras.previews import PreviewBoard
from runtime.settings import MqttSettings
from tests.support.events import CAMERA
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, accepts, eventually, free_port, program, running

JPEG = b"\xff\xd8\xff"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs would write what they keep, if they kept anything."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def board(mosquitto: Mosquitto) -> Iterator[PreviewBoard]:
    board = PreviewBoard(MqttSettings(host=mosquitto.host, port=mosquitto.port))
    yield board
    board.close()


def producer(broker: Mosquitto, shared: Path, folder: Path, *arguments: str, health_port: int = 0) -> Process:
    environment = {
        **broker.environment,
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
        "MOODLENS_HEALTH_PORT": str(health_port),
        "MOODLENS_LOG_LEVEL": "DEBUG",
    }
    clip = str(shared / "data/videos/head-pose-face-detection-male.gif")
    return program(
        "producer", ["--camera", CAMERA, "--source", clip, *arguments], folder / "producer.log", environment
    )


def previews_told(health_port: int) -> float:
    """How many previews a camera says that it has published."""
    with urlopen(f"http://127.0.0.1:{health_port}/metrics") as metrics:
        [told] = [line for line in metrics if line.startswith(b"moodlens_producer_previews_published_total")]
    return float(told.split()[1])


def test_a_camera_that_shows_itself_is_seen_frame_by_frame_and_no_picture_is_left(
    mosquitto: Mosquitto, board: PreviewBoard, shared: Path, tmp_path: Path, home: Path
) -> None:
    port = free_port()
    camera = producer(mosquitto, shared, tmp_path, "--preview", "--loop", health_port=port)
    with (
        tapped(mosquitto, topic(CAMERA, Suffix.FACES)) as faces,
        running(camera),
    ):
        seen: dict[int, Preview] = {}

        def look() -> bool:
            for arrival in board.look([CAMERA]).get(CAMERA, []):
                seen[arrival.preview.frame] = arrival.preview
            return len(seen) >= 8

        eventually(look, what="eight previews")
        eventually(lambda: accepts(port), what="the metrics")
        # one is counted when it has been handed over, so it may be seen first
        eventually(lambda: previews_told(port) >= 8, what="eight previews told")

    published = {frame.frame: frame for frame in (decode(payload, FrameFaces) for payload in faces)}
    matched = [(preview, published[number]) for number, preview in seen.items() if number in published]
    assert len(matched) >= 6  # there is a face in all but the first frame
    assert all(preview.session == frame.session for preview, frame in matched)
    assert all(preview.captured_at_ms == frame.captured_at_ms for preview, frame in matched)
    times = sorted(preview.captured_at_ms for preview in seen.values())
    assert all(later - earlier >= 500 for earlier, later in pairwise(times))
    for preview in seen.values():
        picture = cv2.imdecode(np.frombuffer(preview.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (270, 480, 3)

    assert "shop-1/entrance shows its picture for 10 min" in camera.output
    board.close()
    mosquitto.stop()  # it saves what it keeps
    assert [file for file in home.rglob("*") if file.is_file()] == []
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert mosquitto.folder / "mosquitto.db" in kept
    assert [file for file in kept if JPEG in file.read_bytes()] == []


def test_a_camera_that_was_not_asked_to_shows_nothing(
    mosquitto: Mosquitto, shared: Path, tmp_path: Path
) -> None:
    with tapped(mosquitto, f"moodlens/v1/{CAMERA}/#") as payloads:
        camera = producer(mosquitto, shared, tmp_path, "--once").start()
        assert camera.wait() == 0, camera.output
        said = json.loads(next(line for line in camera.output.splitlines() if line.startswith("{")))
        eventually(lambda: payloads and b'"online":false' in payloads[-1], what="the goodbye, after all else")
    assert len(payloads) > said["frames_published"] > 10
    assert [payload for payload in payloads if JPEG in payload] == []
    assert "picture" not in camera.output
