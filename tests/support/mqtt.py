"""The other ends of the broker: a camera without a lens, and anybody who listens in."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.codec import Event, encode
from contract.events import CROP_LIFETIME_S
from contract.topics import Suffix, topic
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.services import Mosquitto, eventually

NO_SUBSCRIBER = 0x10
ANSWERED_WITHIN_S = 60.0


class Publisher:
    """Publishes what a test tells it to, at QoS 1; like a camera, it counts "no subscriber" as unsent."""

    def __init__(self, client: paho.Client, answers: "SimpleQueue[ReasonCode]") -> None:
        self._client = client
        self._answers = answers

    def publish(self, event: Event, suffix: Suffix, expiry_s: int | None = CROP_LIFETIME_S) -> None:
        """Sends an event on the topic of its camera and waits until the broker has it."""
        self.publish_raw(topic(event.camera, suffix), encode(event), expiry_s)

    def publish_raw(self, name: str, payload: bytes, expiry_s: int | None = CROP_LIFETIME_S) -> None:
        """Sends any bytes to any topic and waits until the broker has them for somebody."""
        properties = Properties(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s

        def taken() -> bool:
            self._client.publish(name, payload, qos=1, properties=properties)
            return self._answers.get(timeout=ANSWERED_WITHIN_S).value != NO_SUBSCRIBER

        eventually(taken, what="a subscriber")


@contextmanager
def publisher(broker: Mosquitto) -> Iterator[Publisher]:
    """A publisher, connected."""
    answers: SimpleQueue[ReasonCode] = SimpleQueue()
    handlers = Handlers(acknowledged=lambda _packet_id, reason: answers.put(reason))
    with _connection(broker, "test-publisher", handlers) as client:
        yield Publisher(client, answers)


@contextmanager
def tapped(broker: Mosquitto, name: str) -> Iterator[list[bytes]]:
    """The payloads on a topic from now on, in order of arrival."""
    payloads: list[bytes] = []
    subscribed = threading.Event()
    handlers = Handlers(
        message=lambda message: payloads.append(bytes(message.payload)),
        subscribed=lambda *_: subscribed.set(),
    )
    with _connection(broker, f"test-tap-{secrets.token_hex(4)}", handlers) as client:
        client.subscribe(name, qos=1)
        assert subscribed.wait(ANSWERED_WITHIN_S), "the broker does not answer a subscription"
        yield payloads


@contextmanager
def _connection(broker: Mosquitto, client_id: str, handlers: Handlers) -> Iterator[paho.Client]:
    settings = MqttSettings(host=broker.host, port=broker.port)
    client = open_mqtt(settings, Session(client_id), handlers)
    try:
        yield client
    finally:
        close_mqtt(client)
