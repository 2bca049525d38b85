"""The sign-in page: a right password, wrong ones, guesses, forms of other sites, and signing out."""

import logging
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.access import routes
from dashboard.access.door import COOKIE, Door
from dashboard.access.routes import FREE_OF_A_NAME, FREE_OF_AN_ADDRESS
from dashboard.access.throttle import WAIT_S
from tests.support.clock import Clock
from tests.support.guarded import (
    HOURS,
    PASSWORD,
    cheap_hash,
    door_with_people,
    served,
    sign_in,
    sign_out_link,
)
from tests.support.logs import said

WRONG = "three quiet lakes"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(tmp_path: Path, clock: Clock) -> Door:
    return door_with_people(tmp_path / "users.json", clock)


@pytest.fixture
def client(door: Door, clock: Clock) -> TestClient:
    return served(door, clock)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(door: Door, clock: Clock, scheme: str) -> None:
    client = served(door, clock, url=f"{scheme}://testserver")
    answer = client.post("/sign-in", data={"name": "ben", "password": PASSWORD, "next": "/"})
    _, *attributes = answer.headers["set-cookie"].split("; ")
    expected = ["HttpOnly", f"Max-Age={HOURS * 3600}", "Path=/", "SameSite=lax"]
    assert sorted(attributes) == sorted([*expected, "Secure"] if scheme == "https" else expected)


@pytest.mark.parametrize(
    ("name", "password"),
    [("ben", "three quiet river"), ("ben", ""), ("nobody", PASSWORD), ("", ""), ("ann", PASSWORD)],
)
def test_a_wrong_password_and_a_wrong_name_are_told_alike(
    client: TestClient, name: str, password: str
) -> None:
    answer = client.post("/sign-in", data={"name": name, "password": password, "next": "/x"})
    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert 'name="next" value="/x"' in answer.text
    assert "set-cookie" not in answer.headers
    assert client.get("/").status_code == 401


def test_a_name_that_is_none_takes_as_long(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def check(_password: str, stored: str) -> bool:
        checked.append(stored)
        return False

    monkeypatch.setattr(routes, "is_password_of", check)
    sign_in(client, "nobody")
    assert len(checked) == 1
    assert checked[0].startswith("scrypt$32768$8$3$")


def test_the_log_tells_of_wrong_passwords_but_not_what_was_typed(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, routes.__name__)
    sign_in(client, "ben", "wrong")
    sign_in(client, "my secret by mistake", "ben")
    sign_in(client)
    assert said(caplog, routes) == [
        "wrong password for ben, from testclient",
        "wrong password for a name that is none, from testclient",
        "ben has signed in, from testclient",
    ]


def test_guessing_is_slowed_down_even_for_the_right_password(client: TestClient, clock: Clock) -> None:
    for _ in range(FREE_OF_A_NAME):
        assert sign_in(client, password=WRONG) == 401
    answer = client.post("/sign-in", data={"name": "BEN", "password": PASSWORD, "next": "/"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(round(WAIT_S))
    assert f"Too many wrong passwords. Try again in {WAIT_S:.0f} seconds." in answer.text
    clock.s += WAIT_S
    assert sign_in(client) == 303
    client.cookies.clear()
    for _ in range(FREE_OF_A_NAME):
        assert sign_in(client, password=WRONG) == 401
    assert sign_in(client) == 429


def test_trying_one_password_on_many_names_is_slowed_down_too(
    door: Door, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "nobodys_hash", lambda: cheap_hash("nobody's"))
    client = served(door, clock)
    for number in range(FREE_OF_AN_ADDRESS):
        assert sign_in(client, f"user-{number}") == 401
    assert sign_in(client, "another") == 429
    assert sign_in(client) == 429


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_nobody_is_sent_to_another_site(client: TestClient, wanted: str) -> None:
    page = client.get("/sign-in", params={"next": wanted})
    assert 'name="next" value="/"' in page.text
    answer = client.post("/sign-in", data={"name": "ben", "password": PASSWORD, "next": wanted})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    form = {"name": "ben", "password": PASSWORD, "next": "/"}
    assert client.post("/sign-in", data=form, headers=headers).status_code == 403
    assert client.post("/sign-in", data=form, headers={"Origin": "http://testserver"}).status_code == 303


def test_a_form_that_is_too_long_is_not_read(client: TestClient) -> None:
    assert sign_in(client, password="a" * 257) == 413
    assert sign_in(client, name="a" * 129) == 413
    assert sign_in(client, name="a" * 100_000) == 413


def test_what_was_typed_comes_back_as_text(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"name": '"><script>', "password": "x", "next": '/"><script>'})
    assert "<script" not in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text


def test_the_sign_in_page_runs_no_script_and_stands_in_no_frame(client: TestClient) -> None:
    page = client.get("/sign-in")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert sign_in(client) == 303
    assert client.get("/").headers["content-security-policy"] == "frame-ancestors 'self'"


def test_signing_out_ends_the_cookie_wherever_it_was_copied_to(door: Door, client: TestClient) -> None:
    assert sign_in(client) == 303
    copied = client.cookies[COOKIE]
    answer = client.get(sign_out_link(door, client))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, copied)
    assert client.get("/").status_code == 401


def test_another_site_cannot_sign_a_person_out(client: TestClient) -> None:
    assert sign_in(client) == 303
    for link in ("/sign-out", "/sign-out?session=guessed"):
        answer = client.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200
