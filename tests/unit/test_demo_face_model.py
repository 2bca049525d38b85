"""Faces of nobody: drawn alike for the same seed, different for others, and read as what they show."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from classifier_worker.settings import SHIPPED_MODEL
from contract.labels import CROP_SIDE, LABELS
from demo.face_model import FILE, FaceModel, FaceModelUnusable, load_face_model
from runtime.classifier import Classifier

PURE = np.eye(len(LABELS), dtype=np.float32)
SEEDS = range(20)

READ_MIN = {
    "angry": 0.9,
    "disgust": 0.8,
    "fear": 0.8,
    "happy": 0.9,
    "neutral": 0.9,
    "sad": 0.9,
    "surprise": 0.9,
}
"""Least share of faces that the shipped model reads as what they show."""


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def draw_crop(model: FaceModel, seed: int, label: str) -> np.ndarray:
    """A face as cameras crop it, uint8 (48, 48): the model's faces lie as those of crops do."""
    face = model.face(model.identity(seed), PURE[LABELS.index(label)])
    return np.asarray(cv2.resize(face, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def test_the_shipped_model_reads_each_expression_as_what_it_is(model: FaceModel) -> None:
    classifier = Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=32)
    right = {}
    for number, label in enumerate(LABELS):
        crops = np.stack([draw_crop(model, seed, label) for seed in SEEDS])
        right[label] = float((classifier.classify(crops).argmax(axis=1) == number).mean())
    assert {label: share for label, share in right.items() if share < READ_MIN[label]} == {}, right


def test_a_seed_is_always_the_same_person_and_other_seeds_are_others(model: FaceModel) -> None:
    np.testing.assert_array_equal(model.identity(3), model.identity(3))
    faces = np.stack([draw_crop(model, seed, "neutral") for seed in SEEDS]).astype(np.float32)
    apart = np.abs(faces[:, None] - faces[None]).mean(axis=(2, 3))
    assert apart[~np.eye(len(SEEDS), dtype=bool)].min() > 5.0  # grey levels


def test_a_morph_is_between_what_it_comes_from_and_goes_to(model: FaceModel) -> None:
    somebody = model.identity(1)
    happy, neutral = PURE[LABELS.index("happy")], PURE[LABELS.index("neutral")]
    ends = np.stack([model.face(somebody, happy), model.face(somebody, neutral)]).astype(np.float32)
    between = model.face(somebody, (happy + neutral) / 2).astype(np.float32)
    inside = (ends.min(axis=0) > 0) & (ends.max(axis=0) < 255)  # where nothing is clipped
    np.testing.assert_allclose(between[inside], ends.mean(axis=0)[inside], atol=1.0)


def test_a_face_is_a_symmetric_grey_picture(model: FaceModel) -> None:
    face = model.face(model.identity(0), PURE[0])
    assert face.shape == (64, 64)
    assert face.dtype == np.uint8
    np.testing.assert_allclose(face.astype(float), face[:, ::-1].astype(float), atol=1.0)


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
