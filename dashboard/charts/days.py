"""Days before and with an event, as a drawing."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

import altair as alt
import pandas as pd

from contract.notes import SiteNote
from dashboard.charts.style import COUNT_COLOUR, INDEX_COLOUR, QUIET_COLOUR, themed
from dashboard.figures.comparison import MOOD, Measured, Sides

HEIGHT: Final = 180
AXIS_PX: Final = 40
"""Left of all drawings, so that their days stand above each other."""

BAND_OPACITY: Final = 0.18


def day_chart(daily: pd.DataFrame, note: SiteNote, sides: Sides, measured: Measured) -> alt.LayerChart:
    """A figure by day: filled dots are compared, lines are the means of both sides, the event is a band.

    A day without visits has no dot, and the line breaks there.

    Args:
        daily: of ``breakdowns.daily``, from the first day of ``sides`` on.
        note: the event.
        sides: which days are compared.
        measured: which figure.
    """
    first, last = sides.before[0], sides.after[-1]
    known = dict(zip(daily["date"], daily[measured.column], strict=True))
    compared = {*sides.before, *sides.after}
    points = [_point(day, known.get(day), measured, compared) for day in _days(first, last)]
    colour = INDEX_COLOUR if measured is MOOD else COUNT_COLOUR
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X(
            "day:T",
            title=None,
            scale=alt.Scale(type="utc", domain=[_at(first), _at(last + timedelta(days=1))]),
            axis=alt.Axis(format="%-d %b", tickCount=7, labelOverlap=True),
        ),
        y=alt.Y(
            "value:Q",
            title=None,
            scale=alt.Scale(zero=measured is not MOOD, nice=True),
            axis=alt.Axis(format="+.2f" if measured is MOOD else "~s", tickCount=4, minExtent=AXIS_PX),
        ),
        tooltip=[alt.Tooltip("said:N", title="day"), alt.Tooltip("shown:N", title=measured.name)],
    )
    line = base.mark_line(
        color=colour, strokeWidth=1.5, opacity=0.55, invalid="break-paths-show-path-domains"
    )
    dots = base.mark_point(color=colour, size=45, opacity=1, strokeWidth=1.5).encode(
        fill=alt.condition("datum.compared", alt.value(colour), alt.value("transparent"))
    )
    means = alt.Chart(alt.InlineData(values=list(_means(known, sides)))).mark_rule(
        color=colour, strokeWidth=2, strokeDash=[6, 4]
    )
    means = means.encode(x="from:T", x2="to:T", y="value:Q")
    band = {"from": _at(note.first_day), "to": _at(last + timedelta(days=1)), "name": note.name}
    marked = alt.Chart(alt.InlineData(values=[band]))
    bands = marked.mark_rect(color=QUIET_COLOUR, opacity=BAND_OPACITY).encode(x="from:T", x2="to:T")
    return themed(alt.LayerChart(layer=[bands, line, dots, means], height=HEIGHT))


def _means(known: dict[date, float], sides: Sides) -> Iterable[dict[str, Any]]:
    for days in (sides.before, sides.after):
        values = [known[day] for day in days if day in known and known[day] == known[day]]
        if values:
            end = days[-1] + timedelta(days=1)
            yield {"from": _at(days[0]), "to": _at(end), "value": sum(values) / len(values)}


def _point(day: date, value: float | None, measured: Measured, compared: set[date]) -> dict[str, Any]:
    is_known = value is not None and value == value  # noqa: PLR0124 - NaN
    return {
        "day": f"{day.isoformat()}T12:00:00Z",
        "value": value if is_known else None,
        "compared": day in compared,
        "said": f"{day:%a} {day.day} {day:%b}",
        "shown": f"{value:.{measured.digits}f}{measured.unit}" if is_known else "no figure",
    }


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=i) for i in range((last - first).days + 1))


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
