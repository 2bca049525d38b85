"""From a question to the figures of a page; nothing in them rests on fewer visits than the site allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from contract.keys import subject_of
from contract.windows import Resolution
from dashboard.figures.cells import Cells, Flags, Ints, sum_cells
from dashboard.figures.columns import columns_of
from dashboard.figures.grid import Grid
from dashboard.figures.parts import Grids, Part, make_grids, read_parts
from dashboard.figures.periods import Span
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import Subjects


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
        return pd.DataFrame({**when, **columns_of(cells)})

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
    grids = make_grids(question.resolution, question.span, site, now_ms)
    parts = read_parts(store, question.selection.subjects(subjects), subjects, grids, site)
    return _answer_of(question, site, grids, parts)


def answer_zones(
    store: WindowStore, subjects: Subjects, site: Site, question: Question, now_ms: int
) -> list[Answer]:
    """The figures of each zone of the question's camera; what is read and cut for one serves for all.

    Args: as ``answer`` has them.
    """
    grids = make_grids(question.resolution, question.span, site, now_ms)
    camera = question.selection.camera
    zones = [replace(question.selection, zone=zone) for zone in subjects.zones(camera)]
    wanted = [subject_of(camera, of_zone.zone) for of_zone in zones]
    parts = read_parts(store, wanted, subjects, grids, site)
    return [
        _answer_of(replace(question, selection=of_zone), site, grids, (part,))
        for of_zone, part in zip(zones, parts, strict=True)
    ]


def _answer_of(question: Question, site: Site, grids: Grids, parts: tuple[Part, ...]) -> Answer:
    span = question.span
    in_span = (grids.shown.end_ms > span.from_ms) & (grids.shown.start_ms < span.to_ms)
    seen = _any([~part.gaps for part in parts], len(grids.shown))
    cells = sum_cells([part.cells for part in parts])
    return Answer(question, site, grids.shown.where(in_span), ~seen[in_span], cells, parts, grids.hours)


def _any(flags: Sequence[Flags], count: int) -> Flags:
    """Where any of them is set: bool (``count``,)."""
    return np.asarray(np.any([np.zeros(count, np.bool_), *flags], axis=0))
