"""Live sources that give the very same picture again and again."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from producer import live
from producer.frames import Clock, Frame, Image, Quiet, wall_clock
from producer.live import LiveSource
from producer.same_picture import SamePicture
from producer.sources import open_source
from tests.support.logs import said

FROZEN_S = 0.5
TEST_CARD = np.full((96, 128, 3), 90, np.uint8)


def noisy(seed: int) -> Image:
    """The same scene, as a sensor gives it."""
    noise = np.random.default_rng(seed).normal(0, 1.5, TEST_CARD.shape)
    return np.clip(TEST_CARD + noise, 0, 255).astype(np.uint8)


def test_the_very_same_picture_is_frozen_after_a_while_and_not_before() -> None:
    picture = SamePicture(30)
    assert [picture.see(TEST_CARD.copy(), at_ms) for at_ms in (0, 15_000, 29_999, 30_000, 45_000)] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_any_other_picture_ends_it() -> None:
    picture = SamePicture(30)
    other = TEST_CARD.copy()
    other[1, 1] += 1  # between the samples
    assert [picture.see(seen, at_ms) for seen, at_ms in ((TEST_CARD, 0), (TEST_CARD, 30_000))] == [
        False,
        True,
    ]
    assert not picture.see(other, 30_001)
    assert not picture.see(other, 60_000)
    assert picture.see(other, 60_001)


def test_a_still_scene_of_a_real_sensor_is_not_frozen() -> None:
    picture = SamePicture(30)
    assert not any(picture.see(noisy(number), 1_000 * number) for number in range(120))


def test_a_picture_of_another_size_is_another() -> None:
    picture = SamePicture(30)
    assert not any(picture.see(seen, at_ms) for at_ms, seen in ((0, TEST_CARD), (40_000, TEST_CARD[:, :64])))


def test_nothing_is_frozen_where_nobody_asks() -> None:
    picture = SamePicture(0)
    assert not any(picture.see(TEST_CARD, at_ms) for at_ms in range(0, 1_000_000, 100_000))


class Looped:
    """A device that gives what ``image`` says, at a pace."""

    def __init__(self, image: Callable[[], Image]) -> None:
        self._image = image

    def read(self) -> Image | None:
        time.sleep(0.01)  # a device has a pace
        return self._image()

    def release(self) -> None:
        """Nothing to close."""


class Once(Looped):
    """An address that answers with one picture."""

    def __init__(self, image: Image) -> None:
        super().__init__(lambda: image)
        self._left = 1

    def read(self) -> Image | None:
        self._left -= 1
        return super().read() if self._left >= 0 else None


@pytest.fixture
def clock() -> Clock:
    return wall_clock(threading.Event())


def test_a_stream_that_freezes_is_opened_again_and_again_until_it_moves(
    clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SHORT_MS", 100)
    caplog.set_level("INFO")
    opened_s: list[float] = []
    frames = iter(range(1_000_000))

    def open_again() -> Looped:
        opened_s.append(time.monotonic())
        moves = len(opened_s) > 4
        return Looped(lambda: noisy(next(frames)) if moves else TEST_CARD.copy())

    source = LiveSource("camera", open_again, 50.0, clock, frozen_s=FROZEN_S)
    while_frozen, after = 0, 0
    for moment in source.moments():
        if isinstance(moment, Frame):
            is_late = len(opened_s) > 1
            while_frozen += is_late and (moment.image == TEST_CARD).all()
            after += len(opened_s) > 4
        if after >= 5:
            break
    source.close()
    assert while_frozen <= 1, "one that was taken just before"
    pauses_s = np.diff(opened_s)[1:]
    assert (np.diff(pauses_s) > 0).all(), pauses_s
    assert said(caplog, live) == [
        "camera: frozen, the very same picture for 0 s; opening it again until it is another",
        "camera: no longer frozen",
    ]


def test_an_address_of_single_pictures_is_asked_as_often_as_before_once_it_has_another_one(
    clock: Clock,
) -> None:
    opened_s: list[float] = []

    def open_again() -> Once:
        opened_s.append(time.monotonic())
        return Once(TEST_CARD.copy() if len(opened_s) <= 6 else noisy(len(opened_s)))

    source = LiveSource("camera", open_again, 50.0, clock, frozen_s=FROZEN_S)
    for _ in source.moments():
        if len(opened_s) == 10:
            break
    source.close()
    pauses_s = np.diff(opened_s)
    assert max(pauses_s[:6]) > 2 * live.REOPEN_PAUSE_S
    assert np.median(pauses_s[6:]) < 2 * live.REOPEN_PAUSE_S


class Camera(BaseHTTPRequestHandler):
    """An MJPEG camera whose decoder freezes after a second, until somebody comes anew."""

    visits = 0

    def do_GET(self) -> None:
        type(self).visits += 1
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with suppress(ConnectionError):
            for number in range(1_000):
                picture = cv2.imencode(".jpg", noisy(min(number, 25)))[1].tobytes()
                self.wfile.write(
                    b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
                    + picture
                    + b"\r\n"
                )
                time.sleep(0.04)  # a camera has a pace

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def frozen_camera() -> Iterator[str]:
    """The address of such a camera."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/live"
        server.shutdown()


def test_a_real_stream_that_freezes_is_quiet_and_opened_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with frozen_camera() as url:
        source = open_source(url, 10.0, clock, loop=False, timeout_s=10.0, frozen_s=1.0)
        quiet = False
        for moment in source.moments():
            is_told = "the very same picture for 1 s" in caplog.text
            quiet = quiet or (is_told and isinstance(moment, Quiet))
            if is_told and isinstance(moment, Frame) and Camera.visits > 1:
                break
        source.close()
    assert quiet
