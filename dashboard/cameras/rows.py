"""Many cameras on little room: a line each, as HTML that is drawn again without flicker. Pure."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from contract.labels import LABELS, VALENCES
from dashboard.cameras.now import CameraNow
from dashboard.charts.style import COLOURS, INDEX_COLOUR
from dashboard.figures.mood import Mood
from dashboard.words.basis import roughly
from dashboard.words.sentences import few_visits, hidden_words, index_words, visits_words

STYLE: Final = Path(__file__).with_name("rows.css")
"""For ``st.html``, once on the page."""

_HIGHEST: Final = max(*VALENCES, -min(VALENCES))


def camera_rows(cameras: Sequence[CameraNow]) -> str:
    """A line a camera: whether it is there, its mood and shares, the last 15 minutes, visits, coverage."""
    return f'<div class="ml-rows">{"".join(map(_row, cameras))}</div>'


def legend() -> str:
    """Which colour is which expression, HTML."""
    marks = "".join(
        f'<span><i style="background:{colour}"></i>{label}</span>' for label, colour in COLOURS.items()
    )
    return f'<div class="ml-legend">{marks}</div>'


def _row(now: CameraNow) -> str:
    name = now.name.partition("/")[2]
    told = f" · {now.status.fps:g} frames a second" if now.online and now.status else ""
    fps = f'<span class="ml-quiet">{told}</span>'
    unclear = "" if now.uncertain is None else f"<br>{roughly(now.uncertain)} unclear"
    return (
        f'<div class="ml-row"><div><b>{escape(name)}</b><br>{presence_mark(now.online)}{fps}</div>'
        f"{_mood(now)}"
        f'<div class="ml-quiet">{_visits(now)}<br>coverage {percent(now.coverage)}{unclear}</div></div>'
    )


def presence_mark(online: bool | None) -> str:
    """Whether a camera is there (None: it is not heard of), HTML."""
    kind, word = {True: ("on", "online"), False: ("off", "offline"), None: ("away", "not heard of")}[online]
    return f'<span class="ml-dot ml-{kind}"></span><span class="ml-quiet">{word}</span>'


def _mood(now: CameraNow) -> str:
    if now.visits is None:
        return f'<div class="ml-quiet ml-wide" style="grid-column:span 3">{hidden_words(now.k)}</div>'
    if now.mood is None:
        return f'<div class="ml-quiet">nobody in view</div><div class="ml-wide"></div>{_line(now)}'
    word = f"{now.mood.leading}<br>{index_words(now.mood.index)}"
    return f'<div class="ml-mood">{word}</div><div class="ml-wide">{_bar(now.mood)}</div>{_line(now)}'


def _bar(mood: Mood) -> str:
    order = sorted(range(len(LABELS)), key=lambda i: -mood.shares[i])
    said = ", ".join(f"{LABELS[i]} {mood.shares[i]:.0%}" for i in order)
    parts = "".join(
        f'<div title="{LABELS[i]} {mood.shares[i]:.0%}" '
        f'style="width:{mood.shares[i]:.2%};background:{COLOURS[LABELS[i]]}"></div>'
        for i in order
    )
    return f'<div class="ml-bar" role="img" aria-label="{escape(said)}">{parts}</div>'


def _line(now: CameraNow) -> str:
    """The mood index over time: up from the middle is pleasant, down is not, and nothing is nobody seen."""
    edges = [*now.start_ms.tolist(), now.end_ms]
    parts = []
    for start_ms, end_ms, index in zip(edges, edges[1:], now.index.tolist(), strict=False):
        mark = ""
        if index == index:  # noqa: PLR0124 - NaN is not
            edge = "bottom" if index >= 0 else "top"
            height = abs(index) / _HIGHEST / 2
            mark = f'<i style="{edge}:50%;height:{height:.1%};background:{INDEX_COLOUR}"></i>'
        parts.append(f'<div style="flex:{(end_ms - start_ms) // 1000}">{mark}</div>')
    said = "mood index, last 15 minutes"
    return f'<div class="ml-line ml-wide" role="img" aria-label="{said}">{"".join(parts)}</div>'


def _visits(now: CameraNow) -> str:
    return few_visits(now.k) if now.visits is None else visits_words(now.visits)


def percent(share: float | None) -> str:
    """A share of 0–1, or that it is not known."""
    return "not known yet" if share is None else f"{share:.0%}"
