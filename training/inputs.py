"""What a command works on, read and checked before TensorFlow is loaded, which takes seconds."""

from dataclasses import dataclass
from pathlib import Path

from training.dataset import Dataset, Split, load_dataset, load_split
from training.errors import DatasetError
from training.table import load_table
from training.votes import VotesFile, load_votes


@dataclass(frozen=True)
class Inputs:
    """A whole data set.

    Attributes:
        dataset: training and test images.
        votes: the file of FER+ votes, if one is given.
    """

    dataset: Dataset
    votes: VotesFile | None


@dataclass(frozen=True)
class ScoredInputs:
    """Images to score a model on.

    Attributes:
        name: file or folder name of the data set as given.
        test: the images.
        train: what the model may have learnt from; None where that is not known.
        votes: the file of FER+ votes, if one is given.
    """

    name: str
    test: Split
    train: Split | None
    votes: VotesFile | None


def load_inputs(data: Path, votes: Path | None = None) -> Inputs:
    """Load a data set: Kaggle's folders or their zip file, or the original table (``.csv``).

    Raises:
        DatasetError: something is missing or unreadable.
    """
    dataset = load_table(data) if data.suffix == ".csv" else load_dataset(data)
    return Inputs(dataset, load_votes(votes) if votes else None)


def load_scored_inputs(data: Path, votes: Path | None, against: Path | None) -> ScoredInputs:
    """Load images to score on.

    Args:
        data: a whole data set, or one that has test images only, or class folders alone.
        votes: a file of FER+ votes.
        against: what the model was trained on, to find duplicates: a whole data set or class folders; by
            default the training images beside the test images, where there are any.

    Raises:
        DatasetError: something is missing or unreadable.
    """
    test = _load_split(data, "test", bare=True)
    if test is None:
        raise DatasetError(f"{data} holds no test/; give the folder of the images to score")
    train = _load_split(against, "train", bare=True) if against else _load_split(data, "train", bare=False)
    if against and train is None:
        raise DatasetError(f"{against} holds no train/; give the folder of the images that were learnt from")
    return ScoredInputs(data.resolve().name, test, train, load_votes(votes) if votes else None)


def _load_split(path: Path, split: str, bare: bool) -> Split | None:
    if path.suffix != ".csv":
        return load_split(path, split, bare)
    dataset = load_table(path)
    return dataset.train if split == "train" else dataset.test
