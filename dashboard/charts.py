"""The drawings of the page."""

from datetime import datetime, tzinfo
from html import escape

import altair as alt

from contract.labels import LABELS, VALENCES
from contract.windows import GRAIN_MS
from dashboard.mood import Floats, Mood, Rows

COLOURS = dict(
    zip(LABELS, ("#c8553d", "#8a9a3b", "#7b5ea7", "#e9b44c", "#9aa5b1", "#4a7fb5", "#3aa99f"), strict=True)
)
"""One colour for each label, apart in hue and lightness."""

INDEX_COLOUR = "#4a9cc7"
"""Seen on a light page and on a dark one."""
LEAST_SHARE_LABELLED = 0.12
LEAST_SHARE_LISTED = 0.005

_WORDS = "datum.value > 0 ? 'pleasant' : datum.value < 0 ? 'unpleasant' : 'neutral'"


def mood_line(start_ms: Rows, index: Floats, time_zone: tzinfo) -> alt.LayerChart:
    """The mood index over time; a gap where nobody was seen.

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
    scale = alt.Scale(domain=[min(VALENCES), max(VALENCES)])
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("time:T", title=None, axis=alt.Axis(format="%H:%M", tickCount=5, grid=False)),
        y=alt.Y(
            "mood:Q",
            title=None,
            scale=scale,
            axis=alt.Axis(values=[-0.6, 0, 0.6], labelExpr=_WORDS, gridOpacity=0.4),
        ),
        tooltip=[alt.Tooltip("time:T", format="%H:%M:%S"), alt.Tooltip("mood:Q", format="+.2f")],
    )
    line = base.mark_line(
        color=INDEX_COLOUR, strokeWidth=2, interpolate="monotone", invalid="break-paths-show-path-domains"
    )
    # a window between two gaps is a dot, which a line does not show
    dots = base.mark_circle(color=INDEX_COLOUR, size=14)
    return alt.LayerChart(layer=[line, dots], height=150)


def emotion_bar(mood: Mood) -> str:
    """The seven shares as one bar with a list below it, HTML; small ones are named in the list only."""
    order = sorted(range(len(LABELS)), key=lambda i: -mood.shares[i])
    parts = "".join(
        f'<div title="{LABELS[i]} {mood.shares[i]:.0%}" style="width:{mood.shares[i]:.2%};'
        f"background:{COLOURS[LABELS[i]]};transition:width .6s;overflow:hidden;white-space:nowrap;"
        f'padding-left:{6 if mood.shares[i] >= LEAST_SHARE_LABELLED else 0}px;color:#111;font-size:.8rem">'
        f"{LABELS[i] if mood.shares[i] >= LEAST_SHARE_LABELLED else '&nbsp;'}</div>"
        for i in order
    )
    listed = " · ".join(
        f"{LABELS[i]} {mood.shares[i]:.0%}" for i in order if mood.shares[i] >= LEAST_SHARE_LISTED
    )
    said = ", ".join(f"{LABELS[i]} {mood.shares[i]:.0%}" for i in order)
    return (
        f'<div role="img" aria-label="{escape(said)}" style="display:flex;height:1.6rem;'
        f'line-height:1.6rem;border-radius:.4rem;overflow:hidden">{parts}</div>'
        f'<div style="font-size:.8rem;margin-top:.35rem">{listed}</div>'
    )
