import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from pydantic import SecretStr

from contract.codec import decode
from contract.events import SCHEMA, CameraReport, CameraStatus, FrameFaces, Preview
from contract.topics import Suffix
from producer.metrics import PREVIEWS
from producer.outbox import Outbox
from producer.publisher import HEALTH_PART, Publisher
from runtime.health import Health
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, SESSION, camera_report, frame_faces
from tests.support.services import Mosquitto, Process, accepts, eventually, executable, free_port

STATUS = CameraStatus(SCHEMA, CAMERA, True, "1.0", "yunet", 5.0, 1_700_000_000_000)


class Listener:
    """Someone who hears all that a camera says, once the broker knows of it."""

    def __init__(self, broker: Mosquitto, name: str = "listener") -> None:
        self.messages: list[paho.MQTTMessage] = []
        settings = MqttSettings(host=broker.host, port=broker.port)
        self._client = open_mqtt(settings, Session(name), Handlers(message=self.messages.append))
        subscribed: list[object] = []
        self._client.on_subscribe = lambda *_: subscribed.append(True)
        self._client.subscribe(f"moodlens/v1/{CAMERA}/#", qos=1)
        eventually(lambda: subscribed, 10, "the subscription")

    def on(self, suffix: Suffix) -> list[paho.MQTTMessage]:
        return [message for message in self.messages if message.topic.endswith(f"/{suffix}")]

    @property
    def frames(self) -> list[int]:
        return [decode(bytes(message.payload), FrameFaces).frame for message in self.on(Suffix.FACES)]

    @property
    def online(self) -> list[bool]:
        return [decode(bytes(message.payload), CameraStatus).online for message in self.on(Suffix.STATUS)]

    def close(self) -> None:
        close_mqtt(self._client)


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    ear = Listener(mosquitto)
    yield ear
    ear.close()


@pytest.fixture
def health() -> Health:
    return Health({HEALTH_PART: 30.0})


@pytest.fixture
def publish_to(health: Health) -> Iterator[Callable[..., Publisher]]:
    """Starts publishers, and ends them with the test."""
    started: list[Publisher] = []

    def start(settings: MqttSettings, inflight_max: int = 20) -> Publisher:
        outbox = Outbox(1000, 10_000_000, inflight_max, retry_pause_s=0.2)
        started.append(Publisher(settings, STATUS, outbox, health))
        started[-1].start()
        return started[-1]

    yield start
    for publisher in started:
        publisher.finish(0.0)


def address(broker: Mosquitto) -> MqttSettings:
    return MqttSettings(host=broker.host, port=broker.port)


def test_frames_and_reports_arrive_once_and_in_order(
    mosquitto: Mosquitto, listener: Listener, publish_to: Callable[..., Publisher]
) -> None:
    publisher = publish_to(address(mosquitto), inflight_max=5)
    for number in range(100):
        publisher.put(frame_faces(number))
    publisher.put(camera_report(from_ms=0, to_ms=10_000, published=100))
    assert publisher.finish(10.0) == 0
    assert eventually(lambda: listener.on(Suffix.REPORTS), 5, "the report")
    assert listener.frames == list(range(100))
    assert decode(bytes(listener.on(Suffix.REPORTS)[0].payload), CameraReport).frames_published == 100


def test_a_crop_carries_its_expiry(
    mosquitto: Mosquitto, listener: Listener, publish_to: Callable[..., Publisher]
) -> None:
    publisher = publish_to(address(mosquitto))
    publisher.put(frame_faces(0))
    assert publisher.finish(10.0) == 0
    [message] = eventually(lambda: listener.on(Suffix.FACES), 5, "the frame")
    assert message.qos == 1
    assert message.properties is not None
    assert message.properties.json()["MessageExpiryInterval"] in (29, 30)


def test_the_status_is_retained_and_says_offline_after_the_goodbye(
    mosquitto: Mosquitto, listener: Listener, publish_to: Callable[..., Publisher]
) -> None:
    publisher = publish_to(address(mosquitto))
    eventually(lambda: listener.online == [True], 10, "the camera")
    publisher.finish(1.0)
    eventually(lambda: listener.online == [True, False], 5, "the goodbye")
    late = Listener(mosquitto, "late")
    eventually(lambda: late.online == [False], 5, "the retained status")
    assert late.messages[0].retain
    late.close()


def test_what_was_said_while_the_broker_was_away_arrives_when_it_is_back(
    mosquitto: Mosquitto, publish_to: Callable[..., Publisher], health: Health
) -> None:
    publisher = publish_to(address(mosquitto))
    eventually(lambda: not health.faults(), 10, "the connection")
    mosquitto.stop()
    eventually(lambda: health.faults() == {HEALTH_PART: "not connected"}, 10, "the loss to be noticed")
    for number in range(10):
        publisher.put(frame_faces(number))
    mosquitto.start()
    listener = Listener(mosquitto)
    assert publisher.finish(25.0) == 0
    eventually(lambda: len(set(listener.frames)) == 10, 5, "all frames")
    # in no order: what was sent before the listener had come was sent again
    assert sorted(listener.frames) == list(range(10))
    listener.close()


