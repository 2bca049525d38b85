"""Delivers what waits in the outboxes of the owned partitions: a thread for each destination."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from aggregator import metrics
from aggregator.outbox import Message, Outbox
from runtime.errors import MoodLensError
from runtime.redis import REDIS_ERRORS

log = logging.getLogger(__name__)

BATCH: Final = 50
IDLE_S: Final = 2.0
PAUSE_MAX_S: Final = 30.0
LEAVE_S: Final = 2.0


class Undelivered(MoodLensError):
    """A destination did not take a message; a later attempt may succeed."""


class Delivery(Protocol):
    """A way to a destination."""

    def deliver(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Delivers messages in order, and gives back each that needs no other attempt.

        Raises:
            Undelivered: the next one was not taken, nor those after it.
        """

    def close(self) -> None:
        """Ends what connection there is."""


class Notifier:
    """Delivers to one destination until told to stop.

    A destination that is away is said once and tried again, with growing pauses; meanwhile messages wait in
    the outboxes, which are bounded.

    Args:
        outbox: of the destination.
        delivery: the way there.
        owned: the partitions owned at the moment; called from the notifier's thread.
        stop: ends it.
    """

    def __init__(
        self,
        outbox: Outbox,
        delivery: Delivery,
        owned: Callable[[], frozenset[int]],
        stop: threading.Event,
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._owned = owned
        self._stop = stop
        self._posted = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name=f"to {outbox.destination}", daemon=True)

    def start(self) -> None:
        """Begins to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to deliver."""
        self._posted.set()

    def leave(self) -> None:
        """For when ``stop`` is set: waits a moment for what is under way. The next owner does the rest."""
        self.wake()
        self._thread.join(LEAVE_S)

    def _run(self) -> None:
        keep_trying = Retrying(
            retry=retry_if_exception_type((Undelivered, *REDIS_ERRORS)),
            stop=stop_when_event_set(self._stop),
            wait=wait_random_exponential(multiplier=0.5, max=PAUSE_MAX_S),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._note_failure,
            retry_error_callback=lambda _state: 0,
        )
        while not self._stop.is_set():
            self._posted.clear()
            if not keep_trying(self._turn):
                self._posted.wait(IDLE_S)
        self._delivery.close()

    def _turn(self) -> int:
        """One look into the outboxes; how many messages were delivered."""
        name = self._outbox.destination
        messages, waiting = self._outbox.waiting(self._owned(), BATCH)
        metrics.OUTBOX_WAITING.labels(name).set(waiting)
        if not messages:
            return 0
        delivered = 0
        # Looked at again before each, because a slow destination may take longer than we own the partition.
        ours = (message for message in messages if message.partition in self._owned())
        for message in self._delivery.deliver(ours):
            self._outbox.take_out(message)
            delivered += 1
            if self._stop.is_set():
                break
        if self._away:
            self._away = False
            log.info("%s takes messages again", name)
        return delivered

    def _note_failure(self, state: RetryCallState) -> None:
        """One line when a destination goes away, none for each further attempt."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Undelivered):
            return  # Redis: the aggregator's own loop says so
        metrics.DELIVERIES.labels(self._outbox.destination, "failed").inc()
        if not self._away:
            self._away = True
            log.warning("%s takes no messages, trying again: %s", self._outbox.destination, error)


def wake(notifiers: Iterable[Notifier]) -> None:
    """There is something to deliver, for any of them."""
    for notifier in notifiers:
        notifier.wake()


@contextmanager
def delivering(notifiers: Iterable[Notifier]) -> Iterator[None]:
    """Delivers while the context lasts."""
    for notifier in notifiers:
        notifier.start()
    try:
        yield
    finally:
        for notifier in notifiers:
            notifier.leave()
