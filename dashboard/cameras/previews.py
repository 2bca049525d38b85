"""The newest pictures of cameras that show themselves; kept in memory, for seconds, while somebody looks."""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import paho.mqtt.client as paho

from contract.codec import Refused, decode
from contract.events import Preview
from contract.topics import Suffix, parse_topic, topic
from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0
"""So long after a page last asked for a camera, nobody looks at it any more."""

KEPT_S: Final = 5.0
"""So long a preview is kept."""

KEPT: Final = 8
"""Previews of a camera that are kept; a camera sends two a second."""

WAKE_S: Final = 0.25
RETRY_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A preview that has come.

    Attributes:
        preview: as its camera sent it.
        age_s: how long ago it came.
    """

    preview: Preview
    age_s: float


class PreviewBoard:
    """Listens to the previews of cameras that somebody looks at, on a thread of its own, and to nothing else.

    While nobody looks, there is no connection to the broker.

    Args:
        mqtt: where the broker is; while it is away, nothing comes.
        now_s: monotonic clock.
    """

    def __init__(self, mqtt: MqttSettings, now_s: Callable[[], float] = time.monotonic) -> None:
        self._mqtt = mqtt
        self._now_s = now_s
        self._lock = threading.Lock()  # guards the two that follow
        self._looked_s: dict[str, float] = {}
        self._came: dict[str, deque[tuple[float, Preview]]] = {}
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="previews", daemon=True)
        self._thread.start()

    def look(self, cameras: Collection[str]) -> dict[str, list[Arrival]]:
        """What each ``site/camera`` has shown in the last seconds, newest first.

        A camera that shows nothing is left out. The first call for a camera begins to listen to it, and the
        board goes on to listen for ``LOOK_S`` after the last one.
        """
        with self._lock:
            now_s = self._now_s()
            self._forget(now_s)
            is_news = not self._looked_s.keys() >= set(cameras)
            self._looked_s.update(dict.fromkeys(cameras, now_s))
            seen = {
                camera: [Arrival(preview, now_s - at_s) for at_s, preview in self._came[camera]]
                for camera in cameras
                if camera in self._came
            }
        if is_news:
            self._changed.set()
        return seen

    def close(self) -> None:
        """Stops listening, and forgets."""
        self._stop.set()
        self._changed.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._changed.wait()
            self._changed.clear()
            if self._wanted():
                self._listen()

    def _listen(self) -> None:
        """Until nobody looks any more, or the connection breaks."""
        over = threading.Event()
        handlers = Handlers(message=self._note, disconnected=lambda _reason: over.set())
        try:
            client = open_mqtt(self._mqtt, Session(f"dashboard-{secrets.token_hex(4)}"), handlers)
        except BrokerFailure as error:
            log.warning("no live view: %s", error)
            self._stop.wait(RETRY_S)
            self._changed.set()
            return
        subscribed: set[str] = set()
        while (wanted := self._wanted()) and not (over.is_set() or self._stop.is_set()):
            for camera in wanted - subscribed:
                client.subscribe(topic(camera, Suffix.PREVIEW), qos=0)
            for camera in subscribed - wanted:
                client.unsubscribe(topic(camera, Suffix.PREVIEW))
            subscribed = wanted
            self._changed.wait(WAKE_S)
            self._changed.clear()
        close_mqtt(client)
        self._changed.set()  # somebody may still look, or again

    def _wanted(self) -> set[str]:
        """Cameras that somebody looks at."""
        with self._lock:
            self._forget(self._now_s())
            return set(self._looked_s)

    def _forget(self, now_s: float) -> None:
        """Forgets who does not look any more, and pictures that are old or that nobody looks at."""
        self._looked_s = {camera: at_s for camera, at_s in self._looked_s.items() if now_s - at_s < LOOK_S}
        self._came = {
            camera: fresh
            for camera, came in self._came.items()
            if camera in self._looked_s
            and (fresh := deque((one for one in came if now_s - one[0] < KEPT_S), KEPT))
        }

    def _note(self, message: paho.MQTTMessage) -> None:
        known = parse_topic(message.topic)
        try:
            preview = decode(bytes(message.payload), Preview)
        except Refused as refused:
            log.warning("a preview on %s is refused: %s", message.topic, refused)
            return
        if not known or known[0] != preview.camera:
            return
        with self._lock:
            if preview.camera in self._looked_s:
                came = self._came.setdefault(preview.camera, deque(maxlen=KEPT))
                came.appendleft((self._now_s(), preview))
