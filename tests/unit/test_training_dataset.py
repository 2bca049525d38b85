import hashlib
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.labels import LABELS
from training.dataset import find_duplicates, load_dataset
from training.errors import DatasetError

TRAIN, TEST = 3, 2  # images a class


def encode(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


def draw_noise(seed: int, side: int = 48) -> bytes:
    return encode(np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of noise, in Kaggle's layout; of each class, one image is in both splits."""
    for place, label in enumerate(LABELS):
        for split, prefix, count in (("train", "Training", TRAIN), ("test", "PublicTest", TEST)):
            top = tmp_path / "faces" / split / label
            top.mkdir(parents=True)
            for number in range(count):
                is_copied = split == "train" or number == 0
                seed = 100 * place + number + (0 if is_copied else 50)
                (top / f"{prefix}_{seed}.jpg").write_bytes(draw_noise(seed))
    return tmp_path / "faces"


def pack(folder: Path, prefix: str = "fer2013/") -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*.jpg"), reverse=True):
            archive.write(file, prefix + file.relative_to(folder).as_posix())
    return target


def test_a_folder_and_its_zip_give_the_same_images_and_hash(folder: Path) -> None:
    tree, packed = load_dataset(folder), load_dataset(pack(folder))
    assert tree.sha256 == packed.sha256
    assert (tree.name, packed.name) == ("faces", "faces.zip")
    for one, other in ((tree.train, packed.train), (tree.test, packed.test)):
        assert one.names == other.names
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.classes, other.classes)


def test_images_are_sorted_grey_bytes_with_the_class_of_their_folder(folder: Path) -> None:
    train = load_dataset(folder).train
    assert train.images.shape == (len(LABELS) * TRAIN, 48, 48, 1)
    assert train.images.dtype == np.uint8
    assert list(train.names) == sorted(train.names)
    assert [name.split("/")[1] for name in train.names] == [LABELS[place] for place in train.classes]
    expected = cv2.imread(str(folder / train.names[0]), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(train.images[0, :, :, 0], expected)


@pytest.mark.parametrize("prefix", ["", "fer2013/", "archive/of/fer2013/"])
def test_the_two_splits_are_found_below_any_folder(folder: Path, prefix: str) -> None:
    assert load_dataset(pack(folder, prefix)).sha256 == load_dataset(folder).sha256
    assert load_dataset(folder.parent).sha256 == load_dataset(folder).sha256


def test_the_hash_is_over_sorted_names_and_the_hashes_of_their_bytes(folder: Path) -> None:
    lines = sorted(
        f"{file.relative_to(folder).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        for file in folder.rglob("*.jpg")
    )
    assert load_dataset(folder).sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_hash_changes_with_a_name_and_with_a_byte(folder: Path) -> None:
    before = load_dataset(folder).sha256
    image = folder / "train" / "sad" / "Training_500.jpg"
    content = image.read_bytes()
    image.write_bytes(draw_noise(999))
    changed = load_dataset(folder).sha256
    image.write_bytes(content)
    image.rename(image.with_name("Training_599.jpg"))
    assert len({before, changed, load_dataset(folder).sha256}) == 3


def test_test_images_that_are_also_training_images_are_found(folder: Path) -> None:
    dataset = load_dataset(folder)
    duplicates = find_duplicates(dataset.test, dataset.train)
    found = {name for name, is_duplicate in zip(dataset.test.names, duplicates, strict=True) if is_duplicate}
    assert found == {f"test/{label}/PublicTest_{100 * place}.jpg" for place, label in enumerate(LABELS)}


def test_what_desktops_leave_behind_is_no_image(folder: Path) -> None:
    before = load_dataset(folder).sha256
    (folder / "train" / "sad" / ".DS_Store").write_bytes(b"clutter")
    (folder / "train" / "__MACOSX").mkdir()
    (folder / "train" / "happy" / "Thumbs.db").write_bytes(b"clutter")
    assert load_dataset(folder).sha256 == before


def assert_refused(path: Path, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_dataset(path)


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", "nowhere does not exist")


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("not an archive")
    assert_refused(tmp_path / "notes.zip", "neither a folder nor a readable zip file")


def test_a_folder_without_splits_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path, "holds no folder named train or test")


def test_a_missing_split_is_refused(folder: Path) -> None:
    (folder / "test").rename(folder / "validation")
    assert_refused(folder, "class folder test/angry is missing")


def test_a_missing_class_folder_is_refused_in_both_layouts(folder: Path) -> None:
    (folder / "train" / "fear").rename(folder / "fear")
    assert_refused(folder, "class folder train/fear is missing")
    assert_refused(pack(folder), "class folder fer2013/train/fear is missing")


def test_an_empty_class_folder_is_refused(folder: Path) -> None:
    for image in (folder / "test" / "disgust").iterdir():
        image.unlink()
    assert_refused(folder, "class folder test/disgust is empty")


def test_an_unknown_class_folder_is_refused(folder: Path) -> None:
    (folder / "train" / "sad").rename(folder / "train" / "bored")
    assert_refused(folder, "unknown class folder train/bored; the classes are angry, disgust")


def test_a_file_beside_or_below_the_class_folders_is_refused(folder: Path) -> None:
    stray = folder / "train" / "notes.txt"
    stray.write_text("stray")
    assert_refused(folder, "train/notes.txt is not in a class folder")
    stray.unlink()
    (folder / "train" / "sad" / "deeper").mkdir()
    stray.with_name("sad").joinpath("deeper", "face.jpg").write_bytes(draw_noise(1))
    assert_refused(folder, "train/sad/deeper/face.jpg is not in a class folder")


@pytest.mark.parametrize("content", [b"", b"text", draw_noise(1)[:60]], ids=["empty", "text", "cut off"])
def test_an_unreadable_image_is_refused(folder: Path, content: bytes) -> None:
    (folder / "test" / "sad" / "PublicTest_1.jpg").write_bytes(content)
    assert_refused(folder, "test/sad/PublicTest_1.jpg cannot be read as an image")


def test_an_image_of_another_size_is_refused(folder: Path) -> None:
    (folder / "test" / "sad" / "PublicTest_1.jpg").write_bytes(draw_noise(1, side=64))
    assert_refused(folder, "PublicTest_1.jpg is 64×64 pixels, not 48×48")


def test_a_huge_file_is_refused_unread_in_both_layouts(folder: Path) -> None:
    (folder / "test" / "sad" / "PublicTest_1.jpg").write_bytes(bytes(2_000_000))
    assert_refused(folder, "PublicTest_1.jpg is too large")
    assert_refused(pack(folder), "PublicTest_1.jpg is too large")


def test_a_damaged_zip_entry_is_refused(folder: Path) -> None:
    path = pack(folder)
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF  # within the first, uncompressed entry: its checksum no longer fits
    path.write_bytes(content)
    assert_refused(path, "cannot be unpacked")
