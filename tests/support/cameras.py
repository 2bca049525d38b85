"""Simulated cameras: real publishers, outboxes and reports; dice instead of a lens say who is there."""

import heapq
import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from contract.codec import CLOCK_AHEAD_MAX_MS, CLOCK_BEHIND_MAX_MS
from contract.events import (
    CROP_BYTES,
    INTERVAL_MAX_MS,
    SCHEMA,
    CameraReport,
    CameraStatus,
    FaceCrop,
    FrameFaces,
)
from contract.topics import Suffix
from producer.outbox import Outbox
from producer.publisher import HEALTH_PART, Publisher
from producer.reporter import Reporter
from runtime.health import Health
from runtime.settings import MqttSettings
from tests.support.events import BOX, utc_ms
from tests.support.services import eventually

FPS = 10.0
SHOPPERS_MAX = 3
STAY_S = (2.0, 6.0)
COMES = 0.08
"""Probability that with a frame somebody comes in, while there is room."""

OUTBOX_MESSAGES = 1_000
OUTBOX_BYTES = 32_000_000
INFLIGHT_MAX = 20

_STAMP = re.compile(rb"\[crop (\d{13}) ")


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame with faces, as its camera published it."""

    captured_at_ms: int
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a camera departs from the usual.

    Attributes:
        skew_ms: its clock minus the right one.
        copies: how often it publishes each message.
        disorder_s: each message is held back for a random time up to this.
    """

    skew_ms: int = 0
    copies: int = 1
    disorder_s: float = 0.0


USUAL = Habit()


@dataclass(slots=True)
class Published:
    """What one session of a camera published.

    Attributes:
        camera: ``site/camera``.
        session: of all of it.
        skew_ms: the camera's clock minus the right one.
        shots: number of the frame → what was published.
        reports: in order.
        messages: frames and reports, each as often as it was published.
    """

    camera: str
    session: str
    skew_ms: int = 0
    shots: dict[int, Shot] = field(default_factory=dict)
    reports: list[CameraReport] = field(default_factory=list)
    messages: int = 0

    def so_far(self) -> Self:
        """A copy that stays as it is while the camera goes on."""
        return replace(self, shots=self.shots.copy(), reports=self.reports.copy())

    @property
    def is_believed(self) -> bool:
        """Whether the camera's clock is within what workers accept."""
        return -CLOCK_BEHIND_MAX_MS < self.skew_ms < CLOCK_AHEAD_MAX_MS


