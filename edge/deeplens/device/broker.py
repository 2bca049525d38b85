"""One connection to the store's broker: MQTT 5 over TLS. When it breaks it is over, and another is opened."""

from __future__ import annotations

import queue
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.deeplens.device.errors import NoBroker
from edge.deeplens.device.events import STATUS, topic

if TYPE_CHECKING:
    from edge.deeplens.device.outbox import Message
    from edge.deeplens.device.settings import Settings

CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 15
NO_SUBSCRIBER = 0x10
"""MQTT's "no matching subscribers": taken, and given to nobody."""


class Connection:
    """One connection, from its opening to its end.

    Args:
        settings: where the broker is, and how to log in.
        will: the status that the broker gives out for us when the connection breaks.
        wake: set whenever the broker has said something.

    Attributes:
        ended: it broke.
        status_taken: the last status was acknowledged.

    Raises:
        NoBroker: it cannot be opened.
    """

    def __init__(self, settings: Settings, will: bytes, wake: threading.Event) -> None:
        self.ended = False
        self.status_taken = False
        self._camera = settings.camera
        self._wake = wake
        # paho calls on a thread of its own, perhaps before ``publish`` has told the packet's number
        self._calls: queue.Queue[tuple[int, Any]] = queue.Queue()
        self._packets: dict[int, int] = {}
        self._status_packet = -1
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            # the same as a producer's: one camera is at the broker once
            client_id="camera." + settings.camera.replace("/", "."),
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        self._open(settings, will)

    def publish(self, message: Message, now_s: float) -> None:
        """Sends a message at QoS 1, to be forgotten by the broker when it expires."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = message.expiry_s(now_s)
        sent = self._client.publish(
            topic(self._camera, message.suffix), message.payload, qos=1, properties=properties
        )
        self._packets[sent.mid] = message.id

    def publish_status(self, payload: bytes) -> None:
        """Sends a status at QoS 1, to be kept for whoever asks later."""
        self.status_taken = False
        self._status_packet = self._client.publish(
            topic(self._camera, STATUS), payload, qos=1, retain=True
        ).mid

    def answers(self) -> list[tuple[int, bool]]:
        """What the broker said since the last call: number of the message, and whether it is delivered."""
        answers = []
        while not self._calls.empty():
            packet, reason = self._calls.get()
            if packet == self._status_packet:
                self.status_taken = True
                self._status_packet = -1
            elif packet in self._packets:
                delivered = not reason.is_failure and reason.value != NO_SUBSCRIBER
                answers.append((self._packets.pop(packet), delivered))
        return answers

    def close(self) -> None:
        """Says goodbye, if anybody is left to hear it."""
        self._client.disconnect()
        self._end_thread()

    def _end_thread(self) -> None:
        # paho asks whether there is a thread, then for it to end; one that ends by itself in between is gone
        with suppress(AttributeError):
            self._client.loop_stop()

    def _open(self, settings: Settings, will: bytes) -> None:
        where = f"{settings.host}:{settings.port}"
        answered = threading.Event()
        refusals: list[str] = []

        def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                refusals.append(str(reason))
            answered.set()

        def on_disconnect(_client: Any, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
            self.ended = True
            answered.set()
            self._wake.set()

        def on_publish(_client: Any, _data: Any, packet: int, reason: Any, _properties: Any) -> None:
            self._calls.put((packet, reason))
            self._wake.set()

        client = self._client
        client.on_connect, client.on_disconnect, client.on_publish = on_connect, on_disconnect, on_publish
        client.tls_set_context(ssl.create_default_context(cadata=settings.ca))
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        client.will_set(topic(self._camera, STATUS), will, qos=1, retain=True)
        try:
            client.connect(settings.host, settings.port, KEEPALIVE_S, clean_start=True)
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason or error
            raise NoBroker(f"broker {where}: TLS failed: {why}") from None
        except OSError as error:
            raise NoBroker(f"no broker at {where}: {error.strerror or error}") from None
        client.loop_start()
        if not answered.wait(CONNECT_TIMEOUT_S) or self.ended or refusals:
            self._end_thread()
            raise NoBroker(
                f"broker {where} refuses: {refusals[0]}" if refusals else f"broker {where} does not answer"
            )
