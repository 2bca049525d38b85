"""The pages "Now" and "Alerts" as a person sees them: what happens shows by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page, expect

from contract import keys
from contract.topics import Suffix, topic
from contract.windows import GRAIN_MS
from dashboard.alerts.overview import read_alerts
from dashboard.alerts.rules import read_rules
from tests.support.alerts import raise_alert
from tests.support.events import CAMERA, utc_ms
from tests.support.services import program, running
from tests.support.visits import ScriptedCamera

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def nothing_was_ever_seen(redis_client: redis.Redis) -> None:
    redis_client.flushall()


@pytest.fixture
def known_camera(redis_client: redis.Redis) -> None:
    """``CAMERA`` is one of the dashboard before a page is opened."""
    redis_client.sadd(keys.subjects(keys.partition_of(CAMERA)), CAMERA)


@pytest.fixture
def now(page: Page, address: str) -> Page:
    """The page "Now", of no camera."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Now")).to_be_visible()
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
    return page


@contextmanager
def without_reload(page: Page) -> Iterator[None]:
    """The page stays the same document, and its title the same element."""
    page.evaluate("document.querySelector('h1').isStill = true")
    yield
    assert page.evaluate("document.querySelector('h1').isStill === true")


def test_moods_and_visits_move_by_themselves(
    now: Page, environment: dict[str, str], redis_client: redis.Redis, tmp_path: Path
) -> None:
    camera = ScriptedCamera(redis_client)
    end_ms = utc_ms() // GRAIN_MS * GRAIN_MS
    with running(program("aggregator", [], tmp_path / "aggregator.log", environment)):
        camera.sees(end_ms - 30 * GRAIN_MS, end_ms - 20 * GRAIN_MS, 10, "happy")
        expect(now.get_by_role("heading", name="happy +0.87")).to_be_visible()
        expect(now.get_by_text("10 visits in 15 minutes")).to_be_visible()
        with without_reload(now):
            camera.sees(end_ms - 20 * GRAIN_MS, end_ms - 10 * GRAIN_MS, 30, "sad")
            expect(now.get_by_role("heading", name="sad −0.33")).to_be_visible()
            expect(now.get_by_text("40 visits in 15 minutes")).to_be_visible()
            expect(now.get_by_role("img", name=re.compile("^sad 75%, happy 25%"))).to_be_visible()


def test_many_cameras_have_a_line_each_below_their_site(now: Page, redis_client: redis.Redis) -> None:
    cameras = [f"{site}/camera-{number}" for site in ("shop-1", "shop-2") for number in range(4)]
    with without_reload(now):
        for camera in cameras:
            redis_client.sadd(keys.subjects(keys.partition_of(camera)), camera)
        expect(now.locator(".ml-row")).to_have_count(len(cameras))
    expect(now.get_by_text("0 of 4 online")).to_have_count(2)
    expect(now.get_by_text("too few visits to show")).to_have_count(len(cameras))


@pytest.mark.usefixtures("known_camera")
def test_an_alert_comes_up_by_itself_is_acknowledged_and_comes_again(
    page: Page, address: str, redis_client: redis.Redis
) -> None:
    page.goto(f"{address}/alerts")
    expect(page.get_by_text("No alert is open.")).to_be_visible()
    with without_reload(page):
        raise_alert(redis_client, utc_ms() - 3 * HOUR_MS, -0.21)
        expect(page.get_by_text("Mood index below 0.00: −0.21")).to_be_visible()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_text("acknowledged", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
        (alert,) = read_alerts(redis_client, [CAMERA]).open
        assert alert.seen
        raise_alert(redis_client, utc_ms() - HOUR_MS, -0.3)
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
        expect(page.get_by_text("Mood index below 0.00: −0.30")).to_be_visible()


@pytest.mark.usefixtures("known_camera")
def test_a_rule_is_made_by_hand(page: Page, address: str, redis_client: redis.Redis) -> None:
    page.goto(f"{address}/alerts")
    page.get_by_label("Name of the rule").fill("gloomy")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Choose at least one camera.")).to_be_visible()
    page.get_by_role("combobox", name="Cameras").click()
    page.get_by_role("option", name=CAMERA).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Alert when: mood index below 0.00 for 3 × 15 minutes.")).to_be_visible()
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("The rule gloomy is added.")).to_be_visible()
    assert [(it.name, it.cameras) for it in read_rules(redis_client, [CAMERA])] == [("gloomy", (CAMERA,))]


@pytest.mark.usefixtures("known_camera")
def test_cameras_that_are_silent_wrong_or_not_there_yet_are_told_apart(
    page: Page, address: str, redis_client: redis.Redis
) -> None:
    detail = "352 s ahead of the server's clock"
    name = topic("shop-1/new", Suffix.REPORTS)
    redis_client.xadd(keys.REJECTED, {"topic": name, "reason": "clock_ahead", "detail": detail})
    page.goto(f"{address}/cameras")
    command = page.get_by_text("python -m producer --camera shop-1/name --source 0")
    expect(command).to_be_visible()
    expect(page.get_by_text("Not heard of in the last 24 hours")).to_be_visible()
    expect(page.get_by_text("shop-1/new: clock is wrong (352 s ahead of the server's clock)")).to_be_visible()
