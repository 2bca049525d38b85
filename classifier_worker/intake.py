"""What the broker delivers to one connection of a worker, until it is acknowledged."""

import logging
import queue
import threading
import time
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from classifier_worker.slot import SESSION_EXPIRY_S
from contract.topics import WORKER_SUBSCRIPTIONS
from runtime.errors import BrokerRefused, BrokerUnavailable
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, not yet acknowledged.

    Attributes:
        topic: as published.
        payload: as published; not validated.
        packet_id: what ``Intake.acknowledge`` tells the broker.
        expires_s: monotonic time at which its broker would have given it up; None: never.
        left_s: how far away that was when it came, whole seconds; None: for ever.
        retained: its publisher asked the broker to keep it for whoever asks later.
    """

    topic: str
    payload: bytes
    packet_id: int
    expires_s: float | None = None
    left_s: int | None = None
    retained: bool = False

    def age_s(self, lifetime_s: float, now_s: float) -> float:
        """How much of its lifetime has passed (by no camera's clock); 0 where it has none.

        Args:
            lifetime_s: what its publisher gave it.
            now_s: monotonic.
        """
        return 0.0 if self.expires_s is None else max(0.0, lifetime_s - (self.expires_s - now_s))


class Intake:
    """A connection under a slot's client id, subscribed to the shared camera topics.

    Its session is persistent, where the broker can: what is delivered and not acknowledged when the
    connection breaks is delivered again to the next connection with the same id. The queue here dies with
    the connection, so a packet id never outlives the connection that gave it a meaning.

    Raises:
        BrokerUnavailable, BrokerRefused: as ``open_mqtt``; also when the connection ends at once, or the
            subscription is denied.
    """

    def __init__(
        self, settings: MqttSettings, client_id: str, receive_maximum: int, *, persistent: bool
    ) -> None:
        self._persistent = persistent
        self._received = 0  # counted by the connection's thread
        self._acknowledged = 0  # counted by the worker's
        self._waiting: queue.Queue[Delivery] = queue.Queue()
        self._lost = threading.Event()
        self._answered = threading.Event()
        self._denied: list[str] = []
        self._stopped_s: float | None = None  # monotonic
        self._round_trip_s: float | None = None
        session = Session(
            client_id,
            clean_start=not persistent,
            expiry_s=SESSION_EXPIRY_S if persistent else 0,
            receive_maximum=receive_maximum,
            manual_ack=True,
        )
        handlers = Handlers(
            message=self._receive,
            subscribed=self._subscribed,
            unsubscribed=self._unsubscribed,
            disconnected=self._disconnected,
        )
        self._client = open_mqtt(settings, session, handlers)
        # as published: a message that its camera wants the broker to keep is to be told from others
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        self._client.subscribe([(name, options) for name in WORKER_SUBSCRIPTIONS])
        answered = self._answered.wait(_ANSWER_TIMEOUT_S)
        if self.lost:
            close_mqtt(self._client)
            raise BrokerUnavailable("the connection to the broker ended at once")
        if not answered or self._denied:
            close_mqtt(self._client)
            raise BrokerRefused(
                f"the broker denies the subscription: {', '.join(self._denied) or 'no answer'}"
            )

    @property
    def lost(self) -> bool:
        """Whether the connection is over."""
        return self._lost.is_set()

    @property
    def waiting(self) -> int:
        """Deliveries that were not yet taken."""
        return self._waiting.qsize()

    @property
    def unfinished(self) -> int:
        """Deliveries that were not acknowledged: the broker still holds them."""
        return self._received - self._acknowledged

    def take(self, wait_s: float) -> Delivery | None:
        """The next delivery, or None after ``wait_s`` seconds without one."""
        # no SimpleQueue: where a signal's handler outlasts the time, its wait never ends (CPython 3.11)
        try:
            return self._waiting.get(timeout=wait_s) if wait_s > 0 else self._waiting.get_nowait()
        except queue.Empty:
            return None

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        """Tells the broker that it may forget these."""
        for delivery in deliveries:
            self._client.ack(delivery.packet_id, 1)
        self._acknowledged += len(deliveries)

    def stop_deliveries(self) -> None:
        """Ends the subscription: from its answer on the broker gives what comes to other workers."""
        self._stopped_s = time.monotonic()
        self._client.unsubscribe(list(WORKER_SUBSCRIPTIONS))

    @property
    def round_trip_s(self) -> float | None:
        """How long the broker took to end the subscription; None: it has not done so."""
        return self._round_trip_s

    def close(self, *, forget: bool) -> None:
        """Ends the connection.

        Args:
            forget: the broker drops the session now, instead of keeping it for the slot's next holder.
        """
        keep = self._persistent and not forget
        close_mqtt(self._client, session_expiry_s=SESSION_EXPIRY_S if keep else 0)

    def _receive(self, message: paho.MQTTMessage) -> None:
        self._received += 1
        left_s: int | None = getattr(message.properties, "MessageExpiryInterval", None)
        expires_s = None if left_s is None else time.monotonic() + left_s
        payload = bytes(message.payload)
        self._waiting.put(Delivery(message.topic, payload, message.mid, expires_s, left_s, message.retain))

    def _subscribed(self, _packet_id: int, reasons: list[ReasonCode]) -> None:
        self._denied = [str(reason) for reason in reasons if reason.is_failure]
        self._answered.set()

    def _unsubscribed(self) -> None:
        if self._stopped_s is not None:
            self._round_trip_s = time.monotonic() - self._stopped_s

    def _disconnected(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            log.warning("the connection to the broker ended: %s", reason)
        self._lost.set()
        self._answered.set()  # nothing more will be said
