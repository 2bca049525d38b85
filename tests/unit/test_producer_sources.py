import re
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from producer import live
from producer.errors import SourceUnavailable, SourceUnusable
from producer.frames import Clock, Frame, Image, Moment, Quiet, Source, wall_clock
from producer.live import LiveSource
from producer.same_picture import SamePicture
from producer.sources import PLUGINS, open_source
from tests.support.logs import said
from tests.support.services import eventually, free_port


class FakeCapture:
    """A device that gives numbered frames when the test says so, and may be unplugged."""

    def __init__(self, frames: int, pause_s: float = 0.0) -> None:
        self.left = frames
        self.pause_s = pause_s
        self.released = False

    def read(self) -> Image | None:
        if self.left == 0:
            return None
        self.left -= 1
        time.sleep(self.pause_s)  # a device has a pace
        return np.full((4, 4, 3), self.left % 256, np.uint8)

    def release(self) -> None:
        self.released = True


def watch(source: Source, count: int, within_s: float = 10.0) -> list[Frame]:
    """The next frames of a source, which must come in time; then it is closed."""
    frames: list[Frame] = []
    deadline = time.monotonic() + within_s
    for moment in source.moments():
        assert time.monotonic() < deadline, f"only {len(frames)} frames"
        if isinstance(moment, Frame):
            frames.append(moment)
        if len(frames) == count:
            break
    source.close()
    return frames


@pytest.fixture
def clock() -> Clock:
    return wall_clock(threading.Event())


def test_only_the_newest_frame_is_handed_out(clock: Clock) -> None:
    capture = FakeCapture(1000, pause_s=0.002)
    source = LiveSource("camera", lambda: FakeCapture(0), 1000.0, clock, first=capture)
    moments = source.moments()
    first = next(moments)
    before = capture.left
    eventually(lambda: capture.left < before - 50, 10, "frames that nobody takes")
    second = next(moments)
    source.close()
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert second.captured_at_ms - first.captured_at_ms >= 50
    assert clock.now_ms() - second.captured_at_ms < 1_000


def test_frames_come_no_faster_than_the_analysis_rate(clock: Clock) -> None:
    source = LiveSource("camera", lambda: FakeCapture(0), 20.0, clock, first=FakeCapture(10_000, 0.001))
    frames = watch(source, 6)
    assert frames[-1].captured_at_ms - frames[0].captured_at_ms >= 150
    assert [f.captured_at_ms for f in frames] == sorted(f.captured_at_ms for f in frames)


def test_a_stream_that_ends_is_opened_again() -> None:
    captures: list[FakeCapture] = []

    def open_again() -> FakeCapture:
        captures.append(FakeCapture(3, 0.01))
        return captures[-1]

    frames = watch(LiveSource("camera", open_again, 1000.0, wall_clock(threading.Event())), 7)
    assert len(frames) == 7
    assert len(captures) >= 3
    assert captures[0].released


