import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.labels import LABELS
from training.errors import DatasetError
from training.evaluate import NO_LABEL, Flags, Logits, score


def say(*labels: int) -> Logits:
    """Logits of a model that says these labels."""
    return np.eye(7, dtype=np.float32)[list(labels)]


def flags(*values: int) -> Flags:
    return np.array(values, dtype=np.bool_)


def test_scores_count_all_images_and_those_that_are_no_duplicates() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 6])
    scores = score(say(0, 1, 2, 3, 0, 0, 6, 0), labels, flags(1, 1, 1, 0, 0, 0, 0, 0))
    assert (scores.n, scores.accuracy) == (8, 5 / 8)
    assert (scores.n_deduplicated, scores.accuracy_deduplicated) == (5, 2 / 5)
    recalls = {"angry": 1, "disgust": 1, "fear": 1, "happy": 1, "neutral": 0, "sad": 0, "surprise": 0.5}
    assert scores.recalls == recalls


def test_a_precision_is_the_share_of_what_was_said_that_is_right() -> None:
    scores = score(say(0, 0, 0, 0, 3), np.array([0, 1, 2, 3, 3]), None)
    assert (scores.precisions["angry"], scores.precisions["happy"]) == (0.25, 1.0)


def test_a_label_that_never_occurs_or_is_never_said_has_no_score() -> None:
    scores = score(say(0, 0), np.array([0, 1]), None)
    assert (scores.recalls["sad"], scores.precisions["sad"]) == (None, None)
    assert (scores.recalls["disgust"], scores.precisions["disgust"]) == (0.0, None)


def test_images_without_a_label_are_left_out() -> None:
    labels = np.array([3, NO_LABEL, 4, NO_LABEL])
    assert score(say(3, 1, 0, 0), labels, flags(0, 0, 0, 1)) == score(
        say(3, 0), np.array([3, 4]), flags(0, 0)
    )


def test_the_confusion_has_the_true_label_in_rows() -> None:
    scores = score(say(1, 1, 0), np.array([0, 0, 0]), None)
    assert scores.confusion[0] == (1, 2, 0, 0, 0, 0, 0)
    assert all(not any(row) for row in scores.confusion[1:])


def test_where_the_training_images_are_not_known_nothing_is_said_about_duplicates() -> None:
    scores = score(say(1), np.array([1]), None)
    assert (scores.n_deduplicated, scores.accuracy_deduplicated) == (None, None)


def test_where_all_images_are_duplicates_there_is_no_accuracy_without_them() -> None:
    scores = score(say(1), np.array([1]), flags(1))
    assert (scores.n_deduplicated, scores.accuracy_deduplicated) == (0, None)


def test_images_of_which_none_has_a_label_are_refused() -> None:
    with pytest.raises(DatasetError, match="none of the 2 images has a label"):
        score(say(1, 2), np.array([NO_LABEL, NO_LABEL]), None)


PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60)


@given(PAIRS)
def test_accuracy_is_the_mean_of_recalls_weighted_by_images_and_of_precisions_by_answers(
    pairs: list[tuple[int, int]],
) -> None:
    labels = np.array([label for label, _ in pairs])
    scores = score(say(*(said for _, said in pairs)), labels, None)
    confusion = np.array(scores.confusion)
    assert confusion.sum() == scores.n == len(pairs)
    for shares, counts in (
        (scores.recalls, confusion.sum(axis=1)),
        (scores.precisions, confusion.sum(axis=0)),
    ):
        right = sum((shares[label] or 0.0) * int(count) for label, count in zip(LABELS, counts, strict=True))
        assert right / len(pairs) == pytest.approx(scores.accuracy)
