"""A camera's log as workers would have written it: visits where a test wants them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contract import keys
from contract.codec import LOG_KINDS, LogEvent, encode
from contract.events import Probabilities
from contract.windows import GRAIN_MS
from runtime.redis import Client
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions, surely

VISIT_MS = 2_000
KINDS = {kind: name for name, kind in LOG_KINDS.items()}


@dataclass
class ScriptedCamera:
    """Writes visits of three faces in two seconds, and reports.

    Attributes:
        client: Redis.
        name: ``site/camera``.
        session: of the producer.
    """

    client: Client
    name: str = CAMERA
    session: str = SESSION
    _frame: int = field(default=0, init=False)
    _report: int = field(default=0, init=False)
    _track: int = field(default=0, init=False)

    def sees(self, from_ms: int, to_ms: int, visits: int, mood: str | Probabilities = "happy") -> None:
        """Visits one after another, evenly spread over a stretch, and a report for each ten seconds of it.

        Args:
            from_ms, to_ms: UTC, whole ten seconds.
            visits: how many; each ends within the stretch.
            mood: a label, or the probabilities of every face.
        """
        p = surely(mood) if isinstance(mood, str) else mood
        events: list[tuple[int, LogEvent]] = []
        for number in range(visits):
            began_ms = from_ms + (to_ms - from_ms - VISIT_MS - 1) * number // max(1, visits)
            for at_ms in range(began_ms, began_ms + VISIT_MS + 1, VISIT_MS // 2):
                self._frame += 1
                event = frame_emotions(
                    self._frame,
                    camera=self.name,
                    session=self.session,
                    captured_at_ms=at_ms,
                    interval_ms=1000,
                    tracks=(self._track + number,),
                    probabilities=p,
                )
                events.append((at_ms, event))
        self._track += visits
        captures = [at_ms for at_ms, _ in events]
        for begin_ms in range(from_ms, to_ms, GRAIN_MS):
            seen = sum(begin_ms <= at_ms < begin_ms + GRAIN_MS for at_ms in captures)
            events.append((begin_ms + GRAIN_MS, self._reported(begin_ms, seen)))
        self._append(event for _, event in sorted(events, key=lambda entry: entry[0]))

    def _reported(self, begin_ms: int, published: int) -> LogEvent:
        self._report += 1
        return camera_report(
            self._report,
            camera=self.name,
            session=self.session,
            from_ms=begin_ms,
            to_ms=begin_ms + GRAIN_MS,
            published=published,
        )

    def _append(self, events: Iterable[LogEvent]) -> None:
        log = keys.stream(keys.partition_of(self.name))
        with self.client.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.xadd(log, {KINDS[type(event)]: encode(event)})
            pipe.execute()
