"""What drawings over time are made of: a record a cell, with its figures as they are told. Pure."""

from collections.abc import Callable
from math import isnan
from typing import Any, Final

import numpy as np

from contract.labels import LABELS, VALENCES
from contract.windows import WINDOW_MS, Resolution
from dashboard.charts.clock import Clock, bands
from dashboard.charts.drawn import Drawn
from dashboard.figures.queries import Answer
from dashboard.words.sentences import index_words, known, percent, range_words, seconds
from dashboard.words.times import duration
from runtime.figures import Floats

ORDER: Final = tuple(label for _, label in sorted(zip(VALENCES, LABELS, strict=True), reverse=True))
"""Of labels in a stack: from pleasant to unpleasant."""

_SLIT: Final = 0.04
"""Of the width of a bar, left free on each side."""

_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]

_DRAWN: Final = ("index", "index_low", "index_high", "dwell_s", "attention")

Record = dict[str, Any]


def make_records(
    drawn: Drawn, clock: Clock, at: Callable[[float], str] | None = None, *, by_day: bool
) -> list[Record]:
    """A record a stretch and, where the next does not follow at once, one without figures between them.

    Args:
        drawn: what is drawn.
        clock: of the axis.
        at: where on the axis an instant (UTC, ms) is drawn; None: where the clock has it.
        by_day: rates are visits of a day, not of an hour.
    """
    at = at or clock.at
    records: list[Record] = []
    last_ms: int | None = None
    for line in drawn.frame().to_dict("records"):
        from_ms, to_ms = line["from_ms"], line["to_ms"]
        if last_ms is not None and from_ms > last_ms:
            records.append({"middle": at((last_ms + from_ms) / 2)})
        slit_ms = (to_ms - from_ms) * _SLIT
        rate = line["visits"] if by_day else line["visits"] * _HOUR_MS / (to_ms - from_ms)
        records.append(
            {
                "from": at(from_ms + slit_ms),
                "middle": at((from_ms + to_ms) / 2),
                "to": at(to_ms - slit_ms),
                "when": clock.told(from_ms, to_ms),
                "rate": round(rate, 2),
                **{name: None if isnan(line[name]) else round(line[name], 4) for name in _DRAWN},
                "visits_told": f"{line['visits']:,.0f}",
                "index_told": known(line["index"], index_words),
                "range_told": range_words(line["index_low"], line["index_high"]),
                "dwell_s_told": known(line["dwell_s"], seconds),
                "attention_told": known(line["attention"], percent),
            }
        )
        last_ms = to_ms
    return records


def dark_records(answer: Answer, clock: Clock) -> list[Record]:
    """A record a stretch in which the site was open and no camera looked."""
    grid = answer.grid
    wanted = (answer.gaps & (grid.open_ms > 0)).tolist()
    return [
        {
            "from": clock.at(from_ms),
            "to": clock.at(to_ms),
            "when": clock.told(from_ms, to_ms),
            "length": duration(to_ms - from_ms),
        }
        for from_ms, to_ms in bands(zip(grid.start_ms.tolist(), grid.end_ms.tolist(), wanted, strict=True))
    ]


def stack_records(cell: Record, shares: Floats) -> list[Record]:
    """The parts of a bar, from the top down."""
    if np.isnan(shares).any():
        return []
    ordered = [float(shares[LABELS.index(label)]) for label in ORDER]
    bottoms = 1 - np.cumsum(ordered)
    when = {name: cell[name] for name in ("from", "to", "when", "visits_told")}
    return [
        {
            **when,
            "label": label,
            "top": round(bottom + share, 4),
            "bottom": round(max(0.0, bottom), 4),
            "share_told": percent(share),
        }
        for label, share, bottom in zip(ORDER, ordered, bottoms.tolist(), strict=True)
    ]
