"""The seven shares of a period, each with its interval. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from contract.labels import LABELS
from dashboard.charts.style import COLOURS, INK, themed
from dashboard.figures.correction import Corrected
from dashboard.figures.intervals import share_interval
from dashboard.words.sentences import percent
from runtime.figures import Rows

ROW_HEIGHT: Final = 30
TOO_FEW: Final = "too few visits, or too small a share, to say"


@dataclass(frozen=True, slots=True)
class Share:
    """A share of visits' expressions.

    Attributes:
        label: of ``LABELS``.
        value, low, high: with its 95% interval, 0–1.
        enough: whether the interval holds what it promises.
    """

    label: str
    value: float
    low: float
    high: float
    enough: bool


def shares_as_read(total: Rows) -> list[Share]:
    """The shares of a sum, the largest first.

    Args:
        total: int64 (``row.WIDTH``,), of at least two visits.
    """
    found = [(label, share_interval(total, number)) for number, label in enumerate(LABELS)]
    return _sorted(
        Share(label, given.value, given.low, given.high, given.enough) for label, given in found if given
    )


def shares_corrected(given: Corrected, total: Rows) -> list[Share]:
    """The corrected shares of a sum, the largest first.

    Args:
        given: of one row.
        total: int64 (``row.WIDTH``,), that row.
    """
    enough = {share.label: share.enough for share in shares_as_read(total)}
    edges = zip(LABELS, given.shares.tolist(), given.low.tolist(), given.high.tolist(), strict=True)
    return _sorted(
        Share(label, value, low, high, enough.get(label, False)) for label, value, low, high in edges
    )


def share_chart(shares: Sequence[Share]) -> alt.LayerChart:
    """Bars with their intervals; a share of which too little is known has none."""
    records = [_record(share) for share in shares]
    base = alt.Chart(alt.InlineData(values=records)).encode(
        y=alt.Y(
            "label:N", title=None, sort=[share.label for share in shares], axis=alt.Axis(labelFontSize=13)
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Expression"),
            alt.Tooltip("told:N", title="Share"),
            alt.Tooltip("range:N", title="95% interval"),
        ],
    )
    colours = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    ends = alt.Scale(domain=[0, max(0.5, *(share.high for share in shares)) * 1.15], nice=False)
    x = alt.X("value:Q", title=None, scale=ends, axis=None)
    bars = base.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2).encode(
        x=x, color=alt.Color("label:N", scale=colours, legend=None)
    )
    intervals = base.mark_rule(color=INK, strokeWidth=2).encode(
        x=alt.X("low:Q", scale=ends, title=None), x2="high:Q"
    )
    told = base.mark_text(color=INK, align="left", dx=8, fontSize=13).encode(
        x=alt.X("end:Q", scale=ends, title=None), text="told:N"
    )
    return themed(alt.LayerChart(layer=[bars, intervals, told], height=ROW_HEIGHT * len(shares)))


def _sorted(shares: Iterable[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: -share.value)


def _record(share: Share) -> dict[str, Any]:
    record = {"label": share.label, "value": round(share.value, 4), "told": percent(share.value)}
    if not share.enough:
        return {**record, "end": record["value"], "range": TOO_FEW}
    return {
        **record,
        "low": round(share.low, 4),
        "high": round(share.high, 4),
        "end": round(max(share.value, share.high), 4),
        "range": f"{percent(share.low)} to {percent(share.high)}",
    }
