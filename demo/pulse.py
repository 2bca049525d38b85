"""Whether a broker works: what is published comes back."""

import secrets
import threading

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

TOPIC = "moodlens-demo/pulse"
"""Outside the tree of cameras."""


class Pulse:
    """Makes round trips through a broker: an open port alone proves nothing.

    (An embedded broker's router can die while its port stays open.)

    Args:
        settings: where the broker is.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._client: paho.Client | None = None
        self._awaited = b""
        self._lost = threading.Event()
        self._subscribed = threading.Event()
        self._returned = threading.Event()

    def beats(self, within_s: float) -> bool:
        """Whether a message came back in time."""
        if self._lost.is_set():
            self.close()
        try:
            client = self._client or self._connect(within_s)
        except BrokerFailure:
            return False
        self._returned.clear()
        self._awaited = secrets.token_bytes(8)
        client.publish(TOPIC, self._awaited, qos=1)
        if self._returned.wait(within_s):
            return True
        self.close()
        return False

    def close(self) -> None:
        """Ends the connection."""
        if self._client:
            close_mqtt(self._client)
            self._client = None

    def _connect(self, within_s: float) -> paho.Client:
        self._subscribed.clear()
        self._lost.clear()
        handlers = Handlers(message=self._take, subscribed=self._answer, disconnected=self._lose)
        client = open_mqtt(self._settings, Session("demo-pulse"), handlers)
        client.subscribe(TOPIC, qos=1)
        self._subscribed.wait(within_s)
        self._client = client
        return client

    def _take(self, message: paho.MQTTMessage) -> None:
        if message.payload == self._awaited:
            self._returned.set()

    def _lose(self, _reason: ReasonCode) -> None:
        self._lost.set()

    def _answer(self, _packet_id: int, _reasons: list[ReasonCode]) -> None:
        self._subscribed.set()
