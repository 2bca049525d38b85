"""What each head shall answer to each image, and how much it counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from training.dataset import Split
from training.votes import VotesFile

ORIGINAL: Final = "original"
"""The head that learns the data set's own labels."""
FERPLUS: Final = "ferplus"
"""The head that learns what ten people voted for; where there is one, it is the one that workers run."""


@dataclass(frozen=True)
class Targets:
    """Answers to learn for the images of a split, for H heads, the shipped one first.

    Attributes:
        heads: their names.
        distributions: float32 (N, H, 7); each row sums to 1, or to 0 where nothing is known.
        majorities: int64 (N, H), the one label to be right about; -1: none.
    """

    heads: tuple[str, ...]
    distributions: npt.NDArray[np.float32]
    majorities: npt.NDArray[np.int64]


def make_targets(split: Split, file: VotesFile | None) -> Targets:
    """Targets of a split: with votes for the heads FERPLUS and ORIGINAL, without for ORIGINAL alone.

    Raises:
        DatasetError: the file has no votes on any of the images.
    """
    own = np.eye(len(LABELS), dtype=np.float32)[split.classes]
    if file is None:
        return Targets((ORIGINAL,), own[:, None], split.classes[:, None])
    votes = file.find(split.names)
    return Targets(
        (FERPLUS, ORIGINAL),
        np.stack([votes.find_shares(), own], axis=1),
        np.stack([votes.find_majorities(), split.classes], axis=1),
    )
