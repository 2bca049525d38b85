"""What is to be said of a camera at this moment. Pure; time is a parameter."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from contract.events import CameraStatus
from contract.windows import GRAIN_MS
from dashboard.figures.mood import (
    Floats,
    Mood,
    Rows,
    begin_where_seen,
    coverage,
    index_by_window,
    merge_small_cells,
    mood_of,
)
from dashboard.figures.recent import RECENT_MS, Recent
from dashboard.figures.sites import Site
from runtime.windows import Windows

NOW_MS: Final = 20_000
"""Where single visits may be shown (k = 1), "now" is the last 20 seconds, else the last 15 minutes."""

SILENT_MS: Final = 25_000
"""A camera reports every 10 s; one not heard for longer than this is not there."""

LINE_LEAST: Final = 30
"""Windows that the line covers at least, also of a camera that is new: 5 minutes."""


@dataclass(frozen=True, slots=True)
class CameraNow:
    """A camera at this moment.

    Attributes:
        name: ``site/camera``.
        online: by its own word, else by its frames and reports; None: not heard of lately.
        status: its own word; None where the broker is away or it never spoke.
        simulated: a script, not visitors.
        k: least visits that figures rest on.
        visits: of the last 15 minutes; None: fewer than ``k``, and then all figures of people are None.
        in_view: visits that are still open; None unless ``k`` is 1.
        mood: now (over ``NOW_MS`` where ``k`` is 1, else over 15 minutes); None: nobody is seen.
        coverage: of the last 15 minutes, 0–1; None: not known yet.
        start_ms: int64 (n,), UTC starts of the cells of the line.
        index: float64 (n,), mood index of each; NaN where nobody was seen.
        end_ms: UTC; where the last cell ends.
        uncertain: share of the visits that closed without a clear expression, 0–1; None: fewer than ``k``
            closed.
        models: versions that read the faces; none where nothing is told of people.
    """

    name: str
    online: bool | None
    status: CameraStatus | None
    simulated: bool
    k: int
    visits: int | None
    in_view: int | None
    mood: Mood | None
    coverage: float | None
    start_ms: Rows
    index: Floats
    end_ms: int
    uncertain: float | None = None
    models: tuple[str, ...] = ()


def camera_now(
    name: str, site: Site, recent: Recent, status: CameraStatus | None, now_ms: int, step: int = 1
) -> CameraNow:
    """A camera at this moment.

    Args:
        name: ``site/camera``.
        site: its site.
        recent: its last 15 minutes.
        status: its own word, if it is known.
        now_ms: UTC.
        step: windows of 10 s that make a point of the line, where single visits may be shown.
    """
    windows = recent.windows
    enough = recent.visits >= site.k
    span_ms = NOW_MS if site.k == 1 else RECENT_MS
    start_ms, index = _line(windows, site.k, step) if enough else (np.zeros(0, np.int64), np.zeros(0))
    return CameraNow(
        name=name,
        online=status.online if status else _is_heard(windows, now_ms),
        status=status,
        simulated=site.simulated,
        k=site.k,
        visits=recent.visits if enough else None,
        in_view=recent.in_view if site.k == 1 else None,
        mood=mood_of(windows.rows[windows.start_ms > now_ms - span_ms]) if enough else None,
        coverage=coverage(windows.start_ms, windows.rows, now_ms),
        start_ms=start_ms,
        index=index,
        end_ms=int(windows.start_ms[-1]) + GRAIN_MS,
        uncertain=_uncertain(windows, site.k) if enough else None,
        models=recent.models if enough else (),
    )


def _uncertain(windows: Windows, k: int) -> float | None:
    closed = int(windows.column("visits").sum())
    return float(windows.column("uncertain").sum() / closed) if closed >= k else None


def _line(windows: Windows, k: int, step: int) -> tuple[Rows, Floats]:
    begun = begin_where_seen(windows.rows, LINE_LEAST) if step == 1 else 0
    start_ms, rows = windows.start_ms[begun:], windows.rows[begun:]
    if k == 1 and step > 1:  # cells of a fixed grid, so that they stay what they are as time goes on
        firsts = np.flatnonzero(np.diff(start_ms // (step * GRAIN_MS), prepend=-1))
        start_ms, rows = start_ms[firsts], np.add.reduceat(rows, firsts)
    start_ms, cells = merge_small_cells(start_ms, rows, k)
    return start_ms, index_by_window(cells)


def _is_heard(windows: Windows, now_ms: int) -> bool | None:
    # A frame is counted at once, a report of it comes up to ten seconds later.
    heard = windows.start_ms[(windows.column("analysed_ms") > 0) | (windows.column("frames") > 0)]
    return True if heard.size and heard[-1] > now_ms - SILENT_MS else None
