"""Asks the broker how it is, with the operator's own user."""

import queue
import secrets
import time
from contextlib import suppress
from typing import Final

import paho.mqtt.client as paho

from admin.facts import BrokerFacts, Unknown
from contract.codec import Refused, decode
from contract.events import CameraStatus
from contract.topics import parse_topic
from dashboard.cameras.status import STATUS_TOPICS
from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

ANSWER_S: Final = 10.0

_SYS: Final = "$SYS/broker"
_VERSION: Final = f"{_SYS}/version"
_CLIENTS: Final = f"{_SYS}/clients/connected"
_HEAP: Final = f"{_SYS}/heap/current"
_STORED: Final = f"{_SYS}/store/messages/bytes"
_DROPPED: Final = f"{_SYS}/publish/messages/dropped"
_DROPPED_A_MINUTE: Final = f"{_SYS}/load/publish/dropped/15min"
_TOLD: Final = (_VERSION, _CLIENTS, _HEAP, _STORED, _DROPPED, _DROPPED_A_MINUTE)


def probe_broker(settings: MqttSettings) -> BrokerFacts | Unknown:
    """What the broker tells of itself, and the status that it keeps of each camera.

    All of it is kept, and so comes at once: before the answer to unsubscribing, which marks the end of it.
    """
    arrived: queue.Queue[tuple[str, bytes] | None] = queue.Queue()

    def note(message: paho.MQTTMessage) -> None:
        arrived.put((message.topic, bytes(message.payload)))

    try:
        client = open_mqtt(settings, Session(f"doctor-{secrets.token_hex(4)}"), Handlers(message=note))
    except BrokerFailure as error:
        return Unknown(str(error))
    try:
        client.on_unsubscribe = lambda *_: arrived.put(None)
        asked = [STATUS_TOPICS, *_TOLD]
        client.subscribe([(name, 0) for name in asked])
        client.unsubscribe(asked)
        return _facts(_collect(arrived))
    finally:
        close_mqtt(client)


def _collect(arrived: "queue.Queue[tuple[str, bytes] | None]") -> dict[str, bytes]:
    """Topic → the first that came of it, until all has come (None), or time is up."""
    told: dict[str, bytes] = {}
    deadline_s = time.monotonic() + ANSWER_S
    with suppress(queue.Empty):
        while message := arrived.get(timeout=max(0.0, deadline_s - time.monotonic())):
            told.setdefault(*message)
    return told


def _facts(told: dict[str, bytes]) -> BrokerFacts:
    statuses = {}
    for name, payload in told.items():
        named = parse_topic(name)
        try:
            status = decode(payload, CameraStatus) if named else None
        except Refused:  # of another version
            status = None
        if named and status and named[0] == status.camera:
            statuses[status.camera] = status
    rate = _number(told.get(_DROPPED_A_MINUTE))
    return BrokerFacts(
        version=told.get(_VERSION, b"").decode(errors="replace"),
        clients=_whole(told.get(_CLIENTS)),
        heap_bytes=_whole(told.get(_HEAP)),
        stored_bytes=_whole(told.get(_STORED)),
        dropped=_whole(told.get(_DROPPED)),
        dropped_a_minute=rate,
        statuses=statuses,
    )


def _number(text: bytes | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _whole(text: bytes | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)
