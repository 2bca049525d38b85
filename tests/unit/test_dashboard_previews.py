from collections.abc import Callable, Iterator
from dataclasses import dataclass

import paho.mqtt.client as paho
import pytest

from contract.codec import encode
from contract.events import SCHEMA, Preview
from contract.topics import Suffix, topic
from dashboard.cameras.previews import KEPT, KEPT_S, LOOK_S, Arrival, PreviewBoard
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, SESSION
from tests.support.services import Mosquitto, eventually, free_port

OTHER = "shop-1/till"


@dataclass
class Clock:
    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board_at(clock: Clock) -> Iterator[Callable[[int], PreviewBoard]]:
    """Opens boards, and closes them with the test."""
    opened: list[PreviewBoard] = []

    def start(port: int) -> PreviewBoard:
        opened.append(PreviewBoard(MqttSettings(host="127.0.0.1", port=port), clock))
        return opened[-1]

    yield start
    for board in opened:
        board.close()


@pytest.fixture
def board(mosquitto: Mosquitto, board_at: Callable[[int], PreviewBoard]) -> PreviewBoard:
    return board_at(mosquitto.port)


@dataclass
class Camera:
    """Sends previews, one with each call."""

    client: paho.Client
    sent: int = 0

    def send(self, camera: str = CAMERA, name: str = "") -> None:
        preview = Preview(SCHEMA, camera, SESSION, self.sent, 1_700_000_000_000, b"\xff\xd8picture")
        self.sent += 1
        self.say(encode(preview), name or topic(camera, Suffix.PREVIEW))

    def say(self, payload: bytes, name: str = topic(CAMERA, Suffix.PREVIEW)) -> None:
        self.client.publish(name, payload, qos=0)


@pytest.fixture
def camera(mosquitto: Mosquitto) -> Iterator[Camera]:
    client = open_mqtt(MqttSettings(host=mosquitto.host, port=mosquitto.port), Session("camera"))
    yield Camera(client)
    close_mqtt(client)


def shows(board: PreviewBoard, camera: Camera, name: str = CAMERA) -> list[Arrival]:
    """Sends until something has come: the broker takes a moment to know of the board."""

    def probe() -> list[Arrival]:
        camera.send(name)
        return board.look([name]).get(name, [])

    return eventually(probe, 10, f"a preview of {name}", every_s=0.1)


def until_it_shows(board: PreviewBoard, frame: int) -> list[Arrival]:
    """What the camera has shown once this frame is the newest."""

    def probe() -> list[Arrival] | None:
        arrivals = board.look([CAMERA]).get(CAMERA)
        return arrivals if arrivals and arrivals[0].preview.frame == frame else None

    return eventually(probe, 5, f"frame {frame}")


def test_what_a_camera_sends_is_there_newest_first(board: PreviewBoard, camera: Camera, clock: Clock) -> None:
    assert board.look([CAMERA]) == {}
    first = shows(board, camera)[0].preview.frame
    clock.now_s += 0.5
    camera.send()
    arrivals = until_it_shows(board, camera.sent - 1)
    frames = [arrival.preview.frame for arrival in arrivals]
    assert frames == sorted(frames, reverse=True)
    assert first in frames
    assert (arrivals[0].age_s, arrivals[-1].age_s) == (0.0, 0.5)


def test_only_the_newest_few_are_kept_and_only_for_seconds(
    board: PreviewBoard, camera: Camera, clock: Clock
) -> None:
    shows(board, camera)
    for _ in range(2 * KEPT):
        camera.send()
    newest = camera.sent - 1
    assert [arrival.preview.frame for arrival in until_it_shows(board, newest)] == list(
        range(newest, newest - KEPT, -1)
    )
    clock.now_s += KEPT_S - 0.1
    assert len(board.look([CAMERA])[CAMERA]) == KEPT
    clock.now_s += 0.1
    assert board.look([CAMERA]) == {}


def test_where_nobody_looks_any_more_nothing_is_heard_nor_kept(
    mosquitto: Mosquitto, board: PreviewBoard, camera: Camera, clock: Clock
) -> None:
    shows(board, camera)
    clients = "$SYS/broker/clients/connected"
    told: list[int] = []
    ear = open_mqtt(MqttSettings(host=mosquitto.host, port=mosquitto.port), Session("ear"))
    ear.on_message = lambda _client, _data, message: told.append(int(message.payload))
    ear.subscribe(clients)
    clock.now_s += LOOK_S
    eventually(lambda: told and told[-1] == 2, 25, "the board to leave: a camera and an ear remain")
    assert not board._came
    close_mqtt(ear)
    shows(board, camera)


def test_a_camera_that_nobody_looks_at_is_not_listened_to(board: PreviewBoard, camera: Camera) -> None:
    shows(board, camera)
    camera.send(OTHER)
    shows(board, camera)
    assert board._came.keys() == {CAMERA}
    shows(board, camera, OTHER)
    assert board.look([CAMERA, OTHER]).keys() == {CAMERA, OTHER}


def test_what_is_no_preview_or_another_cameras_is_left_out(
    board: PreviewBoard, camera: Camera, caplog: pytest.LogCaptureFixture
) -> None:
    shows(board, camera)
    assert OTHER not in board.look([CAMERA, OTHER])
    camera.say(b"\xff\xd8 just a picture")
    camera.send(OTHER, name=topic(CAMERA, Suffix.PREVIEW))
    camera.send()
    until_it_shows(board, camera.sent - 1)
    assert board.look([CAMERA, OTHER]).keys() == {CAMERA}
    assert "refused" in caplog.text
    assert "just a picture" not in caplog.text


def test_a_broker_that_comes_back_needs_no_help(
    mosquitto: Mosquitto, board_at: Callable[[int], PreviewBoard], caplog: pytest.LogCaptureFixture
) -> None:
    port = mosquitto.port
    mosquitto.stop()
    board = board_at(port)
    assert board.look([CAMERA]) == {}
    eventually(lambda: "no live view: no broker at" in caplog.text, 10, "the failure")
    mosquitto.start()
    client = open_mqtt(MqttSettings(host="127.0.0.1", port=port), Session("camera"))
    shows(board, Camera(client))
    mosquitto.stop()
    mosquitto.start()
    close_mqtt(client)
    client = open_mqtt(MqttSettings(host="127.0.0.1", port=port), Session("camera"))
    sender = Camera(client, sent=1_000)
    eventually(lambda: shows(board, sender)[0].preview.frame >= 1_000, 20, "a preview after the restart")
    close_mqtt(client)


def test_it_ends_also_while_there_is_no_broker(board_at: Callable[[int], PreviewBoard]) -> None:
    board = board_at(free_port())
    board.look([CAMERA])
    board.close()
    assert not board._thread.is_alive()
