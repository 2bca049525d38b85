"""A server behind the dashboard's guard: it answers everything, to who may come in."""

import hashlib
from base64 import b64encode
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.access.door import Door
from dashboard.access.guard import Guard, out_of_order
from dashboard.access.routes import SignIn
from dashboard.access.sessions import Sessions
from dashboard.access.users import BadUsersFile, User, Users, UsersFile, write_users
from tests.support.clock import Clock

PASSWORD = "three quiet rivers"  # noqa: S105
HOURS = 12


def cheap_hash(password: str) -> str:
    salt = b"salt"
    key = hashlib.scrypt(password.encode(), salt=salt, n=2, r=8, p=1, dklen=32)
    return f"scrypt$2$8$1${b64encode(salt).decode()}${b64encode(key).decode()}"


def door_with_people(users_path: Path, clock: Clock) -> Door:
    """A door whose users file, written there, lists ben (``PASSWORD``) and ann."""
    ben = User("ben", frozenset(("shop-1",)), cheap_hash(PASSWORD))
    ann = User("ann", None, cheap_hash("another fine morning"))
    write_users(users_path, Users().with_user(ben).with_user(ann))
    return Door(UsersFile(users_path), (), Sessions(HOURS, clock.now_ms))


def open_door(clock: Clock) -> Door:
    """A door without users, which asks nobody."""
    return Door(None, (), Sessions(HOURS, clock.now_ms))


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


def sign_in(client: TestClient, name: str = "ben", password: str = PASSWORD, wanted: str = "/") -> int:
    form = {"name": name, "password": password, "next": wanted}
    status: int = client.post("/sign-in", data=form).status_code
    return status


def sign_out_link(door: Door, client: TestClient) -> str:
    visitor = door.visitor(dict(client.cookies))
    assert visitor
    return f"/sign-out?session={visitor.session}"
