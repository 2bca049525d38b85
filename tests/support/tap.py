"""Listens in on a topic, as any other subscriber could."""

from types import TracebackType
from typing import Self

import paho.mqtt.client as paho

from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.services import Mosquitto


class Tap:
    """All messages on a topic since it was opened.

    Attributes:
        payloads: in order of arrival.
    """

    def __init__(self, broker: Mosquitto, topic: str) -> None:
        self.payloads: list[bytes] = []
        settings = MqttSettings(host=broker.host, port=broker.port)
        self._client = open_mqtt(settings, Session("tap"), Handlers(message=self._keep))
        self._client.subscribe(topic, qos=1)

    def _keep(self, message: paho.MQTTMessage) -> None:
        self.payloads.append(bytes(message.payload))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_mqtt(self._client)