def test_what_nobody_listens_to_is_kept_until_somebody_does(
    mosquitto: Mosquitto, publish_to: Callable[..., Publisher], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    publisher = publish_to(address(mosquitto))
    for number in range(5):
        publisher.put(frame_faces(number))
    eventually(lambda: "nobody listens to" in caplog.text, 10, "the broker's answer")
    listener = Listener(mosquitto)
    assert publisher.finish(10.0) == 0
    eventually(lambda: len(listener.frames) == 5, 5, "all frames")
    assert sorted(listener.frames) == list(range(5))
    listener.close()


def preview(number: int) -> Preview:
    return Preview(SCHEMA, CAMERA, SESSION, number, 1_700_000_000_000, b"\xff\xd8" + bytes(50_000))


def test_a_preview_is_sent_once_for_a_moment_and_kept_by_nobody(
    mosquitto: Mosquitto, listener: Listener, publish_to: Callable[..., Publisher], health: Health
) -> None:
    before = PREVIEWS._value.get()
    publisher = publish_to(address(mosquitto))
    eventually(lambda: not health.faults(), 10, "the connection")
    publisher.show(preview(7))
    [message] = eventually(lambda: listener.on(Suffix.PREVIEW), 5, "the preview")
    assert decode(bytes(message.payload), Preview) == preview(7)
    assert (message.qos, message.retain) == (0, False)
    assert message.properties is not None
    assert 1 <= message.properties.json()["MessageExpiryInterval"] <= 5
    assert PREVIEWS._value.get() == before + 1
    assert publisher.finish(0.0) == 0
    late = Listener(mosquitto, "late")
    eventually(lambda: late.online == [False], 5, "what is retained")
    assert late.on(Suffix.PREVIEW) == []
    late.close()


def test_previews_without_a_broker_are_gone_for_good(
    mosquitto: Mosquitto,
    publish_to: Callable[..., Publisher],
    health: Health,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = PREVIEWS._value.get()
    publisher = publish_to(address(mosquitto))
    eventually(lambda: not health.faults(), 10, "the connection")
    mosquitto.stop()
    eventually(lambda: health.faults() == {HEALTH_PART: "not connected"}, 10, "the loss to be noticed")
    for number in range(3):
        publisher.show(preview(number))
    mosquitto.start()
    listener = Listener(mosquitto)
    eventually(lambda: not health.faults(), 20, "the connection")
    publisher.show(preview(3))
    publisher.put(frame_faces(4))
    assert publisher.finish(10.0) == 0  # none of them waited in the outbox
    eventually(lambda: listener.frames == [4], 5, "the frame that came after them")
    assert [decode(bytes(message.payload), Preview).frame for message in listener.on(Suffix.PREVIEW)] == [3]
    assert PREVIEWS._value.get() == before + 1
    assert "preview" not in caplog.text
    listener.close()


def test_a_preview_waits_for_no_slow_line(
    publish_to: Callable[..., Publisher], mosquitto: Mosquitto, listener: Listener, health: Health
) -> None:
    before = PREVIEWS._value.get()
    publisher = publish_to(address(mosquitto))
    eventually(lambda: not health.faults(), 10, "the connection")
    mosquitto.process.signal(signal.SIGSTOP)
    for number in range(2_000):  # 100 MB: more than fits between two programs
        publisher.show(preview(number))
    sent = PREVIEWS._value.get() - before
    mosquitto.process.signal(signal.SIGCONT)
    assert 1 <= sent < 200
    eventually(lambda: len(listener.on(Suffix.PREVIEW)) == sent, 10, "those that were sent")


def test_what_could_not_be_delivered_is_counted(publish_to: Callable[..., Publisher]) -> None:
    publisher = publish_to(MqttSettings(host="127.0.0.1", port=free_port()))
    for number in range(3):
        publisher.put(frame_faces(number))
    began_s = time.monotonic()
    assert publisher.finish(0.5) == 3
    assert time.monotonic() - began_s < 3


def test_drops_are_told_once(health: Health) -> None:
    outbox = Outbox(2, 10_000_000, 1)
    publisher = Publisher(MqttSettings(host="127.0.0.1", port=free_port()), STATUS, outbox, health)
    for number in range(5):
        publisher.put(frame_faces(number))
    assert publisher.dropped() == {Suffix.FACES: 3}
    assert publisher.dropped() == {}


def test_a_wrong_password_is_one_clear_line_and_is_tried_again(
    tmp_path: Path, publish_to: Callable[..., Publisher], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    passwords, settings = tmp_path / "passwords", tmp_path / "mosquitto.conf"
    passwords.touch()
    user = "user root\n" if os.geteuid() == 0 else ""  # it would drop to a user who cannot read here
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n{user}"
    )
    broker = Process([executable("mosquitto"), "-c", str(settings)], tmp_path / "log").start()
    eventually(lambda: accepts(port), 10, "mosquitto")
    wrong = SecretStr("open sesame")
    publish_to(MqttSettings(host="127.0.0.1", port=port, username="camera", password=wrong))

    def refusals() -> list[str]:
        return [line for line in caplog.messages if "refused the connection" in line]

    eventually(lambda: len(refusals()) >= 2, 20, "two attempts")
    assert "Not authorized; trying again in" in refusals()[0]
    assert "sesame" not in caplog.text
    broker.stop()


def test_two_producers_under_one_name_are_told_of_each_other(
    mosquitto: Mosquitto, publish_to: Callable[..., Publisher], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    publish_to(address(mosquitto))
    eventually(lambda: "connected to" in caplog.text, 10, "the first one")
    publish_to(address(mosquitto))
    eventually(lambda: f"does another producer run as {CAMERA}?" in caplog.text, 20, "the warning")
