"""The guard before the dashboard, and the sign-in page behind it."""

import hashlib
import logging
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.access import guard, routes
from dashboard.access.door import COOKIE, Door
from dashboard.access.guard import Guard, out_of_order
from dashboard.access.routes import FREE_OF_A_NAME, FREE_OF_AN_ADDRESS, SignIn
from dashboard.access.sessions import HOUR_MS, Sessions
from dashboard.access.throttle import WAIT_S
from dashboard.access.users import BadUsersFile, User, Users, UsersFile, write_users
from tests.support.clock import Clock

HTML = {"Accept": "text/html,*/*"}
PASSWORD = "three quiet rivers"  # noqa: S105
WRONG = "three quiet lakes"
HOURS = 12
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


def cheap_hash(password: str) -> str:
    salt = b"salt"
    key = hashlib.scrypt(password.encode(), salt=salt, n=2, r=8, p=1, dklen=32)
    return f"scrypt$2$8$1${b64encode(salt).decode()}${b64encode(key).decode()}"


BEN = User("ben", frozenset(("shop-1",)), cheap_hash(PASSWORD))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users_path(tmp_path: Path) -> Path:
    path = tmp_path / "users.json"
    write_users(path, Users().with_user(BEN).with_user(User("ann", None, cheap_hash("another fine morning"))))
    return path


@pytest.fixture
def door(users_path: Path, clock: Clock) -> Door:
    return Door(UsersFile(users_path), (), Sessions(HOURS, clock.now_ms))


def served(
    door: Door, clock: Clock, *, here_only: bool = False, url: str = "http://testserver"
) -> TestClient:
    """A server that answers everything, behind the guard."""

    async def answer(request: Request) -> Response:
        visitor = door.visitor(request.cookies)
        return JSONResponse({"path": request.url.path, "name": visitor.name if visitor else None})

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_bytes(await websocket.receive_bytes())
        except WebSocketDisconnect:
            pass

    app = Starlette(
        routes=[
            *SignIn(door, clock.now_s).routes(),
            WebSocketRoute("/_stcore/stream", echo),
            Route("/{path:path}", answer, methods=["GET", "POST", "PUT"]),
        ],
        middleware=[Middleware(Guard, door=door, here_only=here_only)],
        exception_handlers={BadUsersFile: out_of_order},
    )
    return TestClient(app, base_url=url, follow_redirects=False)


@pytest.fixture
def client(door: Door, clock: Clock) -> TestClient:
    return served(door, clock)


def sign_in(client: TestClient, name: str = "ben", password: str = PASSWORD, wanted: str = "/") -> int:
    form = {"name": name, "password": password, "next": wanted}
    status: int = client.post("/sign-in", data=form).status_code
    return status


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
    assert [record.getMessage() for record in caplog.records] == [
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


def sign_out_link(door: Door, client: TestClient) -> str:
    visitor = door.visitor(dict(client.cookies))
    assert visitor
    return f"/sign-out?session={visitor.session}"


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
    client = served(Door(None, (), Sessions(HOURS, clock.now_ms)), clock, here_only=True)
    assert client.get("/", headers={"Host": host}).status_code == status
    assert client.get("/_stcore/health", headers={"Host": host}).status_code == 200


def test_without_users_nobody_is_asked(clock: Clock) -> None:
    client = served(Door(None, (), Sessions(HOURS, clock.now_ms)), clock)
    assert client.get("/").json() == {"path": "/", "name": None}
    assert client.get("/sign-in").headers["location"] == "/"
    assert sign_in(client) == 303
    with client.websocket_connect("/_stcore/stream") as websocket:
        websocket.send_bytes(b"hello")
        assert websocket.receive_bytes() == b"hello"
