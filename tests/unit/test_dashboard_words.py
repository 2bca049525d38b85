"""Figures in the words of a store, and yesterday in sentences."""

from datetime import UTC, date, timedelta
from math import inf, nan

import numpy as np
import pandas as pd
import pytest

from dashboard.figures.intervals import Interval
from dashboard.figures.periods import PERIODS
from dashboard.words import morning
from dashboard.words.morning import (
    ATTENTION,
    DWELL,
    MOOD,
    VISITS,
    WEEKS,
    Measured,
    Usual,
    changes,
    headline,
    hours_words,
    usual,
)
from dashboard.words.sentences import (
    BEFORE,
    amount_change,
    count_change,
    coverage_words,
    index_change,
    index_words,
    known,
    mood_words,
    percent,
    points,
    range_words,
    seconds,
    visits_words,
)

WEDNESDAY = date(2026, 11, 25)
HOUR_MS = 3_600_000
MORNING_MS = 1_795_593_600_000
"""2026-11-25 08:00 UTC."""


def interval(value: float, low: float, high: float, *, enough: bool = True) -> Interval:
    return Interval(value, low, high, 500, enough)


def days(values: dict[int, float], column: str = "visits", coverage: float = 1.0) -> pd.DataFrame:
    """Lines of ``breakdowns.daily``: weeks before the Wednesday (0: itself) → value."""
    return pd.DataFrame(
        {
            "date": [WEDNESDAY - timedelta(weeks=weeks) for weeks in values],
            column: list(values.values()),
            "coverage": coverage,
        }
    )


def hour(number: int, visits: float, index: float, half: float = 0.05) -> dict[str, float]:
    return {
        "from_ms": MORNING_MS + number * HOUR_MS,
        "to_ms": MORNING_MS + (number + 1) * HOUR_MS,
        "visits": visits,
        "index": index,
        "index_low": index - half,
        "index_high": index + half,
    }


@pytest.mark.parametrize(
    ("index", "said", "mood"),
    [
        (0.312, "+0.31", "pleasant"),
        (0.1, "+0.10", "slightly pleasant"),
        (0.004, "0.00", "neutral"),
        (-0.0049, "0.00", "neutral"),
        (-0.05, "−0.05", "slightly unpleasant"),
        (-0.4, "−0.40", "unpleasant"),
    ],
)
def test_an_index_has_a_sign_and_a_word(index: float, said: str, mood: str) -> None:
    assert index_words(index) == said
    assert mood_words(index) == mood


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (percent(0.0), "0%"),
        (percent(0.004), "under 1%"),
        (percent(0.456), "46%"),
        (points(0.012), "1 point"),
        (points(0.02), "2 points"),
        (seconds(0.4), "0 s"),
        (seconds(24.4), "24 s"),
        (seconds(60), "1 min"),
        (seconds(65), "1 min 5 s"),
        (visits_words(1), "1 visit"),
        (visits_words(1338.2), "1,338 visits"),
        (range_words(-0.021, 0.109), "−0.02 to +0.11"),
        (range_words(nan, nan), "–"),
        (known(nan, seconds), "–"),
        (known(3.0, seconds), "3 s"),
    ],
)
def test_figures_are_told_as_people_say_them(told: str, said: str) -> None:
    assert told == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(112, 100, "12% more"), (97, 100, "3% fewer"), (1001, 1000, "as many"), (5, 0, ""), (nan, 3, "")],
)
def test_a_count_is_held_against_what_it_was(now: float, before: float, said: str) -> None:
    assert count_change(now, before) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(27.4, 24.0, "3 s more"), (24.0, 27.4, "3 s less"), (24.1, 24.3, "the same"), (nan, 24.0, "")],
)
def test_an_amount_is_held_against_what_it_was(now: float, before: float, said: str) -> None:
    assert amount_change(now, before, seconds) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, ""),
        (interval(0.1, 0.05, 0.15, enough=False), ""),
        (interval(0.1, 0.05, 0.15), "higher by 0.10"),
        (interval(-0.1, -0.15, -0.05), "lower by 0.10"),
        (interval(0.1, -0.05, 0.25), "no clear change"),
    ],
)
def test_a_change_of_mood_is_told_only_where_it_is_more_than_chance(
    change: Interval | None, said: str
) -> None:
    assert index_change(change) == said


def test_low_coverage_is_told_and_good_one_is_not() -> None:
    assert "82%" in coverage_words(0.82)
    assert coverage_words(0.9) == coverage_words(nan) == ""


def test_every_period_is_held_against_one_that_has_a_name() -> None:
    assert BEFORE.keys() == PERIODS.keys()


