"""Verdicts on days keep what they promise, mostly shown by (seeded) simulation."""

from itertools import pairwise

import numpy as np
import pytest

from dashboard.figures.day_test import (
    DAYS_LEAST,
    HIGHER,
    LOWER,
    NO_DIFFERENCE,
    NOT_ENOUGH,
    Days,
    compare_days,
)

BETWEEN_DAYS_SD = 0.06

BY_WEEKDAY = np.array([0.0, 0.01, 0.0, 0.02, 0.03, 0.08, 0.1])


def days(rng: np.random.Generator, first: int, count: int, shift: float = 0.0) -> Days:
    """Days from a weekday on: of their weekday, and each a bit different, with 80 visits."""
    weekday = (first + np.arange(count)) % 7
    between = rng.normal(0, BETWEEN_DAYS_SD, count)
    return Days(weekday, BY_WEEKDAY[weekday] + shift + between + rng.normal(0, 0.4 / 80**0.5, count))


@pytest.mark.parametrize(("before", "after", "trials"), [(7, 7, 1500), (7, 14, 500), (21, 14, 200)])
def test_where_nothing_changed_a_difference_is_seldom_told(before: int, after: int, trials: int) -> None:
    rng = np.random.default_rng(5)
    verdicts = [compare_days(days(rng, 0, before), days(rng, before, after)) for _ in range(trials)]
    assert {(one.days_before, one.days_after) for one in verdicts} == {(before, after)}
    assert np.mean([one.kind != NO_DIFFERENCE for one in verdicts]) <= 0.06


def test_a_large_difference_is_nearly_always_told_and_a_middling_one_mostly() -> None:
    rng = np.random.default_rng(6)
    large = [compare_days(days(rng, 0, 14), days(rng, 0, 14, 0.15)) for _ in range(50)]
    middling = [compare_days(days(rng, 0, 14), days(rng, 0, 14, -0.08)) for _ in range(50)]
    assert sum(one.kind == HIGHER for one in large) >= 48
    assert sum(one.kind == LOWER for one in middling) >= 35
    assert not any(one.kind == HIGHER for one in middling)


def test_the_interval_of_a_difference_covers_it_and_agrees_with_the_verdict() -> None:
    rng = np.random.default_rng(7)
    verdicts = [compare_days(days(rng, 0, 7), days(rng, 0, 7, 0.08)) for _ in range(600)]
    assert 0.93 <= np.mean([one.low <= 0.08 <= one.high for one in verdicts]) <= 0.98
    assert all((one.low > 0) == (one.kind == HIGHER) for one in verdicts)
    assert all(one.low <= one.difference <= one.high for one in verdicts)


def test_a_weekday_effect_is_no_difference() -> None:
    before = Days(np.arange(14) % 7, BY_WEEKDAY[np.arange(14) % 7])
    after = Days(np.arange(7), BY_WEEKDAY)
    verdict = compare_days(before, after)
    assert verdict.kind == NO_DIFFERENCE
    assert verdict.difference == pytest.approx(0)


def test_days_without_a_counterpart_or_a_figure_do_not_count() -> None:
    value = np.linspace(0, 0.1, 7)
    whole = Days(np.arange(7), value)
    assert compare_days(whole, Days(np.arange(5), value[:5])).kind == NOT_ENOUGH
    assert compare_days(whole, Days(np.arange(DAYS_LEAST), value[:DAYS_LEAST])).days_before == DAYS_LEAST
    gaps = value.copy()
    gaps[:2] = np.nan
    assert compare_days(Days(np.arange(7), gaps), whole).kind == NOT_ENOUGH
    nothing = compare_days(whole, Days(np.zeros(0, np.int64), np.zeros(0)))
    assert (nothing.kind, nothing.days_after) == (NOT_ENOUGH, 0)
    assert np.isnan(nothing.difference)


def test_the_same_days_have_the_same_verdict() -> None:
    rng = np.random.default_rng(8)
    before, after = days(rng, 0, 28), days(rng, 0, 28, 0.02)
    assert all(one == other for one, other in pairwise([compare_days(before, after) for _ in range(3)]))
