"""What waits for the broker, by the rules of ``producer/outbox.py``. Pure: time is a parameter.

A message is *waiting*, then *under way*, then acknowledged and gone. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter, deque
from typing import NamedTuple

from edge.deeplens.device.events import EMOTIONS, FACES, REPORTS

LIFETIME_S = {FACES: 30.0, EMOTIONS: 3540.0, REPORTS: 3540.0}
"""How long a message may be late: a crop half a minute, what holds no pixels an hour, less a minute's way."""

REPEAT_S = 45.0
"""So long after the broker took a report, it is sent once more, and counts once: a worker may have died."""


class Message(NamedTuple):
    """A message to the broker; ordered by age, which its ``id`` grows with.

    ``unsure``: it may have arrived already; ``repeat``: it has, and is sent once more.
    """

    id: int
    suffix: str
    payload: bytes
    expires_s: float
    unsure: bool = False
    repeat: bool = False

    def expiry_s(self, now_s: float) -> int:
        """MQTT's message expiry interval: whole seconds left, at least 1."""
        return max(1, math.ceil(self.expires_s - now_s))


class Outbox:
    """Messages in the order in which they came.

    Where room runs out, the oldest waiting frame goes first; reports, which tell what was lost, go only when
    no frame is left. What is under way is never given up: it may already be delivered.

    Args:
        messages_max, bytes_max: most messages and payload bytes, waiting and under way together.
        inflight_max: most messages under way.
        retry_pause_s: pace at which a topic that nobody listens on is tried again, with one message.
    """

    def __init__(
        self,
        messages_max: int = 10_000,
        bytes_max: int = 32_000_000,
        inflight_max: int = 20,
        retry_pause_s: float = 1.0,
    ) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._inflight_max = inflight_max
        self._retry_pause_s = retry_pause_s
        self._next_id = 0
        self._bytes = 0
        self._waiting: list[Message] = []
        self._inflight: dict[int, Message] = {}
        self._unheard: dict[str, float] = {}  # topic nobody listens on → when to try it again
        self._repeating = 0  # of what waits or is under way
        self._repeats: deque[tuple[float, Message]] = deque()  # when each is to wait again
        self.dropped: Counter[str] = Counter()
        """Messages given up that never arrived, by topic."""

    def __len__(self) -> int:
        """Messages waiting and under way, without repeats."""
        return len(self._waiting) + len(self._inflight) - self._repeating

    def put(self, suffix: str, payload: bytes, now_s: float) -> None:
        """Takes a message on; older ones may have to go."""
        self.expire(now_s)
        self._waiting.append(Message(self._next_id, suffix, payload, now_s + LIFETIME_S[suffix]))
        self._next_id += 1
        self._bytes += len(payload)
        while self._waiting and (len(self) > self._messages_max or self._bytes > self._bytes_max):
            self._drop(next((i for i, m in enumerate(self._waiting) if m.suffix != REPORTS), 0))

    def take(self, now_s: float) -> list[Message]:
        """What to send now, oldest first; it is under way from here on."""
        self._add_repeats(now_s)
        self.expire(now_s)
        taken: list[Message] = []
        kept: list[Message] = []
        probed = {message.suffix for message in self._inflight.values()}
        for message in self._waiting:
            retry_s = self._unheard.get(message.suffix)
            may_go = retry_s is None or (now_s >= retry_s and message.suffix not in probed)
            if may_go and len(self._inflight) < self._inflight_max:
                self._inflight[message.id] = message
                probed.add(message.suffix)
                taken.append(message)
            else:
                kept.append(message)
        self._waiting = kept
        return taken

    def acknowledged(self, message_id: int, now_s: float) -> None:
        """The broker took the message."""
        message = self._inflight.pop(message_id)
        if message.suffix == REPORTS and not message.repeat:
            self._repeats.append((now_s + REPEAT_S, message._replace(unsure=True, repeat=True)))
        self._bytes -= len(message.payload)
        self._repeating -= message.repeat
        self._unheard.pop(message.suffix, None)

    def unsent(self, message_id: int, now_s: float) -> None:
        """The broker has nobody to give the message to, or refused it: it waits again, in its old place."""
        message = self._inflight.pop(message_id)
        insort(self._waiting, message)
        self._unheard[message.suffix] = now_s + self._retry_pause_s

    def connection_lost(self) -> None:
        """Nothing under way will be acknowledged any more: all of it waits again, and all may be tried."""
        self._waiting = sorted(self._waiting + [m._replace(unsure=True) for m in self._inflight.values()])
        self._inflight.clear()
        self._unheard.clear()

    def expire(self, now_s: float) -> None:
        """Drops what waited too long."""
        for index in reversed([i for i, message in enumerate(self._waiting) if message.expires_s <= now_s]):
            self._drop(index)

    def _add_repeats(self, now_s: float) -> None:
        """What is due to be sent once more waits again, where there is room."""
        while self._repeats and self._repeats[0][0] <= now_s:
            repeat = self._repeats.popleft()[1]
            if self._bytes + len(repeat.payload) <= self._bytes_max:
                insort(self._waiting, repeat)
                self._bytes += len(repeat.payload)
                self._repeating += 1

    def _drop(self, index: int) -> None:
        message = self._waiting.pop(index)
        self._bytes -= len(message.payload)
        self._repeating -= message.repeat
        if not message.unsure:
            self.dropped[message.suffix] += 1
