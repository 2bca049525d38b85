"""Which training images are learnt from, and which only judge: the validation cut."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.dataset import Dataset, Split, find_duplicates

VALIDATION_SHARE: Final = 0.07
"""About 2,000 of FER-2013's images: what selects, calibrates and measures S; never learnt from."""


@dataclass(frozen=True)
class Cut:
    """The training images of a data set, divided.

    Attributes:
        learning: what a network is shown.
        validation: what selects its weights, sets its temperature and measures its confusion.
        dropped: how many images were left out because a test image has the same pixels.
    """

    learning: Split
    validation: Split
    dropped: int


def cut_validation(dataset: Dataset) -> Cut:
    """Divide the training images, always the same way.

    An image goes by the hash of its pixels, so that copies of one image stay on one side; images that are
    test images too are dropped.
    """
    is_test = find_duplicates(dataset.train, dataset.test)
    draws = np.array([_draw(image.tobytes()) for image in dataset.train.images])
    judges = draws < VALIDATION_SHARE
    return Cut(
        dataset.train.take(np.flatnonzero(~is_test & ~judges)),
        dataset.train.take(np.flatnonzero(~is_test & judges)),
        int(is_test.sum()),
    )


def _draw(content: bytes) -> float:
    """A number in [0, 1) that is the content's own."""
    return int.from_bytes(hashlib.sha256(content).digest()[:8]) / 2.0**64
