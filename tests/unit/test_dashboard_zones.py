"""Zones of a camera on every page and in every file: what one shows, another does not give away."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.breakdowns import by_hour_of_week, daily
from dashboard.figures.downloads import table_of
from dashboard.figures.periods import Span
from dashboard.figures.places import zones_of
from dashboard.figures.queries import Answer, Question, answer, answer_zones
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import read_subjects
from runtime.redis import Client
from tests.support.rows import row_of
from tests.support.windows import write_windows

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = WINDOW_MS[Resolution.HOUR]
TILL = "shop-1/till"
SHOP = Site("shop-1", 5, BERLIN, simulated=False)
MIDNIGHT_MS = round(datetime(2026, 6, 1, tzinfo=BERLIN).timestamp() * 1000)
NOW_MS = MIDNIGHT_MS + 48 * HOUR_MS
"""Nothing of the first day is open any more."""

DAY = Span(MIDNIGHT_MS, MIDNIGHT_MS + 24 * HOUR_MS)
SHOWN = (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)

Read = Callable[[Answer], float]
"""A number of visits, as a page or a file has it."""


def fill(client: Client, camera: list[int], **zones: list[int]) -> None:
    """So many visits an hour, from 9 o'clock on, of the camera and of its zones."""
    for subject, counts in {
        TILL: camera,
        **{f"{TILL}@{zone}": counts for zone, counts in zones.items()},
    }.items():
        length_ms = 0 if "@" in subject else HOUR_MS
        rows = {
            MIDNIGHT_MS + (9 + hour) * HOUR_MS: row_of(*["happy"] * count, analysed_ms=length_ms)
            for hour, count in enumerate(counts)
        }
        write_windows(client, subject, rows, BERLIN)


def ask(client: Client, zone: str = "", resolution: Resolution = Resolution.HOUR) -> Answer:
    question = Question(Selection("shop-1", TILL, zone), resolution, DAY)
    return answer(WindowStore(client, lambda: NOW_MS), read_subjects(client), SHOP, question, NOW_MS)


def ask_zones(client: Client, resolution: Resolution = Resolution.HOUR) -> list[Answer]:
    question = Question(Selection("shop-1", TILL), resolution, DAY)
    return answer_zones(WindowStore(client, lambda: NOW_MS), read_subjects(client), SHOP, question, NOW_MS)


def counts(given: Answer) -> list[int]:
    visits: list[int] = given.cells.visits.tolist()
    return visits


def of_file(given: Answer) -> float:
    return float(table_of(given)["visits"].sum())


def of_days(given: Answer) -> float:
    return float(daily(given)["visits"].sum())


def of_heatmap(given: Answer) -> float:
    return float(by_hour_of_week(given)["visits"].sum())


def of_comparison(given: Answer) -> float:
    return float(zones_of([given])["visits"].sum())


@pytest.mark.parametrize("read", [of_file, of_days, of_heatmap, of_comparison])
@pytest.mark.parametrize("resolution", SHOWN)
def test_of_zones_that_leave_few_visits_outside_the_largest_is_told(
    any_redis: Client, resolution: Resolution, read: Read
) -> None:
    fill(any_redis, [20], shelf=[8], door=[9])
    told = {zone: read(ask(any_redis, zone, resolution)) for zone in ("", "door", "shelf")}
    assert told == {"": 20, "door": 9, "shelf": 0}


def test_a_zone_waits_until_enough_visits_are_outside_of_all(any_redis: Client) -> None:
    fill(any_redis, [20, 20, 20], shelf=[8, 8, 8], door=[9, 9, 9])
    assert counts(ask(any_redis, "door")) == [9, 9, 9]
    assert counts(ask(any_redis, "shelf")) == [16], (
        "outside of both 3 in the first hour, 6 in two; the third waits"
    )


def test_a_zone_to_which_few_come_holds_up_no_other_one(any_redis: Client) -> None:
    fill(any_redis, [30, 30, 30], shelf=[1, 2, 3], door=[9, 9, 9])
    assert counts(ask(any_redis, "door")) == [9, 9, 9]
    assert counts(ask(any_redis, "shelf")) == [6]


def test_where_zones_are_all_that_a_camera_sees_they_are_all_told(any_redis: Client) -> None:
    fill(any_redis, [20, 20], left=[12, 11], right=[8, 9])
    assert [counts(ask(any_redis, zone)) for zone in ("left", "right")] == [[12, 11], [8, 9]]


def test_of_two_zones_between_which_few_walked_one_is_told(any_redis: Client) -> None:
    fill(any_redis, [20], left=[12], right=[10])
    assert [counts(ask(any_redis, zone)) for zone in ("left", "right")] == [[12], []]


def test_a_zone_that_is_drawn_later_changes_nothing_of_what_was_told(any_redis: Client) -> None:
    fill(any_redis, [20, 20, 20], door=[9, 9, 9], shelf=[8, 8, 8])
    assert [counts(ask(any_redis, zone)) for zone in ("door", "shelf")] == [[9, 9, 9], [16]]
    fill(any_redis, [0, 0, 0, 30], aisle=[0, 0, 0, 12])
    told = [counts(ask(any_redis, zone)) for zone in ("aisle", "door", "shelf")]
    assert told == [[12], [9, 9, 9], [16, 8]], "the last hour of the shelf was waiting"


@pytest.mark.parametrize("resolution", SHOWN)
def test_zones_side_by_side_are_those_that_are_asked_for_one_by_one(
    any_redis: Client, resolution: Resolution
) -> None:
    fill(any_redis, [20, 30, 14], shelf=[8, 9, 5], door=[9, 12, 6], aisle=[2, 7, 0])
    together = ask_zones(any_redis, resolution)
    assert zones_of(together)["place"].tolist() == [f"{TILL}: {zone}" for zone in ("aisle", "door", "shelf")]
    for given in together:
        alone = ask(any_redis, given.question.selection.zone, resolution)
        assert given.question == alone.question
        pd.testing.assert_frame_equal(given.frame(), alone.frame())
