"""Which days of an event are compared, and what is said of them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from contract.notes import NoteKind, SiteNote
from dashboard.figures.comparison import (
    DAYS_MOST,
    DWELL,
    MOOD,
    VISITS,
    Measured,
    Sides,
    compared,
    sides_of,
    verdict_words,
)
from dashboard.figures.day_test import HIGHER, LOWER, NO_DIFFERENCE, NOT_ENOUGH, Verdict

MONDAY = date(2026, 11, 2)


def note(days: int | None, first: date = MONDAY) -> SiteNote:
    last = None if days is None else first + timedelta(days=days - 1)
    return SiteNote(kind=NoteKind.PROMOTION, name="Free coffee", first_day=first, last_day=last)


def later(days: int) -> date:
    return MONDAY + timedelta(days=days)


@pytest.mark.parametrize(("days", "earlier"), [(3, 7), (7, 7), (10, 14), (14, 14)])
def test_as_many_days_before_are_compared_of_the_same_weekdays(days: int, earlier: int) -> None:
    sides = sides_of(note(days), later(60))
    assert sides.after == tuple(later(i) for i in range(days))
    assert sides.before == tuple(later(i - earlier) for i in range(days))
    assert [day.weekday() for day in sides.before] == [day.weekday() for day in sides.after]
    assert sides.before[-1] < MONDAY
    assert not sides.is_cut


def test_days_that_are_not_over_are_not_compared_yet() -> None:
    assert sides_of(note(14), later(5)).after == tuple(later(i) for i in range(5))
    assert sides_of(note(None), later(5)).after == tuple(later(i) for i in range(5))
    assert sides_of(note(14), MONDAY) == Sides((), (), is_cut=False)
    assert sides_of(note(14), later(-3)) == Sides((), (), is_cut=False)


def test_of_a_long_event_the_first_weeks_are_compared() -> None:
    sides = sides_of(note(None), later(200))
    assert len(sides.after) == len(sides.before) == DAYS_MOST
    assert sides.after[0] == MONDAY
    assert sides.is_cut


def daily(before: float, after: float, days: int = 14) -> pd.DataFrame:
    """A mood for each of ``days`` days before Monday and after, a little different from day to day."""
    each = [later(i) for i in range(-days, days)]
    wobble = np.tile([0.0, 0.01, -0.01, 0.005], days)[: 2 * days]
    mood = np.where([day < MONDAY for day in each], before, after) + wobble
    return pd.DataFrame({"date": each, "weekday": [day.weekday() for day in each], MOOD.column: mood})


def test_a_difference_is_found_and_told() -> None:
    verdict = compared(daily(0.1, 0.2), sides_of(note(14), later(14)), MOOD)
    assert verdict.kind == HIGHER
    assert verdict.difference == pytest.approx(0.1, abs=0.02)
    assert (verdict.days_before, verdict.days_after) == (14, 14)


def test_days_without_figures_are_not_compared() -> None:
    known = daily(0.1, 0.2).iloc[5:]
    verdict = compared(known, sides_of(note(14), later(14)), MOOD)
    assert verdict.days_before == 9


def verdict(kind: str, difference: float, low: float, high: float) -> Verdict:
    return Verdict(kind, difference, 0.01, low, high, 4, 12)


@pytest.mark.parametrize(
    ("of", "measured", "said"),
    [
        (verdict(HIGHER, 0.05, 0.01, 0.09), MOOD, "Mood was higher by 0.05 (0.01 to 0.09)."),
        (verdict(LOWER, -0.05, -0.09, -0.01), MOOD, "Mood was lower by 0.05 (0.01 to 0.09)."),
        (verdict(HIGHER, 2.31, 0.2, 4.44), VISITS, "Visits an hour were higher by 2.3 (0.2 to 4.4)."),
        (verdict(LOWER, -2.31, -4.44, -0.2), DWELL, "Dwell was lower by 2.3 s (0.2 to 4.4 s)."),
        (verdict(HIGHER, 0.05, 0.01, np.inf), MOOD, "Mood was higher by 0.05."),
        (
            verdict(NO_DIFFERENCE, 0.05, -0.004, 0.09),
            MOOD,
            "No reliable difference in mood (+0.00 to +0.09).",
        ),
        (verdict(NO_DIFFERENCE, 0.05, -0.4, 0.9), DWELL, "No reliable difference in dwell (−0.4 to +0.9 s)."),
        (
            verdict(NOT_ENOUGH, np.nan, np.nan, np.nan),
            MOOD,
            "Not enough days: 4 before and 12 after can be compared, 6 a side are needed.",
        ),
    ],
)
def test_a_verdict_is_a_sentence(of: Verdict, measured: Measured, said: str) -> None:
    assert verdict_words(of, measured) == said
