"""The live page as a person sees it: a real Chromium, and real programs behind it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page, expect

from contract import keys
from contract.windows import GRAIN_MS
from dashboard.figures.recent import read_recents
from tests.support.events import CAMERA, utc_ms
from tests.support.services import Process, RedisServer, eventually, program, running
from tests.support.visits import ScriptedCamera


@pytest.fixture(autouse=True)
def nothing_was_ever_seen(redis_client: redis.Redis) -> None:
    redis_client.flushall()


@pytest.fixture
def page(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.get_by_role("heading", name="Now")).to_be_visible()
    return page


@pytest.fixture
def system(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    rooms = ("classifier_worker", "aggregator")
    with running(*(program(room, [], tmp_path / f"{room}.log", environment) for room in rooms)):
        yield


def camera(name: str, source: str, environment: dict[str, str], shared: Path, log: Path) -> Process:
    own = {"MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx")}
    return program("producer", ["--camera", name, "--source", source, "--loop"], log, environment | own)


def test_without_cameras_the_page_says_how_to_attach_one(page: Page) -> None:
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
    expect(page.get_by_text("python -m producer --camera shop-1/entrance --source 0")).to_be_visible()


@pytest.mark.usefixtures("system")
def test_the_mood_on_the_page_is_that_of_the_face_and_goes_offline_with_its_camera(
    page: Page,
    environment: dict[str, str],
    redis_client: redis.Redis,
    shared: Path,
    tmp_path: Path,
) -> None:
    redis_client.hset(keys.site("demo"), "k", 1)
    clip = shared / "data/videos/head-pose-face-detection-male.gif"
    with running(camera("demo/entrance", str(clip), environment, shared, tmp_path / "producer.log")):
        expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
        expect(page.get_by_role("img", name=re.compile(r"^happy (9\d|100)%"))).to_be_visible()
        expect(page.get_by_text("frame-weighted")).to_be_visible()
        expect(page.get_by_text("online", exact=True)).to_be_visible()
        expect(page.get_by_text("Figures are shown from the first visit on")).to_be_visible()
        expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_text("offline", exact=True)).to_be_visible()


@pytest.mark.usefixtures("system")
def test_a_simulated_store_is_marked_as_one(
    page: Page, environment: dict[str, str], redis_client: redis.Redis, shared: Path, tmp_path: Path
) -> None:
    redis_client.hset(keys.site("downtown"), mapping={"k": 1, "simulated": 1})
    scripted = "store:downtown/promotion"
    with running(camera("downtown/promotion", scripted, environment, shared, tmp_path / "producer.log")):
        expect(page.get_by_text("these figures come from a scripted demo")).to_be_visible()
        expect(page.get_by_text("simulated", exact=True)).to_be_visible()
        expect(page.get_by_role("heading", name=re.compile("neutral"))).to_be_visible()


def test_figures_of_few_visits_stay_hidden_until_there_are_enough(
    page: Page, environment: dict[str, str], redis_client: redis.Redis, tmp_path: Path
) -> None:
    seen = ScriptedCamera(redis_client)
    end_ms = utc_ms() // GRAIN_MS * GRAIN_MS

    def visits() -> int:
        return read_recents(redis_client, [CAMERA], utc_ms())[CAMERA].visits

    with running(program("aggregator", [], tmp_path / "aggregator.log", environment)):
        seen.sees(end_ms - 30 * GRAIN_MS, end_ms - 20 * GRAIN_MS, 4, "happy")
        eventually(lambda: visits() == 4, what="four visits")
        expect(page.get_by_role("heading", name="Too few visits to show")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Too few visits to show")).to_be_visible()
        expect(page.get_by_text("happy")).to_have_count(0)
        seen.sees(end_ms - 20 * GRAIN_MS, end_ms - 10 * GRAIN_MS, 1, "happy")
        expect(page.get_by_role("heading", name="happy +0.87")).to_be_visible()


def test_a_database_that_is_away_is_one_human_line_and_its_return_needs_no_help(
    page: Page, redis_server: RedisServer
) -> None:
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
    redis_server.stop()
    try:
        expect(page.get_by_text("The database does not answer at the moment")).to_be_visible()
    finally:
        redis_server.start()
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
