"""What the broker keeps for whoever subscribes later: only the status of cameras may be there.

The operator's user may not read what cameras send, so the broker's own count tells whether it keeps anything
else; where the user may, it is named.

Mosquitto tells a count only when it has changed, and forgets it a minute later: on an idle broker there is
none. And its own messages below ``$SYS``, which come and go, are counted with the rest. So one stays, and
follows what is kept until the broker has counted anew: then both are of the same moment.
"""

import secrets
import threading
from dataclasses import dataclass, field
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from admin.broker_rights import all_cameras
from admin.misfits import Misfit
from admin.suspicion import suspicions
from contract.codec import Refused, decode
from contract.events import CameraStatus
from contract.topics import Suffix, parse_topic
from runtime.errors import BrokerUnavailable
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

COUNT: Final = "$SYS/broker/retained messages/count"
"""Mosquitto's count of all retained messages, its own among them, when it has changed."""

UPTIME: Final = "$SYS/broker/uptime"
"""What Mosquitto tells first, each time it counts."""

COUNTED_S: Final = 35.0
"""Mosquitto counts every eleven seconds; if it cannot be told of one time, then of the next."""

ANSWER_S: Final = 10.0

_EVERYTHING: Final = "#"
_OWN: Final = "$SYS/#"


@dataclass(slots=True)
class Retained:
    """What the broker keeps.

    Attributes:
        messages: topic → payload, of those that may be seen; not the broker's own.
        hidden: how many there are beside these; None: the broker does not tell.
    """

    messages: dict[str, bytes] = field(default_factory=dict)
    hidden: int | None = None

    @property
    def misfits(self) -> list[Misfit]:
        """What should not be there."""
        found = [
            Misfit.at(topic, fault)
            for topic, payload in self.messages.items()
            for fault in _faults(topic, payload)
        ]
        if self.hidden is None:
            found.append(Misfit("broker", "it does not tell how many messages it keeps, nor show them"))
        elif self.hidden:
            found.append(Misfit("broker", f"it keeps {self.hidden:,} messages beside the status of cameras"))
        return found


class Ledger:
    """What is kept, message by message as the broker tells it.

    Attributes:
        kept: topic → payload, the broker's own among them.
    """

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self._count: int | None = None
        self._beside = 0

    def take(self, topic: str, payload: bytes) -> None:
        """A message that is kept from now on; an empty one takes back what was."""
        if topic in (UPTIME, COUNT):
            self._beside = len(self.kept)  # a new count is not yet in itself
        if topic == COUNT and payload.isdigit():
            self._count = int(payload)
        if payload:
            self.kept[topic] = payload
        else:
            self.kept.pop(topic, None)

    def hidden(self) -> int | None:
        """How many are kept that were not seen; asked when the broker has told all that it counted.

        What it counted last holds when it told nothing new. None: it never told.
        """
        return None if self._count is None else max(0, self._count - self._beside)


def look(settings: MqttSettings) -> Retained:
    """Asks the broker, and waits for its next count: eleven seconds at most, as a rule.

    Raises:
        BrokerFailure: it does not answer, or refuses the login.
    """
    return _Look(settings).ask()


class _Look:
    """One connection that looks.

    What the broker has to say comes before its answer to unsubscribing, which so marks the end of it.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._where = f"{settings.host}:{settings.port}"
        self._ledger = Ledger()
        self._granted: list[ReasonCode] = []
        self._has_begun, self._is_over = threading.Event(), threading.Event()
        self._hidden: int | None = None
        handlers = Handlers(
            message=self._take,
            subscribed=lambda _packet_id, reasons: self._granted.extend(reasons),
            disconnected=lambda _reason: self._end(),
        )
        self._client = open_mqtt(settings, Session(f"admin-{secrets.token_hex(4)}"), handlers)
        self._client.on_unsubscribe = lambda *_: self._answered()

    def ask(self) -> Retained:
        try:
            as_kept = SubscribeOptions(qos=0, retainAsPublished=True)
            filters = (_EVERYTHING, all_cameras(Suffix.STATUS), _OWN)
            self._client.subscribe([(name, as_kept) for name in filters])
            self._client.unsubscribe(_EVERYTHING)  # what is not kept is nobody's business here
            if not self._has_begun.wait(ANSWER_S) or not self._client.is_connected():
                raise BrokerUnavailable(f"broker {self._where} did not answer a subscription")
            counts = UPTIME in self._ledger.kept
            if counts:
                self._is_over.wait(COUNTED_S)
                if not self._client.is_connected():
                    raise BrokerUnavailable(f"broker {self._where} went away while it was looked at")
        finally:
            close_mqtt(self._client)
        messages = {name: value for name, value in self._ledger.kept.items() if not name.startswith("$")}
        if counts:
            return Retained(messages, self._hidden)
        return Retained(messages, 0 if self._granted and not self._granted[0].is_failure else None)

    def _take(self, message: paho.MQTTMessage) -> None:
        if message.retain and not self._is_over.is_set():
            self._ledger.take(message.topic, bytes(message.payload))
            if message.topic == UPTIME and self._has_begun.is_set():
                self._client.unsubscribe(_EVERYTHING)  # answered after all that it counts now

    def _answered(self) -> None:
        if self._has_begun.is_set():
            self._hidden = self._ledger.hidden()
            if self._hidden is not None:
                self._is_over.set()
        self._has_begun.set()

    def _end(self) -> None:
        self._has_begun.set()
        self._is_over.set()


def _faults(topic: str, payload: bytes) -> list[str]:
    parsed = parse_topic(topic)
    if parsed is None or parsed[1] is not Suffix.STATUS:
        return ["kept by the broker, where only the status of cameras may be", *suspicions(None, payload)]
    try:
        decode(payload, CameraStatus)
    except Refused:
        return ["kept by the broker, and no status of a camera", *suspicions(None, payload)]
    return suspicions(None, payload)
