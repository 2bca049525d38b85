"""What a run of the demo really did: read from the log and the windows while it runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from contract import keys
from contract.codec import LOG_KINDS, Refused, decode
from contract.events import CameraReport, FrameEmotions
from contract.windows import GRAIN_MS
from runtime.redis import Client

READ_ENTRIES: Final = 1000


class Witness:
    """Collects the classified frames of some cameras; look at least every half minute: the log is short.

    Args:
        client: Redis.
        cameras: ``site/camera``.

    Attributes:
        frames: of each camera, in the order of the log.
        detectors: of each camera that has reported, its face detector.
        finished: cameras whose newest report is a partial one, the last of its session.
    """

    def __init__(self, client: Client, cameras: Iterable[str]) -> None:
        self.frames: dict[str, list[FrameEmotions]] = {camera: [] for camera in cameras}
        self.detectors: dict[str, str] = {}
        self.finished: set[str] = set()
        self._client = client
        self._last = {keys.partition_of(camera): b"-" for camera in self.frames}

    def look(self) -> None:
        """Takes what is new in the log.

        Raises:
            redis.exceptions.RedisError: it cannot be read now.
        """
        for partition in self._last:
            while len(entries := self._read(partition)) == READ_ENTRIES:
                self._take(entries)
            self._take(entries)

    def doubled(self, camera: str) -> int:
        """Frames that stand in the log more than once."""
        seen = Counter((frame.session, frame.frame) for frame in self.frames[camera])
        return sum(count - 1 for count in seen.values())

    def _read(self, partition: int) -> Sequence[tuple[bytes, dict[bytes, bytes]]]:
        since = self._last[partition]
        first = since if since == b"-" else b"(" + since
        entries: Any = self._client.xrange(keys.stream(partition), min=first, count=READ_ENTRIES)
        if entries:
            self._last[partition] = entries[-1][0]
        return entries  # type: ignore[no-any-return]  # a list, as the connection is no asynchronous one

    def _take(self, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for _, fields in entries:
            for kind, payload in fields.items():
                try:
                    event = decode(payload, LOG_KINDS[kind.decode()])
                except (KeyError, Refused):
                    continue  # the aggregator counts it
                if event.camera not in self.frames:
                    continue
                if isinstance(event, FrameEmotions):
                    self.frames[event.camera].append(event)
                elif isinstance(event, CameraReport):
                    self.detectors[event.camera] = event.detector
                    if event.to_ms % GRAIN_MS:
                        self.finished.add(event.camera)
                    else:
                        self.finished.discard(event.camera)
