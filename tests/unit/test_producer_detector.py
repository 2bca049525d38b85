import math
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from contract.events import FrameFaces
from producer import detector as detector_module
from producer import yunet_file as yunet_file_module
from producer.camera import Camera
from producer.detector import open_detector
from producer.errors import DetectorUnusable
from producer.frames import Clock, Frame, Image
from producer.framing import roll_rad
from producer.haar import Haar
from producer.playback import Playback
from producer.recording import VideoFile
from producer.reporter import Reporter
from producer.settings import ProducerSettings
from producer.yunet import Yunet
from producer.yunet_file import YunetUnavailable, fetch_yunet, read_yunet
from tests.support.logs import said
from tests.support.services import free_port

NATIVE_FPS = 60.0  # more than the clips have: each frame once


@pytest.fixture
def yunet_file(shared: Path) -> Path:
    return shared / "models/face_detection_yunet_2023mar.onnx"


@pytest.fixture
def yunet(yunet_file: Path) -> Yunet:
    return Yunet(read_yunet(yunet_file), score_min=0.6, side_max_px=960, closeups_max=10)


def drawn_face(size: int = 200) -> Image:
    """Just enough of a face for a cascade: bright skin, dark eyes and brows, nose, mouth."""
    image = np.full((size * 2, size * 2, 3), 90, np.uint8)
    middle = size

    def ellipse(x: float, y: float, w: float, h: float, shade: int) -> None:
        centre = (round(middle + x * size), round(middle + y * size))
        cv2.ellipse(image, centre, (round(w * size), round(h * size)), 0, 0, 360, (shade,) * 3, -1)

    ellipse(0, 0, 0.42, 0.55, 200)
    for side in (-1, 1):
        ellipse(side * 0.17, -0.12, 0.09, 0.045, 60)
        ellipse(side * 0.17, -0.21, 0.11, 0.025, 80)
    ellipse(0, 0.08, 0.035, 0.1, 225)
    ellipse(0, 0.17, 0.07, 0.02, 130)
    ellipse(0, 0.3, 0.14, 0.035, 90)
    return cv2.GaussianBlur(image, (0, 0), size / 60)  # type: ignore[return-value]


def last_frame(clip: Path) -> Image:
    *_, (_, image) = VideoFile(clip).pictures()
    assert image is not None
    return image


def watch(clip: Path, detector: Yunet | Haar, fps: float) -> tuple[Camera, list[FrameFaces]]:
    """What a camera publishes of a clip, in no time."""
    now_ms = 1_700_000_000_000

    def wait(seconds: float) -> bool:
        nonlocal now_ms
        now_ms += round(seconds * 1000)
        return False

    reporter = Reporter("a/b", "0" * 16, fps, detector.name, now_ms)
    camera = Camera("a/b", "0" * 16, detector, reporter, (12, math.inf), now_ms)
    events = []
    for moment in Playback(VideoFile(clip), fps, Clock(lambda: now_ms, wait), loop=False).moments():
        if isinstance(moment, Frame):
            events += camera.see(moment)
    return camera, [event for event in events if isinstance(event, FrameFaces)]


def test_haar_finds_a_drawn_face_and_knows_no_landmarks() -> None:
    found = Haar(12, 960).detect(drawn_face())
    assert len(found) == 1
    x, y, w, h = found[0].box
    assert x + w / 2 == pytest.approx(200, abs=25)
    assert y + h / 2 == pytest.approx(200, abs=25)
    assert found[0].landmarks is None
    assert 0 < found[0].score < 1


def test_haar_is_surer_of_a_clear_face_than_of_a_foggy_one() -> None:
    clear = drawn_face()
    foggy = np.asarray(cv2.addWeighted(clear, 0.35, np.full_like(clear, 160), 0.65, 0), np.uint8)
    [sure] = Haar(12, 960).detect(clear)
    assert 0 < sure.score <= 1
    assert all(detection.score <= sure.score for detection in Haar(12, 960).detect(foggy))


def test_haar_finds_the_same_face_where_small_ones_do_not_matter_and_it_looks_at_less() -> None:
    [fine], [coarse] = (Haar(least, 960).detect(drawn_face()) for least in (12, 60))
    np.testing.assert_allclose(coarse.box, fine.box, atol=0.12 * fine.box[3])


def test_haar_gives_boxes_in_pixels_of_the_frame_even_where_it_looks_at_less() -> None:
    large = drawn_face(500)
    [whole] = Haar(40, 4096).detect(large)
    [shrunk] = Haar(40, 500).detect(large)
    assert shrunk.box == pytest.approx(whole.box, abs=40)


def test_an_empty_wall_has_no_faces(yunet: Yunet) -> None:
    wall = np.full((270, 480, 3), 128, np.uint8)
    assert yunet.detect(wall) == []
    assert Haar(12, 960).detect(wall) == []


