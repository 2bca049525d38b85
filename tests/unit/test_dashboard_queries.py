"""Answers to what a page asks, from windows in a real Redis."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from contract import row
from contract.hours import OpeningHours
from contract.labels import LABELS
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.breakdowns import by_camera, by_hour_of_week, daily
from dashboard.figures.periods import PERIODS, Span
from dashboard.figures.queries import Answer, Question, answer
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import read_subjects
from runtime.redis import Client
from tests.support.rows import row_of
from tests.support.windows import write_windows

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS, QUARTER_MS = WINDOW_MS[Resolution.HOUR], WINDOW_MS[Resolution.QUARTER]
TILL, DOOR = "shop-1/till", "shop-1/door"
MONDAY_MS = round(datetime(2026, 6, 1, tzinfo=BERLIN).timestamp() * 1000)
NOW_MS = MONDAY_MS + 14 * HOUR_MS + 40 * 60_000
"""A Monday, 14:40."""

WEEK_MS = 7 * 24 * HOUR_MS


def site(k: int = 5, hours: str = "") -> Site:
    return Site("shop-1", k, BERLIN, simulated=False, hours=OpeningHours.parse(hours))


def fill(client: Client, subject: str, moods: Mapping[float, str], day_ms: int = MONDAY_MS) -> None:
    """Windows of 15 minutes by local hour: the first letters of their visits' moods (`-`: nobody came)."""
    names = {label[:2]: label for label in LABELS}
    rows = {
        day_ms + round(hour * HOUR_MS): row_of(
            *[names[mood] for mood in drawn.split() if mood != "-"],
            analysed_ms=0 if "@" in subject else QUARTER_MS,
        )
        for hour, drawn in moods.items()
    }
    write_windows(client, subject, rows, BERLIN)


def ask(
    client: Client,
    span: Span,
    resolution: Resolution = Resolution.HOUR,
    selection: Selection | None = None,
    *,
    where: Site | None = None,
    now_ms: int = NOW_MS,
) -> Answer:
    store = WindowStore(client, lambda: now_ms)
    question = Question(selection or Selection("shop-1"), resolution, span)
    return answer(store, read_subjects(client), where or site(), question, now_ms)


TODAY = PERIODS["today"].span(NOW_MS, BERLIN)


def local_hours(frame: pd.DataFrame) -> list[tuple[float, float, int]]:
    """From and to, hours of the day, and visits."""
    begins, ends = ((one.dt.hour + one.dt.minute / 60).tolist() for one in (frame["from"], frame["to"]))
    return list(zip(begins, ends, frame["visits"].tolist(), strict=True))


def test_cells_of_a_site_are_those_of_its_cameras_together(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 6, 10: "sa " * 3, 11: "ha " * 4, 12: "sa", 14: "-"})
    fill(any_redis, DOOR, {9: "ne " * 7, 11: "ha " * 9, 13: "su " * 5, 14: "-"})
    found = ask(any_redis, TODAY)
    assert local_hours(found.frame()) == [(9, 10, 13), (10, 12, 7), (11, 12, 9), (13, 14, 5)]
    assert [part.subject for part in found.parts] == [DOOR, TILL]
    assert found.total[row.VISITS] == 34, "12 o'clock's single visit is not shown yet"


