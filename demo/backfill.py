"""A simulated store's past, written to the streams as workers write, for the aggregator to count.

Its figures come from a script (``demo.plan``), and its sites are marked so.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from classifier_worker.log import EmotionLog, Outcome
from contract import keys
from contract.codec import LogEvent
from contract.events import INTERVAL_MAX_MS, SCHEMA, CameraReport, FaceEmotions, FrameEmotions
from contract.model import CARD_FILE, ModelCard
from contract.windows import GRAIN_MS
from demo.errors import NoHistory
from demo.habits import Camera
from demo.plan import Shift, make_plan
from runtime.redis import Client
from runtime.zones import named_zone

BATCH: Final = 500
"""Events in one round trip."""

BACKLOG: Final = 40_000
"""Entries in a stream at which writing pauses. The aggregator removes processed ones once a second, and only
where they are more than 10,000: with less room, writing would wait for that."""

STREAM_FULL: Final = 200_000
"""Where workers stop writing, too."""

PATIENCE_S: Final = 30.0
"""How long a stream may stand still before nobody is taken to read it: leases of the dead run for five."""

FPS: Final = 5.0
DETECTOR: Final = "simulated"

_BOX: Final = (0.42, 0.3, 0.12, 0.2)
_SCORE: Final = 0.9
_POLL_S: Final = 0.02

OnProgress = Callable[[int, int], None]
"""Told how many of how many days of a camera are written."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        visits: of all cameras.
        frames: each with one face.
        reports: of cameras.
    """

    visits: int = 0
    frames: int = 0
    reports: int = 0


def write_history(
    client: Client,
    cameras: Sequence[Camera],
    until_ms: int,
    days: int,
    seed: int,
    on_progress: OnProgress = lambda _done, _of: None,
    *,
    stop: threading.Event | None = None,
    patience_s: float = PATIENCE_S,
) -> Written:
    """Writes some days of simulated history and waits until the aggregator has counted it.

    Sites are marked as simulated, and given the time zone and hours of the cameras where they have none,
    before anything is written. Repeated within two hours with the same arguments it changes nothing.

    Args:
        client: Redis.
        cameras: whose history it is; the time zone that a site already has goes before a camera's.
        until_ms: UTC; the last day is the one this lies in.
        days: how many, at least 1.
        seed: of all that is drawn.
        on_progress: called after each day of each camera.
        stop: ends it early, without an error.
        patience_s: how long a stream may stand still.

    Raises:
        NoHistory: nobody reads the streams, or the model is unusable.
        SettingsError: a site's time zone is none.
        redis.exceptions.RedisError: Redis does not answer any more.
    """
    stop = stop or threading.Event()
    card = read_card()
    zoned = [_mark_simulated(client, camera) for camera in cameras]
    plan = make_plan(zoned, until_ms, days, seed, np.array(card.soft_confusion))
    streams = _Streams(client, stop, patience_s)
    written = Counter[str]()
    done = 0
    for day in range(days):
        for camera in plan.cameras:
            for shift in plan.shifts(camera, day):
                for events in _batches(shift_events(camera.name, shift, card.version), BATCH):
                    if not streams.append(camera.name, events):
                        return Written(**written)
                    written.update(_columns(events))
                written["visits"] += len(shift.visits)
            done += 1
            on_progress(done, days * len(plan.cameras))
    for camera in plan.cameras:
        streams.wait_until_read(camera.name)
    return Written(**written)


def shift_events(camera: str, shift: Shift, model: str) -> Iterator[LogEvent]:
    """All that a worker would write of a shift, in order of time.

    Args:
        camera: ``site/camera``.
        shift: of it.
        model: version of the model whose S the shift was drawn with.
    """
    faces = sorted(
        (at_ms, track, shift.visits[track].frontal[i], shift.visits[track].probabilities[i])
        for track in range(len(shift.visits))
        for i, at_ms in enumerate(shift.visits[track].at_ms)
    )
    frame = 0
    for seq, from_ms in enumerate(range(shift.start_ms, shift.end_ms, GRAIN_MS)):
        to_ms, before = from_ms + GRAIN_MS, frame
        while frame < len(faces) and faces[frame][0] < to_ms:
            at_ms, track, frontal, p = faces[frame]
            face = FaceEmotions(track, "", _BOX, _SCORE, frontal, p)
            # the frames that are left out did show the face: each stands for as long as a frame may
            yield FrameEmotions(
                SCHEMA, camera, shift.session, frame, at_ms, INTERVAL_MAX_MS, model, at_ms, (face,)
            )
            frame += 1
        yield CameraReport(
            SCHEMA,
            camera,
            shift.session,
            seq,
            from_ms,
            to_ms,
            analysed_ms=GRAIN_MS,
            frames_analysed=round(FPS * GRAIN_MS / 1000),
            frames_published=frame - before,
            faces_published=frame - before,
            dropped=0,
            excluded=0,
            fps=FPS,
            detector=DETECTOR,
        )


def read_card() -> ModelCard:
    """The card of the shipped model.

    Raises:
        NoHistory: it does not say how the model confuses expressions.
    """
    text = files("classifier_worker").joinpath("model", CARD_FILE).read_bytes()
    card = msgspec.json.decode(text, type=ModelCard)
    if card.soft_confusion is None:
        raise NoHistory(f"the model {card.version} does not say which expressions it takes for which")
    return card


def require_unseen(client: Client, cameras: Iterable[Camera]) -> None:
    """Makes sure that cameras have no figures yet, which history would be added to.

    Raises:
        NoHistory: one has.
    """
    for camera in cameras:
        if client.sismember(keys.subjects(keys.partition_of(camera.name)), camera.name):
            raise NoHistory(f"{camera.name} has figures already, and simulated ones would be added to them")


class _Streams:
    """The streams, written no faster than they are read.

    Args:
        client: Redis.
        stop: ends every wait.
        patience_s: how long a stream may stand still.
    """

    def __init__(self, client: Client, stop: threading.Event, patience_s: float) -> None:
        self._client = client
        self._stop = stop
        self._patience_s = patience_s
        self._log = EmotionLog(client, STREAM_FULL)

    def append(self, camera: str, events: Sequence[LogEvent]) -> bool:
        """Appends events of one camera; False where it was told to stop before.

        Raises:
            NoHistory: the stream is full, and nobody reads it.
        """
        stream = keys.stream(keys.partition_of(camera))
        rest = events
        while rest:
            # Room is waited for before anything is appended. FULL alone would not do: where the stream is
            # trimmed amid a batch, what was refused would come minutes of event time after what was taken.
            if not self._wait(stream, lambda: int(self._client.xlen(stream)) < BACKLOG):
                return False
            outcomes = self._log.append(rest)
            rest = [event for event, at in zip(rest, outcomes, strict=True) if at is Outcome.FULL]
        return True

    def wait_until_read(self, camera: str) -> bool:
        """Waits until all of a camera's stream is in its windows; False where it was told to stop.

        Raises:
            NoHistory: nobody reads it.
        """
        stream = keys.stream(keys.partition_of(camera))
        return self._wait(stream, lambda: self._is_read(stream))

    def _is_read(self, stream: str) -> bool:
        group = self._group(stream)
        newest: Any = self._client.xrevrange(stream, count=1)
        return not newest or (group.get("last-delivered-id") == newest[0][0] and not group["pending"])

    def _wait(self, stream: str, is_enough: Callable[[], bool]) -> bool:
        """Waits; the patience begins anew whenever the reader of the stream gets on."""
        seen: object = None
        deadline_s = 0.0
        while not self._stop.is_set():
            if is_enough():
                return True
            group = self._group(stream)
            got_to = group.get("last-delivered-id", b""), group.get("pending", 0)
            if got_to != seen:
                seen, deadline_s = got_to, time.monotonic() + self._patience_s
            elif time.monotonic() >= deadline_s:
                raise NoHistory(
                    f"nobody has read {stream} for {self._patience_s:.0f} s: is the aggregator running?"
                )
            self._stop.wait(_POLL_S)
        return False

    def _group(self, stream: str) -> dict[str, Any]:
        """How far the aggregators have read; empty where none has ever looked."""
        groups: Any = self._client.xinfo_groups(stream) if self._client.exists(stream) else []
        return next((group for group in groups if group["name"] == keys.GROUP.encode()), {})


def _mark_simulated(client: Client, camera: Camera) -> Camera:
    """Marks a camera's site; the camera with the time zone that the site's windows are cut in."""
    site = keys.site(camera.site)
    client.hset(site, "simulated", 1)
    client.hsetnx(site, "hours", str(camera.hours))
    client.hsetnx(site, "time_zone", str(camera.time_zone))
    name = client.hget(site, "time_zone")
    return replace(camera, time_zone=named_zone(name or ""))


def _batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch


def _columns(events: Sequence[LogEvent]) -> dict[str, int]:
    frames = sum(isinstance(event, FrameEmotions) for event in events)
    return {"frames": frames, "reports": len(events) - frames}
