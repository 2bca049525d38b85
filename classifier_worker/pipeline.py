"""From a connection to the streams: gather, classify, write, acknowledge."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from classifier_worker import metrics
from classifier_worker.batch import Batch
from classifier_worker.intake import Delivery, Intake
from classifier_worker.log import EmotionLog, Outcome
from classifier_worker.overload import Overload
from classifier_worker.settings import WorkerSettings
from contract.codec import LogEvent
from contract.events import CROP_LIFETIME_S
from contract.topics import is_faces
from runtime.classifier import Classifier
from runtime.health import Health
from runtime.redis import REDIS_ERRORS

log = logging.getLogger(__name__)

_RETRY_S = 0.5
_SHED_FACTOR: Final = 8
"""Frames shed in one go, at most, as a multiple of the faces classified: they cost far less."""


class Pipeline:
    """Takes what is delivered as far as Redis.

    Args:
        classifier: the model.
        emotions: the streams.
        settings: of the worker.
        health: told how ``redis`` is.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self,
        classifier: Classifier,
        emotions: EmotionLog,
        settings: WorkerSettings,
        health: Health,
        clock_ms: Callable[[], int],
    ) -> None:
        self._classifier = classifier
        self._log = emotions
        self._settings = settings
        self._health = health
        self._clock_ms = clock_ms
        self._overload = Overload()

    def process(
        self,
        first: Delivery,
        intake: Intake,
        stop: threading.Event,
        is_ours: Callable[[], bool],
        *,
        live: bool = True,
    ) -> None:
        """Takes a batch that begins with ``first`` as far as it gets.

        Args:
            first: taken from the intake.
            intake: gives more, and is told what is done.
            stop: ends the wait for a Redis that cannot be written to.
            is_ours: asked during that wait; where it is not, the messages are another worker's.
            live: the intake's messages come as they are published; else they waited for us, and none is shed.
        """
        batch = self._gather(first, intake, live=live)
        with metrics.CLASSIFY_SECONDS.time():
            events = batch.classified(self._classifier, self._clock_ms())
        metrics.BATCH_FACES.observe(batch.faces)
        metrics.FACES.inc(batch.faces)
        if self._write(events, batch, intake, stop, is_ours):
            intake.acknowledge(batch.deliveries)

    def _gather(self, first: Delivery, intake: Intake, *, live: bool) -> Batch:
        """A batch of what waits, up to the batch size; the first message waits only a moment for others."""
        batch = Batch()
        most = self._settings.batch_faces
        deadline_s = time.monotonic() + self._settings.batch_wait_ms / 1000
        delivery: Delivery | None = first
        while delivery:
            if live and self._sheds(delivery):
                batch.add_shed(delivery, self._clock_ms())
            else:
                batch.add(delivery, self._clock_ms())
            if batch.faces >= most or batch.shed >= _SHED_FACTOR * most or time.monotonic() > deadline_s:
                break
            delivery = intake.take(max(0.0, deadline_s - time.monotonic()))
        metrics.WAITING.set(intake.waiting)
        return batch

    def _sheds(self, delivery: Delivery) -> bool:
        """Whether a delivery is a frame that overload leaves no time for."""
        if not is_faces(delivery.topic):
            return False
        now_s = time.monotonic()
        age_s = delivery.age_s(CROP_LIFETIME_S, now_s)
        metrics.AGE_SECONDS.observe(age_s)
        before = self._overload.active
        sheds = self._overload.sheds(age_s, now_s)
        if self._overload.active != before:
            metrics.OVERLOADED.set(self._overload.active)
            log.warning("overload: old frames are shed" if self._overload.active else "the overload is over")
        return sheds

    def _write(
        self,
        events: list[LogEvent],
        batch: Batch,
        intake: Intake,
        stop: threading.Event,
        is_ours: Callable[[], bool],
    ) -> bool:
        """Writes until all is in Redis; False when that must be left to whoever gets the messages next."""
        while True:
            try:
                outcomes = self._log.append(events)
                self._count(outcomes)
                # what is in is not sent again, whatever fails next: that a frame was refused has no number
                events = [
                    event for event, outcome in zip(events, outcomes, strict=True) if outcome is Outcome.FULL
                ]
                if not events:
                    self._log.reject(batch.refusals)
            except REDIS_ERRORS as error:
                log.warning("cannot write to Redis, keeping the messages: %s", error)
                self._health.unwell("redis", str(error))
            else:
                if not events:
                    self._count_left_out(batch)
                    self._health.well("redis")
                    return True
                self._health.unwell("redis", "a stream is full: the aggregator does not keep up")
            if intake.lost or stop.wait(_RETRY_S) or not is_ours():
                return False

    def _count(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            metrics.EVENTS.labels(outcome).inc()

    def _count_left_out(self, batch: Batch) -> None:
        metrics.SHED.inc(batch.shed)
        for _, reason, _ in batch.refusals:
            metrics.REFUSED.labels(reason).inc()
