"""Carries the outbox to the broker, on a thread of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from edge.deeplens.device.broker import Connection
from edge.deeplens.device.errors import NoBroker
from edge.deeplens.device.wire import encode

if TYPE_CHECKING:
    from edge.deeplens.device.events import CameraReport, CameraStatus, FrameEmotions, FrameFaces
    from edge.deeplens.device.outbox import Outbox
    from edge.deeplens.device.settings import Settings

log = logging.getLogger(__name__)

WAKE_S = 0.25
GOODBYE_S = 1.0
RETRY_S = (0.5, 5.0)
"""Pause before the second attempt to connect, and the longest (a crop lives for 30 s); up to half longer,
by chance."""

SHORT_S = 5.0
"""A connection that breaks sooner is followed by a pause: another device may run as the same camera."""


class Publisher:
    """Publishes a camera's events and status.

    Args:
        settings: where the broker is, and how to log in.
        status: what is said while the camera is online; its Last Will is the same, offline.
        outbox: where events wait; from here on only the publisher touches it.
    """

    def __init__(self, settings: Settings, status: CameraStatus, outbox: Outbox) -> None:
        self._settings = settings
        self._online = encode(status)
        self._offline = encode(status._replace(online=False))
        self._outbox = outbox
        self._told: Counter[str] = Counter()
        self._changed = threading.Condition()  # guards the outbox
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begins to connect."""
        self._thread.start()

    def put(self, suffix: str, event: FrameFaces | FrameEmotions | CameraReport) -> None:
        """Takes an event on; never waits for the broker."""
        payload = encode(event)
        with self._changed:
            self._outbox.put(suffix, payload, time.monotonic())
        self._wake.set()

    def dropped(self) -> int:
        """Frames that the outbox gave up since this was last asked."""
        with self._changed:
            self._outbox.expire(time.monotonic())
            new = self._outbox.dropped - self._told
            self._told = self._outbox.dropped.copy()
        return sum(count for suffix, count in new.items() if suffix != "reports")

    def finish(self, timeout_s: float) -> int:
        """Waits until all is acknowledged or given up, and says goodbye; how many messages remained."""
        with self._changed:
            self._changed.wait_for(lambda: not len(self._outbox), timeout_s)
            left = len(self._outbox)
        self._ending.set()
        self._wake.set()
        self._thread.join(2 * GOODBYE_S)
        return left

    def _run(self) -> None:
        pause_s = RETRY_S[0]
        said = ""
        while not self._ending.is_set():
            try:
                connection = Connection(self._settings, self._offline, self._wake)
            except NoBroker as error:
                if str(error) != said:
                    log.warning("%s", error)
                    said = str(error)
                self._ending.wait(pause_s * random.uniform(1, 1.5))  # noqa: S311  (no secret)
                pause_s = min(2 * pause_s, RETRY_S[1])
                continue
            pause_s, said = RETRY_S[0], ""
            where = f"{self._settings.host}:{self._settings.port}"
            log.info("connected to %s as %s", where, self._settings.camera)
            began_s = time.monotonic()
            self._serve(connection)
            with self._changed:
                self._settle(connection)
                self._outbox.connection_lost()
            if not self._ending.is_set():
                log.warning("lost the connection to %s", where)
                if time.monotonic() - began_s < SHORT_S:
                    self._ending.wait(random.uniform(1.0, SHORT_S))  # noqa: S311

    def _serve(self, connection: Connection) -> None:
        """Sends what is due until the connection breaks or the end is near."""
        connection.publish_status(self._online)
        while not connection.ended and not self._ending.is_set():
            self._wake.wait(WAKE_S)
            self._wake.clear()
            with self._changed:
                self._settle(connection)
                due = self._outbox.take(time.monotonic())
            for message in due:
                connection.publish(message, time.monotonic())
        if not connection.ended:
            connection.publish_status(self._offline)
            until_s = time.monotonic() + GOODBYE_S
            while not connection.ended and not connection.status_taken and time.monotonic() < until_s:
                self._wake.wait(WAKE_S)
                self._wake.clear()
                with self._changed:
                    self._settle(connection)
        connection.close()

    def _settle(self, connection: Connection) -> None:
        """Enters the broker's answers into the outbox."""
        now_s = time.monotonic()
        for message_id, delivered in connection.answers():
            if delivered:
                self._outbox.acknowledged(message_id, now_s)
            else:
                self._outbox.unsent(message_id, now_s)
        self._outbox.expire(now_s)
        self._changed.notify_all()
