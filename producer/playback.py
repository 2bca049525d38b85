"""Plays a recording: sampled by media time, in real time."""

import logging
import math
from collections.abc import Iterator

from producer.errors import SourceUnusable
from producer.frames import Clock, Frame, Image, Moment, pause_until
from producer.metrics import FRAMES_CORRUPT
from producer.recording import Recording

log = logging.getLogger(__name__)


class Sampler:
    """Chooses the frames of a recording that are analysed: the nearest ones to a grid of ``fps``.

    Where ``fps`` is the recording's own rate or more, that is each frame once.

    Args:
        fps: frames wanted a second.
        interval_ms: usual time between two frames of the recording.
    """

    def __init__(self, fps: float, interval_ms: float) -> None:
        self._period_ms = 1000 / fps
        # a frame up to half a frame early is the nearest one: times of GIFs are rounded to 10 ms
        self._early_ms = min(interval_ms, self._period_ms) / 2
        self._due = 0

    def takes(self, media_ms: float) -> bool:
        """Whether the frame at this media time, later than all before, is analysed."""
        position = (media_ms + self._early_ms) / self._period_ms
        if position < self._due:
            return False
        self._due = math.floor(position) + 1
        return True


class Playback:
    """A recording, played in real time from the moment it starts.

    A frame is stamped with the start plus its media time and never comes before that moment. Where its
    taker is too slow, playback waits: no frame is lost, and the times keep the spacing of the media.

    Args:
        recording: what to play.
        fps: frames analysed a second.
        clock: time.
        loop: begin again at the end; times go on.
    """

    live = False

    def __init__(self, recording: Recording, fps: float, clock: Clock, *, loop: bool) -> None:
        self.name = recording.name
        self._recording = recording
        self._fps = fps
        self._clock = clock
        self._loop = loop

    def moments(self) -> Iterator[Moment]:
        """See ``Source``."""
        start_ms = self._clock.now_ms()
        for media_ms, image in self._samples():
            at_ms = start_ms + round(media_ms)
            if (yield from pause_until(self._clock, at_ms)):
                return
            yield Frame(image, at_ms)

    def close(self) -> None:
        """Nothing is held between frames that the end of the iterator does not release."""

    def _samples(self) -> Iterator[tuple[float, Image]]:
        """Media times over all rounds, and pictures, at the analysis rate.

        Raises:
            SourceUnusable: a whole round without a picture.
        """
        interval_ms = self._recording.interval_ms
        sampler = Sampler(self._fps, interval_ms)
        round_ms = 0.0
        corrupt = 0
        while True:
            seen = 0
            last_ms = 0.0
            for media_ms, image in self._recording.pictures():
                last_ms = media_ms
                if image is None:
                    FRAMES_CORRUPT.inc()
                    corrupt += 1
                    if corrupt == 1:
                        log.warning("%s: skipping frames that cannot be decoded", self.name)
                    continue
                seen += 1
                if sampler.takes(round_ms + media_ms):
                    yield round_ms + media_ms, image
            if not seen:
                raise SourceUnusable(f"{self.name} holds no frame that can be decoded")
            if not self._loop:
                return
            round_ms += last_ms + interval_ms
