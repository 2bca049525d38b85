"""Signing in, as a person and as an intruder meet it: a real Chromium, and a real dashboard."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import redis
import trustme
from playwright.sync_api import Browser, BrowserContext, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from contract import keys
from dashboard.access.passwords import hash_password
from dashboard.access.users import User, Users, write_users
from tests.support.oidc import Provider, provider
from tests.support.services import (
    Mosquitto,
    Process,
    RedisServer,
    accepts,
    eventually,
    free_port,
    program,
    running,
)

FIRST_PAGE_MS = 30_000
PASSWORDS = {"ann": "four white clouds", "ben": "three quiet rivers"}
CAMERAS = ("shop-1/entrance", "shop-2/entrance")
STREAM = "/_stcore/stream"
ASKED_TO_SIGN_IN = re.compile(r"/sign-in(\?|$)")


@pytest.fixture
def environment(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> dict[str, str]:
    """Of a dashboard with two sites, a manager who sees both, and two people who see one."""
    for camera in CAMERAS:
        redis_client.sadd(keys.subjects(keys.partition_of(camera)), camera)
    users = (
        User("ann", None, hash_password(PASSWORDS["ann"])),
        User("ben", frozenset(("shop-1",)), hash_password(PASSWORDS["ben"])),
        User("cho@shop.example", frozenset(("shop-2",))),
    )
    everybody = Users()
    for user in users:
        everybody = everybody.with_user(user)
    path = tmp_path / "users.json"
    write_users(path, everybody)
    return {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_DASHBOARD_USERS_FILE": str(path),
        "HOME": str(tmp_path),
    }


def dashboard(environment: dict[str, str], folder: Path, port: int, *arguments: str) -> Process:
    return program("dashboard", ["--port", str(port), *arguments], folder / "dashboard.log", environment)


@pytest.fixture
def address(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with running(dashboard(environment, tmp_path, port)):
        eventually(lambda: accepts(port), 30, "the dashboard")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport={"width": 1280, "height": 900}, ignore_https_errors=True) as context:
        yield context


def sign_in(page: Page, name: str, password: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password or PASSWORDS[name])
    page.get_by_role("button", name="Sign in").click()


def expect_dashboard(page: Page, *sites: str) -> None:
    for site in ("shop-1", "shop-2"):
        camera = page.get_by_text(f"{site}/entrance").first
        if site in sites:
            expect(camera).to_be_visible(timeout=FIRST_PAGE_MS)
        else:
            expect(camera).to_have_count(0)


def status_of(address: str, method: str = "GET") -> int:
    try:
        with urlopen(Request(address, method=method), timeout=10) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except HTTPError as error:
        with error:
            return error.code


def test_without_sign_in_a_browser_gets_the_sign_in_page_and_nothing_else(
    browser: BrowserContext, address: str
) -> None:
    page = browser.new_page()
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
    assert "site=shop-1" in page.url
    (cookie,) = [cookie for cookie in browser.cookies() if cookie["name"] == "moodlens_session"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)

    page.reload()
    expect_dashboard(page, "shop-1")
    other = browser.new_page()
    other.goto(address)
    expect_dashboard(other, "shop-1")

    sign_out = page.get_by_role("link", name="Sign out").get_attribute("href")
    assert sign_out
    page.goto(f"{address}{sign_out.removeprefix(address)}")
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    expect(other).to_have_url(ASKED_TO_SIGN_IN, timeout=20_000)
    page.goto(f"{address}/trends")
    expect(page).to_have_url(ASKED_TO_SIGN_IN)


def test_each_sees_their_own_sites_whatever_the_address_says(chromium: Browser, address: str) -> None:
    for name, sites in (("ann", ("shop-1", "shop-2")), ("ben", ("shop-1",))):
        with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
            page = context.new_page()
            page.goto(f"{address}/?site=shop-2&camera=shop-2/entrance")
            sign_in(page, name)
            expect_dashboard(page, *sites)
            assert ("shop-2" in page.locator("body").inner_text()) == ("shop-2" in sites)


def test_a_user_who_is_removed_is_out_at_once(
    browser: BrowserContext, address: str, environment: dict[str, str], tmp_path: Path
) -> None:
    page = browser.new_page()
    page.goto(address)
    sign_in(page, "ben")
    expect_dashboard(page, "shop-1")
    remove = program("dashboard.access", ["remove", "ben"], tmp_path / "remove.log", environment).start()
    assert remove.wait() == 0
    expect(page).to_have_url(ASKED_TO_SIGN_IN, timeout=20_000)


def test_with_a_certificate_it_is_https_and_the_cookie_too(
    browser: BrowserContext, environment: dict[str, str], tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(cert_file, append=True)
    certificate.private_key_pem.write_to_path(key_file)
    port = free_port()
    tls = ("--tls-cert", str(cert_file), "--tls-key", str(key_file))
    with running(dashboard(environment, tmp_path, port, *tls)):
        eventually(lambda: accepts(port), 30, "the dashboard")
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        with urlopen(f"https://127.0.0.1:{port}/_stcore/health", context=trusting, timeout=10) as answer:
            assert answer.status == 200
        page = browser.new_page()
        page.goto(f"https://127.0.0.1:{port}")
        sign_in(page, "ann")
        expect_dashboard(page, "shop-1", "shop-2")
        (cookie,) = [cookie for cookie in browser.cookies() if cookie["name"] == "moodlens_session"]
        assert cookie["secure"]


@pytest.mark.parametrize(
    ("changes", "arguments", "reason"),
    [
        ({"MOODLENS_DASHBOARD_USERS_FILE": ""}, ("--host", "0.0.0.0"), "without sign-in, 0.0.0.0 would show"),  # noqa: S104
        ({"MOODLENS_DASHBOARD_USERS_FILE": "/no/such/file"}, (), "/no/such/file: no such file"),
        ({}, ("--tls-cert", "/no/such/file"), "HTTPS needs both"),
        ({}, ("--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"), "/no/such/file: no such file"),
    ],
)
def test_what_would_let_strangers_in_or_nobody_is_told_in_one_line(
    environment: dict[str, str],
    tmp_path: Path,
    changes: dict[str, str],
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    refused = dashboard(environment | changes, tmp_path, free_port(), *arguments).start()
    assert refused.wait() == 1
    assert refused.output.startswith(f"dashboard: {reason}")
    assert refused.output.count("\n") == 1


SECRETS = {
    "redirect_uri": "https://dashboard.example/oauth2callback",
    "cookie_secret": "0123456789abcdef" * 2,
    "client_id": "moodlens",
    "client_secret": "secret",
    "server_metadata_url": "https://provider.example/.well-known/openid-configuration",
}


@pytest.mark.parametrize(
    ("secrets", "changes", "reason"),
    [
        ({"client_id": "moodlens"}, {}, 'missing the "redirect_uri" key'),
        (SECRETS | {"client_secret": None}, {}, "missing the following keys: ['client_secret']"),
        (SECRETS | {"cookie_secret": "short"}, {}, "cookie_secret in secrets.toml must be random"),
        (SECRETS, {"MOODLENS_DASHBOARD_USERS_FILE": ""}, "but nobody may come in: list the users with"),
    ],
)
def test_a_half_set_up_provider_is_told_in_one_line(
    environment: dict[str, str],
    tmp_path: Path,
    secrets: dict[str, str | None],
    changes: dict[str, str],
    reason: str,
) -> None:
    (tmp_path / ".streamlit").mkdir()
    lines = [f'{name} = "{value}"' for name, value in secrets.items() if value]
    (tmp_path / ".streamlit/secrets.toml").write_text("\n".join(("[auth]", *lines)))
    refused = dashboard(environment | changes, tmp_path, free_port()).start()
    assert refused.wait() == 1
    assert reason in refused.output
    assert refused.output.count("\n") == 1


def test_a_dashboard_that_is_meant_to_be_open_asks_nobody(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    meant = {"MOODLENS_DASHBOARD_USERS_FILE": "", "MOODLENS_DASHBOARD_OPEN": "1"}
    with running(dashboard(environment | meant, tmp_path, port, "--host", "0.0.0.0")):  # noqa: S104
        eventually(lambda: accepts(port), 30, "the dashboard")
        assert status_of(f"http://127.0.0.1:{port}/") == 200


@pytest.fixture
def vouching(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, Provider]]:
    """A dashboard with OpenID Connect, and its provider."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    home = tmp_path / "home"
    with (
        provider(free_port(), home, address) as vouches,
        running(dashboard(environment | {"HOME": str(home)}, tmp_path, port)),
    ):
        eventually(lambda: accepts(port), 30, "the dashboard")
        yield address, vouches


