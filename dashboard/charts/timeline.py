"""Drawings of figures over time: gaps stay gaps, joined windows are as wide as what they are of. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import isnan
from typing import Final

import altair as alt
import numpy as np
import pandas as pd

from contract.labels import VALENCES
from contract.windows import Resolution
from dashboard.charts.clock import Clock, clock_time
from dashboard.charts.drawn import drawn_of
from dashboard.charts.records import ORDER, Record, dark_records, make_records, stack_records
from dashboard.charts.style import COLOURS, COUNT_COLOUR, INDEX_COLOUR, QUIET_COLOUR, SIGNED, themed
from dashboard.figures.periods import Span
from dashboard.figures.queries import Answer
from runtime.figures import Floats, Rows

HEIGHT: Final = 220
INDEX_RANGE_LEAST: Final = 0.4
"""Of the axis of an index, so that a small change does not look like a large one."""


_BREAKS: Final = "break-paths-show-path-domains"
"""What Vega does with a value that is not known: the line ends, and begins again behind it."""


_DOT: Final = 22
_DOTS_MOST: Final = 80


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the charts of a page are drawn from.

    Attributes:
        clock: the axis of all.
        now: a record a cell, and one without figures wherever a line must not go on.
        before: likewise of the period before, moved to where it is compared; empty: not shown.
        dark: stretches in which the site was open and no camera looked.
        rows: (n, ``row.WIDTH``), of the n records with figures.
        height: of a chart, in pixels.
        ends: of the vertical axis; None: what there is.
    """

    clock: Clock
    now: list[Record]
    before: list[Record]
    dark: list[Record]
    rows: Rows
    height: int = HEIGHT
    ends: tuple[float, float] | None = None

    def index(self) -> alt.LayerChart:
        """The mood index with its 95% band."""
        scale = alt.Scale(domain=list(self.ends or index_ends([self])), nice=False)
        y = alt.Y("index:Q", title=None, scale=scale, axis=alt.Axis(labelExpr=SIGNED, tickCount=5))
        band = (
            _base(self.now)
            .mark_area(color=INDEX_COLOUR, opacity=0.2, invalid=_BREAKS, clip=True)
            .encode(
                x=self.clock.axis("middle"),
                y=alt.Y("index_low:Q", title=None, scale=scale),
                y2="index_high:Q",
            )
        )
        told = ("Mood index", "index_told"), ("95% interval", "range_told"), ("Visits", "visits_told")
        zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=QUIET_COLOUR, strokeWidth=1)
        return self._layered(
            zero.encode(y=alt.Y("zero:Q", scale=scale, title=None)),
            band,
            *self._line_before(y),
            *self._line(y, INDEX_COLOUR, told),
        )

    def rate(self) -> alt.LayerChart:
        """Visits: bars as wide as their time; the height is how many that makes in an hour, or in a day."""
        y = alt.Y("rate:Q", title=None, scale=self._from_zero(), axis=alt.Axis(tickCount=4, format=",~f"))
        x = self.clock.axis("from")
        bars = _base(self.now).mark_rect(color=COUNT_COLOUR)
        before = _base(self.before).mark_rule(color=QUIET_COLOUR, strokeWidth=2)
        return self._layered(
            bars.encode(x=x, x2="to:T", y=y, y2=alt.datum(0), tooltip=_told(("Visits", "visits_told"))),
            *([before.encode(x=x, x2="to:T", y=y)] if self.before else []),
        )

    def line(self, column: str, title: str, form: str) -> alt.LayerChart:
        """A figure that is told as it is, with that of the period before.

        Args:
            column: ``dwell_s`` or ``attention``.
            title: in the tooltip.
            form: of the axis, as D3 has it.
        """
        axis = alt.Axis(tickCount=4, format=form)
        y = alt.Y(f"{column}:Q", title=None, scale=self._from_zero(), axis=axis)
        told = (title, f"{column}_told"), ("Visits", "visits_told")
        return self._layered(*self._line_before(y), *self._line(y, COUNT_COLOUR, told))

    def shares(self, shares: Floats) -> alt.LayerChart:
        """The seven shares, stacked.

        Args:
            shares: float64 (n, 7) of ``rows``, in the order of ``LABELS``; each row sums to 1.
        """
        cells = [record for record in self.now if "rate" in record]
        stacked = [
            part for cell, share in zip(cells, shares, strict=True) for part in stack_records(cell, share)
        ]
        colours = alt.Scale(domain=list(ORDER), range=[COLOURS[label] for label in ORDER])
        axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])
        return self._layered(
            _base(stacked)
            .mark_rect()
            .encode(
                x=self.clock.axis("from"),
                x2="to:T",
                y=alt.Y("top:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis),
                y2="bottom:Q",
                color=alt.Color("label:N", scale=colours, sort=list(ORDER), legend=None),
                tooltip=_told(("Expression", "label"), ("Share", "share_told"), ("Visits", "visits_told")),
            )
        )

    def _line(self, y: alt.Y, colour: str, told: Iterable[tuple[str, str]]) -> list[alt.Chart]:
        base = _base(self.now).encode(x=self.clock.axis("middle"), y=y)
        size = _DOT if len(self.now) <= _DOTS_MOST else _DOT / 2
        return [
            base.mark_line(color=colour, strokeWidth=2, invalid=_BREAKS),
            # a cell between two gaps is a dot, which a line does not show
            base.mark_circle(color=colour, size=size, opacity=1).encode(tooltip=_told(*told)),
        ]

    def _line_before(self, y: alt.Y) -> list[alt.Chart]:
        line = _base(self.before).mark_line(
            color=QUIET_COLOUR, strokeWidth=1.5, strokeDash=[4, 3], invalid=_BREAKS
        )
        return [line.encode(x=self.clock.axis("middle"), y=y)] if self.before else []

    def _from_zero(self) -> alt.Scale:
        return alt.Scale(domain=list(self.ends)) if self.ends else alt.Scale(zero=True)

    def _layered(self, *layers: alt.Chart) -> alt.LayerChart:
        dark = (
            _base(self.dark)
            .mark_rect(color=QUIET_COLOUR, opacity=0.16)
            .encode(x=self.clock.axis("from"), x2="to:T", tooltip=_told(("No camera looked", "length")))
        )
        return themed(alt.LayerChart(layer=[*([dark] if self.dark else []), *layers], height=self.height))


def make_timeline(answer: Answer, before: Answer | None = None, shown: Span | None = None) -> Timeline:
    """What is drawn of an answer.

    Args:
        answer: of the period.
        before: of the period before, on the same grid.
        shown: how much of the period; None: all of it.
    """
    span = answer.question.span
    clock = Clock(shown or span, answer.site.time_zone)
    by_day = answer.question.resolution is Resolution.DAY
    drawn = drawn_of(answer)
    return Timeline(
        clock,
        make_records(drawn, clock, by_day=by_day),
        _records_before(before, clock, span, by_day=by_day) if before else [],
        dark_records(answer, clock),
        drawn.rows,
    )


def _records_before(before: Answer, clock: Clock, span: Span, *, by_day: bool) -> list[Record]:
    at = clock.moved(before.question.span, span)
    return make_records(drawn_of(before), clock, at, by_day=by_day)


def with_usual(timeline: Timeline, hours: pd.DataFrame, day: date) -> Timeline:
    """A timeline of a day beside what is usual in its hours.

    Args:
        timeline: of the day.
        hours: lines of ``breakdowns.by_hour_of_week``, of that weekday.
        day: the local day.
    """
    usual: list[Record] = []
    for line in hours.dropna(subset=["visits"]).to_dict("records"):
        begin = datetime.combine(day, time(line["hour"]))
        if usual and usual[-1]["hour"] < line["hour"] - 1:
            usual.append({"middle": clock_time(begin), "hour": line["hour"]})
        usual.append(
            {
                "from": clock_time(begin),
                "middle": clock_time(begin + timedelta(minutes=30)),
                "to": clock_time(begin + timedelta(hours=1)),
                "hour": line["hour"],
                "rate": None
                if isnan(line["visits_per_open_hour"])
                else round(line["visits_per_open_hour"], 2),
                "index": None if isnan(line["index"]) else round(line["index"], 4),
            }
        )
    return replace(timeline, before=usual)


def index_ends(timelines: Iterable[Timeline]) -> tuple[float, float]:
    """Ends of an axis that holds every index and 0, and is not so short that noise looks like news.

    The half of the bands that are wider than the others may reach out of it.
    """
    timelines = list(timelines)
    values = [0.0, *_values(timelines, ("index",))]
    edges = zip(*(_values(timelines, (edge,)) for edge in ("index_low", "index_high")), strict=True)
    widths = [high - low for low, high in edges]
    half = float(np.median(widths)) / 2 if widths else 0.0
    low, high = min(values) - half, max(values) + half
    lacking = max(0.0, INDEX_RANGE_LEAST - (high - low))
    return (
        max(min(VALENCES), round(low - lacking / 2 - 0.02, 2)),
        min(max(VALENCES), round(high + lacking / 2 + 0.02, 2)),
    )


def ends_from_zero(timelines: Iterable[Timeline], column: str) -> tuple[float, float]:
    """Ends of an axis that holds 0 and every value of a column."""
    return 0.0, max([0.0, *_values(timelines, (column,))])


def _values(timelines: Iterable[Timeline], columns: tuple[str, ...]) -> list[float]:
    return [
        value
        for timeline in timelines
        for record in (*timeline.now, *timeline.before)
        for column in columns
        if (value := record.get(column)) is not None
    ]


def _base(records: list[Record]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=records))


def _told(*fields: tuple[str, str]) -> list[alt.Tooltip]:
    """A tooltip: when, and the fields by their titles."""
    return [
        alt.Tooltip("when:N", title="When"),
        *(alt.Tooltip(f"{field}:N", title=title) for title, field in fields),
    ]
