"""The hours of a week as a map of fields. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from dashboard.charts.style import COUNT_COLOUR, SIGNED, themed
from dashboard.words.sentences import index_words, seconds, visits_words

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ROW_HEIGHT: Final = 30
LEGEND_PX: Final = 75
INDEX_RANGE_LEAST: Final = 0.2
"""Of the colours of an index on either side of 0, so that a small difference is not seen as large."""

NAMED_LEAST: Final = 30
"""Visits that an hour needs to be named in a sentence."""

_CLEAR, _FULL = 0.08, 1.0  # how much of the page's own colour is covered


@dataclass(frozen=True, slots=True)
class Mapped:
    """A figure of hours.

    Attributes:
        column: of ``breakdowns.by_hour_of_week``.
        title: in tooltips.
        highest, lowest: what the hours with the largest and the smallest value are called.
        goes_below_zero: has two sides.
    """

    column: str
    title: str
    highest: str
    lowest: str
    goes_below_zero: bool = False

    def told(self, value: float) -> str:
        """A value in words."""
        if self.goes_below_zero:
            return index_words(value)
        return seconds(value) if self.column == "dwell_s" else f"{value:.0f}"


MOOD: Final = Mapped("index", "Mood index", "Most pleasant", "least pleasant", goes_below_zero=True)
VISITS: Final = Mapped("visits_per_open_hour", "Visits an hour", "Busiest", "quietest")
DWELL: Final = Mapped("dwell_s", "Mean dwell", "Longest", "shortest")


def hour_map(hours: pd.DataFrame, mapped: Mapped) -> alt.LayerChart:
    """Weekdays by hours; what is not known, or has too few visits, is an empty field.

    Args:
        hours: of ``breakdowns.by_hour_of_week``.
        mapped: which figure.
    """
    known = hours[hours["visits"].notna()]
    first, last = int(known["hour"].min()), int(known["hour"].max())
    records = [_record(line, mapped) for line in known.dropna(subset=[mapped.column]).to_dict("records")]
    values = known[mapped.column]
    x = alt.X(
        "hour:O",
        title=None,
        scale=alt.Scale(domain=list(range(first, last + 1)), paddingInner=0.06),
        axis=alt.Axis(labelAngle=0, labelOverlap=True, grid=False),
    )
    y = alt.Y(
        "weekday:O",
        title=None,
        scale=alt.Scale(domain=list(WEEKDAYS), paddingInner=0.1),
        axis=alt.Axis(grid=False, labelOverlap=False),
    )
    fields = (
        alt.Chart(alt.InlineData(values=records))
        .mark_rect(cornerRadius=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("value:Q", scale=_scale(values, mapped), legend=_legend(mapped)),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("told:N", title=mapped.title),
                alt.Tooltip("visits:N", title="Visits"),
            ],
        )
    )
    return themed(alt.LayerChart(layer=[fields], height=ROW_HEIGHT * len(WEEKDAYS) + LEGEND_PX))


def extremes(hours: pd.DataFrame, mapped: Mapped) -> str:
    """Which hours have the highest and the lowest value; empty: fewer than two are known well enough.

    Args:
        hours: of ``breakdowns.by_hour_of_week``.
        mapped: which figure.
    """
    known = hours[hours["visits"] >= NAMED_LEAST].dropna(subset=[mapped.column])
    if len(known) < 2:
        return ""
    high, low = (
        f"{_when(line['weekday'], line['hour'])} ({mapped.told(line[mapped.column])})"
        for line in known.sort_values(mapped.column, ascending=False).iloc[[0, -1]].to_dict("records")
    )
    return f"{mapped.highest}: {high}; {mapped.lowest}: {low}."


def _when(weekday: int, hour: int) -> str:
    return f"{WEEKDAYS[weekday]} {hour}–{hour + 1} h"


def _record(line: dict[str, Any], mapped: Mapped) -> dict[str, Any]:
    value = line[mapped.column]
    return {
        "weekday": WEEKDAYS[line["weekday"]],
        "hour": line["hour"],
        "value": round(value, 4),
        "told": mapped.told(value),
        "when": _when(line["weekday"], line["hour"]),
        "visits": f"{visits_words(line['visits'])}, {line['days']} week{'s' * (line['days'] != 1)}",
    }


def _scale(values: "pd.Series[float]", mapped: Mapped) -> alt.Scale:
    """Colours that fade into the page, be it light or dark; unpleasant is blue, pleasant yellow."""
    if not mapped.goes_below_zero:
        count = _rgba(COUNT_COLOUR, _CLEAR), _rgba(COUNT_COLOUR, _FULL)
        lowest, highest = float(values.min()), float(values.max())
        if mapped is VISITS or lowest == highest:
            lowest = 0.0
        return alt.Scale(domain=[lowest, highest], range=list(count))
    reach = max(INDEX_RANGE_LEAST, float(values.abs().max()))
    blue, yellow = "#2f7fd1", "#d9a900"
    colours = [_rgba(blue, _FULL), _rgba(blue, _CLEAR), _rgba(yellow, _CLEAR), _rgba(yellow, _FULL)]
    return alt.Scale(domain=[-reach, -1e-6, 1e-6, reach], range=colours)


def _legend(mapped: Mapped) -> alt.Legend:
    label = SIGNED if mapped.goes_below_zero else alt.Undefined
    return alt.Legend(title=None, orient="top", gradientLength=180, tickCount=4, labelExpr=label)


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
