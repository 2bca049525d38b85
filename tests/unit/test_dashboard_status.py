"""What cameras say of themselves, from a real broker."""

from collections.abc import Iterator

import pytest

from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from dashboard.cameras.status import StatusBoard
from runtime.mqtt import Session, Will, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import CAMERA
from tests.support.services import Mosquitto, eventually


@pytest.fixture
def board(mosquitto: Mosquitto) -> Iterator[StatusBoard]:
    board = StatusBoard(MqttSettings(host=mosquitto.host, port=mosquitto.port))
    yield board
    board.close()


def status(*, online: bool) -> bytes:
    return encode(CameraStatus(SCHEMA, CAMERA, online, "0.1.0", "yunet", 5.0, 0))


def test_a_camera_is_online_by_its_word_and_offline_by_its_last_will(
    mosquitto: Mosquitto, board: StatusBoard
) -> None:
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    name = topic(CAMERA, Suffix.STATUS)
    camera = open_mqtt(settings, Session("camera", will=Will(name, status(online=False))))
    camera.publish(name, b"garbage", qos=1)
    camera.publish(name, status(online=True), qos=1, retain=True)
    eventually(lambda: (known := board.of(CAMERA)) and known.online, 10, "the camera to be online")
    usurper = open_mqtt(settings, Session("camera"))
    eventually(lambda: (known := board.of(CAMERA)) and not known.online, 10, "the last will")
    close_mqtt(usurper)
    camera.loop_stop()


def test_while_the_broker_is_away_nothing_is_known(mosquitto: Mosquitto, board: StatusBoard) -> None:
    client = open_mqtt(MqttSettings(host=mosquitto.host, port=mosquitto.port), Session("camera"))
    client.publish(topic(CAMERA, Suffix.STATUS), status(online=True), qos=1, retain=True)
    eventually(lambda: board.of(CAMERA), 10, "the camera")
    mosquitto.stop()
    eventually(lambda: board.of(CAMERA) is None, 10, "the status to be forgotten")
    client.loop_stop()
