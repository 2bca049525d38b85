"""The pages "Now" and "Alerts" as a person sees them: what happens shows by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from contract import keys
from contract.topics import Suffix, topic
from contract.windows import GRAIN_MS
from dashboard.alerts import read_alerts
from dashboard.rules import read_rules
from tests.support.alerts import raise_alert
from tests.support.events import CAMERA, utc_ms
from tests.support.services import (
    Mosquitto,
    RedisServer,
    accepts,
    eventually,
    free_port,
    program,
    running,
)
from tests.support.visits import ScriptedCamera

FIRST_PAGE_MS = 30_000
HOUR_MS = 3_600_000


@pytest.fixture
def environment(mosquitto: Mosquitto, redis_server: RedisServer) -> dict[str, str]:
    return {**mosquitto.environment, **redis_server.environment}


@pytest.fixture
def address(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Of a dashboard."""
    port = free_port()
    with running(program("dashboard", ["--port", str(port)], tmp_path / "dashboard.log", environment)):
        eventually(lambda: accepts(port), 30, "the dashboard")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    expect(page.get_by_role("heading", name="Now")).to_be_visible(timeout=FIRST_PAGE_MS)
    yield page
    page.close()


@contextmanager
def without_reload(page: Page) -> Iterator[None]:
    """The page stays the same document, and its title the same element."""
    page.evaluate("document.querySelector('h1').isStill = true")
    yield
    assert page.evaluate("document.querySelector('h1').isStill === true")


def test_moods_and_visits_move_by_themselves(
    page: Page, environment: dict[str, str], redis_client: redis.Redis, tmp_path: Path
) -> None:
    camera = ScriptedCamera(redis_client)
    end_ms = utc_ms() // GRAIN_MS * GRAIN_MS
    with running(program("aggregator", [], tmp_path / "aggregator.log", environment)):
        camera.sees(end_ms - 30 * GRAIN_MS, end_ms - 20 * GRAIN_MS, 10, "happy")
        expect(page.get_by_role("heading", name="happy +0.87")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("10 visits in 15 minutes")).to_be_visible()
        with without_reload(page):
            camera.sees(end_ms - 20 * GRAIN_MS, end_ms - 10 * GRAIN_MS, 30, "sad")
            expect(page.get_by_role("heading", name="sad −0.33")).to_be_visible(timeout=30_000)
            expect(page.get_by_text("40 visits in 15 minutes")).to_be_visible()
            expect(page.get_by_role("img", name=re.compile("^sad 75%, happy 25%"))).to_be_visible()


def test_many_cameras_have_a_line_each_below_their_site(page: Page, redis_client: redis.Redis) -> None:
    cameras = [f"{site}/camera-{number}" for site in ("shop-1", "shop-2") for number in range(4)]
    with without_reload(page):
        for camera in cameras:
            redis_client.sadd(keys.subjects(keys.partition_of(camera)), camera)
        expect(page.locator(".ml-row")).to_have_count(len(cameras), timeout=30_000)
    expect(page.get_by_text("0 of 4 online")).to_have_count(2)
    expect(page.get_by_text("too few visits to show")).to_have_count(len(cameras))


def test_an_alert_comes_up_by_itself_is_acknowledged_and_comes_again(
    page: Page, address: str, redis_client: redis.Redis
) -> None:
    redis_client.sadd(keys.subjects(keys.partition_of(CAMERA)), CAMERA)
    page.goto(f"{address}/alerts")
    expect(page.get_by_text("No alert is open.")).to_be_visible(timeout=FIRST_PAGE_MS)
    with without_reload(page):
        raise_alert(redis_client, utc_ms() - 3 * HOUR_MS, -0.21)
        expect(page.get_by_text("Mood index below 0.00: −0.21")).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_text("acknowledged", exact=True)).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
        (alert,) = read_alerts(redis_client, [CAMERA]).open
        assert alert.seen
        raise_alert(redis_client, utc_ms() - HOUR_MS, -0.3)
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("Mood index below 0.00: −0.30")).to_be_visible()


def test_a_rule_is_made_by_hand(page: Page, address: str, redis_client: redis.Redis) -> None:
    redis_client.sadd(keys.subjects(keys.partition_of(CAMERA)), CAMERA)
    page.goto(f"{address}/alerts")
    page.get_by_label("Name of the rule").fill("gloomy", timeout=FIRST_PAGE_MS)
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Choose at least one camera.")).to_be_visible(timeout=30_000)
    page.get_by_role("combobox", name="Cameras").click()
    page.get_by_role("option", name=CAMERA).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Alert when: mood index below 0.00 for 3 × 15 minutes.")).to_be_visible()
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("The rule gloomy is added.")).to_be_visible(timeout=30_000)
    assert [(it.name, it.cameras) for it in read_rules(redis_client, [CAMERA])] == [("gloomy", (CAMERA,))]


def test_cameras_that_are_silent_wrong_or_not_there_yet_are_told_apart(
    page: Page, address: str, redis_client: redis.Redis
) -> None:
    redis_client.sadd(keys.subjects(keys.partition_of(CAMERA)), CAMERA)
    detail = "352 s ahead of the server's clock"
    name = topic("shop-1/new", Suffix.REPORTS)
    redis_client.xadd(keys.REJECTED, {"topic": name, "reason": "clock_ahead", "detail": detail})
    page.goto(f"{address}/cameras")
    command = page.get_by_text("python -m producer --camera shop-1/name --source 0")
    expect(command).to_be_visible(timeout=FIRST_PAGE_MS)
    expect(page.get_by_text("Not heard of in the last 24 hours")).to_be_visible()
    expect(page.get_by_text("shop-1/new: clock is wrong (352 s ahead of the server's clock)")).to_be_visible()
