"""An answer broken down: by day, by hour of the week, by camera."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from contract import row
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.cells import HIDDEN, Ints, join_cells, sum_by_day, sum_cells
from dashboard.figures.columns import columns_of
from dashboard.figures.grid import Grid, make_grid
from dashboard.figures.parts import Part
from dashboard.figures.periods import Span
from dashboard.figures.queries import Answer
from runtime import figures
from runtime.figures import Floats

_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]
_HOURS_OF_WEEK: Final = 7 * 24
_ROUNDING: Final = 1e-6  # of visits spread over hours


def daily(given: Answer) -> pd.DataFrame:
    """A line a local day with visits, of an answer of any resolution.

    Columns: ``date``, ``weekday`` (0: Monday), ``open_h`` (hours in which the site was open and a camera
    looked), ``visits_per_open_hour``, and those of ``Answer.frame`` but ``from`` and ``to``.
    """
    hours, to_ms = given.hours, given.question.span.to_ms
    cells, days = given.cells, given.grid
    if given.question.resolution is not Resolution.DAY and len(hours):
        days = make_grid(Resolution.DAY, int(hours.start_ms[0]), to_ms, given.site, to_ms)
        cells = sum_cells([sum_by_day(part.cells, hours, part.looked_ms, days) for part in given.parts])
    open_h = np.bincount(hours.day, hours.open_ms * given.counted, len(days)) / _HOUR_MS
    open_h = open_h[days.index_of(cells.from_ms)]
    local = given.local(cells.from_ms)
    return pd.DataFrame(
        {
            "date": local.date,
            "weekday": local.day_of_week,
            "open_h": open_h,
            "visits_per_open_hour": figures.ratio(cells.visits, open_h),
            **columns_of(cells),
        }
    )


def by_hour_of_week(given: Answer) -> pd.DataFrame:
    """168 lines, one an hour of the week, of an answer of any resolution.

    A cell of several hours is spread over those of them in which the site was open and the camera looked.

    Columns: ``weekday`` (0: Monday), ``hour``, ``days`` (in how many weeks a camera looked then), ``visits``,
    ``visits_per_open_hour``, ``index``, ``dwell_s``. What has fewer than k visits is NaN.
    """
    hours, counted = given.hours, given.counted
    local = given.local(hours.start_ms)
    slot = np.asarray(local.day_of_week * 24 + local.hour, np.int64)
    open_h = np.bincount(slot[counted], hours.open_ms[counted], _HOURS_OF_WEEK) / _HOUR_MS
    sums = np.zeros((3, _HOURS_OF_WEEK))
    for part in given.parts:
        sums += _spread(part, given.question.span, slot)
    enough = sums[0] >= given.site.k - _ROUNDING
    visits, index, dwell_s = np.where(enough, sums, np.nan)
    return pd.DataFrame(
        {
            "weekday": np.arange(_HOURS_OF_WEEK) // 24,
            "hour": np.arange(_HOURS_OF_WEEK) % 24,
            "days": np.bincount(slot[counted], minlength=_HOURS_OF_WEEK),
            "visits": visits,
            "visits_per_open_hour": figures.ratio(visits, open_h),
            "index": figures.ratio(index, visits),
            "dwell_s": figures.ratio(dwell_s, visits),
        }
    )


def by_camera(given: Answer) -> pd.DataFrame:
    """A line a subject.

    Columns: ``camera``, ``open_h`` (hours in which the site was open and the camera looked),
    ``visits_per_open_hour``, and those of ``Answer.frame`` but ``from`` and ``to``. Coverage is of the time
    since the camera was first heard in the span.
    """
    hours, span = given.hours, given.question.span
    totals = join_cells([part.cells.total() for part in given.parts])
    by_hour = [part.hour_cells.within(span.from_ms, span.to_ms).visits.sum() for part in given.parts]
    open_h = np.array([hours.open_ms[part.counted].sum() for part in given.parts]) / _HOUR_MS
    time = [_times(part, hours, span) for part in given.parts]
    open_ms, looked_ms = np.array(time, np.int64).reshape(-1, 2).T
    return pd.DataFrame(
        {
            "camera": [part.subject for part in given.parts],
            "open_h": open_h,
            "visits_per_open_hour": figures.ratio(np.array(by_hour), open_h),
            **columns_of(replace(totals, open_ms=open_ms, looked_ms=looked_ms)),
        }
    )


def _spread(part: Part, span: Span, slot: Ints) -> Floats:
    """Visits, Σ index and Σ dwell (seconds) by hour of the week, float64 (3, 168).

    Args:
        part: of a subject.
        span: cells beyond it are left out.
        slot: int64 (n,), hour of the week of each hour.
    """
    cells, cell = part.hour_cells, part.cell_of_hour
    inside = (cells.from_ms >= span.from_ms) & (cells.to_ms <= span.to_ms)
    shown = cell != HIDDEN
    shown[shown] = inside[cell[shown]]
    cell, weight = cell[shown], part.looked_ms[shown].astype(np.float64)
    blind = np.bincount(cell, weight, len(cells)) == 0
    weight[blind[cell]] = 1.0
    weight /= np.bincount(cell, weight, len(cells))[cell]
    rows = cells.rows
    sums = (rows[:, row.VISITS], figures.index_sum(rows), rows[:, row.DWELL_MS] / 1000)
    return np.stack([np.bincount(slot[shown], weight * of[cell], _HOURS_OF_WEEK) for of in sums])


def _times(part: Part, hours: Grid, span: Span) -> tuple[int, int]:
    """Open time of the span since the camera was first heard in it, and how much of that it looked, ms."""
    in_span = (hours.start_ms >= span.from_ms) & (hours.start_ms < span.to_ms)
    heard = np.flatnonzero(in_span & (part.looked_ms > 0))
    if not len(heard):
        return int(hours.open_ms[in_span].sum()), 0
    since = in_span & (np.arange(len(hours)) >= heard[0])
    return int(hours.open_ms[since].sum()), int(part.looked_ms[since].sum())
