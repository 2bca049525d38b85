"""What the drawings of a camera's moment and of an event's days are made of."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from contract.notes import NoteKind, SiteNote
from contract.windows import GRAIN_MS
from dashboard.charts.days import day_chart
from dashboard.charts.live_line import live_line
from dashboard.figures.comparison import MOOD, sides_of

START_MS = 1_795_384_800_000  # 22:00 UTC
MONDAY = date(2026, 11, 2)


def test_a_line_has_the_times_of_the_site_and_a_gap_where_nobody_was_seen() -> None:
    start_ms = START_MS + np.arange(3) * GRAIN_MS
    line = live_line(start_ms, np.array([0.31, np.nan, -0.2]), ZoneInfo("Asia/Kolkata"))
    assert line["data"]["values"] == [
        {"time": "2026-11-23T03:30:05", "mood": 0.31},
        {"time": "2026-11-23T03:30:15", "mood": None},
        {"time": "2026-11-23T03:30:25", "mood": -0.2},
    ]


def test_a_line_differs_from_the_one_before_in_its_figures_only() -> None:
    lines = [live_line(np.array([START_MS]), np.array([mood]), ZoneInfo("UTC")) for mood in (0.1, 0.2)]
    assert lines[0] != lines[1]
    assert [line.pop("data") for line in lines]
    assert lines[0] == lines[1]


def records(chart: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart["datasets"][chart["layer"][layer]["data"]["name"]]
    return found


def test_days_that_are_compared_are_told_from_those_between() -> None:
    note = SiteNote(
        kind=NoteKind.PROMOTION, name="Free coffee", first_day=MONDAY, last_day=MONDAY + timedelta(days=1)
    )
    sides = sides_of(note, MONDAY + timedelta(days=30))
    before = sides.before[0]
    daily = pd.DataFrame({"date": [before, MONDAY], MOOD.column: [0.1, 0.3], "weekday": [0, 0]})
    chart = day_chart(daily, note, sides, MOOD).to_dict()
    bands, line, _, means = range(4)
    assert records(chart, bands) == [
        {"from": "2026-11-02T00:00:00Z", "to": "2026-11-04T00:00:00Z", "name": "Free coffee"}
    ]
    days = records(chart, line)
    assert [day["compared"] for day in days] == [True, True, *[False] * 5, True, True]
    assert [day["value"] for day in days] == [0.1, *[None] * 6, 0.3, None]
    assert [mean["value"] for mean in records(chart, means)] == [0.1, 0.3]
