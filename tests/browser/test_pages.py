"""The pages as a person uses them: in a real Chromium, on some weeks in a real Redis."""

import re
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from contract import keys
from tests.support.events import utc_ms
from tests.support.services import RedisServer, eventually
from tests.support.weeks import DOOR, write_weeks, zone_amid_a_day

PAGES = ("now", "yesterday", "trends", "heatmap", "compare", "events", "alerts", "cameras", "live")
OF_FIGURES = ("yesterday", "trends", "heatmap", "compare")
PHONE = ViewportSize(width=390, height=844)

BAD = {"serious", "critical"}


@pytest.fixture(scope="module")
def redis_server(redis_server: RedisServer) -> RedisServer:
    """With some weeks in it."""
    with redis_server.client() as client:
        write_weeks(client, utc_ms(), zone=zone_amid_a_day(utc_ms()))
    return redis_server


def title_of(name: str) -> str:
    return "Live view" if name == "live" else name.capitalize()


def open_page(page: Page, address: str, name: str, query: str = "") -> None:
    """Opens a page and waits until all of it is drawn."""
    page.goto(f"{address}/{'' if name == 'now' else name}?{query}")
    wait_until_drawn(page, name)


def wait_until_drawn(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=title_of(name), level=1)).to_be_visible()
    expect(page.get_by_text("What this means and what it does not")).to_be_visible()
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def filter_of(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stSidebar").get_by_role("combobox", name=label)


def choose(page: Page, label: str, option: str) -> None:
    filter_of(page, label).click()
    page.get_by_role("option", name=option, exact=True).click()


def about(page: Page, words: str) -> None:
    """The line below the title names what the figures are about."""
    expect(page.get_by_text(words, exact=True)).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_drawn_without_an_error_also_where_one_comes_in_by_its_address(
    page: Page, address: str, name: str
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "TypeError" in said.text else None)
    open_page(page, address, name)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(len(PAGES))
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    assert not faults


@pytest.mark.parametrize("name", PAGES)
def test_no_page_keeps_anybody_out(page: Page, address: str, name: str) -> None:
    """No serious or critical issue that axe-core finds, in light and in dark, on a screen and on a phone."""
    open_page(page, address, name)
    page.emulate_media(color_scheme="light")
    _expect_no_faults(page, name)
    page.emulate_media(color_scheme="dark")
    _expect_no_faults(page, name)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    _expect_no_faults(page, name)


def _expect_no_faults(page: Page, name: str) -> None:
    wait_until_drawn(page, name)
    faults: dict[str, list[str]] = {}

    def has_none() -> bool:
        nonlocal faults
        faults = _faults(page)
        return not faults

    # colours go over from light to dark in a moment: a fault is what stays
    with suppress(AssertionError):
        eventually(has_none)
    assert not faults


def _faults(page: Page) -> dict[str, list[str]]:
    """What axe-core calls serious or critical: name → the elements."""
    issues = Axe().run(page).response["violations"]
    return {
        issue["id"]: [node["html"][:300] for node in issue["nodes"]]
        for issue in issues
        if issue["impact"] in BAD
    }


def test_filters_are_in_the_address_and_outlive_pages_reload_and_history(page: Page, address: str) -> None:
    open_page(page, address, "trends")
    choose(page, "Camera", "door")
    about(page, "north, door")
    choose(page, "Zone", "till")
    about(page, "north, door, till")
    choose(page, "Period", "Last 28 days")
    expect(page).to_have_url(re.compile(r"/trends\?camera=door&period=Last\+28\+days&zone=till$"))

    page.get_by_role("link", name="Heatmap").click()
    wait_until_drawn(page, "heatmap")
    about(page, "north, door, till")
    expect(page).to_have_url(re.compile(r"/heatmap\?camera=door&period=Last\+28\+days&zone=till$"))
    choose(page, "Zone", "All that it sees")
    about(page, "north, door")
    choose(page, "Camera", "queue")
    about(page, "north, queue")
    expect(page).to_have_url(re.compile(r"/heatmap\?camera=queue&period=Last\+28\+days$"))

    page.go_back()
    wait_until_drawn(page, "trends")
    about(page, "north, door, till")
    page.go_forward()
    wait_until_drawn(page, "heatmap")
    about(page, "north, queue")
    page.reload()
    wait_until_drawn(page, "heatmap")
    about(page, "north, queue")
    expect(filter_of(page, "Period")).to_have_value("Last 28 days")


def test_another_site_has_cameras_of_its_own(page: Page, address: str) -> None:
    open_page(page, address, "trends", "site=north&camera=door&zone=till")
    about(page, "north, door, till")
    choose(page, "Site", "south")
    about(page, "south, all cameras")
    filter_of(page, "Camera").click()
    expect(page.get_by_role("option")).to_have_text(["All cameras", "kiosk"])
    page.keyboard.press("Escape")
    page.reload()
    wait_until_drawn(page, "trends")
    about(page, "south, all cameras")


def test_an_address_can_be_passed_on(page: Page, address: str) -> None:
    open_page(page, address, "trends", "site=south&period=Yesterday")
    about(page, "south, all cameras")
    expect(page.get_by_test_id("stMetric").filter(has_text="Visits")).to_contain_text("120")
    expect(filter_of(page, "Period")).to_have_value("Yesterday")


def test_the_first_page_is_found_by_its_name_too(page: Page, address: str) -> None:
    page.goto(f"{address}/now?site=south")
    wait_until_drawn(page, "now")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_address_that_names_what_is_not_there_shows_what_is(page: Page, address: str) -> None:
    open_page(page, address, "trends", "site=nowhere&camera=none&period=ever&zone=x")
    about(page, "north, all cameras")


@pytest.mark.parametrize("name", OF_FIGURES)
def test_figures_are_downloaded_as_csv_and_parquet(page: Page, address: str, name: str) -> None:
    open_page(page, address, name, "site=north&period=Last+7+days")
    tables = {}
    for kind in ("CSV", "Parquet"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download {kind}").click()
        assert waiting.value.suggested_filename.startswith("moodlens-")
        read = pd.read_csv if kind == "CSV" else pd.read_parquet
        tables[kind] = read(BytesIO(Path(waiting.value.path()).read_bytes()))
    csv, parquet = tables.values()
    assert list(csv.columns) == list(parquet.columns)
    assert len(csv) == len(parquet) > 0
    assert csv["visits"].sum() == pytest.approx(parquet["visits"].sum())
    assert csv["visits"].min() >= 5


def test_a_phone_has_all_figures_without_scrolling_to_the_side(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    for name in OF_FIGURES:
        open_page(page, address, name, "site=north")
        # a chart takes its width a moment after it is there
        page.wait_for_function(
            """() => [...document.querySelectorAll('[data-testid=stMainBlockContainer] *')]
                .every(it => it.getBoundingClientRect().right <= innerWidth + 1)"""
        )


def test_yesterday_is_printed_without_menu_and_buttons(page: Page, address: str) -> None:
    open_page(page, address, "yesterday", "site=north")
    page.evaluate("() => { window.printed = 0; window.print = () => window.printed++ }")
    page.get_by_role("button", name="Print this page").click()
    page.wait_for_function("window.printed === 1")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Yesterday")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_role("button", name="Print this page")).to_be_hidden()
    expect(page.get_by_role("button", name="Download CSV")).to_be_hidden()


def test_a_database_that_goes_and_comes_is_told_in_a_line_and_nothing_chosen_is_lost(
    page: Page, address: str, redis_server: RedisServer
) -> None:
    open_page(page, address, "trends", "site=north&camera=door")
    redis_server.stop()
    away = page.get_by_text("The database does not answer at the moment")
    try:
        expect(away).to_be_visible()
        expect(page.get_by_role("heading", name="Trends")).to_have_count(0)
    finally:
        redis_server.start()
    wait_until_drawn(page, "trends")
    expect(away).to_have_count(0)
    about(page, "north, door")


def test_a_page_that_breaks_off_says_so_and_goes_on_by_itself(
    page: Page, address: str, redis_server: RedisServer
) -> None:
    """The database answers the shell, and does not answer the page."""
    notes = keys.notes("south")
    with redis_server.client() as client:
        client.set(notes, "not what it reads")
        try:
            page.goto(f"{address}/events?site=south")
            expect(page.get_by_text("The database does not answer at the moment")).to_be_visible()
        finally:
            client.delete(notes)
    wait_until_drawn(page, "events")


def test_a_camera_that_comes_up_is_there_without_a_reload(
    page: Page, address: str, redis_server: RedisServer
) -> None:
    open_page(page, address, "compare")
    name = f"{DOOR}-2"
    unknown = page.get_by_text(f"Not known, or of too few visits: {name}")
    with redis_server.client() as client:
        client.sadd(keys.subjects(keys.partition_of(name)), name)
        try:
            expect(unknown).to_be_visible()
        finally:
            client.srem(keys.subjects(keys.partition_of(name)), name)
    expect(unknown).to_have_count(0)
