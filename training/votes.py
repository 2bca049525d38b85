"""What ten people saw in each image: the FER+ votes (Barsoum et al. 2016), matched by file name."""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from runtime.errors import reason_of
from training.dataset import Classes
from training.errors import DatasetError

COLUMNS: Final = (
    "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", "contempt", "unknown", "NF",
)  # fmt: skip
"""Columns of the file; the first seven are ``LABELS`` in their order, the last: there is no face."""

_NAME_COLUMNS = ("file", "Image name")
"""The column of file names: as beside Kaggle's folders, and as in FER+'s own ``fer2013new.csv``."""

Distributions = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Votes:
    """The votes on the images of one split.

    Attributes:
        counts: int64 (N, 10), in the order of ``COLUMNS``; all zero for an image without votes.
    """

    counts: npt.NDArray[np.int64]

    def find_majorities(self) -> Classes:
        """The label that more than half of all votes name: int64 (N,); -1 where there is none."""
        top = self.counts.argmax(axis=1)
        is_clear = 2 * self.counts.max(axis=1) > self.counts.sum(axis=1)
        return np.where(is_clear & (top < len(LABELS)), top, -1)

    def find_shares(self) -> Distributions:
        """Share of the votes on each label: float32 (N, 7); all zero where no vote names a label.

        A single vote for a label, where others agree, is taken for a slip and dropped (as in FER+).
        """
        labels = self.counts[:, : len(LABELS)]
        agreed = np.where(labels > 1, labels, 0)
        kept = np.where(agreed.any(axis=1, keepdims=True), agreed, labels)
        return np.asarray(kept / np.maximum(kept.sum(axis=1, keepdims=True), 1), np.float32)


@dataclass(frozen=True)
class VotesFile:
    """A whole file of votes.

    Attributes:
        path: where it was read from.
        sha256: hex digest of its bytes.
        counts: votes in the order of ``COLUMNS``, by the name of the image's file.
    """

    path: Path
    sha256: str
    counts: dict[str, tuple[int, ...]]

    def find(self, names: tuple[str, ...]) -> Votes:
        """The votes on images named ``split/label/file name``, found by the file name alone.

        Raises:
            DatasetError: there are no votes on any of them.
        """
        nothing = (0,) * len(COLUMNS)
        found = [self.counts.get(PurePosixPath(name).name, nothing) for name in names]
        if all(one is nothing for one in found):
            raise DatasetError(f"{self.path} has no votes on these images (the first is {names[0]})")
        return Votes(np.array(found, dtype=np.int64))


def load_votes(path: Path) -> VotesFile:
    """Read a file of votes: CSV, with a column of file names and those of ``COLUMNS``.

    Raises:
        DatasetError: the file cannot be read, lacks a column, or holds what is no count.
    """
    try:
        content = path.read_bytes()
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        counts = _read_counts(rows, path)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({reason_of(error)})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read ({error})") from error
    return VotesFile(path, hashlib.sha256(content).hexdigest(), counts)


def _read_counts(rows: "csv.DictReader[str]", path: Path) -> dict[str, tuple[int, ...]]:
    header = rows.fieldnames or ()
    name_column = next((column for column in _NAME_COLUMNS if column in header), _NAME_COLUMNS[0])
    missing = [column for column in (name_column, *COLUMNS) if column not in header]
    if missing:
        raise DatasetError(f"{path} lacks the column {', '.join(missing)}")
    counts = {}
    for row in rows:
        try:
            votes = tuple(int(row[column]) for column in COLUMNS)
        except (TypeError, ValueError):
            votes = (-1,)
        if min(votes) < 0:
            raise DatasetError(f"{path} line {rows.line_num}: votes are whole numbers, 0 or more")
        counts[row[name_column]] = votes
    return counts
