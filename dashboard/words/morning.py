"""Yesterday in sentences, against what is usual on that weekday. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import inf, isnan, sqrt
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from contract.labels import VALENCES
from dashboard.figures.intervals import CONFIDENCE
from dashboard.words.sentences import COVERED, index_words, mood_words, percent, seconds, visits_words

WEEKS: Final = 8
"""Looked back on for what is usual."""

WEEKS_LEAST: Final = 3
"""Days that are needed to say what is usual."""

HOUR_VISITS: Final = 10
"""An hour needs so many visits to be named for its mood."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of a day.

    Attributes:
        column: of ``breakdowns.daily``.
        noun: in sentences.
        subject: of a sentence, with its verb.
        tell: a value in words.
        counts: rests on how long cameras looked.
        least, most: what it can be.
    """

    column: str
    noun: str
    subject: str
    tell: Callable[[float], str]
    counts: bool = False
    least: float = 0.0
    most: float = inf


VISITS: Final = Measured("visits", "visits", "Visits were", lambda count: f"{count:,.0f}", counts=True)
MOOD: Final = Measured(
    "index", "mood", "The mood index was", index_words, least=min(VALENCES), most=max(VALENCES)
)
DWELL: Final = Measured("dwell_s", "dwell", "Mean dwell was", seconds)
ATTENTION: Final = Measured("attention", "attention", "Attention was", percent, most=1.0)
MEASURED: Final = (VISITS, MOOD, DWELL, ATTENTION)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the same weekdays before let one expect of a day.

    Attributes:
        mean: of these days.
        low, high: what 19 of 20 days would lie between, if days are as they were.
        days: how many.
    """

    mean: float
    low: float
    high: float
    days: int


def usual(daily: pd.DataFrame, day: date, measured: Measured) -> Usual | None:
    """What was usual of a figure on a day's weekday; None: of too few days known, or the day is not whole.

    The interval is Student's prediction interval for one more value, mean ± t·s·√(1 + 1/n), within what
    the figure can be.

    Args:
        daily: of ``breakdowns.daily``, of at least the weeks before.
        day: a local date.
        measured: which figure.
    """
    same = daily[daily["date"].isin([day - timedelta(weeks=week) for week in range(1, WEEKS + 1)])]
    if measured.counts:
        same = same[same["coverage"] >= COVERED]
        today = daily[daily["date"] == day]
        if not (today["coverage"] >= COVERED).all():
            return None
    values = same[measured.column].dropna().to_numpy(np.float64)
    if len(values) < WEEKS_LEAST:
        return None
    count = len(values)
    half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * float(values.std(ddof=1)) * sqrt(1 + 1 / count)
    mean = float(values.mean())
    return Usual(mean, max(measured.least, mean - half), min(measured.most, mean + half), count)


def headline(values: Mapping[str, float], usuals: Mapping[str, Usual | None], weekday: str) -> str:
    """The day in two sentences.

    Args:
        values: column of ``MEASURED`` → the day's figure; NaN: not known.
        usuals: likewise, what is usual; None: not known.
        weekday: its name.
    """
    visits, index = values[VISITS.column], values[MOOD.column]
    counted = visits_words(visits)
    if of_visits := usuals[VISITS.column]:
        than = _choose(of_visits, visits, "more than", "about as many as", "fewer than")
        counted += f", {than} on a usual {weekday} ({VISITS.tell(of_visits.mean)})"
    if isnan(index):
        return f"{counted}."
    mood = f"Faces looked {mood_words(index)} on the whole (mood index {index_words(index)})"
    if of_mood := usuals[MOOD.column]:
        than = _choose(of_mood, index, "more pleasant than", "about as", "less pleasant than")
        mood += f", {than} usual ({index_words(of_mood.mean)})"
    return f"{counted}. {mood}."


def changes(values: Mapping[str, float], usuals: Mapping[str, Usual | None], weekday: str) -> list[str]:
    """What was not as usual, a sentence each; or one that says that all was, or that this is not known.

    Args:
        values: as ``headline`` has them.
        usuals: likewise.
        weekday: its name.
    """
    told, known = [], []
    for measured in MEASURED:
        value, is_usual = values[measured.column], usuals[measured.column]
        if is_usual is None or isnan(value):
            continue
        known.append(measured.noun)
        if side := _choose(is_usual, value, "higher than usual", "", "lower than usual"):
            told.append(
                f"{measured.subject} {side}: {measured.tell(value)}; from other {weekday}s one would expect "
                f"{measured.tell(is_usual.low)} to {measured.tell(is_usual.high)}."
            )
    if not known:
        return [f"There are fewer than {WEEKS_LEAST} earlier {weekday}s to compare with."]
    return told or [f"Nothing that stands out: {', '.join(known)} as usual on a {weekday}."]


def hours_words(hours: pd.DataFrame, time_zone: tzinfo) -> list[str]:
    """The busiest hour, and the most and the least pleasant one, a sentence each.

    Args:
        hours: of ``Drawn.frame``, by the hour.
        time_zone: the site's.
    """
    if hours.empty:
        return []
    busiest = hours.loc[(hours["visits"] / (hours["to_ms"] - hours["from_ms"])).idxmax()]
    told = [f"Busiest: {_hour(busiest, time_zone)}, {visits_words(busiest['visits'])}."]
    known = hours[hours["visits"] >= HOUR_VISITS]
    if len(known) >= 2:
        best, worst = known.loc[known["index"].idxmax()], known.loc[known["index"].idxmin()]
        told.append(f"Most pleasant: {_mood(best, time_zone)}. Least pleasant: {_mood(worst, time_zone)}.")
        if best["index_low"] <= worst["index_high"]:
            told.append("Their moods lie so close that chance alone may have made the difference.")
    return told


def _choose(is_usual: Usual, value: float, above: str, within: str, below: str) -> str:
    if value > is_usual.high:
        return above
    return below if value < is_usual.low else within


def _mood(line: "pd.Series[Any]", time_zone: tzinfo) -> str:
    return f"{_hour(line, time_zone)} ({index_words(line['index'])}, {visits_words(line['visits'])})"


def _hour(line: "pd.Series[Any]", time_zone: tzinfo) -> str:
    begin, end = (datetime.fromtimestamp(line[name] / 1000, time_zone) for name in ("from_ms", "to_ms"))
    return f"{begin:%H:%M}–{end:%H:%M}"
