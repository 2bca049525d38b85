"""An expression has one colour, gaps stay gaps, axes do not exaggerate."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from contract import row
from contract.labels import LABELS
from contract.windows import Resolution
from dashboard.charts.clock import Clock, bands
from dashboard.charts.drawn import Drawn, spread
from dashboard.charts.hour_map import DWELL, MOOD, VISITS, Mapped, extremes, hour_map
from dashboard.charts.ranks import MOOD as BY_MOOD
from dashboard.charts.ranks import VISITS as BY_VISITS
from dashboard.charts.ranks import rank_chart, ranking
from dashboard.charts.records import ORDER, make_records
from dashboard.charts.shares import TOO_FEW, share_chart, shares_as_read
from dashboard.charts.style import COLOURS, emotion_bar
from dashboard.charts.timeline import INDEX_RANGE_LEAST, Timeline, index_ends, with_usual
from dashboard.figures.cells import Cells
from dashboard.figures.grid import make_grid
from dashboard.figures.mood import Mood
from dashboard.figures.periods import Span
from dashboard.figures.sites import Site
from tests.support.rows import row_of

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000
MORNING_MS = round(datetime(2026, 11, 25, 9, tzinfo=BERLIN).timestamp() * 1000)


def cells(*stretches: tuple[float, float, int]) -> Cells:
    """Cells of (from, to, visits), hours since the morning."""
    begins, ends = (
        np.array([MORNING_MS + round(s[at] * HOUR_MS) for s in stretches], np.int64) for at in (0, 1)
    )
    rows = np.array([row_of(*["happy"] * s[2]) for s in stretches]).reshape(-1, row.WIDTH)
    none = np.zeros(len(stretches), np.int64)
    return Cells(begins, ends, rows, none, none, none, none)


def drawn(*stretches: tuple[float, float, int]) -> Drawn:
    given = cells(*stretches)
    return Drawn(given.from_ms, given.to_ms, given.rows)


def timeline(*stretches: tuple[float, float, int]) -> Timeline:
    clock = Clock(Span(MORNING_MS, MORNING_MS + 12 * HOUR_MS), BERLIN)
    given = drawn(*stretches)
    return Timeline(clock, make_records(given, clock, by_day=False), [], [], given.rows)


def mixed(**visits: int) -> npt.NDArray[np.int64]:
    return row_of(*[label for label, count in visits.items() for _ in range(count)])


def test_an_expression_has_one_colour_everywhere() -> None:
    uniform = np.full(len(LABELS), 1 / len(LABELS))
    as_html = emotion_bar(Mood(0.0, uniform, 7))
    assert all(f"background:{colour}" in as_html for colour in COLOURS.values())
    charts = [
        timeline((0, 1, 9)).shares(uniform[np.newaxis]),
        share_chart(shares_as_read(mixed(**dict.fromkeys(LABELS, 5)))),
    ]
    for chart in charts:
        (scale,) = [
            layer["encoding"]["color"]["scale"]
            for layer in chart.to_dict()["layer"]
            if "color" in layer["encoding"]
        ]
        assert dict(zip(scale["domain"], scale["range"], strict=True)) == COLOURS
    assert sorted(ORDER) == sorted(LABELS)


def test_a_line_ends_where_nobody_was_seen_and_goes_on_behind() -> None:
    records = timeline((0, 1, 9), (1, 2, 9), (4, 5, 9)).now
    assert [record.get("index") is not None for record in records] == [True, True, False, True]
    assert records[2]["middle"] == "2026-11-25T12:00:00Z"


def test_joined_windows_are_as_wide_as_their_time_and_as_high_as_visits_an_hour() -> None:
    hour, three = timeline((0, 1, 9), (1, 4, 9)).now
    assert (hour["rate"], three["rate"]) == (9.0, 3.0)
    assert (three["from"], three["to"]) == ("2026-11-25T10:07:12Z", "2026-11-25T12:52:48Z")
    assert three["when"] == "Wed 25 Nov, 10:00–13:00"


def test_overlapping_cells_are_spread_over_their_windows_and_nothing_is_lost() -> None:
    site = Site("shop-1", 5, BERLIN, simulated=False)
    grid = make_grid(Resolution.HOUR, MORNING_MS, MORNING_MS + 4 * HOUR_MS, site, MORNING_MS + 9 * HOUR_MS)
    given = cells((0, 1, 6), (1, 4, 9))
    rows = spread(given, grid)
    assert rows[:, row.VISITS].tolist() == [6.0, 3.0, 3.0, 3.0]
    assert np.allclose(rows.sum(axis=0), given.rows.sum(axis=0))


def test_times_without_a_camera_are_joined_to_bands() -> None:
    assert bands([(0, 1, True), (1, 2, True), (2, 3, False), (3, 4, True)]) == [(0, 2), (3, 4)]


def test_what_is_usual_is_drawn_beside_and_ends_where_it_is_not_known() -> None:
    hours = pd.DataFrame(
        {
            "hour": [9, 10, 13],
            "visits": [20.0, 30.0, 40.0],
            "visits_per_open_hour": [5.0, 7.5, 10.0],
            "index": [0.1, np.nan, 0.2],
        }
    )
    usual = with_usual(timeline((0, 1, 9)), hours, date(2026, 11, 25)).before
    assert [record.get("rate") for record in usual] == [5.0, 7.5, None, 10.0]
    assert [record.get("index") for record in usual] == [0.1, None, None, 0.2]
    assert usual[0]["middle"] == "2026-11-25T09:30:00Z"


def test_an_axis_of_moods_holds_zero_and_does_not_make_little_look_like_much() -> None:
    calm = timeline((0, 1, 1))
    calm.now[0].update(index=0.02, index_low=0.01, index_high=0.03)
    low, high = index_ends([calm])
    assert low < 0 < high
    assert high - low >= INDEX_RANGE_LEAST
    calm.now[0].update(index=-0.7, index_low=-0.9, index_high=-0.5)
    assert index_ends([calm]) == (-0.73, 0.22)


def test_a_band_that_is_wider_than_the_others_does_not_press_the_line_flat() -> None:
    line = timeline((0, 1, 9), (1, 2, 9), (2, 3, 9))
    for record, half in zip(line.now, (0.1, 0.1, 0.6), strict=True):
        record.update(index=0.1, index_low=0.1 - half, index_high=0.1 + half)
    assert index_ends([line]) == pytest.approx((-0.17, 0.27))


@pytest.mark.parametrize(
    ("hours", "form", "first", "count"),
    [
        (1, "%H:%M", {"hours": 9, "minutes": 0, "date": 25}, 5),
        (11, "%H:%M", {"hours": 10, "minutes": 0, "date": 25}, 6),
        (24, "%H:%M", {"hours": 12, "minutes": 0, "date": 25}, 6),
        (24 * 7, "%a %-d", {"hours": 0, "minutes": 0, "date": 26}, 7),
        (24 * 28, "%-d %b", {"hours": 0, "minutes": 0, "date": 30}, 4),
        (24 * 90, "%-d %b", {"hours": 0, "minutes": 0, "date": 30}, 7),
    ],
)
def test_an_axis_has_round_times_of_the_sites_clock(
    hours: int, form: str, first: dict[str, int], count: int
) -> None:
    clock = Clock(Span(MORNING_MS, MORNING_MS + hours * HOUR_MS), BERLIN)
    axis: Any = clock.axis("middle").to_dict()
    axis = axis["axis"]
    assert axis["format"] == form
    assert len(axis["values"]) == count
    assert axis["values"][0].items() >= first.items()


def test_a_clock_shows_what_the_site_shows_also_when_the_clocks_change() -> None:
    night_ms = round(datetime(2026, 10, 25, 0, tzinfo=BERLIN).timestamp() * 1000)
    clock = Clock(Span(night_ms, night_ms + 25 * HOUR_MS), BERLIN)
    assert [clock.at(night_ms + hour * HOUR_MS) for hour in (2, 3, 4)] == [
        "2026-10-25T02:00:00Z",
        "2026-10-25T02:00:00Z",
        "2026-10-25T03:00:00Z",
    ]
    assert clock.told(night_ms, night_ms + 25 * HOUR_MS) == "Sun 25 Oct"
    ten_ms = night_ms + 11 * HOUR_MS
    assert clock.told(ten_ms, ten_ms + 50 * HOUR_MS) == "Sun 25 Oct, 10:00 – Tue 27 Oct, 12:00"


def local_ms(month: int, day: int, hour: int) -> int:
    return round(datetime(2026, month, day, hour, tzinfo=BERLIN).timestamp() * 1000)


def test_days_are_compared_hour_by_hour_of_the_clock_also_when_it_is_changed() -> None:
    was = Span(local_ms(3, 19, 0), local_ms(3, 26, 0))
    span = Span(local_ms(3, 26, 0), local_ms(4, 2, 0))
    at = Clock(span, BERLIN).moved(was, span)
    assert at(local_ms(3, 21, 10)) == "2026-03-28T10:00:00Z"
    assert at(local_ms(3, 23, 10)) == "2026-03-30T10:00:00Z"


def test_the_last_24_hours_are_compared_with_the_24_before() -> None:
    now_ms, day_ms = local_ms(3, 30, 9), 24 * HOUR_MS
    span = Span(now_ms - day_ms, now_ms)
    at = Clock(span, BERLIN).moved(Span(now_ms - 2 * day_ms, now_ms - day_ms), span)
    assert at(now_ms - day_ms) == "2026-03-30T09:00:00Z", "on the axis to the end"
    assert at(local_ms(3, 28, 12)) == "2026-03-29T13:00:00Z"


def test_a_share_of_which_little_is_known_has_no_interval() -> None:
    few = share_chart(shares_as_read(mixed(happy=9, sad=3)))
    many = share_chart(shares_as_read(mixed(happy=300, sad=100, fear=2)))
    said = {record["label"]: record["range"] for record in records_of(few, "range")}
    assert said["happy"] == TOO_FEW
    said = {record["label"]: record["range"] for record in records_of(many, "range")}
    assert said["happy"] == "70% to 79%"
    assert said["fear"] == TOO_FEW


def records_of(chart: alt.LayerChart, field: str) -> list[dict[str, object]]:
    """What is drawn and has a field."""
    return [
        record for records in chart.to_dict()["datasets"].values() for record in records if field in record
    ]


HOURS = pd.DataFrame(
    {
        "weekday": [0, 0, 5, 6],
        "hour": [9, 10, 14, 15],
        "days": [4, 4, 4, 4],
        "visits": [40.0, 50.0, 200.0, np.nan],
        "visits_per_open_hour": [10.0, 12.5, 50.0, np.nan],
        "index": [0.2, -0.1, 0.05, np.nan],
        "dwell_s": [20.0, 30.0, 25.0, np.nan],
    }
)


@pytest.mark.parametrize(
    ("mapped", "said"),
    [
        (MOOD, "Most pleasant: Mon 9–10 h (+0.20); least pleasant: Mon 10–11 h (−0.10)."),
        (VISITS, "Busiest: Sat 14–15 h (50); quietest: Mon 9–10 h (10)."),
        (DWELL, "Longest: Mon 10–11 h (30 s); shortest: Mon 9–10 h (20 s)."),
    ],
)
def test_the_hours_of_the_week_that_stand_out_are_named(mapped: Mapped, said: str) -> None:
    assert extremes(HOURS, mapped) == said
    assert extremes(HOURS.head(1), mapped) == ""


def test_a_map_leaves_fields_empty_of_which_nothing_may_be_told() -> None:
    fields = records_of(hour_map(HOURS, MOOD), "hour")
    assert [(field["weekday"], field["hour"]) for field in fields] == [("Mon", 9), ("Mon", 10), ("Sat", 14)]


def test_a_map_leaves_a_field_empty_whose_hour_is_never_open() -> None:
    hours = HOURS.assign(days=1, visits_per_open_hour=[10.0, np.nan, 50.0, np.nan])
    fields = records_of(hour_map(hours, VISITS), "hour")
    assert [(field["weekday"], field["hour"]) for field in fields] == [("Mon", 9), ("Sat", 14)]
    assert fields[0]["visits"] == "40 visits, 1 week"


PLACES = pd.DataFrame(
    {
        "place": ["a/door", "a/till", "b/door"],
        "visits": [100, 50, 0],
        "visits_per_open_hour": [10.0, 20.0, np.nan],
        "index": [0.2, 0.1, np.nan],
        "index_low": [0.15, np.nan, np.nan],
        "index_high": [0.25, np.nan, np.nan],
        "coverage": [0.9, 1.0, np.nan],
        "uncertain": [0.1, np.nan, np.nan],
    }
)


def test_places_are_ranked_and_the_unknown_ones_left_out() -> None:
    assert ranking(PLACES, BY_MOOD)["place"].tolist() == ["a/door", "a/till"]
    assert ranking(PLACES, BY_VISITS)["place"].tolist() == ["a/till", "a/door"]


def test_a_ranking_by_mood_has_intervals_where_they_are_known() -> None:
    records = records_of(rank_chart(ranking(PLACES, BY_MOOD), BY_MOOD), "place")
    assert [(record["place"], record.get("low"), record["told"]) for record in records] == [
        ("a/door", 0.15, "+0.20"),
        ("a/till", None, "+0.10"),
    ]