def test_a_frame_has_the_figures_that_people_read(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha ha ha ha sa", 10: "-"})
    (line,) = ask(any_redis, TODAY).frame().to_dict("records")
    assert line["from"] == pd.Timestamp("2026-06-01T09:00", tz=BERLIN)
    assert line["to"] == pd.Timestamp("2026-06-01T10:00", tz=BERLIN)
    assert line["index"] == pytest.approx((4 * 0.87 - 0.73) / 5)
    assert line["index_low"] < line["index"] < line["index_high"]
    assert line["share_happy"] == pytest.approx(0.8)
    assert sum(line[f"share_{label}"] for label in LABELS) == pytest.approx(1)
    assert line["dwell_s"] == 4
    assert line["attention"] == 0.5
    assert (line["watchers"], line["uncertain"], line["face_frames"]) == (0, 0, 10)
    assert line["coverage"] == 0.25, "of the hour a quarter was looked at"


def test_a_day_by_quarters_hours_and_days_has_the_same_visits(any_redis: Client) -> None:
    rng = np.random.default_rng(1)
    day_ms = MONDAY_MS - 24 * HOUR_MS
    fill(any_redis, TILL, {hour / 4: "ha " * int(rng.integers(0, 5)) + "-" for hour in range(96)}, day_ms)
    span = PERIODS["yesterday"].span(NOW_MS, BERLIN)
    by_quarter, by_hour, by_day = (
        ask(any_redis, span, resolution)
        for resolution in (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)
    )
    np.testing.assert_array_equal(by_quarter.total, by_hour.total)
    np.testing.assert_array_equal(by_hour.total, by_day.total)
    assert len(by_quarter.cells) > len(by_hour.cells) > len(by_day.cells) == 1
    assert (by_quarter.cells.visits >= 5).all()
    assert [len(one.grid) for one in (by_quarter, by_hour, by_day)] == [96, 24, 1]


def test_where_single_visits_may_be_shown_the_running_window_is_too(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha", 14.5: "sa"})
    found = ask(any_redis, TODAY, Resolution.QUARTER, where=site(k=1)).frame()
    assert local_hours(found) == [(9, 9.25, 1), (14.5, pytest.approx(14 + 2 / 3), 1)]
    assert local_hours(ask(any_redis, TODAY, Resolution.DAY, where=site(k=1)).frame())[0][2] == 2


def test_what_is_shown_in_the_morning_is_still_there_in_the_evening(any_redis: Client) -> None:
    fill(any_redis, TILL, {hour: "ha " * (hour % 4 + 2) for hour in range(8, 22)})
    cells: list[tuple[float, float, int]] = []
    for hour in range(8, 24):
        now_ms = MONDAY_MS + hour * HOUR_MS + 10 * 60_000
        found = ask(any_redis, PERIODS["today"].span(now_ms, BERLIN), now_ms=now_ms)
        now_cells = local_hours(found.frame())
        assert now_cells[: len(cells)] == cells
        cells = now_cells
    assert cells[-1][2] >= 5
    assert len(cells) > 4


def test_a_zone_has_cells_of_its_own_and_its_cameras_coverage(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 12, 10: "ha " * 9, 11: "ha " * 9, 12: "-"})
    fill(any_redis, f"{TILL}@queue", {9: "sa " * 6, 10: "sa " * 5, 11: "sa " * 1})
    found = ask(any_redis, TODAY, selection=Selection("shop-1", TILL, "queue"))
    assert local_hours(found.frame()) == [(9, 10, 6), (10, 12, 6)], "at 10, 4 outside of it were too few"
    assert found.frame()["coverage"].tolist() == [0.25, 0.25]
    assert by_camera(found)["camera"].tolist() == [f"{TILL}@queue"]


def test_windows_in_which_no_camera_looked_are_gaps(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 5, 12: "-"})
    fill(any_redis, DOOR, {9: "-", 10: "-", 12: "-"})
    found = ask(any_redis, TODAY)
    hours = [datetime.fromtimestamp(at / 1000, BERLIN).hour for at in found.grid_ms[found.gaps].tolist()]
    assert hours == [*range(9), 11, 13, 14]
    assert not ask(any_redis, TODAY, Resolution.DAY).gaps.any()
    by_quarter = ask(any_redis, TODAY, Resolution.QUARTER)
    assert (~by_quarter.gaps).sum() == 3
    now_ms = MONDAY_MS + 15 * HOUR_MS + 60_000
    begun = ask(any_redis, PERIODS["today"].span(now_ms, BERLIN), now_ms=now_ms)
    assert begun.gaps[-2:].tolist() == [True, False], "a report of the new hour is on its way"


def test_a_span_has_only_whole_cells(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 5, 10: "ha " * 3, 11: "ha " * 3, 12: "ha " * 5, 14: "-"})
    span = Span(MONDAY_MS + 10 * HOUR_MS + 30 * 60_000, MONDAY_MS + 13 * HOUR_MS)
    assert local_hours(ask(any_redis, span).frame()) == [(12, 13, 5)]
    earlier = Span(MONDAY_MS, MONDAY_MS + 11 * HOUR_MS + 30 * 60_000)
    assert local_hours(ask(any_redis, earlier).frame()) == [(9, 10, 5)]


