"""A DeepLens shares no code with the producer, and does as it does: held against it on drawn input."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.topics import Suffix
from edge.deeplens.device import camera as device_camera
from edge.deeplens.device import framing as device_framing
from edge.deeplens.device import outbox as device_outbox
from edge.deeplens.device import reporter as device_reporter
from edge.deeplens.device import tracker as device_tracker
from producer.camera import Camera
from producer.detection import Detection
from producer.frames import Frame
from producer.framing import crop_face
from producer.outbox import LIFETIME_S, REPEAT_S, Outbox
from producer.reporter import Reporter
from producer.tracker import Tracker
from tests.support.events import CAMERA, SESSION

SIZE = (320.0, 240.0)
START_MS = 1_795_384_800_123
NEVER_S = 1e9  # a DeepLens knows no zones, no staff and no posters
BUSY = settings(max_examples=50)
GREY = np.random.default_rng(1).integers(0, 256, (240, 320), np.uint8)

SIDES = st.floats(12, 200)
BOXES = st.tuples(st.floats(-40, 300), st.floats(-40, 220), SIDES, SIDES)
FACES = st.lists(st.tuples(BOXES, st.floats(0.5, 1)), max_size=4)
STEPS = st.integers(0, 3000)


def on_the_device(found: list[Any]) -> list[device_tracker.Detection]:
    return [device_tracker.Detection(box, score) for box, score in found]


@BUSY
@given(scene=st.lists(st.tuples(STEPS, FACES), max_size=12))
def test_faces_have_the_tracks_that_the_producer_gives_them(scene: list[Any]) -> None:
    ours, theirs, at_ms = Tracker(), device_tracker.Tracker(), START_MS
    for step_ms, found in scene:
        at_ms += step_ms
        seen = ours.update([Detection(box, score, None) for box, score in found], at_ms, SIZE)
        assert theirs.update(on_the_device(found), at_ms, SIZE) == [
            (track, (detection.box, detection.score)) for track, detection in seen
        ]


@BUSY
@given(box=BOXES)
def test_crops_are_those_that_the_producer_cuts_where_it_has_no_landmarks(box: Any) -> None:
    assert device_framing.crop_face(GREY, box) == crop_face(GREY, Detection(box, 0.9, None))


class Scripted:
    """A detector that answers what it is told."""

    name = "scripted"

    def __init__(self) -> None:
        self.found: list[Detection] = []

    def detect(self, _image: object) -> list[Detection]:
        return self.found


@BUSY
@given(scene=st.lists(st.tuples(STEPS, st.none() | FACES), max_size=12), dropped=st.integers(0, 3))
def test_what_is_said_of_frames_and_pauses_is_what_the_producer_says(scene: list[Any], dropped: int) -> None:
    detector = Scripted()
    ours_reporter = Reporter(CAMERA, SESSION, 5.0, "scripted", START_MS)
    ours = Camera(CAMERA, SESSION, detector, ours_reporter, (12, 1e9), START_MS, poster_s=NEVER_S)
    reporter = device_reporter.Reporter(CAMERA, SESSION, 5.0, "scripted", START_MS)
    theirs = device_camera.Camera(CAMERA, SESSION, reporter, START_MS)
    image, at_ms = np.dstack([GREY] * 3), START_MS
    for step_ms, found in scene:
        at_ms += step_ms * 5
        if found is None:
            said: list[Any] = list(theirs.quiet(at_ms))
            expected = ours.quiet(at_ms)
        else:
            detector.found = [Detection(box, score, None) for box, score in found]
            expected = ours.see(Frame(image, at_ms))
            reports, faces = theirs.see(image, on_the_device(found), at_ms)
            said = [*reports, *([faces] if faces else [])]
        assert list(map(plain, said)) == list(map(plain, expected))
        reporter.dropped(dropped)
        ours_reporter.dropped(dropped)
    assert list(map(plain, theirs.finish())) == list(map(plain, ours.finish()))


def plain(event: Any) -> Any:
    """Values alone, whichever of the two wrote them."""
    if isinstance(event, tuple):
        return tuple(map(plain, event))
    names = getattr(event, "__struct_fields__", None)
    return tuple(plain(getattr(event, name)) for name in names) if names else event


def test_messages_live_as_long_as_the_producers() -> None:
    assert dict(LIFETIME_S) == device_outbox.LIFETIME_S
    assert REPEAT_S == device_outbox.REPEAT_S


@BUSY
@given(
    happenings=st.lists(
        st.one_of(
            st.tuples(
                st.just("put"),
                st.sampled_from([Suffix.FACES, Suffix.EMOTIONS, Suffix.REPORTS]),
                st.integers(1, 50),
            ),
            st.tuples(st.just("take")),
            st.tuples(st.just("answer"), st.booleans(), st.integers(0, 9)),
            st.tuples(st.just("lost")),
            st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 12.0, 40.0, 3600.0])),
        ),
        max_size=60,
    )
)
def test_the_outbox_keeps_sends_and_gives_up_what_the_producers_does(happenings: list[Any]) -> None:
    """What happens to one happens to the other: messages come, go, are answered, or the connection breaks."""
    bounds = {"messages_max": 6, "bytes_max": 150, "inflight_max": 3, "retry_pause_s": 1.0}
    ours, theirs = Outbox(**bounds), device_outbox.Outbox(**bounds)  # type: ignore[arg-type]
    now_s = 100.0
    under_way: list[int] = []
    for what, *details in happenings:
        if what == "put":
            for box in (ours, theirs):
                box.put(details[0], bytes(details[1]), now_s)
        elif what == "take":
            taken = ours.take(now_s)
            assert [tuple(message) for message in theirs.take(now_s)] == [
                (one.id, one.suffix, one.payload, one.expires_s, one.unsure, one.repeat) for one in taken
            ]
            under_way += [message.id for message in taken]
        elif what == "answer" and under_way:
            number = under_way.pop(details[1] % len(under_way))
            for box in (ours, theirs):
                (box.acknowledged if details[0] else box.unsent)(number, now_s)
        elif what == "lost":
            under_way.clear()
            for box in (ours, theirs):
                box.connection_lost()
        elif what == "wait":
            now_s += details[0]
        assert len(theirs) == len(ours)
        assert dict(theirs.dropped) == dict(ours.dropped)
