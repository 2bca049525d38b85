"""The worker's loop: take, classify, write, acknowledge."""

import logging
import threading
import time
from collections.abc import Callable

from classifier_worker.intake import Intake
from classifier_worker.log import EmotionLog
from classifier_worker.pipeline import Pipeline
from classifier_worker.settings import WorkerSettings
from classifier_worker.slot import Slot, Slots
from runtime.classifier import Classifier
from runtime.errors import BrokerFailure
from runtime.health import Health
from runtime.redis import REDIS_ERRORS, Client
from runtime.retry import keep_trying
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

HEALTH_PARTS = {"broker": 60.0, "redis": 30.0}

_POLL_S = 0.25
_RETRY_S = 0.5
_LEAVE_S = 5.0
# The lease of our own slot is not renewed meanwhile. It is longer than this; a broker that is slow to answer
# may cost it all the same, and then another slot is leased.
_ADOPT_S = 2.0
_ORPHANS_EVERY_S = 2.0


def utc_ms() -> int:
    """Now, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Worker:
    """Classifies what the broker delivers until told to stop.

    Args:
        mqtt: where the broker is.
        client: Redis.
        classifier: the model.
        settings: of the worker.
        health: told how ``HEALTH_PARTS`` are.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        client: Client,
        classifier: Classifier,
        settings: WorkerSettings,
        health: Health,
        clock_ms: Callable[[], int] = utc_ms,
    ) -> None:
        self._mqtt = mqtt
        self._classifier = classifier
        self._settings = settings
        self._health = health
        self._pipeline = Pipeline(
            classifier, EmotionLog(client, settings.stream_max_entries), settings, health, clock_ms
        )
        self._slots = Slots(client, settings.slots)
        self._looked_s = time.monotonic()

    def run(self, stop: threading.Event, *, drain: bool = False) -> None:
        """Works until ``stop`` is set or, with ``drain``, until nothing has come for a while.

        A lost connection or slot is replaced by another.

        Raises:
            NoFreeSlot: too many workers.
        """
        done = False
        while not (done or stop.is_set()):
            slot = self._lease(stop)
            intake = self._connect(slot, stop) if slot else None
            if slot and intake:
                done = self._serve(slot, intake, stop, drain=drain)
                if done:
                    log.info("%s leaves when what is under way is finished", slot.client_id)
                self._release(slot, session_ended=done and self._leave(slot, intake, _LEAVE_S))
            elif slot:
                self._release(slot, session_ended=False)

    def _lease(self, stop: threading.Event) -> Slot | None:
        """A slot, or None after a pause when Redis does not answer."""
        try:
            return self._slots.lease()
        except REDIS_ERRORS as error:
            log.warning("cannot lease a slot, trying again: %s", error)
            self._health.unwell("redis", str(error))
            stop.wait(_RETRY_S)
            return None

    def _connect(self, slot: Slot, stop: threading.Event) -> Intake | None:
        """An intake on the slot's id, or None when told to stop or the slot is lost meanwhile."""
        try:
            for attempt in keep_trying(stop, BrokerFailure):
                with attempt:
                    if not self._taken(slot):
                        return None
                    intake = self._open_or_release(slot)
        except BrokerFailure as error:
            log.info("stopped while waiting for the broker: %s", error)
            return None
        self._health.well("broker")
        log.info("%s takes messages, model %s", slot.client_id, self._classifier.card.version)
        return intake

    def _open_or_release(self, slot: Slot) -> Intake:
        """Between two attempts the slot is free: who can connect shall fetch what the broker holds for it."""
        try:
            return self._open_intake(slot)
        except BrokerFailure:
            self._release(slot, session_ended=False)
            raise

    def _open_intake(self, slot: Slot) -> Intake:
        settings = self._settings
        return Intake(
            self._mqtt, slot.client_id, settings.receive_maximum, persistent=settings.persistent_session
        )

    def _serve(self, slot: Slot, intake: Intake, stop: threading.Event, *, drain: bool) -> bool:
        """Works on one connection; whether the worker is done (else connection or slot were lost)."""
        idle_since_s = time.monotonic()
        while not stop.is_set():
            if intake.lost or not self._renewed(slot):
                self._health.unwell("broker", "connection or slot lost")
                intake.close(forget=False)
                return False
            self._health.well("broker")
            first = intake.take(_POLL_S)
            if first:
                self._pipeline.process(first, intake, stop, lambda: self._renewed(slot))
            if self._adopt_orphan() or first:  # a busy worker adopts, too: a session lasts for half a minute
                idle_since_s = time.monotonic()
            elif drain and time.monotonic() - idle_since_s >= self._settings.drain_idle_s:
                break
        return True

    def _adopt_orphan(self) -> bool:
        """Fetches what the broker holds for a worker that died; whether there was one."""
        if time.monotonic() - self._looked_s < _ORPHANS_EVERY_S:
            return False
        self._looked_s = time.monotonic()
        try:
            orphan = self._slots.lease_orphan()
        except REDIS_ERRORS:  # told by the next renewal
            return False
        if orphan is None:
            return False
        try:
            intake = self._open_intake(orphan)
        except BrokerFailure as error:
            log.info("%s is left to another try: %s", orphan.client_id, error)
            self._release(orphan, session_ended=False)
            return False
        log.info("%s died: fetching what the broker holds for it", orphan.client_id)
        self._release(orphan, session_ended=self._leave(orphan, intake, _ADOPT_S))
        return True

    def _leave(self, slot: Slot, intake: Intake, most_s: float) -> bool:
        """Hands over in order: what is under way is finished, what comes next goes to others.

        The last worker keeps its subscription and session, so that messages wait for the next one.

        Args:
            slot: of the intake.
            intake: to be closed.
            most_s: what is not done by then is left in the session.

        Returns:
            Whether the broker forgot the session.
        """
        forget = self._others_live(slot)
        if forget:
            intake.stop_deliveries()
        patience = threading.Event()
        timer = threading.Timer(most_s, patience.set)
        timer.start()
        while not intake.lost and not patience.is_set():
            round_trip_s = intake.round_trip_s
            # what the broker still holds for us comes at most a round trip after what we acknowledged
            wait_s = max(_POLL_S, 2 * (round_trip_s or 0.0)) if forget else 0.0
            if first := intake.take(wait_s):
                self._pipeline.process(first, intake, patience, lambda: self._renewed(slot), live=False)
            elif round_trip_s is not None or not forget:
                break
        timer.cancel()
        # what could not be written (Redis away, stream full) stays in the session, for whoever adopts it
        forget = forget and intake.round_trip_s is not None and not intake.lost and not intake.unfinished
        intake.close(forget=forget)
        return forget

    def _taken(self, slot: Slot) -> bool:
        """Whether the slot is ours, or ours again; as ``_renewed`` where Redis is away."""
        try:
            return self._slots.take(slot.number)
        except REDIS_ERRORS as error:
            self._health.unwell("redis", str(error))
            return True

    def _renewed(self, slot: Slot) -> bool:
        """Whether the slot is ours, as far as we know: while Redis is away nobody else can take it."""
        try:
            renewed = slot.renew()
        except REDIS_ERRORS as error:
            self._health.unwell("redis", str(error))
            return True
        self._health.well("redis")
        return renewed

    def _others_live(self, slot: Slot) -> bool:
        try:
            return self._slots.others_live(slot)
        except REDIS_ERRORS:
            return False

    def _release(self, slot: Slot, *, session_ended: bool) -> None:
        try:
            slot.release(session_ended=session_ended)
        except REDIS_ERRORS as error:
            log.info("the slot's lease is left to run out: %s", error)
