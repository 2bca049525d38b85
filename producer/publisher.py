"""Carries the outbox to the broker: one thread that owns the connection, and opens another when it breaks."""

import logging
import random
import threading
import time
from collections import Counter
from typing import Final

import msgspec

from contract.codec import encode
from contract.events import CameraReport, CameraStatus, FrameEmotions, FrameFaces, Preview
from contract.topics import Suffix
from producer.connection import NO_SUBSCRIBER, Connection
from producer.metrics import DROPPED, PREVIEWS, SENT
from producer.outbox import Outbox
from runtime.errors import BrokerFailure
from runtime.health import Health
from runtime.retry import keep_trying
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

HEALTH_PART = "broker"
WAKE_S = 0.25
"""The publisher looks for what is due at least this often."""

SHORT_S = 5.0
"""A connection that breaks sooner is followed by a pause: someone else may be using our client id."""

GOODBYE_S = 1.0
SUFFIXES: Final = {
    FrameFaces: Suffix.FACES,
    FrameEmotions: Suffix.EMOTIONS,
    CameraReport: Suffix.REPORTS,
}


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
        self._told: Counter[Suffix] = Counter()
        self._connection: Connection | None = None
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begins to connect."""
        self._thread.start()

    def put(self, event: FrameFaces | FrameEmotions | CameraReport) -> None:
        """Takes an event on; never waits."""
        payload = encode(event)
        with self._changed:
            self._outbox.put(SUFFIXES[type(event)], payload, time.monotonic())
        self._wake.set()

    def show(self, preview: Preview) -> None:
        """Sends a preview now or never: it does not wait in the outbox."""
        connection = self._connection
        if connection and connection.publish_preview(encode(preview)):
            PREVIEWS.inc()

    def dropped(self) -> Counter[Suffix]:
        """Messages that the outbox gave up since this was last asked, by topic."""
        with self._changed:
            self._outbox.expire(time.monotonic())
            new = self._outbox.dropped - self._told
            self._told = self._outbox.dropped.copy()
        for suffix, count in new.items():
            DROPPED.labels(suffix).inc(count)
        return new

    def finish(self, timeout_s: float) -> int:
        """Waits until all is acknowledged or given up, and says goodbye.

        Returns:
            How many messages remained, or were given up although they may have arrived.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._changed.wait_for(lambda: not len(self._outbox), timeout_s)
            left = len(self._outbox) + self._outbox.unconfirmed
        self._ending.set()
        self._wake.set()
        self._thread.join(max(0.0, deadline_s - time.monotonic()) + GOODBYE_S)
        return left

    def _run(self) -> None:
        short = 0  # connections in a row that did not last
        while not self._ending.is_set():
            self._health.unwell(HEALTH_PART, "not connected")
            try:
                for attempt in keep_trying(self._ending, BrokerFailure):
                    with attempt:
                        connection = Connection(self._mqtt, self._camera, self._offline, self._wake)
            except BrokerFailure as error:
                log.warning("%s", error)  # tried until the end
                return
            log.info("connected to %s:%d as %s", self._mqtt.host, self._mqtt.port, self._camera)
            began_s = time.monotonic()
            self._connection = connection
            self._serve(connection)
            self._connection = None
            with self._changed:
                self._settle(connection)
                self._outbox.connection_lost()
            if self._ending.is_set():
                return
            lasted_s = time.monotonic() - began_s
            log.warning("lost the connection to %s:%d%s", self._mqtt.host, self._mqtt.port, connection.why)
            short = short + 1 if lasted_s < SHORT_S else 0
            if short > 1:  # not every broker says that the session was taken over
                log.warning("does another producer run as %s? One ends the other's connection", self._camera)
            if short:
                self._ending.wait(random.uniform(1.0, SHORT_S))  # noqa: S311  (no secret)

    def _serve(self, connection: Connection) -> None:
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

    def _settle(self, connection: Connection) -> None:
        """Enters the broker's answers into the outbox."""
        for message_id, suffix, reason in connection.answers():
            if reason.value == NO_SUBSCRIBER or reason.is_failure:
                self._outbox.unsent(message_id, time.monotonic())
            else:
                self._outbox.acknowledged(message_id, time.monotonic())
                SENT.labels(suffix).inc()
        self._outbox.expire(time.monotonic())
        self._changed.notify_all()