def test_with_openid_connect_one_signs_in_and_out_at_the_provider(
    browser: BrowserContext, vouching: tuple[str, Provider]
) -> None:
    address, vouches = vouching
    page = browser.new_page()
    page.goto(address)
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    expect(page.get_by_label("Password")).to_have_count(0)
    vouches.person = {"sub": "1", "email": "Cho@shop.example", "email_verified": True}
    page.get_by_role("link", name="Sign in").click()
    expect_dashboard(page, "shop-2")
    expect(page.get_by_text("Signed in as cho@shop.example")).to_be_visible()
    page.reload()
    expect_dashboard(page, "shop-2")

    sign_out = page.get_by_role("link", name="Sign out").get_attribute("href")
    assert sign_out
    page.goto(f"{address}{sign_out.removeprefix(address)}")
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    assert vouches.sign_outs == 1
    page.goto(address)
    expect(page).to_have_url(ASKED_TO_SIGN_IN)


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "2", "email": "stranger@shop.example", "email_verified": True},
        {"sub": "2", "email": "cho@shop.example", "email_verified": False},
        {"sub": "2", "email": "cho@shop.example"},
        {"sub": "ben"},
    ],
    ids=[
        "not listed",
        "address not verified",
        "address not said to be verified",
        "name of one with a password",
    ],
)
def test_whom_the_users_file_does_not_list_the_provider_cannot_let_in(
    browser: BrowserContext, vouching: tuple[str, Provider], person: dict[str, object]
) -> None:
    address, vouches = vouching
    vouches.person = person
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("link", name="Sign in").click()
    who = person.get("email", person["sub"])
    expect(page.get_by_role("alert")).to_contain_text(f"{who} has no access here")
    page.goto(address)
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    page.get_by_role("link", name="Sign in as somebody else").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
