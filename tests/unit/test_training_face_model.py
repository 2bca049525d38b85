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
from training.face_model import (
    COMPONENTS,
    FACES_MIN,
    LANDMARKS_AT,
    SIDE,
    FaceModelError,
    Landmarks,
    align_faces,
    build_model,
    face_window,
    find_landmarks,
)


def some_faces() -> tuple[np.ndarray, np.ndarray]:
    """Symmetric noise around a different mean for each class."""
    rng = np.random.default_rng(1)
    classes = np.repeat(np.arange(len(LABELS)), FACES_MIN + 20)
    half = rng.standard_normal((len(classes), SIDE, SIDE // 2), np.float32)
    faces = np.concatenate((half, half[:, :, ::-1]), axis=2) + classes[:, None, None].astype(np.float32)
    return faces, classes


def test_the_landmarks_are_symmetric_and_those_of_the_cameras_crops_but_for_the_close_up() -> None:
    # seen in a whole picture, as here, landmarks lie 7% closer together than in a camera's close-ups
    np.testing.assert_allclose((LANDMARKS_AT - 0.5) * 1.07, CROP_LANDMARKS_AT - 0.5, atol=0.016)
    mirrored = (1 - LANDMARKS_AT[:, 0])[[1, 0, 2, 4, 3]]
    np.testing.assert_allclose(mirrored, LANDMARKS_AT[:, 0])


def test_means_and_components_come_out_and_the_file_is_always_the_same() -> None:
    faces, classes = some_faces()
    model = build_model(faces, classes)
    file = model.to_npz("abc")
    assert file == build_model(faces, classes).to_npz("abc")
    with np.load(io.BytesIO(file)) as arrays:
        assert arrays["components"].shape == (COMPONENTS, SIDE, SIDE)
        assert arrays["components"].dtype == np.int8
        assert tuple(arrays["labels"]) == LABELS
        assert arrays["faces"].tolist() == [FACES_MIN + 20] * len(LABELS)
    sigmas = np.linalg.norm(model.components * model.scales[:, None, None], axis=(1, 2))
    assert sigmas[0] > sigmas[-1] > 0
    for number in range(len(LABELS)):
        middle = float(model.offsets[number].astype(np.float32).mean())
        assert middle == pytest.approx(number - LABELS.index("neutral"), abs=0.05)


def test_a_class_of_few_faces_is_refused_as_its_mean_would_show_them() -> None:
    faces, classes = some_faces()
    kept = (classes != LABELS.index("disgust")) | (np.cumsum(classes == LABELS.index("disgust")) < FACES_MIN)
    with pytest.raises(FaceModelError, match=f"{FACES_MIN - 1} faces of class disgust"):
        build_model(faces[kept], classes[kept])


def test_faces_are_aligned_lit_evenly_and_symmetric_and_bad_ones_left_out() -> None:
    rng = np.random.default_rng(2)
    image = cv2.GaussianBlur(rng.integers(0, 256, (48, 48), np.uint8), (0, 0), 1.0)
    images = np.asarray(np.stack([image] * 5)[..., None], np.uint8)
    images[4] = 90  # fog
    points = np.stack([LANDMARKS_AT] * 5)
    points[1] = np.nan
    points[2, 2, 0] += 0.2  # the nose of a turned head
    scores = np.array([0.9, 0.0, 0.9, 0.5, 0.9])
    faces, classes = align_faces(images, np.arange(5), Landmarks(points, scores))
    assert classes.tolist() == [0]
    inside = face_window() > 0.5
    assert abs(float(faces[0][inside].mean())) < 0.05
    np.testing.assert_array_equal(faces[0], faces[0][:, ::-1])


def test_nothing_usable_is_said_and_not_a_crash() -> None:
    images = np.zeros((2, 48, 48, 1), np.uint8)
    nothing = Landmarks(np.full((2, 5, 2), np.nan), np.zeros(2))
    faces, classes = align_faces(images, np.zeros(2, np.int64), nothing)
    assert faces.shape == (0, SIDE, SIDE)
    with pytest.raises(FaceModelError, match="0 faces of class angry"):
        build_model(faces, classes)


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
    neutral = np.eye(len(LABELS), dtype=np.float32)[LABELS.index("neutral")]
    drawn = [model.face(model.identity(seed), neutral) for seed in range(20)]
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
