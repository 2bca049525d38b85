"""Signing in at a provider (OpenID Connect): a real Chromium, a real dashboard, and a provider of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboards import dashboard
from tests.support.doorway import ASKED_TO_SIGN_IN, expect_dashboard, people_of
from tests.support.oidc import Provider, provider
from tests.support.services import RedisServer, free_port


@pytest.fixture(scope="module")
def vouching(
    environment: dict[str, str], redis_server: RedisServer, folder: Path
) -> Iterator[tuple[str, Provider]]:
    """A dashboard with OpenID Connect, and its provider."""
    port = free_port()
    home = folder / "home"
    with (
        redis_server.client() as client,
        provider(free_port(), home, f"http://127.0.0.1:{port}") as vouches,
        dashboard(
            {**environment, **people_of(folder / "users.json", client), "HOME": str(home)},
            folder / "dashboard.log",
            port=port,
        ) as address,
    ):
        yield address, vouches


def test_with_openid_connect_one_signs_in_and_out_at_the_provider(
    page: Page, vouching: tuple[str, Provider]
) -> None:
    address, vouches = vouching
    vouches.sign_outs = 0
    page.goto(address)
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    expect(page.get_by_label("Password")).to_have_count(0)
    vouches.person = {"sub": "1", "email": "Cho@shop.example", "email_verified": True}
    page.get_by_role("link", name="Sign in").click()
    expect_dashboard(page, "shop-2")
    expect(page.get_by_text("Signed in as cho@shop.example")).to_be_visible()
    page.reload()
    expect_dashboard(page, "shop-2")

    page.get_by_role("link", name="Sign out").click()
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
    page: Page, vouching: tuple[str, Provider], person: dict[str, object]
) -> None:
    address, vouches = vouching
    vouches.person = person
    page.goto(address)
    page.get_by_role("link", name="Sign in").click()
    who = person.get("email", person["sub"])
    expect(page.get_by_role("alert")).to_contain_text(f"{who} has no access here")
    page.goto(address)
    expect(page).to_have_url(ASKED_TO_SIGN_IN)
    page.get_by_role("link", name="Sign in as somebody else").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
