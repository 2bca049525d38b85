import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.codec import E, Refused, decode
from contract.events import CameraReport, CameraStatus, FrameFaces
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, eventually, free_port, program

CAMERA = "shop-1/entrance"
TOPICS = f"moodlens/v1/{CAMERA}/+"


@pytest.fixture
def clip(shared: Path) -> str:
    return str(shared / "data/videos/classroom.gif")


def environment(shared: Path) -> dict[str, str]:
    return {"MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx")}


def producer(broker: Mosquitto, shared: Path, log: Path, *arguments: str) -> Process:
    return program(
        "producer", ["--camera", CAMERA, *arguments], log, {**broker.environment, **environment(shared)}
    ).start()


def summary(process: Process) -> dict[str, object]:
    found = [line for line in process.output.splitlines() if line.startswith("{")]
    assert len(found) == 1, process.output
    value: dict[str, object] = json.loads(found[0])
    return value


def of_kind(kind: type[E], payloads: list[bytes]) -> list[E]:
    found = []
    for payload in payloads:
        with suppress(Refused):
            found.append(decode(payload, kind))
    return found


def reported(payloads: list[bytes]) -> int:
    """Frames that the camera's reports say it published."""
    return sum(report.frames_published for report in of_kind(CameraReport, payloads))


def online(payloads: list[bytes]) -> list[bool]:
    return [status.online for status in of_kind(CameraStatus, payloads)]


def test_a_clip_is_published_once_everything_adds_up_and_no_picture_is_kept(
    mosquitto: Mosquitto, shared: Path, clip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setenv("MOODLENS_LOG_LEVEL", "DEBUG")
    with tapped(mosquitto, TOPICS) as payloads:
        process = producer(mosquitto, shared, tmp_path / "log", "--source", clip, "--once")
        assert process.wait() == 0, process.output
        eventually(lambda: online(payloads) == [True, False], 10, "the goodbye")
    told = summary(process)
    frames = of_kind(FrameFaces, payloads)
    reports = of_kind(CameraReport, payloads)
    assert (told["camera"], told["frames_analysed"], told["faces_published"]) == (CAMERA, 15, 60)
    assert (told["tracks"], told["dropped"], told["unacknowledged"]) == (4, 0, 0)
    assert [frame.frame for frame in frames] == list(range(15))
    assert {frame.session for frame in frames} == {report.session for report in reports} == {told["session"]}
    assert reported(payloads) == 15
    assert sum(report.faces_published for report in reports) == 60
    for frame in frames:
        assert any(report.from_ms <= frame.captured_at_ms < report.to_ms for report in reports)
    assert [file for file in home.rglob("*") if file.is_file()] == []
    assert len(process.output) < 5_000  # no line holds a crop


def test_a_signal_ends_a_camera_cleanly(
    mosquitto: Mosquitto, shared: Path, clip: str, tmp_path: Path
) -> None:
    with tapped(mosquitto, TOPICS) as payloads:
        process = producer(mosquitto, shared, tmp_path / "log", "--source", clip, "--loop")
        eventually(lambda: len(of_kind(FrameFaces, payloads)) > 3, 20, "frames")
        process.signal(signal.SIGINT)
        assert process.wait(6) == 0, process.output
        eventually(lambda: online(payloads) == [True, False], 5, "the goodbye")
        assert (
            reported(payloads) == summary(process)["frames_published"] == len(of_kind(FrameFaces, payloads))
        )


def test_the_broker_tells_when_a_camera_dies(
    mosquitto: Mosquitto, shared: Path, clip: str, tmp_path: Path
) -> None:
    with tapped(mosquitto, TOPICS) as payloads:
        process = producer(mosquitto, shared, tmp_path / "log", "--source", clip, "--loop")
        eventually(lambda: online(payloads) == [True], 20, "the camera")
        process.kill()
        eventually(lambda: online(payloads) == [True, False], 10, "the Last Will")


def test_once_fails_and_says_how_much_was_not_delivered(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "wall.png"), np.full((90, 160, 3), 128, np.uint8))
    process = program(
        "producer",
        ["--camera", CAMERA, "--source", str(pictures), "--once", "--detector", "haar"],
        tmp_path / "log",
        {"MOODLENS_MQTT_PORT": str(free_port()), "MOODLENS_PRODUCER_DRAIN_TIMEOUT_S": "0.5"},
    ).start()
    assert process.wait() == 1
    told = summary(process)
    assert (told["frames_analysed"], told["frames_published"]) == (1, 0)
    assert told["unacknowledged"] == 1  # the report
    assert "messages not acknowledged in time: 1, frames dropped: 0" in process.output
    assert "Traceback" not in process.output


def test_once_ends_at_a_signal_before_it_is_killed(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(600):  # two minutes
        cv2.imwrite(str(pictures / f"{number:03}.png"), np.full((9, 16, 3), 128, np.uint8))
    process = program(
        "producer",
        ["--camera", CAMERA, "--source", str(pictures), "--once", "--detector", "haar", "--fps", "5"],
        tmp_path / "log",
        {"MOODLENS_MQTT_PORT": str(free_port()), "MOODLENS_PRODUCER_DRAIN_TIMEOUT_S": "3600"},
    ).start()
    eventually(lambda: "trying again" in process.output, what="the broker to be missed")
    process.stop(within_s=60)
    assert summary(process)["tracks"] == 0  # it came to its end in order


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--camera is missing"),
        (["--camera", CAMERA, "--source", "nowhere.mp4"], "no such file, folder or webcam: nowhere.mp4"),
        (["--camera", CAMERA, "--source", "88"], "webcam 88"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], message: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "producer", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
