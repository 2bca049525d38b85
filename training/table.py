"""The FER-2013 images as one table: the original ``fer2013.csv`` (emotion, pixels, Usage)."""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from contract.labels import CROP_SIDE, LABELS
from runtime.errors import reason_of
from training.dataset import Dataset, Split
from training.errors import DatasetError

EMOTIONS: Final = dict(enumerate(("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")))
"""What the numbers of the column ``emotion`` stand for."""

USAGES: Final = {"Training": "train", "PublicTest": "test"}
"""The splits; rows of another usage (PrivateTest) are neither learnt from nor scored."""


def load_table(path: Path) -> Dataset:
    """Load and check the whole table (35,887 rows, about 20 s).

    An image is named by its row, as in FER+'s own file of votes: ``train/angry/fer0000000.png``.

    Raises:
        DatasetError: the file cannot be read, lacks a column, a split or a class, or a row is no 48×48 face.
    """
    rows: dict[str, list[tuple[str, np.ndarray, int]]] = defaultdict(list)
    lines = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [
                name for name in ("emotion", "pixels", "Usage") if name not in (table.fieldnames or ())
            ]
            if missing:
                raise DatasetError(f"{path} lacks the column {', '.join(missing)}")
            for number, row in enumerate(table):
                if split := USAGES.get(row["Usage"]):
                    image, place = _parse_row(row, f"{path} line {table.line_num}")
                    name = f"{split}/{LABELS[place]}/fer{number:07}.png"
                    rows[split].append((name, image, place))
                    lines.append(f"{name} {hashlib.sha256(image.tobytes()).hexdigest()}\n")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({reason_of(error)})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read ({error})") from error
    digest = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    train, test = (
        _gather(sorted(rows[split], key=lambda row: row[0]), path, split) for split in USAGES.values()
    )
    return Dataset(path.resolve().name, digest, train, test)


def _parse_row(row: dict[str, str], place: str) -> tuple[np.ndarray, int]:
    try:
        label = LABELS.index(EMOTIONS[int(row["emotion"])])
        pixels = np.array(row["pixels"].split(), dtype=np.uint8)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise DatasetError(f"{place} is not an emotion from 0 to 6 and grey levels from 0 to 255") from error
    if len(pixels) != CROP_SIDE**2:
        raise DatasetError(f"{place} has {len(pixels)} pixels, not {CROP_SIDE}×{CROP_SIDE}")
    return pixels.reshape(CROP_SIDE, CROP_SIDE, 1), label


def _gather(rows: list[tuple[str, np.ndarray, int]], path: Path, split: str) -> Split:
    present = {place for _, _, place in rows}
    for place, label in enumerate(LABELS):
        if place not in present:
            raise DatasetError(f"{path} has no {split} image of class {label}")
    names, images, places = zip(*rows, strict=True)
    return Split(names, np.stack(images), np.array(places, dtype=np.int64))
