"""Brakes for those who guess passwords."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

WAIT_S = 30.0
"""After the first wrong password too many; twice as long after each further one."""

WAIT_MAX_S = 900.0
FORGOTTEN_S = 3_600.0
"""So long after the last wrong password, none counts any more."""

KEYS_MAX = 10_000


@dataclass(slots=True)
class _Wrong:
    times: int
    last_s: float
    before_s: float
    """When the one before the last was."""


class Throttle:
    """Counts wrong passwords, and says how long to wait for the next try.

    Args:
        free: wrong ones in a row that cost no wait.
        now_s: a clock that only goes forward, seconds.
    """

    def __init__(self, free: int, now_s: Callable[[], float]) -> None:
        self._free = free
        self._now_s = now_s
        self._wrong: dict[Hashable, _Wrong] = {}

    def wait_s(self, key: Hashable) -> float:
        """Seconds until ``key`` may try again; 0: now."""
        wrong = self._current(key)
        if not wrong or wrong.times < self._free:
            return 0.0
        wait_s = min(WAIT_S * 2.0 ** min(wrong.times - self._free, 10), WAIT_MAX_S)
        return max(0.0, wrong.last_s + wait_s - self._now_s())

    def count(self, key: Hashable) -> None:
        """A try that is not known to be right: counted before it is checked, as many may run side by side."""
        wrong = self._current(key)
        # put in anew, so that the oldest come first
        self._wrong.pop(key, None)
        if len(self._wrong) >= KEYS_MAX:
            del self._wrong[next(iter(self._wrong))]
        now_s = self._now_s()
        self._wrong[key] = _Wrong(wrong.times + 1, now_s, wrong.last_s) if wrong else _Wrong(1, now_s, now_s)

    def take_back(self, key: Hashable) -> None:
        """The last try was right: it does not count."""
        if wrong := self._wrong.get(key):
            wrong.times, wrong.last_s = wrong.times - 1, wrong.before_s

    def forget(self, key: Hashable) -> None:
        """The key has shown that it knows: nothing counts any more."""
        self._wrong.pop(key, None)

    def _current(self, key: Hashable) -> _Wrong | None:
        wrong = self._wrong.get(key)
        return wrong if wrong and self._now_s() < wrong.last_s + FORGOTTEN_S else None
