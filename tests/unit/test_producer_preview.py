import re
from itertools import pairwise

import cv2
import numpy as np
import pytest

from contract.codec import decode, encode
from contract.events import PREVIEW_BYTES_MAX, PREVIEW_FOR_S, Preview
from producer.frames import Frame, Image
from producer.preview import PERIOD_MS, SIDE_MAX_PX, Previewer, shown
from producer.zones import Zones

START_MS = 1_700_000_000_000
NAME, SESSION = "shop-1/entrance", "00112233aabbccdd"
END_MS = PREVIEW_FOR_S * 1000
GREY = np.full((90, 160, 3), 128, np.uint8)


def previewer() -> Previewer:
    return Previewer(NAME, SESSION, START_MS, Zones())


def frame(at_ms: int, image: Image = GREY) -> Frame:
    return Frame(image, START_MS + at_ms)


def only(preview: Preview | None) -> Preview:
    assert preview
    assert decode(encode(preview), Preview) == preview
    return preview


def decoded(preview: Preview) -> Image:
    picture = cv2.imdecode(np.frombuffer(preview.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_a_preview_says_which_frame_it_is_of_and_shows_it() -> None:
    red = np.zeros((90, 160, 3), np.uint8)
    red[..., 2] = 200
    preview = only(previewer().preview(frame(40, red), 7))
    assert (preview.camera, preview.session, preview.frame) == (NAME, SESSION, 7)
    assert preview.captured_at_ms == START_MS + 40
    np.testing.assert_allclose(decoded(preview), red, atol=3)


@pytest.mark.parametrize("fps", [1, 2, 5, 30])
def test_there_are_at_most_two_a_second(fps: int) -> None:
    camera = previewer()
    times = [round(number * 1000 / fps) for number in range(fps * 20)]
    taken = [at_ms for at_ms in times if camera.preview(frame(at_ms), 0)]
    assert all(later - earlier >= PERIOD_MS for earlier, later in pairwise(taken))
    assert len(taken) >= min(fps, 1.6) * 20


def test_a_frame_that_is_not_due_is_not_even_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = previewer()
    camera.preview(frame(0), 0)

    def refuse(*_: object) -> None:
        raise AssertionError("encoded a frame that nobody is shown")

    monkeypatch.setattr(cv2, "resize", refuse)
    monkeypatch.setattr(cv2, "imencode", refuse)
    assert camera.preview(frame(PERIOD_MS - 1, np.zeros((2160, 3840, 3), np.uint8)), 1) is None


def test_they_end_by_themselves_after_ten_minutes_and_say_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    camera = previewer()
    assert END_MS == 600_000
    assert camera.preview(frame(END_MS - 1), 0)
    later_ms = [END_MS, END_MS + 500, END_MS + 1_000, 2 * END_MS]
    assert [camera.preview(frame(at_ms), 1) for at_ms in later_ms] == [None] * 4
    said = [line for line in caplog.messages if "ended" in line]
    assert said == ["previews have ended after 10 min; another start begins anew"]


def test_what_has_ended_stays_so_where_the_clock_is_set_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    camera = previewer()
    assert camera.preview(frame(END_MS), 0) is None
    assert camera.preview(frame(END_MS - 4_000), 1) is None
    assert len(re.findall("ended", caplog.text)) == 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1080, 1920), (360, 640)),
        ((1920, 1080), (640, 360)),
        ((480, 640), (480, 640)),
        ((90, 160), (90, 160)),
        ((3, 4000), (1, 640)),
    ],
)
def test_the_long_side_is_at_most_640_pixels(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert shown(np.zeros((*size, 3), np.uint8), Zones(), []).shape == (*expected, 3)


def test_the_hardest_picture_fits_into_a_message() -> None:
    rng = np.random.default_rng(0)
    noise = (255 * rng.integers(0, 2, (SIDE_MAX_PX, SIDE_MAX_PX, 3))).astype(np.uint8)
    hard = only(previewer().preview(frame(0, noise), 0))
    assert PREVIEW_BYTES_MAX / 2 < len(hard.jpeg) <= PREVIEW_BYTES_MAX
    assert decoded(hard).shape == noise.shape


def test_an_easy_picture_is_not_spoilt() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    image = np.dstack([ramp, ramp.T, np.full_like(ramp, 90)])
    difference = decoded(only(previewer().preview(frame(0, image), 0))).astype(int) - image
    assert np.abs(difference).mean() < 2
