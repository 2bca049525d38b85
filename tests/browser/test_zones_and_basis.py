"""Zones on pages of figures, and what the figures rest on: a real Chromium, some weeks in a real Redis."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from contract import keys, row
from runtime.redis import Client
from tests.support.events import utc_ms
from tests.support.rows import row_of
from tests.support.services import RedisServer
from tests.support.weeks import DOOR, write_weeks, zone_amid_a_day
from tests.support.windows import write_windows

MODEL = "moodnet-1"
FEW = re.compile("There were fewer than 5 visits")
LEFT_OUT = 7
"""Faces of yesterday noon."""


@pytest.fixture(scope="module")
def redis_server(redis_server: RedisServer) -> RedisServer:
    """With some weeks in it."""
    zone = zone_amid_a_day(utc_ms())
    with redis_server.client() as client:
        write_weeks(client, utc_ms(), zone=zone)
        add_small_zones(client, zone)
        client.hset(keys.open_visits(DOOR), f"model:{MODEL}", f"[0,{utc_ms()}]")
    return redis_server


def add_small_zones(client: Client, zone: ZoneInfo) -> None:
    """At a camera that saw 40 visits at noon yesterday: three in a corner, and all but these in the aisle."""
    day = datetime.now(zone).date() - timedelta(days=1)
    noon_ms = round(datetime.combine(day, time(12), zone).timestamp() * 1000)
    unclear = row_of(*["happy"] * 40)
    unclear[row.UNCERTAIN], unclear[row.EXCLUDED] = 10, LEFT_OUT
    for subject, seen in (
        ("north/hall", unclear),
        ("north/hall@aisle", row_of(*["happy"] * 37, analysed_ms=0)),
        ("north/hall@corner", row_of(*["happy"] * 3, analysed_ms=0)),
    ):
        write_windows(client, subject, {noon_ms: seen}, zone)


def open_page(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}/{query}")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    expect(page.get_by_text("What this means and what it does not")).to_be_visible()
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def basis(page: Page) -> Locator:
    """What the page says that its mood rests on."""
    return page.get_by_text("What this rests on:").locator("xpath=ancestor-or-self::p")


def visits(page: Page) -> int:
    """Of a page that is drawn."""
    shown = page.get_by_test_id("stMetric").filter(has_text="Visits").get_by_test_id("stMetricValue")
    return int(shown.inner_text().replace(",", ""))


def test_a_zone_has_trends_of_its_own_and_says_what_they_rest_on(page: Page, address: str) -> None:
    open_page(page, address, "trends?site=north&camera=door&period=Yesterday")
    everything = visits(page)
    rests_on = f"What this rests on: {everything} visits · mood index +0.51, 95% interval +"
    expect(basis(page)).to_have_text(re.compile(f"^{re.escape(rests_on)}"))
    page.get_by_test_id("stSidebar").get_by_role("combobox", name="Zone").click()
    page.get_by_role("option", name="till", exact=True).click()
    expect(page.get_by_text("north, door, till", exact=True)).to_be_visible()
    wait_until_drawn(page)
    assert 5 <= visits(page) < everything
    rests_on, read_by = (
        f"What this rests on: {visits(page)} visits · ",
        f" · read by model {MODEL} · shares as read.",
    )
    expect(basis(page)).to_have_text(re.compile(f"^{re.escape(rests_on)}.*{re.escape(read_by)}$"))


@pytest.mark.parametrize("zone", ["corner", "aisle"])
@pytest.mark.parametrize("name", ["trends", "yesterday"])
def test_a_zone_of_few_visits_or_with_few_outside_of_it_shows_nothing(
    page: Page, address: str, zone: str, name: str
) -> None:
    page.goto(f"{address}/{name}?site=north&camera=hall&zone={zone}&period=Yesterday")
    expect(page.get_by_text(FEW)).to_be_visible()
    expect(page.get_by_text(f"north, hall, {zone}", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    expect(page.get_by_text("What this rests on:")).to_have_count(0)


def test_zones_are_compared_and_each_camera_says_what_it_rests_on(page: Page, address: str) -> None:
    open_page(page, address, "compare?period=Yesterday")
    expect(page.get_by_role("heading", name="Zones")).to_be_visible()
    hidden = "Not known, or of too few visits: north/hall: aisle, north/hall: corner."
    expect(page.get_by_text(hidden)).to_be_visible()
    page.get_by_role("button", name="What this rests on").click()
    hall, door = (page.get_by_role("listitem").filter(has_text=f"{name}:") for name in ("north/hall", DOOR))
    expect(hall).to_have_text(
        "north/hall: 40 visits · mood index +0.87, 95% interval +0.87 to +0.87 · coverage 4% · "
        "25% without a clear expression · it is not known which model read the faces · as read, not corrected"
    )
    expect(door).to_contain_text(f"read by model {MODEL}")
