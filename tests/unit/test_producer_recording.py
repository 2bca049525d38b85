from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from producer import playback
from producer.errors import SourceUnusable
from producer.frames import Clock, Frame, Image, Moment, Quiet
from producer.playback import Playback, Sampler
from producer.recording import ImageFolder, VideoFile
from tests.support.logs import said

START_MS = 1_700_000_000_000
SIZE = (64, 48)


@dataclass
class Hands:
    """A clock that only moves when somebody waits."""

    now_ms: int = START_MS
    stop_at_ms: int = 2**62

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: self.now_ms, wait=self.wait)

    def wait(self, seconds: float) -> bool:
        self.now_ms += round(seconds * 1000)
        return self.now_ms >= self.stop_at_ms


@dataclass
class Script:
    """A recording of grey pictures at given media times; None: corrupt."""

    at_ms: list[float]
    interval_ms: float = 40.0
    corrupt: frozenset[int] = frozenset()
    name: str = "script"
    played: int = field(default=0)

    def pictures(self) -> Iterator[tuple[float, Image | None]]:
        self.played += 1
        for number, at_ms in enumerate(self.at_ms):
            yield at_ms, None if number in self.corrupt else picture(number)


def picture(shade: int) -> Image:
    return np.full((SIZE[1], SIZE[0], 3), shade, np.uint8)


def shade(image: Image) -> int:
    return round(float(image.mean()))


def write_video(file: Path, frames: int, fps: float) -> Path:
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE)
    assert writer.isOpened()
    for number in range(frames):
        writer.write(picture(number * 10))
    writer.release()
    return file


def write_gif(file: Path, durations_ms: list[int]) -> Path:
    animation = cv2.Animation()
    animation.frames = [picture(number * 20) for number in range(len(durations_ms))]
    animation.durations = durations_ms
    assert cv2.imwriteanimation(str(file), animation)
    return file


def times(moments: list[Moment]) -> list[int]:
    return [moment.captured_at_ms - START_MS for moment in moments if isinstance(moment, Frame)]


def taken(sampler: Sampler, at_ms: list[float]) -> list[float]:
    return [at for at in at_ms if sampler.takes(at)]


def test_at_its_own_rate_or_more_each_frame_is_analysed_once() -> None:
    gif = [0.0, 80.0, 170.0, 250.0, 330.0, 420.0]  # 12.5 a second, rounded to 10 ms
    for fps in (12.5, 25.0, 1000.0):
        assert taken(Sampler(fps, 80.0), gif) == gif


def test_at_a_lower_rate_the_frames_nearest_to_the_grid_are_analysed() -> None:
    video = [number * 40.0 for number in range(26)]
    assert taken(Sampler(5.0, 40.0), video) == [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    gif = [0.0, 80.0, 170.0, 250.0, 330.0, 420.0, 500.0, 580.0]
    assert taken(Sampler(5.0, 80.0), gif) == [0.0, 170.0, 420.0, 580.0]


def test_after_a_gap_one_frame_is_analysed_and_not_many() -> None:
    assert taken(Sampler(5.0, 40.0), [0.0, 5_000.0, 5_040.0, 5_080.0, 5_200.0]) == [0.0, 5_000.0, 5_200.0]


def test_a_frame_is_stamped_with_start_plus_media_time_and_never_comes_early() -> None:
    hands = Hands()
    for moment in Playback(Script([0, 200, 400]), 5.0, hands.clock(), loop=False).moments():
        assert isinstance(moment, Frame)
        assert moment.captured_at_ms == hands.now_ms


def test_a_slow_taker_loses_no_frame_and_times_keep_the_spacing_of_the_media() -> None:
    hands = Hands()
    seen = []
    for moment in Playback(Script([0, 200, 400, 600]), 5.0, hands.clock(), loop=False).moments():
        seen.append(moment)
        hands.now_ms += 1_000
    assert times(seen) == [0, 200, 400, 600]


def test_a_long_pause_is_told() -> None:
    hands = Hands()
    moments = list(Playback(Script([0, 3_000]), 5.0, hands.clock(), loop=False).moments())
    assert moments[1:3] == [Quiet(START_MS + 1_000), Quiet(START_MS + 2_000)]
    assert times(moments) == [0, 3_000]


def test_a_stop_ends_playback() -> None:
    hands = Hands(stop_at_ms=START_MS + 500)
    assert times(list(Playback(Script([0, 400, 800]), 5.0, hands.clock(), loop=False).moments())) == [0, 400]


def test_a_loop_goes_on_in_time() -> None:
    hands = Hands(stop_at_ms=START_MS + 1_000)
    script = Script([0, 200, 400], interval_ms=200.0)
    assert times(list(Playback(script, 5.0, hands.clock(), loop=True).moments())) == [0, 200, 400, 600, 800]


def test_corrupt_frames_are_skipped_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    script = Script([0, 200, 400, 600], corrupt=frozenset({1, 2}))
    assert times(list(Playback(script, 5.0, Hands().clock(), loop=False).moments())) == [0, 600]
    assert said(caplog, playback) == ["script: skipping frames that cannot be decoded"]


@pytest.mark.parametrize("loop", [False, True])
def test_a_recording_without_one_good_frame_is_an_error(loop: bool) -> None:
    script = Script([0, 200], corrupt=frozenset({0, 1}))
    with pytest.raises(SourceUnusable, match="holds no frame"):
        list(Playback(script, 5.0, Hands().clock(), loop=loop).moments())


def test_a_video_file_gives_its_frames_at_their_times(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "clip.avi", 20, 10.0))
    pictures = list(video.pictures())
    assert [round(at_ms) for at_ms, _ in pictures] == [number * 100 for number in range(20)]
    assert [shade(image) for _, image in pictures if image is not None] == pytest.approx(
        [number * 10 for number in range(20)], abs=2
    )
    assert video.interval_ms == pytest.approx(100)


