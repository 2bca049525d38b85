from dataclasses import dataclass, field

import numpy as np
import pytest

from contract.codec import decode, encode
from contract.events import FACES_MAX, CameraReport, FrameFaces
from producer.camera import Camera, Event
from producer.detection import Detection
from producer.errors import ClockWentBack
from producer.frames import Frame, Image
from producer.reporter import Reporter

START_MS = 1_700_000_000_000
NAME, SESSION = "shop-1/entrance", "00112233aabbccdd"
FACE_PX = (12, 90)


@dataclass
class Scripted:
    """A detector that finds what the test puts there."""

    found: list[Detection] = field(default_factory=list)
    name: str = "scripted"

    def detect(self, image: Image) -> list[Detection]:
        assert image.shape == (200, 400, 3)
        return self.found


def face(x: float = 100.0, y: float = 50.0, size: float = 40.0, score: float = 0.9) -> Detection:
    return Detection((x, y, size, size), score, None)


def camera_with(detector: Scripted) -> Camera:
    reporter = Reporter(NAME, SESSION, 5.0, detector.name, START_MS)
    return Camera(NAME, SESSION, detector, reporter, FACE_PX, START_MS)


def frame(at_ms: int) -> Frame:
    return Frame(np.full((200, 400, 3), 128, np.uint8), START_MS + at_ms)


def faces_of(events: list[Event]) -> FrameFaces:
    [event] = [event for event in events if isinstance(event, FrameFaces)]
    assert decode(encode(event), FrameFaces) == event
    return event


def test_a_frame_with_a_face_becomes_an_event() -> None:
    camera = camera_with(Scripted([face()]))
    event = faces_of(camera.see(frame(0)))
    assert (event.camera, event.session, event.frame) == (NAME, SESSION, 0)
    assert (event.captured_at_ms, event.interval_ms) == (START_MS, 0)
    [one] = event.faces
    assert (one.track, one.zone, one.box, one.score) == (0, "", (0.25, 0.25, 0.1, 0.2), 0.9)


def test_a_frame_without_faces_is_no_event_but_takes_a_number() -> None:
    detector = Scripted()
    camera = camera_with(detector)
    assert camera.see(frame(0)) == []
    detector.found = [face()]
    assert faces_of(camera.see(frame(200))).frame == 1


def test_the_interval_is_the_time_since_the_last_analysed_frame_up_to_a_second() -> None:
    camera = camera_with(Scripted([face()]))
    intervals = [faces_of(camera.see(frame(at_ms))).interval_ms for at_ms in (0, 200, 700, 9_000)]
    assert intervals == [0, 200, 500, 1_000]


def test_a_box_is_cut_at_the_edge_of_the_frame_and_rounded() -> None:
    camera = camera_with(Scripted([face(-10.0, 180.0, 33.33)]))
    assert faces_of(camera.see(frame(0))).faces[0].box == (0.0, 0.9, 0.0583, 0.1)


def test_only_the_largest_faces_travel() -> None:
    crowd = [face(10.0 + 7 * number, 10, 13.0 + number) for number in range(FACES_MAX + 5)]
    event = faces_of(camera_with(Scripted(crowd)).see(frame(0)))
    assert len(event.faces) == FACES_MAX
    assert [one.track for one in event.faces] == list(range(FACES_MAX + 4, 4, -1))


@pytest.mark.parametrize("size", [FACE_PX[0] - 1.0, FACE_PX[1] + 1.0])
def test_faces_too_small_to_read_or_too_large_to_be_there_are_left_out(size: float) -> None:
    camera = camera_with(Scripted([face(size=size)]))
    assert camera.see(frame(0)) == []
    assert camera.tracks == 0


def test_reports_come_before_the_frame_that_follows_them_and_count_what_was_published() -> None:
    detector = Scripted([face(), face(300.0)])
    camera = camera_with(detector)
    camera.see(frame(9_600))
    detector.found = []
    camera.see(frame(9_800))
    detector.found = [face()]
    report, event = camera.see(frame(10_000))
    assert isinstance(report, CameraReport)
    assert isinstance(event, FrameFaces)
    assert (report.frames_analysed, report.frames_published, report.faces_published) == (2, 1, 2)
    assert report.analysed_ms == 400
    assert (camera.frames_analysed, camera.frames_published, camera.faces_published) == (3, 2, 3)


def test_a_face_left_out_as_unsure_is_not_counted_as_published() -> None:
    camera = camera_with(Scripted([face(score=0.65)]))
    assert camera.see(frame(0)) == []
    faces_of(camera.see(frame(200)))
    [report] = camera.finish()
    assert isinstance(report, CameraReport)
    assert (report.frames_analysed, report.frames_published, report.faces_published) == (2, 1, 1)


def test_a_camera_that_sees_nothing_new_still_reports() -> None:
    [report] = camera_with(Scripted()).quiet(START_MS + 11_500)
    assert isinstance(report, CameraReport)
    assert (report.frames_analysed, report.analysed_ms) == (0, 0)


def test_the_last_report_includes_the_last_frame() -> None:
    camera = camera_with(Scripted([face()]))
    camera.see(frame(0))
    camera.see(frame(9_999))
    [report] = camera.finish()
    assert isinstance(report, CameraReport)
    assert (report.from_ms, report.to_ms) == (START_MS, START_MS + 10_000)
    assert report.frames_published == 2


def test_a_clock_set_back_a_little_stands_still() -> None:
    camera = camera_with(Scripted([face()]))
    camera.see(frame(4_000))
    event = faces_of(camera.see(frame(1_000)))
    assert (event.captured_at_ms, event.interval_ms) == (START_MS + 4_000, 0)


def test_a_clock_set_back_far_is_an_error() -> None:
    camera = camera_with(Scripted([face()]))
    camera.see(frame(60_000))
    with pytest.raises(ClockWentBack, match="went back by 50 s"):
        camera.see(frame(10_000))
