"""Scores of a model on labelled images: how often it says the label, over all images and label by label."""

import msgspec
import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from training.dataset import Classes
from training.errors import DatasetError

NO_LABEL = -1
"""Stands in an array of labels where an image has none, e.g. where its votes have no majority."""

Logits = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


class Scores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model reaches on the images that have a label; all fractions of 1.

    Attributes:
        n: number of images scored.
        accuracy: share of them whose largest logit is the label's.
        n_deduplicated: those of them whose pixels equal no training image; None where that is not known.
        accuracy_deduplicated: share of those; a model may have learned the others by heart. None where that
            is not known, or where no image is left.
        recalls: for each label, the share of its images (duplicates included) that were given it; None for
            a label without images.
        precisions: for each label, the share of the images given it that have it; None for a label that was
            never given.
        confusion: 7 rows of 7 counts, in the order of ``LABELS``: of the images with the row's label, how
            many were given the column's.
    """

    n: int
    accuracy: float
    n_deduplicated: int | None
    accuracy_deduplicated: float | None
    recalls: dict[str, float | None]
    precisions: dict[str, float | None]
    confusion: tuple[tuple[int, ...], ...]


def score(logits: Logits, labels: Classes, duplicates: Flags | None) -> Scores:
    """Compare logits with labels.

    Args:
        logits: float32, (N, 7).
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.
        duplicates: bool, (N,), from ``training.dataset.find_duplicates``; None where it is not known what
            the model was trained on.

    Raises:
        DatasetError: no image has a label.
    """
    labelled = find_labelled(labels)
    confusion = _count_confusion(logits[labelled], labels[labelled])
    diagonal = np.diagonal(confusion)
    n_deduplicated = accuracy_deduplicated = None
    if duplicates is not None:
        right = logits.argmax(axis=1)[labelled & ~duplicates] == labels[labelled & ~duplicates]
        n_deduplicated = len(right)
        accuracy_deduplicated = float(right.mean()) if n_deduplicated else None
    return Scores(
        n=int(confusion.sum()),
        accuracy=float(diagonal.sum() / confusion.sum()),
        n_deduplicated=n_deduplicated,
        accuracy_deduplicated=accuracy_deduplicated,
        recalls=_divide(diagonal, confusion.sum(axis=1)),
        precisions=_divide(diagonal, confusion.sum(axis=0)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def find_labelled(labels: Classes) -> Flags:
    """Mark the images that have a label; bool, (N,).

    Args:
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``.

    Raises:
        DatasetError: no image has a label.
    """
    labelled: Flags = labels != NO_LABEL
    if not labelled.any():
        raise DatasetError(f"none of the {len(labels)} images has a label to compare with")
    return labelled


def _count_confusion(logits: Logits, labels: Classes) -> npt.NDArray[np.int64]:
    """Count label (row) against largest logit (column); int64, (7, 7)."""
    confusion = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    return confusion


def _divide(parts: npt.NDArray[np.int64], wholes: npt.NDArray[np.int64]) -> dict[str, float | None]:
    return {
        label: int(part) / int(whole) if whole else None
        for label, part, whole in zip(LABELS, parts, wholes, strict=True)
    }
