import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.labels import LABELS
from training.calibration import Floats, softmax
from training.dataset import Classes
from training.errors import DatasetError
from training.evaluate import NO_LABEL
from training.soft_confusion import measure_recovery, measure_soft_confusion, recover_shares

S: Floats = 0.7 * np.eye(7) + 0.3 * np.random.default_rng(5).dirichlet(np.ones(7), 7)
"""A model that is right seven times in ten and has its favourites where it is wrong."""


def read_faces(per_label: int, seed: int) -> tuple[Floats, Classes]:
    """Probabilities of a model whose mistakes are not even: neutral and sad are taken for each other."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(7), per_label)
    means = 2.5 * np.eye(7)
    means[4, 5], means[5, 4], means[2, 6] = 2.0, 2.2, 1.8
    return softmax((means[labels] + rng.normal(0, 1, (len(labels), 7))).astype(np.float32)), labels


@given(st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(lambda parts: sum(parts) > 0.1))
def test_the_shares_of_a_crowd_are_found_from_its_mean_probability(parts: list[float]) -> None:
    shares = np.array(parts) / sum(parts)
    np.testing.assert_allclose(recover_shares(S.T @ shares, S), shares, atol=1e-6)


@given(st.lists(st.floats(0.01, 1), min_size=7, max_size=7))
def test_recovered_shares_are_shares_and_none_nearby_fits_better(parts: list[float]) -> None:
    q = np.array(parts) / sum(parts)  # mostly what no crowd could give
    shares = recover_shares(q, S)
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1)
    misfit = np.linalg.norm(S.T @ shares - q)
    for corner in np.eye(7):  # a convex problem: what no step towards a corner improves is the best
        assert np.linalg.norm(S.T @ (0.999 * shares + 0.001 * corner) - q) >= misfit - 1e-6


def test_a_row_holds_the_mean_probabilities_of_its_labels_faces() -> None:
    probabilities, labels = read_faces(5000, 1)
    soft_confusion = measure_soft_confusion(probabilities, labels)
    np.testing.assert_allclose(soft_confusion.sum(axis=1), 1)
    for label in range(7):
        mean = probabilities[labels == label].mean(axis=0)
        np.testing.assert_allclose(soft_confusion[label], mean, atol=1e-3)


def test_few_faces_of_a_label_are_not_taken_at_their_word() -> None:
    probabilities, labels = read_faces(200, 1)
    labels[labels == LABELS.index("disgust")] = NO_LABEL
    misread = np.tile(np.eye(7)[0], (2, 1))  # two faces of disgust, taken for angry with certainty
    row = measure_soft_confusion(np.vstack((probabilities, misread)), np.append(labels, [1, 1]))[1]
    assert 0 < row[0] < 0.6
    assert row[1] > 0.2


def test_a_label_without_faces_is_read_like_the_others_on_average() -> None:
    probabilities, labels = read_faces(200, 1)
    labels[labels == 1] = NO_LABEL
    soft_confusion = measure_soft_confusion(probabilities, labels)
    others = np.delete(np.diagonal(soft_confusion), 1)
    assert soft_confusion[1, 1] == pytest.approx(others.mean(), abs=0.005)
    assert np.ptp(np.delete(soft_confusion[1], 1)) == pytest.approx(0)


def test_images_of_which_none_has_a_label_are_refused() -> None:
    with pytest.raises(DatasetError, match="none of the 1 images has a label"):
        measure_soft_confusion(np.full((1, 7), 1 / 7), np.array([NO_LABEL]))


def test_crowds_of_any_mix_are_told_better_with_the_correction_than_without() -> None:
    soft_confusion = measure_soft_confusion(*read_faces(300, 1))
    recovery = measure_recovery(*read_faces(300, 2), soft_confusion, seed=3)
    assert recovery.corrected < 0.5 * min(recovery.raw, recovery.hard)


def test_the_same_seed_draws_the_same_crowds() -> None:
    faces = read_faces(50, 2)
    assert measure_recovery(*faces, S, seed=3) == measure_recovery(*faces, S, seed=3)
    assert measure_recovery(*faces, S, seed=3) != measure_recovery(*faces, S, seed=4)


def test_a_model_that_is_always_right_and_sure_needs_no_correction() -> None:
    labels = np.repeat(np.arange(6), 20)  # no surprise among them
    recovery = measure_recovery(np.eye(7)[labels], labels, np.eye(7), seed=1)
    assert (recovery.raw, recovery.hard) == (0.0, 0.0)
    assert recovery.corrected == pytest.approx(0, abs=1e-6)
