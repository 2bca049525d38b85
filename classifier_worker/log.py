"""The worker's side of the streams: each event is appended exactly once, however often it is delivered."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Final

from redis.exceptions import NoScriptError

from contract import keys
from contract.codec import LOG_KINDS, LogEvent, Reason, encode
from contract.events import CameraReport, FrameEmotions, FrameLoss
from runtime.redis import Client

SEEN_TTL_S: Final = 7_200
"""Longer than any event can be under way: cameras hold one for at most an hour."""

REJECTED_MAX: Final = 1_000

_KIND_OF: Final = {event: kind for kind, event in LOG_KINDS.items()}


class Outcome(StrEnum):
    """What became of an event."""

    NEW = "new"
    DUPLICATE = "duplicate"
    FULL = "full"
    """The stream is at its bound: the event is not in it; try again later."""


class EmotionLog:
    """Appends to the streams.

    Args:
        client: Redis.
        max_entries: length at which a stream answers FULL.
    """

    def __init__(self, client: Client, max_entries: int) -> None:
        self._client = client
        self._max_entries = max_entries
        self._source = files(__package__).joinpath("append.lua").read_text()
        self._sha = client.script_load(self._source)

    def append(self, events: Sequence[LogEvent]) -> list[Outcome]:
        """Appends events in order, in one round trip; all but refused frames are safe to repeat.

        Raises:
            redis.exceptions.RedisError: not all may have been appended; call again with the same events.
        """
        try:
            return self._append(events)
        except NoScriptError:  # the server was restarted since
            self._sha = self._client.script_load(self._source)
            return self._append(events)

    def reject(self, refusals: Sequence[tuple[str, Reason, str]]) -> None:
        """Notes refused payloads: (topic, reason, one line of detail), never their content."""
        if not refusals:
            return
        with self._client.pipeline(transaction=False) as pipe:
            for topic, reason, detail in refusals[-REJECTED_MAX:]:
                pipe.xadd(
                    keys.REJECTED,
                    {"topic": topic[:200], "reason": reason, "detail": detail},
                    maxlen=REJECTED_MAX,
                )
            for reason, count in Counter(reason for _, reason, _ in refusals).items():
                pipe.hincrby(keys.REJECTED_COUNTS, reason, count)
            pipe.execute()

    def _append(self, events: Sequence[LogEvent]) -> list[Outcome]:
        with self._client.pipeline(transaction=False) as pipe:
            for event in events:
                names, args = self._call(event)
                # not pipe.evalsha, which redis-py blocks on a Cluster; all keys of a call lie in one slot
                pipe.execute_command("EVALSHA", self._sha, len(names), *names, *args)
            return [Outcome(answer.decode()) for answer in pipe.execute()]

    def _call(self, event: LogEvent) -> tuple[list[str], list[str | bytes | int]]:
        names = [keys.stream(keys.partition_of(event.camera))]
        args: list[str | bytes | int] = [_KIND_OF[type(event)], encode(event), self._max_entries]
        match event:
            case FrameEmotions() | FrameLoss(reason="shed"):
                bitmap, bit = keys.seen_frame(event.camera, event.session, event.frame)
            case CameraReport():
                bitmap, bit = keys.seen_report(event.camera, event.session, event.seq)
            case FrameLoss():  # a count of bad messages, whose numbers are not known
                return names, args
        return [*names, bitmap], [*args, bit, SEEN_TTL_S]
