from pathlib import Path

import numpy as np
import pytest

from contract.labels import LABELS
from training.cut import VALIDATION_SHARE, cut_validation
from training.dataset import Dataset, Split
from training.errors import DatasetError, RunError
from training.recipes import MOODNET, REPORT_CNN, change_recipe
from training.targets import FERPLUS, ORIGINAL, make_targets
from training.votes import COLUMNS, Votes, VotesFile, load_votes

HEADER = "file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
NAMES = ("train/happy/a.jpg", "train/sad/b.jpg")
HAPPY, NEUTRAL, SAD = (LABELS.index(label) for label in ("happy", "neutral", "sad"))


def make_split(count: int, first: int = 0) -> Split:
    images = np.stack([np.full((48, 48, 1), (first + n) % 251, np.uint8) for n in range(count)])
    images[:, 0, 0, 0] = (np.arange(first, first + count) // 251).astype(np.uint8)
    return Split(tuple(f"train/{n}.jpg" for n in range(count)), images, np.arange(count) % 7)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "votes.csv"
    path.write_text(text)
    return path


def vote(**counts: int) -> Votes:
    return Votes(np.array([[counts.get(column, 0) for column in COLUMNS]]))


def test_votes_are_found_by_the_name_of_the_file(tmp_path: Path) -> None:
    votes = load_votes(write(tmp_path, HEADER + "b.jpg,2,0,0,8,0,0,0,0,0,0\nz.jpg,10,0,0,0,0,0,0,0,0,0\n"))
    counts = votes.find(NAMES).counts
    assert counts.shape == (2, len(COLUMNS))
    assert not counts[0].any()
    assert (counts[1, SAD], counts[1, NEUTRAL], counts[1].sum()) == (8, 2, 10)


def test_ferplus_own_file_is_read_too(tmp_path: Path) -> None:
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
    votes = load_votes(write(tmp_path, header + "Training,fer0000003.png,0,10,0,0,0,0,0,0,0,0\n"))
    assert votes.find(("train/angry/fer0000003.png",)).find_majorities().tolist() == [HAPPY]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,neutral\na.jpg,1\n", "lacks the column anger"),
        (HEADER.replace("file", "name"), "lacks the column file"),
        (HEADER + "a.jpg,1,2,x,0,0,0,0,0,0,0\n", "line 2: votes are whole numbers"),
        (HEADER + "a.jpg,1,2,-1,0,0,0,0,0,0,0\n", "line 2: votes are whole numbers"),
        (HEADER + "a.jpg,1,2\n", "line 2: votes are whole numbers"),
    ],
)
def test_a_file_that_holds_no_votes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_votes(write(tmp_path, text))


def test_a_file_of_votes_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"votes\.csv cannot be read \(no such file"):
        load_votes(tmp_path / "votes.csv")
    (tmp_path / "votes.csv").write_bytes(b"\xff\xfe\x00file")
    with pytest.raises(DatasetError, match=r"votes\.csv cannot be read"):
        load_votes(tmp_path / "votes.csv")


def test_votes_on_other_images_are_refused(tmp_path: Path) -> None:
    votes = load_votes(write(tmp_path, HEADER + "z.jpg,10,0,0,0,0,0,0,0,0,0\n"))
    with pytest.raises(DatasetError, match=r"no votes on these images \(the first is train/happy/a\.jpg\)"):
        votes.find(NAMES)


@pytest.mark.parametrize(
    ("votes", "majority"),
    [
        (vote(happiness=6, neutral=4), HAPPY),
        (vote(happiness=5, neutral=5), -1),
        (vote(happiness=5, neutral=3, contempt=2), -1),
        (vote(contempt=10), -1),
        (vote(NF=8, happiness=2), -1),
        (vote(), -1),
    ],
)
def test_a_majority_is_more_than_half_of_all_votes_and_one_of_the_seven(votes: Votes, majority: int) -> None:
    assert votes.find_majorities().tolist() == [majority]


def test_shares_are_of_the_seven_labels_without_stray_votes() -> None:
    shares = vote(happiness=6, neutral=2, sadness=1, contempt=1).find_shares()[0]
    assert (shares[HAPPY], shares[NEUTRAL], shares[SAD]) == (0.75, 0.25, 0.0)


def test_a_single_vote_counts_where_no_label_has_more() -> None:
    assert vote(happiness=1, unknown=9).find_shares()[0, HAPPY] == 1.0


def test_without_a_vote_for_a_label_the_shares_are_zero() -> None:
    assert not vote(contempt=4, NF=6).find_shares().any()


def test_with_votes_there_are_two_heads_and_the_voters_head_is_shipped() -> None:
    split = make_split(2)
    counts = {"0.jpg": vote(sadness=10), "1.jpg": vote(NF=10)}
    file = VotesFile(Path("votes.csv"), "0" * 64, {name: tuple(of.counts[0]) for name, of in counts.items()})
    targets = make_targets(split, file)
    assert targets.heads == (FERPLUS, ORIGINAL)
    assert targets.majorities.tolist() == [[SAD, 0], [-1, 1]]
    np.testing.assert_array_equal(targets.distributions.sum(axis=2), [[1, 1], [0, 1]])


def test_without_votes_the_data_sets_labels_are_all_there_is() -> None:
    targets = make_targets(make_split(9), None)
    assert targets.heads == (ORIGINAL,)
    np.testing.assert_array_equal(targets.distributions[:, 0].argmax(axis=1), np.arange(9) % 7)
    np.testing.assert_array_equal(targets.majorities[:, 0], np.arange(9) % 7)


def make_dataset() -> Dataset:
    """3,000 training images, of which 100 are test images and 300 are there twice."""
    train, again, test = make_split(2700), make_split(300, first=500), make_split(150, first=2600)
    both = Split(
        (*train.names, *again.names),
        np.concatenate([train.images, again.images]),
        np.concatenate([train.classes, again.classes]),
    )
    return Dataset("faces", "0" * 64, both, test)


def find_contents(split: Split) -> set[bytes]:
    return {image.tobytes() for image in split.images}


def test_no_image_is_on_two_sides_of_the_cut() -> None:
    dataset = make_dataset()
    cut = cut_validation(dataset)
    learning, validation = find_contents(cut.learning), find_contents(cut.validation)
    assert not learning & validation
    assert not (learning | validation) & find_contents(dataset.test)
    assert cut.dropped == 100
    assert len(cut.learning) + len(cut.validation) + cut.dropped == len(dataset.train)
    assert len(validation) / 2600 == pytest.approx(VALIDATION_SHARE, abs=0.02)


def test_the_cut_is_always_the_same() -> None:
    one, other = cut_validation(make_dataset()), cut_validation(make_dataset())
    np.testing.assert_array_equal(one.validation.images, other.validation.images)


def test_numbers_of_a_recipe_can_be_changed_by_name() -> None:
    changed = change_recipe(MOODNET, ["width=32", "augment=false", "optimiser=adam"])
    assert (changed.width, changed.augment, changed.optimiser) == (32, False, "adam")
    assert change_recipe(REPORT_CNN, []) == REPORT_CNN


@pytest.mark.parametrize(
    "change", ["width", "height=3", "width=0", "dropout=1.5", "epochs=many", "optimiser=lion"]
)
def test_a_recipe_that_cannot_be_is_refused(change: str) -> None:
    with pytest.raises(RunError, match=r"no such recipe|is not NAME=VALUE"):
        change_recipe(MOODNET, [change])
