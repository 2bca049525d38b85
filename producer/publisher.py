"""Carries the outbox to the broker: one thread that owns the connection, and opens another when it breaks."""

import logging
import random
import threading
import time
from queue import SimpleQueue
from typing import Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.codec import encode
from contract.events import CameraReport, CameraStatus, FrameFaces
from contract.topics import Suffix, topic
from producer.metrics import DROPPED, SENT
from producer.outbox import Outbox
from runtime.errors import BrokerRefused, BrokerUnavailable
from runtime.health import Health
from runtime.mqtt import Handlers, Session, Will, close_mqtt, keep_trying, open_mqtt
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

HEALTH_PART = "broker"
NO_SUBSCRIBER = 0x10
WAKE_S = 0.25
"""The publisher looks for what is due at least this often."""

SHORT_S = 5.0
"""A connection that breaks sooner is followed by a pause: someone else may be using our client id."""

GOODBYE_S = 1.0
SUFFIXES: Final = {FrameFaces: Suffix.FACES, CameraReport: Suffix.REPORTS}


class Publisher:
    """Publishes a camera's events and status.

    Args:
        mqtt: where the broker is.
        status: what the retained status says while we are online; its Last Will is the same, offline.
        outbox: where events wait; from here on only the publisher touches it.
        health: told whether the broker is there.
    """

    def __init__(self, mqtt: MqttSettings, status: CameraStatus, outbox: Outbox, health: Health) -> None:
        self._mqtt = mqtt
        self._camera = status.camera
        self._online = encode(status)
        self._offline = encode(msgspec.structs.replace(status, online=False))
        self._outbox = outbox
        self._health = health
        self._changed = threading.Condition()  # guards the outbox and what was counted of it
        self._told: dict[Suffix, int] = {}
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begins to connect."""
        self._thread.start()

    def put(self, event: FrameFaces | CameraReport) -> None:
        """Takes an event on; never waits."""
        payload = encode(event)
        with self._changed:
            self._outbox.put(SUFFIXES[type(event)], payload, time.monotonic())
        self._wake.set()

    def dropped(self, suffix: Suffix) -> int:
        """Messages of a topic that the outbox gave up since this was last asked."""
        with self._changed:
            self._outbox.expire(time.monotonic())
            total = self._outbox.dropped[suffix]
            new = total - self._told.get(suffix, 0)
            self._told[suffix] = total
        DROPPED.labels(suffix).inc(new)
        return new

    def finish(self, timeout_s: float) -> int:
        """Waits until all is acknowledged or given up, says goodbye; the number of messages that remained."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._changed.wait_for(lambda: not len(self._outbox), timeout_s)
            left = len(self._outbox)
        self._ending.set()
        self._wake.set()
        self._thread.join(max(0.0, deadline_s - time.monotonic()) + GOODBYE_S)
        return left

    def _run(self) -> None:
        while not self._ending.is_set():
            self._health.unwell(HEALTH_PART, "not connected")
            try:
                for attempt in keep_trying(self._ending):
                    with attempt:
                        connection = _Connection(self._mqtt, self._camera, self._offline, self._wake)
            except (BrokerUnavailable, BrokerRefused) as error:
                log.warning("%s", error)  # tried until the end
                return
            log.info("connected to %s:%d as %s", self._mqtt.host, self._mqtt.port, self._camera)
            began_s = time.monotonic()
            self._serve(connection)
            with self._changed:
                self._outbox.connection_lost()
            if not self._ending.is_set():
                log.warning(
                    "lost the connection to %s:%d: %s", self._mqtt.host, self._mqtt.port, connection.end
                )
                if time.monotonic() - began_s < SHORT_S:
                    self._ending.wait(random.uniform(1.0, SHORT_S))  # noqa: S311  (no secret)

    def _serve(self, connection: "_Connection") -> None:
        """Sends what is due until the connection breaks or the end is near."""
        connection.publish_status(self._online)
        while connection.end is None and not self._ending.is_set():
            self._health.well(HEALTH_PART)
            self._wake.wait(WAKE_S)
            self._wake.clear()
            with self._changed:
                self._settle(connection)
                due = self._outbox.take(time.monotonic())
            # outside the lock: paho has locks of its own
            for message in due:
                connection.publish(
                    message.id, message.suffix, message.payload, message.expiry_s(time.monotonic())
                )
        if connection.end is None:
            connection.publish_status(self._offline)
            deadline_s = time.monotonic() + GOODBYE_S
            while connection.end is None and not connection.status_taken and time.monotonic() < deadline_s:
                self._wake.wait(WAKE_S)
                self._wake.clear()
                with self._changed:
                    self._settle(connection)
        connection.close()

    def _settle(self, connection: "_Connection") -> None:
        """Enters the broker's answers into the outbox."""
        for message_id, suffix, reason in connection.answers():
            if reason.value == NO_SUBSCRIBER or reason.is_failure:
                self._outbox.unsent(message_id, time.monotonic())
            else:
                self._outbox.acknowledged(message_id)
                SENT.labels(suffix).inc()
        self._outbox.expire(time.monotonic())
        self._changed.notify_all()


class _Connection:
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
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = expiry_s
        sent = self._client.publish(topic(self._camera, suffix), payload, qos=1, properties=properties)
        self._packets[sent.mid] = message_id, suffix

    def publish_status(self, payload: bytes) -> None:
        self.status_taken = False
        sent = self._client.publish(topic(self._camera, Suffix.STATUS), payload, qos=1, retain=True)
        self._status_packet = sent.mid

    def answers(self) -> list[tuple[int, Suffix, ReasonCode]]:
        """What the broker said since the last call: message id, topic, reason."""
        answers = []
        while not self._calls.empty():
            packet, reason = self._calls.get()
            if packet == self._status_packet:
                self.status_taken = True
                self._explain(Suffix.STATUS, reason)
            elif packet in self._packets:
                message_id, suffix = self._packets.pop(packet)
                self._explain(suffix, reason)
                answers.append((message_id, suffix, reason))
        return answers

    def close(self) -> None:
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
        self.end = reason
        self._wake.set()
