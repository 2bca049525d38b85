"""What a doctor asks the broker: everything that it keeps has come when the question ends."""

from admin.facts import BrokerFacts
from admin.probe_broker import probe_broker
from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import utc_ms
from tests.support.services import Mosquitto, eventually

CAMERAS = [f"shop-1/camera-{number}" for number in range(250)]


def settings_of(broker: Mosquitto) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=broker.port)


def facts_of(broker: Mosquitto) -> BrokerFacts:
    facts = probe_broker(settings_of(broker))
    assert isinstance(facts, BrokerFacts)
    return facts


def test_the_status_of_many_cameras_has_come(mosquitto: Mosquitto) -> None:
    client = open_mqtt(settings_of(mosquitto), Session("cameras"))
    for camera in CAMERAS:
        status = CameraStatus(
            SCHEMA, camera, online=True, version="1", detector="yunet", fps=5.0, since_ms=utc_ms()
        )
        message = client.publish(topic(camera, Suffix.STATUS), encode(status), qos=1, retain=True)
    message.wait_for_publish(60)
    eventually(lambda: len(facts_of(mosquitto).statuses) == len(CAMERAS), what="all of them")
    close_mqtt(client)


def test_a_broker_that_keeps_nothing_is_known_by_its_version(mosquitto: Mosquitto) -> None:
    facts = facts_of(mosquitto)
    assert facts.version.startswith("mosquitto version")
    assert facts.statuses == {}
