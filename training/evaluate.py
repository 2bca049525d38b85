"""Scores of a model on a split: how often it says the label, over all images and for each label."""

import msgspec
import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from training.dataset import Classes


class Scores(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model reaches on one split; all fractions of 1.

    Attributes:
        images: number of images scored.
        accuracy: share of them whose largest logit is the label's.
        images_deduplicated: those of the images whose pixels equal no training image.
        accuracy_deduplicated: share of those; a model may have learned the others by heart.
        recalls: for each label, the share of its images (duplicates included) that were given it.
    """

    images: int
    accuracy: float
    images_deduplicated: int
    accuracy_deduplicated: float
    recalls: dict[str, float]


def score(logits: npt.NDArray[np.float32], classes: Classes, duplicates: npt.NDArray[np.bool_]) -> Scores:
    """Compare logits with labels.

    Args:
        logits: float32, (N, 7).
        classes: int64, (N,), index into ``contract.labels.LABELS``; every label occurs.
        duplicates: bool, (N,), from ``training.dataset.find_duplicates``; not all are.
    """
    right = logits.argmax(axis=1) == classes
    return Scores(
        images=len(right),
        accuracy=float(right.mean()),
        images_deduplicated=int((~duplicates).sum()),
        accuracy_deduplicated=float(right[~duplicates].mean()),
        recalls={label: float(right[classes == index].mean()) for index, label in enumerate(LABELS)},
    )