def stamped_crop(taken_ms: int, track: int) -> bytes:
    """A crop that tells when it was taken (UTC), wherever its bytes turn up."""
    stamp = b"[crop %013d %06d]" % (taken_ms, track)
    return (stamp * (CROP_BYTES // len(stamp) + 1))[:CROP_BYTES]


def stamps(raw: bytes) -> Iterator[int]:
    """When the crops in ``raw`` were taken, each as often as its stamp is there."""
    return (int(found) for found in _STAMP.findall(raw))


class SimulatedCamera:
    """A camera that publishes as real ones do, and knows what it published.

    Args:
        name: ``site/camera``.
        broker: where it publishes.
        dice: decide who comes and goes.
        habit: how it departs from the usual.

    Attributes:
        published: all of it.
    """

    def __init__(self, name: str, broker: MqttSettings, dice: random.Random, habit: Habit = USUAL) -> None:
        self.published = Published(name, f"{dice.getrandbits(64):016x}", habit.skew_ms)
        self._habit = habit
        self._dice = dice
        self._now_ms = self._clock_ms()
        self._reporter = Reporter(name, self.published.session, FPS, "dice", self._now_ms)
        self._frame = 0
        self._last_ms: int | None = None
        self._shoppers: dict[int, float] = {}
        self._tracks = 0
        self._held: list[tuple[float, int, FrameFaces | CameraReport]] = []
        status = CameraStatus(SCHEMA, name, True, "test", "dice", FPS, self._now_ms)
        outbox = Outbox(OUTBOX_MESSAGES, OUTBOX_BYTES, INFLIGHT_MAX)
        self._publisher = Publisher(broker, status, outbox, Health({HEALTH_PART: 30.0}))

    def start(self) -> None:
        """Begins to connect."""
        self._publisher.start()

    def look(self, now_s: float) -> None:
        """Takes the next frame.

        Args:
            now_s: monotonic.
        """
        self._move_shoppers(now_s)
        at_ms = max(self._clock_ms(), self._now_ms + 1)
        self._now_ms = at_ms
        interval_ms = 0 if self._last_ms is None else min(at_ms - self._last_ms, INTERVAL_MAX_MS)
        self._last_ms = at_ms
        tracks = tuple(self._shoppers)
        self._report(self._reporter.frame(at_ms, interval_ms, len(tracks)), now_s)
        if tracks:
            self.published.shots[self._frame] = Shot(at_ms, tracks)
            self._send(self._frame_of(tracks, at_ms, interval_ms), now_s)
        self._frame += 1
        self._reporter.dropped(self._publisher.dropped()[Suffix.FACES])

    def close_the_shop(self, now_s: float) -> None:
        """No more frames: the last report."""
        self._report(self._reporter.finish(self._now_ms + 1), now_s)

    def post(self, now_s: float) -> bool:
        """Publishes what was held back until now; whether more is held back."""
        while self._held and self._held[0][0] <= now_s:
            self._publisher.put(heapq.heappop(self._held)[2])
        return bool(self._held)

    def finish(self, timeout_s: float) -> int:
        """Waits until all is acknowledged or given up, and says goodbye; the messages that remained."""
        return self._publisher.finish(timeout_s)

    def _move_shoppers(self, now_s: float) -> None:
        for track, leaves_s in list(self._shoppers.items()):
            if now_s >= leaves_s:
                del self._shoppers[track]
        if len(self._shoppers) < SHOPPERS_MAX and self._dice.random() < COMES:
            self._tracks += 1
            self._shoppers[self._tracks] = now_s + self._dice.uniform(*STAY_S)

    def _frame_of(self, tracks: tuple[int, ...], at_ms: int, interval_ms: int) -> FrameFaces:
        taken_ms = at_ms - self._habit.skew_ms
        faces = tuple(
            FaceCrop(track, "", BOX, 0.9, self._dice.random() < 0.5, stamped_crop(taken_ms, track))
            for track in tracks
        )
        camera, session = self.published.camera, self.published.session
        return FrameFaces(SCHEMA, camera, session, self._frame, at_ms, interval_ms, faces)

    def _report(self, reports: Iterable[CameraReport], now_s: float) -> None:
        for report in reports:
            self.published.reports.append(report)
            self._send(report, now_s)

    def _send(self, event: FrameFaces | CameraReport, now_s: float) -> None:
        for _ in range(self._habit.copies):
            due_s = now_s + self._dice.uniform(0, self._habit.disorder_s)
            heapq.heappush(self._held, (due_s, self.published.messages, event))
            self.published.messages += 1

    def _clock_ms(self) -> int:
        return utc_ms() + self._habit.skew_ms


class Flow:
    """Cameras that look, each ``FPS`` times a second, on a thread of their own.

    Attributes:
        published: by each of them.
    """

    def __init__(self, cameras: Sequence[SimulatedCamera]) -> None:
        self.published = [camera.published for camera in cameras]
        self._cameras = cameras
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flow", daemon=True)

    def goes_on(self, seconds: float) -> None:
        """Lets the cameras look for a while."""
        until_s = time.monotonic() + seconds
        eventually(lambda: time.monotonic() >= until_s, seconds + 60)
        assert self._thread.is_alive(), "the cameras have stopped"

    def ends(self, timeout_s: float = 30.0) -> int:
        """The shops close, and cameras say goodbye when all is acknowledged; messages that remained."""
        self._closing.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the cameras do not stop"
        deadline_s = time.monotonic() + timeout_s
        return sum(camera.finish(max(0.0, deadline_s - time.monotonic())) for camera in self._cameras)

    def start(self) -> Self:
        """Opens the shops."""
        for camera in self._cameras:
            camera.start()
        self._thread.start()
        return self

    def _run(self) -> None:
        period_s = 1 / FPS
        now_s = time.monotonic()
        due = [(now_s + i * period_s / len(self._cameras), i) for i in range(len(self._cameras))]
        while not self._closing.wait(max(0.0, due[0][0] - time.monotonic())):
            due_s, i = due[0]
            self._cameras[i].look(time.monotonic())
            self._cameras[i].post(time.monotonic())
            heapq.heapreplace(due, (max(due_s + period_s, time.monotonic()), i))
        for camera in self._cameras:
            camera.close_the_shop(time.monotonic())
        while [camera for camera in self._cameras if camera.post(time.monotonic())]:
            time.sleep(period_s)  # what is held back is due by the clock; `ends` has the deadline


@contextmanager
def flow_of(
    broker: MqttSettings, dice: random.Random, habits: Sequence[Habit] = (USUAL,) * 6
) -> Iterator[Flow]:
    """Cameras, one for each habit, that look from now on, and have ended when the context ends."""
    flow = Flow(
        [
            SimulatedCamera(f"shop-{i % 2 + 1}/camera-{i + 1}", broker, dice, habit)
            for i, habit in enumerate(habits)
        ]
    ).start()
    try:
        yield flow
    finally:
        flow.ends(timeout_s=0.0)
