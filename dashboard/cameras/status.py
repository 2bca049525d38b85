"""Which cameras are online, by what they say themselves and by their Last Will."""

import logging
import secrets
import threading

import paho.mqtt.client as paho

from contract.codec import Refused, decode
from contract.events import CameraStatus
from contract.topics import ROOT, Suffix, parse_topic
from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.retry import keep_trying
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

STATUS_TOPICS = f"{ROOT}/+/+/{Suffix.STATUS}"


class StatusBoard:
    """The newest status of each camera, kept up to date by a thread of its own.

    Args:
        mqtt: where the broker is; while it is away, nothing is known.
    """

    def __init__(self, mqtt: MqttSettings) -> None:
        self._mqtt = mqtt
        self._known: dict[str, CameraStatus] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="status", daemon=True)
        self._thread.start()

    def of(self, camera: str) -> CameraStatus | None:
        """What ``site/camera`` last said, or None where that is unknown."""
        return self._known.get(camera)

    def close(self) -> None:
        """Stops listening."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _listen(self) -> None:
        while not self._stop.is_set():
            over = threading.Event()
            try:
                client = keep_trying(self._stop, BrokerFailure)(self._connect, over)
            except BrokerFailure:
                return  # only when stopping
            client.subscribe(STATUS_TOPICS, qos=1)
            while not (over.wait(0.5) or self._stop.is_set()):
                pass
            close_mqtt(client)
            self._known.clear()

    def _connect(self, over: threading.Event) -> paho.Client:
        handlers = Handlers(message=self._note, disconnected=lambda _reason: over.set())
        return open_mqtt(self._mqtt, Session(f"dashboard-{secrets.token_hex(4)}"), handlers)

    def _note(self, message: paho.MQTTMessage) -> None:
        known = parse_topic(message.topic)
        if known and not message.payload:
            self._known.pop(known[0], None)  # it was revoked
            return
        try:
            status = decode(bytes(message.payload), CameraStatus)
        except Refused as refused:
            log.warning("a status on %s is refused: %s", message.topic, refused)
            return
        if known and known[0] == status.camera:
            self._known[status.camera] = status
