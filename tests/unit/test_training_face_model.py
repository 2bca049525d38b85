"""The face model: what it is made of, and that it shows nobody."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.labels import LABELS
from demo.face_model import load_face_model
from producer.framing import LANDMARKS_AT as CROP_LANDMARKS_AT
from training.dataset import Images, load_dataset
from training.errors import TrainingError
from training.face_alignment import (
    LANDMARKS_AT,
    SIDE,
    FaceModelError,
    Floats,
    Landmarks,
    align_faces,
    face_window,
    find_landmarks,
)
from training.face_model import (
    COMPONENTS,
    FACES_MIN,
    RIVAL_SHARE_MAX,
    SHARES,
    build_model,
    count_faces,
    weigh_faces,
)
from training.face_registration import register_faces


def some_faces() -> tuple[Floats, Floats]:
    """Blurred noise around a different mean for each class, and votes that all agree."""
    rng = np.random.default_rng(1)
    classes = np.repeat(np.arange(len(LABELS)), FACES_MIN + 20)
    noise = rng.standard_normal((len(classes), SIDE, SIDE)).astype(np.float32)
    faces = np.stack([4 * cv2.GaussianBlur(plane, (0, 0), 2.0) for plane in noise])
    shares = np.eye(len(LABELS), dtype=np.float32)[classes]
    return faces + classes[:, None, None].astype(np.float32), shares


def draw_eyes(apart: float) -> Floats:
    """Two dark discs on light ground, so many pixels apart: float32 (64, 64), symmetric."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    radius = np.hypot(np.abs(x) - apart / 2, y + 8)
    return np.asarray(1.0 - 3.0 / (1.0 + np.exp(3.0 * (radius - 4.0))), np.float32)


def test_the_landmarks_are_symmetric_and_those_of_the_cameras_crops_but_for_the_close_up() -> None:
    # seen in a whole picture, as here, landmarks lie 7% closer together than in a camera's close-ups
    np.testing.assert_allclose((LANDMARKS_AT - 0.5) * 1.07, CROP_LANDMARKS_AT - 0.5, atol=0.016)
    mirrored = (1 - LANDMARKS_AT[:, 0])[[1, 0, 2, 4, 3]]
    np.testing.assert_allclose(mirrored, LANDMARKS_AT[:, 0])


def test_means_and_components_come_out_and_the_file_is_always_the_same() -> None:
    faces, shares = some_faces()
    model = build_model(faces, shares)
    file = model.to_npz("abc")
    threads = cv2.getNumThreads()
    cv2.setNumThreads(3)
    assert file == build_model(faces, shares).to_npz("abc")
    assert cv2.getNumThreads() == 3
    cv2.setNumThreads(threads)
    with np.load(io.BytesIO(file)) as arrays:
        assert arrays["components"].shape == (COMPONENTS, SIDE, SIDE)
        assert arrays["components"].dtype == np.int8
        assert tuple(arrays["labels"]) == LABELS
        assert arrays["faces"].tolist() == [FACES_MIN + 20] * len(LABELS)
    sigmas = np.linalg.norm(model.components * model.scales[:, None, None], axis=(1, 2))
    assert sigmas[0] > sigmas[-1] > 0
    for number in range(len(LABELS)):
        middle = float(model.offsets[number].astype(np.float32)[20:44, 22:42].mean())
        assert middle == pytest.approx(number - LABELS.index("neutral"), abs=0.15)
        assert not model.offsets[number][0, 0]  # the background
    for planes in (model.mean, model.offsets, model.components):  # whatever the faces are
        np.testing.assert_allclose(planes.astype(float), planes[..., ::-1].astype(float), atol=0.01)


def test_a_class_of_few_faces_is_refused_as_its_mean_would_show_them() -> None:
    faces, shares = some_faces()
    is_disgust = shares[:, LABELS.index("disgust")] > 0
    kept = ~is_disgust | (np.cumsum(is_disgust) < FACES_MIN)
    with pytest.raises(FaceModelError, match=f"{FACES_MIN - 1} faces of class disgust"):
        build_model(faces[kept], shares[kept])


def test_a_mean_is_of_the_faces_that_people_agree_on_if_these_are_enough() -> None:
    shares = np.zeros((1000, len(LABELS)), np.float32)
    sad = LABELS.index("sad")
    shares[:, sad] = np.linspace(0, 1, 1000)
    clear = weigh_faces(shares, "sad")
    assert clear[clear > 0].min() >= 0.7
    assert count_faces(clear) == pytest.approx(300, abs=5)
    np.testing.assert_array_equal(clear[clear > 0], shares[clear > 0, sad])
    shares[:, sad] *= 0.6  # nobody is clearly sad
    unclear = weigh_faces(shares, "sad")
    assert SHARES[-1] <= unclear[unclear > 0].min() < 0.5


def test_faces_that_many_take_for_surprised_do_not_show_fear() -> None:
    shares = np.zeros((400, len(LABELS)), np.float32)
    shares[:, LABELS.index("fear")] = 0.6
    shares[::2, LABELS.index("surprise")] = 2 * RIVAL_SHARE_MAX
    weights = weigh_faces(shares, "fear")
    assert not weights[::2].any()
    assert weights[1::2].all()


