from datetime import UTC, datetime

import numpy as np
import pytest

from contract import row
from contract.hours import ALWAYS, OpeningHours
from dashboard.cameras.outages import LENGTH_MS, Look, Stretch, outages, stretches
from dashboard.figures.mood import LAG_MS
from runtime.windows import Windows

START_MS = round(datetime(2026, 11, 26, 8, tzinfo=UTC).timestamp() * 1000)
LATER_MS = START_MS + 10 * LENGTH_MS
MINUTE_MS = 60_000


def looked(*minutes: float) -> Windows:
    rows = np.zeros((len(minutes), row.WIDTH), np.int64)
    rows[:, row.ANALYSED_MS] = [round(minute * MINUTE_MS) for minute in minutes]
    return Windows(START_MS + np.arange(len(minutes)) * LENGTH_MS, rows)


def looks(found: list[Stretch]) -> list[tuple[Look, float, float]]:
    return [(it.look, (it.to_ms - it.from_ms) / LENGTH_MS, it.missing_ms / MINUTE_MS) for it in found]


def test_neighbouring_windows_of_one_look_are_one_stretch() -> None:
    assert looks(stretches(looked(15, 14.9, 5, 0, 0, 15), ALWAYS, UTC, LATER_MS)) == [
        (Look.WHOLE, 2, 0),
        (Look.PARTLY, 1, 10),
        (Look.DARK, 2, 30),
        (Look.WHOLE, 1, 0),
    ]


def test_before_a_camera_is_first_heard_it_is_not_missed() -> None:
    assert looks(stretches(looked(0, 0, 4, 15), ALWAYS, UTC, LATER_MS)) == [
        (Look.BEFORE, 2, 0),
        (Look.WHOLE, 2, 0),
    ]


def test_a_camera_may_rest_while_its_site_is_closed() -> None:
    hours = OpeningHours.parse("mon-sun 08:20-09:00")
    assert looks(stretches(looked(0, 10, 15, 0, 0, 0), hours, UTC, LATER_MS)) == [
        (Look.CLOSED, 1, 0),
        (Look.WHOLE, 2, 0),
        (Look.DARK, 1, 15),
        (Look.CLOSED, 2, 0),
    ]


@pytest.mark.parametrize(
    ("minutes", "found"),
    [(10, (Look.WHOLE, 10 / 15, 0)), (4, (Look.PARTLY, 10 / 15, 6 - LAG_MS / MINUTE_MS))],
)
def test_the_running_window_is_held_against_the_time_that_was_reported(
    minutes: float, found: tuple[Look, float, float]
) -> None:
    now_ms = START_MS + LENGTH_MS + 10 * MINUTE_MS
    seen = stretches(looked(15, minutes), ALWAYS, UTC, now_ms)
    assert seen[-1].to_ms == now_ms
    joined = (Look.WHOLE, 1 + found[1], 0) if found[0] is Look.WHOLE else found
    assert looks(seen)[-1] == pytest.approx(joined)


def test_of_a_window_that_has_just_begun_nothing_is_said() -> None:
    now_ms = START_MS + LENGTH_MS + 30_000
    assert looks(stretches(looked(15, 0), ALWAYS, UTC, now_ms)) == [(Look.WHOLE, 1, 0)]


def test_an_outage_reaches_over_dark_and_half_dark_windows_and_tells_what_is_missing() -> None:
    seen = stretches(looked(15, 5, 0, 10, 15, 0), ALWAYS, UTC, LATER_MS)
    assert looks(outages(seen)) == [(Look.DARK, 3, 30), (Look.DARK, 1, 15)]


def test_of_an_outage_that_began_before_a_day_only_the_days_own_part_is_told() -> None:
    since_ms = START_MS + 3 * LENGTH_MS
    seen = stretches(looked(15, 0, 0, 0, 0, 15), ALWAYS, UTC, LATER_MS, since_ms)
    assert outages(seen) == [Stretch(Look.DARK, since_ms, since_ms + 2 * LENGTH_MS, 30 * MINUTE_MS)]
