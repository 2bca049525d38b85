"""One connection of a camera to the broker, from its opening to its end."""

import logging
import threading
from queue import SimpleQueue

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.topics import Suffix, topic
from runtime.mqtt import Handlers, Session, Will, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

NO_SUBSCRIBER = 0x10
"""MQTT's "no matching subscribers": taken, and given to nobody."""

PREVIEW_EXPIRY_S = 5
"""A picture older than this is not live."""

UNSPECIFIED = 0x80
"""Reason that paho gives where the network broke."""


class Connection:
    """One connection, from its opening to its end.

    Paho calls back on a thread of its own, perhaps before ``publish`` has returned the packet id it speaks
    of: so its calls are queued and read by the publisher's thread.

    Attributes:
        end: why it broke; None while it lasts.
        status_taken: the last status published was acknowledged.

    Raises:
        BrokerUnavailable, BrokerRefused: it cannot be opened.
    """

    def __init__(self, mqtt: MqttSettings, camera: str, will: bytes, wake: threading.Event) -> None:
        self.end: ReasonCode | None = None
        self.status_taken = False
        self._camera = camera
        self._wake = wake
        self._calls: SimpleQueue[tuple[int, ReasonCode]] = SimpleQueue()
        self._status_packet = -1
        self._preview: paho.MQTTMessageInfo | None = None
        self._packets: dict[int, tuple[int, Suffix]] = {}
        self._refusals: set[tuple[Suffix, int]] = set()
        # the same name with every run: a restarted camera ends its own half-open connection, and so gets
        # its Last Will out of the way before it says that it is online ('.' is in no camera's name)
        session = Session(
            client_id=f"camera.{camera.replace('/', '.')}", will=Will(topic(camera, Suffix.STATUS), will)
        )
        handlers = Handlers(acknowledged=self._acknowledged, disconnected=self._disconnected)
        self._client: paho.Client = open_mqtt(mqtt, session, handlers)

    def publish(self, message_id: int, suffix: Suffix, payload: bytes, expiry_s: int) -> None:
        """Sends a message at QoS 1, to be forgotten by the broker after ``expiry_s``."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = expiry_s
        sent = self._client.publish(topic(self._camera, suffix), payload, qos=1, properties=properties)
        self._packets[sent.mid] = message_id, suffix

    def publish_status(self, payload: bytes) -> None:
        """Sends a status at QoS 1, to be kept for whoever asks later."""
        self.status_taken = False
        sent = self._client.publish(topic(self._camera, Suffix.STATUS), payload, qos=1, retain=True)
        self._status_packet = sent.mid

    def publish_preview(self, payload: bytes) -> bool:
        """Sends a preview at QoS 0, never to be kept; it is left out while the last one is on its way.

        May be called on any thread.

        Returns:
            Whether it was sent.
        """
        if self._preview and self._preview.rc == paho.MQTT_ERR_SUCCESS and not self._preview.is_published():
            return False
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = PREVIEW_EXPIRY_S
        self._preview = self._client.publish(
            topic(self._camera, Suffix.PREVIEW), payload, qos=0, properties=properties
        )
        return self._preview.rc == paho.MQTT_ERR_SUCCESS

    def answers(self) -> list[tuple[int, Suffix, ReasonCode]]:
        """What the broker said since the last call: message id, topic, reason."""
        answers = []
        while not self._calls.empty():
            packet, reason = self._calls.get()
            if packet == self._status_packet:
                self.status_taken = True
                self._status_packet = -1  # packet ids come round again
                self._explain(Suffix.STATUS, reason)
            elif packet in self._packets:
                message_id, suffix = self._packets.pop(packet)
                self._explain(suffix, reason)
                answers.append((message_id, suffix, reason))
        return answers

    @property
    def why(self) -> str:
        """What the broker said at the end, if it said anything."""
        if self.end is None or self.end.value == UNSPECIFIED:
            return ""
        return f": {self.end}"

    def close(self) -> None:
        """Says goodbye, if anybody is left to hear it."""
        close_mqtt(self._client)

    def _explain(self, suffix: Suffix, reason: ReasonCode) -> None:
        """One line for each kind of refusal."""
        if (suffix, reason.value) in self._refusals:
            return
        if reason.is_failure:
            log.warning("the broker refuses %s: %s", topic(self._camera, suffix), reason)
        elif reason.value == NO_SUBSCRIBER and suffix is not Suffix.STATUS:
            log.info("nobody listens to %s yet: keeping what is fresh", topic(self._camera, suffix))
        else:
            return
        self._refusals.add((suffix, reason.value))

    def _acknowledged(self, packet: int, reason: ReasonCode) -> None:
        self._calls.put((packet, reason))
        self._wake.set()

    def _disconnected(self, reason: ReasonCode) -> None:
        if self.end is None:  # the broker's word; when the network follows, paho calls once more
            self.end = reason
        self._wake.set()