def test_the_last_24_hours_show_the_same_quarters_as_their_days(any_redis: Client) -> None:
    moods = {hour / 4: "ha " * (hour % 4 + 1) for hour in range(32, 80)}
    fill(any_redis, TILL, moods, MONDAY_MS - 24 * HOUR_MS)
    fill(any_redis, TILL, {hour: drawn for hour, drawn in moods.items() if hour < 14.5})
    two_days = ask(any_redis, Span(MONDAY_MS - 24 * HOUR_MS, NOW_MS), Resolution.QUARTER)
    shown = set(zip(two_days.cells.from_ms.tolist(), two_days.cells.to_ms.tolist(), strict=True))
    last = ask(any_redis, PERIODS["24h"].span(NOW_MS, BERLIN), Resolution.QUARTER)
    assert len(last.cells) > 8
    assert set(zip(last.cells.from_ms.tolist(), last.cells.to_ms.tolist(), strict=True)) < shown


def test_days_are_compared_with_the_hours_in_which_somebody_could_be_seen(any_redis: Client) -> None:
    where = site(hours="mon-sat 09:00-13:00")
    for day in (-2, -1, 0):
        fill(any_redis, TILL, {hour / 4: "ha ha" for hour in range(36, 48)}, MONDAY_MS + day * 24 * HOUR_MS)
    noon_ms = MONDAY_MS + 12 * HOUR_MS + 30 * 60_000
    span = Span(MONDAY_MS - 2 * 24 * HOUR_MS, noon_ms)
    for resolution in (Resolution.HOUR, Resolution.DAY):
        days = daily(ask(any_redis, span, resolution, where=where, now_ms=noon_ms))
        assert days["date"].tolist() == [date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 1)]
        assert days["weekday"].tolist() == [5, 6, 0]
        assert days["visits"].tolist() == [24, 24, 16], "the camera has not told of 12 o'clock yet"
        assert days["open_h"].tolist() == [3, 0, 2]
        assert days["visits_per_open_hour"].tolist()[0] == 8
        assert np.isnan(days["visits_per_open_hour"][1]), "on a Sunday"
        assert days["coverage"].tolist()[0] == 0.75


def test_an_hour_of_the_week_is_a_mean_of_its_days(any_redis: Client) -> None:
    for week in range(4):
        day_ms = MONDAY_MS - week * WEEK_MS
        fill(any_redis, TILL, {9: "ha " * 8, 10: "sa " * (4 + 4 * week), 11: "-"}, day_ms)
        fill(any_redis, DOOR, {9: "ha " * 5, 10.25: "ne " * 6, 11: "-"}, day_ms)
    hours = by_hour_of_week(ask(any_redis, Span(MONDAY_MS - 3 * WEEK_MS, NOW_MS)))
    assert len(hours) == 168
    known = hours[hours["visits"].notna()]
    assert list(zip(known["weekday"], known["hour"], known["visits"], known["days"], strict=True)) == [
        (0, 9, 52, 4),
        (0, 10, 60, 4),
    ]
    assert known["visits_per_open_hour"].tolist() == [13, 15]
    assert known["index"].tolist() == pytest.approx([0.87, -0.73 * 36 / 60])
    assert known["dwell_s"].tolist() == [4, 4]


def test_a_cell_of_several_hours_is_spread_over_those_that_were_looked_at(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 2, 10: "-", 12: "ha " * 22, 13: "-"})
    hours = by_hour_of_week(ask(any_redis, TODAY))
    assert hours["visits"].tolist()[9:13] == pytest.approx([8, 8, np.nan, 8], nan_ok=True)
    assert hours["visits_per_open_hour"].tolist()[9:13] == pytest.approx([8, 8, np.nan, 8], nan_ok=True)


