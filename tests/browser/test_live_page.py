"""The live page as a person sees it: a real Chromium, and real programs behind it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from contract import keys
from tests.support.services import (
    Mosquitto,
    Process,
    RedisServer,
    accepts,
    eventually,
    free_port,
    program,
)

FIRST_PAGE_MS = 30_000


@pytest.fixture
def environment(mosquitto: Mosquitto, redis_server: RedisServer) -> dict[str, str]:
    return {**mosquitto.environment, **redis_server.environment}


@pytest.fixture
def page(chromium: Browser, environment: dict[str, str], tmp_path: Path) -> Iterator[Page]:
    port = free_port()
    dashboard = program("dashboard", ["--port", str(port)], tmp_path / "dashboard.log", environment).start()
    eventually(lambda: accepts(port), 30, "the dashboard")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"http://127.0.0.1:{port}")
    expect(page.get_by_role("heading", name="Now")).to_be_visible(timeout=FIRST_PAGE_MS)
    yield page
    page.close()
    dashboard.stop()
    assert "Traceback" not in dashboard.output


@pytest.fixture
def system(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    processes = [
        program(module, [], tmp_path / f"{module}.log", environment).start()
        for module in ("classifier_worker", "aggregator")
    ]
    yield
    for process in processes:
        process.stop()


def camera(name: str, clip: Path, environment: dict[str, str], shared: Path, log: Path) -> Process:
    environment = environment | {
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx")
    }
    return program("producer", ["--camera", name, "--source", str(clip), "--loop"], log, environment).start()


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
    entrance = camera("demo/entrance", clip, environment, shared, tmp_path / "producer.log")
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name=re.compile(r"^happy (9\d|100)%"))).to_be_visible()
    expect(page.get_by_text("frame-weighted")).to_be_visible()
    expect(page.get_by_text("online", exact=True)).to_be_visible()
    expect(page.get_by_text("Demo: figures are shown from the first visit on")).to_be_visible()
    expect(
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    ).to_be_visible()
    entrance.stop()
    expect(page.get_by_text("offline", exact=True)).to_be_visible(timeout=15_000)


@pytest.mark.usefixtures("system")
def test_a_simulated_store_is_marked_as_one(
    page: Page, environment: dict[str, str], redis_client: redis.Redis, shared: Path, tmp_path: Path
) -> None:
    redis_client.hset(keys.site("downtown"), mapping={"k": 1, "simulated": 1})
    scripted = Path("store:downtown/promotion")
    promotion = camera("downtown/promotion", scripted, environment, shared, tmp_path / "producer.log")
    expect(page.get_by_text("these figures come from a scripted demo")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("simulated", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("neutral"))).to_be_visible(timeout=30_000)
    promotion.stop()


@pytest.mark.usefixtures("system")
def test_figures_of_few_visits_stay_hidden(
    page: Page, environment: dict[str, str], shared: Path, tmp_path: Path
) -> None:
    clip = shared / "data/videos/head-pose-face-detection-male.gif"
    till = camera("shop-1/till", clip, environment, shared, tmp_path / "producer.log")
    expect(page.get_by_role("heading", name="Too few visits to show")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("happy")).to_have_count(0)
    till.stop()


def test_a_database_that_is_away_is_one_human_line_and_its_return_needs_no_help(
    page: Page, redis_server: RedisServer
) -> None:
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
    redis_server.stop()
    expect(page.get_by_text("The database does not answer at the moment")).to_be_visible(timeout=30_000)
    redis_server.start()
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible(timeout=30_000)
