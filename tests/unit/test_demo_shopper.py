"""The synthetic shopper: drawn by nobody's face, found by both detectors, read as its script says."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from classifier_worker.classifier import Classifier
from classifier_worker.settings import SHIPPED_MODEL
from contract.labels import CROP_SIDE, LABELS
from demo.face_model import FILE, FaceModel, FaceModelUnusable, load_face_model
from demo.shopper import (
    DEFAULT_SEED,
    HEIGHT,
    MORPH_MS,
    SCRIPT,
    WIDTH,
    Scene,
    Shopper,
    ShopperSource,
    expression_at,
    mixture_at,
)
from producer.detection import Detector
from producer.frames import Clock, Frame, Image, Moment, Quiet
from producer.framing import crop_face
from producer.haar import Haar
from producer.yunet import Yunet
from producer.yunet_file import read_yunet

START_MS = 1_700_000_000_000
ROUND_MS = sum(scene.duration_ms for scene in SCRIPT)
STEP_MS = 600


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


@pytest.fixture(scope="module")
def shopper(model: FaceModel) -> Shopper:
    return Shopper(model)


@pytest.fixture(scope="module")
def settled(shopper: Shopper) -> list[tuple[str, Image]]:
    """A whole round of the script, without its morphs: what is shown, and the frame."""
    start_ms = START_MS - START_MS % ROUND_MS
    times = range(start_ms, start_ms + ROUND_MS, STEP_MS)
    return [
        (expression_at(SCRIPT, at_ms), shopper.picture(at_ms))
        for at_ms in times
        if mixture_at(SCRIPT, at_ms).max() == 1.0
    ]


class Hand:
    """A clock that goes on only where somebody waits for it; it stops after so many milliseconds."""

    def __init__(self, until_ms: int, draw_ms: int = 0) -> None:
        self.now_ms = START_MS
        self._until_ms = START_MS + until_ms
        self._draw_ms = draw_ms

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: self.now_ms, wait=self.wait)

    def wait(self, seconds: float) -> bool:
        self.now_ms += round(seconds * 1000) if seconds > 0 else self._draw_ms
        return self.now_ms >= self._until_ms


def read(detector: Detector, settled: list[tuple[str, Image]]) -> tuple[float, dict[str, float]]:
    """Share of frames in which just the one face is found; for each label, share of faces read as such."""
    classifier = Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=32)
    shown, crops = [], []
    for label, image in settled:
        faces = detector.detect(image)
        if len(faces) == 1:
            grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
            crops.append(np.frombuffer(crop_face(grey, faces[0]), np.uint8).reshape(CROP_SIDE, CROP_SIDE))
            shown.append(label)
    seen = [LABELS[best] for best in classifier.classify(np.stack(crops)).argmax(axis=1)]
    right = np.array(shown) == np.array(seen)
    return len(shown) / len(settled), {
        label: float(right[np.array(shown) == label].mean()) for label in sorted(set(shown))
    }


def test_yunet_finds_the_shopper_and_the_shipped_model_reads_the_script(
    shared: Path, settled: list[tuple[str, Image]]
) -> None:
    model = read_yunet(shared / "models/face_detection_yunet_2023mar.onnx")
    found, right = read(Yunet(model, score_min=0.6, side_max_px=960, closeups_max=10), settled)
    assert found >= 0.95
    assert min(right.values()) >= 0.8, right


def test_haar_finds_the_shopper_and_the_shipped_model_reads_the_script(
    settled: list[tuple[str, Image]],
) -> None:
    found, right = read(Haar(face_min_px=12, side_max_px=960), settled)
    assert found >= 0.8
    assert min(right.values()) >= 0.8, right


def test_the_script_shows_happy_neutral_and_surprise() -> None:
    assert {"happy", "neutral", "surprise"} <= {scene.label for scene in SCRIPT}


def test_an_expression_comes_within_a_second_and_the_script_repeats() -> None:
    script = (Scene("neutral", 5000), Scene("happy", 3000))
    happy, neutral = LABELS.index("happy"), LABELS.index("neutral")
    for round_ms in (0, 8000, 80_000):
        assert mixture_at(script, round_ms + 5000)[neutral] == 1.0
        assert mixture_at(script, round_ms + 5000 + MORPH_MS // 2)[happy] == pytest.approx(0.5)
        assert mixture_at(script, round_ms + 5000 + MORPH_MS)[happy] == 1.0
        assert mixture_at(script, round_ms + 7999)[happy] == 1.0
        assert expression_at(script, round_ms + 5000 + MORPH_MS // 4) == "neutral"
        assert expression_at(script, round_ms + 5000 + 3 * MORPH_MS // 4) == "happy"
        assert expression_at(script, round_ms + MORPH_MS // 4) == "happy"  # of the round before
    for at_ms in range(0, 8000, 50):
        assert mixture_at(script, at_ms).sum() == pytest.approx(1.0)


def test_a_picture_depends_on_model_seed_and_time_alone(model: FaceModel, shopper: Shopper) -> None:
    image = shopper.picture(START_MS)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, Shopper(model, DEFAULT_SEED).picture(START_MS))
    assert np.any(image != shopper.picture(START_MS + 100))
    assert np.any(image != Shopper(model, DEFAULT_SEED + 1).picture(START_MS))


def test_the_shopper_sways_but_stands(model: FaceModel) -> None:
    still = Shopper(model, DEFAULT_SEED, (Scene("neutral", 1000),))
    pictures = [still.picture(START_MS + 700 * i).astype(np.float32) for i in range(8)]
    moved = [float(np.abs(picture - pictures[0]).mean()) for picture in pictures[1:]]
    assert 2.0 < max(moved) < 12.0  # noise alone differs by about 2


def test_frames_come_at_their_rate_stamped_with_the_time_they_show(shopper: Shopper) -> None:
    moments = list(ShopperSource(shopper, 10, Hand(1000).clock()).moments())
    frames = [moment for moment in moments if isinstance(moment, Frame)]
    assert [frame.captured_at_ms - START_MS for frame in frames] == list(range(0, 1000, 100))
    np.testing.assert_array_equal(frames[3].image, shopper.picture(START_MS + 300))


def test_a_slow_drawer_skips_frames_and_makes_up_for_none(shopper: Shopper) -> None:
    frames = list(ShopperSource(shopper, 10, Hand(1200, draw_ms=250).clock()).moments())
    stamps = [frame.captured_at_ms for frame in frames if isinstance(frame, Frame)]
    assert len(stamps) == 4
    assert all(later - earlier >= 250 for earlier, later in pairwise(stamps))


def test_a_camera_with_few_frames_tells_its_pauses(shopper: Shopper) -> None:
    moments: list[Moment] = list(ShopperSource(shopper, 0.25, Hand(9000).clock()).moments())
    at_ms = [
        (moment.until_ms if isinstance(moment, Quiet) else moment.captured_at_ms) - START_MS
        for moment in moments
    ]
    assert at_ms == [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]
    assert [isinstance(moment, Frame) for moment in moments].count(True) == 3


def test_a_stop_ends_the_shopper_at_once(shopper: Shopper) -> None:
    assert list(ShopperSource(shopper, 10, Hand(0).clock()).moments()) == []


def test_the_model_is_small_and_made_of_means_and_components(model: FaceModel) -> None:
    assert FILE.stat().st_size <= 600_000
    assert model.mean.shape == (64, 64)
    assert model.offsets.shape == (7, 64, 64)
    assert not model.offsets[LABELS.index("neutral")].any()
    with np.load(FILE) as arrays:
        assert arrays["faces"].min() >= 100  # of how many faces each mean is made


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 cut off"])
def test_a_damaged_model_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "face_model.npz"
    file.write_bytes(content)
    with pytest.raises(FaceModelUnusable, match=r"face_model\.npz"):
        load_face_model(file)


def test_a_missing_or_foreign_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaceModelUnusable, match="no face model in"):
        load_face_model(tmp_path / "none.npz")
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, mean=np.zeros((4, 4)))
    with pytest.raises(FaceModelUnusable, match="is no face model"):
        load_face_model(foreign)