def test_an_hour_of_the_week_with_few_visits_is_hidden(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 2, 10: "ha " * 4, 11: "ha " * 5, 12: "-"})
    hours = by_hour_of_week(ask(any_redis, TODAY))
    assert hours[hours["visits"].notna()]["hour"].tolist() == [11]


def test_cameras_stand_side_by_side(any_redis: Client) -> None:
    fill(any_redis, TILL, {hour / 4: "ha ha" for hour in range(36, 52)})
    fill(any_redis, DOOR, {11: "sa " * 6, 12: "-"})
    cameras = by_camera(ask(any_redis, TODAY, where=site(hours="mon 09:00-20:00"))).set_index("camera")
    assert cameras["visits"].to_dict() == {DOOR: 6, TILL: 32}
    assert cameras["open_h"].to_dict() == {DOOR: 2, TILL: 4}
    assert cameras["visits_per_open_hour"].to_dict() == {DOOR: 3, TILL: 8}
    assert cameras["index"].to_dict() == pytest.approx({DOOR: -0.73, TILL: 0.87})
    since = 14 + 40 / 60
    assert cameras["coverage"].to_dict() == pytest.approx({DOOR: 0.5 / (since - 11), TILL: 4 / (since - 9)})


def test_a_camera_below_k_stands_without_figures(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha ha", 10: "-"})
    (line,) = by_camera(ask(any_redis, TODAY)).to_dict("records")
    assert line["visits"] == 0
    assert np.isnan(line["index"])
    assert line["face_frames"] == 0


@pytest.mark.parametrize("key", sorted(PERIODS))
def test_where_nothing_was_seen_every_table_is_empty(any_redis: Client, key: str) -> None:
    span = PERIODS[key].span(NOW_MS, BERLIN)
    for cameras in (0, 1):
        if cameras:
            fill(any_redis, TILL, {14: "-"})
        found = ask(any_redis, span, PERIODS[key].resolution)
        assert len(found.frame()) == len(daily(found)) == 0
        assert not found.total.any()
        assert by_hour_of_week(found)["visits"].isna().all()
        assert len(by_camera(found)) == cameras
        assert len(found.gaps) == len(found.grid_ms) > 0


def test_a_question_about_the_future_has_no_windows(any_redis: Client) -> None:
    fill(any_redis, TILL, {9: "ha " * 9, 10: "-"})
    found = ask(any_redis, Span(NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS))
    assert len(found.frame()) == len(found.grid_ms) == 0
    assert len(by_camera(found)) == 1
    assert len(daily(found)) == 0


def test_days_of_clock_changes_are_whole(any_redis: Client) -> None:
    for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)):
        midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
        noon_ms = round((midnight + timedelta(hours=12)).timestamp() * 1000)
        fill(any_redis, TILL, {0: "ha " * 6, 1: "-"}, noon_ms)
    begin_ms = round(datetime(2026, 3, 28, tzinfo=BERLIN).timestamp() * 1000)
    end_ms = round(datetime(2026, 3, 31, tzinfo=BERLIN).timestamp() * 1000)
    for resolution in (Resolution.HOUR, Resolution.DAY):
        found = ask(any_redis, Span(begin_ms, end_ms), resolution)
        assert daily(found)["visits"].tolist() == [6, 6, 6]
        assert daily(found)["open_h"].sum() == 6
    assert by_hour_of_week(found)["hour"][by_hour_of_week(found)["visits"].notna()].tolist() == [12] * 3


def test_other_time_zones_cut_other_days(any_redis: Client) -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    at_ms = round(datetime(2026, 5, 31, 23, 45, tzinfo=kathmandu).timestamp() * 1000)
    write_windows(any_redis, TILL, {at_ms: row_of(*["happy"] * 5)}, kathmandu)
    where = Site("shop-1", 5, kathmandu, simulated=False)
    found = ask(any_redis, Span(at_ms - 24 * HOUR_MS, NOW_MS), where=where)
    assert daily(found)["date"].tolist() == [date(2026, 5, 31)]
    assert found.frame()["from"][0] == pd.Timestamp("2026-05-31T23:00", tz=kathmandu)
    assert datetime.fromtimestamp(at_ms / 1000, UTC).hour == 18
