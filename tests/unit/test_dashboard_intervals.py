"""Intervals keep what they promise, mostly shown by (seeded) simulation."""

import numpy as np
import pytest

from contract import row
from contract.labels import LABELS, VALENCES
from dashboard.figures.intervals import (
    INDEX_VISITS,
    SHARE_LEAST,
    SHARE_VISITS,
    change,
    index_intervals,
    share_interval,
)
from runtime.figures import Rows
from tests.support.crowds import HAPPY, MIXED, QUIET, draw_visits, rows_of_visits
from tests.support.rows import row_of

MIXES = [QUIET, MIXED, HAPPY]


def of_one(sums: Rows) -> list[float]:
    """The mood index of a row, and its interval."""
    return [float(figure) for (figure,) in index_intervals(sums[np.newaxis])]


@pytest.mark.parametrize("sureness", [2.0, 4.0, 6.0])
@pytest.mark.parametrize("visits", [INDEX_VISITS, 30])
def test_intervals_of_the_index_cover_the_truth_as_often_as_they_say(visits: int, sureness: float) -> None:
    rng = np.random.default_rng(1)
    for shares in MIXES:
        truth = (draw_visits(rng, shares, 1, 200_000, sureness)[0] @ VALENCES).mean()
        rows = rows_of_visits(draw_visits(rng, shares, 4_000, visits, sureness))
        _, low, high = index_intervals(rows)
        assert 0.93 <= ((low <= truth) & (truth <= high)).mean() <= 0.97, shares


@pytest.mark.parametrize("sureness", [2.0, 4.0, 6.0])
def test_intervals_of_shares_cover_the_truth_as_often_as_they_say(sureness: float) -> None:
    rng = np.random.default_rng(2)
    for shares in MIXES:
        truth = draw_visits(rng, shares, 1, 200_000, sureness)[0].mean(axis=0)
        rows = rows_of_visits(draw_visits(rng, shares, 1_500, SHARE_VISITS, sureness))
        for label in np.flatnonzero(truth >= SHARE_LEAST).tolist():
            intervals = [share_interval(sums, label) for sums in rows]
            covered = [one is not None and one.low <= truth[label] <= one.high for one in intervals]
            assert 0.93 <= np.mean(covered) <= 0.97, (shares, LABELS[label])


def test_an_index_of_one_visit_has_no_interval() -> None:
    value, low, high = of_one(row_of("happy"))
    assert value == pytest.approx(0.87)
    assert np.isnan([low, high]).all()


def test_an_interval_stays_within_what_an_index_can_be() -> None:
    value, low, high = of_one(row_of("happy", "happy", "sad"))
    assert (low, high) == (min(VALENCES), max(VALENCES))
    assert value == pytest.approx((2 * 0.87 - 0.73) / 3)


def test_the_variance_of_an_index_is_that_of_its_visits() -> None:
    means = draw_visits(np.random.default_rng(3), MIXED, 1, 40, 4.0)
    value, _, high = of_one(rows_of_visits(means)[0])
    values = means[0] @ VALENCES
    half = 2.0227 * values.std(ddof=1) / 40**0.5
    assert value == pytest.approx(values.mean(), abs=1e-5)
    assert high - value == pytest.approx(half, rel=1e-3)


def test_a_share_that_is_small_or_of_few_visits_is_said_to_be() -> None:
    many = row_of(*["happy"] * 150, *["sad"] * 45, *["fear"] * 5)
    happy, fear = (share_interval(many, LABELS.index(label)) for label in ("happy", "fear"))
    few = share_interval(row_of(*["happy"] * 199), LABELS.index("happy"))
    assert happy is not None
    assert fear is not None
    assert few is not None
    assert (happy.value, happy.enough) == (0.75, True)
    assert happy.low < 0.75 < happy.high
    assert (fear.value, fear.enough) == (0.025, False)
    assert (few.n, few.enough) == (199, False)
    assert share_interval(row_of("happy"), 3) is None


def test_a_change_of_the_index_has_the_interval_of_both() -> None:
    rng = np.random.default_rng(4)
    truth = [(draw_visits(rng, mix, 1, 200_000, 4.0)[0] @ VALENCES).mean() for mix in (HAPPY, QUIET)]
    now, before = (
        rows_of_visits(draw_visits(rng, mix, 1_500, n, 4.0)) for mix, n in ((HAPPY, 40), (QUIET, 90))
    )
    covered = 0
    for pair in zip(now, before, strict=True):
        interval = change(*pair)
        assert interval is not None
        assert interval.n == 40
        covered += interval.low <= truth[0] - truth[1] <= interval.high
    assert 0.93 <= covered / 1_500 <= 0.97


def test_a_change_against_nothing_is_not_known() -> None:
    assert change(row_of(*["happy"] * 20), row_of("sad")) is None
    certain = change(row_of(*["happy"] * 20), row_of(*["sad"] * 20))
    assert certain is not None
    assert [certain.low, certain.value, certain.high] == pytest.approx([0.87 + 0.73] * 3)


def test_rows_without_visits_have_no_index() -> None:
    value, low, high = index_intervals(np.zeros((1, row.WIDTH), np.int64))
    assert np.isnan([*value, *low, *high]).all()
