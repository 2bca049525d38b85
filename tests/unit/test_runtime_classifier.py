"""The shipped model in the worker, and models that must not run."""

import hashlib
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from classifier_worker.settings import SHIPPED_MODEL
from runtime.classifier import Classifier
from runtime.errors import ModelUnusable

CROPS = np.random.default_rng(0).integers(0, 256, (70, 48, 48), np.uint8)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=32)


def test_probabilities_are_seven_and_sum_to_one(classifier: Classifier) -> None:
    probabilities = classifier.classify(CROPS)
    assert probabilities.shape == (70, 7)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 17, 32, 33])
def test_a_face_is_classified_alike_alone_and_in_any_batch(classifier: Classifier, size: int) -> None:
    alone = np.concatenate([classifier.classify(CROPS[i : i + 1]) for i in range(size)])
    np.testing.assert_array_equal(classifier.classify(CROPS[:size]), alone)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_MODEL, tmp_path / "model"))


def change_card(folder: Path, **changes: object) -> None:
    card = msgspec.json.decode((folder / "model.json").read_bytes())
    (folder / "model.json").write_bytes(msgspec.json.encode({**card, **changes}))


def refusal(folder: Path, variant: str = "int8") -> str:
    with pytest.raises(ModelUnusable) as refused:
        Classifier(folder, variant, threads=1, batch_faces=1)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "no model in" in refusal(tmp_path / "nowhere")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.int8.tflite").unlink()
    assert "model.int8.tflite" in refusal(folder)


def test_a_card_that_is_none_is_refused(folder: Path) -> None:
    (folder / "model.json").write_text("{}")
    assert "is no model card" in refusal(folder)


def test_other_labels_are_refused(folder: Path) -> None:
    change_card(folder, labels=["happy", "angry", "disgust", "fear", "neutral", "sad", "surprise"])
    assert "has labels" in refusal(folder)


def test_another_input_is_refused(folder: Path) -> None:
    change_card(folder, input_shape=[64, 64, 1])
    assert "takes (64, 64, 1)" in refusal(folder)


def test_a_variant_that_is_not_there_is_refused(folder: Path) -> None:
    assert "has no variant fp64" in refusal(folder, "fp64")


def test_a_file_that_was_changed_is_refused(folder: Path) -> None:
    with (folder / "model.int8.tflite").open("ab") as model:
        model.write(b"!")
    assert "sha256 differs" in refusal(folder)


def test_a_file_that_is_no_model_is_refused(folder: Path) -> None:
    (folder / "model.int8.tflite").write_bytes(b"not a model")
    card = msgspec.json.decode((folder / "model.json").read_bytes())
    card["files"]["int8"]["sha256"] = hashlib.sha256(b"not a model").hexdigest()
    change_card(folder, files=card["files"])
    assert "LiteRT cannot load" in refusal(folder)