def test_a_gif_gives_its_frames_at_their_own_uneven_times(tmp_path: Path) -> None:
    gif = VideoFile(write_gif(tmp_path / "clip.gif", [100, 300, 50, 100]))
    assert [round(at_ms) for at_ms, image in gif.pictures() if image is not None] == [0, 100, 400, 450]


def test_a_video_can_be_played_again(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "clip.avi", 5, 10.0))
    hands = Hands(stop_at_ms=START_MS + 1_000)
    assert times(list(Playback(video, 5.0, hands.clock(), loop=True).moments())) == [0, 200, 400, 600, 800]


def test_a_video_damaged_in_the_middle_plays_on_after_it(tmp_path: Path) -> None:
    file = write_video(tmp_path / "clip.avi", 20, 10.0)
    data = bytearray(file.read_bytes())
    frames = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xd8"]  # JPEG's first marker
    for at in frames[8:11]:
        data[at : at + 600] = bytes(600)
    file.write_bytes(data)
    moments = list(Playback(VideoFile(file), 10.0, Hands().clock(), loop=False).moments())
    seen = [round(shade(moment.image), -1) for moment in moments if isinstance(moment, Frame)]
    assert seen[:8] == [number * 10 for number in range(8)]
    assert seen[-7:] == [number * 10 for number in range(13, 20)]
    assert times(moments) == sorted(set(times(moments)))


def test_a_video_cut_short_ends_with_its_last_frame(tmp_path: Path) -> None:
    file = write_gif(tmp_path / "clip.gif", [100] * 12)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    seen = times(list(Playback(VideoFile(file), 10.0, Hands().clock(), loop=False).moments()))
    assert 0 < len(seen) < 12
    assert seen == [number * 100 for number in range(len(seen))]


def test_a_folder_gives_its_pictures_by_name_at_the_analysis_rate(tmp_path: Path) -> None:
    for name, value in (("b.png", 20), ("a.jpg", 10), ("c.PNG", 30)):
        (tmp_path / name).write_bytes(cv2.imencode(Path(name).suffix.lower(), picture(value))[1].tobytes())
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "d.png").write_bytes(b"not a picture at all")
    moments = list(Playback(ImageFolder(tmp_path, 4.0), 4.0, Hands().clock(), loop=False).moments())
    assert times(moments) == [0, 250, 500]
    assert [shade(moment.image) for moment in moments if isinstance(moment, Frame)] == [10, 20, 30]


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"no picture in .*\.jpg"):
        ImageFolder(tmp_path, 5.0)


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    text, empty = tmp_path / "notes.txt", tmp_path / "empty.mp4"
    text.write_text("no video")
    empty.touch()
    with pytest.raises(SourceUnusable, match=r"cannot read .*notes\.txt as a video"):
        VideoFile(text)
    with pytest.raises(SourceUnusable, match="it is empty"):
        VideoFile(empty)
