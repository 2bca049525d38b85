"""Places, the highest first. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import altair as alt
import pandas as pd

from dashboard.charts.style import COUNT_COLOUR, INDEX_COLOUR, INK, QUIET_COLOUR, SIGNED, themed
from dashboard.words.sentences import index_words, known, percent, range_words, seconds

ROW_HEIGHT: Final = 34
NAME_PX: Final = 150


@dataclass(frozen=True, slots=True)
class Ranked:
    """A figure that places are ranked by.

    Attributes:
        column: of ``breakdowns.by_camera``.
        title: on the page.
        tell: a value in words.
        form: of the axis, a Vega expression.
    """

    column: str
    title: str
    tell: Callable[[float], str]
    form: str


MOOD: Final = Ranked("index", "Mood", index_words, SIGNED)
VISITS: Final = Ranked(
    "visits_per_open_hour", "Visits an open hour", lambda rate: f"{rate:.1f}", "datum.value"
)
DWELL: Final = Ranked("dwell_s", "Mean dwell", seconds, "datum.value + ' s'")
ATTENTION: Final = Ranked("attention", "Attention", percent, "format(datum.value, '.0%')")
RANKED: Final = {ranked.title: ranked for ranked in (MOOD, VISITS, DWELL, ATTENTION)}


def ranking(places: pd.DataFrame, ranked: Ranked) -> pd.DataFrame:
    """The places of which the figure is known, the highest first.

    Args:
        places: with ``place`` and the columns of ``breakdowns.by_camera``.
        ranked: by which figure.
    """
    return places.dropna(subset=[ranked.column]).sort_values(ranked.column, ascending=False)


def rank_chart(places: pd.DataFrame, ranked: Ranked) -> alt.LayerChart:
    """Points for the mood index, with 95% intervals; bars for what begins at 0.

    Args:
        places: of ``ranking``, at least one.
        ranked: by which figure.
    """
    records = [_record(line, ranked) for line in places.to_dict("records")]
    base = alt.Chart(alt.InlineData(values=records)).encode(
        y=alt.Y(
            "place:N",
            title=None,
            scale=alt.Scale(type="band", domain=[record["place"] for record in records]),
            axis=alt.Axis(
                labelFontSize=13, labelLimit=NAME_PX, labelBound=False, labelFlush=False, labelOverlap=False
            ),
        ),
        tooltip=[
            alt.Tooltip("place:N", title="Place"),
            alt.Tooltip("told:N", title=ranked.title),
            *([alt.Tooltip("range:N", title="95% interval")] if ranked is MOOD else []),
            alt.Tooltip("visits:N", title="Visits"),
            alt.Tooltip("coverage:N", title="Coverage"),
            alt.Tooltip("uncertain:N", title="Without a clear expression"),
        ],
    )
    axis = alt.Axis(labelExpr=ranked.form, tickCount=5, grid=True)
    if ranked is MOOD:
        x = alt.X("value:Q", title=None, scale=alt.Scale(zero=True, padding=12), axis=axis)
        zero = (
            alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=QUIET_COLOUR).encode(x="zero:Q")
        )
        lines = base.mark_rule(color=INDEX_COLOUR, strokeWidth=2).encode(
            x=alt.X("low:Q", title=None), x2="high:Q"
        )
        marks = [zero, lines, base.mark_circle(color=INDEX_COLOUR, size=110, opacity=1).encode(x=x)]
    else:
        x = alt.X("value:Q", title=None, scale=alt.Scale(zero=True), axis=axis)
        marks = [base.mark_bar(color=COUNT_COLOUR, height={"band": 0.6}, cornerRadiusEnd=2).encode(x=x)]
    told = base.mark_text(color=INK, align="left", dx=10, fontSize=13).encode(
        x=alt.X("end:Q", title=None), text="told:N"
    )
    return themed(alt.LayerChart(layer=[*marks, told], height=ROW_HEIGHT * len(records) + 30))


def _record(line: dict[str, Any], ranked: Ranked) -> dict[str, Any]:
    value = line[ranked.column]
    record = {
        "place": line["place"],
        "value": round(value, 4),
        "end": round(value, 4),
        "told": ranked.tell(value),
        "visits": f"{line['visits']:,}",
        "coverage": known(line["coverage"], percent),
        "uncertain": known(line["uncertain"], percent),
    }
    if ranked is not MOOD or isnan(line["index_low"]):
        return record
    return {
        **record,
        "low": round(line["index_low"], 4),
        "high": round(line["index_high"], 4),
        "end": round(line["index_high"], 4),
        "range": range_words(line["index_low"], line["index_high"]),
    }
