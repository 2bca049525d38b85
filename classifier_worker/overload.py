"""When frames are shed: a backlog that grows is overload, one that shrinks is an outage being made up for.

Pure; ages and time are parameters. The age of a message is what has passed of its lifetime, as the broker
tells it: how often its clock's second has changed, so a message of age 1 is less than two seconds old.
"""

import math
from collections import deque
from typing import Final

WINDOW_S: Final = 0.5
HISTORY: Final = 20
"""Windows looked back upon: a backlog that has not shrunk within them will not. (After an outage, a worker
that is busy nine tenths of its time gains a second in ten.)"""

RISE_S: Final = 1.5
"""A backlog that grew by this much within ``HISTORY`` windows, and is not shrinking, is overload at once."""

AGE_MAX_S: Final = 0.5
"""Under overload, older frames are shed: those of age 1, and those of age 0 that waited here for so long."""

CALM_S: Final = 10.0
"""Overload is over when for so long nothing had to be shed."""


class Overload:
    """Watches the ages of the frames that a worker takes, in the order in which it takes them.

    Attributes:
        active: frames older than ``AGE_MAX_S`` are being shed.
    """

    def __init__(self) -> None:
        self.active = False
        self._ages: deque[float] = deque(maxlen=HISTORY)  # least age of each window, without a gap
        self._window_end_s = -math.inf
        self._least_s = math.inf
        self._shed_s = -math.inf

    def sheds(self, age_s: float, now_s: float) -> bool:
        """Whether a frame of this age, taken now, is to be shed.

        Args:
            age_s: of the message.
            now_s: monotonic.
        """
        self._look_back(now_s)
        self._least_s = min(self._least_s, age_s)
        if not self.active:
            return False
        if age_s > AGE_MAX_S:
            self._shed_s = now_s
            return True
        self.active = now_s - self._shed_s < CALM_S
        return False

    def _look_back(self, now_s: float) -> None:
        """Closes the window that is over."""
        if now_s < self._window_end_s:
            return
        if now_s >= self._window_end_s + WINDOW_S:
            # nothing came for a whole window: what comes now may have waited elsewhere, for another reason
            self._ages.clear()
        else:
            self._ages.append(self._least_s)
            self._judge(now_s)
        self._window_end_s = now_s + WINDOW_S
        self._least_s = math.inf

    def _judge(self, now_s: float) -> None:
        least_s = self._ages[-1]
        if self.active or least_s <= AGE_MAX_S:
            return
        rises = least_s - min(self._ages) >= RISE_S and least_s >= self._ages[-2]
        stays = len(self._ages) == HISTORY and min(self._ages) > AGE_MAX_S and least_s >= self._ages[0]
        if rises or stays:
            self.active = True
            self._shed_s = now_s
            self._ages.clear()
