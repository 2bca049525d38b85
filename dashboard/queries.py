"""From a question to the figures of a page; nothing in them rests on fewer visits than the site allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from contract import row
from contract.labels import LABELS
from contract.windows import WINDOW_MS, Resolution
from dashboard.cells import HIDDEN, Cells, Flags, Ints, join_cells, sum_by_day, sum_cells
from dashboard.grid import Grid, make_grid
from dashboard.intervals import index_intervals
from dashboard.parts import Part, make_grids, read_parts
from dashboard.periods import Span
from dashboard.selection import Selection
from dashboard.sites import Site
from dashboard.store import WindowStore
from dashboard.subjects import Subjects
from runtime import figures
from runtime.figures import Floats

_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]
_HOURS_OF_WEEK: Final = 7 * 24
_ROUNDING: Final = 1e-6  # of visits spread over hours


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        selection: of whom.
        resolution: a quarter of an hour, an hour or a day.
        span: when.
    """

    selection: Selection
    resolution: Resolution
    span: Span


@dataclass(frozen=True, slots=True)
class Answer:
    """Figures that may be shown.

    Attributes:
        question: that was asked.
        site: whose clock and k hold.
        grid: the m windows of the span, up to now.
        gaps: bool (m,), windows in which no camera looked.
        cells: sums over windows; of several cameras those that begin together are summed.
        parts: what each subject has to it.
        hours: n hours, from the beginning of the span's first day on.
    """

    question: Question
    site: Site
    grid: Grid
    gaps: Flags
    cells: Cells
    parts: tuple[Part, ...]
    hours: Grid

    @property
    def grid_ms(self) -> Ints:
        """int64 (m,), UTC: when each window of the grid begins."""
        return self.grid.start_ms

    @property
    def total(self) -> Ints:
        """int64 (``row.WIDTH``,): the sum of all cells."""
        return np.asarray(self.cells.rows.sum(axis=0), np.int64)

    @property
    def counted(self) -> Flags:
        """Hours of the span in which a camera looked and whose visits are all known: bool (n,)."""
        return _any([part.counted for part in self.parts], len(self.hours))

    def frame(self) -> pd.DataFrame:
        """A line a cell.

        Columns: ``from``, ``to`` (the site's time), ``visits``, ``index``, ``index_low``, ``index_high``,
        ``share_<label>`` of each label, ``dwell_s``, ``attention``, ``watchers``, ``uncertain``,
        ``coverage``, ``face_frames``. Shares are fractions of 1; what is not known is NaN.
        """
        cells = self.cells
        when = {"from": self.local(cells.from_ms), "to": self.local(cells.to_ms)}
        return pd.DataFrame({**when, **_figures(cells)})

    def local(self, at_ms: Ints) -> pd.DatetimeIndex:
        """Instants (UTC) in the site's time."""
        return pd.DatetimeIndex(pd.to_datetime(at_ms, unit="ms", utc=True)).tz_convert(self.site.time_zone)


def answer(store: WindowStore, subjects: Subjects, site: Site, question: Question, now_ms: int) -> Answer:
    """The figures of a question.

    Args:
        store: of windows.
        subjects: what there is.
        site: of the question's selection.
        question: what is asked.
        now_ms: UTC.
    """
    span = question.span
    grids = make_grids(question.resolution, span, site, now_ms)
    parts = read_parts(store, question.selection.subjects(subjects), grids, site)
    in_span = (grids.shown.end_ms > span.from_ms) & (grids.shown.start_ms < span.to_ms)
    seen = _any([~part.gaps for part in parts], len(grids.shown))
    cells = sum_cells([part.cells for part in parts])
    return Answer(question, site, grids.shown.where(in_span), ~seen[in_span], cells, parts, grids.hours)


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
            **_figures(cells),
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
            **_figures(replace(totals, open_ms=open_ms, looked_ms=looked_ms)),
        }
    )


def _figures(cells: Cells) -> dict[str, Floats | Ints]:
    """Columns of what people read, a value a cell."""
    rows = cells.rows
    index, low, high = index_intervals(rows)
    named = {f"share_{label}": share for label, share in zip(LABELS, figures.shares(rows).T, strict=True)}
    return {
        "visits": cells.visits,
        "index": index,
        "index_low": low,
        "index_high": high,
        **named,
        "dwell_s": figures.dwell_s(rows),
        "attention": figures.attention(rows),
        "watchers": figures.watchers(rows),
        "uncertain": figures.uncertain(rows),
        "coverage": cells.coverage(),
        "face_frames": rows[:, row.FACE_FRAMES],
    }


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


def _any(flags: Sequence[Flags], count: int) -> Flags:
    """Where any of them is set: bool (``count``,)."""
    return np.asarray(np.any([np.zeros(count, np.bool_), *flags], axis=0))
