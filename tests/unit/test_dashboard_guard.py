"""The guard before the dashboard: who is not signed in gets nothing, whose sign-in ends is out at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.access import guard
from dashboard.access.door import COOKIE, Door
from dashboard.access.sessions import HOUR_MS
from dashboard.access.users import Users, write_users
from tests.support.clock import Clock
from tests.support.guarded import HOURS, PASSWORD, door_with_people, open_door, served, sign_in, sign_out_link

HTML = {"Accept": "text/html,*/*"}
EVERYTHING = (
    "/",
    "/trends",
    "/_stcore/host-config",
    "/_stcore/health/",
    "/media/1.png",
    "/static/a.js",
    "/sign-in/with/a",
    "/sign-in/with/../../_stcore/host-config",
    "//_stcore/health",
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users_path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


@pytest.fixture
def door(users_path: Path, clock: Clock) -> Door:
    return door_with_people(users_path, clock)


@pytest.fixture
def client(door: Door, clock: Clock) -> TestClient:
    return served(door, clock)


@pytest.mark.parametrize("path", EVERYTHING)
def test_who_has_not_signed_in_is_asked_to_and_gets_nothing(client: TestClient, path: str) -> None:
    page = client.get(path, headers=HTML)
    assert (page.status_code, page.text) == (303, "")
    assert page.headers["location"].startswith("/sign-in")
    for answer in (client.get(path), client.post(path, headers=HTML), client.put(path), client.head(path)):
        assert answer.status_code == 401
        assert "path" not in answer.text
    client.cookies.set(COOKIE, "forged")
    assert client.get(path).status_code == 401


def test_the_websocket_is_refused_before_it_is_accepted(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/_stcore/stream"):
        pass
    assert refused.value.code == 1008


def test_the_health_of_the_server_is_open(client: TestClient) -> None:
    assert client.get("/_stcore/health").json() == {"path": "/_stcore/health", "name": None}


def test_the_right_password_opens_everything_and_leads_back(client: TestClient) -> None:
    asked = client.get("/trends?site=shop-1&period=7d", headers=HTML)
    page = client.get(asked.headers["location"])
    assert 'name="next" value="/trends?site=shop-1&amp;period=7d"' in page.text
    form = {"name": "Ben", "password": PASSWORD, "next": "/trends?site=shop-1&period=7d"}
    answer = client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/trends?site=shop-1&period=7d")
    assert client.get("/trends").json() == {"path": "/trends", "name": "ben"}
    with client.websocket_connect("/_stcore/stream") as websocket:
        websocket.send_bytes(b"hello")
        assert websocket.receive_bytes() == b"hello"
    again = client.get("/sign-in?next=/heatmap")
    assert (again.status_code, again.headers["location"]) == (303, "/heatmap")


End = Callable[[Door, TestClient, Clock, Path], object]
ENDS: dict[str, End] = {
    "signed out": lambda door, client, _clock, _path: client.get(sign_out_link(door, client)),
    "expired": lambda _door, _client, clock, _path: setattr(clock, "s", clock.s + HOURS * HOUR_MS / 1000),
    "removed": lambda _door, _client, _clock, path: write_users(path, Users()),
    "file broken": lambda _door, _client, _clock, path: path.write_text("{"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_open_pages_are_closed_when_the_sign_in_ends(
    door: Door, clock: Clock, users_path: Path, monkeypatch: pytest.MonkeyPatch, end: End
) -> None:
    monkeypatch.setattr(guard, "_LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(guard, "_RELOAD_AFTER_S", 0.01)
    with served(door, clock) as client:
        assert sign_in(client) == 303
        with client.websocket_connect("/_stcore/stream") as websocket:
            websocket.send_bytes(b"hello")
            assert websocket.receive_bytes() == b"hello"
            end(door, client, clock, users_path)
            message = ForwardMsg.FromString(websocket.receive_bytes())
            assert message.WhichOneof("type") == "auth_redirect", "the page loads itself anew"
            with pytest.raises(WebSocketDisconnect) as closed:
                websocket.receive_bytes()
            assert closed.value.code == 1008


def test_a_broken_users_file_lets_nobody_in_and_says_so_in_the_log(
    client: TestClient, users_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert sign_in(client) == 303
    users_path.write_text("{")
    for answer in (client.get("/"), client.get("/sign-in"), client.get("/sign-out")):
        assert answer.status_code == 503
        assert "Sign-in is out of order" in answer.text
    assert sign_in(client) == 503
    assert f"nobody can come in: {users_path}" in caplog.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8501", 200),
        ("localhost:8501", 200),
        ("[::1]:8501", 200),
        ("dashboard.example", 403),
        ("under_score.example:8501", 403),
        ("127.0.0.1@evil.example", 403),
        ("[", 403),
        ("", 403),
    ],
)
def test_without_sign_in_only_names_of_this_machine_are_answered(
    clock: Clock, host: str, status: int
) -> None:
    client = served(open_door(clock), clock, here_only=True)
    assert client.get("/", headers={"Host": host}).status_code == status
    assert client.get("/_stcore/health", headers={"Host": host}).status_code == 200


def test_without_users_nobody_is_asked(clock: Clock) -> None:
    client = served(open_door(clock), clock)
    assert client.get("/").json() == {"path": "/", "name": None}
    assert client.get("/sign-in").headers["location"] == "/"
    assert sign_in(client) == 303
    with client.websocket_connect("/_stcore/stream") as websocket:
        websocket.send_bytes(b"hello")
        assert websocket.receive_bytes() == b"hello"