def test_a_stream_that_does_not_answer_is_tried_again(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    attempts = 0

    def open_at_the_second_attempt() -> FakeCapture:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise SourceUnavailable("the camera does not answer")
        return FakeCapture(100, 0.01)

    assert len(watch(LiveSource("camera", open_at_the_second_attempt, 100.0, clock), 1)) == 1
    assert any("the camera does not answer; trying again" in line for line in caplog.messages)


def test_a_frozen_camera_is_quiet_and_its_times_never_go_back(clock: Clock) -> None:
    thaw = threading.Event()

    class Frozen(FakeCapture):
        def read(self) -> Image | None:
            thaw.wait(10)
            return super().read()

    source = LiveSource("camera", lambda: FakeCapture(0), 100.0, clock, first=Frozen(100, 0.01))
    seen: list[Moment] = []
    for moment in source.moments():
        seen.append(moment)
        if len(seen) == 2:
            thaw.set()
        if isinstance(moment, Frame):
            break
    source.close()
    assert isinstance(seen[0], Quiet)
    assert isinstance(seen[1], Quiet)
    assert isinstance(seen[-1], Frame)
    assert seen[1].until_ms <= seen[-1].captured_at_ms


def test_a_frame_that_was_long_looked_at_is_no_older_than_the_quiet_before_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = threading.Event()
    monkeypatch.setattr(SamePicture, "see", lambda *_: not looked_at.wait(10))
    source = LiveSource("camera", lambda: FakeCapture(0), 100.0, clock, first=FakeCapture(1))
    moments = source.moments()
    quiet = next(moments)
    looked_at.set()
    frame = next(moment for moment in moments if isinstance(moment, Frame))
    source.close()
    assert isinstance(quiet, Quiet)
    assert quiet.until_ms <= frame.captured_at_ms


def test_a_stop_ends_a_silent_camera() -> None:
    stop = threading.Event()
    source = LiveSource("camera", lambda: FakeCapture(0), 5.0, wall_clock(stop), first=FakeCapture(0))
    moments = source.moments()
    assert isinstance(next(moments), Quiet)
    stop.set()
    assert list(moments) == []
    source.close()


def test_a_missing_file_is_named(clock: Clock) -> None:
    with pytest.raises(SourceUnusable, match=r"no such file, folder or webcam: nowhere\.mp4"):
        open_source("nowhere.mp4", 5.0, clock, loop=False, timeout_s=1.0)


def store_of(plugins: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets these be the kinds of sources that are installed, each with where its function is."""
    installed = EntryPoints(EntryPoint(name, value, PLUGINS) for name, value in plugins.items())
    monkeypatch.setattr("producer.sources.entry_points", lambda group: installed.select(group=group))


def opened_far_away(rest: str, fps: float, clock: Clock) -> Source:
    return SimpleNamespace(rest=rest, fps=fps, clock=clock)


def test_a_kind_of_source_of_another_package_is_opened_by_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_of({"nvr": f"{__name__}:opened_far_away"}, monkeypatch)
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(opened_far_away=opened_far_away))
    source = open_source("nvr:3:left", 5.0, clock, loop=False, timeout_s=10.0)
    assert source == SimpleNamespace(rest="3:left", fps=5.0, clock=clock)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nvr:3", "nor a kind of source: nvr:3 (kinds: gone, lost)"),
        ("gone:3", "gone: no_such_package:open_it cannot be loaded: No module named"),
        ("lost:3", "lost: json:open_it cannot be loaded: module 'json' has no attribute"),
    ],
)
def test_a_kind_of_source_that_cannot_be_used_is_named(
    given: str, says: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_of({"gone": "no_such_package:open_it", "lost": "json:open_it"}, monkeypatch)
    with pytest.raises(SourceUnusable, match=re.escape(says)):
        open_source(given, 5.0, clock, loop=False, timeout_s=10.0)


def test_a_missing_webcam_is_named(clock: Clock) -> None:
    with pytest.raises(SourceUnavailable, match="webcam 77"):
        open_source("77", 5.0, clock, loop=False, timeout_s=1.0)


def test_an_empty_folder_is_named(clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="no picture"):
        open_source(str(tmp_path), 5.0, clock, loop=False, timeout_s=1.0)


def test_a_stream_that_ends_at_once_is_asked_less_and_less_often_and_told_of_once(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    opened_s: list[float] = []

    def open_again() -> FakeCapture:
        opened_s.append(time.monotonic())
        return FakeCapture(3)

    source = LiveSource("camera", open_again, 10.0, clock, first=FakeCapture(3))
    for _ in source.moments():
        if len(opened_s) == 3:
            break
    source.close()
    first, second, third = opened_s
    assert third - second > 1.5 * (second - first)
    assert said(caplog, live) == ["camera: no more frames, opening it again"]


class Stream(BaseHTTPRequestHandler):
    """An MJPEG camera that hangs up after a second; then it can be asked again."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        picture = cv2.imencode(".jpg", np.full((48, 64, 3), 100, np.uint8))[1].tobytes()
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
        with suppress(ConnectionError):
            for _ in range(25):
                self.wfile.write(part + picture + b"\r\n")
                time.sleep(0.04)  # a camera has a pace

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_stream_over_http_is_read_and_opened_again_when_it_ends(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/live"
        source = open_source(url, 10.0, clock, loop=False, timeout_s=2.0)
        frames = []
        for moment in source.moments():
            if isinstance(moment, Frame):
                frames.append(moment)
                if "no more frames, opening it again" in caplog.text and len(frames) > 15:
                    break
        source.close()
        server.shutdown()
    assert frames[0].image.shape == (48, 64, 3)
    assert abs(frames[0].image.mean() - 100) < 3


def test_a_stream_that_is_down_is_waited_for_and_its_password_is_never_shown(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"127.0.0.1:{free_port()}/live"
    source = open_source(f"http://user:secret@{address}?token=secret", 5.0, clock, loop=False, timeout_s=1.0)
    assert source.live
    assert source.name == f"http://{address}"
    for _ in source.moments():
        if any("does not answer with a video stream" in line for line in caplog.messages):
            break
    source.close()
    assert "secret" not in caplog.text


def test_a_streams_name_holds_no_password(clock: Clock) -> None:
    port = free_port()
    source = open_source(
        f"rtsp://admin:pa/ss@127.0.0.1:{port}/door?token=x", 5, clock, loop=False, timeout_s=1
    )
    assert source.name == f"rtsp://127.0.0.1:{port}/door"
    source.close()


def test_a_file_that_may_not_be_looked_at_is_one_clear_error(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_char_device", refuse)
    with pytest.raises(SourceUnusable, match=r"cannot read /closed/clip\.mp4: permission denied"):
        open_source("/closed/clip.mp4", 5, clock, loop=False, timeout_s=1)
