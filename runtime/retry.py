"""Trying again until it works, with random, growing pauses."""

import logging
import threading

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from runtime.errors import MoodLensError

log = logging.getLogger(__name__)

PAUSE_MAX_S = 5.0
"""Between two attempts to reach the broker: crops live 30 s, and so do workers' sessions there, and whoever
finds it again late has lost as much of that. Each pause is drawn anew from all up to the longest, so that
hundreds of cameras do not come at once."""


def keep_trying(
    stop: threading.Event, *errors: type[MoodLensError], pause_max_s: float = PAUSE_MAX_S
) -> Retrying:
    """Attempts until one succeeds or ``stop`` is set; each failure is one line in the log.

    For ``keep_trying(stop, E)(function)`` or ``for attempt in keep_trying(stop, E): with attempt: …``.
    When ``stop`` is set, the last error is raised.

    Args:
        stop: ends the attempts.
        errors: what is worth another attempt; anything else is raised at once.
        pause_max_s: the longest pause.
    """
    return Retrying(
        retry=retry_if_exception_type(errors),
        stop=stop_when_event_set(stop),
        wait=wait_random_exponential(multiplier=0.5, max=pause_max_s),
        sleep=sleep_using_event(stop),
        before_sleep=_log_failure,
        reraise=True,
    )


def _log_failure(state: RetryCallState) -> None:
    if state.outcome and state.next_action:
        log.warning("%s; trying again in %.1f s", state.outcome.exception(), state.next_action.sleep)