def test_what_is_usual_comes_from_the_same_weekdays() -> None:
    by_day = days({0: 500.0, 1: 100.0, 2: 110.0, 3: 120.0, WEEKS + 1: 9_000.0})
    is_usual = usual(by_day, WEDNESDAY, VISITS)
    assert is_usual is not None
    assert (is_usual.mean, is_usual.days) == (110.0, 3)
    assert is_usual.low == pytest.approx(110 - 4.3027 * 10 * (4 / 3) ** 0.5, abs=0.01)
    assert is_usual.high == pytest.approx(110 + 4.3027 * 10 * (4 / 3) ** 0.5, abs=0.01)


@pytest.mark.parametrize(
    ("measured", "values", "least", "most"),
    [
        (ATTENTION, (0.1, 0.5, 0.95), 0.0, 1.0),
        (MOOD, (-0.7, 0.1, 0.8), -0.73, 0.87),
        (VISITS, (1.0, 90.0, 300.0), 0.0, inf),
    ],
)
def test_nothing_impossible_is_expected(
    measured: Measured, values: tuple[float, ...], least: float, most: float
) -> None:
    is_usual = usual(days(dict(enumerate((0.0, *values))), measured.column), WEDNESDAY, measured)
    assert is_usual is not None
    assert least <= is_usual.low < is_usual.high <= most


def test_of_a_few_weeks_nothing_is_usual() -> None:
    assert usual(days({0: 500.0, 1: 100.0, 2: 110.0}), WEDNESDAY, VISITS) is None


def test_counts_of_a_day_that_was_not_looked_at_are_not_compared_but_moods_are() -> None:
    assert usual(days({0: 9.0, 1: 1.0, 2: 2.0, 3: 3.0}, coverage=0.5), WEDNESDAY, VISITS) is None
    moods = days({0: 0.1, 1: 0.1, 2: 0.2, 3: 0.3}, "index", coverage=0.5)
    assert usual(moods, WEDNESDAY, MOOD) is not None


def test_what_is_usual_holds_the_next_day_19_times_out_of_20() -> None:
    """Days that differ by chance alone: how often the next one is called higher or lower."""
    dice = np.random.default_rng(5)
    outside = 0
    for _ in range(2_000):
        values = dice.normal(1_000, 60, 6)
        is_usual = usual(days(dict(enumerate(values.tolist()))), WEDNESDAY, VISITS)
        assert is_usual is not None
        outside += not is_usual.low <= values[0] <= is_usual.high
    assert outside / 2_000 == pytest.approx(0.05, abs=0.015)


AS_EVER = {
    VISITS.column: Usual(1_000, 900, 1_100, 8),
    MOOD.column: Usual(0.13, 0.1, 0.16, 8),
    DWELL.column: Usual(25, 20, 30, 8),
    ATTENTION.column: None,
}
VALUES = {VISITS.column: 1_011.0, MOOD.column: 0.09, DWELL.column: 25.0, ATTENTION.column: nan}


def test_the_day_is_told_in_two_sentences() -> None:
    assert headline(VALUES, AS_EVER, "Wednesday") == (
        "1,011 visits, about as many as on a usual Wednesday (1,000). Faces looked slightly pleasant on the "
        "whole (mood index +0.09), less pleasant than usual (+0.13)."
    )


def test_a_day_that_cannot_be_compared_is_told_by_itself() -> None:
    nothing = dict.fromkeys(AS_EVER)
    assert headline(VALUES, nothing, "Wednesday") == (
        "1,011 visits. Faces looked slightly pleasant on the whole (mood index +0.09)."
    )
    assert changes(VALUES, nothing, "Wednesday") == [
        f"There are fewer than {morning.WEEKS_LEAST} earlier Wednesdays to compare with."
    ]


def test_only_what_was_not_as_usual_is_told_as_different() -> None:
    assert changes(VALUES, AS_EVER, "Wednesday") == [
        "The mood index was lower than usual: +0.09; from other Wednesdays one would expect +0.10 to +0.16."
    ]
    assert changes({**VALUES, MOOD.column: 0.12}, AS_EVER, "Wednesday") == [
        "Nothing that stands out: visits, mood, dwell as usual on a Wednesday."
    ]


def test_the_hours_that_stand_out_are_named() -> None:
    hours = pd.DataFrame([hour(1, 30, 0.3), hour(2, 80, 0.1), hour(3, 40, -0.1), hour(4, 3, 0.8)])
    assert hours_words(hours, UTC) == [
        "Busiest: 10:00–11:00, 80 visits.",
        "Most pleasant: 09:00–10:00 (+0.30, 30 visits). Least pleasant: 11:00–12:00 (−0.10, 40 visits).",
    ]


def test_hours_that_chance_may_have_put_in_order_are_told_so() -> None:
    hours = pd.DataFrame([hour(1, 30, 0.11), hour(2, 80, 0.1)])
    assert "chance alone" in hours_words(hours, UTC)[-1]
    assert hours_words(hours.head(0), UTC) == []
