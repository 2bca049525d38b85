"""The browser that pages are tested with, and a dashboard with servers of its own for each file of tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.support.dashboards import dashboard
from tests.support.services import Mosquitto, RedisServer

HERE = Path(__file__).parent

PATIENCE_MS = 120_000
"""With a page, or a step on it: a machine that is busy may need ten times as long as this one."""

TEST_WITHIN_S = 900

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first of these that there is; without the parts that draw windows, a page costs a quarter less work."""

QUIET = ("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")
SCREEN = ViewportSize(width=1280, height=900)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(TEST_WITHIN_S))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium, the machine's own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("Chromium is not installed: the pages are not tested")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *root], timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A person's browser, in which nobody has been anywhere; their pages are closed when the test ends."""
    with chromium.new_context(viewport=SCREEN, ignore_https_errors=True) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Page:
    """An empty one."""
    return browser.new_page()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all files of this dashboard and its servers."""
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    """A real broker, started."""
    broker = Mosquitto(folder / "mosquitto").start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A real Redis, started and empty."""
    server = RedisServer(folder / "redis").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def environment(mosquitto: Mosquitto, redis_server: RedisServer) -> dict[str, str]:
    """Of the dashboard, and of whatever programs there are beside it."""
    return {**mosquitto.environment, **redis_server.environment}


@pytest.fixture(scope="module")
def address(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Of the dashboard."""
    with dashboard(environment, folder / "dashboard.log") as address:
        yield address
