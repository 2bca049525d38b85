"""Corrected shares: right in simulated crowds, and only where it is known which model made them."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier_worker.card import publish_card
from classifier_worker.settings import SHIPPED_MODEL
from contract import keys, row
from contract.labels import LABELS
from contract.model import ModelCard
from dashboard.figures.correction import WhyNot, corrected, find_soft_confusion, recover_shares, versions
from dashboard.figures.periods import Span
from runtime.redis import Client
from tests.support.crowds import HAPPY, MIXED, QUIET, draw_visits, rows_of_visits
from tests.support.events import CAMERA
from tests.support.rows import row_of
from training.soft_confusion import recover_shares as recover_one

CARD = msgspec.json.decode((SHIPPED_MODEL / "model.json").read_bytes(), type=ModelCard)
S = np.array(CARD.soft_confusion)
OTHER = "shop-1/till"
SPAN = Span(1_780_000_000_000, 1_780_003_600_000)


@given(st.lists(st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(lambda q: sum(q) > 0.1), min_size=1))
def test_many_crowds_are_corrected_as_each_on_its_own(crowds: list[list[float]]) -> None:
    means = np.array(crowds) / np.sum(crowds, axis=1, keepdims=True)  # also what no crowd could give
    expected = [recover_one(q, S) for q in means]
    np.testing.assert_allclose(recover_shares(means, S), expected, atol=1e-5)


def unsure(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """S of the model that ``draw_visits`` simulates."""
    pure = [tuple(float(i == label) for i in range(len(LABELS))) for label in range(len(LABELS))]
    return np.array([draw_visits(rng, shares, 1, 20_000, 3.0)[0].mean(axis=0) for shares in pure])


def test_corrected_shares_are_near_the_truth_and_their_intervals_hold_it() -> None:
    rng = np.random.default_rng(1)
    soft_confusion = unsure(rng)
    for shares in (QUIET, MIXED, HAPPY):
        truth = np.array(shares) / sum(shares)
        rows = rows_of_visits(draw_visits(rng, shares, 60, 400, 3.0))
        found = corrected(rows, soft_confusion)
        raw = rows[:, row.M_SUM] / (400 * row.MICRO)
        assert np.abs(found.shares - truth).sum(axis=1).mean() < 0.4 * np.abs(raw - truth).sum(axis=1).mean()
        covered = (found.low <= truth) & (truth <= found.high)
        assert 0.92 <= covered[:, truth >= 0.05].mean() <= 0.98
        assert (found.low <= found.shares + 1e-9).all()
        assert (found.shares <= found.high + 1e-9).all()


def test_the_same_row_has_the_same_interval_alone_and_among_others() -> None:
    rows = rows_of_visits(draw_visits(np.random.default_rng(2), MIXED, 3, 50, 4.0))
    several, alone = corrected(rows, S), corrected(rows[1], S)
    assert alone.shares.shape == (7,)
    np.testing.assert_allclose(
        [alone.shares, alone.low, alone.high], [several.shares[1], several.low[1], several.high[1]]
    )


def test_without_visits_there_is_nothing_to_correct_and_of_one_no_interval() -> None:
    found = corrected(np.stack([row_of(), row_of("happy"), row_of("happy", "sad")]), S)
    assert np.isnan(found.shares).any(axis=1).tolist() == [True, False, False]
    assert np.isnan(found.low).any(axis=1).tolist() == [True, True, False]
    assert found.shares[1].sum() == pytest.approx(1)


def note(client: Client, camera: str, **times: list[int]) -> None:
    """Which models a camera's windows rest on: minutes of the span."""
    for version, minutes in times.items():
        told = [SPAN.from_ms + minute * 60_000 for minute in minutes]
        client.hset(keys.open_visits(camera), f"model:{version}", msgspec.json.encode(told))
    client.hset(keys.open_visits(camera), "session:0011", '{"latest_ms":1,"heard_ms":1}')


def test_the_models_of_a_span_are_those_whose_windows_reach_into_it(any_redis: Client) -> None:
    note(any_redis, CAMERA, old=[-90, -1], a=[-5, 30], b=[59, 70], new=[60, 90])
    note(any_redis, OTHER, c=[-500, 500])
    assert versions(any_redis, [CAMERA], SPAN) == {"a", "b"}
    assert versions(any_redis, [CAMERA, OTHER], SPAN) == {"a", "b", "c"}
    assert versions(any_redis, ["shop-2/door"], SPAN) == set()


def test_a_correction_is_that_of_the_one_model_that_classified(any_redis: Client) -> None:
    publish_card(any_redis, msgspec.structs.replace(CARD, version="a"))
    note(any_redis, CAMERA, a=[0, 30], old=[-90, -1])
    note(any_redis, OTHER, a=[10, 40])
    found = find_soft_confusion(any_redis, [CAMERA, OTHER], SPAN)
    assert not isinstance(found, WhyNot)
    np.testing.assert_array_equal(found, S)


def test_it_is_said_why_there_is_no_correction(any_redis: Client) -> None:
    publish_card(any_redis, msgspec.structs.replace(CARD, version="a"))
    publish_card(any_redis, msgspec.structs.replace(CARD, version="bare", soft_confusion=None))
    assert find_soft_confusion(any_redis, [CAMERA], SPAN) is WhyNot.UNKNOWN_MODEL
    note(any_redis, CAMERA, unheard=[0, 30])
    assert find_soft_confusion(any_redis, [CAMERA], SPAN) is WhyNot.UNKNOWN_MODEL
    note(any_redis, OTHER, bare=[0, 30])
    assert find_soft_confusion(any_redis, [OTHER], SPAN) is WhyNot.NOT_MEASURED
    note(any_redis, OTHER, a=[0, 30])
    assert find_soft_confusion(any_redis, [OTHER], SPAN) is WhyNot.MIXED_MODELS
