"""What a figure of mood rests on, in the words of a store. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import numpy as np

from contract import row
from dashboard.figures.intervals import index_intervals
from dashboard.words.sentences import index_words, percent, range_words, visits_words
from runtime import figures
from runtime.figures import Rows

TITLE: Final = "What this rests on"
UNCLEAR: Final = "without a clear expression"
_ROUGHLY: Final = 0.1
_WAYS: Final = {None: "as read, not corrected", False: "shares as read", True: "shares corrected"}


@dataclass(frozen=True, slots=True)
class Basis:
    """What a mood rests on; NaN: not known.

    Attributes:
        visits: how many; 0: nothing may be shown, and nothing is told.
        index: mean mood index.
        low, high: of its 95% interval.
        coverage: 0–1.
        uncertain: share of visits without a clear expression.
        models: versions that read the faces.
        corrected: whether the shares beside it are corrected; None: there are no shares.
    """

    visits: int
    index: float
    low: float
    high: float
    coverage: float
    uncertain: float
    models: tuple[str, ...] = ()
    corrected: bool | None = None

    @classmethod
    def of_line(
        cls, line: Mapping[str, Any], models: Sequence[str], corrected: bool | None = None
    ) -> "Basis":
        """Of a line of ``breakdowns.daily``, ``breakdowns.by_camera`` or ``Answer.frame``."""
        return cls(
            visits=int(line["visits"]),
            index=float(line["index"]),
            low=float(line["index_low"]),
            high=float(line["index_high"]),
            coverage=float(line["coverage"]),
            uncertain=float(line["uncertain"]),
            models=tuple(models),
            corrected=corrected,
        )

    @classmethod
    def of_total(
        cls, total: Rows, coverage: float, models: Sequence[str], corrected: bool | None = None
    ) -> "Basis":
        """Of a sum of cells that may be shown.

        Args:
            total: int64 (``row.WIDTH``,).
            coverage: of the same time, 0–1.
            models: versions that read the faces.
            corrected: whether the shares beside it are.
        """
        one = total[np.newaxis]
        index, low, high = (float(values[0]) for values in index_intervals(one))
        uncertain = float(figures.uncertain(one)[0])
        return cls(int(total[row.VISITS]), index, low, high, coverage, uncertain, tuple(models), corrected)


def basis_words(basis: Basis) -> str:
    """A line of facts; empty where nothing may be shown."""
    if not basis.visits:
        return ""
    facts = [visits_words(basis.visits), _index_words(basis)]
    if not isnan(basis.coverage):
        facts.append(f"coverage {percent(basis.coverage)}")
    if not isnan(basis.uncertain):
        facts.append(f"{percent(basis.uncertain)} {UNCLEAR}")
    facts.append(model_words(basis.models) or "it is not known which model read the faces")
    facts.append(_WAYS[basis.corrected])
    return " · ".join(facts)


def _index_words(basis: Basis) -> str:
    told = f"mood index {index_words(basis.index)}"
    if isnan(basis.low):
        return f"{told}, from too few visits for an interval"
    return f"{told}, 95% interval {range_words(basis.low, basis.high)}"


def model_words(models: Sequence[str]) -> str:
    """Which models read the faces; empty: not known."""
    return f"read by model{'s' * (len(models) > 1)} {' and '.join(models)}" if models else ""


def roughly(share: float) -> str:
    """A share of 0–1 to the nearest tenth.

    For figures of a time that goes on: from one moment to the next they do not tell what a single visit was.
    """
    tenths = round(share / _ROUGHLY)
    return f"about {tenths / 10:.0%}" if tenths else "hardly any"
