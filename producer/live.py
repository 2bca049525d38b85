"""Live sources: webcams and network streams, of which only the newest frame counts."""

import logging
import threading
from collections.abc import Callable, Iterator

from producer.capture import Capture
from producer.errors import SourceUnavailable
from producer.frames import Clock, Frame, Moment, Quiet
from producer.metrics import SOURCE_FREEZES, SOURCE_RECONNECTS
from producer.same_picture import SamePicture
from runtime.retry import keep_trying

log = logging.getLogger(__name__)

REOPEN_PAUSE_S = 0.2
"""Between the end of a stream and the next attempt: an address that serves single pictures is polled so."""

SHORT_MS = 5_000
REOPEN_PAUSE_MAX_S = 15.0
"""A stream that lasts no longer is opened again after pauses that double up to this, and told of once."""

POLL_S = 0.25
CLOSE_TIMEOUT_S = 1.0


class LiveSource:
    """Reads a capture on a thread of its own, so that a slow taker never lags behind the world.

    A capture that ends or fails is opened again, with random, growing pauses; so is one that is frozen, of
    which no frame is handed out.

    Args:
        name: for people.
        open_capture: opens the device or stream; raises SourceUnavailable.
        fps: frames handed out a second, at most.
        clock: time.
        first: an already open capture to begin with.
        frozen_s: what gives the very same picture for so long is frozen; 0: nothing is.
    """

    live = True

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], Capture],
        fps: float,
        clock: Clock,
        first: Capture | None = None,
        frozen_s: float = 0.0,
    ) -> None:
        self.name = name
        self._open = open_capture
        self._period_ms = 1000 / fps
        self._clock = clock
        self._first = first
        self._frozen_s = frozen_s
        self._picture = SamePicture(frozen_s)
        self._closing = threading.Event()
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._reader = threading.Thread(target=self._read, name="source", daemon=True)

    def moments(self) -> Iterator[Moment]:
        """See ``Source``; each frame is the newest one at its time."""
        self._reader.start()
        due_ms = float(self._clock.now_ms())
        while not self._clock.wait(max(0.0, due_ms - self._clock.now_ms()) / 1000):
            moment = self._take()
            yield moment
            if isinstance(moment, Frame):
                # the grid is kept, but after a pause or a step of the clock nothing is made up for
                now_ms = self._clock.now_ms()
                due_ms = min(max(due_ms + self._period_ms, now_ms), now_ms + self._period_ms)

    def close(self) -> None:
        """Ends the reader; one that hangs in the driver is left behind."""
        self._closing.set()
        if self._reader.is_alive():
            self._reader.join(CLOSE_TIMEOUT_S)

    def _take(self) -> Moment:
        with self._fresh:
            if self._newest is None:
                self._fresh.wait(POLL_S)
            frame, self._newest = self._newest, None
            # both are stamped under the lock: a frame that comes later is stamped later
            return frame or Quiet(self._clock.now_ms())

    def _read(self) -> None:
        capture = self._first
        short = 0  # streams in a row that did not last
        while not self._closing.is_set():
            if capture is None:
                try:
                    attempts = keep_trying(self._closing, SourceUnavailable, pause_max_s=REOPEN_PAUSE_MAX_S)
                    capture = attempts(self._open)
                except SourceUnavailable:
                    return  # only when closing
            began_ms, was_frozen = self._clock.now_ms(), self._picture.is_frozen
            frames = self._hand_out(capture, began_ms)
            capture.release()
            capture = None
            if self._picture.is_frozen:
                short += 1
            elif was_frozen:
                short = 0
            elif frames > 1:  # else an address that serves single pictures
                short = short + 1 if self._clock.now_ms() - began_ms < SHORT_MS else 0
                if short <= 1:
                    log.warning("%s: no more frames, opening it again", self.name)
            if not self._closing.wait(min(REOPEN_PAUSE_S * 2 ** min(short, 8), REOPEN_PAUSE_MAX_S)):
                SOURCE_RECONNECTS.inc()

    def _hand_out(self, capture: Capture, began_ms: int) -> int:
        """Takes frames until the capture ends or is frozen; how many came."""
        frames = 0
        while (image := capture.read()) is not None and not self._closing.is_set():
            frames += 1
            now_ms = self._clock.now_ms()
            was_frozen = self._picture.is_frozen
            if self._picture.see(image, now_ms):
                if not was_frozen:
                    SOURCE_FREEZES.inc()
                    log.warning(
                        "%s: frozen, the very same picture for %.0f s; opening it again until it is another",
                        self.name,
                        self._frozen_s,
                    )
                    break
                if now_ms - began_ms >= SHORT_MS:  # a stream may begin with an old picture
                    break
                continue
            if was_frozen:
                log.info("%s: no longer frozen", self.name)
            with self._fresh:
                self._newest = Frame(image, self._clock.now_ms())
                self._fresh.notify()
        return frames
