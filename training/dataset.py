"""Labelled faces in Kaggle's layout of FER-2013, as a folder or read straight from its zip file.

    <anything>/train/<label>/*.jpg
    <anything>/test/<label>/*.jpg

(The original single table is read by ``training.table``.) Everything is checked here once; what the rest of
``training`` gets is complete and has the right shape.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import numpy.typing as npt

from contract.labels import CROP_SIDE, LABELS
from training.errors import DatasetError
from training.sources import Source, open_source

SPLITS = ("train", "test")

Images = npt.NDArray[np.uint8]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Images of one split, sorted by name.

    Attributes:
        names: ``split/label/file name`` of every image.
        images: uint8, (N, 48, 48, 1), grey, 0–255.
        classes: int64, (N,), index into ``contract.labels.LABELS``.
    """

    names: tuple[str, ...]
    images: Images
    classes: Classes

    def __len__(self) -> int:
        return len(self.names)

    def take(self, indices: npt.NDArray[np.int64]) -> "Split":
        """The images at the given indices, in that order."""
        return Split(tuple(self.names[i] for i in indices), self.images[indices], self.classes[indices])


@dataclass(frozen=True)
class Dataset:
    """Both splits of a data set.

    Attributes:
        name: file or folder name of the data set as given.
        sha256: hex digest over the sorted (split/label/file name, sha256 of the bytes) of every image; the
            same for a zip file and for the folder it unpacks to.
        train: images to learn from.
        test: images to score on.
    """

    name: str
    sha256: str
    train: Split
    test: Split


def load_dataset(path: Path) -> Dataset:
    """Load and check a whole data set (FER-2013: 32,298 images, about 75 MB in memory, a few seconds).

    Args:
        path: the zip file, or a folder that holds ``train/`` and ``test/`` (directly or further down).

    Raises:
        DatasetError: the path is missing or not a zip file; a class folder is missing, empty or unknown; an
            image cannot be read or is not 48×48. The message names the path at fault.
    """
    with open_source(path) as source:
        root = _find_root(source, path)
        lines: list[str] = []
        splits = {split: _load_split(source, root, split, lines) for split in SPLITS}
    digest = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    return Dataset(path.resolve().name, digest, splits["train"], splits["test"])


def load_split(path: Path, split: str, bare: bool) -> Split | None:
    """Load one split of a data set that may lack the other.

    Args:
        path: a zip file or a folder.
        split: ``train`` or ``test``; its folder may lie directly in the path or further down.
        bare: whether class folders count that have no split around them, where the path holds neither split;
            what lies beside them is left alone.

    Returns:
        The images; None where there are none of that split.

    Raises:
        DatasetError: as ``load_dataset``.
    """
    with open_source(path) as source:
        if not any(PurePosixPath(folder).name in SPLITS for folder in source.folders):
            return _load_bare(source, path) if bare else None
        root = _find_root(source, path)
        return _load_split(source, root, split, []) if f"{root}{split}" in source.folders else None


def find_duplicates(test: Split, train: Split) -> npt.NDArray[np.bool_]:
    """Mark the test images whose pixels all equal those of some training image.

    Returns:
        bool, (len(test),). FER-2013 has 280 such images among the 3,589 of PublicTest.
    """
    seen = {image.tobytes() for image in train.images}
    return np.array([image.tobytes() in seen for image in test.images], dtype=np.bool_)


def _load_bare(source: Source, path: Path) -> Split:
    root = _find_root(source, path, LABELS)
    tops = tuple(f"{root}{label}" for label in LABELS)
    folders = frozenset(folder for folder in source.folders if folder in tops)
    files = tuple(file for file in source.files if file.startswith(tuple(f"{top}/" for top in tops)))
    return _load_split(Source(folders, files, source.read), root, "", [])


def _load_split(source: Source, root: str, split: str, lines: list[str]) -> Split:
    """Load one split and append its part of the hash, one line an image, to ``lines``."""
    names: list[str] = []
    images: list[Images] = []
    classes: list[int] = []
    for file in _list_images(source, root, split):
        content = source.read(file)
        name = file.removeprefix(root)
        names.append(name)
        images.append(_decode(content, file))
        classes.append(LABELS.index(PurePosixPath(file).parent.name))
        lines.append(f"{name} {hashlib.sha256(content).hexdigest()}\n")
    return Split(tuple(names), np.stack(images)[..., np.newaxis], np.array(classes, dtype=np.int64))


def _list_images(source: Source, root: str, split: str) -> list[str]:
    """Sorted paths of the images of a split, once its class folders are known to be the seven labels."""
    top = f"{root}{split}/" if split else root
    files = sorted(file for file in source.files if file.startswith(top))
    folders = {folder.removeprefix(top).split("/")[0] for folder in source.folders if folder.startswith(top)}
    for unknown in sorted(folders - {*LABELS, ""}):
        raise DatasetError(f"unknown class folder {top}{unknown}; the classes are {', '.join(LABELS)}")
    for label in LABELS:
        if label not in folders:
            raise DatasetError(f"class folder {top}{label} is missing")
        if not any(file.startswith(f"{top}{label}/") for file in files):
            raise DatasetError(f"class folder {top}{label} is empty")
    for file in files:
        if len(PurePosixPath(file.removeprefix(top)).parts) != 2:
            raise DatasetError(f"{file} is not in a class folder ({top}<label>/<image>)")
    return files


def _decode(content: bytes, file: str) -> Images:
    """Decode one image file to uint8 (48, 48) grey."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    if image is None:
        raise DatasetError(f"{file} cannot be read as an image")
    height, width = image.shape
    if (height, width) != (CROP_SIDE, CROP_SIDE):
        raise DatasetError(f"{file} is {width}×{height} pixels, not {CROP_SIDE}×{CROP_SIDE}")
    return np.asarray(image, dtype=np.uint8)


def _find_root(source: Source, path: Path, names: tuple[str, ...] = SPLITS) -> str:
    """Path in front of the folders of the given names: the shallowest folder that has one of them in it."""
    parents = {
        PurePosixPath(folder).parent for folder in source.folders if PurePosixPath(folder).name in names
    }
    if not parents:
        raise DatasetError(f"{path} holds no folder named {' or '.join(names)}")
    root = min(parents, key=lambda parent: (len(parent.parts), str(parent)))
    return "" if root == PurePosixPath() else f"{root}/"
