"""Colours, the one theme of all charts, and the drawings of a camera.

Streamlit gives charts the colours of text and grid for light and dark; everything else is seen on both.
"""

from html import escape
from typing import Final, TypeVar

import altair as alt

from contract.labels import LABELS
from dashboard.figures.mood import Mood

COLOURS: Final = dict(
    zip(LABELS, ("#cf580d", "#8bad7b", "#8e61eb", "#e2bf20", "#bbc1cf", "#45abfe", "#288ea2"), strict=True)
)
"""One colour for each label, wherever it is drawn.

Found by search for the largest distance between any two, seen with full colour vision, protanopia or
deuteranopia; dark text is readable on each of them (``tests/unit/test_dashboard_charts.py``).
"""

TEXT_ON_COLOURS: Final = "#111"

INK: Final = "currentColor"
"""That of the text around a chart, light or dark."""

INDEX_COLOUR: Final = "#c2437f"
"""Of the mood index: a hue that no label has, seen on a light page and on a dark one."""

COUNT_COLOUR: Final = "#617ba3"
"""Of visits and lengths of time."""

QUIET_COLOUR: Final = "#8a8f98"
"""Of what is shown beside: the period before, what is usual, times without figures."""

SIGNED: Final = "datum.value == 0 ? '0' : format(datum.value, '+.2~f')"
"""How an axis names an index."""

LEAST_SHARE_LABELLED = 0.12
LEAST_SHARE_LISTED = 0.005

AnyChart = TypeVar("AnyChart", alt.Chart, alt.LayerChart, alt.FacetChart)


def themed(chart: AnyChart) -> AnyChart:
    """A chart in the theme of all: no frame, few and faint lines, as transparent as the page."""
    styled: AnyChart = (
        chart.configure(background="transparent", padding={"left": 0, "right": 10, "top": 8, "bottom": 0})
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            gridOpacity=0.45,
            labelColor=INK,
            labelFontSize=12,
            labelOpacity=0.82,
            labelPadding=6,
        )
        .configure_axisX(grid=False)
        .configure_legend(title=None, orient="top", labelColor=INK, labelFontSize=12, columnPadding=12)
    )
    return styled


def emotion_bar(mood: Mood) -> str:
    """The seven shares as one bar with a list below it, HTML; small ones are named in the list only."""
    order = sorted(range(len(LABELS)), key=lambda i: -mood.shares[i])
    parts = "".join(
        f'<div title="{LABELS[i]} {mood.shares[i]:.0%}" style="width:{mood.shares[i]:.2%};'
        f"background:{COLOURS[LABELS[i]]};transition:width .6s;overflow:hidden;white-space:nowrap;"
        f"padding-left:{6 if mood.shares[i] >= LEAST_SHARE_LABELLED else 0}px;"
        f'color:{TEXT_ON_COLOURS};font-size:.8rem">'
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
