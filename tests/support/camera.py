"""A camera without a lens: publishes what a test tells it to, at QoS 1."""

from types import TracebackType
from typing import Self

from contract.codec import Event, encode
from contract.topics import Suffix, topic
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.services import Mosquitto


class TestCamera:
    """A connection of a camera to the broker."""

    __test__ = False  # not a test class, whatever its name

    def __init__(self, broker: Mosquitto) -> None:
        settings = MqttSettings(host=broker.host, port=broker.port)
        self._client = open_mqtt(settings, Session("test-camera"))

    def publish(self, event: Event, suffix: Suffix) -> None:
        """Sends an event on the topic of its camera and waits until the broker has it."""
        self.publish_raw(topic(event.camera, suffix), encode(event))

    def publish_raw(self, name: str, payload: bytes) -> None:
        """Sends any bytes to any topic and waits until the broker has them."""
        self._client.publish(name, payload, qos=1).wait_for_publish(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_mqtt(self._client)
