import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.labels import LABELS
from training.errors import DatasetError
from training.inputs import load_inputs, load_scored_inputs
from training.table import EMOTIONS

USAGES = ("Training", "Training", "PublicTest", "PrivateTest")


def draw_noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def write_table(path: Path, change: tuple[str, str] = ("", "")) -> Path:
    """The original table, with a row of each class for each of USAGES."""
    rows = ["emotion,pixels,Usage"]
    for emotion in range(len(EMOTIONS)):
        for place, usage in enumerate(USAGES):
            pixels = " ".join(map(str, draw_noise(10 * emotion + place).ravel()))
            rows.append(f"{emotion},{pixels},{usage}")
    path.write_text("\n".join(rows).replace(*change, 1))
    return path


def write_classes(folder: Path, seed: int) -> Path:
    for place, label in enumerate(LABELS):
        (folder / label).mkdir(parents=True)
        content = cv2.imencode(".png", draw_noise(seed + place))[1].tobytes()
        (folder / label / f"{seed + place}.png").write_bytes(content)
    return folder


def test_the_original_table_gives_named_images_with_our_labels(tmp_path: Path) -> None:
    dataset = load_inputs(write_table(tmp_path / "fer2013.csv")).dataset
    assert (dataset.name, len(dataset.train), len(dataset.test)) == ("fer2013.csv", 14, 7)
    place = dataset.train.names.index("train/surprise/fer0000021.png")
    assert dataset.train.classes[place] == LABELS.index("surprise")
    np.testing.assert_array_equal(dataset.train.images[place, :, :, 0], draw_noise(51))
    assert dataset.train.names == tuple(sorted(dataset.train.names))
    names = [*dataset.train.names, *dataset.test.names]
    images = [*dataset.train.images, *dataset.test.images]
    lines = [f"{n} {hashlib.sha256(i.tobytes()).hexdigest()}\n" for n, i in zip(names, images, strict=True)]
    assert dataset.sha256 == hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("Usage", "Use"), "lacks the column Usage"),
        (("\n0,", "\n7,"), "line 2 is not an emotion from 0 to 6 and grey levels"),
        (("\n0,", "\n-1,"), "line 2 is not an emotion from 0 to 6 and grey levels"),
        (("\n0,", "\nangry,"), "line 2 is not an emotion from 0 to 6 and grey levels"),
        (("\n0,", "\n0,256 "), "line 2 is not an emotion from 0 to 6 and grey levels"),
        (("\n0,", "\n0,25 "), "line 2 has 2305 pixels, not 48×48"),
    ],
)
def test_a_table_that_holds_something_else_is_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        load_inputs(write_table(tmp_path / "fer2013.csv", change))


def test_a_table_that_lacks_a_class_or_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fer2013.csv"
    with pytest.raises(DatasetError, match=r"fer2013\.csv cannot be read"):
        load_inputs(path)
    path.write_text("emotion,pixels,Usage\n")
    with pytest.raises(DatasetError, match="has no train image of class angry"):
        load_inputs(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"fer2013\.csv cannot be read"):
        load_inputs(path)


def test_of_a_whole_data_set_the_test_images_are_scored_and_the_training_images_known(tmp_path: Path) -> None:
    write_classes(tmp_path / "faces" / "train", 0)
    write_classes(tmp_path / "faces" / "test", 100)
    inputs = load_scored_inputs(tmp_path / "faces", None, None)
    assert (inputs.name, inputs.votes) == ("faces", None)
    assert inputs.test.names[0] == "test/angry/100.png"
    assert inputs.train is not None
    assert inputs.train.names[0] == "train/angry/0.png"


def test_of_the_original_table_the_public_test_images_are_scored(tmp_path: Path) -> None:
    inputs = load_scored_inputs(write_table(tmp_path / "fer2013.csv"), None, None)
    assert inputs.train is not None
    assert (len(inputs.test), len(inputs.train)) == (7, 14)


@pytest.mark.parametrize("inside", ["test", ".", "private"])
def test_images_are_scored_without_training_images_beside_them(tmp_path: Path, inside: str) -> None:
    write_classes(tmp_path / "faces" / inside, 100)
    (tmp_path / "faces" / "notes.txt").write_text("not an image")
    inputs = load_scored_inputs(tmp_path / "faces", None, None)
    assert len(inputs.test) == len(LABELS)
    assert inputs.train is None


@pytest.mark.parametrize("inside", ["train", "."])
def test_the_training_images_may_lie_elsewhere(tmp_path: Path, inside: str) -> None:
    write_classes(tmp_path / "scored", 100)
    write_classes(tmp_path / "learnt" / inside, 0)
    inputs = load_scored_inputs(tmp_path / "scored", None, tmp_path / "learnt")
    assert inputs.train is not None
    assert [name.split("/")[-1] for name in inputs.train.names] == [f"{n}.png" for n in range(7)]


def test_paths_that_hold_the_other_split_alone_are_refused(tmp_path: Path) -> None:
    train, test = tmp_path / "train-only", tmp_path / "test-only"
    write_classes(train / "train", 0)
    write_classes(test / "test", 100)
    with pytest.raises(DatasetError, match="train-only holds no test/"):
        load_scored_inputs(train, None, None)
    with pytest.raises(DatasetError, match="test-only holds no train/"):
        load_scored_inputs(test, None, test)


def test_a_missing_class_is_refused_in_images_to_score(tmp_path: Path) -> None:
    write_classes(tmp_path / "faces", 100)
    (tmp_path / "faces" / "fear").rename(tmp_path / "faces" / "afraid")
    with pytest.raises(DatasetError, match="class folder fear is missing"):
        load_scored_inputs(tmp_path / "faces", None, None)
