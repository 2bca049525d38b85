"""The zip of a DeepLens and a fake of the device's module, before real servers and programs."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import redis

from contract import keys
from contract.codec import decode
from contract.events import CameraReport, CameraStatus, FrameEmotions, FrameFaces
from contract.topics import Suffix, topic
from contract.windows import Resolution
from edge.deeplens.package import SHIPPED_MODEL, Package, build, read_model
from edge.deeplens.vendored import ALWAYS, FOR_EMOTIONS, fetch_wheels
from edge.errors import EdgeRefused
from runtime.windows import read_windows
from tests.support.deeplens import IS_PYTHON_37, DeepLens
from tests.support.events import CAMERA, utc_ms
from tests.support.mqtt import tapped
from tests.support.services import RedisServer, eventually, program, running
from tests.support.tls_broker import TlsMosquitto

MALE = "head-pose-face-detection-male.gif"
WALKING = "face-demographics-walking.gif"
PASSWORD = "correct horse battery staple"  # noqa: S105  (of a broker of a moment)
OUTAGE_S = 20.0
"""A crop lives for 30 s, and a connection that fails is tried again within 5: that is near enough."""

JPEG = b"\xff\xd8\xff"

Opened = Callable[..., DeepLens]


@pytest.fixture(scope="module")
def wheels() -> tuple[bytes, ...]:
    """What the zip holds; TensorFlow Lite, built for 3.7, has a stand-in beside it on any other Python."""
    try:
        return (*fetch_wheels(ALWAYS), *(fetch_wheels(FOR_EMOTIONS) if IS_PYTHON_37 else ()))
    except EdgeRefused as error:
        pytest.skip(str(error))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[TlsMosquitto]:
    broker = TlsMosquitto(tmp_path / "mosquitto", {CAMERA: PASSWORD})
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def deeplens(
    broker: TlsMosquitto, wheels: tuple[bytes, ...], tmp_path: Path, shared: Path
) -> Iterator[Opened]:
    """Starts the device, and ends it with the test."""
    started: list[DeepLens] = []

    def start(clip: str, faults: dict[int, str] | None = None, *, classify: bool = False) -> DeepLens:
        config = {
            "MOODLENS_PRODUCER_CAMERA": CAMERA,
            "MOODLENS_MQTT_HOST": "localhost",
            "MOODLENS_MQTT_PORT": str(broker.tls_port),
            "MOODLENS_DEEPLENS_ENV_FILE": str(tmp_path / "camera.env"),
            **({"MOODLENS_PRODUCER_CLASSIFY": "true"} if classify else {}),
        }
        env_file = tmp_path / "camera.env"
        env_file.touch(mode=0o600)
        env_file.write_text(f"MOODLENS_MQTT_USERNAME={CAMERA}\nMOODLENS_MQTT_PASSWORD={PASSWORD}\n")
        zipped = build(Package(config, broker.ca, wheels, read_model(SHIPPED_MODEL) if classify else {}))
        started.append(DeepLens(tmp_path, zipped, shared, clip, faults=faults))
        started[-1].process.start()
        return started[-1]

    yield start
    for device in started:
        if device.process.is_running():
            device.process.kill()
        assert PASSWORD not in device.process.output
        assert "Traceback" not in device.process.output


@pytest.fixture
def counts(
    broker: TlsMosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> Iterator[Callable[[], Counter[str]]]:
    """What the windows of the camera hold, all in all; a worker and an aggregator write them."""
    environment = {
        **broker.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "3",
    }
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)

    def read() -> Counter[str]:
        now_ms = utc_ms()
        windows = read_windows(
            redis_client, CAMERA, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC
        )
        names = ("frames", "face_frames", "visits", "late", "published", "dropped", "refused")
        return Counter({name: int(windows.column(name).sum()) for name in names})

    with running(worker, aggregator):
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        yield read


def settle(counts: Callable[[], Counter[str]], faces: int, client: redis.Redis) -> Counter[str]:
    eventually(lambda: counts()["face_frames"] >= faces, what="all faces")
    eventually(
        lambda: not any(field.startswith(b"visit") for field in open_fields(client)),
        what="the visits to close",
    )
    return counts()


def open_fields(client: redis.Redis) -> list[bytes]:
    fields: Any = client.hkeys(keys.open_visits(CAMERA))
    return list(fields)


def test_two_walkers_are_counted_as_a_producer_counts_them_though_the_lens_fails_and_nobody_watches(
    deeplens: Opened, counts: Callable[[], Counter[str]], redis_client: redis.Redis
) -> None:
    device = deeplens(WALKING, {2: "false", 3: "raise", 4: "none", 5: "grey"})
    eventually(lambda: device.is_quiet, what="the end of the clip")
    assert device.stream.is_fifo()
    said = device.stop()

    expected = device.expected()
    assert expected["visits"] == 2
    assert said["frames_analysed"] == len(device.answers()), "pictures that are none are not looked at"
    assert said["frames_published"] == expected["frames"]
    assert said["faces_published"] == expected["face_frames"] > 10
    counted = settle(counts, said["faces_published"], redis_client)
    assert {name: counted[name] for name in expected} == expected
    assert counted["published"] == expected["frames"]
    assert counted["late"] == counted["dropped"] == counted["refused"] == 0
    for line in ("gives no picture", "no signal", "is no picture", "gives pictures again"):
        assert line in device.process.output


def test_nothing_is_lost_without_a_listener_or_for_twenty_seconds_without_a_broker(
    deeplens: Opened, broker: TlsMosquitto
) -> None:
    everything = f"moodlens/v1/{CAMERA}/#"
    device = deeplens(MALE)
    eventually(lambda: device.expected()["frames"] >= 5, what="the first faces, which nobody hears yet")
    with tapped(broker, everything) as before:
        eventually(lambda: len(frames_in(before)) >= 5, what="what was kept for whoever comes")
        broker.stop()
        stopped_ms = utc_ms()
    eventually(lambda: device.is_quiet, what="the rest of the clip, which falls into the outage")
    eventually(lambda: utc_ms() - stopped_ms >= OUTAGE_S * 1000, what="the outage")
    broker.start()
    with tapped(broker, everything) as after:
        eventually(lambda: len(frames_in(before + after)) >= device.expected()["frames"], what="what waited")
        said = device.stop()
        eventually(lambda: is_last(after), what="the goodbye")

    frames, reports = frames_in(before + after), reports_in(before + after)
    assert said["dropped"] == said["unacknowledged"] == 0
    assert len(frames) == said["frames_published"] == device.expected()["frames"]
    assert sum(frame.captured_at_ms > stopped_ms for frame in frames) >= 10
    assert sum(report.frames_published for report in reports) == len(frames)
    assert sum(report.frames_analysed for report in reports) == said["frames_analysed"]


def frames_in(payloads: list[bytes]) -> list[FrameFaces]:
    """Each frame once: what was under way when the broker went comes again."""
    found = [decode(payload, FrameFaces) for payload in payloads if not payload.startswith(b"{")]
    return list({frame.frame: frame for frame in found}.values())


def reports_in(payloads: list[bytes]) -> list[CameraReport]:
    found = [decode(payload, CameraReport) for payload in payloads if b'"seq":' in payload]
    return list({report.seq: report for report in found}.values())


def is_last(payloads: list[bytes]) -> bool:
    """Whether the camera has said goodbye."""
    return b'"online":false' in payloads[-1]


def test_a_device_that_classifies_sends_emotions_and_no_face(deeplens: Opened, broker: TlsMosquitto) -> None:
    with tapped(broker, topic(CAMERA, Suffix.EMOTIONS)) as emotions:
        device = deeplens(MALE, classify=True)
        eventually(lambda: len(emotions) >= 5, what="emotions")
        said = device.stop()
        eventually(lambda: len(emotions) >= said["frames_published"], what="all emotions")
    read = Counter[int]()
    for payload in emotions:
        for face in decode(payload, FrameEmotions).faces:
            read[max(range(7), key=face.probabilities.__getitem__)] += 1
    assert read.most_common(1)[0][0] == 3, "the man smiles"


def test_its_status_is_kept_and_its_will_is_done(deeplens: Opened, broker: TlsMosquitto) -> None:
    with tapped(broker, topic(CAMERA, Suffix.STATUS)) as heard:  # not the reports, every ten seconds
        device = deeplens("none.gif")
        eventually(lambda: heard, what="the status")
        device.process.kill()
        eventually(lambda: len(heard) >= 2, what="the Last Will")
    assert [decode(payload, CameraStatus).online for payload in heard] == [True, False]


def test_the_stream_shows_pictures_to_whoever_looks_and_outlives_them(deeplens: Opened) -> None:
    device = deeplens(MALE)
    eventually(device.stream.is_fifo, what="the stream")
    for _ in range(2):  # a reader that goes is followed by another
        with device.stream.open("rb", buffering=0) as reader:
            shown = b""
            while JPEG not in shown:  # it may begin in the middle of a picture
                shown += reader.read(4096)
    assert device.stop()["frames_analysed"] > 0
