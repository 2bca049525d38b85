"""The line of a camera's mood, drawn again every other second. Pure.

A chart takes longer to make than its figures to read, so its form is made once; and a browser to which only
other figures are sent does not draw it anew from nothing.
"""

from datetime import datetime, tzinfo
from functools import cache
from typing import Any

import altair as alt

from contract.labels import VALENCES
from contract.windows import GRAIN_MS
from dashboard.charts.style import INDEX_COLOUR, themed
from dashboard.figures.mood import Floats, Rows

_WORDS = "datum.value > 0 ? 'pleasant' : datum.value < 0 ? 'unpleasant' : 'neutral'"


def live_line(start_ms: Rows, index: Floats, time_zone: tzinfo) -> dict[str, Any]:
    """The mood index over time, a Vega-Lite specification; a gap where nobody was seen.

    Args:
        start_ms: int64 (n,), UTC.
        index: float64 (n,), NaN for a gap.
        time_zone: of the labels.
    """
    points = [
        {
            # Vega draws in the reader's zone; a time without one is drawn as it stands
            "time": datetime.fromtimestamp((start + GRAIN_MS / 2) / 1000, time_zone)
            .replace(tzinfo=None)
            .isoformat(),
            "mood": None if value != value else round(float(value), 3),  # noqa: PLR0124 - NaN
        }
        for start, value in zip(start_ms.tolist(), index.tolist(), strict=True)
    ]
    return {**_form(), "data": {"values": points}}


@cache
def _form() -> dict[str, Any]:
    base = alt.Chart().encode(
        x=alt.X("time:T", title=None, axis=alt.Axis(format="%H:%M", tickCount=5, grid=False)),
        y=alt.Y(
            "mood:Q",
            title=None,
            scale=alt.Scale(domain=[min(VALENCES), max(VALENCES)]),
            axis=alt.Axis(values=[-0.6, 0, 0.6], labelExpr=_WORDS, gridOpacity=0.4),
        ),
        tooltip=[alt.Tooltip("time:T", format="%H:%M:%S"), alt.Tooltip("mood:Q", format="+.2f")],
    )
    line = base.mark_line(
        color=INDEX_COLOUR, strokeWidth=2, interpolate="monotone", invalid="break-paths-show-path-domains"
    )
    # a window between two gaps is a dot, which a line does not show
    dots = base.mark_circle(color=INDEX_COLOUR, size=14)
    chart = alt.LayerChart(data=alt.InlineData(values=[]), layer=[line, dots], height=150)
    form: dict[str, Any] = themed(chart).to_dict()
    del form["datasets"]  # where Altair puts the figures
    return form