def test_unequal_weights_count_as_fewer_faces() -> None:
    assert count_faces(np.ones(10, np.float32)) == pytest.approx(10)
    assert count_faces(np.array([1, 0, 0, 0], np.float32)) == pytest.approx(1)
    assert count_faces(np.array([2, 1, 1], np.float32)) == pytest.approx(16 / 6)
    assert count_faces(np.zeros(3, np.float32)) == 0


def test_faces_bent_onto_their_mean_leave_it_sharp_and_of_the_average_shape() -> None:
    distances = np.linspace(20, 28, 9)
    faces = np.stack([draw_eyes(apart) for apart in distances])
    registration = register_faces(faces, np.ones(len(faces), np.float32))
    average = draw_eyes(float(distances.mean()))
    blurred = np.abs(faces.mean(axis=0) - average).max()
    assert np.abs(registration.mean - average).max() < blurred / 2
    drift = registration.flows.mean(axis=0)
    np.testing.assert_allclose(drift[..., 0], drift[:, ::-1, 0], atol=0.01)  # 0 with that of mirror images
    np.testing.assert_allclose(drift[..., 1], -drift[:, ::-1, 1], atol=0.01)
    np.testing.assert_array_equal(registration.mean, registration.mean[:, ::-1])


def test_faces_are_aligned_and_lit_evenly_and_bad_ones_and_copies_left_out() -> None:
    rng = np.random.default_rng(2)
    image = cv2.GaussianBlur(rng.integers(0, 256, (48, 48), np.uint8), (0, 0), 1.0)
    images = np.asarray(np.stack([image] * 6)[..., None], np.uint8)
    images[1:5, 0, 0, 0] = (1, 2, 3, 4)  # all but the last are pictures of their own
    images[4, 1:] = 90  # fog
    points = np.stack([LANDMARKS_AT] * 6)
    points[1] = np.nan
    points[2, 2, 0] += 0.2  # the nose of a turned head
    scores = np.array([0.9, 0.0, 0.9, 0.5, 0.9, 0.9])
    faces, kept = align_faces(images, Landmarks(points, scores))
    assert kept.tolist() == [0]
    inside = face_window() > 0.5
    assert abs(float(faces[0][inside].mean())) < 0.05
    assert float(faces[0][inside].std()) == pytest.approx(1, abs=0.01)


def test_nothing_usable_is_said_and_not_a_crash() -> None:
    images = np.zeros((2, 48, 48, 1), np.uint8)
    nothing = Landmarks(np.full((2, 5, 2), np.nan), np.zeros(2))
    faces, kept = align_faces(images, nothing)
    assert faces.shape == (0, SIDE, SIDE)
    with pytest.raises(FaceModelError, match="0 faces of class angry"):
        build_model(faces, np.eye(len(LABELS), dtype=np.float32)[kept])


def test_a_file_that_is_no_yunet_is_refused(tmp_path: Path) -> None:
    images = np.zeros((1, 48, 48, 1), np.uint8)
    with pytest.raises(TrainingError, match=r"none\.onnx cannot be read"):
        find_landmarks(images, tmp_path / "none.onnx", lambda _: None)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(TrainingError, match=r"bad\.onnx is no YuNet model"):
        find_landmarks(images, tmp_path / "bad.onnx", lambda _: None)


def test_yunet_finds_most_training_faces_about_where_crops_have_them(shared: Path) -> None:
    images = load_dataset(shared / "data/fer2013.zip").train.images[::250]
    done: list[int] = []
    landmarks = find_landmarks(images, shared / "models/face_detection_yunet_2023mar.onnx", done.append)
    assert done[-1] == len(images)
    assert (landmarks.scores > 0).mean() > 0.85
    np.testing.assert_allclose(np.nanmedian(landmarks.points, axis=0), LANDMARKS_AT, atol=0.04)


def test_a_shopper_is_no_training_face_nor_near_one_in_particular(shared: Path) -> None:
    pictures = _normalised(load_dataset(shared / "data/fer2013.zip").train.images[..., 0])
    model = load_face_model()
    pure = np.eye(len(LABELS), dtype=np.float32)
    drawn = [model.face(model.identity(seed), mixture) for seed in range(8) for mixture in pure]
    small = [cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA) for face in drawn]
    distances = np.sort(_distances(_normalised(np.stack(small)), pictures), axis=1)
    # copies are 0.00 apart; the nearest other picture of 28,709 to half of all pictures is 0.65 to 0.85 away
    assert distances[:, 0].min() > 0.5
    # what a copy looks like: one picture stands out as much nearer than the next; here it is one of many
    assert (distances[:, 0] / distances[:, 20]).min() > 0.75


def _normalised(images: Images) -> np.ndarray:
    """Float32 (n, pixels of the face), mean 0 and length 1 each."""
    inside = cv2.resize(face_window(), (48, 48), interpolation=cv2.INTER_AREA) > 0.5
    pixels = images[:, inside].astype(np.float32)
    pixels -= pixels.mean(axis=1, keepdims=True)
    return np.asarray(pixels / np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1e-6))


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.maximum(0.0, 2 - 2 * some @ others.T)))