@pytest.mark.parametrize(
    ("clip", "frames", "faces", "tracks"),
    [
        ("classroom", 45, 180, 4),
        ("face-demographics-walking", 35, 70, 2),
        ("head-pose-face-detection-female-and-male", 56, 112, 2),
        ("head-pose-face-detection-male", 62, 62, 1),
    ],
)
def test_yunet_finds_everybody_in_the_real_clips_once(
    yunet: Yunet, shared: Path, clip: str, frames: int, faces: int, tracks: int
) -> None:
    file = shared / f"data/videos/{clip}.gif"
    camera, _ = watch(file, yunet, NATIVE_FPS)
    assert (camera.frames_analysed, camera.faces_published, camera.tracks) == (frames, faces, tracks)
    camera, _ = watch(file, yunet, fps=5.0)
    assert camera.tracks == tracks
    assert camera.faces_published == camera.frames_analysed * tracks


def test_haar_follows_one_frontal_head(shared: Path) -> None:
    camera, events = watch(shared / "data/videos/head-pose-face-detection-male.gif", Haar(12, 960), 5.0)
    assert camera.frames_published >= camera.frames_analysed - 2
    assert camera.tracks <= 2
    assert all(face.frontal is None for event in events for face in event.faces)


def test_who_looks_at_the_camera_is_frontal_and_who_turned_away_is_not(yunet: Yunet, shared: Path) -> None:
    _, events = watch(shared / "data/videos/head-pose-face-detection-female-and-male.gif", yunet, 5.0)
    last = sorted(events[-1].faces, key=lambda face: face.box[0])
    assert [face.frontal for face in last] == [False, True]  # she looks away, he only tilts his head


@pytest.mark.parametrize("tilt_deg", [-35, -20, 0, 20, 35])
def test_a_tilted_head_is_turned_upright(yunet: Yunet, shared: Path, tilt_deg: int) -> None:
    frame = last_frame(shared / "data/videos/head-pose-face-detection-male.gif")
    turn = cv2.getRotationMatrix2D((245.0, 90.0), -tilt_deg, 1.0)
    tilted = cv2.warpAffine(frame, turn, (480, 270), borderMode=cv2.BORDER_REPLICATE)
    [found] = yunet.detect(np.asarray(tilted, np.uint8))
    assert found.landmarks is not None
    assert np.degrees(roll_rad(found.landmarks)) == pytest.approx(-tilt_deg, abs=8)


def test_faces_of_a_large_frame_are_told_in_its_own_pixels(yunet: Yunet, shared: Path) -> None:
    frame = last_frame(shared / "data/videos/head-pose-face-detection-male.gif")
    large = np.asarray(cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), np.uint8)
    [small_face], [large_face] = yunet.detect(frame), yunet.detect(large)
    assert np.array(large_face.box) / 4 == pytest.approx(np.array(small_face.box), abs=6)
    assert large_face.landmarks is not None
    assert small_face.landmarks is not None
    np.testing.assert_allclose(large_face.landmarks / 4, small_face.landmarks, atol=5)


def test_a_file_that_is_not_the_known_model_is_an_error(tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"something else")
    with pytest.raises(DetectorUnusable, match="SHA-256 differs"):
        open_detector(ProducerSettings(yunet_file=other))


def test_a_missing_model_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DetectorUnusable, match=r"cannot read the YuNet model .*: no such file"):
        open_detector(ProducerSettings(yunet_file=tmp_path / "nowhere.onnx"))


def test_bytes_that_are_no_model_are_an_error() -> None:
    with pytest.raises(DetectorUnusable, match="OpenCV cannot read the YuNet model"):
        Yunet(b"not an ONNX file", 0.6, 960, 10)


def test_where_the_model_cannot_be_fetched_haar_takes_over_unless_yunet_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_network() -> bytes:
        raise YunetUnavailable("the YuNet model could not be fetched")

    monkeypatch.setattr(detector_module, "fetch_yunet", no_network)
    assert open_detector(ProducerSettings()).name == "haar"
    assert said(caplog, detector_module) == [
        "the YuNet model could not be fetched; using the Haar cascade, which misses small and turned faces"
    ]
    with pytest.raises(DetectorUnusable, match="could not be fetched"):
        open_detector(ProducerSettings(detector="yunet"))


def test_the_model_is_fetched_once_checked_and_kept(
    yunet_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[str] = []

    class Zoo(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(yunet_file.parent))

        def log_message(self, *_: object) -> None:
            requests.append(self.path)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), Zoo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(
            yunet_file_module, "YUNET_URL", f"http://127.0.0.1:{server.server_port}/{yunet_file.name}"
        )
        assert fetch_yunet() == yunet_file.read_bytes()
        assert fetch_yunet() == yunet_file.read_bytes()
        server.shutdown()
    assert requests == [f"/{yunet_file.name}"]


def test_a_fetch_without_a_network_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(yunet_file_module, "YUNET_URL", f"http://127.0.0.1:{free_port()}/yunet.onnx")
    with pytest.raises(YunetUnavailable, match=r"could not be fetched from 127\.0\.0\.1.*YUNET_FILE"):
        fetch_yunet()
