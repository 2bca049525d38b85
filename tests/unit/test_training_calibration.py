import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.calibration import (
    BINS,
    Floats,
    abstention_curve,
    fit_temperature,
    measure_calibration,
    softmax,
)
from training.dataset import Classes
from training.errors import DatasetError
from training.evaluate import NO_LABEL, Logits


def some_logits(seed: int, n: int = 4000) -> Logits:
    return np.random.default_rng(seed).normal(0, 2, (n, 7)).astype(np.float32)


def draw_labels(probabilities: Floats, seed: int) -> Classes:
    """Labels of a world in which the probabilities are true."""
    draws = np.random.default_rng(seed).random((len(probabilities), 1))
    return np.asarray((probabilities.cumsum(axis=1) < draws).sum(axis=1).clip(0, 6), np.int64)


def sure_of(*confidences: float) -> Floats:
    """Probabilities of a model that says *angry* so surely."""
    return np.array([[c] + [(1 - c) / 6] * 6 for c in confidences])


@given(st.floats(0.1, 10), st.integers(0, 100))
def test_probabilities_sum_to_one_and_keep_the_order_of_the_logits(temperature: float, seed: int) -> None:
    logits = some_logits(seed, 5)
    probabilities = softmax(logits, temperature)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(probabilities.argsort(axis=1), logits.argsort(axis=1))


def test_huge_logits_do_not_overflow() -> None:
    np.testing.assert_array_equal(
        softmax(np.array([[1e4, 0, 0, 0, 0, 0, -1e4]], np.float32)), [[1, 0, 0, 0, 0, 0, 0]]
    )


def test_a_higher_temperature_makes_less_sure() -> None:
    logits = some_logits(1)
    assert (softmax(logits, 2.0).max(axis=1) < softmax(logits, 1.0).max(axis=1)).all()


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_logits_that_are_too_sure_by_a_factor_get_it_as_their_temperature(factor: float) -> None:
    logits = some_logits(1)
    true = softmax(logits)
    assert fit_temperature(logits * np.float32(factor), true) == pytest.approx(factor, rel=1e-3)
    labels = np.eye(7)[draw_labels(true, 2)]
    assert fit_temperature(logits * np.float32(factor), labels) == pytest.approx(factor, rel=0.05)


def test_no_other_temperature_gives_less_cross_entropy() -> None:
    logits = some_logits(3, 200)
    targets = 0.8 * softmax(logits, 2.0) + 0.2 / 7  # no temperature gives exactly this

    def cross_entropy(temperature: float) -> float:
        return -float((targets * np.log(softmax(logits, temperature))).sum(axis=1).mean())

    best = cross_entropy(fit_temperature(logits, targets))
    assert all(cross_entropy(t) >= best - 1e-9 for t in np.geomspace(0.05, 20, 200))


def test_a_model_whose_probabilities_are_true_is_calibrated() -> None:
    probabilities = softmax(some_logits(1, 40_000))
    calibration = measure_calibration(probabilities, draw_labels(probabilities, 2))
    assert calibration.ece < 0.01
    for b in calibration.bins:
        if b.count > 1000:
            assert b.accuracy == pytest.approx(b.confidence, abs=0.04)


def test_the_error_is_the_mean_distance_of_confidence_and_accuracy() -> None:
    # three at 0.9, of which two are right; one at 0.5, which is wrong
    calibration = measure_calibration(sure_of(0.9, 0.9, 0.9, 0.5), np.array([0, 0, 1, 1]))
    assert calibration.ece == pytest.approx((3 * (0.9 - 2 / 3) + 1 * 0.5) / 4)
    assert calibration.nll == pytest.approx(-np.log([0.9, 0.9, 0.1 / 6, 0.5 / 6]).mean())
    filled = [b for b in calibration.bins if b.count]
    assert [(b.count, b.accuracy) for b in filled] == [(1, 0.0), (3, pytest.approx(2 / 3))]


def test_bins_cover_zero_to_one_and_hold_every_image_once() -> None:
    probabilities = np.vstack((softmax(some_logits(1, 500)), sure_of(1.0, 1 / 7)))
    bins = measure_calibration(probabilities, np.zeros(502, np.int64)).bins
    assert (len(bins), bins[0].above, bins[-1].up_to) == (BINS, 0.0, 1.0)
    assert sum(b.count for b in bins) == 502
    for b in bins:
        assert b.confidence is None or b.above < b.confidence <= b.up_to


def test_one_label_held_for_impossible_does_not_make_the_likelihood_infinite() -> None:
    assert np.isfinite(measure_calibration(sure_of(1.0), np.array([3])).nll)


def test_the_curve_says_how_many_are_answered_and_how_many_of_them_rightly() -> None:
    curve = abstention_curve(sure_of(0.95, 0.9, 0.6, 0.5), np.array([0, 0, 0, 1]))
    at = {
        round(t * 100): (n, a)
        for t, n, a in zip(curve.thresholds, curve.answered, curve.accuracy, strict=True)
    }
    assert at[0] == (1.0, 0.75)
    assert at[60] == (0.75, 1.0)
    assert at[95] == (0.25, 1.0)
    assert at[99] == (0.0, None)


def test_a_higher_threshold_never_answers_more() -> None:
    probabilities = softmax(some_logits(1))
    curve = abstention_curve(probabilities, draw_labels(probabilities, 1))
    assert list(curve.answered) == sorted(curve.answered, reverse=True)
    assert curve.accuracy[0] == pytest.approx(
        (probabilities.argmax(axis=1) == draw_labels(probabilities, 1)).mean()
    )


def test_images_without_a_label_are_left_out() -> None:
    probabilities, labels = sure_of(0.9, 0.5, 0.7), np.array([0, NO_LABEL, 2])
    assert measure_calibration(probabilities, labels) == measure_calibration(
        sure_of(0.9, 0.7), labels[[0, 2]]
    )
    assert abstention_curve(probabilities, labels) == abstention_curve(sure_of(0.9, 0.7), labels[[0, 2]])


def test_images_of_which_none_has_a_label_are_refused() -> None:
    with pytest.raises(DatasetError, match="none of the 1 images has a label"):
        measure_calibration(sure_of(0.9), np.array([NO_LABEL]))
