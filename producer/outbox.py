"""What waits for the broker: bounded, expiring, and each message exactly once. Pure: time is a parameter.

A message is *waiting*, then *under way*, then acknowledged and gone. Times are seconds of a monotonic
clock, so a machine whose clock is set neither drops nor keeps too much.
"""

import math
from bisect import insort
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Final

from contract.events import CROP_LIFETIME_S
from contract.topics import Suffix

LIFETIME_S: Final = {Suffix.FACES: float(CROP_LIFETIME_S), Suffix.EMOTIONS: 3540.0, Suffix.REPORTS: 3540.0}
"""How long a message may be late. Workers refuse what is an hour old: a minute less, to get there."""


REPEAT_S: Final = 45.0
"""So long after the broker took a report, it is sent once more (and counts once). The broker holds it for a
worker, and where that one has died, for half a minute: then it is gone, and what it says of its frames."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A message to the broker; ordered by age.

    Attributes:
        id: grows with every message.
        suffix: which of the camera's topics.
        payload: wire bytes.
        expires_s: when it is of no use any more.
        unsure: it may have arrived already: it was under way when a connection broke, or is a repeat.
        repeat: it is a repeat.
    """

    id: int
    suffix: Suffix
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
        messages_max: most messages, waiting and under way together.
        bytes_max: most payload bytes, likewise.
        inflight_max: most messages under way.
        retry_pause_s: pace at which a topic that nobody listens on is tried again, with one message.
    """

    def __init__(
        self, messages_max: int, bytes_max: int, inflight_max: int, retry_pause_s: float = 1.0
    ) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._inflight_max = inflight_max
        self._retry_pause_s = retry_pause_s
        self._next_id = 0
        self._bytes = 0
        self._waiting: list[Message] = []
        self._inflight: dict[int, Message] = {}
        self._unheard: dict[Suffix, float] = {}  # topic nobody listens on → when to try it again
        self._repeating = 0  # of what waits or is under way
        self._repeats: deque[tuple[float, Message]] = deque()  # when each is to wait again
        self.dropped: Counter[Suffix] = Counter()
        """Messages given up that never arrived, by topic."""
        self.unconfirmed = 0
        """Messages given up that may have arrived: as far as is known here, they expired on the way."""

    def __len__(self) -> int:
        """Messages waiting and under way; repeats, which nobody has to wait for, are not counted."""
        return len(self._waiting) + len(self._inflight) - self._repeating

    @property
    def size_bytes(self) -> int:
        """Payload bytes, waiting and under way."""
        return self._bytes

    def put(self, suffix: Suffix, payload: bytes, now_s: float) -> None:
        """Takes a message on; older ones may have to go, or itself where all room is under way."""
        self.expire(now_s)
        self._waiting.append(Message(self._next_id, suffix, payload, now_s + LIFETIME_S[suffix]))
        self._next_id += 1
        self._bytes += len(payload)
        while self._waiting and (len(self) > self._messages_max or self._bytes > self._bytes_max):
            oldest_frame = (i for i, m in enumerate(self._waiting) if m.suffix is not Suffix.REPORTS)
            self._drop(next(oldest_frame, 0))

    def take(self, now_s: float) -> list[Message]:
        """What to send now, oldest first; it is under way from here on."""
        self._add_repeats(now_s)
        self.expire(now_s)
        if len(self._inflight) >= self._inflight_max:
            return []
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
        if message.suffix is Suffix.REPORTS and not message.repeat:
            self._repeats.append((now_s + REPEAT_S, replace(message, unsure=True, repeat=True)))
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
        under_way = (replace(message, unsure=True) for message in self._inflight.values())
        self._waiting = sorted([*self._waiting, *under_way])
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
        if message.unsure:
            self.unconfirmed += not message.repeat
        else:
            self.dropped[message.suffix] += 1
