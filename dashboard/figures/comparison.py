"""Days of a note (a promotion, another staffing) against the days before. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from contract.notes import SiteNote
from dashboard.figures.day_test import DAYS_LEAST, HIGHER, LOWER, NOT_ENOUGH, Days, Verdict, compare_days

DAYS_MOST: Final = 56
"""A side: what lies further apart differs for other reasons."""

_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Sides:
    """The days that are compared, local dates, in order.

    Attributes:
        before: as many as ``after``, the same weekdays, whole weeks earlier.
        after: of the note, up to yesterday, at most ``DAYS_MOST``.
        is_cut: the note has more days than that.
    """

    before: tuple[date, ...]
    after: tuple[date, ...]
    is_cut: bool

    @property
    def first(self) -> date | None:
        """The first day of all; None: there are none."""
        return self.before[0] if self.before else None


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of days.

    Attributes:
        column: of ``breakdowns.daily``.
        name: in sentences.
        title: over a drawing.
        verb: of it.
        digits: after the point.
        unit: behind a number.
    """

    column: str
    name: str
    title: str
    verb: str
    digits: int
    unit: str = ""


MOOD: Final = Measured("index", "mood", "Mood index", "was", 2)
VISITS: Final = Measured("visits_per_open_hour", "visits an hour", "Visits an open hour", "were", 1)
DWELL: Final = Measured("dwell_s", "dwell", "Mean dwell", "was", 1, " s")
MEASURED: Final = (MOOD, VISITS, DWELL)


def sides_of(note: SiteNote, today: date) -> Sides:
    """Which days are compared, as seen on a local day; today is not over, so it is in none.

    Args:
        note: what changed, and from when to when.
        today: by the site's clock.
    """
    yesterday = today - timedelta(days=1)
    last = min(note.last_day or yesterday, yesterday)
    count = max(0, (last - note.first_day).days + 1)
    kept = min(count, DAYS_MOST)
    after = tuple(note.first_day + timedelta(days=i) for i in range(kept))
    weeks = timedelta(days=-(-kept // _WEEK) * _WEEK)
    return Sides(tuple(day - weeks for day in after), after, is_cut=count > kept)


def compared(daily: pd.DataFrame, sides: Sides, measured: Measured) -> Verdict:
    """Whether the days after differ from those before.

    Args:
        daily: of ``breakdowns.daily``; days without visits are missing in it, and are not compared.
        sides: which days.
        measured: which figure.
    """
    return compare_days(_days(daily, sides.before, measured), _days(daily, sides.after, measured))


def verdict_words(verdict: Verdict, measured: Measured) -> str:
    """The verdict as a sentence, such as: Mood was higher by 0.05 (0.01 to 0.09)."""
    if verdict.kind == NOT_ENOUGH:
        return (
            f"Not enough days: {verdict.days_before} before and {verdict.days_after} after can be compared, "
            f"{DAYS_LEAST} a side are needed."
        )
    if verdict.kind not in {HIGHER, LOWER}:
        return (
            f"No reliable difference in {measured.name}{_between(verdict.low, verdict.high, measured, '+')}."
        )
    nearer, farther = sorted((abs(verdict.low), abs(verdict.high)))
    by = f"{abs(verdict.difference):.{measured.digits}f}{measured.unit}"
    between = _between(nearer, farther, measured, "")
    return f"{measured.name.capitalize()} {measured.verb} {verdict.kind} by {by}{between}."


def _between(low: float, high: float, measured: Measured, sign: str) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    shown = (f"{round(edge, measured.digits) + 0.0:{sign}.{measured.digits}f}" for edge in (low, high))
    return f" ({' to '.join(shown)}{measured.unit})".replace("-", "−")


def _days(daily: pd.DataFrame, days: tuple[date, ...], measured: Measured) -> Days:
    rows = daily[daily["date"].isin(days)]
    return Days(rows["weekday"].to_numpy(np.int64), rows[measured.column].to_numpy(np.float64))
