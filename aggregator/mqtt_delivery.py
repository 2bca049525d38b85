"""Announcements to the broker: QoS 1, each on its camera's topic."""

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from aggregator import metrics
from aggregator.notifier import Undelivered
from aggregator.outbox import Message
from contract.keys import MQTT
from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

ACKNOWLEDGED_WITHIN_S: Final = 10.0


class _Connection:
    """One connection, and what the broker answered on it."""

    def __init__(self, settings: MqttSettings) -> None:
        self._changed = threading.Condition()
        self._answers: dict[int, ReasonCode] = {}
        self._ended: ReasonCode | None = None
        session = Session(f"aggregator-{secrets.token_hex(8)}")
        handlers = Handlers(acknowledged=self._acknowledged, disconnected=self._disconnected)
        self._client = open_mqtt(settings, session, handlers)

    def publish(self, message: Message) -> int:
        """Hands a message to the client; the packet id under which it is answered.

        Raises:
            Undelivered: there is no connection any more.
        """
        info = self._client.publish(message.topic, message.payload, qos=1)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise Undelivered(f"the connection to the broker ended: {paho.error_string(info.rc)}")
        return info.mid

    def wait_for(self, packet_id: int, deadline_s: float) -> None:
        """Waits for the broker's answer. "Nobody listens" is one: it is nobody's loss.

        Raises:
            Undelivered: there is none, or it is no.
        """
        with self._changed:
            answered = self._changed.wait_for(
                lambda: packet_id in self._answers or self._ended is not None,
                max(0.0, deadline_s - time.monotonic()),
            )
            reason = self._answers.pop(packet_id, None)
        if reason is None:
            ended = f"the connection to the broker ended: {self._ended}"
            raise Undelivered(ended if answered else "the broker does not answer")
        if reason.is_failure:
            raise Undelivered(f"the broker refuses a message: {reason}")

    def close(self) -> None:
        """Says goodbye."""
        close_mqtt(self._client)

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended."""
        return self._ended is not None

    def _acknowledged(self, packet_id: int, reason: ReasonCode) -> None:
        with self._changed:
            self._answers[packet_id] = reason
            self._changed.notify_all()

    def _disconnected(self, reason: ReasonCode) -> None:
        with self._changed:
            self._ended = reason
            self._changed.notify_all()


class MqttDelivery:
    """Publishes; connects when there is something to publish, and again when the connection ended.

    Args:
        settings: where the broker is.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._connection: _Connection | None = None

    def deliver(self, messages: Iterable[Message]) -> Iterator[Message]:
        """As ``aggregator.notifier.Delivery`` says: all are under way at once, and given back as answered."""
        try:
            connection = self._connected()
            sent = [(message, connection.publish(message)) for message in messages]
            deadline_s = time.monotonic() + ACKNOWLEDGED_WITHIN_S
            for message, packet_id in sent:
                connection.wait_for(packet_id, deadline_s)
                metrics.DELIVERIES.labels(MQTT, "delivered").inc()
                yield message
        except BrokerFailure as error:
            raise Undelivered(str(error)) from None
        except Undelivered:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connected(self) -> _Connection:
        if self._connection and self._connection.is_over:
            self.close()
        if self._connection is None:
            self._connection = _Connection(self._settings)
        return self._connection
