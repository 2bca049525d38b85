"""Signing in, as a person and as an intruder meet it: a real Chromium, and a real dashboard."""

import re
import ssl
from pathlib import Path
from urllib.request import urlopen

import pytest
import trustme
from playwright.sync_api import BrowserContext, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.access.passwords import hash_password
from dashboard.access.users import User, read_users, write_users
from tests.support.dashboards import dashboard
from tests.support.doorway import (
    ANSWERS_WITHIN_S,
    ASKED_TO_SIGN_IN,
    certify,
    expect_dashboard,
    people_of,
    sign_in,
    status_of,
)
from tests.support.services import RedisServer, program

STREAM = "/_stcore/stream"


@pytest.fixture(scope="module")
def environment(environment: dict[str, str], redis_server: RedisServer, folder: Path) -> dict[str, str]:
    """Of a dashboard with people."""
    with redis_server.client() as client:
        return {**environment, **people_of(folder / "users.json", client)}


def test_without_sign_in_a_browser_gets_the_sign_in_page_and_nothing_else(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.on("websocket", lambda websocket: asked.append(websocket.url))
    page.goto(f"{address}/trends?site=shop-1")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.wait_for_load_state("networkidle")
    loaded = [path for path in asked if not path.startswith("data:")]
    assert loaded == ["/trends?site=shop-1", "/sign-in?next=/trends%3Fsite%3Dshop-1"]
    assert "shop" not in page.locator("main").inner_text()


@pytest.mark.parametrize("cookie", ["", "moodlens_session=forged"])
def test_without_sign_in_the_websocket_is_refused(address: str, cookie: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            address.replace("http", "ws") + STREAM,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": cookie} if cookie else {},
            open_timeout=ANSWERS_WITHIN_S,
        ),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_without_sign_in_everything_is_refused_but_the_health(address: str) -> None:
    assert status_of(f"{address}/_stcore/health") == 200
    for path in (
        "/",
        "/trends",
        "/media/0.png",
        "/_stcore/host-config",
        "/static/js/index.js",
        "/auth/login",
    ):
        assert status_of(address + path) == 401, path
    for path in ("/_stcore/upload_file/a/b", "/component/a", "/_stcore/health"):
        assert status_of(address + path, "PUT") in (401, 405), path


def test_a_person_signs_in_stays_signed_in_and_signs_out_on_all_tabs(
    browser: BrowserContext, address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/now?site=shop-1")
    sign_in(page, "ben", "three quiet lakes")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    expect(page.get_by_label("Name")).to_have_value("ben")
    sign_in(page, "ben")
    expect_dashboard(page, "shop-1")
    expect(page).to_have_url(re.compile(r"[?&]site=shop-1(&|$)"))
    (cookie,) = [cookie for cookie in browser.cookies() if cookie["name"] == "moodlens_session"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)

    page.reload()
    expect_dashboard(page, "shop-1")
    other = browser.new_page()
    other.goto(address)
    expect_dashboard(other, "shop-1")

    page.get_by_role("link", name="Sign out").click()
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    expect(other).to_have_url(ASKED_TO_SIGN_IN)
    page.goto(f"{address}/trends")
    expect(page).to_have_url(ASKED_TO_SIGN_IN)


@pytest.mark.parametrize(("name", "sites"), [("ann", ("shop-1", "shop-2")), ("ben", ("shop-1",))])
def test_each_sees_their_own_sites_whatever_the_address_says(
    page: Page, address: str, name: str, sites: tuple[str, ...]
) -> None:
    page.goto(f"{address}/?site=shop-2&camera=shop-2/entrance")
    sign_in(page, name)
    expect_dashboard(page, *sites)
    if "shop-2" not in sites:
        expect(page.locator("body")).not_to_contain_text("shop-2")


def test_a_user_who_is_removed_is_out_at_once(
    page: Page, address: str, environment: dict[str, str], tmp_path: Path
) -> None:
    users_file = Path(environment["MOODLENS_DASHBOARD_USERS_FILE"])
    dan = User("dan", frozenset(("shop-1",)), hash_password("two grey stones"))
    write_users(users_file, read_users(users_file).with_user(dan))
    page.goto(address)
    sign_in(page, "dan", "two grey stones")
    expect_dashboard(page, "shop-1")
    remove = program("dashboard.access", ["remove", "dan"], tmp_path / "remove.log", environment).start()
    assert remove.wait() == 0, remove.output
    expect(page).to_have_url(ASKED_TO_SIGN_IN)


def test_with_a_certificate_it_is_https_and_the_cookie_too(
    browser: BrowserContext, environment: dict[str, str], tmp_path: Path
) -> None:
    authority = trustme.CA()
    with dashboard(environment, tmp_path / "dashboard.log", *certify(authority, tmp_path)) as address:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        health = f"{address}/_stcore/health"
        with urlopen(health, context=trusting, timeout=ANSWERS_WITHIN_S) as answer:  # noqa: S310
            assert answer.status == 200
        page = browser.new_page()
        page.goto(address)
        sign_in(page, "ann")
        expect_dashboard(page, "shop-1", "shop-2")
        (cookie,) = [cookie for cookie in browser.cookies() if cookie["name"] == "moodlens_session"]
        assert cookie["secure"]
