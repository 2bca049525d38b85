"""Figures in the words of a store. Pure."""

from collections.abc import Callable
from math import isnan
from typing import Final

from dashboard.figures.correction import WhyNot
from dashboard.figures.intervals import Interval

BEFORE: Final = {
    "1h": "the hour before",
    "today": "yesterday up to this time",
    "24h": "the 24 hours before",
    "yesterday": "the day before",
    "7d": "the 7 days before",
    "28d": "the 28 days before",
    "90d": "the 90 days before",
}
"""Key of a period → what it is held against."""

PLEASANT: Final = 0.25
SLIGHTLY: Final = 0.05
"""From so far from 0 on, a mood index is called pleasant, or slightly so; unpleasant likewise below 0."""

COVERED: Final = 0.9
"""Of less coverage a page says that visits are missing."""

INDEX_HELP: Final = (
    "The mood index: each expression's share times how pleasant it is, from −0.73 (all sad) over 0 (all "
    "neutral) to +0.87 (all happy)."
)

DWELL_HELP: Final = "How long a visit lasts on average: from the first sight of a face to the last."
ATTENTION_HELP: Final = "Share of the dwell in which the face is turned to the camera."

WHY_NOT_CORRECTED: Final = {
    WhyNot.MIXED_MODELS: "Several models read these faces, each errs in its own way: shares stay as read.",
    WhyNot.UNKNOWN_MODEL: "It is not known which model read these faces: the shares stay as read.",
    WhyNot.NOT_MEASURED: "It was not measured how this model errs: the shares stay as read.",
}


def index_words(index: float) -> str:
    """A mood index with its sign: +0.31, −0.05; 0.00 has none."""
    return f"{index:+.2f}".replace("-", "−") if abs(index) >= 0.005 else "0.00"


def range_words(low: float, high: float) -> str:
    """An interval of mood indices: −0.02 to +0.11, or a dash where it is not known."""
    return "–" if isnan(low) else f"{index_words(low)} to {index_words(high)}"


def mood_words(index: float) -> str:
    """What an index is on the whole: pleasant, slightly pleasant, neutral, and so on."""
    side = "pleasant" if index > 0 else "unpleasant"
    if abs(index) < SLIGHTLY:
        return "neutral"
    return side if abs(index) >= PLEASANT else f"slightly {side}"


def percent(share: float) -> str:
    """A share of 0–1; small ones are not rounded to nothing."""
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def seconds(length_s: float) -> str:
    """How long: 24 s, 1 min 5 s."""
    minutes, rest = divmod(round(length_s), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def visits_words(count: float) -> str:
    """1 visit, 1,338 visits."""
    return "1 visit" if round(count) == 1 else f"{round(count):,} visits"


def few_visits(k: int) -> str:
    """What is too little to be shown: fewer than 5 visits; no visits where one is enough."""
    return f"fewer than {k} visits" if k > 1 else "no visits"


def hidden_words(k: int) -> str:
    """What stands in place of figures of fewer visits than ``k``: where one is enough there was none."""
    return "too few visits to show" if k > 1 else "nobody in view"


def points(share: float) -> str:
    """A difference of two shares, in percentage points."""
    count = round(share * 100)
    return "1 point" if count == 1 else f"{count} points"


def known(value: float, tell: Callable[[float], str]) -> str:
    """What ``tell`` says of a value, or a dash where it is NaN."""
    return "–" if isnan(value) else tell(value)


def count_change(now: float, before: float) -> str:
    """How a count changed against before: 12% more, 3% fewer, as many; empty: there was nothing before."""
    if before <= 0 or isnan(before) or isnan(now):
        return ""
    change = now / before - 1
    if abs(change) < 0.005:
        return "as many"
    return f"{abs(change):.0%} {'more' if change > 0 else 'fewer'}"


def amount_change(now: float, before: float, tell: Callable[[float], str]) -> str:
    """How an amount changed: 3 s more, 2 points less, the same; empty: not known.

    Args:
        now: the amount.
        before: likewise.
        tell: says how much a difference is.
    """
    if isnan(now) or isnan(before):
        return ""
    told = tell(abs(now - before))
    return "the same" if told == tell(0.0) else f"{told} {'more' if now > before else 'less'}"


def index_change(change: Interval | None) -> str:
    """How a mood index changed: higher by 0.05, no clear change; empty: not known."""
    if change is None or not change.enough:
        return ""
    if change.low <= 0 <= change.high:
        return "no clear change"
    return f"{'higher' if change.value > 0 else 'lower'} by {abs(change.value):.2f}"


def coverage_words(coverage: float) -> str:
    """What is to be said where visits are missing; empty: nothing."""
    if isnan(coverage) or coverage >= COVERED:
        return ""
    return f"Only {coverage:.0%} of the open time and of the faces could be looked at: visits are missing."
